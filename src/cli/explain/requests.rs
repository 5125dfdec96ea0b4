//! Requests in words: why they get nothing and what would help, or why they have their parents.

use crate::cli::figures::count;
use crate::cli::terminal::Terminal;
use pleach::engine::explain::{Change, ServedAnswer, UnservedAnswer};
use pleach::instance::Instance;
use pleach::plan::Plan;
use std::fmt::Write;

/// Kinds of unserved requests that are told one by one; the rest is counted.
const LISTED: usize = 12;

/// The unserved requests, those that are alike together.
pub fn unserved(instance: &Instance, plan: &Plan, answers: &[UnservedAnswer], one_node: bool, look: Terminal) -> String {
    let mut text = String::new();
    if !one_node {
        let left = plan.unserved.len() as u64;
        let state = format!("{} requests · {} unserved", count(plan.statistics.requests), count(left));
        let _ = writeln!(text, "\n  {}  {}\n", look.strong(&instance.name), look.quiet(&state));
        if left == 0 {
            let _ = writeln!(text, "  {}\n", look.good("✓ all are served"));
        }
    }
    for answer in answers.iter().take(LISTED) {
        let others = match answer.requests {
            1 => String::new(),
            more => format!(" and {} like it", count(more - 1)),
        };
        let _ = writeln!(text, "  {}{others}: {}", look.strong(&answer.example), look.bad(answer.reason));
        let _ = writeln!(text, "     {}", answer.detail);
        for (number, remedy) in answer.remedies.iter().enumerate() {
            let word = if number == 0 { "remedy" } else { "or" };
            let changes: Vec<&str> = remedy.changes.iter().map(|change: &Change| change.text.as_str()).collect();
            let _ = writeln!(text, "     {word:<7} {}", changes.join(", and "));
        }
        if answer.remedies.is_empty() {
            let _ = writeln!(
                text,
                "     {}",
                look.quiet("no change of one or two links, uplinks or policies serves it beside the others")
            );
        }
        text.push('\n');
    }
    if let Some(more) = answers.len().checked_sub(LISTED).filter(|more| *more > 0) {
        let requests: u64 = answers[LISTED..].iter().map(|answer| answer.requests).sum();
        let told = format!("and {} requests of {more} more kinds, which --json lists", count(requests));
        let _ = writeln!(text, "  {}\n", look.quiet(&told));
    }
    text
}

/// The served requests of one node, parent by parent.
pub fn served(answers: &[ServedAnswer], look: Terminal) -> String {
    let mut text = String::from("\n");
    for answer in answers {
        let (has, all) = answer.substreams;
        let _ = writeln!(
            text,
            "  {}: {}",
            look.strong(&answer.request),
            look.good(&format!("served with {has} of {all} substreams"))
        );
        if !answer.relaxed.is_empty() {
            let _ = writeln!(text, "     {} {}", look.notice("relaxed for it:"), answer.relaxed.join(", "));
        }
        if answer.parents.is_empty() {
            let _ = writeln!(text, "     it holds what it has");
        }
        for parent in &answer.parents {
            let substreams: Vec<String> = parent.substreams.iter().map(u32::to_string).collect();
            let where_from = format!("{} ({}, {})", parent.parent, parent.role, parent.network);
            let _ = writeln!(text, "     substream {} from {}", substreams.join(", "), look.strong(&where_from));
            let _ = writeln!(
                text,
                "        {:.4} per Mbps: {}; {} below a holder",
                parent.unit_cost,
                parent.because,
                hops(parent.depth)
            );
            match parent.cheaper.is_empty() {
                true => {
                    let _ = writeln!(text, "        {}", look.quiet("no sender is cheaper"));
                }
                false => {
                    let _ = writeln!(text, "        {} {}", look.quiet("cheaper, but:"), parent.cheaper.join("; "));
                }
            }
        }
        text.push('\n');
    }
    text
}

fn hops(count: u32) -> String {
    if count == 1 { "1 hop".to_owned() } else { format!("{count} hops") }
}
