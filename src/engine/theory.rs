//! Bounds that need no program: what no plan can serve, whatever its trees.
//!
//! The knapsack bound: every substream that a request receives takes a slot of somebody's uplink; holders and relays
//! bring theirs, requesters bring theirs once served. Taking requests in order of density, the last one in part, bounds
//! service from above (Dantzig 1957), since possession, order, links, policies and connectivity are left out and every
//! uplink is counted at the most it can send.

use crate::ids::{ContentId, NodeId};
use crate::instance::{Instance, condition};
use crate::policy::Rules;
use crate::program::supply::most_sent;

/// Something that can be taken in part: its value, and the kbps it takes beyond what it brings.
#[derive(Clone, Copy, Debug)]
struct Item {
    value: f64,
    net: f64,
}

/// An upper bound on service.
pub fn knapsack_bound(instance: &Instance, rules: &Rules) -> f64 {
    let mut supply = standing_supply(instance);
    let mut value = 0.0;
    let mut items = Vec::new();
    for (id, request) in instance.requests.pairs() {
        let content = &instance.contents[request.content];
        let held = instance.held(request.node, request.content).count_ones();
        let share = rules.weight[id] / f64::from(content.substreams);
        let rate = content.rate().0 as f64;
        let least = rules.least(instance, request.node, request.content).max(held);
        let parents = f64::from(rules.redundancy(request.node, request.content, &[]).parents);
        let brings = if sends_anyway(instance, request.node) { 0.0 } else { most_sent(instance, request.node) };
        items.push(Item { value: share * f64::from(least), net: f64::from(least - held) * rate * parents - brings });
        items.push(Item {
            value: share * f64::from(content.substreams - least),
            net: f64::from(content.substreams - least) * rate * parents,
        });
    }
    items.retain(|item| {
        if item.net <= 0.0 {
            supply -= item.net;
            value += item.value;
        }
        item.net > 0.0
    });
    items.sort_unstable_by(|a, b| (b.value * a.net).total_cmp(&(a.value * b.net)));
    for item in items {
        let part = (supply / item.net).clamp(0.0, 1.0);
        value += part * item.value;
        supply -= part * item.net;
    }
    value
}

/// A lower bound on the relaxation of plans with this service, which under all policies is at most `unrelaxed`: whoever has
/// more breaks one of them at least once.
pub(super) fn least_relaxation(instance: &Instance, service: f64, unrelaxed: Option<f64>) -> f64 {
    let total: f64 = instance.requests.iter().map(|request| request.weight).sum();
    if unrelaxed.is_none_or(|most| service <= most * (1.0 + 1e-6) + 1e-9 * total) {
        return 0.0;
    }
    let relaxable = instance.policies.iter().filter(|policy| policy.relaxable && condition::in_force(policy, instance));
    relaxable.map(|policy| 1.0 / f64::from(policy.rank)).fold(f64::INFINITY, f64::min)
}

/// kbps of nodes that can send whoever is served: holders, and nodes that may relay.
fn standing_supply(instance: &Instance) -> f64 {
    instance.nodes.ids().filter(|node| sends_anyway(instance, *node)).map(|node| most_sent(instance, node)).sum()
}

/// It holds something or may relay: it can send whoever is served.
pub(super) fn sends_anyway(instance: &Instance, node: NodeId) -> bool {
    instance.nodes[node].relay_contents != Some(0) || contents_held(instance, node).next().is_some()
}

fn contents_held(instance: &Instance, node: NodeId) -> impl Iterator<Item = ContentId> + '_ {
    let first = instance.holdings.partition_point(|holding| holding.node < node);
    instance.holdings[first..]
        .iter()
        .take_while(move |holding| holding.node == node)
        .filter(|holding| holding.mask != 0)
        .map(|h| h.content)
}

/// The largest common rate in a full mesh of one content, kbps: `min(u_s, (u_s + sum u_i) / N)` (Kumar, Liu, Ross 2007).
/// `None` where several contents compete or nobody asks.
pub fn full_mesh_rate(instance: &Instance) -> Option<f64> {
    if instance.contents.len() != 1 || instance.requests.is_empty() {
        return None;
    }
    let holders: f64 = instance.holdings.iter().map(|holding| instance.nodes[holding.node].uplink.0 as f64).sum();
    let askers = instance.requests.iter().filter(|request| instance.held(request.node, request.content) == 0);
    let all: f64 = holders + askers.map(|request| instance.nodes[request.node].uplink.0 as f64).sum::<f64>();
    Some(holders.min(all / instance.requests.len() as f64))
}
