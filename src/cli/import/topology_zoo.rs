//! `pleach import topology-zoo`: maps of the Internet Topology Zoo.

use super::Common;
use super::audience::Layout;
use crate::cli::errors::Failure;
use clap::Args;
use pleach::instance::import::Costs;
use pleach::instance::import::maps::{Format, Options, import};
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Maps in GML; several stand side by side
    #[arg(required = true, value_name = "FILE.gml")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    layout: Layout,

    #[command(flatten)]
    common: Common,
}

/// Imports the maps.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { files, layout, common } = arguments;
    let files = common.open(&files)?;
    let wiring = layout.wiring(Costs::Distance);
    let made = import(&files, &Options { format: Format::TopologyZoo, wiring, audience: layout.audience() });
    common.write(&files.iter().collect::<Vec<_>>(), made)
}
