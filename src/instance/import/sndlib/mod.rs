//! SNDlib: problems of network design, in the library's native format.
//!
//! A node becomes a network of kind `pop`, a link a cable (both ways). What a network design leaves open has to be decided
//! for an instance: the capacity of a link is what is installed before, else one module of those on offer
//! ([`Module`]), else none. Its price is the routing cost, else that module's cost by its capacity; setup costs are left
//! out. Coordinates are degrees unless one of them cannot be, or the caller says that they are a drawing's. Demands
//! are left out, or routed along the cheapest paths as load that is there already (`used_kbps`).

mod load;
mod parse;

use super::super::Place;
use super::super::fault::Code;
use super::backbone::{Backbone, Cable, Laid, Point, Wiring};
use super::located::Located;
use super::{Complaints, Source};
use crate::units::Kbps;
use parse::{Link, Network};

/// How a file is read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Kbps in one unit of capacity; default: as `META` says, else 1000.
    pub unit: Option<Kbps>,
    /// Which module counts where nothing is installed.
    pub module: Module,
    /// Coordinates are those of a drawing.
    pub planar: bool,
    /// Demands times this are there already.
    pub demands: Option<f64>,
}

/// One of the modules that a link offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Module {
    /// That of least capacity.
    Smallest,
    /// That of most capacity.
    #[default]
    Largest,
}

/// Reads one file into rows.
pub(super) fn read(source: &Source, reading: &Reading, wiring: &Wiring, prefix: &str, faults: &mut Complaints) -> Laid {
    let mut located = Located::new(source, faults);
    let network = located.text().map(|text| parse::parse(text, &mut located)).unwrap_or_default();
    let mut notes = Vec::new();
    let unit = reading.unit.unwrap_or_else(|| unit(&network, &mut notes));
    let places = places(&network, reading.planar, &mut notes);
    let cables = network.links.iter().map(|link| cable(link, reading.module, unit)).collect();
    let points = network.nodes.iter().zip(&places).map(|(node, place)| point(&node.id, *place)).collect();
    if network.nodes.is_empty() {
        located.fault(1, Code::MissingField, "there are no nodes", "add a section NODES");
    }
    let backbone = Backbone { name: source.stem().to_owned(), time: time(&network), points, cables, notes };
    let mut laid = backbone.rows(wiring, prefix);
    let demands = network.demands.len();
    match reading.demands {
        Some(factor) => laid.notes.push(load::put(&laid.networks, &mut laid.links, &network.demands, factor * unit.0 as f64)),
        None if demands > 0 => laid.notes.push(format!("{demands} demands are left out; --demands puts them on the links")),
        None => {}
    }
    laid
}

/// Kbps in one unit of capacity, as `META` says.
fn unit(network: &Network, notes: &mut Vec<String>) -> Kbps {
    match network.meta.get("unit").map(|word| word.to_uppercase()).as_deref() {
        Some("KBITPERSEC") => Kbps(1),
        Some("MBITPERSEC") => Kbps(1_000),
        Some("GBITPERSEC") => Kbps(1_000_000),
        Some(other) => {
            notes.push(format!("the unit {other} is not known; capacities are taken as Mbps"));
            Kbps(1_000)
        }
        None => {
            notes.push("no unit is named; capacities are taken as Mbps".into());
            Kbps(1_000)
        }
    }
}

/// The year of `META`.
fn time(network: &Network) -> String {
    let year = network.meta.get("time").filter(|year| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()));
    year.map(|year| format!("{year}-01-01T00:00:00Z")).unwrap_or_default()
}

/// Where the nodes stand on the globe; nowhere, if their coordinates are a drawing's.
fn places(network: &Network, planar: bool, notes: &mut Vec<String>) -> Vec<Option<Place>> {
    let off = |&(x, y): &(f64, f64)| x.abs() > 180.0 || y.abs() > 90.0;
    let drawn = planar || network.nodes.iter().filter_map(|node| node.at.as_ref()).any(off);
    if drawn {
        notes.push("coordinates are those of a drawing, so nothing has a position".into());
    }
    let place = |at: Option<(f64, f64)>| at.filter(|_| !drawn).map(|(lon, lat)| Place { lat, lon });
    network.nodes.iter().map(|node| place(node.at)).collect()
}

fn point(id: &str, place: Option<Place>) -> Point {
    Point { label: id.to_owned(), tag: String::new(), junction: false, kind: "pop", country: None, place }
}

fn cable(link: &Link, module: Module, unit: Kbps) -> Cable {
    let by_capacity = |a: &&(f64, f64), b: &&(f64, f64)| a.0.total_cmp(&b.0);
    let offers = link.modules.iter().filter(|(capacity, _)| *capacity > 0.0);
    let module = match module {
        Module::Smallest => offers.min_by(by_capacity),
        Module::Largest => offers.max_by(by_capacity),
    };
    let capacity = if link.installed > 0.0 { Some(link.installed) } else { module.map(|(capacity, _)| *capacity) };
    let price = if link.routing_cost > 0.0 { Some(link.routing_cost) } else { module.map(|(capacity, cost)| cost / capacity) };
    let price = price.filter(|price| price.is_finite());
    Cable { ends: link.ends, one_way: false, capacity: capacity.map(|capacity| kbps(capacity * unit.0 as f64)), price }
}

/// A rate from arithmetic, kept in the range of files.
fn kbps(rate: f64) -> Kbps {
    Kbps((rate.round() as u64).min(Kbps::LARGEST.0))
}
