//! What is added up over all flows: uplinks, children, links, and limits of policies.

use super::law::Law;
use super::violation::{Violation, ViolationKind};
use crate::ids::{Id, NodeId, PolicyId};
use crate::instance::Instance;
use crate::instance::policy::{Decimal, NodeRate, Rule};
use crate::units::Kbps;
use jiff::Timestamp;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Uplinks and distinct children.
pub(super) fn nodes(instance: &Instance, sent: &[AtomicU64], children: &[AtomicU32], violations: &mut Vec<Violation>) {
    for ((_, node), sent) in instance.nodes.pairs().zip(sent) {
        let sent = sent.load(Ordering::Relaxed);
        if sent > node.uplink.0 {
            let text = format!("it sends {sent} kbps of {}", node.uplink.0);
            violations.push(Violation::new(ViolationKind::Uplink, node.id.as_str(), text));
        }
    }
    for ((_, node), children) in instance.nodes.pairs().zip(children) {
        let children = children.load(Ordering::Relaxed);
        if let Some(most) = node.max_children
            && children > most
        {
            let text = format!("it has {children} children of at most {most}");
            violations.push(Violation::new(ViolationKind::MaxChildren, node.id.as_str(), text));
        }
    }
}

/// Capacities of the links that the plan puts something on.
pub(super) fn links(instance: &Instance, crossing: &[u64], violations: &mut Vec<Violation>) {
    for ((_, link), crossing) in instance.links.pairs().zip(crossing) {
        if let Some(capacity) = link.capacity
            && *crossing > 0
            && link.used.0 + crossing > capacity.0
        {
            let text = format!("{} kbps used and {crossing} kbps crossing exceed {} kbps", link.used.0, capacity.0);
            violations.push(Violation::new(ViolationKind::LinkCapacity, link.id.as_str(), text));
        }
    }
}

/// Limits of policies, on all matching flows and on single sources.
pub(super) fn limits(
    instance: &Instance,
    law: &Law<'_>,
    limited: &[u128],
    node_rates: &[Option<Vec<AtomicU64>>],
    violations: &mut Vec<Violation>,
) {
    for (p, policy) in instance.policies.iter().enumerate().filter(|(p, _)| law.in_force(PolicyId::new(*p))) {
        match (&policy.rule, &node_rates[p]) {
            (Rule::LimitRate { .. } | Rule::LimitVolume { .. }, _) => {
                let most = joint_limit(&policy.rule, instance.time).unwrap_or_default();
                if limited[p] > u128::from(most.0) {
                    let is_rate = matches!(policy.rule, Rule::LimitRate { .. });
                    let kind = if is_rate { ViolationKind::LimitRate } else { ViolationKind::LimitVolume };
                    let text = format!("matching flows carry {} kbps of {}", limited[p], most.0);
                    violations.push(Violation::new(kind, policy.id.as_str(), text));
                }
            }
            (Rule::LimitNodeRate(rate), Some(sent)) => {
                for (node, sent) in sent.iter().enumerate() {
                    let (sent, node) = (sent.load(Ordering::Relaxed), &instance.nodes[NodeId::new(node)]);
                    let most = node_limit(rate, node.uplink);
                    if sent > most.0 {
                        let text = format!("{} sends {sent} kbps of {} in matching flows", node.id, most.0);
                        violations.push(Violation::new(ViolationKind::LimitNodeRate, policy.id.as_str(), text));
                    }
                }
            }
            _ => {}
        }
    }
}

/// What matching flows may carry together: a rate, or what is left of a volume over what is left of its period.
pub(super) fn joint_limit(rule: &Rule, time: Timestamp) -> Option<Kbps> {
    match rule {
        Rule::LimitRate { max_kbps } => Some(*max_kbps),
        Rule::LimitVolume { max_gb, used_gb, period_end } => {
            let seconds = period_end.duration_since(time).as_secs_f64();
            let kbps = (max_gb - used_gb) * 8e6 / seconds;
            // A volume that is used up leaves nothing.
            Some(Kbps(kbps.floor().max(0.0) as u64))
        }
        _ => None,
    }
}

/// What one source of this uplink may send in matching flows.
pub(super) fn node_limit(rate: &NodeRate, uplink: Kbps) -> Kbps {
    match rate {
        NodeRate::MaxKbps(most) => *most,
        NodeRate::MaxFraction(fraction) => floor_of(fraction, uplink),
    }
}

/// `floor(fraction * uplink)` digit by digit, from the last one: exact, and no product is large.
fn floor_of(fraction: &Decimal, uplink: Kbps) -> Kbps {
    let uplink = u128::from(uplink.0);
    let (mut digits, mut carried) = (fraction.digits, 0u128);
    for _ in 0..fraction.scale {
        if digits == 0 && carried == 0 {
            return Kbps(0);
        }
        carried = (uplink * (digits % 10) + carried) / 10;
        digits /= 10;
    }
    Kbps(u64::try_from(digits.saturating_mul(uplink).saturating_add(carried)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_spread_over_what_is_left_of_its_period() {
        let time: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let of = |max_gb, used_gb, period_end: &str| {
            let rule = Rule::LimitVolume { max_gb, used_gb, period_end: period_end.parse().unwrap() };
            joint_limit(&rule, time).unwrap().0
        };
        assert_eq!(of(1.0, 0.0, "2026-11-22T00:00:08Z"), 1_000_000);
        assert_eq!(of(1.0, 0.0, "2026-11-22T00:00:03Z"), 2_666_666);
        assert_eq!(of(2.0, 1.5, "2026-11-22T00:00:00.5Z"), 8_000_000);
        assert_eq!(of(1.0, 2.0, "2026-11-22T00:00:08Z"), 0);
        assert_eq!(of(1e300, 0.0, "2026-11-22T00:00:01Z"), u64::MAX);
    }

    #[test]
    fn a_fraction_of_an_uplink_is_floored_exactly() {
        let of = |digits, scale, uplink| floor_of(&Decimal { digits, scale }, Kbps(uplink)).0;
        assert_eq!(of(3, 1, 10), 3);
        assert_eq!(of(29, 2, 100), 29, "0.29 * 100 is 28.999… in floats");
        assert_eq!(of(333, 3, 1000), 333);
        assert_eq!(of(999_999, 6, 1_000_000), 999_999);
        assert_eq!(of(1, 0, 3000), 3000);
        assert_eq!(of(10, 1, 3000), 3000);
        assert_eq!(of(0, 0, 3000), 0);
        assert_eq!(of(5, 1, 3), 1);
        assert_eq!(of(u128::from(u64::MAX), 20, 1_000_000_000_000), 184_467_440_737);
        assert_eq!(of(1, 4_000_000_000, 1_000_000_000_000), 0);
    }
}
