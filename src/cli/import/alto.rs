//! `pleach import alto`: maps of an ALTO server.

use super::Common;
use super::sndlib::factor;
use crate::cli::errors::Failure;
use clap::Args;
use pleach::instance::import::alto;
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One network map and any number of cost maps (RFC 7285)
    #[arg(required = true, num_args = 1.., value_name = "MAP.json")]
    maps: Vec<PathBuf>,

    /// Cost per Mbps of one unit of numerical cost [default: such that the mean between two PIDs is 0.1]
    #[arg(long, value_name = "FACTOR", value_parser = factor)]
    scale: Option<f64>,

    #[command(flatten)]
    common: Common,
}

/// Imports the maps.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { maps, scale, common } = arguments;
    let maps = common.open(&maps)?;
    let base = common.base()?;
    let made = alto::import(&maps, scale, base.as_ref());
    common.merge(base, &maps.iter().collect::<Vec<_>>(), made)
}
