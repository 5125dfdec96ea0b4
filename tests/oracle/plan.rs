//! The optimum as a plan, with everything that a plan tells counted once more.

use super::brute::{Best, Slot, best};
use super::matching::in_force;
use super::reading::{World, concerns, read};
use pleach::ids::{Id, LinkId, NodeId, PolicyId};
use pleach::instance::document::ParentCell;
use pleach::instance::policy::{Policy, Rule};
use pleach::instance::{Document, Instance, Parents, Role};
use pleach::parameters::Weights;
use pleach::plan::file::Changes;
use pleach::plan::{Assignment, LinkUse, Method, Origin, Plan, PolicyUse, Reason, Statistics, Termination, Unserved, Value};
use pleach::units::Kbps;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// A plan in the making.
struct Telling<'a> {
    document: &'a Document,
    instance: &'a Instance,
    world: &'a World,
    best: &'a Best,
    /// Who sends each slot.
    parents: BTreeMap<Slot, usize>,
}

/// Tells the optimum of a document as a plan for the instance made from it.
pub fn plan(document: &Document, instance: &Instance, world: &World, best: &Best) -> Plan {
    let parents = best.flows.iter().copied().collect();
    Telling { document, instance, world, best, parents }.plan()
}

impl Telling<'_> {
    fn plan(&self) -> Plan {
        let proved = |value: f64| Value::new(value, Some(value));
        let (mut assignments, mut unserved, mut protocol_names) = (Vec::new(), Vec::new(), Vec::new());
        for node in 0..self.document.nodes.len() {
            for content in 0..self.document.contents.len() {
                let wish = self.world.wishes.iter().position(|wish| wish.node == node && wish.content == content);
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

    fn slots(&self, node: usize, content: usize) -> impl Iterator<Item = Slot> + use<> {
        let substreams = self.world.contents[content].substreams;
        (0..substreams).map(move |substream| Slot { node, content, substream })
    }

    fn assignment(&self, node: usize, content: usize, relay: bool, names: &mut Vec<SmolStr>) -> Assignment {
        let parent = |slot: Slot| self.parents.get(&slot).map_or(NodeId::NONE, |&parent| self.id(parent));
        let cells: Vec<NodeId> = self.slots(node, content).map(parent).collect();
        let protocols: Vec<u16> = self.slots(node, content).map(|slot| self.protocol(slot, names)).collect();
        Assignment {
            node: self.id(node),
            content: self.content(content),
            parents: Parents::single(cells),
            protocols: Some(protocols.into()),
            relaxed: Vec::new(),
            delay: None,
            relay,
        }
    }

    /// The policies that match the flow of a slot.
    fn matched(&self, slot: &Slot, parent: usize) -> &[usize] {
        let arc = self.world.arcs[slot.content][slot.node][parent].as_ref().expect("flows are on arcs");
        &arc.matched
    }

    /// The protocol of least rank number, then of the first policy.
    fn protocol(&self, slot: Slot, names: &mut Vec<SmolStr>) -> u16 {
        let Some(&parent) = self.parents.get(&slot) else { return Assignment::NO_PROTOCOL };
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
        let (node, content) = (self.world.wishes[wish].node, self.world.wishes[wish].content);
        let title = &self.world.contents[content];
        let held = |s: usize| self.world.machines.iter().any(|machine| machine.held[content][s]);
        if (0..title.substreams).filter(|&s| held(s)).count() < title.min {
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
        let reached = |world: &World| senders.iter().any(|&sender| world.arcs[content][node][sender].is_some());
        if !reached(&open) {
            return (Reason::Unreachable, Vec::new());
        }
        if !reached(self.world) {
            return (Reason::Policy, self.forbids());
        }
        let mut deep = read(self.document, &Weights::default());
        if deep.depth[content][node] != u32::MAX {
            deep.depth[content][node] = u32::MAX;
            if best(&deep).served[wish] {
                return (Reason::Depth, Vec::new());
            }
        }
        let before = (0..title.substreams)
            .filter(|&s| self.world.machines[node].held[content][s] || !self.before(node, content, s).is_empty())
            .count();
        if before >= title.min { (Reason::Displaced, Vec::new()) } else { (Reason::Capacity, Vec::new()) }
    }

    /// All policies in force that forbid something: at least those that matter.
    fn forbids(&self) -> Vec<PolicyId> {
        let policies = self.document.policies.iter().enumerate();
        policies
            .filter(|(_, policy)| matches!(policy.rule, Rule::Forbid {}) && in_force(self.document, &policy.when))
            .map(|(p, _)| PolicyId::new(p))
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
            let flows = self.parents.iter().filter(|(slot, parent)| crosses(slot, **parent));
            flows.map(|(slot, _)| self.rate(slot)).sum::<u64>()
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
        let in_force = policies.filter(|(_, policy)| in_force(self.document, &policy.when));
        let told = in_force.map(|(p, policy)| {
            let matched =
                self.world.wishes.iter().filter(|wish| concerns(self.document, policy, wish.node, wish.content)).count();
            let flows = self.parents.iter().filter(|(slot, parent)| self.matched(slot, **parent).contains(&p));
            let usage: u64 = flows.map(|(slot, _)| self.rate(slot)).sum();
            let limit = if let Rule::LimitRate { max_kbps } = policy.rule { Some(max_kbps) } else { None };
            PolicyUse {
                policy: PolicyId::new(p),
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
            match self.parents.get(&slot).map(|&parent| &self.document.nodes[parent].id) {
                None if before.is_empty() => {}
                None => changes.removed += 1,
                Some(_) if before.is_empty() => changes.added += 1,
                Some(now) if before == [now.clone()] => changes.kept += 1,
                Some(_) => changes.changed += 1,
            }
        }
        changes
    }

    /// The nodes above a slot, up to a holder.
    fn above(&self, slot: Slot) -> Vec<usize> {
        let mut above = Vec::new();
        let mut at = slot;
        while let Some(&parent) = self.parents.get(&at) {
            above.push(parent);
            at.node = parent;
        }
        above
    }

    fn statistics(&self) -> Statistics {
        let is_peer = |node: usize| self.document.nodes[node].role == Role::Peer;
        let all: u64 = self.parents.keys().map(|slot| self.rate(slot)).sum();
        let peers: u64 = self.parents.iter().filter(|(_, p)| is_peer(**p)).map(|(slot, _)| self.rate(slot)).sum();
        let asked = |slot: &&Slot| self.world.wishes.iter().any(|w| w.node == slot.node && w.content == slot.content);
        let depths: Vec<usize> = self.parents.keys().filter(asked).map(|slot| self.above(*slot).len()).collect();
        let loss = |wish: &super::reading::Wish, peer: usize| {
            self.slots(wish.node, wish.content).filter(|slot| self.above(*slot).contains(&peer)).count()
        };
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
