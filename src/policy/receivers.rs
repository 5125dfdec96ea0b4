//! Policies that concern receivers: weights of requests and depth limits.

use super::matching;
use crate::ids::{ContentId, Id, NodeId, PolicyId, RequestId, Table};
use crate::instance::Instance;
use crate::instance::policy::{Policy, Rule};
use rayon::prelude::*;

/// A `max_depth` policy: whom it concerns and how deep they may sit.
#[derive(Debug)]
pub(super) struct DepthRule {
    nodes: Vec<bool>,
    contents: Vec<bool>,
    /// Most hops below a holder.
    pub(super) hops: u32,
}

impl DepthRule {
    /// Whether it concerns this receiver.
    pub(super) fn concerns(&self, node: NodeId, content: ContentId) -> bool {
        self.nodes[node.index()] && self.contents[content.index()]
    }
}

/// The `max_depth` policies.
pub(super) fn depth_rules(instance: &Instance, policies: &[(PolicyId, &Policy)]) -> Vec<DepthRule> {
    let rule = |(_, policy): &(PolicyId, &Policy)| match policy.rule {
        Rule::MaxDepth { hops } => Some(DepthRule {
            nodes: destinations(instance, policy),
            contents: matching::contents(&policy.content, instance),
            hops,
        }),
        _ => None,
    };
    policies.iter().filter_map(rule).collect()
}

/// Weight of each request times its `priority` factors.
pub(super) fn weights(instance: &Instance, policies: &[(PolicyId, &Policy)]) -> Table<RequestId, f64> {
    let mut weights = Table::new(instance.requests.iter().map(|request| request.weight).collect());
    for (_, policy) in policies {
        if let Rule::Priority { weight: factor } = policy.rule {
            let (nodes, contents) = (destinations(instance, policy), matching::contents(&policy.content, instance));
            for (id, request) in instance.requests.pairs() {
                if nodes[request.node.index()] && contents[request.content.index()] {
                    weights[id] *= factor;
                }
            }
        }
    }
    weights
}

/// For each policy: how many requests its destination and content match.
pub(super) fn matched(instance: &Instance, policies: &[(PolicyId, &Policy)]) -> Vec<u64> {
    let count = |(_, policy): &(PolicyId, &Policy)| {
        let (nodes, contents) = (destinations(instance, policy), matching::contents(&policy.content, instance));
        let hit = instance.requests.iter().filter(|r| nodes[r.node.index()] && contents[r.content.index()]);
        hit.count() as u64
    };
    policies.iter().map(count).collect()
}

fn destinations(instance: &Instance, policy: &Policy) -> Vec<bool> {
    let matches = |index| matching::node_matches(&policy.destination, instance, NodeId::new(index));
    (0..instance.nodes.len()).into_par_iter().map(matches).collect()
}
