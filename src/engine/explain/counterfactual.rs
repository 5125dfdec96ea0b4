//! What would be without a policy, or without the limit of a link: the instance solved again without it.

use crate::engine::{Cancel, Options, Progress, solve};
use crate::ids::Id;
use crate::instance::Instance;
use crate::plan::Plan;
use serde::Serialize;

/// Links that are tried: those that are priced or full, the dearest first.
const LINKS: usize = 20;

/// All three values without something.
#[derive(Clone, Debug, Serialize)]
pub struct Without {
    /// `policy` or `link`.
    pub kind: &'static str,
    /// Id of the policy or link.
    pub target: String,
    /// Service, relaxation and cost of the plan without it.
    pub values: [f64; 3],
    /// The same less those of the plan at hand.
    pub change: [f64; 3],
}

/// Solves the instance without each policy in force, and without the limit of each link that binds in the plan.
pub fn without(
    instance: &Instance,
    plan: &Plan,
    options: &Options,
    progress: &mut dyn Progress,
    cancel: &Cancel,
) -> Vec<Without> {
    let mut answers = Vec::new();
    let mut solve_without = |kind, target: String, changed: Instance| {
        if cancel.is_cancelled() {
            return;
        }
        let found = solve(&changed, options, progress, cancel).plan;
        let of = |plan: &Plan| [plan.service.value, plan.relaxation.value, plan.cost.value];
        let (values, now) = (of(&found), of(plan));
        answers.push(Without { kind, target, values, change: std::array::from_fn(|value| values[value] - now[value]) });
    };
    for row in &plan.policies {
        let mut changed = instance.clone();
        let policy = changed.policies.remove(row.policy.index());
        solve_without("policy", policy.id.to_string(), changed);
    }
    let price = |row: &&crate::plan::LinkUse| row.price.map_or(0.0, |price| price.service * 1e6 + price.cost);
    let full = |row: &&crate::plan::LinkUse| {
        let smallest = instance.contents.iter().map(|content| content.rate()).min().unwrap_or_default();
        let left = instance.links[row.link].capacity.map(|capacity| capacity.saturating_sub(row.load));
        left.is_some_and(|left| left < smallest) || price(row) > 0.0
    };
    let mut links: Vec<_> = plan.links.iter().filter(full).collect();
    links.sort_by(|a, b| price(b).total_cmp(&price(a)).then(a.link.cmp(&b.link)));
    for row in links.into_iter().take(LINKS) {
        let mut changed = instance.clone();
        changed.links[row.link].capacity = None;
        solve_without("link", instance.links[row.link].id.to_string(), changed);
    }
    answers
}
