//! `max_delay`: the longest way below a holder in ms, half a round trip for each hop.

use super::house::*;
use pleach::instance::Instance;
use pleach::verify::ViolationKind::*;
use serde_json::{Value as Json, json};

fn near(ms: f64) -> Json {
    policy(json!({"max_delay": {"ms": ms}}), json!({}))
}

/// From network `a` to `b` 20 ms, from `p1` to `p2` 50 ms; nothing else is measured.
fn measured(policies: &[Json]) -> Instance {
    let mut json = house();
    json["paths"] = json!([
        {"from": "a", "to": "b", "rtt_ms": 40}, {"from": "p1", "to": "p2", "rtt_ms": 100},
        {"from": "p1", "to": "p3", "loss": 0.1}
    ]);
    json["links"][0]["capacity_kbps"] = json!(100_000);
    json["policies"] = json!(policies);
    instance(&json)
}

#[test]
fn a_way_is_as_long_as_the_longest_one_in_each_substream() {
    let at = |ms| {
        let instance = measured(&[near(ms)]);
        let plan = plan(&instance, good_rows(&instance));
        (instance, plan)
    };
    let (instance, plan) = at(50.0);
    accept(&instance, &plan);
    let (instance, plan) = at(49.9);
    let found = reject(&instance, &plan, &[MaxDelay]);
    assert_eq!(found.len(), 4, "p2 and p3 below it, in substreams 2 and 3");
    assert!(found.iter().all(|violation| violation.place == "law"));
    let (instance, plan) = at(19.9);
    assert_eq!(reject(&instance, &plan, &[MaxDelay]).len(), 8);
}

#[test]
fn a_way_within_a_billionth_of_its_limit_is_as_long() {
    let instance = measured(&[near(50.0 * (1.0 - 1e-10))]);
    accept(&instance, &plan(&instance, good_rows(&instance)));
    let instance = measured(&[near(50.0 * (1.0 - 1e-8))]);
    reject(&instance, &plan(&instance, good_rows(&instance)), &[MaxDelay]);
}

#[test]
fn what_is_not_measured_takes_no_time() {
    let instance = with_policy(near(0.0));
    accept(&instance, &plan(&instance, good_rows(&instance)));
}

#[test]
fn hops_add_up_and_a_holder_starts_anew() {
    let mut json = house();
    json["paths"] = json!([{"from": "a", "to": "a", "rtt_ms": 10}, {"from": "a", "to": "b", "rtt_ms": 40},
                           {"from": "b", "to": "b", "rtt_ms": 6}]);
    json["policies"] = json!([near(28.0)]);
    let whole = instance(&json);
    accept(&whole, &plan(&whole, good_rows(&whole)));
    json["policies"] = json!([near(27.9)]);
    let strict = instance(&json);
    assert_eq!(reject(&strict, &plan(&strict, good_rows(&strict)), &[MaxDelay]).len(), 2, "5 + 20 + 3 ms at p3");
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "p2", "content": "final", "substreams": [2, 3]}));
    let held = instance(&json);
    let mut rows = good_rows(&held);
    rows[1] = row(&held, "p2", "final", &["o1", "o1", "", ""]);
    accept(&held, &plan(&held, rows));
}

#[test]
fn with_two_parents_the_longer_way_counts() {
    let both = policy(json!({"redundancy": {"parents": 2}}), json!({"destination": {"id": ["p3"]}}));
    let mut limit = policy(json!({"max_delay": {"ms": 49.9}}), json!({"destination": {"id": ["p3"]}}));
    limit["id"] = json!("near");
    let rows = |instance: &Instance| {
        let mut rows = good_rows(instance);
        rows[2] = wide_row(instance, "p3", "final", &["p2 o1"; 4]);
        rows
    };
    let strict = measured(&[both.clone(), limit.clone()]);
    let found = reject(&strict, &plan(&strict, rows(&strict)), &[MaxDelay]);
    assert_eq!((found.len(), found[0].place.as_str()), (2, "near"));
    limit["rule"]["max_delay"]["ms"] = json!(50);
    let wide = measured(&[both, limit]);
    accept(&wide, &plan(&wide, rows(&wide)));
}

#[test]
fn an_exempt_request_is_not_judged_and_those_below_it_are_by_the_whole_way() {
    let instance = measured(&[near(30.0)]);
    let mut rows = good_rows(&instance);
    rows[1].relaxed = vec![law()];
    let found = reject(&instance, &plan(&instance, rows.clone()), &[MaxDelay]);
    assert!(found.len() == 2 && found.iter().all(|violation| violation.text.starts_with("p3/final")));
    rows[2].relaxed = vec![law()];
    accept(&instance, &plan(&instance, rows));
}

#[test]
fn relays_are_judged_too() {
    let instance = measured(&[policy(json!({"max_delay": {"ms": 19}}), json!({"destination": {"role": ["waypoint"]}}))]);
    let mut rows = good_rows(&instance);
    rows.push(relay(&instance, "w1", "final", &["o1", "", "", ""]));
    assert_eq!(reject(&instance, &plan(&instance, rows), &[MaxDelay]).len(), 1);
}
