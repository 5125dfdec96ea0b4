//! Floor 1: policies compiled once, so that nothing is matched by text later.
//!
//! [`compile`] reads the policies in force at the instance's time and gives [`Rules`]:
//!
//! - every node has a **class**: nodes of one class are interchangeable for admissibility and limits (same network, same
//!   NAT type, selected by the same policies, same values in every relation);
//! - [`Rules::arc`] answers for a pair of classes and a content: may a flow run there, over which route, at what extra
//!   cost; [`Rules::each_limit`] and [`Rules::each_node_limit`] name the rows that count it;
//! - what policies ask of receivers (weight, depth, distance, delay, parents, fewest substreams) is a number for each;
//! - a policy that may be relaxed can be left out for one receiver: who asks names the policies it is **exempt** from.
//!
//! Policies that concern flows have a bit each; a pair's candidates are the AND of five rows of bits (what is asked, source,
//! destination, content, route), and only the few that survive have their relation looked at.

mod cells;
mod classes;
mod costs;
mod flows;
mod matching;
mod receivers;
mod relation;
mod required;
mod signatures;

pub use cells::{CellId, Cells, Near};
pub use classes::{ClassId, Classes};
pub use receivers::Redundancy;
pub use required::Required;

use crate::ids::{ContentId, Id, NetworkId, PolicyId, RequestId, Table};
use crate::instance::network::{RouteId, Topology};
use crate::instance::policy::{NodeRate, Policy, Rule};
use crate::instance::{Holding, Instance, condition};
use crate::parameters::Weights;
use crate::units::Kbps;
use flows::{FlowRule, QUESTIONS, is_flow_rule};
use receivers::Receivers;
use rustc_hash::FxHashSet;
use signatures::Signatures;

/// Everything that policies, routes and connectivity say, in bits, rows and numbers.
#[derive(Debug)]
pub struct Rules {
    /// Routes and measurements.
    pub topology: Topology,
    /// Which nodes are interchangeable.
    pub classes: Classes,
    /// Weights of the cost.
    pub weights: Weights,
    /// Weight of each request, `priority` factors included.
    pub weight: Table<RequestId, f64>,
    /// Limits on what matching flows carry together.
    pub limits: Vec<Limit>,
    /// Limits on what each source sends by itself in matching flows.
    pub node_limits: Vec<NodeLimit>,
    /// Limits on copies of one substream that enter a network.
    pub copy_limits: Vec<CopyLimit>,
    /// Networks into which copies have to come over several links.
    pub required: Vec<Required>,
    /// Policies in force, in list order.
    pub in_force: Vec<PolicyId>,
    /// For each of `in_force`: how many requests its destination and content match.
    pub matched: Vec<u64>,
    /// Policies in force that cannot match any flow or request.
    pub idle: Vec<PolicyId>,
    flows: Vec<FlowRule>,
    by_question: Vec<u64>,
    by_content: Vec<u64>,
    by_route: Vec<u64>,
    link_cost: Vec<f64>,
    receivers: Receivers,
    signatures: Signatures,
    /// Some policy delays receivers.
    pub delays: bool,
    /// Classes in which somebody holds something of a content, where policies delay receivers.
    holding: FxHashSet<(ClassId, ContentId)>,
}

/// A limit on what matching flows carry together; its place in [`Rules::limits`] is its row.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Who says so.
    pub policy: PolicyId,
    /// At most this.
    pub max: Kbps,
}

/// A limit on what each source sends by itself in matching flows; its place in [`Rules::node_limits`] is its row.
#[derive(Clone, Debug)]
pub struct NodeLimit {
    /// Who says so.
    pub policy: PolicyId,
    /// At most this, for each source.
    pub rate: NodeRate,
}

impl NodeLimit {
    /// What a source of this uplink may send.
    pub fn max(&self, uplink: Kbps) -> Kbps {
        match &self.rate {
            NodeRate::MaxKbps(rate) => *rate,
            NodeRate::MaxFraction(fraction) => fraction.of(uplink),
        }
    }
}

/// A limit on copies of one substream of one content that enter a network from outside; its place in
/// [`Rules::copy_limits`] is its row.
#[derive(Clone, Copy, Debug)]
pub struct CopyLimit {
    /// Who says so.
    pub policy: PolicyId,
    /// Where they enter.
    pub network: NetworkId,
    /// At most so many.
    pub max: u32,
}

/// Where flows may run between two classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arc {
    /// The links that a flow crosses.
    pub route: RouteId,
    /// Cost of the links and of `prefer`, per Mbps.
    pub extra: f64,
}

/// Compiles the policies in force at the instance's time.
pub fn compile(instance: &Instance, weights: Weights) -> Rules {
    compile_if(instance, weights, |_| true)
}

/// Compiles those that are never relaxed: whatever a plan relaxes, it keeps these. Where a delay may be relaxed all delays are
/// left out: a receiver that is late by that one may have a parent that is late by another.
pub fn compile_strict(instance: &Instance, weights: Weights) -> Rules {
    let delays = |policy: &Policy| matches!(policy.rule, Rule::Delay { .. });
    let may_catch_up =
        instance.policies.iter().any(|policy| policy.relaxable && delays(policy) && condition::in_force(policy, instance));
    compile_if(instance, weights, |policy| !(policy.relaxable || may_catch_up && delays(policy)))
}

/// Compiles those from which no single request can be exempt without concern to others: all that are never relaxed, and of
/// the rest delays and required copies. Whoever may run a flow under these may run it exempt from the others.
pub fn compile_loose(instance: &Instance, weights: Weights) -> Rules {
    let concerns_others = |rule: &Rule| matches!(rule, Rule::Delay { .. } | Rule::RequireCopies { .. });
    compile_if(instance, weights, |policy| !policy.relaxable || concerns_others(&policy.rule))
}

/// Compiles those of the policies in force that are to be kept.
fn compile_if(instance: &Instance, weights: Weights, kept: impl Fn(&Policy) -> bool) -> Rules {
    let topology = Topology::of(instance);
    let is_kept = |id: &PolicyId| {
        let policy = &instance.policies[id.index()];
        condition::in_force(policy, instance) && kept(policy)
    };
    let in_force: Vec<PolicyId> = (0..instance.policies.len()).map(PolicyId::new).filter(is_kept).collect();
    let policies: Vec<_> = in_force.iter().map(|id| (*id, &instance.policies[id.index()])).collect();
    let of_flows: Vec<_> = policies.iter().copied().filter(|(_, policy)| is_flow_rule(&policy.rule)).collect();
    let signatures = Signatures::of(instance, policies.iter().map(|(_, policy)| *policy));
    let (classes, relations) = Classes::of(instance, &signatures, &of_flows);
    let words = of_flows.len().div_ceil(64);

    let mut rules = Rules {
        classes,
        weights,
        weight: receivers::weights(instance, &signatures, &policies),
        limits: Vec::new(),
        node_limits: Vec::new(),
        copy_limits: Vec::new(),
        required: required::of(instance, &policies),
        matched: receivers::matched(instance, &signatures, &policies),
        idle: Vec::new(),
        flows: Vec::new(),
        by_question: vec![0; QUESTIONS * words],
        by_content: vec![0; instance.contents.len() * words],
        by_route: Vec::new(),
        link_cost: Vec::new(),
        receivers: Receivers::of(instance, &signatures, &policies),
        delays: of_flows.iter().any(|(_, policy)| matches!(policy.rule, Rule::Delay { .. })),
        holding: FxHashSet::default(),
        in_force,
        topology,
        signatures,
    };
    for (relation, (id, policy)) in relations.into_iter().zip(&of_flows) {
        rules.add_flow_rule(instance, *id, policy, relation, words);
    }
    rules.add_routes(instance, &of_flows, words);
    if rules.delays {
        let of_holding = |holding: &Holding| (rules.classes.class(holding.node), holding.content);
        rules.holding = instance.holdings.iter().map(of_holding).collect();
    }
    rules.idle = rules.find_idle(instance, &of_flows);
    rules
}

impl Rules {
    /// The policies in force that match no request, no sender, or no link.
    fn find_idle(&self, instance: &Instance, of_flows: &[(PolicyId, &Policy)]) -> Vec<PolicyId> {
        let idle = |(row, id): (usize, &PolicyId)| {
            let policy = &instance.policies[id.index()];
            let no_link = || {
                let crosses = policy.crosses.as_ref().map(|links| matching::links(links, instance));
                crosses.is_some_and(|links| !links.contains(&true))
            };
            let no_sender = || !self.signatures.matched(&policy.source, instance).contains(&true);
            let no_flow = of_flows.iter().any(|(of_flows, _)| of_flows == id) && (no_link() || no_sender());
            (self.matched[row] == 0 || no_flow).then_some(*id)
        };
        self.in_force.iter().enumerate().filter_map(idle).collect()
    }
}
