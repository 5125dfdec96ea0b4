//! Investing: whoever would bring more slots than he takes is served at the cost of others, who are served again from what he
//! brings. What that does not pay for is undone.

use super::{Chains, MORE, MOST_WORK};
use crate::forest::SeatId;
use crate::placement::order::Order;

/// Requests that are served again for one investment.
const REPAID: usize = 32;

impl Chains<'_, '_, '_> {
    /// Tries it with everybody who is not served; tells how much service it gave.
    pub(super) fn invest(&mut self, order: &Order) -> f64 {
        let forest = self.ledger.forest();
        let seats = order.requests.iter().map(|request| SeatId(request.0));
        let unserved: Vec<SeatId> = seats.filter(|seat| !forest.is_served(*seat) && self.may_be_raised(*seat)).collect();
        let most = unserved.iter().map(|seat| self.worth[*seat]).fold(0.0, f64::max);
        let brings = |seat: SeatId| forest.instance.nodes[forest.seat(seat).node].uplink.slots(forest.rate(seat));
        let takes = |seat: SeatId| u64::from(self.ledger.grower.terms(seat).at_least);
        let investments: Vec<SeatId> = unserved.iter().copied().filter(|seat| brings(*seat) > takes(*seat)).collect();
        let mut gain = 0.0;
        self.work = 0;
        for seat in investments {
            if self.work >= MOST_WORK || self.ledger.grower.is_late() {
                break;
            }
            gain += self.invest_in(seat, most * (1.0 + MORE));
        }
        gain
    }

    /// Serves one request at the cost of others who are worth less than this, and those again; tells the gain.
    fn invest_in(&mut self, seat: SeatId, worth: f64) -> f64 {
        let (begin, before) = (self.ledger.mark(), self.ledger.forest().service_of(seat));
        let terms = self.ledger.grower.terms(seat);
        self.forget();
        for substream in (0..64).filter(|s| terms.wanted >> s & 1 == 1) {
            if !self.ledger.forest().is_served(seat) {
                self.provide((seat, substream), worth, self.ledger.mark() == begin);
            }
        }
        let mut gain = self.ledger.forest().service_of(seat) - before - self.lost();
        let mut waiting: Vec<SeatId> = self.victims.drain(..).map(|(victim, _)| victim).collect();
        let is_served = self.ledger.forest().is_served(seat);
        self.forget();
        for _ in 0..REPAID {
            let Some(victim) = waiting.pop().filter(|_| is_served) else { break };
            gain += self.raise(victim);
            waiting.extend(self.victims.drain(..).map(|(victim, _)| victim));
        }
        if is_served && gain > MORE * worth {
            return gain;
        }
        self.ledger.undo(begin);
        0.0
    }
}
