//! Address prefixes with a value each, found by the longest that holds an address; and nodes that move by their address.

use super::super::document::{Document, NodeRow};
use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Values by prefix, of both families.
pub(super) struct Prefixes<T>(JointPrefixMap<IpNet, T>);

impl<T> Prefixes<T> {
    pub fn new() -> Prefixes<T> {
        Prefixes(JointPrefixMap::new())
    }

    /// Notes a value; the one that stood there before comes back.
    pub fn insert(&mut self, prefix: IpNet, value: T) -> Option<T> {
        self.0.insert(prefix.trunc(), value)
    }

    /// The value of the longest prefix that holds the address.
    pub fn find(&self, address: IpAddr) -> Option<&T> {
        self.0.get_lpm(&IpNet::from(address.to_canonical())).map(|(_, value)| value)
    }

    /// The value of the longest prefix that holds this one and is shorter.
    pub fn above(&self, prefix: IpNet) -> Option<&T> {
        self.0.get_lpm(&prefix.supernet()?).map(|(_, value)| value)
    }

    /// All of them: IPv4 first, each family in order.
    pub fn iter(&self) -> impl Iterator<Item = (IpNet, &T)> {
        self.0.iter()
    }

    /// All prefixes inside this one, itself too.
    pub fn inside(&self, prefix: IpNet) -> impl Iterator<Item = (IpNet, &T)> {
        self.0.children(&prefix.trunc())
    }
}

/// Reads `203.0.113.0/24`, or an address, which stands for itself alone; bits behind the length are dropped.
pub(super) fn prefix(text: &str) -> Option<IpNet> {
    let whole = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse::<IpNet>().ok().or_else(whole).map(|prefix| prefix.trunc())
}

/// Nodes that got another network by their address.
#[derive(Default)]
pub(super) struct Moves {
    /// Their rows, with the new network.
    pub nodes: Vec<NodeRow>,
    /// How many went from one network to another, by (to, from).
    pub ways: BTreeMap<(SmolStr, SmolStr), usize>,
    /// Nodes whose network was right before.
    settled: usize,
    /// Nodes that no prefix holds.
    strangers: Vec<SmolStr>,
    /// Nodes without an address.
    nameless: usize,
}

impl Moves {
    /// Asks for each node's network by its row and address.
    pub fn of(document: &Document, mut home: impl FnMut(&NodeRow, IpAddr) -> Option<SmolStr>) -> Moves {
        let mut moves = Moves::default();
        for node in &document.nodes {
            let Some(address) = node.ip else {
                moves.nameless += 1;
                continue;
            };
            match home(node, address) {
                None => moves.strangers.push(node.id.clone()),
                Some(network) if network == node.network => moves.settled += 1,
                Some(network) => {
                    *moves.ways.entry((network.clone(), node.network.clone())).or_default() += 1;
                    moves.nodes.push(NodeRow { network, ..node.clone() });
                }
            }
        }
        moves
    }

    /// What happened, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let moved = format!("{} nodes change their network, {} were in the right one", self.nodes.len(), self.settled);
        let strangers = (!self.strangers.is_empty()).then(|| {
            let first: Vec<&str> = self.strangers.iter().take(5).map(SmolStr::as_str).collect();
            let more = if self.strangers.len() > first.len() { ", ..." } else { "" };
            format!("{} nodes are in none of the prefixes and stay: {}{more}", self.strangers.len(), first.join(", "))
        });
        let nameless = (self.nameless > 0).then(|| format!("{} nodes have no address and stay", self.nameless));
        std::iter::once(moved).chain(strangers).chain(nameless).collect()
    }
}
