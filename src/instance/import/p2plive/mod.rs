//! `p2plive`: the viewers of a hybrid CDN/P2P live system at one moment, from a day of its logs.
//!
//! The logs are those described by Ma, Rouibia, Giroire and Urvoy-Keller, *When Locality is not enough: Boosting Peer
//! Selection of Hybrid CDN-P2P Live Streaming Systems using Machine Learning* (LCN 2021), as two tables for each day:
//!
//! - peers: `peer, isp, city, cc_fips, continent, first_ms, last_ms`: a session each, times after 00:00 UTC;
//! - links: `rx, tx, t0_ms, t1_ms, chunks, bytes, busy_ms`: what `tx` sent `rx` between its first and last event.

mod fips;
mod logs;
mod moment;

pub use moment::Moment;

use super::super::document::*;
use super::super::fault::{Code, Fault, Faults};
use super::{Complaints, Made, Source};
use crate::units::Kbps;
use jiff::civil::Date;

/// What may be asked of the import.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which moment of the day.
    pub at: Moment,
    /// The day that was logged.
    pub day: Date,
}

/// Makes an instance of the viewers that are online at the moment.
pub fn import(peers: &Source, links: &Source, options: &Options) -> Result<Made, Faults> {
    let mut faults = Complaints::default();
    let logs = logs::read(peers, links, &mut faults);
    let logs = faults.verdict(logs)?;
    let Some((at, instant)) = options.at.find(&logs, options.day) else {
        let what = format!("the moment asked for is not of {}", options.day);
        return Err(Faults(vec![Fault::new(Code::BadTime, "--at", what, "ask for one of that day")]));
    };
    let viewers = logs.peers.iter().filter(|peer| peer.span.holds(at));
    let nodes: Vec<NodeRow> = viewers.map(|peer| NodeRow::new(peer.id.clone(), Role::Peer, peer.isp.clone(), Kbps(0))).collect();
    let notes = vec![format!("{} viewers at {instant}", nodes.len())];
    Ok(Made { document: Document { time: instant.to_string(), nodes, ..Document::default() }, notes })
}
