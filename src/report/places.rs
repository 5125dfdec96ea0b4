//! The places of the map: single nodes where there are few, else networks, else what networks have in common.
//!
//! A picture carries some [`MOST`] circles. More networks than that are joined by position, else by autonomous system,
//! else by country; what is still too many is cut, and the smallest are joined as "k more".

use super::figures::count;
use crate::ids::{Id, NetworkId, NodeId, Table};
use crate::instance::{Instance, Network, Place as Position, Role};
use crate::plan::Assignment;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Most places that a picture shows.
const MOST: usize = 160;
/// So few nodes are shown one by one.
const FEW_NODES: usize = 40;

/// A place of the map, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceId(pub u32);

impl Id for PlaceId {
    fn new(index: usize) -> Self {
        PlaceId(index as u32)
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a place stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// One node.
    Node,
    /// One network.
    Network,
    /// All networks at one position.
    Position,
    /// All networks of one autonomous system.
    System,
    /// All networks of one country.
    Country,
}

impl Level {
    /// For people, in the plural.
    pub fn word(self) -> &'static str {
        match self {
            Level::Node => "nodes",
            Level::Network => "networks",
            Level::Position => "places",
            Level::System => "autonomous systems",
            Level::Country => "countries",
        }
    }
}

/// A circle of the map.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// For people.
    pub name: String,
    /// How many networks stand here.
    pub networks: usize,
    /// How many nodes.
    pub nodes: u64,
    /// Requests of its nodes.
    pub requests: u64,
    /// How many of them are served.
    pub served: u64,
    /// Some node here is an origin or a server.
    pub source: bool,
    /// Where it is.
    pub at: Option<Position>,
}

/// All places, and where each node is.
#[derive(Debug)]
pub struct Places {
    /// What a place stands for.
    pub level: Level,
    /// In order of what they stand for.
    pub places: Table<PlaceId, Place>,
    /// The place of each node.
    pub of_node: Table<NodeId, PlaceId>,
}

impl Places {
    /// Groups the nodes and counts their requests.
    pub fn of<'a>(instance: &Instance, rows: impl Iterator<Item = &'a Assignment>) -> Places {
        let mut grouped = if instance.nodes.len() <= FEW_NODES { by_node(instance) } else { by_network(instance) };
        for (id, node) in instance.nodes.pairs() {
            let place = &mut grouped.places[grouped.of_node[id]];
            place.nodes += 1;
            place.source |= matches!(node.role, Role::Origin | Role::Server);
        }
        for request in instance.requests.iter() {
            grouped.places[grouped.of_node[request.node]].requests += 1;
        }
        for row in rows.filter(|row| !row.relay && instance.request(row.node, row.content).is_some()) {
            grouped.places[grouped.of_node[row.node]].served += 1;
        }
        grouped
    }
}

fn by_node(instance: &Instance) -> Places {
    let place =
        |node: &crate::instance::Node| Place { name: node.id.to_string(), networks: 1, at: node.place, ..Place::default() };
    Places {
        level: Level::Node,
        places: Table::new(instance.nodes.iter().map(place).collect()),
        of_node: Table::new((0..instance.nodes.len()).map(PlaceId::new).collect()),
    }
}

/// What networks of one group have in common, as text that sorts.
fn key(level: Level, id: NetworkId, network: &Network) -> String {
    let own = || format!("~{:09}", id.index());
    match level {
        Level::Node | Level::Network => own(),
        Level::Position => network.place.map_or_else(own, |at| format!("{:.3} {:.3}", at.lat, at.lon)),
        Level::System => network.asn.map_or_else(own, |asn| format!("AS{asn:010}")),
        Level::Country => network.country.as_ref().map_or_else(own, SmolStr::to_string),
    }
}

fn by_network(instance: &Instance) -> Places {
    let mut attached = Table::filled(instance.networks.len(), 0u64);
    instance.nodes.iter().for_each(|node| attached[node.network] += 1);
    let group = |level: Level| {
        let mut groups: BTreeMap<String, Vec<NetworkId>> = BTreeMap::new();
        for (id, network) in instance.networks.pairs().filter(|(id, _)| attached[*id] > 0) {
            groups.entry(key(level, id, network)).or_default().push(id);
        }
        (level, groups.into_values().collect::<Vec<_>>())
    };
    let levels = [Level::Network, Level::Position, Level::System, Level::Country].map(group);
    let fitting = levels.iter().find(|(_, groups)| groups.len() <= MOST);
    let fewest = || levels.iter().min_by_key(|(_, groups)| groups.len());
    let Some((level, groups)) = fitting.or_else(fewest).cloned() else { return by_node(instance) };
    let mut order: Vec<usize> = (0..groups.len()).collect();
    let size = |group: &usize| groups[*group].iter().map(|id| attached[*id]).sum::<u64>();
    order.sort_by_key(|group| std::cmp::Reverse(size(group)));
    let cut = if groups.len() > MOST { MOST - 1 } else { groups.len() };
    let mut asking = Table::filled(instance.networks.len(), false);
    instance.requests.iter().for_each(|request| asking[instance.nodes[request.node].network] = true);
    let mut of_network = Table::filled(instance.networks.len(), PlaceId(0));
    let mut places: Vec<Place> = Vec::new();
    let mut shown: Vec<usize> = order[..cut].to_vec();
    shown.sort_unstable();
    for group in &shown {
        groups[*group].iter().for_each(|id| of_network[*id] = PlaceId::new(places.len()));
        places.push(described(instance, level, &groups[*group], &asking));
    }
    if cut < groups.len() {
        order[cut..].iter().flat_map(|group| &groups[*group]).for_each(|id| of_network[*id] = PlaceId::new(places.len()));
        let name = format!("{} more {}", count((groups.len() - cut) as u64), level.word());
        places.push(Place { name, networks: groups.len() - cut, ..Place::default() });
    }
    let of_node = Table::new(instance.nodes.iter().map(|node| of_network[node.network]).collect());
    Places { level, places: Table::new(places), of_node }
}

/// Named by the networks that ask for something, if any does.
fn described(instance: &Instance, level: Level, networks: &[NetworkId], asking: &Table<NetworkId, bool>) -> Place {
    let first = &instance.networks[networks[0]];
    let any = networks.iter().any(|id| asking[*id]);
    let naming = networks.iter().filter(|id| asking[**id] || !any);
    let names: Vec<&str> = naming.map(|id| instance.networks[*id].id.as_str()).collect();
    let name = match level {
        Level::System => first.asn.map_or_else(|| first.id.to_string(), |asn| format!("AS{asn}")),
        Level::Country => first.country.clone().unwrap_or_else(|| first.id.clone()).to_string(),
        _ => in_common(&names),
    };
    Place { name, networks: networks.len(), at: first.place, ..Place::default() }
}

/// The longest end, else the longest beginning, that all names share and that says something; else the first name and
/// how many more there are.
fn in_common(names: &[&str]) -> String {
    let [first, rest @ ..] = names else { return String::new() };
    if rest.is_empty() {
        return (*first).to_owned();
    }
    let is_sign = |c: char| !c.is_alphanumeric();
    let ends = first.char_indices().map(|(at, _)| &first[at..]).find(|end| rest.iter().all(|name| name.ends_with(end)));
    let starts = first.char_indices().rev().map(|(at, _)| &first[..at]);
    let starts = starts.filter(|start| !start.is_empty()).find(|start| rest.iter().all(|name| name.starts_with(start)));
    let mut common = [ends, starts].into_iter().flatten().map(|text| text.trim_matches(is_sign));
    match common.find(|text| text.chars().count() >= 2) {
        Some(text) => text.to_owned(),
        None => format!("{first} + {}", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_one_place_are_called_by_what_their_names_share() {
        let cases: [(&[&str], &str); 4] = [
            (&["isp01-c07", "isp02-c07", "isp03-c07"], "c07"),
            (&["berlin-1", "berlin-2"], "berlin"),
            (&["a", "b", "c"], "a + 2"),
            (&["alone"], "alone"),
        ];
        for (names, name) in cases {
            assert_eq!(in_common(names), name);
        }
    }
}
