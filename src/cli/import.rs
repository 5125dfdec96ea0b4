//! `pleach import`: published measurements in, an instance out, and sentences about what they turned out to be.
//!
//! One subcommand for each format, in a file of its own with its own options; [`Common`] is what all of them take and
//! do: open the files, merge, check, write, tell.

mod alto;
mod as_rel;
mod audience;
mod ip_to_as;
mod p2plive;
mod sndlib;
mod subnets;
mod topology_zoo;

use super::errors::Failure;
use super::terminal::{Terminal, say};
use super::{input, output, rows};
use clap::{Args, Subcommand};
use pleach::instance::import::{self, Made, Source};
use pleach::instance::{Document, Faults, Instance};
use std::path::{Path, PathBuf};

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// The viewers of a hybrid CDN/P2P live system at one moment, from its logs
    P2plive(p2plive::Arguments),
    /// Points of presence and cables of operators, from the Internet Topology Zoo
    ///
    /// Nodes are networks at their place, cables links both ways with the speed that the map knows; routes are cheapest
    /// paths. With --viewers the instance can be solved as it is.
    TopologyZoo(topology_zoo::Arguments),
    /// Nodes, links and demands of SNDlib
    ///
    /// Capacity is what is installed, else one module; prices are routing costs, else those of the module, scaled to a mean
    /// of 0.1 per Mbps. Demands are left out, or load the links as --demands asks.
    Sndlib(sndlib::Arguments),
    /// Autonomous systems, their relations, and their ports at exchanges
    ///
    /// With --as, or --into an instance whose networks have AS numbers, routes without valleys are given between these
    /// systems, and the rest is left out; else all systems are kept, and paths of least weight may have valleys.
    AsRel(as_rel::Arguments),
    /// Network map and cost maps of an ALTO server
    ///
    /// PIDs are networks, costs between them links, round trips paths. Nodes of --into move to the PID of their address.
    Alto(alto::Arguments),
    /// Subnets of an enterprise, and where peer-to-peer is on, off or consume-only
    ///
    /// Names are enterprise networks, modes policies about prefixes; the longest prefix counts. Nodes of --into move to the
    /// site of their address.
    Subnets(subnets::Arguments),
    /// The networks of an instance's nodes, by their addresses
    ///
    /// Each node of --into moves to the network of its AS by the longest prefix; nodes without a match are told and stay.
    IpToAs(ip_to_as::Arguments),
}

/// Imports in the format named.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.format {
        Format::P2plive(format) => p2plive::run(format),
        Format::TopologyZoo(format) => topology_zoo::run(format),
        Format::Sndlib(format) => sndlib::run(format),
        Format::AsRel(format) => as_rel::run(format),
        Format::Alto(format) => alto::run(format),
        Format::Subnets(format) => subnets::run(format),
        Format::IpToAs(format) => ip_to_as::run(format),
    }
}

/// What every format takes.
#[derive(Debug, Args)]
struct Common {
    /// An instance to merge into: rows with the same ids are replaced
    #[arg(long, value_name = "INSTANCE")]
    into: Option<PathBuf>,

    /// Name of the instance [default: from the files, or that of --into]
    #[arg(long)]
    name: Option<String>,

    /// The instant that the instance describes, RFC 3339 [default: from the files, or that of --into]
    #[arg(long, value_name = "TIME")]
    time: Option<String>,

    /// Where the instance goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Common {
    /// Standard input can be read once.
    fn may_read(&self, files: &[&Path]) -> Result<(), Failure> {
        let all: Vec<&Path> = files.iter().copied().chain(self.into.as_deref()).collect();
        input::one_standard_input(&all)
    }

    /// Opens the files of a format.
    fn open(&self, files: &[PathBuf]) -> Result<Vec<Source>, Failure> {
        self.may_read(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
        files.iter().map(|file| input::source(file)).collect()
    }

    /// The instance to merge into.
    fn base(&self) -> Result<Option<Document>, Failure> {
        self.into.as_deref().map(base).transpose()
    }

    /// [`merge`](Common::merge), for a format that does not look at the instance to merge into.
    fn write(self, files: &[&Source], made: Result<Made, Faults>) -> Result<(), Failure> {
        let base = self.base()?;
        self.merge(base, files, made)
    }

    /// Merges what a format made of its files, writes the instance that comes of it, and tells the notes.
    fn merge(self, base: Option<Document>, files: &[&Source], made: Result<Made, Faults>) -> Result<(), Failure> {
        let Made { document: part, notes } = made.map_err(|Faults(faults)| {
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            let verb = if names.len() == 1 { "has" } else { "have" };
            input::faulty(&format!("{} {verb}", names.join(", ")), &faults)
        })?;
        let time = self.time.as_deref().map(instant).transpose()?;
        let mut document = import::settle(part, base);
        document.name = self.name.unwrap_or(document.name);
        document.time = time.unwrap_or(document.time);
        if document.time.is_empty() {
            let remedy = "say which instant the instance describes, like --time 2026-11-22T19:30:00Z, or give --into";
            return Err(Failure::usage("--time", "the files tell no time", remedy));
        }
        let checked = Instance::from_document(document.clone());
        let (_, warnings) = checked.map_err(|Faults(faults)| input::faulty("the instance that comes of it has", &faults))?;
        input::warn(&warnings);
        output::write(self.output.as_deref(), |out| rows::write(out, &document))?;
        let notes: String = notes.iter().map(|note| format!("  {note}\n")).collect();
        say(&format!("\n  {}\n\n{notes}", Terminal::stderr().strong(&document.name)));
        Ok(())
    }
}

fn base(path: &Path) -> Result<Document, Failure> {
    let source = input::source(path)?;
    import::document(&source.text).map_err(|Faults(faults)| input::faulty(&format!("{} has", source.name), &faults))
}

fn instant(text: &str) -> Result<String, Failure> {
    let read = text.parse::<jiff::Timestamp>();
    read.map(|_| text.to_owned()).map_err(|_| {
        let remedy = "write it like 2026-11-22T19:30:00Z";
        Failure::usage("--time", format!("\"{text}\" is not an instant"), remedy)
    })
}
