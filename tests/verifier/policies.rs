//! A broken policy is found under the name of its rule; a relaxed one is exempt, and costs relaxation.

use super::house::*;
use pleach::instance::Instance;
use pleach::plan::{Assignment, Plan, PolicyUse};
use pleach::units::Kbps;
use pleach::verify::ViolationKind::*;
use serde_json::{Value as Json, json};

#[test]
fn a_forbidden_flow_is_told_and_a_flow_beside_it_is_not() {
    let forbid = || json!({"forbid": {}});
    broken(forbid(), json!({"source": {"role": ["peer"]}, "destination": {"id": ["p3"]}}), Forbid);
    obeyed(forbid(), json!({"source": {"role": ["origin"]}, "destination": {"id": ["p3"]}}));
    broken(forbid(), json!({"content": {"kind": ["live"]}}), Forbid);
    obeyed(forbid(), json!({"content": {"kind": ["file"]}}));
}

#[test]
fn crosses_looks_at_the_links_of_the_route() {
    let forbid = || json!({"forbid": {}});
    broken(forbid(), json!({"crosses": {"id": ["a>b"]}}), Forbid);
    broken(forbid(), json!({"crosses": {}, "destination": {"id": ["p2"]}}), Forbid);
    obeyed(forbid(), json!({"crosses": {}, "destination": {"id": ["p3"]}}));
    obeyed(forbid(), json!({"crosses": {"state": ["congested"]}}));
}

#[test]
fn relations_compare_the_two_ends() {
    let forbid = || json!({"forbid": {}});
    broken(forbid(), json!({"relation": {"different": ["country"]}}), Forbid);
    obeyed(forbid(), json!({"relation": {"different": ["country"]}, "destination": {"id": ["p3"]}}));
    broken(forbid(), json!({"relation": {"same": ["network"]}, "destination": {"id": ["p3"]}}), Forbid);
    obeyed(forbid(), json!({"relation": {"not": {"same": ["network"]}}, "destination": {"id": ["p3"]}}));
    broken(forbid(), json!({"relation": {"any": [{"same": ["country"]}, {"shares_affinity": false}]}}), Forbid);
    obeyed(forbid(), json!({"relation": {"shares_affinity": true}}));
}

#[test]
fn selectors_read_defaults_limits_and_what_is_missing() {
    let to = |destination: Json| json!({"destination": destination});
    let forbid = || json!({"forbid": {}});
    broken(forbid(), to(json!({"downlink_kbps": {"min": 1e9}})), Forbid);
    obeyed(forbid(), to(json!({"downlink_kbps": {"min": 1e9, "max": 1e10}})));
    broken(forbid(), to(json!({"country": {"present": false}})), Forbid);
    broken(forbid(), to(json!({"id": ["p3"], "not": {"country": ["DE"]}})), Forbid);
    obeyed(forbid(), to(json!({"country": ["IT"]})));
    obeyed(forbid(), to(json!({"loss": {"present": false}})));
    broken(forbid(), to(json!({"any": [{"network.kind": ["enterprise"]}, {"nat": ["port_restricted"]}]})), Forbid);
}

#[test]
fn a_policy_out_of_its_hours_does_not_bind() {
    let at = |from: &str, to: &str| json!({"when": {"hours": {"from": from, "to": to}}});
    broken(json!({"forbid": {}}), at("09:00", "11:00"), Forbid);
    obeyed(json!({"forbid": {}}), at("11:00", "09:00"));
}

#[test]
fn conditions_on_links_read_state_and_volume_strictly() {
    let when = |when: Json| json!({"when": when});
    let forbid = || json!({"forbid": {}});
    broken(forbid(), when(json!({"link_state": {"link": "a>b", "is": ["up"]}})), Forbid);
    obeyed(forbid(), when(json!({"link_state": {"link": "a>b", "is": ["congested", "down"]}})));
    obeyed(forbid(), when(json!({"link_volume_gb": {"link": "a>b", "above": 0}})));
    broken(forbid(), when(json!({"link_volume_gb": {"link": "a>b", "below": 0.1}})), Forbid);
}

#[test]
fn a_limit_holds_for_all_matching_flows_together() {
    let to_b = || json!({"crosses": {"id": ["a>b"]}});
    obeyed(json!({"limit_rate": {"max_kbps": 4000}}), to_b());
    broken(json!({"limit_rate": {"max_kbps": 3999}}), to_b(), LimitRate);
}

#[test]
fn a_limit_on_nodes_holds_for_each_source_by_itself() {
    let from_peers = || json!({"source": {"role": ["peer"]}});
    obeyed(json!({"limit_node_rate": {"max_kbps": 4000}}), from_peers());
    broken(json!({"limit_node_rate": {"max_kbps": 3999}}), from_peers(), LimitNodeRate);
    obeyed(json!({"limit_node_rate": {"max_fraction": 1.0}}), from_peers());
    broken(json!({"limit_node_rate": {"max_fraction": 0.999999}}), from_peers(), LimitNodeRate);
}

#[test]
fn depth_is_the_longest_way_to_a_holder() {
    obeyed(json!({"max_depth": {"hops": 3}}), json!({}));
    broken(json!({"max_depth": {"hops": 2}}), json!({}), MaxDepth);
    obeyed(json!({"max_depth": {"hops": 2}}), json!({"destination": {"id": ["p1", "p2"]}}));
}

#[test]
fn a_flow_carries_the_protocol_of_the_lowest_rank_and_no_other() {
    let mut json = house();
    let mut rtp = policy(json!({"protocol": {"name": "rtp"}}), json!({}));
    let mut quic = policy(json!({"protocol": {"name": "quic"}}), json!({"destination": {"id": ["p3"]}}));
    (rtp["id"], rtp["rank"]) = (json!("general"), json!(3));
    (quic["id"], quic["rank"]) = (json!("special"), json!(1));
    json["policies"] = json!([rtp, quic]);
    let instance = instance(&json);
    let mut plan = plan(&instance, good_rows(&instance));
    for (row, name) in plan.assignments.iter_mut().zip([1, 1, 0]) {
        row.protocols = Some(vec![name; 4].into());
    }
    accept(&instance, &plan);
    plan.assignments[2].protocols = Some(vec![1, 0, 0, 0].into());
    let found = reject(&instance, &plan, &[Protocol]);
    assert_eq!((found.len(), found[0].place.as_str()), (1, "special"));
    plan.assignments[2].protocols = None;
    assert_eq!(reject(&instance, &plan, &[Protocol]).len(), 4);
}

#[test]
fn a_protocol_that_no_policy_asks_for_is_told() {
    let instance = instance(&house());
    let mut plan = plan(&instance, good_rows(&instance));
    plan.assignments[0].protocols = Some(vec![0, Assignment::NO_PROTOCOL, Assignment::NO_PROTOCOL, 1].into());
    assert_eq!(reject(&instance, &plan, &[Protocol]).len(), 2);
}

#[test]
fn priorities_multiply_and_preferences_add() {
    let (instance, plan) = under(json!({"priority": {"weight": 2.5}}), json!({"destination": {"network": ["b"]}}));
    accept(&instance, &plan);
    assert_eq!(plan.service.value, 1.0 + 2.0 * 2.5 + 2.5);
    let (instance, dearer) = under(json!({"prefer": {"cost": 0.25}}), json!({"source": {"id": ["p2"]}}));
    accept(&instance, &dearer);
    let base = super::house::plan(&instance_of_house(), good_rows(&instance_of_house()));
    assert!((dearer.cost.value - base.cost.value - 1.0).abs() < 1e-9, "4 Mbps at 0.25");
}

fn instance_of_house() -> Instance {
    instance(&house())
}

/// Exempts the last request of the good plan.
fn relaxed(rule: Json, selectors: Json) -> (Instance, Plan) {
    let instance = with_policy(policy(rule, selectors));
    let mut rows = good_rows(&instance);
    rows[2].relaxed = vec![law()];
    let plan = plan(&instance, rows);
    (instance, plan)
}

#[test]
fn flows_into_an_exempt_request_do_not_count() {
    let to_p3 = || json!({"destination": {"id": ["p3"]}});
    for (rule, selectors) in [
        (json!({"forbid": {}}), to_p3()),
        (json!({"limit_rate": {"max_kbps": 8000}}), json!({"content": {}})),
        (json!({"limit_node_rate": {"max_kbps": 2000}}), json!({"source": {"role": ["peer"]}})),
        (json!({"max_depth": {"hops": 2}}), json!({})),
    ] {
        let (instance, plan) = relaxed(rule, selectors);
        accept(&instance, &plan);
        assert_eq!(plan.relaxation.value, 0.5, "1 / rank 2");
    }
}

#[test]
fn what_cannot_be_relaxed_is_told() {
    let mut strict = policy(json!({"forbid": {}}), json!({"destination": {"id": ["p3"]}}));
    strict["relaxable"] = json!(false);
    let instance = with_policy(strict);
    let mut rows = good_rows(&instance);
    rows[2].relaxed = vec![law()];
    reject(&instance, &plan(&instance, rows), &[Relaxed]);
    let (unrelaxable, prefer) = relaxed(json!({"prefer": {"cost": 1}}), json!({}));
    reject(&unrelaxable, &prefer, &[Relaxed]);
}

#[test]
fn a_policy_relaxed_twice_or_unknown_or_on_a_relay_is_told() {
    let instance = with_policy(policy(json!({"forbid": {}}), json!({"destination": {"id": ["p3"]}})));
    let mut rows = good_rows(&instance);
    rows[2].relaxed = vec![law(), law()];
    reject(&instance, &plan(&instance, rows.clone()), &[Relaxed]);
    rows[2].relaxed = vec![law(), pleach::ids::PolicyId(7)];
    reject(&instance, &plan(&instance, rows.clone()), &[UnknownId]);
    rows[2].relaxed = vec![law()];
    let mut relay = row(&instance, "w1", "final", &["o1"; 4]);
    (relay.relay, relay.relaxed) = (true, vec![law()]);
    rows.push(relay);
    reject(&instance, &plan(&instance, rows), &[Relay]);
}

#[test]
fn rules_hold_for_relays_too() {
    let instance = with_policy(policy(json!({"forbid": {}}), json!({"destination": {"role": ["waypoint"]}})));
    let mut rows = good_rows(&instance);
    rows.push(row(&instance, "w1", "final", &["o1", "", "", ""]));
    rows[3].relay = true;
    reject(&instance, &plan(&instance, rows), &[Forbid]);
}

#[test]
fn the_use_of_a_limit_is_recounted() {
    let (instance, mut plan) = under(json!({"limit_rate": {"max_kbps": 4000}}), json!({"crosses": {"id": ["a>b"]}}));
    let right =
        PolicyUse { policy: law(), matched: 3, usage: Some(Kbps(4000)), limit: Some(Kbps(4000)), binding: true, price: None };
    plan.policies = vec![right.clone()];
    accept(&instance, &plan);
    for wrong in [
        PolicyUse { matched: 2, ..right.clone() },
        PolicyUse { usage: Some(Kbps(3000)), ..right.clone() },
        PolicyUse { limit: Some(Kbps(5000)), ..right.clone() },
    ] {
        plan.policies = vec![wrong];
        reject(&instance, &plan, &[WrongPolicies]);
    }
    plan.policies = vec![right.clone(), right];
    reject(&instance, &plan, &[DuplicateRow]);
}

#[test]
fn rules_about_levels_are_judged_on_the_clusters_that_the_plan_cut() {
    let (instance, mut plan) = under(json!({"forbid": {}}), json!({"destination": {"level": [3]}}));
    accept(&instance, &plan);
    let cluster = |id: &str, level, nodes: &[&str]| pleach::plan::file::ClusterUse {
        id: id.into(),
        level,
        members: nodes.len() as u64,
        nodes: nodes.iter().map(|node| (*node).into()).collect(),
    };
    plan.clusters = vec![cluster("low", 3, &["p2", "p3"]), cluster("high", 2, &["p2"])];
    let found = reject(&instance, &plan, &[Forbid]);
    assert_eq!(found.len(), 4, "p2 is of level 2, the least of its clusters'");
}
