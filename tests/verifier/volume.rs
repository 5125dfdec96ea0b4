//! `limit_volume`: what is left of a volume, spread over what is left of its period.

use super::house::*;
use pleach::plan::PolicyUse;
use pleach::units::Kbps;
use pleach::verify::ViolationKind::*;
use serde_json::{Value as Json, json};

/// A volume for what crosses `a>b`, where the good plan puts 4000 kbps; 1000 s are left of the period.
fn volume(max_gb: f64, used_gb: f64) -> Json {
    json!({"limit_volume": {"max_gb": max_gb, "used_gb": used_gb, "period_end": "2026-11-23T10:16:40Z"}})
}

fn to_b() -> Json {
    json!({"crosses": {"id": ["a>b"]}})
}

#[test]
fn what_is_left_of_the_volume_is_a_rate_for_all_matching_flows_together() {
    obeyed(volume(0.5, 0.0), to_b());
    obeyed(volume(1.5, 1.0), to_b());
    assert_eq!(broken(volume(1.5, 1.25), to_b(), LimitVolume), 1);
    obeyed(volume(1.5, 1.25), json!({"crosses": {"id": ["b>a"]}}));
}

#[test]
fn the_rate_is_floored() {
    broken(volume(0.499_999, 0.0), to_b(), LimitVolume);
    obeyed(volume(0.500_06, 0.0), to_b());
}

#[test]
fn a_volume_that_is_used_up_leaves_nothing() {
    broken(volume(1.0, 1.0), to_b(), LimitVolume);
    broken(volume(1.0, 2.0), to_b(), LimitVolume);
    obeyed(volume(1.0, 2.0), json!({"content": {"kind": ["file"]}}));
}

#[test]
fn a_volume_is_not_in_force_once_its_period_has_ended() {
    let until = |end: &str| json!({"limit_volume": {"max_gb": 1e-9, "period_end": end}});
    broken(until("2026-11-23T10:00:01Z"), to_b(), LimitVolume);
    obeyed(until("2026-11-23T10:00:00Z"), to_b());
    obeyed(until("2026-11-23T11:59:59+02:00"), to_b());
}

#[test]
fn flows_into_a_request_that_relaxes_it_do_not_count() {
    let instance = with_policy(policy(volume(0.25, 0.0), json!({"content": {"id": ["final"]}, "crosses": {}})));
    let mut rows = good_rows(&instance);
    reject(&instance, &plan(&instance, rows.clone()), &[LimitVolume]);
    rows[1].relaxed = vec![law()];
    accept(&instance, &plan(&instance, rows));
}

#[test]
fn its_use_and_its_limit_are_recounted() {
    let (instance, mut plan) = under(volume(0.500_06, 0.0), to_b());
    let right =
        PolicyUse { policy: law(), matched: 3, usage: Some(Kbps(4000)), limit: Some(Kbps(4000)), binding: true, price: None };
    plan.policies = vec![right.clone()];
    accept(&instance, &plan);
    for wrong in [PolicyUse { usage: Some(Kbps(3999)), ..right.clone() }, PolicyUse { limit: Some(Kbps(4001)), ..right }] {
        plan.policies = vec![wrong];
        reject(&instance, &plan, &[WrongPolicies]);
    }
}
