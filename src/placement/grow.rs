//! Feeding: parents for one request at a time, all that it needs or none.

use super::guide::Guides;
use super::order::Order;
use super::pools::Pools;
use crate::forest::{Forest, SeatId};
use crate::ids::{ContentId, NodeId};
use crate::policy::{Cells, Near};
use crate::program::relaxation::Guidance;
use crate::units::UnitCost;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Seats of one queue that are looked at before a child goes on to the next: keeps a step's work bounded where many
/// parents are held back by limits of their own; those go to the end of the queue.
const PROBES: usize = 48;
/// Without guide another round is made if the last one fed more than one in so many of those who waited.
const WORTH_A_ROUND: usize = 1_000;
/// Requests between two looks at the clock.
const STOP_EVERY: usize = 1024;
/// Children take their substreams from this many seats at the front in turn, so that one parent's failure costs little.
const WINDOW: usize = 4;

/// A forest under construction.
pub(super) struct Grower<'a, 'c> {
    pub(super) forest: Forest<'a>,
    pub(super) cells: &'c Cells,
    pub(super) pools: Pools,
    /// By pool number of the child's cell: cells that may send to it, made when first needed.
    near: Vec<Option<Rc<[Near]>>>,
    /// What each cell may get where quotas guide.
    guides: Guides,
    /// By pool number of the child's cell, without and with guide: a child without peculiarities found nothing at this
    /// epoch, down to this depth.
    starved: [Vec<(u64, u32)>; 2],
    /// Asked now and then; `true` leaves the rest unfed.
    pub(super) stop: &'c (dyn Fn() -> bool + Sync),
}

/// What a look into one queue ended with.
enum Search {
    /// A parent was attached.
    Found,
    /// Nobody there can send.
    Nobody,
    /// A seat stood in the wrong queue and was moved: look again.
    Moved,
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
}

impl<'a, 'c> Grower<'a, 'c> {
    /// Every holder in its pool, nobody fed.
    pub(super) fn new(forest: Forest<'a>, cells: &'c Cells, stop: &'c (dyn Fn() -> bool + Sync)) -> Self {
        let mut pools = Pools::new(&forest, cells);
        for seat in forest.seats() {
            pools.join(&forest, cells, seat);
        }
        let count = pools.count();
        let starved = [vec![(0, 0); count], vec![(0, 0); count]];
        Grower { forest, cells, pools, near: vec![None; count], guides: Guides::default(), starved, stop }
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

    /// The pool of a seat's cell.
    pub(super) fn number_of(&self, seat: SeatId) -> usize {
        let at = self.forest.seat(seat);
        self.pools.number(at.content, self.pools.local(at.content, self.cells.cell(at.node)))
    }

    /// Feeds whoever waits, again and again while that helps.
    fn feed_rounds(&mut self, waiting: &mut Vec<SeatId>, leave_room: bool, guided: bool) {
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
            let has = self.forest.has(seat);
            if has != content.all() && has.count_ones() >= content.min_substreams {
                self.feed_request(seat, false, SeatId::NONE, false);
            }
        }
    }

    /// Feeds one request; true if it is served.
    pub(super) fn feed_request(&mut self, seat: SeatId, leave_room: bool, first: SeatId, guided: bool) -> bool {
        let at = self.forest.seat(seat);
        let limit = self.forest.rules.depth_limit(at.node, at.content);
        let slots = self.forest.instance.nodes[at.node].uplink.slots(self.forest.rate(seat));
        let deepest = if leave_room { limit.saturating_sub(room_below(slots)).max(1).min(limit) } else { limit };
        self.feed(seat, Terms { deepest, first, guided, shallow: slots > 0, ..self.terms(seat) })
    }

    /// A request could be fed with what is left, if its depth did not matter; nothing changes.
    pub(super) fn fits_at_any_depth(&mut self, seat: SeatId) -> bool {
        let before = self.forest.received(seat);
        let fits = self.feed(seat, self.terms(seat));
        self.detach_all(seat, self.forest.received(seat) & !before);
        fits
    }

    /// What a request needs, wherever it sits.
    pub(super) fn terms(&self, seat: SeatId) -> Terms {
        let content = &self.forest.instance.contents[self.forest.seat(seat).content];
        let has = self.forest.has(seat);
        let at_least = content.min_substreams.saturating_sub(has.count_ones());
        Terms { wanted: content.all() & !has, at_least, deepest: u32::MAX, shallow: true, first: SeatId::NONE, guided: false }
    }

    /// Finds parents for a seat on the given terms; false, and nothing changed, if there are too few.
    pub(super) fn feed(&mut self, seat: SeatId, terms: Terms) -> bool {
        let at = self.forest.seat(seat);
        let content = &self.forest.instance.contents[at.content];
        let local = self.pools.local(at.content, self.cells.cell(at.node));
        let number = self.pools.number(at.content, local);
        let plain = terms.wanted == content.all();
        let (epoch, depth) = self.starved[usize::from(terms.guided)][number];
        let hopeless = plain && epoch == self.pools.epoch && terms.deepest <= depth;
        if terms.wanted == 0 || hopeless || !self.forest.may_receive(seat) {
            return terms.at_least == 0;
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

    fn attach_all(&mut self, seat: SeatId, terms: Terms, number: usize) -> u64 {
        let content = self.forest.seat(seat).content;
        let near = if terms.guided { self.guides.near(number) } else { self.near(content, number) };
        let substreams = self.forest.instance.contents[content].substreams;
        let (mut found, mut missed) = (0u64, 0);
        let mut used = [0u16; 64];
        let missing_allowed = terms.wanted.count_ones() - terms.at_least;
        for substream in (0..substreams).filter(|s| terms.wanted >> s & 1 == 1) {
            let kept = self.attach_previous(seat, terms, substream, number, &near);
            let near = if kept.is_some() {
                kept
            } else if self.attach_first(seat, terms, substream) {
                Some(u16::MAX)
            } else {
                self.attach_near(seat, terms, substream, number, &near)
            };
            if let Some(position) = near {
                found |= 1 << substream;
                used[substream as usize] = position;
            } else {
                missed += 1;
                if missed > missing_allowed {
                    break;
                }
            }
        }
        if terms.guided && found.count_ones() < terms.at_least {
            (0..64).filter(|s| found >> s & 1 == 1).for_each(|s| self.guides.give_back(number, used[s] as usize));
        }
        found
    }

    /// Gives back what a seat receives in `mask`; parents that had nothing left join their pools again.
    pub(super) fn detach_all(&mut self, seat: SeatId, mask: u64) {
        for substream in (0..64).filter(|s| mask >> s & 1 == 1) {
            let parent = self.forest.parent(seat, substream);
            self.forest.detach(seat, substream);
            let epoch = self.pools.epoch;
            self.pools.join(&self.forest, self.cells, parent);
            self.pools.epoch = epoch;
        }
    }

    /// Keeps a parent of the topology in force, if no cell with room is cheaper by more than what a change costs.
    fn attach_previous(&mut self, seat: SeatId, terms: Terms, substream: u32, child: usize, near: &[Near]) -> Option<u16> {
        let at = self.forest.seat(seat);
        let before = self.forest.instance.previous_of(at.node, at.content)?;
        let churn = UnitCost::rounded(self.forest.rules.weights.churn_weight);
        let open = near.iter().find(|cell| self.pools.is_open(self.pools.number(at.content, cell.local)));
        let most = open.map_or(i64::MAX, |cell| cell.cost.0 + churn.0);
        before.of(substream as usize).filter(|parent| *parent != NodeId::GONE).find_map(|parent| {
            let known = self.forest.seat_of(parent, at.content)?;
            let local = self.pools.local(at.content, self.cells.cell(parent));
            let position = near.iter().position(|cell| cell.local == local && cell.cost.0 <= most)?;
            let allowed = known != seat && (!terms.guided || self.guides.left(child, position) > 0);
            let has = self.forest.has(known) >> substream & 1 == 1;
            if !allowed
                || !has
                || self.forest.depth(known, substream) >= terms.deepest
                || !self.forest.fits(known, seat, near[position].arc)
            {
                return None;
            }
            self.forest.attach(known, seat, substream, near[position].arc);
            if terms.guided {
                self.guides.take(child, position);
            }
            Some(position as u16)
        })
    }

    fn attach_first(&mut self, seat: SeatId, terms: Terms, substream: u32) -> bool {
        let parent = terms.first;
        if parent == SeatId::NONE || self.forest.has(parent) >> substream & 1 == 0 {
            return false;
        }
        match self.forest.arc(parent, seat) {
            Some(arc) if self.forest.depth(parent, substream) < terms.deepest && self.forest.fits(parent, seat, arc) => {
                self.forest.attach(parent, seat, substream, arc);
                true
            }
            _ => false,
        }
    }

    /// Attaches to the first near cell that has room; tells its position.
    fn attach_near(&mut self, seat: SeatId, terms: Terms, substream: u32, child: usize, near: &[Near]) -> Option<u16> {
        let (at, rate, rules) = (self.forest.seat(seat), self.forest.rate(seat), self.forest.rules);
        if self.forest.loads.downlink(at.node) < rate {
            return None;
        }
        let to = rules.classes.class(at.node);
        let position = near.iter().enumerate().position(|(position, cell)| {
            let number = self.pools.number(at.content, cell.local);
            self.pools.is_open(number)
                && (!terms.guided || self.guides.left(child, position) > 0)
                && self.forest.loads.route_fits(rules, cell.class, to, at.content, cell.arc, rate)
                && self.attach_in(seat, terms, substream, number)
        })?;
        if terms.guided {
            self.guides.take(child, position);
        }
        Some(position as u16)
    }

    fn attach_in(&mut self, seat: SeatId, terms: Terms, substream: u32, number: usize) -> bool {
        let mut step = 0;
        while step < self.pools.pool(number).queues.len() {
            let count = self.pools.pool(number).queues.len();
            let queue = if terms.shallow { step } else { count - 1 - step };
            let candidates = &self.pools.pool(number).queues[queue];
            let suits = candidates.has >> substream & 1 == 1 && candidates.depth < terms.deepest;
            match if suits { self.attach_from(seat, substream, number, queue) } else { Search::Nobody } {
                Search::Found => return true,
                Search::Nobody => step += 1,
                Search::Moved => step = 0,
            }
        }
        false
    }

    fn attach_from(&mut self, seat: SeatId, substream: u32, number: usize, queue: usize) -> Search {
        let rate = self.forest.rate(seat);
        let (mut probes, mut position) = (0, substream as usize % WINDOW);
        loop {
            let candidates = &self.pools.pool(number).queues[queue];
            let (length, key) = (candidates.seats.len(), (candidates.has, candidates.depth));
            if probes >= length.min(PROBES) {
                return Search::Nobody;
            }
            position %= length;
            let parent = candidates.seats[position];
            if Pools::is_spent(&self.forest, parent, rate) {
                self.pools.remove(number, queue, position);
                continue;
            }
            if key != (self.forest.has(parent), self.pools.depth(&self.forest, parent)) {
                self.pools.remove(number, queue, position);
                self.pools.join(&self.forest, self.cells, parent);
                return Search::Moved;
            }
            if let Some(arc) = self.forest.arc(parent, seat).filter(|arc| self.forest.fits(parent, seat, *arc)) {
                self.forest.attach(parent, seat, substream, arc);
                return Search::Found;
            }
            probes += 1;
            self.pools.postpone(number, queue, position);
        }
    }

    /// Cells that may send to the cell with this pool number, cheapest first.
    pub(super) fn near(&mut self, content: ContentId, number: usize) -> Rc<[Near]> {
        if self.near[number].is_none() {
            let among = &self.pools.cells[content];
            let child = among[number - self.pools.number(content, 0)];
            let near = self.cells.near(self.forest.instance, self.forest.rules, content, among, child);
            self.near[number] = Some(near.into());
        }
        self.near[number].clone().expect("just made")
    }
}

/// Levels that a subtree needs below a node with this many slots: 1 slot needs 1, 2 need 2, 6 need 3, 13 need 4.
fn room_below(slots: u64) -> u32 {
    (slots + 1).next_power_of_two().trailing_zeros()
}
