//! What a node can send at most where policies limit its flows, for the count of slots.
//!
//! Whoever receives from a node takes each substream once, and policies tell which limits count it. So a node sends no more than
//! its uplink, no more of each sort of flow than its receivers lack, and no more than a limit on single sources lets
//! through of what that limit counts. A kbps in flows that are limited together may be charged a share of itself: then the
//! limit's whole amount is lent to everybody, and the bound is one by weak duality whatever the shares are.

use super::super::loads::node_limit;
use super::earnings::Market;
use crate::ids::{Id, NodeId, PolicyId};
use crate::instance::policy::{NodeRate, Rule};
use crate::units::Kbps;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Flows that the same policies limit, by those that limit all together and those that limit each source: kbps that may be
/// received.
type Sorts = BTreeMap<(Vec<PolicyId>, Vec<PolicyId>), f64>;

/// What each node can send at most, kbps; `shares` by policy.
pub(super) fn most_sent(market: &Market<'_>, shares: &[f64]) -> Vec<f64> {
    let nodes: Vec<NodeId> = market.instance.nodes.ids().collect();
    let whole = |node: NodeId| market.most_sent(node, &market.instance.nodes[node]);
    if market.instance.policies.is_empty() {
        return nodes.into_iter().map(whole).collect();
    }
    let lacking = lacking(market);
    let most = |node: &NodeId| match sorts(market, &lacking, *node, whole(*node)) {
        Some(sorts) => limited(market, &sorts, *node, whole(*node), shares),
        None => whole(*node),
    };
    nodes.par_iter().map(most).collect()
}

/// kbps that a node lacks of each content that it may receive.
fn lacks<'m>(market: &Market<'m>, node: NodeId) -> impl Iterator<Item = (usize, f64)> + use<'m> {
    let instance = market.instance;
    let relays = instance.nodes[node].relay_contents != Some(0);
    let receives = move |content: &crate::ids::ContentId| relays || instance.request(node, *content).is_some();
    instance.contents.ids().filter(receives).map(move |id| {
        let content = &instance.contents[id];
        let missing = content.substreams - instance.held(node, id).count_ones();
        (id.index(), f64::from(missing) * content.rate().0 as f64)
    })
}

/// For each content what the nodes of each kind lack together.
fn lacking(market: &Market<'_>) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; market.kinds.len()]; market.instance.contents.len()];
    for node in market.instance.nodes.ids() {
        lacks(market, node).for_each(|(content, kbps)| sums[content][market.kinds.kind(node)] += kbps);
    }
    sums
}

/// The flows that a node may send; `None`: those that nothing limits already fill its uplink.
fn sorts(market: &Market<'_>, lacking: &[Vec<f64>], node: NodeId, whole: f64) -> Option<Sorts> {
    let Market { instance, law, network, kinds, .. } = *market;
    let mut sorts = Sorts::new();
    let mut free = 0.0;
    let may_send = |content: &crate::ids::ContentId| {
        let row = &instance.nodes[node];
        row.relay_contents != Some(0) || instance.held(node, *content) != 0 || instance.request(node, *content).is_some()
    };
    for content in instance.contents.ids().filter(may_send) {
        for (kind, sum) in lacking[content.index()].iter().enumerate().filter(|(_, sum)| **sum > 0.0) {
            let to = kinds.sample[kind];
            if !network.connect(&instance.nodes[node], &instance.nodes[to]) {
                continue;
            }
            let Some(pair) = network.pair(instance.nodes[node].network, instance.nodes[to].network) else { continue };
            let (mut forbidden, mut together, mut single) = (false, Vec::new(), Vec::new());
            law.on_flow(node, to, content, &pair.crossed, |policy| match law.policy(policy).rule {
                Rule::Forbid {} => forbidden = true,
                Rule::LimitRate { .. } | Rule::LimitVolume { .. } => together.push(policy),
                Rule::LimitNodeRate(_) => single.push(policy),
                _ => {}
            });
            if forbidden {
                continue;
            }
            let own = lacks(market, node).filter(|(of, _)| *of == content.index() && kinds.kind(node) == kind);
            let kbps = sum - own.map(|(_, kbps)| kbps).sum::<f64>();
            if together.is_empty() && single.is_empty() {
                free += kbps;
                if free >= whole {
                    return None;
                }
            }
            *sorts.entry((together, single)).or_insert(0.0) += kbps;
        }
    }
    // What only the node itself would receive is no flow: limits that count all others count everything.
    sorts.retain(|_, kbps| *kbps > 0.0);
    Some(sorts)
}

/// The most that these flows are worth: the least over the limits on single sources of what each of them, with those that
/// count all flows, leaves.
fn limited(market: &Market<'_>, sorts: &Sorts, node: NodeId, whole: f64, shares: &[f64]) -> f64 {
    let uplink = market.instance.nodes[node].uplink;
    let through = |policy: &PolicyId| match &market.law.policy(*policy).rule {
        Rule::LimitNodeRate(rate) => let_through(market, rate, uplink),
        _ => f64::INFINITY,
    };
    let mut singles: Vec<PolicyId> = sorts.keys().flat_map(|(_, single)| single.iter().copied()).collect();
    singles.sort_unstable();
    singles.dedup();
    let counts_all = |policy: &PolicyId| sorts.keys().all(|(_, single)| single.contains(policy));
    let (all, some): (Vec<PolicyId>, Vec<PolicyId>) = singles.into_iter().partition(counts_all);
    let most = all.iter().map(through).fold(whole, f64::min);
    let worth = |together: &[PolicyId]| 1.0 - together.iter().map(|policy| shares[policy.index()]).sum::<f64>();
    let mut flows: Vec<(f64, f64, &[PolicyId])> =
        sorts.iter().map(|((together, single), kbps)| (worth(together), *kbps, &single[..])).collect();
    flows.retain(|(worth, ..)| *worth > 0.0);
    flows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let filled = |limit: Option<(&PolicyId, f64)>| {
        let (mut room, mut within) = (most, limit.map_or(f64::INFINITY, |(_, most)| most));
        let mut sum = 0.0;
        for (worth, kbps, single) in &flows {
            let is_counted = limit.is_some_and(|(policy, _)| single.contains(policy));
            let sent = if is_counted { kbps.min(room).min(within) } else { kbps.min(room) };
            room -= sent;
            if is_counted {
                within -= sent;
            }
            sum += worth * sent;
        }
        sum
    };
    some.iter().map(|policy| filled(Some((policy, through(policy))))).fold(filled(None), f64::min)
}

fn let_through(market: &Market<'_>, rate: &NodeRate, uplink: Kbps) -> f64 {
    market.filled(node_limit(rate, uplink).min(uplink))
}
