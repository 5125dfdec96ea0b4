//! Bad input: each code has its file, all faults come in one report, and no text whatever makes the reader panic.

mod corruption;

use corruption::{corrupted, places};
use pleach::instance::fault::{Code, Severity};
use pleach::instance::{Fault, Faults, Instance, condition};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde_json::Value;
use std::path::PathBuf;

/// A small valid instance that uses every list and most fields.
const WHOLE: &str = r#"{"format": "pleach/instance/1", "name": "whole", "time": "2026-11-22T19:30:00Z",
"contents": [{"id": "final", "kind": "live", "bitrate_kbps": 4000, "substreams": 4, "min_substreams": 2, "size_mb": null,
  "category": "sport", "media": "video", "attributes": {"paid": true, "age": 16, "team": "a"}}],
"nodes": [{"id": "o1", "role": "origin", "network": "a", "uplink_kbps": 40000},
 {"id": "c1", "role": "peer", "network": "b", "uplink_kbps": 3000, "downlink_kbps": 20000, "nat": "port_restricted",
  "access": "dsl", "country": "DE", "region": "eu", "lat": 52.5, "lon": 13.4, "ip": "203.0.113.7", "affinity": ["f"],
  "clusters": ["eu-3"], "max_children": 16, "relay_contents": 0, "storage_mb": 4000, "loss": 0.01, "availability": 0.97,
  "cost": 0, "attributes": {"plan": "premium"}}],
"holdings": [{"node": "o1", "content": "final", "substreams": [0, 1, 2, 3]}],
"requests": [{"node": "c1", "content": "final", "weight": 1.5}],
"networks": [{"id": "a", "kind": "isp", "as": 64500, "country": "DE", "lat": 52.5, "lon": 13.4}, {"id": "b"}, {"id": "c"}],
"links": [{"id": "a>b", "from": "a", "to": "b", "capacity_kbps": 20000, "used_kbps": 0, "cost": 0.5, "kind": "peering",
  "state": "up", "month_to_date_gb": 120, "weight": 1}, {"id": "b>c", "from": "b", "to": "c"}],
"routes": [{"from": "a", "to": "c", "links": ["a>b", "b>c"], "when": {"link_state": {"link": "a>b", "is": ["up"]}}}],
"paths": [{"from": "a", "to": "b", "rtt_ms": 23.0, "loss": 0.002}, {"from": "o1", "to": "c1", "rtt_ms": 9}],
"clusters": [{"id": "eu-3", "level": 3, "region": "eu"}],
"policies": [{"id": "blackout", "owner": "provider", "rank": 1, "relaxable": true,
  "when": {"hours": {"days": ["mon", "tue"], "from": "09:00", "to": "17:00", "timezone": "Europe/Berlin"},
   "link_volume_gb": {"link": "a>b", "above": 100}},
  "source": {"ip": ["203.0.113.0/24"], "not": {"network.kind": ["isp"]}, "any": [{"level": {"max": 2}}, {"cost": [0, 1]}]},
  "destination": {"country": ["DE"], "attributes.plan": {"present": false}}, "content": {"id": ["final"]},
  "crosses": {"kind": ["transit"]}, "relation": {"same": ["network"], "any": [{"shares_affinity": true}]},
  "rule": {"forbid": {}}},
 {"id": "share", "rule": {"limit_node_rate": {"max_fraction": 0.25}}}, {"id": "weigh", "rule": {"priority": {"weight": 2.5}}}],
"previous": [{"node": "c1", "content": "final", "parents": ["o1", "gone", null, ["o1", "c1"]]}]}"#;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instances/invalid")
}

/// What reading reports, warnings too.
fn faults(text: impl Into<Vec<u8>>) -> Vec<Fault> {
    match Instance::from_json(text) {
        Ok((_, warnings)) => warnings,
        Err(Faults(faults)) => faults,
    }
}

fn codes_and_paths(text: &str) -> Vec<(&'static str, String)> {
    faults(text).into_iter().map(|fault| (fault.code.word(), fault.path)).collect()
}

/// The codes and paths of `WHOLE` with one text replaced.
fn changed(from: &str, to: &str) -> Vec<(&'static str, String)> {
    assert!(WHOLE.contains(from), "{from}");
    codes_and_paths(&WHOLE.replacen(from, to, 1))
}

#[test]
fn each_file_has_the_fault_that_it_is_named_after_and_no_other() {
    for (code, ..) in Code::ALL {
        let path = folder().join(format!("{}.json", code.word()));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        let found: Vec<Code> = faults(text).into_iter().map(|fault| fault.code).collect();
        match code {
            // What policies match is known above the reading; the reader must take the file.
            Code::MatchesNothing => assert_eq!(found, []),
            code => assert_eq!(found, [*code]),
        }
    }
}

#[test]
fn the_index_of_codes_is_that_of_the_program() {
    let text = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let listed: Vec<&str> = text.lines().filter(|line| line.starts_with("| [")).collect();
    let row = |(code, meaning, remedy): &(Code, &str, &str)| {
        let (word, severity) = (code.word(), if code.severity() == Severity::Error { "error" } else { "warning" });
        format!("| [`{word}`]({word}.json) | {severity} | {meaning} | {remedy} |")
    };
    assert_eq!(listed, Code::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn ten_different_faults_give_ten_reports_in_the_order_of_the_file() {
    let text = r#"{"format": "pleach/instance/2", "name": "ten", "time": "now",
        "contents": [{"id": "film", "bitrate_kbps": 0, "substreams": 2}],
        "nodes": [{"id": "a", "role": "sever", "network": "n", "uplink_kbps": 1},
                  {"id": "a", "role": "peer", "network": "m", "uplink_kbps": 1, "uplink": 2},
                  {"id": "c", "role": "peer", "network": "n"}],
        "networks": [{"id": "n"}],
        "policies": [{"id": "p", "destination": {"country": "DE"}, "rule": {"forbid": {}}},
                     {"id": "q", "rule": {"degrade": {"min_substreams": 0}}}]}"#;
    let expected = [
        ("wrong_format", "$.format"),
        ("bad_time", "$.time"),
        ("out_of_range", "$.contents[0].bitrate_kbps"),
        ("unknown_word", "$.nodes[0].role"),
        ("unknown_field", "$.nodes[1].uplink"),
        ("duplicate_id", "$.nodes[1].id"),
        ("dangling_reference", "$.nodes[1].network"),
        ("missing_field", "$.nodes[2]"),
        ("not_a_list", "$.policies[0].destination.country"),
        ("out_of_range", "$.policies[1].rule.degrade.min_substreams"),
    ];
    assert_eq!(codes_and_paths(text), expected.map(|(code, path)| (code, path.to_owned())));
}

#[test]
fn the_whole_instance_is_read_without_a_fault() {
    assert_eq!(codes_and_paths(WHOLE), []);
}

#[test]
fn every_fault_is_told_at_its_place() {
    let cases = [
        (r#""uplink_kbps": 40000"#, r#""uplink_kbps": -1"#, "out_of_range", "$.nodes[0].uplink_kbps"),
        (r#""uplink_kbps": 40000"#, r#""uplink_kbps": 1.5"#, "out_of_range", "$.nodes[0].uplink_kbps"),
        (r#""uplink_kbps": 40000"#, r#""uplink_kbps": 1000000000001"#, "out_of_range", "$.nodes[0].uplink_kbps"),
        (r#""uplink_kbps": 40000"#, r#""uplink_kbps": null"#, "missing_field", "$.nodes[0]"),
        (r#""cost": 0.5"#, r#""cost": 1e999"#, "out_of_range", "$.links[0].cost"),
        (r#""weight": 1.5"#, r#""weight": 0"#, "out_of_range", "$.requests[0].weight"),
        (r#""weight": 1.5"#, r#""weight": 0.0000001"#, "out_of_range", "$.requests[0].weight"),
        (r#""weight": 1.5"#, r#""weight": 1e-7"#, "out_of_range", "$.requests[0].weight"),
        (r#""weight": 2.5"#, r#""weight": -2"#, "out_of_range", "$.policies[2].rule.priority.weight"),
        (r#""weight": 1}"#, r#""weight": 0}"#, "out_of_range", "$.links[0].weight"),
        (r#""min_substreams": 2"#, r#""min_substreams": 5"#, "out_of_range", "$.contents[0].min_substreams"),
        (r#"[0, 1, 2, 3]"#, r#"[0, 4]"#, "out_of_range", "$.holdings[0].substreams[1]"),
        (r#""lat": 52.5, "lon": 13.4, "ip""#, r#""lat": 52.5, "ip""#, "missing_field", "$.nodes[1]"),
        (r#""level": 3"#, r#""level": 4"#, "out_of_range", "$.clusters[0].level"),
        (r#""affinity": ["f"]"#, r#""affinity": "f""#, "not_a_list", "$.nodes[1].affinity"),
        (r#""affinity": ["f"]"#, r#""affinity": [1]"#, "wrong_type", "$.nodes[1].affinity[0]"),
        (r#""clusters": ["eu-3"]"#, r#""clusters": ["eu-3", "x"]"#, "dangling_reference", "$.nodes[1].clusters[1]"),
        (r#""links": ["a>b", "b>c"]"#, r#""links": ["a>b", "b>d"]"#, "dangling_reference", "$.routes[0].links[1]"),
        (r#""links": ["a>b", "b>c"]"#, r#""links": ["b>c"]"#, "broken_route", "$.routes[0].links[0]"),
        (r#""links": ["a>b", "b>c"]"#, r#""links": ["a>b"]"#, "broken_route", "$.routes[0].links"),
        (r#"{"link": "a>b", "is""#, r#"{"link": "z", "is""#, "dangling_reference", "$.routes[0].when.link_state.link"),
        (r#""o1", "to": "c1""#, r#""o1", "to": "b""#, "dangling_reference", "$.paths[1].to"),
        (r#""o1", "to": "c1""#, r#""a", "to": "b""#, "duplicate_entry", "$.paths[1]"),
        (r#""timezone": "Europe/Berlin""#, r#""timezone": "Mars""#, "bad_time", "$.policies[0].when.hours.timezone"),
        (r#""from": "09:00""#, r#""from": "9:00""#, "bad_time", "$.policies[0].when.hours.from"),
        (r#""to": "17:00""#, r#""to": "24:01""#, "bad_time", "$.policies[0].when.hours.to"),
        (r#""days": ["mon", "tue"]"#, r#""days": "mon""#, "not_a_list", "$.policies[0].when.hours.days"),
        (r#"["203.0.113.0/24"]"#, r#"["203.0.113.0/33"]"#, "bad_address", "$.policies[0].source.ip[0]"),
        (r#"{"max": 2}"#, r#"{"mux": 2}"#, "unknown_field", "$.policies[0].source.any[0].level.mux"),
        (
            r#""network.kind": ["isp"]"#,
            r#""network.kin": ["isp"]"#,
            "unknown_field",
            r#"$.policies[0].source.not["network.kin"]"#,
        ),
        (r#""country": ["DE"], "a"#, r#""country": {"min": 1}, "a"#, "bad_selector", "$.policies[0].destination.country"),
        (r#"{"present": false}"#, r#"{}"#, "bad_selector", r#"$.policies[0].destination["attributes.plan"]"#),
        (r#""cost": [0, 1]"#, r#""cost": ["0"]"#, "wrong_type", "$.policies[0].source.any[1].cost[0]"),
        (r#"{"kind": ["transit"]}"#, r#"{"country": ["DE"]}"#, "unknown_field", "$.policies[0].crosses.country"),
        (r#""same": ["network"]"#, r#""same": ["netwrk"]"#, "unknown_field", "$.policies[0].relation.same[0]"),
        (r#""forbid": {}"#, r#""forbit": {}"#, "unknown_field", "$.policies[0].rule.forbit"),
        (r#""forbid": {}"#, r#""forbid": {"max_kbps": 1}"#, "unknown_field", "$.policies[0].rule.forbid.max_kbps"),
        (r#""forbid": {}"#, "", "bad_rule", "$.policies[0].rule"),
        (r#""max_fraction": 0.25"#, r#""max_fraction": 1.01"#, "out_of_range", "$.policies[1].rule.limit_node_rate.max_fraction"),
        (r#""max_fraction": 0.25"#, "", "bad_rule", "$.policies[1].rule.limit_node_rate"),
        (r#""id": "share""#, r#""id": "blackout""#, "duplicate_id", "$.policies[1].id"),
        (r#""rank": 1"#, r#""rank": 0"#, "out_of_range", "$.policies[0].rank"),
        (r#""parents": ["#, r#""parents": [7, "#, "wrong_type", "$.previous[0].parents[0]"),
        (r#""age": 16"#, r#""age": [16]"#, "wrong_type", "$.contents[0].attributes.age"),
        (r#""age": 16"#, r#""age": 16, "age": 17"#, "duplicate_key", "$.contents[0].attributes.age"),
        (r#""name": "whole""#, r#""name": "whole", "name": "whole""#, "duplicate_key", "$.name"),
        (r#""name": "whole""#, r#""nam": "whole", "name": "whole""#, "unknown_field", "$.nam"),
    ];
    for (from, to, code, path) in cases {
        assert_eq!(changed(from, to), [(code, path.to_owned())], "{from} -> {to}");
    }
}

#[test]
fn an_unknown_field_is_answered_with_the_nearest_name() {
    let text = WHOLE.replacen("\"downlink_kbps\"", "\"downlnk_kbps\"", 1);
    let found = faults(text).into_iter().find(|fault| fault.code == Code::UnknownField).unwrap();
    assert!(found.remedy.contains("\"downlink_kbps\""), "{found}");
}

#[test]
fn a_bare_value_is_answered_with_the_list_to_write() {
    let text = WHOLE.replacen(r#""country": ["DE"]"#, r#""country": "DE""#, 1);
    let found = faults(text).into_iter().find(|fault| fault.code == Code::NotAList).unwrap();
    assert!(found.remedy.contains(r#"write ["DE"]"#), "{found}");
}

#[test]
fn a_syntax_fault_is_told_with_line_and_column_and_alone() {
    let found = faults("{\"format\": \"x\",\n \"name\": }");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, Code::Syntax);
    assert!(found[0].what.starts_with("line 2, column 10"), "{}", found[0]);
    let found = faults(b"{\n\"name\": \"\xff\"}".to_vec());
    assert!(found[0].code == Code::Syntax && found[0].what.starts_with("line 2, column 10"), "{}", found[0]);
}

#[test]
fn what_begins_with_x_is_ignored_and_null_is_absent() {
    assert_eq!(changed(r#""name": "whole""#, r#""name": "whole", "x-note": [{"deep": 1e999}]"#), []);
    assert_eq!(changed(r#""nat": "port_restricted""#, r#""nat": null, "x-nat": 1, "x-nat": 2"#), []);
    assert_eq!(changed(r#""forbid": {}"#, r#""forbid": {"x-why": "law"}, "x-note": 1"#), []);
    assert_eq!(changed(r#""uplink_kbps": 40000"#, r#""uplink_kbps": 4e4"#), []);
    assert_eq!(changed(r#""weight": 1.5"#, r#""weight": 1.5000000000"#), []);
}

#[test]
fn a_row_with_a_fault_leaves_no_reference_to_it_dangling() {
    assert_eq!(changed(r#""role": "origin""#, r#""role": 1"#), [("wrong_type", "$.nodes[0].role".to_owned())]);
}

#[test]
fn deep_and_long_texts_are_faults_and_no_panics() {
    let deep = |open: &str, close: &str| format!("{}{{}}{}", open.repeat(100_000), close.repeat(100_000));
    let selector = deep(r#"{"not":"#, "}");
    let found = changed(r#""destination": {"#, &format!(r#""destination": {{"not": {selector}, "#));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "bad_selector");
    let list = deep("[", "]");
    assert_eq!(changed(r#""plan": "premium""#, &format!(r#""plan": {list}"#)).len(), 1);
    assert_eq!(faults("[".repeat(1_000_000)).len(), 1);
    assert_eq!(changed(r#""age": 16"#, &format!(r#""age": 1{}"#, "0".repeat(100_000))).len(), 1);
}

/// Reads a corrupted text. Whatever comes is an instance that can be used, or faults that name a place.
fn read(text: Vec<u8>) -> bool {
    match Instance::from_json(text) {
        Ok((instance, _)) => {
            let held = instance.policies.iter().filter(|policy| condition::holds(&policy.when, &instance)).count();
            held <= instance.policies.len() && instance.nodes.pairs().all(|(id, node)| instance.node(&node.id) == Some(id))
        }
        Err(Faults(faults)) => {
            let named = faults.iter().all(|fault| fault.path.starts_with('$') && !fault.what.is_empty());
            named && faults.iter().any(|fault| fault.severity() == Severity::Error)
        }
    }
}

#[test]
fn a_hundred_thousand_corruptions_give_instances_or_faults_and_no_panic() {
    let mut bases = vec![WHOLE.to_owned()];
    for code in ["not_relaxable", "matches_nothing", "broken_route"] {
        bases.push(std::fs::read_to_string(folder().join(format!("{code}.json"))).unwrap());
    }
    let mut rng = Pcg64::seed_from_u64(8_458_333);
    for base in bases {
        let value: Value = serde_json::from_str(&base).unwrap();
        let mut all = Vec::new();
        places(&value, String::new(), &mut all);
        for _ in 0..25_000 {
            let text = corrupted(&base, &value, &all, &mut rng);
            assert!(read(text.clone()), "{}", String::from_utf8_lossy(&text));
        }
    }
}
