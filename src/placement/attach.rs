//! Attaching: which parent a child gets for one substream.

use super::grow::{Grower, Terms};
use super::pools::Pools;
use crate::forest::SeatId;
use crate::ids::NodeId;
use crate::policy::{CellId, Near};
use crate::units::UnitCost;
use std::rc::Rc;

/// Seats of one queue that are looked at before a child goes on to the next: keeps a step's work bounded where many
/// parents are held back by limits of their own; those go to the end of the queue.
const PROBES: usize = 48;
/// Children take their substreams from this many seats at the front in turn, so that one parent's failure costs little.
const WINDOW: usize = 4;

/// What a look into one queue ended with.
enum Search {
    /// A parent was attached.
    Found,
    /// Nobody there can send.
    Nobody,
    /// A seat stood in the wrong queue and was moved: look again.
    Moved,
}

impl Grower<'_, '_> {
    /// Finds parents for what a seat wants, all that each substream needs or none; gives up, with some attached, once so much
    /// is missed that it is of no use. Tells the substreams that it got.
    pub(super) fn attach_all(&mut self, seat: SeatId, terms: Terms, number: usize) -> u64 {
        let at = self.forest.seat(seat);
        let near = if terms.guided { self.guides.near(number) } else { self.near(seat, number) };
        let substreams = self.forest.instance.contents[at.content].substreams;
        let (mut found, mut missed) = (0u64, 0);
        let mut used: Vec<u16> = Vec::new();
        let missing_allowed = terms.wanted.count_ones() - terms.at_least;
        for substream in (0..substreams).filter(|s| terms.wanted >> s & 1 == 1) {
            let before = used.len();
            if (0..at.parents).all(|_| self.attach_one(seat, terms, substream, number, &near, &mut used)) {
                found |= 1 << substream;
                continue;
            }
            self.detach_all(seat, 1 << substream);
            self.give_back(terms, number, used.drain(before..));
            missed += 1;
            if missed > missing_allowed {
                break;
            }
        }
        if found.count_ones() < terms.at_least {
            self.give_back(terms, number, used.drain(..));
        }
        found
    }

    fn give_back(&mut self, terms: Terms, number: usize, used: impl Iterator<Item = u16>) {
        if terms.guided {
            used.for_each(|position| self.guides.give_back(number, position as usize));
        }
    }

    /// One parent for one substream: that of the topology in force, the one to be asked first, or one that is near.
    fn attach_one(
        &mut self,
        seat: SeatId,
        terms: Terms,
        substream: u32,
        number: usize,
        near: &[Near],
        used: &mut Vec<u16>,
    ) -> bool {
        if let Some(position) = self.attach_previous(seat, terms, substream, number, near) {
            used.push(position);
            return true;
        }
        if self.attach_first(seat, terms, substream) {
            return true;
        }
        let position = self.attach_near(seat, terms, substream, number, near);
        used.extend(position);
        position.is_some()
    }

    /// Gives back what a seat receives in `mask`; parents that had nothing left join their pools again.
    pub(super) fn detach_all(&mut self, seat: SeatId, mask: u64) {
        for substream in (0..64).filter(|s| mask >> s & 1 == 1) {
            let parents: Vec<SeatId> = self.forest.parents(seat, substream).collect();
            self.forest.detach(seat, substream);
            let epoch = self.pools.epoch;
            parents.into_iter().for_each(|parent| self.pools.join(&self.forest, self.cells, parent));
            self.pools.epoch = epoch;
        }
    }

    /// Keeps a parent of the topology in force, if no cell with room is cheaper by more than what a change costs. A guide says
    /// how many are to come from a dearer cell: let them be those that had parents there.
    fn attach_previous(&mut self, seat: SeatId, terms: Terms, substream: u32, child: usize, near: &[Near]) -> Option<u16> {
        let at = self.forest.seat(seat);
        let before = self.forest.instance.previous_of(at.node, at.content)?;
        if terms.over.is_some() {
            return None;
        }
        let churn = UnitCost::rounded(self.forest.rules.weights.churn_weight);
        let open = near.iter().find(|cell| self.pools.is_open(self.pools.number(at.content, cell.local)));
        let most = open.map_or(i64::MAX, |cell| cell.cost.0 + churn.0);
        before.of(substream as usize).filter(|parent| *parent != NodeId::GONE).find_map(|parent| {
            let known = self.forest.seat_of(parent, at.content)?;
            let local = self.pools.local(at.content, self.cells.cell(parent));
            let position = near.iter().position(|cell| cell.local == local && (terms.guided || cell.cost.0 <= most))?;
            let allowed = known != seat && (!terms.guided || self.guides.left(child, position) > 0);
            let has = self.forest.has(known) >> substream & 1 == 1;
            if !allowed
                || !has
                || self.forest.depth(known, substream) >= terms.deepest
                || !self.forest.fits(known, seat, substream, near[position].arc)
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
            Some(arc)
                if self.forest.depth(parent, substream) < terms.deepest && self.forest.fits(parent, seat, substream, arc) =>
            {
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
        let counted = self.forest.exempt(seat).is_empty();
        let position = near.iter().enumerate().position(|(position, cell)| {
            let number = self.pools.number(at.content, cell.local);
            let loads = &self.forest.loads;
            self.pools.is_open(number)
                && (!terms.guided || self.guides.left(child, position) > 0)
                && terms.over.is_none_or(|link| self.enters_over(link, cell, at.node))
                && loads.links_fit(rules, cell.arc, rate)
                && (!counted || loads.limits_leave(rules, cell.class, to, at.content, cell.arc, rate))
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
            if let Some(arc) = self.forest.arc(parent, seat).filter(|arc| self.forest.fits(parent, seat, substream, *arc)) {
                self.forest.attach(parent, seat, substream, arc);
                return Search::Found;
            }
            probes += 1;
            self.pools.postpone(number, queue, position);
        }
    }

    /// Cells that may send to a seat's cell, cheapest first. A seat that is exempt from policies looks at those alone that have
    /// somebody with a free slot now: there are many sets of policies, and few such cells by then.
    pub(super) fn near(&mut self, seat: SeatId, number: usize) -> Rc<[Near]> {
        if !self.forest.exempt(seat).is_empty() {
            return self.listed(seat, number, |number| self.pools.is_open(number));
        }
        if let Some(near) = &self.near[number] {
            return near.clone();
        }
        let near = self.listed(seat, number, |number| self.pools.may_send(number));
        self.near[number].insert(near).clone()
    }

    /// Of the cells whose pool `suits` those that may send to a seat's cell, cheapest first.
    pub(super) fn listed(&self, seat: SeatId, number: usize, suits: impl Fn(usize) -> bool) -> Rc<[Near]> {
        let content = self.forest.seat(seat).content;
        let (all, first) = (&self.pools.cells[content], self.pools.number(content, 0));
        let places: Vec<u32> = (0..all.len() as u32).filter(|place| suits(first + *place as usize)).collect();
        let among: Vec<CellId> = places.iter().map(|place| all[*place as usize]).collect();
        let (instance, rules) = (self.forest.instance, self.forest.rules);
        let mut near = self.cells.near(instance, rules, content, &among, all[number - first], self.forest.exempt(seat));
        near.iter_mut().for_each(|cell| cell.local = places[cell.local as usize]);
        near.into()
    }
}
