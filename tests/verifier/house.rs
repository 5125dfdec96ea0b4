//! A small instance with a good plan, and the means to change both.
//!
//! Networks `a` and `b` are joined by links in both directions; `site` is an enterprise that only `a` reaches. One
//! substream of `final` runs at 1000 kbps. The good plan: `o1` feeds `p1` with all four substreams and `p2` with two;
//! `p1` gives `p2` the other two; `p2` feeds `p3`.

use pleach::ids::{Id, NodeId, PolicyId};
use pleach::instance::{Instance, Parents};
use pleach::plan::statistics::{changes, statistics};
use pleach::plan::{Assignment, Method, Origin, Plan, Reason, Statistics, Termination, Unserved, Value};
use pleach::verify::{Violation, ViolationKind, examine};
use serde_json::{Value as Json, json};

/// The instance as JSON, to be changed before it is read.
pub fn house() -> Json {
    json!({
        "format": "pleach/instance/1", "name": "house", "time": "2026-11-23T10:00:00Z",
        "contents": [
            {"id": "final", "bitrate_kbps": 4000, "substreams": 4},
            {"id": "hamlet", "kind": "file", "bitrate_kbps": 1000, "substreams": 2, "min_substreams": 1, "size_mb": 700}
        ],
        "nodes": [
            {"id": "o1", "role": "origin", "network": "a", "uplink_kbps": 12000},
            {"id": "p1", "role": "peer", "network": "a", "uplink_kbps": 4000, "downlink_kbps": 6000, "country": "DE"},
            {"id": "p2", "role": "peer", "network": "b", "uplink_kbps": 4000, "max_children": 2, "country": "FR"},
            {"id": "p3", "role": "peer", "network": "b", "uplink_kbps": 0, "nat": "port_restricted", "storage_mb": 600},
            {"id": "w1", "role": "waypoint", "network": "b", "uplink_kbps": 8000, "relay_contents": 1}
        ],
        "holdings": [{"node": "o1", "content": "final"}, {"node": "o1", "content": "hamlet"}],
        "requests": [
            {"node": "p1", "content": "final"}, {"node": "p2", "content": "final", "weight": 2},
            {"node": "p3", "content": "final"}
        ],
        "networks": [{"id": "a", "kind": "isp"}, {"id": "b", "kind": "isp"}, {"id": "site", "kind": "enterprise"}],
        "links": [
            {"id": "a>b", "from": "a", "to": "b", "capacity_kbps": 10000, "used_kbps": 2000, "cost": 0.5},
            {"id": "b>a", "from": "b", "to": "a"},
            {"id": "a>site", "from": "a", "to": "site"}
        ]
    })
}

/// The instance of a JSON value.
pub fn instance(json: &Json) -> Instance {
    match Instance::from_json(json.to_string()) {
        Ok((instance, _)) => instance,
        Err(faults) => panic!("{faults}"),
    }
}

/// The house with one more policy.
pub fn with_policy(policy: Json) -> Instance {
    let mut json = house();
    json["policies"] = json!([policy]);
    instance(&json)
}

/// A policy of rank 2 that can be relaxed if its rule can.
pub fn policy(rule: Json, selectors: Json) -> Json {
    let name = rule.as_object().and_then(|rule| rule.keys().next()).cloned().unwrap_or_default();
    let relaxable = !["prefer", "priority", "protocol"].contains(&name.as_str());
    let mut policy = json!({"id": "law", "owner": "provider", "rank": 2, "relaxable": relaxable, "rule": rule});
    for (key, selector) in selectors.as_object().into_iter().flatten() {
        policy[key] = selector.clone();
    }
    policy
}

/// A row; an empty name is nobody.
pub fn row(instance: &Instance, node: &str, content: &str, parents: &[&str]) -> Assignment {
    let find = |name: &str| instance.node(name).unwrap_or(NodeId::NONE);
    Assignment {
        node: find(node),
        content: instance.content(content).unwrap(),
        parents: Parents::single(parents.iter().map(|name| find(name))),
        protocols: None,
        relaxed: Vec::new(),
        delay: None,
        relay: false,
    }
}

/// The good rows of the house.
pub fn good_rows(instance: &Instance) -> Vec<Assignment> {
    vec![
        row(instance, "p1", "final", &["o1", "o1", "o1", "o1"]),
        row(instance, "p2", "final", &["o1", "o1", "p1", "p1"]),
        row(instance, "p3", "final", &["p2", "p2", "p2", "p2"]),
    ]
}

/// A plan of some rows, with values that fit.
pub fn plan(instance: &Instance, assignments: Vec<Assignment>) -> Plan {
    let plan = Plan {
        origin: Origin {
            version: "0.1.0".into(),
            seed: 0,
            model: "live".into(),
            parameters: Default::default(),
            method: Method::Greedy,
            termination: Termination::Heuristic,
        },
        service: Value::default(),
        relaxation: Value::default(),
        cost: Value::default(),
        assignments,
        unserved: Vec::new(),
        pending: Vec::new(),
        protocol_names: vec!["quic".into(), "rtp".into()],
        links: Vec::new(),
        policies: Vec::new(),
        clusters: Vec::new(),
        changes: Default::default(),
        statistics: Statistics::default(),
    };
    settle(instance, plan)
}

/// Sets all values to what they are, so that a later change shows as what it is.
pub fn settle(instance: &Instance, mut plan: Plan) -> Plan {
    let examination = examine(instance, &plan);
    plan.service = Value::new(examination.service, None);
    plan.relaxation = Value::new(examination.relaxation, None);
    plan.cost = Value::new(examination.cost.value(), None);
    plan.statistics = examination.statistics;
    plan.changes = examination.changes;
    plan
}

/// A request that gets nothing.
pub fn unserved(instance: &Instance, node: &str, content: &str, reason: Reason) -> Unserved {
    let (node, content) = (instance.node(node).unwrap(), instance.content(content).unwrap());
    Unserved { node, content, reason, policies: Vec::new(), detail: String::new() }
}

/// The first policy of an instance.
pub fn law() -> PolicyId {
    PolicyId::new(0)
}

/// What is wrong with a plan.
pub fn violations(instance: &Instance, plan: &Plan) -> Vec<Violation> {
    examine(instance, plan).violations
}

/// Nothing is wrong with a plan, and the plan floor counts what the verifier counts.
#[track_caller]
pub fn accept(instance: &Instance, plan: &Plan) {
    let counted = statistics(instance, &plan.assignments, &plan.pending);
    let worst_loss_of_one = plan.statistics.worst_loss_of_one;
    assert_eq!(Statistics { worst_loss_of_one, ..counted }, plan.statistics);
    assert_eq!(changes(instance, &plan.assignments, &plan.pending), plan.changes);
    let found: Vec<String> = violations(instance, plan).iter().map(Violation::to_string).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// Exactly these kinds of things are wrong with a plan.
#[track_caller]
pub fn reject(instance: &Instance, plan: &Plan, expected: &[ViolationKind]) -> Vec<Violation> {
    let found = violations(instance, plan);
    let mut kinds: Vec<ViolationKind> = found.iter().map(|violation| violation.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(kinds, expected, "{:#?}", found.iter().map(Violation::to_string).collect::<Vec<_>>());
    found
}
