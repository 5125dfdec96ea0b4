//! Why a request gets nothing: the first of the contract's reasons that applies, each found by looking, not by guessing.
//!
//! Reach and policy depend on classes of nodes only, so they are looked up once per class of child and content, whatever
//! the number of requests left out.

use crate::forest::{Forest, SeatId};
use crate::ids::{ContentId, Id, NodeId, PolicyId, Table};
use crate::instance::Instance;
use crate::plan::{Reason, Unserved};
use crate::policy::ClassId;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// What can be said for all children of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Senders {
    /// No connection or no route from any possible sender.
    Unreachable,
    /// These policies remove every sender that reaches the child.
    Forbidden(Vec<PolicyId>),
    /// Some sender is left.
    Some,
}

/// Possible senders of each content by class: holders, requesters, and nodes that may relay it.
struct Possible {
    classes: Table<ContentId, BTreeMap<ClassId, u32>>,
    /// Substreams that somebody holds.
    held: Table<ContentId, u64>,
}

impl Possible {
    fn of(forest: &Forest<'_>) -> Possible {
        let instance = forest.instance;
        let class = |node: NodeId| forest.rules.classes.class(node);
        let mut possible = Possible {
            classes: Table::filled(instance.contents.len(), BTreeMap::new()),
            held: Table::filled(instance.contents.len(), 0),
        };
        let mut relays: BTreeMap<ClassId, Vec<NodeId>> = BTreeMap::new();
        for (id, node) in instance.nodes.pairs() {
            if node.relay_contents != Some(0) {
                relays.entry(class(id)).or_default().push(id);
            }
        }
        for request in instance.requests.iter() {
            *possible.classes[request.content].entry(class(request.node)).or_insert(0) += 1;
        }
        for holding in &instance.holdings {
            possible.held[holding.content] |= holding.mask;
            if holding.mask != 0 && instance.request(holding.node, holding.content).is_none() {
                *possible.classes[holding.content].entry(class(holding.node)).or_insert(0) += 1;
            }
        }
        for content in instance.contents.ids() {
            for (class, nodes) in &relays {
                let idle = |node: &&NodeId| instance.request(**node, content).is_none() && instance.held(**node, content) == 0;
                let count = nodes.iter().filter(idle).count() as u32;
                if count > 0 {
                    *possible.classes[content].entry(*class).or_insert(0) += count;
                }
            }
        }
        possible
    }

    /// Classes with a possible sender other than the child itself.
    fn others(&self, content: ContentId, child: ClassId) -> impl Iterator<Item = ClassId> + '_ {
        let own = move |(class, count): (&ClassId, &u32)| (*class != child || *count > 1).then_some(*class);
        self.classes[content].iter().filter_map(own)
    }
}

/// The given unserved requests of a finished forest, each with its reason; `too_deep` tells which of them could be served
/// but for a limit on depth.
pub(super) fn unserved(forest: &Forest<'_>, seats: &[SeatId], too_deep: &[bool]) -> Vec<Unserved> {
    let instance = forest.instance;
    if seats.is_empty() {
        return Vec::new();
    }
    let possible = Possible::of(forest);
    let mut known: FxHashMap<(ClassId, ContentId), Senders> = FxHashMap::default();
    let mut explained = Vec::with_capacity(seats.len());
    for (seat, too_deep) in seats.iter().zip(too_deep) {
        let at = forest.seat(*seat);
        let class = forest.rules.classes.class(at.node);
        let senders = known.entry((class, at.content)).or_insert_with(|| senders(forest, &possible, class, at.content)).clone();
        let least = forest.least(*seat);
        let reason = if possible.held[at.content].count_ones() < least {
            Reason::NoSource
        } else if senders == Senders::Unreachable {
            Reason::Unreachable
        } else if matches!(senders, Senders::Forbidden(_)) {
            Reason::Policy
        } else if *too_deep {
            Reason::Depth
        } else if was_served(instance, at.node, at.content, least) {
            Reason::Displaced
        } else {
            Reason::Capacity
        };
        let policies = if let Senders::Forbidden(policies) = senders { policies } else { Vec::new() };
        let policies = if reason == Reason::Policy { policies } else { Vec::new() };
        let detail = detail(instance, at.node, at.content, reason, &policies, least);
        explained.push(Unserved { node: at.node, content: at.content, reason, policies, detail });
    }
    explained
}

fn senders(forest: &Forest<'_>, possible: &Possible, child: ClassId, content: ContentId) -> Senders {
    let rules = forest.rules;
    let mut reached = false;
    let mut policies = Vec::new();
    for from in possible.others(content, child).filter(|from| rules.reach(*from, child).is_some()) {
        reached = true;
        let forbidding = rules.forbidding(from, child, content);
        let Some(first) = forbidding.first() else { return Senders::Some };
        if !forbidding.iter().any(|policy| policies.contains(policy)) {
            policies.push(*first);
        }
    }
    policies.sort_unstable();
    if reached { Senders::Forbidden(policies) } else { Senders::Unreachable }
}

/// It had the substreams that count as served in the topology in force.
fn was_served(instance: &Instance, node: NodeId, content: ContentId, least: u32) -> bool {
    let before = instance.previous_of(node, content).map_or(0, |parents| parents.mask());
    let has = (before | instance.held(node, content)).count_ones();
    before != 0 && has >= least
}

fn detail(instance: &Instance, node: NodeId, content: ContentId, reason: Reason, policies: &[PolicyId], least: u32) -> String {
    let (who, row) = (&instance.nodes[node], &instance.contents[content]);
    match reason {
        Reason::NoSource => {
            format!("fewer than {least} of {} substreams of {} are held by anybody", row.substreams, row.id)
        }
        Reason::Unreachable => {
            let network = &instance.networks[who.network].id;
            format!("no sender of {} has a route to {network} and connects with NAT type {}", row.id, who.nat.word())
        }
        Reason::Policy => {
            let names: Vec<&str> = policies.iter().map(|id| instance.policies[id.index()].id.as_str()).collect();
            format!("every sender of {} that reaches it is ruled out by {}", row.id, names.join(", "))
        }
        Reason::Depth => "a sender has room, but only deeper or further than max_depth and max_delay allow".to_owned(),
        Reason::Displaced => "it was served before; its place went to requests that count more for each slot".to_owned(),
        Reason::Capacity => format!("no {least} slots of {} are left that reach it", row.rate()),
    }
}
