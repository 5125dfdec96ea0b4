//! One cluster, the whole story.

use super::assemble::assemble;
use super::options::{Cancel, Options, Outcome, Phase, Progress};
use crate::ids::Id;
use crate::instance::Instance;
use crate::placement::{self, Wish};
use crate::plan::{Method, Termination};
use crate::policy;
use crate::verify;
use std::time::Instant;

/// Makes a plan that `verify` has proved.
///
/// # Panics
///
/// If the engine's own plan is refused by `verify`: a fault of the engine, never of the input.
pub fn solve(instance: &Instance, options: &Options, progress: &mut dyn Progress, cancel: &Cancel) -> Outcome {
    let start = Instant::now();
    let late = || cancel.is_cancelled() || options.time_limit.is_some_and(|limit| start.elapsed() >= limit);

    progress.tell(Phase::Compile, 0, 1, None);
    let rules = policy::compile(instance, options.model.weights);
    let compiled = start.elapsed();

    progress.tell(Phase::Place, 0, 1, None);
    let wish = Wish { select: options.select, effort: &options.model.effort, seed: options.seed, stop: &late };
    let forest = placement::place(instance, &rules, wish);
    progress.tell(Phase::Place, 1, 1, Some(forest.service()));
    let termination = if late() { Termination::TimeLimit } else { Termination::Heuristic };
    let mut plan = assemble(forest, options, Method::Greedy, termination);
    let placed = start.elapsed();

    progress.tell(Phase::Verify, 0, 1, Some(plan.service.value));
    plan.statistics.seconds.compile = compiled.as_secs_f64();
    plan.statistics.seconds.place = (placed - compiled).as_secs_f64();
    let warnings = rules.idle.iter().map(|id| format!("policy {} matches nothing", instance.policies[id.index()].id)).collect();
    drop(rules);
    let plan = verify::verify(instance, plan).unwrap_or_else(|refused| panic!("the engine's own plan is refused: {refused}"));
    let verified = start.elapsed();
    let plan = plan.timed(|seconds| {
        seconds.verify = (verified - placed).as_secs_f64();
        seconds.total = verified.as_secs_f64();
    });
    Outcome { plan, warnings }
}
