//! Who may send and receive one content, and which pairs of seats a substream may run between.

use super::relaxing::Asked;
use crate::ids::{ContentId, NodeId, PolicyId, RequestId};
use crate::instance::Instance;
use crate::policy::{Arc, Rules};
use std::collections::VecDeque;

/// A node that holds a content, asks for it, or may relay it.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// Who.
    pub(super) node: NodeId,
    /// Substreams held, a bit for each.
    pub(super) held: u64,
    /// Its request, if it asks.
    pub(super) request: Option<RequestId>,
    /// It may receive the content only to pass it on.
    pub(super) relay: bool,
    /// Policies that may be relaxed for its request.
    pub(super) relaxable: Vec<PolicyId>,
    /// Most hops below a holder that it may sit.
    pub(super) hops: Asked<u32>,
    /// How late what it receives is, seconds.
    pub(super) delay: Asked<f64>,
}

/// Two seats, by their places, between which flows may run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) parent: usize,
    pub(super) child: usize,
    pub(super) arc: Arc,
}

/// The seats of one content and their pairs.
pub(super) struct Hall {
    pub(super) content: ContentId,
    pub(super) seats: Vec<Seat>,
    pairs: Vec<Pair>,
}

/// One substream of a hall: what of it can be reached at all, whatever is relaxed.
pub(super) struct Layer {
    /// Pairs that may carry it.
    pub(super) pairs: Vec<Pair>,
    /// Least hops below a holder of each seat: 0 for holders; `None`: out of reach.
    pub(super) nearest: Vec<Option<u32>>,
    /// Most hops below a holder of each seat in any tree.
    pub(super) deepest: Vec<u32>,
}

impl Seat {
    /// The seat of a node for a content, if it has one.
    fn of(instance: &Instance, rules: &Rules, node: NodeId, content: ContentId) -> Option<Seat> {
        let (held, request) = (instance.held(node, content), instance.request(node, content));
        let relay = held == 0 && request.is_none() && instance.nodes[node].relay_contents != Some(0);
        if held == 0 && request.is_none() && !relay {
            return None;
        }
        let relaxable: Vec<PolicyId> = match request {
            Some(_) => rules.relaxable(node, content).map(|(policy, _)| policy).collect(),
            None => Vec::new(),
        };
        let hops = Asked::of(&relaxable, |exempt| rules.depth_limit(node, content, exempt));
        let delay = Asked::of(&relaxable, |exempt| rules.delay(node, content, exempt));
        Some(Seat { node, held, request, relay, relaxable, hops, delay })
    }

    /// It holds a substream.
    pub(super) fn holds(&self, substream: u32) -> bool {
        self.held >> substream & 1 == 1
    }

    /// What it receives of a substream may suit a child: some choice of what is relaxed makes it no later than the child.
    fn may_feed(&self, child: &Seat, substream: u32) -> bool {
        let most = child.delay.unless.iter().map(|(_, seconds)| *seconds).fold(child.delay.always, f64::max);
        self.holds(substream) || self.delay.always <= most
    }
}

impl Hall {
    /// Gathers the seats of a content.
    pub(super) fn of(instance: &Instance, rules: &Rules, content: ContentId) -> Hall {
        let seats: Vec<Seat> = instance.nodes.ids().filter_map(|node| Seat::of(instance, rules, node, content)).collect();
        let mut pairs = Vec::new();
        for (child, to) in seats.iter().enumerate().filter(|(_, seat)| seat.request.is_some() || seat.relay) {
            for (parent, from) in seats.iter().enumerate().filter(|(parent, _)| *parent != child) {
                let (a, b) = (rules.classes.class(from.node), rules.classes.class(to.node));
                pairs.extend(rules.arc_but(a, b, content, &to.relaxable).map(|arc| Pair { parent, child, arc }));
            }
        }
        Hall { content, seats, pairs }
    }

    /// What of one substream can be reached, holders first.
    pub(super) fn layer(&self, substream: u32) -> Layer {
        let holds = |seat: usize| self.seats[seat].holds(substream);
        let suits = |pair: &&Pair| self.seats[pair.parent].may_feed(&self.seats[pair.child], substream);
        let mut nearest: Vec<Option<u32>> = (0..self.seats.len()).map(|seat| holds(seat).then_some(0)).collect();
        let mut children = vec![Vec::new(); self.seats.len()];
        self.pairs.iter().filter(suits).for_each(|pair| children[pair.parent].push(pair.child));
        let mut queue: VecDeque<usize> = (0..self.seats.len()).filter(|seat| holds(*seat)).collect();
        while let Some(parent) = queue.pop_front() {
            let hops = nearest[parent].map_or(1, |hops| hops + 1);
            for child in &children[parent] {
                if nearest[*child].is_none() && hops <= self.seats[*child].hops.always {
                    nearest[*child] = Some(hops);
                    queue.push_back(*child);
                }
            }
        }
        let reached = nearest.iter().filter(|hops| hops.is_some_and(|hops| hops > 0)).count() as u32;
        let deepest: Vec<u32> =
            (0..self.seats.len()).map(|at| if holds(at) { 0 } else { self.seats[at].hops.always.min(reached) }).collect();
        let fits = |pair: &&Pair| {
            let near = nearest[pair.parent].is_some_and(|hops| hops < deepest[pair.child]);
            near && !holds(pair.child)
        };
        Layer { pairs: self.pairs.iter().filter(suits).filter(fits).copied().collect(), deepest, nearest }
    }
}

/// At most so many flows can be told apart: pairs of seats times substreams. Takes one look at requests, holdings and nodes.
pub fn size(instance: &Instance) -> u64 {
    let relays = instance.nodes.iter().filter(|node| node.relay_contents != Some(0)).count() as u64;
    let mut receivers = vec![relays; instance.contents.len()];
    let mut senders = vec![relays; instance.contents.len()];
    for request in instance.requests.iter() {
        receivers[request.content.0 as usize] += 1;
        senders[request.content.0 as usize] += 1;
    }
    for holding in &instance.holdings {
        senders[holding.content.0 as usize] += u64::from(instance.request(holding.node, holding.content).is_none());
    }
    let pairs = receivers.iter().zip(&senders).map(|(to, from)| to.saturating_mul(*from));
    let flows = pairs.zip(instance.contents.iter()).map(|(pairs, content)| pairs.saturating_mul(u64::from(content.substreams)));
    flows.fold(0, u64::saturating_add)
}
