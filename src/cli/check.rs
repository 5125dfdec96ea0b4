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
use pleach::plan::certificate::Proof;
use pleach::verify::bounds::{self, Judged};
use pleach::verify::{self, Examination, Violation};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Of the three values, in order.
const NAMES: [&str; 3] = ["service", "relaxation", "cost"];

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    given: Given,

    /// The plan; - is standard input
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// A certificate, to be held against the bounds of the plan
    #[arg(long, value_name = "CERTIFICATE")]
    bounds: Option<PathBuf>,

    /// Answers in JSON
    #[arg(long)]
    json: bool,
}

/// Examines the plan, prints what was found, and fails if anything was.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let others = [Some(arguments.plan.as_path()), arguments.bounds.as_deref()];
    let instance = arguments.given.instance(&others.into_iter().flatten().collect::<Vec<_>>())?;
    let (file, _) = input::plan(&arguments.plan)?;
    let certificate = arguments.bounds.as_deref().map(input::certificate).transpose()?;
    // What does not fit the instance is an answer too, and the rest is still examined.
    let (plan, mut found) = verify::check(&instance, file);
    let bounds = certificate.map(|certificate| bounds::judge(&instance, &plan, &found, &certificate));
    found.violations.extend(bounds.iter().flat_map(|bounds| bounds.violations.iter().cloned()));
    let (violations, judged) = (&found.violations, bounds.and_then(|bounds| bounds.judged));
    let answer = match arguments.json {
        true => machine(&plan, &found, violations, judged.as_ref()),
        false => words(&instance, &plan, &found, judged.as_ref(), Terminal::stdout()),
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
fn machine(plan: &Plan, found: &Examination, violations: &[Violation], judged: Option<&[Judged; 3]>) -> String {
    let violations: Vec<Told> = violations.iter().map(told).collect();
    let claimed = json!({
        "service": plan.service.value, "relaxation": plan.relaxation.value, "cost": plan.cost.value,
        "served": plan.statistics.served,
    });
    let recomputed = json!({
        "service": found.service, "relaxation": found.relaxation, "cost": found.cost.value(),
        "served": found.statistics.served,
    });
    let mut object = json!({
        "valid": violations.is_empty(), "violations": violations, "claimed": claimed, "recomputed": recomputed,
    });
    for (name, judged) in NAMES.iter().zip(judged.into_iter().flatten()) {
        let Judged { bound, proof, proved, is_claimed } = judged;
        object["bounds"][name] = json!({ "claimed": bound, "proof": proof, "proved": proved, "checked": !is_claimed });
    }
    format!("{object:#}\n")
}

/// The verdict, the violations by kind, and the values side by side.
fn words(instance: &Instance, plan: &Plan, found: &Examination, judged: Option<&[Judged; 3]>, look: Terminal) -> String {
    let violations = &found.violations;
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
    if let Some(judged) = judged {
        bounds_table(&mut text, judged, look);
    }
    text
}

/// What the certificate proves beside what the plan claims.
fn bounds_table(text: &mut String, judged: &[Judged; 3], look: Terminal) {
    let mut rows = table(look);
    rows.add_row([Cell::new("bound"), right("claimed"), right("proved"), Cell::new("")]);
    for (name, judged) in NAMES.iter().zip(judged) {
        let Judged { bound, proof, proved, is_claimed } = judged;
        let claimed = bound.map_or_else(|| "none".to_owned(), number);
        let word = match proof {
            _ if *is_claimed => "not checked: search",
            Proof::Prices => "by prices",
            Proof::Counting => "by counting",
            Proof::Search | Proof::None => "",
        };
        rows.add_row([Cell::new(name), right(claimed), right(number(*proved)), Cell::new(word)]);
    }
    text.push('\n');
    for line in rows.lines() {
        let _ = writeln!(text, " {}", line.trim_end());
    }
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
