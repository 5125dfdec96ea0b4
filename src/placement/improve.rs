//! Swap search: the same requests served, at less cost.
//!
//! Every flow is looked at in turn, pass by pass. A child that could get its copy at less cost from a parent of the topology in
//! force, or else from a cheaper cell, either takes a free slot there (*relink*), or exchanges parents with a child of the seat
//! that it would rather have (*exchange*). Depths are
//! potentials: a new parent never sits deeper than the old one, unless nobody hangs below its child, so no cycle can arise, no
//! limit on depth is broken, and no subtree has to be touched. Effort is counted in passes; a pass that gains little is the last.

use crate::forest::{Forest, SeatId};
use crate::ids::{ContentId, Id, NodeId};
use crate::policy::{Arc, CellId, Cells, Near};
use crate::units::UnitCost;
use rustc_hash::FxHashMap;

/// Cheaper cells that one flow looks into.
const CELLS: usize = 4;
/// Seats that it looks at in each of them.
const SEATS: usize = 6;
/// Children of such a seat with whom it tries to exchange.
const CHILDREN: usize = 4;
/// The same where that seat was its parent in the topology in force.
const FORMER_CHILDREN: usize = 32;
/// A pass that lowers cost by less than this share is the last.
const WORTHWHILE: f64 = 1e-3;

/// Lowers the cost of a forest, service untouched; tells how many moves were made.
pub fn improve(forest: &mut Forest<'_>, cells: &Cells, passes: u32, stop: &(dyn Fn() -> bool + Sync)) -> u64 {
    let mut search = Search::of(forest, cells);
    let mut moves = 0;
    for _ in 0..passes {
        let before = search.forest.cost().value();
        let made = search.pass(stop);
        moves += made;
        if made == 0 || stop() || before - search.forest.cost().value() < WORTHWHILE * before {
            break;
        }
    }
    moves
}

/// One flow: a child and the substream that it receives.
type Flow = (SeatId, u32);

struct Search<'f, 'a, 'c> {
    forest: &'f mut Forest<'a>,
    cells: &'c Cells,
    /// Seats of each content in each cell that can send.
    senders: FxHashMap<(ContentId, CellId), Vec<SeatId>>,
    /// Cells that send a content, sorted.
    sending: Vec<Vec<CellId>>,
    /// Cells that may send to a cell, cheapest first; made when first needed.
    near: FxHashMap<(ContentId, CellId), std::rc::Rc<[Near]>>,
    /// Flows that leave each seat; some may have gone elsewhere since.
    children: Vec<Vec<Flow>>,
    /// Substreams that each seat sends to some child whose parents stay as they are, a bit for each.
    fixed: Vec<u64>,
    /// Where the next look into a cell begins.
    turn: usize,
}

impl<'f, 'a, 'c> Search<'f, 'a, 'c> {
    fn of(forest: &'f mut Forest<'a>, cells: &'c Cells) -> Self {
        let mut senders: FxHashMap<(ContentId, CellId), Vec<SeatId>> = FxHashMap::default();
        let mut children = vec![Vec::new(); forest.seats().len()];
        let mut fixed = vec![0u64; forest.seats().len()];
        for seat in forest.seats() {
            let at = forest.seat(seat);
            if forest.has(seat) != 0 && forest.instance.nodes[at.node].uplink >= forest.rate(seat) {
                senders.entry((at.content, cells.cell(at.node))).or_default().push(seat);
            }
            if is_fixed(forest, seat) {
                forest.flows(seat).for_each(|(substream, parent)| fixed[parent.index()] |= 1 << substream);
            }
            for (substream, parent) in flows(forest, seat) {
                children[parent.index()].push((seat, substream));
            }
        }
        let mut sending = vec![Vec::new(); forest.instance.contents.len()];
        senders.keys().for_each(|(content, cell)| sending[content.index()].push(*cell));
        sending.iter_mut().for_each(|cells| cells.sort_unstable());
        Search { forest, cells, senders, sending, near: FxHashMap::default(), children, fixed, turn: 0 }
    }

    fn pass(&mut self, stop: &(dyn Fn() -> bool + Sync)) -> u64 {
        let mut moves = 0;
        for seat in self.forest.seats() {
            if seat.0 % 1024 == 0 && stop() {
                break;
            }
            for (substream, _) in flows(self.forest, seat) {
                moves += u64::from(self.cheapen((seat, substream)));
            }
        }
        moves
    }

    /// Finds one flow a cheaper parent.
    fn cheapen(&mut self, flow: Flow) -> bool {
        let at = self.forest.seat(flow.0);
        let cost = self.unit_cost(flow);
        if self.reunite(flow, cost) {
            return true;
        }
        let near = self.near(at.content, self.cells.cell(at.node));
        for cell in near.iter().take_while(|cell| cell.cost < cost).take(CELLS) {
            let from = self.sending[at.content.index()][cell.local as usize];
            let count = self.senders[&(at.content, from)].len();
            for look in 0..SEATS.min(count) {
                self.turn += 1;
                let parent = self.senders[&(at.content, from)][(self.turn + look) % count];
                let Some(arc) = self.may_replace(flow, parent) else { continue };
                if self.relink(flow, (parent, arc), cost) || self.exchange(flow, (parent, arc), cost, false) {
                    return true;
                }
            }
        }
        false
    }

    /// Gives a flow back to a parent of the topology in force, where that costs less.
    fn reunite(&mut self, flow: Flow, cost: UnitCost) -> bool {
        let at = self.forest.seat(flow.0);
        let Some(before) = self.forest.instance.previous_of(at.node, at.content) else { return false };
        before.of(flow.1 as usize).filter(|parent| *parent != NodeId::GONE).any(|node| {
            let Some(parent) = self.forest.seat_of(node, at.content) else { return false };
            let Some(arc) = self.may_move(flow, parent) else { return false };
            let cheap = self.forest.rules.unit_cost(self.forest.instance, node, at.node, arc) < cost;
            cheap && (self.relink(flow, (parent, arc), cost) || self.exchange(flow, (parent, arc), cost, true))
        })
    }

    /// The same as `may_replace`, but a child that passes nothing on may sit deeper: no cycle can arise below it.
    fn may_move(&self, flow: Flow, parent: SeatId) -> Option<Arc> {
        let (child, substream) = flow;
        let feeds = |other: &Flow| other.1 == substream && self.forest.parent(other.0, substream) == child;
        if self.fixed[child.index()] >> substream & 1 == 1 || self.children[child.index()].iter().any(feeds) {
            return self.may_replace(flow, parent);
        }
        let at = self.forest.seat(child);
        let most = self.forest.rules.depth_limit(at.node, at.content, self.forest.exempt(child));
        let suits = parent != self.forest.parent(child, substream)
            && self.forest.has(parent) >> substream & 1 == 1
            && self.forest.depth(parent, substream) < most;
        if suits { self.forest.arc(parent, child) } else { None }
    }

    /// `parent` may take the place of the flow's parent: it has the substream, and sits no deeper.
    fn may_replace(&self, (child, substream): Flow, parent: SeatId) -> Option<Arc> {
        let old = self.forest.parent(child, substream);
        let has = self.forest.has(parent) >> substream & 1 == 1;
        let deep = self.forest.depth(parent, substream) > self.forest.depth(old, substream);
        let far = || {
            self.forest.rules.limits_latency()
                && self.forest.reach(parent, child, substream) > self.forest.distance(child, substream)
        };
        if parent == old || !has || deep || far() { None } else { self.forest.arc(parent, child) }
    }

    fn relink(&mut self, flow: Flow, (parent, arc): (SeatId, Arc), cost: UnitCost) -> bool {
        if self.forest.loads.uplink(self.forest.seat(parent).node) < self.forest.rate(flow.0) {
            return false;
        }
        let old = self.forest.parent(flow.0, flow.1);
        self.forest.detach(flow.0, flow.1);
        let fits = self.forest.may_receive(flow.0) && self.forest.fits(parent, flow.0, flow.1, arc);
        if fits {
            self.forest.attach(parent, flow.0, flow.1, arc);
            if self.unit_cost(flow) < cost {
                self.children[parent.index()].push(flow);
                return true;
            }
            self.forest.detach(flow.0, flow.1);
        }
        self.restore(flow, old);
        false
    }

    /// Tries to exchange parents with some child of `parent`; to give it back, with more of them, and deeper.
    fn exchange(&mut self, flow: Flow, (parent, arc): (SeatId, Arc), cost: UnitCost, back: bool) -> bool {
        let most = if back { FORMER_CHILDREN } else { CHILDREN };
        let old = self.forest.parent(flow.0, flow.1);
        let others: Vec<Flow> = self.children[parent.index()].iter().rev().take(most).copied().collect();
        others.into_iter().any(|other| {
            let current = other.0 != flow.0 && other.0 != old && self.forest.parent(other.0, other.1) == parent;
            let instead = match back {
                _ if !current => None,
                true => self.may_move(other, old),
                false => self.may_replace(other, old),
            };
            instead.is_some_and(|back| self.exchange_with((flow, old, arc), (other, parent, back), cost))
        })
    }

    fn exchange_with(
        &mut self,
        (flow, old, arc): (Flow, SeatId, Arc),
        (other, parent, back): (Flow, SeatId, Arc),
        cost: UnitCost,
    ) -> bool {
        let before = cost.0 + self.unit_cost(other).0;
        self.forest.detach(flow.0, flow.1);
        self.forest.detach(other.0, other.1);
        if self.forest.fits(parent, flow.0, flow.1, arc) {
            self.forest.attach(parent, flow.0, flow.1, arc);
            if self.forest.fits(old, other.0, other.1, back) {
                self.forest.attach(old, other.0, other.1, back);
                if self.unit_cost(flow).0 + self.unit_cost(other).0 < before {
                    self.children[parent.index()].push(flow);
                    self.children[old.index()].push(other);
                    return true;
                }
                self.forest.detach(other.0, other.1);
            }
            self.forest.detach(flow.0, flow.1);
        }
        self.restore(flow, old);
        self.restore(other, parent);
        false
    }

    fn unit_cost(&self, (child, substream): Flow) -> UnitCost {
        self.forest.unit_cost(self.forest.parent(child, substream), child, substream)
    }

    fn restore(&mut self, (child, substream): Flow, parent: SeatId) {
        let arc = self.forest.arc(parent, child).expect("the flow ran there before");
        self.forest.attach(parent, child, substream, arc);
    }

    fn near(&mut self, content: ContentId, cell: CellId) -> std::rc::Rc<[Near]> {
        let (forest, cells, among) = (&self.forest, self.cells, &self.sending[content.index()]);
        let make = || cells.near(forest.instance, forest.rules, content, among, cell, &[]).into();
        self.near.entry((content, cell)).or_insert_with(make).clone()
    }
}

/// The substreams that a seat receives, with the parent of each; none where they stay as they are.
fn flows(forest: &Forest<'_>, seat: SeatId) -> Vec<(u32, SeatId)> {
    if is_fixed(forest, seat) { Vec::new() } else { forest.flows(seat).collect() }
}

/// Several parents belong together, or the flows into the seat may be those that a policy requires.
fn is_fixed(forest: &Forest<'_>, seat: SeatId) -> bool {
    forest.seat(seat).parents > 1 || forest.is_gateway(seat)
}
