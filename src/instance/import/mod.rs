//! Import: instances from measurements that others have published.
//!
//! ```text
//! files --open--> Source --one format--> Made (a part of an instance, notes) --settle--> Document, written as an instance
//! ```
//!
//! A format is one file (or folder) with one function from [`Source`]s and its own options to
//! `Result<Made, Faults>`: the rows that the files speak of, and sentences about what they turned out to be. A format
//! opens nothing and prints nothing. It fills `name` and `time` where the files tell them and leaves them empty where
//! they do not; [`settle()`] fills the rest in, alone or merged into an instance that is there already.
//!
//! What all formats share: [`Source`] (an opened file), [`Complaints`] (every fault of the files, up to
//! [`Complaints::MOST`], each with file and line), and `table` (CSV by the names of its columns). Every fault is found
//! before a file is refused, and a line with a fault is left out of what is built.
//!
//! | format | files | what comes out |
//! | --- | --- | --- |
//! | [`p2plive`] | peers, links | the viewers of a live system at one moment, and the topology in force |
//! | [`maps`] | GML of the Topology Zoo, or SNDlib | points of presence and cables, an audience if asked for |
//! | [`as_rel`] | relations of CAIDA, ports of PeeringDB | systems, transit, peering, exchanges, routes without valleys |
//! | [`alto`] | network map, cost maps (RFC 7285) | PIDs and what it costs between them |
//! | [`subnets`] | names, prefixes, modes | enterprise sites and where peer-to-peer is off |
//! | [`ip_to_as`] | prefixes, AS numbers | the networks of nodes by their address |
//!
//! The same files and options give the same document. The command line is the usual caller; a program calls the same
//! functions.

pub mod alto;
pub mod as_rel;
mod backbone;
mod complaints;
mod gml;
pub mod ip_to_as;
mod located;
pub mod maps;
pub mod p2plive;
mod prefixes;
mod settle;
pub mod sndlib;
mod source;
pub mod subnets;
mod table;
mod topology_zoo;

pub use super::generate::Made;
pub use backbone::{Costs, Wiring};
pub use complaints::Complaints;
pub use settle::{document, settle};
pub use source::Source;

use super::document::NetworkRow;
use smol_str::{SmolStr, format_smolstr};

/// A network of which nothing else is known.
fn network(id: SmolStr, kind: &'static str) -> NetworkRow {
    NetworkRow { id, kind: Some(SmolStr::new_static(kind)), asn: None, country: None, lat: None, lon: None }
}

/// The network of an autonomous system that has none yet.
fn as_network(asn: u32) -> NetworkRow {
    NetworkRow { asn: Some(asn), ..network(format_smolstr!("as{asn}"), "as") }
}
