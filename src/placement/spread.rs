//! The mirror image of feeding: the parent with the most uplink left takes children (child selection).
//!
//! Parents come from a priority queue on free uplink. A parent looks at the cells it reaches, nearest first, and takes
//! the request that comes first in the order among those that wait there; it gives all substreams that it can, and other
//! parents give the rest.

use super::grow::Grower;
use super::order::Order;
use crate::forest::SeatId;
use crate::policy::{CellId, Near};
use std::collections::{BinaryHeap, VecDeque};

/// Cells with waiting requests that a parent compares before it chooses.
const CHOICES: usize = 16;

impl Grower<'_, '_> {
    /// Lets parents take children until nobody can; whoever is left is then fed in order.
    pub(super) fn spread_all(&mut self, order: &Order) {
        let mut waiting: Vec<VecDeque<(u32, SeatId)>> = vec![VecDeque::new(); self.pools.count()];
        for (rank, request) in order.requests.iter().enumerate() {
            let seat = SeatId(request.0);
            let number = self.number_of(seat);
            waiting[number].push_back((rank as u32, seat));
        }
        let mut reached: Vec<Option<Vec<Near>>> = vec![None; self.pools.count()];
        let mut parents: BinaryHeap<(u64, SeatId)> =
            self.forest.seats().filter(|seat| self.forest.has(*seat) != 0).map(|seat| (self.free(seat), seat)).collect();
        while let Some((free, parent)) = parents.pop() {
            let left = self.free(parent);
            if left < self.forest.rate(parent).0 {
                continue;
            }
            if left < free {
                parents.push((left, parent));
                continue;
            }
            let number = self.number_of(parent);
            let near = reached[number].get_or_insert_with(|| self.reached(parent, number));
            if let Some(child) = self.take_child(parent, near, &mut waiting) {
                parents.extend([(self.free(child), child), (self.free(parent), parent)]);
            }
        }
        self.feed_all(order);
    }

    fn free(&self, seat: SeatId) -> u64 {
        self.forest.loads.uplink(self.forest.seat(seat).node).0
    }

    fn number_of(&self, seat: SeatId) -> usize {
        let at = self.forest.seat(seat);
        self.pools.number(at.content, self.pools.local(at.content, self.cells.cell(at.node)))
    }

    fn reached(&self, parent: SeatId, number: usize) -> Vec<Near> {
        let content = self.forest.seat(parent).content;
        let among = &self.pools.cells[content];
        let cell: CellId = among[number - self.pools.number(content, 0)];
        self.cells.reached(self.forest.instance, self.forest.rules, content, among, cell)
    }

    /// Feeds the waiting request of best rank among the nearest cells that have one, this parent first.
    fn take_child(&mut self, parent: SeatId, near: &[Near], waiting: &mut [VecDeque<(u32, SeatId)>]) -> Option<SeatId> {
        let content = self.forest.seat(parent).content;
        let numbers = near.iter().map(|cell| self.pools.number(content, cell.local));
        let mut heads: Vec<(u32, usize)> =
            numbers.filter_map(|number| waiting[number].front().map(|(rank, _)| (*rank, number))).take(CHOICES).collect();
        heads.sort_unstable();
        for (_, number) in heads {
            let (rank, child) = waiting[number].pop_front().expect("it has a head");
            if self.feed_request(child, true, parent, false) {
                return Some(child);
            }
            waiting[number].push_front((rank, child));
        }
        None
    }
}
