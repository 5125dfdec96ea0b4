//! What an operator sees after a solve: the three values with their bounds, the traffic beside that of the topology in
//! force, who is left out and why, what is scarce, and where the time went.

use super::figures::{bar, count, number, percent, right, share, table, times};
use super::terminal::Terminal;
use super::traffic;
use comfy_table::{Cell, Color, Table};
use pleach::engine::theory;
use pleach::instance::Instance;
use pleach::plan::{Plan, Reason, Value};
use pleach::units::Kbps;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Rows of a list before the rest is only counted.
const ROWS: usize = 6;
/// A link with so much of its capacity in use is full, for people.
const FULL: f64 = 0.95;

/// The whole summary, ending with a line break.
pub fn of(instance: &Instance, plan: &Plan, look: Terminal) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "\n{}\n", headline(instance, plan, look));
    section(&mut text, look, "", values(instance, plan, look));
    section(&mut text, look, "beside the topology in force", traffic::beside(instance, plan, look));
    section(&mut text, look, "unserved", unserved(instance, plan, look));
    section(&mut text, look, "busiest links", links(instance, plan, look));
    section(&mut text, look, "binding policies", policies(instance, plan, look));
    let _ = writeln!(text, "  {}", look.quiet(&times(&plan.statistics.seconds)));
    text
}

fn headline(instance: &Instance, plan: &Plan, look: Terminal) -> String {
    let origin = &plan.origin;
    let how = format!("{} · seed {} · model {}", origin.method.word(), origin.seed, origin.model);
    format!("  {}  {}", look.strong(&instance.name), look.quiet(&how))
}

/// A titled table, left out when it is empty.
fn section(text: &mut String, look: Terminal, title: &str, table: Table) {
    if table.is_empty() {
        return;
    }
    if !title.is_empty() {
        let _ = writeln!(text, "  {}", look.strong(title));
    }
    for line in table.lines() {
        let _ = writeln!(text, " {}", line.trim_end());
    }
    text.push('\n');
}

fn values(instance: &Instance, plan: &Plan, look: Terminal) -> Table {
    let statistics = &plan.statistics;
    let served = share(statistics.served as f64, statistics.requests as f64);
    let mut rows = table(look);
    let of = format!("{} of {} requests", count(statistics.served), count(statistics.requests));
    rows.add_row([Cell::new("served"), bar(served), right(percent(served)), Cell::new(of)]);
    // Against what is proved, else the bar would claim what nobody knows.
    let proved = plan.service.bound.map(|bound| share(plan.service.value, bound));
    let reached = proved.map_or(Cell::new(""), bar);
    rows.add_row([Cell::new("service"), reached, right(number(plan.service.value)), proof(plan.service, "at most")]);
    rows.add_row([
        Cell::new("relaxation"),
        Cell::new(""),
        right(number(plan.relaxation.value)),
        proof(plan.relaxation, "at least"),
    ]);
    rows.add_row([Cell::new("cost"), Cell::new(""), right(number(plan.cost.value)), proof(plan.cost, "at least")]);
    if let Some((rate, needed)) = full_mesh(instance) {
        let words = format!("of {needed} for everybody, if all could connect");
        let part = share(rate.0 as f64, needed.0 as f64);
        rows.add_row([Cell::new("full mesh"), bar(part), right(rate), Cell::new(words)]);
    }
    let offload = statistics.peer_offload;
    rows.add_row([Cell::new("peers send"), bar(offload), right(percent(offload)), Cell::new("of the traffic")]);
    let depth = format!("hops in the mean, {} at most", statistics.max_depth);
    rows.add_row([Cell::new("depth"), Cell::new(""), right(format!("{:.1}", statistics.mean_depth)), Cell::new(depth)]);
    let loss = Cell::new("substreams at most, if any one peer fails");
    rows.add_row([Cell::new("a request loses"), Cell::new(""), right(count(statistics.worst_loss_of_one)), loss]);
    let changes = plan.changes;
    if changes.kept + changes.changed + changes.removed > 0 {
        let words = format!("changed, {} added, {} removed", count(changes.added), count(changes.removed));
        let kept = share(changes.kept as f64, (changes.kept + changes.changed + changes.removed) as f64);
        rows.add_row([
            Cell::new("kept"),
            bar(kept),
            right(percent(kept)),
            Cell::new(format!("{} {words}", count(changes.changed))),
        ]);
    }
    rows
}

/// The largest rate that theory allows a full mesh, beside the rate of the one content.
fn full_mesh(instance: &Instance) -> Option<(Kbps, Kbps)> {
    let rate = theory::full_mesh_rate(instance)?;
    instance.contents.iter().next().map(|content| (Kbps(rate as u64), content.bitrate))
}

/// The bound and the gap, or that there is none.
fn proof(value: Value, words: &str) -> Cell {
    match (value.bound, value.gap) {
        (Some(bound), Some(gap)) => {
            let colour = if gap <= 0.01 { Color::Green } else { Color::Yellow };
            Cell::new(format!("proved: {words} {} (gap {:.2} %)", number(bound), gap * 100.0)).fg(colour)
        }
        _ => Cell::new("no bound proved").fg(Color::DarkGrey),
    }
}

/// How many requests each reason leaves out, with the policies behind it.
fn unserved(instance: &Instance, plan: &Plan, look: Terminal) -> Table {
    let mut rows = table(look);
    for reason in Reason::ALL {
        let left_out: Vec<_> = plan.unserved.iter().filter(|row| row.reason == reason).collect();
        if left_out.is_empty() {
            continue;
        }
        let mut words = reason.meaning().to_owned();
        let mut by_policy = BTreeMap::new();
        for policy in left_out.iter().flat_map(|row| &row.policies) {
            *by_policy.entry(*policy).or_insert(0_u64) += 1;
        }
        for (policy, requests) in by_policy.iter().take(ROWS) {
            let id = instance.policies.get(policy.0 as usize).map_or("?", |policy| policy.id.as_str());
            let _ = write!(words, "; {id} ({})", count(*requests));
        }
        if by_policy.len() > ROWS {
            let _ = write!(words, "; and {} more", by_policy.len() - ROWS);
        }
        let part = share(left_out.len() as f64, plan.statistics.requests as f64);
        let number = right(count(left_out.len() as u64)).fg(Color::Yellow);
        rows.add_row([Cell::new(reason.word()), bar(part).fg(Color::Yellow), number, Cell::new(words)]);
    }
    rows
}

/// The links nearest to their limit.
fn links(instance: &Instance, plan: &Plan, look: Terminal) -> Table {
    let mut loads: Vec<_> = plan
        .links
        .iter()
        .filter_map(|used| instance.links.get(used.link).map(|link| (link, used)))
        .filter_map(|(link, used)| link.capacity.map(|capacity| (link, used.load, capacity)))
        .map(|(link, load, capacity)| (share(load.0 as f64, capacity.0 as f64), link, load, capacity))
        .filter(|(part, ..)| *part > 0.0)
        .collect();
    // Ties stay in order of the links' ids.
    loads.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut rows = table(look);
    for (part, link, load, capacity) in loads.iter().take(ROWS) {
        let colour = if *part >= FULL { Color::Red } else { Color::Reset };
        let words = Cell::new(format!("{load} of {capacity}"));
        rows.add_row([Cell::new(&link.id), bar(*part).fg(colour), right(percent(*part)).fg(colour), words]);
    }
    let full = loads.iter().skip(ROWS).filter(|(part, ..)| *part >= FULL).count();
    let words = if full > 0 { format!(", {} of them above {}", count(full as u64), percent(FULL)) } else { String::new() };
    rest(&mut rows, loads.len(), &words);
    rows
}

/// The policies that cost something.
fn policies(instance: &Instance, plan: &Plan, look: Terminal) -> Table {
    let binding: Vec<_> = plan.policies.iter().filter(|used| used.binding).collect();
    let mut rows = table(look);
    for used in binding.iter().take(ROWS) {
        let id = instance.policies.get(used.policy.0 as usize).map_or("?", |policy| policy.id.as_str());
        let matched = format!("{} requests matched", count(used.matched));
        let (part, words) = match (used.usage, used.limit) {
            (Some(usage), Some(limit)) => {
                let part = share(usage.0 as f64, limit.0 as f64);
                ((bar(part), right(percent(part))), format!("{usage} of {limit}, {matched}"))
            }
            _ => ((Cell::new(""), Cell::new("")), matched),
        };
        rows.add_row([Cell::new(id), part.0, part.1, Cell::new(words)]);
    }
    rest(&mut rows, binding.len(), "");
    rows
}

/// Counts what a list leaves out.
fn rest(rows: &mut Table, all: usize, words: &str) {
    if all > ROWS {
        let left_out = format!("and {} more{words}", count((all - ROWS) as u64));
        rows.add_row([Cell::new(""), Cell::new(""), Cell::new(""), Cell::new(left_out).fg(Color::DarkGrey)]);
    }
}
