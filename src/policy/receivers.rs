//! Policies that concern receivers: weights, and what each asks of those whom it concerns.

use super::matching;
use super::signatures::Signatures;
use crate::ids::{ContentId, Id, NodeId, PolicyId, RequestId, Table};
use crate::instance::Instance;
use crate::instance::policy::{Distinct, Policy, Rule};

/// How many parents each substream of a request has, and in what they differ beside being other nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Redundancy {
    /// How many.
    pub parents: u32,
    /// They are in different networks.
    pub networks: bool,
    /// Their routes share no link.
    pub links: bool,
}

impl Redundancy {
    /// One parent.
    pub const NONE: Redundancy = Redundancy { parents: 1, networks: false, links: false };
}

/// A policy of some kind: whom it concerns, and what it asks.
#[derive(Debug)]
pub(super) struct Ask<T> {
    policy: PolicyId,
    nodes: Vec<bool>,
    contents: Vec<bool>,
    /// What it asks.
    what: T,
}

/// Policies of the kinds that ask something of receivers, and relaxable ones of any kind.
#[derive(Debug, Default)]
pub(super) struct Receivers {
    depth: Vec<Ask<u32>>,
    latency: Vec<Ask<f64>>,
    delay: Vec<Ask<f64>>,
    redundancy: Vec<Ask<(u32, Distinct)>>,
    degrade: Vec<Ask<u32>>,
    relaxable: Vec<Ask<u32>>,
}

impl Receivers {
    /// Reads the policies in force.
    pub(super) fn of(instance: &Instance, signatures: &Signatures, policies: &[(PolicyId, &Policy)]) -> Receivers {
        let mut all = Receivers::default();
        for (id, policy) in policies {
            let (nodes, contents) = concerned(instance, signatures, policy);
            let ask = Ask { policy: *id, nodes, contents, what: () };
            if policy.relaxable {
                all.relaxable.push(ask.with(policy.rank));
            }
            match &policy.rule {
                Rule::MaxDepth { hops } => all.depth.push(ask.with(*hops)),
                Rule::MaxDelay { ms } => all.latency.push(ask.with(*ms)),
                Rule::Delay { seconds } => all.delay.push(ask.with(*seconds)),
                Rule::Redundancy { parents, distinct } => all.redundancy.push(ask.with((*parents, *distinct))),
                Rule::Degrade { min_substreams } => all.degrade.push(ask.with(*min_substreams)),
                _ => {}
            }
        }
        // What matters least is relaxed first.
        all.relaxable.sort_by_key(|ask| (std::cmp::Reverse(ask.what), ask.policy));
        all
    }
}

impl<T> Ask<T> {
    fn with<U>(&self, what: U) -> Ask<U> {
        Ask { policy: self.policy, nodes: self.nodes.clone(), contents: self.contents.clone(), what }
    }
}

/// Those of some policies that concern a receiver that is exempt from others.
fn asks<'r, T: Copy>(
    rules: &'r [Ask<T>],
    signature: usize,
    content: ContentId,
    exempt: &'r [PolicyId],
) -> impl Iterator<Item = (PolicyId, T)> + 'r {
    let concern = move |ask: &&Ask<T>| ask.nodes[signature] && ask.contents[content.index()] && !exempt.contains(&ask.policy);
    rules.iter().filter(concern).map(|ask| (ask.policy, ask.what))
}

impl super::Rules {
    /// Most hops below a holder that a receiver may sit; `u32::MAX` without limit.
    pub fn depth_limit(&self, node: NodeId, content: ContentId, exempt: &[PolicyId]) -> u32 {
        let hops = asks(&self.receivers.depth, self.signatures.number(node), content, exempt).map(|(_, hops)| hops);
        hops.min().unwrap_or(u32::MAX)
    }

    /// Furthest below a holder that a receiver may sit, ms; infinite without limit.
    pub fn latency_limit(&self, node: NodeId, content: ContentId, exempt: &[PolicyId]) -> f64 {
        let ms = asks(&self.receivers.latency, self.signatures.number(node), content, exempt).map(|(_, ms)| ms);
        ms.fold(f64::INFINITY, f64::min)
    }

    /// Seconds behind the live edge of what a receiver gets.
    pub fn delay(&self, node: NodeId, content: ContentId, exempt: &[PolicyId]) -> f64 {
        let seconds = asks(&self.receivers.delay, self.signatures.number(node), content, exempt).map(|(_, seconds)| seconds);
        seconds.fold(0.0, f64::max)
    }

    /// How many parents each substream of a request has.
    pub fn redundancy(&self, node: NodeId, content: ContentId, exempt: &[PolicyId]) -> Redundancy {
        let all = asks(&self.receivers.redundancy, self.signatures.number(node), content, exempt);
        all.fold(Redundancy::NONE, |sum, (_, (parents, distinct))| Redundancy {
            parents: sum.parents.max(parents),
            networks: sum.networks || distinct == Distinct::Network,
            links: sum.links || distinct == Distinct::Link,
        })
    }

    /// Fewest substreams with which a request counts as served.
    pub fn least(&self, instance: &Instance, node: NodeId, content: ContentId) -> u32 {
        let own = instance.contents[content].min_substreams;
        asks(&self.receivers.degrade, self.signatures.number(node), content, &[]).fold(own, |least, (_, n)| least.min(n))
    }

    /// Policies that may be relaxed for a request and concern it, each with its rank; what matters least comes first.
    pub fn relaxable(&self, node: NodeId, content: ContentId) -> impl Iterator<Item = (PolicyId, u32)> + '_ {
        let network = self.classes.row(self.classes.class(node)).network;
        let elsewhere = move |policy: PolicyId| {
            let copies = self.copy_limits.iter().map(|limit| (limit.policy, limit.network));
            let required = self.required.iter().map(|required| (required.policy, required.network));
            copies.chain(required).any(|(of, its)| of == policy && its != network)
        };
        let all = asks(&self.receivers.relaxable, self.signatures.number(node), content, &[]);
        all.filter(move |(policy, _)| !elsewhere(*policy))
    }

    /// Some policy may be relaxed.
    pub fn relaxes(&self) -> bool {
        !self.receivers.relaxable.is_empty()
    }

    /// Some receiver has a depth limit.
    pub fn limits_depth(&self) -> bool {
        !self.receivers.depth.is_empty()
    }

    /// Some receiver has a limit on its distance from holders in ms.
    pub fn limits_latency(&self) -> bool {
        !self.receivers.latency.is_empty()
    }

    /// Some request has several parents for each substream.
    pub fn is_redundant(&self) -> bool {
        !self.receivers.redundancy.is_empty()
    }

    /// The policies that ask for several parents of each substream of a request.
    pub fn multiplying(&self, node: NodeId, content: ContentId) -> impl Iterator<Item = PolicyId> + '_ {
        asks(&self.receivers.redundancy, self.signatures.number(node), content, &[]).map(|(policy, _)| policy)
    }

    /// All requests of a content need as many substreams, and one parent for each.
    pub fn is_uniform(&self) -> bool {
        self.receivers.degrade.is_empty() && self.receivers.redundancy.is_empty()
    }

    /// The policies that bound the depth or the distance of a receiver.
    pub fn bounding(&self, node: NodeId, content: ContentId) -> impl Iterator<Item = PolicyId> + '_ {
        let number = self.signatures.number(node);
        let depth = asks(&self.receivers.depth, number, content, &[]).map(|(policy, _)| policy);
        depth.chain(asks(&self.receivers.latency, number, content, &[]).map(|(policy, _)| policy))
    }
}

/// Weight of each request times its `priority` factors.
pub(super) fn weights(instance: &Instance, signatures: &Signatures, policies: &[(PolicyId, &Policy)]) -> Table<RequestId, f64> {
    let mut weights = Table::new(instance.requests.iter().map(|request| request.weight).collect());
    for (_, policy) in policies {
        if let Rule::Priority { weight: factor } = policy.rule {
            let (nodes, contents) = concerned(instance, signatures, policy);
            for (id, request) in instance.requests.pairs() {
                if nodes[signatures.number(request.node)] && contents[request.content.index()] {
                    weights[id] *= factor;
                }
            }
        }
    }
    weights
}

/// For each policy: how many requests its destination and content match.
pub(super) fn matched(instance: &Instance, signatures: &Signatures, policies: &[(PolicyId, &Policy)]) -> Vec<u64> {
    let count = |(_, policy): &(PolicyId, &Policy)| {
        let (nodes, contents) = concerned(instance, signatures, policy);
        signatures.count(&nodes, &contents)
    };
    policies.iter().map(count).collect()
}

/// By signature the receivers, and by row the contents, that a policy concerns.
fn concerned(instance: &Instance, signatures: &Signatures, policy: &Policy) -> (Vec<bool>, Vec<bool>) {
    (signatures.matched(&policy.destination, instance), matching::contents(&policy.content, instance))
}
