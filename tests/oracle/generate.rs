//! Seeded tiny instances: at most 7 nodes, at most 8 substreams to be received over all requests.
//!
//! Capacities are a few substream rates with a little to spare or to lack, so that they bind often; everything that the
//! contract defines occurs.

use super::policies::policies;
use super::topology::{COUNTRIES, PLACES, links, network, paths, routes};
use pleach::instance::document::*;
use pleach::instance::{Attributes, Scalar};
use pleach::units::Kbps;
use rand::RngExt;
use rand::SeedableRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_pcg::Pcg64;
use smol_str::{SmolStr, format_smolstr};

/// Most substreams that requests may lack.
pub const MOST_MISSING: u32 = 10;
/// The same where it is not about a crowd.
const FEW_MISSING: u32 = 8;

/// What an instance is about; some things seldom bind by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Nothing in particular.
    Mixed,
    /// Most viewers get something only over a relay.
    Relays,
    /// There is less than is wanted, and some of those who want it have priority.
    Scarce,
    /// The viewers are several links away.
    Routed,
    /// Many viewers compete for parents that are few and cost differently: taking one after the other is seldom best.
    Crowded,
}

impl Theme {
    /// What it is about binds where little else does.
    pub fn is_calm(self) -> bool {
        matches!(self, Theme::Relays | Theme::Scarce)
    }
}

/// Which kinds of limits occur in an instance: all of them everywhere would leave nothing to decide.
pub struct Plot {
    /// What it is about.
    pub theme: Theme,
    /// Those who have something can send little of it.
    pub uplinks_tight: bool,
    downlinks: bool,
    children: bool,
    storage: bool,
    nat: bool,
    /// Links have little capacity.
    pub links_tight: bool,
    /// Links are down now and then.
    pub links_fail: bool,
}

impl Plot {
    /// What an instance may be about.
    pub fn draw(rng: &mut Pcg64) -> Plot {
        let theme = match rng.random_range(0..28) {
            0..3 => Theme::Mixed,
            3..6 => Theme::Relays,
            6..9 => Theme::Scarce,
            9 => Theme::Routed,
            _ => Theme::Crowded,
        };
        let mut some = |chance: f64| match theme {
            _ if theme.is_calm() => rng.random_bool(0.1),
            Theme::Crowded => rng.random_bool(0.3 * chance),
            _ => rng.random_bool(chance),
        };
        Plot {
            theme,
            uplinks_tight: some(if theme == Theme::Crowded { 0.9 } else { 0.4 }),
            downlinks: some(0.7),
            children: some(0.7),
            storage: some(0.6),
            nat: theme != Theme::Crowded && some(0.45),
            links_tight: some(0.5),
            links_fail: some(0.35),
        }
    }
}

/// The tiny instance of a seed.
pub fn tiny(seed: u64) -> Document {
    let rng = &mut Pcg64::seed_from_u64(seed);
    let plot = &Plot::draw(rng);
    let time = pick(rng, &["2026-11-23T19:30:00Z", "2026-11-22T03:15:30Z", "2026-06-30T22:59:59Z", "2026-11-28T09:00:00+01:00"]);
    let networks = match plot.theme {
        Theme::Routed => 4,
        Theme::Mixed => pick(rng, &[1, 2, 2, 3, 3, 4]),
        Theme::Crowded => pick(rng, &[2, 3]),
        _ => pick(rng, &[1, 2, 2, 3]),
    };
    let contents = match plot.theme {
        Theme::Scarce => 1,
        Theme::Crowded => pick(rng, &[1, 1, 1, 2]),
        _ => rng.random_range(1..=2),
    };
    let mut document = Document {
        format: INSTANCE_FORMAT.to_owned(),
        name: format!("tiny-{seed}"),
        time: time.to_owned(),
        contents: (0..contents).map(|c| content(rng, plot, c)).collect(),
        networks: (0..networks).map(|n| network(rng, n)).collect(),
        ..Document::default()
    };
    if rng.random_bool(0.4) {
        document.clusters = (1..=3).map(|level| ClusterRow { id: format_smolstr!("k{level}"), level, region: None }).collect();
    }
    document.links = links(rng, &document, plot);
    document.routes = routes(rng, &document, plot);
    let nodes = if plot.theme == Theme::Crowded { 7 } else { pick(rng, &[3, 4, 5, 5, 6, 6]) };
    document.nodes = (0..nodes).map(|n| node(rng, &document, plot, n)).collect();
    document.holdings = holdings(rng, &document, plot);
    document.requests = requests(rng, &document, plot);
    document.paths = paths(rng, &document, plot);
    document.previous = previous(rng, &document);
    document.policies = policies(rng, &document, plot);
    document
}

/// One of a list.
pub fn pick<T: Copy>(rng: &mut Pcg64, list: &[T]) -> T {
    *list.choose(rng).expect("there is something to choose from")
}

/// Something, with a probability.
pub fn maybe<T>(rng: &mut Pcg64, probability: f64, make: impl FnOnce(&mut Pcg64) -> T) -> Option<T> {
    rng.random_bool(probability).then(|| make(rng))
}

/// One of some words.
pub fn word(rng: &mut Pcg64, words: &[&'static str]) -> SmolStr {
    SmolStr::new_static(pick(rng, words))
}

/// A capacity of a few substreams of the document's contents, now and then a little short.
pub fn some_rates(rng: &mut Pcg64, document: &Document, most: u64) -> Kbps {
    let least = u64::from(rng.random_bool(0.9)).min(most);
    rates_between(rng, document, least, most)
}

fn rates_between(rng: &mut Pcg64, document: &Document, least: u64, most: u64) -> Kbps {
    let content = document.contents.choose(rng).expect("there is a content");
    let rate = content.bitrate_kbps.0.div_ceil(u64::from(content.substreams));
    let rates = rng.random_range(least..=most) * rate;
    Kbps(if rng.random_bool(0.2) { rates.saturating_sub(1) } else { rates + pick(rng, &[0, 0, 1, 50]) })
}

fn content(rng: &mut Pcg64, plot: &Plot, number: usize) -> ContentRow {
    let substreams = match plot.theme {
        Theme::Mixed => pick(rng, &[1, 1, 2, 2, 3, 4]),
        Theme::Crowded => pick(rng, &[1, 2, 2, 2]),
        _ => pick(rng, &[1, 1, 2, 3]),
    };
    let kind = pick(rng, &[None, Some(ContentKind::Live), Some(ContentKind::File), Some(ContentKind::File)]);
    ContentRow {
        id: format_smolstr!("c{number}"),
        kind,
        bitrate_kbps: Kbps(pick(rng, &[400, 1000, 1001, 2400, 4000])),
        substreams,
        min_substreams: maybe(rng, 0.5, |rng| rng.random_range(1..=substreams)),
        size_mb: (kind == Some(ContentKind::File)).then(|| pick(rng, &[100.0, 300.0, 700.0])),
        category: maybe(rng, 0.6, |rng| word(rng, &["sport", "film"])),
        media: pick(rng, &[None, None, Some(Media::Video), Some(Media::Audio), Some(Media::Data)]),
        attributes: attributes(rng, &[("paid", &[Scalar::Truth(true), Scalar::Truth(false)])]),
    }
}

/// Some of the attributes, each with one of its values.
fn attributes(rng: &mut Pcg64, known: &[(&'static str, &[Scalar])]) -> Attributes {
    let mut attributes = Attributes::new();
    for (name, values) in known {
        if rng.random_bool(0.5) {
            attributes.insert(SmolStr::new_static(name), values.choose(rng).expect("attributes have values").clone());
        }
    }
    attributes
}

/// Node 0 is an origin, node 1 often a waypoint; the rest is mixed, mostly peers.
fn node(rng: &mut Pcg64, document: &Document, plot: &Plot, number: usize) -> NodeRow {
    let theme = plot.theme;
    let role = match number {
        0 => Role::Origin,
        1 if matches!(theme, Theme::Relays | Theme::Crowded) => Role::Waypoint,
        _ => pick(rng, &[Role::Server, Role::Waypoint, Role::Peer, Role::Peer, Role::Peer, Role::Peer, Role::Peer, Role::Peer]),
    };
    let network = match (theme, number) {
        (Theme::Routed, 0) => &document.networks[0],
        (Theme::Routed, _) => &document.networks[rng.random_range(2..4)],
        _ => document.networks.choose(rng).expect("there is a network"),
    };
    let rates = match (theme, number) {
        (Theme::Relays, 1) => 16,
        (Theme::Scarce, _) => u64::from(rng.random_bool(0.2)),
        (Theme::Crowded, 1) => 8,
        (Theme::Crowded, _) => 3,
        (_, 0) if plot.uplinks_tight => 6,
        (_, _) if plot.uplinks_tight => 3,
        (_, 0) => 16,
        _ => 8,
    };
    let substreams = u64::from(document.contents[0].substreams);
    let often = if theme == Theme::Crowded { 0.8 } else { 0.3 };
    let place = maybe(rng, often, |rng| pick(rng, &PLACES));
    let clusters = document.clusters.iter().filter(|_| rng.random_bool(0.4)).map(|cluster| cluster.id.clone()).collect();
    let plans = [Scalar::Text("gold".into()), Scalar::Text("free".into())];
    let addresses = ["203.0.113.7", "203.0.113.200", "198.51.100.9", "2001:db8::7"];
    NodeRow {
        downlink_kbps: maybe(rng, if plot.downlinks { 0.8 } else { 0.0 }, |rng| some_rates(rng, document, 5)),
        nat: nat(rng, plot, number),
        access: maybe(rng, 0.5, |rng| word(rng, &["dsl", "fibre"])),
        country: maybe(rng, 0.3, |rng| word(rng, &COUNTRIES)),
        region: maybe(rng, 0.5, |rng| word(rng, &["north", "south"])),
        lat: place.map(|place| place.0),
        lon: place.map(|place| place.1),
        ip: maybe(rng, 0.5, |rng| pick(rng, &addresses)).map(|ip| ip.parse().expect("documentation addresses parse")),
        affinity: ["friends", "club"].into_iter().filter(|_| rng.random_bool(0.35)).map(SmolStr::new_static).collect(),
        clusters,
        max_children: maybe(rng, if plot.children { 0.8 } else { 0.0 }, |rng| {
            rng.random_range(match number {
                0 if theme == Theme::Crowded => 2..=4,
                0..2 => 1..=3,
                _ => 0..=2,
            })
        }),
        relay_contents: relay_contents(rng, theme, role, number),
        storage_mb: maybe(rng, if plot.storage { 0.8 } else { 0.0 }, |rng| pick(rng, &[50.0, 100.0, 300.0, 400.0, 800.0])),
        loss: maybe(rng, 0.4, |rng| pick(rng, &[0.0, 0.01, 0.2])),
        availability: maybe(rng, 0.4, |rng| pick(rng, &[0.5, 0.9, 1.0])),
        cost: match (theme, number) {
            (Theme::Crowded, 0) => Some(pick(rng, &[1.0, 1.5, 2.0])),
            (Theme::Crowded, 1) => Some(pick(rng, &[0.0, 0.1, 0.25])),
            _ => maybe(rng, often, |rng| pick(rng, &[0.0, 0.25, 0.6, 1.5])),
        },
        attributes: attributes(rng, &[("plan", &plans), ("age", &[Scalar::Number(3.0), Scalar::Number(30.0)])]),
        ..NodeRow::new(
            format_smolstr!("{}{number}", pick(rng, &["a", "b", "c"])),
            role,
            network.id.clone(),
            match (theme, number) {
                (Theme::Scarce, 0) => rates_between(rng, document, substreams, substreams + 1),
                (Theme::Crowded, 0) if plot.uplinks_tight => rates_between(rng, document, 2, 6),
                (Theme::Crowded, 0) => rates_between(rng, document, 5, 12),
                _ => some_rates(rng, document, rates),
            },
        )
    }
}

fn nat(rng: &mut Pcg64, plot: &Plot, number: usize) -> Option<Nat> {
    let types = [Nat::Open, Nat::FullCone, Nat::RestrictedCone, Nat::PortRestricted, Nat::Symmetric, Nat::Blocked];
    match (plot.theme, number) {
        (Theme::Relays, 0) => Some(Nat::Symmetric),
        (Theme::Relays, 1) => None,
        (Theme::Relays, _) => Some(pick(rng, &[Nat::PortRestricted, Nat::PortRestricted, Nat::Symmetric, Nat::Blocked])),
        _ => maybe(rng, if plot.nat { 0.7 } else { 0.0 }, |rng| pick(rng, &types)),
    }
}

fn relay_contents(rng: &mut Pcg64, theme: Theme, role: Role, number: usize) -> Option<u32> {
    match (theme, number, role) {
        (Theme::Relays, 1, _) => pick(rng, &[None, Some(0), Some(0), Some(0), Some(1)]),
        (Theme::Crowded, 1, _) => pick(rng, &[None, None, Some(0), Some(1)]),
        (_, _, Role::Waypoint) => maybe(rng, 0.5, |rng| rng.random_range(0..=1)),
        _ => maybe(rng, 0.35, |rng| rng.random_range(0..=2)),
    }
}

/// The origin has the contents, or most of them; some others have all or part of one.
fn holdings(rng: &mut Pcg64, document: &Document, plot: &Plot) -> Vec<HoldingRow> {
    let mut holdings = Vec::new();
    for (n, node) in document.nodes.iter().enumerate() {
        for content in &document.contents {
            let chance = match (n, node.role, content.kind) {
                (0, _, _) if plot.theme == Theme::Crowded => 1.0,
                (0, _, _) => 0.95,
                (1, _, _) if plot.theme == Theme::Relays => 0.3,
                _ if plot.theme.is_calm() || plot.theme == Theme::Crowded => 0.06,
                (_, Role::Server, _) => 0.5,
                (_, _, Some(ContentKind::File)) => 0.25,
                _ => 0.12,
            };
            if !rng.random_bool(chance) {
                continue;
            }
            let whole = rng.random_bool(match n {
                0 if plot.theme == Theme::Crowded => 1.0,
                0 => 0.85,
                _ => 0.4,
            });
            let part: Vec<u32> = (0..content.substreams).filter(|_| rng.random_bool(0.5)).collect();
            let substreams = (!whole && !part.is_empty()).then_some(part);
            holdings.push(HoldingRow { node: node.id.clone(), content: content.id.clone(), substreams });
        }
    }
    holdings
}

/// Requests in random order, as long as no more than [`MOST_MISSING`] substreams are missing.
fn requests(rng: &mut Pcg64, document: &Document, plot: &Plot) -> Vec<RequestRow> {
    let mut pairs: Vec<(&NodeRow, &ContentRow)> =
        document.nodes.iter().flat_map(|node| document.contents.iter().map(move |content| (node, content))).collect();
    pairs.shuffle(rng);
    let most = if plot.theme == Theme::Crowded { MOST_MISSING } else { FEW_MISSING };
    let (mut requests, mut missing) = (Vec::new(), 0);
    for (node, content) in pairs {
        let holding = document.holdings.iter().find(|h| h.node == node.id && h.content == content.id);
        let held = holding.map_or(0, |h| h.substreams.as_ref().map_or(content.substreams, |list| list.len() as u32));
        let chance = match node.role {
            _ if held == content.substreams => 0.05,
            _ if requests.is_empty() => 1.0,
            Role::Server if plot.theme == Theme::Crowded => 0.9,
            Role::Peer => 0.9,
            _ => 0.1,
        };
        if missing + content.substreams - held <= most && rng.random_bool(chance) {
            missing += content.substreams - held;
            let chance = if plot.theme == Theme::Scarce { 1.0 } else { 0.6 };
            let weight = maybe(rng, chance, |rng| pick(rng, &[0.25, 0.5, 1.0, 2.0, 3.0]));
            requests.push(RequestRow { node: node.id.clone(), content: content.id.clone(), weight });
        }
    }
    requests
}

/// A topology in force for some receivers, with parents that are gone and rows about nodes that are gone.
fn previous(rng: &mut Pcg64, document: &Document) -> Vec<PreviousRow> {
    let mut rows = Vec::new();
    if rng.random_bool(0.4) {
        return rows;
    }
    let gone = SmolStr::new_static("gone");
    for node in document.nodes.iter().map(|node| &node.id).chain([&gone]) {
        for content in &document.contents {
            if !rng.random_bool(0.5) {
                continue;
            }
            let others: Vec<&SmolStr> =
                document.nodes.iter().map(|node| &node.id).filter(|id| *id != node).chain([&gone]).collect();
            let parents = (0..content.substreams).map(|_| previous_cell(rng, &others)).collect();
            rows.push(PreviousRow { node: node.clone(), content: content.id.clone(), parents });
        }
    }
    rows
}

fn previous_cell(rng: &mut Pcg64, others: &[&SmolStr]) -> ParentCell {
    match rng.random_range(0..10) {
        0..2 => ParentCell::Nobody(()),
        2 => ParentCell::Several(others.sample(rng, 2).map(|id| (*id).clone()).collect()),
        _ => ParentCell::One((*others.choose(rng).expect("there are others")).clone()),
    }
}
