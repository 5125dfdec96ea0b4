//! Quotas of the group program, laid beside the pools: how many copies each cell may still send to each other.

use super::order::Order;
use super::pools::Pools;
use crate::forest::SeatId;
use crate::ids::ContentId;
use crate::instance::Instance;
use crate::policy::{CellId, Cells, Near, Rules};
use crate::program::relaxation::{Guidance, Quota};
use crate::program::supply::{self, TierKey};
use petgraph::Direction;
use petgraph::algo::condensation;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Quotas of all cells.
#[derive(Debug, Default)]
pub(super) struct Guides {
    /// By pool number of the child's cell.
    of: Vec<Guide>,
    /// Copies that may still be sent, for each quota.
    left: Vec<u32>,
    /// Requests of each tier that are to be served.
    serving: FxHashMap<(ContentId, CellId, TierKey), f64>,
}

/// What the children of one cell may get.
#[derive(Clone, Debug, Default)]
struct Guide {
    /// Cells that may send, cheapest first.
    near: Rc<[Near]>,
    /// The quota that each of them draws on.
    quota: Vec<u32>,
}

impl Guides {
    /// Lays the quotas beside the pools.
    pub(super) fn lay(instance: &Instance, rules: &Rules, cells: &Cells, pools: &Pools, guidance: &Guidance) -> Guides {
        let quotas = &guidance.quotas;
        let mut of_cell: FxHashMap<(ContentId, CellId), Vec<u32>> = FxHashMap::default();
        for (number, quota) in quotas.iter().enumerate() {
            of_cell.entry((quota.content, quota.to)).or_default().push(number as u32);
        }
        let serving = guidance.serving.iter().map(|serving| ((serving.content, serving.cell, serving.key), serving.count));
        let mut guides = Guides { of: vec![Guide::default(); pools.count()], left: whole(quotas), serving: serving.collect() };
        for ((content, child), numbers) in of_cell {
            let among: Vec<CellId> = numbers.iter().map(|number| quotas[*number as usize].from).collect();
            let mut near = cells.near(instance, rules, content, &among, child, &[]);
            let quota = near.iter().map(|cell| numbers[cell.local as usize]).collect();
            near.iter_mut().for_each(|cell| cell.local = pools.local(content, among[cell.local as usize]));
            guides.of[pools.number(content, pools.local(content, child))] = Guide { near: near.into(), quota };
        }
        guides
    }

    /// The requests that the program serves, the first of each tier in order, in blocks: those that bring as much as they
    /// take, then those that bring less and less. A block that was fed leaves the most slots for the next.
    pub(super) fn chosen(&self, instance: &Instance, rules: &Rules, cells: &Cells, order: &Order) -> Vec<Vec<SeatId>> {
        let mut left = self.serving.clone();
        let mut blocks: BTreeMap<u32, Vec<SeatId>> = BTreeMap::new();
        for request in &order.requests {
            let Some(tier) = supply::tier(instance, rules, *request) else { continue };
            let row = &instance.requests[*request];
            let Some(count) = left.get_mut(&(row.content, cells.cell(row.node), tier.key)) else { continue };
            *count -= 1.0;
            if *count > -0.5 {
                blocks.entry((tier.takes() - tier.brings).max(0.0) as u32).or_default().push(SeatId(request.0));
            }
        }
        blocks.into_values().collect()
    }

    /// Nothing guides.
    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Cells that may send to the cell with this pool number.
    pub(super) fn near(&self, number: usize) -> Rc<[Near]> {
        self.of[number].near.clone()
    }

    /// Copies that the cell at a position of [`Guides::near`] may still send.
    pub(super) fn left(&self, number: usize, position: usize) -> u32 {
        self.left[self.of[number].quota[position] as usize]
    }

    /// Takes one copy from a quota.
    pub(super) fn take(&mut self, number: usize, position: usize) {
        self.left[self.of[number].quota[position] as usize] -= 1;
    }

    /// Gives one copy back to a quota.
    pub(super) fn give_back(&mut self, number: usize, position: usize) {
        self.left[self.of[number].quota[position] as usize] += 1;
    }

    /// Of the cells that wait, groups that need a first copy from elsewhere: quotas run in circles within each of them, and
    /// into it from no other cell that waits. Cells are pool numbers.
    pub(super) fn circles(&self, pools: &Pools, waiting: &FxHashSet<usize>) -> Vec<Vec<usize>> {
        let mut numbers: Vec<usize> = waiting.iter().copied().collect();
        numbers.sort_unstable();
        let place: FxHashMap<usize, u32> = numbers.iter().enumerate().map(|(place, number)| (*number, place as u32)).collect();
        let mut graph = DiGraph::<usize, ()>::new();
        numbers.iter().for_each(|number| {
            graph.add_node(*number);
        });
        for (child, number) in numbers.iter().enumerate() {
            let content = pools.content(*number);
            for (position, near) in self.of[*number].near.iter().enumerate() {
                let from = place.get(&pools.number(content, near.local));
                if let (Some(from), true) = (from, self.left(*number, position) > 0) {
                    graph.add_edge(NodeIndex::new(*from as usize), NodeIndex::new(child), ());
                }
            }
        }
        let circles = condensation(graph, true);
        circles.externals(Direction::Incoming).map(|circle| circles[circle].clone()).collect()
    }

    /// The cell may still get a copy.
    pub(super) fn any_left(&self, number: usize) -> bool {
        self.of[number].quota.iter().any(|quota| self.left[*quota as usize] > 0)
    }
}

/// Whole copies: rounded so that the running sum of what each cell receives is off by less than one half.
fn whole(quotas: &[Quota]) -> Vec<u32> {
    let mut sums: FxHashMap<(ContentId, CellId), f64> = FxHashMap::default();
    let share = |quota: &Quota| {
        let sum = sums.entry((quota.content, quota.to)).or_insert(0.0);
        let before = sum.round();
        *sum += quota.copies;
        (sum.round() - before) as u32
    };
    quotas.iter().map(share).collect()
}
