//! The numbers of a plan, held against what they should be: values, bounds, loads, use of policies, changes, statistics.

use super::Examination;
use super::law::Law;
use super::loads;
use super::sums::Sums;
use super::violation::{Violation, ViolationKind};
use crate::ids::{Id, PolicyId};
use crate::instance::Instance;
use crate::plan::file::Changes;
use crate::plan::{Plan, Value};

/// Values agree within this, relative to the larger.
const TOLERANCE: f64 = 1e-6;

/// Which side of a value its bound lies on.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Above,
    Below,
}

/// Holds all numbers of the plan against the sums.
pub(super) fn judge(instance: &Instance, plan: &Plan, law: &Law<'_>, sums: &Sums, examination: &mut Examination) {
    let total: f64 = instance.requests.iter().map(|request| request.weight).sum();
    let mut told = Vec::new();
    value("service", &plan.service, examination.service, 1e-9 * total, Side::Above, &mut told);
    value("relaxation", &plan.relaxation, examination.relaxation, 0.0, Side::Below, &mut told);
    value("cost", &plan.cost, examination.cost.value(), 0.0, Side::Below, &mut told);
    links(instance, plan, sums, &mut told);
    policies(instance, plan, law, sums, &mut told);
    changes(&plan.changes, &sums.changes, &mut told);
    statistics(plan, examination, &mut told);
    examination.violations.extend(told);
}

/// Two numbers agree within the tolerance of the contract; `slack` is allowed beside it.
pub(super) fn agree(a: f64, b: f64, slack: f64) -> bool {
    (a - b).abs() <= (TOLERANCE * a.abs().max(b.abs())).max(slack).max(1e-9)
}

/// A value is right, its bound is not beaten, and its gap follows from both.
fn value(name: &str, told: &Value, right: f64, slack: f64, side: Side, violations: &mut Vec<Violation>) {
    let mut tell = |kind, text: String| violations.push(Violation::new(kind, name, text));
    if !agree(told.value, right, slack) {
        tell(ViolationKind::WrongValue, format!("the plan says {}, it is {right}", told.value));
    }
    let Some(bound) = told.bound else {
        if told.gap.is_some() {
            tell(ViolationKind::WrongBound, "a gap without a bound".into());
        }
        return;
    };
    let beaten = if side == Side::Above { right > bound } else { right < bound };
    if !bound.is_finite() || (beaten && !agree(bound, right, slack)) {
        tell(ViolationKind::WrongBound, format!("the bound {bound} is beaten by the plan's own {right}"));
    }
    let gap = (bound - told.value).abs() / bound.abs().max(told.value.abs()).max(1e-9);
    if !told.gap.is_some_and(|told| (told - gap).abs() <= TOLERANCE) {
        tell(ViolationKind::WrongBound, format!("the gap is {gap}, the plan says {:?}", told.gap));
    }
}

/// Loads of the links that the plan lists.
fn links(instance: &Instance, plan: &Plan, sums: &Sums, violations: &mut Vec<Violation>) {
    let mut seen = vec![false; instance.links.len()];
    for row in &plan.links {
        let Some(link) = instance.links.get(row.link) else {
            violations.push(Violation::new(ViolationKind::UnknownId, "links", "a load of an unknown link"));
            continue;
        };
        let load = link.used.0.saturating_add(sums.links[row.link.index()]);
        if row.load.0 != load {
            let text = format!("the plan says {} kbps, it is {load}", row.load.0);
            violations.push(Violation::new(ViolationKind::WrongLinks, link.id.as_str(), text));
        }
        if std::mem::replace(&mut seen[row.link.index()], true) {
            violations.push(Violation::new(ViolationKind::DuplicateRow, link.id.as_str(), "the link stands twice"));
        }
    }
}

/// Use of the policies that the plan lists.
fn policies(instance: &Instance, plan: &Plan, law: &Law<'_>, sums: &Sums, violations: &mut Vec<Violation>) {
    let mut seen = vec![false; instance.policies.len()];
    for row in &plan.policies {
        let p = row.policy.index();
        let Some(policy) = instance.policies.get(p) else {
            violations.push(Violation::new(ViolationKind::UnknownId, "policies", "use of an unknown policy"));
            continue;
        };
        let mut tell = |kind, text: String| violations.push(Violation::new(kind, policy.id.as_str(), text));
        if row.matched != sums.matched[p] {
            tell(ViolationKind::WrongPolicies, format!("the plan says {} matched, it is {}", row.matched, sums.matched[p]));
        }
        if let Some(limit) = loads::joint_limit(&policy.rule, instance.time)
            && law.in_force(PolicyId::new(p))
        {
            let usage = row.usage.is_none_or(|usage| u128::from(usage.0) == sums.limited[p]);
            if !usage || row.limit.is_some_and(|told| told != limit) {
                tell(ViolationKind::WrongPolicies, format!("matching flows carry {} kbps of {}", sums.limited[p], limit.0));
            }
        }
        if std::mem::replace(&mut seen[p], true) {
            tell(ViolationKind::DuplicateRow, "the policy stands twice".into());
        }
    }
}

fn changes(told: &Changes, right: &Changes, violations: &mut Vec<Violation>) {
    if told != right {
        let text = format!("the plan says {told:?}, it is {right:?}");
        violations.push(Violation::new(ViolationKind::WrongChanges, "changes", text));
    }
}

fn statistics(plan: &Plan, right: &Examination, violations: &mut Vec<Violation>) {
    let (told, right) = (&plan.statistics, &right.statistics);
    let whole = [
        ("requests", told.requests, right.requests),
        ("served", told.served, right.served),
        ("max_depth", told.max_depth, right.max_depth),
    ];
    let mut tell = |name: &str, text: String| {
        violations.push(Violation::new(ViolationKind::WrongStatistics, format!("statistics.{name}"), text));
    };
    for (name, told, right) in whole.into_iter().filter(|(_, told, right)| told != right) {
        tell(name, format!("the plan says {told}, it is {right}"));
    }
    let shares = [("peer_offload", told.peer_offload, right.peer_offload), ("mean_depth", told.mean_depth, right.mean_depth)];
    for (name, told, right) in shares.into_iter().filter(|(_, told, right)| !agree(*told, *right, 0.0)) {
        tell(name, format!("the plan says {told}, it is {right}"));
    }
}
