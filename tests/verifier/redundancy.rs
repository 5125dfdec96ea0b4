//! `redundancy`: exactly so many parents for each substream that is received, and in what they differ.

use super::house::*;
use pleach::instance::Instance;
use pleach::plan::Assignment;
use pleach::plan::file::Changes;
use pleach::verify::ViolationKind::{self, *};
use serde_json::{Value as Json, json};

fn several(parents: u32, distinct: &str, destination: Json) -> Json {
    policy(json!({"redundancy": {"parents": parents, "distinct": distinct}}), json!({"destination": destination}))
}

/// The house with a wide link and some policies.
fn wide(policies: &[Json]) -> Instance {
    let mut json = house();
    json["links"][0]["capacity_kbps"] = json!(100_000);
    json["nodes"][1]["uplink_kbps"] = json!(100_000);
    json["policies"] = json!(policies);
    instance(&json)
}

/// The good rows with other parents for `p3`.
fn rows(instance: &Instance, parents: &[&str]) -> Vec<Assignment> {
    let mut rows = good_rows(instance);
    rows[2] = wide_row(instance, "p3", "final", parents);
    rows
}

#[track_caller]
fn refused(policies: &[Json], parents: &[&str], kind: ViolationKind, count: usize) {
    let instance = wide(policies);
    let found = reject(&instance, &plan(&instance, rows(&instance, parents)), &[kind]);
    assert_eq!(found.len(), count);
    assert!(kind != Redundancy || found.iter().all(|violation| violation.place == "law"), "policies are named");
}

#[track_caller]
fn accepted(policies: &[Json], parents: &[&str]) {
    let instance = wide(policies);
    accept(&instance, &plan(&instance, rows(&instance, parents)));
}

fn p3() -> Json {
    json!({"id": ["p3"]})
}

#[test]
fn each_substream_has_exactly_so_many_parents() {
    let two = [several(2, "node", p3())];
    accepted(&two, &["p2 o1"; 4]);
    refused(&two, &["p2 o1", "p2 o1", "p2 o1", "p2"], Redundancy, 1);
    refused(&two, &["p2 o1 p1", "p2 o1", "p2 o1", "p2 o1"], Redundancy, 1);
    refused(&two, &["p2"; 4], Redundancy, 4);
    accepted(&[several(1, "node", p3())], &["p2"; 4]);
    refused(&[several(1, "node", p3())], &["p2 o1", "p2", "p2", "p2"], Redundancy, 1);
}

#[test]
fn a_substream_has_all_its_parents_or_none() {
    let parents: [&str; 4] = ["p2 o1", "p2 o1", "p2 o1", ""];
    let mut three = policy(json!({"degrade": {"min_substreams": 3}}), json!({}));
    three["id"] = json!("three");
    accepted(&[several(2, "node", p3()), three], &parents);
    refused(&[several(2, "node", p3())], &parents, TooFewSubstreams, 1);
}

#[test]
fn parents_are_distinct_nodes() {
    refused(&[several(2, "node", p3())], &["o1 o1", "p2 o1", "p2 o1", "p2 o1"], DuplicateParent, 1);
}

#[test]
fn parents_are_in_distinct_networks_where_a_policy_says_so() {
    let apart = [several(2, "network", p3())];
    accepted(&apart, &["p2 o1"; 4]);
    refused(&apart, &["p1 o1", "p2 o1", "p2 o1", "p2 o1"], Redundancy, 1);
    accepted(&[several(2, "node", p3())], &["p1 o1"; 4]);
}

#[test]
fn routes_share_no_link_where_a_policy_says_so_and_an_empty_route_shares_none() {
    let apart = [several(2, "link", p3())];
    accepted(&apart, &["p2 o1"; 4]);
    refused(&apart, &["p1 o1", "p2 o1", "p2 o1", "p2 o1"], Redundancy, 1);
    let at_home = |distinct| {
        let instance = wide(&[several(2, distinct, p3())]);
        let mut rows = rows(&instance, &["p2 w1"; 4]);
        rows.push(relay(&instance, "w1", "final", &["o1"; 4]));
        let plan = plan(&instance, rows);
        (instance, plan)
    };
    let (instance, plan) = at_home("link");
    accept(&instance, &plan);
    let (instance, plan) = at_home("network");
    assert_eq!(reject(&instance, &plan, &[Redundancy]).len(), 4);
}

#[test]
fn of_several_the_largest_number_holds_and_every_distinction() {
    let mut apart = several(1, "network", p3());
    apart["id"] = json!("apart");
    let both = [several(2, "node", p3()), apart];
    accepted(&both, &["p2 o1"; 4]);
    refused(&both, &["p2"; 4], Redundancy, 4);
    let instance = wide(&both);
    let found = reject(&instance, &plan(&instance, rows(&instance, &["p1 o1"; 4])), &[Redundancy]);
    assert!(found.len() == 4 && found.iter().all(|violation| violation.place == "apart"));
}

#[test]
fn a_relaxed_redundancy_leaves_the_largest_of_the_others() {
    let mut three = several(3, "node", p3());
    three["id"] = json!("three");
    let relaxed = |policies: &[Json], parents: &[&str]| {
        let instance = wide(policies);
        let mut rows = rows(&instance, parents);
        rows[2].relaxed = vec![law()];
        let plan = plan(&instance, rows);
        (instance, plan)
    };
    let (instance, plan) = relaxed(&[three.clone(), several(2, "node", p3())], &["p2 o1"; 4]);
    accept(&instance, &plan);
    let (instance, plan) = relaxed(&[three.clone(), several(2, "node", p3())], &["p2 o1 p1"; 4]);
    reject(&instance, &plan, &[Redundancy]);
    let (instance, plan) = relaxed(&[three.clone()], &["p2"; 4]);
    accept(&instance, &plan);
    let (instance, plan) = relaxed(&[three], &["p2 o1"; 4]);
    reject(&instance, &plan, &[ParentCount]);
}

#[test]
fn a_relay_has_one_parent_and_what_is_held_has_none() {
    let instance = wide(&[several(2, "node", json!({"role": ["waypoint"]}))]);
    let mut relayed = good_rows(&instance);
    relayed.push(relay(&instance, "w1", "final", &["o1"; 4]));
    accept(&instance, &plan(&instance, relayed.clone()));
    relayed[3] = wide_row(&instance, "w1", "final", &["o1 p1", "o1", "o1", "o1"]);
    relayed[3].relay = true;
    reject(&instance, &plan(&instance, relayed), &[ParentCount]);
    let mut json = house();
    json["policies"] = json!([several(2, "node", p3())]);
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "p3", "content": "final", "substreams": [0]}));
    let held = super::house::instance(&json);
    let parents: [&str; 4] = ["", "p2 o1", "p2 o1", "p2 o1"];
    accept(&held, &plan(&held, rows(&held, &parents)));
}

#[test]
fn changes_compare_several_parents_as_sets() {
    let mut json = house();
    let before = json!([["o1", "p2"], ["p2", "o1"], ["p2"], null]);
    json["previous"] = json!([{"node": "p3", "content": "final", "parents": before}]);
    json["policies"] = json!([several(2, "node", p3())]);
    let instance = instance(&json);
    let plan = plan(&instance, rows(&instance, &["p2 o1"; 4]));
    assert_eq!(plan.changes, Changes { kept: 2, changed: 1, added: 9, removed: 0 });
    accept(&instance, &plan);
}
