//! Bounds that need no program: what no plan can serve, whatever its trees.
//!
//! The knapsack bound: every substream that a request receives takes a slot of somebody's uplink; holders and relays
//! bring theirs, requesters bring theirs once served. Taking requests in order of density, the last one in part, bounds
//! service from above (Dantzig 1957), since possession, order and links are left out and every uplink is counted at the most it
//! can send, where policies limit it at the most that they let through.

use crate::forest::Forest;
use crate::ids::{ContentId, NodeId, PolicyId, Table};
use crate::instance::{Instance, condition};
use crate::policy::Rules;
use crate::program::outlets::Outlets;
use crate::program::supply;

/// By how much shares are changed, up or down, in each round.
const STEPS: [f64; 6] = [1.0, 0.5, 0.25, 0.5, 0.125, 0.0625];

/// Something that can be taken in part: its value, and the kbps it takes beyond what it brings.
#[derive(Clone, Copy, Debug)]
struct Item {
    value: f64,
    net: f64,
}

/// What the knapsack proves.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// An upper bound on service.
    pub(super) service: f64,
    /// For each row of [`Rules::limits`] the part of a kbps of uplink that counting against it is worth there, 0 to 1
    /// (`program::outlets`).
    pub(super) shares: Vec<f64>,
}

/// An upper bound on service.
pub fn knapsack_bound(instance: &Instance, rules: &Rules) -> f64 {
    counted(instance, rules, &Outlets::of(instance, rules), &[]).service
}

/// The same, with shares of the limits that a plan fills (`filled`, rows); those of the others are 0.
pub(super) fn counted(instance: &Instance, rules: &Rules, outlets: &Outlets, filled: &[usize]) -> Counted {
    let mut shares = vec![0.0; rules.limits.len()];
    let bound = |shares: &[f64]| {
        let lent = rules.limits.iter().zip(shares).map(|(limit, share)| share * supply::fillable(instance, limit.max));
        knapsack(instance, rules, &outlets.sends(shares), lent.sum())
    };
    let mut best = bound(&shares);
    for step in STEPS.iter().filter(|_| !filled.is_empty()) {
        for row in filled {
            for to in [shares[*row] + step, shares[*row] - step].map(|share: f64| share.clamp(0.0, 1.0)) {
                let before = std::mem::replace(&mut shares[*row], to);
                let found = if to == before { f64::INFINITY } else { bound(&shares) };
                if found < best {
                    best = found;
                    break;
                }
                shares[*row] = before;
            }
        }
    }
    Counted { service: best, shares }
}

/// Rows of the limits that are never relaxed which let no flow more through.
pub(super) fn filled(forest: &Forest<'_>, strict: Option<&Rules>) -> Vec<usize> {
    let rules = forest.rules;
    let filled: Vec<PolicyId> = forest.filled_limits().into_iter().map(|row| rules.limits[row].policy).collect();
    let limits = strict.unwrap_or(rules).limits.iter().enumerate();
    limits.filter(|(_, limit)| filled.contains(&limit.policy)).map(|(row, _)| row).collect()
}

/// The knapsack with what each node sends at most, and `lent` kbps that limits let through.
fn knapsack(instance: &Instance, rules: &Rules, sends: &Table<NodeId, f64>, lent: f64) -> f64 {
    let standing = instance.nodes.ids().filter(|node| sends_anyway(instance, *node));
    let mut supply = lent + standing.map(|node| sends[node]).sum::<f64>();
    let mut value = 0.0;
    let mut items = Vec::new();
    for (id, request) in instance.requests.pairs() {
        let content = &instance.contents[request.content];
        let held = instance.held(request.node, request.content).count_ones();
        let share = rules.weight[id] / f64::from(content.substreams);
        let rate = content.rate().0 as f64;
        let least = rules.least(instance, request.node, request.content).max(held);
        let parents = f64::from(rules.redundancy(request.node, request.content, &[]).parents);
        let brings = if sends_anyway(instance, request.node) { 0.0 } else { sends[request.node] };
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
