//! What is added up over nodes and flows, range by range.

use super::copies::Copies;
use super::violation::{Violation, ViolationKind};
use crate::ids::NodeId;
use crate::instance::Instance;
use crate::plan::file::Changes;
use crate::units::Cost;

/// Numbers that are added up over nodes.
pub(super) struct Sums {
    pub violations: Vec<Violation>,
    /// kbps that the plan puts on each link.
    pub links: Vec<u64>,
    /// By policy: kbps of matching flows, for `limit_rate` and `limit_volume`.
    pub limited: Vec<u128>,
    /// By policy: requests whose destination and content match.
    pub matched: Vec<u64>,
    pub copies: Copies,
    pub cost: Cost,
    pub kbps: u128,
    pub peer_kbps: u128,
    pub service: f64,
    pub relaxation: f64,
    pub served: u64,
    pub changes: Changes,
}

impl Sums {
    /// Nothing yet.
    pub fn new(instance: &Instance) -> Sums {
        Sums {
            violations: Vec::new(),
            links: vec![0; instance.links.len()],
            limited: vec![0; instance.policies.len()],
            matched: vec![0; instance.policies.len()],
            copies: Copies::default(),
            cost: Cost(0),
            kbps: 0,
            peer_kbps: 0,
            service: 0.0,
            relaxation: 0.0,
            served: 0,
            changes: Changes::default(),
        }
    }

    /// Notes a violation.
    pub fn tell(&mut self, kind: ViolationKind, place: impl Into<String>, text: impl Into<String>) {
        self.violations.push(Violation::new(kind, place, text));
    }

    /// Counts a substream of a request by its parents before and now, as sets.
    pub fn count_change(&mut self, before: impl Iterator<Item = NodeId>, now: impl Iterator<Item = NodeId>) {
        let set = |parents: &mut dyn Iterator<Item = NodeId>| -> Vec<NodeId> {
            let mut set: Vec<NodeId> = parents.collect();
            set.sort_unstable();
            set.dedup();
            set
        };
        let (mut before, mut now) = (before, now);
        match (set(&mut before), set(&mut now)) {
            (before, now) if before.is_empty() && now.is_empty() => {}
            (before, now) if before == now => self.changes.kept += 1,
            (before, _) if before.is_empty() => self.changes.added += 1,
            (_, now) if now.is_empty() => self.changes.removed += 1,
            _ => self.changes.changed += 1,
        }
    }

    /// Adds what later nodes gave.
    pub fn add(mut self, other: Sums) -> Sums {
        self.violations.extend(other.violations);
        self.links.iter_mut().zip(other.links).for_each(|(sum, one)| *sum = sum.saturating_add(one));
        self.limited.iter_mut().zip(other.limited).for_each(|(sum, one)| *sum += one);
        self.matched.iter_mut().zip(other.matched).for_each(|(sum, one)| *sum += one);
        self.copies.add(other.copies);
        self.cost += other.cost;
        self.kbps += other.kbps;
        self.peer_kbps += other.peer_kbps;
        self.service += other.service;
        self.relaxation += other.relaxation;
        self.served += other.served;
        let Changes { kept, changed, added, removed } = other.changes;
        self.changes.kept += kept;
        self.changes.changed += changed;
        self.changes.added += added;
        self.changes.removed += removed;
        self
    }
}
