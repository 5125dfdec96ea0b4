//! Idle slots are shifted to where they are wanted, under whatever policies.
//!
//! Where policies say who may send to whom, and how much of it, slots are idle that nobody who waits may use, while others
//! that they may use go to children who have a choice. A child is handed over from a full parent that many of those who wait
//! may use to an idle one that fewer may; then those who wait are fed anew, and again, while that helps. It is the step of an
//! augmenting path, taken for all at once: a slot that still is of no use is shifted on in the next round.
//!
//! Depths and distances are potentials, as in `room`: a child that is handed over never sits deeper or farther than before, so
//! that no circle can arise and no subtree has to be touched. Flows that others depend on (several parents of a substream,
//! relaxed policies, networks that have to be fed over several links) stay as they are.

use super::grow::Grower;
use super::pools::Pools;
use crate::forest::{Forest, SeatId};
use crate::ids::Table;
use rustc_hash::FxHashSet;

/// Rounds of shifting and feeding.
const ROUNDS: usize = 12;
/// How often slots are shifted before those who wait are fed.
const SHIFTS: usize = 3;
/// Another round is made if the last one gave at least this share of service.
const WORTH_A_ROUND: f64 = 2e-4;
/// Requests that wait of which each seat is asked whether they may use it.
const SAMPLE: usize = 96;
/// Flows that one idle seat looks at in a round.
const LOOKS: usize = 20_000;
/// Idle seats between two looks at the clock.
const STOP_EVERY: usize = 32;

/// A child, a substream that it receives, and from whom.
type Flow = (SeatId, u32, SeatId);

/// Serves whom it can of those who wait.
pub(super) fn ease(grower: &mut Grower<'_, '_>, mut waiting: Vec<SeatId>) {
    let (mut turn, mut useless) = (0, FxHashSet::default());
    for _ in 0..ROUNDS {
        let before = grower.forest.service();
        if waiting.is_empty() || grower.is_late() {
            return;
        }
        let any = (0..SHIFTS).take_while(|_| shift(grower, &waiting, &mut turn, &mut useless)).count() > 0;
        // What was tried before was tried with less, where limits were spared.
        grower.pools.epoch += 1;
        grower.feed_rounds(&mut waiting, false, false);
        if !any || grower.forest.service() - before < WORTH_A_ROUND * before {
            return;
        }
    }
}

/// Hands children over; false if none was. Seats that are of no use to anybody are noted, and not looked at again.
fn shift(grower: &mut Grower<'_, '_>, waiting: &[SeatId], turn: &mut usize, useless: &mut FxHashSet<SeatId>) -> bool {
    let sample: Vec<SeatId> = waiting.iter().step_by(waiting.len().div_ceil(SAMPLE)).copied().collect();
    let forest = &grower.forest;
    let wanted: Vec<usize> = forest.seats().map(|seat| wanted_by(forest, seat, &sample, false)).collect();
    let mut wanted = Table::<SeatId, usize>::new(wanted);
    let mut idle: Vec<(usize, SeatId)> = forest
        .seats()
        .filter(|seat| !useless.contains(seat) && forest.has(*seat) != 0 && !Pools::is_spent(forest, *seat, forest.rate(*seat)))
        .map(|seat| (wanted_by(forest, seat, &sample, true), seat))
        .collect();
    idle.sort_unstable();
    idle.iter().for_each(|(now, seat)| wanted[*seat] = *now);
    let mut flows = flows(forest);
    let mut any = false;
    for (number, (now, seat)) in idle.into_iter().enumerate() {
        if flows.is_empty() || number % STOP_EVERY == 0 && grower.is_late() {
            break;
        }
        let mut of_use = false;
        for _ in 0..LOOKS.min(flows.len()) {
            *turn = (*turn + 1) % flows.len();
            let flow = flows[*turn];
            if wanted[flow.2] > wanted[seat] && hand_over(grower, flow, seat) {
                flows[*turn].2 = seat;
                of_use = true;
                if Pools::is_spent(&grower.forest, seat, grower.forest.rate(seat)) {
                    break;
                }
            }
        }
        any |= of_use;
        if !of_use && now == 0 {
            useless.insert(seat);
        }
    }
    any
}

/// How many of those who wait may use a slot of a seat: `now`, or if one of those that are taken were free.
fn wanted_by(forest: &Forest<'_>, seat: SeatId, waiting: &[SeatId], now: bool) -> usize {
    let at = forest.seat(seat);
    let (rate, classes) = (forest.rate(seat), &forest.rules.classes);
    if forest.has(seat) == 0 || forest.instance.nodes[at.node].uplink < rate {
        return 0;
    }
    let substream = forest.has(seat).trailing_zeros();
    let may = |child: &&SeatId| {
        let (child, to) = (**child, forest.seat(**child));
        if to.content != at.content {
            return false;
        }
        let (a, b) = (classes.class(at.node), classes.class(to.node));
        forest.arc(seat, child).is_some_and(|arc| {
            if now {
                forest.fits(seat, child, substream, arc)
            } else {
                forest.loads.limits_leave(forest.rules, a, b, at.content, arc, rate)
            }
        })
    };
    waiting.iter().filter(may).count()
}

/// Flows that may go elsewhere.
fn flows(forest: &Forest<'_>) -> Vec<Flow> {
    let free = |seat: &SeatId| {
        let plain = forest.seat(*seat).parents == 1 && forest.exempt(*seat).is_empty();
        plain && forest.received(*seat) != 0 && !forest.is_gateway(*seat)
    };
    let of_child = |child: SeatId| forest.flows(child).map(move |(substream, parent)| (child, substream, parent));
    forest.seats().filter(free).flat_map(of_child).collect()
}

/// Gives a child another parent, if it sits no deeper and no farther there.
fn hand_over(grower: &mut Grower<'_, '_>, (child, substream, old): Flow, new: SeatId) -> bool {
    let forest = &mut grower.forest;
    let rises = old != new
        && forest.has(new) >> substream & 1 == 1
        && forest.seat(new).content == forest.seat(child).content
        && forest.depth(new, substream) < forest.depth(child, substream);
    let Some(arc) = rises.then(|| forest.arc(new, child)).flatten() else { return false };
    if forest.rules.limits_latency() && forest.reach(new, child, substream) > forest.distance(child, substream) {
        return false;
    }
    let before = forest.arc(old, child).expect("the flow runs there");
    forest.detach(child, substream);
    let fits = forest.fits(new, child, substream, arc);
    let (parent, arc) = if fits { (new, arc) } else { (old, before) };
    forest.attach(parent, child, substream, arc);
    if fits {
        grower.pools.join(&grower.forest, grower.cells, old);
    }
    fits
}
