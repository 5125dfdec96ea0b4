//! Policies that limit what nodes send: the count of slots knows them, and placement works around them. Each instance is worked
//! out by hand: one content of one substream at 1000 kbps, so that a slot is a request.

use pleach::engine::{Cancel, MethodChoice, Options, Outcome, Silent, solve};
use pleach::instance::Instance;
use pleach::parameters::Model;
use pleach::plan::certificate::Proof;
use pleach::verify;
use serde_json::{Value, json};

/// Peers that ask, without uplink.
fn viewers(names: &[(&str, &str)]) -> Vec<Value> {
    let viewer =
        |(id, country): &(&str, &str)| json!({"id": id, "role": "peer", "network": "n", "uplink_kbps": 0, "country": country});
    names.iter().map(viewer).collect()
}

fn instance(nodes: Vec<Value>, holders: &[&str], weights: &[(&str, f64)], policies: Value) -> Instance {
    let weight = |id: &str| weights.iter().find(|(name, _)| *name == id).map_or(1.0, |(_, weight)| *weight);
    let asks = nodes.iter().filter_map(|node| node["id"].as_str()).filter(|id| !holders.contains(id));
    let requests: Vec<Value> = asks.map(|id| json!({"node": id, "content": "film", "weight": weight(id)})).collect();
    let document = json!({
        "format": "pleach/instance/1", "name": "by-hand", "time": "2026-11-22T19:30:00Z",
        "contents": [{"id": "film", "bitrate_kbps": 1000, "substreams": 1}],
        "networks": [{"id": "n", "country": "AA"}], "nodes": nodes,
        "holdings": holders.iter().map(|id| json!({"node": id, "content": "film"})).collect::<Vec<_>>(),
        "requests": requests, "policies": policies,
    });
    Instance::from_json(document.to_string()).expect("the instance has no fault").0
}

fn holder(id: &str, uplink_kbps: u64) -> Value {
    json!({"id": id, "role": "server", "network": "n", "uplink_kbps": uplink_kbps, "cost": 0})
}

/// The greedy plan of one attempt, with its certificate, which has to prove what the plan says.
fn greedy(instance: &Instance) -> Outcome {
    let mut model = Model::shipped("live").expect("live is shipped");
    model.effort.restarts = 0;
    let options = Options { method: MethodChoice::Greedy, certificate: true, ..Options::new(model) };
    let outcome = solve(instance, &options, &mut Silent, &Cancel::default());
    let certificate = outcome.certificate.as_ref().expect("it was asked for");
    let found = verify::examine(instance, &outcome.plan);
    assert_eq!(verify::bounds::judge(instance, &outcome.plan, &found, certificate).violations, []);
    assert_eq!(certificate.service.proof, Proof::Counting);
    outcome
}

fn service(outcome: &Outcome) -> (f64, Option<f64>) {
    (outcome.plan.service.value, outcome.plan.service.bound)
}

#[test]
fn a_limit_on_a_source_bounds_what_it_brings() {
    let mut nodes = viewers(&[("a", "AA"), ("b", "AA"), ("c", "AA")]);
    nodes.push(holder("o", 9000));
    let limit = json!([{"id": "two", "owner": "client", "rank": 1, "source": {"role": ["server"]},
                        "rule": {"limit_node_rate": {"max_kbps": 2500}}}]);
    assert_eq!(service(&greedy(&instance(nodes, &["o"], &[], limit))), (2.0, Some(2.0)));
}

#[test]
fn flows_that_a_limit_does_not_count_are_as_many_as_there_are_receivers() {
    let mut nodes = viewers(&[("a", "AA"), ("b", "BB"), ("c", "BB"), ("d", "BB")]);
    nodes.push(holder("o", 9000));
    let limit = json!([{"id": "abroad", "owner": "client", "rank": 1, "relation": {"different": ["country"]},
                        "rule": {"limit_node_rate": {"max_kbps": 1000}}}]);
    // One at home, and one of three abroad.
    assert_eq!(service(&greedy(&instance(nodes, &["o"], &[], limit))), (2.0, Some(2.0)));
}

/// `p` and `q` are alike but for their uplinks; nothing limits what `p` sends to `q`, and it does not send to itself.
#[test]
fn nobody_brings_what_only_he_himself_could_receive() {
    let mut nodes = viewers(&[("q", "AA"), ("b", "BB"), ("c", "BB"), ("d", "BB")]);
    nodes.extend([json!({"id": "p", "role": "peer", "network": "n", "uplink_kbps": 9000}), holder("o", 1000)]);
    let limit = json!([{"id": "abroad", "owner": "client", "rank": 1, "relation": {"different": ["country"]},
                        "rule": {"limit_node_rate": {"max_kbps": 1000}}}]);
    // `p`, `q` and one abroad.
    assert_eq!(service(&greedy(&instance(nodes, &["o"], &[], limit))), (3.0, Some(3.0)));
}

#[test]
fn who_reaches_nobody_brings_nothing() {
    let mut nodes = viewers(&[("a", "AA"), ("b", "AA")]);
    nodes.extend([holder("o", 1000), holder("p", 9000)]);
    let forbid = json!([{"id": "none", "owner": "client", "rank": 1, "source": {"id": ["p"]}, "rule": {"forbid": {}}}]);
    assert_eq!(service(&greedy(&instance(nodes, &["o", "p"], &[], forbid))), (1.0, Some(1.0)));
}

#[test]
fn a_limit_that_is_filled_is_charged_for() {
    let mut nodes = viewers(&[("a", "AA"), ("b", "AA"), ("c", "AA"), ("d", "AA")]);
    nodes.extend([holder("o", 2000), holder("p", 2000)]);
    let limit = json!([{"id": "together", "owner": "network", "rank": 1, "rule": {"limit_rate": {"max_kbps": 3000}}}]);
    let outcome = greedy(&instance(nodes, &["o", "p"], &[], limit));
    assert_eq!(service(&outcome), (3.0, Some(3.0)));
    let share = &outcome.certificate.expect("it was asked for").service.prices.share;
    assert_eq!(share.iter().map(|share| (share.policy.as_str(), share.price)).collect::<Vec<_>>(), [("together", 1.0)]);
}

/// `o` may not feed `x` and `y`, and `p`, which is farther than `q`, may not feed `y`. Limits on distance keep exact moves away.
#[test]
fn a_child_that_has_a_choice_is_handed_over_to_a_seat_that_others_may_not_use() {
    let mut nodes = viewers(&[("x", "AA"), ("y", "AA")]);
    let peer =
        |id: &str, lat: f64| json!({"id": id, "role": "peer", "network": "n", "uplink_kbps": 1000, "lat": lat, "lon": 0.0});
    nodes.extend([peer("p", 9.0), peer("q", 1.0), holder("o", 2000)]);
    nodes.iter_mut().for_each(|node| {
        node.as_object_mut().expect("a node is an object").entry("lat").or_insert(json!(1.0));
        node.as_object_mut().expect("a node is an object").entry("lon").or_insert(json!(0.0));
    });
    let policies = json!([
        {"id": "far", "owner": "provider", "rank": 1, "rule": {"max_delay": {"ms": 10000}}},
        {"id": "o", "owner": "client", "rank": 1, "source": {"id": ["o"]}, "destination": {"id": ["x", "y"]}, "rule": {"forbid": {}}},
        {"id": "p", "owner": "client", "rank": 1, "source": {"id": ["p"]}, "destination": {"id": ["y"]}, "rule": {"forbid": {}}},
    ]);
    let outcome = greedy(&instance(nodes, &["o"], &[], policies));
    assert_eq!(outcome.plan.service.value, 4.0);
}

#[test]
fn a_second_parent_gives_way_where_it_may_be_relaxed() {
    let mut nodes = viewers(&[("a", "AA"), ("b", "AA")]);
    nodes.extend([holder("o", 1000), holder("p", 1000)]);
    let policies = json!([{"id": "twice", "owner": "client", "rank": 4, "relaxable": true, "destination": {"id": ["a"]},
                           "rule": {"redundancy": {"parents": 2}}}]);
    let outcome = greedy(&instance(nodes, &["o", "p"], &[("a", 10.0)], policies));
    assert_eq!((outcome.plan.service.value, outcome.plan.relaxation.value), (11.0, 0.25));
}
