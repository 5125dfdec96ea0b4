//! Given routes, and measured paths.

use super::{policies, refer};
use crate::ids::{LinkId, NetworkId};
use crate::instance::decode::At;
use crate::instance::document::{PathRow, RouteRow};
use crate::instance::fault::{Code, Fault};
use crate::instance::{Ends, Instance, Path, Route};
use rustc_hash::FxHashMap;

pub(super) fn routes(rows: Vec<RouteRow>, instance: &Instance, at: At<'_>, faults: &mut Vec<Fault>) -> Vec<Route> {
    let mut routes = Vec::with_capacity(rows.len());
    for (position, row) in rows.into_iter().enumerate() {
        let at = at.index(position);
        let from = refer(&row.from, "networks", instance.network(&row.from), at.field("from"), faults);
        let to = refer(&row.to, "networks", instance.network(&row.to), at.field("to"), faults);
        let mut links = Vec::with_capacity(row.links.len());
        for (index, id) in row.links.iter().enumerate() {
            let at = at.field("links");
            links.extend(refer(id, "links", instance.link(id), at.index(index), faults));
        }
        policies::check_when(&row.when, instance, at.field("when"), faults);
        let (Some(from), Some(to)) = (from, to) else { continue };
        if links.len() == row.links.len() {
            joins_up(from, to, &links, instance, at.field("links"), faults);
        }
        routes.push(Route { from, to, links, when: row.when });
    }
    routes
}

/// Reports the first place where the links of a route do not join up.
fn joins_up(from: NetworkId, to: NetworkId, links: &[LinkId], instance: &Instance, at: At<'_>, faults: &mut Vec<Fault>) {
    let name = |network: NetworkId| &instance.networks[network].id;
    let mut here = from;
    for (index, link) in links.iter().enumerate() {
        let link = &instance.links[*link];
        if link.from != here {
            let what = format!("{:?} starts at {:?}, and the route is at {:?}", link.id, name(link.from), name(here));
            faults.push(Fault::new(Code::BrokenRoute, at.index(index), what, "list links that join up, in order"));
            return;
        }
        here = link.to;
    }
    if here != to {
        let what = format!("the links end at {:?}, and the route at {:?}", name(here), name(to));
        faults.push(Fault::new(Code::BrokenRoute, at, what, "list links that lead to the route's end"));
    }
}

pub(super) fn paths(rows: &[PathRow], instance: &Instance, at: At<'_>, faults: &mut Vec<Fault>) -> Vec<Path> {
    let mut seen: FxHashMap<Ends, usize> = FxHashMap::default();
    let mut paths = Vec::with_capacity(rows.len());
    for (position, row) in rows.iter().enumerate() {
        let at = at.index(position);
        let Some(ends) = ends(row, instance, at, faults) else { continue };
        match seen.insert(ends, position) {
            None => paths.push(Path { ends, rtt_ms: row.rtt_ms, loss: row.loss }),
            Some(first) => {
                let what = format!("this pair stands twice, also in row {first}");
                faults.push(Fault::new(Code::DuplicateEntry, at, what, "keep one of them"));
            }
        }
    }
    paths
}

/// Two nodes where both names are nodes', else two networks.
fn ends(row: &PathRow, instance: &Instance, at: At<'_>, faults: &mut Vec<Fault>) -> Option<Ends> {
    if let (Some(from), Some(to)) = (instance.node(&row.from), instance.node(&row.to)) {
        return Some(Ends::Nodes(from, to));
    }
    if let (Some(from), Some(to)) = (instance.network(&row.from), instance.network(&row.to)) {
        return Some(Ends::Networks(from, to));
    }
    for (name, id) in [("from", &row.from), ("to", &row.to)] {
        if instance.node(id).is_none() && instance.network(id).is_none() && !id.is_empty() {
            let what = format!("no node and no network has the id {id:?}");
            faults.push(Fault::new(Code::DanglingReference, at.field(name), what, "add it, or mend the name"));
        } else if !row.from.is_empty() && !row.to.is_empty() && name == "to" && known(&row.from, instance) {
            let what = "one end is a node and the other a network";
            faults.push(Fault::new(Code::DanglingReference, at.field(name), what, "write two nodes or two networks"));
        }
    }
    None
}

fn known(id: &str, instance: &Instance) -> bool {
    instance.node(id).is_some() || instance.network(id).is_some()
}
