//! Routes between networks, read from the contract (section 1): given ones that can be used, else the least path.

use super::moment;
use crate::ids::{LinkId, NetworkId, Table};
use crate::instance::{Instance, LinkState, Route};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The links that carry traffic.
pub(super) struct Graph<'a> {
    instance: &'a Instance,
    /// Links to other networks.
    out: Table<NetworkId, Vec<LinkId>>,
    /// Links inside; `None` where one of them is down.
    inside: Table<NetworkId, Option<Vec<LinkId>>>,
    given: FxHashMap<(NetworkId, NetworkId), Vec<&'a Route>>,
}

impl<'a> Graph<'a> {
    /// Sorts the links of an instance.
    pub fn new(instance: &'a Instance) -> Graph<'a> {
        let mut out = Table::filled(instance.networks.len(), Vec::new());
        let mut inside = Table::filled(instance.networks.len(), Some(Vec::new()));
        for (id, link) in instance.links.pairs() {
            let down = link.state == LinkState::Down;
            if link.from != link.to {
                if !down {
                    out[link.from].push(id);
                }
            } else if down {
                inside[link.from] = None;
            } else if let Some(links) = &mut inside[link.from] {
                links.push(id);
            }
        }
        let mut given: FxHashMap<_, Vec<&Route>> = FxHashMap::default();
        for route in &instance.routes {
            given.entry((route.from, route.to)).or_default().push(route);
        }
        Graph { instance, out, inside, given }
    }

    /// The routes of some pairs that start at one network.
    pub fn routes(&self, group: &[(NetworkId, NetworkId)]) -> Vec<Option<Vec<LinkId>>> {
        let mut tree = None;
        let route = |&(from, to): &(NetworkId, NetworkId)| {
            if from == to {
                return self.inside[from].clone();
            }
            if let Some(route) = self.given.get(&(from, to)).and_then(|routes| routes.iter().find(|route| self.usable(route))) {
                return Some(route.links.clone());
            }
            tree.get_or_insert_with(|| self.shortest(from)).to(self.instance, to)
        };
        group.iter().map(route).collect()
    }

    fn usable(&self, route: &Route) -> bool {
        let links = &self.instance.links;
        route.links.iter().all(|link| links[*link].state != LinkState::Down) && moment::holds(self.instance, &route.when)
    }

    /// The best paths from one network to all: least weight, then fewest links, then the first by the list of ids.
    fn shortest(&self, from: NetworkId) -> Tree {
        let mut tree = Tree { from, best: Table::filled(self.out.len(), None) };
        tree.best[from] = Some(Step { weight: 0, hops: 0, last: LinkId(u32::MAX) });
        let mut waiting = BinaryHeap::from([Reverse((0u128, 0u32, from))]);
        while let Some(Reverse((weight, hops, at))) = waiting.pop() {
            if tree.best[at].is_none_or(|best| (best.weight, best.hops) != (weight, hops)) {
                continue;
            }
            for &last in &self.out[at] {
                let link = &self.instance.links[last];
                let step = Step { weight: weight + u128::from(link.weight.max(1)), hops: hops + 1, last };
                let known = tree.best[link.to];
                if known.is_none_or(|known| (step.weight, step.hops) < (known.weight, known.hops)) {
                    tree.best[link.to] = Some(step);
                    waiting.push(Reverse((step.weight, step.hops, link.to)));
                } else if known.is_some_and(|known| (step.weight, step.hops) == (known.weight, known.hops)) {
                    // Paths of one length: both ends are settled, so their lists can be compared.
                    let old = tree.to(self.instance, link.to);
                    let mut new = tree.to(self.instance, at).unwrap_or_default();
                    new.push(last);
                    if old.is_none_or(|old| new < old) {
                        tree.best[link.to] = Some(step);
                    }
                }
            }
        }
        tree
    }
}

/// How a network is best reached.
#[derive(Clone, Copy)]
struct Step {
    weight: u128,
    hops: u32,
    last: LinkId,
}

/// Best paths from one network.
struct Tree {
    from: NetworkId,
    best: Table<NetworkId, Option<Step>>,
}

impl Tree {
    /// The list of links; ids stand in order of their text, so lists compare as lists of ids do.
    fn to(&self, instance: &Instance, to: NetworkId) -> Option<Vec<LinkId>> {
        let mut links = Vec::new();
        let mut at = to;
        while at != self.from {
            let step = self.best[at]?;
            links.push(step.last);
            at = instance.links[step.last].from;
        }
        links.reverse();
        Some(links)
    }
}
