//! What prices prove: the rent of what stands ready, and the most that requests and relays can earn beyond what they pay.

use super::super::law::Law;
use super::super::loads::{joint_limit, node_limit};
use super::super::network::Network;
use super::churn;
use super::kinds::Kinds;
use super::quote::Quote;
use super::reading::Prices;
use super::whole::{Parties, Whole};
use crate::ids::{ContentId, Id, NodeId, PolicyId};
use crate::instance::policy::Rule;
use crate::instance::{Instance, Node, Request};
use crate::parameters::Weights;
use crate::units::Kbps;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Rounding of long sums that a bound must not profit from, relative.
const SUMS: f64 = 1e-10;

/// An instance, read for bounds.
pub(super) struct Market<'a> {
    pub instance: &'a Instance,
    pub law: &'a Law<'a>,
    pub network: &'a Network<'a>,
    pub weights: Weights,
    pub kinds: &'a Kinds,
    /// Group of each node.
    pub group: &'a [u32],
}

/// A request that can be served: substreams that it holds, needs at least, and can receive, and the parents of each.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    held: f64,
    least: f64,
    most: f64,
    pub parents: f64,
}

impl Market<'_> {
    /// No plan has more service.
    pub fn most_service(&self, prices: &Prices) -> f64 {
        self.most(prices, 1.0, false) * (1.0 + SUMS)
    }

    /// No plan with at least this service costs less.
    pub fn least_cost(&self, prices: &Prices, service: f64) -> f64 {
        let most = self.most(prices, prices.service, true);
        ((prices.service * service - most) * (1.0 - SUMS)).max(0.0)
    }

    /// The most of `worth` times service, less the cost of flows, that any plan makes, every constraint with a price being
    /// for sale at it.
    fn most(&self, prices: &Prices, worth: f64, with_cost: bool) -> f64 {
        let instance = self.instance;
        let mut asked = vec![Vec::new(); instance.contents.len()];
        for request in instance.requests.iter() {
            if let Some(wish) = self.wish(request) {
                asked[request.content.index()].push((request, wish));
            }
        }
        let mut sum = self.rent(prices);
        let mut relayed: BTreeMap<NodeId, Vec<f64>> = BTreeMap::new();
        for content in instance.contents.ids() {
            let asked = &asked[content.index()];
            let idle: Vec<NodeId> = instance.nodes.ids().filter(|node| self.may_relay(*node, content)).collect();
            let receivers: Vec<NodeId> = asked.iter().map(|(request, _)| request.node).chain(idle.iter().copied()).collect();
            let holders = instance.holdings.iter().filter(|holding| holding.content == content && holding.mask != 0);
            let senders = receivers.iter().copied().chain(holders.map(|holding| holding.node));
            let senders = senders.filter(|node| self.slots(*node, content) > 0.0);
            let quote = Quote::new(self, prices, content, senders, with_cost);
            let least = quote.least(&receivers);
            let steps = if with_cost { churn::steps(&quote, asked, &least, &idle) } else { FxHashMap::default() };
            let mut owed = self.owed(prices, content);
            let whole = Whole::of(&quote, prices, &Parties { content, asked, idle: &idle });
            whole.owed.into_iter().for_each(|(node, more)| *owed.entry(node).or_insert(0.0) += more);
            sum += whole.rent;
            for ((request, wish), price) in asked.iter().zip(&least) {
                let owed = owed.get(&request.node).copied().unwrap_or(0.0);
                let steps = steps.get(&request.node).map(|steps| &steps[..]);
                sum += self.earned(prices, request, *wish, (*price, steps), worth, owed);
            }
            for (node, price) in idle.iter().zip(&least[asked.len()..]) {
                relayed.entry(*node).or_default().push(self.relayed(prices, *node, content, *price));
            }
        }
        sum + relayed.into_iter().map(|(node, earned)| self.best_relayed(node, earned)).sum::<f64>()
    }

    /// The most that a node earns by passing on a content; less than 0 where it does not pay.
    fn relayed(&self, prices: &Prices, node: NodeId, content: ContentId, price: f64) -> f64 {
        // One copy is the least that lets it send; where copies are paid for, it takes them all.
        let copies = if price < 0.0 { f64::from(self.instance.contents[content].substreams) } else { 1.0 };
        self.send(prices, node, content) * self.slots(node, content) - price * copies
    }

    /// The sum over the contents that pay best, as many as the node may relay.
    fn best_relayed(&self, node: NodeId, mut earned: Vec<f64>) -> f64 {
        earned.sort_by(|a, b| b.total_cmp(a));
        let most = self.instance.nodes[node].relay_contents.map_or(usize::MAX, |most| most as usize);
        earned.iter().take(most).take_while(|earned| **earned > 0.0).sum()
    }

    /// The most that a request earns: nothing, or served with the least or the most that it can receive. A copy has one price
    /// for all substreams, or each substream its own: then it is served with the least and all that pay for themselves.
    fn earned(
        &self,
        prices: &Prices,
        request: &Request,
        wish: Wish,
        (price, steps): (f64, Option<&[f64]>),
        worth: f64,
        owed: f64,
    ) -> f64 {
        let content = &self.instance.contents[request.content];
        let each = worth * self.law.weight(request) / f64::from(content.substreams);
        // Holders stand ready and have been paid for that.
        let ready = wish.held > 0.0;
        let slots = if ready { 0.0 } else { self.slots(request.node, request.content) };
        let brought = self.send(prices, request.node, request.content) * slots;
        let paid = |copies: f64| if copies > 0.0 { price * copies * wish.parents } else { 0.0 };
        let served = |copies: f64| each * (wish.held + copies) - paid(copies);
        let most = match steps.map(|steps| &steps[..steps.len().min(wish.most as usize)]) {
            None => served(wish.least).max(served(wish.most)),
            Some(steps) => {
                let (needed, further) = steps.split_at(wish.least as usize);
                let further = further.iter().map(|price| (each - price).max(0.0));
                each * (wish.held + wish.least) - needed.iter().sum::<f64>() + further.sum::<f64>()
            }
        };
        (brought - owed + most).max(0.0)
    }

    /// What requests for a content owe for the copies that must enter the sets they stand in.
    fn owed(&self, prices: &Prices, content: ContentId) -> FxHashMap<NodeId, f64> {
        let mut owed = FxHashMap::default();
        for cut in prices.cuts.iter().filter(|cut| cut.content == content) {
            let each = cut.owed(self.law);
            cut.requests.iter().for_each(|node| *owed.entry(*node).or_insert(0.0) += each);
        }
        owed
    }

    /// What all that stands ready brings at these prices.
    fn rent(&self, prices: &Prices) -> f64 {
        let instance = self.instance;
        let mut sum = 0.0;
        let mut add = |price: f64, most: &dyn Fn() -> f64| {
            if price > 0.0 {
                sum += price * most();
            }
        };
        for (id, link) in instance.links.pairs() {
            let room = || link.capacity.map_or(f64::INFINITY, |most| self.filled(most.saturating_sub(link.used)));
            add(prices.link[id], &room);
        }
        for (id, node) in instance.nodes.pairs() {
            let group = self.group[id.index()] as usize;
            add(prices.uplink[group], &|| self.most_sent(id, node));
            add(prices.downlink[group], &|| node.downlink.map_or(f64::INFINITY, |most| most.0 as f64));
        }
        for holding in instance.holdings.iter().filter(|holding| holding.mask != 0) {
            add(self.send(prices, holding.node, holding.content), &|| self.slots(holding.node, holding.content));
        }
        for (p, policy) in instance.policies.iter().enumerate().filter(|(p, _)| self.law.in_force(PolicyId::new(*p))) {
            match &policy.rule {
                Rule::LimitRate { .. } | Rule::LimitVolume { .. } => {
                    add(prices.limit[p], &|| self.filled(joint_limit(&policy.rule, instance.time).unwrap_or_default()));
                }
                Rule::LimitCopies { max, .. } => {
                    for (id, content) in instance.contents.pairs() {
                        let price = prices.copies.get(&(PolicyId::new(p), id)).copied().unwrap_or(0.0);
                        add(price, &|| f64::from(*max) * f64::from(content.substreams));
                    }
                }
                Rule::LimitNodeRate(rate) if !prices.node_limit[p].is_empty() => {
                    for (id, node) in instance.nodes.pairs() {
                        let most = || self.filled(node_limit(rate, node.uplink).min(node.uplink));
                        add(prices.node_limit[p][self.group[id.index()] as usize], &most);
                    }
                }
                _ => {}
            }
        }
        sum
    }

    fn send(&self, prices: &Prices, node: NodeId, content: ContentId) -> f64 {
        prices.send[content][self.group[node.index()] as usize]
    }

    /// What a request can receive; `None` if it can never be served.
    fn wish(&self, request: &Request) -> Option<Wish> {
        let content = &self.instance.contents[request.content];
        let held = self.instance.held(request.node, request.content).count_ones();
        let downlink = self.instance.nodes[request.node].downlink;
        let room = downlink.map_or(u64::MAX, |most| most.0 / content.rate().0.max(1));
        let parents = self.law.parents(request.node, request.content);
        let most = (room / u64::from(parents)).min(u64::from(content.substreams - held));
        let least = u64::from(self.law.fewest(request.node, request.content).saturating_sub(held));
        let wish = Wish { held: f64::from(held), least: least as f64, most: most as f64, parents: f64::from(parents) };
        (least <= most).then_some(wish)
    }

    /// Copies that a served request takes at the least beyond those that it can send.
    pub(super) fn beyond(&self, request: &Request, wish: &Wish) -> i128 {
        // Holders stand ready, served or not.
        let slots = if wish.held > 0.0 { 0.0 } else { self.slots(request.node, request.content) };
        (wish.least * wish.parents - slots) as i128
    }

    /// It may pass the content on without having asked for it.
    fn may_relay(&self, node: NodeId, content: ContentId) -> bool {
        self.instance.nodes[node].relay_contents != Some(0)
            && self.instance.request(node, content).is_none()
            && self.instance.held(node, content) == 0
    }

    /// Copies of a content that fit in the uplink of a node.
    pub(super) fn slots(&self, node: NodeId, content: ContentId) -> f64 {
        (self.instance.nodes[node].uplink.0 / self.instance.contents[content].rate().0.max(1)) as f64
    }

    /// kbps that flows can fill of a capacity: whole copies where all contents have one rate.
    pub(super) fn filled(&self, capacity: Kbps) -> f64 {
        let rates = self.instance.contents.iter().map(|content| content.rate().0);
        filled(capacity, rates)
    }

    /// kbps that a node can send at most: whole copies where all that it may send has one rate.
    pub fn most_sent(&self, id: NodeId, node: &Node) -> f64 {
        let instance = self.instance;
        let may_send = |content: &ContentId| {
            node.relay_contents != Some(0) || instance.held(id, *content) != 0 || instance.request(id, *content).is_some()
        };
        filled(node.uplink, instance.contents.ids().filter(may_send).map(|content| instance.contents[content].rate().0))
    }
}

/// kbps of a capacity that copies of these rates can fill.
fn filled(capacity: Kbps, mut rates: impl Iterator<Item = u64>) -> f64 {
    match rates.next() {
        None => 0.0,
        Some(rate) if rates.all(|other| other == rate) => (capacity.0 - capacity.0 % rate.max(1)) as f64,
        Some(_) => capacity.0 as f64,
    }
}
