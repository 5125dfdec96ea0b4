//! Floor 2: all trees, mutable.
//!
//! A **seat** is a (node, content) pair that may send or receive: every request (seat `i` is request `i`), every other
//! holder, and every relay that was recruited. A seat has a cell for each substream with its parent seat and its depth
//! (hops below a holder). The forest keeps what is left of every capacity (`loads`), so that [`Forest::attach`] and
//! [`Forest::detach`] cost a few memory touches whatever its size.
//!
//! Whoever attaches keeps two promises that are not checked here, because they hold by order: the parent is no
//! descendant of the child in that substream, and the child has no descendants there that would sink too deep.

mod loads;
mod worth;

pub use loads::Loads;

use crate::ids::{ContentId, Id, NodeId, RequestId, Table};
use crate::instance::Instance;
use crate::policy::{Arc, Rules};
use crate::units::Kbps;
use rustc_hash::FxHashMap;

/// A (node, content) pair that may send or receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatId(pub u32);

impl Id for SeatId {
    fn new(index: usize) -> Self {
        SeatId(index as u32)
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

impl SeatId {
    /// No parent.
    pub const NONE: SeatId = SeatId(u32::MAX);
}

/// Who sits, and where its cells begin.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// The node.
    pub node: NodeId,
    /// What it sends or receives.
    pub content: ContentId,
    first: u32,
}

/// Parent and depth of one substream of one seat.
#[derive(Clone, Copy, Debug)]
struct Cell {
    parent: SeatId,
    depth: u32,
}

/// All trees of one instance, with what is left of every capacity.
#[derive(Clone, Debug)]
pub struct Forest<'a> {
    /// What is given.
    pub instance: &'a Instance,
    /// What is wanted.
    pub rules: &'a Rules,
    /// What is left of every capacity.
    pub loads: Loads,
    seats: Table<SeatId, Seat>,
    cells: Vec<Cell>,
    /// Substreams that a seat can send: held or received.
    has: Table<SeatId, u64>,
    /// Seats that are no request: other holders and relays.
    others: FxHashMap<(NodeId, ContentId), SeatId>,
}

impl<'a> Forest<'a> {
    /// A forest in which nobody receives anything yet.
    pub fn new(instance: &'a Instance, rules: &'a Rules) -> Forest<'a> {
        let mut forest = Forest {
            instance,
            rules,
            loads: Loads::new(instance, rules),
            seats: Table::default(),
            cells: Vec::new(),
            has: Table::default(),
            others: FxHashMap::default(),
        };
        for request in instance.requests.iter() {
            forest.add(request.node, request.content);
        }
        for holding in &instance.holdings {
            if instance.request(holding.node, holding.content).is_none() {
                let seat = forest.add(holding.node, holding.content);
                forest.others.insert((holding.node, holding.content), seat);
            }
        }
        forest
    }

    fn add(&mut self, node: NodeId, content: ContentId) -> SeatId {
        let first = self.cells.len() as u32;
        let empty = Cell { parent: SeatId::NONE, depth: 0 };
        self.cells.resize(self.cells.len() + self.instance.contents[content].substreams as usize, empty);
        self.has.push(self.instance.held(node, content));
        self.seats.push(Seat { node, content, first })
    }

    /// The seat of a node for a content, made as a relay's if it has none yet.
    pub fn recruit(&mut self, node: NodeId, content: ContentId) -> SeatId {
        if let Some(seat) = self.seat_of(node, content) {
            return seat;
        }
        let seat = self.add(node, content);
        self.others.insert((node, content), seat);
        seat
    }

    /// The seat of a node for a content.
    pub fn seat_of(&self, node: NodeId, content: ContentId) -> Option<SeatId> {
        let request = self.instance.request(node, content).map(|request| SeatId(request.0));
        request.or_else(|| self.others.get(&(node, content)).copied())
    }

    /// Every seat in order: requests first.
    pub fn seats(&self) -> impl ExactSizeIterator<Item = SeatId> + use<'a> {
        self.seats.ids()
    }

    /// Who sits there.
    pub fn seat(&self, seat: SeatId) -> Seat {
        self.seats[seat]
    }

    /// The request of a seat; `None` for other holders and relays.
    pub fn request(&self, seat: SeatId) -> Option<RequestId> {
        (seat.index() < self.instance.requests.len()).then_some(RequestId(seat.0))
    }

    /// The seat neither asked for its content nor holds any of it.
    pub fn is_relay(&self, seat: SeatId) -> bool {
        self.request(seat).is_none() && self.held(seat) == 0
    }

    /// Substreams that the seat can send, a bit for each.
    pub fn has(&self, seat: SeatId) -> u64 {
        self.has[seat]
    }

    /// Substreams that it receives through parents, a bit for each.
    pub fn received(&self, seat: SeatId) -> u64 {
        let count = self.instance.contents[self.seats[seat].content].substreams;
        (0..count).filter(|s| self.parent(seat, *s) != SeatId::NONE).fold(0, |mask, s| mask | 1 << s)
    }

    /// Substreams that it held from the start, a bit for each.
    pub fn held(&self, seat: SeatId) -> u64 {
        self.has[seat] & !self.received(seat)
    }

    /// The parent of a substream, or [`SeatId::NONE`].
    pub fn parent(&self, seat: SeatId, substream: u32) -> SeatId {
        self.cells[(self.seats[seat].first + substream) as usize].parent
    }

    /// Hops below a holder in one substream.
    pub fn depth(&self, seat: SeatId, substream: u32) -> u32 {
        self.cells[(self.seats[seat].first + substream) as usize].depth
    }

    /// The rate of one substream of the seat's content.
    pub fn rate(&self, seat: SeatId) -> Kbps {
        self.instance.contents[self.seats[seat].content].rate()
    }

    /// Where flows may run from one seat to another of the same content.
    pub fn arc(&self, parent: SeatId, child: SeatId) -> Option<Arc> {
        let (from, to) = (self.seats[parent], self.seats[child]);
        let classes = &self.rules.classes;
        if from.node == to.node { None } else { self.rules.arc(classes.class(from.node), classes.class(to.node), to.content) }
    }

    /// One flow more fits, with everything but possession, order and depth looked at.
    pub fn fits(&self, parent: SeatId, child: SeatId, arc: Arc) -> bool {
        self.loads.fits(self, self.seats[parent].node, self.seats[child].node, self.seats[child].content, arc)
    }

    /// The seat may receive at all: room for the file, and for one more relayed content.
    pub fn may_receive(&self, seat: SeatId) -> bool {
        let Seat { node, content, .. } = self.seats[seat];
        self.received(seat) != 0 || self.loads.admits(self.instance, node, content, self.held(seat) != 0, self.is_relay(seat))
    }

    /// Gives `child` a parent for a substream that it lacks.
    pub fn attach(&mut self, parent: SeatId, child: SeatId, substream: u32, arc: Arc) {
        let (from, to) = (self.seats[parent], self.seats[child]);
        if self.received(child) == 0 {
            self.loads.admit(self.instance, to.node, to.content, self.held(child) != 0, self.is_relay(child), true);
        }
        self.loads.shift(self.instance, self.rules, from.node, to.node, to.content, arc, true);
        let depth = self.depth(parent, substream) + 1;
        self.cells[(to.first + substream) as usize] = Cell { parent, depth };
        self.has[child] |= 1 << substream;
    }

    /// Takes the parent of a substream away.
    pub fn detach(&mut self, child: SeatId, substream: u32) {
        let parent = self.parent(child, substream);
        let (from, to) = (self.seats[parent], self.seats[child]);
        let arc = self.arc(parent, child).expect("flows run on admissible arcs only");
        self.loads.shift(self.instance, self.rules, from.node, to.node, to.content, arc, false);
        self.cells[(to.first + substream) as usize] = Cell { parent: SeatId::NONE, depth: 0 };
        self.has[child] &= !(1 << substream);
        if self.received(child) == 0 {
            self.loads.admit(self.instance, to.node, to.content, self.held(child) != 0, self.is_relay(child), false);
        }
    }
}
