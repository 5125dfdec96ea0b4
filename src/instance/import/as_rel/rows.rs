//! Networks and links of an instance, made as the routes need them.

use super::super::super::document::{Document, LinkRow, NetworkRow};
use super::super::{as_network, backbone, network};
use super::Options;
use super::ports::Ports;
use super::relations::Role;
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;

/// Weights of links: fewest systems first, and of equals those over peers.
const TRANSIT: u64 = 10;
const PEERING: u64 = 9;
/// Into an exchange and out of it, together as much as a peering.
const PORT: (u64, u64) = (5, 4);

/// What is made so far.
pub struct Rows<'o> {
    options: &'o Options,
    ports: Option<Ports>,
    /// Networks of the instance that is imported into, by AS.
    homes: BTreeMap<u32, Vec<SmolStr>>,
    pub networks: BTreeMap<SmolStr, NetworkRow>,
    pub links: BTreeMap<SmolStr, LinkRow>,
}

impl<'o> Rows<'o> {
    pub fn new(options: &'o Options, ports: Option<Ports>, into: Option<&Document>) -> Rows<'o> {
        let mut homes: BTreeMap<u32, Vec<SmolStr>> = BTreeMap::new();
        for network in into.iter().flat_map(|base| &base.networks) {
            if let Some(asn) = network.asn {
                homes.entry(asn).or_default().push(network.id.clone());
            }
        }
        Rows { options, ports, homes, networks: BTreeMap::new(), links: BTreeMap::new() }
    }

    /// The network of a system: the one that has its number already, else one of its own. Where several have it, they hang
    /// on one of its own, without limit or cost.
    pub fn network(&mut self, asn: u32) -> SmolStr {
        let homes = self.homes.get(&asn).cloned().unwrap_or_default();
        if let [home] = homes.as_slice() {
            return home.clone();
        }
        let hub = as_network(asn);
        let id = hub.id.clone();
        if self.networks.contains_key(&id) {
            return id;
        }
        for home in homes.iter().filter(|home| **home != id) {
            self.wire(home, &id, "internal", 0.0, (1, 1), [None, None]);
        }
        if !homes.contains(&id) {
            self.networks.insert(id.clone(), hub);
        }
        id
    }

    /// Networks of a system that have nodes or may get some, each with the links between it and [`network`](Rows::network).
    pub fn entrances(&mut self, asn: u32) -> Vec<(SmolStr, Option<[SmolStr; 2]>)> {
        let hub = self.network(asn);
        let homes = self.homes.get(&asn).cloned().unwrap_or_default();
        let wires = |home: &SmolStr| (*home != hub).then(|| [format_smolstr!("{home}>{hub}"), format_smolstr!("{hub}>{home}")]);
        match homes.is_empty() {
            true => vec![(hub, None)],
            false => homes.iter().map(|home| (home.clone(), wires(home))).collect(),
        }
    }

    /// The links from one system to a neighbour, which are made where they are missing, and those of the way back.
    pub fn hop(&mut self, from: u32, to: u32, role: Role) -> Vec<SmolStr> {
        let ends = [self.network(from), self.network(to)];
        let exchange = self.ports.as_ref().filter(|_| role == Role::Peer).and_then(|ports| ports.common(from, to));
        let Some((exchange, ports)) = exchange else {
            let (kind, cost, weight) = match role {
                Role::Peer => ("peering", self.options.peering_cost, PEERING),
                _ => ("transit", self.options.transit_cost, TRANSIT),
            };
            return vec![self.wire(&ends[0], &ends[1], kind, cost, (weight, weight), [None, None])];
        };
        let middle = format_smolstr!("ix{exchange}");
        self.networks.entry(middle.clone()).or_insert_with(|| network(middle.clone(), "exchange"));
        let cost = self.options.peering_cost / 2.0;
        let [port, other] = ports;
        self.wire(&ends[1], &middle, "port", cost, PORT, [other, other]);
        let into = self.wire(&ends[0], &middle, "port", cost, PORT, [port, port]);
        vec![into, format_smolstr!("{middle}>{}", ends[1])]
    }

    /// Links both ways; the id of the first way.
    fn wire(
        &mut self,
        from: &SmolStr,
        to: &SmolStr,
        kind: &'static str,
        cost: f64,
        weights: (u64, u64),
        capacities: [Option<Kbps>; 2],
    ) -> SmolStr {
        let ways = [(from, to, weights.0, capacities[0]), (to, from, weights.1, capacities[1])];
        for (from, to, weight, capacity_kbps) in ways {
            let id = format_smolstr!("{from}>{to}");
            self.links.entry(id.clone()).or_insert_with(|| LinkRow {
                kind: Some(SmolStr::new_static(kind)),
                weight: Some(weight),
                capacity_kbps,
                ..backbone::link(id, from, to, cost)
            });
        }
        format_smolstr!("{from}>{to}")
    }
}
