//! What goes in: an instance, and the policies and the topology in force that may be given beside it.

use super::errors::{Failure, Kind, Told};
use clap::Args;
use pleach::instance::Instance;
use pleach::instance::fault::{Fault, Faults};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Standard input.
pub const STDIN: &str = "-";

/// What several verbs take, as typed.
#[derive(Debug, Args)]
pub struct Given {
    /// The instance; - is standard input
    #[arg(value_name = "INSTANCE")]
    pub instance: PathBuf,

    /// Policies to put beside the instance's: a known id replaces, others are appended
    #[arg(long, value_name = "FILE")]
    pub policies: Option<PathBuf>,

    /// A plan whose assignments are the topology in force
    #[arg(long, value_name = "PLAN")]
    pub previous: Option<PathBuf>,
}
