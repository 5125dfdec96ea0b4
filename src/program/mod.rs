//! Floor 2: programs, the solver behind one door, prices and bounds.
//!
//! A [`Program`] is a matrix with named rows and columns, always to be minimised. A [`session`] takes one and gives an
//! [`Answer`], a value whatever happened (optimal, infeasible, out of time, failed). [`highs`] is the only file that knows the
//! solver. No matrix is seen outside this room.

pub mod bound;
mod candidates;
mod cuts;
pub mod export;
pub mod gates;
pub mod group;
pub mod highs;
mod optimality;
pub mod outlets;
mod owner;
pub mod peer;
pub mod prices;
pub mod relaxation;
pub mod rounding;
pub mod search;
pub mod session;
pub mod supply;

use std::fmt;

/// A linear program, some of whose columns may have to be whole numbers: minimise `cost * x` with row and column bounds.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Rows in order.
    pub rows: Vec<Row>,
    /// Where the entries of each column start; one longer than `columns`.
    pub starts: Vec<u32>,
    /// Row of each entry, ascending within a column.
    pub indices: Vec<u32>,
    /// Value of each entry.
    pub values: Vec<f64>,
}

/// One column; its bounds may be infinite.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What it stands for.
    pub name: Name,
    /// In the objective, minimised.
    pub cost: f64,
    /// Least value.
    pub lower: f64,
    /// Greatest value.
    pub upper: f64,
    /// Must be a whole number.
    pub whole: bool,
}

/// One row: `lower <= sum of entries <= upper`; either may be infinite.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it stands for; its tag is explained in `models/README.md`.
    pub name: Name,
    /// Least value.
    pub lower: f64,
    /// Greatest value.
    pub upper: f64,
}

/// A row that joins a program, with its entries (column, value), each column once.
#[derive(Clone, Debug)]
pub struct NewRow {
    /// Its name and bounds.
    pub row: Row,
    /// Its entries.
    pub entries: Vec<(u32, f64)>,
}

/// A tag with up to four numbers: `up[3]`, `x[3,5,0]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The tag.
    pub tag: &'static str,
    /// The numbers; [`Name::NO`] where there are fewer.
    pub of: [u32; 4],
}

impl Name {
    /// No number.
    pub const NO: u32 = u32::MAX;

    /// A name with its numbers.
    pub fn new(tag: &'static str, numbers: &[u32]) -> Name {
        let mut of = [Name::NO; 4];
        of[..numbers.len()].copy_from_slice(numbers);
        Name { tag, of }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.of.iter().filter(|n| **n != Name::NO).map(u32::to_string).collect();
        write!(f, "{}[{}]", self.tag, numbers.join(","))
    }
}

impl Program {
    /// Nothing yet.
    pub fn new() -> Program {
        Program { starts: vec![0], ..Program::default() }
    }

    /// Adds a row and tells its number.
    pub fn row(&mut self, name: Name, lower: f64, upper: f64) -> u32 {
        self.rows.push(Row { name, lower, upper });
        self.rows.len() as u32 - 1
    }

    /// Adds a column with its entries (row, value), and tells its number. Entries of one row add up.
    pub fn column(&mut self, column: Column, entries: &[(u32, f64)]) -> u32 {
        let mut sorted = entries.to_vec();
        sorted.sort_unstable_by_key(|(row, _)| *row);
        let first = self.indices.len();
        for (row, value) in sorted {
            if self.indices.len() > first && self.indices.last() == Some(&row) {
                *self.values.last_mut().expect("as many values as indices") += value;
            } else {
                self.indices.push(row);
                self.values.push(value);
            }
        }
        self.starts.push(self.indices.len() as u32);
        self.columns.push(column);
        self.columns.len() as u32 - 1
    }

    /// Adds rows over the columns that there are.
    pub fn add_rows(&mut self, rows: &[NewRow]) {
        let mut added: Vec<Vec<(u32, f64)>> = vec![Vec::new(); self.columns.len()];
        for new in rows {
            let number = self.rows.len() as u32;
            self.rows.push(new.row);
            new.entries.iter().for_each(|(column, value)| added[*column as usize].push((number, *value)));
        }
        let mut grown = Program { starts: vec![0], ..Program::default() };
        for (column, added) in added.into_iter().enumerate() {
            for (row, value) in self.entries(column).chain(added) {
                grown.indices.push(row);
                grown.values.push(value);
            }
            grown.starts.push(grown.indices.len() as u32);
        }
        (self.starts, self.indices, self.values) = (grown.starts, grown.indices, grown.values);
    }

    /// Takes over the columns of `grown`, which has the same rows, from `from` on.
    fn append(&mut self, grown: &Program, from: usize) {
        let (here, there) = (self.indices.len() as u32, grown.starts[from]);
        self.columns.extend_from_slice(&grown.columns[from..]);
        self.starts.extend(grown.starts[from + 1..].iter().map(|start| here + (start - there)));
        self.indices.extend_from_slice(&grown.indices[there as usize..]);
        self.values.extend_from_slice(&grown.values[there as usize..]);
    }

    /// What is wrong with the shape or the numbers, if anything.
    fn fault(&self) -> Option<String> {
        let (columns, rows, entries) = (self.columns.len(), self.rows.len(), self.values.len());
        let starts = &self.starts;
        let starts_fit = starts.len() == columns + 1
            && starts[0] == 0
            && starts[columns] as usize == entries
            && starts.windows(2).all(|pair| pair[0] <= pair[1]);
        let small = [columns, rows, entries].iter().all(|number| *number < i32::MAX as usize);
        let numbers = self.columns.iter().all(|c| c.cost.is_finite() && !c.lower.is_nan() && !c.upper.is_nan())
            && self.rows.iter().all(|r| !r.lower.is_nan() && !r.upper.is_nan())
            && self.values.iter().all(|value| value.is_finite());
        if !small || !starts_fit || self.indices.len() != entries {
            Some("the starts, indices and values of the program do not fit together".into())
        } else if self.indices.iter().any(|row| *row as usize >= rows) {
            Some("an entry of the program is in a row that is not there".into())
        } else if !numbers {
            Some("a cost or an entry of the program is not finite, or a bound is not a number".into())
        } else {
            None
        }
    }

    /// The entries of a column.
    pub fn entries(&self, column: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        let range = self.starts[column] as usize..self.starts[column + 1] as usize;
        self.indices[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }
}

/// What the solver says of a program.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it ended.
    pub status: Status,
    /// The best point it has, feasible for `Optimal` and, where there is one, `Stopped`.
    pub point: Option<Point>,
    /// For whole-number programs: a lower bound on the objective that the search has proved.
    pub search_bound: Option<f64>,
}

impl From<Status> for Answer {
    /// An answer without a point.
    fn from(status: Status) -> Answer {
        Answer { status, point: None, search_bound: None }
    }
}

/// How a solve ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Proved best; checked primal and dual by code of our own.
    Optimal,
    /// Proved impossible.
    Infeasible,
    /// The objective falls without end.
    Unbounded,
    /// Time or iterations were up, or someone asked to stop; or a search ended at a point that its bound does not prove best.
    Stopped,
    /// It crashed, hung, or said what is not true; the text says what was seen.
    Failed(String),
}

/// Values of columns and duals of rows.
#[derive(Clone, Debug)]
pub struct Point {
    /// `cost * x`.
    pub objective: f64,
    /// Value of each column.
    pub columns: Vec<f64>,
    /// Activity of each row.
    pub rows: Vec<f64>,
    /// Dual of each row (empty for whole-number programs): change of the objective per unit more on the bound that is active.
    pub duals: Vec<f64>,
}
