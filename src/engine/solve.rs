//! One cluster, the whole story.

use super::assemble::assemble;
use super::certificate;
use super::exact;
use super::optimize::{Proof, Task, optimize};
use super::options::{Cancel, MethodChoice, Options, Outcome, Phase, Progress};
use super::theory;
use crate::ids::Id;
use crate::instance::Instance;
use crate::instance::fault::Code;
use crate::placement::{self, Wish};
use crate::policy::{self, Cells};
use crate::program::group::GroupProgram;
use crate::program::outlets::Outlets;
use crate::program::session::Limits;
use crate::verify;
use std::time::Instant;

/// Makes a plan that `verify` has proved.
///
/// # Panics
///
/// If the engine's own plan is refused by `verify`: a fault of the engine, never of the input.
pub fn solve(instance: &Instance, options: &Options, progress: &mut dyn Progress, cancel: &Cancel) -> Outcome {
    let pool = options.threads.and_then(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok());
    match pool {
        Some(pool) => pool.install(|| solve_here(instance, options, progress, cancel)),
        None => solve_here(instance, options, progress, cancel),
    }
}

/// The story, on the threads at hand.
fn solve_here(instance: &Instance, options: &Options, progress: &mut dyn Progress, cancel: &Cancel) -> Outcome {
    let start = Instant::now();
    let flag = cancel.clone();
    let late = move || flag.is_cancelled() || options.time_limit.is_some_and(|limit| start.elapsed() >= limit);

    progress.tell(Phase::Compile, 0, 1, None);
    let rules = policy::compile(instance, options.model.weights);
    let cells = Cells::of(instance, &rules);
    let strict = rules.relaxes().then(|| policy::compile_strict(instance, options.model.weights));
    let loose = rules.relaxes().then(|| policy::compile_loose(instance, options.model.weights));
    let loose_cells = loose.as_ref().map(|loose| Cells::of(instance, loose));
    let outlets = Outlets::of(instance, &rules);
    let compiled = start.elapsed();
    // Counting, explaining and proving a plan takes as long as making it: the first forest gets half of the time.
    let half = || late() || options.time_limit.is_some_and(|limit| start.elapsed() >= limit / 2);

    progress.tell(Phase::Place, 0, 1, None);
    let wide = strict.as_ref().map(|strict| (strict, Outlets::of(instance, strict)));
    let (widest, sends) = wide.as_ref().map_or((&rules, &outlets), |(strict, outlets)| (*strict, outlets));
    let counted = theory::counted(instance, widest, sends, &[]);
    let wish = Wish {
        select: options.select,
        effort: &options.model.effort,
        seed: options.seed,
        outlets: &outlets,
        most: counted.service,
        loose: loose.as_ref().zip(loose_cells.as_ref()),
        guidance: None,
        stop: &half,
    };
    let mut forest = placement::place(instance, &rules, &cells, wish);
    progress.tell(Phase::Place, 1, 1, Some(forest.service()));
    let mut warnings: Vec<String> = rules.idle.iter().map(|id| idle_policy(&instance.policies[id.index()].id)).collect();
    let mut proof = Proof::default();
    let gap = options.gap.unwrap_or(options.model.effort.gap);
    let reserve = 3 * (start.elapsed() - compiled);
    let soon = || late() || options.time_limit.is_some_and(|limit| start.elapsed() + reserve >= limit);
    if options.method != MethodChoice::Greedy && !soon() {
        let deadline = options.time_limit.map(|limit| start + limit.saturating_sub(reserve));
        let limits = Limits { deadline, cancel: Some(cancel.flag()), solver: options.solver, ..Limits::default() };
        if GroupProgram::is_small(&rules, &cells) {
            let wish = Wish { stop: &soon, ..wish };
            let task = Task { strict: strict.as_ref(), cells: &cells, wish, limits: &limits, gap };
            (forest, proof) = optimize(forest, task, progress, &mut warnings);
        } else {
            warnings.push(too_many(cells.len(), rules.node_limits.len()));
        }
        if let Some(limits) = exact::limits(instance, options.method, limits) {
            forest = exact::search(forest, strict.as_ref(), &mut proof, &limits, progress, &mut warnings);
        }
    }
    let ended_late = options.method != MethodChoice::Greedy && soon() || late();
    let filled = theory::filled(&forest, strict.as_ref());
    proof.counted = if filled.is_empty() { counted } else { theory::counted(instance, widest, sends, &filled) };
    let mut plan = assemble(forest, &cells, options, &proof, ended_late);
    let placed = start.elapsed();

    progress.tell(Phase::Verify, 0, 1, Some(plan.service.value));
    plan.statistics.seconds.compile = compiled.as_secs_f64();
    plan.statistics.seconds.solve = proof.seconds;
    plan.statistics.seconds.place = (placed - compiled).as_secs_f64() - proof.seconds;
    let certificate = options.certificate.then(|| certificate::of(instance, &rules, strict.as_ref(), &cells, &proof, &plan));
    drop(rules);
    let plan = verify::verify(instance, plan).unwrap_or_else(|refused| panic!("the engine's own plan is refused: {refused}"));
    let verified = start.elapsed();
    let plan = plan.timed(|seconds| {
        seconds.verify = (verified - placed).as_secs_f64();
        seconds.total = verified.as_secs_f64();
    });
    Outcome { plan, warnings, certificate }
}

/// The warning about an instance for which no program is stated.
fn too_many(cells: usize, limits: usize) -> String {
    format!(
        "policies tell {cells} kinds of nodes apart, and {limits} of them limit single sources: too much for the program over pairs \
         of kinds; this is the greedy plan, without a bound on cost"
    )
}

/// The warning about a policy that concerns nothing, under its code.
fn idle_policy(id: &str) -> String {
    let code = Code::MatchesNothing.word();
    format!("{code}: policy {id} matches no flow or request of the instance; look at its selectors for a mistyped value")
}
