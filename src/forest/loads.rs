//! What is left of every capacity: nodes, links, policy rows.
//!
//! Everything is a whole number of kbps that is left (`u64::MAX`: no limit), so a check is a comparison and a move is an
//! addition. Limits that few nodes have (children, storage, relaying, per-node policy rows) are kept aside.

use super::{Forest, SeatId};
use crate::ids::{ContentId, Id, LinkId, NodeId, PolicyId, Table};
use crate::instance::{ContentKind, Instance};
use crate::policy::{Arc, ClassId, Rules};
use crate::units::Kbps;
use rustc_hash::FxHashMap;

const UNLIMITED: u64 = u64::MAX;

/// One substream from one node to another.
#[derive(Clone, Copy)]
pub(super) struct Flow<'f> {
    pub parent: NodeId,
    pub child: NodeId,
    pub content: ContentId,
    pub substream: u32,
    pub arc: Arc,
    /// Policies that are relaxed for the child: they do not count it.
    pub exempt: &'f [PolicyId],
}

/// What is left of every capacity.
#[derive(Clone, Debug)]
pub struct Loads {
    uplink: Table<NodeId, u64>,
    /// Empty if no node has a limit.
    downlink: Vec<u64>,
    link: Table<LinkId, u64>,
    limit: Vec<u64>,
    /// What a source sends in flows that a row of `node_limits` counts.
    node_limit: FxHashMap<(u32, NodeId), u64>,
    /// Copies of a substream that a row of `copy_limits` counts.
    copies: FxHashMap<(u32, ContentId, u32), u32>,
    /// Flows to each distinct child of a parent that limits their number.
    children: FxHashMap<(NodeId, NodeId), u32>,
    /// Distinct children that such a parent may still take.
    children_left: FxHashMap<NodeId, u32>,
    /// MB that a node with limited storage has left for files.
    storage: FxHashMap<NodeId, f64>,
    /// Contents that a node with limited relaying may still relay.
    relays: FxHashMap<NodeId, u32>,
}

impl Loads {
    /// Everything free, but what is used from elsewhere.
    pub(super) fn new(instance: &Instance, rules: &Rules) -> Loads {
        let nodes = || instance.nodes.pairs();
        let limited = instance.nodes.iter().any(|node| node.downlink.is_some());
        let left = |capacity: Option<Kbps>, used: Kbps| capacity.map_or(UNLIMITED, |capacity| capacity.saturating_sub(used).0);
        let downlink = |node: &crate::instance::Node| left(node.downlink, Kbps(0));
        let mut storage: FxHashMap<_, _> = nodes().filter_map(|(id, node)| Some((id, node.storage_mb?))).collect();
        for holding in &instance.holdings {
            let content = &instance.contents[holding.content];
            if let (ContentKind::File, Some(room)) = (content.kind, storage.get_mut(&holding.node)) {
                *room -= content.size_mb.unwrap_or(0.0);
            }
        }
        Loads {
            uplink: Table::new(instance.nodes.iter().map(|node| node.uplink.0).collect()),
            downlink: if limited { instance.nodes.iter().map(downlink).collect() } else { Vec::new() },
            link: Table::new(instance.links.iter().map(|link| left(link.capacity, link.used)).collect()),
            limit: rules.limits.iter().map(|limit| limit.max.0).collect(),
            node_limit: FxHashMap::default(),
            copies: FxHashMap::default(),
            children: FxHashMap::default(),
            children_left: nodes().filter_map(|(id, node)| Some((id, node.max_children?))).collect(),
            storage,
            relays: nodes().filter_map(|(id, node)| Some((id, node.relay_contents.filter(|most| *most > 0)?))).collect(),
        }
    }

    /// Uplink that a node has left.
    pub fn uplink(&self, node: NodeId) -> Kbps {
        Kbps(self.uplink[node])
    }

    /// Downlink that a node has left.
    pub fn downlink(&self, node: NodeId) -> Kbps {
        Kbps(self.downlink.get(node.index()).copied().unwrap_or(UNLIMITED))
    }

    /// What a link has left; `None` without limit.
    pub fn link(&self, link: LinkId) -> Option<Kbps> {
        Some(Kbps(self.link[link])).filter(|left| left.0 != UNLIMITED)
    }

    /// Gives a node more uplink (`on`), or takes it back.
    pub fn widen_uplink(&mut self, node: NodeId, more: Kbps, on: bool) {
        shift(&mut self.uplink[node], more.0, !on);
    }

    /// Gives a link more capacity (`on`), or takes it back.
    pub fn widen_link(&mut self, link: LinkId, more: Kbps, on: bool) {
        shift(&mut self.link[link], more.0, !on);
    }

    /// What a row of [`Rules::limits`] has left.
    pub fn limit(&self, row: usize) -> Kbps {
        Kbps(self.limit[row])
    }

    /// Keeps what rows of [`Rules::limits`] have left from being used, until it is released.
    pub fn spare(&mut self, rows: &[usize]) -> Vec<Kbps> {
        rows.iter().map(|row| Kbps(std::mem::replace(&mut self.limit[*row], 0))).collect()
    }

    /// Releases what was spared.
    pub fn release(&mut self, rows: &[usize], kept: &[Kbps]) {
        rows.iter().zip(kept).for_each(|(row, kept)| self.limit[*row] += kept.0);
    }

    /// Some source sends so much under a policy's limit for each source that another flow of `rate` does not fit.
    pub fn node_limit_reached(&self, rules: &Rules, instance: &Instance, policy: PolicyId, rate: Kbps) -> bool {
        let reached = |((row, node), used): (&(u32, NodeId), &u64)| {
            let limit = &rules.node_limits[*row as usize];
            limit.policy == policy && used + rate.0 > limit.max(instance.nodes[*node].uplink).0
        };
        self.node_limit.iter().any(reached)
    }

    /// Of some substream no copy more may enter under a policy.
    pub fn copies_reached(&self, rules: &Rules, policy: PolicyId) -> bool {
        self.copies.iter().any(|((row, ..), used)| {
            let limit = &rules.copy_limits[*row as usize];
            limit.policy == policy && *used >= limit.max
        })
    }

    /// The parent may take another child, or has this one already.
    pub fn takes_child(&self, parent: NodeId, child: NodeId) -> bool {
        match self.children_left.get(&parent) {
            Some(0) => self.children.contains_key(&(parent, child)),
            _ => true,
        }
    }

    /// The parent limits the number of its distinct children.
    pub fn limits_children(&self, parent: NodeId) -> bool {
        self.children_left.contains_key(&parent)
    }

    /// The rows of [`Rules::limits`] that count flows on an arc have room for one of `rate`.
    pub fn limits_leave(&self, rules: &Rules, from: ClassId, to: ClassId, content: ContentId, arc: Arc, rate: Kbps) -> bool {
        let mut fits = true;
        rules.each_limit(from, to, content, arc.route, |row| fits &= self.limit[row] >= rate.0);
        fits
    }

    /// The rows of [`Rules::node_limits`] that count flows of a seat's content to a class have room for one more.
    pub fn node_limits_leave(&self, forest: &Forest<'_>, parent: SeatId, to: ClassId, arc: Arc) -> bool {
        let (from, rate, rules) = (forest.seat(parent), forest.rate(parent), forest.rules);
        let mut fits = true;
        rules.each_node_limit(rules.classes.class(from.node), to, from.content, arc.route, |row| {
            fits &= self.node_limit_leaves(forest.instance, rules, row, from.node, rate);
        });
        fits
    }

    /// A row of [`Rules::node_limits`] has room for one flow more of `rate` from a node.
    fn node_limit_leaves(&self, instance: &Instance, rules: &Rules, row: usize, node: NodeId, rate: Kbps) -> bool {
        let used = self.node_limit.get(&(row as u32, node)).copied().unwrap_or(0);
        used + rate.0 <= rules.node_limits[row].max(instance.nodes[node].uplink).0
    }

    /// Every link of a route has room for one flow of `rate`.
    pub fn links_fit(&self, rules: &Rules, arc: Arc, rate: Kbps) -> bool {
        rules.topology.links(arc.route).iter().all(|link| self.link[*link] >= rate.0)
    }

    pub(super) fn fits(&self, forest: &Forest<'_>, flow: Flow<'_>) -> bool {
        let (instance, rules) = (forest.instance, forest.rules);
        let rate = instance.contents[flow.content].rate();
        self.uplink[flow.parent] >= rate.0
            && self.downlink(flow.child) >= rate
            && self.takes_child(flow.parent, flow.child)
            && self.links_fit(rules, flow.arc, rate)
            && self.limits_fit(instance, rules, flow, rate)
    }

    /// The policy rows that count a flow have room for it.
    fn limits_fit(&self, instance: &Instance, rules: &Rules, flow: Flow<'_>, rate: Kbps) -> bool {
        let Flow { parent, content, arc, exempt, .. } = flow;
        let (from, to) = (rules.classes.class(parent), rules.classes.class(flow.child));
        let mut fits = true;
        rules.each_limit(from, to, content, arc.route, |row| {
            fits &= self.limit[row] >= rate.0 || exempt.contains(&rules.limits[row].policy);
        });
        rules.each_node_limit(from, to, content, arc.route, |row| {
            fits &= self.node_limit_leaves(instance, rules, row, parent, rate) || exempt.contains(&rules.node_limits[row].policy);
        });
        rules.each_copy_limit(from, to, content, arc.route, |row| {
            let used = self.copies.get(&(row as u32, content, flow.substream)).copied().unwrap_or(0);
            fits &= used < rules.copy_limits[row].max || exempt.contains(&rules.copy_limits[row].policy);
        });
        fits
    }

    /// Takes (`on`) or gives back one flow's share of every capacity.
    pub(super) fn shift(&mut self, instance: &Instance, rules: &Rules, flow: Flow<'_>, on: bool) {
        let Flow { parent, child, content, arc, exempt, .. } = flow;
        let rate = instance.contents[content].rate().0;
        let (from, to) = (rules.classes.class(parent), rules.classes.class(child));
        shift(&mut self.uplink[parent], rate, on);
        if let Some(left) = self.downlink.get_mut(child.index()) {
            shift(left, rate, on);
        }
        for link in rules.topology.links(arc.route) {
            shift(&mut self.link[*link], rate, on);
        }
        rules.each_limit(from, to, content, arc.route, |row| {
            if !exempt.contains(&rules.limits[row].policy) {
                shift(&mut self.limit[row], rate, on);
            }
        });
        rules.each_node_limit(from, to, content, arc.route, |row| {
            if !exempt.contains(&rules.node_limits[row].policy) {
                shift(self.node_limit.entry((row as u32, parent)).or_insert(0), rate, !on);
            }
        });
        rules.each_copy_limit(from, to, content, arc.route, |row| {
            if !exempt.contains(&rules.copy_limits[row].policy) {
                let used = self.copies.entry((row as u32, content, flow.substream)).or_insert(0);
                *used = if on { *used + 1 } else { *used - 1 };
            }
        });
        self.shift_child(parent, child, on);
    }

    fn shift_child(&mut self, parent: NodeId, child: NodeId, on: bool) {
        let Some(left) = self.children_left.get_mut(&parent) else { return };
        let flows = self.children.entry((parent, child)).or_insert(0);
        if on {
            *left -= u32::from(*flows == 0);
            *flows += 1;
        } else {
            *flows -= 1;
            if *flows == 0 {
                *left += 1;
                self.children.remove(&(parent, child));
            }
        }
    }

    /// A node may begin to receive a content: there is room for the file, and it may relay one content more.
    pub(super) fn admits(&self, instance: &Instance, node: NodeId, content: ContentId, held: bool, relay: bool) -> bool {
        let content = &instance.contents[content];
        let room = match self.storage.get(&node) {
            Some(room) if content.kind == ContentKind::File && !held => *room >= content.size_mb.unwrap_or(0.0),
            _ => true,
        };
        let may_relay = !relay
            || match instance.nodes[node].relay_contents {
                None => true,
                Some(_) => self.relays.get(&node).is_some_and(|left| *left > 0),
            };
        room && may_relay
    }

    /// Counts that a node begins (`on`) or ceases to receive a content.
    pub(super) fn admit(&mut self, instance: &Instance, node: NodeId, content: ContentId, held: bool, relay: bool, on: bool) {
        let content = &instance.contents[content];
        if let (ContentKind::File, false, Some(room)) = (content.kind, held, self.storage.get_mut(&node)) {
            let size = content.size_mb.unwrap_or(0.0);
            *room += if on { -size } else { size };
        }
        if let (true, Some(left)) = (relay, self.relays.get_mut(&node)) {
            *left = if on { *left - 1 } else { *left + 1 };
        }
    }
}

/// Takes `rate` from what is left, or gives it back.
fn shift(left: &mut u64, rate: u64, take: bool) {
    if *left != UNLIMITED {
        *left = if take { *left - rate } else { *left + rate };
    }
}
