//! `pleach import subnets`: where peer-to-peer is on or off inside an enterprise.

use super::Common;
use crate::cli::errors::Failure;
use crate::cli::input::source;
use clap::Args;
use pleach::instance::import::subnets;
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A table with the columns name, cidr and mode (on, off, consume-only)
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,

    #[command(flatten)]
    common: Common,
}

/// Imports the table.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { file, common } = arguments;
    common.may_read(&[&file])?;
    let file = source(&file)?;
    let base = common.base()?;
    let made = subnets::import(&file, base.as_ref());
    common.merge(base, &[&file], made)
}
