//! The bound that needs no prices: every copy takes a slot of somebody's uplink.
//!
//! Holders and nodes that may relay bring their uplinks, requests bring theirs once served. Possession, routes, links and
//! policies are left out. Taking requests in order of worth for each kbps that they take beyond what they bring, the last
//! one in part, no plan serves more (Dantzig 1957).

use super::earnings::Market;
use crate::ids::Id;

/// A part of a request: what serving it is worth, and the kbps that it takes beyond what it brings.
struct Part {
    worth: f64,
    takes: f64,
}

/// No plan has more service.
pub(super) fn most_service(market: &Market<'_>) -> f64 {
    let instance = market.instance;
    let mut ready: Vec<bool> = instance.nodes.iter().map(|node| node.relay_contents != Some(0)).collect();
    for holding in instance.holdings.iter().filter(|holding| holding.mask != 0) {
        ready[holding.node.index()] = true;
    }
    let uplinks = instance.nodes.pairs().zip(&ready).filter(|(_, ready)| **ready);
    let mut room: f64 = uplinks.map(|((id, node), _)| market.most_sent(id, node)).sum();
    let mut parts = Vec::with_capacity(2 * instance.requests.len());
    for request in instance.requests.iter() {
        let (content, node) = (&instance.contents[request.content], &instance.nodes[request.node]);
        let (rate, all) = (content.rate().0 as f64, f64::from(content.substreams));
        let held = f64::from(instance.held(request.node, request.content).count_ones());
        let least = held.max(f64::from(market.law.fewest(request.node, request.content)));
        let parents = f64::from(market.law.parents(request.node, request.content));
        let is_ready = ready[request.node.index()];
        let brings = if is_ready { 0.0 } else { market.most_sent(request.node, node) };
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
