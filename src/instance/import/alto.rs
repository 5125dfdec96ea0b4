//! ALTO (RFC 7285): a network map and cost maps, as JSON.
//!
//! A PID of the network map is a network. What a cost map becomes depends on its metric:
//!
//! | `cost-metric` | becomes |
//! | --- | --- |
//! | `routingcost`, `hopcount` | a link `A>B` for each cost from A to B, within one PID too if it is above 0 |
//! | `delay-rtt` (RFC 9439, microseconds) | `paths` with `rtt_ms` |
//!
//! Numerical costs are scaled so that the mean between two PIDs is 0.1 per Mbps, or by the factor asked for. Ordinal ones
//! tell only an order: their ranks are scaled in the same way. All links weigh the same, so that the link from A to B is
//! the route; a pair that the map leaves out is reached over others. Nodes of the instance that is imported into
//! move to the PID of the longest prefix that holds their address.

use super::super::document::{Document, LinkRow, NetworkRow, PathRow};
use super::super::fault::{Code, Fault, Faults};
use super::backbone::link;
use super::prefixes::{self, Moves, Prefixes};
use super::{Complaints, Made, Source, network};
use serde_json::{Map, Value};
use smol_str::{SmolStr, format_smolstr};

/// The mean cost between two PIDs, where no factor is asked for.
const MEAN: f64 = 0.1;

/// The largest cost that is taken.
const DEAREST: f64 = 1e12;

/// One cost map.
struct Costs {
    ordinal: bool,
    metric: Metric,
    /// From, to, cost, in the order of the PIDs' names.
    cells: Vec<(SmolStr, SmolStr, f64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Metric {
    Cost,
    RoundTrip,
}

/// Networks, links and paths of the maps, in whatever order they are given, and nodes of `into` that move. `factor` is the
/// cost per Mbps of one unit of numerical cost.
pub fn import(sources: &[Source], factor: Option<f64>, into: Option<&Document>) -> Result<Made, Faults> {
    let mut faults = Complaints::default();
    let parsed: Vec<(&Source, Value)> = sources.iter().filter_map(|source| Some((source, json(source, &mut faults)?))).collect();
    let mut document = Document::default();
    let mut notes = Vec::new();
    let mut prefixes = Prefixes::new();
    let mut vtag = None;
    let (maps, others): (Vec<_>, Vec<_>) = parsed.iter().partition(|(_, value)| value.get("network-map").is_some());
    if maps.len() != 1 && parsed.len() == sources.len() {
        let what = format!("{} of the files are network maps", maps.len());
        faults.add(Fault::new(Code::MissingField, "$.network-map", what, "give one network map, and cost maps"));
    }
    for (source, value) in maps {
        document.name = source.stem().into();
        vtag = value.pointer("/meta/vtag");
        document.networks = network_map(source, value, &mut prefixes, &mut faults);
    }
    for (source, value) in others {
        let costs = cost_map(source, value, vtag, &document.networks, &mut faults);
        let Some(costs) = costs else { continue };
        let pairs = costs.cells.len();
        match costs.metric {
            Metric::Cost => document.links.extend(links(costs, factor)),
            Metric::RoundTrip => document.paths.extend(costs.cells.into_iter().map(round_trip)),
        }
        notes.push(format!("{}: {pairs} pairs of {} PIDs", source.name, document.networks.len()));
    }
    if let Some(base) = into {
        let moves = Moves::of(base, |_, address| prefixes.find(address).map(|(pid, _): &(SmolStr, String)| pid.clone()));
        notes.extend(moves.notes());
        document.nodes = moves.nodes;
    }
    faults.verdict(Made { document, notes })
}

fn json(source: &Source, faults: &mut Complaints) -> Option<Value> {
    let value = serde_json::from_slice(&source.text);
    value
        .map_err(|fault| faults.add(source.fault(fault.line() as u64, Code::Syntax, fault.to_string(), "mend the text there")))
        .ok()
}

/// Reports a fault at a JSON path of a file.
fn complain(source: &Source, path: &str, code: Code, what: impl Into<String>, remedy: &str, faults: &mut Complaints) {
    faults.add(Fault::new(code, format_args!("{}: {path}", source.name), what, remedy));
}

/// An object at a place of a map.
fn object<'v>(source: &Source, value: Option<&'v Value>, path: &str, faults: &mut Complaints) -> Option<&'v Map<String, Value>> {
    let found = value.and_then(Value::as_object);
    if found.is_none() {
        complain(source, path, Code::WrongType, "an object belongs here", "write { ... }", faults);
    }
    found
}

fn network_map(
    source: &Source,
    value: &Value,
    prefixes: &mut Prefixes<(SmolStr, String)>,
    faults: &mut Complaints,
) -> Vec<NetworkRow> {
    let mut networks = Vec::new();
    for (pid, groups) in object(source, value.get("network-map"), "$.network-map", faults).into_iter().flatten() {
        let path = format!("$.network-map.{pid}");
        if pid.is_empty() {
            complain(source, &path, Code::EmptyId, "a PID without a character", "give it a name", faults);
        }
        for (family, list) in object(source, Some(groups), &path, faults).into_iter().flatten() {
            if !matches!(family.as_str(), "ipv4" | "ipv6") {
                continue;
            }
            for (row, text) in list.as_array().into_iter().flatten().enumerate() {
                let path = format!("{path}.{family}[{row}]");
                match text.as_str().and_then(prefixes::prefix) {
                    Some(prefix) => {
                        if let Some((_, first)) = prefixes.insert(prefix, (pid.into(), path.clone())) {
                            let what = format!("{prefix} stands at {first} already");
                            complain(source, &path, Code::DuplicateEntry, what, "keep one of them", faults);
                        }
                    }
                    None => complain(source, &path, Code::BadAddress, format!("{text} is no prefix"), "write a prefix", faults),
                }
            }
        }
        networks.push(network(pid.into(), "pid"));
    }
    networks.sort_by(|a, b| a.id.cmp(&b.id));
    networks
}

fn cost_map(
    source: &Source,
    value: &Value,
    vtag: Option<&Value>,
    networks: &[NetworkRow],
    faults: &mut Complaints,
) -> Option<Costs> {
    let map = object(source, value.get("cost-map"), "$.cost-map", faults)?;
    let word = |path| value.pointer(path).and_then(Value::as_str);
    let ordinal = match word("/meta/cost-type/cost-mode") {
        Some("ordinal") => true,
        Some("numerical") => false,
        other => {
            let what = format!("{other:?} is no cost mode");
            complain(source, "$.meta.cost-type.cost-mode", Code::UnknownWord, what, "write numerical or ordinal", faults);
            return None;
        }
    };
    let metric = match word("/meta/cost-type/cost-metric") {
        Some("routingcost" | "hopcount") => Metric::Cost,
        Some("delay-rtt") if !ordinal => Metric::RoundTrip,
        other => {
            let what = format!("{other:?} is no metric that is read here");
            let remedy = "give a map of routingcost, hopcount or numerical delay-rtt";
            complain(source, "$.meta.cost-type.cost-metric", Code::UnknownWord, what, remedy, faults);
            return None;
        }
    };
    let of = value.pointer("/meta/dependent-vtags/0");
    if let Some((of, is)) = of.zip(vtag).filter(|(of, is)| of != is) {
        let what = format!("these costs are of the network map {of}, not of {is}");
        complain(source, "$.meta.dependent-vtags[0]", Code::DanglingReference, what, "give maps of one version", faults);
    }
    Some(Costs { ordinal, metric, cells: cells(source, map, networks, faults) })
}

fn cells(
    source: &Source,
    map: &Map<String, Value>,
    networks: &[NetworkRow],
    faults: &mut Complaints,
) -> Vec<(SmolStr, SmolStr, f64)> {
    let known = |pid: &str| networks.binary_search_by(|network| network.id.as_str().cmp(pid)).is_ok();
    let mut cells = Vec::new();
    for (from, row) in map {
        let path = format!("$.cost-map.{from}");
        if !known(from) {
            complain(
                source,
                &path,
                Code::DanglingReference,
                "the network map has no such PID",
                "add it, or mend the name",
                faults,
            );
        }
        for (to, cost) in object(source, Some(row), &path, faults).into_iter().flatten() {
            let path = format!("{path}.{to}");
            if !known(to) {
                let what = "the network map has no such PID";
                complain(source, &path, Code::DanglingReference, what, "add it, or mend the name", faults);
            }
            match cost.as_f64().filter(|cost| (0.0..=DEAREST).contains(cost)) {
                Some(cost) => cells.push((from.into(), to.into(), cost)),
                None => complain(source, &path, Code::OutOfRange, format!("the cost is {cost}"), "write 0 to 10^12", faults),
            }
        }
    }
    cells
}

/// A link for each cost, but for free ones inside a PID.
fn links(costs: Costs, factor: Option<f64>) -> Vec<LinkRow> {
    let mut cells = costs.cells;
    if costs.ordinal {
        let mut ranks: Vec<f64> = cells.iter().map(|(.., cost)| *cost).collect();
        ranks.sort_by(f64::total_cmp);
        ranks.dedup();
        cells.iter_mut().for_each(|(.., cost)| *cost = ranks.partition_point(|rank| rank < cost) as f64);
    }
    let between: Vec<f64> = cells.iter().filter(|(from, to, _)| from != to).map(|(.., cost)| *cost).collect();
    let mean = between.iter().sum::<f64>() / between.len().max(1) as f64;
    let usual = if mean > 0.0 { MEAN / mean } else { 1.0 };
    let factor = factor.filter(|_| !costs.ordinal).unwrap_or(usual);
    let cells = cells.into_iter().filter(|(from, to, cost)| from != to || *cost > 0.0);
    cells
        .map(|(from, to, cost)| LinkRow { weight: None, ..link(format_smolstr!("{from}>{to}"), &from, &to, cost * factor) })
        .collect()
}

fn round_trip((from, to, microseconds): (SmolStr, SmolStr, f64)) -> PathRow {
    PathRow { from, to, rtt_ms: Some(microseconds / 1000.0), loss: None }
}
