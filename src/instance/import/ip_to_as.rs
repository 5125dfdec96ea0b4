//! Tables from address to autonomous system, for the nodes of an instance: each moves to the network of its AS.
//!
//! Four ways of writing such a table are told apart by their beginning or end:
//!
//! | table | what it looks like |
//! | --- | --- |
//! | MaxMind database (`.mmdb`) | records with `autonomous_system_number`, or `asn` as a number or like `AS64500` |
//! | CSV | columns `prefix` and `as` |
//! | CSV of GeoLite2 | columns `network` and `autonomous_system_number` |
//! | prefix-to-AS of CAIDA | `ADDRESS <tab> LENGTH <tab> AS`; of several origins (`1_2`, `1,2`) the first counts |
//!
//! A node stays where its network has that AS already. Else it moves to the first network, by id, that has it, or to a new
//! one, `as64500`. New networks have no links yet: `as_rel` knows them.

use super::super::document::{Document, NetworkRow};
use super::super::fault::{Code, Fault, Faults};
use super::located::Located;
use super::prefixes::{self, Moves, Prefixes};
use super::table::Table;
use super::{Complaints, Made, Source, as_network};
use ipnet::IpNet;
use maxminddb::Reader;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What stands before the metadata of a MaxMind database, in its last 128 KiB.
const MAXMIND: &[u8] = b"\xab\xcd\xefMaxMind.com";
const METADATA: usize = 128 * 1024;

/// Nodes of `into` that move, and networks that are new.
pub fn import(table: &Source, into: &Document) -> Result<Made, Faults> {
    let mut faults = Complaints::default();
    let find = finder(table, &mut faults);
    let mut systems: BTreeMap<u32, SmolStr> = BTreeMap::new();
    let system: FxHashMap<&SmolStr, u32> = into.networks.iter().filter_map(|row| Some((&row.id, row.asn?))).collect();
    for (id, asn) in &system {
        let first = systems.entry(*asn).or_insert_with(|| (*id).clone());
        *first = (*id).min(first).clone();
    }
    let mut made: BTreeMap<u32, NetworkRow> = BTreeMap::new();
    let mut broken = FxHashSet::default();
    let moves = Moves::of(into, |node, address| match find(address) {
        Ok(asn) => {
            let asn = asn?;
            if system.get(&node.network) == Some(&asn) {
                return Some(node.network.clone());
            }
            Some(systems.get(&asn).cloned().unwrap_or_else(|| made.entry(asn).or_insert_with(|| as_network(asn)).id.clone()))
        }
        Err(what) => {
            if broken.insert(what.clone()) {
                faults.add(Fault::new(Code::Syntax, &table.name, what, "download the database again"));
            }
            None
        }
    });
    let mut notes = moves.notes();
    if !made.is_empty() {
        notes.push(format!("{} networks are new and have no links yet: `pleach import as-rel` adds them", made.len()));
    }
    let document = Document { nodes: moves.nodes, networks: made.into_values().collect(), ..Document::default() };
    faults.verdict(Made { document, notes })
}

/// The AS of an address, or what is broken in the database.
type Find<'t> = Box<dyn Fn(IpAddr) -> Result<Option<u32>, String> + 't>;

fn finder<'t>(table: &'t Source, faults: &mut Complaints) -> Find<'t> {
    let end = &table.text[table.text.len().saturating_sub(METADATA)..];
    if end.windows(MAXMIND.len()).any(|bytes| bytes == MAXMIND) {
        return match Reader::from_source(table.text.as_slice()) {
            Ok(reader) => Box::new(move |address| lookup(&reader, address)),
            Err(fault) => {
                faults.add(Fault::new(Code::Syntax, &table.name, fault.to_string(), "download the database again"));
                Box::new(|_| Ok(None))
            }
        };
    }
    let mut prefixes = Prefixes::new();
    let header = table.text.split(|byte| *byte == b'\n').find(|line| !line.starts_with(b"#")).unwrap_or_default();
    match () {
        () if header.contains(&b'\t') => tabbed(table, &mut prefixes, faults),
        () if header.starts_with(b"network,") => {
            separated(table, ["network", "autonomous_system_number"], &mut prefixes, faults);
        }
        () => separated(table, ["prefix", "as"], &mut prefixes, faults),
    }
    Box::new(move |address| Ok(prefixes.find(address).map(|(asn, _)| *asn)))
}

/// What is read of a record.
#[derive(Deserialize)]
struct Record<'r> {
    autonomous_system_number: Option<u32>,
    #[serde(borrow)]
    asn: Option<Spelled<'r>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled<'r> {
    Number(u32),
    Text(&'r str),
}

fn lookup(reader: &Reader<&[u8]>, address: IpAddr) -> Result<Option<u32>, String> {
    let address = address.to_canonical();
    if address.is_ipv6() && reader.metadata().ip_version == 4 {
        return Ok(None);
    }
    let found = reader.lookup(address);
    let record = found.and_then(|found| found.decode::<Record<'_>>()).map_err(|fault| fault.to_string())?;
    Ok(record.and_then(|record| match (record.autonomous_system_number, record.asn) {
        (Some(number), _) | (None, Some(Spelled::Number(number))) => Some(number),
        (None, Some(Spelled::Text(text))) => system(text),
        (None, None) => None,
    }))
}

fn separated(source: &Source, columns: [&'static str; 2], prefixes: &mut Prefixes<(u32, u64)>, faults: &mut Complaints) {
    let Some(table) = Table::open(source, columns, faults) else { return };
    table.rows(faults, |line, [prefix, asn], faults| {
        let mut tell = |code, what: String, remedy: &str| line.fault(faults, code, what, remedy);
        note(prefixes, line.number, prefixes::prefix(prefix.text), prefix.text, asn.text, &mut tell);
    });
}

fn tabbed(source: &Source, prefixes: &mut Prefixes<(u32, u64)>, faults: &mut Complaints) {
    let mut located = Located::new(source, faults);
    let Some(text) = located.text() else { return };
    for (line, text) in text.lines().enumerate().map(|(row, text)| (row + 1, text)) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let mut tell = |code, what: String, remedy: &str| located.fault(line, code, what, remedy);
        match text.split('\t').collect::<Vec<_>>().as_slice() {
            [address, length, systems] => {
                let spelled = format!("{address}/{length}");
                let first = systems.split(['_', ',']).next().unwrap_or(systems);
                note(prefixes, line as u64, spelled.parse::<IpNet>().ok(), &spelled, first, &mut tell);
            }
            _ => tell(Code::Syntax, format!("{text:?} is no line of a table"), "write ADDRESS, LENGTH and AS between tabs"),
        }
    }
}

/// Notes one line of a table, or tells what is wrong with it.
fn note(
    prefixes: &mut Prefixes<(u32, u64)>,
    line: u64,
    prefix: Option<IpNet>,
    spelled: &str,
    asn: &str,
    tell: &mut dyn FnMut(Code, String, &str),
) {
    if prefix.is_none() {
        tell(Code::BadAddress, format!("{spelled:?} is no prefix"), "write one such as 203.0.113.0/24 or 2001:db8::/32");
    }
    let number = system(asn);
    if number.is_none() {
        tell(Code::OutOfRange, format!("{asn:?} is no number of an AS"), "write 0 to 4294967295, perhaps after AS");
    }
    let Some((prefix, number)) = prefix.zip(number) else { return };
    if let Some((other, first)) = prefixes.insert(prefix, (number, line))
        && other != number
    {
        tell(Code::DuplicateEntry, format!("{prefix} has AS {other} in line {first}"), "keep one of them");
    }
}

/// `64500` or `AS64500`.
fn system(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
    digits.parse().ok()
}
