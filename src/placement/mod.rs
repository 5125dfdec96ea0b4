//! Floor 3: greedy multi-tree. Trees of all contents are grown together, request by request, under every hard rule.
//!
//! 1. **Order** (`order`): by density, weight per slot that a request takes beyond what it brings. Requests that bring
//!    at least what they take come first, those that bring most before the others; "priority first, then capacity"
//!    starves, because viewers without uplink eat the seed slots.
//! 2. **Cells** (`policy::Cells`): nodes of one class at one place. A child walks the cells that may send to it, nearest first.
//! 3. **Pools** (`pools`): in each cell the seats with uplink left. A seat joins its pool when it is fed, so every
//!    parent was fed before its child: trees have no cycles by order.
//! 4. **Feeding** (`grow`): all substreams that a request needs, or none, so that no slot is left in half-fed peers.
//! 5. **Relays** (`relays`): recruited where slots are short, or where a request has no other way.
//! 6. **Room** (`room`): idle slots are brought to where slots lack; where policies bind flows together, by a simpler move (`shift`).
//! 7. **Gateways** (`gateway`): networks that have to be fed over several links at once are opened first.
//! 8. **Relaxing** (`relaxing`): policies that may be broken, for requests that would get nothing otherwise.
//! 9. **Swap search** ([`improve`]) and **trade** ([`trade`]): the same service at less cost.
//!
//! [`Probe`] asks a finished forest what would be, if something were more.
//!
//! [`place`] tells the story; small instances are placed several times with other orders, and the best is kept.

mod attach;
mod gateway;
mod grow;
mod guide;
mod improve;
mod order;
mod pools;
mod probe;
mod relaxing;
mod relays;
mod room;
mod shift;
mod spread;
mod trade;

use crate::forest::{Forest, SeatId};
use crate::instance::Instance;
use crate::parameters::Effort;
use crate::policy::{Cells, Rules};
use crate::program::relaxation::Guidance;
use grow::{Grower, Lists};
pub use improve::improve;
use order::Order;
pub use probe::{Grant, Probe};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
pub use trade::trade;

/// Who chooses whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// A request chooses its parents.
    Parents,
    /// A parent chooses its children (the mirror image).
    Children,
}

/// What is asked of a placement.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    /// Who chooses whom.
    pub select: Select,
    /// How often an instance that is not large is placed anew.
    pub effort: &'a Effort,
    /// Seed of the other orders.
    pub seed: u64,
    /// What the group program wants, if it was asked.
    pub guidance: Option<&'a Guidance>,
    /// Asked before each further placement; `true` ends them.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// Grows all trees.
pub fn place<'a>(instance: &'a Instance, rules: &'a Rules, cells: &Cells, wish: Wish<'_>) -> Forest<'a> {
    let (mut best, near) = attempt(instance, rules, cells, wish, (0, &[]), None);
    let mut spared: &[usize] = &[];
    let filled = best.filled_limits();
    if shift::may_ease(&best) && !filled.is_empty() && !(wish.stop)() {
        let (other, _) = attempt(instance, rules, cells, wish, (0, &filled), Some(near));
        if better(&other, &best) {
            (best, spared) = (other, &filled);
        }
    }
    let (restarts, most) = match wish.guidance {
        Some(_) => (wish.effort.guided, wish.effort.guided_nodes),
        None => (wish.effort.restarts, wish.effort.restart_nodes),
    };
    if instance.nodes.len() > most as usize || restarts == 0 {
        return best;
    }
    let others = (1..=restarts).into_par_iter().filter(|_| !(wish.stop)());
    let others = others.map(|round| (round, attempt(instance, rules, cells, wish, (round, spared), None).0));
    let others = others.collect::<Vec<_>>().into_iter();
    others.fold((0, best), |best, next| if better(&next.1, &best.1) { next } else { best }).1
}

/// For each of some unserved requests of a finished forest: could it be served now, but for its limits on depth and distance?
pub fn too_deep<'a>(forest: Forest<'a>, cells: &Cells, seats: &[SeatId]) -> (Forest<'a>, Vec<bool>) {
    if !forest.rules.limits_depth() && !forest.rules.limits_latency() {
        return (forest, vec![false; seats.len()]);
    }
    let mut grower = Grower::beside(forest, cells);
    let mut known: FxHashMap<(usize, u64), bool> = FxHashMap::default();
    let mut blocked = Vec::with_capacity(seats.len());
    for seat in seats {
        // Nothing changes between two questions: requests of one cell without limits of their own have one answer.
        let node = &grower.forest.instance.nodes[grower.forest.seat(*seat).node];
        let limited = is_depth_limited(&grower.forest, *seat);
        let plain = node.downlink.is_none() && node.storage_mb.is_none() && grower.forest.rules.is_uniform();
        let alike = plain.then(|| (grower.number_of(*seat), grower.forest.has(*seat)));
        let answer = match alike.and_then(|key| known.get(&key)) {
            Some(answer) => limited && *answer,
            None => limited && grower.fits_at_any_depth(*seat),
        };
        if let (Some(key), true) = (alike, limited) {
            known.insert(key, answer);
        }
        blocked.push(answer);
    }
    (grower.forest, blocked)
}

/// The receiver has a limit on its depth or its distance.
fn is_depth_limited(forest: &Forest<'_>, seat: SeatId) -> bool {
    let at = forest.seat(seat);
    forest.rules.bounding(at.node, at.content).next().is_some()
}

/// One placement, with the lists of near cells that it made. Limits on flows together that are `spared` let nothing through
/// until everything else is used: what goes another way leaves them to those who have none.
fn attempt<'a>(
    instance: &'a Instance,
    rules: &'a Rules,
    cells: &Cells,
    wish: Wish<'_>,
    (round, spared): (u32, &[usize]),
    near: Option<Lists>,
) -> (Forest<'a>, Lists) {
    let order = match wish.guidance {
        Some(_) => Order::near_density(instance, rules, wish.seed, round),
        None => Order::of(instance, rules, wish.seed, round),
    };
    let mut grower = Grower::new(Forest::new(instance, rules), cells, wish.stop);
    grower.near = near.unwrap_or(grower.near);
    let kept = grower.forest.loads.spare(spared);
    if let Some(guidance) = wish.guidance {
        grower.guide(guidance);
    }
    relays::recruit_producers(&mut grower, round);
    match wish.select {
        Select::Parents => grower.feed_all(&order),
        Select::Children => grower.spread_all(&order),
    }
    if room::can_make(&grower.forest) {
        room::make(&mut grower, &order);
    } else {
        shift::ease(&mut grower, &order);
        grower.forest.loads.release(spared, &kept);
        shift::ease(&mut grower, &order);
    }
    relays::bridge(&mut grower, &order);
    relaxing::relax(&mut grower, &order);
    relays::dismiss_idle(&mut grower);
    (grower.forest, grower.near)
}

/// More service, or the same with less relaxation, or that at less cost.
pub fn better(one: &Forest<'_>, other: &Forest<'_>) -> bool {
    let (a, b) = (one.service(), other.service());
    if (a - b).abs() > 1e-9 * one.rules.weight.iter().sum::<f64>() {
        return a > b;
    }
    let (a, b) = (one.relaxation(), other.relaxation());
    if (a - b).abs() > 1e-9 * a.max(b) { a < b } else { one.cost() < other.cost() }
}
