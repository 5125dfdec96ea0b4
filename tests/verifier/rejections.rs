//! Each way to break a good plan is found, under its own name, and nothing else is.

use super::house::*;
use pleach::ids::{Id, LinkId, NodeId};
use pleach::instance::{Instance, Parents};
use pleach::plan::{Plan, Reason};
use pleach::verify::ViolationKind::{self, *};
use pleach::verify::verify;
use serde_json::json;

/// Changes the good plan, and expects these kinds.
#[track_caller]
fn broken(change: impl FnOnce(&Instance, &mut Plan), expected: &[ViolationKind]) {
    let instance = instance(&house());
    let mut plan = plan(&instance, good_rows(&instance));
    change(&instance, &mut plan);
    let plan = settle(&instance, plan);
    reject(&instance, &plan, expected);
}

fn set(plan: &mut Plan, instance: &Instance, at: usize, node: &str, parents: &[&str]) {
    plan.assignments[at] = row(instance, node, "final", parents);
}

#[test]
fn the_good_plan_is_accepted_and_comes_back_verified() {
    let instance = instance(&house());
    let plan = plan(&instance, good_rows(&instance));
    accept(&instance, &plan);
    let verified = verify(&instance, plan).expect("the plan is good");
    assert_eq!(verified.assignments.len(), 3);
    assert_eq!(verified.into_inner().unserved.len(), 0);
}

#[test]
fn a_rejected_plan_comes_back_with_its_violations() {
    let instance = instance(&house());
    let plan = plan(&instance, Vec::new());
    let rejected = verify(&instance, plan).expect_err("three requests are missing");
    assert_eq!(rejected.violations.len(), 3);
    assert_eq!(rejected.violations[0].to_string(), "missing_request at p1/final: the request stands nowhere");
    assert!(rejected.plan.assignments.is_empty());
}

#[test]
fn a_row_about_an_unknown_node_is_told() {
    broken(
        |instance, plan| {
            let mut extra = row(instance, "p1", "final", &["o1"; 4]);
            extra.node = NodeId(99);
            plan.assignments.push(extra);
        },
        &[UnknownId],
    );
}

#[test]
fn an_unknown_parent_is_told() {
    broken(
        |_, plan| {
            plan.assignments[2].parents = Parents::single(vec![NodeId::GONE, NodeId(1), NodeId(77), NodeId(2)]);
        },
        &[UnknownId],
    );
}

#[test]
fn a_row_with_too_few_cells_is_told() {
    broken(|instance, plan| set(plan, instance, 2, "p3", &["p2"; 3]), &[BadShape, MissingRequest]);
}

#[test]
fn protocols_in_another_shape_are_told() {
    broken(|_, plan| plan.assignments[2].protocols = Some(vec![0; 3].into()), &[BadShape, MissingRequest]);
    broken(|_, plan| plan.assignments[2].protocols = Some(vec![9; 4].into()), &[BadShape, MissingRequest]);
}

#[test]
fn a_request_that_stands_nowhere_is_told() {
    broken(|_, plan| plan.assignments.truncate(2), &[MissingRequest]);
}

#[test]
fn a_request_that_stands_twice_is_told() {
    broken(|instance, plan| plan.unserved.push(unserved(instance, "p3", "final", Reason::Capacity)), &[DuplicateRow]);
}

#[test]
fn a_request_in_unserved_twice_is_told() {
    broken(
        |instance, plan| {
            plan.assignments.truncate(2);
            plan.unserved = vec![unserved(instance, "p3", "final", Reason::Capacity); 2];
        },
        &[DuplicateRow],
    );
}

#[test]
fn an_assignment_that_nobody_requested_is_told() {
    broken(|instance, plan| plan.assignments.push(row(instance, "w1", "final", &["o1"; 4])), &[NotRequested]);
    broken(|instance, plan| plan.unserved.push(unserved(instance, "w1", "final", Reason::Capacity)), &[NotRequested]);
}

#[test]
fn too_few_substreams_are_told() {
    broken(|instance, plan| set(plan, instance, 2, "p3", &["p2", "p2", "p2", ""]), &[TooFewSubstreams]);
}

#[test]
fn two_parents_for_one_substream_are_told_where_no_policy_asks_for_them() {
    broken(
        |instance, plan| {
            let find = |name| instance.node(name).unwrap();
            let one = vec![find("p2")];
            let two = vec![find("p2"), find("o1")];
            plan.assignments[2].parents = Parents::lists(&[two, one.clone(), one.clone(), one]);
        },
        &[ParentCount],
    );
}

#[test]
fn the_same_parent_twice_is_told() {
    broken(
        |instance, plan| {
            let p2 = instance.node("p2").unwrap();
            plan.assignments[2].parents = Parents::lists(&[vec![p2], vec![p2], vec![p2], vec![p2, p2]]);
        },
        &[ParentCount, DuplicateParent, Uplink],
    );
}

#[test]
fn a_node_that_sends_to_itself_is_told() {
    broken(|instance, plan| set(plan, instance, 2, "p3", &["p3", "p2", "p2", "p2"]), &[SelfParent]);
}

#[test]
fn a_held_substream_that_is_sent_is_told() {
    let mut json = house();
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "p3", "content": "final", "substreams": [0, 1]}));
    let instance = instance(&json);
    let mut good = good_rows(&instance);
    good[2] = row(&instance, "p3", "final", &["", "", "p2", "p2"]);
    accept(&instance, &plan(&instance, good.clone()));
    good[2] = row(&instance, "p3", "final", &["", "p2", "p2", "p2"]);
    reject(&instance, &plan(&instance, good), &[HeldSubstreamSent]);
}

#[test]
fn a_parent_that_lacks_the_substream_is_told() {
    broken(|instance, plan| set(plan, instance, 2, "p3", &["p2", "p2", "p2", "w1"]), &[ParentLacksSubstream]);
}

#[test]
fn a_parent_that_receives_only_other_substreams_is_told() {
    let mut json = house();
    json["contents"][0]["min_substreams"] = json!(3);
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    rows[1] = row(&instance, "p2", "final", &["o1", "o1", "p1", ""]);
    let found = reject(&instance, &plan(&instance, rows), &[ParentLacksSubstream]);
    assert_eq!(found[0].text, "p2 neither holds nor is given substream 3, which it sends");
}

#[test]
fn parents_in_a_circle_are_told_once() {
    let mut json = house();
    json["nodes"][3]["uplink_kbps"] = json!(4000);
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    rows[1] = row(&instance, "p2", "final", &["p3", "o1", "p1", "p1"]);
    assert_eq!(reject(&instance, &plan(&instance, rows), &[Cycle]).len(), 1);
}

#[test]
fn an_uplink_that_is_exceeded_is_told() {
    let mut json = house();
    json["nodes"][2]["uplink_kbps"] = json!(3999);
    let instance = instance(&json);
    reject(&instance, &plan(&instance, good_rows(&instance)), &[Uplink]);
}

#[test]
fn a_downlink_that_is_exceeded_is_told() {
    let mut json = house();
    json["nodes"][1]["downlink_kbps"] = json!(3999);
    let instance = instance(&json);
    reject(&instance, &plan(&instance, good_rows(&instance)), &[Downlink]);
}

#[test]
fn distinct_children_are_counted_once_over_substreams() {
    let mut json = house();
    json["nodes"][2]["max_children"] = json!(1);
    let one = instance(&json);
    accept(&one, &plan(&one, good_rows(&one)));
    json["nodes"][2]["max_children"] = json!(0);
    let none = instance(&json);
    reject(&none, &plan(&none, good_rows(&none)), &[MaxChildren]);
}

#[test]
fn a_waypoint_relays_any_subset_and_counts_as_no_request() {
    let instance = instance(&house());
    let mut rows = good_rows(&instance);
    let mut relay = row(&instance, "w1", "final", &["o1", "", "", ""]);
    relay.relay = true;
    rows[2] = row(&instance, "p3", "final", &["w1", "p2", "p2", "p2"]);
    rows.push(relay);
    let plan = plan(&instance, rows);
    accept(&instance, &plan);
    assert_eq!((plan.statistics.requests, plan.statistics.served), (3, 3));
}

#[test]
fn a_relay_that_requests_the_content_is_told() {
    broken(|_, plan| plan.assignments[2].relay = true, &[Relay, RelayContents]);
}

#[test]
fn a_relay_that_holds_the_content_is_told() {
    let mut json = house();
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "w1", "content": "final", "substreams": [0]}));
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    rows.push(row(&instance, "w1", "final", &["", "o1", "", ""]));
    rows[3].relay = true;
    reject(&instance, &plan(&instance, rows), &[Relay]);
}

#[test]
fn a_node_that_relays_more_contents_than_it_may_is_told() {
    let mut json = house();
    json["nodes"][4]["relay_contents"] = json!(0);
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    rows.push(row(&instance, "w1", "final", &["o1", "", "", ""]));
    rows[3].relay = true;
    reject(&instance, &plan(&instance, rows), &[RelayContents]);
}

#[test]
fn a_file_that_does_not_fit_is_told_but_not_what_is_held_already() {
    let mut json = house();
    json["requests"].as_array_mut().unwrap().push(json!({"node": "p3", "content": "hamlet"}));
    let full = instance(&json);
    let mut rows = good_rows(&full);
    rows.push(row(&full, "p3", "hamlet", &["o1", ""]));
    reject(&full, &plan(&full, rows.clone()), &[Storage]);
    json["nodes"][3]["storage_mb"] = json!(700);
    let roomy = instance(&json);
    accept(&roomy, &plan(&roomy, rows.clone()));
    json["nodes"][3]["storage_mb"] = json!(600);
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "p3", "content": "hamlet", "substreams": [1]}));
    let held = instance(&json);
    accept(&held, &plan(&held, rows));
}

#[test]
fn a_link_filled_beyond_its_capacity_is_told() {
    let mut json = house();
    json["links"][0]["used_kbps"] = json!(6001);
    let instance = instance(&json);
    reject(&instance, &plan(&instance, good_rows(&instance)), &[LinkCapacity]);
}

#[test]
fn a_link_that_is_full_from_elsewhere_is_no_fault_of_the_plan() {
    let mut json = house();
    json["links"][1]["capacity_kbps"] = json!(5);
    json["links"][1]["used_kbps"] = json!(10);
    let instance = instance(&json);
    accept(&instance, &plan(&instance, good_rows(&instance)));
}

#[test]
fn a_flow_without_a_route_is_told() {
    let mut json = house();
    json["links"][0]["state"] = json!("down");
    let instance = instance(&json);
    reject(&instance, &plan(&instance, good_rows(&instance)), &[NoRoute]);
}

#[test]
fn nodes_that_cannot_connect_are_told_unless_they_share_an_enterprise() {
    let mut json = house();
    json["nodes"][2]["nat"] = json!("symmetric");
    let apart = instance(&json);
    reject(&apart, &plan(&apart, good_rows(&apart)), &[NotConnected]);
    json["networks"][1]["kind"] = json!("enterprise");
    let at_home = instance(&json);
    accept(&at_home, &plan(&at_home, good_rows(&at_home)));
}

#[test]
fn a_delay_is_told_where_no_policy_asks_for_one() {
    broken(|_, plan| plan.assignments[0].delay = Some(1.0), &[Delay]);
}

#[test]
fn an_unserved_request_that_holds_enough_is_told() {
    let mut json = house();
    json["holdings"].as_array_mut().unwrap().push(json!({"node": "p3", "content": "final"}));
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    rows[2] = row(&instance, "p3", "final", &["", "", "", ""]);
    accept(&instance, &plan(&instance, rows.clone()));
    rows.truncate(2);
    let mut plan = plan(&instance, rows);
    plan.unserved.push(unserved(&instance, "p3", "final", Reason::Capacity));
    reject(&instance, &plan, &[Unserved]);
}

#[test]
fn reasons_that_cannot_be_true_are_told() {
    let unserved_for = |reason| {
        move |instance: &Instance, plan: &mut Plan| {
            plan.assignments.truncate(2);
            plan.unserved.push(unserved(instance, "p3", "final", reason));
        }
    };
    broken(unserved_for(Reason::Capacity), &[]);
    broken(unserved_for(Reason::Unreachable), &[]);
    for reason in [Reason::NoSource, Reason::Policy, Reason::Depth, Reason::Displaced] {
        broken(unserved_for(reason), &[WrongReason]);
    }
}

#[test]
fn no_source_and_displaced_come_before_capacity() {
    let mut json = house();
    json["previous"] = json!([{"node": "p3", "content": "final", "parents": ["o1", "o1", "gone", "o1"]}]);
    let displaced = instance(&json);
    let mut left = plan(&displaced, good_rows(&displaced)[..2].to_vec());
    left.unserved.push(unserved(&displaced, "p3", "final", Reason::Capacity));
    reject(&displaced, &left, &[WrongReason]);
    left.unserved[0].reason = Reason::Displaced;
    accept(&displaced, &left);
    json["holdings"] = json!([{"node": "o1", "content": "final", "substreams": [0, 1, 2]}]);
    let no_source = instance(&json);
    let mut none = plan(&no_source, Vec::new());
    none.unserved = ["p1", "p2", "p3"].map(|node| unserved(&no_source, node, "final", Reason::NoSource)).to_vec();
    accept(&no_source, &settle(&no_source, none.clone()));
    none.unserved[2].reason = Reason::Displaced;
    reject(&no_source, &settle(&no_source, none), &[WrongReason]);
}

#[test]
fn a_pending_request_keeps_its_parents_and_counts_no_service() {
    let instance = instance(&house());
    let mut rows = good_rows(&instance);
    rows.truncate(2);
    let mut waits = plan(&instance, rows);
    waits.pending.push(row(&instance, "p3", "final", &["p2", "p2", "p2", ""]));
    let waits = settle(&instance, waits);
    accept(&instance, &waits);
    assert_eq!(waits.service.value, 3.0);
    let served = Plan { pending: vec![row(&instance, "p3", "final", &["p2"; 4])], ..waits };
    reject(&instance, &settle(&instance, served), &[Pending]);
}

#[test]
fn what_a_pending_request_passes_on_counts() {
    let mut json = house();
    json["nodes"][3]["uplink_kbps"] = json!(4000);
    let instance = instance(&json);
    let mut rows = good_rows(&instance);
    let p3 = row(&instance, "p3", "final", &["o1", "o1", "o1", ""]);
    rows.truncate(1);
    rows.push(row(&instance, "p2", "final", &["p3", "p3", "p3", "o1"]));
    let mut waits = plan(&instance, rows);
    waits.pending.push(p3);
    accept(&instance, &settle(&instance, waits));
}

#[test]
fn rows_about_unknown_links_are_told() {
    broken(
        |_, plan| {
            let load = pleach::units::Kbps(0);
            plan.links.push(pleach::plan::LinkUse { link: LinkId::new(40), load, price: None });
        },
        &[UnknownId],
    );
}
