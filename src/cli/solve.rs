//! `pleach solve`: an instance in, a plan out.

use super::errors::Failure;
use super::input::{self, Given};
use super::output;
use super::progress::Bar;
use super::summary;
use super::terminal::{Terminal, say};
use clap::Args;
use pleach::engine::{self, Cancel, MethodChoice, Options, Select};
use pleach::parameters::{Model, SHIPPED};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Methods of the contract that this version has.
const METHODS: [(&str, MethodChoice); 4] = [
    ("auto", MethodChoice::Auto),
    ("exact", MethodChoice::Exact),
    ("optimized", MethodChoice::Optimized),
    ("greedy", MethodChoice::Greedy),
];

/// A longer limit is no limit, and might not fit the clock.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    given: Given,

    /// Where the plan goes [default: standard output]
    #[arg(short, long, value_name = "PLAN")]
    output: Option<PathBuf>,

    /// Weights and effort: live, file, enterprise, or the path of a model file
    #[arg(long, value_name = "NAME|FILE", default_value = "live")]
    model: String,

    /// How the plan is made: auto, exact, optimized or greedy
    #[arg(long, value_name = "METHOD", default_value = "auto")]
    method: String,

    /// Who chooses: each request its parents, or each parent its children
    #[arg(long, value_name = "WHOM", default_value = "parents")]
    select: Choice,

    /// Stop when all gaps are at most this, like 0.01 [default: the model's]
    #[arg(long)]
    gap: Option<f64>,

    /// Stop after this long, counted from the end of reading, like 500ms, 60s or 2m
    #[arg(long, value_name = "DURATION")]
    time_limit: Option<String>,

    /// Worker threads [default: one for each core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// Seed of every random choice
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Where the prices that prove the bounds go
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Choice {
    Parents,
    Children,
}

/// Reads, solves, writes the plan, and says what came out.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = options(&arguments)?;
    let (instance, seconds) = input::timed(|| arguments.given.instance(&[]))?;
    let look = Terminal::stderr();
    let mut bar = Bar::new(look);
    let outcome = engine::solve(&instance, &options, &mut bar, &Cancel::default());
    bar.clear();
    let plan = outcome.plan.timed(|spent| {
        spent.read = seconds;
        spent.total += seconds;
    });
    output::write(arguments.output.as_deref(), |out| pleach::plan::write::write(&plan, &instance, out))?;
    if let Some(certificate) = &outcome.certificate {
        output::write(arguments.certificate.as_deref(), |out| pleach::plan::certificate::write(certificate, out))?;
    }
    say(&summary::of(&instance, &plan, look));
    for warning in &outcome.warnings {
        say(&format!("{} {warning}\n", look.notice("warning:")));
    }
    Ok(())
}

/// Options as the engine needs them; every fault of the arguments is found before a file is read.
fn options(arguments: &Arguments) -> Result<Options, Failure> {
    let to_stdout = |path: Option<&Path>| path.is_none_or(|path| path == Path::new(output::STDOUT));
    if arguments.certificate.is_some() && to_stdout(arguments.certificate.as_deref()) && to_stdout(arguments.output.as_deref()) {
        let what = "the plan and the certificate cannot both go to standard output";
        return Err(Failure::usage("--certificate", what, "give the path of a file"));
    }
    Ok(Options {
        method: method(&arguments.method)?,
        select: match arguments.select {
            Choice::Parents => Select::Parents,
            Choice::Children => Select::Children,
        },
        gap: arguments.gap.map(gap).transpose()?,
        time_limit: arguments.time_limit.as_deref().map(duration).transpose()?,
        threads: arguments.threads.map(threads).transpose()?,
        certificate: arguments.certificate.is_some(),
        seed: arguments.seed,
        ..Options::new(model(&arguments.model)?)
    })
}

fn method(word: &str) -> Result<MethodChoice, Failure> {
    let built = METHODS.iter().find(|(name, _)| *name == word);
    built.map(|(_, method)| *method).ok_or_else(|| {
        let names = METHODS.map(|(name, _)| name).join(", ");
        Failure::usage("--method", format!("this version has no method \"{word}\""), format!("use one of: {names}"))
    })
}

/// A shipped model, or a file.
fn model(name: &str) -> Result<Model, Failure> {
    if let Some(model) = Model::shipped(name) {
        return Ok(model);
    }
    let shipped = SHIPPED.map(|(name, _)| name).join(", ");
    let text = std::fs::read_to_string(name).map_err(|fault| {
        let what = format!("no shipped model is called \"{name}\", and no such file can be read: {fault}");
        Failure::usage("--model", what, format!("use one of {shipped}, or the path of a model file"))
    })?;
    Model::parse(&text).map_err(|fault| {
        let remedy = "the files in models/ show every field";
        Failure::usage("--model", format!("{name}: {}", fault.trim_end()), remedy)
    })
}

fn gap(gap: f64) -> Result<f64, Failure> {
    let usable = gap.is_finite() && gap >= 0.0;
    usable.then_some(gap).ok_or_else(|| Failure::usage("--gap", format!("{gap} is no gap"), "give a number from 0, like 0.01"))
}

fn threads(threads: usize) -> Result<usize, Failure> {
    (threads > 0).then_some(threads).ok_or_else(|| Failure::usage("--threads", "0 threads do no work", "give at least 1"))
}

/// `500ms`, `60s`, `2m`, `1h`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, Failure> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit_seconds = match unit {
        "ms" => Some(0.001),
        "s" | "" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let seconds = number.trim().parse::<f64>().ok().zip(unit_seconds).map(|(number, unit)| number * unit);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.map(|duration| duration.min(LONGEST)).ok_or_else(|| {
        let what = format!("\"{text}\" is no duration");
        Failure::usage("--time-limit", what, "give a number and a unit, like 500ms, 60s or 2m")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        let cases =
            [("500ms", 500), ("60s", 60_000), ("2m", 120_000), ("1h", 3_600_000), ("1.5s", 1_500), ("0s", 0), ("7", 7_000)];
        for (text, ms) in cases {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "s", "-1s", "1d", "1 0s", "nans", "infs", "1e400s", "60s60"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
