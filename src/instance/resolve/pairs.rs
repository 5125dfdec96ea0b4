//! Requests and holdings: one row for each (node, content), in that order.

use super::{collect_faults, refer};
use crate::ids::{ContentId, NodeId, RequestId, Table};
use crate::instance::decode::At;
use crate::instance::document::{HoldingRow, RequestRow};
use crate::instance::fault::{Code, Fault};
use crate::instance::{Holding, Instance, Request};
use rayon::prelude::*;
use smol_str::SmolStr;
use std::sync::Mutex;

/// A (node, content) and the position of its row in the file.
type Pair = (NodeId, ContentId, u32);

pub(super) fn requests(
    rows: &[RequestRow],
    instance: &Instance,
    at: At<'_>,
    faults: &mut Vec<Fault>,
) -> Table<RequestId, Request> {
    let pairs = pairs(rows, |row| (&row.node, &row.content), instance, at, faults);
    let request = |(node, content, position): Pair| {
        let weight = rows[position as usize].weight.unwrap_or(1.0);
        Request { node, content, weight }
    };
    Table::new(pairs.into_iter().map(request).collect())
}

/// Rows that hold no substream at all are left out.
pub(super) fn holdings(rows: &[HoldingRow], instance: &Instance, at: At<'_>, faults: &mut Vec<Fault>) -> Vec<Holding> {
    let pairs = pairs(rows, |row| (&row.node, &row.content), instance, at, faults);
    let mut holding = |(node, content, position): Pair| {
        let given = rows[position as usize].substreams.as_deref();
        let row = at.index(position as usize);
        let mask = match given {
            None => instance.contents[content].all(),
            Some(list) => mask(list, instance.contents[content].substreams, row.field("substreams"), faults),
        };
        Holding { node, content, mask }
    };
    let held: Vec<Holding> = pairs.into_iter().map(&mut holding).collect();
    held.into_iter().filter(|holding| holding.mask != 0).collect()
}

/// A bit for each substream named.
fn mask(list: &[u32], substreams: u32, at: At<'_>, faults: &mut Vec<Fault>) -> u64 {
    let mut mask = 0;
    for (index, substream) in list.iter().enumerate() {
        if *substream < substreams {
            mask |= 1 << substream;
        } else {
            let what = format!("{substream} is not a substream of the content, which has {substreams}");
            let remedy = format!("write 0 to {}", substreams - 1);
            faults.push(Fault::new(Code::OutOfRange, at.index(index), what, remedy));
        }
    }
    mask
}

/// Resolves the pairs, sorts them, and reports those that stand twice.
fn pairs<R: Sync>(
    rows: &[R],
    names: impl Fn(&R) -> (&SmolStr, &SmolStr) + Sync,
    instance: &Instance,
    at: At<'_>,
    faults: &mut Vec<Fault>,
) -> Vec<Pair> {
    let shared = Mutex::new(&mut *faults);
    let resolve = |(position, row): (usize, &R)| {
        let (node, content) = names(row);
        let at = at.index(position);
        collect_faults(&shared, |faults| {
            let node = refer(node, "nodes", instance.node(node), at.field("node"), faults);
            let content = refer(content, "contents", instance.content(content), at.field("content"), faults);
            Some((node?, content?, position as u32))
        })
    };
    let found: Vec<Option<Pair>> = rows.par_iter().enumerate().with_min_len(1024).map(resolve).collect();
    let mut pairs: Vec<Pair> = found.into_iter().flatten().collect();
    if !pairs.is_sorted() {
        pairs.par_sort_unstable();
    }
    for two in pairs.windows(2) {
        if (two[0].0, two[0].1) == (two[1].0, two[1].1) {
            let what = format!("this node and content stand twice, also in row {}", two[0].2);
            faults.push(Fault::new(Code::DuplicateEntry, at.index(two[1].2 as usize), what, "keep one of them"));
        }
    }
    pairs
}
