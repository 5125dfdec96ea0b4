//! A program that stays with the solver: solved, changed, solved again from where it was.
//!
//! The solver works on a thread of its own (`owner`); the session waits for it, for no longer than the deadline and a
//! little grace, and believes nothing: what is said to be optimal is checked (`optimality`), once more cold when
//! the check fails, and is [`Status::Failed`] when that fails too.

use super::optimality;
use super::owner::Owner;
use super::{Answer, Column, Name, NewRow, Program, Status};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// When to stop, and how to go about it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Stop then; `None`: never.
    pub deadline: Option<Instant>,
    /// Simplex or interior-point iterations; nodes of the search for whole-number programs; `None`: no limit.
    pub iterations: Option<u32>,
    /// Of whole-number programs: the relative gap that will do; 0 for exact.
    pub gap: f64,
    /// For programs without whole columns.
    pub method: Method,
    /// Simplify first (where there is no basis to start from).
    pub presolve: bool,
    /// Of the solver's random choices.
    pub seed: u32,
    /// Stop when it becomes true.
    pub cancel: Option<Arc<AtomicBool>>,
    /// Another solver than HiGHS, for a session that has none yet: tests put in some that crash, hang or lie.
    pub solver: Option<Make>,
}

impl Default for Limits {
    /// To the end, exactly.
    fn default() -> Limits {
        Limits {
            deadline: None,
            iterations: None,
            gap: 0.0,
            method: Method::Choose,
            presolve: true,
            seed: 0,
            cancel: None,
            solver: None,
        }
    }
}

impl Limits {
    /// Someone asked to stop.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }

    /// There is no time at all.
    fn is_over(&self) -> bool {
        self.is_cancelled() || self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }
}

/// Which algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The solver's choice.
    #[default]
    Choose,
    /// Good after rows or bounds changed.
    DualSimplex,
    /// Good after columns were added or costs changed.
    PrimalSimplex,
    /// Interior point with crossover.
    InteriorPoint,
}

/// What changes in the program that a backend holds.
pub enum Change {
    /// This program, whatever there was.
    Program(Arc<Program>),
    /// The columns of `program` from `from` on are new; the rest is as it was.
    Columns {
        /// The whole program, new columns included.
        program: Arc<Program>,
        /// First new column.
        from: usize,
    },
    /// These rows are new.
    Rows(Vec<NewRow>),
    /// Cost of every column.
    Costs(Vec<f64>),
    /// Row, lower, upper; ascending, no row twice.
    RowBounds(Vec<(u32, f64, f64)>),
    /// Column, lower, upper; ascending, no column twice.
    ColumnBounds(Vec<(u32, f64, f64)>),
    /// No program any more.
    Nothing,
}

/// One solve, as a backend is asked for it.
pub struct Order {
    /// When to stop.
    pub limits: Limits,
    /// Nobody waits any more once it is true.
    pub stop: Arc<AtomicBool>,
}

/// A solver, seen from its owner thread. [`super::highs::Highs`] is the one that is used; tests put in others, which crash, hang or lie.
pub trait Backend {
    /// Takes a change over.
    ///
    /// # Errors
    ///
    /// The solver refuses it; what it holds is then unknown.
    fn change(&mut self, change: &Change) -> Result<(), String>;

    /// Solves what it holds. The answer is a claim: the session checks it, and computes objective and rows itself.
    fn solve(&mut self, order: &Order) -> Answer;
}

/// Makes a backend on the thread that will own it.
pub type Make = fn() -> Box<dyn Backend>;

/// A resident program.
pub struct Session {
    program: Arc<Program>,
    make: Option<Make>,
    /// `None` before the first solve, and after the solver crashed or hung.
    owner: Option<Owner>,
    /// What was asked for that makes no sense; no solver gets to see it.
    fault: Option<String>,
}

impl Session {
    /// Takes a copy of the program.
    pub fn open(program: &Program) -> Session {
        Session { program: Arc::new(program.clone()), make: None, owner: None, fault: program.fault() }
    }

    /// As [`Session::open`], with another solver.
    pub fn open_with(make: Make, program: &Program) -> Session {
        let mut session = Session::open(program);
        session.make = Some(make);
        session
    }

    /// Solves, from the last basis if there is one. Never panics, and returns soon after the deadline, whatever the solver does;
    /// after a crash or a hang the next solve starts with a new solver.
    pub fn solve(&mut self, limits: &Limits) -> Answer {
        if let Some(fault) = &self.fault {
            return Status::Failed(fault.clone()).into();
        }
        let warm = self.owner.is_some();
        let first = match self.ask(limits) {
            // Started from an old basis, it may be wrong about there being no optimum, too.
            Ok(answer) if !(warm && matches!(answer.status, Status::Infeasible | Status::Unbounded)) => return answer,
            Ok(answer) => format!("said to be {:?} from an old basis", answer.status),
            Err(Doubt::Lost(why)) => return self.lose(why),
            Err(Doubt::Wrong(why)) => why,
        };
        if let Some(owner) = &self.owner {
            owner.change(Change::Program(self.program.clone()));
        }
        match self.ask(limits) {
            Ok(answer) => answer,
            Err(Doubt::Lost(again)) => self.lose(again),
            Err(Doubt::Wrong(again)) => self.lose(format!("{first}; and from the start: {again}")),
        }
    }

    /// One solve and its check.
    fn ask(&mut self, limits: &Limits) -> Result<Answer, Doubt> {
        if limits.is_over() {
            return Ok(Status::Stopped.into());
        }
        if self.program.columns.is_empty() {
            return Ok(optimality::without_columns(&self.program));
        }
        let owner = match &self.owner {
            Some(owner) => owner,
            None => {
                self.make = self.make.or(limits.solver);
                let owner = self.make.map_or_else(Owner::borrow, Owner::spawn).map_err(Doubt::Lost)?;
                owner.change(Change::Program(self.program.clone()));
                self.owner.insert(owner)
            }
        };
        let claim = owner.solve(limits).map_err(Doubt::Lost)?;
        optimality::judge(&self.program, claim, limits.gap).map_err(Doubt::Wrong)
    }

    /// Gives the owner up for good.
    fn lose(&mut self, why: String) -> Answer {
        self.owner = None;
        Status::Failed(why).into()
    }

    /// Takes over the columns of `grown` from `from` on. Its rows, and its columns before `from`, are those of this session;
    /// if their numbers differ, every later solve fails.
    pub fn add_columns(&mut self, grown: &Program, from: usize) {
        let known = self.program.columns.len();
        if let Some(fault) = grown.fault() {
            self.fault.get_or_insert(fault);
        } else if from != known || grown.columns.len() < from || grown.rows.len() != self.program.rows.len() {
            self.fault.get_or_insert(format!("columns from {from} on, over {} rows, do not fit", grown.rows.len()));
        } else if grown.columns.len() > from {
            Arc::make_mut(&mut self.program).append(grown, from);
            self.pass(Change::Columns { program: self.program.clone(), from });
        }
    }

    /// Adds rows over the columns that there are; if there is no such column, every later solve fails.
    pub fn add_rows(&mut self, rows: &[NewRow]) {
        let columns = self.program.columns.len();
        let fits = |new: &NewRow| new.entries.iter().all(|(column, value)| (*column as usize) < columns && value.is_finite());
        if !rows.iter().all(fits) {
            self.fault.get_or_insert("new rows over columns that are not there, or not finite".into());
            return;
        }
        Arc::make_mut(&mut self.program).add_rows(rows);
        self.pass(Change::Rows(rows.to_vec()));
    }

    /// Sets the cost of every column; with another number of costs, every later solve fails.
    pub fn set_costs(&mut self, costs: &[f64]) {
        let program = Arc::make_mut(&mut self.program);
        if costs.len() != program.columns.len() || costs.iter().any(|cost| !cost.is_finite()) {
            self.fault.get_or_insert("costs: too many, too few, or not finite".into());
            return;
        }
        program.columns.iter_mut().zip(costs).for_each(|(column, cost)| column.cost = *cost);
        self.pass(Change::Costs(costs.to_vec()));
    }

    /// Sets bounds of rows (row, lower, upper), the last one of a row if it is there twice; if there is no such row, every
    /// later solve fails.
    pub fn set_rows(&mut self, bounds: &[(u32, f64, f64)]) {
        let bounds = in_order(bounds);
        let program = Arc::make_mut(&mut self.program);
        if !fit(&bounds, program.rows.len()) {
            self.fault.get_or_insert("bounds of a row that is not there, or not a number".into());
            return;
        }
        for (row, lower, upper) in &bounds {
            let row = &mut program.rows[*row as usize];
            (row.lower, row.upper) = (*lower, *upper);
        }
        self.pass(Change::RowBounds(bounds));
    }

    /// Sets bounds of columns (column, lower, upper), as [`Session::set_rows`] does of rows.
    pub fn set_columns(&mut self, bounds: &[(u32, f64, f64)]) {
        let bounds = in_order(bounds);
        let program = Arc::make_mut(&mut self.program);
        if !fit(&bounds, program.columns.len()) {
            self.fault.get_or_insert("bounds of a column that is not there, or not a number".into());
            return;
        }
        for (column, lower, upper) in &bounds {
            let column = &mut program.columns[*column as usize];
            (column.lower, column.upper) = (*lower, *upper);
        }
        self.pass(Change::ColumnBounds(bounds));
    }

    /// To the solver, if one has the program already.
    fn pass(&self, change: Change) {
        if let Some(owner) = &self.owner {
            owner.change(change);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let (Some(owner), None) = (self.owner.take(), self.make) {
            owner.give_back();
        }
    }
}

/// Why an answer is not passed on.
enum Doubt {
    /// There is none: the solver crashed or hung.
    Lost(String),
    /// It is not true.
    Wrong(String),
}

fn in_order(bounds: &[(u32, f64, f64)]) -> Vec<(u32, f64, f64)> {
    let mut bounds: Vec<_> = bounds.iter().rev().copied().collect();
    bounds.sort_by_key(|bound| bound.0);
    bounds.dedup_by_key(|bound| bound.0);
    bounds
}

fn fit(bounds: &[(u32, f64, f64)], len: usize) -> bool {
    bounds.iter().all(|(at, lower, upper)| (*at as usize) < len && !lower.is_nan() && !upper.is_nan())
}

/// Solves a program once.
pub fn run(program: &Program, limits: &Limits) -> Answer {
    Session::open(program).solve(limits)
}

/// Whether the solver finds a small optimum that is known: versions of it have been seen that do not. Done once in a
/// process, then remembered.
///
/// # Errors
///
/// What was found instead.
pub fn self_test() -> Result<(), String> {
    static TESTED: OnceLock<Result<(), String>> = OnceLock::new();
    TESTED.get_or_init(try_two_rows).clone()
}

/// Most of x + 2 y where x + y <= 4 and x + 3 y <= 6: 5, at (3, 1), and both rows are worth a half.
fn try_two_rows() -> Result<(), String> {
    let mut program = Program::new();
    let rows = [4.0, 6.0].map(|upper| program.row(Name::new("row", &[]), f64::NEG_INFINITY, upper));
    for (cost, entries) in [(-1.0, [1.0, 1.0]), (-2.0, [1.0, 3.0])] {
        let column = Column { name: Name::new("x", &[]), cost, lower: 0.0, upper: f64::INFINITY, whole: false };
        program.column(column, &[(rows[0], entries[0]), (rows[1], entries[1])]);
    }
    let answer = run(&program, &Limits::default());
    let near = |found: &[f64], known: [f64; 2]| found.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-9);
    match &answer.point {
        Some(point) if near(&point.columns, [3.0, 1.0]) && near(&point.duals, [-0.5, -0.5]) => Ok(()),
        _ => Err(format!("the solver does not find the optimum of a small known program: {answer:?}")),
    }
}
