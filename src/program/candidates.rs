//! Flows that may run between two cells: the columns that the group program can have.

use super::supply::{Share, Supply};
use crate::ids::ContentId;
use crate::instance::Instance;
use crate::policy::{Arc, CellId, Cells, Near, Rules};
use rayon::prelude::*;

/// A possible flow between two cells.
#[derive(Clone, Copy, Debug)]
pub struct CellArc {
    /// The content.
    pub content: ContentId,
    /// Places of the sending and of the receiving cell among the content's shares.
    pub ends: (u32, u32),
    /// Cost of one copy.
    pub cost: f64,
    pub(super) arc: Arc,
}

/// For each receiving share of a content all cells that can send to it, cheapest first.
pub(super) fn candidates(
    instance: &Instance,
    rules: &Rules,
    cells: &Cells,
    supply: &Supply,
    content: ContentId,
) -> Vec<Vec<CellArc>> {
    let shares = &supply.shares[content];
    let sends = |share: &Share| share.standing + share.relayed > 0.0 || share.tiers.iter().any(|tier| tier.brings > 0.0);
    let senders: Vec<u32> = (0..shares.len() as u32).filter(|place| sends(&shares[*place as usize])).collect();
    let among: Vec<CellId> = senders.iter().map(|place| CellId(shares[*place as usize].cell)).collect();
    let rate = instance.contents[content].rate().mbps();
    let of_child = |(child, share): (usize, &Share)| {
        if share.tiers.is_empty() && share.relayed == 0.0 {
            return Vec::new();
        }
        let near = cells.near(instance, rules, content, &among, CellId(share.cell), &[]);
        let arc = |near: Near| CellArc {
            content,
            ends: (senders[near.local as usize], child as u32),
            cost: near.cost.value() * rate,
            arc: near.arc,
        };
        near.into_iter().map(arc).collect()
    };
    shares.par_iter().enumerate().map(of_child).collect()
}
