//! Requests that get nothing, and why.

use super::nodes::{Nodes, Own};
use super::request;
use super::sums::Sums;
use super::violation::{Violation, ViolationKind};
use crate::ids::{ContentId, Id, PolicyId, Table};
use crate::instance::Instance;
use crate::instance::policy::Rule;
use crate::plan::{Reason, Unserved};

impl Nodes<'_> {
    /// A request that gets nothing has a reason that can be true.
    pub(super) fn unserved(&self, own: &Own<'_>, row: &Unserved, sums: &mut Sums) {
        let (instance, law) = (self.walk.instance, self.walk.law);
        let fewest = law.fewest(own.node, row.content);
        let held = self.walk.rows.held(instance, own.node, row.content);
        let enough = |mask: u64| mask.count_ones() >= fewest;
        let place = || self.place(own, row.content);
        if !own.requests.iter().any(|request| request.content == row.content) {
            return sums.tell(ViolationKind::NotRequested, place(), "it is unserved, but nobody requested it");
        }
        if enough(held) {
            return sums.tell(ViolationKind::Unserved, place(), "what it holds serves it");
        }
        let before = own.before(row.content).is_some_and(|parents| enough(held | parents.mask()));
        let forbids = |policy: &PolicyId| {
            let known = instance.policies.get(policy.index());
            known.is_some_and(|known| known.rule == Rule::Forbid {} && law.in_force(*policy))
        };
        let wrong = match row.reason {
            Reason::NoSource => enough(self.sources[row.content]).then_some("enough substreams are held somewhere"),
            _ if !enough(self.sources[row.content]) => Some("too few substreams are held anywhere: the reason is no_source"),
            Reason::Policy if row.policies.is_empty() => Some("reason policy names the policies"),
            Reason::Policy => (!row.policies.iter().all(forbids)).then_some("only a forbid in force removes possible senders"),
            Reason::Depth => {
                law.on_depth(own.node, row.content).next().is_none().then_some("no policy bounds its depth or delay")
            }
            Reason::Displaced => (!before).then_some("it was not served before"),
            Reason::Capacity => before.then_some("it was served before: the reason is displaced"),
            Reason::Unreachable => None,
        };
        if let Some(text) = wrong {
            sums.tell(ViolationKind::WrongReason, place(), format!("reason {}: {text}", row.reason.word()));
        }
    }
}

/// Substreams of each content that somebody holds.
pub(super) fn sources(instance: &Instance) -> Table<ContentId, u64> {
    let mut sources = Table::filled(instance.contents.len(), 0);
    for holding in &instance.holdings {
        sources[holding.content] |= holding.mask;
    }
    sources
}

/// Unserved rows in order; those about unknown ids are told.
pub(super) fn sorted_unserved<'a>(
    instance: &Instance,
    rows: &'a [Unserved],
    violations: &mut Vec<Violation>,
) -> Vec<&'a Unserved> {
    let known = |row: &&Unserved| instance.nodes.get(row.node).is_some() && instance.contents.get(row.content).is_some();
    let unknown = rows.iter().filter(|row| !known(row)).map(|row| {
        let place = request(instance, row.node, row.content);
        Violation::new(ViolationKind::UnknownId, place, "an unserved row about what the instance lacks")
    });
    violations.extend(unknown);
    let mut sorted: Vec<&Unserved> = rows.iter().filter(known).collect();
    sorted.sort_by_key(|row| (row.node, row.content));
    sorted
}
