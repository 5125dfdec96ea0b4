//! Autonomous systems and who provides to whom: CAIDA's relations, with the ports of PeeringDB if they are given.
//!
//! A system is a network `as64500`; where the instance that is imported into has a network with that number, it is that
//! one. A relation is a link each way, of kind `transit` or `peering`. With ports, two peers that are at a common exchange meet
//! there (the one with most room): the exchange is a network `ix26`, a port a link each way, of kind `port`, that all
//! peers of the system at that exchange share. Peers without a common exchange keep a link of their own without limit.
//!
//! **Some systems** (asked for, or those of the networks with nodes in the instance that is imported into): they
//! and whatever lies on their routes are kept. The routes between any two of them are given as `routes`, as `valley` finds
//! them, so that nobody carries traffic between two of its providers or peers. A pair without such a route falls back to
//! the path of least weight over what is kept.
//!
//! **All systems** otherwise: no routes are given, and paths of least weight (fewest systems, of equals those over peers) may
//! lead through a customer of both ends, which real routes do not.

mod ports;
mod relations;
mod rows;
mod valley;

use super::super::document::{Document, RouteRow};
use super::super::fault::{Code, Fault, Faults};
use super::super::policy::When;
use super::located::Located;
use super::{Complaints, Made, Source};
use ports::Ports;
use rayon::prelude::*;
use relations::{Relations, Role};
use rows::Rows;
use smol_str::SmolStr;
use std::collections::BTreeSet;
use valley::Towards;

/// A route is given for each pair of chosen systems.
const MOST_CHOSEN: usize = 1000;

/// What may be asked of relations.
#[derive(Clone, Debug)]
pub struct Options {
    /// Systems that are kept, with what connects them.
    pub systems: Vec<u32>,
    /// Cost per Mbps of a link between customer and provider.
    pub transit_cost: f64,
    /// Cost per Mbps between peers.
    pub peering_cost: f64,
}

/// Networks, links and routes of the files.
pub fn import(source: &Source, ports: Option<&Source>, options: &Options, into: Option<&Document>) -> Result<Made, Faults> {
    let mut faults = Complaints::default();
    let mut located = Located::new(source, &mut faults);
    let text = located.text().unwrap_or_default();
    let relations = relations::parse(text, &mut located);
    let ports = ports.map(|source| Ports::read(source, &mut faults));
    let mut chosen: BTreeSet<u32> = options.systems.iter().copied().collect();
    chosen.extend(into.into_iter().flat_map(inhabited));
    if chosen.len() > MOST_CHOSEN {
        let what = format!("{} systems are chosen, and a route is given for each pair", chosen.len());
        faults.add(Fault::new(Code::OutOfRange, "--as", what, format!("choose up to {MOST_CHOSEN}")));
        chosen.clear();
    }
    let mut rows = Rows::new(options, ports, into);
    let mut routes = Vec::new();
    let mut notes = Vec::new();
    match chosen.is_empty() {
        true => all(&relations, &mut rows),
        false => routes = some(&chosen, &relations, &mut rows, &mut notes),
    }
    notes.insert(0, sizes(&relations, &rows));
    let document = Document {
        name: source.stem().into(),
        time: time(&relations, source),
        networks: rows.networks.into_values().collect(),
        links: rows.links.into_values().collect(),
        routes,
        ..Document::default()
    };
    faults.verdict(Made { document, notes })
}

/// Systems of the networks that have nodes.
fn inhabited(base: &Document) -> Vec<u32> {
    let attached: BTreeSet<&SmolStr> = base.nodes.iter().map(|node| &node.network).collect();
    base.networks.iter().filter(|network| attached.contains(&network.id)).filter_map(|network| network.asn).collect()
}

fn all(relations: &Relations, rows: &mut Rows<'_>) {
    for system in relations.rows() {
        for (neighbour, role) in relations.neighbours(system) {
            rows.hop(relations.systems[system], relations.systems[*neighbour as usize], *role);
        }
    }
}

/// Routes between any two of the chosen systems, and the rows that they need.
fn some(chosen: &BTreeSet<u32>, relations: &Relations, rows: &mut Rows<'_>, notes: &mut Vec<String>) -> Vec<RouteRow> {
    let (known, unknown): (Vec<u32>, Vec<u32>) = chosen.iter().partition(|asn| relations.row(**asn).is_some());
    if !unknown.is_empty() {
        let named: Vec<String> = unknown.iter().take(5).map(u32::to_string).collect();
        let more = if unknown.len() > named.len() { ", ..." } else { "" };
        notes.push(format!("{} chosen systems have no relation and so no link: {}{more}", unknown.len(), named.join(", ")));
    }
    for asn in chosen {
        rows.network(*asn);
    }
    let numbers: Vec<usize> = known.iter().filter_map(|asn| relations.row(*asn)).collect();
    let towards: Vec<Towards> = numbers.par_iter().map(|target| Towards::of(*target, relations)).collect();
    let mut routes = Vec::new();
    let (mut hops, mut lost) = (0, 0);
    for from in &numbers {
        for (target, towards) in numbers.iter().zip(&towards).filter(|(target, _)| *target != from) {
            let Some(route) = towards.route(*from) else {
                lost += 1;
                continue;
            };
            hops += route.len() - 1;
            let links = links(&route, relations, rows);
            routes.extend(between(relations.systems[*from], relations.systems[*target], &links, rows));
        }
    }
    let pairs = numbers.len() * numbers.len().saturating_sub(1);
    let mean = hops as f64 / (pairs - lost).max(1) as f64;
    notes.push(format!(
        "{} of {pairs} pairs of {} systems have a route, of {mean:.2} hops in the mean",
        pairs - lost,
        known.len()
    ));
    routes
}

/// The links along a route of systems.
fn links(route: &[usize], relations: &Relations, rows: &mut Rows<'_>) -> Vec<SmolStr> {
    let mut links = Vec::with_capacity(route.len());
    for pair in route.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let role = relations.neighbours(from).iter().find(|(row, _)| *row as usize == to).map_or(Role::Peer, |(_, role)| *role);
        links.extend(rows.hop(relations.systems[from], relations.systems[to], role));
    }
    links
}

/// A route for each pair of networks of two systems.
fn between(from: u32, to: u32, links: &[SmolStr], rows: &mut Rows<'_>) -> Vec<RouteRow> {
    let (starts, ends) = (rows.entrances(from), rows.entrances(to));
    let mut routes = Vec::with_capacity(starts.len() * ends.len());
    for (start, out) in &starts {
        for (end, home) in &ends {
            let out = out.iter().map(|[out, _]| out);
            let home = home.iter().map(|[_, home]| home);
            let links = out.chain(links).chain(home).cloned().collect();
            routes.push(RouteRow { from: start.clone(), to: end.clone(), links, when: When::default() });
        }
    }
    routes
}

fn sizes(relations: &Relations, rows: &Rows<'_>) -> String {
    let of_kind = |kind: &str| rows.links.values().filter(|link| link.kind.as_deref() == Some(kind)).count();
    let (transit, peering, ports) = (of_kind("transit"), of_kind("peering"), of_kind("port"));
    let networks = rows.networks.len();
    let known = relations.systems.len();
    format!("{known} systems in the file; {networks} new networks, links: {transit} transit, {peering} peering, {ports} port")
}

/// When the routes were seen: by a comment, else by eight digits at the end of the file's name.
fn time(relations: &Relations, source: &Source) -> String {
    let named = || source.stem().rsplit(['-', '_']).find(|word| relations::is_date(word)).map(str::to_owned);
    let named = || named().or_else(|| source.stem().get(..8).filter(|word| relations::is_date(word)).map(str::to_owned));
    let date = relations.date.clone().or_else(named).and_then(|date| jiff::civil::Date::strptime("%Y%m%d", date).ok());
    date.map(|date| format!("{date}T00:00:00Z")).unwrap_or_default()
}
