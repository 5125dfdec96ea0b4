//! Links before they have a capacity, and the largest flow that tells how to size them.
//!
//! Networks are numbered as the scenario lists them. What a network lacks or has too much is told in copies (one substream
//! to one node). The largest flow may leave the fixed routes, so what it serves bounds from above what any plan serves.

use super::super::document::{LinkRow, NetworkRow};
use super::draw::Draw;
use super::supply::Sizing;
use crate::units::Kbps;
use petgraph::algo::{dijkstra, maximum_flow::dinics};
use petgraph::graph::{DiGraph, NodeIndex};
use smol_str::{SmolStr, format_smolstr};

/// Stands for a capacity without limit, in copies.
const NO_LIMIT: u64 = 1 << 40;

/// What a network asks for and has to give, in copies.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    pub(super) demand: u64,
    pub(super) supply: u64,
    /// Networks of one group help each other before they turn to others.
    pub(super) group: usize,
}

impl Balance {
    /// Copies that must come from other networks for everybody to be served.
    pub(super) fn lack(&self) -> u64 {
        self.demand.saturating_sub(self.supply)
    }

    /// Copies it can send to other networks when it has served itself.
    pub(super) fn surplus(&self) -> u64 {
        self.supply.saturating_sub(self.demand)
    }
}

/// A directed link to be sized.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: &'static str,
    pub(super) cost: f64,
    /// Length for shortest paths.
    pub(super) weight: u64,
    /// Copies that fit at least, so that trees can start anywhere.
    pub(super) floor: u64,
    /// What fits at ratio 1.
    pub(super) size: Size,
    /// Share of the capacity that other traffic takes.
    pub(super) used: f64,
}

/// What fits on a link at ratio 1.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    /// So many times the load expected on it.
    Load(f64),
    /// So many copies.
    Copies(f64),
    /// Whatever comes.
    Unlimited,
}

/// The links of a scenario with the load expected on each.
pub(super) struct Wires {
    wires: Vec<Wire>,
    balances: Vec<Balance>,
    loads: Vec<f64>,
}

/// The largest flow over sized links.
pub(super) struct Largest {
    /// Copies served, inside networks and across.
    pub(super) served: u64,
    /// Links that carry something in it, or that a network with viewers must use to get its first copies.
    pub(super) used: usize,
    /// Those of them without room for one more copy.
    pub(super) full: usize,
}

impl Wires {
    /// Expects loads: every lack is met from its group, then from everybody, in proportion to what they have left.
    pub(super) fn new(wires: Vec<Wire>, balances: Vec<Balance>) -> Wires {
        let mut lacks: Vec<f64> = balances.iter().map(|balance| balance.lack() as f64).collect();
        let mut gives: Vec<f64> = balances.iter().map(|balance| balance.surplus() as f64).collect();
        let mut made = Wires { loads: vec![0.0; wires.len()], wires, balances };
        let groups = made.balances.iter().map(|balance| balance.group + 1).max().unwrap_or(0);
        let mut demands = vec![vec![0.0; lacks.len()]; lacks.len()];
        for group in 0..groups {
            let members: Vec<usize> = (0..lacks.len()).filter(|&n| made.balances[n].group == group).collect();
            share_out(&members, &mut gives, &mut lacks, &mut demands);
        }
        share_out(&(0..lacks.len()).collect::<Vec<_>>(), &mut gives, &mut lacks, &mut demands);
        made.route(&demands);
        made
    }

    /// Puts demands between networks on the shortest paths.
    fn route(&mut self, demands: &[Vec<f64>]) {
        let mut graph = DiGraph::<(), u64, u32>::default();
        let nodes: Vec<NodeIndex> = demands.iter().map(|_| graph.add_node(())).collect();
        for wire in &self.wires {
            graph.add_edge(nodes[wire.from], nodes[wire.to], wire.weight);
        }
        for (source, row) in demands.iter().enumerate().filter(|(_, row)| row.iter().any(|copies| *copies > 0.0)) {
            let far = dijkstra(&graph, nodes[source], None, |edge| *edge.weight());
            let mut before = vec![None; nodes.len()];
            for (w, wire) in self.wires.iter().enumerate() {
                let (Some(start), Some(end)) = (far.get(&nodes[wire.from]), far.get(&nodes[wire.to])) else { continue };
                if start + wire.weight == *end && before[wire.to].is_none() {
                    before[wire.to] = Some(w);
                }
            }
            for (target, copies) in row.iter().enumerate().filter(|(_, copies)| **copies > 0.0) {
                let mut at = target;
                while let Some(w) = before[at].filter(|_| at != source) {
                    self.loads[w] += copies;
                    at = self.wires[w].from;
                }
            }
        }
    }

    /// The capacity of a link at a ratio, in copies.
    fn capacity(&self, w: usize, ratio: f64) -> Option<u64> {
        let wire = &self.wires[w];
        let copies = match wire.size {
            Size::Load(headroom) => self.loads[w] * headroom,
            Size::Copies(copies) => copies,
            Size::Unlimited => return None,
        };
        Some(((copies * ratio).round() as u64).max(wire.floor))
    }

    /// The largest flow when links are sized at a ratio; `None`: without capacities.
    pub(super) fn largest(&self, ratio: Option<f64>) -> Largest {
        let mut graph = DiGraph::<(), u64, u32>::default();
        let nodes: Vec<NodeIndex> = self.balances.iter().map(|_| graph.add_node(())).collect();
        let (source, sink) = (graph.add_node(()), graph.add_node(()));
        let capacities: Vec<Option<u64>> = (0..self.wires.len()).map(|w| self.capacity(w, ratio?)).collect();
        for (wire, capacity) in self.wires.iter().zip(&capacities) {
            graph.add_edge(nodes[wire.from], nodes[wire.to], capacity.unwrap_or(NO_LIMIT));
        }
        let mut inside = 0;
        for (n, balance) in self.balances.iter().enumerate() {
            inside += balance.demand.min(balance.supply);
            graph.add_edge(source, nodes[n], balance.surplus());
            graph.add_edge(nodes[n], sink, balance.lack());
        }
        let (across, flows) = dinics(&graph, source, sink);
        let starts = |wire: &Wire| self.balances[wire.to].demand > 0;
        let used = flows.iter().zip(&self.wires).filter(|(flow, wire)| **flow > 0 || starts(wire)).count();
        let full = flows.iter().zip(&capacities).filter(|(flow, capacity)| **flow > 0 && Some(**flow) == **capacity).count();
        Largest { served: inside + across, used, full }
    }

    /// The largest ratio up to 2 at which at most `wanted` copies are served.
    pub(super) fn ratio_for(&self, wanted: u64) -> f64 {
        let (mut low, mut high) = (0.0, 2.0);
        for _ in 0..16 {
            let middle = 0.5 * (low + high);
            if self.largest(Some(middle)).served <= wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The rows of the file. A capacity is no round number of copies: a drawn rest smaller than one copy is added.
    pub(super) fn rows(&self, networks: &[NetworkRow], rate: Kbps, ratio: Option<f64>, draw: &mut Draw) -> Vec<LinkRow> {
        let row = |(w, wire): (usize, &Wire)| {
            let rest = Kbps((draw.unit() * rate.0 as f64) as u64);
            let (from, to) = (&networks[wire.from].id, &networks[wire.to].id);
            let free = ratio.and_then(|ratio| self.capacity(w, ratio)).map(|copies| rate.times(copies) + rest);
            let used = free.filter(|_| wire.used > 0.0).map(|free| Kbps((free.0 as f64 * wire.used / (1.0 - wire.used)) as u64));
            LinkRow {
                id: format_smolstr!("{from}>{to}"),
                from: from.clone(),
                to: to.clone(),
                capacity_kbps: free.map(|free| free + used.unwrap_or_default()),
                used_kbps: used,
                cost: Some(wire.cost),
                kind: Some(SmolStr::new_static(wire.kind)),
                state: None,
                month_to_date_gb: None,
                weight: Some(wire.weight),
            }
        };
        self.wires.iter().enumerate().map(row).collect()
    }

    /// Sentences about how uplinks and links were sized.
    pub(super) fn notes(&self, sizing: &Sizing, ratio: Option<f64>) -> Vec<String> {
        let mut notes = Vec::new();
        if sizing.factor != 1.0 {
            notes.push(format!("uplinks are {:.3} times as drawn, to reach the supply", sizing.factor));
        }
        if let Some(ratio) = ratio {
            let (free, bound) = (self.largest(None), self.largest(Some(ratio)));
            notes.push(format!(
                "links sized {ratio:.3}: at most {:.4} of what uplinks alone can serve; of {} in use {} are full in a largest flow",
                bound.served as f64 / free.served.max(1) as f64,
                bound.used,
                bound.full
            ));
        }
        notes
    }
}

/// Meets the lacks of some networks from what they have to give, in proportion, and notes who sends how much to whom.
fn share_out(members: &[usize], gives: &mut [f64], lacks: &mut [f64], demands: &mut [Vec<f64>]) {
    let given: f64 = members.iter().map(|&n| gives[n]).sum();
    let lacking: f64 = members.iter().map(|&n| lacks[n]).sum();
    let moved = given.min(lacking);
    if moved <= 0.0 {
        return;
    }
    for &from in members {
        for &to in members {
            demands[from][to] += gives[from] * lacks[to] * moved / (given * lacking);
        }
    }
    for &n in members {
        gives[n] *= 1.0 - moved / given;
        lacks[n] *= 1.0 - moved / lacking;
    }
}
