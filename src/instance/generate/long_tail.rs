//! `long-tail-live`: a platform with a thousand live channels, few of them large, most of them small.
//!
//! Viewers are drawn by the popularity of channels and live where the channel's language is spoken. What a viewer can send
//! and what the channel takes have nothing to do with each other: some channels have too much, others too little. So
//! viewing is decoupled from sending: peers with spare uplink, and waypoints, may relay channels that they do not watch.

use super::super::document::*;
use super::super::policy::*;
use super::access::{self, ADSL, Access, CABLE, FTTC, FTTP, MOBILE};
use super::draw::{Draw, Lottery, Part, zipf};
use super::supply::{self, Sizing};
use super::tree::{Hang, LOOSE, TIGHT, Traffic, Tree, ratio};
use super::{Knobs, Made, NatMix, Scenario, rows};
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "long-tail-live",
    summary: "a thousand live channels by published popularity; spare uplinks and waypoints relay what they do not watch",
    nodes: 50_000,
    most_nodes: 200_000,
    make,
};

/// One substream of any channel.
const RATE: Kbps = Kbps(750);
const SCARCE: f64 = 0.93;
/// Peers for each channel, up to [`MOST_CHANNELS`].
const AUDIENCE: usize = 50;
const MOST_CHANNELS: usize = 1_000;
/// Average viewers of the channel at each rank of a thousand; a power law in between.
pub const POPULARITY: [(f64, f64); 9] = [
    (1.0, 147_643.0),
    (3.0, 53_986.0),
    (10.0, 35_333.0),
    (30.0, 22_837.0),
    (100.0, 9_892.0),
    (300.0, 4_150.0),
    (700.0, 1_605.0),
    (900.0, 1_064.0),
    (1_000.0, 235.0),
];
/// Substreams of a channel, and the share of channels with so many: 3,000, 4,500 and 6,000 kbps.
const LADDER: [(u32, f64); 3] = [(4, 0.40), (6, 0.35), (8, 0.25)];
/// Share of a channel's viewers who live where its language is spoken.
const AT_HOME: f64 = 0.8;
/// Lines of the viewers.
const LINES: [(&Access, f64); 5] = [(&ADSL, 0.52), (&FTTC, 0.20), (&CABLE, 0.16), (&FTTP, 0.02), (&MOBILE, 0.10)];
/// Of the viewers with so many slots beyond what the channel takes this share may relay.
const SPARE_SLOTS: u64 = 4;
const RELAYING: f64 = 0.5;
/// Channels that one of them may relay.
const RELAYED_CONTENTS: u32 = 2;
/// Shares of the servers' slots at the origin and at waypoints; the rest is at each area's server.
const AT_ORIGIN: f64 = 0.3;
const AT_WAYPOINTS: f64 = 0.2;
/// Share of viewers who subscribe.
const SUBSCRIBERS: f64 = 0.1;

/// Where a language is spoken; networks there are numbered in order.
struct Area {
    word: &'static str,
    /// Share of the watched time, and of the channels.
    watched: f64,
    channels: f64,
    lat: f64,
    lon: f64,
    providers: usize,
}

const AREAS: [Area; 8] = [
    Area { word: "en", watched: 0.547, channels: 0.485, lat: 40.0, lon: -90.0, providers: 10 },
    Area { word: "ru", watched: 0.067, channels: 0.074, lat: 55.0, lon: 40.0, providers: 3 },
    Area { word: "ko", watched: 0.066, channels: 0.077, lat: 37.0, lon: 127.0, providers: 3 },
    Area { word: "pt", watched: 0.066, channels: 0.061, lat: -22.0, lon: -46.0, providers: 3 },
    Area { word: "es", watched: 0.061, channels: 0.068, lat: 40.0, lon: -4.0, providers: 3 },
    Area { word: "fr", watched: 0.060, channels: 0.066, lat: 47.0, lon: 2.0, providers: 3 },
    Area { word: "de", watched: 0.046, channels: 0.049, lat: 51.0, lon: 10.0, providers: 3 },
    Area { word: "other", watched: 0.087, channels: 0.120, lat: 35.0, lon: 60.0, providers: 4 },
];

struct Channel {
    id: SmolStr,
    area: usize,
    substreams: u32,
}

struct Viewer {
    channel: usize,
    network: usize,
    access: &'static Access,
    uplink: Kbps,
}

/// Networks, and where those of each area stand.
struct World {
    tree: Tree,
    providers: Vec<Vec<usize>>,
    data_centres: Vec<usize>,
}

fn make(knobs: &Knobs) -> Made {
    let peers = knobs.nodes.unwrap_or(SCENARIO.nodes);
    let world = World::new();
    let channels = channels(knobs.seed, (peers / AUDIENCE).clamp(1, MOST_CHANNELS));
    let viewers = viewers(knobs.seed, peers, &channels, &world);
    let uplinks: Vec<Kbps> = viewers.iter().map(|viewer| viewer.uplink).collect();
    let demand = viewers.iter().map(|viewer| u64::from(channels[viewer.channel].substreams)).sum();
    let starts = channels.iter().map(|channel| u64::from(channel.substreams)).sum();
    let sizing = supply::size(&uplinks, RATE, demand, knobs.supply.unwrap_or(SCARCE), starts);
    let wires = world.tree.wires(&traffic(&world, &channels, &viewers, &sizing));
    let links = ratio(knobs.links);

    let mut document = rows::document(SCENARIO.name, knobs.seed, peers);
    let row = |channel: &Channel| {
        let bitrate = RATE.times(u64::from(channel.substreams));
        rows::channel(channel.id.clone(), bitrate, channel.substreams, AREAS[channel.area].word)
    };
    document.contents = channels.iter().map(row).collect();
    world.add_servers(&mut document, &channels, &sizing);
    add_viewers(&mut document, knobs, &world, &channels, &viewers, &sizing);
    document.links = wires.rows(&world.tree.networks, RATE, links, &mut Draw::new(knobs.seed, Part::Links));
    let mut notes = notes(&document, &channels, &viewers);
    notes.extend(wires.notes(&sizing, links));
    document.networks = world.tree.networks;
    document.policies = policies(knobs, demand);
    Made { document, notes }
}

/// What a platform would set: subscribers first, data plans and long ways spared.
fn policies(knobs: &Knobs, demand: u64) -> Vec<Policy> {
    let mut policies = rows::max_depth(knobs.max_depth);
    if knobs.policies {
        let first = rows::policy("subscribers-first", Owner::Provider, Rule::Priority { weight: 3.0 });
        policies.push(Policy { destination: rows::selector("attributes.plan", "subscriber"), ..first });
        policies.push(rows::spare("mobile"));
        policies.push(rows::prefer_own_network());
        let max_kbps = RATE.times(demand / 10);
        let commit = rows::policy("transit-commit", Owner::Provider, Rule::LimitRate { max_kbps });
        policies.push(Policy { crosses: Some(rows::selector("kind", "transit")), ..commit });
    }
    policies
}

/// Average viewers of the channel at a rank from 1 to 1,000.
fn popularity(rank: f64) -> f64 {
    let above = POPULARITY.partition_point(|(known, _)| *known <= rank).clamp(1, POPULARITY.len() - 1);
    let ((r0, v0), (r1, v1)) = (POPULARITY[above - 1], POPULARITY[above]);
    v0 * (v1 / v0).powf((rank / r0).ln() / (r1 / r0).ln())
}

/// Channels in order of popularity. With fewer than a thousand each stands for as many ranks as there are in its place.
fn channels(seed: u64, count: usize) -> Vec<Channel> {
    let mut draw = Draw::new(seed, Part::Channels);
    let areas = Lottery::new(AREAS.iter().map(|area| area.channels));
    let rungs = Lottery::new(LADDER.iter().map(|(_, share)| *share));
    let channel = |number| Channel {
        id: format_smolstr!("ch{:04}", number + 1),
        area: areas.row(draw.unit()),
        substreams: LADDER[rungs.row(draw.unit())].0,
    };
    (0..count).map(channel).collect()
}

/// Draws who watches what, where and on which line.
fn viewers(seed: u64, count: usize, channels: &[Channel], world: &World) -> Vec<Viewer> {
    let (mut taste, mut home) = (Draw::new(seed, Part::Tastes), Draw::new(seed, Part::Homes));
    let step = MOST_CHANNELS as f64 / channels.len() as f64;
    let by_rank = Lottery::new((0..channels.len()).map(|number| popularity(0.5 + step * (number as f64 + 0.5))));
    let elsewhere = Lottery::new(AREAS.iter().map(|area| area.watched));
    let lines = access::lines(&LINES, &mut Draw::new(seed, Part::Uplinks), count);
    let viewer = |(access, uplink)| {
        let channel = by_rank.row(taste.unit());
        let (at_home, far) = (home.chance(AT_HOME), elsewhere.row(home.unit()));
        let providers = &world.providers[if at_home { channels[channel].area } else { far }];
        let shares = Lottery::new(zipf(providers.len()));
        Viewer { channel, network: providers[shares.row(home.unit())], access, uplink }
    };
    lines.into_iter().map(viewer).collect()
}

impl World {
    /// Providers and a data centre hang on each area's exchange, exchanges on the transit between them.
    fn new() -> World {
        let place = |area: &Area, id, kind, asn| rows::network(id, kind, asn, area.lat, area.lon);
        let mut tree = Tree::new(place(&AREAS[0], SmolStr::new_static("transit"), "transit", None));
        let (mut providers, mut data_centres) = (Vec::new(), Vec::new());
        let mut asn = 64_512..;
        for area in &AREAS {
            let id = format_smolstr!("{}-ix", area.word);
            let transit = Hang { above: 0, kind: "transit", cost: 0.5, weight: 20, headroom: Some(LOOSE) };
            let exchange = tree.hang(place(area, id, "exchange", None), transit);
            let hosting = Hang { above: exchange, kind: "hosting", cost: 0.05, weight: 1, headroom: None };
            data_centres.push(tree.hang(place(area, format_smolstr!("{}-dc", area.word), "datacentre", None), hosting));
            let peering = |number: usize| {
                let headroom = Some(if number.is_multiple_of(2) { TIGHT } else { LOOSE });
                Hang { above: exchange, kind: "peering", cost: 0.1, weight: 10, headroom }
            };
            let id = |number: usize| format_smolstr!("{}-isp{:02}", area.word, number + 1);
            let provider = |number| tree.hang(place(area, id(number), "isp", asn.next()), peering(number));
            providers.push((0..area.providers).map(provider).collect());
        }
        World { tree, providers, data_centres }
    }

    /// The origin holds every channel, the server of an area those in its language; waypoints hold nothing.
    fn add_servers(&self, document: &mut Document, channels: &[Channel], sizing: &Sizing) {
        let slots = sizing.server_slots;
        let starts = |area: Option<usize>| {
            let those = channels.iter().filter(|channel| area.is_none_or(|area| channel.area == area));
            those.map(|channel| u64::from(channel.substreams)).sum::<u64>()
        };
        let home = |area: usize| self.tree.networks[self.data_centres[area]].id.clone();
        let at_waypoints = (slots as f64 * AT_WAYPOINTS) as u64 / AREAS.len() as u64;
        let at_origin = (slots as f64 * AT_ORIGIN) as u64;
        let rest = slots - at_origin - at_waypoints * AREAS.len() as u64;
        let (mut before, mut placed) = (0, 0);
        document.nodes.push(NodeRow::new("o1", Role::Origin, home(0), RATE.times(at_origin)));
        for area in 0..AREAS.len() {
            before += starts(Some(area));
            let up_to = rest * before / starts(None);
            let (uplink, number) = (RATE.times(up_to - placed), area + 1);
            placed = up_to;
            document.nodes.push(NodeRow::new(format_smolstr!("s{number}"), Role::Server, home(area), uplink));
            document.nodes.push(NodeRow::new(format_smolstr!("w{number}"), Role::Waypoint, home(area), RATE.times(at_waypoints)));
        }
        for channel in channels {
            document.holdings.push(rows::holding(&SmolStr::new_static("o1"), channel.id.clone()));
            document.holdings.push(rows::holding(&format_smolstr!("s{}", channel.area + 1), channel.id.clone()));
        }
    }
}

/// Viewers' slots count for the channel that they watch, those of servers for what they hold.
fn traffic(world: &World, channels: &[Channel], viewers: &[Viewer], sizing: &Sizing) -> Traffic {
    let mut traffic = Traffic::new(world.tree.networks.len(), channels.len());
    for viewer in viewers {
        traffic.ask(viewer.network, viewer.channel, u64::from(channels[viewer.channel].substreams));
        let slots = supply::scaled(viewer.uplink, sizing.factor).slots(RATE);
        traffic.give(viewer.network, &[viewer.channel], slots);
    }
    let all: Vec<usize> = (0..channels.len()).collect();
    traffic.give(world.data_centres[0], &all, sizing.server_slots);
    traffic
}

fn add_viewers(document: &mut Document, knobs: &Knobs, world: &World, channels: &[Channel], viewers: &[Viewer], sizing: &Sizing) {
    let nat = knobs.nat.unwrap_or(NatMix::OPEN);
    let mut translators = Draw::new(knobs.seed, Part::Translators);
    let mut relays = Draw::new(knobs.seed, Part::Relays);
    for (number, viewer) in viewers.iter().enumerate() {
        let channel = &channels[viewer.channel];
        let uplink = supply::scaled(viewer.uplink, sizing.factor);
        let network = world.tree.networks[viewer.network].id.clone();
        let mut node = NodeRow::new(format_smolstr!("p{:07}", number + 1), Role::Peer, network, uplink);
        node.nat = nat.draw(&mut translators);
        node.access = Some(SmolStr::new_static(viewer.access.word));
        let (willing, subscribes) = (relays.chance(RELAYING), relays.chance(SUBSCRIBERS));
        let spare = uplink.slots(RATE).saturating_sub(u64::from(channel.substreams)) >= SPARE_SLOTS;
        node.relay_contents = (willing && spare).then_some(RELAYED_CONTENTS);
        if subscribes {
            node.attributes.insert(SmolStr::new_static("plan"), Scalar::Text(SmolStr::new_static("subscriber")));
        }
        document.requests.push(rows::request(&node.id, channel.id.clone()));
        document.nodes.push(node);
    }
}

fn notes(document: &Document, channels: &[Channel], viewers: &[Viewer]) -> Vec<String> {
    let mut sizes = vec![0usize; channels.len()];
    viewers.iter().for_each(|viewer| sizes[viewer.channel] += 1);
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let largest: usize = sizes.iter().take(channels.len().div_ceil(10)).sum();
    let relaying = document.nodes.iter().filter(|node| node.relay_contents.is_some()).count();
    vec![
        format!(
            "{} peers watch {} channels: {} the largest, {} the middle one; the largest tenth has {:.1} % of the viewers",
            viewers.len(),
            channels.len(),
            sizes[0],
            sizes[sizes.len() / 2],
            100.0 * largest as f64 / viewers.len() as f64
        ),
        format!("{relaying} peers and {} waypoints may relay channels that they do not watch", AREAS.len()),
    ]
}
