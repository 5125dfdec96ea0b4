//! `pleach import ip-to-as`: the networks of nodes by their address.

use super::Common;
use crate::cli::errors::Failure;
use crate::cli::input::source;
use clap::Args;
use pleach::instance::import::ip_to_as;
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A CSV with the columns prefix and as, a CSV of GeoLite2, a prefix-to-AS table of CAIDA, or a MaxMind database
    #[arg(value_name = "TABLE")]
    table: PathBuf,

    #[command(flatten)]
    common: Common,
}

/// Imports the table.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { table, common } = arguments;
    common.may_read(&[&table])?;
    let table = source(&table)?;
    let base = common.base()?.ok_or_else(|| {
        let remedy = "give the instance whose nodes have addresses";
        Failure::usage("--into", "a table of addresses says nothing without nodes", remedy)
    })?;
    let made = ip_to_as::import(&table, &base);
    common.merge(Some(base), &[&table], made)
}
