//! Floor 1: policies compiled once, so that nothing is matched by text later.
//!
//! [`compile`] reads the policies in force at the instance's time and gives [`Rules`]:
//!
//! - every node has a **class**: nodes of one class are interchangeable for admissibility and limits (same network, same
//!   NAT type, selected by the same policies, same values in every relation);
//! - [`Rules::arc`] answers for a pair of classes and a content: may a flow run there, over which route, at what extra
//!   cost; [`Rules::each_limit`] and [`Rules::each_node_limit`] name the rows that count it;
//! - weights of requests and depth limits of receivers are plain numbers.
//!
//! Policies that concern flows have a bit each; a pair's candidates are the AND of four rows of bits (source,
//! destination, content, route), and only the few that survive have their relation looked at.

mod cells;
mod classes;
mod matching;
mod receivers;
mod relation;

pub use cells::{CellId, Cells, Near};
pub use classes::{ClassId, Classes};

use crate::ids::{ContentId, Id, NodeId, PolicyId, RequestId, Table};
use crate::instance::network::{RouteId, Topology, distance_km, nat_connects};
use crate::instance::policy::{NodeRate, Policy, Rule, Selector};
use crate::instance::{Instance, condition};
use crate::parameters::Weights;
use crate::units::{Kbps, UnitCost};
use receivers::DepthRule;
use relation::CompiledRelation;

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
    /// Policies in force, in list order.
    pub in_force: Vec<PolicyId>,
    /// For each of `in_force`: how many requests its destination and content match.
    pub matched: Vec<u64>,
    /// Policies in force that cannot match any flow or request.
    pub idle: Vec<PolicyId>,
    flows: Vec<FlowRule>,
    by_content: Vec<u64>,
    by_route: Vec<u64>,
    depth: Vec<DepthRule>,
    link_cost: Vec<f64>,
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

/// A policy that concerns flows; its place in the list is its bit.
#[derive(Debug)]
struct FlowRule {
    policy: PolicyId,
    relation: Option<CompiledRelation>,
    effect: Effect,
}

#[derive(Clone, Copy, Debug)]
enum Effect {
    Forbid,
    Limit(u16),
    NodeLimit(u16),
    Prefer(f64),
    Protocol { rank: u32 },
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
    let topology = Topology::of(instance);
    let in_force: Vec<PolicyId> = (0..instance.policies.len())
        .map(PolicyId::new)
        .filter(|id| condition::in_force(&instance.policies[id.index()], instance))
        .collect();
    let policies = |ids: &[PolicyId]| ids.iter().map(|id| (*id, &instance.policies[id.index()])).collect::<Vec<_>>();
    let of_flows: Vec<PolicyId> =
        in_force.iter().copied().filter(|id| is_flow_rule(&instance.policies[id.index()].rule)).collect();
    let (classes, relations) = Classes::of(instance, &policies(&of_flows));
    let words = of_flows.len().div_ceil(64);

    let mut rules = Rules {
        classes,
        weights,
        weight: receivers::weights(instance, &policies(&in_force)),
        limits: Vec::new(),
        node_limits: Vec::new(),
        matched: receivers::matched(instance, &policies(&in_force)),
        idle: Vec::new(),
        flows: Vec::new(),
        by_content: vec![0; instance.contents.len() * words],
        by_route: Vec::new(),
        depth: receivers::depth_rules(instance, &policies(&in_force)),
        link_cost: Vec::new(),
        in_force,
        topology,
    };
    for (relation, (id, policy)) in relations.into_iter().zip(policies(&of_flows)) {
        rules.add_flow_rule(instance, id, policy, relation, words);
    }
    rules.add_routes(instance, &policies(&of_flows), words);
    rules.idle = rules.find_idle(instance, &of_flows);
    rules
}

fn is_flow_rule(rule: &Rule) -> bool {
    use Rule::*;
    matches!(
        rule,
        Forbid {}
            | LimitRate { .. }
            | LimitVolume { .. }
            | LimitNodeRate(_)
            | LimitCopies { .. }
            | Prefer { .. }
            | Protocol { .. }
    )
}

impl Rules {
    fn add_flow_rule(
        &mut self,
        instance: &Instance,
        id: PolicyId,
        policy: &Policy,
        relation: Option<CompiledRelation>,
        words: usize,
    ) {
        let effect = match &policy.rule {
            Rule::Forbid {} => Effect::Forbid,
            Rule::LimitRate { max_kbps } => {
                self.limits.push(Limit { policy: id, max: *max_kbps });
                Effect::Limit(self.limits.len() as u16 - 1)
            }
            Rule::LimitNodeRate(rate) => {
                self.node_limits.push(NodeLimit { policy: id, rate: rate.clone() });
                Effect::NodeLimit(self.node_limits.len() as u16 - 1)
            }
            Rule::Prefer { cost } => Effect::Prefer(*cost),
            Rule::Protocol { .. } => Effect::Protocol { rank: policy.rank },
            _ => unreachable!("these concern receivers"),
        };
        let bit = self.flows.len();
        for (row, selected) in matching::contents(&policy.content, instance).into_iter().enumerate() {
            self.by_content[row * words + bit / 64] |= u64::from(selected) << (bit % 64);
        }
        self.flows.push(FlowRule { policy: id, relation, effect });
    }

    /// Costs of routes, and which policies' `crosses` each route satisfies.
    fn add_routes(&mut self, instance: &Instance, of_flows: &[(PolicyId, &Policy)], words: usize) {
        let crossing: Vec<Option<Vec<bool>>> =
            of_flows.iter().map(|(_, policy)| policy.crosses.as_ref().map(|links| matching::links(links, instance))).collect();
        for route in self.topology.route_ids() {
            let links = self.topology.links(route);
            self.link_cost.push(links.iter().map(|link| instance.links[*link].cost).sum());
            let mut row = vec![0u64; words];
            for (bit, selected) in crossing.iter().enumerate() {
                let crosses = selected.as_ref().is_none_or(|selected| links.iter().any(|link| selected[link.index()]));
                row[bit / 64] |= u64::from(crosses) << (bit % 64);
            }
            self.by_route.extend(row);
        }
    }

    /// The policies in force that match no request, no sender, or no link.
    fn find_idle(&self, instance: &Instance, of_flows: &[PolicyId]) -> Vec<PolicyId> {
        let unmatched = |selector: &Selector| instance.nodes.ids().all(|node| !matching::node_matches(selector, instance, node));
        let idle = |(row, id): (usize, &PolicyId)| {
            let policy = &instance.policies[id.index()];
            let no_link = || {
                let crosses = policy.crosses.as_ref().map(|links| matching::links(links, instance));
                crosses.is_some_and(|links| !links.contains(&true))
            };
            let no_flow = of_flows.contains(id) && (no_link() || unmatched(&policy.source));
            (self.matched[row] == 0 || no_flow).then_some(*id)
        };
        self.in_force.iter().enumerate().filter_map(idle).collect()
    }

    /// Where flows of a content may run from one class to another; `None`: nowhere.
    pub fn arc(&self, from: ClassId, to: ClassId, content: ContentId) -> Option<Arc> {
        let route = self.reach(from, to)?;
        let mut arc = Arc { route, extra: self.link_cost[route.0 as usize] };
        let mut forbidden = false;
        self.each_rule(from, to, content, route, |rule| match rule.effect {
            Effect::Forbid => forbidden = true,
            Effect::Prefer(cost) => arc.extra += cost,
            _ => {}
        });
        (!forbidden).then_some(arc)
    }

    /// The route from one class to another if they connect and there is one, whatever policies say.
    pub fn reach(&self, from: ClassId, to: ClassId) -> Option<RouteId> {
        let (a, b) = (self.classes.row(from), self.classes.row(to));
        let together = a.network == b.network && a.enterprise;
        if !together && !nat_connects(a.nat, b.nat) {
            return None;
        }
        let route = self.topology.route(a.network, b.network);
        (route != RouteId::NONE).then_some(route)
    }

    /// The `forbid` policies that match a flow, by rank and then list order.
    pub fn forbidding(&self, from: ClassId, to: ClassId, content: ContentId) -> Vec<PolicyId> {
        let mut found = Vec::new();
        if let Some(route) = self.reach(from, to) {
            self.each_rule(from, to, content, route, |rule| {
                if matches!(rule.effect, Effect::Forbid) {
                    found.push(rule.policy);
                }
            });
        }
        found
    }

    /// Calls `row` with each row of [`Rules::limits`] that counts a flow on this arc.
    pub fn each_limit(&self, from: ClassId, to: ClassId, content: ContentId, route: RouteId, mut row: impl FnMut(usize)) {
        if !self.limits.is_empty() {
            self.each_rule(from, to, content, route, |rule| {
                if let Effect::Limit(limit) = rule.effect {
                    row(limit as usize);
                }
            });
        }
    }

    /// Calls `row` with each row of [`Rules::node_limits`] that counts a flow on this arc.
    pub fn each_node_limit(&self, from: ClassId, to: ClassId, content: ContentId, route: RouteId, mut row: impl FnMut(usize)) {
        if !self.node_limits.is_empty() {
            self.each_rule(from, to, content, route, |rule| {
                if let Effect::NodeLimit(limit) = rule.effect {
                    row(limit as usize);
                }
            });
        }
    }

    /// The policy that sets the protocol of flows on this arc: lowest rank number, then list order.
    pub fn protocol(&self, from: ClassId, to: ClassId, content: ContentId, route: RouteId) -> Option<PolicyId> {
        let mut best: Option<(u32, PolicyId)> = None;
        self.each_rule(from, to, content, route, |rule| {
            if let Effect::Protocol { rank } = rule.effect {
                best = Some(best.map_or((rank, rule.policy), |best| best.min((rank, rule.policy))));
            }
        });
        best.map(|(_, policy)| policy)
    }

    /// True if no policy concerns flows.
    pub fn no_flow_rules(&self) -> bool {
        self.flows.is_empty()
    }

    fn each_rule(&self, from: ClassId, to: ClassId, content: ContentId, route: RouteId, mut seen: impl FnMut(&FlowRule)) {
        let words = self.flows.len().div_ceil(64);
        for word in 0..words {
            let mut bits = self.classes.source_bits(from)[word]
                & self.classes.destination_bits(to)[word]
                & self.by_content[content.index() * words + word]
                & self.by_route[route.0 as usize * words + word];
            while bits != 0 {
                let rule = &self.flows[word * 64 + bits.trailing_zeros() as usize];
                bits &= bits - 1;
                if rule.relation.as_ref().is_none_or(|relation| relation.holds(self.classes.row(from), self.classes.row(to))) {
                    seen(rule);
                }
            }
        }
    }

    /// Most hops below a holder that a receiver may sit; `u32::MAX` without limit.
    pub fn depth_limit(&self, node: NodeId, content: ContentId) -> u32 {
        self.depth.iter().filter(|rule| rule.concerns(node, content)).map(|rule| rule.hops).min().unwrap_or(u32::MAX)
    }

    /// True if some receiver has a depth limit.
    pub fn limits_depth(&self) -> bool {
        !self.depth.is_empty()
    }

    /// What a sender's own cost, availability and loss add to the cost of its flows, per Mbps.
    pub fn sender_term(&self, instance: &Instance, parent: NodeId) -> f64 {
        let node = &instance.nodes[parent];
        node.cost + self.weights.loss_weight * node.loss + self.weights.availability_weight * (1.0 - node.availability)
    }

    /// Cost per Mbps of a flow on an arc, without churn (contract, section 4).
    pub fn unit_cost(&self, instance: &Instance, parent: NodeId, child: NodeId, arc: Arc) -> UnitCost {
        let (from, to) = (&instance.nodes[parent], &instance.nodes[child]);
        let (rtt, loss) = self.topology.measured(instance, parent, child);
        let nearness = match rtt {
            Some(rtt) => self.weights.rtt_weight * rtt / 100.0,
            None => self.weights.distance_weight * distance_km(from, to) / 1000.0,
        };
        let risk =
            self.weights.loss_weight * loss.unwrap_or(from.loss) + self.weights.availability_weight * (1.0 - from.availability);
        UnitCost::rounded((from.cost + arc.extra + nearness + risk).max(0.0))
    }

    /// What a flow costs more if the topology in force had other parents there (contract, section 4).
    pub fn churn(&self, instance: &Instance, parent: NodeId, child: NodeId, content: ContentId, substream: u32) -> UnitCost {
        let Some(previous) = instance.previous_of(child, content) else { return UnitCost(0) };
        let mut before = previous.of(substream as usize).peekable();
        if before.peek().is_some() && !before.any(|known| known == parent) {
            UnitCost::rounded(self.weights.churn_weight)
        } else {
            UnitCost(0)
        }
    }
}
