//! Giving way: what is served for little leaves its slots to those who wait and are worth more.
//!
//! A request may have been fed that is worth little for each copy, because nobody else could use the slots at that moment;
//! and one that has several parents for each substream keeps copies from others although that may be relaxed for it. The first
//! give their slots back, the others all parents but the shallowest; then slots are shifted. If that serves less, nothing
//! was done.

use super::grow::Grower;
use super::order::Order;
use super::shift;
use crate::forest::{Forest, SeatId};
use crate::ids::{Id, PolicyId};
use crate::instance::policy::Rule;

/// How often slots are given back and dealt anew.
const ROUNDS: usize = 4;
/// Of those who wait one in so many is worth more than what others have to give way to.
const FIRST: usize = 20;
/// Worth, and service, that count as more, relative.
const MORE: f64 = 1e-9;

/// Serves better whom it can of those who are left, again and again while that helps.
pub(super) fn give_way(grower: &mut Grower<'_, '_>, order: &Order) {
    for _ in 0..ROUNDS {
        if grower.is_late() || !gives_way(grower, order) {
            return;
        }
    }
}

/// The same, once; false if it did not help.
fn gives_way(grower: &mut Grower<'_, '_>, order: &Order) -> bool {
    let mut waiting = grower.left(order);
    if waiting.is_empty() {
        return false;
    }
    waiting.sort_by(|a, b| grower.forest.worth_of_copy(*b).total_cmp(&grower.forest.worth_of_copy(*a)).then(a.cmp(b)));
    let dense = grower.forest.worth_of_copy(waiting[waiting.len() / FIRST]) * (1.0 - MORE);
    let before = grower.forest.clone();
    for seat in grower.forest.seats().filter(|seat| before.is_served(*seat)) {
        thin(grower, seat);
    }
    for (seat, substreams) in yielding(&grower.forest, dense) {
        let flows = grower.forest.flows(seat).filter(|(substream, _)| substreams >> substream & 1 == 1);
        let parents: Vec<SeatId> = flows.map(|(_, parent)| parent).collect();
        grower.detach_all(seat, substreams);
        if grower.forest.received(seat) == 0 {
            grower.forest.relax(seat, Vec::new());
        }
        parents.into_iter().for_each(|parent| grower.pools.join(&grower.forest, grower.cells, parent));
    }
    let dense_first = |seat: &SeatId| grower.forest.worth_of_copy(*seat) >= dense;
    let first = grower.left(order).into_iter().filter(dense_first).collect();
    shift::ease(grower, first);
    let mut rest = grower.left(order);
    grower.feed_rounds(&mut rest, false, false);
    let helps = grower.forest.service() > before.service() * (1.0 + MORE);
    if !helps {
        grower.restore(before);
    }
    helps
}

/// Of served requests that are worth less than this for each copy the substreams that they do not pass on: all that they
/// receive, or those that they need not have. Flows over which a network has to be fed stay.
fn yielding(forest: &Forest<'_>, dense: f64) -> Vec<(SeatId, u64)> {
    let mut feeds = vec![0u64; forest.seats().len()];
    let flows = forest.seats().flat_map(|seat| forest.flows(seat));
    flows.for_each(|(substream, parent)| feeds[parent.index()] |= 1 << substream);
    let yields = |seat: SeatId| {
        if forest.is_gateway(seat) || forest.held(seat) != 0 || !forest.is_served(seat) || forest.worth_of_copy(seat) >= dense {
            return None;
        }
        let mut given = forest.received(seat) & !feeds[seat.index()];
        while feeds[seat.index()] != 0 && (forest.has(seat) & !given).count_ones() < forest.least(seat) {
            given &= given - 1;
        }
        (given != 0).then_some((seat, given))
    };
    forest.seats().filter_map(yields).collect()
}

/// Relaxes what asks for several parents of each substream, where it may be, and leaves the shallowest ones.
fn thin(grower: &mut Grower<'_, '_>, seat: SeatId) {
    let forest = &mut grower.forest;
    let (at, instance) = (forest.seat(seat), forest.instance);
    let asks = |policy: &PolicyId| matches!(instance.policies[policy.index()].rule, Rule::Redundancy { .. });
    let mut exempt: Vec<PolicyId> = forest.rules.relaxable(at.node, at.content).map(|(policy, _)| policy).filter(asks).collect();
    exempt.extend(forest.exempt(seat));
    exempt.sort_unstable();
    exempt.dedup();
    let parents = forest.rules.redundancy(at.node, at.content, &exempt).parents;
    if parents >= at.parents {
        return;
    }
    let mut flows: Vec<(u32, u32, SeatId)> =
        forest.flows(seat).map(|(substream, parent)| (substream, forest.depth(parent, substream), parent)).collect();
    flows.sort_unstable();
    let (mut kept, mut left): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
    for (number, flow) in flows.iter().enumerate() {
        let before = flows[..number].iter().filter(|other| other.0 == flow.0).count();
        if before < parents as usize { kept.push(*flow) } else { left.push(flow.2) }
    }
    (0..instance.contents[at.content].substreams).for_each(|substream| forest.detach(seat, substream));
    forest.relax(seat, exempt);
    for (substream, _, parent) in kept {
        let arc = forest.arc(parent, seat).expect("the flow ran there under more policies");
        forest.attach(parent, seat, substream, arc);
    }
    left.into_iter().for_each(|parent| grower.pools.join(&grower.forest, grower.cells, parent));
}
