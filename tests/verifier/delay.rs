//! `delay`: a child is never ahead of its parent, and a delay that is told is right.

use super::house::*;
use pleach::instance::Instance;
use pleach::plan::Plan;
use pleach::verify::ViolationKind::*;
use serde_json::{Value as Json, json};

fn late(seconds: f64) -> Json {
    json!({"delay": {"seconds": seconds}})
}

fn to(nodes: &[&str]) -> Json {
    json!({"destination": {"id": nodes}})
}

#[test]
fn a_child_is_not_ahead_of_its_parent() {
    obeyed(late(30.0), json!({}));
    obeyed(late(30.0), to(&["p2", "p3"]));
    obeyed(late(30.0), to(&["p3"]));
    assert_eq!(broken(late(30.0), to(&["p2"]), Delay), 4);
    assert_eq!(broken(late(30.0), to(&["p1"]), Delay), 2);
    obeyed(late(30.0), json!({"destination": {"id": ["p2"]}, "content": {"id": ["hamlet"]}}));
}

#[test]
fn a_holder_is_not_late_for_what_it_holds() {
    obeyed(late(30.0), to(&["o1"]));
    let mut json = house();
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "p1", "content": "final", "substreams": [0]}));
    json["policies"] = json!([policy(late(30.0), to(&["p1"]))]);
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    rows[0] = row(&instance, "p1", "final", &["", "o1", "o1", "o1"]);
    rows[1] = row(&instance, "p2", "final", &["p1", "o1", "o1", "o1"]);
    accept(&instance, &plan(&instance, rows.clone()));
    rows[1] = row(&instance, "p2", "final", &["p1", "p1", "o1", "o1"]);
    assert_eq!(reject(&instance, &plan(&instance, rows), &[Delay]).len(), 1, "substream 1 it receives, late");
}

#[test]
fn relays_are_late_too() {
    let instance = with_policy(policy(late(30.0), to(&["w1"])));
    let mut rows = good_rows(&instance);
    rows.push(relay(&instance, "w1", "final", &["o1"; 4]));
    accept(&instance, &plan(&instance, rows.clone()));
    rows[2] = row(&instance, "p3", "final", &["w1"; 4]);
    assert_eq!(reject(&instance, &plan(&instance, rows), &[Delay]).len(), 4);
}

/// 30 s for network `b`, and 60 s (policy `long`) for one of its nodes.
fn two(node: &str) -> Instance {
    let mut json = house();
    let mut long = policy(late(60.0), to(&[node]));
    long["id"] = json!("long");
    json["policies"] = json!([long, policy(late(30.0), json!({"destination": {"network": ["b"]}}))]);
    instance(&json)
}

#[test]
fn the_largest_delay_that_matches_holds() {
    let below = two("p3");
    accept(&below, &plan(&below, good_rows(&below)));
    let above = two("p2");
    let found = reject(&above, &plan(&above, good_rows(&above)), &[Delay]);
    assert!(found.iter().all(|violation| violation.place == "long"));
}

#[test]
fn a_relaxed_delay_leaves_the_largest_of_the_others() {
    let instance = two("p2");
    let mut rows = good_rows(&instance);
    rows[1].relaxed = vec![law()];
    rows[1].delay = Some(30.0);
    accept(&instance, &plan(&instance, rows.clone()));
    rows[1].delay = Some(60.0);
    reject(&instance, &plan(&instance, rows), &[Delay]);
    let strict = with_policy(policy(late(30.0), to(&["p2"])));
    let mut rows = good_rows(&strict);
    rows[1].relaxed = vec![law()];
    rows[1].delay = Some(0.0);
    accept(&strict, &plan(&strict, rows));
}

#[test]
fn a_delay_out_of_force_delays_nobody() {
    let hours = json!({"destination": {"id": ["p2"]}, "when": {"hours": {"from": "12:00", "to": "13:00"}}});
    obeyed(late(30.0), hours);
}

fn told(plan: &Plan, at: usize, seconds: Option<f64>) -> Plan {
    let mut plan = plan.clone();
    plan.assignments[at].delay = seconds;
    plan
}

#[test]
fn a_delay_that_is_told_is_the_one_asked_for() {
    let (instance, plan) = under(late(30.0), to(&["p2", "p3"]));
    accept(&instance, &told(&plan, 1, Some(30.0)));
    accept(&instance, &told(&plan, 0, Some(0.0)));
    for (at, place, wrong) in [(0, "p1/final", 30.0), (1, "p2/final", 0.0), (1, "p2/final", 31.0), (1, "p2/final", -30.0)] {
        let found = reject(&instance, &told(&plan, at, Some(wrong)), &[Delay]);
        assert_eq!((found.len(), found[0].place.as_str()), (1, place));
    }
}

#[test]
fn who_receives_nothing_is_not_late() {
    let mut json = house();
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "p1", "content": "final"}));
    json["policies"] = json!([policy(late(30.0), to(&["p1"]))]);
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    rows[0] = row(&instance, "p1", "final", &["", "", "", ""]);
    let plan = plan(&instance, rows);
    accept(&instance, &told(&plan, 0, Some(0.0)));
    reject(&instance, &told(&plan, 0, Some(30.0)), &[Delay]);
}
