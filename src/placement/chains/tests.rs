//! Chains that can be checked by hand.

use super::{Then, loosen, make};
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

/// Chains, and nothing after them.
fn to_the_end(grower: &mut Grower<'_, '_>, order: &Order) {
    make(grower, order, f64::INFINITY, Then::Nothing);
}

fn rules(instance: &Instance) -> Rules {
    policy::compile(instance, Model::shipped("live").expect("the model is shipped").weights)
}

/// Lets flows run, parent, child and substream of each, then does what is asked, and tells the parents of these nodes for each
/// substream.
fn after(
    instance: &Instance,
    flows: &[(&str, &str, u32)],
    done: impl Fn(&mut Grower<'_, '_>, &Order),
    nodes: &[&str],
) -> Vec<String> {
    let rules = rules(instance);
    let cells = Cells::of(instance, &rules);
    let mut grower = Grower::new(Forest::new(instance, &rules), &cells, &|| false);
    let seat = |forest: &Forest<'_>, id: &str| {
        let node = instance.node(id).expect("the node is there");
        forest.seat_of(node, ContentId::new(0)).expect("it holds the show or asks for it")
    };
    for (parent, child, substream) in flows {
        let forest = &mut grower.forest;
        let (parent, child) = (seat(forest, parent), seat(forest, child));
        let arc = forest.arc(parent, child).expect("no policy is against it");
        forest.attach(parent, child, *substream, arc);
    }
    let sends = Table::<NodeId, f64>::filled(instance.nodes.len(), 0.0);
    done(&mut grower, &Order::of(instance, &rules, &sends, 0, 0));
    let forest = &grower.forest;
    let name = |parent: SeatId| {
        if parent == SeatId::NONE { "-" } else { instance.nodes[forest.seat(parent).node].id.as_ref() }
    };
    let substreams = instance.contents[ContentId::new(0)].substreams;
    let parents = |id: &&str| (0..substreams).map(|s| name(forest.parent(seat(forest, id), s))).collect::<Vec<_>>().join(" ");
    nodes.iter().map(parents).collect()
}

/// Feeds `b` from `o1` and `c` from `o2`, lets chains serve who is left, and tells the parents of `a`, `b` and `c`.
fn parents(instance: &Instance) -> Vec<String> {
    after(instance, &[("o1", "b", 0), ("o2", "c", 0)], to_the_end, &["a", "b", "c"])
}

/// A name, an uplink in kbps, and the weight of a request.
type Viewer<'a> = (&'a str, u32, Option<f64>);

/// One content of the given substreams of 1 Mbps each, one of which is enough; nodes have a name, an uplink, and a weight if they
/// ask for it, and hold it else.
fn open(substreams: u32, nodes: &[Viewer<'_>], policies: &str) -> Instance {
    let rows = |row: &dyn Fn(&Viewer<'_>) -> Option<String>| nodes.iter().filter_map(row).collect::<Vec<_>>().join(", ");
    let node = |(id, uplink, weight): &Viewer<'_>| {
        let role = if weight.is_some() { "peer" } else { "origin" };
        Some(format!(r#"{{"id": "{id}", "role": "{role}", "network": "isp", "uplink_kbps": {uplink}}}"#))
    };
    let holding = |(id, _, weight): &Viewer<'_>| weight.is_none().then(|| format!(r#"{{"node": "{id}", "content": "show"}}"#));
    let request = |(id, _, weight): &Viewer<'_>| {
        weight.map(|weight| format!(r#"{{"node": "{id}", "content": "show", "weight": {weight}}}"#))
    };
    let text = format!(
        r#"{{
          "format": "pleach/instance/1", "name": "open", "time": "2026-11-22T19:30:00Z",
          "contents": [{{"id": "show", "bitrate_kbps": {}, "substreams": {substreams}, "min_substreams": 1}}],
          "networks": [{{"id": "isp"}}],
          "nodes": [{}], "holdings": [{}], "requests": [{}], "policies": [{policies}]
        }}"#,
        1000 * substreams,
        rows(&node),
        rows(&holding),
        rows(&request),
    );
    Instance::from_json(text).expect("the instance is sound").0
}

#[test]
fn two_flows_move_for_a_third() {
    let instance = forbidding([1.0, 1.0, 1.0], ONE_SLOT_EACH);
    assert_eq!(parents(&instance), ["o1", "o2", "o3"]);
}

#[test]
fn the_lightest_gives_way_at_the_end_of_a_chain() {
    let instance = forbidding([2.0, 3.0, 1.0], NO_THIRD_SLOT);
    assert_eq!(parents(&instance), ["o1", "o2", "-"]);
}

#[test]
fn nobody_gives_way_to_who_is_worth_less() {
    let instance = forbidding([1.0, 3.0, 2.0], NO_THIRD_SLOT);
    assert_eq!(parents(&instance), ["-", "o1", "o2"]);
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
    assert_eq!(parents(&between_regions()), ["o3", "o2", "o1"]);
}

/// `d` gets the other substream from `v` than `c` does; as soon as both get the same from it, `v` gives up one for `w`.
#[test]
fn who_is_worth_little_passes_on_no_more_than_it_needs() {
    let nodes = [("o", 4000, None), ("p", 2000, Some(8.0)), ("v", 2000, Some(1.0)), ("c", 0, Some(8.0)), ("d", 0, Some(8.0))];
    let instance = open(2, &[&nodes[..], &[("w", 0, Some(4.0))]].concat(), "");
    let fed = [("o", "p", 0), ("o", "p", 1), ("o", "v", 0), ("o", "v", 1)];
    let passed_on = [("v", "c", 0), ("p", "c", 1), ("p", "d", 0), ("v", "d", 1)];
    let parents = after(&instance, &[fed, passed_on].concat(), to_the_end, &["v", "c", "d", "w"]);
    assert_eq!(parents, ["- o", "p v", "p v", "o -"]);
}

/// `v` is worth less than `a`, but with its two slots both are served, and `b` too.
#[test]
fn who_brings_more_than_it_takes_is_served_first() {
    let instance = open(1, &[("o", 1000, None), ("v", 2000, Some(1.0)), ("a", 0, Some(2.0)), ("b", 0, Some(2.0))], "");
    assert_eq!(after(&instance, &[("o", "a", 0)], to_the_end, &["v", "a", "b"]), ["o", "v", "v"]);
}

/// `v` is worth as much as `b`, and has a slot for it.
#[test]
fn who_is_worth_as_much_changes_places() {
    let instance = open(1, &[("o", 1000, None), ("v", 1000, Some(1.0)), ("b", 0, Some(1.0))], "");
    assert_eq!(after(&instance, &[("o", "b", 0)], to_the_end, &["v", "b"]), ["o", "v"]);
}

/// `a` may get nothing from `o2`, and `b` nothing unless that is relaxed.
#[test]
fn a_policy_is_relaxed_for_another_one_who_makes_room() {
    let forbid = |id: &str, relaxable: bool| {
        format!(
            r#"{{"id": "not-{id}", "source": {{"id": ["o2"]}}, "destination": {{"id": ["{id}"]}}, "rule": {{"forbid": {{}}}},
                 "relaxable": {relaxable}}}"#
        )
    };
    let nodes = [("o1", 1000, None), ("o2", 1000, None), ("a", 0, Some(1.0)), ("b", 0, Some(1.0))];
    let instance = open(1, &nodes, &[forbid("a", false), forbid("b", true)].join(", "));
    let loose = policy::compile_loose(&instance, Model::shipped("live").expect("the model is shipped").weights);
    let cells = Cells::of(&instance, &loose);
    let done = |grower: &mut Grower<'_, '_>, order: &Order| loosen(grower, order, f64::INFINITY, (&loose, &cells));
    assert_eq!(after(&instance, &[("o1", "b", 0)], done, &["a", "b"]), ["o1", "o2"]);
}
