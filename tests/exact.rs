//! Plans that branch and bound proves, against the oracle on a thousand tiny instances.

// Other tests use the rest of the oracle.
#[allow(dead_code)]
mod oracle;

use oracle::brute::{Best, best};
use oracle::generate::tiny;
use oracle::reading::read;
use pleach::engine::{Cancel, MethodChoice, Options, Outcome, Silent, solve};
use pleach::instance::generate::{Knobs, Scenario};
use pleach::instance::{Document, Instance};
use pleach::parameters::{Model, Weights};
use pleach::plan::{Method, Plan, Termination};
use rayon::prelude::*;
use std::sync::OnceLock;
use std::time::Duration;

/// How many instances there are; their seeds are the numbers below it.
const INSTANCES: u64 = 1000;

/// At least one greedy plan in so many is worse than the best, so that reaching the best is no triviality.
const WORSE: u64 = 3;

/// One instance, its best plan by trying all, and what three methods make of it.
struct Case {
    name: String,
    total: f64,
    best: Best,
    exact: Plan,
    optimized: Plan,
    greedy: Plan,
}

impl Case {
    fn of(seed: u64) -> Case {
        let document: Document = tiny(seed);
        let world = read(&document, &Weights::default());
        let instance = Instance::from_document(document.clone()).unwrap_or_else(|faults| panic!("{faults:?}")).0;
        let plan = |method| {
            let options = Options { method, ..Options::new(Model::shipped("live").expect("live is shipped")) };
            let outcome = solve(&instance, &options, &mut Silent, &Cancel::default());
            let odd: Vec<_> = outcome.warnings.iter().filter(|warning| !warning.starts_with("matches_nothing")).collect();
            assert!(odd.is_empty(), "{}: {odd:?}", document.name);
            Plan::clone(&outcome.plan)
        };
        Case {
            name: document.name.to_string(),
            total: world.wishes.iter().map(|wish| wish.weight).sum(),
            best: best(&world),
            exact: plan(MethodChoice::Exact),
            optimized: plan(MethodChoice::Optimized),
            greedy: plan(MethodChoice::Greedy),
        }
    }

    fn same_service(&self, service: f64) -> bool {
        (service - self.best.service).abs() <= 1e-9 * self.total
    }

    fn same_relaxation(&self, relaxation: f64) -> bool {
        (relaxation - self.best.relaxation).abs() <= 1e-6 * relaxation.max(self.best.relaxation)
    }

    fn same_cost(&self, cost: f64) -> bool {
        let best = self.best.cost_value();
        (cost - best).abs() <= 1e-6 * cost.abs().max(best.abs())
    }

    fn is_best(&self, plan: &Plan) -> bool {
        let (service, relaxation) = (self.same_service(plan.service.value), self.same_relaxation(plan.relaxation.value));
        service && relaxation && self.same_cost(plan.cost.value)
    }

    /// A bound that the best plan beats.
    fn beaten(&self, plan: &Plan) -> Option<String> {
        let (service, relaxation, cost) = (plan.service.bound, plan.relaxation.bound, plan.cost.bound);
        let by_service = service.is_some_and(|bound| bound < self.best.service - 1e-9 * self.total);
        let serves = self.best.service >= plan.service.value - 1e-9 * self.total;
        let by_relaxation = serves && relaxation.is_some_and(|bound| bound > self.best.relaxation * (1.0 + 1e-6) + 1e-9);
        let counts = serves && self.best.relaxation <= plan.relaxation.value * (1.0 + 1e-6) + 1e-9;
        let by_cost = counts && cost.is_some_and(|bound| bound > self.best.cost_value() * (1.0 + 1e-6) + 1e-9);
        let best = (self.best.service, self.best.relaxation, self.best.cost_value());
        let values = || format!("bounds {service:?}, {relaxation:?}, {cost:?}; best {best:?}");
        (by_service || by_relaxation || by_cost).then(values)
    }
}

/// All instances, solved once for all tests.
fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| (0..INSTANCES).into_par_iter().map(Case::of).collect())
}

fn assert_none(test: impl Fn(&Case) -> Option<String>) {
    let complaints: Vec<String> = cases().iter().filter_map(|case| Some(format!("{}: {}", case.name, test(case)?))).collect();
    let shown = complaints.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(complaints.is_empty(), "{} of {INSTANCES} instances:\n{shown}", complaints.len());
}

#[test]
fn exact_plans_are_the_best_in_service_relaxation_and_cost() {
    assert_none(|case| {
        let values = (case.exact.service.value, case.exact.relaxation.value, case.exact.cost.value);
        let best = (case.best.service, case.best.relaxation, case.best.cost_value());
        (!case.is_best(&case.exact)).then(|| format!("{values:?} of {best:?}"))
    });
}

#[test]
fn exact_plans_say_that_they_are_proved_and_have_no_gap() {
    assert_none(|case| {
        let plan = &case.exact;
        let said = plan.origin.method == Method::Exact && plan.origin.termination == Termination::Optimal;
        let closed = [&plan.service, &plan.relaxation, &plan.cost].iter().all(|value| value.gap.is_some_and(|gap| gap <= 1e-6));
        (!said || !closed)
            .then(|| format!("{:?} {:?} {:?} {:?}", plan.origin.method, plan.origin.termination, plan.service, plan.cost))
    });
}

#[test]
fn no_plan_beats_a_bound_of_any_method() {
    assert_none(|case| [&case.exact, &case.optimized, &case.greedy].into_iter().find_map(|plan| case.beaten(plan)));
}

#[test]
fn optimized_plans_are_within_a_hundredth_of_the_best_service_in_most_instances() {
    let near = cases().iter().filter(|case| case.optimized.service.value >= 0.99 * case.best.service).count();
    println!("{near} of {INSTANCES} optimized plans are within 1 %");
    assert!(near as u64 >= INSTANCES * 95 / 100, "only {near}");
}

#[test]
fn greedy_plans_are_worse_than_the_best_in_one_instance_of_three() {
    let count = |plan: fn(&Case) -> &Plan| cases().iter().filter(|case| !case.is_best(plan(case))).count();
    let (greedy, optimized) = (count(|case| &case.greedy), count(|case| &case.optimized));
    let served = cases().iter().filter(|case| !case.same_service(case.greedy.service.value)).count();
    println!("of {INSTANCES}: {greedy} greedy plans are worse, {served} of them in service; {optimized} optimized ones");
    assert!(greedy as u64 * WORSE >= INSTANCES, "only {greedy}");
}

fn of_scenario(peers: usize, options: Options) -> Outcome {
    let knobs = Knobs { nodes: Some(peers as _), ..Knobs::default() };
    let made = Scenario::named("town-hall").expect("the scenario exists").make(&knobs).expect("the knobs are in range");
    let instance = Instance::from_document(made.document).expect("scenarios are sound").0;
    solve(&instance, &options, &mut Silent, &Cancel::default())
}

fn exactly() -> Options {
    Options { method: MethodChoice::Exact, ..Options::new(Model::shipped("live").expect("live is shipped")) }
}

#[test]
fn an_instance_that_is_too_large_gets_the_optimized_plan_and_a_warning() {
    let outcome = of_scenario(300, exactly());
    assert_eq!((&outcome.plan.origin.method, outcome.plan.origin.termination), (&Method::Optimized, Termination::Effort));
    assert!(outcome.warnings.iter().any(|warning| warning.contains("too many for an exact plan")), "{:?}", outcome.warnings);
}

#[test]
fn a_search_that_runs_out_of_time_leaves_a_plan_that_claims_no_proof() {
    let outcome = of_scenario(100, Options { time_limit: Some(Duration::from_millis(300)), ..exactly() });
    assert_eq!(outcome.plan.origin.termination, Termination::TimeLimit);
    assert_ne!(outcome.plan.origin.method, Method::Exact);
}

#[test]
fn small_instances_are_solved_exactly_without_being_asked_to() {
    let outcome = of_scenario(4, Options { method: MethodChoice::Auto, ..exactly() });
    assert_eq!((&outcome.plan.origin.method, outcome.plan.origin.termination), (&Method::Exact, Termination::Optimal));
}
