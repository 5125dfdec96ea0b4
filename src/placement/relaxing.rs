//! Relaxing: policies are broken for requests that would get nothing otherwise, as few as will do.
//!
//! Whoever is still unserved is fed exempt from one policy, the least important first; then from all that may be relaxed for
//! it, and of these the most important are taken back one by one as long as it can be fed without. A `delay` is never
//! relaxed here: that makes a receiver no easier to feed.

use super::grow::Grower;
use super::order::Order;
use crate::forest::{Forest, SeatId};
use crate::ids::{Id, PolicyId};
use crate::instance::policy::Rule;
use rustc_hash::FxHashMap;

/// Single policies that are tried for one request before all of them.
const SINGLES: usize = 8;

/// Feeds requests that are left, in order, each exempt from what it takes.
pub(super) fn relax(grower: &mut Grower<'_, '_>, order: &Order) {
    if !grower.forest.rules.relaxes() {
        return;
    }
    // What holds for one request of a cell holds for others that may be exempt from the same, until something changes.
    let mut hopeless: FxHashMap<(usize, u64, Vec<PolicyId>), u64> = FxHashMap::default();
    for (number, seat) in order.requests.iter().map(|request| SeatId(request.0)).enumerate() {
        if number % 256 == 0 && grower.is_late() {
            return;
        }
        let policies = relaxable(&grower.forest, seat);
        if grower.forest.is_served(seat) || policies.is_empty() {
            continue;
        }
        let key = (grower.number_of(seat), grower.forest.has(seat), policies.clone());
        if hopeless.get(&key) == Some(&grower.pools.epoch) {
            continue;
        }
        let single = policies.iter().take(SINGLES).any(|policy| feed(grower, seat, vec![*policy]));
        let all = !single && policies.len() > 1 && feed(grower, seat, policies.clone());
        if all {
            take_back(policies, |fewer| feed_again(grower, seat, fewer));
        } else if !single {
            hopeless.insert(key, grower.pools.epoch);
        }
    }
}

/// Policies that may be relaxed for a request and could help it, the least important first.
pub(super) fn relaxable(forest: &Forest<'_>, seat: SeatId) -> Vec<PolicyId> {
    let (at, instance) = (forest.seat(seat), forest.instance);
    let helps = |policy: &PolicyId| !matches!(instance.policies[policy.index()].rule, Rule::Delay { .. });
    forest.rules.relaxable(at.node, at.content).map(|(policy, _)| policy).filter(helps).collect()
}

/// Feeds a request exempt from some policies; else nothing changes.
fn feed(grower: &mut Grower<'_, '_>, seat: SeatId, exempt: Vec<PolicyId>) -> bool {
    grower.forest.relax(seat, exempt);
    let fed = grower.feed_request(seat, false, SeatId::NONE, false);
    if !fed {
        grower.forest.relax(seat, Vec::new());
    }
    fed
}

/// Of the policies from which a request is exempt takes those back, the most important first, without which it can be fed:
/// `feeds` tries fewer, and leaves everything as it was if they will not do.
pub(super) fn take_back(mut exempt: Vec<PolicyId>, mut feeds: impl FnMut(&[PolicyId]) -> bool) {
    for place in (0..exempt.len()).rev() {
        let policy = exempt.remove(place);
        if !feeds(&exempt) {
            exempt.insert(place, policy);
        }
    }
}

/// Feeds a request anew, exempt from fewer policies; else as before.
fn feed_again(grower: &mut Grower<'_, '_>, seat: SeatId, fewer: &[PolicyId]) -> bool {
    let before = grower.forest.exempt(seat).to_vec();
    grower.detach_all(seat, grower.forest.received(seat));
    let fed = feed(grower, seat, fewer.to_vec());
    if !fed {
        feed(grower, seat, before);
    }
    fed
}
