//! What would serve a request that gets nothing: the fewest changes, and of those the least.
//!
//! Every remedy is found by doing it: the plan stays as it is, something is granted, and the request is fed beside all that
//! are served. So in the changed instance there is a plan with at least the old service plus its own.

use super::remedy::{Change, Remedy};
use crate::forest::SeatId;
use crate::ids::{LinkId, NodeId, PolicyId};
use crate::placement::{Grant, Probe};
use crate::units::Kbps;
use std::collections::BTreeSet;

/// Senders whose uplink is tried, over all networks.
const SENDERS: usize = 24;
/// Links that are tried.
const LINKS: usize = 24;
/// Single changes of each kind that are tried in pairs.
const PAIRED: usize = 6;
/// Remedies that are told.
const TOLD: usize = 4;

/// The remedies for an unserved request, best first; none where nothing that was tried helps.
pub(super) fn remedies(probe: &mut Probe<'_, '_>, seat: SeatId) -> Vec<Remedy> {
    let asked = Asked::of(probe, seat);
    let singles = asked.singles();
    let mut found: Vec<Remedy> = singles.iter().filter_map(|item| asked.least(probe, std::slice::from_ref(item))).collect();
    if found.is_empty() {
        let paired = asked.paired();
        for (place, one) in paired.iter().enumerate() {
            found.extend(paired[place + 1..].iter().filter_map(|other| asked.least(probe, &[*one, *other])));
        }
    }
    found.sort_by_key(|remedy| (remedy.changes.len(), remedy.kbps(), remedy.changes.clone()));
    found.dedup();
    found.truncate(TOLD);
    found
}

/// Something that could be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Uplink(NodeId),
    Link(LinkId),
    Policy(PolicyId),
}

/// A request, and what stands in its way.
struct Asked {
    seat: SeatId,
    rate: Kbps,
    /// Copies that serving it takes.
    copies: u64,
    senders: Vec<NodeId>,
    links: Vec<LinkId>,
    policies: Vec<PolicyId>,
}

impl Asked {
    fn of(probe: &Probe<'_, '_>, seat: SeatId) -> Asked {
        let forest = probe.forest();
        let (at, rate, rules) = (forest.seat(seat), forest.rate(seat), forest.rules);
        let lacks = forest.least(seat).saturating_sub(forest.has(seat).count_ones());
        let missing = forest.instance.contents[at.content].all() & !forest.has(seat);
        let to = rules.classes.class(at.node);
        let mut policies: BTreeSet<PolicyId> = rules.bounding(at.node, at.content).collect();
        policies.extend(rules.multiplying(at.node, at.content));
        let network = forest.instance.nodes[at.node].network;
        let here = rules.required.iter().filter(|required| required.network == network && required.concerns(at.content));
        policies.extend(here.map(|required| required.policy));
        let mut links: BTreeSet<LinkId> = BTreeSet::new();
        let mut senders: Vec<(u32, NodeId)> = Vec::new();
        let mut classes = BTreeSet::new();
        for sender in forest.seats().filter(|sender| *sender != seat && forest.has(*sender) & missing != 0) {
            let node = forest.seat(sender).node;
            if forest.seat(sender).content != at.content || node == at.node {
                continue;
            }
            let from = rules.classes.class(node);
            let Some(route) = rules.reach(from, to) else { continue };
            if classes.insert(from) {
                policies.extend(rules.restricting(from, to, at.content));
                let full = |link: &&LinkId| forest.loads.link(**link).is_some_and(|left| left < rate.times(u64::from(lacks)));
                links.extend(rules.topology.links(route).iter().filter(full));
            }
            // Who has most of what is missing comes first, holders before the others.
            let has = (forest.has(sender) & missing).count_ones();
            let holder = u32::from(forest.held(sender) != 0);
            senders.push((2 * has + holder, node));
        }
        senders.sort_by_key(|(has, node)| (std::cmp::Reverse(*has), *node));
        Asked {
            seat,
            rate,
            copies: u64::from(lacks) * u64::from(at.parents),
            senders: senders.into_iter().take(SENDERS).map(|(_, node)| node).collect(),
            links: links.into_iter().take(LINKS).collect(),
            policies: policies.into_iter().collect(),
        }
    }

    fn singles(&self) -> Vec<Item> {
        let uplinks = self.senders.iter().map(|node| Item::Uplink(*node));
        let links = self.links.iter().map(|link| Item::Link(*link));
        self.policies.iter().map(|policy| Item::Policy(*policy)).chain(links).chain(uplinks).collect()
    }

    fn paired(&self) -> Vec<Item> {
        let uplinks = self.senders.iter().take(PAIRED).map(|node| Item::Uplink(*node));
        let links = self.links.iter().take(PAIRED).map(|link| Item::Link(*link));
        self.policies.iter().take(PAIRED).map(|policy| Item::Policy(*policy)).chain(links).chain(uplinks).collect()
    }

    /// The remedy that grants these and nothing else, each as little as serves the request; `None`: they do not.
    fn least(&self, probe: &mut Probe<'_, '_>, items: &[Item]) -> Option<Remedy> {
        let mut slots = vec![self.copies; items.len()];
        let mut flows = probe.feed(self.seat, &self.grants(probe, items, &slots))?;
        for place in 0..items.len() {
            while slots[place] > 0 && !matches!(items[place], Item::Policy(_)) {
                slots[place] -= 1;
                match probe.feed(self.seat, &self.grants(probe, items, &slots)) {
                    Some(fewer) => flows = fewer,
                    None => {
                        slots[place] += 1;
                        break;
                    }
                }
            }
        }
        // What takes nothing is no part of the remedy: it was found without it.
        if slots.contains(&0) {
            return None;
        }
        let grants = self.grants(probe, items, &slots);
        let changes = grants.iter().map(|grant| Change::of(probe.forest(), self.seat, grant, &flows)).collect();
        Some(Remedy { changes })
    }

    /// So many slots of each.
    fn grants(&self, probe: &Probe<'_, '_>, items: &[Item], slots: &[u64]) -> Vec<Grant> {
        let loads = &probe.forest().loads;
        let more = |left: Kbps, slots: u64| self.rate.times(left.slots(self.rate) + slots).saturating_sub(left);
        let grant = |(item, slots): (&Item, &u64)| match item {
            Item::Uplink(node) => Grant::Uplink(*node, more(loads.uplink(*node), *slots)),
            Item::Link(link) => Grant::Link(*link, more(loads.link(*link).unwrap_or_default(), *slots)),
            Item::Policy(policy) => Grant::Policy(*policy),
        };
        items.iter().zip(slots).map(grant).collect()
    }
}
