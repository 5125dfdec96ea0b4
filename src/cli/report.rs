//! `pleach report`: an instance and a plan in, a page to look at out.

use super::errors::{Failure, Kind};
use super::figures::count;
use super::input::{self, Given};
use super::output;
use super::terminal::{Terminal, say};
use clap::Args;
use pleach::report::Report;
use pleach::verify::{self, ViolationKind};
use std::path::{Path, PathBuf};

/// Columns of the picture of hops.
const COLUMNS: usize = 60;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    given: Given,

    /// The plan; - is standard input
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Where the page goes; - is standard output
    #[arg(long, value_name = "FILE", required_unless_present = "svg")]
    html: Option<PathBuf>,

    /// Where the map alone goes
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Examines the plan and writes what was asked for; what is wrong with the plan stands at the head of the page.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { given, plan: path, html, svg } = arguments;
    let instance = given.instance(&[&path])?;
    let (file, _) = input::plan(&path)?;
    let (plan, found) = verify::check(&instance, file);
    if let Some(other) = found.violations.iter().find(|found| found.kind == ViolationKind::OtherInstance) {
        let message = format!("{} is a plan for something else: {}: {}", path.display(), other.place, other.text);
        return Err(Failure::new(Kind::Violation, message, Vec::new()));
    }
    let report = Report::of(&instance, &plan);
    if let Some(html) = &html {
        write(html, &report.page(&found.violations).map_err(unfilled)?)?;
    }
    if let Some(svg) = &svg {
        write(svg, &report.picture().map_err(unfilled)?)?;
    }
    let look = Terminal::stderr();
    let verdict = match found.violations.len() {
        0 => look.good("✓ the plan is valid"),
        wrong => look.bad(&format!("✗ {} violations, told at the head of the page", count(wrong as u64))),
    };
    say(&format!("\n  {}  {verdict}\n\n{}", look.strong(&instance.name), hops(&report.profile(), look)));
    for path in [html, svg].into_iter().flatten().filter(|path| path != Path::new(output::STDOUT)) {
        say(&format!("  look at {}\n", look.strong(&path.display().to_string())));
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    output::write(Some(path), |out| out.write_all(text.as_bytes()))
}

fn unfilled(fault: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Internal, format!("the page cannot be filled in: {fault}"), Vec::new())
}

/// The trees in four lines: a column for each hop (or for several), as high as the copies received there.
fn hops(profile: &[u64], look: Terminal) -> String {
    const SIGNS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const LINES: usize = 4;
    if profile.is_empty() {
        return String::new();
    }
    let step = profile.len().div_ceil(COLUMNS);
    let columns: Vec<u64> = profile.chunks(step).map(|bin| bin.iter().sum()).collect();
    let most = columns.iter().copied().max().unwrap_or(1).max(1) as f64;
    let mut text = String::new();
    for line in (0..LINES).rev() {
        let sign = |copies: &u64| {
            let eighths = (*copies as f64 / most * (LINES * 8) as f64).ceil() as usize;
            let sign = SIGNS[eighths.saturating_sub(line * 8).min(8)];
            if columns.len() <= COLUMNS / 3 { format!("{sign}{sign} ") } else { sign.to_string() }
        };
        let row: String = columns.iter().map(sign).collect();
        text += &format!("  {}\n", look.good(row.trim_end()));
    }
    let words = format!("copies received, hop 1 to hop {}; {} at the most crowded", profile.len(), count(most as u64));
    text + &format!("  {}\n\n", look.quiet(&words))
}
