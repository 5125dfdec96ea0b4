//! Pools: for each content and cell the seats that have uplink left.
//!
//! A pool is a few queues: seats that have the same substreams and, where depth is limited, the same depth. Entries are
//! dropped lazily, when a seat at the front turns out to have nothing left.

use crate::forest::{Forest, SeatId};
use crate::ids::{ContentId, Id, NodeId, Table};
use crate::policy::{CellId, Cells};
use crate::units::Kbps;
use std::collections::VecDeque;

/// Seats of one cell with the same substreams at the same depth.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// Substreams that all of them have.
    pub(super) has: u64,
    /// Their depth; 0 for all where depth is not limited.
    pub(super) depth: u32,
    /// Longest waiting first.
    pub(super) seats: VecDeque<SeatId>,
}

/// The queues of one content in one cell, shallowest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    pub(super) queues: Vec<Queue>,
    /// Seats in all queues.
    pub(super) len: u32,
}

/// All pools.
#[derive(Debug)]
pub(super) struct Pools {
    /// Cells in which somebody may send the content, sorted.
    pub(super) cells: Table<ContentId, Vec<CellId>>,
    first: Table<ContentId, u32>,
    pools: Vec<Pool>,
    queued: Table<SeatId, bool>,
    by_depth: bool,
    /// By pool number: somebody there has a slot, or could be given one.
    senders: Vec<bool>,
    /// Grows whenever a seat joins: nothing can have become possible while it stands still.
    pub(super) epoch: u64,
}

impl Pools {
    /// Empty pools for every cell that has a seat of the content, or may relay it.
    pub(super) fn new(forest: &Forest<'_>, cells: &Cells) -> Pools {
        let instance = forest.instance;
        let mut of_content: Table<ContentId, Vec<CellId>> = Table::filled(instance.contents.len(), Vec::new());
        let mut relaying: Vec<CellId> = Vec::new();
        for (id, node) in instance.nodes.pairs() {
            if node.relay_contents != Some(0) {
                relaying.push(cells.cell(id));
            }
        }
        relaying.sort_unstable();
        relaying.dedup();
        for seat in forest.seats() {
            let at = forest.seat(seat);
            let cell = cells.cell(at.node);
            if of_content[at.content].last() != Some(&cell) {
                of_content[at.content].push(cell);
            }
        }
        let mut first = Table::filled(instance.contents.len(), 0);
        let mut count = 0;
        for content in instance.contents.ids() {
            let known = &mut of_content[content];
            known.extend(&relaying);
            known.sort_unstable();
            known.dedup();
            first[content] = count as u32;
            count += known.len();
        }
        let mut senders = vec![false; count];
        let mut note = |content: ContentId, node: NodeId| {
            if instance.nodes[node].uplink >= instance.contents[content].rate() {
                let local = of_content[content].binary_search(&cells.cell(node)).expect("every seat's cell is listed");
                senders[first[content] as usize + local] = true;
            }
        };
        forest.seats().map(|seat| forest.seat(seat)).for_each(|at| note(at.content, at.node));
        for (id, _) in instance.nodes.pairs().filter(|(_, node)| node.relay_contents != Some(0)) {
            instance.contents.ids().for_each(|content| note(content, id));
        }
        Pools {
            cells: of_content,
            first,
            pools: vec![Pool::default(); count],
            queued: Table::filled(forest.seats().len(), false),
            by_depth: forest.rules.limits_depth(),
            senders,
            epoch: 1,
        }
    }

    /// Somebody in a pool's cell has a slot, whether or not it is free.
    pub(super) fn may_send(&self, number: usize) -> bool {
        self.senders[number]
    }

    /// Nodes may be given uplink that they have not.
    pub(super) fn may_all_send(&mut self) {
        self.senders.fill(true);
    }

    /// The number of a cell among the cells of a content.
    pub(super) fn local(&self, content: ContentId, cell: CellId) -> u32 {
        self.cells[content].binary_search(&cell).expect("every seat's cell is listed") as u32
    }

    /// The pool's number, over all contents.
    pub(super) fn number(&self, content: ContentId, local: u32) -> usize {
        (self.first[content] + local) as usize
    }

    /// The content of a pool.
    pub(super) fn content(&self, number: usize) -> ContentId {
        ContentId::new(self.first.as_slice().partition_point(|first| *first as usize <= number) - 1)
    }

    /// How many pools there are.
    pub(super) fn count(&self) -> usize {
        self.pools.len()
    }

    /// A pool by its number.
    pub(super) fn pool(&mut self, number: usize) -> &mut Pool {
        &mut self.pools[number]
    }

    /// The seats of a pool, shallowest first.
    pub(super) fn seats(&self, number: usize) -> impl Iterator<Item = SeatId> + '_ {
        self.pools[number].queues.iter().flat_map(|queue| queue.seats.iter().copied())
    }

    /// A pool has seats.
    pub(super) fn is_open(&self, number: usize) -> bool {
        self.pools[number].len > 0
    }

    /// Puts a seat into its pool, if it has something to send and is not there yet.
    pub(super) fn join(&mut self, forest: &Forest<'_>, cells: &Cells, seat: SeatId) {
        while seat.index() >= self.queued.len() {
            self.queued.push(false);
        }
        let at = forest.seat(seat);
        if self.queued[seat] || forest.has(seat) == 0 || forest.loads.uplink(at.node) < forest.rate(seat) {
            return;
        }
        let (has, depth) = (forest.has(seat), self.depth(forest, seat));
        let number = self.number(at.content, self.local(at.content, cells.cell(at.node)));
        let pool = &mut self.pools[number];
        let place = pool.queues.partition_point(|queue| (queue.depth, queue.has) < (depth, has));
        if pool.queues.get(place).is_none_or(|queue| (queue.depth, queue.has) != (depth, has)) {
            pool.queues.insert(place, Queue { has, depth, seats: VecDeque::new() });
        }
        pool.queues[place].seats.push_back(seat);
        pool.len += 1;
        self.queued[seat] = true;
        self.epoch += 1;
    }

    /// Takes the seat at `position` out of a queue.
    pub(super) fn remove(&mut self, number: usize, queue: usize, position: usize) {
        let pool = &mut self.pools[number];
        let seats = &mut pool.queues[queue].seats;
        seats.swap(0, position);
        let seat = seats.pop_front().expect("positions are inside the queue");
        pool.len -= 1;
        self.queued[seat] = false;
    }

    /// Sends the seat at `position` to the end of its queue.
    pub(super) fn postpone(&mut self, number: usize, queue: usize, position: usize) {
        let seats = &mut self.pools[number].queues[queue].seats;
        if let Some(seat) = seats.remove(position) {
            seats.push_back(seat);
        }
    }

    /// The deepest of the seat's substreams; 0 where depth is not limited.
    pub(super) fn depth(&self, forest: &Forest<'_>, seat: SeatId) -> u32 {
        if !self.by_depth {
            return 0;
        }
        let received = forest.received(seat);
        (0..64).filter(|s| received >> s & 1 == 1).map(|s| forest.depth(seat, s)).max().unwrap_or(0)
    }

    /// Nothing to send: not even one substream's rate.
    pub(super) fn is_spent(forest: &Forest<'_>, seat: SeatId, rate: Kbps) -> bool {
        forest.loads.uplink(forest.seat(seat).node) < rate
    }
}
