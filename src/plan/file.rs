//! The plan file as types: `pleach/plan/1`, with names as text. Read with serde; the JSON Schema is derived from it.

use crate::instance::document::ParentCell;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// The format string that a plan carries.
pub const PLAN_FORMAT: &str = "pleach/plan/1";

/// A plan as it stands in a file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlanFile {
    /// Always `pleach/plan/1`.
    pub format: String,
    /// Name of the instance.
    pub instance: String,
    /// Hash of the instance's JSON.
    pub instance_sha256: String,
    /// Hash of the policies file given beside it.
    #[serde(default)]
    pub policies_sha256: Option<String>,
    /// Hash of the previous plan given beside it.
    #[serde(default)]
    pub previous_sha256: Option<String>,
    /// Version of the engine.
    #[serde(default)]
    pub version: String,
    /// Seed of every random choice.
    #[serde(default)]
    pub seed: u64,
    /// Name of the model.
    #[serde(default)]
    pub model: String,
    /// Weights of the objective; absent ones have the contract's defaults.
    #[serde(default)]
    pub parameters: BTreeMap<String, f64>,
    /// `exact`, `optimized`, `greedy`, or the name of a baseline.
    #[serde(default)]
    pub method: String,
    /// Why the engine stopped.
    #[serde(default)]
    pub termination: Option<Termination>,
    /// Weight times share of substreams, over served requests.
    pub service: Value,
    /// Sum of 1 / rank over what was relaxed.
    pub relaxation: Value,
    /// Mbps times unit cost, over flows.
    pub cost: Value,
    /// Requests that are served, and relays.
    pub assignments: Vec<AssignmentRow>,
    /// Requests that get nothing.
    #[serde(default)]
    pub unserved: Vec<UnservedRow>,
    /// Requests that wait for substreams.
    #[serde(default)]
    pub pending: Vec<AssignmentRow>,
    /// Load of links.
    #[serde(default)]
    pub links: Vec<LinkUseRow>,
    /// Use of policies.
    #[serde(default)]
    pub policies: Vec<PolicyUseRow>,
    /// Clusters that were cut.
    #[serde(default)]
    pub clusters: Vec<ClusterUse>,
    /// Against the topology in force; absent in plans of programs that do not count them.
    #[serde(default)]
    pub changes: Option<Changes>,
    /// What people ask first; absent in plans of programs that do not count.
    #[serde(default)]
    pub statistics: Option<Statistics>,
}

/// How a plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// Proved by branch and bound.
    Exact,
    /// With a bound.
    Optimized,
    /// Trees built one request after the other.
    Greedy,
    /// A method that people use today.
    Baseline(SmolStr),
}

impl Method {
    /// The word in files.
    pub fn word(&self) -> &str {
        match self {
            Method::Exact => "exact",
            Method::Optimized => "optimized",
            Method::Greedy => "greedy",
            Method::Baseline(name) => name,
        }
    }

    /// The method of a word; any other word names a baseline.
    pub fn named(word: &str) -> Method {
        match word {
            "exact" => Method::Exact,
            "optimized" => Method::Optimized,
            "greedy" => Method::Greedy,
            name => Method::Baseline(name.into()),
        }
    }
}

/// Why the engine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Termination {
    /// Nothing better exists.
    Optimal,
    /// All gaps are small enough.
    GapReached,
    /// No improvement within the effort that the model sets.
    Effort,
    /// The time was up.
    TimeLimit,
    /// A heuristic was asked for and ran to its end.
    Heuristic,
}

/// A value of the objective with its bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Value {
    /// What the plan reaches.
    pub value: f64,
    /// What is proved that no plan can beat; null without proof.
    #[serde(default)]
    pub bound: Option<f64>,
    /// `|bound - value| / max(|bound|, |value|, 1e-9)`.
    #[serde(default)]
    pub gap: Option<f64>,
}

impl Value {
    /// A value and its bound, with the contract's gap.
    pub fn new(value: f64, bound: Option<f64>) -> Value {
        let gap = bound.map(|bound| (bound - value).abs() / bound.abs().max(value.abs()).max(1e-9));
        Value { value, bound, gap }
    }
}

/// The parents of one node for one content.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AssignmentRow {
    /// The receiver.
    pub node: SmolStr,
    /// What it receives.
    pub content: SmolStr,
    /// From whom, for each substream.
    pub parents: Vec<ParentCell>,
    /// Protocols of the flows, in the shape of `parents`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocols: Option<Vec<ParentCell>>,
    /// Policies broken for this request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relaxed: Vec<SmolStr>,
    /// Seconds behind the live edge; may be left untold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<f64>,
    /// Passes on what it did not ask for.
    #[serde(default)]
    pub relay: bool,
}

/// A request that gets nothing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnservedRow {
    /// Who asked.
    pub node: SmolStr,
    /// For what.
    pub content: SmolStr,
    /// The first reason that applies.
    pub reason: Reason,
    /// The policies behind reason `policy`.
    #[serde(default)]
    pub policies: Vec<SmolStr>,
    /// A sentence for people.
    #[serde(default)]
    pub detail: String,
}

/// Why a request gets nothing; the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Fewer than `min_substreams` substreams are held by it and others.
    NoSource,
    /// No route or connection from any possible sender.
    Unreachable,
    /// The named policies remove all possible senders.
    Policy,
    /// It could be served but for a limit on depth or delay.
    Depth,
    /// It was served in `previous`.
    Displaced,
    /// Others took what there is.
    Capacity,
}

impl Reason {
    /// All of them, in the contract's order.
    pub const ALL: [Reason; 6] =
        [Reason::NoSource, Reason::Unreachable, Reason::Policy, Reason::Depth, Reason::Displaced, Reason::Capacity];

    /// The word in files.
    pub fn word(self) -> &'static str {
        match self {
            Reason::NoSource => "no_source",
            Reason::Unreachable => "unreachable",
            Reason::Policy => "policy",
            Reason::Depth => "depth",
            Reason::Displaced => "displaced",
            Reason::Capacity => "capacity",
        }
    }
}

/// What one Mbps more of a limit would gain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Price {
    /// In service.
    pub service: f64,
    /// In cost.
    pub cost: f64,
}

/// Load of one link.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LinkUseRow {
    /// Which.
    pub id: SmolStr,
    /// What crosses it, load from elsewhere included.
    pub kbps: u64,
    /// Null: no limit.
    #[serde(default)]
    pub capacity_kbps: Option<u64>,
    /// From the program's duals.
    #[serde(default)]
    pub price: Option<Price>,
}

/// Use of one policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PolicyUseRow {
    /// Which.
    pub id: SmolStr,
    /// Requests whose destination and content match.
    pub matched: u64,
    /// What the matching flows carry.
    #[serde(default)]
    pub usage_kbps: Option<u64>,
    /// What they may carry.
    #[serde(default)]
    pub limit_kbps: Option<u64>,
    /// The limit is reached or priced, or it took the last parent of an unserved request.
    pub binding: bool,
    /// From the program's duals.
    #[serde(default)]
    pub price: Option<Price>,
}

/// One cluster.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClusterUse {
    /// Which.
    pub id: SmolStr,
    /// 1 (top) to 3.
    pub level: u8,
    /// How many nodes.
    pub members: u64,
    /// Which nodes; left out where no policy selects by level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<SmolStr>,
}

/// (node, content, substream) of the instance's requests, against `previous`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// Same parents.
    pub kept: u64,
    /// Other parents.
    pub changed: u64,
    /// Parents only now.
    pub added: u64,
    /// Parents only before.
    pub removed: u64,
}

/// What people ask first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// How many requests there are.
    pub requests: u64,
    /// How many are served.
    pub served: u64,
    /// Share of the kbps of all flows that peers send.
    pub peer_offload: f64,
    /// Mean hops below a holder, over substreams that requests receive.
    pub mean_depth: f64,
    /// The longest way.
    pub max_depth: u64,
    /// Most substreams that a request loses if any one peer fails.
    pub worst_loss_of_one: u64,
    /// Where the time went.
    #[serde(default)]
    pub seconds: Seconds,
}

/// Wall-clock time of each phase, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Seconds {
    /// Reading and checking the input.
    #[serde(default)]
    pub read: f64,
    /// Compiling policies and routes.
    #[serde(default)]
    pub compile: f64,
    /// The program and its bound.
    #[serde(default)]
    pub solve: f64,
    /// Trees.
    #[serde(default)]
    pub place: f64,
    /// The independent proof.
    #[serde(default)]
    pub verify: f64,
    /// All of it.
    #[serde(default)]
    pub total: f64,
}
