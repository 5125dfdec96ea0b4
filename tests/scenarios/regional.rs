//! A region's networks behind exchange ports, as figures: who has how many users, how fast ports are, what they decide.

use super::{make, most_copies, peers};
use pleach::instance::document::{Document, LinkRow};
use pleach::instance::generate::{Knobs, Links, ports};
use std::collections::BTreeSet;

fn region(knobs: Knobs) -> Document {
    make("regional-isp-ports", knobs)
}

fn of_kind<'a>(document: &'a Document, kind: &'static str) -> impl Iterator<Item = &'a LinkRow> {
    document.links.iter().filter(move |link| link.kind.as_deref() == Some(kind))
}

#[test]
fn every_provider_has_one_port_each_way_at_an_exchange_where_it_is() {
    let document = region(Knobs::default());
    let ends: Vec<(&str, &str)> = of_kind(&document, "port").map(|link| (link.from.as_str(), link.to.as_str())).collect();
    let set: BTreeSet<(&str, &str)> = ends.iter().copied().collect();
    assert_eq!(ends.len(), set.len());
    assert!(set.iter().all(|(from, to)| set.contains(&(to, from))));
    for provider in 1..=40 {
        let core = format!("as{provider:02}");
        assert!(set.iter().any(|(from, to)| *from == core && to.starts_with("ix")), "{core}");
    }
}

#[test]
fn points_of_presence_hang_on_one_link_and_hold_the_customers() {
    let document = region(Knobs::default());
    let leaves: Vec<&str> = document.networks.iter().map(|network| network.id.as_str()).filter(|id| id.contains("-p")).collect();
    assert!(leaves.len() >= 60, "{}", leaves.len());
    for leaf in &leaves {
        let out = document.links.iter().filter(|link| link.from == *leaf).count();
        assert_eq!(out, 1, "{leaf}");
    }
    assert!(peers(&document).all(|node| !node.network.contains("-a") && node.network != "as01"));
    for (provider, users) in [("as01", 0.261), ("as02", 0.163), ("as03", 0.136), ("as04", 0.099), ("as05", 0.076)] {
        let here = peers(&document).filter(|node| node.network.starts_with(provider)).count() as f64 / 50_000.0;
        assert!((here - users).abs() < 0.006, "{provider}: {here}");
    }
}

#[test]
fn ports_have_the_speeds_that_were_published_in_their_shares() {
    let mut counts = [0usize; ports::SPEEDS.len()];
    for seed in 0..30 {
        // At a tenth of the size ports have a tenth of the speed.
        let document = region(Knobs { nodes: Some(5_000), seed, ..Knobs::default() });
        for link in of_kind(&document, "port").filter(|link| link.to.starts_with("ix")) {
            let mbps = link.capacity_kbps.expect("ports have a capacity").0 as f64 / 100.0;
            let far = |(speed, _): &(u64, f64)| (mbps / *speed as f64).ln().abs();
            let nearest = (0..counts.len()).min_by(|a, b| far(&ports::SPEEDS[*a]).total_cmp(&far(&ports::SPEEDS[*b])));
            counts[nearest.expect("there are speeds")] += 1;
        }
    }
    let whole: f64 = ports::SPEEDS.iter().map(|(_, share)| share).sum();
    let total: usize = counts.iter().sum();
    for ((speed, share), count) in ports::SPEEDS.iter().zip(counts).filter(|((speed, _), _)| *speed >= 10_000) {
        let here = count as f64 / total as f64;
        assert!((here - share / whole).abs() < 0.04, "{speed} Mbps: {here}");
    }
}

#[test]
fn some_ports_are_too_small_for_what_their_provider_lacks() {
    let of = |seed, links| most_copies(&region(Knobs { seed, links: Some(links), ..Knobs::default() }));
    let shares: Vec<f64> = (0..3).map(|seed| of(seed, Links::Binding) / of(seed, Links::Free)).collect();
    assert!(shares.iter().all(|share| (0.85..1.0).contains(share)), "{shares:?}");
    assert!(shares.iter().any(|share| *share < 0.995), "{shares:?}");
}
