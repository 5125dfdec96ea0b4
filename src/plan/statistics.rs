//! What people ask of a plan first, counted from its assignments; and what changed against the topology in force.

mod trees;

use super::Assignment;
use super::file::{Changes, Seconds, Statistics};
use crate::ids::{ContentId, Id, NodeId};
use crate::instance::{Instance, Parents, Role};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
pub use trees::Branches;

/// Counts served requests, flows, depths, and what the failure of one peer takes.
///
/// Rows about relays carry flows and stand in trees, but are no requests. `seconds` are left to the caller.
pub fn statistics(instance: &Instance, assignments: &[Assignment], pending: &[Assignment]) -> Statistics {
    let rows = || assignments.par_iter().chain(pending);
    let (all, peers) = rows().map(|row| flows(instance, row)).reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let mut local = vec![trees::NOBODY; instance.nodes.len()];
    let mut total = trees::Depths::default();
    for (content, rows) in by_content(instance, assignments.iter().chain(pending)) {
        total.add(&trees::of_content(instance, content, &rows, &mut local));
    }
    Statistics {
        requests: instance.requests.len() as u64,
        served: assignments.iter().filter(|row| !row.relay).count() as u64,
        peer_offload: if all == 0 { 0.0 } else { peers as f64 / all as f64 },
        mean_depth: if total.count == 0 { 0.0 } else { total.sum as f64 / total.count as f64 },
        max_depth: total.most,
        worst_loss_of_one: total.worst_loss,
        seconds: Seconds::default(),
    }
}

/// Rows of each content that has any.
fn by_content<'a>(instance: &Instance, rows: impl Iterator<Item = &'a Assignment>) -> Vec<(ContentId, Vec<&'a Assignment>)> {
    let mut lists: Vec<Vec<&Assignment>> = vec![Vec::new(); instance.contents.len()];
    for row in rows {
        if let Some(list) = lists.get_mut(row.content.index()) {
            list.push(row);
        }
    }
    let numbered = lists.into_iter().enumerate().map(|(content, rows)| (ContentId::new(content), rows));
    numbered.filter(|(_, rows)| !rows.is_empty()).collect()
}

/// Shows `visit` the tree of every substream of every content, for those who count by depth.
pub fn each_tree<'a>(instance: &Instance, rows: impl Iterator<Item = &'a Assignment>, mut visit: impl FnMut(Branches<'_>)) {
    let mut local = vec![trees::NOBODY; instance.nodes.len()];
    for (content, rows) in by_content(instance, rows) {
        trees::each(instance, content, &rows, &mut local, &mut visit);
    }
}

/// kbps of all flows into a row, and of those that peers send.
fn flows(instance: &Instance, row: &Assignment) -> (u128, u128) {
    let Some(content) = instance.contents.get(row.content) else { return (0, 0) };
    let senders = row.parents.cells().iter().filter_map(|parent| instance.nodes.get(*parent));
    let count = |(all, peers), sender: &crate::instance::Node| (all + 1, peers + u128::from(sender.role == Role::Peer));
    let (all, peers) = senders.fold((0u128, 0u128), count);
    let rate = u128::from(content.rate().0);
    (all * rate, peers * rate)
}

/// Counts (node, content, substream) of the instance's requests by their parents, as sets, in `previous` and now.
pub fn changes(instance: &Instance, assignments: &[Assignment], pending: &[Assignment]) -> Changes {
    let seen: Vec<AtomicBool> = instance.previous.iter().map(|_| AtomicBool::new(false)).collect();
    let requests = assignments.par_iter().chain(pending).filter(|row| !row.relay);
    let now = requests.filter(|row| instance.request(row.node, row.content).is_some()).map(|row| {
        let key = (row.node, row.content);
        let found = instance.previous.binary_search_by_key(&key, |before| (before.node, before.content)).ok();
        if let Some(found) = found {
            seen[found].store(true, Ordering::Relaxed);
        }
        compare(Some(&row.parents), found.map(|found| &instance.previous[found].parents))
    });
    let now = now.reduce(Changes::default, add);
    let gone = instance.previous.iter().zip(&seen).filter(|(_, seen)| !seen.load(Ordering::Relaxed)).map(|(before, _)| before);
    let gone = gone.filter(|before| instance.request(before.node, before.content).is_some());
    gone.fold(now, |sum, before| add(sum, compare(None, Some(&before.parents))))
}

/// The changes of one request.
fn compare(now: Option<&Parents>, before: Option<&Parents>) -> Changes {
    let substreams = now.map_or(0, Parents::substreams).max(before.map_or(0, Parents::substreams));
    let parents = |side: Option<&Parents>, s| -> Vec<NodeId> {
        let mut set: Vec<NodeId> = side.into_iter().flat_map(|parents| parents.of(s)).collect();
        set.sort_unstable();
        set.dedup();
        set
    };
    let mut changes = Changes::default();
    for s in 0..substreams {
        let (now, before) = (parents(now, s), parents(before, s));
        match (now.is_empty(), before.is_empty()) {
            (true, true) => {}
            (false, true) => changes.added += 1,
            (true, false) => changes.removed += 1,
            (false, false) if now == before => changes.kept += 1,
            (false, false) => changes.changed += 1,
        }
    }
    changes
}

fn add(a: Changes, b: Changes) -> Changes {
    Changes { kept: a.kept + b.kept, changed: a.changed + b.changed, added: a.added + b.added, removed: a.removed + b.removed }
}
