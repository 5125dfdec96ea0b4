//! Who reaches whom and how far: connectivity, measured paths and distances, read from the contract (section 1).

use super::law::{Bits, Law};
use super::routes::Graph;
use crate::ids::{Id, LinkId, NetworkId, NodeId};
use crate::instance::{Ends, Instance, Nat, Node};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Mean radius of the earth in km.
const EARTH_KM: f64 = 6371.0088;

/// What all flows from one network to another have in common.
pub(super) struct Pair {
    /// The links they cross, in order.
    pub links: Box<[LinkId]>,
    /// Sum of the links' costs.
    pub cost: f64,
    /// Policies whose `crosses` the route satisfies.
    pub crossed: Bits,
    /// Measured between the networks.
    pub rtt_ms: Option<f64>,
    /// See `rtt_ms`.
    pub loss: Option<f64>,
}

/// Pairs of networks that a plan uses, and measured pairs of nodes.
pub(super) struct Network<'a> {
    instance: &'a Instance,
    pairs: FxHashMap<(NetworkId, NetworkId), Option<Pair>>,
    measured: FxHashMap<(NodeId, NodeId), (Option<f64>, Option<f64>)>,
}

impl<'a> Network<'a> {
    /// Finds the routes of the pairs in use, which are sorted.
    pub(super) fn of(instance: &'a Instance, law: &Law<'_>, used: &[(NetworkId, NetworkId)]) -> Network<'a> {
        let graph = Graph::new(instance);
        let between: FxHashMap<_, _> = instance
            .paths
            .iter()
            .filter_map(|path| match path.ends {
                Ends::Networks(from, to) => Some(((from, to), (path.rtt_ms, path.loss))),
                Ends::Nodes(..) => None,
            })
            .collect();
        let groups: Vec<&[(NetworkId, NetworkId)]> = used.chunk_by(|a, b| a.0 == b.0).collect();
        let routed = groups.par_iter().flat_map_iter(|group| {
            let links = graph.routes(group);
            group.iter().copied().zip(links).map(|(ends, links)| {
                let (rtt_ms, loss) = between.get(&ends).copied().unwrap_or_default();
                let pair = links.map(|links| Pair {
                    cost: links.iter().map(|link| instance.links[*link].cost).sum(),
                    crossed: law.crossed(ends.0, ends.1, &links),
                    links: links.into(),
                    rtt_ms,
                    loss,
                });
                (ends, pair)
            })
        });
        let measured = instance.paths.iter().filter_map(|path| match path.ends {
            Ends::Nodes(from, to) => Some(((from, to), (path.rtt_ms, path.loss))),
            Ends::Networks(..) => None,
        });
        let pairs: Vec<_> = routed.collect();
        Network { instance, pairs: pairs.into_iter().collect(), measured: measured.collect() }
    }

    /// The route from one network to another; `None` without one.
    pub(super) fn pair(&self, from: NetworkId, to: NetworkId) -> Option<&Pair> {
        self.pairs.get(&(from, to))?.as_ref()
    }

    /// Round-trip time and loss as measured, for each the most specific.
    pub(super) fn measured(&self, parent: NodeId, child: NodeId, pair: &Pair) -> (Option<f64>, Option<f64>) {
        if self.measured.is_empty() {
            return (pair.rtt_ms, pair.loss);
        }
        let (rtt_ms, loss) = self.measured.get(&(parent, child)).copied().unwrap_or_default();
        (rtt_ms.or(pair.rtt_ms), loss.or(pair.loss))
    }

    /// Round-trip time in ms as measured; unknown: 0.
    pub(super) fn rtt_ms(&self, parent: NodeId, child: NodeId) -> f64 {
        let nodes = &self.instance.nodes;
        let pair = self.pair(nodes[parent].network, nodes[child].network);
        pair.and_then(|pair| self.measured(parent, child, pair).0).unwrap_or(0.0)
    }

    /// Parent and child connect through their address translators.
    pub(super) fn connect(&self, parent: &Node, child: &Node) -> bool {
        let at_home = parent.network == child.network && self.instance.networks[parent.network].is_enterprise();
        at_home || nat_connects(parent.nat, child.nat)
    }
}

/// A node behind `parent` can send to one behind `child`.
fn nat_connects(parent: Nat, child: Nat) -> bool {
    match (parent, child) {
        (Nat::Blocked, _) => false,
        (parent, Nat::Blocked) => parent == Nat::Open,
        (Nat::Symmetric | Nat::PortRestricted, Nat::Symmetric) | (Nat::Symmetric, Nat::PortRestricted) => false,
        _ => true,
    }
}

/// Great circle between two nodes in km; without positions 0 inside a network, else 1000.
pub(super) fn km(a: &Node, b: &Node) -> f64 {
    let (Some(from), Some(to)) = (a.place, b.place) else {
        return if a.network == b.network { 0.0 } else { 1000.0 };
    };
    if from == to {
        return 0.0;
    }
    let (lat_a, lat_b) = (from.lat.to_radians(), to.lat.to_radians());
    let half_lat = ((lat_b - lat_a) / 2.0).sin();
    let half_lon = ((to.lon - from.lon).to_radians() / 2.0).sin();
    let chord = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
    2.0 * EARTH_KM * chord.clamp(0.0, 1.0).sqrt().asin()
}

/// The pairs of networks between which something flows, sorted.
pub(super) fn pairs_in_use(
    instance: &Instance,
    flows: impl ParallelIterator<Item = (NodeId, NodeId)>,
) -> Vec<(NetworkId, NetworkId)> {
    let networks = instance.networks.len();
    let home: Vec<u32> = instance.nodes.iter().map(|node| node.network.0).collect();
    let number = |(parent, child): (NodeId, NodeId)| {
        let (from, to) = (home[parent.index()] as usize, home[child.index()] as usize);
        (from * networks + to) as u64
    };
    let sets = flows.map(number).fold(rustc_hash::FxHashSet::default, |mut set, pair| {
        set.insert(pair);
        set
    });
    let all = sets.reduce(rustc_hash::FxHashSet::default, |mut a, b| {
        a.extend(b);
        a
    });
    let mut sorted: Vec<u64> = all.into_iter().collect();
    sorted.sort_unstable();
    let ends = |pair: u64| (NetworkId::new(pair as usize / networks), NetworkId::new(pair as usize % networks));
    sorted.into_iter().map(ends).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_36_pairs_of_address_translators_connect_as_the_contract_says() {
        let types = [Nat::Open, Nat::FullCone, Nat::RestrictedCone, Nat::PortRestricted, Nat::Symmetric, Nat::Blocked];
        // Rows: parent; columns: child; both in the order above.
        let table = [
            [true, true, true, true, true, true],
            [true, true, true, true, true, false],
            [true, true, true, true, true, false],
            [true, true, true, true, false, false],
            [true, true, true, false, false, false],
            [false, false, false, false, false, false],
        ];
        for (parent, row) in types.iter().zip(table) {
            for (child, expected) in types.iter().zip(row) {
                assert_eq!(nat_connects(*parent, *child), expected, "{parent:?} -> {child:?}");
            }
        }
    }
}
