//! Options of the formats that bring a network without an audience.

use clap::{Args, ValueEnum};
use pleach::instance::generate::audience::Audience;
use pleach::instance::import::{Costs, Wiring};
use pleach::units::Kbps;

/// How a map becomes an instance, as typed.
#[derive(Debug, Args)]
pub struct Layout {
    /// What a link costs per Mbps: 0.1 per 1000 km, 0.1 each, or as the file prices it (mean 0.1)
    /// [default: as the file prices it, if this format has prices, else by distance]
    #[arg(long, value_enum, value_name = "BY")]
    costs: Option<By>,

    /// Adds up cables between the same two points; else each is a link of its own, and a flow takes one of them
    #[arg(long)]
    bundle: bool,

    /// Capacity of a cable where the file knows none [default: no limit]
    #[arg(long, value_name = "KBPS")]
    capacity: Option<u64>,

    /// Places so many viewers of one live channel, and its origin
    #[arg(long, value_name = "N")]
    viewers: Option<usize>,

    /// Places more viewers where more cables end
    #[arg(long, requires = "viewers")]
    by_degree: bool,

    /// Rate of the channel
    #[arg(long, value_name = "KBPS", default_value_t = 4000, requires = "viewers",
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    bitrate: u64,

    /// Seed of where viewers sit and what lines they have
    #[arg(long, value_name = "N", default_value_t = 0, requires = "viewers")]
    seed: u64,
}

/// What links cost.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum By {
    /// By great-circle distance
    Distance,
    /// All the same
    Hops,
    /// As the file prices them
    Prices,
}

impl Layout {
    /// How cables become links.
    pub fn wiring(&self, usual: Costs) -> Wiring {
        let costs = self.costs.map_or(usual, |by| match by {
            By::Distance => Costs::Distance,
            By::Hops => Costs::Hops,
            By::Prices => Costs::Prices,
        });
        let capacity = self.capacity.map(|kbps| Kbps(kbps).min(Kbps::LARGEST));
        Wiring { costs, bundle: self.bundle, capacity }
    }

    /// Who watches.
    pub fn audience(&self) -> Option<Audience> {
        let viewers = self.viewers?;
        Some(Audience { viewers, seed: self.seed, by_degree: self.by_degree, bitrate: Kbps(self.bitrate) })
    }
}
