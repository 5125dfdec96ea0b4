//! `pleach import sndlib`: problems of SNDlib.

use super::Common;
use super::audience::Layout;
use crate::cli::errors::Failure;
use clap::{Args, ValueEnum};
use pleach::instance::import::Costs;
use pleach::instance::import::maps::{Format, Options, import};
use pleach::instance::import::sndlib::{Module, Reading};
use pleach::units::Kbps;
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Problems in SNDlib's native format; several stand side by side
    #[arg(required = true, value_name = "FILE.txt")]
    files: Vec<PathBuf>,

    /// Unit of capacities and demands [default: as META says, else mbps]
    #[arg(long, value_enum)]
    unit: Option<Unit>,

    /// Which module gives a link its capacity where nothing is installed
    #[arg(long, value_enum, default_value = "largest")]
    module: Size,

    /// Coordinates are those of a drawing, also where they could be degrees
    #[arg(long)]
    planar: bool,

    /// Routes demands, times FACTOR, along the cheapest paths as load that is there already [default: left out]
    #[arg(long, value_name = "FACTOR", num_args = 0..=1, default_missing_value = "1", value_parser = factor)]
    demands: Option<f64>,

    #[command(flatten)]
    layout: Layout,

    #[command(flatten)]
    common: Common,
}

/// One unit of capacity.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Unit {
    /// Kilobits per second
    Kbps,
    /// Megabits per second
    Mbps,
    /// Gigabits per second
    Gbps,
}

/// A module, by capacity.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Size {
    /// That of least capacity
    Smallest,
    /// That of most capacity
    Largest,
}

/// Imports the problems.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { files, layout, common, .. } = arguments;
    let unit = arguments.unit.map(|unit| match unit {
        Unit::Kbps => Kbps(1),
        Unit::Mbps => Kbps(1_000),
        Unit::Gbps => Kbps(1_000_000),
    });
    let module = match arguments.module {
        Size::Smallest => Module::Smallest,
        Size::Largest => Module::Largest,
    };
    let reading = Reading { unit, module, planar: arguments.planar, demands: arguments.demands };
    let files = common.open(&files)?;
    let wiring = layout.wiring(Costs::Prices);
    let made = import(&files, &Options { format: Format::Sndlib(reading), wiring, audience: layout.audience() });
    common.write(&files.iter().collect::<Vec<_>>(), made)
}

/// A number from 0 to 1000000.
pub(super) fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse::<f64>().ok().filter(|factor| (0.0..=1e6).contains(factor));
    factor.ok_or_else(|| "write a number, 0 to 1000000".into())
}
