//! An audience for a network that was imported without one: a live channel, its origin, and viewers at the networks.
//!
//! The channel `live` has 4 substreams; its origin stands where most cables end (the first of several) and can send a
//! tenth of what the viewers ask for, at least one copy. Viewers sit at the networks with equal chance or in proportion to
//! the cables that end there; their lines are ADSL, FTTC, cable and FTTP, 25, 45, 20 and 10 of a hundred (an assumption),
//! with the uplinks of [`access`](super::access). Whoever imports or generates a bare network may call it.

use super::super::document::{Document, NodeRow, Role};
use super::access::{ADSL, Access, CABLE, FTTC, FTTP};
use super::draw::{Draw, Lottery, Part};
use super::rows;
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

/// Lines that viewers have, and in which shares.
const LINES: [(&Access, f64); 4] = [(&ADSL, 0.25), (&FTTC, 0.45), (&CABLE, 0.2), (&FTTP, 0.1)];
/// Share of the demand that the origin can send.
const ORIGIN: u64 = 10;
const SUBSTREAMS: u32 = 4;
const CHANNEL: &str = "live";

/// Who is to be placed.
#[derive(Clone, Debug)]
pub struct Audience {
    /// How many viewers.
    pub viewers: usize,
    /// Seed of every draw.
    pub seed: u64,
    /// Where many cables end, many viewers sit; else all networks are alike.
    pub by_degree: bool,
    /// Rate of the channel.
    pub bitrate: Kbps,
}

impl Audience {
    /// Adds the channel, the origin and the viewers. `entrances` are networks with how many cables end there; where there is
    /// none nobody is placed.
    pub fn seat(&self, document: &mut Document, entrances: &[(SmolStr, usize)]) -> String {
        let best = entrances.iter().rev().max_by_key(|(_, cables)| *cables);
        let Some((centre, _)) = best else { return "there is no network to place viewers at".into() };
        let copy = self.bitrate.0.div_ceil(u64::from(SUBSTREAMS));
        let demand = copy.saturating_mul(u64::from(SUBSTREAMS)).saturating_mul(self.viewers as u64);
        let uplink = Kbps((demand / ORIGIN).clamp(self.bitrate.0, Kbps::LARGEST.0));
        let origin = NodeRow::new("origin", Role::Origin, centre.clone(), uplink);
        document.contents.push(rows::channel(CHANNEL, self.bitrate, SUBSTREAMS, "live"));
        document.holdings.push(rows::holding(&origin.id, CHANNEL));
        document.nodes.push(origin);
        let weight = |(_, cables): &(SmolStr, usize)| if self.by_degree { *cables as f64 } else { 1.0 };
        let homes = Lottery::new(entrances.iter().map(weight));
        let lines = Lottery::new(LINES.map(|(_, share)| share));
        let (mut home, mut line) = (Draw::new(self.seed, Part::Homes), Draw::new(self.seed, Part::Uplinks));
        for number in 1..=self.viewers {
            let network = entrances[homes.row(home.unit())].0.clone();
            let access = LINES[lines.row(line.unit())].0;
            let mut viewer = NodeRow::new(format_smolstr!("viewer-{number}"), Role::Peer, network, access.uplink(line.unit()));
            viewer.access = Some(SmolStr::new_static(access.word));
            document.requests.push(rows::request(&viewer.id, CHANNEL));
            document.nodes.push(viewer);
        }
        format!("{} viewers of a channel of {}, its origin at {centre} with {uplink}", self.viewers, self.bitrate)
    }
}
