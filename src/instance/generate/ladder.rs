//! A bitrate ladder: the renditions of one event, each a content of its own, and who asks for which.
//!
//! Rungs are the average bit rates that one published ladder for streaming names (`instances/README.md`). Which line asks for
//! which rung is assumed: a viewer takes one rendition and keeps it. Renditions do not help each other: who watches one can pass
//! on that one alone.

use super::access::Access;
use super::draw::{Draw, Lottery, Part};
use crate::units::Kbps;

/// A rendition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rung {
    /// Its content.
    pub id: &'static str,
    /// Rate of the whole.
    pub bitrate: Kbps,
}

/// The rungs, lowest first.
pub const RUNGS: [Rung; 5] = [
    Rung { id: "final-432p", bitrate: Kbps(1_100) },
    Rung { id: "final-540p", bitrate: Kbps(2_000) },
    Rung { id: "final-720p", bitrate: Kbps(3_000) },
    Rung { id: "final-720p-high", bitrate: Kbps(4_500) },
    Rung { id: "final-1080p", bitrate: Kbps(6_000) },
];

/// Shares of the rungs among viewers on each kind of line.
pub const WISHES: [(&str, [f64; 5]); 5] = [
    ("adsl", [0.25, 0.45, 0.30, 0.0, 0.0]),
    ("fttc", [0.0, 0.10, 0.25, 0.35, 0.30]),
    ("cable", [0.0, 0.10, 0.20, 0.35, 0.35]),
    ("fttp", [0.0, 0.0, 0.15, 0.35, 0.50]),
    ("mobile", [0.50, 0.40, 0.10, 0.0, 0.0]),
];

/// Draws the rung that each viewer asks for.
pub(super) fn wishes<'a>(seed: u64, lines: impl Iterator<Item = &'a Access>) -> Vec<usize> {
    let mut draw = Draw::new(seed, Part::Renditions);
    let lotteries: Vec<(&str, Lottery)> =
        WISHES.iter().map(|(line, shares)| (*line, Lottery::new(shares.iter().copied()))).collect();
    let wish = |line: &Access| {
        let unit = draw.unit();
        lotteries.iter().find(|(word, _)| *word == line.word).map_or(0, |(_, lottery)| lottery.row(unit))
    };
    lines.map(wish).collect()
}
