//! `limit_copies` and `require_copies`: what enters a network from outside.

use super::house::*;
use pleach::instance::Instance;
use pleach::plan::{Assignment, Reason};
use pleach::verify::ViolationKind::{self, *};
use serde_json::{Value as Json, json};

fn at_most(network: &str, max: u32) -> Json {
    json!({"limit_copies": {"network": network, "max": max}})
}

fn over(network: &str, links: &[&str]) -> Json {
    json!({"require_copies": {"network": network, "links": links}})
}

/// The good rows, changed, under one rule.
#[track_caller]
fn changed(rule: Json, change: impl FnOnce(&Instance, &mut Vec<Assignment>), expected: Option<(ViolationKind, usize)>) {
    let instance = with_policy(policy(rule, json!({})));
    let mut rows = good_rows(&instance);
    change(&instance, &mut rows);
    let plan = plan(&instance, rows);
    match expected {
        None => accept(&instance, &plan),
        Some((kind, count)) => {
            let found = reject(&instance, &plan, &[kind]);
            assert_eq!(found.len(), count);
            assert!(found.iter().all(|violation| violation.place == "law"), "policies are named");
        }
    }
}

#[test]
fn a_limit_on_copies_counts_what_enters_the_network_for_each_substream() {
    obeyed(at_most("b", 1), json!({}));
    assert_eq!(broken(at_most("b", 0), json!({}), LimitCopies), 4);
    let second = |instance: &Instance, rows: &mut Vec<Assignment>| {
        rows[2] = row(instance, "p3", "final", &["o1", "p2", "p2", "p2"]);
    };
    changed(at_most("b", 1), second, Some((LimitCopies, 1)));
    changed(at_most("b", 2), second, None);
}

#[test]
fn flows_inside_a_network_or_out_of_it_are_no_copies() {
    obeyed(at_most("a", 0), json!({}));
    obeyed(at_most("site", 0), json!({}));
}

#[test]
fn a_limit_on_copies_counts_only_matching_flows() {
    assert_eq!(broken(at_most("b", 0), json!({"source": {"role": ["peer"]}}), LimitCopies), 2);
    obeyed(at_most("b", 0), json!({"destination": {"id": ["p3"]}}));
    obeyed(at_most("b", 0), json!({"content": {"id": ["hamlet"]}}));
    obeyed(at_most("b", 0), json!({"crosses": {"id": ["b>a"]}}));
    broken(at_most("b", 0), json!({"relation": {"different": ["country"]}, "crosses": {}}), LimitCopies);
}

#[test]
fn copies_for_relays_count_and_those_for_exempt_requests_do_not() {
    let relay = |instance: &Instance, rows: &mut Vec<Assignment>| {
        rows.push(relay(instance, "w1", "final", &["o1", "", "o1", ""]));
    };
    changed(at_most("b", 1), relay, Some((LimitCopies, 2)));
    changed(at_most("b", 0), |_, rows| rows[1].relaxed = vec![law()], None);
    changed(at_most("b", 0), |_, rows| rows[2].relaxed = vec![law()], Some((LimitCopies, 4)));
}

#[test]
fn required_copies_enter_over_each_of_the_links() {
    obeyed(over("b", &["a>b"]), json!({}));
    obeyed(over("b", &[]), json!({}));
    assert_eq!(broken(over("b", &["a>b", "b>a"]), json!({}), RequireCopies), 4);
    assert_eq!(broken(over("a", &["b>a"]), json!({}), RequireCopies), 4, "whoever sends: p1 gets them inside its network");
    obeyed(over("site", &["a>site"]), json!({}));
    obeyed(over("b", &["b>a"]), json!({"content": {"kind": ["file"]}}));
}

#[test]
fn what_a_relay_receives_is_not_required_and_satisfies_nothing() {
    let through = |instance: &Instance, rows: &mut Vec<Assignment>| {
        rows[1] = row(instance, "p2", "final", &["w1"; 4]);
        rows.push(relay(instance, "w1", "final", &["o1"; 4]));
    };
    changed(over("b", &["a>b"]), through, Some((RequireCopies, 4)));
    let mut json = house();
    json["policies"] = json!([policy(over("b", &["b>a"]), json!({}))]);
    json["requests"] = json!([{"node": "p1", "content": "final"}]);
    let instance = instance(&json);
    let rows = vec![row(&instance, "p1", "final", &["o1"; 4]), relay(&instance, "w1", "final", &["o1"; 4])];
    accept(&instance, &plan(&instance, rows));
}

#[test]
fn what_an_exempt_request_receives_is_not_required_and_satisfies_nothing() {
    changed(over("b", &["a>b"]), |_, rows| rows[1].relaxed = vec![law()], Some((RequireCopies, 4)));
    changed(over("b", &["a>b"]), |_, rows| rows[2].relaxed = vec![law()], None);
    changed(over("b", &["b>a"]), |_, rows| rows[1].relaxed = vec![law()], Some((RequireCopies, 4)));
    changed(over("b", &["b>a"]), |_, rows| rows[1..].iter_mut().for_each(|row| row.relaxed = vec![law()]), None);
}

#[test]
fn a_request_that_waits_requires_copies_and_satisfies_nothing() {
    let instance = with_policy(policy(over("b", &["a>b"]), json!({})));
    let mut plan = plan(&instance, good_rows(&instance)[..1].to_vec());
    plan.pending = vec![row(&instance, "p2", "final", &["o1", "o1", "", ""])];
    plan.unserved = vec![unserved(&instance, "p3", "final", Reason::Capacity)];
    let plan = settle(&instance, plan);
    assert_eq!(reject(&instance, &plan, &[RequireCopies]).len(), 2);
}

#[test]
fn held_substreams_need_no_copies() {
    let mut json = house();
    json["policies"] = json!([policy(over("b", &["b>a"]), json!({}))]);
    json["requests"] = json!([{"node": "p3", "content": "final"}]);
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "p3", "content": "final", "substreams": [0, 1, 2]}));
    let instance = instance(&json);
    let rows = vec![row(&instance, "p3", "final", &["", "", "", "o1"])];
    assert_eq!(reject(&instance, &plan(&instance, rows), &[RequireCopies]).len(), 1, "only substream 3 is received");
}
