//! What a request pays where a topology is in force: churn, or the price of a parent that it had.
//!
//! Of the k parents of a substream each is one that the topology in force gave it, at that parent's own price, or another,
//! at no less than the least price of any copy and the cost of churn. The cheapest k give the least price of the substream,
//! the cheapest n substreams that of n. Where the topology gave a substream no parents at all there is no churn.

use super::World;
use super::quote::Quote;
use crate::ids::NodeId;
use crate::instance::{Parents, Request};
use crate::program::supply;

/// What rounding may take from the cost of churn, per Mbps.
const ROUNDING: f64 = 1e-6;

/// Prices of 0, 1, ... further substreams for a request that had the parents `before`. `least` is the least price of a copy
/// from anybody, churn aside; `parents`: of each substream.
pub(super) fn prices(quote: &Quote<'_>, request: &Request, before: &Parents, least: f64, parents: usize) -> Box<[f64]> {
    let World { instance, rules, .. } = quote.world;
    let content = &instance.contents[request.content];
    let charged = least + (rules.weights.churn_weight - ROUNDING).max(0.0) * content.rate().mbps();
    let held = instance.held(request.node, request.content);
    let mut known: Vec<(NodeId, f64)> = Vec::new();
    let mut own: Vec<f64> = Vec::new();
    let mut of_substream = |s: u32| {
        if before.of(s as usize).next().is_none() {
            return least * parents as f64;
        }
        own.clear();
        for parent in before.of(s as usize).filter(|parent| can_send(quote, *parent, request.node, s)) {
            let asked = known.iter().find(|(node, _)| *node == parent).map(|(_, price)| *price);
            own.push(asked.unwrap_or_else(|| {
                let price = quote.exactly(parent, request.node).unwrap_or(f64::INFINITY);
                known.push((parent, price));
                price
            }));
        }
        own.sort_unstable_by(f64::total_cmp);
        (0..parents).map(|copy| own.get(copy).copied().unwrap_or(charged).min(charged)).sum()
    };
    let missing = (0..content.substreams).filter(|s| held >> s & 1 == 0);
    let mut each: Vec<f64> = missing.map(&mut of_substream).collect();
    each.sort_unstable_by(f64::total_cmp);
    let sums = each.iter().scan(0.0, |sum, price| {
        *sum += price;
        Some(*sum)
    });
    std::iter::once(0.0).chain(sums).collect()
}

/// A node that is still there may send a substream to another: it has room for a copy, and holds or may receive it.
fn can_send(quote: &Quote<'_>, parent: NodeId, child: NodeId, substream: u32) -> bool {
    let (World { instance, rules, .. }, content) = (quote.world, quote.content);
    if parent == NodeId::GONE || parent == child || supply::role(instance, parent, content).slots == 0.0 {
        return false;
    }
    let held = instance.held(parent, content);
    held >> substream & 1 == 1
        || match instance.request(parent, content) {
            Some(request) => supply::tier(instance, rules, request).is_some(),
            None => held == 0 && instance.nodes[parent].relay_contents != Some(0),
        }
}
