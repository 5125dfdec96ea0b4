//! One walk over all nodes: what stands in the plan for each, and what each takes in.

use super::flows::{Receiver, Walk, received};
use super::law::can_be_relaxed;
use super::request;
use super::sums::Sums;
use super::violation::ViolationKind;
use super::worth::agree;
use crate::ids::{ContentId, Id, NodeId, Table};
use crate::instance::{ContentKind, Parents, Previous, Request};
use crate::plan::{Assignment, Unserved};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

/// Nodes with their rows, requests and what was before.
pub(super) struct Nodes<'a> {
    pub walk: Walk<'a>,
    /// Unserved rows in order of (node, content); those about unknown ids are left out.
    pub unserved: Vec<&'a Unserved>,
    /// Substreams of each content that anybody holds.
    pub sources: Table<ContentId, u64>,
    /// Distinct children of each node; empty where no node has a limit.
    pub children: &'a [AtomicU32],
}

/// What one node has in lists that are sorted by node.
pub(super) struct Own<'a> {
    pub node: NodeId,
    pub requests: &'a [Request],
    unserved: &'a [&'a Unserved],
    previous: &'a [Previous],
}

impl<'a> Nodes<'a> {
    /// Judges some nodes that follow each other.
    pub(super) fn judge(&self, nodes: Range<usize>) -> Sums {
        let instance = self.walk.instance;
        let mut sums = Sums::new(instance);
        let (requests, previous) = (instance.requests.as_slice(), instance.previous.as_slice());
        let start = NodeId::new(nodes.start);
        let mut r = requests.partition_point(|row| row.node < start);
        let mut u = self.unserved.partition_point(|row| row.node < start);
        let mut p = previous.partition_point(|row| row.node < start);
        for node in nodes.map(NodeId::new) {
            let own = Own {
                node,
                requests: take(requests, &mut r, |row| row.node == node),
                unserved: take(&self.unserved, &mut u, |row| row.node == node),
                previous: take(previous, &mut p, |row| row.node == node),
            };
            self.node(&own, &mut sums);
        }
        sums
    }

    fn node(&self, own: &Own<'_>, sums: &mut Sums) {
        let rows = self.walk.rows;
        let mut last = None;
        for row in rows.of(own.node) {
            let assignment = rows.get(row);
            if last == Some(assignment.content) {
                sums.tell(ViolationKind::DuplicateRow, self.place(own, assignment.content), "it stands twice");
            }
            last = Some(assignment.content);
            self.row(own, assignment, rows.is_pending(row), sums);
        }
        if !rows.of(own.node).is_empty() {
            self.capacities(own, sums);
        }
        for request in own.requests {
            self.standing(own, request, sums);
        }
        for unserved in own.unserved {
            self.unserved(own, unserved, sums);
        }
    }

    /// Judges one assignment or pending row.
    fn row(&self, own: &Own<'_>, row: &Assignment, pending: bool, sums: &mut Sums) {
        let instance = self.walk.instance;
        let content = &instance.contents[row.content];
        let held = self.walk.rows.held(instance, own.node, row.content);
        let request = own.requests.iter().find(|request| request.content == row.content);
        let place = || self.place(own, row.content);
        match request {
            _ if row.relay => {
                if request.is_some() || held != 0 || pending || !row.relaxed.is_empty() {
                    let text = "a relay neither requests nor holds the content, does not wait, and is exempt from nothing";
                    sums.tell(ViolationKind::Relay, place(), text);
                }
            }
            None => sums.tell(ViolationKind::NotRequested, place(), "nobody requested it, and it is no relay"),
            Some(request) => {
                let has = (held | row.parents.mask()).count_ones();
                let fewest = self.walk.law.fewest(own.node, row.content);
                let enough = has >= fewest;
                if pending && enough {
                    sums.tell(ViolationKind::Pending, place(), format!("it waits, but has {has} substreams and is served"));
                } else if !pending && !enough {
                    let text = format!("it has {has} of at least {} substreams", fewest);
                    sums.tell(ViolationKind::TooFewSubstreams, place(), text);
                } else if !pending {
                    sums.served += 1;
                    sums.service += self.walk.law.weight(request) * (f64::from(has) / f64::from(content.substreams));
                }
            }
        }
        self.delay(own, row, sums);
        self.relaxed(own, row, sums);
        let receiver = match (request, pending) {
            (None, _) => Receiver::Other,
            _ if row.relay => Receiver::Other,
            (Some(_), true) => Receiver::Pending,
            (Some(_), false) => Receiver::Served,
        };
        self.walk.row(row, receiver, own.before(row.content), sums);
    }

    /// A delay that is told is the one that policies ask for; who receives nothing has none.
    fn delay(&self, own: &Own<'_>, row: &Assignment, sums: &mut Sums) {
        let Some(told) = row.delay else { return };
        let law = self.walk.law;
        let right = if row.parents.mask() == 0 { 0.0 } else { law.seconds(law.latest(row)) };
        if !agree(told, right, 0.0) {
            sums.tell(ViolationKind::Delay, self.place(own, row.content), format!("the plan says {told} s late, it is {right}"));
        }
    }

    /// The policies that a row names as relaxed exist, can be relaxed, and stand once.
    fn relaxed(&self, own: &Own<'_>, row: &Assignment, sums: &mut Sums) {
        for (i, id) in row.relaxed.iter().enumerate() {
            let Some(policy) = self.walk.instance.policies.get(id.index()) else {
                sums.tell(ViolationKind::UnknownId, self.place(own, row.content), "it names an unknown policy as relaxed");
                continue;
            };
            if !policy.relaxable || !can_be_relaxed(&policy.rule) || row.relaxed[..i].contains(id) {
                let text = format!("{} is relaxed, but cannot be, or stands twice", policy.id);
                sums.tell(ViolationKind::Relaxed, self.place(own, row.content), text);
            }
            sums.relaxation += 1.0 / f64::from(policy.rank);
        }
    }

    /// Downlink, relayed contents, storage; and counts the node as child of its parents.
    fn capacities(&self, own: &Own<'_>, sums: &mut Sums) {
        let (instance, rows) = (self.walk.instance, self.walk.rows);
        let node = &instance.nodes[own.node];
        let assignments = || rows.of(own.node).map(|row| rows.get(row));
        let sum = assignments().map(|row| received(instance, row, row.content)).fold(0, u64::saturating_add);
        if node.downlink.is_some_and(|downlink| sum > downlink.0) {
            let text = format!("it receives {sum} kbps of {}", node.downlink.unwrap_or_default().0);
            sums.tell(ViolationKind::Downlink, node.id.as_str(), text);
        }
        let relayed = assignments().filter(|row| row.relay && row.parents.mask() != 0).count();
        if node.relay_contents.is_some_and(|most| relayed > most as usize) {
            let text = format!("it relays {relayed} contents of {}", node.relay_contents.unwrap_or_default());
            sums.tell(ViolationKind::RelayContents, node.id.as_str(), text);
        }
        if let Some(room) = node.storage_mb {
            self.storage(own, room, sums);
        }
        if !self.children.is_empty() {
            let mut parents: Vec<NodeId> = assignments().flat_map(|row| row.parents.cells().iter().copied()).collect();
            parents.sort_unstable();
            parents.dedup();
            for parent in parents.into_iter().filter(|parent| *parent != own.node) {
                if let Some(count) = self.children.get(parent.index()) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Files held, served or relayed fit, if the plan adds one.
    fn storage(&self, own: &Own<'_>, room: f64, sums: &mut Sums) {
        let (instance, rows) = (self.walk.instance, self.walk.rows);
        let size = |content: ContentId| match &instance.contents[content] {
            file if file.kind == ContentKind::File => file.size_mb.unwrap_or(0.0),
            _ => 0.0,
        };
        let holdings = rows.holdings(instance, own.node);
        let kept = holdings.iter().map(|holding| size(holding.content)).fold(0.0, |sum, size| sum + size);
        let is_new = |row: &u32| !rows.is_pending(*row) && holdings.iter().all(|held| held.content != rows.get(*row).content);
        let added: f64 = rows.of(own.node).filter(is_new).map(|row| size(rows.get(row).content)).sum();
        // Sizes are decimal fractions: a sum may exceed a limit that it equals by a rounding.
        if added > 0.0 && kept + added > room * (1.0 + 1e-12) {
            let text = format!("{kept} MB held and {added} MB added exceed {room} MB");
            sums.tell(ViolationKind::Storage, instance.nodes[own.node].id.as_str(), text);
        }
    }

    /// The request stands in exactly one list; counts its changes and the policies that match it.
    fn standing(&self, own: &Own<'_>, request: &Request, sums: &mut Sums) {
        let rows = self.walk.rows;
        let row = rows.of(own.node).map(|row| rows.get(row)).find(|row| row.content == request.content);
        let unserved = own.unserved.iter().filter(|row| row.content == request.content).count();
        match (row, unserved) {
            (None, 0) => sums.tell(ViolationKind::MissingRequest, self.place(own, request.content), "the request stands nowhere"),
            (Some(_), 0) | (None, 1) => {}
            _ => sums.tell(ViolationKind::DuplicateRow, self.place(own, request.content), "the request stands twice"),
        }
        self.walk.law.count_matched(own.node, request.content, &mut sums.matched);
        let substreams = self.walk.instance.contents[request.content].substreams as usize;
        let (now, before) = (row.map(|row| &row.parents), own.before(request.content));
        match (now, before) {
            (None, None) => {}
            (Some(now), None) => sums.changes.added += u64::from(now.mask().count_ones()),
            _ => (0..substreams).for_each(|s| sums.count_change(list(before, s), list(now, s))),
        }
    }

    pub(super) fn place(&self, own: &Own<'_>, content: ContentId) -> String {
        request(self.walk.instance, own.node, content)
    }
}

impl<'a> Own<'a> {
    /// Its parents in force for a content.
    pub fn before(&self, content: ContentId) -> Option<&'a Parents> {
        self.previous.iter().find(|row| row.content == content).map(|row| &row.parents)
    }
}

/// The parents of a substream.
fn list(parents: Option<&Parents>, s: usize) -> impl Iterator<Item = NodeId> + '_ {
    parents.into_iter().flat_map(move |parents| parents.of(s))
}

/// The rows from `*at` on that are `mine`, and steps over them.
fn take<'s, T>(rows: &'s [T], at: &mut usize, mine: impl Fn(&T) -> bool) -> &'s [T] {
    let start = *at;
    while rows.get(*at).is_some_and(&mine) {
        *at += 1;
    }
    &rows[start..*at]
}
