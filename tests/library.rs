//! The engine as a library: what a caller of `solve` hears and gets.

use pleach::engine::{Cancel, MethodChoice, Options, Outcome, Phase, Progress, Silent, solve};
use pleach::instance::Instance;
use pleach::instance::generate::{Knobs, Scenario};
use pleach::parameters::Model;
use pleach::plan::{Method, Termination};
use pleach::verify::examine;
use std::time::Duration;

fn instance() -> Instance {
    let scenario = Scenario::named("national-final").expect("the scenario exists");
    let made = scenario.make(&Knobs { nodes: Some(400), seed: 5, ..Knobs::default() }).expect("the knobs are in range");
    Instance::from_document(made.document).expect("generated instances have no fault").0
}

fn options() -> Options {
    Options::new(Model::shipped("live").expect("live is shipped"))
}

/// Everything that a solve tells.
#[derive(Default)]
struct Heard(Vec<(Phase, u64, u64, Option<f64>)>);

impl Progress for Heard {
    fn tell(&mut self, phase: Phase, done: u64, total: u64, service: Option<f64>) {
        self.0.push((phase, done, total, service));
    }
}

/// The greedy plan, cut short: valid, and it says that time was up.
fn assert_cut_short(instance: &Instance, outcome: &Outcome) {
    let plan = &*outcome.plan;
    assert_eq!((&plan.origin.method, &plan.origin.termination), (&Method::Greedy, &Termination::TimeLimit));
    let violations = examine(instance, plan).violations;
    assert!(violations.is_empty(), "{violations:?}");
    assert_eq!(plan.statistics.requests, instance.requests.len() as u64);
}

#[test]
fn a_solve_that_is_cancelled_before_it_begins_gives_a_valid_plan() {
    let instance = instance();
    let cancel = Cancel::default();
    cancel.clone().cancel();
    let outcome = solve(&instance, &options(), &mut Silent, &cancel);
    assert_cut_short(&instance, &outcome);
}

#[test]
fn a_solve_without_any_time_gives_a_valid_plan() {
    let instance = instance();
    let options = Options { time_limit: Some(Duration::ZERO), ..options() };
    let outcome = solve(&instance, &options, &mut Silent, &Cancel::default());
    assert_cut_short(&instance, &outcome);
}

#[test]
fn a_caller_hears_the_phases_in_order_and_a_service_that_does_not_fall() {
    let mut heard = Heard::default();
    let outcome = solve(&instance(), &options(), &mut heard, &Cancel::default());
    let mut phases: Vec<Phase> = heard.0.iter().map(|(phase, ..)| *phase).collect();
    phases.dedup();
    assert_eq!((phases.first(), phases.last()), (Some(&Phase::Compile), Some(&Phase::Verify)));
    assert!(phases.contains(&Phase::Place) && phases.contains(&Phase::Solve), "{phases:?}");
    assert!(heard.0.iter().all(|(_, done, total, _)| done <= total), "{:?}", heard.0);
    let services: Vec<f64> = heard.0.iter().filter_map(|(.., service)| *service).collect();
    assert!(services.is_sorted(), "{services:?}");
    assert_eq!(services.last(), Some(&outcome.plan.service.value));
}

#[test]
fn a_greedy_solve_asks_no_solver_and_tells_no_such_phase() {
    let mut heard = Heard::default();
    let options = Options { method: MethodChoice::Greedy, ..options() };
    let outcome = solve(&instance(), &options, &mut heard, &Cancel::default());
    assert!(heard.0.iter().all(|(phase, ..)| *phase != Phase::Solve));
    assert_eq!((&outcome.plan.origin.method, &outcome.plan.origin.termination), (&Method::Greedy, &Termination::Heuristic));
}
