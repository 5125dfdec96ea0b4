//! `pleach import p2plive`: the logs of a live system.

use super::Common;
use crate::cli::errors::Failure;
use crate::cli::input::source;
use clap::Args;
use jiff::civil::Date;
use pleach::instance::import::p2plive::{self, Moment, Options};
use std::path::{Path, PathBuf};

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Sessions, one a line: DAY.peers.csv
    peers: PathBuf,

    /// What peers sent each other: DAY.links.csv
    links: PathBuf,

    /// The moment (UTC): a time of day like 20:13, an instant (RFC 3339), or busiest
    #[arg(long, value_name = "TIME")]
    at: Moment,

    /// The day that was logged [default: from the name of PEERS]
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<Date>,

    #[command(flatten)]
    common: Common,
}

/// Imports the logs.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { peers, links, common, .. } = arguments;
    let day = arguments.day.or_else(|| named(&peers)).ok_or_else(|| {
        let what = "the name of the peers' file does not begin with the day that was logged";
        Failure::usage("--day", what, "give it, like --day 2020-07-29")
    })?;
    let options = Options { at: arguments.at, day };
    common.may_read(&[&peers, &links])?;
    let (peers, links) = (source(&peers)?, source(&links)?);
    common.write(&[&peers, &links], p2plive::import(&peers, &links, &options))
}

/// The day that a file's name begins with.
fn named(path: &Path) -> Option<Date> {
    path.file_name()?.to_str()?.get(..10)?.parse().ok()
}
