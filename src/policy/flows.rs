//! Policies that concern flows: where flows may run, and which rows count them.

use super::matching;
use super::relation::CompiledRelation;
use super::{Arc, ClassId, CopyLimit, Limit, NodeLimit, Rules};
use crate::ids::{ContentId, Id, PolicyId};
use crate::instance::Instance;
use crate::instance::network::{RouteId, nat_connects};
use crate::instance::policy::{Policy, Rule};

/// A policy that concerns flows; its place in the list is its bit.
#[derive(Debug)]
pub(super) struct FlowRule {
    pub(super) policy: PolicyId,
    relation: Option<CompiledRelation>,
    effect: Effect,
}

#[derive(Clone, Copy, Debug)]
enum Effect {
    Forbid,
    Limit(u16),
    NodeLimit(u16),
    CopyLimit(u16),
    Delay(f64),
    Prefer(f64),
    Protocol { rank: u32 },
}

/// What is asked of the policies that match a flow; each has a row of bits of those that can answer.
#[derive(Clone, Copy, Debug)]
enum Question {
    /// May it run, and at what extra cost.
    Price,
    /// Which policies forbid it.
    Forbid,
    /// Which rows count it, of each kind.
    Limit,
    NodeLimit,
    CopyLimit,
    /// How late is who receives it.
    Delay,
    /// Which protocol it carries.
    Protocol,
}

/// How many questions there are.
pub(super) const QUESTIONS: usize = 7;

impl Effect {
    fn answers(&self) -> &'static [Question] {
        match self {
            Effect::Forbid => &[Question::Price, Question::Forbid],
            Effect::Prefer(_) => &[Question::Price],
            Effect::Limit(_) => &[Question::Limit],
            Effect::NodeLimit(_) => &[Question::NodeLimit],
            Effect::CopyLimit(_) => &[Question::CopyLimit],
            Effect::Delay(_) => &[Question::Delay],
            Effect::Protocol { .. } => &[Question::Protocol],
        }
    }
}

/// The rule looks at single flows, or at who may send to whom.
pub(super) fn is_flow_rule(rule: &Rule) -> bool {
    use Rule::*;
    match rule {
        Forbid {} | LimitRate { .. } | LimitVolume { .. } | LimitNodeRate(_) | LimitCopies { .. } => true,
        Prefer { .. } | Protocol { .. } | Delay { .. } => true,
        RequireCopies { .. } | Priority { .. } | Redundancy { .. } | MaxDepth { .. } | MaxDelay { .. } | Degrade { .. } => false,
    }
}

impl Rules {
    /// Takes in one of the policies for which [`is_flow_rule`] holds.
    pub(super) fn add_flow_rule(
        &mut self,
        instance: &Instance,
        id: PolicyId,
        policy: &Policy,
        relation: Option<CompiledRelation>,
        words: usize,
    ) {
        let effect = match &policy.rule {
            Rule::Forbid {} => Effect::Forbid,
            rule @ (Rule::LimitRate { .. } | Rule::LimitVolume { .. }) => {
                let max = rule.max_kbps(instance.time).expect("it is in force");
                self.limits.push(Limit { policy: id, max });
                Effect::Limit(self.limits.len() as u16 - 1)
            }
            Rule::LimitNodeRate(rate) => {
                self.node_limits.push(NodeLimit { policy: id, rate: rate.clone() });
                Effect::NodeLimit(self.node_limits.len() as u16 - 1)
            }
            Rule::LimitCopies { network, max } => {
                let network = instance.network(network).expect("references were checked");
                self.copy_limits.push(CopyLimit { policy: id, network, max: *max });
                Effect::CopyLimit(self.copy_limits.len() as u16 - 1)
            }
            Rule::Delay { seconds } => Effect::Delay(*seconds),
            Rule::Prefer { cost } => Effect::Prefer(*cost),
            Rule::Protocol { .. } => Effect::Protocol { rank: policy.rank },
            _ => unreachable!("it concerns no flows"),
        };
        let bit = self.flows.len();
        for (row, selected) in matching::contents(&policy.content, instance).into_iter().enumerate() {
            self.by_content[row * words + bit / 64] |= u64::from(selected) << (bit % 64);
        }
        for question in effect.answers() {
            self.by_question[*question as usize * words + bit / 64] |= 1 << (bit % 64);
        }
        self.flows.push(FlowRule { policy: id, relation, effect });
    }

    /// Costs of routes, and which policies' `crosses` each route satisfies.
    pub(super) fn add_routes(&mut self, instance: &Instance, of_flows: &[(PolicyId, &Policy)], words: usize) {
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

    /// Where flows of a content may run from one class to another; `None`: nowhere.
    pub fn arc(&self, from: ClassId, to: ClassId, content: ContentId) -> Option<Arc> {
        let early = self.delays && self.is_ahead(from, to, content);
        if early { None } else { self.arc_but(from, to, content, &[]) }
    }

    /// The same for a receiver that is exempt from some policies, whatever delays say.
    pub fn arc_but(&self, from: ClassId, to: ClassId, content: ContentId, exempt: &[PolicyId]) -> Option<Arc> {
        let route = self.reach(from, to)?;
        let mut arc = Arc { route, extra: self.link_cost[route.0 as usize] };
        let mut forbidden = false;
        self.each_rule(Question::Price, (from, to), content, route, |rule| match rule.effect {
            Effect::Forbid => forbidden |= !exempt.contains(&rule.policy),
            Effect::Prefer(cost) => arc.extra += cost,
            _ => {}
        });
        (!forbidden).then_some(arc)
    }

    /// Nobody of the first class may send to the second: a child is never ahead of its parent. Holders are at the edge.
    fn is_ahead(&self, from: ClassId, to: ClassId, content: ContentId) -> bool {
        self.class_delay(from, content) > self.class_delay(to, content) && !self.holding.contains(&(from, content))
    }

    /// Seconds behind the live edge of receivers of a class.
    fn class_delay(&self, class: ClassId, content: ContentId) -> f64 {
        let words = self.flows.len().div_ceil(64);
        let mut delay = 0.0f64;
        for word in 0..words {
            let mut bits = self.classes.destination_bits(class)[word]
                & self.by_content[content.index() * words + word]
                & self.by_question[Question::Delay as usize * words + word];
            while bits != 0 {
                if let Effect::Delay(seconds) = self.flows[word * 64 + bits.trailing_zeros() as usize].effect {
                    delay = delay.max(seconds);
                }
                bits &= bits - 1;
            }
        }
        delay
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
            self.each_rule(Question::Forbid, (from, to), content, route, |rule| found.push(rule.policy));
        }
        found
    }

    /// The policies that forbid, limit or count a flow, in list order.
    pub fn restricting(&self, from: ClassId, to: ClassId, content: ContentId) -> Vec<PolicyId> {
        let mut found = Vec::new();
        if let Some(route) = self.reach(from, to) {
            for question in [Question::Forbid, Question::Limit, Question::NodeLimit, Question::CopyLimit] {
                self.each_rule(question, (from, to), content, route, |rule| found.push(rule.policy));
            }
        }
        found.sort_unstable();
        found
    }

    /// Calls `row` with each row of [`Rules::limits`] that counts a flow on this arc.
    pub fn each_limit(&self, from: ClassId, to: ClassId, content: ContentId, route: RouteId, mut row: impl FnMut(usize)) {
        if !self.limits.is_empty() {
            self.each_rule(Question::Limit, (from, to), content, route, |rule| {
                if let Effect::Limit(limit) = rule.effect {
                    row(limit as usize);
                }
            });
        }
    }

    /// Calls `row` with each row of [`Rules::node_limits`] that counts a flow on this arc.
    pub fn each_node_limit(&self, from: ClassId, to: ClassId, content: ContentId, route: RouteId, mut row: impl FnMut(usize)) {
        if !self.node_limits.is_empty() {
            self.each_rule(Question::NodeLimit, (from, to), content, route, |rule| {
                if let Effect::NodeLimit(limit) = rule.effect {
                    row(limit as usize);
                }
            });
        }
    }

    /// Calls `row` with each row of [`Rules::copy_limits`] that counts a flow on this arc.
    pub fn each_copy_limit(&self, from: ClassId, to: ClassId, content: ContentId, route: RouteId, mut row: impl FnMut(usize)) {
        if !self.copy_limits.is_empty() {
            let (outside, inside) = (self.classes.row(from).network, self.classes.row(to).network);
            self.each_rule(Question::CopyLimit, (from, to), content, route, |rule| {
                if let Effect::CopyLimit(limit) = rule.effect {
                    let network = self.copy_limits[limit as usize].network;
                    if inside == network && outside != network {
                        row(limit as usize);
                    }
                }
            });
        }
    }

    /// The policy that sets the protocol of flows on this arc: lowest rank number, then list order.
    pub fn protocol(&self, from: ClassId, to: ClassId, content: ContentId, route: RouteId) -> Option<PolicyId> {
        let mut best: Option<(u32, PolicyId)> = None;
        self.each_rule(Question::Protocol, (from, to), content, route, |rule| {
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

    /// Calls `seen` with each policy that matches a flow and can answer.
    fn each_rule(
        &self,
        question: Question,
        (from, to): (ClassId, ClassId),
        content: ContentId,
        route: RouteId,
        mut seen: impl FnMut(&FlowRule),
    ) {
        let words = self.flows.len().div_ceil(64);
        for word in 0..words {
            let mut bits = self.by_question[question as usize * words + word]
                & self.classes.source_bits(from)[word]
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
}
