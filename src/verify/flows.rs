//! One walk over all flows, child by child: who may send what to whom, what it loads, what it costs.

use super::copies::Required;
use super::law::Law;
use super::network::{Network, Pair, km};
use super::rows::Rows;
use super::sums::Sums;
use super::violation::ViolationKind;
use super::{node_name, request};
use crate::ids::{ContentId, Id, NodeId, PolicyId};
use crate::instance::policy::Rule;
use crate::instance::{Content, Instance, Node, Parents};
use crate::parameters::Weights;
use crate::plan::{Assignment, Plan};
use crate::units::{Kbps, UnitCost};
use std::sync::atomic::{AtomicU64, Ordering};

/// What the walk over flows reads.
pub(super) struct Walk<'a> {
    pub instance: &'a Instance,
    pub plan: &'a Plan,
    pub weights: Weights,
    pub rows: &'a Rows<'a>,
    pub law: &'a Law<'a>,
    pub network: &'a Network<'a>,
    /// kbps that each node sends.
    pub sent: &'a [AtomicU64],
    /// For each `limit_node_rate`, by policy, kbps that each node sends in matching flows.
    pub node_rates: &'a [Option<Vec<AtomicU64>>],
}

/// What a row is about, to policies that tell requests apart.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Receiver {
    /// A request in `assignments`.
    Served,
    /// A request that waits.
    Pending,
    /// A relay, or what nobody asked for.
    Other,
}

/// One flow.
struct Flow<'r> {
    row: &'r Assignment,
    receiver: Receiver,
    /// Policies that require copies of it.
    required: &'r [&'r Required],
    parent: NodeId,
    substream: usize,
    cell: usize,
    content: &'r Content,
}

impl Walk<'_> {
    /// Judges the flows into one row, and adds them to the sums.
    pub(super) fn row(&self, row: &Assignment, receiver: Receiver, previous: Option<&Parents>, sums: &mut Sums) {
        let held = self.rows.held(self.instance, row.node, row.content);
        let content = &self.instance.contents[row.content];
        let width = row.parents.width();
        let required = if receiver == Receiver::Other { Vec::new() } else { self.law.required_of(row) };
        let mut matching = Vec::new();
        self.touch(row);
        for (cell, parent) in row.parents.cells().iter().enumerate() {
            if *parent == NodeId::NONE {
                if row.protocol(cell).is_some() {
                    sums.tell(ViolationKind::Protocol, self.place(row), "a protocol where nobody sends");
                }
                continue;
            }
            let flow = Flow { row, receiver, required: &required, parent: *parent, substream: cell / width, cell, content };
            if self.is_possible(&flow, held, sums) {
                self.judge(&flow, previous, &mut matching, sums);
            }
        }
        self.count_parents(row, held, sums);
    }

    /// Reads what the flows will ask of the parents, all at once: parents lie anywhere in a large table, and reads that wait
    /// for memory together cost less than one after the other.
    fn touch(&self, row: &Assignment) {
        let asked = |node: &Node| (node.network, node.nat, node.role, node.place, node.cost, node.loss, node.availability);
        for parent in row.parents.cells() {
            std::hint::black_box(self.instance.nodes.get(*parent).map(asked));
        }
    }

    /// The flow is from another known node; what is wrong beyond is told.
    fn is_possible(&self, flow: &Flow<'_>, held: u64, sums: &mut Sums) -> bool {
        let (row, s) = (flow.row, flow.substream);
        if self.instance.nodes.get(flow.parent).is_none() {
            let text = format!("the parent of substream {s} is not in the instance");
            sums.tell(ViolationKind::UnknownId, self.place(row), text);
            return false;
        }
        if flow.parent == row.node {
            sums.tell(ViolationKind::SelfParent, self.place(row), format!("it sends substream {s} to itself"));
            return false;
        }
        if held >> s & 1 == 1 {
            let text = format!("{} sends substream {s}, which it holds", node_name(self.instance, flow.parent));
            sums.tell(ViolationKind::HeldSubstreamSent, self.place(row), text);
        }
        true
    }

    /// Loads, connection, route, policies and cost of a flow.
    fn judge(&self, flow: &Flow<'_>, previous: Option<&Parents>, matching: &mut Vec<PolicyId>, sums: &mut Sums) {
        let rate = flow.content.rate();
        let (parent, child) = (&self.instance.nodes[flow.parent], &self.instance.nodes[flow.row.node]);
        self.sent[flow.parent.index()].fetch_add(rate.0, Ordering::Relaxed);
        sums.kbps += u128::from(rate.0);
        if parent.role == crate::instance::Role::Peer {
            sums.peer_kbps += u128::from(rate.0);
        }
        if !self.network.connect(parent, child) {
            let text = format!("{} ({}) cannot send to it ({})", parent.id, parent.nat.word(), child.nat.word());
            sums.tell(ViolationKind::NotConnected, self.place(flow.row), text);
        }
        let Some(pair) = self.network.pair(parent.network, child.network) else {
            let ends = [parent.network, child.network].map(|network| &self.instance.networks[network].id);
            let text = format!("no route from {} to {} for substream {} from {}", ends[0], ends[1], flow.substream, parent.id);
            sums.tell(ViolationKind::NoRoute, self.place(flow.row), text);
            return;
        };
        for link in &pair.links {
            sums.links[link.index()] += rate.0;
        }
        let entry = (flow.receiver == Receiver::Served && parent.network != child.network).then_some(pair);
        for required in flow.required {
            sums.copies.receive(required, flow.row.content, flow.substream, entry);
        }
        matching.clear();
        if !self.instance.policies.is_empty() {
            self.law.on_flow(flow.parent, flow.row.node, flow.row.content, &pair.crossed, |policy| matching.push(policy));
        }
        let preferred = self.obey(flow, rate, matching, sums);
        sums.cost += self.unit(flow, pair, preferred, previous).of(rate);
    }

    /// Holds the flow against the policies that match it; gives the sum of their `prefer` costs.
    fn obey(&self, flow: &Flow<'_>, rate: Kbps, matching: &[PolicyId], sums: &mut Sums) -> f64 {
        let mut preferred = 0.0;
        for policy in matching {
            let rule = &self.law.policy(*policy).rule;
            let exempt = flow.row.relaxed.contains(policy);
            match rule {
                Rule::Prefer { cost } => preferred += cost,
                Rule::Forbid {} if !exempt => {
                    let parent = node_name(self.instance, flow.parent);
                    let text = format!("{parent} sends substream {} to {}", flow.substream, self.place(flow.row));
                    sums.tell(ViolationKind::Forbid, self.law.policy(*policy).id.as_str(), text);
                }
                Rule::LimitCopies { .. } if !exempt => sums.copies.enter(*policy, flow.row.content, flow.substream),
                Rule::LimitRate { .. } | Rule::LimitVolume { .. } if !exempt => {
                    sums.limited[policy.index()] += u128::from(rate.0)
                }
                Rule::LimitNodeRate(_) if !exempt => {
                    if let Some(rates) = &self.node_rates[policy.index()] {
                        rates[flow.parent.index()].fetch_add(rate.0, Ordering::Relaxed);
                    }
                }
                _ => {}
            }
        }
        self.check_protocol(flow, matching, sums);
        preferred
    }

    /// The flow carries the protocol of the decisive policy, and none without one.
    fn check_protocol(&self, flow: &Flow<'_>, matching: &[PolicyId], sums: &mut Sums) {
        let carried = flow.row.protocol(flow.cell).map(|name| self.plan.protocol_names[usize::from(name)].as_str());
        let decisive = self.law.decisive(matching).map(|policy| self.law.policy(policy));
        let wanted = decisive.and_then(|policy| match &policy.rule {
            Rule::Protocol { name } => Some(name.as_str()),
            _ => None,
        });
        if carried != wanted {
            let word = |name: Option<&str>| name.unwrap_or("none").to_owned();
            let text = format!(
                "substream {} to {} carries protocol {}, not {}",
                flow.substream,
                self.place(flow.row),
                word(carried),
                word(wanted)
            );
            let place = decisive.map_or_else(|| self.place(flow.row), |policy| policy.id.to_string());
            sums.tell(ViolationKind::Protocol, place, text);
        }
    }

    /// The unit cost of a flow (contract, section 4).
    fn unit(&self, flow: &Flow<'_>, pair: &Pair, preferred: f64, previous: Option<&Parents>) -> UnitCost {
        let (parent, child) = (&self.instance.nodes[flow.parent], &self.instance.nodes[flow.row.node]);
        let weights = &self.weights;
        let (rtt_ms, loss) = self.network.measured(flow.parent, flow.row.node, pair);
        let nearness = match rtt_ms {
            Some(rtt_ms) => weights.rtt_weight * rtt_ms / 100.0,
            None => weights.distance_weight * km(parent, child) / 1000.0,
        };
        let loss = weights.loss_weight * loss.unwrap_or(parent.loss);
        let absence = weights.availability_weight * (1.0 - parent.availability);
        let stays = previous.is_none_or(|parents| {
            let mut before = parents.of(flow.substream).peekable();
            before.peek().is_none() || before.any(|parent| parent == flow.parent)
        });
        let churn = if stays { 0.0 } else { weights.churn_weight };
        UnitCost::rounded((parent.cost + pair.cost + nearness + loss + absence + preferred).max(0.0) + churn)
    }

    fn place(&self, row: &Assignment) -> String {
        request(self.instance, row.node, row.content)
    }
}

/// What a row receives, in kbps.
pub(super) fn received(instance: &Instance, row: &Assignment, content: ContentId) -> u64 {
    let flows = row.parents.cells().iter().filter(|parent| **parent != NodeId::NONE).count();
    instance.contents[content].rate().0.saturating_mul(flows as u64)
}
