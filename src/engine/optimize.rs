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
use std::time::Instant;

/// Services this close, relative, are the same.
const ALIKE: f64 = 1e-9;

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
    /// Notes what prices prove of cost, and what a search proves beyond that.
    fn note_cost(&mut self, bound: f64, search: Option<f64>, prices: Prices) {
        self.cost = Some(search.map_or(bound, |search| search.max(bound)));
        (self.cost_prices, self.priced.1) = (Some(prices), Some(bound));
    }

    /// Prices of cost are for plans that relax nothing, or for those that do: the plan at hand is of the other kind now. What was
    /// proved of all plans (`for_all`) remains a bound, without its prices.
    pub(super) fn forget_cost(&mut self, for_all: bool) {
        self.cost = self.cost.filter(|_| for_all);
        (self.cost_prices, self.priced.1) = (None, None);
    }
}

/// What is asked of all steps.
#[derive(Clone, Copy)]
pub(super) struct Task<'t> {
    /// The rules that are never relaxed, where some may be.
    pub(super) strict: Option<&'t Rules>,
    /// Nodes that nothing tells apart.
    pub(super) cells: &'t Cells,
    /// What placement is asked for; guidance comes from here.
    pub(super) wish: Wish<'t>,
    /// Of the solver.
    pub(super) limits: &'t Limits,
    /// Gap of cost that is small enough.
    pub(super) gap: f64,
}

/// Improves on the greedy forest; whatever happens to the solver, a forest comes back, with a warning if need be.
///
/// Step by step, and no further than the gap asks for: trees that follow the program, trees that follow it in whole requests,
/// the same in other orders, then the program of cost.
pub(super) fn optimize<'a>(
    greedy: Forest<'a>,
    task: Task<'_>,
    progress: &mut dyn Progress,
    warnings: &mut Vec<String>,
) -> (Forest<'a>, Proof) {
    let (instance, rules) = (greedy.instance, greedy.rules);
    if let Err(fault) = self_test() {
        warnings.push(format!("the solver is not to be trusted ({fault}); this is the greedy plan"));
        return (greedy, Proof::default());
    }
    progress.tell(Phase::Solve, 0, 2, Some(greedy.service()));
    let start = Instant::now();
    let supply = Supply::of(instance, rules, task.cells);
    let loose = task.strict.map(|strict| Supply::of(instance, strict, task.cells));
    let all = Relaxation::open(instance, rules, task.cells, &supply);
    let loose = task.strict.zip(loose.as_ref());
    let loose = loose.map(|(strict, supply)| Relaxation::open(instance, strict, task.cells, supply));
    let mut climb = match Climb::begin(task, all, loose) {
        Ok(climb) => climb,
        Err(status) => {
            warnings.extend(told(&status, "this is the greedy plan"));
            return (greedy, Proof::default());
        }
    };
    climb.proof.seconds = start.elapsed().as_secs_f64();

    progress.tell(Phase::Place, 0, 1, Some(greedy.service()));
    let forest = climb.up(greedy, progress, warnings);
    (forest, climb.finish())
}

/// The way from the greedy plan to the best one that the gap asks for.
struct Climb<'t> {
    task: Task<'t>,
    all: Relaxation<'t>,
    /// Under the strict rules alone.
    loose: Option<Relaxation<'t>>,
    /// What the stage of service found, and that under the strict rules alone.
    stage: Stage,
    wide: Option<Stage>,
    proof: Proof,
}

impl<'t> Climb<'t> {
    /// The stages of service, and what they prove.
    fn begin(task: Task<'t>, mut all: Relaxation<'t>, mut loose: Option<Relaxation<'t>>) -> Result<Climb<'t>, Status> {
        let stage = all.service(task.limits)?;
        let wide = loose.as_mut().map(|loose| loose.service(task.limits)).transpose()?;
        let mut climb = Climb { task, all, loose, stage, wide, proof: Proof::default() };
        climb.note();
        Ok(climb)
    }

    /// Step by step, until it is over.
    fn up<'a>(&mut self, mut forest: Forest<'a>, progress: &mut dyn Progress, warnings: &mut Vec<String>) -> Forest<'a> {
        for step in [Climb::follow, Climb::make_whole, Climb::follow_anew] {
            if self.is_over(&forest) {
                return forest;
            }
            forest = step(self, forest);
        }
        if self.is_over(&forest) { forest } else { self.cheapen(forest, progress, warnings) }
    }

    /// Notes what the stages of service prove: the one under all policies, and the one without those that may be relaxed.
    fn note(&mut self) {
        let widest = self.wide.as_ref().unwrap_or(&self.stage);
        self.proof.unrelaxed = self.wide.as_ref().map(|_| self.stage.bound);
        self.proof.priced.0 = Some(widest.bound);
        self.proof.service = Some(widest.search.map_or(widest.bound, |search| search.min(widest.bound)));
    }

    fn finish(self) -> Proof {
        let (relaxation, service) = match self.wide {
            Some(wide) => (Some(self.stage.prices), wide.prices),
            None => (None, self.stage.prices),
        };
        Proof { relaxation_prices: relaxation, service_prices: Some(service), ..self.proof }
    }

    /// There is no more service to be had, at a cost that is low enough; or no time.
    fn is_over(&mut self, forest: &Forest<'_>) -> bool {
        let most = self.proof.service.unwrap_or(f64::INFINITY).min(self.task.wish.most);
        let is_most = forest.service() >= most * (1.0 - ALIKE);
        if is_most
            && self.task.strict.is_none()
            && self.proof.cost.is_none()
            && let Some((bound, prices)) = self.all.proved_of_cost(forest.service())
        {
            self.proof.note_cost(bound, None, prices);
        }
        (self.task.wish.stop)() || is_most && self.is_cheap(forest)
    }

    fn is_cheap(&self, forest: &Forest<'_>) -> bool {
        Value::new(forest.cost().value(), self.proof.cost).gap.is_some_and(|reached| reached <= self.task.gap)
    }

    /// Trees that follow the program.
    fn follow<'a>(&mut self, forest: Forest<'a>) -> Forest<'a> {
        let guided = placement::once(forest.instance, forest.rules, self.task.cells, self.guided(&self.stage.guidance));
        better_of(forest, Some(guided))
    }

    /// Trees that follow the program in whole requests.
    fn make_whole<'a>(&mut self, forest: Forest<'a>) -> Forest<'a> {
        let start = Instant::now();
        let is_whole = self.all.make_whole(self.task.limits, &mut self.stage);
        if let (Some(loose), Some(wide)) = (&mut self.loose, &mut self.wide) {
            loose.search_service(self.task.limits, wide);
        }
        self.note();
        self.proof.seconds += start.elapsed().as_secs_f64();
        if is_whole && !self.is_over(&forest) { self.follow(forest) } else { forest }
    }

    /// The same in other orders.
    fn follow_anew<'a>(&mut self, forest: Forest<'a>) -> Forest<'a> {
        let guided = placement::again(forest.instance, forest.rules, self.task.cells, self.guided(&self.stage.guidance));
        better_of(forest, guided)
    }

    fn guided<'w>(&'w self, guidance: &'w Guidance) -> Wish<'w> {
        Wish { guidance: Some(guidance), ..self.task.wish }
    }

    /// Proves how cheap plans with this service can be, and lowers the cost until its gap is small enough.
    fn cheapen<'a>(&mut self, mut forest: Forest<'a>, progress: &mut dyn Progress, warnings: &mut Vec<String>) -> Forest<'a> {
        let start = Instant::now();
        progress.tell(Phase::Solve, 1, 2, Some(forest.service()));
        let mut still_holds = self.proof.cost.is_some();
        for lowered in [false, true] {
            let (relaxes, asked) = (forest.relaxation() > 0.0, forest.service());
            let found = match &mut self.loose {
                Some(loose) if relaxes => loose.cost(self.task.limits, asked),
                _ => self.all.cost(self.task.limits, asked),
            };
            let stage = match found {
                Ok(stage) => stage,
                Err(status) => {
                    if !still_holds {
                        self.proof.cost = None;
                        warnings.extend(told(&status, "no bound on cost is proved"));
                    }
                    break;
                }
            };
            self.proof.note_cost(stage.bound, stage.search, stage.prices);
            if !lowered {
                progress.tell(Phase::Place, 1, 2, Some(forest.service()));
                forest = self.lower(forest, if relaxes { &self.stage.guidance } else { &stage.guidance });
                if !relaxes {
                    forest = self.refine(forest);
                }
            }
            // What was proved holds for plans that relax nothing, and for no others; of plans with more service more can be proved.
            still_holds = relaxes || forest.relaxation() == 0.0;
            if still_holds && (forest.service() <= asked || (self.task.wish.stop)()) {
                break;
            }
        }
        self.proof.seconds += start.elapsed().as_secs_f64();
        forest
    }

    fn is_done(&self, forest: &Forest<'_>) -> bool {
        self.is_cheap(forest) || (self.task.wish.stop)()
    }

    /// Trees that follow the program of cost, then swap search.
    fn lower<'a>(&self, mut forest: Forest<'a>, guidance: &Guidance) -> Forest<'a> {
        if self.is_done(&forest) {
            return forest;
        }
        let cheap = placement::place(forest.instance, forest.rules, self.task.cells, self.guided(guidance));
        forest = better_of(forest, Some(cheap));
        if !self.is_done(&forest) {
            self.improve(&mut forest);
        }
        forest
    }

    /// Lowers the cost further, service untouched: trees for exactly those who are served, and cheaper ones served in the place
    /// of dear ones, as long as that helps.
    fn refine<'a>(&mut self, mut forest: Forest<'a>) -> Forest<'a> {
        let Task { cells, wish, limits, .. } = self.task;
        for round in 0..u64::from(wish.effort.refinements) {
            if self.is_done(&forest) {
                break;
            }
            if let Some(guidance) = self.all.held_to(limits, &served(&forest, cells)) {
                let wish = Wish { seed: wish.seed.wrapping_add(round), ..self.guided(&guidance) };
                let held = placement::place(forest.instance, forest.rules, cells, wish);
                forest = better_of(forest, Some(held));
            }
            forest = placement::trade(forest, cells, wish.stop);
            self.improve(&mut forest);
        }
        forest
    }

    fn improve(&self, forest: &mut Forest<'_>) {
        placement::improve(forest, self.task.cells, self.task.wish.effort.passes, self.task.wish.stop);
    }
}

fn better_of<'a>(forest: Forest<'a>, other: Option<Forest<'a>>) -> Forest<'a> {
    match other {
        Some(other) if placement::better(&other, &forest) => other,
        _ => forest,
    }
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

/// What a user should hear of a solver's ending; running out of time is told by the plan itself.
pub(super) fn told(status: &Status, consequence: &str) -> Option<String> {
    match status {
        Status::Stopped | Status::Optimal => None,
        Status::Infeasible | Status::Unbounded => Some(format!("the solver calls a sound program {status:?}; {consequence}")),
        Status::Failed(what) => Some(format!("the solver failed ({what}); {consequence}")),
    }
}
