//! `regional-isp-ports`: the networks of a region meet at two exchanges, each over one port that all its peers share.
//!
//! The five largest providers are trees: a core, aggregation points, and points of presence where the customers are. The
//! others are one network each. A port carries what other traffic leaves; who has bought too small a port cannot be
//! helped by uplinks. Two networks without an exchange in common meet over transit.

use super::super::document::*;
use super::super::policy::*;
use super::access::{ADSL, Access, CABLE, FTTC, FTTP, MOBILE};
use super::country::{self, City};
use super::draw::{Draw, Lottery, Part, zipf};
use super::supply::{self, Sizing};
use super::wires::{Balance, Size, Wire, Wires};
use super::{Knobs, Links, Made, NatMix, Scenario, ports, rows};
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "regional-isp-ports",
    summary: "a region's networks behind shared exchange ports, the largest as trees of points of presence",
    nodes: FULL,
    most_nodes: 1_000_000,
    make,
};

/// The size for which ports have their published speeds; for others they are scaled.
const FULL: usize = 50_000;
const SUBSTREAMS: u32 = 4;
/// A quarter of 3,000 kbps, the 720p rung of a published ladder.
const RATE: Kbps = Kbps(750);
/// Copies that start the trees of one network.
const START: u64 = SUBSTREAMS as u64;
/// Supply over demand where none is asked for: a little too little.
const SCARCE: f64 = 0.95;
const EXCHANGES: usize = 2;
/// Shares of the users of the five largest providers, per cent.
const LARGE: [f64; 5] = [26.1, 16.3, 13.6, 9.9, 7.6];
/// The other providers; they share the rest by Zipf's law.
const SMALL: usize = 35;
/// Capacity over expected load of links that are to decide nothing.
const LOOSE: f64 = 2.5;

type Lines = &'static [(&'static Access, f64)];

/// Lines of the large providers, and of the small ones in turn: assumed.
const LARGE_LINES: [Lines; 5] = [
    &[(&ADSL, 0.60), (&FTTC, 0.35), (&FTTP, 0.05)],
    &[(&ADSL, 0.15), (&CABLE, 0.85)],
    &[(&ADSL, 0.75), (&FTTC, 0.25)],
    &[(&MOBILE, 1.0)],
    &[(&ADSL, 0.50), (&FTTC, 0.50)],
];
const SMALL_LINES: [Lines; 5] =
    [&[(&ADSL, 1.0)], &[(&FTTP, 1.0)], &[(&ADSL, 0.9), (&FTTC, 0.1)], &[(&MOBILE, 1.0)], &[(&ADSL, 0.7), (&CABLE, 0.3)]];

/// A provider's networks, by their place in the list.
struct Provider {
    users: f64,
    lines: Lines,
    /// What faces the exchanges.
    core: usize,
    aggregations: Vec<usize>,
    /// Points of presence, each with the aggregation above it; of a small provider the core itself.
    leaves: Vec<(usize, usize)>,
}

/// Somebody on a line.
struct Customer {
    network: usize,
    access: &'static Access,
    uplink: Kbps,
}

struct Region {
    networks: Vec<NetworkRow>,
    providers: Vec<Provider>,
    exchanges: Vec<usize>,
    data_centres: Vec<usize>,
    transit: usize,
}

fn make(knobs: &Knobs) -> Made {
    let peers = knobs.nodes.unwrap_or(SCENARIO.nodes);
    let region = Region::new(knobs.seed, peers);
    let customers = region.customers(knobs.seed, peers);
    let uplinks: Vec<Kbps> = customers.iter().map(|customer| customer.uplink).collect();
    let demand = peers as u64 * START;
    let sizing = supply::size(&uplinks, RATE, demand, knobs.supply.unwrap_or(SCARCE), EXCHANGES as u64 * START);
    let balances = region.balances(&customers, &sizing);
    let scale = peers as f64 / FULL as f64;
    let wires = Wires::new(region.wires(&balances, scale, &mut Draw::new(knobs.seed, Part::Ports)), balances);
    let ratio = match knobs.links.unwrap_or(Links::Binding) {
        Links::Free => None,
        Links::Binding => Some(1.0),
        Links::Ratio(ratio) => Some(ratio),
    };

    let mut notes = vec![format!(
        "{peers} peers of {} providers at {EXCHANGES} exchanges; the five largest have {} points of presence",
        region.providers.len(),
        region.providers[..LARGE.len()].iter().map(|provider| provider.leaves.len()).sum::<usize>()
    )];
    notes.extend(wires.notes(&sizing, ratio));
    let mut document = rows::document(SCENARIO.name, knobs.seed, peers);
    document.contents = vec![rows::channel("live", RATE.times(START), SUBSTREAMS, "sport")];
    document.links = wires.rows(&region.networks, RATE, ratio, &mut Draw::new(knobs.seed, Part::Links));
    document.nodes = region.servers(&sizing);
    document.holdings = document.nodes.iter().map(|server| rows::holding(&server.id, "live")).collect();
    let nat = knobs.nat.unwrap_or(NatMix::OPEN);
    let mut translators = Draw::new(knobs.seed, Part::Translators);
    for (number, customer) in customers.iter().enumerate() {
        let uplink = supply::scaled(customer.uplink, sizing.factor);
        let mut node = rows::peer(number, &region.networks[customer.network].id, uplink);
        node.nat = nat.draw(&mut translators);
        node.access = Some(SmolStr::new_static(customer.access.word));
        document.requests.push(rows::request(&node.id, "live"));
        document.nodes.push(node);
    }
    document.networks = region.networks;
    document.policies = policies(knobs);
    Made { document, notes }
}

/// What operators and people would set: the own provider first, mobile lines spared and never over transit.
fn policies(knobs: &Knobs) -> Vec<Policy> {
    let mut policies = rows::max_depth(knobs.max_depth);
    if knobs.policies {
        let relation = Relation { tests: vec![RelationTest::Same(vec![SmolStr::new_static("network.as")])] };
        let near = rows::policy("prefer-own-provider", Owner::Network, Rule::Prefer { cost: -0.05 });
        policies.push(Policy { relation: Some(relation), ..near });
        policies.push(rows::spare("mobile"));
        let no_transit = rows::policy("no-mobile-over-transit", Owner::Client, Rule::Forbid {});
        let crosses = Some(rows::selector("kind", "transit"));
        policies.push(Policy { source: rows::selector("access", "mobile"), crosses, ..no_transit });
    }
    policies
}

impl Region {
    fn new(seed: u64, peers: usize) -> Region {
        let places = country::cities(seed, (peers / 600).clamp(EXCHANGES, 40));
        let mut networks = Vec::new();
        let mut add = |id: SmolStr, kind: &'static str, asn: Option<u32>, city: &City| {
            networks.push(rows::network(id, kind, asn, city.lat, city.lon));
            networks.len() - 1
        };
        let at = |i: usize| &places[i % places.len()];
        let mut providers = Vec::new();
        for (i, users) in shares().into_iter().enumerate() {
            let (number, asn) = (i + 1, Some(64_512 + i as u32));
            let lines = if i < LARGE.len() { LARGE_LINES[i] } else { SMALL_LINES[i % SMALL_LINES.len()] };
            let kind = if i < LARGE.len() { "core" } else { "isp" };
            let core = add(format_smolstr!("as{number:02}"), kind, asn, at(i));
            let (mut aggregations, mut leaves) = (Vec::new(), vec![(core, core)]);
            if i < LARGE.len() {
                let count = ((users / 100.0 * peers as f64 / 400.0) as usize).clamp(3, 36);
                let aggregation = |a| add(format_smolstr!("as{number:02}-a{:02}", a + 1), "core", asn, at(a));
                aggregations = (0..count.div_ceil(6)).map(aggregation).collect();
                let leaf = |l| {
                    let above = aggregations[l % aggregations.len()];
                    (add(format_smolstr!("as{number:02}-p{:02}", l + 1), "isp", asn, at(l)), above)
                };
                leaves = (0..count).map(leaf).collect();
            }
            providers.push(Provider { users, lines, core, aggregations, leaves });
        }
        let exchanges = (0..EXCHANGES).map(|x| add(format_smolstr!("ix{}", x + 1), "exchange", None, at(x))).collect();
        let data_centres = (0..EXCHANGES).map(|x| add(format_smolstr!("dc{}", x + 1), "datacentre", None, at(x))).collect();
        let transit = add(SmolStr::new_static("transit"), "transit", None, at(0));
        Region { networks, providers, exchanges, data_centres, transit }
    }

    /// Draws customers: a provider by its share of users, a point of presence by Zipf's law, a line.
    fn customers(&self, seed: u64, count: usize) -> Vec<Customer> {
        let providers = Lottery::new(self.providers.iter().map(|provider| provider.users));
        let leaves: Vec<Lottery> = self.providers.iter().map(|provider| Lottery::new(zipf(provider.leaves.len()))).collect();
        let lines: Vec<Lottery> =
            self.providers.iter().map(|provider| Lottery::new(provider.lines.iter().map(|(_, share)| *share))).collect();
        let (mut home, mut line) = (Draw::new(seed, Part::Homes), Draw::new(seed, Part::Uplinks));
        let customer = |_| {
            let p = providers.row(home.unit());
            let (network, _) = self.providers[p].leaves[leaves[p].row(home.unit())];
            let (access, _) = self.providers[p].lines[lines[p].row(line.unit())];
            Customer { network, access, uplink: access.uplink(line.unit()) }
        };
        (0..count).map(customer).collect()
    }

    /// One origin and one server, half of the slots each.
    fn servers(&self, sizing: &Sizing) -> Vec<NodeRow> {
        let network = |x: usize| self.networks[self.data_centres[x]].id.clone();
        let second = sizing.server_slots / 2;
        vec![
            NodeRow::new("o1", Role::Origin, network(0), RATE.times(sizing.server_slots - second)),
            NodeRow::new("s1", Role::Server, network(1), RATE.times(second)),
        ]
    }

    /// What each network asks for and has; providers are the groups, and the data centres one more.
    fn balances(&self, customers: &[Customer], sizing: &Sizing) -> Vec<Balance> {
        let mut balances = vec![Balance { group: self.providers.len(), ..Balance::default() }; self.networks.len()];
        for customer in customers {
            let balance = &mut balances[customer.network];
            balance.demand += START;
            balance.supply += supply::scaled(customer.uplink, sizing.factor).slots(RATE);
        }
        for (p, provider) in self.providers.iter().enumerate() {
            provider.leaves.iter().for_each(|(leaf, _)| balances[*leaf].group = p);
        }
        let second = sizing.server_slots / 2;
        balances[self.data_centres[0]].supply = sizing.server_slots - second;
        balances[self.data_centres[1]].supply = second;
        balances
    }

    /// Trees inside the large providers, a port at one exchange or both, transit for the rest.
    fn wires(&self, balances: &[Balance], scale: f64, draw: &mut Draw) -> Vec<Wire> {
        let mut wires = Vec::new();
        let mut both = |wire: Wire| {
            wires.push(Wire { from: wire.to, to: wire.from, ..wire.clone() });
            wires.push(wire);
        };
        let size = Size::Load(LOOSE);
        let wire = |from, to, kind, cost, weight, floor| Wire { from, to, kind, cost, weight, floor, size, used: 0.0 };
        let ports = ports::draw(&self.providers.iter().map(|provider| provider.users).collect::<Vec<_>>(), EXCHANGES, draw);
        for (provider, ports) in self.providers.iter().zip(ports) {
            let floor = START * provider.leaves.len() as u64;
            for &aggregation in &provider.aggregations {
                both(wire(provider.core, aggregation, "internal", 0.02, 3, floor));
            }
            for &(leaf, above) in provider.leaves.iter().filter(|(leaf, above)| leaf != above) {
                both(wire(above, leaf, "internal", 0.02, 3, START + balances[leaf].demand / 8));
            }
            for port in ports {
                let free = port.speed.0 as f64 * (1.0 - port.used) * scale / RATE.0 as f64;
                let wire = wire(self.exchanges[port.exchange], provider.core, "port", 0.1, 10, floor);
                both(Wire { size: Size::Copies(free), used: port.used, ..wire });
            }
            both(wire(self.transit, provider.core, "transit", 0.5, 15, floor));
        }
        for (&centre, &exchange) in self.data_centres.iter().zip(&self.exchanges) {
            both(Wire { size: Size::Unlimited, ..wire(centre, exchange, "hosting", 0.05, 1, 0) });
            both(Wire { size: Size::Unlimited, ..wire(centre, self.transit, "transit", 0.5, 15, 0) });
        }
        wires
    }
}

/// Shares of all providers, per cent, largest first.
fn shares() -> Vec<f64> {
    let rest = 100.0 - LARGE.iter().sum::<f64>();
    let whole: f64 = zipf(SMALL).sum();
    LARGE.into_iter().chain(zipf(SMALL).map(|share| rest * share / whole)).collect()
}
