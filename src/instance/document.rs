//! The instance file as types: `pleach/instance/1`, row by row, with names as text.
//!
//! What is written, generated or imported is a [`Document`]; what the engine works on is an
//! [`Instance`](super::Instance), made from a document by checking it once. The published JSON Schema is derived from
//! these types; `decode` reads them and finds every fault.

use super::policy::Policy;
pub use super::words::{Attributes, ContentKind, LinkState, Media, Nat, Role, Scalar};
use crate::units::Kbps;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// The format string that an instance carries.
pub const INSTANCE_FORMAT: &str = "pleach/instance/1";

/// One snapshot of a network.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Document {
    /// Always `pleach/instance/1`.
    pub format: String,
    /// A name for people.
    pub name: String,
    /// The instant that the snapshot describes (RFC 3339).
    pub time: String,
    /// Live channels and files.
    #[schemars(default)]
    pub contents: Vec<ContentRow>,
    /// Machines.
    #[schemars(default)]
    pub nodes: Vec<NodeRow>,
    /// Who has what already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holdings: Vec<HoldingRow>,
    /// Who wants what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestRow>,
    /// What nodes are attached to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkRow>,
    /// Directed links between networks, or inside one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkRow>,
    /// Given routes; where none is usable, the path of least weight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteRow>,
    /// Measurements between two nodes or two networks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathRow>,
    /// Given clusters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<ClusterRow>,
    /// Policies, in list order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
    /// The topology in force, for churn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<PreviousRow>,
}

/// A live channel or a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ContentRow {
    /// Unique among contents.
    pub id: SmolStr,
    /// Default `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ContentKind>,
    /// Rate of the whole content, from 1.
    pub bitrate_kbps: Kbps,
    /// How many substreams it is cut into.
    #[schemars(range(min = 1, max = 64))]
    pub substreams: u32,
    /// Fewest substreams that count as served; default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub min_substreams: Option<u32>,
    /// Size of a file, for storage limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_mb: Option<f64>,
    /// A word for selectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<SmolStr>,
    /// Default `video`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
    /// Free attributes for selectors.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub attributes: Attributes,
}

/// A machine.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NodeRow {
    /// Unique among nodes.
    pub id: SmolStr,
    /// What the node is for.
    pub role: Role,
    /// The network it is attached to.
    pub network: SmolStr,
    /// What it can send, over all contents.
    pub uplink_kbps: Kbps,
    /// What it can receive, over all contents; default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downlink_kbps: Option<Kbps>,
    /// Default `open`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nat: Option<Nat>,
    /// Access technology, a word for selectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<SmolStr>,
    /// Default: the network's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<SmolStr>,
    /// A word for selectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<SmolStr>,
    /// Degrees north, together with `lon`; default: the network's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90, max = 90))]
    pub lat: Option<f64>,
    /// Degrees east, together with `lat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180, max = 180))]
    pub lon: Option<f64>,
    /// Address, for prefixes in selectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<std::net::IpAddr>,
    /// Affinity groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub affinity: Vec<SmolStr>,
    /// Given clusters this node is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub clusters: Vec<SmolStr>,
    /// Most distinct children; default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_children: Option<u32>,
    /// Contents it may receive only to pass them on; default: no limit for a waypoint, else 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay_contents: Option<u32>,
    /// Room for files; default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_mb: Option<f64>,
    /// Measured loss of the node as a sender; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub loss: Option<f64>,
    /// Measured availability of the node as a sender; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub availability: Option<f64>,
    /// Cost per Mbps sent; default: origin 1, server 1, waypoint 0.5, peer 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Free attributes for selectors.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub attributes: Attributes,
}

impl NodeRow {
    /// A node with nothing but what is required.
    pub fn new(id: impl Into<SmolStr>, role: Role, network: impl Into<SmolStr>, uplink: Kbps) -> NodeRow {
        NodeRow {
            id: id.into(),
            role,
            network: network.into(),
            uplink_kbps: uplink,
            downlink_kbps: None,
            nat: None,
            access: None,
            country: None,
            region: None,
            lat: None,
            lon: None,
            ip: None,
            affinity: Vec::new(),
            clusters: Vec::new(),
            max_children: None,
            relay_contents: None,
            storage_mb: None,
            loss: None,
            availability: None,
            cost: None,
            attributes: Attributes::new(),
        }
    }
}

/// A node that has (part of) a content already; one row per (node, content).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HoldingRow {
    /// The holder.
    pub node: SmolStr,
    /// What it holds.
    pub content: SmolStr,
    /// The substreams it holds; default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substreams: Option<Vec<u32>>,
}

/// A node that wants a content; one row per (node, content).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RequestRow {
    /// Who wants it.
    pub node: SmolStr,
    /// What it wants.
    pub content: SmolStr,
    /// How much it counts, > 0, at most 6 decimals; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub weight: Option<f64>,
}

/// An AS, an ISP region, an enterprise site, a data centre.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NetworkRow {
    /// Unique among networks.
    pub id: SmolStr,
    /// `isp`, `enterprise`, or any other word; two nodes of one `enterprise` always connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SmolStr>,
    /// Autonomous system number.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// Country of its nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<SmolStr>,
    /// Degrees north, together with `lon`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90, max = 90))]
    pub lat: Option<f64>,
    /// Degrees east, together with `lat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180, max = 180))]
    pub lon: Option<f64>,
}

/// A directed link; `from` = `to` is a link inside a network that all traffic between two nodes of it crosses.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LinkRow {
    /// Unique among links.
    pub id: SmolStr,
    /// Network it starts at.
    pub from: SmolStr,
    /// Network it ends at.
    pub to: SmolStr,
    /// Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_kbps: Option<Kbps>,
    /// Load from elsewhere; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_kbps: Option<Kbps>,
    /// Cost per Mbps; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// A word for selectors (`peering`, `transit`, ...).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SmolStr>,
    /// Default `up`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<LinkState>,
    /// Volume since the month began; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month_to_date_gb: Option<f64>,
    /// Length for shortest paths; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub weight: Option<u64>,
}

/// The links from one network to another, in order.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RouteRow {
    /// Network it starts at.
    pub from: SmolStr,
    /// Network it ends at.
    pub to: SmolStr,
    /// Ids of links, each starting where the one before ended.
    pub links: Vec<SmolStr>,
    /// When it may be used; default: always.
    #[serde(default, skip_serializing_if = "super::policy::When::is_always")]
    pub when: super::policy::When,
}

/// Measurements between two nodes or two networks, directed; one row per pair.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PathRow {
    /// A node, or a network.
    pub from: SmolStr,
    /// A node where `from` is one, else a network.
    pub to: SmolStr,
    /// Round-trip time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// Loss on the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub loss: Option<f64>,
}

/// A given cluster.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClusterRow {
    /// Unique among clusters.
    pub id: SmolStr,
    /// 1 is the top.
    #[schemars(range(min = 1, max = 3))]
    pub level: u8,
    /// A word for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<SmolStr>,
}

/// The parents in force of one (node, content).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PreviousRow {
    /// The child.
    pub node: SmolStr,
    /// What it receives.
    pub content: SmolStr,
    /// For each substream nobody, one node, or several.
    pub parents: Vec<ParentCell>,
}

/// What stands at `parents[s]`, in a plan as in `previous`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ParentCell {
    /// Nobody.
    Nobody(()),
    /// One parent.
    One(SmolStr),
    /// Several (redundancy).
    Several(Vec<SmolStr>),
}

/// Read by what stands there: a derived reader of untagged variants would copy every cell first.
impl<'de> Deserialize<'de> for ParentCell {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<ParentCell, D::Error> {
        struct Cell;

        impl<'de> serde::de::Visitor<'de> for Cell {
            type Value = ParentCell;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("null, a name, or a list of names")
            }

            fn visit_unit<E>(self) -> Result<ParentCell, E> {
                Ok(ParentCell::Nobody(()))
            }

            fn visit_str<E>(self, name: &str) -> Result<ParentCell, E> {
                Ok(ParentCell::One(name.into()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut names: A) -> Result<ParentCell, A::Error> {
                let mut list = Vec::new();
                while let Some(name) = names.next_element()? {
                    list.push(name);
                }
                Ok(ParentCell::Several(list))
            }
        }

        deserializer.deserialize_any(Cell)
    }
}
