//! Networks, links, routes and measured paths of tiny instances.

use super::generate::{Plot, Theme, maybe, pick, some_rates, word};
use super::policies::hours;
use pleach::instance::Document;
use pleach::instance::document::*;
use pleach::instance::policy::{LinkStateIs, LinkVolume, When};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_pcg::Pcg64;
use smol_str::{SmolStr, format_smolstr};

/// Where networks and nodes are.
pub const COUNTRIES: [&str; 3] = ["DE", "FR", "US"];
/// Positions of cities.
pub const PLACES: [(f64, f64); 5] = [(52.5, 13.4), (48.1, 11.6), (48.9, 2.4), (40.7, -74.0), (-33.9, 151.2)];

/// A network, with or without each of its fields.
pub fn network(rng: &mut Pcg64, number: usize) -> NetworkRow {
    let place = maybe(rng, 0.6, |rng| pick(rng, &PLACES));
    NetworkRow {
        id: format_smolstr!("n{number}"),
        kind: maybe(rng, 0.8, |rng| word(rng, &["isp", "isp", "enterprise", "data_center"])),
        asn: maybe(rng, 0.6, |rng| pick(rng, &[64500, 64501])),
        country: maybe(rng, 0.7, |rng| word(rng, &COUNTRIES)),
        lat: place.map(|place| place.0),
        lon: place.map(|place| place.1),
    }
}

/// Links between most pairs of networks, now and then two, and inside some networks.
pub fn links(rng: &mut Pcg64, document: &Document, plot: &Plot) -> Vec<LinkRow> {
    let mut links = Vec::new();
    for from in &document.networks {
        for to in &document.networks {
            let chances: &[f64] = match plot.theme {
                _ if from.id == to.id => &[0.35, 0.05],
                Theme::Routed => &[0.6, 0.3],
                Theme::Relays | Theme::Crowded => &[1.0],
                _ => &[0.85, 0.2],
            };
            for (copy, chance) in chances.iter().enumerate() {
                if rng.random_bool(*chance) {
                    links.push(link(rng, document, plot, from, to, copy));
                }
            }
        }
    }
    links
}

fn link(rng: &mut Pcg64, document: &Document, plot: &Plot, from: &NetworkRow, to: &NetworkRow, copy: usize) -> LinkRow {
    let capacity = maybe(rng, if plot.links_tight { 0.8 } else { 0.0 }, |rng| some_rates(rng, document, 5));
    let states = [None, None, Some(LinkState::Up), Some(LinkState::Congested), Some(LinkState::Down)];
    LinkRow {
        id: format_smolstr!("{}{}{copy}", from.id, to.id),
        from: from.id.clone(),
        to: to.id.clone(),
        capacity_kbps: capacity,
        used_kbps: maybe(rng, 0.5, |rng| some_rates(rng, document, 2)),
        cost: maybe(rng, 0.6, |rng| pick(rng, &[0.0, 0.1, 0.25, 0.5, 2.0])),
        kind: maybe(rng, 0.8, |rng| word(rng, &["peering", "transit"])),
        state: if plot.links_fail { pick(rng, &states) } else { pick(rng, &states[..4]) },
        month_to_date_gb: maybe(rng, 0.5, |rng| pick(rng, &[0.0, 100.0, 250.0])),
        weight: maybe(rng, 0.5, |rng| rng.random_range(1..=3)),
    }
}

/// A condition on hours, on a link's state or on its volume.
pub fn when(rng: &mut Pcg64, document: &Document) -> When {
    let mut when = When::default();
    let link = document.links.choose(rng).map(|link| link.id.clone());
    match (link, rng.random_range(0..4)) {
        (Some(link), 0) => {
            let states = [LinkState::Up, LinkState::Congested, LinkState::Down];
            when.link_state = Some(LinkStateIs { link, is: states.into_iter().filter(|_| rng.random_bool(0.6)).collect() });
            if when.link_state.as_ref().is_some_and(|test| test.is.is_empty()) {
                when.link_state = None;
            }
        }
        (Some(link), 1) => {
            let (above, below) = pick(rng, &[(Some(100.0), None), (None, Some(100.0)), (Some(50.0), Some(250.0))]);
            when.link_volume_gb = Some(LinkVolume { link, above, below });
        }
        _ => when.hours = Some(hours(rng)),
    }
    when
}

/// A few given routes, each a walk without repetition over the links.
pub fn routes(rng: &mut Pcg64, document: &Document, plot: &Plot) -> Vec<RouteRow> {
    let mut routes = Vec::new();
    for _ in 0..if plot.theme == Theme::Routed { 8 } else { rng.random_range(0..=4) } {
        let from = document.networks.choose(rng).expect("there is a network").id.clone();
        let (mut seen, mut links) = (vec![from.clone()], Vec::new());
        for _ in 0..rng.random_range(1..=3) {
            let here = seen.last().expect("a walk starts somewhere");
            let next: Vec<&LinkRow> = document.links.iter().filter(|l| l.from == *here && !seen.contains(&l.to)).collect();
            if let Some(link) = next.choose(rng) {
                links.push(link.id.clone());
                seen.push(link.to.clone());
            }
        }
        let to = seen.pop().expect("a walk ends somewhere");
        if !links.is_empty() {
            let when = maybe(rng, 0.6, |rng| when(rng, document)).unwrap_or_default();
            routes.push(RouteRow { from, to, links, when });
        }
    }
    routes
}

/// Measurements between some nodes and some networks, at most one for each pair.
pub fn paths(rng: &mut Pcg64, document: &Document, plot: &Plot) -> Vec<PathRow> {
    let nodes: Vec<&SmolStr> = document.nodes.iter().map(|node| &node.id).collect();
    let networks: Vec<&SmolStr> = document.networks.iter().map(|network| &network.id).collect();
    let mut paths = Vec::new();
    let of_nodes = if plot.theme == Theme::Crowded { 0.4 } else { 0.12 };
    for (ends, chance) in [(nodes, of_nodes), (networks, 0.3)] {
        for from in &ends {
            for to in &ends {
                if rng.random_bool(chance) {
                    let rtt_ms = maybe(rng, 0.7, |rng| pick(rng, &[2.0, 23.5, 80.0, 300.0]));
                    let loss = maybe(rng, 0.5, |rng| pick(rng, &[0.0, 0.002, 0.3]));
                    paths.push(PathRow { from: (*from).clone(), to: (*to).clone(), rtt_ms, loss });
                }
            }
        }
    }
    paths
}
