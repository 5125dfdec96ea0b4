//! Exchange ports: how fast they are, who has which, and how full other traffic makes them.
//!
//! Speeds are shares of the ports that access providers listed in a public database of interconnection
//! (`instances/README.md`). That larger providers have faster ports, but not always, and how full ports are, is assumed.

use super::draw::{Draw, Lottery};
use crate::units::Kbps;

/// Speeds of ports in Mbps, with their shares in per cent.
pub const SPEEDS: [(u64, f64); 9] = [
    (100, 2.1),
    (1_000, 19.9),
    (2_000, 1.1),
    (10_000, 45.5),
    (20_000, 12.8),
    (30_000, 3.2),
    (40_000, 2.2),
    (100_000, 7.9),
    (200_000, 1.4),
];
/// Share of the providers with ports at all exchanges of the region; the others have one port. The five largest are everywhere.
const EVERYWHERE: f64 = 0.4;
const LARGEST: usize = 5;
/// A provider counts as up to so many times larger or smaller when ports are handed out.
const LUCK: f64 = 3.0;
/// Other traffic takes between these shares of a port.
const USED: (f64, f64) = (0.5, 0.95);

/// A provider's port at an exchange.
pub(super) struct Port {
    pub(super) exchange: usize,
    pub(super) speed: Kbps,
    /// Share that other traffic takes.
    pub(super) used: f64,
}

/// Draws the ports of each provider, given their sizes, largest first.
pub(super) fn draw(users: &[f64], exchanges: usize, draw: &mut Draw) -> Vec<Vec<Port>> {
    let mut places: Vec<(f64, usize, usize)> = Vec::new();
    for (p, users) in users.iter().enumerate() {
        let everywhere = p < LARGEST || draw.chance(EVERYWHERE);
        let first = (draw.unit() * exchanges as f64) as usize;
        for x in 0..if everywhere { exchanges } else { 1 } {
            let luck = LUCK.powf(draw.between(-1.0, 1.0));
            places.push((users * luck, p, (first + x) % exchanges));
        }
    }
    let lottery = Lottery::new(SPEEDS.iter().map(|(_, share)| *share));
    let mut speeds: Vec<u64> = places.iter().map(|_| SPEEDS[lottery.row(draw.unit())].0).collect();
    speeds.sort_unstable_by(|a, b| b.cmp(a));
    places.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut ports: Vec<Vec<Port>> = users.iter().map(|_| Vec::new()).collect();
    for ((_, provider, exchange), mbps) in places.into_iter().zip(speeds) {
        ports[provider].push(Port { exchange, speed: Kbps(mbps * 1000), used: draw.between(USED.0, USED.1) });
    }
    ports
}
