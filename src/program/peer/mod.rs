//! The peer program: single nodes, substreams apart, every rule exactly.
//!
//! ```text
//! x[p,h,c,s]  p sends s to h       y[h,c]  request served       w[h,c,s]  s received, where not all or nothing
//! r[h,c]      h relays c           k[p,h]  h is a child of p    d[h,c,s]  hops below a holder
//!
//! get[h,c,s]     sum_p x = w  (y where all are needed)                  one parent, or none
//! may[h,c,s]     w <= y, or r                   least[h,c]  sum_s w >= (min - held) y
//! fed[p,h,c,s]   x[p,h] + x[h,p] <= w[p]                                a parent has what it sends, and not from its child
//! deep[p,h,c,s]  d[h] >= d[p] + 1 - D_p (1 - x)                         no cycles, and no deeper than is allowed
//! up down link lim nlim                                                 kbps, in the greatest common unit
//! kid[p,h,c,s]   x <= k          kids[p]  sum_h k <= max_children
//! relay[h]       sum_c r <= relay_contents      store[h]  sum of size (y or r) <= room
//! svc            service >= what is asked for
//! ```
//!
//! Nothing is left out, so an optimum is the best plan, and a bound on it holds for every plan. Flows that no tree can
//! use (out of reach of all holders, or too deep) have no column.

mod capacity;
mod draft;
mod seats;

pub use seats::size;

use super::{Name, Program};
use crate::ids::{ContentId, NodeId};
use crate::instance::{ContentKind, Instance};
use crate::policy::Rules;
use crate::units::Cost;
use capacity::{Capacities, common_divisor};
use draft::Draft;
use seats::{Hall, Layer, Pair};
use std::collections::BTreeMap;

/// Whole objectives are kept whole up to this sum of their numbers; beyond, the search's bound is too coarse to be rounded up.
const LARGEST_SUM: f64 = 500_000.0;
/// Other objectives are scaled so that this is their largest number: far above the tolerances of the solver.
const LARGEST: f64 = 10_000.0;

/// One substream from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who sends.
    pub parent: NodeId,
    /// Who receives.
    pub child: NodeId,
    /// What.
    pub content: ContentId,
    /// Which part of it.
    pub substream: u32,
}

/// The program, and what its columns stand for.
pub struct PeerProgram {
    /// Rows and columns; its costs are 0.
    pub program: Program,
    /// Service counted per column.
    pub service: Objective,
    /// Cost counted per column.
    pub cost: Objective,
    /// Service of what requests hold already, whatever the plan.
    pub standing: f64,
    /// Row `svc`: service per column, at least its lower bound.
    pub service_row: u32,
    flows: Vec<(usize, Flow)>,
}

/// Numbers per column: `scale` times them is what is counted.
#[derive(Clone, Debug)]
pub struct Objective {
    /// One for each column.
    pub numbers: Vec<f64>,
    /// What a unit of them is.
    pub scale: f64,
    /// All of them are whole.
    pub whole: bool,
}

impl PeerProgram {
    /// States the program; see [`size`] for how large it may become.
    pub fn of(instance: &Instance, rules: &Rules) -> PeerProgram {
        let mut writer = Writer {
            instance,
            rules,
            draft: Draft::default(),
            capacities: Capacities::default(),
            children: BTreeMap::new(),
            relayed: BTreeMap::new(),
            stored: BTreeMap::new(),
            worth: Vec::new(),
            flows: Vec::new(),
            standing: 0.0,
        };
        for content in instance.contents.ids() {
            writer.content(content);
        }
        writer.finish()
    }

    /// The flows of a point.
    pub fn flows(&self, columns: &[f64]) -> Vec<Flow> {
        self.flows.iter().filter(|(column, _)| columns[*column] > 0.5).map(|(_, flow)| *flow).collect()
    }
}

/// Columns that say whether a seat receives each substream, if it can.
type Gets = Vec<Option<usize>>;

struct Writer<'a> {
    instance: &'a Instance,
    rules: &'a Rules,
    draft: Draft,
    capacities: Capacities,
    /// By parent that limits its children: flows to each child.
    children: BTreeMap<NodeId, BTreeMap<NodeId, Vec<usize>>>,
    /// By node that limits what it relays: columns `r`.
    relayed: BTreeMap<NodeId, Vec<usize>>,
    /// By node with limited storage: columns that add a file of this size.
    stored: BTreeMap<NodeId, Vec<(usize, f64)>>,
    /// Columns that count as service.
    worth: Vec<(usize, f64)>,
    flows: Vec<(usize, Flow)>,
    standing: f64,
}

impl Writer<'_> {
    fn content(&mut self, content: ContentId) {
        let hall = Hall::of(self.instance, self.rules, content);
        let layers: Vec<Layer> = (0..self.instance.contents[content].substreams).map(|s| hall.layer(s)).collect();
        let gets: Vec<Gets> = (0..hall.seats.len()).map(|seat| self.receiver(&hall, &layers, seat)).collect();
        for (substream, layer) in layers.iter().enumerate() {
            let gets: Gets = gets.iter().map(|of_seat| of_seat[substream]).collect();
            self.layer(&hall, layer, substream as u32, &gets);
        }
    }

    /// Columns of what one seat may receive, and the rules about how much of it.
    fn receiver(&mut self, hall: &Hall, layers: &[Layer], at: usize) -> Gets {
        let (seat, content) = (hall.seats[at], &self.instance.contents[hall.content]);
        let key = [seat.node.0, hall.content.0];
        let missing = |s: usize| layers[s].nearest[at].is_some() && seat.held >> s & 1 == 0;
        let open: Vec<usize> = (0..layers.len()).filter(|s| missing(*s)).collect();
        let mut gets = vec![None; layers.len()];
        let held = seat.held.count_ones();
        let least = if seat.relay { 0 } else { content.min_substreams.saturating_sub(held) };
        let each = seat.request.map_or(0.0, |request| self.rules.weight[request] / f64::from(content.substreams));
        if (seat.request.is_none() && !seat.relay) || (open.len() as u32) < least {
            return gets;
        }
        if least == 0 && seat.request.is_some() {
            self.standing += each * f64::from(held);
        }
        let gate = self.gate(hall, at, least, open.is_empty());
        if least > 0 && held + least == content.substreams {
            let gate = gate.expect("who needs something has a gate");
            self.worth.push((gate, each * f64::from(content.substreams)));
            open.iter().for_each(|s| gets[*s] = Some(gate));
            return gets;
        }
        let enough = (least > 0).then(|| self.draft.at_least(Name::new("least", &key), 0.0));
        for s in open {
            let get = self.draft.choice(Name::new("w", &[key[0], key[1], s as u32]));
            gets[s] = Some(get);
            if let Some(gate) = gate {
                self.draft.only_with(Name::new("may", &[key[0], key[1], s as u32]), get, gate);
            }
            if let Some(enough) = enough {
                self.draft.put(enough, get, 1.0);
            }
            if each > 0.0 {
                self.worth.push((get, each));
            }
        }
        if let (Some(enough), Some(gate)) = (enough, gate) {
            self.draft.put(enough, gate, -f64::from(least));
            self.worth.push((gate, each * f64::from(held)));
        }
        gets
    }

    /// The column that says whether a seat receives at all, where something depends on that: `y` or `r`.
    fn gate(&mut self, hall: &Hall, at: usize, least: u32, idle: bool) -> Option<usize> {
        let seat = hall.seats[at];
        let (node, content) = (&self.instance.nodes[seat.node], &self.instance.contents[hall.content]);
        let adds_file = node.storage_mb.is_some() && content.kind == ContentKind::File && seat.held == 0;
        let counted = seat.relay && node.relay_contents.is_some();
        if idle || (least == 0 && !counted && !(seat.relay && adds_file)) {
            return None;
        }
        let tag = if seat.relay { "r" } else { "y" };
        let gate = self.draft.choice(Name::new(tag, &[seat.node.0, hall.content.0]));
        if counted {
            self.relayed.entry(seat.node).or_default().push(gate);
        }
        if adds_file {
            self.stored.entry(seat.node).or_default().push((gate, content.size_mb.unwrap_or(0.0)));
        }
        Some(gate)
    }

    /// Flows of one substream, each with an own parent, and in trees.
    fn layer(&mut self, hall: &Hall, layer: &Layer, s: u32, gets: &Gets) {
        let name = |tag, of: &[usize]| {
            let mut key: Vec<u32> = of.iter().map(|seat| hall.seats[*seat].node.0).collect();
            key.extend([hall.content.0, s]);
            Name::new(tag, &key)
        };
        let balance: Vec<Option<u32>> = (gets.iter().enumerate())
            .map(|(at, get)| {
                get.map(|get| {
                    let row = self.draft.balance(name("get", &[at]));
                    self.draft.put(row, get, -1.0);
                    row
                })
            })
            .collect();
        let has = |at: usize| layer.nearest[at] == Some(0);
        let mut columns: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for pair in layer.pairs.iter().filter(|pair| has(pair.parent) || gets[pair.parent].is_some()) {
            let Some(row) = balance[pair.child] else { continue };
            let column = self.flow(hall, pair, s);
            self.draft.put(row, column, 1.0);
            columns.insert((pair.parent, pair.child), column);
        }
        let hops: Vec<Option<usize>> = (gets.iter().enumerate())
            .map(|(at, get)| get.map(|_| self.draft.number(name("d", &[at]), 1.0, f64::from(layer.deepest[at]).max(1.0))))
            .collect();
        for ((parent, child), column) in &columns {
            let (Some(get), Some(above), Some(below)) = (gets[*parent], hops[*parent], hops[*child]) else { continue };
            let row = self.draft.at_most(name("fed", &[*parent, *child]), 0.0);
            self.draft.put(row, *column, 1.0);
            self.draft.put(row, get, -1.0);
            if let Some(back) = columns.get(&(*child, *parent)) {
                self.draft.put(row, *back, 1.0);
            }
            let far = f64::from(layer.deepest[*parent]);
            let row = self.draft.at_least(name("deep", &[*parent, *child]), 1.0 - far);
            self.draft.put(row, below, 1.0);
            self.draft.put(row, above, -1.0);
            self.draft.put(row, *column, -far);
        }
    }

    fn flow(&mut self, hall: &Hall, pair: &Pair, substream: u32) -> usize {
        let (parent, child) = (hall.seats[pair.parent].node, hall.seats[pair.child].node);
        let column = self.draft.choice(Name::new("x", &[parent.0, child.0, hall.content.0, substream]));
        self.capacities.draw(self.instance, self.rules, (parent, child), hall.content, pair.arc, column);
        if self.instance.nodes[parent].max_children.is_some() {
            self.children.entry(parent).or_default().entry(child).or_default().push(column);
        }
        self.flows.push((column, Flow { parent, child, content: hall.content, substream }));
        column
    }

    fn finish(mut self) -> PeerProgram {
        std::mem::take(&mut self.capacities).state(self.instance, self.rules, &mut self.draft);
        self.limit_children();
        self.limit_relays();
        self.limit_storage();
        let service_row = self.draft.at_least(Name::new("svc", &[]), f64::NEG_INFINITY);
        let (instance, rules) = (self.instance, self.rules);
        let priced = |(column, flow): &(usize, Flow)| (*column, cost_of(instance, rules, flow).value());
        let cost: Vec<(usize, f64)> = self.flows.iter().map(priced).collect();
        let columns = self.draft.len();
        let service = Objective::of(&self.worth, columns, 1e6 * common_multiple(instance));
        let cost = Objective::of(&cost, columns, 1e9);
        for (column, worth) in service.numbers.iter().enumerate().filter(|(_, worth)| **worth != 0.0) {
            self.draft.put(service_row, column, *worth);
        }
        let program = self.draft.program();
        PeerProgram { program, service, cost, standing: self.standing, service_row, flows: self.flows }
    }

    fn limit_children(&mut self) {
        for (parent, children) in std::mem::take(&mut self.children) {
            let most = self.instance.nodes[parent].max_children.unwrap_or(u32::MAX);
            if children.len() as u64 <= u64::from(most) {
                continue;
            }
            let kids = self.draft.at_most(Name::new("kids", &[parent.0]), f64::from(most));
            for (child, flows) in children {
                let kid = self.draft.choice(Name::new("k", &[parent.0, child.0]));
                self.draft.put(kids, kid, 1.0);
                for (number, flow) in flows.into_iter().enumerate() {
                    self.draft.only_with(Name::new("kid", &[parent.0, child.0, number as u32]), flow, kid);
                }
            }
        }
    }

    fn limit_relays(&mut self) {
        for (node, relayed) in std::mem::take(&mut self.relayed) {
            let most = self.instance.nodes[node].relay_contents.unwrap_or(u32::MAX);
            let row = self.draft.at_most(Name::new("relay", &[node.0]), f64::from(most));
            relayed.into_iter().for_each(|column| self.draft.put(row, column, 1.0));
        }
    }

    /// Room in parts of the room that is left, so that sizes of any unit are numbers of a size that the solver likes.
    fn limit_storage(&mut self) {
        for (node, added) in std::mem::take(&mut self.stored) {
            let kept = self.instance.holdings.iter().filter(|holding| holding.node == node);
            let files = kept.map(|holding| &self.instance.contents[holding.content]);
            let kept: f64 = files.filter(|c| c.kind == ContentKind::File).map(|c| c.size_mb.unwrap_or(0.0)).sum();
            let room = self.instance.nodes[node].storage_mb.unwrap_or(f64::INFINITY) - kept;
            let row = self.draft.at_most(Name::new("store", &[node.0]), if room < 0.0 { 0.0 } else { 1.0 });
            for (column, size) in added {
                // What is too large alone is ruled out, and so is anything where what is held is too much already.
                let share = if room < 0.0 || size > room {
                    2.0
                } else if size == 0.0 {
                    0.0
                } else {
                    size / room
                };
                self.draft.put(row, column, share);
            }
        }
    }
}

/// What a flow costs, churn included.
fn cost_of(instance: &Instance, rules: &Rules, flow: &Flow) -> Cost {
    let (from, to) = (rules.classes.class(flow.parent), rules.classes.class(flow.child));
    let arc = rules.arc(from, to, flow.content).expect("columns stand for admissible flows");
    let unit = rules.unit_cost(instance, flow.parent, flow.child, arc).0;
    let churn = rules.churn(instance, flow.parent, flow.child, flow.content, flow.substream).0;
    crate::units::UnitCost(unit + churn).of(instance.contents[flow.content].rate())
}

/// The least number that all numbers of substreams divide, as far as it is small.
fn common_multiple(instance: &Instance) -> f64 {
    let join = |all: u64, content: &crate::instance::Content| {
        let substreams = u64::from(content.substreams);
        all / common_divisor(all, substreams) * substreams
    };
    instance.contents.iter().fold(1, |all, content| if all > 1_000_000 { all } else { join(all, content) }) as f64
}

impl Objective {
    /// From what some columns count; `grain` times that is whole, if numbers are as usual.
    fn of(counted: &[(usize, f64)], columns: usize, grain: f64) -> Objective {
        let mut numbers = vec![0.0; columns];
        counted.iter().for_each(|(column, value)| numbers[*column] += value);
        let is_whole = |value: f64| (value - value.round()).abs() <= 1e-9 * value.abs().max(1.0) && value.abs() < 1e15;
        if numbers.iter().all(|value| is_whole(value * grain)) {
            let unit = numbers.iter().fold(0, |unit, value| common_divisor(unit, (value * grain).round().abs() as u64)).max(1);
            let whole: Vec<f64> = numbers.iter().map(|value| (value * grain).round() / unit as f64).collect();
            if whole.iter().sum::<f64>() <= LARGEST_SUM {
                return Objective { numbers: whole, scale: unit as f64 / grain, whole: true };
            }
        }
        let largest = numbers.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let scale = if largest > 0.0 { largest / LARGEST } else { 1.0 };
        Objective { numbers: numbers.iter().map(|value| value / scale).collect(), scale, whole: false }
    }
}
