//! Floor 2: the independent proof.
//!
//! [`examine`] judges a plan by the text of the contract (sections 1 to 4) with code that shares nothing with the solver:
//! routes, connectivity, selectors, relations, conditions, distances and unit costs are read here a second time, so that
//! a wrong tie-break or a misread selector cannot hide. [`verify`] turns a plan without violations into a
//! [`Verified`] one; nothing else can make one.
//!
//! ```text
//! rows      the plan's rows, sorted, found by node and content
//! law       policies matched by class of nodes (selector, moment)
//! network   address translators, measured paths, distances (routes)
//! nodes     walk over nodes: what stands where (reasons) -> flows: walk over flows
//! copies    what enters networks from outside     redundancy  how many parents, in what they differ
//! trees     per substream: circles, possession, depth, delay
//! sums      what is added up on these walks
//! loads     uplinks, links, limits            worth     values, bounds, statistics
//! bounds    what the prices of a certificate prove
//! ```

pub mod bounds;
mod copies;
mod flows;
mod law;
mod loads;
mod moment;
mod network;
mod nodes;
mod reasons;
mod redundancy;
mod routes;
mod rows;
mod selector;
mod sums;
mod trees;
mod violation;
mod worth;

use crate::ids::{ContentId, Id, NodeId};
use crate::instance::Instance;
use crate::instance::policy::Rule;
use crate::parameters::Weights;
use crate::plan::file::{Changes, PlanFile, Statistics};
use crate::plan::resolve::{Misfit, MisfitKind};
use crate::plan::{Assignment, Plan, Seconds};
use crate::units::Cost;
use flows::Walk;
use law::Law;
use network::Network;
use nodes::Nodes;
use rayon::prelude::*;
use rows::Rows;
use rustc_hash::FxHashSet;
use std::sync::atomic::{AtomicU32, AtomicU64};
use sums::Sums;
pub use violation::{Violation, ViolationKind};

/// Something that the verifier has accepted; only it can make one.
#[derive(Debug)]
pub struct Verified<T>(T);

impl Verified<Plan> {
    /// Notes where the time went: it says nothing about validity, and the proof's own time is known only after it.
    pub fn timed(mut self, note: impl FnOnce(&mut Seconds)) -> Self {
        note(&mut self.0.statistics.seconds);
        self
    }
}

impl<T> Verified<T> {
    /// What was accepted, free to be changed again.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A plan that is not valid, with everything that is wrong with it.
#[derive(Debug)]
pub struct Rejected {
    /// The plan.
    pub plan: Plan,
    /// At least one.
    pub violations: Vec<Violation>,
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.violations.iter().take(20).try_for_each(|violation| writeln!(f, "{violation}"))
    }
}

/// What the examination of a plan found.
#[derive(Debug)]
pub struct Examination {
    /// Everything that is wrong, in an order that depends on the plan alone; empty: the plan is valid and its values right.
    pub violations: Vec<Violation>,
    /// Weight times share of substreams, over served requests.
    pub service: f64,
    /// Sum of 1 / rank over what was relaxed.
    pub relaxation: f64,
    /// Mbps times unit cost, over flows.
    pub cost: Cost,
    /// Recounted, but for `worst_loss_of_one` (copied from the plan) and `seconds` (none).
    pub statistics: Statistics,
    /// Recounted.
    pub changes: Changes,
}

/// Accepts a plan that is valid and whose values are right, else says everything that is wrong with it.
pub fn verify(instance: &Instance, plan: Plan) -> Result<Verified<Plan>, Box<Rejected>> {
    let violations = examine(instance, &plan).violations;
    if violations.is_empty() { Ok(Verified(plan)) } else { Err(Box::new(Rejected { plan, violations })) }
}

/// Resolves a plan file and judges what of it fits the instance; what does not fit stands first among the violations,
/// and a name that the instance lacks is told once.
pub fn check(instance: &Instance, file: PlanFile) -> (Plan, Examination) {
    let (plan, misfits) = match Plan::resolve(file, instance) {
        Ok(plan) => (plan, Vec::new()),
        Err(unresolved) => (unresolved.plan, unresolved.misfits),
    };
    let mut examination = examine(instance, &plan);
    let told: FxHashSet<&str> = misfits.iter().map(|misfit| misfit.place.as_str()).collect();
    examination.violations.retain(|found| found.kind != ViolationKind::UnknownId || !told.contains(found.place.as_str()));
    let found = std::mem::take(&mut examination.violations);
    examination.violations = misfits.into_iter().map(Violation::from).chain(found).collect();
    (plan, examination)
}

/// Judges a plan by the contract; never panics, whatever the plan says.
pub fn examine(instance: &Instance, plan: &Plan) -> Examination {
    let mut violations = Vec::new();
    let weights = parameters(plan, &mut violations);
    let rows = Rows::sort(instance, plan, &mut violations);
    let unserved = reasons::sorted_unserved(instance, &plan.unserved, &mut violations);
    let law = Law::read(instance, plan);
    let network = Network::of(instance, &law, &network::pairs_in_use(instance, flows_of(instance, &rows)));
    let sent: Vec<AtomicU64> = instance.nodes.iter().map(|_| AtomicU64::new(0)).collect();
    let limited = instance.nodes.iter().any(|node| node.max_children.is_some());
    let children: Vec<AtomicU32> = instance.nodes.iter().filter(|_| limited).map(|_| AtomicU32::new(0)).collect();
    let node_rates = node_rates(instance);
    let walk = Walk { instance, plan, weights, rows: &rows, law: &law, network: &network, sent: &sent, node_rates: &node_rates };
    let nodes = Nodes { walk, unserved, sources: reasons::sources(instance), children: &children };
    let mut sums = walk_nodes(instance, &nodes);
    let trees = trees::judge(instance, &rows, &law, &network);
    violations.append(&mut sums.violations);
    violations.extend(trees.violations);
    loads::nodes(instance, &sent, &children, &mut violations);
    loads::links(instance, &sums.links, &mut violations);
    loads::limits(instance, &law, &sums.limited, &node_rates, &mut violations);
    sums.copies.judge(instance, &law, &mut violations);
    let statistics = Statistics {
        requests: instance.requests.len() as u64,
        served: sums.served,
        peer_offload: if sums.kbps == 0 { 0.0 } else { sums.peer_kbps as f64 / sums.kbps as f64 },
        mean_depth: if trees.count == 0 { 0.0 } else { trees.sum as f64 / trees.count as f64 },
        max_depth: trees.most,
        worst_loss_of_one: plan.statistics.worst_loss_of_one,
        seconds: Default::default(),
    };
    let (service, relaxation, cost, changes) = (sums.service, sums.relaxation, sums.cost, sums.changes);
    let mut examination = Examination { violations, service, relaxation, cost, statistics, changes };
    worth::judge(instance, plan, &law, &sums, &mut examination);
    examination
}

/// What a plan's file says that does not fit the instance is a violation too.
impl From<Misfit> for Violation {
    fn from(misfit: Misfit) -> Violation {
        let kind = match misfit.kind {
            MisfitKind::OtherInstance => ViolationKind::OtherInstance,
            MisfitKind::UnknownId => ViolationKind::UnknownId,
            MisfitKind::BadShape => ViolationKind::BadShape,
            MisfitKind::WrongLinks => ViolationKind::WrongLinks,
        };
        Violation::new(kind, misfit.place, misfit.text)
    }
}

/// Walks over all nodes; the ranges are the same for any number of threads, so that sums of floats are.
fn walk_nodes(instance: &Instance, nodes: &Nodes<'_>) -> Sums {
    let count = instance.nodes.len();
    let step = count.div_ceil(16).max(64);
    let ranges: Vec<usize> = (0..count).step_by(step).collect();
    let parts: Vec<Sums> =
        ranges.into_par_iter().with_max_len(1).map(|start| nodes.judge(start..(start + step).min(count))).collect();
    parts.into_iter().fold(Sums::new(instance), Sums::add)
}

/// Every flow between two known nodes, as (parent, child).
fn flows_of<'a>(instance: &'a Instance, rows: &'a Rows<'_>) -> impl ParallelIterator<Item = (NodeId, NodeId)> + 'a {
    let parents = |row: &'a Assignment| row.parents.cells().iter().map(move |parent| (*parent, row.node));
    let all = rows.all().into_par_iter().map(|row| rows.get(row)).flat_map_iter(parents);
    all.filter(|(parent, _)| instance.nodes.get(*parent).is_some())
}

/// The weights that the plan echoes; unknown names and numbers out of range are told.
fn parameters(plan: &Plan, violations: &mut Vec<Violation>) -> Weights {
    let named = &plan.origin.parameters;
    if let Some((name, _)) = named.iter().find(|(_, weight)| !(weight.is_finite() && **weight >= 0.0)) {
        let text = format!("{name} is not a weight: finite and not negative");
        violations.push(Violation::new(ViolationKind::WrongValue, "parameters", text));
    }
    Weights::from_names(named).unwrap_or_else(|name| {
        violations.push(Violation::new(ViolationKind::UnknownId, "parameters", format!("{name} is no weight of the cost")));
        Weights::default()
    })
}

/// Counters for the policies in `limit_node_rate`.
fn node_rates(instance: &Instance) -> Vec<Option<Vec<AtomicU64>>> {
    let counters = || instance.nodes.iter().map(|_| AtomicU64::new(0)).collect();
    instance.policies.iter().map(|policy| matches!(policy.rule, Rule::LimitNodeRate(_)).then(counters)).collect()
}

/// The name of a node that may be unknown.
fn node_name(instance: &Instance, node: NodeId) -> String {
    instance.nodes.get(node).map_or_else(|| format!("#{}", node.index()), |node| node.id.to_string())
}

/// A request as `node/content`.
fn request(instance: &Instance, node: NodeId, content: ContentId) -> String {
    let content = instance.contents.get(content).map_or_else(|| format!("#{}", content.index()), |row| row.id.to_string());
    format!("{}/{content}", node_name(instance, node))
}
