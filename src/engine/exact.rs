//! The best plan of a small instance, proved by branch and bound.

use super::optimize::{Proof, told};
use super::options::{MethodChoice, Phase, Progress};
use super::theory;
use crate::forest::{Forest, SeatId};
use crate::ids::PolicyId;
use crate::instance::Instance;
use crate::placement;
use crate::policy::Rules;
use crate::program::Status;
use crate::program::peer;
use crate::program::search::{Found, Search, Trees};
use crate::program::session::{Limits, self_test};
use rustc_hash::FxHashMap;
use std::time::Instant;

/// Flows up to which an exact plan is tried when asked for.
const LARGEST: u64 = 200_000;
/// Flows up to which it is tried without being asked for.
const SMALL: u64 = 200;
/// Nodes of the search that a solve may spend on it without being asked for.
const SMALL_EFFORT: u32 = 100;
/// Relaxations closer than this, relative, are equal.
const ALIKE: f64 = 1e-9;

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
    let relaxes = |forest: &Forest<'_>| forest.relaxation() > 0.0;
    let had_relaxed = relaxes(&forest);
    let mut best = known - forest.service() <= close;
    if !best {
        let found = search.service(limits);
        (forest, best) = take(forest, found, warnings, |bound| proof.service = Some(bound.min(known)));
    }
    let least = theory::least_relaxation(instance, forest.service(), proof.unrelaxed);
    if best && forest.relaxation() > least * (1.0 + ALIKE) {
        let found = search.relaxation(limits, forest.service());
        (forest, best) = take(forest, found, warnings, |bound| proof.relaxation = bound.max(least));
    }
    if had_relaxed != relaxes(&forest) {
        proof.forget_cost(had_relaxed);
    }
    if best {
        progress.tell(Phase::Solve, 1, 2, Some(forest.service()));
        let known = proof.cost.unwrap_or(0.0);
        let found = search.cost(limits, forest.service(), forest.relaxation());
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
    let Some(trees) = found.plan else { return (forest, false) };
    match grown(&forest, &trees) {
        Some(other) if placement::better(&other, &forest) => (other, found.proved),
        Some(_) => (forest, found.proved),
        None => {
            warnings.push("the search came to a plan that breaks a limit by a rounding; it is left out".to_owned());
            (forest, false)
        }
    }
}

/// The forest of a plan, parents before children; relays that feed nobody are left out, and so is what is relaxed for requests
/// that receive nothing. `None`: a rule does not hold.
fn grown<'a>(other: &Forest<'a>, trees: &Trees) -> Option<Forest<'a>> {
    let mut forest = Forest::new(other.instance, other.rules);
    let mut parents: FxHashMap<(SeatId, u32), Vec<SeatId>> = FxHashMap::default();
    for flow in &trees.flows {
        let (parent, child) = (forest.recruit(flow.parent, flow.content), forest.recruit(flow.child, flow.content));
        parents.entry((child, flow.substream)).or_default().push(parent);
    }
    let mut wanted: Vec<(SeatId, u32)> = parents.keys().copied().filter(|(seat, _)| forest.request(*seat).is_some()).collect();
    wanted.sort_unstable();
    for (seat, _) in wanted.chunk_by(|a, b| a.0 == b.0).map(|of_seat| of_seat[0]) {
        let relaxed = trees.relaxed.iter().filter(|(request, _)| forest.request(seat) == Some(*request));
        let relaxed: Vec<PolicyId> = relaxed.map(|(_, policy)| *policy).collect();
        if !relaxed.is_empty() {
            forest.relax(seat, relaxed);
        }
    }
    for (seat, substream) in wanted {
        feed(&mut forest, &parents, seat, substream)?;
    }
    Some(forest)
}

/// Gives a seat its parents, after all above it have theirs.
fn feed(forest: &mut Forest<'_>, parents: &FxHashMap<(SeatId, u32), Vec<SeatId>>, seat: SeatId, substream: u32) -> Option<()> {
    let mut waiting = vec![seat];
    while let Some(child) = waiting.last().copied() {
        if forest.has(child) >> substream & 1 == 1 {
            waiting.pop();
            continue;
        }
        let above = parents.get(&(child, substream))?;
        match above.iter().find(|parent| forest.has(**parent) >> substream & 1 == 0) {
            Some(_) if waiting.len() > forest.seats().len() => return None,
            Some(parent) => waiting.push(*parent),
            None if above.len() != forest.seat(child).parents as usize => return None,
            None => above.iter().try_for_each(|parent| attach(forest, *parent, child, substream))?,
        }
    }
    Some(())
}

/// Attaches a parent that has the substream, if all rules hold.
fn attach(forest: &mut Forest<'_>, parent: SeatId, child: SeatId, substream: u32) -> Option<()> {
    let arc = forest.arc(parent, child)?;
    let at = forest.seat(child);
    let shallow = forest.depth(parent, substream) < forest.rules.depth_limit(at.node, at.content, forest.exempt(child));
    if !shallow || !forest.may_receive(child) || !forest.fits(parent, child, substream, arc) {
        return None;
    }
    forest.attach(parent, child, substream, arc);
    Some(())
}
