//! Investing: whoever would bring more slots than he takes is served at the cost of others, who are served again from what he
//! brings. What that does not pay for is undone.

use super::{Chains, MORE};
use crate::forest::SeatId;
use crate::placement::order::Order;
use std::mem::swap;

/// Requests that are served again for one investment.
const REPAID: usize = 32;

impl Chains<'_, '_, '_> {
    /// Tries it with everybody who is not served; tells how much service it gave.
    pub(super) fn invest(&mut self, order: &Order) -> f64 {
        let (waiting, forest) = (self.waiting(order), self.ledger.forest());
        let brings = |seat: SeatId| forest.instance.nodes[forest.seat(seat).node].uplink.slots(forest.rate(seat));
        let takes = |seat: SeatId| u64::from(self.ledger.grower.terms(seat).at_least);
        let investments: Vec<SeatId> = waiting.iter().copied().filter(|seat| brings(*seat) > takes(*seat)).collect();
        let most = waiting.iter().map(|seat| self.worth[*seat]).fold(0.0, f64::max);
        let mut gain = 0.0;
        self.work = 0;
        self.tried_again.forget();
        for seat in investments {
            if self.is_spent() {
                break;
            }
            gain += self.invest_in(seat, most, MORE).unwrap_or(0.0);
        }
        gain
    }

    /// Requests that are not served, and that chains may serve.
    pub(super) fn waiting(&self, order: &Order) -> Vec<SeatId> {
        self.lacking(order).filter(|seat| !self.ledger.forest().is_served(*seat)).collect()
    }

    /// Serves one request at the cost of others who are worth no more than this for each copy, and those again; tells the
    /// gain. `None`, and nothing has changed, if that is not more than `least` times this worth.
    pub(super) fn invest_in(&mut self, seat: SeatId, worth: f64, least: f64) -> Option<f64> {
        let (begin, before) = (self.ledger.mark(), self.ledger.forest().service_of(seat));
        let terms = self.ledger.grower.terms(seat);
        self.tried.forget();
        for substream in (0..64).filter(|s| terms.wanted >> s & 1 == 1) {
            if !self.ledger.forest().is_served(seat) {
                self.provide((seat, substream), worth * (1.0 + MORE), self.ledger.mark() == begin);
            }
        }
        let served = self.ledger.forest().service_of(seat) - before - self.lost();
        let waiting: Vec<SeatId> = self.victims.drain(..).map(|(victim, _)| victim).collect();
        let gain = self.ledger.forest().is_served(seat).then(|| served + self.repay(waiting));
        let gain = gain.filter(|gain| *gain > least * worth);
        if gain.is_none() {
            self.ledger.undo(begin);
        }
        gain
    }

    /// Serves those again who gave something up, and whoever gives something up for that; tells the gain.
    fn repay(&mut self, mut waiting: Vec<SeatId>) -> f64 {
        let mut gain = 0.0;
        swap(&mut self.tried, &mut self.tried_again);
        for _ in 0..REPAID {
            let Some(victim) = waiting.pop() else { break };
            gain += self.raise(victim);
            waiting.extend(self.victims.drain(..).map(|(victim, _)| victim));
        }
        swap(&mut self.tried, &mut self.tried_again);
        gain
    }
}
