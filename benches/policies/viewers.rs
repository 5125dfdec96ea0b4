//! What selectors can tell of the viewers: country, region, address, contract, age, friends; and how far networks are.

use pleach::instance::document::PathRow;
use pleach::instance::{Document, Role, Scalar};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use smol_str::format_smolstr;
use std::net::{IpAddr, Ipv4Addr};

/// Countries of the viewers; the first is that of most.
pub const COUNTRIES: [&str; 6] = ["XA", "XB", "XC", "XD", "XE", "XF"];
/// Contracts, with how many of a hundred viewers have them.
pub const PLANS: [(&str, u32); 4] = [("free", 40), ("basic", 35), ("premium", 20), ("staff", 5)];
/// Regions.
pub const REGIONS: [&str; 4] = ["north", "east", "south", "west"];

/// Fills in what the scenario leaves open.
pub fn describe(document: &mut Document, seed: u64) {
    let rng = &mut Pcg64::seed_from_u64(seed);
    for (number, node) in document.nodes.iter_mut().enumerate().filter(|(_, node)| node.role == Role::Peer) {
        let abroad = rng.random_bool(0.3);
        node.country = Some(if abroad { COUNTRIES[rng.random_range(1..COUNTRIES.len())] } else { COUNTRIES[0] }.into());
        node.region = REGIONS.choose(rng).map(|region| (*region).into());
        // Documentation has no prefix that is large enough; these are of private use.
        node.ip = Some(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | rng.random_range(0..256) << 16 | number as u32 & 0xffff)));
        let drawn = rng.random_range(0..100);
        let plan = PLANS.iter().scan(0, |sum, (plan, share)| {
            *sum += share;
            Some((plan, *sum))
        });
        let plan = plan.filter(|(_, sum)| drawn < *sum).map(|(plan, _)| *plan).next().unwrap_or(PLANS[0].0);
        node.attributes.insert("plan".into(), Scalar::Text(plan.into()));
        node.attributes.insert("age".into(), Scalar::Number(f64::from(rng.random_range(10..90))));
        if rng.random_bool(0.2) {
            node.affinity.push(format_smolstr!("friends-{}", rng.random_range(0..50)));
        }
    }
    document.paths = paths(document);
}

/// Round trips from data centres to all, and between the networks of one provider: 2 ms, and 20 ms for 1000 km.
fn paths(document: &Document) -> Vec<PathRow> {
    let mut paths = Vec::new();
    for from in &document.networks {
        for to in document.networks.iter().filter(|to| to.id != from.id && to.kind.as_deref() == Some("isp")) {
            let centre = from.kind.as_deref() == Some("datacentre");
            if !(centre || from.kind == to.kind && from.asn == to.asn) {
                continue;
            }
            let apart = |a: Option<f64>, b: Option<f64>| a.zip(b).map_or(0.0, |(a, b)| 111.0 * (a - b));
            let km = apart(from.lat, to.lat).hypot(apart(from.lon, to.lon));
            let rtt_ms = (2.0 + km * 0.02) * 10.0;
            paths.push(PathRow { from: from.id.clone(), to: to.id.clone(), rtt_ms: Some(rtt_ms.round() / 10.0), loss: None });
        }
    }
    paths
}
