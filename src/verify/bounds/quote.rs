//! The least price of one copy of a content, for each node that may receive it, over all nodes that may send it.
//!
//! Kinds of nodes are asked about, not nodes. Where cost counts, the senders of a kind are looked through one by one, for
//! each place of receivers, from the most promising kind on, until no other can be cheaper.

use super::super::network::{Pair, km};
use super::earnings::Market;
use super::reading::{Cut, Prices};
use crate::ids::{ContentId, Id, LinkId, NodeId};
use crate::instance::policy::Rule;
use crate::instance::{Ends, Node};
use crate::units::UnitCost;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// What is added to lower bounds on distances, km, and to those on unit costs, so that rounding cannot lift them.
const ROUNDING: (f64, f64) = (0.001, 1e-6);

/// Asks for prices of one content.
pub(super) struct Quote<'a> {
    pub(super) market: &'a Market<'a>,
    prices: &'a Prices,
    pub(super) content: ContentId,
    cuts: Vec<&'a Cut>,
    /// Cost of flows counts beside prices.
    with_cost: bool,
    /// Some policy delays receivers.
    delays: bool,
    /// For each kind whether one of its senders holds something.
    holding: Vec<bool>,
    /// For each kind its senders, of those that cost the same at one place only one.
    senders: Vec<Vec<NodeId>>,
}

/// What a kind of senders asks of a kind of receivers.
pub(super) struct Offer<'a> {
    senders: &'a [NodeId],
    /// Prices of a copy, its cost aside.
    price: f64,
    pair: &'a Pair,
    preferred: f64,
    /// Least unit cost of a sender, nearness aside where that depends on places.
    least: f64,
    /// All senders have places, within so many km of the first.
    radius: Option<f64>,
}

impl Offer<'_> {
    /// The links that a copy crosses.
    pub fn links(&self) -> &[LinkId] {
        &self.pair.links
    }
}

impl<'a> Quote<'a> {
    /// A content, and the nodes that may send it.
    pub fn new(
        market: &'a Market<'a>,
        prices: &'a Prices,
        content: ContentId,
        senders: impl Iterator<Item = NodeId>,
        with_cost: bool,
    ) -> Quote<'a> {
        let cuts = prices.cuts.iter().filter(|cut| cut.content == content && cut.price > 0.0).collect();
        let mut by_kind = vec![Vec::new(); market.kinds.len()];
        let (delays, mut holding) = (market.law.delays(), vec![false; market.kinds.len()]);
        let mut known = rustc_hash::FxHashSet::default();
        for sender in senders {
            let kind = market.kinds.kind(sender);
            holding[kind] |= delays && market.instance.held(sender, content) != 0;
            let node = &market.instance.nodes[sender];
            let place = node.place.map(|place| (place.lat.to_bits(), place.lon.to_bits()));
            let worth = [node.cost, node.loss, node.availability].map(f64::to_bits);
            if (with_cost || by_kind[kind].is_empty()) && known.insert((kind, place, worth)) {
                by_kind[kind].push(sender);
            }
        }
        Quote { market, prices, content, cuts, with_cost, delays, holding, senders: by_kind }
    }

    /// The least price for each receiver; infinite where nobody can send.
    pub fn least(&self, receivers: &[NodeId]) -> Vec<f64> {
        let kinds = self.market.kinds;
        let mut by_kind: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        for (row, receiver) in receivers.iter().enumerate() {
            by_kind.entry(kinds.kind(*receiver)).or_default().push(row);
        }
        let by_kind: Vec<(usize, Vec<usize>)> = by_kind.into_iter().collect();
        let quoted = |(kind, rows): &(usize, Vec<usize>)| {
            let offers = self.offers(*kind);
            if !self.with_cost {
                let least = offers.iter().map(|offer| offer.price).fold(f64::INFINITY, f64::min);
                return rows.iter().map(|row| (*row, least)).collect();
            }
            let key = |row: usize| {
                let place = self.market.instance.nodes[receivers[row]].place;
                place.map(|place| (place.lat.to_bits(), place.lon.to_bits()))
            };
            let mut places: FxHashMap<_, Vec<usize>> = FxHashMap::default();
            rows.iter().for_each(|row| places.entry(key(*row)).or_default().push(*row));
            let places: Vec<Vec<usize>> = places.into_values().collect();
            let at = |rows: &Vec<usize>| {
                let least = self.cheapest(&offers, receivers[rows[0]]);
                rows.iter().map(|row| (*row, least)).collect::<Vec<_>>()
            };
            places.par_iter().flat_map_iter(at).collect::<Vec<_>>()
        };
        let found: Vec<(usize, f64)> = by_kind.par_iter().flat_map_iter(quoted).collect();
        let mut least = vec![f64::INFINITY; receivers.len()];
        found.into_iter().for_each(|(row, price)| least[row] = price);
        self.add_measured(receivers, &mut least);
        least
    }

    /// What all kinds of senders ask of a kind of receivers.
    fn offers(&self, child: usize) -> Vec<Offer<'_>> {
        let cuts = self.cuts_around(child);
        let kinds = (0..self.senders.len()).filter(|kind| !self.senders[*kind].is_empty());
        kinds.filter_map(|kind| self.offer(kind, child, &cuts)).collect()
    }

    /// Somebody of this kind may send.
    pub(super) fn sends(&self, kind: usize) -> bool {
        !self.senders[kind].is_empty()
    }

    /// The cuts that hold the receivers of a kind.
    pub(super) fn cuts_around(&self, child: usize) -> Vec<&'a Cut> {
        self.cuts.iter().copied().filter(|cut| cut.inside[self.group(child)]).collect()
    }

    /// The group of a kind.
    pub(super) fn group(&self, kind: usize) -> usize {
        self.market.group[self.market.kinds.sample[kind].index()] as usize
    }

    /// What one kind asks of another for a copy; `cuts` are those that hold the receivers. `None`: it may not send.
    fn offer(&self, parent: usize, child: usize, cuts: &[&Cut]) -> Option<Offer<'_>> {
        let mut offer = self.terms(parent, child, cuts)?;
        if self.with_cost {
            let nearness = offer.pair.rtt_ms.map_or(0.0, |rtt_ms| self.market.weights.rtt_weight * rtt_ms / 100.0);
            let units = offer.senders.iter().map(|sender| self.unit(*sender, &offer, nearness, offer.pair.loss));
            offer.least = units.fold(f64::INFINITY, f64::min);
            offer.radius = radius(offer.senders.iter().map(|sender| &self.market.instance.nodes[*sender]));
        }
        Some(offer)
    }

    /// The same, without a look at single senders.
    pub(super) fn terms(&self, parent: usize, child: usize, cuts: &[&Cut]) -> Option<Offer<'_>> {
        let Market { instance, law, network, kinds, .. } = *self.market;
        let (from, to) = (self.group(parent), self.group(child));
        let (a, b) = (kinds.sample[parent], kinds.sample[child]);
        let (source, destination) = (&instance.nodes[a], &instance.nodes[b]);
        if !network.connect(source, destination) {
            return None;
        }
        let pair = network.pair(source.network, destination.network)?;
        let mut kbps = self.prices.uplink[from] + self.prices.downlink[to];
        kbps += pair.links.iter().map(|link| self.prices.link[*link]).sum::<f64>();
        let (mut preferred, mut copies) = (0.0, 0.0);
        // A child is never ahead of its parent; holders are at the live edge.
        let mut forbidden = self.delays && !self.holding[parent] && law.late(a, self.content) > law.late(b, self.content);
        if !instance.policies.is_empty() {
            law.on_flow(a, b, self.content, &pair.crossed, |policy| match law.policy(policy).rule {
                Rule::Forbid {} => forbidden = true,
                Rule::Prefer { cost } => preferred += cost,
                Rule::LimitCopies { .. } => {
                    copies += self.prices.copies.get(&(policy, self.content)).copied().unwrap_or(0.0);
                }
                Rule::LimitRate { .. } | Rule::LimitVolume { .. } => kbps += self.prices.limit[policy.index()],
                Rule::LimitNodeRate(_) => {
                    kbps += self.prices.node_limit[policy.index()].get(from).copied().unwrap_or(0.0);
                }
                _ => {}
            });
        }
        let entered: f64 = cuts.iter().filter(|cut| !cut.inside[from]).map(|cut| cut.price).sum();
        let rate = instance.contents[self.content].rate().0 as f64;
        let price = self.prices.send[self.content][from] + copies - entered + kbps * rate;
        let offer = Offer { senders: &self.senders[parent], price, pair, preferred, least: 0.0, radius: None };
        (!forbidden).then_some(offer)
    }

    /// Unit cost of a flow before it is rounded (contract, section 4), churn aside.
    fn unit(&self, parent: NodeId, offer: &Offer<'_>, nearness: f64, loss: Option<f64>) -> f64 {
        let (parent, weights) = (&self.market.instance.nodes[parent], &self.market.weights);
        let loss = weights.loss_weight * loss.unwrap_or(parent.loss);
        let absence = weights.availability_weight * (1.0 - parent.availability);
        parent.cost + offer.pair.cost + nearness + loss + absence + offer.preferred
    }

    /// The least price for a receiver of the kind that the offers are for.
    fn cheapest(&self, offers: &[Offer<'_>], child: NodeId) -> f64 {
        let instance = self.market.instance;
        let (mbps, receiver) = (instance.contents[self.content].rate().mbps(), &instance.nodes[child]);
        let far = self.market.weights.distance_weight / 1000.0;
        let at_least = |offer: &Offer<'_>| {
            let nearness = match (offer.pair.rtt_ms, offer.radius, receiver.place) {
                (None, Some(radius), Some(_)) => {
                    far * (km(&instance.nodes[offer.senders[0]], receiver) - radius - ROUNDING.0).max(0.0)
                }
                _ => 0.0,
            };
            offer.price + mbps * ((offer.least + nearness).max(0.0) - ROUNDING.1)
        };
        let mut promising: Vec<(f64, &Offer<'_>)> = offers.iter().map(|offer| (at_least(offer), offer)).collect();
        promising.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut best = f64::INFINITY;
        for (at_least, offer) in promising {
            if at_least >= best {
                break;
            }
            if offer.pair.rtt_ms.is_some() {
                best = best.min(offer.price + mbps * rounded(offer.least));
                continue;
            }
            for sender in offer.senders {
                let nearness = far * km(&instance.nodes[*sender], receiver);
                best = best.min(offer.price + mbps * rounded(self.unit(*sender, offer, nearness, offer.pair.loss)));
            }
        }
        best
    }

    /// Pairs of nodes with measurements of their own may be cheaper. That others may be dearer is left out: the bound is
    /// weaker by it, and no less a bound.
    fn add_measured(&self, receivers: &[NodeId], least: &mut [f64]) {
        let Market { instance, kinds, .. } = *self.market;
        if !self.with_cost {
            return;
        }
        let rows: FxHashMap<NodeId, usize> = receivers.iter().enumerate().map(|(row, node)| (*node, row)).collect();
        for path in &instance.paths {
            let Ends::Nodes(parent, child) = path.ends else { continue };
            let Some(row) = rows.get(&child) else { continue };
            let (from, to) = (kinds.kind(parent), kinds.kind(child));
            let terms = self.terms(from, to, &self.cuts_around(to));
            if let Some(offer) = terms.filter(|offer| !offer.senders.is_empty()) {
                least[*row] = least[*row].min(self.exact(parent, child, &offer));
            }
        }
    }

    /// The price of one copy from one node to another under the terms of their kinds, churn aside.
    pub(super) fn exact(&self, parent: NodeId, child: NodeId, offer: &Offer<'_>) -> f64 {
        let Market { instance, network, weights, .. } = *self.market;
        let (rtt_ms, loss) = network.measured(parent, child, offer.pair);
        let nearness = match rtt_ms {
            Some(rtt_ms) => weights.rtt_weight * rtt_ms / 100.0,
            None => weights.distance_weight * km(&instance.nodes[parent], &instance.nodes[child]) / 1000.0,
        };
        offer.price + instance.contents[self.content].rate().mbps() * rounded(self.unit(parent, offer, nearness, loss))
    }
}

fn rounded(unit: f64) -> f64 {
    UnitCost::rounded(unit.max(0.0)).value()
}

/// How far from the first the farthest is; `None` if one has no place.
fn radius<'a>(mut nodes: impl Iterator<Item = &'a Node>) -> Option<f64> {
    let centre = nodes.next().filter(|node| node.place.is_some())?;
    nodes.try_fold(0.0, |most: f64, node| node.place.map(|_| most.max(km(centre, node))))
}
