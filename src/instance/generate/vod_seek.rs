//! `vod-seek`: viewers of films who jump about; each minute of a film is a content of its own.
//!
//! Every viewer is met in the middle of a session, which is played from its start by measured stretches and jumps. What
//! was watched on the way is held, as far as there is room; asked for is the minute that plays, or the next one that is
//! missing, and at half its weight the one after it.

use super::super::document::*;
use super::super::policy::*;
use super::access::QUANTILES;
use super::country::{self, Customer, ISPS};
use super::draw::{Draw, Lottery, Part, quantile, zipf};
use super::supply::{self, Sizing};
use super::tree::{Hang, LOOSE, TIGHT, Traffic, Tree, ratio};
use super::{Knobs, Made, NatMix, Scenario, rows};
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "vod-seek",
    summary: "films with measured seeks: each minute is a content, viewers hold what they watched and ask for what comes next",
    nodes: 5_000,
    most_nodes: 50_000,
    make,
};

const SUBSTREAMS: u32 = 4;
const RATE: Kbps = Kbps(500);
const SCARCE: f64 = 0.93;
/// Seconds of one content.
const RANGE: f64 = 60.0;
const RANGE_MB: f64 = 15.0;
/// Viewers for each film, up to so many films.
const AUDIENCE: usize = 250;
const MOST_FILMS: usize = 20;
/// Films are as long as the two measured ones, or in between.
const LENGTHS: (f64, f64) = (2_565.0, 5_771.0);
/// Seeks in a session, at [`QUANTILES`].
pub const SEEKS: [f64; QUANTILES.len()] = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 4.0, 6.0, 11.0, 21.0, 38.0, 75.0, 144.0];
/// Seconds played between two seeks, at [`QUANTILES`].
pub const STRETCHES: [f64; QUANTILES.len()] =
    [0.0, 0.33, 0.34, 0.34, 0.5, 1.0, 1.33, 2.33, 5.0, 12.0, 30.0, 69.5, 180.0, 305.0, 1_794.5];
/// Seconds that a seek jumps ahead, at [`QUANTILES`].
pub const JUMPS: [f64; QUANTILES.len()] =
    [-5_774.0, -1_868.0, -482.0, -20.0, 0.0, 7.7, 10.0, 59.0, 59.8, 61.0, 236.0, 931.0, 1_803.0, 3_102.0, 5_769.0];
/// Ranges that fit a viewer's storage.
const STORED: (f64, f64) = (4.0, 33.0);
/// Share of viewers whose storage has room for one more range and not for two.
const FULL: f64 = 0.1;
/// Weight of the range after the one that plays.
const AHEAD: f64 = 0.5;
/// Share of a film, from its start, that the edge servers hold; the origin holds all.
const EDGE_PREFIX: f64 = 0.1;
const EXCHANGES: usize = 3;

/// A viewer in the middle of a session; ranges are numbered over all films.
struct Viewer {
    customer: Customer,
    network: usize,
    held: Vec<usize>,
    wanted: Vec<usize>,
    storage: usize,
}

/// Ranges of each film: the number of the first, and how many.
struct Films {
    spans: Vec<(usize, usize)>,
    ids: Vec<SmolStr>,
}

/// Networks, and where the city networks and data centres stand.
struct Country {
    tree: Tree,
    homes: Vec<Vec<usize>>,
    data_centres: Vec<usize>,
}

fn make(knobs: &Knobs) -> Made {
    let peers = knobs.nodes.unwrap_or(SCENARIO.nodes);
    let films = Films::new(knobs.seed, (peers / AUDIENCE).clamp(1, MOST_FILMS));
    let cities = (peers / 400).clamp(EXCHANGES, 12);
    let country = Country::new(knobs.seed, cities);
    let viewers = viewers(knobs.seed, country::customers(knobs.seed, peers, cities), &films, &country);
    let uplinks: Vec<Kbps> = viewers.iter().map(|viewer| viewer.customer.uplink).collect();
    let demand = viewers.iter().map(|viewer| viewer.wanted.len() as u64).sum::<u64>() * u64::from(SUBSTREAMS);
    let sizing = supply::size(&uplinks, RATE, demand, knobs.supply.unwrap_or(SCARCE), u64::from(SUBSTREAMS));
    let wires = country.tree.wires(&traffic(&country, &films, &viewers, &sizing));
    let links = ratio(knobs.links);

    let mut document = rows::document(SCENARIO.name, knobs.seed, peers);
    document.contents = films.ids.iter().map(range).collect();
    country.add_servers(&mut document, &films, &sizing);
    add_viewers(&mut document, knobs, &country, &films, &viewers, &sizing);
    document.links = wires.rows(&country.tree.networks, RATE, links, &mut Draw::new(knobs.seed, Part::Links));
    let mut notes = notes(&films, &viewers);
    notes.extend(wires.notes(&sizing, links));
    document.networks = country.tree.networks;
    document.policies = policies(knobs, demand);
    Made { document, notes }
}

/// Data plans are spared altogether, what crosses from provider to provider is bounded and dearer.
fn policies(knobs: &Knobs, demand: u64) -> Vec<Policy> {
    let mut policies = rows::max_depth(knobs.max_depth);
    if knobs.policies {
        let spare = rows::policy("mobile-receives-only", Owner::Client, Rule::Forbid {});
        policies.push(Policy { source: rows::selector("access", "mobile"), ..spare });
        policies.push(rows::prefer_own_network());
        let max_kbps = RATE.times(demand / 2);
        let settle = rows::policy("settlement-free", Owner::Network, Rule::LimitRate { max_kbps });
        policies.push(Policy { relation: rows::different("network.as"), source: rows::selector("role", "peer"), ..settle });
    }
    policies
}

fn range(id: &SmolStr) -> ContentRow {
    let channel = rows::channel(id.clone(), RATE.times(u64::from(SUBSTREAMS)), SUBSTREAMS, "film");
    ContentRow { kind: Some(ContentKind::File), size_mb: Some(RANGE_MB), ..channel }
}

impl Films {
    fn new(seed: u64, count: usize) -> Films {
        let mut draw = Draw::new(seed, Part::Channels);
        let mut films = Films { spans: Vec::new(), ids: Vec::new() };
        for film in 0..count {
            let ranges = (draw.between(LENGTHS.0, LENGTHS.1) / RANGE).ceil() as usize;
            films.spans.push((films.ids.len(), ranges));
            films.ids.extend((0..ranges).map(|range| format_smolstr!("f{:02}-{:03}", film + 1, range + 1)));
        }
        films
    }

    /// What a session in the middle has watched, the latest last, and where it stands; ranges of one film.
    fn session(draw: &mut Draw, ranges: usize) -> (Vec<usize>, usize) {
        let end = ranges as f64 * RANGE - 1.0;
        let seeks = quantile(&SEEKS, draw.unit()).round();
        let done = (draw.unit() * (seeks + 1.0)) as usize;
        let (mut at, mut watched) = (0.0, Vec::new());
        for stretch in 0..=done {
            let last = stretch == done;
            let played = quantile(&STRETCHES, draw.unit()) * if last { draw.unit() } else { 1.0 };
            let until = f64::min(at + played, end);
            // The range that plays now is not held yet.
            let ranges = (at / RANGE) as usize..(until / RANGE) as usize + usize::from(!last);
            watched.retain(|range| !ranges.contains(range));
            watched.extend(ranges);
            at = if last { until } else { (until + quantile(&JUMPS, draw.unit())).clamp(0.0, end) };
        }
        (watched, (at / RANGE) as usize)
    }
}

fn viewers(seed: u64, customers: Vec<Customer>, films: &Films, country: &Country) -> Vec<Viewer> {
    let mut taste = Draw::new(seed, Part::Tastes);
    let mut session = Draw::new(seed, Part::Sessions);
    let mut storage = Draw::new(seed, Part::Storage);
    let by_rank = Lottery::new(zipf(films.spans.len()));
    let viewer = |customer: Customer| {
        let (first, ranges) = films.spans[by_rank.row(taste.unit())];
        let (mut held, at) = Films::session(&mut session, ranges);
        let stored = storage.between(STORED.0, STORED.1) as usize;
        let full = storage.chance(FULL);
        held.drain(..(held.len() + 2).saturating_sub(stored));
        // Sessions at the end of a film look back for what they have missed.
        let from_here = (at..ranges).chain((0..at).rev());
        let wanted = from_here.filter(|range| !held.contains(range)).take(2).map(|range| first + range).collect();
        held.iter_mut().for_each(|range| *range += first);
        let storage = if full { held.len() + 1 } else { stored };
        Viewer { network: country.homes[customer.isp][customer.city], customer, held, wanted, storage }
    };
    customers.into_iter().map(viewer).collect()
}

impl Country {
    /// City networks hang on their provider's core, cores and data centres on the exchange.
    fn new(seed: u64, count: usize) -> Country {
        let cities = country::cities(seed, count);
        let row = |id, kind, asn, city: usize| rows::network(id, kind, asn, cities[city].lat, cities[city].lon);
        let mut tree = Tree::new(row(SmolStr::new_static("ix"), "exchange", None, 0));
        let mut homes = Vec::new();
        for (i, isp) in ISPS.iter().enumerate() {
            let (asn, odd) = (Some(64_512 + i as u32), !i.is_multiple_of(2));
            let (kind, cost) = if isp.upstream.is_some() { ("transit", 0.5) } else { ("peering", 0.1) };
            let peering = Hang { above: 0, kind, cost, weight: 20, headroom: Some(if odd { TIGHT } else { LOOSE }) };
            let core = tree.hang(row(format_smolstr!("isp{:02}-core", i + 1), "core", asn, i % EXCHANGES), peering);
            let headroom = Some(if odd { LOOSE } else { TIGHT });
            let internal = Hang { above: core, kind: "internal", cost: 0.05, weight: 10, headroom };
            let id = |city: usize| format_smolstr!("isp{:02}-c{:02}", i + 1, city + 1);
            homes.push((0..isp.reach(count)).map(|city| tree.hang(row(id(city), "isp", asn, city), internal)).collect());
        }
        let hosting = Hang { above: 0, kind: "hosting", cost: 0.05, weight: 1, headroom: None };
        let centre = |city: usize| tree.hang(row(format_smolstr!("dc{}", city + 1), "datacentre", None, city), hosting);
        let data_centres = (0..EXCHANGES).map(centre).collect();
        Country { tree, homes, data_centres }
    }

    /// The origin has half of the slots and every range, an edge server in each data centre how the films start.
    fn add_servers(&self, document: &mut Document, films: &Films, sizing: &Sizing) {
        let home = |number: usize| self.tree.networks[self.data_centres[number]].id.clone();
        let edge = sizing.server_slots / 2 / EXCHANGES as u64;
        let origin = sizing.server_slots - edge * EXCHANGES as u64;
        document.nodes.push(NodeRow::new("o1", Role::Origin, home(0), RATE.times(origin)));
        document.holdings.extend(films.ids.iter().map(|range| rows::holding(&SmolStr::new_static("o1"), range.clone())));
        for number in 0..EXCHANGES {
            let server = NodeRow::new(format_smolstr!("s{}", number + 1), Role::Server, home(number), RATE.times(edge));
            for (first, ranges) in &films.spans {
                let prefix = (*ranges as f64 * EDGE_PREFIX).ceil() as usize;
                let held = films.ids[*first..first + prefix].iter();
                document.holdings.extend(held.map(|range| rows::holding(&server.id, range.clone())));
            }
            document.nodes.push(server);
        }
    }
}

/// A viewer's slots count in equal parts for all that it holds or asks for.
fn traffic(country: &Country, films: &Films, viewers: &[Viewer], sizing: &Sizing) -> Traffic {
    let mut traffic = Traffic::new(country.tree.networks.len(), films.ids.len());
    for viewer in viewers {
        viewer.wanted.iter().for_each(|range| traffic.ask(viewer.network, *range, u64::from(SUBSTREAMS)));
        let slots = supply::scaled(viewer.customer.uplink, sizing.factor).slots(RATE);
        traffic.give(viewer.network, &[&viewer.held[..], &viewer.wanted[..]].concat(), slots);
    }
    let all: Vec<usize> = (0..films.ids.len()).collect();
    traffic.give(country.data_centres[0], &all, sizing.server_slots);
    traffic
}

fn add_viewers(document: &mut Document, knobs: &Knobs, country: &Country, films: &Films, viewers: &[Viewer], sizing: &Sizing) {
    let nat = knobs.nat.unwrap_or(NatMix::OPEN);
    let mut translators = Draw::new(knobs.seed, Part::Translators);
    for (number, viewer) in viewers.iter().enumerate() {
        let network = country.tree.networks[viewer.network].id.clone();
        let uplink = supply::scaled(viewer.customer.uplink, sizing.factor);
        let mut node = NodeRow::new(format_smolstr!("p{:07}", number + 1), Role::Peer, network, uplink);
        node.nat = nat.draw(&mut translators);
        node.access = Some(SmolStr::new_static(viewer.customer.access.word));
        node.storage_mb = Some(viewer.storage as f64 * RANGE_MB);
        let weights = [None, Some(AHEAD)];
        for (range, weight) in viewer.wanted.iter().zip(weights) {
            document.requests.push(RequestRow { weight, ..rows::request(&node.id, films.ids[*range].clone()) });
        }
        document.holdings.extend(viewer.held.iter().map(|range| rows::holding(&node.id, films.ids[*range].clone())));
        document.nodes.push(node);
    }
}

fn notes(films: &Films, viewers: &[Viewer]) -> Vec<String> {
    let held: usize = viewers.iter().map(|viewer| viewer.held.len()).sum();
    let mut holders = vec![0u32; films.ids.len()];
    viewers.iter().flat_map(|viewer| &viewer.held).for_each(|range| holders[*range] += 1);
    let alone = viewers.iter().flat_map(|viewer| &viewer.wanted).filter(|range| holders[**range] == 0).count();
    let wanted: usize = viewers.iter().map(|viewer| viewer.wanted.len()).sum();
    let full = viewers.iter().filter(|viewer| viewer.held.len() + viewer.wanted.len() > viewer.storage).count();
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    vec![
        format!(
            "{} peers watch {} films in {} ranges of {RANGE} seconds; a peer holds {:.1} ranges on average",
            viewers.len(),
            films.spans.len(),
            films.ids.len(),
            held as f64 / viewers.len() as f64
        ),
        format!(
            "{wanted} requests, {:.1} % for a range that no peer holds; {:.1} % of the peers have room for one more range only",
            share(alone, wanted),
            share(full, viewers.len())
        ),
    ]
}
