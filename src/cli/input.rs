//! What goes in: an instance, and the policies and the topology in force that may be given beside it.

use super::errors::{Failure, Kind, Told};
use super::terminal::{Terminal, say};
use clap::Args;
use pleach::instance::document::PreviousRow;
use pleach::instance::fault::Fault;
use pleach::instance::import::Source;
use pleach::instance::read::{self, ReadError};
use pleach::instance::{Faults, Instance};
use pleach::plan::certificate::{self, Certificate};
use pleach::plan::file::PlanFile;
use pleach::plan::read::parse;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Standard input.
const STDIN: &str = "-";

/// What several verbs take, as typed.
#[derive(Debug, Args)]
pub struct Given {
    /// The instance; - is standard input
    #[arg(value_name = "INSTANCE")]
    instance: PathBuf,

    /// Policies beside the instance's: a known id replaces, others are appended
    #[arg(long, value_name = "FILE")]
    policies: Option<PathBuf>,

    /// A plan whose assignments are the topology in force
    #[arg(long, value_name = "PLAN")]
    previous: Option<PathBuf>,
}

impl Given {
    /// Reads all of it, and says the warnings; `others` are files that the verb reads too.
    pub fn instance(&self, others: &[&Path]) -> Result<Instance, Failure> {
        let given = [Some(&*self.instance), self.policies.as_deref(), self.previous.as_deref()];
        one_standard_input(&given.into_iter().flatten().chain(others.iter().copied()).collect::<Vec<_>>())?;
        let (instance, warnings) =
            read::read(&self.instance, self.policies.as_deref()).map_err(|fault| refused(&self.names(), fault))?;
        warn(&warnings);
        let Some(path) = &self.previous else { return Ok(instance) };
        let (plan, sha256) = plan(path)?;
        Ok(instance.with_previous(topology(plan), sha256))
    }

    /// The files that make the instance: a fault may be in either, or between them.
    fn names(&self) -> String {
        let policies = self.policies.iter().map(|path| format!(" with {}", name(path)));
        std::iter::once(name(&self.instance)).chain(policies).collect()
    }
}

/// Standard input can be read once.
pub fn one_standard_input(paths: &[&Path]) -> Result<(), Failure> {
    if paths.iter().filter(|path| **path == Path::new(STDIN)).count() > 1 {
        let remedy = "give the path of a file for all but one of them";
        return Err(Failure::usage(STDIN, "standard input can be read only once", remedy));
    }
    Ok(())
}

/// Opens a file to import from.
pub fn source(path: &Path) -> Result<Source, Failure> {
    let text = read::bytes(path).map_err(|fault| refused(&name(path), fault))?;
    Ok(Source::new(name(path), text))
}

/// Reads a plan as rows, with the hash of its text.
pub fn plan(path: &Path) -> Result<(PlanFile, String), Failure> {
    let text = read::bytes(path).map_err(|fault| refused(&name(path), fault))?;
    let plan = parse(&text, path).map_err(|faults| refused(&name(path), faults.into()))?;
    Ok((plan, read::sha256(&text)))
}

/// Reads a certificate.
pub fn certificate(path: &Path) -> Result<Certificate, Failure> {
    let text = read::bytes(path).map_err(|fault| refused(&name(path), fault))?;
    certificate::parse(&text, path).map_err(|faults| refused(&name(path), faults.into()))
}

/// How long something took, in seconds, beside what it gave.
pub fn timed<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<(T, f64), Failure> {
    let start = Instant::now();
    work().map(|given| (given, start.elapsed().as_secs_f64()))
}

/// Relays and waiting requests are part of the topology in force too.
fn topology(plan: PlanFile) -> Vec<PreviousRow> {
    let rows = plan.assignments.into_iter().chain(plan.pending);
    rows.map(|row| PreviousRow { node: row.node, content: row.content, parents: row.parents }).collect()
}

fn refused(who: &str, fault: ReadError) -> Failure {
    match fault {
        ReadError::Io { path, cause } => Failure::file(&name(&path), &cause),
        ReadError::Faults(Faults(faults)) => faulty(&format!("{who} has"), &faults),
    }
}

/// What was read and is not what it should be; `who` is the beginning of the sentence, `x.json has`.
pub fn faulty(who: &str, faults: &[Fault]) -> Failure {
    let message = match faults.len() {
        1 => format!("{who} a fault"),
        many => format!("{who} {many} faults"),
    };
    Failure::new(Kind::Input, message, faults.iter().map(told).collect())
}

fn name(path: &Path) -> String {
    if path == Path::new(STDIN) { "standard input".into() } else { path.display().to_string() }
}

fn told(fault: &Fault) -> Told {
    let Fault { code, path, what, remedy } = fault;
    Told { code: code.word().into(), path: path.clone(), what: what.clone(), remedy: remedy.clone() }
}

/// Says what the reader should know.
pub fn warn(warnings: &[Fault]) {
    let look = Terminal::stderr();
    for Fault { code, path, what, remedy } in warnings {
        say(&format!("{} {path}: {what}; {remedy} {}\n", look.notice("warning:"), look.quiet(code.word())));
    }
}
