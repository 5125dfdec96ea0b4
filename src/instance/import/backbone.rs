//! Points of presence and the cables between them, however a file describes them: what becomes of them in an instance.
//!
//! A [`Backbone`] is what `topology_zoo` and `sndlib` read; [`Backbone::rows`] makes networks and links of it, the same way
//! for both. A cable is two links, one each way. The cost of a link, per Mbps, is asked for by [`Costs`]:
//!
//! ```text
//! distance   0.1 for each 1000 km of great circle; a cable without both positions costs as one of mean length
//! hops       0.1
//! prices     in proportion to the file's prices, the mean price being 0.1; a cable without a price costs the mean
//! ```
//!
//! and its `weight` is its cost in units of 0.0001, at least 1, so that routes are cheapest paths.

use super::network;
use crate::instance::Place;
use crate::instance::document::{LinkRow, NetworkRow};
use crate::instance::network::great_circle_km;
use crate::units::Kbps;
use petgraph::algo::connected_components;
use petgraph::graph::UnGraph;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

/// What a link of mean price, one hop, or 1000 km cost.
const UNIT: f64 = 0.1;

/// What is read from one file.
#[derive(Default)]
pub(super) struct Backbone {
    pub name: String,
    /// RFC 3339; empty where the file tells none.
    pub time: String,
    pub points: Vec<Point>,
    pub cables: Vec<Cable>,
    /// What the reader wants to say about it.
    pub notes: Vec<String>,
}

/// A place where the network can be entered, or where cables join.
pub(super) struct Point {
    /// Its name; need not be unique.
    pub label: String,
    /// What tells it from others of the same name.
    pub tag: String,
    /// Where cables only join: nobody is placed there.
    pub junction: bool,
    pub kind: &'static str,
    pub country: Option<SmolStr>,
    pub place: Option<Place>,
}

/// A cable between two points, by their positions in the list.
#[derive(Clone)]
pub(super) struct Cable {
    pub ends: (usize, usize),
    pub one_way: bool,
    pub capacity: Option<Kbps>,
    pub price: Option<f64>,
}

/// What links cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Costs {
    /// By great-circle distance.
    #[default]
    Distance,
    /// All the same.
    Hops,
    /// As the file prices them.
    Prices,
}

/// How cables become links.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// What links cost.
    pub costs: Costs,
    /// Cables between the same two points become one, whose capacity is their sum.
    pub bundle: bool,
    /// Capacity of a cable where the file knows none; default: no limit.
    pub capacity: Option<Kbps>,
}

/// The rows of one backbone, and where viewers may be placed.
pub(super) struct Laid {
    pub time: String,
    pub networks: Vec<NetworkRow>,
    pub links: Vec<LinkRow>,
    /// Networks with how many cables end there; junctions are left out.
    pub entrances: Vec<(SmolStr, usize)>,
    pub notes: Vec<String>,
}

impl Backbone {
    /// Makes the rows; ids are `PREFIX` and the label, and `#` and the tag where several points share a label.
    pub fn rows(mut self, wiring: &Wiring, prefix: &str) -> Laid {
        let mut notes = std::mem::take(&mut self.notes);
        for cable in &mut self.cables {
            cable.capacity = cable.capacity.or(wiring.capacity);
        }
        let parallel = self.parallel();
        if parallel > 0 {
            let hint = match wiring.bundle {
                true => "added up",
                false => "a flow takes one of them, the others idle while it is up; --bundle adds them up",
            };
            notes.push(format!("cables beside others: {parallel} ({hint})"));
        }
        if wiring.bundle {
            self.bundle();
        }
        let ids = self.ids(prefix);
        let networks = self.points.iter().zip(&ids).map(|(point, id)| NetworkRow {
            country: point.country.clone(),
            lat: point.place.map(|place| place.lat),
            lon: point.place.map(|place| place.lon),
            ..network(id.clone(), point.kind)
        });
        let networks = networks.collect();
        let links = self.links(wiring.costs, &ids);
        notes.insert(0, self.sizes(&links));
        notes.extend(self.loose_ends());
        let mut degrees = vec![0; self.points.len()];
        for cable in &self.cables {
            degrees[cable.ends.0] += 1;
            degrees[cable.ends.1] += 1;
        }
        let rows = self.points.iter().zip(ids).zip(degrees);
        let entrances = rows.filter(|((point, _), _)| !point.junction).map(|((_, id), degree)| (id, degree)).collect();
        Laid { time: self.time, networks, links, entrances, notes }
    }

    /// Unique ids in the order of the points.
    fn ids(&self, prefix: &str) -> Vec<SmolStr> {
        let mut bearers: FxHashMap<&str, usize> = FxHashMap::default();
        for point in &self.points {
            *bearers.entry(&point.label).or_default() += 1;
        }
        let mut taken = FxHashMap::default();
        let id = |point: &Point| {
            let Point { label, tag, .. } = point;
            let wanted = match bearers[label.as_str()] {
                1 => format_smolstr!("{prefix}{label}"),
                _ => format_smolstr!("{prefix}{label}#{tag}"),
            };
            unique(wanted, &mut taken)
        };
        self.points.iter().map(id).collect()
    }

    fn links(&self, costs: Costs, ids: &[SmolStr]) -> Vec<LinkRow> {
        let mut taken = FxHashMap::default();
        let mut links = Vec::with_capacity(2 * self.cables.len());
        for (cable, cost) in self.cables.iter().zip(self.costs(costs)) {
            let (a, b) = cable.ends;
            let ways = if cable.one_way { vec![(a, b)] } else { vec![(a, b), (b, a)] };
            for (from, to) in ways {
                links.push(LinkRow {
                    capacity_kbps: cable.capacity,
                    ..link(unique(format_smolstr!("{}>{}", ids[from], ids[to]), &mut taken), &ids[from], &ids[to], cost)
                });
            }
        }
        links
    }

    /// The cost of each cable per Mbps.
    fn costs(&self, costs: Costs) -> Vec<f64> {
        let known: Vec<Option<f64>> = match costs {
            Costs::Hops => vec![Some(UNIT); self.cables.len()],
            Costs::Distance => self.cables.iter().map(|cable| Some(self.km(cable)? / 1000.0 * UNIT)).collect(),
            Costs::Prices => {
                let prices: Vec<Option<f64>> = self.cables.iter().map(|cable| cable.price).collect();
                let mean = mean(&prices).filter(|mean| *mean > 0.0);
                prices.into_iter().map(|price| Some(price? / mean? * UNIT)).collect()
            }
        };
        let usual = mean(&known).unwrap_or(UNIT);
        known.into_iter().map(|cost| cost.unwrap_or(usual)).collect()
    }

    fn km(&self, cable: &Cable) -> Option<f64> {
        Some(great_circle_km(self.points[cable.ends.0].place?, self.points[cable.ends.1].place?))
    }

    /// Cables that another joins the same points before.
    fn parallel(&self) -> usize {
        let mut seen = FxHashSet::default();
        self.cables.iter().filter(|cable| !seen.insert(key(cable))).count()
    }

    /// Adds up cables between the same points; a sum with an unknown term is unknown, the least price counts.
    fn bundle(&mut self) {
        let mut rows: FxHashMap<_, usize> = FxHashMap::default();
        let mut bundles: Vec<Cable> = Vec::with_capacity(self.cables.len());
        for cable in self.cables.drain(..) {
            let row = *rows.entry(key(&cable)).or_insert(bundles.len());
            match bundles.get_mut(row) {
                None => bundles.push(cable),
                Some(bundle) => {
                    let both = bundle.capacity.zip(cable.capacity);
                    bundle.capacity = both.map(|(a, b)| (a + b).min(Kbps::LARGEST));
                    bundle.price = bundle.price.into_iter().chain(cable.price).reduce(f64::min);
                }
            }
        }
        self.cables = bundles;
    }

    fn sizes(&self, links: &[LinkRow]) -> String {
        let placed = self.points.iter().filter(|point| point.place.is_some()).count();
        let limited = links.iter().filter(|link| link.capacity_kbps.is_some()).count();
        format!(
            "{}: {} points, {placed} of them with a position; {} cables are {} links, {limited} of them with a capacity",
            self.name,
            self.points.len(),
            self.cables.len(),
            links.len()
        )
    }

    /// Tells if the network falls apart.
    fn loose_ends(&self) -> Option<String> {
        let mut graph = UnGraph::<(), ()>::new_undirected();
        let nodes: Vec<_> = self.points.iter().map(|_| graph.add_node(())).collect();
        for cable in &self.cables {
            graph.add_edge(nodes[cable.ends.0], nodes[cable.ends.1], ());
        }
        let alone = nodes.iter().filter(|node| graph.neighbors(**node).next().is_none()).count();
        let parts = connected_components(&graph);
        (parts > 1).then(|| format!("the network falls into {parts} parts, {alone} of them single points without a cable"))
    }
}

/// Cables with the same key run beside each other.
fn key(cable: &Cable) -> (usize, usize, bool) {
    let (a, b) = cable.ends;
    if cable.one_way { (a, b, true) } else { (a.min(b), a.max(b), false) }
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// The id that was wanted, or the first of `#2`, `#3`, ... behind it that nobody has; `taken` knows how far each has come.
pub(super) fn unique(wanted: SmolStr, taken: &mut FxHashMap<SmolStr, usize>) -> SmolStr {
    let mut id = wanted.clone();
    let mut number = taken.get(&wanted).copied().unwrap_or(1);
    while taken.contains_key(&id) {
        number += 1;
        id = format_smolstr!("{wanted}#{number}");
    }
    taken.insert(wanted, number);
    taken.entry(id.clone()).or_insert(1);
    id
}

/// A link that costs so much per Mbps, rounded to six decimals, and weighs accordingly.
pub(super) fn link(id: SmolStr, from: &SmolStr, to: &SmolStr, cost: f64) -> LinkRow {
    LinkRow {
        id,
        from: from.clone(),
        to: to.clone(),
        capacity_kbps: None,
        used_kbps: None,
        cost: Some((cost * 1e6).round() / 1e6),
        kind: None,
        state: None,
        month_to_date_gb: None,
        weight: Some(((cost * 1e4).round() as u64).max(1)),
    }
}
