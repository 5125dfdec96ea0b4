//! Who feeds whom, what was moved, and how to undo it.

use super::Flow;
use crate::forest::{Forest, SeatId};
use crate::ids::{NodeId, PolicyId, Table};
use crate::placement::grow::Grower;

/// A child that feeds more than so many rises only.
const MOST_BELOW: usize = 64;

/// A forest whose flows are moved.
pub(super) struct Ledger<'g, 'a, 'c> {
    /// Who feeds; its flows are moved here alone.
    pub(super) grower: &'g mut Grower<'a, 'c>,
    /// Flows that leave each seat.
    children: Table<SeatId, Vec<Flow>>,
    moves: Vec<Move>,
    /// A number for what each node sends: as long as it is the same, so is that.
    versions: Table<NodeId, u32>,
    /// The last of these numbers.
    last: u32,
}

/// A flow that was moved, from whom, and the numbers of what its parents sent before.
struct Move {
    flow: Flow,
    from: SeatId,
    before: [(SeatId, u32); 2],
}

/// Whom a flow feeds, and where all of them may sit.
pub(super) struct Below {
    /// The child, and everybody who gets its copy; the child alone if they are many.
    seats: Vec<SeatId>,
    /// Hops below a holder, and ms.
    depth: u32,
    far: f64,
    /// How much deeper they may sit, and how much farther.
    sink: u32,
    drift: f64,
}

impl<'g, 'a, 'c> Ledger<'g, 'a, 'c> {
    pub(super) fn of(grower: &'g mut Grower<'a, 'c>) -> Self {
        let forest = &grower.forest;
        let mut children = Table::filled(forest.seats().len(), Vec::new());
        for seat in forest.seats() {
            forest.flows(seat).for_each(|(substream, parent)| children[parent].push((seat, substream)));
        }
        let versions = Table::filled(forest.instance.nodes.len(), 0);
        Ledger { grower, children, moves: Vec::new(), versions, last: 0 }
    }

    pub(super) fn forest(&self) -> &Forest<'a> {
        &self.grower.forest
    }

    /// Flows that leave a seat.
    pub(super) fn children(&self, seat: SeatId) -> &[Flow] {
        &self.children[seat]
    }

    /// The child passes a substream on.
    pub(super) fn is_passed_on(&self, (child, substream): Flow) -> bool {
        self.children[child].iter().any(|flow| flow.1 == substream)
    }

    /// It has parents, and nothing else depends on which.
    pub(super) fn is_movable(&self, seat: SeatId) -> bool {
        let forest = &self.grower.forest;
        forest.seat(seat).parents == 1 && forest.received(seat) != 0 && !forest.is_gateway(seat)
    }

    /// How much was moved so far.
    pub(super) fn mark(&self) -> usize {
        self.moves.len()
    }

    /// Takes back what was moved since a mark.
    pub(super) fn undo(&mut self, mark: usize) {
        while self.moves.len() > mark {
            let Move { flow, from, before } = self.moves.pop().expect("there are more");
            self.shift(flow, from);
            for (seat, version) in before.into_iter().filter(|(seat, _)| *seat != SeatId::NONE) {
                self.versions[self.grower.forest.seat(seat).node] = version;
            }
        }
    }

    /// Gives a flow another parent, or none; whether it may run there was asked before.
    pub(super) fn put(&mut self, flow: Flow, to: SeatId) {
        let from = self.grower.forest.parent(flow.0, flow.1);
        let version = |seat: SeatId| if seat == SeatId::NONE { 0 } else { self.version(seat) };
        self.moves.push(Move { flow, from, before: [(to, version(to)), (from, version(from))] });
        self.shift(flow, to);
        [from, to].into_iter().filter(|seat| *seat != SeatId::NONE).for_each(|seat| self.renew(seat));
    }

    /// A seat's node sends something else than before.
    fn renew(&mut self, seat: SeatId) {
        self.last += 1;
        self.versions[self.grower.forest.seat(seat).node] = self.last;
    }

    fn shift(&mut self, flow: Flow, to: SeatId) {
        let old = self.lift(flow);
        if old != SeatId::NONE {
            let place = self.children[old].iter().position(|other| *other == flow).expect("it is a child");
            self.children[old].swap_remove(place);
        }
        if to != SeatId::NONE {
            self.lay(flow, to);
            self.children[to].push(flow);
            self.settle(flow);
        }
    }

    /// Whoever sits below a flow that was moved sits deeper now, or less deep.
    fn settle(&mut self, flow: Flow) {
        let mut moved = vec![flow.0];
        while let Some(seat) = moved.pop() {
            for (child, substream) in &self.children[seat] {
                if *substream == flow.1 && self.grower.forest.settle(*child, *substream) {
                    moved.push(*child);
                }
            }
        }
    }

    /// Takes a flow out for a moment, and tells from whom.
    pub(super) fn lift(&mut self, flow: Flow) -> SeatId {
        let parent = self.grower.forest.parent(flow.0, flow.1);
        self.grower.forest.detach(flow.0, flow.1);
        parent
    }

    /// Puts it back.
    pub(super) fn lay(&mut self, flow: Flow, parent: SeatId) {
        if parent != SeatId::NONE {
            let arc = self.grower.forest.arc(parent, flow.0).expect("flows run on admissible arcs only");
            self.grower.forest.attach(parent, flow.0, flow.1, arc);
        }
    }

    /// Looks at whom a flow feeds; it has not been lifted.
    pub(super) fn below(&self, (child, substream): Flow) -> Below {
        let forest = &self.grower.forest;
        let (depth, far) = (forest.depth(child, substream), forest.distance(child, substream));
        let mut below = Below { seats: vec![child], depth, far, sink: u32::MAX, drift: f64::INFINITY };
        let mut next = 0;
        while let Some(seat) = below.seats.get(next).copied() {
            let (at, exempt) = (forest.seat(seat), forest.exempt(seat));
            let deepest = forest.rules.depth_limit(at.node, at.content, exempt);
            let farthest = forest.rules.latency_limit(at.node, at.content, exempt);
            below.sink = below.sink.min(deepest.saturating_sub(forest.depth(seat, substream)));
            below.drift = below.drift.min((farthest - forest.distance(seat, substream)).max(0.0));
            for (grandchild, _) in self.children[seat].iter().filter(|flow| flow.1 == substream) {
                if !below.seats.contains(grandchild) {
                    below.seats.push(*grandchild);
                }
            }
            if below.seats.len() > MOST_BELOW {
                return Below { seats: vec![child], sink: 0, drift: 0.0, ..below };
            }
            next += 1;
        }
        below
    }

    /// A parent may feed a flow, and all that it feeds, as far as order, depth and distance say.
    pub(super) fn may_sit(&self, parent: SeatId, (child, substream): Flow, below: &Below) -> bool {
        let forest = &self.grower.forest;
        if forest.has(parent) >> substream & 1 == 0 {
            return false;
        }
        let depth = forest.depth(parent, substream) + 1;
        let sinks = below.depth > 0 && depth > below.depth.saturating_add(below.sink) || below.depth == 0 && depth > below.sink;
        let drifts = || {
            let limited = below.depth > 0 && below.drift < f64::INFINITY;
            limited && forest.reach(parent, child, substream) - below.far > below.drift
        };
        !sinks && !below.seats.contains(&parent) && !drifts()
    }

    /// One flow more may run from a parent, as far as capacities say.
    pub(super) fn fits(&self, parent: SeatId, (child, substream): Flow) -> bool {
        let forest = &self.grower.forest;
        forest.arc(parent, child).is_some_and(|arc| forest.fits(parent, child, substream, arc))
    }

    /// Two flows change parents; false, and nothing has changed, if one may not run where the other did.
    ///
    /// Neither sits below the other, since each may sit where the other sat: no circle arises.
    pub(super) fn exchange(&mut self, one: Flow, other: Flow) -> bool {
        let parent = |flow: Flow| self.grower.forest.parent(flow.0, flow.1);
        let (from, to) = (parent(one), parent(other));
        let may_move =
            |flow: Flow, to| self.is_movable(flow.0) && to != SeatId::NONE && self.may_sit(to, flow, &self.below(flow));
        if from == to || !may_move(one, to) || !may_move(other, from) {
            return false;
        }
        self.lift(one);
        self.lift(other);
        let mut fits = self.fits(to, one);
        if fits {
            self.lay(one, to);
            fits = self.fits(from, other);
            self.lift(one);
        }
        self.lay(other, to);
        self.lay(one, from);
        if fits {
            self.put(other, SeatId::NONE);
            self.put(one, to);
            self.put(other, from);
        }
        fits
    }

    /// One flow more may run from a parent, if that had a slot for it.
    pub(super) fn fits_if_slots(&mut self, parent: SeatId, flow: Flow) -> bool {
        let (node, rate) = (self.grower.forest.seat(parent).node, self.grower.forest.rate(flow.0));
        self.grower.forest.loads.widen_uplink(node, rate, true);
        let fits = self.fits(parent, flow);
        self.grower.forest.loads.widen_uplink(node, rate, false);
        fits
    }

    /// Exempts a request from fewer policies, if its parents may still feed it then.
    pub(super) fn feeds_exempt(&mut self, seat: SeatId, fewer: &[PolicyId]) -> bool {
        let forest = &mut self.grower.forest;
        let flows: Vec<(u32, SeatId)> = forest.flows(seat).collect();
        let before = forest.exempt(seat).to_vec();
        flows.iter().for_each(|(substream, _)| forest.detach(seat, *substream));
        forest.relax(seat, fewer.to_vec());
        let at = forest.seat(seat);
        let deepest = forest.rules.depth_limit(at.node, at.content, fewer);
        let fits = at.parents == 1
            && flows.iter().all(|(substream, parent)| {
                let arc = forest.arc(*parent, seat).filter(|arc| forest.fits(*parent, seat, *substream, *arc));
                let fits = arc.filter(|_| forest.depth(*parent, *substream) < deepest);
                fits.inspect(|arc| forest.attach(*parent, seat, *substream, *arc)).is_some()
            });
        if !fits {
            flows.iter().for_each(|(substream, _)| forest.detach(seat, *substream));
            forest.relax(seat, before);
            flows.iter().for_each(|(substream, parent)| self.lay((seat, *substream), *parent));
        }
        flows.into_iter().for_each(|(_, parent)| self.renew(parent));
        fits
    }

    /// A number for what a seat's node sends.
    pub(super) fn version(&self, seat: SeatId) -> u32 {
        self.versions[self.grower.forest.seat(seat).node]
    }
}
