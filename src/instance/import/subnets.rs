//! Subnets of an enterprise and what peer-to-peer may do in each: a CSV with the columns `name`, `cidr` and `mode`.
//!
//! Each name is a network of kind `enterprise`. Of several prefixes that hold an address the longest counts, for the
//! network and for the mode alike:
//!
//! | mode | policy | peers in the subnet |
//! | --- | --- | --- |
//! | `on` | none | take part |
//! | `consume-only` | `subnets-consume-only` | receive, and never send |
//! | `off` | `subnets-off-send`, `subnets-off-receive` | have servers, origins and waypoints for parents, and never send |
//!
//! Nodes of the instance that is imported into move to the network of their address. A network that is new there hangs,
//! without limit or cost, on the network that most of its nodes came from, and takes over its country and place.

use super::super::document::{Document, LinkRow, NetworkRow, Scalar};
use super::super::fault::{Code, Faults};
use super::super::policy::{Matcher, Owner, Policy, Rule, Selector, Test, When};
use super::backbone::link;
use super::prefixes::{self, Moves, Prefixes};
use super::table::Table;
use super::{Complaints, Made, Source, network};
use ipnet::IpNet;
use smol_str::{SmolStr, format_smolstr};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    On,
    Off,
    ConsumeOnly,
}

const MODES: [(&str, Mode); 3] = [("on", Mode::On), ("off", Mode::Off), ("consume-only", Mode::ConsumeOnly)];

/// One line of the file.
struct Subnet {
    line: u64,
    name: SmolStr,
    mode: Mode,
}

/// Networks and policies of the file, and nodes of `into` that move.
pub fn import(source: &Source, into: Option<&Document>) -> Result<Made, Faults> {
    let mut faults = Complaints::default();
    let subnets = read(source, &mut faults);
    let mut document = Document { name: source.stem().into(), ..Document::default() };
    let names: BTreeSet<&SmolStr> = subnets.iter().map(|(_, subnet)| &subnet.name).collect();
    let mut notes = vec![format!("{} sites with {} subnets", names.len(), subnets.iter().count())];
    document.policies = policies(&subnets);
    match into {
        None => document.networks = names.iter().map(|name| site(name, None)).collect(),
        Some(base) => {
            let moves = Moves::of(base, |_, address| subnets.find(address).map(|subnet| subnet.name.clone()));
            let known: BTreeMap<&SmolStr, &NetworkRow> = base.networks.iter().map(|row| (&row.id, row)).collect();
            for name in names.into_iter().filter(|name| !known.contains_key(name)) {
                let uplink = uplink(&moves, name).and_then(|network| known.get(network)).copied();
                document.networks.push(site(name, uplink));
                document.links.extend(uplink.into_iter().flat_map(|uplink| wires(name, &uplink.id)));
            }
            notes.extend(moves.notes());
            document.nodes = moves.nodes;
        }
    }
    faults.verdict(Made { document, notes })
}

fn read(source: &Source, faults: &mut Complaints) -> Prefixes<Subnet> {
    let mut subnets = Prefixes::new();
    let Some(table) = Table::open(source, ["name", "cidr", "mode"], faults) else { return subnets };
    table.rows(faults, |line, [name, cidr, mode], faults| {
        let name = line.word(name, faults);
        let prefix = prefixes::prefix(cidr.text);
        if prefix.is_none() {
            let what = format!("{:?} is no prefix", cidr.text);
            line.fault(faults, Code::BadAddress, what, "write one such as 10.1.0.0/16 or 2001:db8::/32");
        }
        let known = MODES.iter().find(|(word, _)| *word == mode.text).map(|(_, mode)| *mode);
        if known.is_none() {
            line.fault(faults, Code::UnknownWord, format!("{:?} is no mode", mode.text), "write on, off or consume-only");
        }
        let (Some(name), Some(prefix), Some(mode)) = (name, prefix, known) else { return };
        if let Some(first) = subnets.insert(prefix, Subnet { line: line.number, name: name.into(), mode }) {
            let what = format!("{prefix} stands in line {} already", first.line);
            line.fault(faults, Code::DuplicateEntry, what, "keep one of them");
        }
    });
    subnets
}

fn site(name: &SmolStr, uplink: Option<&NetworkRow>) -> NetworkRow {
    NetworkRow {
        country: uplink.and_then(|network| network.country.clone()),
        lat: uplink.and_then(|network| network.lat),
        lon: uplink.and_then(|network| network.lon),
        ..network(name.clone(), "enterprise")
    }
}

/// The network that most of a site's nodes came from, the first by name of several.
fn uplink<'m>(moves: &'m Moves, site: &SmolStr) -> Option<&'m SmolStr> {
    let ways = moves.ways.range((site.clone(), SmolStr::default())..).take_while(|((to, _), _)| to == site);
    ways.min_by_key(|(_, count)| Reverse(**count)).map(|((_, from), _)| from)
}

fn wires(site: &SmolStr, uplink: &SmolStr) -> [LinkRow; 2] {
    let wire = |from: &SmolStr, to: &SmolStr| LinkRow {
        kind: Some(SmolStr::new_static("access")),
        ..link(format_smolstr!("{from}>{to}"), from, to, 0.0)
    };
    [wire(site, uplink), wire(uplink, site)]
}

/// The policies of the modes that some subnet has.
fn policies(subnets: &Prefixes<Subnet>) -> Vec<Policy> {
    let forbid = |id: &'static str, source: Selector, destination: Selector| Policy {
        id: SmolStr::new_static(id),
        owner: Owner::Client,
        rank: 1,
        relaxable: false,
        when: When::default(),
        source,
        destination,
        content: Selector::default(),
        crosses: None,
        relation: None,
        rule: Rule::Forbid {},
    };
    let peer = || Test::Field(SmolStr::new_static("role"), Matcher::OneOf(vec![Scalar::Text(SmolStr::new_static("peer"))]));
    let peers_in = |addresses: &Test| Selector { tests: vec![peer(), addresses.clone()] };
    let mut policies = Vec::new();
    if let Some(addresses) = addresses(subnets, Mode::Off) {
        policies.push(forbid("subnets-off-send", peers_in(&addresses), Selector::default()));
        let peers = Selector { tests: vec![peer()] };
        policies.push(forbid("subnets-off-receive", peers, Selector { tests: vec![addresses] }));
    }
    if let Some(addresses) = addresses(subnets, Mode::ConsumeOnly) {
        policies.push(forbid("subnets-consume-only", peers_in(&addresses), Selector::default()));
    }
    policies
}

/// The addresses whose longest prefix has the mode: prefixes as they are, and prefixes but for others inside them.
fn addresses(subnets: &Prefixes<Subnet>, mode: Mode) -> Option<Test> {
    let ip = |prefixes: Vec<IpNet>| Test::Field(SmolStr::new_static("ip"), Matcher::Prefixes(prefixes));
    let mut whole = Vec::new();
    let mut broken = Vec::new();
    for (prefix, _) in subnets.iter().filter(|(_, subnet)| subnet.mode == mode) {
        // Where the next longer prefix around it has the same mode, that one speaks for both.
        if subnets.above(prefix).is_some_and(|around| around.mode == mode) {
            continue;
        }
        let others: Vec<IpNet> = subnets.inside(prefix).filter(|(_, subnet)| subnet.mode != mode).map(|(net, _)| net).collect();
        match others.is_empty() {
            true => whole.push(prefix),
            false => broken.push(Selector { tests: vec![ip(vec![prefix]), Test::Not(Selector { tests: vec![ip(others)] })] }),
        }
    }
    if broken.is_empty() {
        return (!whole.is_empty()).then(|| ip(whole));
    }
    if !whole.is_empty() {
        broken.insert(0, Selector { tests: vec![ip(whole)] });
    }
    Some(Test::Any(broken))
}
