//! Floor 8: the command line. Arguments in, files out, words on standard error, an exit code.
//!
//! One file for each verb. `errors` holds what can go wrong and its exit codes; `input` and `output` open files;
//! `summary`, `traffic`, `figures` and `progress` are what an operator sees; `terminal` knows whether colours may be used.

pub mod errors;

mod check;
mod completions;
mod explain;
mod export;
mod figures;
mod generate;
mod import;
mod input;
mod output;
mod progress;
mod report;
mod rows;
mod schema;
mod solve;
mod summary;
mod terminal;
mod traffic;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory, Parser, Subcommand};
use errors::{Failure, Format};
use std::ffi::OsString;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes:
  0  done, also when some requests stay unserved: the plan says so
  1  the answer is no: check found a violation
  2  bad input or usage
  3  internal error

Files ending in .gz and .zst are read and written compressed; - is standard input or output.";

/// Decides who sends what to whom in a hybrid CDN / peer-to-peer network.
#[derive(Debug, Parser)]
#[command(name = "pleach", version, styles = STYLES, after_help = EXIT_CODES, propagate_version = true)]
struct Arguments {
    /// How errors are written to standard error
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT", display_order = 100)]
    error_format: Format,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Makes a plan: gives every request its parents
    Solve(solve::Arguments),
    /// Proves a plan valid and its values right, and prints every violation
    Check(check::Arguments),
    /// Says why not all requests can be served
    Explain(explain::Arguments),
    /// Makes a page to look at: who feeds whom, how full links are, who is left out
    Report(report::Arguments),
    /// Writes the program of an instance for any other solver
    Export(export::Arguments),
    /// Makes an instance from a scenario and a seed
    Generate(generate::Arguments),
    /// Makes an instance from published measurements, or merges them into one
    Import(import::Arguments),
    /// Prints the JSON Schema of a file format
    Schema(schema::Arguments),
    /// Prints a completion script for a shell
    Completions(completions::Arguments),
    /// Prints the manual page, or writes one page per verb into a folder
    Man(completions::ManArguments),
}

/// Does what the arguments say.
pub fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(answer) if !answer.use_stderr() => {
            // Help and version are answers: they go to standard output.
            return answer.print().map_err(|fault| Failure::file("standard output", &fault));
        }
        Err(fault) => return Err(fault.into()),
    };
    match parsed.verb {
        Verb::Solve(verb) => solve::run(verb),
        Verb::Check(verb) => check::run(verb),
        Verb::Explain(verb) => explain::run(verb),
        Verb::Report(verb) => report::run(verb),
        Verb::Export(verb) => export::run(verb),
        Verb::Generate(verb) => generate::run(verb),
        Verb::Import(verb) => import::run(verb),
        Verb::Schema(verb) => schema::run(verb),
        Verb::Completions(verb) => completions::run(verb, Arguments::command()),
        Verb::Man(verb) => completions::man(verb, Arguments::command()),
    }
}
