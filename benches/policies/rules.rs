//! Policies of every kind over the viewers, drawn so that many bind and none empties the instance.

use crate::viewers::{COUNTRIES, PLANS, REGIONS};
use pleach::instance::{Document, Role};
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::{Value, json};

/// How many of two hundred policies have each rule.
const SHARES: [(&str, usize); 14] = [
    ("forbid", 44),
    ("prefer", 30),
    ("limit_node_rate", 24),
    ("priority", 24),
    ("limit_rate", 22),
    ("limit_volume", 10),
    ("protocol", 10),
    ("limit_copies", 8),
    ("degrade", 8),
    ("max_depth", 6),
    ("max_delay", 4),
    ("delay", 4),
    ("redundancy", 4),
    ("require_copies", 2),
];

/// So many policies, as the text of a policies file.
pub fn draw(document: &Document, count: usize, seed: u64) -> Value {
    let rng = &mut Pcg64::seed_from_u64(seed);
    let all: usize = SHARES.iter().map(|(_, share)| share).sum();
    let kinds = SHARES.iter().flat_map(|(rule, share)| std::iter::repeat_n(*rule, *share));
    (0..count).map(|p| policy(rng, document, p, kinds.clone().nth(p * 61 % all).unwrap_or("prefer"))).collect()
}

fn policy(rng: &mut Pcg64, document: &Document, number: usize, rule: &str) -> Value {
    let mut policy = json!({
        "id": format!("{rule}-{number}"),
        "owner": pick(rng, &["network", "provider", "client"]),
        "rank": rng.random_range(1..=5),
    });
    let narrow = |rng: &mut Pcg64| selector(rng, document);
    match rule {
        "forbid" => {
            policy["source"] = few(rng, document);
            policy["destination"] = narrow(rng);
            policy["relation"] = relation(rng);
        }
        "limit_rate" | "limit_volume" => {
            policy["source"] = narrow(rng);
            policy["crosses"] = json!({"kind": [pick(rng, &["transit", "peering", "internal"])]});
        }
        "limit_node_rate" | "prefer" | "protocol" => {
            policy["source"] = narrow(rng);
            policy["relation"] = relation(rng);
        }
        "require_copies" | "limit_copies" => {}
        "redundancy" => policy["destination"] = json!({"id": some_peers(rng, document, 20)}),
        "max_depth" | "max_delay" => {
            policy["destination"] = json!({"attributes.plan": ["premium", "staff"], "region": [pick(rng, &REGIONS)]});
        }
        "delay" => {
            policy["destination"] = json!({"attributes.plan": ["free"], "country": [pick(rng, &COUNTRIES[1..])]});
        }
        _ => policy["destination"] = narrow(rng),
    }
    policy["relaxable"] = json!(rng.random_bool(0.25) && !["prefer", "protocol", "priority", "degrade"].contains(&rule));
    if rng.random_bool(0.1) {
        // In force: it is Sunday, 19:30.
        policy["when"] = json!({"hours": {"days": ["sat", "sun"], "from": "18:00", "to": "23:00"}});
    }
    policy["rule"] = json!({rule: asked(rng, document, rule)});
    policy
}

/// What a rule asks.
fn asked(rng: &mut Pcg64, document: &Document, rule: &str) -> Value {
    let requests = document.requests.len() as u64;
    // A share of what all want.
    let kbps = requests * 4000 * pick(rng, &[1u64, 2, 3, 5]) / 100;
    match rule {
        "forbid" => json!({}),
        "limit_rate" => json!({"max_kbps": kbps}),
        // What is left of the month is 707,400 s.
        "limit_volume" => json!({"max_gb": 100.0 + kbps as f64 * 0.0884, "used_gb": 100, "period_end": "2026-12-01T00:00:00Z"}),
        "limit_node_rate" if rng.random_bool(0.5) => json!({"max_kbps": pick(rng, &[2000, 5000, 8000])}),
        "limit_node_rate" => json!({"max_fraction": pick(rng, &[0.5, 0.75, 0.9])}),
        "limit_copies" => json!({"network": home(rng, document).0, "max": rng.random_range(4..40)}),
        "require_copies" => {
            let (network, link) = home(rng, document);
            json!({"network": network, "links": [link]})
        }
        "prefer" => json!({"cost": pick(rng, &[-0.1, -0.02, 0.05, 0.2, 0.5])}),
        "priority" => json!({"weight": pick(rng, &[0.5, 1.5, 2.0, 3.0])}),
        "delay" => json!({"seconds": pick(rng, &[10, 30])}),
        "redundancy" => json!({"parents": 2, "distinct": pick(rng, &["node", "network"])}),
        "max_depth" => json!({"hops": rng.random_range(8..20)}),
        "max_delay" => json!({"ms": pick(rng, &[60, 100, 150])}),
        "degrade" => json!({"min_substreams": rng.random_range(2..=3)}),
        _ => json!({"name": pick(rng, &["rtp", "quic", "webrtc"])}),
    }
}

/// Some hundreds or thousands of nodes.
fn selector(rng: &mut Pcg64, document: &Document) -> Value {
    match rng.random_range(0..8) {
        0 => json!({"country": [pick(rng, &COUNTRIES[1..])]}),
        1 => json!({"network.as": [64_512 + rng.random_range(0..12)], "region": [pick(rng, &REGIONS)]}),
        2 => json!({"nat": [pick(rng, &["port_restricted", "symmetric", "restricted_cone"])], "access": [access(rng, document)]}),
        3 => json!({"attributes.plan": [PLANS[rng.random_range(0..PLANS.len())].0], "region": [pick(rng, &REGIONS)]}),
        4 => json!({"ip": [format!("10.{}.0.0/14", rng.random_range(0..64) * 4)]}),
        5 => json!({"attributes.age": {"min": rng.random_range(20..60), "max": 64}, "country": [pick(rng, &COUNTRIES[1..])]}),
        6 => {
            json!({"any": [{"network": [home(rng, document).0]}, {"affinity": [format!("friends-{}", rng.random_range(0..50))]}]})
        }
        _ => json!({"not": {"country": [COUNTRIES[0]]}, "uplink_kbps": {"min": 8000}}),
    }
}

/// Some dozens or hundreds.
fn few(rng: &mut Pcg64, document: &Document) -> Value {
    match rng.random_range(0..4) {
        0 => json!({"id": some_peers(rng, document, 25)}),
        1 => {
            json!({"ip": [format!("10.{}.0.0/16", rng.random_range(0..256)), format!("10.{}.128.0/17", rng.random_range(0..256))]})
        }
        2 => json!({"network": [home(rng, document).0, home(rng, document).0]}),
        _ => json!({"affinity": [format!("friends-{}", rng.random_range(0..50))]}),
    }
}

fn relation(rng: &mut Pcg64) -> Value {
    match rng.random_range(0..5) {
        0 => json!({"different": ["country"]}),
        1 => json!({"same": ["network"]}),
        2 => json!({"not": {"shares_affinity": true}}),
        3 => json!({"any": [{"different": ["region"]}, {"different": ["network.as"]}]}),
        _ => Value::Null,
    }
}

fn some_peers(rng: &mut Pcg64, document: &Document, count: usize) -> Vec<String> {
    let peers = document.nodes.iter().filter(|node| node.role == Role::Peer);
    peers.sample(rng, count).into_iter().map(|node| node.id.to_string()).collect()
}

/// The line of some viewer.
fn access(rng: &mut Pcg64, document: &Document) -> String {
    document.nodes.choose(rng).and_then(|node| node.access.as_ref()).map_or("adsl".to_owned(), |access| access.to_string())
}

/// A network with viewers, and the link into it.
fn home(rng: &mut Pcg64, document: &Document) -> (String, String) {
    let viewers = document.networks.iter().filter(|network| network.kind.as_deref() == Some("isp"));
    let id = viewers.choose(rng).map_or_else(String::new, |network| network.id.to_string());
    let link = document.links.iter().find(|link| link.to == id.as_str()).map_or_else(String::new, |link| link.id.to_string());
    (id, link)
}

fn pick<T: Copy>(rng: &mut Pcg64, values: &[T]) -> T {
    values[rng.random_range(0..values.len())]
}
