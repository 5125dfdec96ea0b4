//! Statistics and changes of the plan floor, on plans small enough to count by hand.

use super::house::*;
use pleach::instance::{Instance, Parents};
use pleach::plan::Assignment;
use pleach::plan::file::Changes;
use pleach::plan::statistics::{changes, statistics};
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
