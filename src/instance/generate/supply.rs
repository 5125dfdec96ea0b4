//! Supply and demand, counted in whole slots.
//!
//! A slot is room for one copy of one substream. An uplink of 2,900 kbps has two slots of 1,000 kbps, not 2.9: in plain
//! kbps a third of a real audience would seem to have something to give.

use crate::units::Kbps;

/// Share of the demand that origins and servers send where nothing else is asked: enough to start every tree.
const SEED_SHARE: f64 = 0.07;
/// Around that share the servers make up what the peers lack or have too much, and uplinks stay as drawn.
const SEED_RANGE: std::ops::RangeInclusive<f64> = 0.03..=0.12;

/// What servers and peers have to give so that a wanted ratio holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizing {
    /// Slots of origins and servers.
    pub server_slots: u64,
    /// Factor on every uplink of a peer; 1 where the servers alone make the ratio.
    pub factor: f64,
}

/// Sizes servers, and where that is not enough scales uplinks, so that all whole slots together are `ratio` times
/// `demand` copies. At least `least` slots stay with the servers.
pub fn size(uplinks: &[Kbps], rate: Kbps, demand: u64, ratio: f64, least: u64) -> Sizing {
    size_by(|factor| slots(uplinks, rate, factor), demand, ratio, least)
}

/// The same where slots differ: `peers` tells what all peers can send at a factor, in the unit of `demand` and `least`.
pub fn size_by(peers: impl Fn(f64) -> u64, demand: u64, ratio: f64, least: u64) -> Sizing {
    let wanted = (ratio * demand as f64).round() as u64;
    let seeds = |peers: u64| wanted.saturating_sub(peers).max(least);
    let as_drawn = peers(1.0);
    if SEED_RANGE.contains(&(seeds(as_drawn) as f64 / demand.max(1) as f64)) && as_drawn + seeds(as_drawn) == wanted {
        return Sizing { server_slots: seeds(as_drawn), factor: 1.0 };
    }
    let from_servers = ((SEED_SHARE * demand as f64).round() as u64).clamp(least, wanted.max(least));
    let factor = scale(&peers, wanted.saturating_sub(from_servers));
    Sizing { server_slots: seeds(peers(factor)), factor }
}

/// The whole slots of uplinks that are scaled by a factor.
pub fn slots(uplinks: &[Kbps], rate: Kbps, factor: f64) -> u64 {
    uplinks.iter().map(|uplink| scaled(*uplink, factor).slots(rate)).sum()
}

/// An uplink scaled by a factor.
pub fn scaled(uplink: Kbps, factor: f64) -> Kbps {
    if factor == 1.0 { uplink } else { Kbps((uplink.0 as f64 * factor).round() as u64) }
}

/// The largest factor (up to 1,000) at which the peers can send at most `wanted`.
fn scale(peers: impl Fn(f64) -> u64, wanted: u64) -> f64 {
    let (mut low, mut high) = (0.0, 1000.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if peers(middle) <= wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
