//! `planet-lowlat-nat`: one low-delay channel for the whole planet, behind translators as they are, in shallow trees.
//!
//! Cities are drawn in the parts of the world by measured shares. Between every two of them a round trip is stated: a
//! straight line over the distance, times a drawn scatter, and never less than light in fibre takes.

use super::super::document::*;
use super::super::policy::*;
use super::access::{self, ADSL, Access, CABLE, FTTC, FTTP, QUANTILES};
use super::draw::{Draw, Lottery, Part, quantile};
use super::supply::{self, Sizing};
use super::tree::{Hang, LOOSE, TIGHT, Traffic, Tree, ratio};
use super::{Knobs, Made, NatMix, Scenario, rows};
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "planet-lowlat-nat",
    summary: "one low-delay channel around the planet: fitted round trips, published translators, a depth bound",
    nodes: 490,
    most_nodes: 50_000,
    make,
};

const SUBSTREAMS: u32 = 4;
const RATE: Kbps = Kbps(1_500);
/// Enough uplink: what decides here is who connects with whom, and how deep.
const SUPPLY: f64 = 1.3;
/// The depth bound where none is asked for.
const HOPS: u32 = 6;
/// Peers for each city, up to [`MOST_CITIES`].
const AUDIENCE: usize = 2;
const MOST_CITIES: usize = 242;
/// The round trip: milliseconds at no distance, and for each 1,000 km more.
pub const INTERCEPT: f64 = 14.6;
/// See [`INTERCEPT`].
pub const SLOPE: f64 = 17.3;
/// What light in fibre takes for 1,000 km there and back.
pub const LIGHT: f64 = 10.0;
/// Round trips over the line, at [`QUANTILES`]: up to [`SHORT`] km, and beyond.
pub const SCATTER: [[f64; QUANTILES.len()]; 2] = [
    [0.10, 0.23, 0.33, 0.43, 0.55, 0.64, 0.73, 0.84, 0.96, 1.10, 1.33, 1.79, 2.46, 3.80, 13.5],
    [0.58, 0.67, 0.73, 0.77, 0.84, 0.89, 0.95, 1.01, 1.08, 1.18, 1.34, 1.65, 2.01, 2.73, 4.92],
];
/// Kilometres up to which the first row of [`SCATTER`] holds.
pub const SHORT: f64 = 1_000.0;
/// Inhabitants of a city, at [`QUANTILES`].
const INHABITANTS: [f64; QUANTILES.len()] = [
    506.0,
    5_160.0,
    40_123.0,
    82_291.0,
    181_194.0,
    335_007.0,
    456_568.0,
    617_280.0,
    864_816.0,
    1_487_536.0,
    2_318_895.0,
    5_028_000.0,
    8_336_599.0,
    10_381_222.0,
    22_315_474.0,
];
const LINES: [(&Access, f64); 4] = [(&ADSL, 0.34), (&FTTC, 0.45), (&CABLE, 0.17), (&FTTP, 0.04)];

/// A part of the world: shares of cities and of inhabitants, and the box in which nine in ten cities lie.
struct Continent {
    word: &'static str,
    cities: f64,
    inhabitants: f64,
    lat: (f64, f64),
    lon: (f64, f64),
}

const CONTINENTS: [Continent; 7] = [
    Continent { word: "na", cities: 0.335, inhabitants: 0.148, lat: (27.9, 45.9), lon: (-121.5, -74.0) },
    Continent { word: "sa", cities: 0.062, inhabitants: 0.134, lat: (-34.6, 9.9), lon: (-78.5, -55.0) },
    Continent { word: "eu", cities: 0.364, inhabitants: 0.234, lat: (39.9, 56.0), lon: (-2.6, 26.1) },
    Continent { word: "af", cities: 0.058, inhabitants: 0.081, lat: (-26.2, 34.0), lon: (-5.0, 36.8) },
    Continent { word: "as", cities: 0.050, inhabitants: 0.100, lat: (13.1, 41.7), lon: (46.7, 78.5) },
    Continent { word: "ea", cities: 0.090, inhabitants: 0.267, lat: (2.5, 37.6), lon: (103.9, 135.5) },
    Continent { word: "oc", cities: 0.041, inhabitants: 0.036, lat: (-41.3, -27.5), lon: (115.9, 174.8) },
];

/// Cities and one data centre for each continent.
struct Planet {
    tree: Tree,
    /// Network of each city, with its inhabitants as a weight.
    cities: Vec<(usize, f64)>,
    data_centres: Vec<usize>,
}

struct Viewer {
    network: usize,
    access: &'static Access,
    uplink: Kbps,
}

fn make(knobs: &Knobs) -> Made {
    let peers = knobs.nodes.unwrap_or(SCENARIO.nodes);
    let planet = Planet::new(knobs.seed, (peers / AUDIENCE).clamp(CONTINENTS.len(), MOST_CITIES));
    let mut home = Draw::new(knobs.seed, Part::Homes);
    let homes = Lottery::new(planet.cities.iter().map(|(_, weight)| *weight));
    let mut viewer = |(access, uplink)| Viewer { network: planet.cities[homes.row(home.unit())].0, access, uplink };
    let lines = access::lines(&LINES, &mut Draw::new(knobs.seed, Part::Uplinks), peers);
    let viewers: Vec<Viewer> = lines.into_iter().map(&mut viewer).collect();
    let uplinks: Vec<Kbps> = viewers.iter().map(|viewer| viewer.uplink).collect();
    let demand = peers as u64 * u64::from(SUBSTREAMS);
    let least = u64::from(SUBSTREAMS);
    let sizing = supply::size(&uplinks, RATE, demand, knobs.supply.unwrap_or(SUPPLY), least);
    let wires = planet.tree.wires(&planet.traffic(&viewers, &sizing));
    let links = ratio(knobs.links);

    let mut document = rows::document(SCENARIO.name, knobs.seed, peers);
    document.contents = vec![rows::channel("stage", RATE.times(least), SUBSTREAMS, "conversation")];
    planet.add_servers(&mut document, &sizing);
    planet.add_viewers(&mut document, knobs, &viewers, &sizing);
    document.links = wires.rows(&planet.tree.networks, RATE, links, &mut Draw::new(knobs.seed, Part::Links));
    document.paths = planet.paths(&mut Draw::new(knobs.seed, Part::Paths));
    document.policies = policies(knobs);
    let mut notes = planet.notes(&document);
    notes.extend(wires.notes(&sizing, links));
    document.networks = planet.tree.networks;
    Made { document, notes }
}

/// The depth bound always; else the transport for long ways, and slow lines spared.
fn policies(knobs: &Knobs) -> Vec<Policy> {
    let mut policies = rows::max_depth(Some(knobs.max_depth.unwrap_or(HOPS)));
    if knobs.policies {
        let transport = |id, name| rows::policy(id, Owner::Provider, Rule::Protocol { name: SmolStr::new_static(name) });
        policies.push(Policy { relation: rows::different("country"), ..transport("far-by-quic", "quic") });
        policies.push(Policy { rank: 2, ..transport("near-by-webrtc", "webrtc") });
        policies.push(rows::spare("adsl"));
        let home = rows::policy("stay-on-the-continent", Owner::Network, Rule::Prefer { cost: 0.2 });
        policies.push(Policy { relation: rows::different("country"), ..home });
    }
    policies
}

/// Kilometres of a great circle.
fn km(a: &NetworkRow, b: &NetworkRow) -> f64 {
    let radians = |degrees: Option<f64>| degrees.unwrap_or_default().to_radians();
    let (lat, lon) = (radians(b.lat) - radians(a.lat), radians(b.lon) - radians(a.lon));
    let chord = (0.5 * lat).sin().powi(2) + radians(a.lat).cos() * radians(b.lat).cos() * (0.5 * lon).sin().powi(2);
    2.0 * 6_371.0 * chord.sqrt().min(1.0).asin()
}

/// A round trip over a distance, in milliseconds, `scatter` in [0, 1) being where it stands among those so far apart.
fn round_trip(km: f64, scatter: f64) -> f64 {
    let band = &SCATTER[usize::from(km > SHORT)];
    let fitted = (INTERCEPT + SLOPE * km / 1_000.0) * quantile(band, scatter);
    (fitted.max(LIGHT * km / 1_000.0) * 100.0).round() / 100.0
}

impl Planet {
    /// Cities and data centres hang on their continent, continents on the backbone.
    fn new(seed: u64, count: usize) -> Planet {
        let mut draw = Draw::new(seed, Part::Places);
        let mut tree = Tree::new(rows::network(SmolStr::new_static("backbone"), "backbone", None, 40.0, 0.0));
        let (mut cities, mut data_centres) = (Vec::new(), Vec::new());
        let mut wanted: f64 = 0.0;
        for continent in &CONTINENTS {
            let round = |degrees: f64| (degrees * 1e3).round() / 1e3;
            let (lat, lon) = (0.5 * (continent.lat.0 + continent.lat.1), 0.5 * (continent.lon.0 + continent.lon.1));
            let row = |id, kind, lat, lon| {
                let country = Some(format_smolstr!("X{}", continent.word.to_uppercase()));
                NetworkRow { country, ..rows::network(id, kind, None, round(lat), round(lon)) }
            };
            let sea = Hang { above: 0, kind: "submarine", cost: 0.4, weight: 20, headroom: Some(TIGHT) };
            let hub = tree.hang(row(SmolStr::new_static(continent.word), "continent", lat, lon), sea);
            let hosting = Hang { above: hub, kind: "hosting", cost: 0.05, weight: 1, headroom: None };
            data_centres.push(tree.hang(row(format_smolstr!("{}-dc", continent.word), "datacentre", lat, lon), hosting));
            let before = wanted;
            wanted += continent.cities * count as f64;
            let here = (wanted.round() - before.round()).max(1.0) as usize;
            let sizes: Vec<f64> = (0..here).map(|_| quantile(&INHABITANTS, draw.unit())).collect();
            let all: f64 = sizes.iter().sum();
            for (number, size) in sizes.iter().enumerate() {
                let land = Hang { above: hub, kind: "regional", cost: 0.1, weight: 10, headroom: Some(LOOSE) };
                let (lat, lon) = (draw.between(continent.lat.0, continent.lat.1), draw.between(continent.lon.0, continent.lon.1));
                let id = format_smolstr!("{}-{:03}", continent.word, number + 1);
                cities.push((tree.hang(row(id, "isp", lat, lon), land), continent.inhabitants * size / all));
            }
        }
        Planet { tree, cities, data_centres }
    }

    fn traffic(&self, viewers: &[Viewer], sizing: &Sizing) -> Traffic {
        let mut traffic = Traffic::new(self.tree.networks.len(), 1);
        for viewer in viewers {
            traffic.ask(viewer.network, 0, u64::from(SUBSTREAMS));
            traffic.give(viewer.network, &[0], supply::scaled(viewer.uplink, sizing.factor).slots(RATE));
        }
        for (number, centre) in self.data_centres.iter().enumerate() {
            traffic.give(*centre, &[0], Planet::server_slots(sizing, number));
        }
        traffic
    }

    /// Servers are as large as their continents; what rounding leaves is the origin's, on the first.
    fn server_slots(sizing: &Sizing, number: usize) -> u64 {
        let share = |continent: &Continent| (sizing.server_slots as f64 * continent.inhabitants) as u64;
        match number {
            0 => sizing.server_slots - CONTINENTS[1..].iter().map(share).sum::<u64>(),
            _ => share(&CONTINENTS[number]),
        }
    }

    fn add_servers(&self, document: &mut Document, sizing: &Sizing) {
        for (number, centre) in self.data_centres.iter().enumerate() {
            let (id, role) = match number {
                0 => (SmolStr::new_static("o1"), Role::Origin),
                _ => (format_smolstr!("s{number}"), Role::Server),
            };
            let uplink = RATE.times(Planet::server_slots(sizing, number));
            document.holdings.push(rows::holding(&id, "stage"));
            document.nodes.push(NodeRow::new(id, role, self.tree.networks[*centre].id.clone(), uplink));
        }
    }

    fn add_viewers(&self, document: &mut Document, knobs: &Knobs, viewers: &[Viewer], sizing: &Sizing) {
        let nat = knobs.nat.unwrap_or(NatMix::WILD);
        let mut translators = Draw::new(knobs.seed, Part::Translators);
        for (number, viewer) in viewers.iter().enumerate() {
            let network = self.tree.networks[viewer.network].id.clone();
            let uplink = supply::scaled(viewer.uplink, sizing.factor);
            let mut node = NodeRow::new(format_smolstr!("p{:07}", number + 1), Role::Peer, network, uplink);
            node.nat = nat.draw(&mut translators);
            node.access = Some(SmolStr::new_static(viewer.access.word));
            document.requests.push(rows::request(&node.id, "stage"));
            document.nodes.push(node);
        }
    }

    /// Round trips between all places with nodes, the same both ways.
    fn paths(&self, draw: &mut Draw) -> Vec<PathRow> {
        let places: Vec<usize> =
            self.data_centres.iter().copied().chain(self.cities.iter().map(|(network, _)| *network)).collect();
        let mut paths = Vec::with_capacity(places.len() * places.len());
        for (number, a) in places.iter().enumerate() {
            for b in &places[..number] {
                let (a, b) = (&self.tree.networks[*a], &self.tree.networks[*b]);
                let rtt_ms = Some(round_trip(km(a, b), draw.unit()));
                let path =
                    |from: &NetworkRow, to: &NetworkRow| PathRow { from: from.id.clone(), to: to.id.clone(), rtt_ms, loss: None };
                paths.extend([path(a, b), path(b, a)]);
            }
        }
        paths
    }

    fn notes(&self, document: &Document) -> Vec<String> {
        let mut trips: Vec<f64> = document.paths.iter().filter_map(|path| path.rtt_ms).collect();
        trips.sort_by(f64::total_cmp);
        let at = |share: f64| trips[(share * (trips.len() - 1) as f64) as usize];
        vec![format!(
            "{} peers in {} cities of {} continents; round trips of {:.0}, {:.0} and {:.0} ms at 10, 50 and 90 %",
            document.requests.len(),
            self.cities.len(),
            CONTINENTS.len(),
            at(0.1),
            at(0.5),
            at(0.9)
        )]
    }
}
