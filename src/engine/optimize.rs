//! The better plan: quotas and prices from the group program, trees that follow them, and what is proved.

use super::options::{Phase, Progress};
use crate::forest::Forest;
use crate::placement::{self, Wish};
use crate::plan::Value;
use crate::policy::Cells;
use crate::program::Status;
use crate::program::group::Prices;
use crate::program::relaxation::Relaxation;
use crate::program::session::{Limits, self_test};
use crate::program::supply::Supply;

/// Bounds and prices that the program proved; nothing where it was not asked or failed.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// An upper bound on service.
    pub(super) service: Option<f64>,
    /// A lower bound on relaxation.
    pub(super) relaxation: f64,
    /// A lower bound on the cost of any plan with at least the plan's service.
    pub(super) cost: Option<f64>,
    /// Prices of service, with `service`.
    pub(super) service_prices: Option<Prices>,
    /// What `service_prices` and `cost_prices` prove by themselves.
    pub(super) priced: (Option<f64>, Option<f64>),
    /// Prices of cost, with `cost`.
    pub(super) cost_prices: Option<Prices>,
    /// The plan is proved to be the best by branch and bound.
    pub(super) exact: bool,
    /// Seconds that the solver took.
    pub(super) seconds: f64,
}

/// Improves on the greedy forest; whatever happens to the solver, a forest comes back, with a warning if need be.
pub(super) fn optimize<'a>(
    greedy: Forest<'a>,
    cells: &Cells,
    wish: Wish<'_>,
    limits: &Limits,
    gap: f64,
    progress: &mut dyn Progress,
    warnings: &mut Vec<String>,
) -> (Forest<'a>, Proof) {
    let (instance, rules) = (greedy.instance, greedy.rules);
    let start = std::time::Instant::now();
    let mut proof = Proof::default();
    if let Err(fault) = self_test() {
        warnings.push(format!("the solver is not to be trusted ({fault}); this is the greedy plan"));
        return (greedy, proof);
    }
    progress.tell(Phase::Solve, 0, 2, Some(greedy.service()));
    let supply = Supply::of(instance, rules, cells);
    let mut relaxation = Relaxation::open(instance, rules, cells, &supply);
    let stage = match relaxation.service(limits) {
        Ok(stage) => stage,
        Err(status) => {
            warnings.extend(told(&status, "this is the greedy plan"));
            return (greedy, proof);
        }
    };
    proof.service = Some(stage.search.map_or(stage.bound, |search| search.min(stage.bound)));
    proof.priced.0 = Some(stage.bound);
    proof.service_prices = Some(stage.prices.clone());
    proof.seconds = start.elapsed().as_secs_f64();

    progress.tell(Phase::Place, 0, 1, Some(greedy.service()));
    if (wish.stop)() {
        return (greedy, proof);
    }
    let guided = placement::place(instance, rules, cells, Wish { guidance: Some(&stage.guidance), ..wish });
    let mut forest = if placement::better(&guided, &greedy) { guided } else { greedy };

    let again = std::time::Instant::now();
    progress.tell(Phase::Solve, 1, 2, Some(forest.service()));
    match relaxation.cost(limits, forest.service()) {
        Ok(stage) => {
            proof.cost = Some(stage.search.map_or(stage.bound, |search| search.max(stage.bound)));
            proof.priced.1 = Some(stage.bound);
            proof.cost_prices = Some(stage.prices);
            lower(&mut forest, cells, Wish { guidance: Some(&stage.guidance), ..wish }, &proof, gap, progress);
        }
        Err(status) => warnings.extend(told(&status, "no bound on cost is proved")),
    }
    proof.seconds += again.elapsed().as_secs_f64();
    (forest, proof)
}

/// Lowers the cost until its gap is small enough: trees that follow the cost stage, then swap search.
fn lower<'a>(forest: &mut Forest<'a>, cells: &Cells, wish: Wish<'_>, proof: &Proof, gap: f64, progress: &mut dyn Progress) {
    let is_good = |forest: &Forest<'_>| Value::new(forest.cost().value(), proof.cost).gap.is_some_and(|reached| reached <= gap);
    progress.tell(Phase::Place, 1, 2, Some(forest.service()));
    if is_good(forest) || (wish.stop)() {
        return;
    }
    let cheap = placement::place(forest.instance, forest.rules, cells, wish);
    if placement::better(&cheap, forest) {
        *forest = cheap;
    }
    if !is_good(forest) && !(wish.stop)() {
        placement::improve(forest, cells, wish.effort.passes, wish.stop);
    }
}

/// What a user should hear of a solver's ending; running out of time is told by the plan itself.
pub(super) fn told(status: &Status, consequence: &str) -> Option<String> {
    match status {
        Status::Stopped | Status::Optimal => None,
        Status::Infeasible | Status::Unbounded => Some(format!("the solver calls a sound program {status:?}; {consequence}")),
        Status::Failed(what) => Some(format!("the solver failed ({what}); {consequence}")),
    }
}
