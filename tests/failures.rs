//! A solver that crashes, hangs or lies costs the better plan, never the plan, and proves nothing.

use pleach::engine::{Cancel, MethodChoice, Options, Outcome, Silent, solve, theory};
use pleach::instance::Instance;
use pleach::instance::generate::{Knobs, Scenario};
use pleach::parameters::{Model, Weights};
use pleach::plan::Method;
use pleach::policy;
use pleach::program::Answer;
use pleach::program::highs::Highs;
use pleach::program::session::{Backend, Change, Make, Order};
use std::thread;
use std::time::Duration;

fn instance() -> Instance {
    let scenario = Scenario::named("national-final").expect("the scenario exists");
    let made = scenario.make(&Knobs { nodes: Some(300), seed: 3, ..Knobs::default() }).expect("the knobs are in range");
    Instance::from_document(made.document).expect("generated instances have no fault").0
}

fn solve_with(instance: &Instance, method: MethodChoice, solver: Option<Make>, time_limit: Option<Duration>) -> Outcome {
    let mut options = Options::new(Model::shipped("live").expect("live is shipped"));
    (options.method, options.solver, options.time_limit) = (method, solver, time_limit);
    solve(instance, &options, &mut Silent, &Cancel::default())
}

struct Crash;

impl Backend for Crash {
    fn change(&mut self, _: &Change) -> Result<(), String> {
        Ok(())
    }

    fn solve(&mut self, _: &Order) -> Answer {
        panic!("out of memory")
    }
}

struct Hang;

impl Backend for Hang {
    fn change(&mut self, _: &Change) -> Result<(), String> {
        Ok(())
    }

    fn solve(&mut self, _: &Order) -> Answer {
        loop {
            thread::park();
        }
    }
}

/// HiGHS, with every dual of the wrong sign: a bound from them would be far too good.
struct Lie(Highs);

impl Backend for Lie {
    fn change(&mut self, change: &Change) -> Result<(), String> {
        self.0.change(change)
    }

    fn solve(&mut self, order: &Order) -> Answer {
        let mut answer = self.0.solve(order);
        if let Some(point) = &mut answer.point {
            point.duals.iter_mut().for_each(|dual| *dual = -*dual);
        }
        answer
    }
}

/// The plan is the greedy one, its only bounds are those that need no solver, and somebody is told.
fn assert_greedy(solver: Make, time_limit: Option<Duration>) {
    let instance = instance();
    let greedy = solve_with(&instance, MethodChoice::Greedy, None, None);
    let outcome = solve_with(&instance, MethodChoice::Optimized, Some(solver), time_limit);
    let rules = policy::compile(&instance, Weights::default());
    assert_eq!(outcome.plan.origin.method, Method::Greedy);
    assert_eq!(outcome.plan.service.value, greedy.plan.service.value);
    assert_eq!(outcome.plan.service.bound, Some(theory::knapsack_bound(&instance, &rules).max(greedy.plan.service.value)));
    assert_eq!(outcome.plan.cost.bound, None);
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
}

#[test]
fn a_solver_that_crashes_leaves_the_greedy_plan_and_a_warning() {
    assert_greedy(|| Box::new(Crash), None);
}

#[test]
fn a_solver_that_cannot_be_made_leaves_the_greedy_plan_and_a_warning() {
    assert_greedy(|| panic!("no licence"), None);
}

#[test]
fn a_solver_that_lies_leaves_the_greedy_plan_and_a_warning() {
    assert_greedy(|| Box::new(Lie(Highs::new())), None);
}

#[test]
fn a_solver_that_hangs_is_given_up_at_the_time_limit_with_the_greedy_plan_and_a_warning() {
    assert_greedy(|| Box::new(Hang), Some(Duration::from_secs(2)));
}
