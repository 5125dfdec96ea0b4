//! Gates: the first copies that a set of cells must get from outside.
//!
//! Let nobody in a set T of cells have anything of a content to begin with. If any of its requests is served, at least as
//! many copies enter T as that request needs at the least: each of its substreams came in somewhere. Stated for the
//! requests of one tier, the average over them is `in[T] : inflow(T) >= copies * y / count`. These are the cuts of
//! Edmonds' branchings, without which the flows of the program run in circles that no tree can follow.
//!
//! [`separate`] finds sets whose cut a point breaks: cells are reached in turn once what comes in from reached cells would
//! feed a first member; of what is never reached, the sets that nothing enters from the rest are cut off.

use super::group::CellArc;
use super::supply::{Share, TierKey};
use crate::ids::ContentId;
use crate::policy::CellId;
use petgraph::Direction;
use petgraph::algo::condensation;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};

/// By how much a cut must be broken to be worth a row, copies or requests.
pub(super) const BROKEN: f64 = 0.01;

/// One cut.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Of which content.
    pub content: ContentId,
    /// The set, sorted.
    pub cells: Vec<CellId>,
    /// Which requests it is stated for.
    pub key: TierKey,
    /// How many of them are in the set.
    pub count: f64,
    /// Copies that must enter once one is served.
    pub copies: f64,
}

impl Gate {
    /// The cell is in the set.
    pub fn holds(&self, cell: CellId) -> bool {
        self.cells.binary_search(&cell).is_ok()
    }

    /// A flow between these cells enters the set.
    pub fn is_entered(&self, from: CellId, to: CellId) -> bool {
        self.holds(to) && !self.holds(from)
    }
}

/// A point of the group program, for one content.
pub struct Flows<'a> {
    /// The content.
    pub content: ContentId,
    /// Its shares.
    pub shares: &'a [Share],
    /// Requests served, for each share and tier.
    pub served: Vec<Vec<f64>>,
    /// Arcs with their copies.
    pub arcs: Vec<(CellArc, f64)>,
    /// Requests are served as a whole: whoever is served needs all first copies, not a share of them.
    pub whole: bool,
}

/// The cuts that a point breaks.
pub fn separate(flows: &Flows<'_>) -> Vec<Gate> {
    let shares = flows.shares;
    let has_some = |share: &Share| share.holds || share.relays > 0.0;
    let mut reached: Vec<bool> = shares.iter().map(has_some).collect();
    let first: Vec<f64> = (0..shares.len()).map(|place| first_copies(flows, place)).collect();
    reach(flows, &first, &mut reached);
    let left = |place: usize| !reached[place] && first[place] > BROKEN;
    let mut graph = DiGraph::<usize, ()>::new();
    let node: FxHashMap<usize, NodeIndex> =
        (0..shares.len()).filter(|place| left(*place)).map(|place| (place, graph.add_node(place))).collect();
    for (arc, _) in &flows.arcs {
        if let (Some(from), Some(to)) = (node.get(&(arc.ends.0 as usize)), node.get(&(arc.ends.1 as usize))) {
            graph.update_edge(*from, *to, ());
        }
    }
    let sets = condensation(graph, true);
    sets.externals(Direction::Incoming).filter_map(|set| gate(flows, &sets[set])).collect()
}

/// Copies that the tier of a share that is served most needs first.
fn first_copies(flows: &Flows<'_>, place: usize) -> f64 {
    let tiers = flows.shares[place].tiers.iter().zip(&flows.served[place]);
    tiers.map(|(tier, served)| flows.need(tier.least, tier.count, *served)).fold(0.0, f64::max)
}

impl Flows<'_> {
    /// Copies that must enter first for `served` of `count` requests that need `least` each.
    fn need(&self, least: f64, count: f64, served: f64) -> f64 {
        match self.whole {
            true if served > 0.5 => least,
            true => 0.0,
            false => least * served / count,
        }
    }
}

/// Marks the cells whose first member can be fed from cells that are marked.
fn reach(flows: &Flows<'_>, first: &[f64], reached: &mut [bool]) {
    let mut leaving: Vec<Vec<(usize, f64)>> = vec![Vec::new(); reached.len()];
    for (arc, copies) in &flows.arcs {
        leaving[arc.ends.0 as usize].push((arc.ends.1 as usize, *copies));
    }
    let mut inflow = vec![0.0; reached.len()];
    let mut next: Vec<usize> = (0..reached.len()).filter(|place| reached[*place]).collect();
    while let Some(place) = next.pop() {
        for (child, copies) in &leaving[place] {
            inflow[*child] += copies;
            if !reached[*child] && inflow[*child] >= first[*child] - BROKEN {
                reached[*child] = true;
                next.push(*child);
            }
        }
    }
}

/// The cut of a set of shares, for the tier by which it is broken most.
fn gate(flows: &Flows<'_>, places: &[usize]) -> Option<Gate> {
    let inside: FxHashSet<usize> = places.iter().copied().collect();
    let enters = |arc: &CellArc| inside.contains(&(arc.ends.1 as usize)) && !inside.contains(&(arc.ends.0 as usize));
    let inflow: f64 = flows.arcs.iter().filter(|(arc, _)| enters(arc)).map(|(_, copies)| copies).sum();
    let mut tiers: FxHashMap<TierKey, (f64, f64, f64)> = FxHashMap::default();
    for place in places {
        for (tier, served) in flows.shares[*place].tiers.iter().zip(&flows.served[*place]) {
            let sum = tiers.entry(tier.key).or_insert((tier.least, 0.0, 0.0));
            sum.1 += tier.count;
            sum.2 += served;
        }
    }
    let need = |(copies, count, served): &(f64, f64, f64)| flows.need(*copies, *count, *served);
    let worst = tiers.iter().max_by(|a, b| need(a.1).total_cmp(&need(b.1)).then(a.0.cmp(b.0)))?;
    let (key, (copies, count, _)) = worst;
    let mut cells: Vec<CellId> = places.iter().map(|place| CellId(flows.shares[*place].cell)).collect();
    cells.sort_unstable();
    let gate = Gate { content: flows.content, cells, key: *key, count: *count, copies: *copies };
    (need(worst.1) > inflow + BROKEN).then_some(gate)
}
