//! Routes between networks, as the contract has them: the first given route that may be used now and has no link down; else the
//! path of least total weight over links that are not down, ties by fewest links, then by the list of link ids in order.
//!
//! The lexicographic tie-break is exact: distances are computed *towards* each destination, and a walk from the source that
//! always takes the least link id among those that lie on some best path spells the least list.

use super::{Instance, LinkState, condition};
use crate::ids::{Id, LinkId, NetworkId, Table};
use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, EdgeReference, NodeIndex};
use petgraph::visit::{EdgeRef, Reversed};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::ops::Add;

/// Total weight, then number of links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Length(u128, u32);

impl Add for Length {
    type Output = Length;
    fn add(self, other: Length) -> Length {
        Length(self.0 + other.0, self.1 + other.1)
    }
}

/// For each destination (in the order given) the link on which each network begins its least path there.
pub(super) fn next_links(instance: &Instance, networks: &[NetworkId]) -> Vec<Table<NetworkId, Option<LinkId>>> {
    let mut graph = DiGraph::<(), LinkId>::new();
    for _ in instance.networks.iter() {
        graph.add_node(());
    }
    for (id, link) in instance.links.pairs() {
        if link.state != LinkState::Down && link.from != link.to {
            graph.add_edge(NodeIndex::new(link.from.index()), NodeIndex::new(link.to.index()), id);
        }
    }
    let length = |id: LinkId| Length(u128::from(instance.links[id].weight), 1);
    let towards = |target: &NetworkId| {
        let target = NodeIndex::new(target.index());
        let mut left = vec![None; graph.node_count()];
        for (at, far) in dijkstra(Reversed(&graph), target, None, |edge| length(*edge.weight())) {
            left[at.index()] = Some(far);
        }
        let is_best = |edge: &EdgeReference<'_, LinkId>| {
            let rest = left[edge.target().index()].map(|rest| rest + length(*edge.weight()));
            rest.is_some() && rest == left[edge.source().index()]
        };
        let next = |at: NodeIndex| graph.edges(at).filter(is_best).map(|edge| *edge.weight()).min();
        Table::new(graph.node_indices().map(next).collect())
    };
    networks.par_iter().map(towards).collect()
}

/// Appends the links of the least path; false if there is none.
pub(super) fn walk(
    instance: &Instance,
    from: NetworkId,
    to: NetworkId,
    next: &Table<NetworkId, Option<LinkId>>,
    links: &mut Vec<LinkId>,
) -> bool {
    let mut at = from;
    while at != to {
        let Some(link) = next[at] else { return false };
        links.push(link);
        at = instance.links[link].to;
    }
    true
}

/// The first given route of each pair that may be used now.
pub(super) fn given(instance: &Instance) -> FxHashMap<(NetworkId, NetworkId), Vec<LinkId>> {
    let mut first = FxHashMap::default();
    for route in &instance.routes {
        let up = route.links.iter().all(|link| instance.links[*link].state != LinkState::Down);
        if up && condition::holds(&route.when, instance) {
            first.entry((route.from, route.to)).or_insert_with(|| route.links.clone());
        }
    }
    first
}

/// The links inside a network, all of which a flow between two of its nodes crosses; `None` if one is down.
pub(super) fn inside(instance: &Instance, network: NetworkId) -> Option<Vec<LinkId>> {
    let own = instance.links.pairs().filter(|(_, link)| link.from == network && link.to == network);
    own.map(|(id, link)| (link.state != LinkState::Down).then_some(id)).collect()
}
