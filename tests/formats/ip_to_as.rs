//! Tables from address to autonomous system.

use super::mmdb::{Value, database};
use super::{homes, peer, source, told};
use pleach::instance::document::{Document, NetworkRow};
use pleach::instance::import::ip_to_as::import;
use pleach::instance::import::{Made, Source, settle};
use pleach::instance::{Faults, Instance};

pub const TABLE: &str = "prefix,as,name\n10.0.0.0/8,64500,ten\n10.1.0.0/16,AS64501,\"ten, one\"\n2001:db8::/32,64500,six\n";

/// Two networks have AS 64500; `c` sits in the later of them.
pub fn base() -> Document {
    let network = |id: &str, asn| NetworkRow { id: id.into(), kind: None, asn, country: None, lat: None, lon: None };
    Document {
        format: "pleach/instance/1".into(),
        name: "base".into(),
        time: "2026-11-22T19:30:00Z".into(),
        networks: vec![network("old", None), network("sp-b", Some(64500)), network("sp-a", Some(64500))],
        nodes: vec![
            peer("a", "old", Some("10.9.9.9")),
            peer("b", "old", Some("10.1.9.9")),
            peer("c", "sp-b", Some("10.2.0.1")),
            peer("d", "old", Some("2001:db8::1")),
            peer("e", "old", Some("192.0.2.1")),
            peer("f", "old", None),
        ],
        ..Document::default()
    }
}

fn read(table: &Source) -> Result<Made, Faults> {
    import(table, &base())
}

#[test]
fn a_node_moves_to_the_network_of_its_longest_prefix() {
    let made = read(&source("table.csv", TABLE)).unwrap();
    assert_eq!(homes(&made.document), ["a=sp-a", "b=as64501", "d=sp-a"]);
    let new: Vec<_> = made.document.networks.iter().map(|row| (row.id.as_str(), row.asn)).collect();
    assert_eq!(new, [("as64501", Some(64501))]);
    let notes = made.notes.join("\n");
    for told in ["3 nodes change their network, 1 were", "1 nodes are in none of the prefixes and stay: e", "1 nodes have no"] {
        assert!(notes.contains(told), "{told}: {notes}");
    }
    let (instance, _) = Instance::from_document(settle(made.document, Some(base()))).unwrap();
    assert_eq!(instance.nodes.len(), 6);
}

#[test]
fn other_tables_say_the_same() {
    let wanted = homes(&read(&source("t", TABLE)).unwrap().document);
    let geolite = "network,autonomous_system_number,autonomous_system_organization\n10.0.0.0/8,64500,x\n10.1.0.0/16,64501,y\n\
        2001:db8::/32,64500,x\n";
    let caida = "10.0.0.0\t8\t64500\n10.1.0.0\t16\t64501_64502\n2001:db8::\t32\t64500,64503\n";
    for text in [geolite, caida] {
        assert_eq!(homes(&read(&source("t", text)).unwrap().document), wanted);
    }
}

/// 10.1/16 is spelled as text, 10.2/15 as a number under two names; other addresses are not in the tree.
#[test]
fn a_maxmind_database_is_looked_up() {
    let rows = [
        ("0000101000000001", Value::Map(vec![("asn", Value::Text("AS64501"))])),
        ("000010100000001", Value::Map(vec![("autonomous_system_number", Value::Number(64500))])),
        ("0000101000001", Value::Map(vec![("country", Value::Text("ZZ")), ("asn", Value::Number(64502))])),
    ];
    let table = Source::new("asn.mmdb", database(&rows));
    let made = read(&table).unwrap();
    assert_eq!(homes(&made.document), ["a=as64502", "b=as64501"]);
    let notes = made.notes.join("\n");
    assert!(notes.contains("2 nodes are in none of the prefixes and stay: d, e"), "{notes}");
}

#[test]
fn every_broken_line_is_told() {
    let text = "prefix,as\n10.0.0.0/8,64500\n10.0.0.0/8,64501\n10.0.0.0/8,64500\n10.0.0.0/40,x\n10.3.0.0/16\n";
    let wanted = ["3 duplicate_entry", "4 duplicate_entry", "5 bad_address", "5 out_of_range", "6 syntax"];
    assert_eq!(told(read(&source("t.csv", text))), wanted.map(|at| format!("t.csv:{at}")));
    let text = "# comment\n10.0.0.0\t8\t64500\n10.0.0.0\t33\t1\nx\t1\n";
    assert_eq!(told(read(&source("t", text))), ["t:3 bad_address", "t:4 syntax"]);
    assert_eq!(told(read(&source("t", "a,b\n"))), ["t:1 missing_field", "t:1 missing_field"]);
    let torn = Source::new("t.mmdb", b"\x00\x00\xab\xcd\xefMaxMind.com\xe1".to_vec());
    assert_eq!(told(read(&torn)), ["t.mmdb syntax"]);
}
