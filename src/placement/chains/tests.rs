//! Chains that can be checked by hand.

use super::make;
use crate::forest::{Forest, SeatId};
use crate::ids::{ContentId, Id, NodeId, Table};
use crate::instance::Instance;
use crate::parameters::Model;
use crate::placement::grow::Grower;
use crate::placement::order::Order;
use crate::policy::{self, Cells, Rules};

/// Three origins with one slot each. `a` may get the show from `o1` alone, `b` from `o1` or `o2`, `c` from `o2` or `o3`.
fn forbidding(weights: [f64; 3], origins: &str) -> Instance {
    let [a, b, c] = weights;
    let text = format!(
        r#"{{
          "format": "pleach/instance/1", "name": "three", "time": "2026-11-22T19:30:00Z",
          "contents": [{{"id": "show", "bitrate_kbps": 1000, "substreams": 1}}],
          "networks": [{{"id": "isp"}}],
          "nodes": [{origins},
                    {{"id": "a", "role": "peer", "network": "isp", "uplink_kbps": 0}},
                    {{"id": "b", "role": "peer", "network": "isp", "uplink_kbps": 0}},
                    {{"id": "c", "role": "peer", "network": "isp", "uplink_kbps": 0}}],
          "holdings": [{{"node": "o1", "content": "show"}}, {{"node": "o2", "content": "show"}},
                       {{"node": "o3", "content": "show"}}],
          "requests": [{{"node": "a", "content": "show", "weight": {a}}}, {{"node": "b", "content": "show", "weight": {b}}},
                       {{"node": "c", "content": "show", "weight": {c}}}],
          "policies": [
            {{"id": "not-a", "source": {{"id": ["o2", "o3"]}}, "destination": {{"id": ["a"]}}, "rule": {{"forbid": {{}}}}}},
            {{"id": "not-b", "source": {{"id": ["o3"]}}, "destination": {{"id": ["b"]}}, "rule": {{"forbid": {{}}}}}},
            {{"id": "not-c", "source": {{"id": ["o1"]}}, "destination": {{"id": ["c"]}}, "rule": {{"forbid": {{}}}}}}
          ]
        }}"#
    );
    Instance::from_json(text).expect("the instance is sound").0
}

const ONE_SLOT_EACH: &str = r#"{"id": "o1", "role": "origin", "network": "isp", "uplink_kbps": 1000},
    {"id": "o2", "role": "origin", "network": "isp", "uplink_kbps": 1000},
    {"id": "o3", "role": "origin", "network": "isp", "uplink_kbps": 1000}"#;
const NO_THIRD_SLOT: &str = r#"{"id": "o1", "role": "origin", "network": "isp", "uplink_kbps": 1000},
    {"id": "o2", "role": "origin", "network": "isp", "uplink_kbps": 1000},
    {"id": "o3", "role": "origin", "network": "isp", "uplink_kbps": 0}"#;

fn rules(instance: &Instance) -> Rules {
    policy::compile(instance, Model::shipped("live").expect("the model is shipped").weights)
}

/// Feeds `b` from `o1` and `c` from `o2`, lets chains serve who is left, and tells the parents of `a`, `b` and `c`.
fn parents(instance: &Instance) -> Vec<Option<String>> {
    let rules = rules(instance);
    let cells = Cells::of(instance, &rules);
    let mut grower = Grower::new(Forest::new(instance, &rules), &cells, &|| false);
    let forest = &mut grower.forest;
    let show = ContentId::new(0);
    let seat = |forest: &Forest<'_>, id: &str| {
        let node = instance.node(id).expect("the node is there");
        forest.seat_of(node, show).expect("it holds the show or asks for it")
    };
    for (parent, child) in [("o1", "b"), ("o2", "c")] {
        let (parent, child) = (seat(forest, parent), seat(forest, child));
        let arc = forest.arc(parent, child).expect("no policy is against it");
        forest.attach(parent, child, 0, arc);
    }
    let sends = Table::<NodeId, f64>::filled(instance.nodes.len(), 0.0);
    make(&mut grower, &Order::of(instance, &rules, &sends, 0, 0));
    let name = |id: &str| {
        let parent = grower.forest.parent(seat(&grower.forest, id), 0);
        (parent != SeatId::NONE).then(|| instance.nodes[grower.forest.seat(parent).node].id.to_string())
    };
    ["a", "b", "c"].map(name).to_vec()
}

#[test]
fn two_flows_move_for_a_third() {
    let instance = forbidding([1.0, 1.0, 1.0], ONE_SLOT_EACH);
    assert_eq!(parents(&instance), [Some("o1".into()), Some("o2".into()), Some("o3".into())]);
}

#[test]
fn the_lightest_gives_way_at_the_end_of_a_chain() {
    let instance = forbidding([2.0, 3.0, 1.0], NO_THIRD_SLOT);
    assert_eq!(parents(&instance), [Some("o1".into()), Some("o2".into()), None]);
}

#[test]
fn nobody_gives_way_to_who_is_worth_less() {
    let instance = forbidding([1.0, 3.0, 2.0], NO_THIRD_SLOT);
    assert_eq!(parents(&instance), [None, Some("o1".into()), Some("o2".into())]);
}

/// Flows between regions are limited to two of them: `b` lives where `o2` does, `c` where `o1` does, and `a` with nobody.
fn between_regions() -> Instance {
    let node = |id: &str, role: &str, region: &str, uplink: u32| {
        format!(r#"{{"id": "{id}", "role": "{role}", "network": "isp", "region": "{region}", "uplink_kbps": {uplink}}}"#)
    };
    let nodes = [
        node("o1", "origin", "west", 1000),
        node("o2", "origin", "east", 1000),
        node("o3", "origin", "north", 1000),
        node("a", "peer", "south", 0),
        node("b", "peer", "east", 0),
        node("c", "peer", "west", 0),
    ];
    let text = format!(
        r#"{{
          "format": "pleach/instance/1", "name": "regions", "time": "2026-11-22T19:30:00Z",
          "contents": [{{"id": "show", "bitrate_kbps": 1000, "substreams": 1}}],
          "networks": [{{"id": "isp"}}],
          "nodes": [{}],
          "holdings": [{{"node": "o1", "content": "show"}}, {{"node": "o2", "content": "show"}},
                       {{"node": "o3", "content": "show"}}],
          "requests": [{{"node": "a", "content": "show"}}, {{"node": "b", "content": "show"}}, {{"node": "c", "content": "show"}}],
          "policies": [
            {{"id": "not-a", "source": {{"id": ["o1", "o2"]}}, "destination": {{"id": ["a"]}}, "rule": {{"forbid": {{}}}}}},
            {{"id": "between", "relation": {{"not": {{"same": ["region"]}}}}, "rule": {{"limit_rate": {{"max_kbps": 2000}}}}}}
          ]
        }}"#,
        nodes.join(", ")
    );
    Instance::from_json(text).expect("the instance is sound").0
}

#[test]
fn two_children_change_places_so_that_a_full_limit_has_room() {
    assert_eq!(parents(&between_regions()), [Some("o3".into()), Some("o2".into()), Some("o1".into())]);
}
