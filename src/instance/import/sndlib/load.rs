//! Demands as load that is there already, along the routes that an instance would take.

use super::super::super::Instance;
use super::super::super::document::{Document, INSTANCE_FORMAT, LinkRow, NetworkRow, NodeRow, Role};
use super::super::super::network::Topology;
use super::parse::Demand;
use crate::units::Kbps;
use rustc_hash::FxHashMap;

/// Sets `used_kbps` of the links, with so many kbps in a unit of demand, and tells how full they are.
pub(super) fn put(networks: &[NetworkRow], links: &mut [LinkRow], demands: &[Demand], unit: f64) -> String {
    // A node in every network, so that routes are computed between all of them.
    let nodes = networks.iter().map(|network| NodeRow::new(network.id.clone(), Role::Peer, network.id.clone(), Kbps(0)));
    let document = Document {
        format: INSTANCE_FORMAT.into(),
        time: "1970-01-01T00:00:00Z".into(),
        nodes: nodes.collect(),
        networks: networks.to_vec(),
        links: links.to_vec(),
        ..Document::default()
    };
    let Ok((instance, _)) = Instance::from_document(document) else { return "demands cannot be routed".into() };
    let topology = Topology::of(&instance);
    let mut loads: FxHashMap<_, f64> = FxHashMap::default();
    let mut lost = 0;
    for demand in demands {
        let end = |row: usize| networks.get(row).and_then(|network| instance.network(&network.id));
        let Some((from, to)) = end(demand.ends.0).zip(end(demand.ends.1)) else { continue };
        let route = topology.links(topology.route(from, to));
        lost += usize::from(route.is_empty() && from != to);
        for link in route {
            *loads.entry(&instance.links[*link].id).or_default() += demand.volume * unit;
        }
    }
    let mut over = 0;
    for link in links.iter_mut() {
        let used = super::kbps(loads.get(&link.id).copied().unwrap_or_default());
        link.used_kbps = Some(used);
        over += usize::from(link.capacity_kbps.is_some_and(|capacity| capacity < used));
    }
    format!(
        "{} demands are on the links ({lost} find no route); {over} of {} links carry more than their capacity already",
        demands.len(),
        links.len()
    )
}
