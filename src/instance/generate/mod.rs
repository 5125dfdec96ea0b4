//! Scenarios: seeded instances of a stated shape and size.
//!
//! A scenario is one file with one function from [`Knobs`] to [`Made`]. What several of them need stands beside them:
//! `draw` (random numbers), [`access`] (published uplinks), [`nat`] (shares of translators), [`supply`] (whole slots,
//! scaling to a wanted ratio), `wires` (links whose capacity is sized by the largest flow), `country` (cities, ISPs),
//! `tree` (networks on hubs, links for many contents), [`audience`] (viewers on any map), [`logged_audience`] (an audience of a
//! dozen countries), `tracker` (a topology in force), [`ladder`] (renditions), [`ports`] (exchange ports). What was made is counted
//! by `survey`, in the same form for all. The same scenario, knobs and seed give the same document, byte for byte.

pub mod access;
pub mod audience;
mod country;
mod draw;
mod flash_crowd;
pub mod ladder;
pub mod logged_audience;
pub mod long_tail;
pub mod nat;
mod national_final;
pub mod planet;
pub mod ports;
mod regional;
mod rows;
pub mod supply;
mod survey;
mod town_hall;
mod tracker;
mod transit_crunch;
mod tree;
pub mod vod_seek;
mod wires;

pub use nat::NatMix;

use super::document::Document;
use std::str::FromStr;
use survey::Survey;

/// A family of instances.
pub struct Scenario {
    /// As it is named on the command line.
    pub name: &'static str,
    /// One line for `--list`.
    pub summary: &'static str,
    /// Peers when none are asked for.
    pub nodes: usize,
    /// Most peers that may be asked for.
    pub most_nodes: usize,
    /// Makes one instance; the knobs have been checked.
    make: fn(&Knobs) -> Made,
}

/// Every scenario, in order of its name.
pub const SCENARIOS: &[Scenario] = &[
    flash_crowd::SCENARIO,
    long_tail::SCENARIO,
    national_final::SCENARIO,
    planet::SCENARIO,
    regional::SCENARIO,
    town_hall::SCENARIO,
    transit_crunch::SCENARIO,
    vod_seek::SCENARIO,
];

/// What may be asked of a scenario; what is not asked has the scenario's default.
#[derive(Clone, Debug, Default)]
pub struct Knobs {
    /// How many peers.
    pub nodes: Option<usize>,
    /// Seed of every draw.
    pub seed: u64,
    /// Whole slots of peers and servers over substreams asked for, 0.05 to 20.
    pub supply: Option<f64>,
    /// How links are sized.
    pub links: Option<Links>,
    /// Which translators stand before the peers.
    pub nat: Option<NatMix>,
    /// Adds a `max_depth` policy of so many hops.
    pub max_depth: Option<u32>,
    /// Adds the scenario's own set of policies.
    pub policies: bool,
    /// Cuts the event into renditions, each a content of its own (`national-final` only).
    pub renditions: bool,
}

/// How the links of a scenario are sized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Links {
    /// No link has a capacity.
    Free,
    /// The scenario's own sizes, so that links decide who is served.
    Binding,
    /// So many times what the demand would put on each link.
    Ratio(f64),
}

impl FromStr for Links {
    type Err = String;

    /// `none`, `binding`, or a ratio above 0 and up to 100.
    fn from_str(text: &str) -> Result<Links, String> {
        match text {
            "none" => Ok(Links::Free),
            "binding" => Ok(Links::Binding),
            _ => match text.parse::<f64>() {
                Ok(ratio) if ratio > 0.0 && ratio <= 100.0 => Ok(Links::Ratio(ratio)),
                _ => Err(format!("`{text}` is not `none`, `binding` or a ratio above 0 and up to 100")),
            },
        }
    }
}

/// An instance, and what it turned out to be.
pub struct Made {
    /// The instance.
    pub document: Document,
    /// Sentences for people: sizes, shares, what is scarce.
    pub notes: Vec<String>,
}

impl Scenario {
    /// Finds a scenario by its name.
    pub fn named(name: &str) -> Option<&'static Scenario> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }

    /// Makes one instance, or says which knob is out of its range.
    pub fn make(&self, knobs: &Knobs) -> Result<Made, String> {
        let nodes = knobs.nodes.unwrap_or(self.nodes);
        if !(1..=self.most_nodes).contains(&nodes) {
            return Err(format!("{} takes 1 to {} peers, not {nodes}", self.name, self.most_nodes));
        }
        if let Some(supply) = knobs.supply.filter(|supply| !(0.05..=20.0).contains(supply)) {
            return Err(format!("a supply of {supply} is not between 0.05 and 20"));
        }
        if let Some(Links::Ratio(ratio)) = knobs.links
            && !(ratio > 0.0 && ratio <= 100.0)
        {
            return Err(format!("a link ratio of {ratio} is not above 0 and up to 100"));
        }
        if knobs.max_depth == Some(0) {
            return Err("a depth of 0 hops leaves nobody but the holders".into());
        }
        if knobs.renditions && !self.has_renditions() {
            return Err(format!("{} has no renditions, {} has", self.name, national_final::SCENARIO.name));
        }
        let mut made = (self.make)(&Knobs { nodes: Some(nodes), ..knobs.clone() });
        made.notes.extend(Survey::of(&made.document).sentences());
        Ok(made)
    }

    /// Whether it can be cut into renditions.
    fn has_renditions(&self) -> bool {
        self.name == national_final::SCENARIO.name
    }
}
