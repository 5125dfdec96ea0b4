//! Sideways moves: who waits changes places with somebody served who is worth as much, though nothing is gained by that.
//!
//! Many plans serve as much as the one at hand, and chains that are missing here are there. So a search walks among them
//! (plateau moves of local search; Selman, Levesque, Mitchell, "A new method for solving hard satisfiability problems", 1992):
//! each move makes room for the next one, and whoever gave up his place may find another one after some of them.

use super::{Chains, MORE};
use crate::placement::order::Order;

/// After so many requests in a row that found nobody to change places with the others are left: they are worth less.
const PATIENCE: usize = 16;

impl Chains<'_, '_, '_> {
    /// Moves everybody who waits, those who are worth most first; tells how much service it gave.
    pub(super) fn move_sideways(&mut self, order: &Order) -> f64 {
        let mut waiting = self.waiting(order);
        waiting.sort_by(|one, other| self.worth[*other].total_cmp(&self.worth[*one]));
        let (mut gain, mut failures) = (0.0, 0);
        self.work = 0;
        self.tried_again.forget();
        for seat in waiting {
            if failures == PATIENCE || self.is_spent() {
                break;
            }
            let moved = self.invest_in(seat, self.worth[seat], -MORE);
            failures = if moved.is_some() { 0 } else { failures + 1 };
            gain += moved.unwrap_or(0.0);
        }
        gain
    }
}
