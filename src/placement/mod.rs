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
//! 6. **Room** (`room`): idle slots are brought to where slots lack; where policies bind flows together, by a simpler move
//!    (`shift`), by letting those who are worth little give way (`yielding`), and then by one request at a time (`chains`).
//! 7. **Gateways** (`gateway`): networks that have to be fed over several links at once are opened first.
//! 8. **Relaxing** (`chains`, `relaxing`): policies that may be broken, for requests that would get nothing otherwise, and for
//!    others who make room for these.
//! 9. **Swap search** ([`improve`]) and **trade** ([`trade`]): the same service at less cost.
//!
//! [`Probe`] asks a finished forest what would be, if something were more.
//!
//! `attempt` tells the story; small instances are placed several times with other orders, and the best is kept ([`place`]).

mod attach;
mod chains;
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
mod yielding;

use crate::forest::{Forest, SeatId};
use crate::ids::{NodeId, Table};
use crate::instance::Instance;
use crate::parameters::Effort;
use crate::policy::{Cells, Rules};
use crate::program::outlets::Outlets;
use crate::program::relaxation::Guidance;
pub use chains::Loose;
use chains::Then;
use grow::Grower;
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
    /// What nodes can send past the limits of policies.
    pub outlets: &'a Outlets,
    /// An upper bound on service, weighted: there is no more to look for.
    pub most: f64,
    /// The rules without what may be relaxed, where something may be.
    pub loose: Option<Loose<'a>>,
    /// What the group program wants, if it was asked.
    pub guidance: Option<&'a Guidance>,
    /// Asked before each further placement; `true` ends them.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// Grows all trees, once and then again in other orders; gives the best.
pub fn place<'a>(instance: &'a Instance, rules: &'a Rules, cells: &Cells, wish: Wish<'_>) -> Forest<'a> {
    let first = once(instance, rules, cells, wish);
    again(instance, rules, cells, wish).into_iter().fold(first, |best, next| if better(&next, &best) { next } else { best })
}

/// Grows all trees, in the order that promises most.
pub fn once<'a>(instance: &'a Instance, rules: &'a Rules, cells: &Cells, wish: Wish<'_>) -> Forest<'a> {
    attempt(instance, rules, cells, wish, &wish.outlets.sends(&[]), 0)
}

/// Grows all trees in some other orders, in as many as the effort allows for; gives the best.
pub fn again<'a>(instance: &'a Instance, rules: &'a Rules, cells: &Cells, wish: Wish<'_>) -> Option<Forest<'a>> {
    let nodes = (instance.nodes.len() as u32).max(1);
    let restarts = match wish.guidance {
        Some(_) => wish.effort.guided.min(wish.effort.guided_nodes / nodes),
        None if nodes <= wish.effort.restart_nodes => wish.effort.restarts,
        None => 0,
    };
    let sends = wish.outlets.sends(&[]);
    let rounds = (1..=restarts).into_par_iter().filter(|_| !(wish.stop)());
    let grown: Vec<Forest<'a>> = rounds.map(|round| attempt(instance, rules, cells, wish, &sends, round)).collect();
    grown.into_iter().reduce(|best, next| if better(&next, &best) { next } else { best })
}

/// For each of some unserved requests of a finished forest: could it be served now, but for its limits on depth and distance?
pub fn too_deep<'a>(forest: Forest<'a>, cells: &Cells, seats: &[SeatId]) -> (Forest<'a>, Vec<bool>) {
    if !forest.rules.limits_depth() && !forest.rules.limits_latency() {
        return (forest, vec![false; seats.len()]);
    }
    let mut grower = Grower::beside(forest, cells, &|| false);
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

/// One placement; `sends` is what each node can send at most, kbps.
fn attempt<'a>(
    instance: &'a Instance,
    rules: &'a Rules,
    cells: &Cells,
    wish: Wish<'_>,
    sends: &Table<NodeId, f64>,
    round: u32,
) -> Forest<'a> {
    let order = match wish.guidance {
        Some(_) => Order::near_density(instance, rules, sends, wish.seed, round),
        None => Order::of(instance, rules, sends, wish.seed, round),
    };
    let mut grower = Grower::new(Forest::new(instance, rules), cells, wish.stop);
    grow(&mut grower, wish, &order, round);
    if room::can_make(&grower.forest) {
        room::make(&mut grower, &order);
    } else {
        let filled = grower.forest.filled_limits();
        if !filled.is_empty() && !grower.left(&order).is_empty() && !grower.is_late() {
            grower = spare(grower, wish, &order, round, &filled);
        }
        let left = grower.left(&order);
        shift::ease(&mut grower, left);
        yielding::give_way(&mut grower, &order);
        let then = if wish.loose.is_some() { Then::Loosen } else { Then::Nothing };
        chains::make(&mut grower, &order, wish.most, then);
    }
    if let Some(loose) = wish.loose {
        chains::loosen(&mut grower, &order, wish.most, loose);
    }
    relays::bridge(&mut grower, &order);
    relaxing::relax(&mut grower, &order);
    relays::dismiss_idle(&mut grower);
    grower.forest
}

/// Feeds whom it can, from nothing.
fn grow(grower: &mut Grower<'_, '_>, wish: Wish<'_>, order: &Order, round: u32) {
    if let Some(guidance) = wish.guidance {
        grower.guide(guidance);
    }
    relays::recruit_producers(grower, round);
    match wish.select {
        Select::Parents => grower.feed_all(order),
        Select::Children => grower.spread_all(order),
    }
}

/// Grows anew while these limits on flows together let nothing through, until everything else is used: what can go another way
/// leaves them to those who have none. Gives what serves more.
fn spare<'a, 'c>(first: Grower<'a, 'c>, wish: Wish<'_>, order: &Order, round: u32, limits: &[usize]) -> Grower<'a, 'c> {
    let mut other = Grower::new(Forest::new(first.forest.instance, first.forest.rules), first.cells, first.stop);
    other.near = first.near.clone();
    let kept = other.forest.loads.spare(limits);
    grow(&mut other, wish, order, round);
    let left = other.left(order);
    shift::ease(&mut other, left);
    other.forest.loads.release(limits, &kept);
    if better(&other.forest, &first.forest) { other } else { first }
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
