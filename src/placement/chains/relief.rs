//! Relief: flows that full limits count are moved to where these do not count them, so that others may run there.
//!
//! Whoever may feed some children past a full limit and feeds others against it keeps the limit full, and his slots busy. A
//! child that is fed against the limit goes over to such a sender: into an idle slot, or into the place of a child of his
//! that takes its own place in turn. That is a cycle of an assignment that costs less, if a flow costs what full limits
//! count of it.

use super::reach::common;
use super::{Chains, Flow, TOUCHED_BY_LOOK};
use crate::forest::{Forest, SeatId};
use rayon::prelude::*;

/// Asking which limits count a flow takes about as long as touching so many seats.
const TOUCHED_BY_PAIR: usize = 4;

/// Senders to which one flow may try to go over.
const LOOKS: usize = 400;

/// A sender of a flow, and how many full limits count it there.
type Sender = (SeatId, usize);

impl Chains<'_, '_, '_> {
    /// Moves what can be moved.
    pub(super) fn relieve(&mut self) {
        let forest = self.ledger.forest();
        let mut full = vec![false; forest.rules.limits.len()];
        forest.filled_limits().into_iter().for_each(|row| full[row] = true);
        if !full.contains(&true) {
            return;
        }
        let seats: Vec<SeatId> = forest.seats().filter(|seat| self.ledger.is_movable(*seat)).collect();
        self.work = 0;
        for seat in seats {
            if self.is_spent() {
                break;
            }
            self.relieve_of(seat, &full);
        }
    }

    /// The same for the flows that reach one seat.
    fn relieve_of(&mut self, seat: SeatId, full: &[bool]) {
        let forest = self.ledger.forest();
        let sent = |(substream, from)| Some((substream, (from, counting(forest, full, from, seat)?)));
        let counted: Vec<(u32, Sender)> = forest.flows(seat).filter_map(sent).filter(|(_, (_, count))| *count > 0).collect();
        let Some(most) = counted.iter().map(|(_, (_, count))| *count).max() else { return };
        let senders = self.senders_counted_less(seat, full, most);
        for (substream, from) in counted {
            self.turn += LOOKS;
            let turned = senders.iter().cycle().skip(self.turn % senders.len().max(1)).take(senders.len());
            let mut others = turned.filter(|to| to.1 < from.1 && to.0 != from.0).take(LOOKS);
            others.any(|to| self.goes_over((seat, substream), from, *to, full));
        }
    }

    /// Senders whose flows to a seat fewer full limits count than this.
    fn senders_counted_less(&mut self, seat: SeatId, full: &[bool], than: usize) -> Vec<Sender> {
        let row = self.reach.row(self.ledger.grower, seat);
        let forest = self.ledger.forest();
        let senders = self.reach.senders(forest.seat(seat).content);
        let near: Vec<SeatId> = common(&row, &row, 0).map(|at| senders[at]).collect();
        self.work += TOUCHED_BY_PAIR * near.len();
        let counted = near.into_par_iter().filter_map(|sender| Some((sender, counting(forest, full, sender, seat)?)));
        counted.filter(|(_, count)| *count < than).collect()
    }

    /// Moves a flow from one sender to another that has a slot, or a child that can take the place left; false if nothing was
    /// moved.
    fn goes_over(&mut self, flow: Flow, from: Sender, to: Sender, full: &[bool]) -> bool {
        self.work += TOUCHED_BY_LOOK;
        let below = self.ledger.below(flow);
        if !self.ledger.may_sit(to.0, flow, &below) {
            return false;
        }
        self.ledger.lift(flow);
        let is_free = self.ledger.fits(to.0, flow);
        self.ledger.lay(flow, from.0);
        if is_free {
            self.ledger.put(flow, to.0);
            return true;
        }
        let children = self.ledger.children(to.0).to_vec();
        children
            .into_iter()
            .any(|child| child.0 != flow.0 && self.counts_less(child, from, to, full) && self.ledger.exchange(flow, child))
    }

    /// Full limits count less if a child of `to` changes places with one of `from`.
    fn counts_less(&self, child: Flow, from: Sender, to: Sender, full: &[bool]) -> bool {
        let counted = |sender| counting(self.ledger.forest(), full, sender, child.0);
        counted(to.0).zip(counted(from.0)).is_some_and(|(before, after)| after + to.1 < before + from.1)
    }
}

/// How many full limits count a flow; `None` if its nodes have no way to each other.
fn counting(forest: &Forest<'_>, full: &[bool], parent: SeatId, child: SeatId) -> Option<usize> {
    let (a, b, rules) = (forest.seat(parent), forest.seat(child), forest.rules);
    let (from, to, exempt) = (rules.classes.class(a.node), rules.classes.class(b.node), forest.exempt(child));
    let mut count = 0;
    rules.each_limit(from, to, a.content, rules.reach(from, to)?, |row| {
        count += usize::from(full[row] && !exempt.contains(&rules.limits[row].policy));
    });
    Some(count)
}
