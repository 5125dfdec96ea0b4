//! ALTO maps.

use super::{homes, link, part, peer, source, told};
use pleach::instance::Faults;
use pleach::instance::document::Document;
use pleach::instance::import::Made;
use pleach::instance::import::alto::import;
use serde_json::{Value, json};

pub fn network_map() -> Value {
    json!({"meta": {"vtag": {"resource-id": "net", "tag": "1"}}, "network-map": {
        "far": {"ipv4": ["0.0.0.0/0"], "ipv6": ["::/0"]},
        "home": {"ipv4": ["192.0.2.0/24", "198.51.100.0/25"]},
        "near": {"ipv4": ["198.51.100.128/25"], "ipv6": ["2001:db8::/32"]}}})
}

fn cost_map(mode: &str, metric: &str, costs: Value) -> Value {
    json!({"meta": {"dependent-vtags": [{"resource-id": "net", "tag": "1"}],
                    "cost-type": {"cost-mode": mode, "cost-metric": metric}}, "cost-map": costs})
}

fn costs() -> Value {
    json!({"home": {"home": 1, "near": 5, "far": 10}, "near": {"home": 5, "near": 0, "far": 20}})
}

fn read(maps: &[Value], factor: Option<f64>, into: Option<&Document>) -> Result<Made, Faults> {
    let name = |at| format!("{at}.json");
    let sources: Vec<_> = maps.iter().enumerate().map(|(at, map)| source(&name(at), &map.to_string())).collect();
    import(&sources, factor, into)
}

/// Between PIDs: 5, 10, 5, 20; their mean 10 is 0.1.
#[test]
fn numerical_costs_are_links_scaled_to_a_mean_of_a_tenth() {
    let document = part(read(&[network_map(), cost_map("numerical", "routingcost", costs())], None, None));
    let found: Vec<_> = document.links.iter().map(|link| (link.id.as_str(), link.cost.unwrap())).collect();
    let wanted = [("home>far", 0.1), ("home>home", 0.01), ("home>near", 0.05), ("near>far", 0.2), ("near>home", 0.05)];
    let mut found = found;
    found.sort_by(|a, b| a.0.cmp(b.0));
    assert_eq!(found, wanted);
    assert!(document.links.iter().all(|link| link.weight.is_none() && link.capacity_kbps.is_none()));
    let document = part(read(&[cost_map("numerical", "hopcount", costs()), network_map()], Some(0.02), None));
    assert_eq!(link(&document, "home>far").cost, Some(0.2));
}

/// Ranks of 0, 1, 5, 10, 20 are 0 to 4; between PIDs 2, 3, 2, 4 of mean 2.75.
#[test]
fn of_ordinal_costs_only_the_order_counts() {
    let document = part(read(&[network_map(), cost_map("ordinal", "routingcost", costs())], Some(9.0), None));
    assert_eq!(link(&document, "near>far").cost, Some(0.145_455));
    assert_eq!(link(&document, "home>near").cost, Some(0.072_727));
}

#[test]
fn round_trips_are_paths_in_milliseconds() {
    let delays = json!({"home": {"near": 12500}});
    let document = part(read(&[network_map(), cost_map("numerical", "delay-rtt", delays)], None, None));
    assert_eq!((document.links.len(), document.paths.len(), document.paths[0].rtt_ms), (0, 1, Some(12.5)));
}

#[test]
fn nodes_move_to_the_pid_of_their_longest_prefix() {
    let base = Document {
        nodes: vec![
            peer("a", "old", Some("192.0.2.9")),
            peer("b", "old", Some("198.51.100.200")),
            peer("c", "old", Some("2001:db8::1")),
            peer("d", "old", Some("2001:db9::1")),
            peer("e", "old", Some("::ffff:192.0.2.1")),
            peer("f", "old", None),
        ],
        ..Document::default()
    };
    let made = read(&[network_map()], None, Some(&base)).unwrap();
    assert_eq!(homes(&made.document), ["a=home", "b=near", "c=near", "d=far", "e=home"]);
    assert!(made.notes.iter().any(|note| note.contains("1 nodes have no address")));
}

#[test]
fn every_fault_is_told_with_its_place() {
    let mut map = network_map();
    map["network-map"]["home"]["ipv4"] = json!(["198.51.100.128/25", "x", 7]);
    let bad = cost_map("numerical", "routingcost", json!({"home": {"gone": 1, "near": -1}, "lost": 5}));
    let wanted = [
        "0.json: $.network-map.home.ipv4[1] bad_address",
        "0.json: $.network-map.home.ipv4[2] bad_address",
        "0.json: $.network-map.near.ipv4[0] duplicate_entry",
        "1.json: $.cost-map.home.gone dangling_reference",
        "1.json: $.cost-map.home.near out_of_range",
        "1.json: $.cost-map.lost dangling_reference",
        "1.json: $.cost-map.lost wrong_type",
    ];
    assert_eq!(told(read(&[map, bad], None, None)), wanted);
    let mut stale = cost_map("numerical", "routingcost", costs());
    stale["meta"]["dependent-vtags"][0]["tag"] = json!("2");
    let odd = [cost_map("odd", "routingcost", costs()), cost_map("numerical", "smell", costs()), stale];
    let wanted = [
        "1.json: $.meta.cost-type.cost-mode unknown_word",
        "2.json: $.meta.cost-type.cost-metric unknown_word",
        "3.json: $.meta.dependent-vtags[0] dangling_reference",
    ];
    assert_eq!(told(read(&[&[network_map()][..], &odd].concat(), None, None)), wanted);
    assert_eq!(told(read(&[], None, None)), ["$.network-map missing_field"]);
    assert_eq!(told(import(&[source("m.json", "{\n nothing")], None, None)), ["m.json:2 syntax"]);
}
