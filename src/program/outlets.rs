//! What a node can send at most where policies limit its flows.
//!
//! A flow is counted by the limits that match it; who may receive from a node decides by which. Let every kbps that a limit
//! on flows together counts use up a **share** of what its limit lets through, worth as much as that share of a kbps of uplink
//! (Lagrangian relaxation with prices in proportion to that of uplink). A node then sends what is worth most: no more than
//! its uplink in all, of each kind of flow no more than its receivers take, and no more than any one limit on single sources
//! lets through. Of these limits the tightest one is held at a time; together with those that count everything it sends that is a
//! nested family, which a greedy fill solves. Other limits are left out, so that it is at least what any plan has.

use super::supply::{fillable, most_sent, sendable};
use crate::ids::{ContentId, Id, NodeId, Table};
use crate::instance::Instance;
use crate::policy::{ClassId, Rules};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Rows of each kind of limit that are told apart; flows are not held to the others.
const MOST_ROWS: usize = 64;
/// More pairs of classes than this, contents counted, are not looked through: nothing but uplinks is known of nodes then.
const MOST_PAIRS: usize = 400_000_000;

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

/// What a class can send of a content, its nodes' own requests counted too.
type Sent = FxHashMap<(ContentId, ClassId), Vec<Kind>>;

impl Outlets {
    /// Looks through the classes that may receive from each class, where there are policies, until those that nothing limits
    /// fill the uplinks.
    pub fn of(instance: &Instance, rules: &Rules) -> Outlets {
        let nodes: Vec<NodeId> = instance.nodes.ids().collect();
        let whole = Table::new(nodes.par_iter().map(|node| most_sent(instance, *node)).collect());
        let pairs = rules.classes.len().pow(2).saturating_mul(instance.contents.len());
        if instance.policies.is_empty() || pairs > MOST_PAIRS {
            return Outlets { whole, narrow: Vec::new() };
        }
        let sent = sent(instance, rules, &whole);
        let narrow = nodes.par_iter().filter(|node| whole[**node] > 0.0);
        let narrow = narrow.filter_map(|node| outlet(instance, rules, &sent, *node, whole[*node])).collect();
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

/// What a node may receive of a content through parents, kbps.
fn lacks(instance: &Instance, node: NodeId, content: ContentId) -> f64 {
    if instance.request(node, content).is_none() && instance.nodes[node].relay_contents == Some(0) {
        return 0.0;
    }
    let row = &instance.contents[content];
    row.rate().times(u64::from(row.substreams - instance.held(node, content).count_ones())).0 as f64
}

/// What every class that may send a content can send of it.
fn sent(instance: &Instance, rules: &Rules, whole: &Table<NodeId, f64>) -> Sent {
    let class = |node| rules.classes.class(node);
    // By content and class, the largest uplink of its senders, and what its receivers lack.
    let mut senders: BTreeMap<(ContentId, ClassId), f64> = BTreeMap::new();
    let mut receivers: Vec<BTreeMap<ClassId, f64>> = vec![BTreeMap::new(); instance.contents.len()];
    for node in instance.nodes.ids() {
        for content in sendable(instance, node).filter(|_| whole[node] > 0.0) {
            let most = senders.entry((content, class(node))).or_insert(0.0);
            *most = most.max(whole[node]);
        }
        for content in instance.contents.ids() {
            let lacked = lacks(instance, node, content);
            if lacked > 0.0 {
                *receivers[content.index()].entry(class(node)).or_insert(0.0) += lacked;
            }
        }
    }
    let senders: Vec<((ContentId, ClassId), f64)> = senders.into_iter().collect();
    let of_class = |((content, from), most): ((ContentId, ClassId), f64)| {
        let row = &instance.contents[content];
        let enough = most + row.rate().times(u64::from(row.substreams)).0 as f64;
        ((content, from), kinds(rules, (content, from), &receivers[content.index()], enough))
    };
    senders.into_par_iter().map(of_class).collect()
}

/// The kinds of flows of a content from a class; those that nothing limits end the search once they are `enough`.
fn kinds(rules: &Rules, (content, from): (ContentId, ClassId), receivers: &BTreeMap<ClassId, f64>, enough: f64) -> Vec<Kind> {
    let mut kinds: FxHashMap<(u64, u64), f64> = FxHashMap::default();
    for (to, lacked) in receivers {
        let Some(limits) = counting(rules, from, *to, content) else { continue };
        let takes = kinds.entry(limits).or_insert(0.0);
        *takes += lacked;
        if limits == (0, 0) && *takes >= enough {
            break;
        }
    }
    kinds.into_iter().map(|((together, single), takes)| Kind { together, single, takes }).collect()
}

/// A bit for each limit that counts a flow, together and on single sources; `None` if it may not run. Delays are left out: who
/// is late depends on what is relaxed.
fn counting(rules: &Rules, from: ClassId, to: ClassId, content: ContentId) -> Option<(u64, u64)> {
    let arc = rules.arc_but(from, to, content, &[])?;
    let (mut together, mut single) = (0, 0);
    rules.each_limit(from, to, content, arc.route, |row| together |= bit(row));
    rules.each_node_limit(from, to, content, arc.route, |row| single |= bit(row));
    Some((together, single))
}

/// A node that cannot send all of `whole` past every limit; `None`: it can.
fn outlet(instance: &Instance, rules: &Rules, sent: &Sent, node: NodeId, whole: f64) -> Option<Outlet> {
    let (from, uplink) = (rules.classes.class(node), instance.nodes[node].uplink);
    let mut kinds: FxHashMap<(u64, u64), f64> = FxHashMap::default();
    for content in sendable(instance, node) {
        // Nobody sends to himself.
        let own = lacks(instance, node, content);
        let itself = if own > 0.0 { counting(rules, from, from, content) } else { None };
        for kind in &sent[&(content, from)] {
            let limits = (kind.together, kind.single);
            *kinds.entry(limits).or_insert(0.0) += kind.takes - if itself == Some(limits) { own } else { 0.0 };
        }
    }
    if kinds.get(&(0, 0)).is_some_and(|takes| *takes >= whole) {
        return None;
    }
    kinds.retain(|_, takes| *takes > 0.0);
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
