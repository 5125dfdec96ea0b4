//! The two files of a day, read line by line.

use super::super::super::fault::Code;
use super::super::table::{Cell, Line, Table};
use super::super::{Complaints, Source};
use crate::units::Kbps;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::collections::BTreeMap;

const PEERS: [&str; 7] = ["peer", "isp", "city", "cc_fips", "continent", "first_ms", "last_ms"];
const LINKS: [&str; 7] = ["rx", "tx", "t0_ms", "t1_ms", "chunks", "bytes", "busy_ms"];

/// A log of one day may run on into the next; what claims to be later than a week is no time of it.
const LATEST_MS: u32 = 7 * 86_400_000;

/// What was logged of one day.
#[derive(Default)]
pub(super) struct Logs {
    /// In the order of the file.
    pub peers: Vec<Peer>,
    /// In the order of the file.
    pub links: Vec<Link>,
    /// Links whose transfers took less than no time, because a clock was set back; they count as taking none.
    pub set_back: u64,
}

/// One session of a viewer.
pub(super) struct Peer {
    pub id: SmolStr,
    /// Empty where the log does not know it; so are the next three.
    pub isp: SmolStr,
    pub city: SmolStr,
    /// FIPS 10-4.
    pub country: SmolStr,
    pub continent: SmolStr,
    pub span: Span,
}

/// What one peer sent another.
#[derive(Clone, Copy)]
pub(super) struct Link {
    /// The receiver, by its place among the peers.
    pub rx: usize,
    /// The sender.
    pub tx: usize,
    pub span: Span,
    /// What it carried in the mean of its life.
    pub rate: Kbps,
}

/// Milliseconds after midnight, from the first event to the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub first: u32,
    pub last: u32,
}

impl Span {
    /// Where it ends; a span of one event lasts a millisecond.
    pub fn end(self) -> u32 {
        self.last.max(self.first + 1)
    }

    /// Whether a moment lies in it.
    pub fn holds(self, at: u32) -> bool {
        self.first <= at && at < self.end()
    }
}

/// Reads both files and tells every fault of both.
pub(super) fn read(peers: &Source, links: &Source, faults: &mut Complaints) -> Logs {
    let mut logs = Logs::default();
    let mut names = FxHashMap::default();
    let table = Table::open(peers, PEERS, faults);
    let told = table.is_some();
    if let Some(table) = table {
        table.rows(faults, |line, cells, faults| {
            let Some(peer) = peer(line, cells, faults) else { return };
            if names.contains_key(&peer.id) {
                let what = format!("peer {} stands on an earlier line too", peer.id);
                return line.fault(faults, Code::DuplicateId, what, "keep one of them");
            }
            names.insert(peer.id.clone(), logs.peers.len());
            logs.peers.push(peer);
        });
    }
    if let Some(table) = Table::open(links, LINKS, faults).filter(|_| told) {
        table.rows(faults, |line, cells, faults| {
            let Some((link, set_back)) = link(line, cells, &names, faults) else { return };
            logs.links.push(link);
            logs.set_back += u64::from(set_back);
        });
    }
    logs
}

/// Reads the numbers of ISPs by the names that the logs give them.
pub(super) fn asns(source: &Source, faults: &mut Complaints) -> BTreeMap<SmolStr, u32> {
    let mut asns = BTreeMap::new();
    if let Some(table) = Table::open(source, ["isp_in_p2plive", "asn"], faults) {
        table.rows(faults, |line, [isp, asn], faults| {
            let row = (line.word(isp, faults), line.number(asn, faults));
            asns.extend(row.0.map(SmolStr::from).zip(row.1));
        });
    }
    asns
}

fn peer(line: Line<'_>, cells: [Cell<'_>; 7], faults: &mut Complaints) -> Option<Peer> {
    let [id, isp, city, country, continent, first, last] = cells;
    let (id, span) = (line.word(id, faults), span(line, first, last, faults));
    Some(Peer {
        id: id?.into(),
        isp: isp.text.into(),
        city: city.text.into(),
        country: country.text.into(),
        continent: continent.text.into(),
        span: span?,
    })
}

/// A link, and whether a clock was set back meanwhile.
fn link(
    line: Line<'_>,
    cells: [Cell<'_>; 7],
    names: &FxHashMap<SmolStr, usize>,
    faults: &mut Complaints,
) -> Option<(Link, bool)> {
    let [rx, tx, first, last, chunks, bytes, busy] = cells;
    let ends = [rx, tx].map(|cell| {
        let id = line.word(cell, faults)?;
        let found = names.get(id).copied();
        if found.is_none() {
            let what = format!("no good line of the peers' file is about peer {id}");
            line.fault(faults, Code::DanglingReference, what, "give both files of one day, whole");
        }
        found
    });
    if ends[0].is_some() && ends[0] == ends[1] {
        let what = format!("peer {} sends to itself", rx.text);
        line.fault(faults, Code::OutOfRange, what, "remove the line");
    }
    let span = span(line, first, last, faults);
    let chunks = line.number(chunks, faults);
    let (bytes, busy) = (line.number(bytes, faults), line.number::<i64>(busy, faults));
    let (span, busy) = (span?, busy?);
    let rate = rate(span, chunks?, bytes?, busy.max(0).unsigned_abs());
    if rate.is_none() {
        line.fault(faults, Code::OutOfRange, "so many bytes in so little time are no rate", "mend its bytes and times");
    }
    Some((Link { rx: ends[0]?, tx: ends[1]?, span, rate: rate? }, busy < 0))
}

fn span(line: Line<'_>, first: Cell<'_>, last: Cell<'_>, faults: &mut Complaints) -> Option<Span> {
    let ends = (line.number(first, faults), line.number(last, faults));
    let span = Span { first: ends.0?, last: ends.1? };
    if span.last < span.first {
        let what = format!("it ends at {} ms, before it begins at {} ms", span.last, span.first);
        line.fault(faults, Code::OutOfRange, what, "mend the two times");
        return None;
    }
    if span.last > LATEST_MS {
        let what = format!("{} ms after midnight is more than a week later", span.last);
        line.fault(faults, Code::OutOfRange, what, "count milliseconds from midnight of the logged day");
        return None;
    }
    Some(span)
}

/// Bytes over the time that a link was in use: from its first event to its last, and one mean transfer more, because
/// `chunks` events close only `chunks - 1` gaps. Without that a link of two chunks a moment apart would have carried gigabits.
fn rate(span: Span, chunks: u32, bytes: u64, busy: u64) -> Option<Kbps> {
    let chunks = u128::from(chunks);
    let time = u128::from(span.last - span.first) * chunks + u128::from(busy);
    let rate = (u128::from(bytes) * 8 * chunks + time / 2).checked_div(time)?;
    u64::try_from(rate).ok().map(Kbps).filter(|rate| *rate <= Kbps::LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_lasts_one_mean_transfer_longer_than_its_events() {
        // Three chunks of 500 kB, each sent in 2 s, between events 10 s apart: 12 Mbit in 12 s.
        let span = Span { first: 5_000, last: 15_000 };
        assert_eq!(rate(span, 3, 1_500_000, 6_000), Some(Kbps(1_000)));
        // One chunk: the speed of its transfer.
        assert_eq!(rate(Span { first: 7, last: 7 }, 1, 1_000_000, 4_000), Some(Kbps(2_000)));
        assert_eq!(rate(Span { first: 7, last: 7 }, 1, 1_000_000, 0), None);
        assert_eq!(rate(Span { first: 0, last: 1 }, u32::MAX, u64::MAX, 0), None);
    }
}
