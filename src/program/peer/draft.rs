//! A program while it is being written: columns gain entries as rows come up.

use crate::program::{Column, Name, Program};

/// Rows and columns in order, with the entries of each column as yet.
#[derive(Default)]
pub(super) struct Draft {
    columns: Vec<(Column, Vec<(u32, f64)>)>,
    rows: Vec<(Name, f64, f64)>,
}

impl Draft {
    /// A column that is 0 or 1.
    pub(super) fn choice(&mut self, name: Name) -> usize {
        self.columns.push((Column { name, cost: 0.0, lower: 0.0, upper: 1.0, whole: true }, Vec::new()));
        self.columns.len() - 1
    }

    /// A column that may be any number in a range.
    pub(super) fn number(&mut self, name: Name, lower: f64, upper: f64) -> usize {
        self.columns.push((Column { name, cost: 0.0, lower, upper, whole: false }, Vec::new()));
        self.columns.len() - 1
    }

    /// A row that has to be 0.
    pub(super) fn balance(&mut self, name: Name) -> u32 {
        self.row(name, 0.0, 0.0)
    }

    /// A row with an upper bound.
    pub(super) fn at_most(&mut self, name: Name, upper: f64) -> u32 {
        self.row(name, f64::NEG_INFINITY, upper)
    }

    /// A row with a lower bound.
    pub(super) fn at_least(&mut self, name: Name, lower: f64) -> u32 {
        self.row(name, lower, f64::INFINITY)
    }

    fn row(&mut self, name: Name, lower: f64, upper: f64) -> u32 {
        self.rows.push((name, lower, upper));
        self.rows.len() as u32 - 1
    }

    /// An entry.
    pub(super) fn put(&mut self, row: u32, column: usize, value: f64) {
        self.columns[column].1.push((row, value));
    }

    /// A choice is only open where another one is taken.
    pub(super) fn only_with(&mut self, name: Name, choice: usize, other: usize) {
        let row = self.at_most(name, 0.0);
        self.put(row, choice, 1.0);
        self.put(row, other, -1.0);
    }

    /// A column that is 1 where two choices are taken, else 0; the first one lends its numbers.
    pub(super) fn both(&mut self, tag: &'static str, one: usize, other: usize) -> usize {
        let name = Name { tag, ..self.columns[one].0.name };
        let both = self.number(name, 0.0, 1.0);
        let and = Name { tag: "and", ..name };
        self.only_with(and, both, one);
        self.only_with(and, both, other);
        let row = self.at_most(and, 1.0);
        self.put(row, one, 1.0);
        self.put(row, other, 1.0);
        self.put(row, both, -1.0);
        both
    }

    /// How many columns there are.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The finished program.
    pub(super) fn program(self) -> Program {
        let mut program = Program::new();
        for (name, lower, upper) in self.rows {
            program.row(name, lower, upper);
        }
        for (column, entries) in self.columns {
            program.column(column, &entries);
        }
        program
    }
}
