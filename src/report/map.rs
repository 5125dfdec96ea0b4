//! The map: who feeds whom. Circles are places, arcs are what flows between them.
//!
//! A circle's area says how many requests stand there, the ring around it which share goes unserved. An arc is as wide
//! as what it carries, widest at the sender, and its colour says how full the fullest link on the way is.

use super::figures::{count, counted, percent, share};
use super::layout::{self, Guide, Layout, Spot, WIDTH};
use super::places::{Level, Place, PlaceId, Places};
use super::survey::{self, Survey};
use super::{Report, rows};
use crate::ids::Table;
use crate::instance::Instance;
use crate::units::Kbps;
use askama::Template;
use rustc_hash::FxHashMap;

/// Most arcs that are drawn.
const MOST_ARCS: usize = 120;
/// Most names that are written.
const MOST_NAMES: usize = 26;
/// Width of the widest arc.
const WIDEST: f64 = 15.0;

/// The picture, ready to be written.
#[derive(Template)]
#[template(path = "map.svg", config = "src/report/askama.toml")]
pub struct Map {
    alone: bool,
    title: String,
    /// What the picture says, for those who do not see it, and below it.
    pub text: String,
    width: f64,
    height: f64,
    guides: Vec<Guide>,
    arcs: Vec<Arc>,
    circles: Vec<Circle>,
    legend: f64,
    flat: bool,
}

struct Arc {
    from: u32,
    to: u32,
    path: String,
    class: &'static str,
    tip: String,
}

struct Circle {
    number: u32,
    at: Spot,
    radius: f64,
    ring: f64,
    missing: Option<f64>,
    source: bool,
    name: Option<String>,
    name_y: f64,
    tip: String,
}

/// What flows from one place to another.
struct Stream {
    from: PlaceId,
    to: PlaceId,
    kbps: u64,
    /// Mean, over what flows, of the fullest link on the way.
    full: Option<f64>,
}

impl Map {
    /// Draws it; `alone` brings its own colours, for a file of its own.
    pub fn of(report: &Report<'_>, alone: bool) -> Map {
        let Report { instance, plan, survey, .. } = report;
        let places = Places::of(instance, rows(plan));
        let streams = streams(report, &places);
        let radii = radii(&places);
        let layout = layout::layout(&places, &hops(instance, survey, &places), &radii);
        let between: Vec<&Stream> = streams.iter().filter(|stream| stream.from != stream.to).collect();
        let drawn = &between[..between.len().min(MOST_ARCS)];
        let text = text(&places, &between, drawn.len(), &layout);
        let widest = drawn.first().map_or(1, |stream| stream.kbps.max(1)) as f64;
        let mut arcs: Vec<(u8, Arc)> =
            drawn.iter().map(|stream| arc(stream, &places, &layout, &radii, WIDEST * stream.kbps as f64 / widest)).collect();
        // Full ways are seen above the others.
        arcs.sort_by_key(|(level, _)| *level);
        let circles = circles(&places, &streams, &layout, &radii);
        Map {
            alone,
            title: format!("Who feeds whom: {}", instance.name),
            text,
            width: WIDTH,
            height: layout.height + 34.0,
            legend: layout.height + 12.0,
            guides: layout.guides,
            arcs: arcs.into_iter().map(|(_, arc)| arc).collect(),
            circles,
            flat: places.level == Level::Node,
        }
    }
}

/// What flows between places, most first.
fn streams(report: &Report<'_>, places: &Places) -> Vec<Stream> {
    let Report { instance, plan, topology, survey } = report;
    let mut streams: FxHashMap<(PlaceId, PlaceId), (u64, Option<f64>)> = FxHashMap::default();
    let mut fullness = FxHashMap::default();
    for (parent, child, content) in survey::flows(instance, rows(plan)) {
        let pair = (instance.nodes[parent].network, instance.nodes[child].network);
        let part = *fullness.entry(pair).or_insert_with(|| survey.fullness(instance, topology, pair.0, pair.1));
        let rate = instance.contents[content].rate().0;
        let (kbps, filled) = streams.entry((places.of_node[parent], places.of_node[child])).or_default();
        *kbps += rate;
        // Ways without a limit count as empty beside others.
        if let Some(part) = part {
            *filled = Some(filled.unwrap_or(0.0) + part * rate as f64);
        }
    }
    let stream = |((from, to), (kbps, filled)): ((PlaceId, PlaceId), (u64, Option<f64>))| Stream {
        from,
        to,
        kbps,
        full: filled.map(|filled| share(filled, kbps as f64)),
    };
    let mut streams: Vec<Stream> = streams.into_iter().map(stream).collect();
    streams.sort_by_key(|stream| (std::cmp::Reverse(stream.kbps), stream.from, stream.to));
    streams
}

/// Area by requests; all circles together cover a tenth of the drawing at most.
fn radii(places: &Places) -> Table<PlaceId, f64> {
    if places.level == Level::Node {
        return Table::filled(places.places.len(), 15.0);
    }
    let all: u64 = places.places.iter().map(|place| place.requests).sum();
    let most = places.places.iter().map(|place| place.requests).max().unwrap_or(0);
    let unit = (WIDTH * 500.0 * 0.10 / std::f64::consts::PI / all.max(1) as f64).sqrt();
    let unit = unit.min(44.0 / (most.max(1) as f64).sqrt());
    Table::new(places.places.iter().map(|place| (unit * (place.requests as f64).sqrt()).max(3.5)).collect())
}

/// The deepest copy of each place; 0 for those that hold something; `None` for those that get nothing.
fn hops(instance: &Instance, survey: &Survey, places: &Places) -> Table<PlaceId, Option<u32>> {
    let mut hops = Table::filled(places.places.len(), None);
    for holding in &instance.holdings {
        hops[places.of_node[holding.node]] = Some(0);
    }
    for (node, depth) in survey.depth.pairs().filter(|(_, depth)| **depth > 0) {
        let place = &mut hops[places.of_node[node]];
        *place = Some(place.unwrap_or(0).max(*depth));
    }
    hops
}

fn text(places: &Places, between: &[&Stream], drawn: usize, layout: &Layout) -> String {
    let all: u64 = between.iter().map(|stream| stream.kbps).sum();
    let shown: u64 = between[..drawn].iter().map(|stream| stream.kbps).sum();
    let what = if drawn < between.len() {
        let part = percent(share(shown as f64, all as f64));
        format!("The {} widest of {} streams between them are drawn: {part} of {}", drawn, count(between.len() as u64), Kbps(all))
    } else {
        format!("{} between them, {} together", counted(between.len() as u64, "stream"), Kbps(all))
    };
    format!("{} {}, {}. {what}.", count(places.places.len() as u64), places.level.word(), layout.word)
}

/// How full a way is: its class, and its place in the order of drawing.
fn class(full: Option<f64>) -> (&'static str, u8, String) {
    match full {
        None => ("u-none", 0, "no limit on the way".into()),
        Some(full) => {
            let (class, level) = match full {
                0.95.. => ("u3", 4),
                0.8..0.95 => ("u2", 3),
                0.5..0.8 => ("u1", 2),
                _ => ("u0", 1),
            };
            (class, level, format!("the fullest link on the way at {}", percent(full)))
        }
    }
}

/// A ribbon, wide at the sender and narrow at the receiver, that bends to its own right.
fn arc(stream: &Stream, places: &Places, layout: &Layout, radii: &Table<PlaceId, f64>, width: f64) -> (u8, Arc) {
    let (a, b) = (layout.spots[stream.from], layout.spots[stream.to]);
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let far = dx.hypot(dy).max(1.0);
    let (nx, ny) = (-dy / far, dx / far);
    let bend = (far * 0.18).min(70.0);
    let middle = Spot { x: (a.x + b.x) / 2.0 + nx * bend, y: (a.y + b.y) / 2.0 + ny * bend };
    let towards = |from: Spot, radius: f64| {
        let (dx, dy) = (middle.x - from.x, middle.y - from.y);
        let far = dx.hypot(dy).max(1.0);
        (Spot { x: from.x + dx / far * radius, y: from.y + dy / far * radius }, Spot { x: -dy / far, y: dx / far })
    };
    let (start, across) = towards(a, radii[stream.from] + 1.5);
    let (end, back) = towards(b, radii[stream.to] + 4.0);
    let (wide, narrow) = (width.max(1.1) / 2.0, (width * 0.22).max(0.5) / 2.0);
    let half = (wide + narrow) / 2.0;
    let point = |at: Spot, side: Spot, by: f64| format!("{:.1} {:.1}", at.x + side.x * by, at.y + side.y * by);
    let normal = Spot { x: nx, y: ny };
    let path = format!(
        "M{}Q{} {}L{}Q{} {}Z",
        point(start, across, wide),
        point(middle, normal, half),
        point(end, back, -narrow),
        point(end, back, narrow),
        point(middle, normal, -half),
        point(start, across, -wide)
    );
    let (class, level, words) = class(stream.full);
    let name = |place: PlaceId| &places.places[place].name;
    let tip = format!("{} → {}: {}; {words}", name(stream.from), name(stream.to), Kbps(stream.kbps));
    (level, Arc { from: stream.from.0, to: stream.to.0, path, class, tip })
}

fn circles(places: &Places, streams: &[Stream], layout: &Layout, radii: &Table<PlaceId, f64>) -> Vec<Circle> {
    let mut inside = Table::filled(places.places.len(), 0u64);
    let mut into = inside.clone();
    for stream in streams {
        into[stream.to] += stream.kbps;
        if stream.from == stream.to {
            inside[stream.to] += stream.kbps;
        }
    }
    let names = named(places, layout, radii);
    let circle = |(id, place): (PlaceId, &Place)| {
        let unserved = place.requests.saturating_sub(place.served);
        let missing = (unserved > 0).then(|| (100.0 * share(unserved as f64, place.requests as f64)).max(1.0));
        let mut tip = format!("{}: {}", place.name, counted(place.requests, "request"));
        if unserved > 0 {
            tip += &format!(", {} unserved ({})", count(unserved), percent(share(unserved as f64, place.requests as f64)));
        }
        if place.networks > 1 {
            tip += &format!(", {} networks", count(place.networks as u64));
        }
        if into[id] > 0 && places.level != Level::Node {
            tip += &format!(", {} of its copies from inside", percent(share(inside[id] as f64, into[id] as f64)));
        }
        let radius = radii[id];
        let name = names[id].then(|| place.name.chars().take(24).collect());
        let below = radius + if missing.is_some() { 17.0 } else { 14.0 };
        let name_y = layout.spots[id].y + if inside_name(place, radius) { 4.0 } else { below };
        let at = layout.spots[id];
        Circle { number: id.0, at, radius, ring: radius + 3.0, missing, source: place.source, name, name_y, tip }
    };
    places.places.pairs().map(circle).collect()
}

/// Half the width of a name, as far as that is known without its font.
fn half_width(place: &Place) -> f64 {
    place.name.chars().count().min(24) as f64 * 3.4 + 4.0
}

/// The circle has room for its name.
fn inside_name(place: &Place, radius: f64) -> bool {
    radius > half_width(place) && !place.source
}

/// Which places have their names written: sources and the largest first, and none over another.
fn named(places: &Places, layout: &Layout, radii: &Table<PlaceId, f64>) -> Table<PlaceId, bool> {
    let mut order: Vec<PlaceId> = places.places.ids().collect();
    order.sort_by_key(|id| (!places.places[*id].source, std::cmp::Reverse(places.places[*id].requests), *id));
    let mut named = Table::filled(places.places.len(), false);
    let mut taken: Vec<(Spot, f64)> = Vec::new();
    let most = if places.level == Level::Node { order.len() } else { MOST_NAMES };
    for id in order {
        let half = half_width(&places.places[id]);
        let inside = inside_name(&places.places[id], radii[id]);
        let at = Spot { x: layout.spots[id].x, y: layout.spots[id].y + if inside { 0.0 } else { radii[id] + 12.0 } };
        let free = taken.iter().all(|(spot, width)| (spot.x - at.x).abs() > half + width || (spot.y - at.y).abs() > 13.0);
        let clear = layout.spots.pairs().all(|(other, spot)| {
            let (dx, dy) = (((spot.x - at.x).abs() - half).max(0.0), ((spot.y - at.y).abs() - 6.0).max(0.0));
            other == id || dx.hypot(dy) > radii[other] - 2.0
        });
        if taken.len() < most && free && (clear || inside || places.level == Level::Node) {
            taken.push((at, half));
            named[id] = true;
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuller_the_way_the_later_it_is_drawn() {
        let classes = [None, Some(0.0), Some(0.5), Some(0.8), Some(0.95), Some(1.2)].map(|full| class(full).1);
        assert_eq!(classes, [0, 1, 2, 3, 4, 4]);
    }
}
