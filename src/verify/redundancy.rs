//! How many parents each substream has, and in what they differ.

use super::flows::Walk;
use super::request;
use super::sums::Sums;
use super::violation::ViolationKind;
use crate::ids::{LinkId, NetworkId, NodeId, PolicyId};
use crate::instance::policy::{Distinct, Rule};
use crate::plan::Assignment;

impl Walk<'_> {
    /// Each substream that is received has as many parents as the policies ask for, else one, and no parent twice.
    pub(super) fn count_parents(&self, row: &Assignment, held: u64, sums: &mut Sums) {
        let asked: Vec<PolicyId> = self.law.redundancies(row).collect();
        if asked.is_empty() && row.parents.width() == 1 {
            return;
        }
        // The first of those that ask for most.
        let most = asked.iter().rev().copied().max_by_key(|policy| self.parents_asked(*policy));
        let place = request(self.instance, row.node, row.content);
        for s in (0..row.parents.substreams()).filter(|s| held >> s & 1 == 0) {
            let mut parents: Vec<NodeId> = row.parents.of(s).collect();
            if parents.is_empty() {
                continue;
            }
            let wanted = most.map_or(1, |policy| self.parents_asked(policy));
            if parents.len() as u64 != u64::from(wanted) {
                let count = parents.len();
                match most.map(|policy| self.law.policy(policy)) {
                    Some(policy) => {
                        let text = format!("{place} has {count} parents for substream {s}, not {wanted}");
                        sums.tell(ViolationKind::Redundancy, policy.id.as_str(), text);
                    }
                    None => {
                        let text = format!("substream {s} has {count} parents, not 1");
                        sums.tell(ViolationKind::ParentCount, place.as_str(), text);
                    }
                }
            }
            parents.sort_unstable();
            if parents.windows(2).any(|pair| pair[0] == pair[1]) {
                let text = format!("a parent stands twice at substream {s}");
                sums.tell(ViolationKind::DuplicateParent, place.as_str(), text);
                parents.dedup();
            }
            parents.retain(|parent| self.instance.nodes.get(*parent).is_some());
            for policy in &asked {
                if let Some(text) = self.alike(*policy, row, &parents) {
                    let text = format!("the parents of substream {s} of {place} {text}");
                    sums.tell(ViolationKind::Redundancy, self.law.policy(*policy).id.as_str(), text);
                }
            }
        }
    }

    fn parents_asked(&self, policy: PolicyId) -> u32 {
        match self.law.policy(policy).rule {
            Rule::Redundancy { parents, .. } => parents,
            _ => 1,
        }
    }

    /// What different parents of one substream have in common, against a policy.
    fn alike(&self, policy: PolicyId, row: &Assignment, parents: &[NodeId]) -> Option<String> {
        let Rule::Redundancy { distinct, .. } = self.law.policy(policy).rule else { return None };
        let home = |node: NodeId| self.instance.nodes[node].network;
        match distinct {
            Distinct::Node => None,
            Distinct::Network => {
                let networks: Vec<NetworkId> = parents.iter().map(|parent| home(*parent)).collect();
                twice(networks).map(|network| format!("are both in network {}", self.instance.networks[network].id))
            }
            Distinct::Link => {
                let routes = parents.iter().filter_map(|parent| self.network.pair(home(*parent), home(row.node)));
                let crossed = |pair: &super::network::Pair| {
                    let mut links: Vec<LinkId> = pair.links.to_vec();
                    links.sort_unstable();
                    links.dedup();
                    links
                };
                let links: Vec<LinkId> = routes.flat_map(crossed).collect();
                twice(links).map(|link| format!("both cross link {}", self.instance.links[link].id))
            }
        }
    }
}

/// The first value that stands twice.
fn twice<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}
