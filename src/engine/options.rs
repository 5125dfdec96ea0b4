//! What a caller may ask of a solve, what it hears meanwhile, and what it gets.

use crate::parameters::Model;
pub use crate::placement::Select;
use crate::plan::Plan;
use crate::plan::certificate::Certificate;
use crate::program::session::Make;
use crate::verify::Verified;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How to solve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Weights and effort.
    pub model: Model,
    /// Which method.
    pub method: MethodChoice,
    /// Who chooses whom, in the greedy.
    pub select: Select,
    /// Stop when all gaps are at most this; `None`: the model's.
    pub gap: Option<f64>,
    /// Counted from the start of the solve; `None`: none.
    pub time_limit: Option<Duration>,
    /// Worker threads; `None`: one for each core.
    pub threads: Option<usize>,
    /// Seed of every random choice.
    pub seed: u64,
    /// Another solver than HiGHS; tests put in some that crash, hang or lie.
    pub solver: Option<Make>,
    /// Gather the prices that prove the bounds, too.
    pub certificate: bool,
}

impl Options {
    /// A model's defaults.
    pub fn new(model: Model) -> Options {
        Options {
            model,
            method: MethodChoice::Auto,
            select: Select::Parents,
            gap: None,
            time_limit: None,
            threads: None,
            seed: 0,
            solver: None,
            certificate: false,
        }
    }
}

/// Which method makes the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodChoice {
    /// The best that the instance's size allows.
    Auto,
    /// The best plan, proved by branch and bound.
    Exact,
    /// Trees that follow the group program, with a bound.
    Optimized,
    /// Trees built one request after the other.
    Greedy,
}

/// What a solve is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Policies and routes.
    Compile,
    /// Trees.
    Place,
    /// The program and its bound.
    Solve,
    /// The independent proof.
    Verify,
}

/// Hears how a solve goes; called from the thread that solves.
pub trait Progress: Send {
    /// A phase begins, or has done `done` of `total` steps; `service` is the best so far.
    fn tell(&mut self, phase: Phase, done: u64, total: u64, service: Option<f64>);
}

/// Hears nothing.
pub struct Silent;

impl Progress for Silent {
    fn tell(&mut self, _: Phase, _: u64, _: u64, _: Option<f64>) {}
}

/// Asks a solve to stop with the best it has; clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stop soon.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The flag that all clones share.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.0.clone()
    }

    /// Someone asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a solve gives: a proved plan, and what the caller should know about it.
#[derive(Debug)]
pub struct Outcome {
    /// The plan.
    pub plan: Verified<Plan>,
    /// What went less well than it should (a solver that failed, say).
    pub warnings: Vec<String>,
    /// What proves the bounds, if asked for.
    pub certificate: Option<Certificate>,
}
