//! A remedy in words: what to change, by how much.

use crate::forest::{Forest, SeatId};
use crate::ids::{Id, PolicyId};
use crate::instance::policy::Rule;
use crate::placement::Grant;
use crate::units::Kbps;
use serde::Serialize;

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A link carries more.
    LinkCapacity,
    /// A node sends more.
    NodeUplink,
    /// A policy is relaxed for the request.
    RelaxPolicy,
    /// A waypoint is set up in a network.
    Waypoint,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// What is changed.
    pub kind: ChangeKind,
    /// Id of the link, node, policy or network.
    pub target: String,
    /// By how much; 0 for policies that set no rate.
    pub amount_kbps: u64,
    /// A sentence for people.
    pub text: String,
}

/// Changes that serve a request together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// At least one.
    pub changes: Vec<Change>,
}

impl Remedy {
    /// kbps of all changes together.
    pub fn kbps(&self) -> u64 {
        self.changes.iter().map(|change| change.amount_kbps).sum()
    }
}

impl Change {
    /// A grant under which a request is fed by these flows.
    pub(super) fn of(forest: &Forest<'_>, seat: SeatId, grant: &Grant, flows: &[(u32, SeatId)]) -> Change {
        let instance = forest.instance;
        let (kind, target, amount, text) = match grant {
            Grant::Uplink(node, more) => {
                let id = &instance.nodes[*node].id;
                (ChangeKind::NodeUplink, id, *more, format!("give {id} {more} more uplink"))
            }
            Grant::Link(link, more) => {
                let id = &instance.links[*link].id;
                (ChangeKind::LinkCapacity, id, *more, format!("widen the link {id} by {more}"))
            }
            Grant::Policy(policy) => {
                let row = &instance.policies[policy.index()];
                let more = beyond(forest, seat, *policy, flows);
                let text = match (&row.rule, more) {
                    (Rule::LimitRate { .. } | Rule::LimitVolume { .. }, more) if more.0 > 0 => {
                        format!("raise the limit of policy {} by {more}, or relax it for this viewer", row.id)
                    }
                    _ => format!("relax policy {} ({}) for this viewer", row.id, row.rule.name()),
                };
                (ChangeKind::RelaxPolicy, &row.id, more, text)
            }
        };
        Change { kind, target: target.to_string(), amount_kbps: amount.0, text }
    }

    /// A waypoint in the network of a node.
    pub(super) fn waypoint(network: &str, uplink: Kbps) -> Change {
        let text = format!("set up a waypoint with {uplink} of uplink in {network}");
        Change { kind: ChangeKind::Waypoint, target: network.to_owned(), amount_kbps: uplink.0, text }
    }
}

/// What flows into a request take of a policy's limit beyond what it has left; 0 for policies that set no common limit.
fn beyond(forest: &Forest<'_>, seat: SeatId, policy: PolicyId, flows: &[(u32, SeatId)]) -> Kbps {
    let rules = forest.rules;
    let Some(limit) = rules.limits.iter().position(|limit| limit.policy == policy) else { return Kbps(0) };
    let (at, rate) = (forest.seat(seat), forest.rate(seat));
    let to = rules.classes.class(at.node);
    let mut counted = 0;
    for (_, parent) in flows {
        let from = rules.classes.class(forest.seat(*parent).node);
        if let Some(route) = rules.reach(from, to) {
            rules.each_limit(from, to, at.content, route, |row| counted += u64::from(row == limit));
        }
    }
    rate.times(counted).saturating_sub(forest.loads.limit(limit))
}
