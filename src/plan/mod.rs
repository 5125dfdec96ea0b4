//! Floor 1: the decision and its worth.
//!
//! A [`Plan`] is immutable: assignments (who receives what from whom), the unserved with their reasons, the three values
//! with their bounds, and what people ask of it (loads of links, use of policies, changes, statistics). [`file`](mod@file) is the
//! format `pleach/plan/1` as types, [`read`](mod@read) takes it in, [`resolve`] finds its names in an instance,
//! [`write`](mod@write) streams it out, [`statistics`] counts, [`certificate`] is the format of what proves bounds. Whether a plan is valid is not known here: only `verify`
//! can say so.

pub mod certificate;
pub mod file;
pub mod read;
pub mod resolve;
pub mod statistics;
pub mod write;

use crate::ids::{ContentId, LinkId, NodeId, PolicyId};
use crate::instance::Parents;
use crate::units::Kbps;
pub use file::{Method, Reason, Seconds, Statistics, Termination, Value};
use smol_str::SmolStr;

/// A decision for one instance, with its worth.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where it comes from.
    pub origin: Origin,
    /// Weight times share of substreams, over served requests.
    pub service: Value,
    /// Sum of 1 / rank over what was relaxed.
    pub relaxation: Value,
    /// Mbps times unit cost, over flows.
    pub cost: Value,
    /// Requests that are served, and relays, in order of (node, content).
    pub assignments: Vec<Assignment>,
    /// Requests that get nothing, in order of (node, content).
    pub unserved: Vec<Unserved>,
    /// Requests that wait for substreams (fast path only).
    pub pending: Vec<Assignment>,
    /// Names of the protocols that assignments refer to.
    pub protocol_names: Vec<SmolStr>,
    /// Load of each link that has a limit or a flow.
    pub links: Vec<LinkUse>,
    /// Use of each policy in force.
    pub policies: Vec<PolicyUse>,
    /// Clusters that were cut.
    pub clusters: Vec<file::ClusterUse>,
    /// Against the topology in force.
    pub changes: file::Changes,
    /// What people ask first.
    pub statistics: Statistics,
}

/// Which run of which engine on which input made a plan.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Version of the engine.
    pub version: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// Name of the model.
    pub model: String,
    /// Weights of the objective, by name.
    pub parameters: std::collections::BTreeMap<String, f64>,
    /// How it was made.
    pub method: Method,
    /// Why the engine stopped.
    pub termination: Termination,
}

/// The parents of one node for one content.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The receiver.
    pub node: NodeId,
    /// What it receives.
    pub content: ContentId,
    /// From whom, for each substream.
    pub parents: Parents,
    /// Protocols of the flows, cell by cell as in `parents`: places in [`Plan::protocol_names`], or
    /// [`Assignment::NO_PROTOCOL`]; `None`: no protocol for any flow.
    pub protocols: Option<Box<[u16]>>,
    /// Policies broken for this request, in order.
    pub relaxed: Vec<PolicyId>,
    /// Seconds behind the live edge, where the plan tells them.
    pub delay: Option<f64>,
    /// The node passes the content on without having asked for it.
    pub relay: bool,
}

impl Assignment {
    /// In a cell of `protocols`: the flow carries no particular protocol.
    pub const NO_PROTOCOL: u16 = u16::MAX;

    /// The protocol in a cell, as a place in [`Plan::protocol_names`].
    pub fn protocol(&self, cell: usize) -> Option<u16> {
        let name = *self.protocols.as_deref()?.get(cell)?;
        (name != Assignment::NO_PROTOCOL).then_some(name)
    }
}

/// A request that gets nothing.
#[derive(Clone, Debug)]
pub struct Unserved {
    /// Who asked.
    pub node: NodeId,
    /// For what.
    pub content: ContentId,
    /// The first reason that applies.
    pub reason: Reason,
    /// The policies that removed every possible sender (reason `policy`).
    pub policies: Vec<PolicyId>,
    /// A sentence for people.
    pub detail: String,
}

/// Load of one link.
#[derive(Clone, Debug)]
pub struct LinkUse {
    /// Which.
    pub link: LinkId,
    /// What crosses it, load from elsewhere included.
    pub load: Kbps,
    /// What one Mbps more of capacity would gain.
    pub price: Option<file::Price>,
}

/// Use of one policy in force.
#[derive(Clone, Debug)]
pub struct PolicyUse {
    /// Which.
    pub policy: PolicyId,
    /// Requests whose destination and content match.
    pub matched: u64,
    /// What the matching flows carry, for limits.
    pub usage: Option<Kbps>,
    /// The limit, for limits.
    pub limit: Option<Kbps>,
    /// The limit is reached or priced, or it took the last parent of an unserved request.
    pub binding: bool,
    /// What one Mbps more of the limit would gain.
    pub price: Option<file::Price>,
}
