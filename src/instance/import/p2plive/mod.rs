//! `p2plive`: the viewers of a hybrid CDN/P2P live system at one moment, from a day of its logs.
//!
//! The logs are those described by Ma, Rouibia, Giroire and Urvoy-Keller, *When Locality is not enough: Boosting Peer
//! Selection of Hybrid CDN-P2P Live Streaming Systems using Machine Learning* (LCN 2021), as two tables for each day:
//!
//! - peers: `peer, isp, city, cc_fips, continent, first_ms, last_ms`, a session each, in milliseconds after 00:00 UTC;
//! - links: `rx, tx, t0_ms, t1_ms, chunks, bytes, busy_ms`, what `tx` sent `rx` from its first event to its last:
//!   `chunks` transfers, which took `busy_ms` together.
//!
//! What becomes of them:
//!
//! - **Viewers** are the peers whose session runs at the moment. Each wants the channel that it is in.
//! - **Channels** are components of the graph of the day's links between two such viewers. The stream's rate is not logged:
//!   1,730 kbps follow from the size and pace of its chunks. 10 substreams of 173 kbps divide it, and a link carries less than
//!   two of them in the median.
//! - **Networks** are ISPs, joined by a link each way to a hub in the middle. Nobody's place is known, so that two ISPs are as
//!   far apart as any other two.
//! - **The mean rate of a link** is its bytes over its life and one mean transfer more.
//! - **An uplink** is the most that the peer was seen to send at once that day: the largest sum of the mean rates of links open
//!   together. That is a lower bound of what its line could do, and 0 for who never sent. The speed of single transfers
//!   (`bytes / busy_ms`) is higher, but how many of them ran at once is not logged. An uplink is at least what the peer sends
//!   in `previous`, so that the logged topology keeps within uplinks, as long as they are not scaled.
//! - **`previous`** are the links in force at the moment, each viewer's rounded to whole substreams, at most the whole stream.
//!   The rest is the origin's: the logs hold no CDN bytes.
//! - **The origin** sits at the hub, with room for what the peers did not carry at that moment, unless told otherwise.
//!
//! So the tracker's own assignment and a plan share viewers, uplinks and origin, and a plan that serves everybody has peers
//! deliver no fewer bytes than they did; with `peers_as_logged` also no more, so that only whom they send to differs.

mod channels;
mod fips;
mod logs;
mod moment;
mod rates;
mod rows;

pub use moment::Moment;

use super::super::fault::{Code, Fault, Faults};
use super::{Complaints, Made, Source};
use crate::units::Kbps;
use jiff::Timestamp;
use jiff::civil::Date;
use rates::Force;
use rows::Scene;
use std::collections::BTreeMap;
use std::str::FromStr;

/// What may be asked of the import.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which moment of the day.
    pub at: Moment,
    /// The day that was logged.
    pub day: Date,
    /// Rate of the stream, from 1.
    pub bitrate: Kbps,
    /// How many substreams it is cut into, 1 to 64.
    pub substreams: u32,
    /// Factor on every peer's uplink, at least 0.
    pub uplink_scale: f64,
    /// What the origin can send; `None`: what the peers did not carry.
    pub origin: Option<Kbps>,
    /// How the links between ISPs and the hub are capped; `None`: not at all.
    pub link_cap: Option<Cap>,
    /// Adds a policy that peers together send no more than the logged ones did at the moment.
    pub peers_as_logged: bool,
}

impl Options {
    /// The stream of the logs, with uplinks as they were seen and links without limits.
    pub fn new(at: Moment, day: Date) -> Options {
        Options {
            at,
            day,
            bitrate: Kbps(1_730),
            substreams: 10,
            uplink_scale: 1.0,
            origin: None,
            link_cap: None,
            peers_as_logged: false,
        }
    }

    /// Rate of one substream.
    fn rate(&self) -> Kbps {
        Kbps(self.bitrate.0.div_ceil(u64::from(self.substreams.max(1))))
    }
}

/// The capacity of the links between ISPs and the hub.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cap {
    /// So much of what the logged topology puts on each link, CDN traffic included.
    Share(f64),
    /// The same for all.
    Rate(Kbps),
}

impl FromStr for Cap {
    type Err = String;

    /// `0.8`, or `50000kbps`.
    fn from_str(text: &str) -> Result<Cap, String> {
        let rate = text.strip_suffix("kbps").map(|digits| digits.trim().parse().map(Kbps).ok());
        let cap = match rate {
            Some(rate) => rate.filter(|rate| *rate <= Kbps::LARGEST).map(Cap::Rate),
            None => text.parse().ok().filter(|share| (0.0..=1000.0).contains(share)).map(Cap::Share),
        };
        cap.ok_or_else(|| format!("\"{text}\" is no cap: write a share of the logged traffic like 0.8, or a rate like 50000kbps"))
    }
}

/// Makes an instance of the viewers that are online at the moment; `asns` is a table `isp_in_p2plive, asn`.
pub fn import(peers: &Source, links: &Source, asns: Option<&Source>, options: &Options) -> Result<Made, Faults> {
    let mut faults = Complaints::default();
    let logs = logs::read(peers, links, &mut faults);
    let asns = asns.map_or_else(BTreeMap::new, |source| logs::asns(source, &mut faults));
    let logs = faults.verdict(logs)?;
    let Some((at, instant)) = options.at.find(&logs, options.day) else {
        let what = format!("the moment asked for is not of {}, which was logged", options.day);
        return Err(Faults(vec![Fault::new(Code::BadTime, "--at", what, "ask for one of that day")]));
    };
    let channels = channels::of(&logs, at);
    let force = Force::at(&logs, at, options.rate(), options.substreams);
    let scaled = |uplink: Kbps| Kbps((uplink.0 as f64 * options.uplink_scale).round() as u64).min(Kbps::LARGEST);
    let sent = force.sent().into_iter().map(|count| options.rate().times(count));
    let uplinks: Vec<Kbps> = rates::peaks(&logs).into_iter().zip(sent).map(|(peak, sent)| scaled(peak.max(sent))).collect();
    let scene = Scene { peers: &logs.peers, channels: &channels, uplinks: &uplinks, force: &force, asns: &asns, options };
    let mut document = scene.document();
    document.name = format!("p2plive-{}", instant.strftime("%Y-%m-%d-%H:%M"));
    document.time = instant.to_string();
    let mut notes = notes(&scene, instant);
    if logs.set_back > 0 {
        notes.push(format!("{} links of the day: a clock was set back, so that transfers seem to take no time", logs.set_back));
    }
    Ok(Made { document, notes })
}

/// What the moment turned out to be.
fn notes(scene: &Scene<'_>, instant: Timestamp) -> Vec<String> {
    let viewers: Vec<usize> = scene.channels.iter().flatten().copied().collect();
    let largest = scene.channels.first().map_or(0, Vec::len);
    let options = scene.options;
    let demand = options.rate().times(viewers.len() as u64 * u64::from(options.substreams));
    let share = |part: Kbps, whole: Kbps| 100.0 * part.0 as f64 / whole.0.max(1) as f64;
    let (carried, crossing) = scene.carried();
    let (carried, crossing) = (options.rate().times(carried), options.rate().times(crossing));
    let uplinks: Kbps = viewers.iter().map(|peer| scene.uplinks[*peer]).sum();
    let silent = viewers.iter().filter(|peer| scene.uplinks[**peer] < options.rate()).count();
    let mut notes = vec![
        format!("{} viewers at {instant}, {largest} of them in the largest of {} channels", viewers.len(), scene.channels.len()),
        format!("they ask for {demand}; peers carried {carried} ({:.1} %) of it", share(carried, demand)),
        format!("{crossing} of that ({:.1} %) crossed from one ISP to another", share(crossing, carried)),
        format!("uplinks seen add up to {uplinks} ({:.1} % of the demand)", share(uplinks, demand)),
        format!("{silent} viewers have no room for a single substream"),
    ];
    let lost = Kbps(scene.force.carried.0.saturating_sub(carried.0));
    if lost > Kbps(0) {
        notes.push(format!("{lost} more were logged: beyond the stream's rate, or lost in rounding to whole substreams"));
    }
    if viewers.is_empty() {
        notes.push("nobody is online at that moment".into());
    }
    notes
}
