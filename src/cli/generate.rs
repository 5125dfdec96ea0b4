//! `pleach generate`: a scenario and a seed in, an instance out, and sentences about what it turned out to be.

use super::errors::Failure;
use super::output;
use super::rows;
use super::terminal::{Terminal, say};
use clap::Args;
use comfy_table::{Table, presets};
use pleach::instance::generate::{Knobs, Links, NatMix, SCENARIOS, Scenario};
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Which scenario; --list names them
    #[arg(required_unless_present = "list")]
    scenario: Option<String>,

    /// Lists the scenarios
    #[arg(long)]
    list: bool,

    /// How many peers [default: the scenario's]
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,

    /// Seed of every draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Where the instance goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Slots of peers and servers over substreams asked for, 0.05 to 20
    #[arg(long, value_name = "RATIO")]
    supply: Option<f64>,

    /// How links are sized: none (no limits), binding, or a ratio over what the demand would put on them
    #[arg(long, value_name = "SIZE")]
    links: Option<Links>,

    /// Translators before the peers: open, mixed, wild, or shares like open=0.5,symmetric=0.5
    #[arg(long, value_name = "MIX")]
    nat: Option<NatMix>,

    /// Adds a policy that no peer sits deeper than this many hops
    #[arg(long, value_name = "HOPS")]
    max_depth: Option<u32>,

    /// Adds the scenario's own policies
    #[arg(long)]
    policies: bool,

    /// Cuts the event into renditions, each a content of its own (national-final)
    #[arg(long)]
    renditions: bool,
}

/// Makes the instance, or lists the scenarios.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Some(name) = arguments.scenario.as_deref().filter(|_| !arguments.list) else {
        return output::write(None, |out| out.write_all(list().as_bytes()));
    };
    let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    let scenario = Scenario::named(name).ok_or_else(|| {
        let remedy = format!("use one of: {}", names.join(", "));
        Failure::usage("SCENARIO", format!("there is no scenario \"{name}\""), remedy)
    })?;
    let knobs = Knobs {
        nodes: arguments.nodes,
        seed: arguments.seed,
        supply: arguments.supply,
        links: arguments.links,
        nat: arguments.nat,
        max_depth: arguments.max_depth,
        policies: arguments.policies,
        renditions: arguments.renditions,
    };
    let made = scenario.make(&knobs).map_err(|what| Failure::usage("generate", what, "change that option"))?;
    output::write(arguments.output.as_deref(), |out| rows::write(out, &made.document))?;
    let look = Terminal::stderr();
    let headline = format!("\n  {}  {}\n\n", look.strong(&made.document.name), look.quiet(scenario.summary));
    let notes: String = made.notes.iter().map(|note| format!("  {note}\n")).collect();
    say(&(headline + &notes));
    Ok(())
}

fn list() -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["scenario", "peers", "what it is"]);
    for scenario in SCENARIOS {
        table.add_row([scenario.name, &scenario.nodes.to_string(), scenario.summary]);
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
