//! Floor 6: a plan as a page to look at.
//!
//! [`Report::page`] makes one HTML file that loads nothing from anywhere: pictures are SVG inside it, colours follow the reader's
//! light or dark setting, and every picture has its words and its numbers beneath it. It works without its script, which
//! only sorts tables and lights up the arcs of a place. [`Report::picture`] makes the map alone, an SVG file.
//!
//! ```text
//! survey    what the rows do: kbps between networks, over links, from nodes; copies hop by hop
//! places    nodes, networks, or what networks have in common -> layout: where they stand -> map: who feeds whom
//! hops      the trees, hop by hop            bars     how full links and uplinks are
//! tables    the numbers (table)              page     all of it, with headline figures
//! templates/  the files that are filled in; whatever comes from an instance is escaped there
//! figures   numbers as people write them
//! ```
//!
//! Sizes stay small for any instance: a map has at most 160 places and 120 arcs, a table ends with what it leaves out.

mod bars;
pub mod figures;
mod hops;
mod layout;
mod map;
mod page;
mod places;
mod survey;
mod table;
mod tables;

use crate::instance::Instance;
use crate::instance::network::Topology;
use crate::plan::{Assignment, Plan};
use crate::verify::Violation;
use askama::Template;
use survey::{Hop, Survey};

/// A plan, counted once for whatever is made of it.
#[derive(Debug)]
pub struct Report<'a> {
    instance: &'a Instance,
    plan: &'a Plan,
    topology: Topology,
    survey: Survey,
}

impl<'a> Report<'a> {
    /// Counts.
    pub fn of(instance: &'a Instance, plan: &'a Plan) -> Report<'a> {
        let topology = Topology::of(instance);
        let survey = Survey::of(instance, &topology, rows(plan));
        Report { instance, plan, topology, survey }
    }

    /// The whole page; `violations` are what an examination of the plan found, and stand at its head.
    ///
    /// # Errors
    ///
    /// A template that cannot be filled in, which no input brings about.
    pub fn page(&self, violations: &[Violation]) -> Result<String, askama::Error> {
        page::Page::of(self, violations).render()
    }

    /// The map alone, an SVG file with its own colours.
    ///
    /// # Errors
    ///
    /// As [`Report::page`].
    pub fn picture(&self) -> Result<String, askama::Error> {
        map::Map::of(self, true).render()
    }

    /// Copies that are received at each hop below the holders, the first hop first.
    pub fn profile(&self) -> Vec<u64> {
        self.survey.hops.iter().skip(1).map(Hop::all).collect()
    }
}

/// Every row that carries flows.
fn rows(plan: &Plan) -> impl Iterator<Item = &Assignment> + Clone {
    plan.assignments.iter().chain(&plan.pending)
}
