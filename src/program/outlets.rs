//! What a node can send at most where policies limit its flows.
//!
//! A flow is counted by the limits that match it; who may receive from a node decides by which. Let every kbps that a limit
//! on flows together counts use up a **share** of what its limit lets through, worth as much as that share of a kbps of uplink
//! (Lagrangian relaxation with prices in proportion to that of uplink). A node then sends what is worth most: no more than
//! its uplink in all, of each kind of flow no more than its receivers take, and no more than any one limit on single sources
//! lets through. Of these limits the tightest one is held at a time; together with those that count everything it sends that is a
//! nested family, which a greedy fill solves. Other limits are left out, so that it is at least what any plan has.

use super::supply::{fillable, most_sent};
use crate::ids::{Id, NodeId, Table};
use crate::instance::Instance;
use crate::policy::{ClassId, Rules};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Rows of each kind of limit that are told apart; flows are not held to the others.
const MOST_ROWS: usize = 64;

/// What each node can send.
#[derive(Debug)]
pub struct Outlets {
    /// By node, kbps: its uplink, whole slots counted.
    whole: Table<NodeId, f64>,
    /// Nodes that cannot always send so much.
    narrow: Vec<Outlet>,
}

/// Flows that the same limits count.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// A bit for each row of `Rules::limits`.
    together: u64,
    /// A bit for each row of `Rules::node_limits`.
    single: u64,
    /// What its receivers can take, kbps.
    takes: f64,
}

/// A node whose flows are limited.
#[derive(Debug)]
struct Outlet {
    node: NodeId,
    /// Its uplink, and the limits that count all it can send, kbps.
    most: f64,
    kinds: Vec<Kind>,
    /// Limits that count some of it: the bit of each, and what it lets through, kbps.
    rows: Vec<(u64, f64)>,
}

/// Someone who may receive a content: node, class, and what it lacks in kbps.
struct Receiver {
    node: NodeId,
    class: ClassId,
    takes: f64,
}

impl Outlets {
    /// Looks through the receivers of every node, where there are policies, until those that nothing limits fill its uplink.
    pub fn of(instance: &Instance, rules: &Rules) -> Outlets {
        let whole = Table::new(instance.nodes.ids().map(|node| most_sent(instance, node)).collect());
        let is_free = instance.policies.is_empty();
        let nodes: Vec<NodeId> = instance.nodes.ids().filter(|node| !is_free && whole[*node] > 0.0).collect();
        let receivers = if nodes.is_empty() { Vec::new() } else { receivers(instance, rules) };
        let outlet = |node: &NodeId| outlet(instance, rules, &receivers, *node, whole[*node]);
        let narrow = nodes.par_iter().filter_map(outlet).collect();
        Outlets { whole, narrow }
    }

    /// What each node can send at most, kbps, worth of uplink: `shares[row]` of every kbps that a row of `Rules::limits`
    /// counts is not its own.
    pub fn sends(&self, shares: &[f64]) -> Table<NodeId, f64> {
        let mut sends = self.whole.clone();
        self.narrow.iter().for_each(|outlet| sends[outlet.node] = outlet.worth(shares));
        sends
    }
}

impl Outlet {
    fn worth(&self, shares: &[f64]) -> f64 {
        let each = |kind: &Kind| {
            let counted: f64 = shares.iter().enumerate().filter(|(row, _)| kind.together & bit(*row) != 0).map(|(_, s)| s).sum();
            (1.0 - counted, *kind)
        };
        let mut kinds: Vec<(f64, Kind)> = self.kinds.iter().map(each).filter(|(worth, _)| *worth > 0.0).collect();
        kinds.sort_by(|a, b| b.0.total_cmp(&a.0));
        let filled = |(bit, most): (u64, f64)| {
            let (mut left, mut of_row, mut sum) = (self.most, most, 0.0);
            for (worth, kind) in &kinds {
                let counts = kind.single & bit != 0;
                let sent = kind.takes.min(left).min(if counts { of_row } else { f64::INFINITY });
                left -= sent;
                of_row -= if counts { sent } else { 0.0 };
                sum += worth * sent;
            }
            sum
        };
        self.rows.iter().map(|row| filled(*row)).fold(filled((0, 0.0)), f64::min)
    }
}

/// By content who may receive it: requests, and nodes that may relay.
fn receivers(instance: &Instance, rules: &Rules) -> Vec<Vec<Receiver>> {
    let of_content = |(id, content): (crate::ids::ContentId, &crate::instance::Content)| {
        let receives = |(node, row): &(NodeId, &crate::instance::Node)| {
            instance.request(*node, id).is_some() || row.relay_contents != Some(0)
        };
        let receiver = |(node, _): (NodeId, &crate::instance::Node)| {
            let lacks = content.substreams - instance.held(node, id).count_ones();
            Receiver { node, class: rules.classes.class(node), takes: content.rate().times(u64::from(lacks)).0 as f64 }
        };
        instance.nodes.pairs().filter(receives).map(receiver).collect()
    };
    instance.contents.pairs().map(of_content).collect()
}

/// A node that cannot send all of `whole` past every limit; `None`: it can.
fn outlet(instance: &Instance, rules: &Rules, receivers: &[Vec<Receiver>], node: NodeId, whole: f64) -> Option<Outlet> {
    let (from, uplink) = (rules.classes.class(node), instance.nodes[node].uplink);
    let mut kinds: FxHashMap<(u64, u64), f64> = FxHashMap::default();
    for content in super::supply::sendable(instance, node) {
        for to in receivers[content.index()].iter().filter(|to| to.node != node) {
            // Delays are left out: who is late depends on what is relaxed.
            let Some(arc) = rules.arc_but(from, to.class, content, &[]) else { continue };
            let (mut together, mut single) = (0, 0);
            rules.each_limit(from, to.class, content, arc.route, |row| together |= bit(row));
            rules.each_node_limit(from, to.class, content, arc.route, |row| single |= bit(row));
            let takes = kinds.entry((together, single)).or_insert(0.0);
            *takes += to.takes;
            if (together, single) == (0, 0) && *takes >= whole {
                return None;
            }
        }
    }
    let mut kinds: Vec<Kind> = kinds.into_iter().map(|((together, single), takes)| Kind { together, single, takes }).collect();
    kinds.sort_unstable_by_key(|kind| (kind.together, kind.single));
    let counted = kinds.iter().fold((u64::MAX, 0), |(all, any), kind| (all & kind.single, any | kind.single));
    let mut outlet = Outlet { node, most: whole, kinds, rows: Vec::new() };
    for (row, limit) in rules.node_limits.iter().enumerate().take(MOST_ROWS) {
        let most = fillable(instance, limit.max(uplink).min(uplink));
        if counted.0 & bit(row) != 0 {
            outlet.most = outlet.most.min(most);
        } else if counted.1 & bit(row) != 0 {
            outlet.rows.push((bit(row), most));
        }
    }
    Some(outlet)
}

fn bit(row: usize) -> u64 {
    if row < MOST_ROWS { 1 << row } else { 0 }
}
