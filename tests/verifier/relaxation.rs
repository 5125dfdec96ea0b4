//! Which policies a request may be exempt from, and what that costs.

use super::house::*;
use pleach::instance::Instance;
use pleach::plan::Value;
use pleach::verify::ViolationKind::*;
use serde_json::{Value as Json, json};

/// One policy about files for each rule that can be relaxed: the good plan has nothing to do with it.
fn relaxable() -> Vec<Json> {
    let about_files = |rule: Json| policy(rule, json!({"content": {"kind": ["file"]}}));
    [
        json!({"forbid": {}}),
        json!({"limit_rate": {"max_kbps": 0}}),
        json!({"limit_volume": {"max_gb": 0, "period_end": "2026-12-01T00:00:00Z"}}),
        json!({"limit_node_rate": {"max_kbps": 0}}),
        json!({"limit_copies": {"network": "b", "max": 0}}),
        json!({"require_copies": {"network": "b", "links": ["b>a"]}}),
        json!({"delay": {"seconds": 10}}),
        json!({"redundancy": {"parents": 2}}),
        json!({"max_depth": {"hops": 0}}),
        json!({"max_delay": {"ms": 0}}),
    ]
    .map(about_files)
    .into()
}

/// The good plan, with `p3` exempt.
fn exempt(policy: Json) -> (Instance, pleach::plan::Plan) {
    let instance = with_policy(policy);
    let mut rows = good_rows(&instance);
    rows[2].relaxed = vec![law()];
    let plan = plan(&instance, rows);
    (instance, plan)
}

#[test]
fn what_is_relaxed_counts_by_its_rank_needed_or_not() {
    for policy in relaxable() {
        let (instance, mut plan) = exempt(policy);
        accept(&instance, &plan);
        assert_eq!(plan.relaxation.value, 0.5);
        plan.relaxation = Value::new(0.0, None);
        reject(&instance, &plan, &[WrongValue]);
    }
}

#[test]
fn a_policy_that_is_not_relaxable_exempts_nobody() {
    for mut policy in relaxable() {
        policy["relaxable"] = json!(false);
        let (instance, plan) = exempt(policy);
        let found = reject(&instance, &plan, &[Relaxed]);
        assert_eq!((found.len(), found[0].place.as_str()), (1, "p3/final"));
    }
}

#[test]
fn rules_about_worth_are_never_relaxed() {
    for rule in [
        json!({"prefer": {"cost": 1}}),
        json!({"priority": {"weight": 2}}),
        json!({"degrade": {"min_substreams": 3}}),
        json!({"protocol": {"name": "rtp"}}),
    ] {
        let (instance, plan) = exempt(policy(rule, json!({"content": {"kind": ["file"]}})));
        reject(&instance, &plan, &[Relaxed]);
    }
}

#[test]
fn a_relay_is_exempt_from_nothing() {
    for policy in relaxable() {
        let instance = with_policy(policy);
        let mut rows = good_rows(&instance);
        rows.push(relay(&instance, "w1", "final", &["o1", "", "", ""]));
        rows[3].relaxed = vec![law()];
        reject(&instance, &plan(&instance, rows), &[Relay]);
    }
}

#[test]
fn what_waits_may_be_exempt_and_its_relaxation_counts() {
    let instance = with_policy(policy(json!({"limit_rate": {"max_kbps": 8000}}), json!({})));
    let mut plan = plan(&instance, good_rows(&instance));
    plan.pending = vec![row(&instance, "p3", "final", &["p2", "p2", "", ""])];
    plan.assignments.truncate(2);
    plan.pending[0].relaxed = vec![law()];
    let mut plan = settle(&instance, plan);
    accept(&instance, &plan);
    assert_eq!(plan.relaxation.value, 0.5);
    plan.pending[0].relaxed.clear();
    reject(&instance, &settle(&instance, plan), &[LimitRate]);
}

#[test]
fn the_flows_of_others_still_count() {
    let instance = with_policy(policy(json!({"limit_rate": {"max_kbps": 7999}}), json!({})));
    let mut rows = good_rows(&instance);
    rows[2].relaxed = vec![law()];
    reject(&instance, &plan(&instance, rows.clone()), &[LimitRate]);
    rows[1].relaxed = vec![law()];
    let plan = plan(&instance, rows);
    accept(&instance, &plan);
    assert_eq!(plan.relaxation.value, 1.0, "once for each request");
}
