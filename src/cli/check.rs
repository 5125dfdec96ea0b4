//! `pleach check`: an instance and a plan in, yes or no out, with everything that is wrong and the values recomputed.

use super::errors::{Failure, Kind, Told};
use super::figures::{number, right, table};
use super::input::{self, Given};
use super::output;
use super::terminal::Terminal;
use clap::Args;
use comfy_table::{Cell, Color};
use pleach::instance::Instance;
use pleach::plan::Plan;
use pleach::verify::{self, Examination, Violation};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    given: Given,

    /// The plan; - is standard input
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Answers in JSON
    #[arg(long)]
    json: bool,
}

/// Examines the plan, prints what was found, and fails if anything was.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let instance = arguments.given.instance(&[&arguments.plan])?;
    let (file, _) = input::plan(&arguments.plan)?;
    // What does not fit the instance is an answer too, and the rest is still examined.
    let (plan, found) = verify::check(&instance, file);
    let violations = &found.violations;
    let answer = match arguments.json {
        true => machine(&plan, &found, violations),
        false => words(&instance, &plan, &found, violations, Terminal::stdout()),
    };
    let written = output::write(None, |out| out.write_all(answer.as_bytes()));
    if violations.is_empty() {
        return written;
    }
    // The answer is no, whoever reads on.
    let message = format!("{}: {}", arguments.plan.display(), counted(violations.len()));
    Err(Failure::new(Kind::Violation, message, violations.iter().map(told).collect()))
}

fn told(violation: &Violation) -> Told {
    let Violation { kind, place, text } = violation;
    Told { code: kind.word().into(), path: place.clone(), what: text.clone(), remedy: String::new() }
}

fn counted(violations: usize) -> String {
    if violations == 1 { "1 violation".into() } else { format!("{violations} violations") }
}

/// One JSON object; the violations look as faults do in `--error-format json`.
fn machine(plan: &Plan, found: &Examination, violations: &[Violation]) -> String {
    let violations: Vec<Told> = violations.iter().map(told).collect();
    let claimed = json!({
        "service": plan.service.value, "relaxation": plan.relaxation.value, "cost": plan.cost.value,
        "served": plan.statistics.served,
    });
    let recomputed = json!({
        "service": found.service, "relaxation": found.relaxation, "cost": found.cost.value(),
        "served": found.statistics.served,
    });
    let object = json!({
        "valid": violations.is_empty(), "violations": violations, "claimed": claimed, "recomputed": recomputed,
    });
    format!("{object:#}\n")
}

/// The verdict, the violations by kind, and the values side by side.
fn words(instance: &Instance, plan: &Plan, found: &Examination, violations: &[Violation], look: Terminal) -> String {
    let origin = &plan.origin;
    let how = format!("a plan by {} · seed {} · model {}", origin.method.word(), origin.seed, origin.model);
    let mut text = format!("\n  {}  {}\n\n", look.strong(&instance.name), look.quiet(&how));
    let verdict = match violations.len() {
        0 => look.good("✓ valid: every rule holds and every number is right"),
        count => look.bad(&format!("✗ {}", counted(count))),
    };
    let _ = writeln!(text, "  {verdict}\n");
    let mut kinds: BTreeMap<_, Vec<&Violation>> = BTreeMap::new();
    for violation in violations {
        kinds.entry(violation.kind).or_default().push(violation);
    }
    for (kind, violations) in kinds {
        let _ = writeln!(text, "  {} {}", look.strong(kind.word()), look.quiet(&format!("({})", violations.len())));
        for Violation { place, text: what, .. } in violations {
            let _ = writeln!(text, "    {}  {what}", look.notice(place));
        }
        text.push('\n');
    }
    values(&mut text, plan, found, look);
    text
}

/// What the plan claims beside what it is.
fn values(text: &mut String, plan: &Plan, found: &Examination, look: Terminal) {
    let rows = [
        ("service", plan.service.value, found.service),
        ("relaxation", plan.relaxation.value, found.relaxation),
        ("cost", plan.cost.value, found.cost.value()),
        ("served", plan.statistics.served as f64, found.statistics.served as f64),
        ("peers send", plan.statistics.peer_offload, found.statistics.peer_offload),
        ("mean depth", plan.statistics.mean_depth, found.statistics.mean_depth),
    ];
    let mut values = table(look);
    values.add_row([Cell::new(""), right("claimed"), right("recomputed")]);
    for (name, claimed, recomputed) in rows {
        let (claimed, recomputed) = (number(claimed), number(recomputed));
        let colour = if claimed == recomputed { Color::Green } else { Color::Red };
        values.add_row([Cell::new(name), right(claimed), right(recomputed).fg(colour)]);
    }
    for line in values.lines() {
        let _ = writeln!(text, " {}", line.trim_end());
    }
}
