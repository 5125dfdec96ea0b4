//! Floor 0: what is given.
//!
//! ```text
//! file --read--> text --decode--> Document (rows, names) --resolve--> Instance (tables, ids) --> network (routes, distance)
//! ```
//!
//! [`read`] opens files; [`document`] is the format as types; `decode` finds every fault of a text in one pass;
//! `resolve` turns names into dense ids in canonical order. An [`Instance`] is checked once, when it is made, and never
//! changes: a variant is made from a changed document. Any floor may read it; nothing here knows policies' meaning.

pub mod condition;
mod decode;
pub mod document;
pub mod fault;
pub mod generate;
pub mod import;
pub mod network;
mod parents;
pub mod policy;
pub mod read;
mod resolve;
mod routes;
pub mod schema;
mod words;

pub use document::{Attributes, ContentKind, Document, LinkState, Media, Nat, Role, Scalar};
pub use fault::{Fault, Faults};
pub use parents::Parents;

use crate::ids::{ClusterId, ContentId, LinkId, NetworkId, NodeId, RequestId, Table};
use crate::units::Kbps;
use hashbrown::HashTable;
use jiff::Timestamp;
use policy::{Policy, When};
use smol_str::SmolStr;

/// One snapshot of a network, checked, with every name resolved.
///
/// Nodes, contents, networks, links and clusters stand in order of their ids' text; requests, holdings and `previous` in
/// order of (node, content); routes, paths and policies in the file's order. The order in which the file lists its rows
/// therefore reaches no decision, but where the contract says that the list's order decides.
#[derive(Clone, Debug)]
pub struct Instance {
    /// For people.
    pub name: String,
    /// The instant described; time windows are judged at it.
    pub time: Timestamp,
    /// SHA-256 of the JSON text, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the policies file given beside the instance.
    pub policies_sha256: Option<String>,
    /// SHA-256 of the plan given as the topology in force.
    pub previous_sha256: Option<String>,
    /// Live channels and files.
    pub contents: Table<ContentId, Content>,
    /// Machines.
    pub nodes: Table<NodeId, Node>,
    /// What nodes are attached to.
    pub networks: Table<NetworkId, Network>,
    /// Directed links.
    pub links: Table<LinkId, Link>,
    /// Given clusters.
    pub clusters: Table<ClusterId, Cluster>,
    /// Who wants what, at most one per (node, content).
    pub requests: Table<RequestId, Request>,
    /// Who has what, at most one per (node, content).
    pub holdings: Vec<Holding>,
    /// Given routes, in the file's order.
    pub routes: Vec<Route>,
    /// Measurements.
    pub paths: Vec<Path>,
    /// Policies, in list order.
    pub policies: Vec<Policy>,
    /// The topology in force, at most one per (node, content); rows about what is gone are dropped.
    pub previous: Vec<Previous>,
    /// Finds a node by the text of its id.
    pub(in crate::instance) node_names: Names,
}

/// Names to row numbers, without a second copy of the names.
pub(in crate::instance) type Names = HashTable<u32>;

/// A live channel or a file.
#[derive(Clone, Debug)]
pub struct Content {
    /// Unique among contents.
    pub id: SmolStr,
    /// Live or file.
    pub kind: ContentKind,
    /// Rate of the whole content.
    pub bitrate: Kbps,
    /// How many substreams, 1 to 64.
    pub substreams: u32,
    /// Fewest substreams that count as served, 1 to `substreams`.
    pub min_substreams: u32,
    /// Size of a file in MB, for storage.
    pub size_mb: Option<f64>,
    /// A word for selectors.
    pub category: Option<SmolStr>,
    /// What it carries.
    pub media: Media,
    /// Free attributes.
    pub attributes: Attributes,
}

impl Content {
    /// The rate of one substream, `ceil(bitrate / substreams)`.
    pub fn rate(&self) -> Kbps {
        Kbps(self.bitrate.0.div_ceil(u64::from(self.substreams)))
    }

    /// The mask with a bit for each substream.
    pub fn all(&self) -> u64 {
        u64::MAX >> (64 - self.substreams)
    }
}

/// A machine, defaults filled in.
#[derive(Clone, Debug)]
pub struct Node {
    /// Unique among nodes.
    pub id: SmolStr,
    /// What it is for.
    pub role: Role,
    /// Its network.
    pub network: NetworkId,
    /// What it can send.
    pub uplink: Kbps,
    /// What it can receive; `None`: no limit.
    pub downlink: Option<Kbps>,
    /// Its address translator.
    pub nat: Nat,
    /// Access technology.
    pub access: Option<SmolStr>,
    /// Its own or its network's country.
    pub country: Option<SmolStr>,
    /// A word for selectors.
    pub region: Option<SmolStr>,
    /// Its own or its network's position.
    pub place: Option<Place>,
    /// Its address.
    pub ip: Option<std::net::IpAddr>,
    /// Affinity groups, sorted.
    pub affinity: Vec<SmolStr>,
    /// Given clusters, sorted.
    pub clusters: Vec<ClusterId>,
    /// Least level of its clusters.
    pub level: Option<u8>,
    /// Most distinct children; `None`: no limit.
    pub max_children: Option<u32>,
    /// Contents it may only pass on; `None`: no limit.
    pub relay_contents: Option<u32>,
    /// Room for files in MB; `None`: no limit.
    pub storage_mb: Option<f64>,
    /// Measured loss as a sender.
    pub loss: f64,
    /// Measured availability as a sender.
    pub availability: f64,
    /// Cost per Mbps sent.
    pub cost: f64,
    /// Free attributes.
    pub attributes: Attributes,
}

/// A position in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// North.
    pub lat: f64,
    /// East.
    pub lon: f64,
}

/// What nodes are attached to.
#[derive(Clone, Debug)]
pub struct Network {
    /// Unique among networks.
    pub id: SmolStr,
    /// Two nodes of one `enterprise` always connect.
    pub kind: Option<SmolStr>,
    /// Autonomous system number.
    pub asn: Option<u32>,
    /// Country of its nodes.
    pub country: Option<SmolStr>,
    /// Position of its nodes.
    pub place: Option<Place>,
}

impl Network {
    /// Two nodes of it connect whatever their NAT.
    pub fn is_enterprise(&self) -> bool {
        self.kind.as_deref() == Some("enterprise")
    }
}

/// A directed link, defaults filled in.
#[derive(Clone, Debug)]
pub struct Link {
    /// Unique among links.
    pub id: SmolStr,
    /// Where it starts.
    pub from: NetworkId,
    /// Where it ends; the same as `from` for a link inside a network.
    pub to: NetworkId,
    /// `None`: no limit.
    pub capacity: Option<Kbps>,
    /// Load from elsewhere.
    pub used: Kbps,
    /// Cost per Mbps.
    pub cost: f64,
    /// A word for selectors.
    pub kind: Option<SmolStr>,
    /// Whether it carries traffic.
    pub state: LinkState,
    /// Volume since the month began, GB.
    pub month_to_date_gb: f64,
    /// Length for shortest paths, from 1.
    pub weight: u64,
}

/// A given cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Unique among clusters.
    pub id: SmolStr,
    /// 1 (top) to 3.
    pub level: u8,
    /// A word for people.
    pub region: Option<SmolStr>,
}

/// One node that wants one content.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Who wants it.
    pub node: NodeId,
    /// What it wants.
    pub content: ContentId,
    /// How much it counts, > 0, before `priority` factors.
    pub weight: f64,
}

/// One node that has some substreams of a content.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    /// The holder.
    pub node: NodeId,
    /// What it holds.
    pub content: ContentId,
    /// A bit for each substream that it holds.
    pub mask: u64,
}

/// A given route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where it starts.
    pub from: NetworkId,
    /// Where it ends.
    pub to: NetworkId,
    /// Its links in order.
    pub links: Vec<LinkId>,
    /// When it may be used.
    pub when: When,
}

/// Measurements between two nodes or two networks, directed.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// Between whom.
    pub ends: Ends,
    /// Round-trip time in ms.
    pub rtt_ms: Option<f64>,
    /// Loss, 0 to 1.
    pub loss: Option<f64>,
}

/// The two ends of a measured path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ends {
    /// From one node to another.
    Nodes(NodeId, NodeId),
    /// From one network to another.
    Networks(NetworkId, NetworkId),
}

/// The parents in force of one (node, content).
#[derive(Clone, Debug)]
pub struct Previous {
    /// The child.
    pub node: NodeId,
    /// What it receives.
    pub content: ContentId,
    /// Its parents; [`NodeId::GONE`] stands for a parent that is no longer in the instance.
    pub parents: Parents,
}

impl NodeId {
    /// A parent in `previous` that the instance no longer knows.
    pub const GONE: NodeId = NodeId(u32::MAX - 1);
}

impl Instance {
    /// Finds a node by the text of its id.
    pub fn node(&self, id: &str) -> Option<NodeId> {
        resolve::find_name(&self.node_names, id, |row| &self.nodes.as_slice()[row].id).map(|row| NodeId(row as u32))
    }

    /// Finds a content by the text of its id.
    pub fn content(&self, id: &str) -> Option<ContentId> {
        self.contents.as_slice().binary_search_by(|content| content.id.as_str().cmp(id)).ok().map(|row| ContentId(row as u32))
    }

    /// Finds a network by the text of its id.
    pub fn network(&self, id: &str) -> Option<NetworkId> {
        self.networks.as_slice().binary_search_by(|network| network.id.as_str().cmp(id)).ok().map(|row| NetworkId(row as u32))
    }

    /// Finds a link by the text of its id.
    pub fn link(&self, id: &str) -> Option<LinkId> {
        self.links.as_slice().binary_search_by(|link| link.id.as_str().cmp(id)).ok().map(|row| LinkId(row as u32))
    }

    /// Finds the request of a node for a content.
    pub fn request(&self, node: NodeId, content: ContentId) -> Option<RequestId> {
        let key = (node, content);
        self.requests.as_slice().binary_search_by_key(&key, |r| (r.node, r.content)).ok().map(|row| RequestId(row as u32))
    }

    /// The substreams that a node holds of a content, a bit for each.
    pub fn held(&self, node: NodeId, content: ContentId) -> u64 {
        let found = self.holdings.binary_search_by_key(&(node, content), |h| (h.node, h.content));
        found.map_or(0, |row| self.holdings[row].mask)
    }

    /// The parents in force of a node for a content.
    pub fn previous_of(&self, node: NodeId, content: ContentId) -> Option<&Parents> {
        let found = self.previous.binary_search_by_key(&(node, content), |p| (p.node, p.content));
        found.ok().map(|row| &self.previous[row].parents)
    }
}
