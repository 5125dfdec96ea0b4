//! Prices of what is scarce, as the duals of the group program give them and `bound` evaluates them.

use super::gates::Gate;
use super::rounding::Rounding;
use crate::ids::{ContentId, LinkId, PolicyId};
use crate::policy::CellId;
use rustc_hash::FxHashMap;

/// Prices of everything scarce, none negative: the duals of the group program, or any others.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    /// By content and share: one slot that a cell sends.
    pub send: Vec<Vec<f64>>,
    /// One kbps of uplink, of downlink.
    pub uplink: FxHashMap<CellId, f64>,
    /// See `uplink`.
    pub downlink: FxHashMap<CellId, f64>,
    /// One kbps on a link.
    pub link: FxHashMap<LinkId, f64>,
    /// One kbps of flows that a policy limits together.
    pub limit: FxHashMap<PolicyId, f64>,
    /// One kbps of flows that a policy limits for each source, in one cell.
    pub node_limit: FxHashMap<(PolicyId, CellId), f64>,
    /// One copy of a content that enters a network where a policy limits copies.
    pub copy_limit: FxHashMap<(PolicyId, ContentId), f64>,
    /// One copy that must enter a set of cells.
    pub enter: Vec<(Gate, f64)>,
    /// One unit on the right side of a rounded row.
    pub whole: Vec<(Rounding, f64)>,
    /// One unit of service.
    pub service: f64,
}
