//! `national-final`: one country watches one live channel.

use super::super::document::*;
use super::super::policy::Policy;
use super::country::{self, City, Customer, ISPS};
use super::draw::{Draw, Part};
use super::ladder::{self, Rung};
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
/// The channel, where it is not cut into renditions.
const CHANNEL: [Rung; 1] = [Rung { id: "final", bitrate: Kbps(4_000) }];
/// Supply over demand where none is asked for: a little too little.
const SCARCE: f64 = 0.93;
/// With `binding` links at most this share is served of what the uplinks alone could serve.
const BOUND_SHARE: f64 = 0.96;
const EXCHANGES: usize = 3;
/// Capacity over expected load, at ratio 1, of links that are to decide something, and of the others.
const TIGHT: f64 = 1.0;
const LOOSE: f64 = 2.0;
/// A server's uplink.
const SERVER: Kbps = Kbps(9_000_000);

/// What is on, and who watches what.
struct Menu {
    rungs: &'static [Rung],
    /// The rung of each customer.
    wishes: Vec<usize>,
    /// What supply, demand and links are counted in: one copy of the channel, or 1 kbps where copies differ.
    unit: Kbps,
}

impl Menu {
    fn new(knobs: &Knobs, customers: &[Customer]) -> Menu {
        match knobs.renditions {
            false => Menu { rungs: &CHANNEL, wishes: vec![0; customers.len()], unit: rate(CHANNEL[0]) },
            true => {
                let wishes = ladder::wishes(knobs.seed, customers.iter().map(|customer| customer.access));
                Menu { rungs: &ladder::RUNGS, wishes, unit: Kbps(1) }
            }
        }
    }

    /// Units that start the trees of one network.
    fn start(&self) -> u64 {
        self.rungs.iter().map(|rung| rate(*rung).times(u64::from(SUBSTREAMS)).slots(self.unit)).sum()
    }

    /// Units that a customer asks for.
    fn demand(&self, customer: usize) -> u64 {
        rate(self.rungs[self.wishes[customer]]).times(u64::from(SUBSTREAMS)).slots(self.unit)
    }

    /// Units that a customer can send of what it watches, in whole copies.
    fn supply(&self, customer: usize, uplink: Kbps) -> u64 {
        let rate = rate(self.rungs[self.wishes[customer]]);
        rate.times(uplink.slots(rate)).slots(self.unit)
    }
}

/// The rate of one substream.
fn rate(rung: Rung) -> Kbps {
    Kbps(rung.bitrate.0.div_ceil(u64::from(SUBSTREAMS)))
}

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
    let menu = Menu::new(knobs, &customers);
    let demand = (0..peers).map(|customer| menu.demand(customer)).sum();
    let give = |factor| {
        let uplinks = customers.iter().map(|customer| supply::scaled(customer.uplink, factor));
        uplinks.enumerate().map(|(customer, uplink)| menu.supply(customer, uplink)).sum()
    };
    let sizing = supply::size_by(give, demand, knobs.supply.unwrap_or(SCARCE), menu.start());
    let servers = country.servers(&sizing, menu.unit);

    let balances = country.balances(&customers, &servers, &sizing, &menu);
    let wires = Wires::new(country.wires(&balances, menu.start()), balances);
    let free = wires.largest(None).served;
    let links = match knobs.links.unwrap_or(Links::Free) {
        Links::Free => None,
        Links::Binding => Some(wires.ratio_for((free as f64 * BOUND_SHARE) as u64)),
        Links::Ratio(ratio) => Some(ratio),
    };

    let notes = notes(&country, customers.len(), &sizing, &wires, links);
    let links = wires.rows(&country.networks, menu.unit, links, &mut Draw::new(knobs.seed, Part::Links));
    let mut document = rows::document("national-final", knobs.seed, peers);
    document.contents = menu.rungs.iter().map(|rung| rows::channel(rung.id, rung.bitrate, SUBSTREAMS, "sport")).collect();
    let holdings = servers.iter().flat_map(|server| menu.rungs.iter().map(|rung| rows::holding(&server.id, rung.id)));
    document.holdings = holdings.collect();
    document.nodes = servers;
    let nat = knobs.nat.unwrap_or(NatMix::OPEN);
    let mut translators = Draw::new(knobs.seed, Part::Translators);
    for (number, customer) in customers.iter().enumerate() {
        let network = &country.networks[country.homes[customer.isp][customer.city]].id;
        let mut node = rows::peer(number, network, supply::scaled(customer.uplink, sizing.factor));
        node.nat = nat.draw(&mut translators);
        node.access = Some(SmolStr::new_static(customer.access.word));
        document.requests.push(rows::request(&node.id, menu.rungs[menu.wishes[number]].id));
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

    /// One origin, and servers of equal size in turn in each data centre; all hold everything.
    fn servers(&self, sizing: &Sizing, unit: Kbps) -> Vec<NodeRow> {
        let count = sizing.server_slots.div_ceil(SERVER.slots(unit)).max(EXCHANGES as u64);
        let server = |i: u64| {
            let slots = sizing.server_slots / count + u64::from(i < sizing.server_slots % count);
            let network = self.networks[self.data_centres[i as usize % EXCHANGES]].id.clone();
            match i {
                0 => NodeRow::new("o1", Role::Origin, network, unit.times(slots)),
                _ => NodeRow::new(format_smolstr!("s{i:05}"), Role::Server, network, unit.times(slots)),
            }
        };
        (0..count).map(server).collect()
    }

    /// What each network asks for and has; providers are the groups, and the data centres one more.
    fn balances(&self, customers: &[Customer], servers: &[NodeRow], sizing: &Sizing, menu: &Menu) -> Vec<Balance> {
        let mut balances = vec![Balance { group: ISPS.len(), ..Balance::default() }; self.networks.len()];
        for (number, customer) in customers.iter().enumerate() {
            let balance = &mut balances[self.homes[customer.isp][customer.city]];
            balance.demand += menu.demand(number);
            balance.supply += menu.supply(number, supply::scaled(customer.uplink, sizing.factor));
            balance.group = customer.isp;
        }
        for (i, server) in servers.iter().enumerate() {
            balances[self.data_centres[i % EXCHANGES]].supply += server.uplink_kbps.slots(menu.unit);
        }
        balances
    }

    /// City networks hang on their provider's core, cores meet at exchanges or buy transit, data centres sit at exchanges.
    fn wires(&self, balances: &[Balance], start: u64) -> Vec<Wire> {
        let mut wires = Vec::new();
        for (i, isp) in ISPS.iter().enumerate() {
            for (c, &home) in self.homes[i].iter().enumerate() {
                self.wire_home(&mut wires, (i, c), &balances[home], start);
            }
            let exchanges = if isp.users > 5.0 { EXCHANGES } else { 2 };
            match isp.upstream {
                Some(upstream) => self.wire_up(&mut wires, i, self.cores[upstream], ("transit", 0.5, 20), start),
                None => (0..exchanges).map(|port| (i + port) % EXCHANGES).for_each(|x| {
                    let weight = 20 + self.between(i % EXCHANGES, x);
                    self.wire_up(&mut wires, i, self.exchanges[x], ("peering", 0.1, weight), start);
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
    fn wire_home(&self, wires: &mut Vec<Wire>, (isp, city): (usize, usize), balance: &Balance, start: u64) {
        let spare = |copies: u64| 2 * start + copies / 8;
        let (into, out, size) = match balance.lack() {
            0 => (spare(balance.demand), spare(0), Size::Load(LOOSE)),
            _ => (start, spare(balance.supply), Size::Load(if isp.is_multiple_of(2) { LOOSE } else { TIGHT })),
        };
        let (from, to, weight) = (self.cores[isp], self.homes[isp][city], 10 + self.between(isp % EXCHANGES, city));
        let wire = Wire { from, to, kind: "internal", cost: 0.05, weight, floor: into, size, used: 0.0 };
        wires.push(Wire { from: to, to: from, floor: out, size: Size::Load(LOOSE), ..wire });
        wires.push(wire);
    }

    /// Both ways between a core and an exchange or upstream. The other half of the providers have bought too little here:
    /// several city networks share one scarce link.
    fn wire_up(&self, wires: &mut Vec<Wire>, isp: usize, from: usize, price: (&'static str, f64, u64), start: u64) {
        let (kind, cost, weight) = price;
        let floor = start * self.homes[isp].len() as u64;
        let size = Size::Load(if isp.is_multiple_of(2) { TIGHT } else { LOOSE });
        let wire = Wire { from, to: self.cores[isp], kind, cost, weight, floor, size, used: 0.0 };
        wires.push(Wire { from: wire.to, to: from, size: Size::Load(LOOSE), ..wire });
        wires.push(wire);
    }

    fn between(&self, a: usize, b: usize) -> u64 {
        (country::km(&self.cities[a], &self.cities[b]) / 10.0).round() as u64
    }
}

fn notes(country: &Country, peers: usize, sizing: &Sizing, wires: &Wires, links: Option<f64>) -> Vec<String> {
    let homes: usize = country.homes.iter().map(Vec::len).sum();
    let (isps, cities) = (ISPS.len(), country.cities.len());
    let mut notes = vec![format!("{peers} peers in {homes} networks of {isps} providers in {cities} cities")];
    notes.extend(wires.notes(sizing, links));
    notes
}
