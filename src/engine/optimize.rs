//! The better plan: quotas and prices from the group program, trees that follow them, and what is proved.

use super::options::{Phase, Progress};
use super::theory::Counted;
use crate::forest::{Forest, SeatId};
use crate::placement::{self, Wish};
use crate::plan::Value;
use crate::policy::{Cells, Rules};
use crate::program::Status;
use crate::program::group::Prices;
use crate::program::relaxation::{Guidance, Relaxation, Served, Stage};
use crate::program::session::{Limits, self_test};
use crate::program::supply::{self, Supply};

/// Bounds and prices that the program proved; nothing where it was not asked or failed.
///
/// Where policies may be relaxed, service is bounded under those alone that never are; so is cost, as soon as the plan
/// relaxes something. A plan that has more service than is possible under all policies relaxes at least one.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// An upper bound on service.
    pub(super) service: Option<f64>,
    /// An upper bound on service under all policies, where some may be relaxed.
    pub(super) unrelaxed: Option<f64>,
    /// A lower bound on relaxation that a search proved.
    pub(super) relaxation: f64,
    /// A lower bound on the cost of any plan with at least the plan's service and at most its relaxation.
    pub(super) cost: Option<f64>,
    /// Prices of service under all policies, where some may be relaxed; they prove `unrelaxed`.
    pub(super) relaxation_prices: Option<Prices>,
    /// Prices of service, with `service`.
    pub(super) service_prices: Option<Prices>,
    /// What counting slots proves of service.
    pub(super) counted: Counted,
    /// What `service_prices` and `cost_prices` prove by themselves.
    pub(super) priced: (Option<f64>, Option<f64>),
    /// Prices of cost, with `cost`.
    pub(super) cost_prices: Option<Prices>,
    /// The plan is proved to be the best by branch and bound.
    pub(super) exact: bool,
    /// Seconds that the solver took.
    pub(super) seconds: f64,
}

impl Proof {
    /// Prices of cost are for plans that relax nothing, or for those that do: the plan at hand is of the other kind now. What was
    /// proved of all plans (`for_all`) remains a bound, without its prices.
    pub(super) fn forget_cost(&mut self, for_all: bool) {
        self.cost = self.cost.filter(|_| for_all);
        (self.cost_prices, self.priced.1) = (None, None);
    }
}

/// Improves on the greedy forest; whatever happens to the solver, a forest comes back, with a warning if need be. `strict` are
/// the rules that are never relaxed, where some may be.
#[allow(clippy::too_many_arguments)]
pub(super) fn optimize<'a>(
    greedy: Forest<'a>,
    strict: Option<&Rules>,
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
    let mut all = Relaxation::open(instance, rules, cells, &supply);
    let supply = strict.map(|strict| Supply::of(instance, strict, cells));
    let mut loose = strict.zip(supply.as_ref()).map(|(strict, supply)| Relaxation::open(instance, strict, cells, supply));
    let stages =
        all.service(limits).and_then(|stage| Ok((stage, loose.as_mut().map(|loose| loose.service(limits)).transpose()?)));
    let (stage, wide) = match stages {
        Ok(stages) => stages,
        Err(status) => {
            warnings.extend(told(&status, "this is the greedy plan"));
            return (greedy, proof);
        }
    };
    proof.seconds = start.elapsed().as_secs_f64();

    progress.tell(Phase::Place, 0, 1, Some(greedy.service()));
    let mut forest = greedy;
    if !(wish.stop)() {
        let guided = placement::place(instance, rules, cells, Wish { guidance: Some(&stage.guidance), ..wish });
        if placement::better(&guided, &forest) {
            forest = guided;
        }
    }
    let guidance = note(&mut proof, stage, wide);
    if (wish.stop)() {
        return (forest, proof);
    }

    let again = std::time::Instant::now();
    progress.tell(Phase::Solve, 1, 2, Some(forest.service()));
    let mut still_holds = false;
    for lowered in [false, true] {
        let (relaxes, asked) = (forest.relaxation() > 0.0, forest.service());
        let found = match &mut loose {
            Some(loose) if relaxes => loose.cost(limits, asked),
            _ => all.cost(limits, asked),
        };
        let stage = match found {
            Ok(stage) => stage,
            Err(status) => {
                if !still_holds {
                    proof.cost = None;
                    warnings.extend(told(&status, "no bound on cost is proved"));
                }
                break;
            }
        };
        proof.cost = Some(stage.search.map_or(stage.bound, |search| search.max(stage.bound)));
        proof.priced.1 = Some(stage.bound);
        proof.cost_prices = Some(stage.prices);
        if !lowered {
            let guidance = if relaxes { &guidance } else { &stage.guidance };
            lower(&mut forest, cells, Wish { guidance: Some(guidance), ..wish }, &proof, gap, progress);
            if !relaxes {
                forest = refine(forest, &mut all, cells, wish, limits, &proof, gap);
            }
        }
        // What was proved holds for plans that relax nothing, and for no others; of plans with more service more can be proved.
        still_holds = relaxes || forest.relaxation() == 0.0;
        if still_holds && (forest.service() <= asked || (wish.stop)()) {
            break;
        }
    }
    proof.seconds += again.elapsed().as_secs_f64();
    (forest, proof)
}

/// Notes what the stages of service prove: the one under all policies, and the one without those that may be relaxed. Gives
/// what placement is to follow.
fn note(proof: &mut Proof, stage: Stage, wide: Option<Stage>) -> Guidance {
    let Stage { guidance, prices, bound, search } = stage;
    let (service, prices) = match wide {
        Some(wide) => {
            proof.relaxation_prices = Some(prices);
            proof.unrelaxed = Some(bound);
            proof.priced.0 = Some(wide.bound);
            (wide.search.map_or(wide.bound, |search| search.min(wide.bound)), wide.prices)
        }
        None => {
            proof.priced.0 = Some(bound);
            (search.map_or(bound, |search| search.min(bound)), prices)
        }
    };
    proof.service = Some(service);
    proof.service_prices = Some(prices);
    guidance
}

/// Lowers the cost further, service untouched: trees for exactly those who are served, and cheaper ones served in the place of
/// dear ones, as long as that helps.
fn refine<'a>(
    mut forest: Forest<'a>,
    all: &mut Relaxation<'_>,
    cells: &Cells,
    wish: Wish<'_>,
    limits: &Limits,
    proof: &Proof,
    gap: f64,
) -> Forest<'a> {
    for round in 0..u64::from(wish.effort.refinements) {
        if is_good(&forest, proof, gap) || (wish.stop)() {
            break;
        }
        if let Some(guidance) = all.held_to(limits, &served(&forest, cells)) {
            let wish = Wish { guidance: Some(&guidance), seed: wish.seed.wrapping_add(round), ..wish };
            let held = placement::place(forest.instance, forest.rules, cells, wish);
            if placement::better(&held, &forest) {
                forest = held;
            }
        }
        forest = placement::trade(forest, cells, wish.stop);
        placement::improve(&mut forest, cells, wish.effort.passes, wish.stop);
    }
    forest
}

/// Requests of each tier that a forest serves.
fn served(forest: &Forest<'_>, cells: &Cells) -> Served {
    let mut served = Served::default();
    for (id, request) in forest.instance.requests.pairs().filter(|(id, _)| forest.is_served(SeatId(id.0))) {
        if let Some(tier) = supply::tier(forest.instance, forest.rules, id) {
            *served.entry((request.content, cells.cell(request.node), tier.key)).or_insert(0.0) += 1.0;
        }
    }
    served
}

fn is_good(forest: &Forest<'_>, proof: &Proof, gap: f64) -> bool {
    Value::new(forest.cost().value(), proof.cost).gap.is_some_and(|reached| reached <= gap)
}

/// Lowers the cost until its gap is small enough: trees that follow the cost stage, then swap search.
fn lower<'a>(forest: &mut Forest<'a>, cells: &Cells, wish: Wish<'_>, proof: &Proof, gap: f64, progress: &mut dyn Progress) {
    progress.tell(Phase::Place, 1, 2, Some(forest.service()));
    if is_good(forest, proof, gap) || (wish.stop)() {
        return;
    }
    let cheap = placement::place(forest.instance, forest.rules, cells, wish);
    if placement::better(&cheap, forest) {
        *forest = cheap;
    }
    if !is_good(forest, proof, gap) && !(wish.stop)() {
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
