//! Feeding: parents for one request at a time, all that it needs or none.

use super::gateway::Gateways;
use super::guide::Guides;
use super::order::Order;
use super::pools::Pools;
use crate::forest::{Forest, SeatId};
use crate::ids::LinkId;
use crate::policy::{Cells, Near};
use crate::program::relaxation::Guidance;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Without guide another round is made if the last one fed more than one in so many of those who waited.
const WORTH_A_ROUND: usize = 1_000;
/// Requests between two looks at the clock.
const STOP_EVERY: usize = 1024;

/// A forest under construction.
pub(super) struct Grower<'a, 'c> {
    pub(super) forest: Forest<'a>,
    pub(super) cells: &'c Cells,
    pub(super) pools: Pools,
    /// By pool number of the child's cell: cells that may send to it, made when first needed.
    pub(super) near: Vec<Option<Rc<[Near]>>>,
    /// What each cell may get where quotas guide.
    pub(super) guides: Guides,
    /// Networks that are fed over several links at once.
    pub(super) gateways: Gateways,
    /// By pool number of the child's cell, without and with guide: a child without peculiarities found nothing at this
    /// epoch, down to this depth.
    starved: [Vec<(u64, u32)>; 2],
    /// Asked now and then; `true` leaves the rest unfed.
    pub(super) stop: &'c (dyn Fn() -> bool + Sync),
}

/// How a child is to be fed.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// Substreams to find parents for.
    pub(super) wanted: u64,
    /// Give everything back if fewer of them are found.
    pub(super) at_least: u32,
    /// It may sit at most this deep.
    pub(super) deepest: u32,
    /// Shallow parents first: it will have children itself.
    pub(super) shallow: bool,
    /// Whom to ask first.
    pub(super) first: SeatId,
    /// Only as far as quotas allow.
    pub(super) guided: bool,
    /// Only from outside of its network, over this link.
    pub(super) over: Option<LinkId>,
}

impl<'a, 'c> Grower<'a, 'c> {
    /// It is time to stop.
    pub(super) fn is_late(&self) -> bool {
        (self.stop)()
    }

    /// Every holder in its pool, nobody fed.
    pub(super) fn new(forest: Forest<'a>, cells: &'c Cells, stop: &'c (dyn Fn() -> bool + Sync)) -> Self {
        let mut pools = Pools::new(&forest, cells);
        for seat in forest.seats() {
            pools.join(&forest, cells, seat);
        }
        let count = pools.count();
        let starved = [vec![(0, 0); count], vec![(0, 0); count]];
        let gateways = Gateways::of(&forest);
        let (near, guides) = (vec![None; count], Guides::default());
        Grower { forest, cells, pools, near, guides, gateways, starved, stop }
    }

    /// Beside a finished forest, whose gateways stand as they are.
    pub(super) fn beside(forest: Forest<'a>, cells: &'c Cells, stop: &'c (dyn Fn() -> bool + Sync)) -> Self {
        let mut grower = Grower::new(forest, cells, stop);
        grower.gateways.settle(&grower.forest);
        grower.pools.may_all_send();
        grower
    }

    /// Lets quotas guide.
    pub(super) fn guide(&mut self, guidance: &Guidance) {
        self.guides = Guides::lay(self.forest.instance, self.forest.rules, self.cells, &self.pools, guidance);
    }

    /// Feeds requests in order, again and again while that helps: first above the depth that leaves their own slots
    /// room below, then anywhere.
    pub(super) fn feed_all(&mut self, order: &Order) {
        let mut waiting: Vec<SeatId> = order.requests.iter().map(|request| SeatId(request.0)).collect();
        for leave_room in [true, false] {
            if !self.guides.is_empty() {
                for mut chosen in self.guides.chosen(self.forest.instance, self.forest.rules, self.cells, order) {
                    chosen.retain(|seat| !self.forest.is_served(*seat));
                    self.feed_guided(&mut chosen, leave_room);
                }
                waiting.retain(|seat| !self.forest.is_served(*seat));
            }
            self.feed_rounds(&mut waiting, leave_room, false);
            if !self.forest.rules.limits_depth() {
                break;
            }
        }
        self.top_up(order);
    }

    /// Feeds as far as quotas allow. Cells whose quotas run in a circle wait for a first copy that no quota gives: then one
    /// request in each circle is fed freely, and quotas guide again.
    fn feed_guided(&mut self, waiting: &mut Vec<SeatId>, leave_room: bool) {
        loop {
            self.feed_rounds(waiting, leave_room, true);
            let stuck: FxHashSet<usize> =
                waiting.iter().map(|seat| self.number_of(*seat)).filter(|number| self.guides.any_left(*number)).collect();
            let circles = self.guides.circles(&self.pools, &stuck);
            let mut circle_of: FxHashMap<usize, usize> = FxHashMap::default();
            for (circle, numbers) in circles.iter().enumerate() {
                circle_of.extend(numbers.iter().map(|number| (*number, circle)));
            }
            let mut opened = vec![false; circles.len()];
            waiting.retain(|seat| {
                let circle = circle_of.get(&self.number_of(*seat)).filter(|circle| !opened[**circle]);
                let fed = circle.is_some() && self.feed_request(*seat, leave_room, SeatId::NONE, false);
                if let (Some(circle), true) = (circle, fed) {
                    opened[*circle] = true;
                }
                !fed
            });
            if !opened.contains(&true) {
                return;
            }
        }
    }

    /// Requests that are not served, in order.
    pub(super) fn left(&self, order: &Order) -> Vec<SeatId> {
        order.requests.iter().map(|request| SeatId(request.0)).filter(|seat| !self.forest.is_served(*seat)).collect()
    }

    /// Goes back to an earlier forest.
    pub(super) fn restore(&mut self, forest: Forest<'a>) {
        let epoch = self.pools.epoch;
        (self.forest, self.pools) = (forest, Pools::new(&self.forest, self.cells));
        self.join_all();
        self.pools.epoch += epoch;
    }

    /// Every seat that has something to send joins its pool.
    pub(super) fn join_all(&mut self) {
        self.forest.seats().for_each(|seat| self.pools.join(&self.forest, self.cells, seat));
    }

    /// The pool of a seat's cell.
    pub(super) fn number_of(&self, seat: SeatId) -> usize {
        let at = self.forest.seat(seat);
        self.pools.number(at.content, self.pools.local(at.content, self.cells.cell(at.node)))
    }

    /// Feeds whoever waits, again and again while that helps.
    pub(super) fn feed_rounds(&mut self, waiting: &mut Vec<SeatId>, leave_room: bool, guided: bool) {
        loop {
            let before = waiting.len();
            let mut looked = 0;
            let mut ended = false;
            waiting.retain(|seat| {
                looked += 1;
                ended = ended || looked % STOP_EVERY == 0 && (self.stop)();
                ended || !self.feed_request(*seat, leave_room, SeatId::NONE, guided)
            });
            let little = if guided { 0 } else { before / WORTH_A_ROUND };
            if ended || waiting.is_empty() || before - waiting.len() <= little {
                return;
            }
        }
    }

    /// Gives served requests more substreams where there are any left.
    fn top_up(&mut self, order: &Order) {
        for seat in order.requests.iter().map(|request| SeatId(request.0)) {
            let content = &self.forest.instance.contents[self.forest.seat(seat).content];
            if self.forest.has(seat) != content.all() && self.forest.is_served(seat) {
                self.feed_request(seat, false, SeatId::NONE, false);
            }
        }
    }

    /// Feeds one request; true if it is served.
    pub(super) fn feed_request(&mut self, seat: SeatId, leave_room: bool, first: SeatId, guided: bool) -> bool {
        let at = self.forest.seat(seat);
        let limit = self.forest.rules.depth_limit(at.node, at.content, self.forest.exempt(seat));
        let slots = self.forest.instance.nodes[at.node].uplink.slots(self.forest.rate(seat));
        let deepest = if leave_room { limit.saturating_sub(room_below(slots)).max(1).min(limit) } else { limit };
        self.feed(seat, Terms { deepest, first, guided, shallow: slots > 0, ..self.terms(seat) })
    }

    /// An unserved request could be fed with what is left, if its depth and its distance did not matter; nothing changes.
    pub(super) fn fits_at_any_depth(&mut self, seat: SeatId) -> bool {
        let at = self.forest.seat(seat);
        self.forest.relax(seat, self.forest.rules.bounding(at.node, at.content).collect());
        let fits = self.feed(seat, self.terms(seat));
        self.detach_all(seat, self.forest.received(seat));
        self.forest.relax(seat, Vec::new());
        fits
    }

    /// What a request needs, wherever it sits.
    pub(super) fn terms(&self, seat: SeatId) -> Terms {
        let content = &self.forest.instance.contents[self.forest.seat(seat).content];
        let has = self.forest.has(seat);
        let at_least = self.forest.least(seat).saturating_sub(has.count_ones());
        let (deepest, first) = (u32::MAX, SeatId::NONE);
        Terms { wanted: content.all() & !has, at_least, deepest, shallow: true, first, guided: false, over: None }
    }

    /// Finds parents for a seat on the given terms; false, and nothing changed, if there are too few.
    pub(super) fn feed(&mut self, seat: SeatId, terms: Terms) -> bool {
        let at = self.forest.seat(seat);
        let content = &self.forest.instance.contents[at.content];
        let local = self.pools.local(at.content, self.cells.cell(at.node));
        let number = self.pools.number(at.content, local);
        let plain = terms.wanted == content.all() && terms.at_least == content.min_substreams && self.is_plain(seat, terms);
        let (epoch, depth) = self.starved[usize::from(terms.guided)][number];
        let hopeless = plain && epoch == self.pools.epoch && terms.deepest <= depth;
        if terms.wanted == 0 || hopeless || !self.forest.may_receive(seat) || !self.passes_gateway(seat, terms) {
            return terms.at_least == 0;
        }
        if self.forest.has(seat) & terms.wanted != 0 {
            // It opened the gateway of its network.
            return true;
        }
        let found = self.attach_all(seat, terms, number);
        let enough = found.count_ones() >= terms.at_least;
        if enough {
            self.pools.join(&self.forest, self.cells, seat);
        } else {
            self.detach_all(seat, found);
            let held_back = self.forest.loads.downlink(at.node) < content.rate().times(u64::from(content.substreams));
            if plain && !held_back {
                self.starved[usize::from(terms.guided)][number] = (self.pools.epoch, terms.deepest);
            }
        }
        enough
    }

    /// What holds for the seat holds for others of its cell too.
    fn is_plain(&self, seat: SeatId, terms: Terms) -> bool {
        let alone = self.forest.seat(seat).parents > 1 || self.forest.rules.limits_latency() || terms.over.is_some();
        !alone && self.forest.exempt(seat).is_empty()
    }
}

/// Levels that a subtree needs below a node with this many slots: 1 slot needs 1, 2 need 2, 6 need 3, 13 need 4.
fn room_below(slots: u64) -> u32 {
    (slots + 1).next_power_of_two().trailing_zeros()
}
