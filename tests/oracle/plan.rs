//! The optimum as a plan, with everything that a plan tells counted once more.

use super::brute::{Best, Slot, best};
use super::law::{has, law};
use super::matching::{applies, rate_limit};
use super::reading::{Wish, World, concerns, read};
use pleach::ids::{Id, LinkId, NodeId, PolicyId};
use pleach::instance::document::ParentCell;
use pleach::instance::policy::{Policy, Rule};
use pleach::instance::{Document, Instance, Parents, Role};
use pleach::parameters::Weights;
use pleach::plan::file::Changes;
use pleach::plan::{Assignment, LinkUse, Method, Origin, Plan, PolicyUse, Reason, Statistics, Termination, Unserved, Value};
use pleach::units::Kbps;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// A plan in the making.
struct Telling<'a> {
    document: &'a Document,
    instance: &'a Instance,
    world: &'a World,
    best: &'a Best,
    /// Who sends each slot that is received.
    parents: BTreeMap<Slot, Vec<usize>>,
}

/// Tells the optimum of a document as a plan for the instance made from it.
pub fn plan(document: &Document, instance: &Instance, world: &World, best: &Best) -> Plan {
    let mut parents: BTreeMap<Slot, Vec<usize>> = BTreeMap::new();
    best.flows.iter().for_each(|(slot, parent)| parents.entry(*slot).or_default().push(*parent));
    Telling { document, instance, world, best, parents }.plan()
}

impl Telling<'_> {
    fn plan(&self) -> Plan {
        let proved = |value: f64| Value::new(value, Some(value));
        let (mut assignments, mut unserved, mut protocol_names) = (Vec::new(), Vec::new(), Vec::new());
        for node in 0..self.document.nodes.len() {
            for content in 0..self.document.contents.len() {
                let wish = self.world.wish(node, content);
                let receives = self.parents.keys().any(|slot| slot.node == node && slot.content == content);
                match wish {
                    Some(wish) if !self.best.served[wish] => unserved.push(self.unserved(wish)),
                    None if !receives => {}
                    _ => assignments.push(self.assignment(node, content, wish.is_none(), &mut protocol_names)),
                }
            }
        }
        assignments.sort_by_key(|row| (row.node, row.content));
        unserved.sort_by_key(|row| (row.node, row.content));
        Plan {
            origin: Origin {
                version: "oracle".into(),
                seed: 0,
                model: "live".into(),
                parameters: Weights::default().by_name(),
                method: Method::Exact,
                termination: Termination::Optimal,
            },
            service: proved(self.best.service),
            relaxation: proved(self.best.relaxation),
            cost: proved(self.best.cost_value()),
            assignments,
            unserved,
            pending: Vec::new(),
            protocol_names,
            links: self.links(),
            policies: self.policies(),
            clusters: Vec::new(),
            changes: self.changes(),
            statistics: self.statistics(),
        }
    }

    fn id(&self, node: usize) -> NodeId {
        self.instance.node(&self.document.nodes[node].id).expect("the instance has the document's nodes")
    }

    fn content(&self, content: usize) -> pleach::ids::ContentId {
        self.instance.content(&self.document.contents[content].id).expect("the instance has the document's contents")
    }

    /// A policy of the document in the instance, which may have more of them.
    fn policy(&self, policy: usize) -> PolicyId {
        let id = &self.document.policies[policy].id;
        let place = self.instance.policies.iter().position(|known| known.id == *id);
        PolicyId::new(place.expect("the instance has the document's policies"))
    }

    fn slots(&self, node: usize, content: usize) -> impl Iterator<Item = Slot> + use<> {
        let substreams = self.world.contents[content].substreams;
        (0..substreams).map(move |substream| Slot { node, content, substream })
    }

    fn assignment(&self, node: usize, content: usize, relay: bool, names: &mut Vec<SmolStr>) -> Assignment {
        let parents = |slot: Slot| self.above(slot).iter().map(|&parent| self.id(parent)).collect();
        let lists: Vec<Vec<NodeId>> = self.slots(node, content).map(parents).collect();
        let relaxed = self.relaxed(node, content);
        let late = if lists.iter().all(Vec::is_empty) { 0.0 } else { law(self.world, node, content, relaxed).delay };
        let parents = Parents::lists(&lists);
        let width = parents.width();
        let mut protocols = vec![Assignment::NO_PROTOCOL; lists.len() * width];
        for (s, slot) in self.slots(node, content).enumerate() {
            for (place, &parent) in self.above(slot).iter().enumerate() {
                protocols[s * width + place] = self.protocol(slot, parent, names);
            }
        }
        let mut relaxed: Vec<PolicyId> =
            (0..self.document.policies.len()).filter(|&p| has(relaxed, p)).map(|p| self.policy(p)).collect();
        relaxed.sort_unstable();
        Assignment {
            node: self.id(node),
            content: self.content(content),
            parents,
            protocols: Some(protocols.into()),
            relaxed,
            delay: Some(late),
            relay,
        }
    }

    /// The parents of a slot.
    fn above(&self, slot: Slot) -> &[usize] {
        self.parents.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// The policies relaxed on a node's request for a content.
    fn relaxed(&self, node: usize, content: usize) -> u64 {
        self.world.wish(node, content).map_or(0, |wish| self.best.relaxed[wish])
    }

    /// Every flow.
    fn flows(&self) -> impl Iterator<Item = (Slot, usize)> + '_ {
        self.best.flows.iter().copied()
    }

    /// The policies that match the flow of a slot.
    fn matched(&self, slot: &Slot, parent: usize) -> &[usize] {
        let arc = self.world.arcs[slot.content][slot.node][parent].as_ref().expect("flows are on arcs");
        &arc.matched
    }

    /// The protocol of least rank number, then of the first policy.
    fn protocol(&self, slot: Slot, parent: usize, names: &mut Vec<SmolStr>) -> u16 {
        let named = self.matched(&slot, parent).iter().filter_map(|&p| match &self.document.policies[p] {
            Policy { rank, rule: Rule::Protocol { name }, .. } => Some((*rank, p, name)),
            _ => None,
        });
        let Some((_, _, name)) = named.min() else { return Assignment::NO_PROTOCOL };
        let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.clone());
            names.len() - 1
        });
        place as u16
    }

    fn unserved(&self, wish: usize) -> Unserved {
        let (reason, policies) = self.reason(wish);
        let wish = &self.world.wishes[wish];
        let (node, content) = (self.id(wish.node), self.content(wish.content));
        Unserved { node, content, reason, policies, detail: String::new() }
    }

    /// Section 5: the first reason that applies.
    fn reason(&self, wish: usize) -> (Reason, Vec<PolicyId>) {
        let Wish { node, content, min, .. } = self.world.wishes[wish];
        let title = &self.world.contents[content];
        let held = |s: usize| self.world.machines.iter().any(|machine| machine.held[content][s]);
        if (0..title.substreams).filter(|&s| held(s)).count() < min {
            return (Reason::NoSource, Vec::new());
        }
        let asks = |other: usize| self.world.wishes.iter().any(|wish| wish.node == other && wish.content == content);
        let may_send = |other: &usize| {
            let machine = &self.world.machines[*other];
            machine.held[content].contains(&true) || asks(*other) || machine.relay_contents > 0
        };
        let senders: Vec<usize> = (0..self.world.machines.len()).filter(may_send).collect();
        // Without its policies the document says who is reached.
        let lawless = Document { policies: Vec::new(), ..self.document.clone() };
        let open = read(&lawless, &Weights::default());
        let open_to =
            |world: &World, sender: usize| world.arcs[content][node][sender].as_ref().is_some_and(|arc| arc.forbids.is_empty());
        let reached = |world: &World| senders.iter().any(|&sender| open_to(world, sender));
        if !reached(&open) {
            return (Reason::Unreachable, Vec::new());
        }
        if !reached(self.world) {
            return (Reason::Policy, self.forbids());
        }
        let mut deep = read(self.document, &Weights::default());
        let bounds = |p: usize| matches!(deep.rules[p], Rule::MaxDepth { .. } | Rule::MaxDelay { .. });
        let (bounding, others): (Vec<usize>, Vec<usize>) = deep.concerned[content][node].iter().partition(|p| bounds(**p));
        if !bounding.is_empty() {
            deep.concerned[content][node] = others;
            if best(&deep).served[wish] {
                return (Reason::Depth, Vec::new());
            }
        }
        let before = (0..title.substreams)
            .filter(|&s| self.world.machines[node].held[content][s] || !self.before(node, content, s).is_empty())
            .count();
        if before >= min { (Reason::Displaced, Vec::new()) } else { (Reason::Capacity, Vec::new()) }
    }

    /// All policies in force that forbid something: at least those that matter.
    fn forbids(&self) -> Vec<PolicyId> {
        let policies = self.document.policies.iter().enumerate();
        policies
            .filter(|(_, policy)| matches!(policy.rule, Rule::Forbid {}) && applies(self.document, policy))
            .map(|(p, _)| self.policy(p))
            .collect()
    }

    /// The parents that `previous` gave.
    fn before(&self, node: usize, content: usize, substream: usize) -> Vec<SmolStr> {
        let (node, content) = (&self.document.nodes[node].id, &self.document.contents[content].id);
        let row = self.document.previous.iter().find(|row| row.node == *node && row.content == *content);
        match row.map(|row| &row.parents[substream]) {
            None | Some(ParentCell::Nobody(())) => Vec::new(),
            Some(ParentCell::One(id)) => vec![id.clone()],
            Some(ParentCell::Several(ids)) => ids.clone(),
        }
    }

    fn rate(&self, slot: &Slot) -> u64 {
        self.world.contents[slot.content].rate
    }

    fn links(&self) -> Vec<LinkUse> {
        let load = |l: usize| -> u64 {
            let crosses = |slot: &Slot, parent: usize| {
                let arc = self.world.arcs[slot.content][slot.node][parent].as_ref();
                arc.is_some_and(|arc| arc.route.contains(&l))
            };
            let flows = self.flows().filter(|(slot, parent)| crosses(slot, *parent));
            flows.map(|(slot, _)| self.rate(&slot)).sum::<u64>()
        };
        let link = |(l, row): (usize, &pleach::instance::document::LinkRow)| {
            let (load, used) = (load(l), row.used_kbps.unwrap_or_default());
            let link: LinkId = self.instance.link(&row.id).expect("the instance has the document's links");
            (load > 0 || row.capacity_kbps.is_some()).then_some(LinkUse { link, load: Kbps(load + used.0), price: None })
        };
        let mut links: Vec<LinkUse> = self.document.links.iter().enumerate().filter_map(link).collect();
        links.sort_by_key(|link| link.link);
        links
    }

    fn policies(&self) -> Vec<PolicyUse> {
        let policies = self.document.policies.iter().enumerate();
        let in_force = policies.filter(|(_, policy)| applies(self.document, policy));
        let told = in_force.map(|(p, policy)| {
            let matched =
                self.world.wishes.iter().filter(|wish| concerns(self.document, policy, wish.node, wish.content)).count();
            let counts = |slot: &Slot| !has(self.relaxed(slot.node, slot.content), p);
            let flows = self.flows().filter(|(slot, parent)| counts(slot) && self.matched(slot, *parent).contains(&p));
            let usage: u64 = flows.map(|(slot, _)| self.rate(&slot)).sum();
            let limit = rate_limit(self.document, &policy.rule).map(Kbps);
            PolicyUse {
                policy: self.policy(p),
                matched: matched as u64,
                usage: limit.map(|_| Kbps(usage)),
                limit,
                binding: limit.is_some_and(|limit| usage == limit.0),
                price: None,
            }
        });
        told.collect()
    }

    fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for slot in self.world.wishes.iter().flat_map(|wish| self.slots(wish.node, wish.content)) {
            let before = self.before(slot.node, slot.content, slot.substream);
            let before: BTreeSet<SmolStr> = before.into_iter().collect();
            let now: BTreeSet<SmolStr> = self.above(slot).iter().map(|&parent| self.document.nodes[parent].id.clone()).collect();
            match (now.is_empty(), before.is_empty()) {
                (true, true) => {}
                (true, false) => changes.removed += 1,
                (false, true) => changes.added += 1,
                (false, false) if now == before => changes.kept += 1,
                (false, false) => changes.changed += 1,
            }
        }
        changes
    }

    /// The longest way from a holder to a slot, in hops.
    fn depth(&self, slot: Slot) -> usize {
        self.above(slot).iter().map(|&parent| self.depth(Slot { node: parent, ..slot }) + 1).max().unwrap_or(0)
    }

    /// A slot that has parents has none left when a peer fails: each is that peer or has lost the substream itself.
    fn is_lost(&self, slot: Slot, peer: usize) -> bool {
        let fails = |parent: usize| parent == peer || self.is_lost(Slot { node: parent, ..slot }, peer);
        !self.above(slot).is_empty() && self.above(slot).iter().all(|&parent| fails(parent))
    }

    fn statistics(&self) -> Statistics {
        let is_peer = |node: usize| self.document.nodes[node].role == Role::Peer;
        let all: u64 = self.flows().map(|(slot, _)| self.rate(&slot)).sum();
        let peers: u64 = self.flows().filter(|(_, parent)| is_peer(*parent)).map(|(slot, _)| self.rate(&slot)).sum();
        let asked = |slot: &&Slot| self.world.wish(slot.node, slot.content).is_some();
        let depths: Vec<usize> = self.parents.keys().filter(asked).map(|slot| self.depth(*slot)).collect();
        let loss =
            |wish: &Wish, peer: usize| self.slots(wish.node, wish.content).filter(|slot| self.is_lost(*slot, peer)).count();
        let peers_lost = (0..self.document.nodes.len()).filter(|&node| is_peer(node));
        let worst = peers_lost.flat_map(|peer| self.world.wishes.iter().map(move |wish| loss(wish, peer))).max();
        let share = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
        Statistics {
            requests: self.world.wishes.len() as u64,
            served: self.best.served.iter().filter(|served| **served).count() as u64,
            peer_offload: share(peers as f64, all as f64),
            mean_depth: share(depths.iter().sum::<usize>() as f64, depths.len() as f64),
            max_depth: depths.iter().max().copied().unwrap_or(0) as u64,
            worst_loss_of_one: worst.unwrap_or(0) as u64,
            seconds: Default::default(),
        }
    }
}
