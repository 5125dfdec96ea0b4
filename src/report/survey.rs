//! What a set of rows does to the network: kbps between networks, over links and from nodes; copies hop by hop.
//!
//! Everything is counted here from the rows, so that a plan of any program, and the topology that was in force before,
//! are looked at alike. Rows may be invalid: what the instance does not know is left out.

use crate::ids::{ContentId, Id, LinkId, NetworkId, NodeId, Table};
use crate::instance::network::{RouteId, Topology};
use crate::instance::{Instance, Role};
use crate::plan::Assignment;
use crate::plan::statistics::each_tree;
use crate::units::Kbps;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Who sends a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// An origin.
    Origin,
    /// A server.
    Server,
    /// A waypoint.
    Waypoint,
    /// A peer of the same network.
    Near,
    /// A peer of another network.
    Far,
}

impl Sender {
    /// All, in the order in which pictures stack them.
    pub const ALL: [Sender; 5] = [Sender::Origin, Sender::Server, Sender::Waypoint, Sender::Near, Sender::Far];

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Sender::Origin => "origins",
            Sender::Server => "servers",
            Sender::Waypoint => "waypoints",
            Sender::Near => "peers of the same network",
            Sender::Far => "peers of other networks",
        }
    }

    /// The class in pictures.
    pub fn class(self) -> &'static str {
        match self {
            Sender::Origin => "origin",
            Sender::Server => "server",
            Sender::Waypoint => "waypoint",
            Sender::Near => "near",
            Sender::Far => "far",
        }
    }

    fn of(instance: &Instance, parent: NodeId, child: NodeId) -> Sender {
        let (from, to) = (&instance.nodes[parent], &instance.nodes[child]);
        match from.role {
            Role::Origin => Sender::Origin,
            Role::Server => Sender::Server,
            Role::Waypoint => Sender::Waypoint,
            Role::Peer if from.network == to.network => Sender::Near,
            Role::Peer => Sender::Far,
        }
    }
}

/// Copies that are received one hop further down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hop {
    /// Copies by their senders, as in [`Sender::ALL`].
    pub copies: [u64; 5],
    /// How many of them are sent on at least once; at hop 0 how many held ones are.
    pub passed_on: u64,
}

impl Hop {
    /// All copies of the hop.
    pub fn all(&self) -> u64 {
        self.copies.iter().sum()
    }
}

/// The counts.
#[derive(Debug)]
pub struct Survey {
    /// kbps from one network to another, or inside one.
    pub streams: BTreeMap<(NetworkId, NetworkId), u64>,
    /// kbps by sender, as in [`Sender::ALL`].
    pub by_sender: [u64; 5],
    /// kbps that each node sends.
    pub sent: Table<NodeId, Kbps>,
    /// Copies that each node sends.
    pub copies_sent: Table<NodeId, u32>,
    /// kbps over each link, load from elsewhere included.
    pub links: Table<LinkId, Kbps>,
    /// By hops below a holder; the first stands for the holders themselves.
    pub hops: Vec<Hop>,
    /// Most hops of any copy that a node receives; 0 for those that receive none.
    pub depth: Table<NodeId, u32>,
}

impl Survey {
    /// Counts.
    pub fn of<'a>(instance: &Instance, topology: &Topology, rows: impl Iterator<Item = &'a Assignment> + Clone) -> Survey {
        let mut survey = Survey {
            streams: BTreeMap::new(),
            by_sender: [0; 5],
            sent: Table::filled(instance.nodes.len(), Kbps(0)),
            copies_sent: Table::filled(instance.nodes.len(), 0),
            links: Table::new(instance.links.iter().map(|link| link.used).collect()),
            hops: vec![Hop::default()],
            depth: Table::filled(instance.nodes.len(), 0),
        };
        survey.streams = between(instance, rows.clone(), |node| instance.nodes[node].network).into_iter().collect();
        for ((from, to), kbps) in &survey.streams {
            let route = topology.route(*from, *to);
            if route != RouteId::NONE {
                topology.links(route).iter().for_each(|link| survey.links[*link] += Kbps(*kbps));
            }
        }
        survey.count_flows(instance, rows.clone());
        survey.count_hops(instance, rows);
        survey
    }

    fn count_flows<'a>(&mut self, instance: &Instance, rows: impl Iterator<Item = &'a Assignment>) {
        for (parent, child, content) in flows(instance, rows) {
            let rate = instance.contents[content].rate();
            self.by_sender[Sender::of(instance, parent, child) as usize] += rate.0;
            self.sent[parent] += rate;
            self.copies_sent[parent] += 1;
        }
    }

    fn count_hops<'a>(&mut self, instance: &Instance, rows: impl Iterator<Item = &'a Assignment>) {
        let mut sends = Table::filled(instance.nodes.len(), false);
        each_tree(instance, rows, |tree| {
            let mut senders = Vec::new();
            for row in tree.rows.iter().filter(|row| instance.nodes.get(row.node).is_some()) {
                let Some(depth) = tree.depth(row.node).map(|depth| depth as usize) else { continue };
                if self.hops.len() <= depth {
                    self.hops.resize(depth + 1, Hop::default());
                }
                self.depth[row.node] = self.depth[row.node].max(depth as u32);
                let known = row.parents.of(tree.substream as usize).filter(|parent| instance.nodes.get(*parent).is_some());
                for parent in known.filter(|_| depth > 0) {
                    self.hops[depth].copies[Sender::of(instance, parent, row.node) as usize] += 1;
                    if !std::mem::replace(&mut sends[parent], true) {
                        senders.push(parent);
                    }
                }
            }
            for sender in senders {
                sends[sender] = false;
                if let Some(hop) = tree.depth(sender).and_then(|depth| self.hops.get_mut(depth as usize)) {
                    hop.passed_on += 1;
                }
            }
        });
    }

    /// kbps of all flows.
    pub fn kbps(&self) -> u64 {
        self.by_sender.iter().sum()
    }

    /// Share of the kbps that peers send.
    pub fn by_peers(&self) -> f64 {
        let peers = self.by_sender[Sender::Near as usize] + self.by_sender[Sender::Far as usize];
        super::figures::share(peers as f64, self.kbps() as f64)
    }

    /// kbps of flows from one network to another.
    pub fn crossing(&self) -> u64 {
        self.streams.iter().filter(|((from, to), _)| from != to).map(|(_, kbps)| kbps).sum()
    }

    /// Load over capacity of the fullest link from one network to another; `None` where no link has a limit.
    pub fn fullness(&self, instance: &Instance, topology: &Topology, from: NetworkId, to: NetworkId) -> Option<f64> {
        let route = topology.route(from, to);
        let links = topology.links(route).iter();
        links.filter_map(|link| part(instance, *link, self.links[*link])).max_by(f64::total_cmp)
    }

    /// Mean hops of all copies.
    pub fn mean_hops(&self) -> f64 {
        let sum: u64 = self.hops.iter().enumerate().map(|(depth, hop)| depth as u64 * hop.all()).sum();
        super::figures::share(sum as f64, self.hops.iter().map(Hop::all).sum::<u64>() as f64)
    }
}

/// Load over capacity of a link that has a limit.
pub fn part(instance: &Instance, link: LinkId, load: Kbps) -> Option<f64> {
    let capacity = instance.links[link].capacity?;
    Some(if load.0 == 0 { 0.0 } else { load.0 as f64 / (capacity.0 as f64).max(1.0) })
}

/// Every flow between two known nodes: parent, child, content.
pub fn flows<'a>(
    instance: &Instance,
    rows: impl Iterator<Item = &'a Assignment>,
) -> impl Iterator<Item = (NodeId, NodeId, ContentId)> {
    let known = rows.filter(|row| instance.nodes.get(row.node).is_some() && instance.contents.get(row.content).is_some());
    let all = known.flat_map(|row| row.parents.cells().iter().map(move |parent| (*parent, row.node, row.content)));
    all.filter(|(parent, ..)| instance.nodes.get(*parent).is_some())
}

/// kbps of flows between whatever nodes belong to.
pub fn between<'a, K: Id>(
    instance: &Instance,
    rows: impl Iterator<Item = &'a Assignment>,
    of: impl Fn(NodeId) -> K,
) -> FxHashMap<(K, K), u64> {
    let mut sums: FxHashMap<(K, K), u64> = FxHashMap::default();
    for (parent, child, content) in flows(instance, rows) {
        *sums.entry((of(parent), of(child))).or_default() += instance.contents[content].rate().0;
    }
    sums
}
