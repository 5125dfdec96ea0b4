//! The Internet Topology Zoo: GML files of operators' published maps.
//!
//! Read of a node are `id`, `label`, `Country`, `Latitude` with `Longitude`, `Internal` and `hyperedge`; of an edge
//! `source`, `target`, `LinkSpeedRaw` (bit/s), else an optical carrier such as `OC-192` in `LinkType` or `LinkLabel`; of
//! the graph `Network` (its name), `NetworkDate` (the instance's time) and `directed`. Other names are skipped. A node with `hyperedge 1` is where a shared
//! cable forks: a network of kind `junction`. One with `Internal 0` belongs to a neighbour: kind `external`. All others
//! are points of presence: `pop`. A node that the map does not place keeps no position.

use super::super::Place;
use super::super::fault::Code;
use super::backbone::{Backbone, Cable, Point};
use super::gml::{self, Entry, Value};
use super::located::Located;
use super::{Complaints, Source};
use crate::units::Kbps;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// Rate of the first optical carrier, kbps; OC-n runs at n times this (ANSI T1.105).
const OPTICAL_CARRIER: u64 = 51_840;

/// The most that a file may state, bit/s.
const MOST_BITS: f64 = 1e15;

/// Reads one map.
pub(super) fn read(source: &Source, faults: &mut Complaints) -> Backbone {
    let mut located = Located::new(source, faults);
    let Some(text) = located.text() else { return Backbone::default() };
    let entries = gml::parse(text, &mut located);
    let graphs = entries.iter().filter(|entry| entry.key == "graph");
    let mut graphs = graphs.filter_map(|entry| list(entry, &mut located).map(|list| (entry.line, list))).collect::<Vec<_>>();
    let Some((_, graph)) = (!graphs.is_empty()).then(|| graphs.remove(0)) else {
        located.fault(1, Code::MissingField, "there is no `graph [ ... ]`", "give a GML file");
        return Backbone::default();
    };
    for (line, _) in graphs {
        located.fault(line, Code::DuplicateKey, "a second graph", "give each graph as a file of its own");
    }
    map(graph, source, &mut located)
}

fn map(graph: &[Entry<'_>], source: &Source, located: &mut Located) -> Backbone {
    let mut backbone = Backbone { name: name(graph, source), time: time(graph), ..Backbone::default() };
    let mut rows: FxHashMap<i64, (usize, usize)> = FxHashMap::default();
    for entry in graph.iter().filter(|entry| entry.key == "node") {
        let Some(fields) = list(entry, located) else { continue };
        let Some(id) = whole(fields, "id", entry.line, located) else { continue };
        if let Some((_, first)) = rows.insert(id, (backbone.points.len(), entry.line)) {
            let what = format!("a second node with id {id}, after line {first}");
            located.fault(entry.line, Code::DuplicateId, what, "renumber one of them");
        }
        backbone.points.push(point(fields, id, located));
    }
    if backbone.points.is_empty() {
        located.fault(1, Code::MissingField, "the graph has no nodes", "add some");
    }
    let one_way = number(graph, "directed") == Some(1.0);
    let mut loops = 0;
    for entry in graph.iter().filter(|entry| entry.key == "edge") {
        let Some(fields) = list(entry, located) else { continue };
        let mut end = |field| {
            let id = whole(fields, field, entry.line, located)?;
            if !rows.contains_key(&id) {
                let what = format!("`{field}` is {id}, and no node has that id");
                located.fault(entry.line, Code::DanglingReference, what, "add the node, or mend the id");
            }
            rows.get(&id).map(|(row, _)| *row)
        };
        let (from, to) = (end("source"), end("target"));
        let capacity = speed(fields, located);
        match from.zip(to) {
            Some((from, to)) if from == to => loops += 1,
            Some(ends) => backbone.cables.push(Cable { ends, one_way, capacity, price: None }),
            None => {}
        }
    }
    if loops > 0 {
        backbone.notes.push(format!("{loops} edges lead from a node to itself and are left out"));
    }
    backbone
}

/// The network's own name, else the file's.
fn name(graph: &[Entry<'_>], source: &Source) -> String {
    let named = text(graph, "Network").or_else(|| text(graph, "label")).filter(|name| !name.is_empty());
    named.map_or_else(|| source.stem().to_owned(), str::to_owned)
}

/// The month of the map, such as `2010_08`, or the first year that is named.
fn time(graph: &[Entry<'_>]) -> String {
    let date = text(graph, "NetworkDate").unwrap_or_default();
    let mut digits = date.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let Some(year) = digits.next().filter(|year| year.len() == 4) else { return String::new() };
    let month = digits.next().filter(|month| month.len() == 2).and_then(|month| month.parse::<u8>().ok());
    let month = month.filter(|month| (1..=12).contains(month)).unwrap_or(1);
    format!("{year}-{month:02}-01T00:00:00Z")
}

fn point(fields: &[Entry<'_>], id: i64, located: &mut Located) -> Point {
    let junction = number(fields, "hyperedge") == Some(1.0);
    let label = text(fields, "label").filter(|label| !matches!(*label, "" | "None" | "?"));
    let kind = match number(fields, "Internal") {
        _ if junction => "junction",
        Some(0.0) => "external",
        _ => "pop",
    };
    Point {
        label: label.map_or_else(|| format!("{kind}-{id}"), str::to_owned),
        tag: id.to_string(),
        junction,
        kind,
        country: text(fields, "Country").filter(|country| !country.is_empty()).map(SmolStr::new),
        place: place(fields, located),
    }
}

fn place(fields: &[Entry<'_>], located: &mut Located) -> Option<Place> {
    let mut degrees = |field, most: f64| {
        let (line, degrees) = located_number(fields, field)?;
        if degrees.abs() > most {
            let what = format!("`{field}` is {degrees}");
            located.fault(line, Code::OutOfRange, what, format!("write degrees from -{most} to {most}"));
        }
        Some(degrees)
    };
    let (lat, lon) = (degrees("Latitude", 90.0), degrees("Longitude", 180.0));
    Some(Place { lat: lat?, lon: lon? })
}

/// What an edge carries, as far as the map tells.
fn speed(fields: &[Entry<'_>], located: &mut Located) -> Option<Kbps> {
    if let Some((line, bits)) = located_number(fields, "LinkSpeedRaw") {
        if !(0.0..=MOST_BITS).contains(&bits) {
            let what = format!("`LinkSpeedRaw` is {bits}");
            located.fault(line, Code::OutOfRange, what, "write bits per second, 0 to 10^15");
        }
        return Some(Kbps((bits / 1000.0).round() as u64));
    }
    text(fields, "LinkType").and_then(optical).or_else(|| text(fields, "LinkLabel").and_then(optical))
}

/// `OC-192` and `OC-192c`.
fn optical(words: &str) -> Option<Kbps> {
    let level = words.strip_prefix("OC-")?.trim_end_matches('c').parse::<u64>().ok()?;
    (1..=3072).contains(&level).then(|| Kbps(level * OPTICAL_CARRIER))
}

fn list<'e, 't>(entry: &'e Entry<'t>, located: &mut Located) -> Option<&'e [Entry<'t>]> {
    match &entry.value {
        Value::List(list) => Some(list),
        _ => {
            located.fault(entry.line, Code::WrongType, format!("`{}` is no list", entry.key), "write it in brackets");
            None
        }
    }
}

fn text<'e>(fields: &'e [Entry<'_>], name: &str) -> Option<&'e str> {
    fields.iter().find(|entry| entry.key == name).and_then(|entry| match &entry.value {
        Value::Text(text) => Some(text.trim()),
        _ => None,
    })
}

/// A number, also one in quotes, with its line.
fn located_number(fields: &[Entry<'_>], name: &str) -> Option<(usize, f64)> {
    fields.iter().find(|entry| entry.key == name).and_then(|entry| match &entry.value {
        Value::Number(number) => Some((entry.line, *number)),
        Value::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()).map(|number| (entry.line, number)),
        Value::List(_) => None,
    })
}

fn number(fields: &[Entry<'_>], name: &str) -> Option<f64> {
    located_number(fields, name).map(|(_, number)| number)
}

/// A whole number that must be there.
fn whole(fields: &[Entry<'_>], name: &str, line: usize, located: &mut Located) -> Option<i64> {
    match located_number(fields, name) {
        Some((_, number)) if number.fract() == 0.0 && number.abs() <= 1e15 => Some(number as i64),
        Some((line, number)) => {
            located.fault(line, Code::WrongType, format!("`{name}` is {number}"), "write a whole number");
            None
        }
        None => {
            located.fault(line, Code::MissingField, format!("there is no number `{name}`"), "add it");
            None
        }
    }
}
