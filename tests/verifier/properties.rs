//! Whatever a plan says, the verifier answers; and a plan that it accepts keeps the capacities.

use super::house::*;
use pleach::ids::{ContentId, NodeId, PolicyId};
use pleach::instance::Parents;
use pleach::plan::{Assignment, Plan, Value};
use pleach::verify::examine;
use proptest::prelude::*;
use serde_json::json;

/// One change to one row.
#[derive(Clone, Debug)]
enum Change {
    Parent(usize, usize, u32),
    Lists(usize, Vec<Vec<u32>>),
    Node(usize, u32),
    Content(usize, u32),
    Relay(usize),
    Relaxed(usize, u32),
    Protocols(usize, Vec<u16>),
    Pend(usize),
    Repeat(usize),
    Drop(usize),
    Values(f64, Option<f64>),
}

fn change() -> impl Strategy<Value = Change> {
    let node = || prop_oneof![0u32..8, Just(u32::MAX), Just(u32::MAX - 1)];
    prop_oneof![
        8 => (0usize..4, 0usize..4, node()).prop_map(|(row, s, node)| Change::Parent(row, s, node)),
        1 => (0usize..4, prop::collection::vec(prop::collection::vec(0u32..8, 0..3), 0..6)).prop_map(|(row, l)| Change::Lists(row, l)),
        1 => (0usize..4, node()).prop_map(|(row, node)| Change::Node(row, node)),
        1 => (0usize..4, 0u32..3).prop_map(|(row, content)| Change::Content(row, content)),
        1 => (0usize..4).prop_map(Change::Relay),
        1 => (0usize..4, 0u32..3).prop_map(|(row, policy)| Change::Relaxed(row, policy)),
        1 => (0usize..4, prop::collection::vec(any::<u16>(), 0..6)).prop_map(|(row, names)| Change::Protocols(row, names)),
        1 => (0usize..4).prop_map(Change::Pend),
        1 => (0usize..4).prop_map(Change::Repeat),
        1 => (0usize..4).prop_map(Change::Drop),
        1 => (any::<f64>(), any::<Option<f64>>()).prop_map(|(value, bound)| Change::Values(value, bound)),
    ]
}

fn apply(plan: &mut Plan, change: &Change) {
    let count = plan.assignments.len();
    let at = |row: &usize| row % count.max(1);
    let rows = &mut plan.assignments;
    match change {
        Change::Values(value, bound) => plan.cost = Value::new(*value, *bound),
        _ if count == 0 => {}
        Change::Parent(row, s, node) => {
            let row = &mut rows[at(row)];
            let mut cells = row.parents.cells().to_vec();
            if row.parents.width() == 1 && !cells.is_empty() {
                let place = s % cells.len();
                cells[place] = NodeId(*node);
                row.parents = Parents::single(cells);
            }
        }
        Change::Lists(row, lists) => {
            let lists: Vec<Vec<NodeId>> = lists.iter().map(|list| list.iter().map(|node| NodeId(*node)).collect()).collect();
            rows[at(row)].parents = Parents::lists(&lists);
        }
        Change::Node(row, node) => rows[at(row)].node = NodeId(*node),
        Change::Content(row, content) => rows[at(row)].content = ContentId(*content),
        Change::Relay(row) => rows[at(row)].relay = true,
        Change::Relaxed(row, policy) => rows[at(row)].relaxed.push(PolicyId(*policy)),
        Change::Protocols(row, names) => rows[at(row)].protocols = Some(names.clone().into()),
        Change::Pend(row) => {
            let row: Assignment = rows.remove(at(row));
            plan.pending.push(row);
        }
        Change::Repeat(row) => {
            let row = rows[at(row)].clone();
            rows.push(row);
        }
        Change::Drop(row) => {
            rows.remove(at(row));
        }
    }
}

proptest! {
    #[test]
    fn no_plan_makes_the_verifier_panic(changes in prop::collection::vec(change(), 0..12)) {
        let mut json = house();
        json["policies"] = json!([
            policy(json!({"limit_node_rate": {"max_fraction": 0.5}}), json!({"source": {"role": ["peer"]}})),
        ]);
        json["policies"].as_array_mut().unwrap().push({
            let mut depth = policy(json!({"max_depth": {"hops": 2}}), json!({}));
            depth["id"] = json!("depth");
            depth
        });
        let instance = instance(&json);
        let mut plan = plan(&instance, good_rows(&instance));
        changes.iter().for_each(|change| apply(&mut plan, change));
        let first = examine(&instance, &plan);
        let again = examine(&instance, &plan);
        prop_assert_eq!(first.violations, again.violations);
        pleach::plan::statistics::statistics(&instance, &plan.assignments, &plan.pending);
        pleach::plan::statistics::changes(&instance, &plan.assignments, &plan.pending);
        pleach::plan::write::write(&plan, &instance, std::io::sink()).unwrap();
    }

    #[test]
    fn what_is_accepted_keeps_every_uplink_and_starts_at_a_holder(parents in prop::collection::vec(0u32..4, 12)) {
        let instance = instance(&house());
        let mut rows = good_rows(&instance);
        for (row, cells) in rows.iter_mut().zip(parents.chunks(4)) {
            row.parents = Parents::single(cells.iter().map(|node| NodeId(*node)));
        }
        let plan = plan(&instance, rows.clone());
        if examine(&instance, &plan).violations.is_empty() {
            for (node, row) in instance.nodes.pairs() {
                let sent = parents.iter().filter(|parent| **parent == node.0).count() as u64 * 1000;
                prop_assert!(sent <= row.uplink.0);
            }
            for (row, s) in (0..3).flat_map(|row| (0..4).map(move |s| (row, s))) {
                let mut at = rows[row].parents.cells()[s];
                for _ in 0..3 {
                    if at != NodeId(0) {
                        at = rows[at.0 as usize - 1].parents.cells()[s];
                    }
                }
                prop_assert_eq!(at, NodeId(0));
            }
        }
    }
}
