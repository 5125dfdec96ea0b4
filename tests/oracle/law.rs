//! What receivers must obey, once it is settled which policies are relaxed on which requests.
//!
//! [`Laws::of`] is the contract's word. [`Laws::loosest`] is looser than every set of relaxed policies can make it: where
//! even that leaves no way, none needs to be tried.

use super::reading::{Wish, World};
use pleach::instance::policy::{Distinct, Rule};

/// What one receiver of one content must obey.
#[derive(Clone, Debug)]
pub struct Law {
    /// Policies relaxed on it, a bit for each place in the document's list.
    pub relaxed: u64,
    /// How many parents each substream has that it receives.
    pub parents: usize,
    /// They are in different networks.
    pub networks: bool,
    /// Their routes share no link.
    pub links: bool,
    /// How late its version is, seconds.
    pub delay: f64,
    /// Most hops below a holder.
    pub hops: u32,
    /// Longest way from a holder, ms.
    pub ms: f64,
}

/// A substream that must enter a network over a link.
#[derive(Clone, Debug)]
pub struct Demand {
    /// What.
    pub content: usize,
    /// Which part of it.
    pub substream: usize,
    /// Where to, as a place in the document's list.
    pub network: usize,
    /// Over which link, likewise.
    pub link: usize,
    /// Nodes whose request may be what it enters to.
    pub receivers: Vec<usize>,
}

/// All that must be obeyed, beside capacities and limits.
pub struct Laws {
    /// `receivers[content][node]`.
    pub receivers: Vec<Vec<Law>>,
    /// What `require_copies` asks.
    pub demands: Vec<Demand>,
}

/// A policy is in a set.
pub fn has(set: u64, policy: usize) -> bool {
    set >> policy & 1 == 1
}

impl Laws {
    /// What holds where requests receive `wanted` (a mask of substreams; `None`: not served) and relax `relaxed`.
    pub fn of(world: &World, wanted: &[Option<u64>], relaxed: &[u64]) -> Laws {
        let on = |node: usize, content: usize| world.wish(node, content).map_or(0, |wish| relaxed[wish]);
        let keeps = |wish: usize, policy: usize| !has(relaxed[wish], policy);
        Laws { receivers: receivers(world, on), demands: demands(world, wanted, keeps, keeps) }
    }

    /// What holds whatever requests relax, if each keeps the policies in its set of `kept`.
    ///
    /// What is not kept is relaxed, unless that could do harm: a request that relaxes `delay` frees its children but binds
    /// itself, so that no delays count where one is relaxable; one that relaxes `require_copies` does not count as what a
    /// copy enters to, but here it does; one with fewer parents brings fewer copies, so that none are asked for where
    /// `redundancy` is relaxable. A plan under whatever laws remains one here, once spare parents are taken away.
    pub fn loosest(world: &World, wanted: &[Option<u64>], kept: &[u64]) -> Laws {
        let on = |node: usize, content: usize| world.wish(node, content).map_or(0, |wish| world.relaxable & !kept[wish]);
        let mut receivers = receivers(world, on);
        let in_doubt =
            |is: fn(&Rule) -> bool| world.rules.iter().enumerate().any(|(p, rule)| has(world.relaxable, p) && is(rule));
        if in_doubt(|rule| matches!(rule, Rule::Delay { .. })) {
            receivers.iter_mut().flatten().for_each(|law| law.delay = 0.0);
        }
        let keeps = |wish: usize, policy: usize| has(kept[wish], policy) || !has(world.relaxable, policy);
        let mut demands = demands(world, wanted, keeps, |_, _| true);
        if in_doubt(|rule| matches!(rule, Rule::Redundancy { .. })) {
            demands.clear();
        }
        Laws { receivers, demands }
    }
}

fn receivers(world: &World, relaxed: impl Fn(usize, usize) -> u64) -> Vec<Vec<Law>> {
    let nodes = 0..world.machines.len();
    let of = |content: usize| nodes.clone().map(|node| law(world, node, content, relaxed(node, content))).collect();
    (0..world.contents.len()).map(of).collect()
}

/// What one receiver must obey if these policies are relaxed on it.
pub fn law(world: &World, node: usize, content: usize, relaxed: u64) -> Law {
    let mut law = Law { relaxed, parents: 1, networks: false, links: false, delay: 0.0, hops: u32::MAX, ms: f64::INFINITY };
    for &policy in world.concerned[content][node].iter().filter(|policy| !has(relaxed, **policy)) {
        match world.rules[policy] {
            Rule::Redundancy { parents, distinct } if world.wish(node, content).is_some() => {
                law.parents = law.parents.max(parents as usize);
                law.networks |= distinct == Distinct::Network;
                law.links |= distinct == Distinct::Link;
            }
            Rule::Delay { seconds } => law.delay = law.delay.max(seconds),
            Rule::MaxDepth { hops } => law.hops = law.hops.min(hops),
            Rule::MaxDelay { ms } => law.ms = law.ms.min(ms),
            _ => {}
        }
    }
    law
}

/// Each substream that somebody in the network gets through parents is asked for over each link, and has to enter to
/// somebody who is served there; `triggers` and `counts` say which requests are not exempt from a policy.
fn demands(
    world: &World,
    wanted: &[Option<u64>],
    triggers: impl Fn(usize, usize) -> bool,
    counts: impl Fn(usize, usize) -> bool,
) -> Vec<Demand> {
    let mut demands = Vec::new();
    for require in &world.requires {
        for (content, title) in world.contents.iter().enumerate().filter(|(content, _)| require.contents[*content]) {
            let is_inside = |wish: &&Wish| wish.content == content && world.machines[wish.node].network == require.network;
            let served = world.wishes.iter().enumerate().filter(|(w, wish)| is_inside(wish) && wanted[*w].is_some());
            let served: Vec<(usize, &Wish)> = served.collect();
            let gets = |w: usize, s: usize| has(wanted[w].unwrap_or(0), s) && triggers(w, require.policy);
            for substream in (0..title.substreams).filter(|s| served.iter().any(|(w, _)| gets(*w, *s))) {
                let receivers = served.iter().filter(|(w, _)| counts(*w, require.policy)).map(|(_, wish)| wish.node);
                let receivers: Vec<usize> = receivers.collect();
                let over =
                    |&link: &usize| Demand { content, substream, network: require.network, link, receivers: receivers.clone() };
                demands.extend(require.links.iter().map(over));
            }
        }
    }
    demands
}
