//! Policies that may be relaxed: a choice for each request and policy, wherever it makes a difference.
//!
//! A flow that is exempt from a policy is one that runs while the policy is relaxed for its receiver: both choices at once.

use super::seats::{Hall, Pair};
use super::write::Writer;
use crate::ids::{PolicyId, RequestId};
use crate::program::Name;

/// What policies ask of a receiver.
#[derive(Clone, Debug)]
pub(super) struct Asked<T> {
    /// What those ask that are never relaxed for it.
    pub(super) always: T,
    /// Each of the others that asks for more, with what they ask together with it.
    pub(super) unless: Vec<(PolicyId, T)>,
}

impl<T: PartialEq> Asked<T> {
    /// From what is asked of a receiver that is exempt from some of its relaxable policies.
    pub(super) fn of(relaxable: &[PolicyId], asked: impl Fn(&[PolicyId]) -> T) -> Asked<T> {
        let always = asked(relaxable);
        let alone = |policy: &PolicyId| {
            let others: Vec<PolicyId> = relaxable.iter().copied().filter(|other| other != policy).collect();
            Some((*policy, asked(&others))).filter(|(_, asked)| *asked != always)
        };
        Asked { unless: relaxable.iter().filter_map(alone).collect(), always }
    }
}

impl Writer<'_> {
    /// Column `z`: a policy is relaxed for a request.
    pub(super) fn relaxed(&mut self, request: RequestId, policy: PolicyId) -> usize {
        let asked = &self.instance.requests[request];
        let name = Name::new("z", &[asked.node.0, asked.content.0, policy.0]);
        *self.relaxed.entry((request, policy)).or_insert_with(|| self.draft.choice(name))
    }

    /// What has to be relaxed for a flow to run: policies that forbid it, and delays that it would not keep.
    pub(super) fn admit(&mut self, hall: &Hall, pair: &Pair, s: u32, flow: usize) {
        let (from, to) = (&hall.seats[pair.parent], &hall.seats[pair.child]);
        let (a, b) = (self.rules.classes.class(from.node), self.rules.classes.class(to.node));
        let key = [from.node.0, to.node.0, hall.content.0, s];
        if let Some(request) = to.request.filter(|_| !to.relaxable.is_empty()) {
            for policy in self.rules.forbidding(a, b, hall.content) {
                let relaxed = self.relaxed(request, policy);
                self.draft.only_with(Name::new("let", &key), flow, relaxed);
            }
        }
        if from.holds(s) {
            return;
        }
        let own = from.delay.unless.iter().map(|(policy, seconds)| (from.request.zip(Some(*policy)), *seconds));
        let own = own.chain([(None, from.delay.always)]);
        for (unless, seconds) in own.filter(|(_, seconds)| *seconds > to.delay.always) {
            let later = to.delay.unless.iter().filter(|(_, of_child)| *of_child >= seconds);
            let later: Vec<_> = later.filter_map(|(policy, _)| to.request.zip(Some(*policy))).collect();
            let row = self.draft.at_most(Name::new("late", &key), later.len() as f64);
            self.draft.put(row, flow, 1.0);
            for (request, policy) in later {
                let relaxed = self.relaxed(request, policy);
                self.draft.put(row, relaxed, 1.0);
            }
            if let Some((request, policy)) = unless {
                let relaxed = self.relaxed(request, policy);
                self.draft.put(row, relaxed, -1.0);
            }
        }
    }
}
