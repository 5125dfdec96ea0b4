//! What each missing substream costs a request for which a topology is in force.
//!
//! A flow whose parent is not among those that `previous` gave the child for the substream costs `churn_weight` more
//! (contract, section 4); where it gave none, nothing does. So a copy comes from an earlier parent at that node's price,
//! or from whoever is cheapest, and is charged. Parents of one substream are different nodes: each earlier one sends one.

use super::earnings::Wish;
use super::quote::{Offer, Quote};
use crate::ids::NodeId;
use crate::instance::{Parents, Request};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// A rounded sum of unit costs may be less than the rounded cost and churn together, by so much per Mbps.
const ROUNDING: f64 = 1e-6;
/// Requests that one thread looks at in turn.
const TOGETHER: usize = 1024;

/// For each request with earlier parents the prices of the substreams that it lacks, all copies of each counted, cheapest
/// first. `least`: what a copy costs each from whoever is cheapest, churn aside; `idle`: nodes that may relay.
pub(super) fn steps(
    quote: &Quote<'_>,
    asked: &[(&Request, Wish)],
    least: &[f64],
    idle: &[NodeId],
) -> FxHashMap<NodeId, Vec<f64>> {
    let instance = quote.market.instance;
    if instance.previous.is_empty() {
        return FxHashMap::default();
    }
    let sends = sends(quote, asked, idle);
    let some = |(asked, least): (&[(&Request, Wish)], &[f64])| {
        let mut earlier = Earlier { quote, sends: &sends, terms: FxHashMap::default() };
        let mut found = Vec::new();
        for ((request, wish), least) in asked.iter().zip(least) {
            if let Some(before) = instance.previous_of(request.node, request.content) {
                found.push((request.node, earlier.steps(request, wish.parents as usize, before, *least)));
            }
        }
        found
    };
    asked.par_chunks(TOGETHER).zip(least.par_chunks(TOGETHER)).flat_map_iter(some).collect()
}

/// The substreams that each node may send, a bit for each: holders what they hold, receivers any.
fn sends(quote: &Quote<'_>, asked: &[(&Request, Wish)], idle: &[NodeId]) -> FxHashMap<NodeId, u64> {
    let mut sends = FxHashMap::default();
    let holdings = quote.market.instance.holdings.iter().filter(|holding| holding.content == quote.content);
    let receivers = asked.iter().map(|(request, _)| request.node).chain(idle.iter().copied());
    for (node, mask) in holdings.map(|holding| (holding.node, holding.mask)).chain(receivers.map(|node| (node, u64::MAX))) {
        if quote.market.slots(node, quote.content) > 0.0 {
            *sends.entry(node).or_insert(0) |= mask;
        }
    }
    sends
}

/// Asks what earlier parents would cost.
struct Earlier<'a> {
    quote: &'a Quote<'a>,
    sends: &'a FxHashMap<NodeId, u64>,
    /// Terms between kinds that were asked for already.
    terms: FxHashMap<(usize, usize), Option<Offer<'a>>>,
}

impl Earlier<'_> {
    /// The prices of the missing substreams of one request, cheapest first.
    fn steps(&mut self, request: &Request, parents: usize, before: &Parents, least: f64) -> Vec<f64> {
        let market = self.quote.market;
        let content = &market.instance.contents[request.content];
        let charge = (market.weights.churn_weight - ROUNDING).max(0.0) * content.rate().mbps();
        let held = market.instance.held(request.node, request.content);
        let mut steps = Vec::new();
        for substream in (0..content.substreams).filter(|substream| held >> substream & 1 == 0) {
            let earlier: Vec<NodeId> = before.of(substream as usize).collect();
            let other = if earlier.is_empty() { least } else { least + charge };
            let mut copies = vec![other; parents];
            copies.extend(earlier.into_iter().filter_map(|parent| self.price(parent, request.node, substream)));
            copies.sort_unstable_by(f64::total_cmp);
            steps.push(copies[..parents].iter().sum());
        }
        steps.sort_unstable_by(f64::total_cmp);
        steps
    }

    /// What a copy from an earlier parent costs; `None` if it is gone or may not send it.
    fn price(&mut self, parent: NodeId, child: NodeId, substream: u32) -> Option<f64> {
        if parent == child || self.sends.get(&parent)? >> substream & 1 == 0 {
            return None;
        }
        let (quote, kinds) = (self.quote, self.quote.market.kinds);
        let ends = (kinds.kind(parent), kinds.kind(child));
        let terms = self.terms.entry(ends).or_insert_with(|| quote.terms(ends.0, ends.1, &quote.cuts_around(ends.1)));
        terms.as_ref().map(|terms| quote.exact(parent, child, terms))
    }
}
