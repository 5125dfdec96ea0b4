//! The bound that needs no prices: every copy takes a slot of somebody's uplink.
//!
//! Holders and nodes that may relay bring their uplinks, requests bring theirs once served, as far as limits let them
//! (`outlets`). Possession and links are left out. Taking requests in order of worth for each kbps that they take beyond what
//! they bring, the last one in part, no plan serves more (Dantzig 1957).

use super::super::loads::joint_limit;
use super::earnings::Market;
use super::outlets;
use crate::ids::{Id, PolicyId};

/// A part of a request: what serving it is worth, and the kbps that it takes beyond what it brings.
struct Part {
    worth: f64,
    takes: f64,
}

/// No plan has more service; `shares`, by policy, say how much of a kbps that a limit on flows together counts is charged.
pub(super) fn most_service(market: &Market<'_>, shares: &[f64]) -> f64 {
    let instance = market.instance;
    let sent = outlets::most_sent(market, shares);
    let mut ready: Vec<bool> = instance.nodes.iter().map(|node| node.relay_contents != Some(0)).collect();
    for holding in instance.holdings.iter().filter(|holding| holding.mask != 0) {
        ready[holding.node.index()] = true;
    }
    let uplinks: f64 = sent.iter().zip(&ready).filter(|(_, ready)| **ready).map(|(sent, _)| sent).sum();
    let mut room = uplinks + lent(market, shares);
    let mut parts = Vec::with_capacity(2 * instance.requests.len());
    for request in instance.requests.iter() {
        let content = &instance.contents[request.content];
        let (rate, all) = (content.rate().0 as f64, f64::from(content.substreams));
        let held = f64::from(instance.held(request.node, request.content).count_ones());
        let least = held.max(f64::from(market.law.fewest(request.node, request.content)));
        let parents = f64::from(market.law.parents(request.node, request.content));
        let is_ready = ready[request.node.index()];
        let brings = if is_ready { 0.0 } else { sent[request.node.index()] };
        let each = market.law.weight(request) / all;
        parts.push(Part { worth: each * least, takes: (least - held) * rate * parents - brings });
        parts.push(Part { worth: each * (all - least), takes: (all - least) * rate * parents });
    }
    let (mut scarce, free): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| part.takes > 0.0);
    let mut service: f64 = free.iter().map(|part| part.worth).sum();
    room -= free.iter().map(|part| part.takes).sum::<f64>();
    scarce.sort_unstable_by(|a, b| (b.worth * a.takes).total_cmp(&(a.worth * b.takes)));
    for part in scarce {
        let share = (room / part.takes).clamp(0.0, 1.0);
        service += share * part.worth;
        room -= share * part.takes;
    }
    service
}

/// What limits on flows together let through, as far as those flows are charged for it, kbps.
fn lent(market: &Market<'_>, shares: &[f64]) -> f64 {
    let instance = market.instance;
    let of = |(p, share): (usize, &f64)| {
        let most = joint_limit(&instance.policies[p].rule, instance.time).unwrap_or_default();
        if market.law.in_force(PolicyId::new(p)) { share * market.filled(most) } else { 0.0 }
    };
    shares.iter().enumerate().filter(|(_, share)| **share > 0.0).map(of).sum()
}
