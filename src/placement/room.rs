//! Room for those who are left: idle slots are brought to where slots lack.
//!
//! With several contents, translators or full links a slot may be idle although requests are left, because nobody can use
//! it where it is. These moves help a request that finds no parent for a substream:
//!
//! - *Relieve*: before all, relays hand what children they can to seats that may not relay, for those can help nobody else.
//! - *Hand over*: a seat that has the substream and is full hands a child of its node, of whatever content, to a seat with
//!   a free slot, and takes the request instead.
//! - *Splice*: a relay with two free slots or more is put between a child without children and its parent, and
//!   takes the request beside it. What it has left then is free for others.
//!
//! Depths are potentials, as in swap search: a child that is handed over never sits deeper than before, and who gets a
//! relay above has nobody below. So no circle can arise, and no subtree has to be touched. Where policies bind several flows
//! together, or look at distances, flows stay as they are ([`can_make`]).

use super::grow::Grower;
use super::order::Order;
use super::pools::Pools;
use super::relays;
use crate::forest::{Forest, SeatId};
use crate::ids::{ContentId, Id, NodeId, Table};
use crate::policy::Arc;

/// Seats of one content that one substream looks at, for each of the two moves.
const LOOKS: usize = 16;
/// Children that such a seat tries to hand over.
const CHILDREN: usize = 4;
/// Seats with room that are looked at in one cell.
const PROBES: usize = 16;
/// Relays that one substream tries.
const RELAYS: usize = 16;
/// After so many requests of a content for which no room was found in a row its others are left.
const PATIENCE: u32 = 4;
/// Requests between two looks at the clock.
const STOP_EVERY: usize = 64;

/// One flow: a child and the substream that it receives.
type Flow = (SeatId, u32);

/// No policy binds several flows together, or looks at distances.
pub(super) fn can_make(forest: &Forest<'_>) -> bool {
    let rules = forest.rules;
    !rules.is_redundant() && !rules.limits_latency() && rules.required.is_empty()
}

/// Serves whom it can of those who are left.
pub(super) fn make(grower: &mut Grower<'_, '_>, order: &Order) {
    let left = grower.left(order);
    if left.is_empty() || grower.is_late() {
        return;
    }
    let mut failures = Table::filled(grower.forest.instance.contents.len(), 0);
    let mut room = Room::of(grower);
    room.relieve();
    for (number, seat) in left.into_iter().enumerate() {
        let content = room.grower.forest.seat(seat).content;
        if number % STOP_EVERY == 0 && (room.grower.stop)() {
            return;
        }
        if failures[content] < PATIENCE {
            failures[content] = if room.serve(seat) { 0 } else { failures[content] + 1 };
        }
    }
}

struct Room<'g, 'a, 'c> {
    grower: &'g mut Grower<'a, 'c>,
    /// Seats of each content whose nodes have a slot.
    senders: Table<ContentId, Vec<SeatId>>,
    /// Seats of each content that receive.
    receivers: Table<ContentId, Vec<SeatId>>,
    /// Seats of each node.
    seats: Table<NodeId, Vec<SeatId>>,
    /// Flows that leave each seat; some may have gone elsewhere since.
    children: Vec<Vec<Flow>>,
    /// Seats of each content that may have a free slot; spent ones are dropped when they are met.
    idle: Table<ContentId, Vec<SeatId>>,
    /// Nodes that may relay and have room for two copies.
    relays: Vec<NodeId>,
    /// Who is being served: it may be undone, so nobody takes anything from it.
    serving: SeatId,
    /// Where the next look into a list begins.
    turn: usize,
}

impl<'g, 'a, 'c> Room<'g, 'a, 'c> {
    fn of(grower: &'g mut Grower<'a, 'c>) -> Self {
        let forest = &grower.forest;
        let contents = forest.instance.contents.len();
        let (mut senders, mut receivers) = (Table::filled(contents, Vec::new()), Table::filled(contents, Vec::new()));
        let mut idle = Table::filled(contents, Vec::new());
        let mut seats = Table::filled(forest.instance.nodes.len(), Vec::new());
        let mut children = vec![Vec::new(); forest.seats().len()];
        for seat in forest.seats() {
            let at = forest.seat(seat);
            seats[at.node].push(seat);
            if forest.instance.nodes[at.node].uplink >= forest.rate(seat) {
                senders[at.content].push(seat);
            }
            if forest.has(seat) != 0 && !Pools::is_spent(forest, seat, forest.rate(seat)) {
                idle[at.content].push(seat);
            }
            if forest.received(seat) != 0 {
                receivers[at.content].push(seat);
            }
            forest.flows(seat).for_each(|(substream, parent)| children[parent.index()].push((seat, substream)));
        }
        let relays = relays::candidates(forest.instance);
        Room { grower, senders, receivers, seats, children, idle, relays, serving: SeatId::NONE, turn: 0 }
    }

    /// Finds all that a request needs, or leaves it as it was.
    fn serve(&mut self, seat: SeatId) -> bool {
        let terms = self.grower.terms(seat);
        if terms.wanted == 0 || !self.grower.forest.may_receive(seat) {
            return false;
        }
        self.serving = seat;
        let at = self.grower.forest.seat(seat);
        let deepest = self.grower.forest.rules.depth_limit(at.node, at.content, &[]);
        let (mut found, mut spare) = (0u64, terms.wanted.count_ones() - terms.at_least);
        for substream in (0..64).filter(|s| terms.wanted >> s & 1 == 1) {
            let flow = (seat, substream);
            if self.take_free(flow, deepest) || self.hand_over(flow, deepest) || self.splice(flow, deepest) {
                found |= 1 << substream;
            } else if spare == 0 {
                self.undo(seat, found);
                return false;
            } else {
                spare -= 1;
            }
        }
        self.open(seat);
        self.receivers[at.content].push(seat);
        true
    }

    /// Gives back what a request was promised.
    fn undo(&mut self, seat: SeatId, found: u64) {
        let content = self.grower.forest.seat(seat).content;
        let parents = (0..64).filter(|s| found >> s & 1 == 1).map(|s| self.grower.forest.parent(seat, s));
        self.idle[content].extend(parents);
        self.grower.detach_all(seat, found);
    }

    /// A seat may have slots for others.
    fn open(&mut self, seat: SeatId) {
        self.idle[self.grower.forest.seat(seat).content].push(seat);
        self.grower.pools.join(&self.grower.forest, self.grower.cells, seat);
    }

    /// Children of relays go to seats that may not relay, where those have a slot.
    fn relieve(&mut self) {
        for relay in self.relays.clone() {
            for number in 0..self.seats[relay].len() {
                let seat = self.seats[relay][number];
                for child in std::mem::take(&mut self.children[seat.index()]) {
                    if !self.move_child(seat, child) {
                        self.children[seat.index()].push(child);
                    }
                }
                self.open(seat);
            }
        }
    }

    /// Gives a child of a relay another parent.
    fn move_child(&mut self, old: SeatId, child: Flow) -> bool {
        let forest = &mut self.grower.forest;
        let (depth, before) = (forest.depth(child.0, child.1), forest.arc(old, child.0).expect("the flow runs there"));
        forest.detach(child.0, child.1);
        let stays = |forest: &Forest<'_>, node: NodeId| forest.instance.nodes[node].relay_contents == Some(0);
        let found = self.vacancy(child, depth, stays);
        match found {
            Some((next, arc)) => self.attach(next, child, arc),
            None => self.grower.forest.attach(old, child.0, child.1, before),
        }
        found.is_some()
    }

    fn attach(&mut self, parent: SeatId, (child, substream): Flow, arc: Arc) {
        self.grower.forest.attach(parent, child, substream, arc);
        self.children[parent.index()].push((child, substream));
    }

    /// A seat with a free slot above `depth`, on a node that `suits`.
    fn vacancy(
        &mut self,
        (child, substream): Flow,
        depth: u32,
        suits: impl Fn(&Forest<'_>, NodeId) -> bool,
    ) -> Option<(SeatId, Arc)> {
        let content = self.grower.forest.seat(child).content;
        let rate = self.grower.forest.rate(child);
        while self.idle[content].last().is_some_and(|seat| Pools::is_spent(&self.grower.forest, *seat, rate)) {
            self.idle[content].pop();
        }
        if self.idle[content].is_empty() {
            return None;
        }
        let number = self.grower.number_of(child);
        let near = self.grower.near(child, number);
        let (forest, pools, serving) = (&self.grower.forest, &self.grower.pools, self.serving);
        let sends = |parent: SeatId| {
            if parent == serving || !suits(forest, forest.seat(parent).node) {
                return None;
            }
            let arc = arc_above(forest, parent, (child, substream), depth)?;
            forest.fits(parent, child, substream, arc).then_some((parent, arc))
        };
        near.iter().find_map(|cell| pools.seats(pools.number(content, cell.local)).take(PROBES).find_map(sends))
    }

    fn take_free(&mut self, flow: Flow, deepest: u32) -> bool {
        let found = self.vacancy(flow, deepest, |_, _| true);
        found.inspect(|(parent, arc)| self.attach(*parent, flow, *arc)).is_some()
    }

    fn hand_over(&mut self, flow: Flow, deepest: u32) -> bool {
        let content = self.grower.forest.seat(flow.0).content;
        let count = self.senders[content].len();
        self.turn += 1;
        for look in 0..LOOKS.min(count) {
            let parent = self.senders[content][(self.turn + look) % count];
            let Some(arc) = arc_above(&self.grower.forest, parent, flow, deepest) else { continue };
            let node = self.grower.forest.seat(parent).node;
            for number in 0..self.seats[node].len() {
                let other = self.seats[node][number];
                let children: Vec<Flow> = self.children[other.index()].iter().rev().take(CHILDREN).copied().collect();
                if children.into_iter().any(|child| self.hand_child_over(other, child, (parent, flow, arc))) {
                    return true;
                }
            }
        }
        false
    }

    /// Finds `child` another parent than `old`, so that `parent`, on the same node, can take the flow.
    fn hand_child_over(&mut self, old: SeatId, child: Flow, (parent, flow, arc): (SeatId, Flow, Arc)) -> bool {
        let forest = &mut self.grower.forest;
        if child.0 == flow.0 || forest.parent(child.0, child.1) != old {
            return false;
        }
        let depth = forest.depth(child.0, child.1);
        let before = forest.arc(old, child.0).expect("the flow runs there");
        forest.detach(child.0, child.1);
        let node = forest.seat(old).node;
        if let Some((next, over)) = self.vacancy(child, depth, |_, other| other != node) {
            self.grower.forest.attach(next, child.0, child.1, over);
            if self.grower.forest.fits(parent, flow.0, flow.1, arc) {
                self.children[next.index()].push(child);
                self.attach(parent, flow, arc);
                return true;
            }
            self.grower.forest.detach(child.0, child.1);
        }
        self.grower.forest.attach(old, child.0, child.1, before);
        false
    }

    fn splice(&mut self, flow: Flow, deepest: u32) -> bool {
        let rate = self.grower.forest.rate(flow.0);
        let room = |forest: &Forest<'_>, relay: NodeId| forest.loads.uplink(relay) >= rate.times(2);
        let mut tried = 0;
        while tried < RELAYS.min(self.relays.len()) {
            let place = (self.turn + tried) % self.relays.len();
            let relay = self.relays[place];
            if !room(&self.grower.forest, relay) {
                self.relays.swap_remove(place);
                continue;
            }
            if self.splice_in(relay, flow, deepest) {
                return true;
            }
            tried += 1;
        }
        false
    }

    /// Puts a relay above some child without children.
    fn splice_in(&mut self, relay: NodeId, flow: Flow, deepest: u32) -> bool {
        let forest = &self.grower.forest;
        let content = forest.seat(flow.0).content;
        let idle = forest.instance.request(relay, content).is_none() && forest.instance.held(relay, content) == 0;
        let known = forest.seat_of(relay, content);
        let has = known.is_some_and(|seat| forest.has(seat) >> flow.1 & 1 == 1);
        let reaches = |child: NodeId| {
            let classes = &forest.rules.classes;
            child != relay && forest.rules.arc(classes.class(relay), classes.class(child), content).is_some()
        };
        if !idle || has || !reaches(forest.seat(flow.0).node) {
            return false;
        }
        let count = self.receivers[content].len();
        let leaf = (0..LOOKS.min(count)).map(|look| self.receivers[content][(self.turn + look) % count]).find(|leaf| {
            let parent = forest.parent(*leaf, flow.1);
            let at = forest.seat(*leaf);
            *leaf != flow.0
                && parent != SeatId::NONE
                && forest.depth(parent, flow.1) + 2 <= deepest.min(forest.rules.depth_limit(at.node, content, &[]))
                && reaches(at.node)
                && !self.children[leaf.index()].iter().any(|child| child.1 == flow.1 && forest.parent(child.0, child.1) == *leaf)
        });
        leaf.is_some_and(|leaf| self.splice_between(relay, (leaf, flow.1), flow))
    }

    fn splice_between(&mut self, relay: NodeId, leaf: Flow, flow: Flow) -> bool {
        let forest = &mut self.grower.forest;
        let content = forest.seat(flow.0).content;
        let fresh = forest.seat_of(relay, content).is_none();
        let seat = forest.recruit(relay, content);
        if fresh {
            self.seats[relay].push(seat);
            self.children.push(Vec::new());
        }
        if !forest.may_receive(seat) {
            return false;
        }
        let parent = forest.parent(leaf.0, leaf.1);
        let before = forest.arc(parent, leaf.0).expect("the flow runs there");
        let arcs = (forest.arc(parent, seat), forest.arc(seat, leaf.0), forest.arc(seat, flow.0));
        let (Some(into), Some(on), Some(beside)) = arcs else { return false };
        forest.detach(leaf.0, leaf.1);
        if forest.fits(parent, seat, leaf.1, into) {
            forest.attach(parent, seat, leaf.1, into);
            if forest.fits(seat, leaf.0, leaf.1, on) {
                forest.attach(seat, leaf.0, leaf.1, on);
                if forest.fits(seat, flow.0, flow.1, beside) {
                    self.children[parent.index()].push((seat, leaf.1));
                    self.children[seat.index()].push(leaf);
                    self.attach(seat, flow, beside);
                    self.open(seat);
                    return true;
                }
                forest.detach(leaf.0, leaf.1);
            }
            forest.detach(seat, leaf.1);
        }
        forest.attach(parent, leaf.0, leaf.1, before);
        false
    }
}

/// Where a flow may run from this parent, if it has the substream above `depth`.
fn arc_above(forest: &Forest<'_>, parent: SeatId, (child, substream): Flow, depth: u32) -> Option<Arc> {
    let has = forest.has(parent) >> substream & 1 == 1 && forest.depth(parent, substream) < depth;
    if has { forest.arc(parent, child) } else { None }
}
