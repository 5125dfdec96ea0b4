//! Ports at internet exchanges, as PeeringDB lists them: a CSV with the columns `ix_id`, `asn` and `speed` (Mbps).

use super::super::super::fault::Code;
use super::super::table::Table;
use super::super::{Complaints, Source};
use crate::units::Kbps;
use std::collections::BTreeMap;

/// A port fits into a file's rates below this.
const MOST_MBPS: u64 = Kbps::LARGEST.0 / 1000;

/// What each system has at each exchange.
#[derive(Debug, Default)]
pub struct Ports(BTreeMap<u32, BTreeMap<u64, Option<Kbps>>>);

impl Ports {
    /// Reads the file. Several ports of one system at one exchange add up; a speed of 0 is unknown, and so is the sum.
    pub fn read(source: &Source, faults: &mut Complaints) -> Ports {
        let mut ports = Ports::default();
        let Some(table) = Table::open(source, ["ix_id", "asn", "speed"], faults) else { return ports };
        table.rows(faults, |line, [exchange, asn, speed], faults| {
            let cells = (line.number(exchange, faults), line.number(asn, faults), line.number::<u64>(speed, faults));
            let (Some(exchange), Some(asn), Some(mbps)) = cells else { return };
            if mbps > MOST_MBPS {
                let what = format!("a port of {mbps} Mbps");
                line.fault(faults, Code::OutOfRange, what, format!("write 0 to {MOST_MBPS}, in Mbps"));
            }
            let speed = (mbps > 0).then(|| Kbps(mbps.min(MOST_MBPS) * 1000));
            let of_system: &mut BTreeMap<u64, Option<Kbps>> = ports.0.entry(asn).or_default();
            let sum = |before: Option<Kbps>| before.zip(speed).map(|(a, b)| (a + b).min(Kbps::LARGEST));
            of_system.entry(exchange).and_modify(|before| *before = sum(*before)).or_insert(speed);
        });
        ports
    }

    /// Where two systems can meet with most capacity: the exchange (the first of equals) and both ports.
    pub fn common(&self, a: u32, b: u32) -> Option<(u64, [Option<Kbps>; 2])> {
        let (of_a, of_b) = (self.0.get(&a)?, self.0.get(&b)?);
        let both = of_a.iter().filter_map(|(exchange, port)| Some((*exchange, [*port, *of_b.get(exchange)?])));
        let room = |ports: &[Option<Kbps>; 2]| ports.iter().map(|port| port.unwrap_or(Kbps::LARGEST)).min();
        both.reduce(|best, next| if room(&next.1) > room(&best.1) { next } else { best })
    }
}
