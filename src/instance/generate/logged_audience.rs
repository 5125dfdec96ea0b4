//! The audience of a real hybrid CDN / P2P live service: where it was, on whose networks, and what its peers sent.
//!
//! Shares and quantiles of logs of six days of 2020 (`instances/README.md` names the source and how they were taken), never
//! their rows. Uplinks are lower bounds: the best rate that was seen from a peer to one other, with a share of peers
//! that were never seen to send.
//!
//! `World` lays that audience out: providers hang on the core of their country, countries of Europe meet at an exchange
//! where the data centres are, others buy transit; the providers of the home country (the first) buy it each for itself.

use super::super::document::*;
use super::draw::{Draw, Lottery, Part};
use super::supply::{self, Sizing};
use super::wires::{Balance, Size, Wire, Wires};
use super::{Knobs, Links, Made, NatMix, rows};
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

/// Rate of one substream: the stream of the logs ran at about 1,730 kbps.
pub const RATE: Kbps = Kbps(433);
/// Substreams of the channel.
pub const SUBSTREAMS: u32 = 4;
/// Copies that start the trees of one network.
const START: u64 = SUBSTREAMS as u64;

/// A country of the audience.
#[derive(Debug)]
pub struct Land {
    /// ISO 3166 code.
    pub code: &'static str,
    /// Its capital.
    place: (f64, f64),
    /// How it reaches the exchange.
    reach: Reach,
    /// Shares of its audience by provider, largest first, on 2020-07-29.
    pub providers: &'static [f64],
    /// Providers of equal size that share the rest.
    pub small: usize,
}

/// How a country reaches the exchange.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reach {
    /// Each provider over transit of its own.
    Home,
    /// The country's core at the exchange.
    Exchange,
    /// The country's core over transit.
    Transit,
}

const fn land(code: &'static str, place: (f64, f64), reach: Reach, providers: &'static [f64], small: usize) -> Land {
    Land { code, place, reach, providers, small }
}

/// The twelve countries with most viewers, 96 % of the audience.
pub const LANDS: [Land; 12] = [
    land("MA", (34.02, -6.84), Reach::Home, &[0.657, 0.127, 0.117, 0.099], 0),
    land("FR", (48.86, 2.35), Reach::Exchange, &[0.278, 0.207, 0.201, 0.147, 0.106], 2),
    land("ES", (40.42, -3.70), Reach::Exchange, &[0.154, 0.153, 0.120, 0.101, 0.066, 0.046], 6),
    land("DE", (52.52, 13.41), Reach::Exchange, &[0.208, 0.184, 0.144, 0.132, 0.110, 0.082], 4),
    land("IT", (41.90, 12.50), Reach::Exchange, &[0.346, 0.158, 0.114, 0.102, 0.065], 4),
    land("DZ", (36.75, 3.06), Reach::Transit, &[0.907, 0.057], 2),
    land("BE", (50.85, 4.35), Reach::Exchange, &[0.340, 0.229, 0.214, 0.123, 0.082], 2),
    land("NL", (52.37, 4.90), Reach::Exchange, &[0.413, 0.281, 0.114, 0.101], 2),
    land("CA", (45.42, -75.70), Reach::Transit, &[0.266, 0.214, 0.078, 0.065, 0.057], 5),
    land("US", (38.91, -77.04), Reach::Transit, &[0.335, 0.226, 0.112, 0.056], 5),
    land("GB", (51.51, -0.13), Reach::Exchange, &[0.201, 0.167, 0.157, 0.093, 0.059], 5),
    land("AE", (24.45, 54.38), Reach::Transit, &[0.911, 0.082], 1),
];

/// Where the quantiles of uplinks stand; above the last they stay as there.
pub const QUANTILES: [f64; 12] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// What peers of one kind sent.
#[derive(Debug)]
pub struct Uplinks {
    /// Share of peers that were never seen to send.
    pub silent: f64,
    /// Uplinks of the others at [`QUANTILES`], kbps.
    pub kbps: [u64; 12],
}

impl Uplinks {
    /// The uplink below which a share `p` in [0, 1] of the peers stay.
    pub fn uplink(&self, p: f64) -> Kbps {
        let p = (p - self.silent) / (1.0 - self.silent);
        if p < 0.0 {
            return Kbps(0);
        }
        let last = QUANTILES.len() - 1;
        let above = QUANTILES.partition_point(|q| *q <= p).clamp(1, last);
        let (q0, q1) = (QUANTILES[above - 1], QUANTILES[above]);
        let (u0, u1) = (self.kbps[above - 1] as f64, self.kbps[above] as f64);
        Kbps((u0 + (u1 - u0) * ((p - q0) / (q1 - q0)).min(1.0)).round() as u64)
    }
}

/// A viewer: its country, its network in the world's list, its uplink.
pub(super) struct Viewer {
    pub(super) land: usize,
    pub(super) network: usize,
    pub(super) uplink: Kbps,
}

/// The networks of the audience, and where each stands in the list.
pub(super) struct World {
    networks: Vec<NetworkRow>,
    /// By country and provider.
    homes: Vec<Vec<usize>>,
    /// By country; at home the domestic exchange.
    cores: Vec<usize>,
    transits: Vec<usize>,
    exchange: usize,
    data_centre: usize,
}

/// A server's uplink is at most so many copies (9 Gbps).
const SERVER_SLOTS: u64 = 20_000;
/// Share of the capacity of transit into the home country that other traffic takes: assumed.
const OTHER_TRAFFIC: f64 = 0.6;
/// Capacity over expected load, at ratio 1, of links that are to decide nothing.
const LOOSE: f64 = 3.0;
/// Transit networks between the exchange and countries without one.
const TRANSITS: usize = 3;

impl World {
    pub(super) fn new() -> World {
        let mut networks = Vec::new();
        let mut add = |id: SmolStr, kind: &'static str, asn: Option<u32>, land: &Land| {
            let row = rows::network(id, kind, asn, land.place.0, land.place.1);
            networks.push(NetworkRow { country: Some(SmolStr::new_static(land.code)), ..row });
            networks.len() - 1
        };
        let mut number = 64_511;
        let mut homes = Vec::new();
        let mut cores = Vec::new();
        for land in &LANDS {
            let code = land.code.to_lowercase();
            let mut home = |i: usize| {
                number += 1;
                add(format_smolstr!("{code}-isp{:02}", i + 1), "isp", Some(number), land)
            };
            homes.push((0..land.providers.len() + land.small).map(&mut home).collect());
            let kind = if land.reach == Reach::Home { "exchange" } else { "core" };
            cores.push(add(format_smolstr!("{code}-core"), kind, None, land));
        }
        let hub = &LANDS[1];
        let transits = (0..TRANSITS).map(|t| add(format_smolstr!("transit{}", t + 1), "transit", None, hub)).collect();
        let exchange = add(SmolStr::new_static("ix"), "exchange", None, hub);
        let data_centre = add(SmolStr::new_static("dc"), "datacentre", None, hub);
        World { networks, homes, cores, transits, exchange, data_centre }
    }

    /// Draws viewers: a country by `shares`, a provider by its share there, an uplink of what `uplinks` tells of the country.
    pub(super) fn viewers<'a>(
        &self,
        (homes, lines): (&mut Draw, &mut Draw),
        count: usize,
        shares: &[f64; 12],
        uplinks: impl Fn(usize) -> &'a Uplinks,
    ) -> Vec<Viewer> {
        let lands = Lottery::new(shares.iter().copied());
        let providers: Vec<Lottery> = LANDS.iter().map(|land| Lottery::new(land.weights())).collect();
        let viewer = |_| {
            let land = lands.row(homes.unit());
            let network = self.homes[land][providers[land].row(homes.unit())];
            Viewer { land, network, uplink: uplinks(land).uplink(lines.unit()) }
        };
        (0..count).map(viewer).collect()
    }

    /// The instance of these viewers, whose uplinks are drawn and not yet scaled: everything but `previous` and policies.
    /// `links` is what is done where nothing is asked for; with `binding` links at most `bound_share` is served of what the
    /// uplinks alone could serve.
    pub(super) fn lay_out(
        self,
        name: &str,
        knobs: &Knobs,
        (viewers, sizing): (&mut [Viewer], &Sizing),
        (links, bound_share): (Links, f64),
    ) -> Made {
        viewers.iter_mut().for_each(|viewer| viewer.uplink = supply::scaled(viewer.uplink, sizing.factor));
        let balances = self.balances(viewers, sizing.server_slots);
        let wires = Wires::new(self.wires(&balances), balances);
        let ratio = match knobs.links.unwrap_or(links) {
            Links::Free => None,
            Links::Binding => Some(wires.ratio_for((wires.largest(None).served as f64 * bound_share) as u64)),
            Links::Ratio(ratio) => Some(ratio),
        };
        let mut document = rows::document(name, knobs.seed, viewers.len());
        document.contents = vec![rows::channel("live", RATE.times(START), SUBSTREAMS, "sport")];
        document.links = wires.rows(&self.networks, RATE, ratio, &mut Draw::new(knobs.seed, Part::Links));
        document.nodes = self.servers(sizing.server_slots);
        document.holdings = document.nodes.iter().map(|server| rows::holding(&server.id, "live")).collect();
        let nat = knobs.nat.unwrap_or(NatMix::OPEN);
        let mut translators = Draw::new(knobs.seed, Part::Translators);
        for (number, viewer) in viewers.iter().enumerate() {
            let mut node = rows::peer(number, &self.networks[viewer.network].id, viewer.uplink);
            node.nat = nat.draw(&mut translators);
            document.requests.push(rows::request(&node.id, "live"));
            document.nodes.push(node);
        }
        document.networks = self.networks;
        Made { document, notes: wires.notes(sizing, ratio) }
    }

    /// One origin and servers of equal size in the data centre.
    fn servers(&self, slots: u64) -> Vec<NodeRow> {
        let count = slots.div_ceil(SERVER_SLOTS).max(2);
        let server = |i: u64| {
            let uplink = RATE.times(slots / count + u64::from(i < slots % count));
            let network = self.networks[self.data_centre].id.clone();
            match i {
                0 => NodeRow::new("o1", Role::Origin, network, uplink),
                _ => NodeRow::new(format_smolstr!("s{i:05}"), Role::Server, network, uplink),
            }
        };
        (0..count).map(server).collect()
    }

    /// What each network asks for and has; countries are the groups, and the data centre one more.
    fn balances(&self, viewers: &[Viewer], server_slots: u64) -> Vec<Balance> {
        let mut balances = vec![Balance { group: LANDS.len(), ..Balance::default() }; self.networks.len()];
        for viewer in viewers {
            let balance = &mut balances[viewer.network];
            balance.demand += START;
            balance.supply += viewer.uplink.slots(RATE);
            balance.group = viewer.land;
        }
        balances[self.data_centre].supply = server_slots;
        balances
    }

    /// The links. Transit into the home country is what decides; all else has room to spare.
    fn wires(&self, balances: &[Balance]) -> Vec<Wire> {
        let mut wires = Vec::new();
        let mut both = |wire: Wire, back: Size| {
            wires.push(Wire { from: wire.to, to: wire.from, size: back, used: 0.0, ..wire });
            wires.push(wire);
        };
        let size = Size::Load(LOOSE);
        let loose = |from, to, kind, cost, weight, floor| Wire { from, to, kind, cost, weight, floor, size, used: 0.0 };
        for (l, land) in LANDS.iter().enumerate() {
            let core = self.cores[l];
            let transit = |i: usize| self.transits[(l + i) % TRANSITS];
            for (i, &home) in self.homes[l].iter().enumerate() {
                let floor = START + balances[home].demand / 8;
                both(loose(core, home, "internal", 0.02, 5, floor), size);
                if land.reach == Reach::Home {
                    let wire = loose(transit(i), home, "transit", 0.5, 20, START);
                    both(Wire { size: Size::Load(1.0), used: OTHER_TRAFFIC, ..wire }, size);
                }
            }
            let floor = START * self.homes[l].len() as u64;
            match land.reach {
                Reach::Home => {}
                Reach::Exchange => both(loose(self.exchange, core, "peering", 0.1, 10, floor), size),
                Reach::Transit => both(loose(transit(0), core, "transit", 0.5, 20, floor), size),
            }
        }
        for &transit in &self.transits {
            let wire = loose(self.exchange, transit, "backbone", 0.0, 5, 0);
            both(Wire { size: Size::Unlimited, ..wire }, Size::Unlimited);
        }
        let wire = loose(self.data_centre, self.exchange, "hosting", 0.05, 1, 0);
        both(Wire { size: Size::Unlimited, ..wire }, Size::Unlimited);
        wires
    }
}

impl Land {
    /// Shares of all its providers.
    fn weights(&self) -> impl Iterator<Item = f64> {
        let rest = (1.0 - self.providers.iter().sum::<f64>()).max(0.0) / self.small.max(1) as f64;
        self.providers.iter().copied().chain(std::iter::repeat_n(rest, self.small))
    }
}
