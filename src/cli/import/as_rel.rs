//! `pleach import as-rel`: relations between autonomous systems.

use super::Common;
use super::sndlib::factor;
use crate::cli::errors::Failure;
use clap::Args;
use pleach::instance::import::as_rel::{self, Options};
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Relations as CAIDA writes them: a|b|-1 (a provides to b), a|b|0 (peers)
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Ports at exchanges as PeeringDB lists them (netixlan): columns ix_id, asn and speed in Mbps
    #[arg(long, value_name = "FILE.csv")]
    ports: Option<PathBuf>,

    /// Keeps these systems, those of --into with nodes, and what lies on their routes [default: all]
    #[arg(long = "as", value_name = "LIST", value_delimiter = ',')]
    systems: Vec<u32>,

    /// Cost per Mbps of a link between customer and provider
    #[arg(long, value_name = "COST", default_value = "0.4", value_parser = factor)]
    transit_cost: f64,

    /// Cost per Mbps between peers
    #[arg(long, value_name = "COST", default_value = "0.1", value_parser = factor)]
    peering_cost: f64,

    #[command(flatten)]
    common: Common,
}

/// Imports the relations.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { file, ports, systems, transit_cost, peering_cost, common } = arguments;
    let files: Vec<PathBuf> = std::iter::once(file).chain(ports).collect();
    let files = common.open(&files)?;
    let base = common.base()?;
    let options = Options { systems, transit_cost, peering_cost };
    let made = as_rel::import(&files[0], files.get(1), &options, base.as_ref());
    common.merge(base, &files.iter().collect::<Vec<_>>(), made)
}
