//! Where the places of the map stand: where they are on earth, else by hops below the holders, else on a circle.
//!
//! The same places stand in the same spots each time: nothing is drawn by lot.

use super::places::{Level, PlaceId, Places};
use crate::ids::Table;
use std::f64::consts::TAU;

/// Width of the drawing, in its own units.
pub const WIDTH: f64 = 960.0;
/// Room around the outermost places.
const MARGIN: f64 = 64.0;
/// At most so much wider than high is a degree drawn.
const WIDEN: f64 = 1.7;
/// Steps of graticules in degrees.
const STEPS: [f64; 7] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0];

/// A spot of the drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spot {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

/// A line of equal latitude or longitude, or the head of a column.
#[derive(Clone, Debug)]
pub struct Guide {
    /// For people.
    pub label: String,
    /// It runs from left to right.
    pub level: bool,
    /// Its x, or its y.
    pub at: f64,
}

/// Spots of all places.
#[derive(Debug)]
pub struct Layout {
    /// Height of the drawing.
    pub height: f64,
    /// One for each place.
    pub spots: Table<PlaceId, Spot>,
    /// Lines that help to read it.
    pub guides: Vec<Guide>,
    /// What nearness means, for people.
    pub word: &'static str,
}

/// Places on earth, hop by hop, or on a circle; `hops` has the depth of each place, `None` for those that get nothing.
pub fn layout(places: &Places, hops: &Table<PlaceId, Option<u32>>, radii: &Table<PlaceId, f64>) -> Layout {
    let mut layout = if places.level == Level::Node { columns(hops) } else { earth(places).unwrap_or_else(|| circle(places)) };
    if places.level != Level::Node {
        part(&mut layout, radii);
    }
    layout
}

/// Columns of nodes from holders on the left to the deepest; those that get nothing stand last.
fn columns(hops: &Table<PlaceId, Option<u32>>) -> Layout {
    let deepest = hops.iter().flatten().copied().max().unwrap_or(0);
    let without = hops.iter().any(Option::is_none);
    let count = deepest as usize + 1 + usize::from(without);
    let column = |hop: &Option<u32>| hop.map_or(deepest as usize + 1, |hop| hop as usize);
    let mut sizes = vec![0usize; count];
    hops.iter().for_each(|hop| sizes[column(hop)] += 1);
    let most = sizes.iter().copied().max().unwrap_or(1).max(1);
    let height = (most as f64 * 64.0 + 90.0).clamp(280.0, 900.0);
    let mut seen = vec![0usize; count];
    let x = |column: usize| WIDTH * (column as f64 + 0.5) / count as f64;
    let spot = |hop: &Option<u32>| {
        let column = column(hop);
        seen[column] += 1;
        Spot { x: x(column), y: 40.0 + (height - 90.0) * (seen[column] as f64 - 0.5) / sizes[column] as f64 }
    };
    let spots = Table::new(hops.iter().map(spot).collect());
    let head = |column: usize| match column {
        0 => "holders".to_owned(),
        _ if column as u32 > deepest => "nothing".to_owned(),
        1 => "1 hop".to_owned(),
        hops => format!("{hops} hops"),
    };
    let guides = (0..count).map(|column| Guide { label: head(column), level: false, at: x(column) }).collect();
    Layout { height, spots, guides, word: "from left to right, hop by hop" }
}

/// By latitude and longitude, if all have them and they differ.
fn earth(places: &Places) -> Option<Layout> {
    let at: Vec<_> = places.places.iter().map(|place| place.at).collect::<Option<_>>()?;
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (south, north) = range(&mut at.iter().map(|at| at.lat));
    let (west, east) = range(&mut at.iter().map(|at| at.lon));
    let squeeze = ((south + north) / 2.0).to_radians().cos().max(0.1);
    let (wide, high) = ((east - west) * squeeze, north - south);
    if wide.max(high) <= 0.0 {
        return None;
    }
    let inner = WIDTH - 2.0 * MARGIN;
    let height = (inner * high / wide.max(1e-9)).clamp(280.0, 520.0) + 2.0 * MARGIN;
    let scale = (inner / wide.max(1e-9)).min((height - 2.0 * MARGIN) / high.max(1e-9));
    // A tall country is drawn wider than it is, so that its places stand apart.
    let across = (inner / wide.max(1e-9)).min(scale * WIDEN);
    let (middle, centre) = ((west + east) / 2.0, (south + north) / 2.0);
    let x = |lon: f64| WIDTH / 2.0 + (lon - middle) * squeeze * across;
    let y = |lat: f64| height / 2.0 - (lat - centre) * scale;
    let spots = Table::new(at.iter().map(|at| Spot { x: x(at.lon), y: y(at.lat) }).collect());
    let mut guides = Vec::new();
    let step = STEPS.into_iter().find(|step| high.max(wide / squeeze) / step <= 7.0).unwrap_or(45.0);
    let lines = |low: f64, high: f64| {
        let first = (low / step).ceil() as i64;
        (first..=(high / step).floor() as i64).map(move |line| line as f64 * step)
    };
    let degrees = |value: f64, signs: [&str; 2]| format!("{}° {}", value.abs(), signs[usize::from(value < 0.0)]);
    guides.extend(lines(south, north).map(|lat| Guide { label: degrees(lat, ["N", "S"]), level: true, at: y(lat) }));
    guides.extend(lines(west, east).map(|lon| Guide { label: degrees(lon, ["E", "W"]), level: false, at: x(lon) }));
    Some(Layout { height, spots, guides, word: "where they are on earth" })
}

/// On an ellipse, from the left clockwise.
fn circle(places: &Places) -> Layout {
    let count = places.places.len();
    let height = if count <= 3 { 320.0 } else { 560.0 };
    let spot = |place: usize| {
        let turn = TAU * place as f64 / count as f64 + TAU / 2.0;
        Spot { x: WIDTH / 2.0 + turn.cos() * WIDTH * 0.34, y: height / 2.0 + turn.sin() * (height / 2.0 - MARGIN - 10.0) }
    };
    Layout { height, spots: Table::new((0..count).map(spot).collect()), guides: Vec::new(), word: "in order of their names" }
}

/// Pushes circles apart that cover each other, and keeps them inside.
fn part(layout: &mut Layout, radii: &Table<PlaceId, f64>) {
    let (spots, radii) = (layout.spots.as_mut_slice(), radii.as_slice());
    for _ in 0..120 {
        let mut moved = false;
        for a in 0..spots.len() {
            for b in a + 1..spots.len() {
                let (dx, dy) = (spots[b].x - spots[a].x, spots[b].y - spots[a].y);
                let (far, wanted) = (dx.hypot(dy), radii[a] + radii[b] + 5.0);
                if far < wanted {
                    moved = true;
                    // Of two at one spot the later goes its own way, by a golden turn.
                    let turn = (a * 31 + b) as f64 * 2.399_963;
                    let (ux, uy) = if far > 1e-6 { (dx / far, dy / far) } else { (turn.cos(), turn.sin()) };
                    let push = (wanted - far) / 2.0;
                    spots[a] = Spot { x: spots[a].x - ux * push, y: spots[a].y - uy * push };
                    spots[b] = Spot { x: spots[b].x + ux * push, y: spots[b].y + uy * push };
                }
            }
        }
        for (spot, radius) in spots.iter_mut().zip(radii) {
            spot.x = spot.x.clamp(radius + 12.0, WIDTH - radius - 12.0);
            spot.y = spot.y.clamp(radius + 12.0, (layout.height - radius - 26.0).max(radius + 12.0));
        }
        if !moved {
            return;
        }
    }
}
