//! Rules about receivers: what is asked of one node for one content, whoever sends.
//!
//! Each of them gives the policies that are left when those that the row relaxes are taken out.

use super::Law;
use crate::ids::{ContentId, Id, NodeId, PolicyId};
use crate::instance::policy::Rule;
use crate::instance::{Instance, Request};
use crate::plan::Assignment;

impl Law<'_> {
    /// Policies in force that bound the depth or the delay of a receiver.
    pub(in crate::verify) fn on_depth(&self, node: NodeId, content: ContentId) -> impl Iterator<Item = PolicyId> + '_ {
        self.on_receiver(node, content, &self.on_depth)
    }

    /// Some policy in force bounds depths or delays.
    pub(in crate::verify) fn bounds_depth(&self) -> bool {
        self.on_depth.iter().any(|word| *word != 0)
    }

    /// Some policy in force bounds delays.
    pub(in crate::verify) fn bounds_delay(&self) -> bool {
        let mut policies = self.instance.policies.iter().enumerate();
        policies.any(|(p, policy)| matches!(policy.rule, Rule::MaxDelay { .. }) && self.in_force(PolicyId::new(p)))
    }

    /// Some policy in force delays receivers.
    pub(in crate::verify) fn delays(&self) -> bool {
        self.on_delay.iter().any(|word| *word != 0)
    }

    /// The policy that delays a row most; none: it is not delayed.
    pub(in crate::verify) fn latest(&self, row: &Assignment) -> Option<PolicyId> {
        let asked = self.on_receiver(row.node, row.content, &self.on_delay).filter(|policy| !row.relaxed.contains(policy));
        asked.reduce(|most, policy| if self.seconds(Some(policy)) > self.seconds(Some(most)) { policy } else { most })
    }

    /// By how much a policy delays its receivers, in seconds; none: 0.
    pub(in crate::verify) fn seconds(&self, policy: Option<PolicyId>) -> f64 {
        match policy.map(|policy| &self.policy(policy).rule) {
            Some(Rule::Delay { seconds }) => *seconds,
            _ => 0.0,
        }
    }

    /// Policies that ask for several parents of each substream that a row receives; of a relay nobody asks that.
    pub(in crate::verify) fn redundancies<'s>(&'s self, row: &'s Assignment) -> impl Iterator<Item = PolicyId> + 's {
        let asked = self.on_receiver(row.node, row.content, &self.on_parents);
        asked.filter(|policy| !row.relay && !row.relaxed.contains(policy))
    }

    /// Fewest substreams that count as served: the content's own number, or what a policy degrades it to.
    pub(in crate::verify) fn fewest(&self, node: NodeId, content: ContentId) -> u32 {
        let own = self.instance.contents[content].min_substreams;
        self.on_receiver(node, content, &self.on_fewest).fold(own, |fewest, policy| match self.policy(policy).rule {
            Rule::Degrade { min_substreams } => fewest.min(min_substreams),
            _ => fewest,
        })
    }

    /// Weight of a request, `priority` factors included.
    pub(in crate::verify) fn weight(&self, request: &Request) -> f64 {
        let factor = |policy: PolicyId| match self.policy(policy).rule {
            Rule::Priority { weight } => weight,
            _ => 1.0,
        };
        let factors = self.on_receiver(request.node, request.content, &self.on_weight).map(factor);
        factors.fold(request.weight, |weight, factor| weight * factor)
    }

    /// Policies of one kind whose destination and content match, in list order.
    fn on_receiver<'s>(&'s self, node: NodeId, content: ContentId, kind: &'s [u64]) -> impl Iterator<Item = PolicyId> + 's {
        (0..self.words).flat_map(move |word| {
            let mut left = kind[word];
            if left != 0 {
                left &= self.destination[self.row(node) + word] & self.content[content][word];
            }
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(PolicyId::new(word * 64 + bit as usize))
            })
        })
    }
}

/// A policy with this rule may be broken for a request.
pub(in crate::verify) fn can_be_relaxed(rule: &Rule) -> bool {
    match rule {
        Rule::Forbid {} | Rule::LimitRate { .. } | Rule::LimitVolume { .. } | Rule::LimitNodeRate(_) => true,
        Rule::LimitCopies { .. } | Rule::RequireCopies { .. } | Rule::Delay { .. } | Rule::Redundancy { .. } => true,
        Rule::MaxDepth { .. } | Rule::MaxDelay { .. } => true,
        Rule::Prefer { .. } | Rule::Priority { .. } | Rule::Degrade { .. } | Rule::Protocol { .. } => false,
    }
}

/// A policy's condition holds, and its period has not ended.
pub(super) fn is_in_force(instance: &Instance, policy: &crate::instance::policy::Policy) -> bool {
    let ended = matches!(policy.rule, Rule::LimitVolume { period_end, .. } if instance.time >= period_end);
    !ended && super::moment::holds(instance, &policy.when)
}
