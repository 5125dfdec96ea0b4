//! The network between nodes: which links a flow crosses, who connects with whom, how far apart two nodes are.
//!
//! A [`Topology`] is made once per instance and answers by table; how routes are found, `routes` says.

use super::routes::{given, inside, next_links, walk};
use super::{Ends, Instance, Nat, Node, Place};
use crate::ids::{LinkId, NetworkId, NodeId, Table};
use rustc_hash::FxHashMap;

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
    /// Links of each route, the empty one first: `links[starts[r]..starts[r + 1]]`.
    starts: Vec<u32>,
    links: Vec<LinkId>,
    /// Measurements between nodes and between networks.
    measured: FxHashMap<Ends, (Option<f64>, Option<f64>)>,
    /// Some measurement is between nodes.
    node_paths: bool,
}

/// A list of links; [`RouteId::NONE`] where there is no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteId(pub u32);

impl RouteId {
    /// Unreachable.
    pub const NONE: RouteId = RouteId(u32::MAX);
    /// Over no link at all.
    const EMPTY: RouteId = RouteId(0);
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
        let next = next_links(instance, &networks);
        let given = given(instance);
        let mut topology = Topology {
            attached,
            count: networks.len(),
            routes: Vec::with_capacity(networks.len() * networks.len()),
            starts: vec![0, 0],
            links: Vec::new(),
            measured: instance.paths.iter().map(|path| (path.ends, (path.rtt_ms, path.loss))).collect(),
            node_paths: instance.paths.iter().any(|path| matches!(path.ends, Ends::Nodes(..))),
        };
        for from in &networks {
            for (to, next) in networks.iter().zip(&next) {
                let is_way = match given.get(&(*from, *to)) {
                    _ if from == to => inside(instance, *from).map(|links| topology.links.extend(links)).is_some(),
                    Some(links) => {
                        topology.links.extend_from_slice(links);
                        true
                    }
                    None => walk(instance, *from, *to, next, &mut topology.links),
                };
                topology.end_route(is_way);
            }
        }
        topology
    }

    /// Makes the links behind the last route one more: of two networks each, so that no two but those without links are alike.
    fn end_route(&mut self, is_way: bool) {
        let known = self.starts.len() as u32 - 1;
        let is_empty = self.links.len() as u32 == self.starts[known as usize];
        let id = match (is_way, is_empty) {
            (false, _) => RouteId::NONE,
            (true, true) => RouteId::EMPTY,
            (true, false) => {
                self.starts.push(self.links.len() as u32);
                RouteId(known)
            }
        };
        self.routes.push(id);
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

    /// Every route.
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
