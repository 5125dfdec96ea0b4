//! Formats that `pleach import` reads: small files made by hand, with results worked out by hand, and broken ones.

mod alto;
mod as_rel;
mod ip_to_as;
mod maps;
mod mmdb;
mod robust;
mod sndlib;
mod subnets;
mod verb;

use pleach::instance::document::{Document, LinkRow, NodeRow, Role};
use pleach::instance::import::{Made, Source};
use pleach::instance::{Faults, Instance};
use pleach::units::Kbps;

/// The part that a format made, checked as an instance.
fn part(made: Result<Made, Faults>) -> Document {
    let made = made.unwrap_or_else(|faults| panic!("{faults}"));
    let time = "2026-11-22T19:30:00Z".to_owned();
    let document = Document { format: "pleach/instance/1".into(), time, ..made.document.clone() };
    Instance::from_document(document).unwrap_or_else(|faults| panic!("{faults}"));
    made.document
}

/// Place and code of every fault.
fn told(made: Result<Made, Faults>) -> Vec<String> {
    let Err(Faults(faults)) = made else { panic!("nothing is wrong") };
    assert!(faults.iter().all(|fault| !fault.what.is_empty() && !fault.remedy.is_empty()));
    faults.iter().map(|fault| format!("{} {}", fault.path, fault.code.word())).collect()
}

fn source(name: &str, text: &str) -> Source {
    Source::new(name, text)
}

fn link<'d>(document: &'d Document, id: &str) -> &'d LinkRow {
    document.links.iter().find(|link| link.id == id).unwrap_or_else(|| panic!("no link {id}"))
}

/// A peer with an address in a network.
fn peer(id: &str, network: &str, ip: Option<&str>) -> NodeRow {
    NodeRow { ip: ip.map(|ip| ip.parse().unwrap()), ..NodeRow::new(id, Role::Peer, network, Kbps(4000)) }
}

/// The networks of nodes, as `node=network`.
fn homes(document: &Document) -> Vec<String> {
    document.nodes.iter().map(|node| format!("{}={}", node.id, node.network)).collect()
}
