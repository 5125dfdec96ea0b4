//! The best plan of a small instance, proved by branch and bound.

use super::optimize::{Proof, told};
use super::options::{MethodChoice, Phase, Progress};
use super::theory;
use crate::forest::{Forest, SeatId};
use crate::instance::Instance;
use crate::placement;
use crate::policy::Rules;
use crate::program::Status;
use crate::program::peer::{self, Flow};
use crate::program::search::{Found, Search};
use crate::program::session::{Limits, self_test};
use rustc_hash::FxHashMap;
use std::time::Instant;

/// Flows up to which an exact plan is tried when asked for.
const LARGEST: u64 = 200_000;
/// Flows up to which it is tried without being asked for.
const SMALL: u64 = 200;
/// Nodes of the search that a solve may spend on it without being asked for.
const SMALL_EFFORT: u32 = 100;

/// When to stop the search; `None`: there is to be none.
pub(super) fn limits(instance: &Instance, method: MethodChoice, limits: Limits) -> Option<Limits> {
    match method {
        MethodChoice::Exact => Some(limits),
        MethodChoice::Auto if peer::size(instance) <= SMALL => Some(Limits { iterations: Some(SMALL_EFFORT), ..limits }),
        _ => None,
    }
}

/// Searches for the best plan, from the one at hand; `proof.exact` tells whether it was proved to be the best. Whatever
/// happens to the solver, a forest that is no worse comes back.
pub(super) fn search<'a>(
    mut forest: Forest<'a>,
    strict: Option<&Rules>,
    proof: &mut Proof,
    limits: &Limits,
    progress: &mut dyn Progress,
    warnings: &mut Vec<String>,
) -> Forest<'a> {
    let (instance, rules) = (forest.instance, forest.rules);
    let size = peer::size(instance);
    if size > LARGEST {
        warnings.push(format!("{size} possible flows are too many for an exact plan (at most {LARGEST}); the plan has bounds"));
        return forest;
    }
    if self_test().is_err() {
        // `optimize` has told it.
        return forest;
    }
    let start = Instant::now();
    progress.tell(Phase::Solve, 0, 2, Some(forest.service()));
    let mut search = Search::open(instance, rules);
    let close = 1e-9 * rules.weight.iter().sum::<f64>();
    let known = proof.service.unwrap_or(f64::INFINITY).min(theory::knapsack_bound(instance, strict.unwrap_or(rules)));
    let mut best = known - forest.service() <= close;
    if !best {
        let found = search.service(limits);
        (forest, best) = take(forest, found, warnings, |bound| proof.service = Some(bound.min(known)));
    }
    if best {
        progress.tell(Phase::Solve, 1, 2, Some(forest.service()));
        let known = proof.cost.unwrap_or(0.0);
        let found = search.cost(limits, forest.service());
        (forest, proof.exact) = take(forest, found, warnings, |bound| proof.cost = Some(bound.max(known)));
    }
    proof.seconds += start.elapsed().as_secs_f64();
    forest
}

/// The better of the forest at hand and the plan of a stage, and whether it is proved to be the best; tells its bound.
fn take<'a>(
    forest: Forest<'a>,
    found: Result<Found, Status>,
    warnings: &mut Vec<String>,
    tell: impl FnOnce(f64),
) -> (Forest<'a>, bool) {
    let found = match found {
        Ok(found) => found,
        Err(status) => {
            warnings.extend(told(&status, "the plan is not proved to be the best"));
            return (forest, false);
        }
    };
    if let Some(bound) = found.bound {
        tell(bound);
    }
    let Some(flows) = found.flows else { return (forest, false) };
    match grown(&forest, &flows) {
        Some(other) if placement::better(&other, &forest) => (other, found.proved),
        Some(_) => (forest, found.proved),
        None => {
            warnings.push("the search came to a plan that breaks a limit by a rounding; it is left out".to_owned());
            (forest, false)
        }
    }
}

/// The forest of some flows, parents before children; relays that feed nobody are left out. `None`: a rule does not hold.
fn grown<'a>(other: &Forest<'a>, flows: &[Flow]) -> Option<Forest<'a>> {
    let mut forest = Forest::new(other.instance, other.rules);
    let mut parents: FxHashMap<(SeatId, u32), SeatId> = FxHashMap::default();
    for flow in flows {
        let (parent, child) = (forest.recruit(flow.parent, flow.content), forest.recruit(flow.child, flow.content));
        parents.insert((child, flow.substream), parent);
    }
    for request in forest.instance.requests.ids() {
        let content = forest.instance.requests[request].content;
        for substream in 0..forest.instance.contents[content].substreams {
            if parents.contains_key(&(SeatId(request.0), substream)) {
                feed(&mut forest, &parents, SeatId(request.0), substream)?;
            }
        }
    }
    Some(forest)
}

/// Gives a seat its parent, after the parents above it.
fn feed(forest: &mut Forest<'_>, parents: &FxHashMap<(SeatId, u32), SeatId>, seat: SeatId, substream: u32) -> Option<()> {
    let mut above = vec![seat];
    while let Some(child) = above.last().copied().filter(|last| forest.has(*last) >> substream & 1 == 0) {
        above.push(*parents.get(&(child, substream))?);
        if above.len() > forest.seats().len() {
            return None;
        }
    }
    for pair in above.windows(2).rev() {
        let (child, parent) = (pair[0], pair[1]);
        let arc = forest.arc(parent, child)?;
        let at = forest.seat(child);
        let shallow = forest.depth(parent, substream) < forest.rules.depth_limit(at.node, at.content, &[]);
        if !shallow || !forest.may_receive(child) || !forest.fits(parent, child, substream, arc) {
            return None;
        }
        forest.attach(parent, child, substream, arc);
    }
    Some(())
}
