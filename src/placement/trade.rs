//! Trading places: who is served at a high cost gives way to somebody who waits and costs less, at the same service.
//!
//! Only requests that count the same are traded, and only those give way that feed nobody. What becomes free is offered where
//! it is near: to requests in the cells of the parents.

use super::grow::Grower;
use crate::forest::{Forest, SeatId};
use crate::ids::Id;
use crate::policy::Cells;
use crate::units::Cost;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Waiting requests of one cell that are tried in the place of one that is served.
const TRIES: usize = 2;
/// Requests between two looks at the clock.
const STOP_EVERY: usize = 256;

/// Requests that count the same: their pool, weight, and substreams.
type Kind = (usize, u64, u64);

/// Trades places, the dearest first.
pub fn trade<'a>(forest: Forest<'a>, cells: &Cells, stop: &(dyn Fn() -> bool + Sync)) -> Forest<'a> {
    if !forest.rules.required.is_empty() {
        // Those who give way may be those over whom a network has to be fed.
        return forest;
    }
    let mut feeds = vec![0u32; forest.seats().len()];
    for seat in forest.seats() {
        forest.flows(seat).for_each(|(_, parent)| feeds[parent.index()] += 1);
    }
    let mut market = Market { grower: Grower::new(forest, cells, stop), waiting: FxHashMap::default(), feeds };
    let mut served: Vec<(Cost, SeatId)> = Vec::new();
    for request in market.grower.forest.instance.requests.ids() {
        let seat = SeatId(request.0);
        let forest = &market.grower.forest;
        if forest.held(seat) != 0 || forest.seat(seat).parents != 1 || !forest.exempt(seat).is_empty() {
            continue;
        }
        if forest.is_served(seat) {
            served.push((market.cost(seat), seat));
        } else {
            let kind = market.kind(seat, market.grower.number_of(seat));
            market.waiting.entry(kind).or_default().push_back(seat);
        }
    }
    served.sort_unstable_by(|a, b| b.cmp(a));
    for (number, (cost, seat)) in served.into_iter().enumerate() {
        if market.waiting.is_empty() || number % STOP_EVERY == 0 && stop() {
            break;
        }
        if market.feeds[seat.index()] == 0 {
            market.give_way(seat, cost);
        }
    }
    market.grower.forest
}

struct Market<'a, 'c> {
    grower: Grower<'a, 'c>,
    waiting: FxHashMap<Kind, VecDeque<SeatId>>,
    /// Flows that leave each seat.
    feeds: Vec<u32>,
}

impl Market<'_, '_> {
    fn cost(&self, seat: SeatId) -> Cost {
        let forest = &self.grower.forest;
        forest.flows(seat).map(|(substream, parent)| forest.unit_cost(parent, seat, substream).of(forest.rate(seat))).sum()
    }

    fn kind(&self, seat: SeatId, number: usize) -> Kind {
        let forest = &self.grower.forest;
        let request = forest.request(seat).expect("only requests trade");
        (number, forest.rules.weight[request].to_bits(), u64::from(forest.least(seat)))
    }

    /// Lets somebody cheaper have the place of a request, if there is anybody.
    fn give_way(&mut self, seat: SeatId, cost: Cost) {
        let before: Vec<(u32, SeatId)> = self.grower.forest.flows(seat).collect();
        let mut numbers: Vec<usize> = before.iter().map(|(_, parent)| self.grower.number_of(*parent)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let has = self.grower.forest.has(seat).count_ones();
        for number in numbers {
            let kind = self.kind(seat, number);
            for _ in 0..self.waiting.get(&kind).map_or(0, VecDeque::len).min(TRIES) {
                let Some(other) = self.waiting.get_mut(&kind).and_then(VecDeque::pop_front) else { break };
                self.grower.detach_all(seat, self.grower.forest.received(seat));
                let fed = self.grower.feed_request(other, false, SeatId::NONE, false);
                if fed && self.grower.forest.has(other).count_ones() == has && self.cost(other) < cost {
                    self.note(&before, other);
                    let back = self.kind(seat, self.grower.number_of(seat));
                    self.waiting.entry(back).or_default().push_back(seat);
                    return;
                }
                self.grower.detach_all(other, self.grower.forest.received(other));
                self.restore(seat, &before);
                if let Some(waiting) = self.waiting.get_mut(&kind) {
                    waiting.push_back(other);
                }
            }
        }
    }

    fn note(&mut self, before: &[(u32, SeatId)], fed: SeatId) {
        before.iter().for_each(|(_, parent)| self.feeds[parent.index()] -= 1);
        let now: Vec<SeatId> = self.grower.forest.flows(fed).map(|(_, parent)| parent).collect();
        now.into_iter().for_each(|parent| self.feeds[parent.index()] += 1);
    }

    fn restore(&mut self, seat: SeatId, before: &[(u32, SeatId)]) {
        for (substream, parent) in before {
            let arc = self.grower.forest.arc(*parent, seat).expect("the flow ran there before");
            self.grower.forest.attach(*parent, seat, *substream, arc);
        }
    }
}
