//! `town-hall`: one enterprise watches its own broadcast, site by site, over narrow lines.

use super::super::document::*;
use super::super::policy::*;
use super::country::{self, City, km};
use super::draw::{Draw, Lottery, Part};
use super::supply::{self, Sizing};
use super::wires::{Balance, Size, Wire, Wires};
use super::{Knobs, Links, Made, NatMix, Scenario, rows};
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "town-hall",
    summary: "one enterprise: sites of heavy-tailed size behind narrow lines, peering inside a site",
    nodes: 5_000,
    most_nodes: 20_000,
    make,
};

const SUBSTREAMS: u32 = 4;
const RATE: Kbps = Kbps(625);
const HUBS: usize = 4;
/// Share of the people at head-quarters, the first site.
const HEADQUARTERS: f64 = 0.12;
/// Sites have weights by Pareto's law with this exponent.
const TAIL: f64 = 1.2;
/// Share of sites without a single desk socket.
const ALL_WIRELESS: f64 = 0.25;
/// Share of people on Wi-Fi at the other sites.
const WIRELESS: f64 = 0.45;
/// Share of desk machines whose firewall bounds the children.
const FEW_CHILDREN: f64 = 0.3;
/// Copies of the demand that the head-quarters' servers can send where no supply is asked for.
const SERVERS: f64 = 0.1;

/// Somebody at a site.
struct Seat {
    site: usize,
    access: &'static str,
    uplink: Kbps,
    max_children: Option<u32>,
}

/// Networks in the order of the list: sites, hubs, the data centre.
struct Enterprise {
    networks: Vec<NetworkRow>,
    sites: usize,
    /// The hub of each site.
    hub_of: Vec<usize>,
    data_centre: usize,
}

fn make(knobs: &Knobs) -> Made {
    let peers = knobs.nodes.unwrap_or(SCENARIO.nodes);
    let enterprise = Enterprise::new(knobs.seed, (peers / 40).clamp(HUBS, 400));
    let seats = seats(knobs.seed, peers, enterprise.sites);
    let sizing = size(&seats, knobs.supply);
    let balances = enterprise.balances(&seats, &sizing);
    let wires = Wires::new(enterprise.wires(&balances), balances);
    let ratio = match knobs.links.unwrap_or(Links::Binding) {
        Links::Free => None,
        Links::Binding => Some(1.0),
        Links::Ratio(ratio) => Some(ratio),
    };

    let notes = notes(&enterprise, &seats, &sizing, &wires, ratio);
    let mut document = rows::document("town-hall", knobs.seed, peers);
    document.contents = vec![rows::channel("town-hall", RATE.times(u64::from(SUBSTREAMS)), SUBSTREAMS, "corporate")];
    document.links = wires.rows(&enterprise.networks, RATE, ratio, &mut Draw::new(knobs.seed, Part::Links));
    let centre = enterprise.networks[enterprise.data_centre].id.clone();
    let second = sizing.server_slots / 2;
    document.nodes = vec![
        NodeRow::new("o1", Role::Origin, centre.clone(), RATE.times(sizing.server_slots - second)),
        NodeRow::new("s1", Role::Server, centre, RATE.times(second)),
    ];
    document.holdings = document.nodes.iter().map(|node| rows::holding(&node.id, "town-hall")).collect();
    let nat = knobs.nat.unwrap_or(NatMix::OPEN);
    let mut translators = Draw::new(knobs.seed, Part::Translators);
    for (number, seat) in seats.iter().enumerate() {
        let network = enterprise.networks[seat.site].id.clone();
        let uplink = supply::scaled(seat.uplink, sizing.factor);
        let mut node = rows::peer(number, &network, uplink);
        node.nat = nat.draw(&mut translators);
        node.access = Some(SmolStr::new_static(seat.access));
        node.max_children = seat.max_children;
        document.requests.push(rows::request(&node.id, "town-hall"));
        document.nodes.push(node);
    }
    document.networks = enterprise.networks;
    document.policies = policies(knobs);
    Made { document, notes }
}

/// What an administrator would set: laptops are spared, and people's machines send inside their site only.
fn policies(knobs: &Knobs) -> Vec<Policy> {
    let mut policies = rows::max_depth(knobs.max_depth);
    if knobs.policies {
        let inside = rows::policy("peers-stay-inside", Owner::Network, Rule::Forbid {});
        policies.push(Policy { source: rows::selector("role", "peer"), relation: rows::different("network"), ..inside });
        policies.push(rows::spare("wifi"));
    }
    policies
}

fn size(seats: &[Seat], ratio: Option<f64>) -> Sizing {
    let demand = seats.len() as u64 * u64::from(SUBSTREAMS);
    let uplinks: Vec<Kbps> = seats.iter().map(|seat| seat.uplink).collect();
    let least = 2 * u64::from(SUBSTREAMS);
    match ratio {
        Some(ratio) => supply::size(&uplinks, RATE, demand, ratio, least),
        None => Sizing { server_slots: ((demand as f64 * SERVERS).round() as u64).max(least), factor: 1.0 },
    }
}

/// Draws who sits where: desks with 5 to 20 Mbps to share, Wi-Fi with up to two slots.
fn seats(seed: u64, count: usize, sites: usize) -> Vec<Seat> {
    let mut sizes = Draw::new(seed, Part::Sizes);
    let weights: Vec<f64> = (1..sites).map(|_| (1.0 - sizes.unit()).powf(-1.0 / TAIL)).collect();
    let wireless: Vec<f64> = (0..sites).map(|site| if site > 0 && sizes.chance(ALL_WIRELESS) { 1.0 } else { WIRELESS }).collect();
    let branches: f64 = weights.iter().sum();
    let headquarters = branches * HEADQUARTERS / (1.0 - HEADQUARTERS);
    let homes = Lottery::new(std::iter::once(headquarters).chain(weights));
    let (mut home, mut line) = (Draw::new(seed, Part::Homes), Draw::new(seed, Part::Uplinks));
    let seat = |_| {
        let site = homes.row(home.unit());
        if line.chance(wireless[site]) {
            return Seat {
                site,
                access: "wifi",
                uplink: Kbps(line.between(0.0, 3.0 * RATE.0 as f64) as u64),
                max_children: None,
            };
        }
        let uplink = Kbps(line.between(5_000.0, 20_000.0) as u64);
        let max_children = line.chance(FEW_CHILDREN).then(|| line.between(4.0, 9.0) as u32);
        Seat { site, access: "wired", uplink, max_children }
    };
    (0..count).map(seat).collect()
}

impl Enterprise {
    fn new(seed: u64, sites: usize) -> Enterprise {
        let places = country::cities(seed, sites);
        let hubs: Vec<&City> = places.iter().take(HUBS).collect();
        let site = |(i, city): (usize, &City)| {
            rows::network(format_smolstr!("site{:03}", i + 1), "enterprise", None, city.lat, city.lon)
        };
        let mut networks: Vec<NetworkRow> = places.iter().enumerate().map(site).collect();
        let hub = |(h, city): (usize, &&City)| rows::network(format_smolstr!("wan{}", h + 1), "wan", None, city.lat, city.lon);
        networks.extend(hubs.iter().enumerate().map(hub));
        networks.push(rows::network(SmolStr::new_static("hq-dc"), "datacentre", None, places[0].lat, places[0].lon));
        let nearest = |city: &City| {
            let far = |h: &usize| km(hubs[*h], city);
            (0..hubs.len()).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(0)
        };
        Enterprise { sites, hub_of: places.iter().map(nearest).collect(), data_centre: networks.len() - 1, networks }
    }

    fn balances(&self, seats: &[Seat], sizing: &Sizing) -> Vec<Balance> {
        let mut balances = vec![Balance { group: HUBS, ..Balance::default() }; self.networks.len()];
        for seat in seats {
            let balance = &mut balances[seat.site];
            balance.demand += u64::from(SUBSTREAMS);
            balance.supply += supply::scaled(seat.uplink, sizing.factor).slots(RATE);
            balance.group = self.hub_of[seat.site];
        }
        balances[self.data_centre].supply = sizing.server_slots;
        balances
    }

    /// Each branch hangs on its hub by a line that takes one copy of the broadcast for each forty people and one more;
    /// hubs and head-quarters hang on the data centre, wide enough.
    fn wires(&self, balances: &[Balance]) -> Vec<Wire> {
        let start = u64::from(SUBSTREAMS);
        let mut wires = Vec::new();
        let mut both_ways = |wire: Wire| {
            wires.push(Wire { from: wire.to, to: wire.from, ..wire.clone() });
            wires.push(wire);
        };
        for (site, balance) in balances.iter().enumerate().take(self.sites) {
            let people = balance.demand / start;
            let (to, weight, cost) = (site, 10, 0.4);
            both_ways(match site {
                0 => Wire {
                    from: self.data_centre,
                    to,
                    kind: "campus",
                    cost: 0.0,
                    weight: 1,
                    floor: start,
                    size: Size::Unlimited,
                    used: 0.0,
                },
                _ => {
                    let size = Size::Copies((start * (1 + people / 40)) as f64);
                    Wire { from: self.sites + self.hub_of[site], to, kind: "wan", cost, weight, floor: start, size, used: 0.6 }
                }
            });
        }
        for hub in 0..HUBS {
            let floor = start * self.hub_of.iter().filter(|of| **of == hub).count() as u64;
            let (from, to) = (self.data_centre, self.sites + hub);
            both_ways(Wire { from, to, kind: "backbone", cost: 0.1, weight: 5, floor, size: Size::Load(1.5), used: 0.0 });
        }
        wires
    }
}

fn notes(enterprise: &Enterprise, seats: &[Seat], sizing: &Sizing, wires: &Wires, ratio: Option<f64>) -> Vec<String> {
    let mut sizes = vec![0usize; enterprise.sites];
    seats.iter().for_each(|seat| sizes[seat.site] += 1);
    sizes.sort_unstable();
    let mut notes = vec![format!(
        "{} peers at {} sites of {} to {} people, half of them below {}",
        seats.len(),
        enterprise.sites,
        sizes[0],
        sizes[sizes.len() - 1],
        sizes[sizes.len() / 2]
    )];
    notes.extend(wires.notes(sizing, ratio));
    notes
}
