//! Quotas of the group program, laid beside the pools: how many copies each cell may still send to each other.

use super::pools::Pools;
use crate::ids::ContentId;
use crate::instance::Instance;
use crate::policy::{CellId, Cells, Near, Rules};
use crate::program::relaxation::Quota;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What one receiving cell may get, and from where.
#[derive(Clone, Debug)]
pub(super) struct Guide {
    /// Cells that may send, cheapest first.
    pub(super) near: Rc<[Near]>,
    /// Copies that each of them may still send.
    pub(super) left: Vec<u32>,
}

/// The guide of each receiving cell, by pool number; `None` where the program sends nothing.
pub(super) fn lay(instance: &Instance, rules: &Rules, cells: &Cells, pools: &Pools, quotas: &[Quota]) -> Vec<Option<Guide>> {
    let mut by_child: FxHashMap<(ContentId, CellId), Vec<(CellId, f64)>> = FxHashMap::default();
    for quota in quotas {
        by_child.entry((quota.content, quota.to)).or_default().push((quota.from, quota.copies));
    }
    let mut guides = vec![None; pools.count()];
    for ((content, child), mut senders) in by_child {
        senders.sort_unstable_by_key(|(cell, _)| *cell);
        let among: Vec<CellId> = senders.iter().map(|(cell, _)| *cell).collect();
        let mut near = cells.near(instance, rules, content, &among, child);
        let mut sum = 0.0;
        let left = near.iter().map(|near| whole_share(&mut sum, senders[near.local as usize].1)).collect();
        for near in &mut near {
            near.local = pools.local(content, among[near.local as usize]);
        }
        guides[pools.number(content, pools.local(content, child))] = Some(Guide { near: near.into(), left });
    }
    guides
}

/// Rounds so that running sums are off by less than one half.
fn whole_share(sum: &mut f64, copies: f64) -> u32 {
    let before = sum.round();
    *sum += copies;
    (sum.round() - before) as u32
}
