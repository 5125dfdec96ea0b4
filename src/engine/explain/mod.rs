//! Why: the reason and the cheapest remedies of each request that gets nothing, the parents of each that is served, what
//! limits and policies cost, and policies without effect.
//!
//! A plan is asked, not a solver: `standing` makes the forest that it stands for, and `placement::Probe` feeds one request
//! more in it. Requests that nothing tells apart are asked about once.
//!
//! ```text
//! standing         plan -> forest
//! remedies         which grants serve a request; remedy: in words; waypoint: a node more
//! served           parents, their cost, and what stood in the way of cheaper ones
//! counterfactual   all three values without a policy or a link's limit
//! lint             policies that can be left out, or that fight each other
//! ```

mod counterfactual;
mod lint;
mod remedies;
mod remedy;
mod served;
mod standing;
mod waypoint;

pub use counterfactual::{Without, without};
pub use lint::{Finding, lint};
pub use remedy::{Change, ChangeKind, Remedy};
pub use served::ParentAnswer;

use crate::forest::{Forest, SeatId};
use crate::ids::{Id, NodeId};
use crate::instance::Instance;
use crate::placement::Probe;
use crate::plan::{Plan, Unserved};
use crate::policy::{Cells, Rules};
use rustc_hash::FxHashMap;
use serde::Serialize;

/// Kinds of unserved requests for which remedies are looked for; the most frequent come first.
const KINDS: usize = 200;
/// Kinds for which setting up a waypoint is tried: that compiles the policies anew.
const WAYPOINTS: usize = 3;

/// Requests that get nothing for the same reason and are helped by the same remedies.
#[derive(Clone, Debug, Serialize)]
pub struct UnservedAnswer {
    /// One of them, as `node/content`.
    pub example: String,
    /// How many there are.
    pub requests: u64,
    /// The reason, as in the plan.
    pub reason: &'static str,
    /// Policies that the reason names.
    pub policies: Vec<String>,
    /// The plan's sentence.
    pub detail: String,
    /// What would serve one of them, the fewest changes first, then the least.
    pub remedies: Vec<Remedy>,
}

/// A request that is served.
#[derive(Clone, Debug, Serialize)]
pub struct ServedAnswer {
    /// `node/content`.
    pub request: String,
    /// Substreams that it has, of how many.
    pub substreams: (u32, u32),
    /// Policies that are relaxed for it.
    pub relaxed: Vec<String>,
    /// Its parents.
    pub parents: Vec<ParentAnswer>,
}

/// Explains the unserved requests of a valid plan: all of them, or those of one node.
pub fn unserved(instance: &Instance, rules: &Rules, plan: &Plan, node: Option<NodeId>) -> Vec<UnservedAnswer> {
    let cells = Cells::of(instance, rules);
    let Some(forest) = standing::standing(instance, rules, plan) else { return Vec::new() };
    let mut probe = Probe::new(forest, &cells);
    let rows = plan.unserved.iter().filter(|row| node.is_none_or(|node| row.node == node));
    let mut kinds: FxHashMap<_, (usize, u64, &Unserved)> = FxHashMap::default();
    for (place, row) in rows.enumerate() {
        let key = kind(probe.forest(), &cells, rules, row);
        kinds.entry(key).or_insert((place, 0, row)).1 += 1;
    }
    let mut kinds: Vec<_> = kinds.into_values().collect();
    kinds.sort_by_key(|(place, count, _)| (std::cmp::Reverse(*count), *place));
    let mut waypoints = 0;
    let mut answer = |(number, (_, requests, row)): (usize, &(usize, u64, &Unserved))| {
        let seat = probe.forest().seat_of(row.node, row.content);
        let mut remedies = Vec::new();
        if let Some(seat) = seat.filter(|_| number < KINDS) {
            remedies = remedies::remedies(&mut probe, seat);
            if remedies.is_empty() && waypoints < WAYPOINTS {
                waypoints += 1;
                remedies.extend(waypoint::waypoint(probe.forest(), plan, seat));
            }
        }
        UnservedAnswer {
            example: format!("{}/{}", instance.nodes[row.node].id, instance.contents[row.content].id),
            requests: *requests,
            reason: row.reason.word(),
            policies: row.policies.iter().map(|policy| instance.policies[policy.index()].id.to_string()).collect(),
            detail: row.detail.clone(),
            remedies,
        }
    };
    kinds.iter().enumerate().map(&mut answer).collect()
}

/// What tells unserved requests apart: where they are, what they ask, have and need, and their reason.
fn kind(forest: &Forest<'_>, cells: &Cells, rules: &Rules, row: &Unserved) -> impl std::hash::Hash + Eq + use<> {
    let node = &forest.instance.nodes[row.node];
    let seat = forest.seat_of(row.node, row.content).unwrap_or(SeatId::NONE);
    let (has, least) = if seat == SeatId::NONE { (0, 0) } else { (forest.has(seat), forest.least(seat)) };
    let limits = (node.downlink, node.storage_mb.map(f64::to_bits), rules.depth_limit(row.node, row.content, &[]));
    let parents = rules.redundancy(row.node, row.content, &[]);
    (cells.cell(row.node), row.content, row.reason.word(), row.policies.clone(), has, least, limits, parents)
}

/// Explains the served requests of one node.
pub fn served(instance: &Instance, rules: &Rules, plan: &Plan, node: NodeId) -> Vec<ServedAnswer> {
    let cells = Cells::of(instance, rules);
    let Some(forest) = standing::standing(instance, rules, plan) else { return Vec::new() };
    let seats = plan.assignments.iter().filter(|row| row.node == node).filter_map(|row| forest.seat_of(row.node, row.content));
    let answer = |seat: SeatId| {
        let at = forest.seat(seat);
        let content = &instance.contents[at.content];
        ServedAnswer {
            request: format!("{}/{}", instance.nodes[at.node].id, content.id),
            substreams: (forest.has(seat).count_ones(), content.substreams),
            relaxed: served::names(&forest, forest.exempt(seat)),
            parents: served::parents(&forest, &cells, seat),
        }
    };
    seats.map(answer).collect()
}
