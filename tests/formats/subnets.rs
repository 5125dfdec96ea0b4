//! Subnets of an enterprise.

use super::{homes, link, peer, source, told};
use pleach::engine::{Cancel, Options, Silent, solve};
use pleach::instance::document::{Document, RequestRow};
use pleach::instance::import::subnets::import;
use pleach::instance::import::{Made, document, settle};
use pleach::instance::{Faults, Instance};
use pleach::parameters::Model;
use pleach::plan::write::write;
use serde_json::{Value, json};

/// 10/8 is off but for 10.1/16, of which 10.1.2/24 is off again; the laboratory only consumes.
pub const SUBNETS: &str = "\
name,cidr,mode
campus,10.0.0.0/8,off
floor,10.1.0.0/16,on
safe,10.1.2.0/24,off
safe,10.1.2.128/25,off
lab,2001:db8::/32,consume-only
";

fn read(text: &str, into: Option<&Document>) -> Result<Made, Faults> {
    import(&source("subnets.csv", text), into)
}

/// An origin that can send ten copies and seven viewers who can send four each, all in one place.
fn base() -> Document {
    let text = r#"{"format": "pleach/instance/1", "name": "office", "time": "2026-11-22T19:30:00Z",
      "contents": [{"id": "film", "bitrate_kbps": 1000, "substreams": 1}],
      "networks": [{"id": "isp1", "country": "DE", "lat": 50, "lon": 8}, {"id": "isp2", "country": "DE", "lat": 50, "lon": 8}],
      "links": [{"id": "isp1>isp2", "from": "isp1", "to": "isp2"}, {"id": "isp2>isp1", "from": "isp2", "to": "isp1"}],
      "nodes": [{"id": "origin", "role": "origin", "network": "isp1", "uplink_kbps": 10000}],
      "holdings": [{"node": "origin", "content": "film"}]}"#;
    let viewers = [
        ("campus1", "isp1", "10.9.0.1"),
        ("floor1", "isp2", "10.1.9.1"),
        ("floor2", "isp2", "10.1.9.2"),
        ("floor3", "isp1", "10.1.9.3"),
        ("lab1", "isp1", "2001:db8::9"),
        ("out1", "isp1", "192.0.2.1"),
        ("safe1", "isp1", "10.1.2.200"),
    ];
    let mut base = document(text.as_bytes()).unwrap();
    for (id, network, ip) in viewers {
        base.nodes.push(peer(id, network, Some(ip)));
        base.requests.push(RequestRow { node: id.into(), content: "film".into(), weight: None });
    }
    base
}

#[test]
fn a_mode_holds_for_the_longest_prefix() {
    let made = read(SUBNETS, None).unwrap();
    let policies = serde_json::to_value(&made.document.policies).unwrap();
    let off = json!([{"ip": ["10.1.2.0/24"]}, {"ip": ["10.0.0.0/8"], "not": {"ip": ["10.1.0.0/16"]}}]);
    let found = |row: usize, side: &str| policies[row][side].clone();
    assert_eq!(policies.as_array().unwrap().len(), 3);
    assert_eq!((found(0, "id"), found(0, "source")), (json!("subnets-off-send"), json!({"role": ["peer"], "any": off})));
    assert_eq!((found(1, "source"), found(1, "destination")), (json!({"role": ["peer"]}), json!({ "any": off })));
    let lab = json!({"role": ["peer"], "ip": ["2001:db8::/32"]});
    assert_eq!((found(2, "id"), found(2, "source")), (json!("subnets-consume-only"), lab));
    let ids: Vec<_> = made.document.networks.iter().map(|row| (row.id.as_str(), row.kind.as_deref().unwrap())).collect();
    assert_eq!(ids, ["campus", "floor", "lab", "safe"].map(|id| (id, "enterprise")));
}

#[test]
fn nodes_move_to_their_site_which_hangs_where_most_came_from() {
    let made = read(SUBNETS, Some(&base())).unwrap();
    let wanted = ["campus1=campus", "floor1=floor", "floor2=floor", "floor3=floor", "lab1=lab", "safe1=safe"];
    assert_eq!(homes(&made.document), wanted);
    let document = &made.document;
    assert_eq!(document.links.len(), 8);
    assert_eq!((link(document, "floor>isp2").cost, link(document, "isp2>floor").capacity_kbps), (Some(0.0), None));
    assert_eq!((document.networks[1].country.as_deref(), document.networks[1].lat), (Some("DE"), Some(50.0)));
    let mut known = base();
    known.networks[1].id = "floor".into();
    let made = read(SUBNETS, Some(&known)).unwrap();
    assert!(made.document.networks.iter().all(|row| row.id != "floor"));
    assert!(made.document.links.iter().all(|row| row.from != "floor" && row.to != "floor"));
}

/// The origin could send all 7 copies; peers are cheaper wherever the policies let them send.
#[test]
fn peers_send_only_where_they_may() {
    let made = read(SUBNETS, Some(&base())).unwrap();
    let (instance, warnings) = Instance::from_document(settle(made.document, Some(base()))).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let options = Options::new(Model::shipped("live").unwrap());
    let plan = solve(&instance, &options, &mut Silent, &Cancel::default()).plan;
    assert_eq!(plan.statistics.served, 7);
    let mut text = Vec::new();
    write(&plan, &instance, &mut text).unwrap();
    let text: Value = serde_json::from_slice(&text).unwrap();
    let parent = |node: &str| {
        let rows = text["assignments"].as_array().unwrap();
        rows.iter().find(|row| row["node"] == node).unwrap()["parents"][0].as_str().unwrap().to_owned()
    };
    assert_eq!([parent("campus1"), parent("safe1")], ["origin", "origin"]);
    let senders: Vec<String> = ["campus1", "floor1", "floor2", "floor3", "lab1", "out1", "safe1"].map(parent).to_vec();
    assert!(senders.iter().all(|id| id == "origin" || id.starts_with("floor") || id == "out1"), "{senders:?}");
    assert_ne!(parent("lab1"), "origin");
}

#[test]
fn every_broken_line_is_told() {
    let text = "name,cidr,mode\na,10.0.0.0/8,on\nb,10.0.0.9/8,off\nc,10.0.0.0/33,on\n,10.2.0.0/16,maybe\nd,10.3.0.0/16\n";
    let wanted = ["3 duplicate_entry", "4 bad_address", "5 missing_field", "5 unknown_word", "6 syntax"];
    assert_eq!(told(read(text, None)), wanted.map(|at| format!("subnets.csv:{at}")));
    assert_eq!(told(read("10.0.0.0/8,on\n", None)), ["subnets.csv:1 missing_field"; 3]);
}
