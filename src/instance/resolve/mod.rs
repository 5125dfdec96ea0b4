//! Rows to tables: names become dense ids in canonical order, defaults are filled in, references are checked.

mod pairs;
mod policies;
mod previous;
mod routes;
mod tables;

pub(super) use policies::Placed;

use super::decode::At;
use super::document::Document;
use super::fault::{self, Fault, Faults, Severity};
use super::{Instance, Names};
use crate::ids::Table;
use hashbrown::HashTable;
use jiff::Timestamp;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

/// Hashes of the texts that an instance was made from.
pub(super) struct Hashes {
    pub instance: String,
    pub policies: Option<String>,
}

/// Makes the instance, or reports everything that is wrong with the document, `faults` found by decoding included.
/// What is left in `Ok` are warnings.
pub(super) fn resolve(
    document: Document,
    policies: Placed,
    hashes: Hashes,
    mut faults: Vec<Fault>,
) -> Result<(Instance, Vec<Fault>), Faults> {
    let at = At::root("");
    let contents = tables::contents(document.contents, at.field("contents"), &mut faults);
    let networks = tables::networks(document.networks, at.field("networks"), &mut faults);
    let clusters = tables::clusters(document.clusters, at.field("clusters"), &mut faults);
    let nodes = tables::nodes(document.nodes, &networks, &clusters, at.field("nodes"), &mut faults);
    let links = tables::links(document.links, &networks, at.field("links"), &mut faults);
    let mut instance = Instance {
        name: document.name,
        time: document.time.parse::<Timestamp>().unwrap_or_default(),
        sha256: hashes.instance,
        policies_sha256: hashes.policies,
        previous_sha256: None,
        node_names: name_all(nodes.as_slice().iter().map(|node| &node.id)),
        contents,
        nodes,
        networks,
        links,
        clusters,
        requests: Table::default(),
        holdings: Vec::new(),
        routes: Vec::new(),
        paths: Vec::new(),
        policies: Vec::new(),
        previous: Vec::new(),
    };
    instance.requests = pairs::requests(&document.requests, &instance, at.field("requests"), &mut faults);
    instance.holdings = pairs::holdings(&document.holdings, &instance, at.field("holdings"), &mut faults);
    instance.routes = routes::routes(document.routes, &instance, at.field("routes"), &mut faults);
    instance.paths = routes::paths(&document.paths, &instance, at.field("paths"), &mut faults);
    instance.policies = policies.resolve(&instance, &mut faults);
    instance.previous = previous::previous(&document.previous, &instance, at.field("previous"), &mut faults);
    fault::sort(&mut faults);
    match faults.iter().any(|fault| fault.severity() == Severity::Error) {
        true => Err(Faults(faults)),
        false => Ok((instance, faults)),
    }
}

/// Finds the row that has a name.
pub(super) fn find_name<'n>(names: &Names, id: &str, name: impl Fn(usize) -> &'n SmolStr) -> Option<usize> {
    names.find(hash(id), |row| name(*row as usize) == id).map(|row| *row as usize)
}

/// A table of the names, the first row of each; they need not be distinct.
fn name_all<'n>(names: impl ExactSizeIterator<Item = &'n SmolStr> + Clone) -> Names {
    let hashes: Vec<u64> = names.map(|name| hash(name)).collect();
    let mut table = HashTable::with_capacity(hashes.len());
    for (row, hash) in hashes.iter().enumerate() {
        table.insert_unique(*hash, row as u32, |row| hashes[*row as usize]);
    }
    table
}

fn hash(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

/// Runs `read` on row after row, perhaps on many threads; the faults of one row stay together and in order.
fn collect_faults<T>(faults: &Mutex<&mut Vec<Fault>>, read: impl FnOnce(&mut Vec<Fault>) -> T) -> T {
    let mut found = Vec::new();
    let value = read(&mut found);
    if !found.is_empty() {
        faults.lock().unwrap_or_else(PoisonError::into_inner).append(&mut found);
    }
    value
}

/// What a name refers to; a name that was refused already is not reported again.
fn refer<I>(id: &str, list: &str, found: Option<I>, at: At<'_>, faults: &mut Vec<Fault>) -> Option<I> {
    if found.is_none() && !id.is_empty() {
        let what = format!("no row of {list} has the id {id:?}");
        faults.push(Fault::new(fault::Code::DanglingReference, at, what, format!("add it to {list}, or mend the name")));
    }
    found
}
