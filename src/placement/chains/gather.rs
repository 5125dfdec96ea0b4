//! Gathering: whoever is served with fewer substreams than he receives passes on no more of them than he needs.
//!
//! A substream that nobody gets from him is one that he can give up for a request that is worth more. A child who gets such a
//! substream from him changes places with one who gets a substream that he keeps from somebody else, be it the same child: as
//! many flows leave each parent as before.

use super::reach::common;
use super::{Chains, Flow, TOUCHED_BY_LOOK};
use crate::forest::SeatId;
use std::cmp::Reverse;

/// Other senders whose children may change places with one.
const LOOKS: usize = 200;

impl Chains<'_, '_, '_> {
    /// Exchanges what can be exchanged.
    pub(super) fn gather(&mut self) {
        let forest = self.ledger.forest();
        let has_more = |seat: &SeatId| forest.received(*seat) != 0 && forest.has(*seat).count_ones() > forest.least(*seat);
        let seats: Vec<SeatId> = forest.seats().filter(has_more).collect();
        self.work = 0;
        for seat in seats {
            if self.is_spent() {
                break;
            }
            self.gather_at(seat);
        }
    }

    /// The same for what one seat passes on.
    fn gather_at(&mut self, seat: SeatId) {
        let kept = self.kept(seat);
        let leaving: Vec<Flow> = self.ledger.children(seat).iter().copied().filter(|flow| kept >> flow.1 & 1 == 0).collect();
        leaving.into_iter().for_each(|flow| {
            self.changes_places(flow, kept);
        });
    }

    /// What a seat needs, of that what it holds first, then what it passes on most: a bit for each substream.
    fn kept(&self, seat: SeatId) -> u64 {
        let forest = self.ledger.forest();
        let (has, held) = (forest.has(seat), forest.held(seat));
        let sent = |substream: u32| self.ledger.children(seat).iter().filter(|flow| flow.1 == substream).count();
        let mut substreams: Vec<u32> = (0..64).filter(|s| has >> s & 1 == 1).collect();
        substreams.sort_by_key(|s| (Reverse(held >> s & 1), Reverse(sent(*s))));
        substreams.iter().take(forest.least(seat) as usize).fold(held, |kept, s| kept | 1 << s)
    }

    /// A flow changes places with one of a substream that its parent keeps; false if there is none.
    fn changes_places(&mut self, flow: Flow, kept: u64) -> bool {
        let own = (0..64).filter(|s| kept >> s & 1 == 1).map(|s| (flow.0, s));
        if own.into_iter().any(|other| self.ledger.exchange(flow, other)) {
            return true;
        }
        let row = self.reach.row(self.ledger.grower, flow.0);
        let content = self.ledger.forest().seat(flow.0).content;
        self.turn += 1;
        let near: Vec<SeatId> = common(&row, &row, self.turn).map(|at| self.reach.senders(content)[at]).take(LOOKS).collect();
        for sender in near {
            self.work += TOUCHED_BY_LOOK;
            let others = self.ledger.children(sender).to_vec();
            let mut others = others.into_iter().filter(|other| kept >> other.1 & 1 == 1);
            if others.any(|other| self.ledger.exchange(flow, other)) {
                return true;
            }
        }
        false
    }
}
