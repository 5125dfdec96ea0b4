//! Links and policies: how much they are used, whether they bind, what one Mbps more would gain, and what would be without.

use crate::cli::figures::{count, number, percent, right, share, table};
use crate::cli::terminal::Terminal;
use comfy_table::Cell;
use pleach::engine::explain::Without;
use pleach::ids::Id;
use pleach::instance::Instance;
use pleach::plan::file::Price;
use pleach::plan::{LinkUse, Plan, PolicyUse};
use serde_json::{Value, json};
use std::fmt::Write;

/// Links that are listed; the rest is counted.
const LISTED: usize = 12;

/// Every link that the plan lists.
pub fn links(instance: &Instance, plan: &Plan) -> Value {
    let row = |row: &LinkUse| {
        let link = &instance.links[row.link];
        json!({"id": link.id, "kbps": row.load.0, "capacity_kbps": link.capacity.map(|rate| rate.0),
               "binding": binds(instance, row), "price": row.price})
    };
    plan.links.iter().map(row).collect()
}

/// Every policy in force.
pub fn policies(instance: &Instance, plan: &Plan) -> Value {
    let row = |row: &PolicyUse| {
        let policy = &instance.policies[row.policy.index()];
        json!({"id": policy.id, "rule": policy.rule.name(), "rank": policy.rank, "relaxable": policy.relaxable,
               "matched": row.matched, "usage_kbps": row.usage.map(|rate| rate.0), "limit_kbps": row.limit.map(|rate| rate.0),
               "binding": row.binding, "price": row.price, "relaxed": relaxed(plan, row)})
    };
    plan.policies.iter().map(row).collect()
}

/// For how many requests a policy is relaxed.
fn relaxed(plan: &Plan, row: &PolicyUse) -> usize {
    plan.assignments.iter().filter(|assignment| assignment.relaxed.contains(&row.policy)).count()
}

/// No flow more fits, or more of it would gain something.
fn binds(instance: &Instance, row: &LinkUse) -> bool {
    let smallest = instance.contents.iter().map(|content| content.rate()).min().unwrap_or_default();
    let left = instance.links[row.link].capacity.map(|capacity| capacity.saturating_sub(row.load));
    left.is_some_and(|left| left < smallest) || row.price.is_some_and(|price| price.service > 0.0 || price.cost > 0.0)
}

/// The links that bind, and every policy.
pub fn words(instance: &Instance, plan: &Plan, look: Terminal) -> String {
    let mut text = String::new();
    let mut binding: Vec<&LinkUse> = plan.links.iter().filter(|row| binds(instance, row)).collect();
    let worth = |row: &LinkUse| row.price.map_or(0.0, |price| price.service * 1e6 + price.cost);
    binding.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(a.link.cmp(&b.link)));
    if !binding.is_empty() {
        let _ = writeln!(text, "  {}", look.strong("links that bind, and what one Mbps more would gain"));
        let mut rows = table(look);
        for row in binding.iter().take(LISTED) {
            let link = &instance.links[row.link];
            let full = link.capacity.map_or(0.0, |capacity| share(row.load.0 as f64, capacity.0 as f64));
            rows.add_row([Cell::new(format!("   {}", link.id)), right(percent(full)), right(gain(row.price))]);
        }
        let _ = writeln!(text, "{rows}");
        if let Some(more) = binding.len().checked_sub(LISTED).filter(|more| *more > 0) {
            let _ = writeln!(text, "     {}", look.quiet(&format!("and {more} more, which --json lists")));
        }
        text.push('\n');
    }
    if !plan.policies.is_empty() {
        let _ = writeln!(text, "  {}", look.strong("policies in force"));
        let mut rows = table(look);
        for row in &plan.policies {
            rows.add_row(policy(instance, plan, row));
        }
        let _ = writeln!(text, "{rows}\n");
    }
    let more = "--node ID, --counterfactual, --lint and --shortage tell more";
    let _ = writeln!(text, "  {}", look.quiet(more));
    text
}

fn policy(instance: &Instance, plan: &Plan, row: &PolicyUse) -> Vec<Cell> {
    let policy = &instance.policies[row.policy.index()];
    let used = match (row.usage, row.limit) {
        (Some(usage), Some(limit)) => format!("{usage} of {limit}"),
        _ => String::new(),
    };
    let relaxed = match relaxed(plan, row) {
        0 => String::new(),
        times => format!("relaxed for {times}"),
    };
    let state = if row.binding { "binds" } else { "does not bind" };
    let matched = format!("{} requests", count(row.matched));
    [format!("   {}", policy.id), policy.rule.name().to_owned(), matched, used, state.to_owned(), relaxed, gain(row.price)]
        .into_iter()
        .map(Cell::new)
        .collect()
}

/// What one Mbps more gains.
fn gain(price: Option<Price>) -> String {
    let Some(price) = price else { return String::new() };
    let parts = [("service", price.service, '+'), ("cost", price.cost, '-')];
    let told: Vec<String> = (parts.iter())
        .filter(|(_, price, _)| *price > 5e-7)
        .map(|(name, price, sign)| format!("{sign}{} {name} per Mbps", number(*price)))
        .collect();
    told.join(", ")
}

/// All three values without each policy and link that was tried.
pub fn without(plan: &Plan, answers: &[Without], look: Terminal) -> String {
    let mut text = format!("\n  {}\n", look.strong("what would be without"));
    let mut rows = table(look);
    rows.add_row(["", "", "service", "relaxation", "cost"].map(Cell::new));
    let now = [plan.service.value, plan.relaxation.value, plan.cost.value];
    let first = [Cell::new("   the plan"), Cell::new("")];
    rows.add_row(first.into_iter().chain(now.map(|value| right(number(value)))).collect::<Vec<_>>());
    for answer in answers {
        let shown = |place: usize| match answer.change[place] {
            change if change.abs() < 5e-7 => right("="),
            change => {
                right(format!("{} ({}{})", number(answer.values[place]), if change > 0.0 { "+" } else { "" }, number(change)))
            }
        };
        let name = [Cell::new(format!("   {}", answer.target)), Cell::new(answer.kind)];
        rows.add_row(name.into_iter().chain((0..3).map(shown)).collect::<Vec<_>>());
    }
    let _ = writeln!(text, "{rows}\n");
    text
}
