//! Certificates: `pleach/certificate/1`, the prices that prove the bounds of a plan.
//!
//! Nodes stand in groups; a price for a group holds for each of its nodes. Any prices that are not negative prove some
//! bound by weak duality, so that whoever reads the file need not trust who wrote it: he evaluates what they prove. What
//! is not priced has the price 0.

use super::read::parse_as;
use crate::instance::fault::Faults;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The format string that a certificate carries.
pub const CERTIFICATE_FORMAT: &str = "pleach/certificate/1";

/// A certificate as it stands in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Always `pleach/certificate/1`.
    pub format: String,
    /// Name of the instance.
    pub instance: String,
    /// Hash of the instance's JSON.
    pub instance_sha256: String,
    /// Hash of the policies file given beside it.
    #[serde(default)]
    pub policies_sha256: Option<String>,
    /// Every node stands in exactly one of them.
    pub groups: Vec<Group>,
    /// What bounds service from above.
    pub service: ProvedBound,
    /// What bounds relaxation from below.
    pub relaxation: ProvedBound,
    /// What bounds the cost of any plan with at least the plan's service from below.
    pub cost: ProvedBound,
}

/// Nodes that have the same prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// What prices call it.
    pub id: u32,
    /// Ids of its nodes.
    pub nodes: Vec<SmolStr>,
}

/// A bound and what proves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProvedBound {
    /// The bound; absent where there is none.
    #[serde(default)]
    pub bound: Option<f64>,
    /// How it was found.
    pub proof: Proof,
    /// Prices of whatever is scarce; where a search proves more, they prove what they can.
    #[serde(default)]
    pub prices: PriceList,
}

/// How a bound was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The prices prove it.
    Prices,
    /// Branch and bound; prices alone prove less.
    Search,
    /// Counting slots, or nothing but what the values are: it needs no prices, shares at most.
    Counting,
    /// Nothing proves it.
    None,
}

/// Prices in units of service, or of cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PriceList {
    /// One copy that a node of a group sends: a slot of its uplink.
    pub send: Vec<SendPrice>,
    /// One kbps that a node of a group sends.
    pub uplink: Vec<GroupPrice>,
    /// One kbps that a node of a group receives.
    pub downlink: Vec<GroupPrice>,
    /// One kbps over a link.
    pub link: Vec<LinkPrice>,
    /// One kbps in flows that a `limit_rate` or `limit_volume` matches.
    pub limit: Vec<PolicyPrice>,
    /// Where slots are counted: the part of one kbps that is charged in flows that a `limit_rate` or `limit_volume` matches.
    pub share: Vec<PolicyPrice>,
    /// One kbps that a node of a group sends in flows that a `limit_node_rate` matches.
    pub node_limit: Vec<NodePolicyPrice>,
    /// One copy of a content that enters a network in flows that a `limit_copies` matches.
    pub copy_limit: Vec<CopyPrice>,
    /// One copy that enters a set of groups.
    pub enter: Vec<EnterPrice>,
    /// What whole requests behind full links can take.
    pub whole: Vec<WholePrice>,
    /// One unit of service; in the bound on cost only.
    pub service: f64,
}

/// See [`PriceList::send`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SendPrice {
    /// The group that sends.
    pub group: u32,
    /// What it sends.
    pub content: SmolStr,
    /// For each copy.
    pub price: f64,
}

/// See [`PriceList::uplink`] and [`PriceList::downlink`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupPrice {
    /// The group.
    pub group: u32,
    /// For each kbps.
    pub price: f64,
}

/// See [`PriceList::link`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkPrice {
    /// Id of the link.
    pub link: SmolStr,
    /// For each kbps.
    pub price: f64,
}

/// See [`PriceList::limit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyPrice {
    /// Id of the policy.
    pub policy: SmolStr,
    /// For each kbps.
    pub price: f64,
}

/// See [`PriceList::node_limit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodePolicyPrice {
    /// Id of the policy.
    pub policy: SmolStr,
    /// The group that sends.
    pub group: u32,
    /// For each kbps.
    pub price: f64,
}

/// See [`PriceList::copy_limit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CopyPrice {
    /// Id of the policy.
    pub policy: SmolStr,
    /// The content.
    pub content: SmolStr,
    /// For each copy.
    pub price: f64,
}

/// The price of a cut: `inflow(groups) >= copies * served(requests) / |requests|`.
///
/// It is valid if no node of the groups holds anything of the content: whichever of the requests is served, each of the
/// substreams that it needs must come in from outside. `copies` is not stated: it is the least that any of
/// them needs to be served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnterPrice {
    /// The content.
    pub content: SmolStr,
    /// The set.
    pub groups: Vec<u32>,
    /// Nodes of the set whose requests for the content the cut is stated for.
    pub requests: Vec<SmolStr>,
    /// For each copy.
    pub price: f64,
}

/// The price of a rounded row.
///
/// It is valid if every flow that enters the groups crosses one of the links. In copies of the content, what requests of the
/// groups take beyond what they bring is at most what the links carry and what holders and relays inside can send; that row
/// is divided by `divisor`, and rounded as the program's row `whole` is. Neither its numbers nor its right side are stated:
/// they follow from the instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WholePrice {
    /// The content.
    pub content: SmolStr,
    /// The set.
    pub groups: Vec<u32>,
    /// Ids of the links around it.
    pub links: Vec<SmolStr>,
    /// Copies, at least 2.
    pub divisor: u32,
    /// For each unit of the right side.
    pub price: f64,
}

/// Reads the text of a certificate; `path` is named in faults.
pub fn parse(text: &[u8], path: &Path) -> Result<Certificate, Faults> {
    parse_as(text, path, CERTIFICATE_FORMAT, |certificate: &Certificate| &certificate.format)
}

/// Writes a certificate.
pub fn write(certificate: &Certificate, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    serde_json::to_writer(&mut out, certificate)?;
    out.write_all(b"\n")?;
    out.flush()
}
