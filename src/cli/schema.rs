//! `pleach schema`: the file formats as JSON Schema, made from the types that read and write them.

use super::errors::Failure;
use super::output;
use clap::{Args, ValueEnum};
use pleach::instance::document::Document;
use pleach::instance::schema;
use pleach::plan::certificate::Certificate;
use pleach::plan::file::PlanFile;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Which format
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// pleach/instance/1
    Instance,
    /// pleach/plan/1
    Plan,
    /// pleach/certificate/1
    Certificate,
}

/// Prints one schema.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let schema = match arguments.format {
        Format::Instance => schema::of::<Document>("pleach/instance/1"),
        Format::Plan => schema::of::<PlanFile>("pleach/plan/1"),
        Format::Certificate => schema::of::<Certificate>("pleach/certificate/1"),
    };
    output::write(None, |out| {
        serde_json::to_writer_pretty(&mut *out, &schema)?;
        out.write_all(b"\n")
    })
}
