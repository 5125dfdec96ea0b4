//! The planet: round trips and translators as measured, and a depth bound.

use super::{bytes, make, peers};
use pleach::instance::document::{Document, Nat, NetworkRow};
use pleach::instance::generate::{Knobs, NatMix, planet};
use pleach::instance::policy::Rule;
use std::collections::BTreeMap;

fn document(nodes: usize) -> Document {
    make("planet-lowlat-nat", Knobs { nodes: Some(nodes), ..Knobs::default() })
}

fn km(a: &NetworkRow, b: &NetworkRow) -> f64 {
    let vector = |row: &NetworkRow| {
        let (lat, lon) = (row.lat.expect("a place").to_radians(), row.lon.expect("a place").to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    };
    let dot: f64 = vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum();
    6_371.0 * dot.clamp(-1.0, 1.0).acos()
}

/// Kilometres and milliseconds of every pair.
fn pairs(document: &Document) -> Vec<(f64, f64)> {
    let networks: BTreeMap<&str, &NetworkRow> = document.networks.iter().map(|row| (row.id.as_str(), row)).collect();
    let pair = |path: &pleach::instance::document::PathRow| {
        (km(networks[path.from.as_str()], networks[path.to.as_str()]), path.rtt_ms.expect("it is stated"))
    };
    document.paths.iter().map(pair).collect()
}

fn quantile(mut values: Vec<f64>, at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(at * (values.len() - 1) as f64) as usize]
}

#[test]
fn round_trips_scatter_about_the_line_as_measured_and_light_is_never_overtaken() {
    let pairs = pairs(&document(490));
    assert!(pairs.iter().all(|(km, ms)| *ms >= planet::LIGHT * km / 1_000.0 - 0.02));
    let over = |km: f64, ms: f64| ms / (planet::INTERCEPT + planet::SLOPE * km / 1_000.0);
    let far: Vec<f64> = pairs.iter().filter(|(km, _)| *km > planet::SHORT).map(|(km, ms)| over(*km, *ms)).collect();
    for (at, published) in [(0.1, 0.77), (0.5, 1.01), (0.9, 1.65)] {
        let found = quantile(far.clone(), at);
        assert!((found / published - 1.0).abs() < 0.05, "{found} at {at}");
    }
}

#[test]
fn round_trips_of_the_planet_are_as_spread_as_two_measurements_of_it() {
    let trips: Vec<f64> = pairs(&document(490)).into_iter().map(|(_, ms)| ms).collect();
    // 242 cities: 35, 143, 290 ms; 490 hosts of another campaign: 32, 135, 291 ms.
    for (at, low, high) in [(0.1, 25.0, 45.0), (0.5, 120.0, 170.0), (0.9, 260.0, 330.0)] {
        let found = quantile(trips.clone(), at);
        assert!((low..=high).contains(&found), "{found} ms at {at}");
    }
}

#[test]
fn every_two_places_with_nodes_have_one_round_trip_each_way_and_the_same() {
    let document = document(490);
    let trips: BTreeMap<(&str, &str), f64> =
        document.paths.iter().map(|path| ((path.from.as_str(), path.to.as_str()), path.rtt_ms.expect("it is stated"))).collect();
    assert_eq!(trips.len(), document.paths.len());
    for node in &document.nodes {
        let other = &document.nodes[0].network;
        let (there, back) = (trips.get(&(&node.network, other)), trips.get(&(other, &node.network)));
        assert!(there == back && (there.is_some() || node.network == *other), "{}", node.id);
    }
}

#[test]
fn translators_are_those_of_the_wild_and_four_in_five_pairs_behind_them_connect() {
    let document = document(10_000);
    for (word, nat) in Nat::WORDS {
        let share = peers(&document).filter(|node| node.nat.unwrap_or(Nat::Open) == *nat).count() as f64 / 10_000.0;
        assert!((share - NatMix::WILD.share(*nat)).abs() < 0.02, "{word}: {share}");
    }
    let share = |nat| NatMix::WILD.share(nat);
    let cones = share(Nat::FullCone) + share(Nat::RestrictedCone);
    let (restricted, symmetric) = (share(Nat::PortRestricted), share(Nat::Symmetric));
    let translated = cones + restricted + symmetric;
    let apart = 2.0 * restricted * symmetric + symmetric * symmetric;
    let direct = 1.0 - apart / (translated * translated);
    // Published: over 80 % of the attempts between such peers.
    assert!((0.76..=0.84).contains(&direct), "{direct}");
}

#[test]
fn depth_is_always_bounded_and_by_what_was_asked_for() {
    let hops = |knobs: Knobs| {
        let policies = make("planet-lowlat-nat", knobs).policies;
        policies.iter().find_map(|policy| if let Rule::MaxDepth { hops } = policy.rule { Some(hops) } else { None })
    };
    assert_eq!(hops(Knobs::default()), Some(6));
    assert_eq!(hops(Knobs { max_depth: Some(3), ..Knobs::default() }), Some(3));
}

#[test]
fn more_peers_live_in_the_same_cities() {
    let places = |document: &Document| document.networks.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    assert_eq!(places(&document(490)), places(&document(10_000)));
    assert_eq!(bytes(&document(490)), bytes(&document(490)));
}
