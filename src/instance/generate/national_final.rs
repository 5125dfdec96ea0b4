//! `national-final`: one country watches one live channel.

use super::super::document::*;
use super::super::policy::Policy;
use super::country::{self, City, Customer, ISPS};
use super::draw::{Draw, Part};
use super::supply::{self, Sizing};
use super::wires::{Balance, Size, Wire, Wires};
use super::{Knobs, Links, Made, NatMix, Scenario, rows};
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "national-final",
    summary: "one country, one live channel: a dozen providers in two dozen cities, uplinks of a published panel",
    nodes: 20_000,
    most_nodes: 1_000_000,
    make,
};

const SUBSTREAMS: u32 = 4;
const RATE: Kbps = Kbps(1_000);
/// Supply over demand where none is asked for: a little too little.
const SCARCE: f64 = 0.93;
/// With `binding` links at most this share is served of what the uplinks alone could serve.
const BOUND_SHARE: f64 = 0.96;
const EXCHANGES: usize = 3;
/// Copies that start the trees of one network.
const START: u64 = SUBSTREAMS as u64;
/// Capacity over expected load, at ratio 1, of links that are to decide something, and of the others.
const TIGHT: f64 = 1.0;
const LOOSE: f64 = 2.0;
/// A server's uplink is at most so many copies (9 Gbps).
const SERVER_SLOTS: u64 = 9_000;

/// The networks of the country, and where each stands in the list.
struct Country {
    cities: Vec<City>,
    networks: Vec<NetworkRow>,
    /// By provider and city.
    homes: Vec<Vec<usize>>,
    /// By provider.
    cores: Vec<usize>,
    exchanges: Vec<usize>,
    data_centres: Vec<usize>,
}

fn make(knobs: &Knobs) -> Made {
    let peers = knobs.nodes.unwrap_or(SCENARIO.nodes);
    let country = Country::new(knobs.seed, (peers / 400).clamp(EXCHANGES, 24));
    let customers = country::customers(knobs.seed, peers, country.cities.len());
    let uplinks: Vec<Kbps> = customers.iter().map(|customer| customer.uplink).collect();
    let demand = peers as u64 * START;
    let ratio = knobs.supply.unwrap_or(SCARCE);
    let sizing = supply::size(&uplinks, RATE, demand, ratio, START);
    let servers = country.servers(&sizing);

    let wires = Wires::new(country.wires(&customers, &sizing), country.balances(&customers, &servers, &sizing));
    let free = wires.largest(None).served;
    let links = match knobs.links.unwrap_or(Links::Free) {
        Links::Free => None,
        Links::Binding => Some(wires.ratio_for((free as f64 * BOUND_SHARE) as u64)),
        Links::Ratio(ratio) => Some(ratio),
    };

    let notes = notes(&country, &customers, &sizing, &wires, links);
    let links = wires.rows(&country.networks, RATE, links, &mut Draw::new(knobs.seed, Part::Links));
    let mut document = rows::document("national-final", knobs.seed, peers);
    document.contents = vec![rows::channel("final", RATE.times(START), SUBSTREAMS, "sport")];
    document.holdings = servers.iter().map(|server| rows::holding(&server.id, "final")).collect();
    document.nodes = servers;
    let nat = knobs.nat.unwrap_or(NatMix::OPEN);
    let mut translators = Draw::new(knobs.seed, Part::Translators);
    for (number, customer) in customers.iter().enumerate() {
        let network = country.networks[country.homes[customer.isp][customer.city]].id.clone();
        let uplink = supply::scaled(customer.uplink, sizing.factor);
        let mut node = NodeRow::new(format_smolstr!("p{:07}", number + 1), Role::Peer, network, uplink);
        node.nat = nat.draw(&mut translators);
        node.access = Some(SmolStr::new_static(customer.access.word));
        document.requests.push(rows::request(&node.id, "final"));
        document.nodes.push(node);
    }
    document.links = links;
    document.networks = country.networks;
    document.policies = policies(knobs);
    Made { document, notes }
}

fn policies(knobs: &Knobs) -> Vec<Policy> {
    let mut policies = rows::max_depth(knobs.max_depth);
    if knobs.policies {
        policies.push(rows::spare("mobile"));
        policies.push(rows::prefer_own_network());
    }
    policies
}

impl Country {
    fn new(seed: u64, count: usize) -> Country {
        let cities = country::cities(seed, count);
        let mut networks = Vec::new();
        let mut add = |id: SmolStr, kind: &'static str, asn: Option<u32>, city: &City| {
            networks.push(rows::network(id, kind, asn, city.lat, city.lon));
            networks.len() - 1
        };
        let number = |isp: usize| Some(64_512 + isp as u32);
        let home = |isp: usize, city: usize| format_smolstr!("isp{:02}-c{:02}", isp + 1, city + 1);
        let mut homes = Vec::new();
        for (i, isp) in ISPS.iter().enumerate() {
            homes.push((0..isp.reach(count)).map(|c| add(home(i, c), "isp", number(i), &cities[c])).collect());
        }
        let at = |i: usize| &cities[i % EXCHANGES];
        let cores = (0..ISPS.len()).map(|i| add(format_smolstr!("isp{:02}-core", i + 1), "core", number(i), at(i))).collect();
        let exchanges = (0..EXCHANGES).map(|x| add(format_smolstr!("ix{}", x + 1), "exchange", None, at(x))).collect();
        let data_centres = (0..EXCHANGES).map(|x| add(format_smolstr!("dc{}", x + 1), "datacentre", None, at(x))).collect();
        Country { cities, networks, homes, cores, exchanges, data_centres }
    }

    /// One origin, and servers of equal size in turn in each data centre; all hold the channel.
    fn servers(&self, sizing: &Sizing) -> Vec<NodeRow> {
        let count = sizing.server_slots.div_ceil(SERVER_SLOTS).max(EXCHANGES as u64);
        let server = |i: u64| {
            let slots = sizing.server_slots / count + u64::from(i < sizing.server_slots % count);
            let network = self.networks[self.data_centres[i as usize % EXCHANGES]].id.clone();
            match i {
                0 => NodeRow::new("o1", Role::Origin, network, RATE.times(slots)),
                _ => NodeRow::new(format_smolstr!("s{i:05}"), Role::Server, network, RATE.times(slots)),
            }
        };
        (0..count).map(server).collect()
    }

    /// What each network asks for and has; providers are the groups, and the data centres one more.
    fn balances(&self, customers: &[Customer], servers: &[NodeRow], sizing: &Sizing) -> Vec<Balance> {
        let mut balances = vec![Balance { group: ISPS.len(), ..Balance::default() }; self.networks.len()];
        for customer in customers {
            let balance = &mut balances[self.homes[customer.isp][customer.city]];
            balance.demand += START;
            balance.supply += supply::scaled(customer.uplink, sizing.factor).slots(RATE);
            balance.group = customer.isp;
        }
        for (i, server) in servers.iter().enumerate() {
            balances[self.data_centres[i % EXCHANGES]].supply += server.uplink_kbps.slots(RATE);
        }
        balances
    }

    /// City networks hang on their provider's core, cores meet at exchanges or buy transit, data centres sit at exchanges.
    fn wires(&self, customers: &[Customer], sizing: &Sizing) -> Vec<Wire> {
        let balances = self.balances(customers, &[], sizing);
        let mut wires = Vec::new();
        for (i, isp) in ISPS.iter().enumerate() {
            for (c, &home) in self.homes[i].iter().enumerate() {
                self.wire_home(&mut wires, i, c, &balances[home]);
            }
            let exchanges = if isp.users > 5.0 { EXCHANGES } else { 2 };
            match isp.upstream {
                Some(upstream) => self.wire_up(&mut wires, i, self.cores[upstream], "transit", 0.5, 20),
                None => (0..exchanges).map(|port| (i + port) % EXCHANGES).for_each(|x| {
                    let weight = 20 + self.between(i % EXCHANGES, x);
                    self.wire_up(&mut wires, i, self.exchanges[x], "peering", 0.1, weight);
                }),
            }
        }
        for x in 0..EXCHANGES {
            let (from, to) = (self.data_centres[x], self.exchanges[x]);
            let wire = Wire { from, to, kind: "hosting", cost: 0.05, weight: 1, floor: 0, size: Size::Unlimited, used: 0.0 };
            wires.push(Wire { from: to, to: from, ..wire });
            wires.push(wire);
        }
        wires
    }

    /// Both ways between a city network and its core. At every second provider the way in is what decides: it takes just
    /// what the network lacks.
    fn wire_home(&self, wires: &mut Vec<Wire>, isp: usize, city: usize, balance: &Balance) {
        let spare = |copies: u64| 2 * START + copies / 8;
        let (into, out, size) = match balance.lack() {
            0 => (spare(balance.demand), spare(0), Size::Load(LOOSE)),
            _ => (START, spare(balance.supply), Size::Load(if isp.is_multiple_of(2) { LOOSE } else { TIGHT })),
        };
        let (from, to, weight) = (self.cores[isp], self.homes[isp][city], 10 + self.between(isp % EXCHANGES, city));
        let wire = Wire { from, to, kind: "internal", cost: 0.05, weight, floor: into, size, used: 0.0 };
        wires.push(Wire { from: to, to: from, floor: out, size: Size::Load(LOOSE), ..wire });
        wires.push(wire);
    }

    /// Both ways between a core and an exchange or upstream. The other half of the providers have bought too little here:
    /// several city networks share one scarce link.
    fn wire_up(&self, wires: &mut Vec<Wire>, isp: usize, from: usize, kind: &'static str, cost: f64, weight: u64) {
        let floor = START * self.homes[isp].len() as u64;
        let size = Size::Load(if isp.is_multiple_of(2) { TIGHT } else { LOOSE });
        let wire = Wire { from, to: self.cores[isp], kind, cost, weight, floor, size, used: 0.0 };
        wires.push(Wire { from: wire.to, to: from, size: Size::Load(LOOSE), ..wire });
        wires.push(wire);
    }

    fn between(&self, a: usize, b: usize) -> u64 {
        (country::km(&self.cities[a], &self.cities[b]) / 10.0).round() as u64
    }
}

fn notes(country: &Country, customers: &[Customer], sizing: &Sizing, wires: &Wires, links: Option<f64>) -> Vec<String> {
    let uplinks: Vec<Kbps> = customers.iter().map(|customer| supply::scaled(customer.uplink, sizing.factor)).collect();
    let homes: usize = country.homes.iter().map(Vec::len).sum();
    let (peers, isps, cities) = (customers.len(), ISPS.len(), country.cities.len());
    let mut notes = vec![format!("{peers} peers in {homes} networks of {isps} providers in {cities} cities")];
    notes.extend(wires.notes(&uplinks, RATE, sizing, links));
    notes
}
