//! `pleach import p2plive`: the logs of a live system.

use super::Common;
use crate::cli::errors::Failure;
use crate::cli::input::source;
use clap::Args;
use jiff::civil::Date;
use pleach::instance::import::p2plive::{self, Cap, Moment, Options};
use pleach::units::Kbps;
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

    /// Rate of the stream
    #[arg(long, value_name = "KBPS", default_value_t = 1730, value_parser = clap::value_parser!(u64).range(1..=Kbps::LARGEST.0))]
    bitrate_kbps: u64,

    /// How many substreams it is cut into
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=64))]
    substreams: u32,

    /// Factor on the uplinks that peers were seen to have
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = scale)]
    uplink_scale: f64,

    /// What the origin can send [default: what the logged peers did not carry]
    #[arg(long, value_name = "KBPS", value_parser = clap::value_parser!(u64).range(..=Kbps::LARGEST.0))]
    origin_kbps: Option<u64>,

    /// Caps each ISP's links: a share of what the logged topology puts on them (0.8), or a rate (50000kbps)
    #[arg(long, value_name = "CAP")]
    link_cap: Option<Cap>,

    /// Adds a policy: peers together send no more than the logged ones did
    #[arg(long)]
    peers_as_logged: bool,

    /// Numbers of ISPs: a table with the columns isp_in_p2plive and asn
    #[arg(long, value_name = "FILE")]
    asn: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

/// Imports the logs.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { peers, links, asn, common, .. } = arguments;
    let day = arguments.day.or_else(|| named(&peers)).ok_or_else(|| {
        let what = "the name of the peers' file does not begin with the day that was logged";
        Failure::usage("--day", what, "give it, like --day 2020-07-29")
    })?;
    let options = Options {
        bitrate: Kbps(arguments.bitrate_kbps),
        substreams: arguments.substreams,
        uplink_scale: arguments.uplink_scale,
        origin: arguments.origin_kbps.map(Kbps),
        link_cap: arguments.link_cap,
        peers_as_logged: arguments.peers_as_logged,
        ..Options::new(arguments.at, day)
    };
    let files: Vec<&Path> = [Some(&peers), Some(&links), asn.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
    common.may_read(&files)?;
    let (peers, links, asn) = (source(&peers)?, source(&links)?, asn.as_deref().map(source).transpose()?);
    let made = p2plive::import(&peers, &links, asn.as_ref(), &options);
    common.write(&[Some(&peers), Some(&links), asn.as_ref()].into_iter().flatten().collect::<Vec<_>>(), made)
}

fn scale(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor| (0.0..=1000.0).contains(factor));
    factor.ok_or_else(|| format!("\"{text}\" is no factor from 0 to 1000"))
}

/// The day that a file's name begins with.
fn named(path: &Path) -> Option<Date> {
    path.file_name()?.to_str()?.get(..10)?.parse().ok()
}
