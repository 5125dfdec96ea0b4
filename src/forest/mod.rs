//! Floor 2: all trees, mutable.
//!
//! A **seat** is a (node, content) pair that may send or receive: every request (seat `i` is request `i`), every other
//! holder, and every relay that was recruited. A seat has for each substream as many cells as it needs parents (one, if no
//! policy asks for more), each with a parent seat and the depth below it (hops below a holder); where policies limit
//! distances in ms, beside it the distance. The forest keeps what is left of every capacity (`loads`), so that
//! [`Forest::attach`] and [`Forest::detach`] cost a few memory touches whatever its size.
//!
//! A seat may be **exempt** from policies that are relaxed for it: its flows are admitted and counted without them.
//!
//! Whoever attaches keeps two promises that are not checked here, because they hold by order: the parent is no
//! descendant of the child in that substream, and the child has no descendants there that would sink too deep or too far.
//! `require_copies` is a rule about whole networks; placement keeps it.

mod loads;
mod order;
mod worth;

use loads::Flow;
pub use loads::Loads;

use crate::ids::{ContentId, Id, NodeId, PolicyId, RequestId, Table};
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
    /// How many parents it needs for each substream.
    pub parents: u32,
    first: u32,
    /// Cells for each substream.
    width: u32,
}

/// More parents for one substream than this nobody can have: such a request is never fed.
const MOST_PARENTS: u32 = 64;

/// One parent of one substream of one seat, and the depth below it.
#[derive(Clone, Copy, Debug)]
struct Cell {
    parent: SeatId,
    depth: u32,
}

impl Cell {
    const EMPTY: Cell = Cell { parent: SeatId::NONE, depth: 0 };
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
    /// Distance below a holder in ms, by cell; empty where no policy limits it.
    far: Vec<f64>,
    /// Policies that are relaxed for a seat.
    exempt: FxHashMap<SeatId, Box<[PolicyId]>>,
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
            far: Vec::new(),
            exempt: FxHashMap::default(),
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
        let asks = self.rules.is_redundant() && self.instance.request(node, content).is_some();
        let parents = if asks { self.rules.redundancy(node, content, &[]).parents } else { 1 };
        let width = parents.min(MOST_PARENTS);
        let cells = self.cells.len() + (self.instance.contents[content].substreams * width) as usize;
        self.cells.resize(cells, Cell::EMPTY);
        if self.rules.limits_latency() {
            self.far.resize(cells, 0.0);
        }
        self.has.push(self.instance.held(node, content));
        self.seats.push(Seat { node, content, parents, first, width })
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

    /// The first parent of a substream, or [`SeatId::NONE`].
    pub fn parent(&self, seat: SeatId, substream: u32) -> SeatId {
        self.cells[self.cell(seat, substream)].parent
    }

    /// All parents of a substream.
    pub fn parents(&self, seat: SeatId, substream: u32) -> impl Iterator<Item = SeatId> + '_ {
        self.of(seat, substream).iter().map(|cell| cell.parent).take_while(|parent| *parent != SeatId::NONE)
    }

    /// Every flow into a seat, as (substream, parent).
    pub fn flows(&self, seat: SeatId) -> impl Iterator<Item = (u32, SeatId)> + '_ {
        let count = self.instance.contents[self.seats[seat].content].substreams;
        (0..count).flat_map(move |s| self.parents(seat, s).map(move |parent| (s, parent)))
    }

    /// Hops below a holder in one substream, the longest way.
    pub fn depth(&self, seat: SeatId, substream: u32) -> u32 {
        self.of(seat, substream).iter().map(|cell| cell.depth).max().unwrap_or(0)
    }

    /// Distance below a holder in one substream, ms, the longest way; 0 where no policy limits it.
    pub fn distance(&self, seat: SeatId, substream: u32) -> f64 {
        let (first, width) = (self.cell(seat, substream), self.seats[seat].width as usize);
        self.far.get(first..first + width).unwrap_or(&[]).iter().copied().fold(0.0, f64::max)
    }

    fn cell(&self, seat: SeatId, substream: u32) -> usize {
        let Seat { first, width, .. } = self.seats[seat];
        (first + substream * width) as usize
    }

    fn of(&self, seat: SeatId, substream: u32) -> &[Cell] {
        let first = self.cell(seat, substream);
        &self.cells[first..first + self.seats[seat].width as usize]
    }

    /// Policies that are relaxed for a seat, in order.
    pub fn exempt(&self, seat: SeatId) -> &[PolicyId] {
        if self.exempt.is_empty() { &[] } else { self.exempt.get(&seat).map_or(&[], |policies| policies) }
    }

    /// Relaxes these policies, and no others, for a request that receives nothing as yet.
    pub fn relax(&mut self, seat: SeatId, mut policies: Vec<PolicyId>) {
        policies.sort_unstable();
        let Seat { node, content, .. } = self.seats[seat];
        self.seats[seat].parents = self.rules.redundancy(node, content, &policies).parents;
        if policies.is_empty() {
            self.exempt.remove(&seat);
        } else {
            self.exempt.insert(seat, policies.into());
        }
    }

    /// Every seat that is exempt from something, in order, with the policies that are relaxed for it.
    pub fn relaxed(&self) -> Vec<(SeatId, &[PolicyId])> {
        let mut relaxed: Vec<_> = self.exempt.iter().map(|(seat, policies)| (*seat, &policies[..])).collect();
        relaxed.sort_unstable();
        relaxed
    }

    /// The rate of one substream of the seat's content.
    pub fn rate(&self, seat: SeatId) -> Kbps {
        self.instance.contents[self.seats[seat].content].rate()
    }

    /// Where flows may run from one seat to another of the same content, delays aside.
    pub fn arc(&self, parent: SeatId, child: SeatId) -> Option<Arc> {
        let (from, to) = (self.seats[parent], self.seats[child]);
        let classes = &self.rules.classes;
        if from.node == to.node {
            return None;
        }
        self.rules.arc_but(classes.class(from.node), classes.class(to.node), to.content, self.exempt(child))
    }

    /// One flow more fits, with everything but possession, order and depth looked at.
    pub fn fits(&self, parent: SeatId, child: SeatId, substream: u32, arc: Arc) -> bool {
        self.loads.fits(self, self.flow(parent, child, substream, arc)) && self.suits(parent, child, substream, arc)
    }

    fn flow(&self, parent: SeatId, child: SeatId, substream: u32, arc: Arc) -> Flow<'_> {
        let (from, to) = (self.seats[parent], self.seats[child]);
        Flow { parent: from.node, child: to.node, content: to.content, substream, arc, exempt: self.exempt(child) }
    }

    /// The flows into a seat may be those over which a policy requires its network to be fed.
    pub fn is_gateway(&self, seat: SeatId) -> bool {
        let Seat { node, content, .. } = self.seats[seat];
        let network = self.instance.nodes[node].network;
        self.rules.required.iter().any(|required| required.network == network && required.concerns(content))
    }

    /// Rows of [`Rules::limits`] that let no flow more through.
    pub fn filled_limits(&self) -> Vec<usize> {
        let smallest = self.instance.contents.iter().map(|content| content.rate()).min().unwrap_or_default();
        (0..self.rules.limits.len()).filter(|row| self.loads.limit(*row) < smallest).collect()
    }

    /// The seat may receive at all: room for the file, and for one more relayed content.
    pub fn may_receive(&self, seat: SeatId) -> bool {
        let Seat { node, content, .. } = self.seats[seat];
        self.received(seat) != 0 || self.loads.admits(self.instance, node, content, self.held(seat) != 0, self.is_relay(seat))
    }

    /// Gives `child` a parent for a substream for which it has fewer than it needs; with the last of them it has it.
    pub fn attach(&mut self, parent: SeatId, child: SeatId, substream: u32, arc: Arc) {
        let to = self.seats[child];
        if self.received(child) == 0 {
            self.loads.admit(self.instance, to.node, to.content, self.held(child) != 0, self.is_relay(child), true);
        }
        self.shift(parent, child, substream, arc, true);
        let depth = self.depth(parent, substream) + 1;
        let cells = self.of(child, substream);
        let place = cells.iter().position(|cell| cell.parent == SeatId::NONE).expect("it needs a parent more");
        let cell = self.cell(child, substream) + place;
        if !self.far.is_empty() {
            self.far[cell] = self.reach(parent, child, substream);
        }
        self.cells[cell] = Cell { parent, depth };
        if place as u32 + 1 == to.parents {
            self.has[child] |= 1 << substream;
        }
    }

    /// Takes all parents of a substream away, if it has any.
    pub fn detach(&mut self, child: SeatId, substream: u32) {
        if self.parent(child, substream) == SeatId::NONE {
            return;
        }
        let to = self.seats[child];
        for cell in self.cell(child, substream)..self.cell(child, substream) + to.width as usize {
            let parent = self.cells[cell].parent;
            if parent == SeatId::NONE {
                break;
            }
            let arc = self.arc(parent, child).expect("flows run on admissible arcs only");
            self.shift(parent, child, substream, arc, false);
            self.cells[cell] = Cell::EMPTY;
            if let Some(far) = self.far.get_mut(cell) {
                *far = 0.0;
            }
        }
        self.has[child] &= !(1 << substream);
        if self.received(child) == 0 {
            self.loads.admit(self.instance, to.node, to.content, self.held(child) != 0, self.is_relay(child), false);
        }
    }

    /// Reckons anew how deep (hops) and how far (ms) a seat sits in one substream, for parents that have moved with it still below
    /// them; tells whether that has changed, so that whoever moves a subtree can go down as far as needed.
    pub fn settle(&mut self, seat: SeatId, substream: u32) -> bool {
        let (first, width) = (self.cell(seat, substream), self.seats[seat].width as usize);
        let mut changed = false;
        for cell in first..first + width {
            let parent = self.cells[cell].parent;
            if parent == SeatId::NONE {
                break;
            }
            let depth = self.depth(parent, substream) + 1;
            changed |= std::mem::replace(&mut self.cells[cell].depth, depth) != depth;
            if !self.far.is_empty() {
                let far = self.reach(parent, seat, substream);
                changed |= std::mem::replace(&mut self.far[cell], far) != far;
            }
        }
        changed
    }

    fn shift(&mut self, parent: SeatId, child: SeatId, substream: u32, arc: Arc, on: bool) {
        let (from, to) = (self.seats[parent], self.seats[child]);
        let exempt = if self.exempt.is_empty() { &[] } else { self.exempt.get(&child).map_or(&[][..], |policies| policies) };
        let flow = Flow { parent: from.node, child: to.node, content: to.content, substream, arc, exempt };
        self.loads.shift(self.instance, self.rules, flow, on);
    }
}
