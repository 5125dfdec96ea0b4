//! Values, bounds, loads and changes are held against what they are.

use super::house::*;
use pleach::ids::LinkId;
use pleach::instance::Instance;
use pleach::plan::file::Changes;
use pleach::plan::{LinkUse, Plan, Value};
use pleach::units::{Cost, Kbps};
use pleach::verify::ViolationKind::{self, *};
use pleach::verify::examine;
use serde_json::json;

fn good() -> (Instance, Plan) {
    let instance = instance(&house());
    let plan = plan(&instance, good_rows(&instance));
    (instance, plan)
}

#[track_caller]
fn wrong(change: impl FnOnce(&mut Plan), expected: ViolationKind) {
    let (instance, mut plan) = good();
    change(&mut plan);
    reject(&instance, &plan, &[expected]);
}

#[test]
fn the_values_of_the_good_plan_are_those_reckoned_by_hand() {
    let (instance, plan) = good();
    let examination = examine(&instance, &plan);
    assert_eq!(examination.service, 4.0);
    assert_eq!(examination.relaxation, 0.0);
    // o1 -> p1: 4 x 1. o1 -> p2: 2 x (1 + 0.5 link + 0.1 distance). p1 -> p2: 2 x (0.5 + 0.1). p2 -> p3: free.
    assert_eq!(examination.cost, Cost(8_400_000_000));
    let statistics = &examination.statistics;
    assert_eq!((statistics.requests, statistics.served, statistics.max_depth), (3, 3, 3));
    assert_eq!(statistics.peer_offload, 0.5);
    assert_eq!(statistics.mean_depth, (4.0 + 2.0 + 4.0 + 2.0 * 2.0 + 2.0 * 3.0) / 12.0);
}

#[test]
fn a_unit_cost_has_every_part_of_the_contract() {
    let mut json = house();
    json["nodes"][0]["loss"] = json!(0.02);
    json["nodes"][0]["availability"] = json!(0.9);
    json["networks"][0]["lat"] = json!(0.0);
    json["networks"][0]["lon"] = json!(0.0);
    json["networks"][1]["lat"] = json!(0.0);
    json["networks"][1]["lon"] = json!(90.0);
    json["requests"] = json!([{"node": "p2", "content": "final"}]);
    json["previous"] = json!([{"node": "p2", "content": "final", "parents": ["o1", "p1", null, "gone"]}]);
    let quarter = 6371.0088 * std::f64::consts::FRAC_PI_2;
    let millionths = |unit: f64| (unit * 1e6).round_ties_even() as i128;
    let parts = |nearness: f64, loss: f64| 1.0 + 0.5 + nearness + 0.5 * loss + 0.5 * 0.1;
    // Substreams 1 and 3 had other parents.
    let cost = |unit: f64| Cost(1000 * (2 * millionths(unit) + 2 * millionths(unit + 0.05)));
    let found = |json: &serde_json::Value| {
        let instance = instance(json);
        let plan = plan(&instance, vec![row(&instance, "p2", "final", &["o1"; 4])]);
        assert_eq!(plan.changes, Changes { kept: 1, changed: 2, added: 1, removed: 0 });
        examine(&instance, &plan).cost
    };
    assert_eq!(found(&json), cost(parts(0.1 * quarter / 1000.0, 0.02)));
    json["paths"] = json!([{"from": "a", "to": "b", "rtt_ms": 30.0}]);
    assert_eq!(found(&json), cost(parts(0.1 * 0.3, 0.02)));
    json["paths"] = json!([{"from": "a", "to": "b", "rtt_ms": 30.0, "loss": 0.5}, {"from": "o1", "to": "p2", "loss": 0.1}]);
    assert_eq!(found(&json), cost(parts(0.1 * 0.3, 0.1)));
}

#[test]
fn a_unit_cost_is_never_below_zero_before_churn() {
    let mut json = house();
    json["policies"] = json!([policy(json!({"prefer": {"cost": -50}}), json!({}))]);
    let instance = instance(&json);
    assert_eq!(plan(&instance, good_rows(&instance)).cost.value, 0.0);
}

#[test]
fn the_weights_are_those_of_the_plan() {
    let (instance, mut plan) = good();
    plan.origin.parameters.insert("distance_weight".into(), 0.2);
    assert_eq!(examine(&instance, &plan).cost, Cost(8_800_000_000));
    plan.origin.parameters.insert("magic_weight".into(), 0.2);
    assert!(violations(&instance, &plan).iter().any(|violation| violation.kind == UnknownId));
}

#[test]
fn wrong_values_are_told_beyond_a_millionth() {
    wrong(|plan| plan.service = Value::new(4.00001, None), WrongValue);
    wrong(|plan| plan.relaxation = Value::new(0.5, None), WrongValue);
    wrong(|plan| plan.cost = Value::new(8.3, None), WrongValue);
    wrong(|plan| plan.cost = Value::new(f64::NAN, None), WrongValue);
    let (instance, mut plan) = good();
    plan.cost = Value::new(8.4 * (1.0 + 5e-7), None);
    accept(&instance, &plan);
}

#[test]
fn bounds_that_the_plan_beats_are_told() {
    let (instance, mut plan) = good();
    plan.service = Value::new(4.0, Some(5.0));
    plan.cost = Value::new(8.4, Some(8.0));
    plan.relaxation = Value::new(0.0, Some(0.0));
    accept(&instance, &plan);
    wrong(|plan| plan.service = Value::new(4.0, Some(3.9)), WrongBound);
    wrong(|plan| plan.relaxation = Value::new(0.0, Some(0.1)), WrongBound);
    wrong(|plan| plan.cost = Value::new(plan.cost.value, Some(8.5)), WrongBound);
    wrong(|plan| plan.cost = Value::new(plan.cost.value, Some(f64::NAN)), WrongBound);
}

#[test]
fn gaps_that_do_not_follow_are_told() {
    wrong(|plan| plan.service.gap = Some(0.1), WrongBound);
    wrong(|plan| plan.service.bound = Some(5.0), WrongBound);
    wrong(|plan| plan.service = Value { value: 4.0, bound: Some(5.0), gap: Some(0.1) }, WrongBound);
}

#[test]
fn wrong_loads_of_links_are_told() {
    let load = |kbps| LinkUse { link: LinkId(0), load: Kbps(kbps), price: None };
    let (instance, mut plan) = good();
    plan.links = vec![load(6000)];
    accept(&instance, &plan);
    wrong(|plan| plan.links = vec![load(4000)], WrongLinks);
    wrong(|plan| plan.links = vec![load(6000), load(6000)], DuplicateRow);
}

#[test]
fn wrong_changes_are_told() {
    wrong(|plan| plan.changes.added += 1, WrongChanges);
}

#[test]
fn wrong_statistics_are_told() {
    wrong(|plan| plan.statistics.requests += 1, WrongStatistics);
    wrong(|plan| plan.statistics.served -= 1, WrongStatistics);
    wrong(|plan| plan.statistics.max_depth = 9, WrongStatistics);
    wrong(|plan| plan.statistics.mean_depth += 0.1, WrongStatistics);
    wrong(|plan| plan.statistics.peer_offload = 0.4, WrongStatistics);
}
