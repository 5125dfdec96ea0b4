//! The best plan by trying all of them.
//!
//! A **choice** says which substreams each request receives. Choices are tried from the best service down. For each, it is
//! decided which policies each request relaxes, and every manner of giving the wanted substreams their parents is searched
//! ([`Search`]). The first service for which there is one is the best, the least relaxation with which there is one is the
//! least, and the cheapest plan of that relaxation is the optimum.
//!
//! A relay receives a substream only once somebody wants it from the relay: no unit cost is negative, no rule asks for
//! relays, so an idle one never helps. A request that receives nothing through parents relaxes nothing: no rule asks it
//! for anything.

use super::law::Laws;
use super::reading::{Wish, World};
use super::search::Search;

/// A substream that a node receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The receiver.
    pub node: usize,
    /// What.
    pub content: usize,
    /// Which part of it.
    pub substream: usize,
}

/// The optimum, lexicographically, and one plan that reaches it.
#[derive(Clone, Debug)]
pub struct Best {
    /// Weight times share of substreams, over served requests.
    pub service: f64,
    /// Sum of 1 / rank over (request, policy) relaxed.
    pub relaxation: f64,
    /// Millionths of the unit cost times kbps.
    pub cost: u64,
    /// Whether each request is served, in the document's order.
    pub served: Vec<bool>,
    /// The policies relaxed on each request, a bit for each place in the document's list.
    pub relaxed: Vec<u64>,
    /// Who sends what.
    pub flows: Vec<(Slot, usize)>,
}

impl Best {
    /// The cost as it stands in a plan.
    pub fn cost_value(&self) -> f64 {
        self.cost as f64 / 1e9
    }
}

/// Which substreams each request receives (`None`: it is not served), and the service of that.
struct Choice {
    wanted: Vec<Option<u64>>,
    service: f64,
}

/// Relaxations closer than this are equal.
const CLOSE: f64 = 1e-9;

/// The optimum of a world.
pub fn best(world: &World) -> Best {
    let mut choices = choices(world);
    choices.sort_by(|a, b| b.service.total_cmp(&a.service));
    let close = 1e-9 * world.wishes.iter().map(|wish| wish.weight).sum::<f64>();
    let mut rest = &choices[..];
    while let Some(first) = rest.first() {
        let (level, lower) = rest.split_at(rest.partition_point(|choice| choice.service >= first.service - close));
        if let Some(best) = best_of(world, level) {
            return best;
        }
        rest = lower;
    }
    unreachable!("serving nobody who is not a holder is always possible")
}

/// Every choice that respects the fewest substreams that count as served.
fn choices(world: &World) -> Vec<Choice> {
    let mut choices = vec![Choice { wanted: Vec::new(), service: 0.0 }];
    for wish in &world.wishes {
        let content = &world.contents[wish.content];
        let held = &world.machines[wish.node].held[wish.content];
        let has = |s: usize, mask: u64| held[s] || mask >> s & 1 == 1;
        let masks =
            (0..1u64 << content.substreams).filter(|mask| (0..content.substreams).all(|s| !held[s] || mask >> s & 1 == 0));
        let count = |mask: u64| (0..content.substreams).filter(|&s| has(s, mask)).count();
        let mut options: Vec<(Option<u64>, f64)> = masks
            .filter(|&mask| count(mask) >= wish.min)
            .map(|mask| (Some(mask), wish.weight * count(mask) as f64 / content.substreams as f64))
            .collect();
        if count(0) < wish.min {
            options.push((None, 0.0));
        }
        choices = (choices.iter())
            .flat_map(|choice| {
                options.iter().map(|&(mask, gain)| Choice {
                    wanted: [choice.wanted.as_slice(), &[mask]].concat(),
                    service: choice.service + gain,
                })
            })
            .collect();
    }
    choices
}

/// The best plan that makes one of these choices, which serve alike.
fn best_of(world: &World, level: &[Choice]) -> Option<Best> {
    let nothing = vec![0; world.wishes.len()];
    let mut best = None;
    for choice in level {
        search(world, choice, &nothing, 0.0, &mut best);
    }
    if best.is_none() && world.relaxable != 0 {
        for choice in level.iter().filter(|choice| is_possible(world, choice, &nothing)) {
            let (kept, relaxed) = (nothing.clone(), nothing.clone());
            let on = |(w, wish)| world.relaxable_on(wish).into_iter().map(move |policy| (w, policy));
            let receives = |(w, _): &(usize, &Wish)| choice.wanted[*w].unwrap_or(0) != 0;
            let pairs: Vec<(usize, usize)> = world.wishes.iter().enumerate().filter(receives).flat_map(on).collect();
            Decisions { world, choice, kept, relaxed }.decide(&pairs, 0.0, &mut best);
        }
    }
    best
}

/// Looks for a plan that is better than the best so far of this choice, if each request relaxes the policies in its set.
fn search(world: &World, choice: &Choice, relaxed: &[u64], relaxation: f64, best: &mut Option<Best>) {
    let laws = Laws::of(world, &choice.wanted, relaxed);
    let alike = best.as_ref().filter(|best| best.relaxation <= relaxation + CLOSE);
    let limit = alike.map_or(u64::MAX, |best| best.cost);
    if let Some((cost, flows)) = Search::new(world, &choice.wanted, &laws, limit).cheapest() {
        let (service, relaxed) = (choice.service, relaxed.to_vec());
        let served = choice.wanted.iter().map(Option::is_some).collect();
        *best = Some(Best { service, relaxation, cost, served, relaxed, flows });
    }
}

/// There may be a plan of this choice if each request keeps the policies in its set.
fn is_possible(world: &World, choice: &Choice, kept: &[u64]) -> bool {
    let laws = Laws::loosest(world, &choice.wanted, kept);
    Search::new(world, &choice.wanted, &laws, u64::MAX).any().is_some()
}

/// Which policies each request keeps and which it relaxes, as far as that is decided.
struct Decisions<'a> {
    world: &'a World,
    choice: &'a Choice,
    kept: Vec<u64>,
    relaxed: Vec<u64>,
}

impl Decisions<'_> {
    /// Decides about the other pairs of request and policy in every manner that may be better than the best so far. What
    /// cannot be kept is relaxed; of the rest one is kept, then relaxed.
    fn decide(&mut self, pairs: &[(usize, usize)], relaxation: f64, best: &mut Option<Best>) {
        let (open, forced): (Vec<_>, Vec<_>) = pairs.iter().copied().partition(|&pair| self.may_keep(pair));
        let relaxation = relaxation + forced.iter().map(|pair| self.world.ranks[pair.1]).sum::<f64>();
        if best.as_ref().is_some_and(|best| relaxation > best.relaxation + CLOSE) {
            return;
        }
        forced.iter().for_each(|(wish, policy)| self.relaxed[*wish] |= 1 << policy);
        if let Some((&(wish, policy), others)) = open.split_first() {
            self.kept[wish] |= 1 << policy;
            self.decide(others, relaxation, best);
            self.kept[wish] &= !(1 << policy);
            self.relaxed[wish] |= 1 << policy;
            self.decide(others, relaxation + self.world.ranks[policy], best);
            self.relaxed[wish] &= !(1 << policy);
        } else {
            search(self.world, self.choice, &self.relaxed, relaxation, best);
        }
        forced.iter().for_each(|(wish, policy)| self.relaxed[*wish] &= !(1 << policy));
    }

    /// A plan may be possible if the request keeps the policy, too.
    fn may_keep(&mut self, (wish, policy): (usize, usize)) -> bool {
        self.kept[wish] |= 1 << policy;
        let possible = is_possible(self.world, self.choice, &self.kept);
        self.kept[wish] &= !(1 << policy);
        possible
    }
}
