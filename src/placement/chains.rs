//! Ejection chains: whoever lacks something takes a slot whose flow goes elsewhere, into a slot whose flow goes elsewhere in
//! turn, until one is idle, or is given up by a request that is worth less for each copy.
//!
//! Where policies say who may send to whom, and how much of it, slots are idle that nobody who waits may use, while others
//! that they may use go to children who have a choice, or who are worth little. A chain is an augmenting path of the matching
//! of copies to slots; one that ends at a request of less worth is an exchange (Glover, "Ejection chains, reference structures
//! and alternating path methods for traveling salesman problems", 1996). All substreams that a request needs are found, or
//! nothing was done.
//!
//! - `ledger`: who feeds whom, what was moved, and how to undo it; a child is moved with all that it feeds;
//! - `reach`: who may send to whom, a bit for each sender;
//! - `search`: one chain, breadth first;
//! - `relief`, `gather`: room under full limits, and substreams that can be given up, before each pass;
//! - `invest`: those who bring more than they take, after each pass;
//! - `sideways`: those who wait change places with others worth as much, when passes give little;
//! - `loosen`: the same once more as if all that may be relaxed were relaxed.
//!
//! Flows for which a search found nothing are not looked at again in the same pass: those who come later are worth less, and
//! have no more to find there (Hungarian trees). Flows that others depend on (several parents of a substream, networks that
//! have to be fed over several links) stay as they are.

mod gather;
mod invest;
mod ledger;
mod loosen;
mod reach;
mod relief;
mod search;
mod sideways;
#[cfg(test)]
mod tests;

use super::grow::Grower;
use super::order::Order;
use crate::forest::SeatId;
use crate::ids::Table;
use ledger::Ledger;
pub use loosen::Loose;
pub(super) use loosen::loosen;
use reach::Reach;
use search::Aim;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Most passes over those who lack something.
const PASSES: usize = 24;
/// Passes go on without sideways moves for as long as one gives more than this share of service.
const WORTH_A_PASS: f64 = 1e-3;
/// The same with sideways moves.
const WORTH_A_SIDEWAYS_PASS: f64 = 1e-4;
/// Seats that each step of a round may touch, about: half a minute, whatever the size.
const MOST_WORK: usize = 2_000_000_000;
/// A look at a parent and its children takes about as long as touching so many seats.
const TOUCHED_BY_LOOK: usize = 100;
/// Pairs of a sender and a cell beyond which nothing is done: there is a bit for each.
const MOST_PAIRS: usize = 1_000_000_000;
/// Flows that a search looks at for the first substream of a request.
const FIRST_LINKS: usize = 4_000;
/// The same for the others: they mostly find what the first one set free.
const NEXT_LINKS: usize = 500;
/// Worth that counts as more, relative.
const MORE: f64 = 1e-9;

/// A child, and a substream that it receives.
type Flow = (SeatId, u32);

/// What comes after a run of chains.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Another run, under looser rules.
    Loosen,
    /// None: it goes on for as long as there is something to gain.
    Nothing,
}

/// Serves better whom it can of those who lack something, until service is the `most` that any plan has.
pub(super) fn make(grower: &mut Grower<'_, '_>, order: &Order, most: f64, then: Then) {
    if !can_help(grower, most) {
        return;
    }
    Chains::of(grower).run(order, most, then);
    grower.join_all();
}

/// There is service to be gained, and time and room to look for it.
fn can_help(grower: &Grower<'_, '_>, most: f64) -> bool {
    let pairs = grower.forest.seats().len().saturating_mul(grower.pools.count());
    pairs <= MOST_PAIRS && !grower.is_late() && !is_all(grower.forest.service(), most)
}

/// No plan has more service.
fn is_all(service: f64, most: f64) -> bool {
    service >= most * (1.0 - MORE)
}

struct Chains<'g, 'a, 'c> {
    ledger: Ledger<'g, 'a, 'c>,
    reach: Reach,
    /// Weight for each copy; infinite for what is no request, and gives up nothing.
    worth: Table<SeatId, f64>,
    /// What was tried in vain in this pass.
    tried: Tried,
    /// The same by those who are served again: kept over a whole step, since what they try hardly differs from one to the next.
    tried_again: Tried,
    /// Those who gave something up for the request at hand, with the service that they had.
    victims: Vec<(SeatId, f64)>,
    /// Where the next look begins.
    turn: usize,
    /// Seats that were touched in this pass, about.
    work: usize,
}

/// What searches need not look at.
struct Tried {
    /// Flows for which no other slot was found, a bit for each substream of a child.
    dead: Table<SeatId, u64>,
    /// Parents all of whose children were looked at.
    exhausted: Table<SeatId, bool>,
}

impl Tried {
    /// Nothing, for so many seats.
    fn nothing(count: usize) -> Tried {
        Tried { dead: Table::filled(count, 0), exhausted: Table::filled(count, false) }
    }

    fn forget(&mut self) {
        self.dead.as_mut_slice().fill(0);
        self.exhausted.as_mut_slice().fill(false);
    }
}

/// Somebody who lacks something; those who are worth most come first.
#[derive(PartialEq)]
struct Lacking(f64, SeatId);

impl Eq for Lacking {}

impl Ord for Lacking {
    fn cmp(&self, other: &Lacking) -> Ordering {
        self.0.total_cmp(&other.0).then(other.1.cmp(&self.1))
    }
}

impl PartialOrd for Lacking {
    fn partial_cmp(&self, other: &Lacking) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'g, 'a, 'c> Chains<'g, 'a, 'c> {
    fn of(grower: &'g mut Grower<'a, 'c>) -> Self {
        let forest = &grower.forest;
        let count = forest.seats().len();
        let worth = Table::new(forest.seats().map(|seat| forest.worth_of_copy(seat)).collect());
        let (tried, tried_again) = (Tried::nothing(count), Tried::nothing(count));
        let reach = Reach::of(grower);
        Chains { ledger: Ledger::of(grower), reach, worth, tried, tried_again, victims: Vec::new(), turn: 0, work: 0 }
    }

    /// Pass after pass, with sideways moves once they give little.
    fn run(&mut self, order: &Order, most: f64, then: Then) {
        let mut sideways = false;
        for _ in 0..PASSES {
            if is_all(self.ledger.forest().service(), most) {
                break;
            }
            self.relieve();
            self.gather();
            let mut gain = self.pass(order) + self.invest(order);
            if sideways {
                gain += self.move_sideways(order);
            }
            let share = gain / self.ledger.forest().service();
            let enough = if sideways { WORTH_A_SIDEWAYS_PASS } else { WORTH_A_PASS };
            match then {
                _ if share > enough => {}
                Then::Nothing if !sideways => sideways = true,
                _ => break,
            }
        }
    }

    /// Tries to give everybody what he lacks, those who are worth most first; tells how much service it gave.
    fn pass(&mut self, order: &Order) -> f64 {
        self.tried.forget();
        let mut lacking: BinaryHeap<Lacking> = self.lacking(order).map(|seat| Lacking(self.worth[seat], seat)).collect();
        let mut gain = 0.0;
        self.work = 0;
        while let Some(Lacking(_, seat)) = lacking.pop().filter(|_| !self.is_spent()) {
            gain += self.raise(seat);
            lacking.extend(self.victims.drain(..).map(|(victim, _)| Lacking(self.worth[victim], victim)));
        }
        gain
    }

    /// The step at hand has touched as many seats as it may, or there is no more time.
    fn is_spent(&self) -> bool {
        self.work >= MOST_WORK || self.ledger.grower.is_late()
    }

    /// Gives a request what it lacks, as far as that is worth what others give up for it; tells the gain.
    fn raise(&mut self, seat: SeatId) -> f64 {
        if !self.may_be_raised(seat) {
            return 0.0;
        }
        let (terms, forest) = (self.ledger.grower.terms(seat), self.ledger.forest());
        let (begin, worth, before) = (self.ledger.mark(), self.worth[seat] * (1.0 - MORE), forest.service_of(seat));
        let mut spare = terms.wanted.count_ones() - terms.at_least;
        // The gain, and what was done for it.
        let mut best = (MORE * worth, begin, 0);
        for substream in (0..64).filter(|s| terms.wanted >> s & 1 == 1) {
            if self.provide((seat, substream), worth, self.ledger.mark() == begin) {
                let gain = self.ledger.forest().service_of(seat) - before - self.lost();
                if gain > best.0 {
                    best = (gain, self.ledger.mark(), self.victims.len());
                }
            } else if spare == 0 {
                break;
            } else {
                spare -= 1;
            }
        }
        self.ledger.undo(best.1);
        self.victims.truncate(best.2);
        if best.1 == begin { 0.0 } else { best.0 }
    }

    /// Requests that lack something that chains may bring.
    fn lacking(&self, order: &Order) -> impl Iterator<Item = SeatId> {
        order.requests.iter().map(|request| SeatId(request.0)).filter(|seat| self.may_be_raised(*seat))
    }

    /// It lacks something, and chains may bring that.
    fn may_be_raised(&self, seat: SeatId) -> bool {
        let forest = self.ledger.forest();
        let lacks = self.ledger.grower.terms(seat).wanted != 0 && !forest.is_gateway(seat);
        lacks && forest.seat(seat).parents == 1 && forest.may_receive(seat)
    }

    /// Finds one substream of a request: the first one anywhere, the others rather where nobody gives up anything.
    fn provide(&mut self, flow: Flow, worth: f64, first: bool) -> bool {
        if first {
            return self.find(flow, Aim { worth, links: FIRST_LINKS, note: true });
        }
        [0.0, worth].into_iter().any(|worth| self.find(flow, Aim { worth, links: NEXT_LINKS, note: false }))
    }

    /// The service that others gave up.
    fn lost(&self) -> f64 {
        let forest = self.ledger.forest();
        self.victims.iter().map(|(victim, before)| before - forest.service_of(*victim)).sum()
    }
}
