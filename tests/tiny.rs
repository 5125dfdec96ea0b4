//! A thousand tiny instances against the oracle.

#[allow(dead_code, reason = "another test uses the rest")]
mod oracle;

use oracle::binding::{CAPACITIES, RULES, SHAPES, binding, variants};
use oracle::brute::{Best, best};
use oracle::generate::{MOST_MISSING, tiny};
use oracle::reading::{World, read};
use pleach::engine::shortage::shortage;
use pleach::engine::{Cancel, MethodChoice, Options, Silent, solve};
use pleach::ids::{Id, NodeId};
use pleach::instance::document::{HoldingRow, RequestRow};
use pleach::instance::policy::Rule;
use pleach::instance::{Document, Instance, Parents};
use pleach::parameters::{Model, Weights};
use pleach::plan::Plan;
use pleach::policy;
use pleach::units::Cost;
use pleach::verify::{Examination, ViolationKind, examine};
use rand::seq::{IndexedMutRandom, IteratorRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many instances there are; their seeds are the numbers below it.
const INSTANCES: u64 = 1000;

/// Of how many instances the greedy has to reach the best service.
const REACHED: usize = 700;

fn world(document: &Document) -> World {
    read(document, &Weights::default())
}

fn instance(document: &Document) -> Instance {
    let made = Instance::from_document(document.clone());
    made.unwrap_or_else(|faults| panic!("{} is refused: {faults:?}", document.name)).0
}

fn greedily() -> Options {
    Options { method: MethodChoice::Greedy, ..Options::new(Model::shipped("live").expect("live is shipped")) }
}

/// What is wrong with each instance, by a test of one; empty where nothing is.
fn complaints(test: impl Fn(&Document) -> Option<String> + Sync) -> Vec<String> {
    let documents = (0..INSTANCES).into_par_iter().map(tiny);
    documents.filter_map(|document| test(&document).map(|complaint| format!("{}: {complaint}", document.name))).collect()
}

fn assert_none(complaints: &[String]) {
    let shown = complaints.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(complaints.is_empty(), "{} of {INSTANCES} instances:\n{shown}", complaints.len());
}

#[test]
fn the_instances_are_tiny() {
    assert_none(&complaints(|document| {
        let missing = |request: &RequestRow| {
            let content = document.contents.iter().find(|content| content.id == request.content).unwrap();
            let held = document.holdings.iter().find(|h| h.node == request.node && h.content == request.content);
            let count = |h: &HoldingRow| h.substreams.as_ref().map_or(content.substreams, |list| list.len() as u32);
            content.substreams - held.map_or(0, count)
        };
        let missing: u32 = document.requests.iter().map(missing).sum();
        let is_tiny = document.nodes.len() <= 7 && missing <= MOST_MISSING;
        (!is_tiny).then(|| format!("{} nodes, {missing} missing substreams", document.nodes.len()))
    }));
}

/// The best plan relaxes something.
const RELAXING: &str = "relaxing";

#[test]
fn every_rule_and_every_capacity_binds_in_one_instance_of_twenty() {
    let documents = (0..INSTANCES).into_par_iter().map(tiny);
    let bound: Vec<Vec<&str>> = documents
        .map(|document| {
            let best = best(&world(&document));
            let mut names = binding(&document, &best);
            names.extend((best.relaxation > 0.0).then_some(RELAXING));
            names
        })
        .collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    bound.iter().flatten().for_each(|name| *counts.entry(name).or_default() += 1);
    println!("{counts:#?}");
    let rare = |names: &[&'static str], least: u64| -> Vec<String> {
        let count = |name: &&'static str| (*name, counts.get(name).copied().unwrap_or(0));
        let rare = names.iter().map(count).filter(|(_, count)| *count < least);
        rare.map(|(name, count)| format!("{name} binds in {count}")).collect()
    };
    assert_none(&rare(&RULES, INSTANCES / 20));
    assert_none(&rare(&CAPACITIES.map(|(name, _)| name), INSTANCES / 20));
    assert_none(&rare(&SHAPES.map(|(name, _)| name), INSTANCES / 100));
    assert_none(&rare(&[RELAXING], INSTANCES / 10));
}

#[test]
fn the_verifier_accepts_the_best_plan_and_counts_the_same_values() {
    assert_none(&complaints(|document| {
        let (world, instance) = (world(document), instance(document));
        let best = best(&world);
        let plan = oracle::plan::plan(document, &instance, &world, &best);
        let examined = examine(&instance, &plan);
        let told: Vec<String> = examined.violations.iter().map(|violation| format!("{violation:?}")).collect();
        let same = (examined.service - best.service).abs() < 1e-9
            && (examined.relaxation - best.relaxation).abs() < 1e-9
            && examined.cost == Cost(i128::from(best.cost));
        let of_verifier = (examined.service, examined.relaxation, examined.cost);
        let values = format!("{of_verifier:?} and {:?}", (best.service, best.relaxation, best.cost));
        (!told.is_empty() || !same).then(|| format!("{values}: {}", told.join("; ")))
    }));
}

/// How a plan's numbers and reasons may be wrong although nothing is broken.
const TOLD_WRONG: [ViolationKind; 9] = [
    ViolationKind::WrongValue,
    ViolationKind::WrongBound,
    ViolationKind::WrongLinks,
    ViolationKind::WrongPolicies,
    ViolationKind::WrongChanges,
    ViolationKind::WrongStatistics,
    ViolationKind::WrongReason,
    ViolationKind::Protocol,
    ViolationKind::Unserved,
];

/// Whether the verifier's values are better than the best.
fn is_better(examined: &Examination, best: &Best) -> bool {
    let (service, relaxation) = (examined.service - best.service, examined.relaxation - best.relaxation);
    let cheaper = examined.cost < Cost(i128::from(best.cost));
    service > 1e-9 || service > -1e-9 && (relaxation < -1e-9 || relaxation < 1e-9 && cheaper)
}

/// Something is broken, not only told wrong.
fn is_broken(examined: &Examination) -> bool {
    examined.violations.iter().any(|violation| !TOLD_WRONG.contains(&violation.kind))
}

#[test]
fn the_verifier_refuses_every_plan_that_is_better_than_the_best() {
    let refused = AtomicU64::new(0);
    assert_none(&complaints(|document| {
        let (best_of_all, instance) = (best(&world(document)), instance(document));
        // What a limit or a policy kept back comes out when it is taken away.
        let accepted = |(name, variant): (&str, Document)| {
            let lawless = world(&variant);
            let mut plan = oracle::plan::plan(&variant, &instance, &lawless, &best(&lawless));
            plan.policies.clear();
            plan.assignments.iter_mut().for_each(|row| row.delay = None);
            let examined = examine(&instance, &plan);
            let (better, broken) = (is_better(&examined, &best_of_all), is_broken(&examined));
            refused.fetch_add(u64::from(better && broken), Ordering::Relaxed);
            let values = || format!("without {name}: {:?}", (examined.service, examined.relaxation, examined.cost));
            (better && !broken).then(values)
        };
        variants(document).into_iter().find_map(accepted)
    }));
    assert!(refused.load(Ordering::Relaxed) >= INSTANCES, "{refused:?} plans were too good");
}

/// The plan with something changed at random: one parent, or one relaxed policy kept.
fn neighbour(rng: &mut Pcg64, instance: &Instance, plan: &Plan) -> Option<Plan> {
    let mut other = plan.clone();
    other.assignments.iter_mut().for_each(|row| row.delay = None);
    let row = other.assignments.choose_mut(rng)?;
    if !row.relaxed.is_empty() && rng.random_bool(0.2) {
        row.relaxed.remove(rng.random_range(0..row.relaxed.len()));
        return Some(other);
    }
    let mut lists: Vec<Vec<NodeId>> = (0..row.parents.substreams()).map(|s| row.parents.of(s).collect()).collect();
    let parent = lists.iter_mut().flatten().choose(rng)?;
    *parent = NodeId::new(rng.random_range(0..instance.nodes.len()));
    (row.parents, row.protocols) = (Parents::lists(&lists), None);
    Some(other)
}

#[test]
fn no_valid_neighbour_of_the_best_plan_is_better() {
    let valid = AtomicU64::new(0);
    assert_none(&complaints(|document| {
        let (world, instance) = (world(document), instance(document));
        let best = best(&world);
        let plan = oracle::plan::plan(document, &instance, &world, &best);
        let rng = &mut Pcg64::seed_from_u64(5);
        let better = |_| {
            let plan = neighbour(rng, &instance, &plan)?;
            let examined = examine(&instance, &plan);
            let is_valid = !is_broken(&examined);
            valid.fetch_add(u64::from(is_valid), Ordering::Relaxed);
            let values = || format!("{:?} of {:?}", (examined.service, examined.relaxation, examined.cost), best);
            (is_valid && is_better(&examined, &best)).then(values)
        };
        (0..30).find_map(better)
    }));
    println!("{valid:?} neighbours are valid");
    assert!(valid.into_inner() >= INSTANCES);
}

#[test]
fn the_greedy_is_valid_and_never_better_than_the_best() {
    let options = greedily();
    assert_none(&complaints(|document| {
        let best = best(&world(document));
        // Whatever `solve` returns, the verifier has accepted.
        let outcome = solve(&instance(document), &options, &mut Silent, &Cancel::default());
        let plan = &outcome.plan;
        let (service, relaxation) = (plan.service.value - best.service, plan.relaxation.value - best.relaxation);
        let cheaper = plan.cost.value < best.cost_value() - 1e-9;
        let better = service > 1e-9 || service > -1e-9 && (relaxation < -1e-9 || relaxation < 1e-9 && cheaper);
        let bound = plan.service.bound.is_some_and(|bound| bound < best.service - 1e-9);
        let values = || format!("{:?} of {best:?}", (plan.service.value, plan.relaxation.value, plan.cost.value));
        (better || bound).then(values)
    }));
}

#[test]
fn the_greedy_reaches_the_best_service_of_most_instances() {
    let options = greedily();
    let missed = complaints(|document| {
        let best = best(&world(document)).service;
        let service = solve(&instance(document), &options, &mut Silent, &Cancel::default()).plan.service.value;
        (service < best - 1e-9).then(|| format!("{service} of {best}"))
    });
    println!("{} of {INSTANCES} missed", missed.len());
    assert!(INSTANCES as usize - missed.len() >= REACHED, "{} missed:\n{}", missed.len(), missed.join("\n"));
}

/// The same document with every list shuffled whose order means nothing.
fn shuffled(document: &Document) -> Document {
    let rng = &mut Pcg64::seed_from_u64(7);
    let mut other = document.clone();
    other.contents.shuffle(rng);
    other.nodes.shuffle(rng);
    other.holdings.shuffle(rng);
    other.requests.shuffle(rng);
    other.networks.shuffle(rng);
    other.links.shuffle(rng);
    other.paths.shuffle(rng);
    other.clusters.shuffle(rng);
    other.previous.shuffle(rng);
    other
}

#[test]
fn the_order_of_lists_does_not_change_the_best() {
    assert_none(&complaints(|document| {
        let worth = |document: &Document| best(&world(document));
        let (one, other): (Best, Best) = (worth(document), worth(&shuffled(document)));
        let relaxed_alike = (one.relaxation - other.relaxation).abs() < 1e-9;
        let same = (one.service - other.service).abs() < 1e-9 && relaxed_alike && one.cost == other.cost;
        (!same).then(|| format!("{one:?} and {other:?}"))
    }));
}

#[test]
fn the_order_of_lists_does_not_change_what_solve_reaches() {
    let options = Options::new(Model::shipped("live").expect("live is shipped"));
    assert_none(&complaints(|document| {
        let worth = |document: &Document| {
            let plan = solve(&instance(document), &options, &mut Silent, &Cancel::default()).plan;
            (plan.service.value, plan.relaxation.value, plan.cost.value)
        };
        let (one, other) = (worth(document), worth(&shuffled(document)));
        (one != other).then(|| format!("{one:?} and {other:?}"))
    }));
}

/// Nobody counts more than another, and only all substreams count: the best plan serves as many requests as can be served.
fn levelled(document: &Document) -> Document {
    let mut other = document.clone();
    other.requests.iter_mut().for_each(|request| request.weight = None);
    other.contents.iter_mut().for_each(|content| content.min_substreams = None);
    other.policies.retain(|policy| !matches!(policy.rule, Rule::Priority { .. } | Rule::Degrade { .. }));
    other
}

#[test]
fn cuts_claim_no_more_unserved_requests_than_there_are_in_the_best_plan() {
    let options = greedily();
    let (proved, exactly) = (AtomicU64::new(0), AtomicU64::new(0));
    assert_none(&complaints(|document| {
        let document = levelled(document);
        let unserved = best(&world(&document)).served.iter().filter(|served| !**served).count() as u64;
        let instance = instance(&document);
        let plan = solve(&instance, &options, &mut Silent, &Cancel::default()).plan;
        let short = shortage(&instance, &policy::compile_strict(&instance, Weights::default()), &plan);
        let claimed = short.unserved_at_least;
        proved.fetch_add(u64::from(claimed > 0), Ordering::Relaxed);
        exactly.fetch_add(u64::from(claimed > 0 && claimed == unserved), Ordering::Relaxed);
        // With all or nothing and one content, each cut proves that somebody goes without.
        let single = instance.contents.len() == 1;
        let idle = short.cuts.iter().any(|cut| cut.short().0 == 0 || single && cut.unserved_at_least == 0);
        (claimed > unserved || idle).then(|| format!("{claimed} of {unserved}, {:?}", short.cuts))
    }));
    println!("{proved:?} of {INSTANCES} proved short, {exactly:?} exactly");
    assert!(proved.into_inner() >= INSTANCES / 20 && exactly.into_inner() >= INSTANCES / 40);
}
