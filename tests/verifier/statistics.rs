//! Statistics and changes of the plan floor, on plans small enough to count by hand.

use super::house::*;
use pleach::instance::{Instance, Parents};
use pleach::plan::Assignment;
use pleach::plan::file::Changes;
use pleach::plan::statistics::{changes, statistics};
use pleach::verify::examine;
use proptest::prelude::*;
use serde_json::json;

fn loss(instance: &Instance, rows: &[Assignment]) -> u64 {
    statistics(instance, rows, &[]).worst_loss_of_one
}

#[test]
fn the_worst_loss_counts_all_trees_in_which_one_peer_stands_above() {
    let instance = instance(&house());
    let mut rows = good_rows(&instance);
    assert_eq!(loss(&instance, &rows), 4, "p3 hangs on p2 alone");
    rows[2] = row(&instance, "p3", "final", &["o1", "o1", "o1", "p2"]);
    assert_eq!(loss(&instance, &rows), 2, "p2 loses two with p1");
    rows[1] = row(&instance, "p2", "final", &["o1"; 4]);
    assert_eq!(loss(&instance, &rows), 1, "p3 loses one with p2");
    rows[2] = row(&instance, "p3", "final", &["o1"; 4]);
    assert_eq!(loss(&instance, &rows), 0, "an origin is no peer");
}

#[test]
fn a_loss_passes_down_through_a_relay() {
    let instance = instance(&house());
    let mut rows = good_rows(&instance);
    rows[1] = row(&instance, "p2", "final", &["o1"; 4]);
    rows[2] = row(&instance, "p3", "final", &["w1", "w1", "w1", "o1"]);
    rows.push(row(&instance, "w1", "final", &["p1", "p1", "p1", "p1"]));
    rows[3].relay = true;
    assert_eq!(loss(&instance, &rows), 3, "the relay itself is no request");
}

#[test]
fn a_second_parent_saves_a_substream_unless_both_hang_on_one_peer() {
    let instance = instance(&house());
    let find = |name| instance.node(name).unwrap();
    let mut rows = good_rows(&instance);
    let both = vec![vec![find("p1"), find("p2")]; 4];
    rows[2].parents = Parents::lists(&both);
    assert_eq!(loss(&instance, &rows), 2, "substreams 2 and 3 of p2 come from p1 too");
}

#[test]
fn a_peer_that_holds_the_content_is_a_peer_that_can_fail() {
    let mut json = house();
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "w1", "content": "final"}));
    json["nodes"][4]["role"] = json!("peer");
    let instance = instance(&json);
    let rows = vec![row(&instance, "p3", "final", &["w1", "w1", "o1", "w1"])];
    assert_eq!(loss(&instance, &rows), 3);
}

#[test]
fn an_empty_plan_has_no_depth_and_no_loss() {
    let instance = instance(&house());
    let statistics = statistics(&instance, &[], &[]);
    assert_eq!((statistics.requests, statistics.served, statistics.max_depth), (3, 0, 0));
    assert_eq!((statistics.mean_depth, statistics.peer_offload, statistics.worst_loss_of_one), (0.0, 0.0, 0));
}

#[test]
fn a_circle_ends_the_count() {
    let instance = instance(&house());
    let rows = [("p1", "p2"), ("p2", "p3"), ("p3", "p1")].map(|(child, parent)| row(&instance, child, "final", &[parent; 4]));
    assert!(statistics(&instance, &rows, &[]).max_depth <= 3);
}

#[test]
fn changes_compare_sets_of_parents_and_count_what_is_gone() {
    let mut json = house();
    json["previous"] = json!([
        {"node": "p1", "content": "final", "parents": ["o1", "p2", null, "o1"]},
        {"node": "p3", "content": "final", "parents": ["o1", "o1", "nobody-left", null]},
        {"node": "w1", "content": "final", "parents": ["o1", "o1", "o1", "o1"]}
    ]);
    let instance = instance(&json);
    let rows = &good_rows(&instance)[..2];
    assert_eq!(changes(&instance, rows, &[]), Changes { kept: 2, changed: 1, added: 1 + 4, removed: 3 });
    let waits = [row(&instance, "p3", "final", &["o1", "p2", "", ""])];
    assert_eq!(changes(&instance, rows, &waits), Changes { kept: 3, changed: 2, added: 5, removed: 1 });
}

/// Peers `p00` to `p15` below an origin; `p00`, `p01` hold substream 0 themselves.
fn crowd() -> Instance {
    let peer = |k: usize| json!({"id": format!("p{k:02}"), "role": "peer", "network": "a", "uplink_kbps": 100});
    let mut nodes: Vec<_> = (0..16).map(peer).collect();
    nodes.push(json!({"id": "o", "role": "origin", "network": "a", "uplink_kbps": 100}));
    let holding = |k: usize| json!({"node": format!("p{k:02}"), "content": "c", "substreams": [0]});
    instance(&json!({
        "format": "pleach/instance/1", "name": "crowd", "time": "2026-11-23T10:00:00Z",
        "contents": [{"id": "c", "bitrate_kbps": 3, "substreams": 3, "min_substreams": 1}], "nodes": nodes,
        "networks": [{"id": "a"}], "holdings": [{"node": "o", "content": "c"}, holding(0), holding(1)],
        "requests": (0..16).map(|k| json!({"node": format!("p{k:02}"), "content": "c"})).collect::<Vec<_>>()
    }))
}

/// Who still receives a substream when a peer is gone, by following flows from the holders.
fn reached(instance: &Instance, rows: &[Assignment], s: usize, gone: Option<u32>) -> Vec<bool> {
    let content = instance.content("c").unwrap();
    let all = instance.nodes.ids();
    let alive = |node: u32| Some(node) != gone;
    let mut has: Vec<bool> = all.map(|node| alive(node.0) && instance.held(node, content) >> s & 1 == 1).collect();
    for _ in rows {
        for row in rows.iter().filter(|row| alive(row.node.0)) {
            let fed = row.parents.of(s).any(|parent| has[parent.0 as usize]);
            has[row.node.0 as usize] |= fed;
        }
    }
    has
}

proptest! {
    #[test]
    fn the_worst_loss_is_what_the_failure_of_each_peer_takes(
        choices in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..6), 16 * 3)
    ) {
        let instance = crowd();
        let mut rows: Vec<Assignment> = (0..16usize).map(|k| {
            let lists: Vec<Vec<_>> = (0..3usize).map(|s| {
                // Parents come earlier in an order that differs by substream; 16 is the origin.
                let place = |node: usize| if s == 1 { 15 - node } else { node };
                let (a, b, count) = &choices[place(k) * 3 + s];
                let earlier: Vec<usize> = (0..16).filter(|node| place(*node) < place(k)).chain([16]).collect();
                let holds = s == 0 && k < 2;
                let mut parents = match count {
                    _ if holds => vec![],
                    0 if k % 3 != 0 => vec![],
                    1 | 2 => vec![a.index(earlier.len()), b.index(earlier.len())],
                    _ => vec![a.index(earlier.len())],
                };
                parents.sort_unstable();
                parents.dedup();
                parents.into_iter().map(|place| instance.node(&name(earlier[place])).unwrap()).collect()
            }).collect();
            let mut row = row(&instance, &name(k), "c", &[]);
            row.parents = Parents::lists(&lists);
            row
        }).collect();
        // A parent that receives nothing itself feeds nobody: such flows are taken out.
        let whole: Vec<Vec<bool>> = (0..3).map(|s| reached(&instance, &rows, s, None)).collect();
        let fed = |row: &Assignment, s: usize| row.parents.of(s).filter(|parent| whole[s][parent.0 as usize]).collect();
        for row in &mut rows {
            let lists: Vec<Vec<_>> = (0..3).map(|s| fed(row, s)).collect();
            row.parents = Parents::lists(&lists);
        }
        let mut worst = 0;
        // The origin is the first node by name, and no peer.
        for gone in 1..17u32 {
            let left: Vec<Vec<bool>> = (0..3).map(|s| reached(&instance, &rows, s, Some(gone))).collect();
            for node in (1..17u32).filter(|node| *node != gone) {
                let lost = (0..3).filter(|s| whole[*s][node as usize] && !left[*s][node as usize]).count();
                worst = worst.max(lost as u64);
            }
        }
        let counted = statistics(&instance, &rows, &[]);
        prop_assert_eq!(counted.worst_loss_of_one, worst);
        let recounted = examine(&instance, &plan(&instance, rows)).statistics;
        prop_assert_eq!(counted.mean_depth, recounted.mean_depth);
        prop_assert_eq!(counted.max_depth, recounted.max_depth);
    }
}

fn name(node: usize) -> String {
    if node == 16 { "o".to_owned() } else { format!("p{node:02}") }
}
