//! `degrade`: requests that are served with fewer substreams.

use super::house::*;
use pleach::instance::Instance;
use pleach::plan::{Plan, Reason};
use pleach::verify::ViolationKind::*;
use serde_json::{Value as Json, json};

fn degrade(id: &str, fewest: u32, selectors: Json) -> Json {
    let mut policy = policy(json!({"degrade": {"min_substreams": fewest}}), selectors);
    policy["id"] = json!(id);
    policy
}

fn to_p3() -> Json {
    json!({"destination": {"id": ["p3"]}})
}

/// The good plan, but `p3` receives so many substreams.
fn short(policies: &[Json], substreams: usize) -> (Instance, Plan) {
    let mut json = house();
    json["policies"] = json!(policies);
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    let parents: Vec<&str> = (0..4).map(|s| if s < substreams { "p2" } else { "" }).collect();
    rows[2] = row(&instance, "p3", "final", &parents);
    let plan = plan(&instance, rows);
    (instance, plan)
}

#[test]
fn a_degraded_request_is_served_with_fewer_substreams_by_their_share() {
    let (instance, plan) = short(&[degrade("few", 3, to_p3())], 3);
    accept(&instance, &plan);
    assert_eq!(plan.service.value, 1.0 + 2.0 + 0.75);
    let (instance, plan) = short(&[degrade("few", 3, to_p3())], 2);
    reject(&instance, &plan, &[TooFewSubstreams]);
    let (instance, plan) = short(&[degrade("few", 3, json!({"destination": {"id": ["p2"]}}))], 3);
    reject(&instance, &plan, &[TooFewSubstreams]);
}

#[test]
fn the_least_of_all_that_match_counts_and_never_more_than_the_content_asks() {
    let (instance, plan) = short(&[degrade("few", 3, to_p3()), degrade("fewer", 2, json!({}))], 2);
    accept(&instance, &plan);
    let mut json = house();
    json["policies"] = json!([degrade("more", 2, json!({}))]);
    json["requests"] = json!([{"node": "p1", "content": "hamlet"}]);
    let instance = super::house::instance(&json);
    let rows = vec![row(&instance, "p1", "hamlet", &["o1", ""])];
    accept(&instance, &super::house::plan(&instance, rows));
}

#[test]
fn a_policy_out_of_force_degrades_nobody() {
    let hours = json!({"when": {"hours": {"from": "12:00", "to": "13:00"}}});
    let (instance, plan) = short(&[degrade("few", 3, hours)], 3);
    reject(&instance, &plan, &[TooFewSubstreams]);
}

#[test]
fn a_degraded_request_does_not_wait_when_it_has_enough() {
    let (instance, mut plan) = short(&[degrade("few", 3, to_p3())], 3);
    plan.pending = vec![plan.assignments.remove(2)];
    reject(&instance, &settle(&instance, plan), &[Pending]);
    let (instance, mut plan) = short(&[degrade("few", 3, to_p3())], 2);
    plan.pending = vec![plan.assignments.remove(2)];
    accept(&instance, &settle(&instance, plan));
}

#[test]
fn a_degraded_request_has_a_source_when_fewer_substreams_are_held() {
    let mut json = house();
    json["holdings"] = json!([{"node": "o1", "content": "final", "substreams": [0, 1, 2]}]);
    json["requests"] = json!([{"node": "p3", "content": "final"}]);
    let judge = |json: &Json, reason, wrong: bool| {
        let instance = instance(json);
        let mut plan = plan(&instance, Vec::new());
        plan.unserved = vec![unserved(&instance, "p3", "final", reason)];
        if wrong { reject(&instance, &plan, &[WrongReason]).len() } else { violations(&instance, &plan).len() }
    };
    assert_eq!(judge(&json, Reason::NoSource, false), 0);
    assert_eq!(judge(&json, Reason::Capacity, true), 1);
    json["policies"] = json!([degrade("few", 3, json!({}))]);
    assert_eq!(judge(&json, Reason::NoSource, true), 1);
    assert_eq!(judge(&json, Reason::Capacity, false), 0);
}

#[test]
fn the_reason_depth_needs_a_policy_that_bounds_depth_or_delay() {
    let judge = |rule: Json, wrong: bool| {
        let instance = with_policy(policy(rule, to_p3()));
        let mut plan = plan(&instance, good_rows(&instance)[..2].to_vec());
        plan.unserved = vec![unserved(&instance, "p3", "final", Reason::Depth)];
        if wrong { reject(&instance, &plan, &[WrongReason]).len() } else { violations(&instance, &plan).len() }
    };
    assert_eq!(judge(json!({"max_delay": {"ms": 1}}), false), 0);
    assert_eq!(judge(json!({"max_depth": {"hops": 1}}), false), 0);
    assert_eq!(judge(json!({"delay": {"seconds": 1}}), true), 1);
}
