//! Copies that enter a network from outside: not too many, and over the links where they are wanted.
//!
//! On the walk over flows it is noted what enters and what is received; what is wrong is known when all of it is added up.

use super::law::Law;
use super::network::Pair;
use super::violation::{Violation, ViolationKind};
use crate::ids::{ContentId, LinkId, PolicyId};
use crate::instance::Instance;
use crate::instance::policy::Rule;
use rustc_hash::{FxHashMap, FxHashSet};

/// One substream of a content, as a policy sees it.
type Copy = (PolicyId, ContentId, u32);

/// A `require_copies` in force, its names found.
pub(super) struct Required {
    pub policy: PolicyId,
    pub links: Vec<LinkId>,
}

/// What is noted on the way.
#[derive(Default)]
pub(super) struct Copies {
    /// For `limit_copies`: how many flows enter the network.
    entering: FxHashMap<Copy, u64>,
    /// For `require_copies`: what requests in the network get through parents.
    received: FxHashSet<Copy>,
    /// For `require_copies`: over which links that enters it to served requests.
    crossing: FxHashSet<(Copy, LinkId)>,
}

impl Copies {
    /// Notes a flow that matches a `limit_copies` and enters its network.
    pub fn enter(&mut self, policy: PolicyId, content: ContentId, substream: usize) {
        *self.entering.entry((policy, content, substream as u32)).or_default() += 1;
    }

    /// Notes a flow into a request of the network; `entry` is its route where it comes from outside to a served one.
    pub fn receive(&mut self, required: &Required, content: ContentId, substream: usize, entry: Option<&Pair>) {
        let copy = (required.policy, content, substream as u32);
        self.received.insert(copy);
        for link in entry.iter().flat_map(|pair| &pair.links).filter(|link| required.links.contains(link)) {
            self.crossing.insert((copy, *link));
        }
    }

    /// Adds what later nodes gave.
    pub fn add(&mut self, other: Copies) {
        other.entering.into_iter().for_each(|(copy, count)| *self.entering.entry(copy).or_default() += count);
        self.received.extend(other.received);
        self.crossing.extend(other.crossing);
    }

    /// Tells what is wrong, in order of policy, content, substream and link.
    pub fn judge(&self, instance: &Instance, law: &Law<'_>, violations: &mut Vec<Violation>) {
        let mut tell = |kind, (policy, content, substream): Copy, what: String| {
            let text = format!("substream {substream} of {} {what}", instance.contents[content].id);
            violations.push(Violation::new(kind, law.policy(policy).id.as_str(), text));
        };
        let mut entering: Vec<(Copy, u64)> = self.entering.iter().map(|(copy, count)| (*copy, *count)).collect();
        entering.sort_unstable();
        for (copy, count) in entering {
            if let Rule::LimitCopies { network, max } = &law.policy(copy.0).rule
                && count > u64::from(*max)
            {
                tell(ViolationKind::LimitCopies, copy, format!("enters {network} {count} times, not at most {max}"));
            }
        }
        let required: FxHashMap<PolicyId, &Required> = law.required().map(|required| (required.policy, required)).collect();
        let mut received: Vec<Copy> = self.received.iter().copied().collect();
        received.sort_unstable();
        for copy in received {
            let links = required.get(&copy.0).into_iter().flat_map(|required| &required.links);
            for link in links.filter(|link| !self.crossing.contains(&(copy, **link))) {
                let text = format!("does not enter over {} to a served request", instance.links[*link].id);
                tell(ViolationKind::RequireCopies, copy, text);
            }
        }
    }
}
