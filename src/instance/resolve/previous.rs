//! The topology in force. What it says of nodes and contents that are gone is ignored.

use crate::ids::{ContentId, NodeId};
use crate::instance::decode::At;
use crate::instance::document::{ParentCell, PreviousRow};
use crate::instance::fault::{Code, Fault};
use crate::instance::{Instance, Parents, Previous};
use rayon::prelude::*;

impl Instance {
    /// The same instance with another topology in force, that of a plan: its assignments, relays and pending ones.
    /// Of two rows about one (node, content) the first counts. `sha256` is that of the plan's text.
    pub fn with_previous(mut self, rows: Vec<PreviousRow>, sha256: String) -> Instance {
        self.previous = previous(&rows, &self, At::root(""), &mut Vec::new());
        self.previous_sha256 = Some(sha256);
        self
    }
}

/// Resolves the rows about known nodes and contents, sorts them, and reports pairs that stand twice.
pub(super) fn previous(rows: &[PreviousRow], instance: &Instance, at: At<'_>, faults: &mut Vec<Fault>) -> Vec<Previous> {
    let resolve = |(position, row): (usize, &PreviousRow)| {
        let (node, content) = (instance.node(&row.node)?, instance.content(&row.content)?);
        let parents = parents(&row.parents, content, instance);
        Some((position, Previous { node, content, parents }))
    };
    let found: Vec<_> = rows.par_iter().enumerate().with_min_len(1024).map(resolve).collect();
    let mut found: Vec<(usize, Previous)> = found.into_iter().flatten().collect();
    let key = |(_, row): &(usize, Previous)| (row.node, row.content);
    if !found.is_sorted_by_key(key) {
        found.sort_by_key(key);
    }
    for two in found.windows(2).filter(|two| key(&two[0]) == key(&two[1])) {
        let what = format!("this node and content stand twice, also in row {}", two[0].0);
        faults.push(Fault::new(Code::DuplicateEntry, at.index(two[1].0), what, "keep one of them"));
    }
    found.dedup_by_key(|row| key(row));
    found.into_iter().map(|(_, row)| row).collect()
}

/// Parents by id, for as many substreams as the content has today.
fn parents(cells: &[ParentCell], content: ContentId, instance: &Instance) -> Parents {
    let find = |id: &str| instance.node(id).unwrap_or(NodeId::GONE);
    let lists: Vec<Vec<NodeId>> = (0..instance.contents[content].substreams as usize)
        .map(|s| match cells.get(s) {
            None | Some(ParentCell::Nobody(())) => Vec::new(),
            Some(ParentCell::One(id)) => vec![find(id)],
            Some(ParentCell::Several(ids)) => ids.iter().map(|id| find(id)).collect(),
        })
        .collect();
    Parents::lists(&lists)
}
