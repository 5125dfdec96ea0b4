//! The rows of a plan in order of (node, content), found again by node and content.

use super::violation::{Violation, ViolationKind};
use crate::ids::{ContentId, Id, NodeId};
use crate::instance::Instance;
use crate::plan::{Assignment, Plan};
use rayon::prelude::*;

/// Assignments and pending rows that have the right shape.
///
/// A row is called by its place in the order of (node, content); duplicates stand side by side.
pub(super) struct Rows<'a> {
    plan: &'a Plan,
    /// Place in `assignments` followed by `pending`, in order of (node, content).
    order: Vec<u32>,
    /// First row of each node, and the end.
    first: Vec<u32>,
    /// Place of a row among those of its content, by node.
    local: Vec<u32>,
    /// Rows of each content, by node.
    by_content: Vec<Vec<u32>>,
    /// First holding of each node, and the end.
    first_holding: Vec<u32>,
}

impl<'a> Rows<'a> {
    /// Sorts the rows; those that cannot be read at all are told and left out.
    pub(super) fn sort(instance: &Instance, plan: &'a Plan, violations: &mut Vec<Violation>) -> Rows<'a> {
        let count = plan.assignments.len() + plan.pending.len();
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.retain(|row| match fault(instance, plan, listed(plan, *row)) {
            Some(violation) => {
                violations.push(violation);
                false
            }
            None => true,
        });
        let key = |row: &u32| {
            let row = listed(plan, *row);
            (row.node, row.content)
        };
        if !order.is_sorted_by_key(key) {
            order.par_sort_by_key(key);
        }
        let first = starts(instance.nodes.len(), order.iter().map(|row| listed(plan, *row).node));
        let mut by_content = vec![Vec::new(); instance.contents.len()];
        let mut local = Vec::with_capacity(order.len());
        for (row, place) in order.iter().enumerate() {
            let rows = &mut by_content[listed(plan, *place).content.index()];
            local.push(rows.len() as u32);
            rows.push(row as u32);
        }
        let first_holding = starts(instance.nodes.len(), instance.holdings.iter().map(|holding| holding.node));
        Rows { plan, order, first, local, by_content, first_holding }
    }

    /// The row at a place of the order.
    pub(super) fn get(&self, row: u32) -> &'a Assignment {
        listed(self.plan, self.order[row as usize])
    }

    /// The row stands in `pending`.
    pub(super) fn is_pending(&self, row: u32) -> bool {
        self.order[row as usize] as usize >= self.plan.assignments.len()
    }

    /// All rows of a node, by content.
    pub(super) fn of(&self, node: NodeId) -> std::ops::Range<u32> {
        self.first[node.index()]..self.first[node.index() + 1]
    }

    /// All rows.
    pub(super) fn all(&self) -> std::ops::Range<u32> {
        0..self.order.len() as u32
    }

    /// Rows of a content, by node.
    pub(super) fn of_content(&self, content: ContentId) -> &[u32] {
        &self.by_content[content.index()]
    }

    /// Place, among the rows of a content, of the row that a node has.
    pub(super) fn local(&self, node: NodeId, content: ContentId) -> Option<u32> {
        let row = match self.of(node) {
            rows if rows.len() == 1 => Some(rows.start),
            rows => rows.into_iter().find(|row| self.get(*row).content == content),
        }?;
        let local = self.local[row as usize];
        (self.by_content[content.index()].get(local as usize) == Some(&row)).then_some(local)
    }

    /// The substreams that a node holds of a content.
    pub(super) fn held(&self, instance: &Instance, node: NodeId, content: ContentId) -> u64 {
        let range = self.first_holding[node.index()] as usize..self.first_holding[node.index() + 1] as usize;
        let found = instance.holdings[range].iter().find(|holding| holding.content == content);
        found.map_or(0, |holding| holding.mask)
    }

    /// What the node holds of anything.
    pub(super) fn holdings<'i>(&self, instance: &'i Instance, node: NodeId) -> &'i [crate::instance::Holding] {
        &instance.holdings[self.first_holding[node.index()] as usize..self.first_holding[node.index() + 1] as usize]
    }
}

/// The row at a place of `assignments` followed by `pending`.
fn listed(plan: &Plan, place: u32) -> &Assignment {
    let place = place as usize;
    plan.assignments.get(place).unwrap_or_else(|| &plan.pending[place - plan.assignments.len()])
}

/// Why a row cannot be read.
fn fault(instance: &Instance, plan: &Plan, row: &Assignment) -> Option<Violation> {
    let place = || super::request(instance, row.node, row.content);
    let (Some(_), Some(content)) = (instance.nodes.get(row.node), instance.contents.get(row.content)) else {
        return Some(Violation::new(
            ViolationKind::UnknownId,
            place(),
            "the row is about a node or content that the instance lacks",
        ));
    };
    if row.parents.substreams() != content.substreams as usize {
        let text = format!("{} cells for {} substreams", row.parents.substreams(), content.substreams);
        return Some(Violation::new(ViolationKind::BadShape, place(), text));
    }
    let protocols = row.protocols.as_deref()?;
    if protocols.len() != row.parents.cells().len() {
        return Some(Violation::new(ViolationKind::BadShape, place(), "protocols do not have the shape of parents"));
    }
    let known = |name: &u16| *name == Assignment::NO_PROTOCOL || usize::from(*name) < plan.protocol_names.len();
    (!protocols.iter().all(known)).then(|| Violation::new(ViolationKind::BadShape, place(), "a protocol without a name"))
}

/// Where the entries of each node start in a list sorted by node, and the end.
fn starts(nodes: usize, sorted: impl Iterator<Item = NodeId>) -> Vec<u32> {
    let mut first = vec![0u32; nodes + 1];
    for node in sorted {
        first[node.index() + 1] += 1;
    }
    for node in 0..nodes {
        first[node + 1] += first[node];
    }
    first
}
