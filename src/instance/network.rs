//! The network between nodes: which links a flow crosses, who connects with whom, how far apart two nodes are.
//!
//! A [`Topology`] is made once per instance and answers by table. Routes follow the contract: the first given route that
//! may be used now and has no link down; else the path of least total weight over links that are not down, ties by fewest
//! links, then by the list of link ids in order. The lexicographic tie-break is exact: distances are computed *towards*
//! each destination, and a walk from the source that always takes the least link id among those that lie on some best
//! path spells the least list.

use super::{Ends, Instance, LinkState, Nat, Node, Place, condition};
use crate::ids::{Id, LinkId, NetworkId, NodeId, Table};
use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeRef, Reversed};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::ops::Add;

/// Mean radius of the earth in km (contract, section 4).
const EARTH_RADIUS_KM: f64 = 6371.0088;
/// Distance between networks where a position is missing, in km.
const UNKNOWN_KM: f64 = 1000.0;

/// Routes between all pairs of networks that have nodes.
#[derive(Debug)]
pub struct Topology {
    /// Dense number of each network that has nodes; `u32::MAX` for the others.
    attached: Table<NetworkId, u32>,
    /// How many networks have nodes.
    count: usize,
    /// `count * count` routes, row by source.
    routes: Vec<RouteId>,
    /// Links of each distinct route: `links[starts[r]..starts[r + 1]]`.
    starts: Vec<u32>,
    links: Vec<LinkId>,
    /// Measurements between nodes and between networks.
    measured: FxHashMap<Ends, (Option<f64>, Option<f64>)>,
    /// Some measurement is between nodes.
    node_paths: bool,
}

/// A distinct list of links; [`RouteId::NONE`] where there is no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteId(pub u32);

impl RouteId {
    /// Unreachable.
    pub const NONE: RouteId = RouteId(u32::MAX);
}

/// Total weight, then number of links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Length(u128, u32);

impl Add for Length {
    type Output = Length;
    fn add(self, other: Length) -> Length {
        Length(self.0 + other.0, self.1 + other.1)
    }
}

impl Topology {
    /// Computes every route.
    pub fn of(instance: &Instance) -> Topology {
        let mut attached = Table::filled(instance.networks.len(), u32::MAX);
        let mut networks = Vec::new();
        for node in instance.nodes.iter() {
            if attached[node.network] == u32::MAX {
                attached[node.network] = networks.len() as u32;
                networks.push(node.network);
            }
        }
        let to_each: Vec<Vec<Option<Vec<LinkId>>>> = shortest(instance, &networks);
        let given = given(instance);
        let mut topology = Topology {
            attached,
            count: networks.len(),
            routes: Vec::with_capacity(networks.len() * networks.len()),
            starts: vec![0],
            links: Vec::new(),
            measured: instance.paths.iter().map(|path| (path.ends, (path.rtt_ms, path.loss))).collect(),
            node_paths: instance.paths.iter().any(|path| matches!(path.ends, Ends::Nodes(..))),
        };
        let mut known = FxHashMap::default();
        for (row, from) in networks.iter().enumerate() {
            for (column, to) in networks.iter().enumerate() {
                let between = || given.get(&(*from, *to)).or(to_each[column][row].as_ref()).cloned();
                let route = if from == to { inside(instance, *from) } else { between() };
                let id = route.map_or(RouteId::NONE, |links| topology.intern(links, &mut known));
                topology.routes.push(id);
            }
        }
        topology
    }

    fn intern(&mut self, links: Vec<LinkId>, known: &mut FxHashMap<Vec<LinkId>, RouteId>) -> RouteId {
        if let Some(id) = known.get(&links) {
            return *id;
        }
        let id = RouteId(self.starts.len() as u32 - 1);
        self.links.extend_from_slice(&links);
        self.starts.push(self.links.len() as u32);
        known.insert(links, id);
        id
    }

    /// The route from one network to another; both have nodes.
    pub fn route(&self, from: NetworkId, to: NetworkId) -> RouteId {
        self.routes[self.attached[from] as usize * self.count + self.attached[to] as usize]
    }

    /// The links of a route in order; none for [`RouteId::NONE`].
    pub fn links(&self, route: RouteId) -> &[LinkId] {
        if route == RouteId::NONE {
            return &[];
        }
        let row = route.0 as usize;
        &self.links[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    /// Every distinct route.
    pub fn route_ids(&self) -> impl Iterator<Item = RouteId> + use<> {
        (0..self.starts.len() as u32 - 1).map(RouteId)
    }

    /// True if some measurement is between two nodes: nearness then differs inside a network.
    pub fn measures_nodes(&self) -> bool {
        self.node_paths
    }

    /// Round-trip time in ms and loss from one node to another; for each the most specific measurement that has it.
    pub fn measured(&self, instance: &Instance, from: NodeId, to: NodeId) -> (Option<f64>, Option<f64>) {
        if self.measured.is_empty() {
            return (None, None);
        }
        let nodes = if self.node_paths { self.measured.get(&Ends::Nodes(from, to)) } else { None };
        let (rtt, loss) = nodes.copied().unwrap_or_default();
        if rtt.is_some() && loss.is_some() {
            return (rtt, loss);
        }
        let ends = Ends::Networks(instance.nodes[from].network, instance.nodes[to].network);
        let (wide_rtt, wide_loss) = self.measured_between(ends);
        (rtt.or(wide_rtt), loss.or(wide_loss))
    }

    /// Round-trip time in ms and loss as measured between exactly these ends.
    pub fn measured_between(&self, ends: Ends) -> (Option<f64>, Option<f64>) {
        self.measured.get(&ends).copied().unwrap_or_default()
    }
}

/// For each destination and source (in the order given) the links of the least path.
fn shortest(instance: &Instance, networks: &[NetworkId]) -> Vec<Vec<Option<Vec<LinkId>>>> {
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
        let far = dijkstra(Reversed(&graph), target, None, |edge| length(*edge.weight()));
        let walk = |source: &NetworkId| {
            let mut at = NodeIndex::new(source.index());
            let mut left = *far.get(&at)?;
            let mut links = Vec::with_capacity(left.1 as usize);
            while at != target {
                let best = graph
                    .edges(at)
                    .filter(|edge| far.get(&edge.target()).is_some_and(|rest| *rest + length(*edge.weight()) == left))
                    .min_by_key(|edge| *edge.weight())?;
                links.push(*best.weight());
                at = best.target();
                left = far[&at];
            }
            Some(links)
        };
        networks.iter().map(walk).collect()
    };
    networks.par_iter().map(towards).collect()
}

/// The first given route of each pair that may be used now.
fn given(instance: &Instance) -> FxHashMap<(NetworkId, NetworkId), Vec<LinkId>> {
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
fn inside(instance: &Instance, network: NetworkId) -> Option<Vec<LinkId>> {
    let own = instance.links.pairs().filter(|(_, link)| link.from == network && link.to == network);
    own.map(|(id, link)| (link.state != LinkState::Down).then_some(id)).collect()
}

/// A parent's and a child's address translators let a flow through (contract, section 1, "Connectivity").
pub fn nat_connects(parent: Nat, child: Nat) -> bool {
    use Nat::{Blocked, Open, PortRestricted, Symmetric};
    match (parent, child) {
        (Open, Blocked) => true,
        (Blocked, _) | (_, Blocked) => false,
        (PortRestricted | Symmetric, Symmetric) | (Symmetric, PortRestricted) => false,
        _ => true,
    }
}

/// Two nodes of one enterprise always connect; others by their address translators.
pub fn connects(instance: &Instance, parent: &Node, child: &Node) -> bool {
    let together = parent.network == child.network && instance.networks[parent.network].is_enterprise();
    together || nat_connects(parent.nat, child.nat)
}

/// Distance between two nodes in km; where one has no position: 0 inside one network, else 1000.
pub fn distance_km(from: &Node, to: &Node) -> f64 {
    match (from.place, to.place) {
        (Some(a), Some(b)) if a == b => 0.0,
        (Some(a), Some(b)) => great_circle_km(a, b),
        _ if from.network == to.network => 0.0,
        _ => UNKNOWN_KM,
    }
}

/// Great-circle distance in km by the haversine formula.
pub fn great_circle_km(a: Place, b: Place) -> f64 {
    let half = |x: f64| (x.to_radians() / 2.0).sin().powi(2);
    let chord = half(b.lat - a.lat) + a.lat.to_radians().cos() * b.lat.to_radians().cos() * half(b.lon - a.lon);
    2.0 * EARTH_RADIUS_KM * chord.sqrt().min(1.0).asin()
}
