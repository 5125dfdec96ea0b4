//! Columns and rows of one content after the other.

use super::Flow;
use super::capacity::Capacities;
use super::draft::Draft;
use super::seats::{Hall, Layer, Pair};
use crate::ids::{ContentId, NodeId, PolicyId, RequestId};
use crate::instance::{ContentKind, Instance};
use crate::policy::Rules;
use crate::program::Name;
use std::collections::BTreeMap;

/// Columns that say whether a seat receives each substream, if it can.
pub(super) type Gets = Vec<Option<usize>>;

/// The program as far as it is written.
pub(super) struct Writer<'a> {
    pub(super) instance: &'a Instance,
    pub(super) rules: &'a Rules,
    pub(super) draft: Draft,
    pub(super) capacities: Capacities,
    /// By parent that limits its children: flows to each child.
    pub(super) children: BTreeMap<NodeId, BTreeMap<NodeId, Vec<usize>>>,
    /// By node that limits what it relays: columns `r`.
    pub(super) relayed: BTreeMap<NodeId, Vec<usize>>,
    /// By node with limited storage: columns that add a file of this size.
    pub(super) stored: BTreeMap<NodeId, Vec<(usize, f64)>>,
    /// Columns `z`.
    pub(super) relaxed: BTreeMap<(RequestId, PolicyId), usize>,
    /// By request: columns `u`, each with the number of parents that it asks for.
    pub(super) levels: BTreeMap<RequestId, Vec<(usize, u32)>>,
    /// By column `y` or `w`: what adds up to the number of parents of a substream that is received there.
    pub(super) parents: BTreeMap<usize, Vec<(usize, f64)>>,
    /// Columns that count as service.
    pub(super) worth: Vec<(usize, f64)>,
    /// Columns that cost something.
    pub(super) costs: Vec<(usize, f64)>,
    /// Columns `x`.
    pub(super) flows: Vec<(usize, Flow)>,
    /// Service of what served requests hold, whatever the plan.
    pub(super) standing: f64,
}

impl<'a> Writer<'a> {
    /// Nothing yet.
    pub(super) fn new(instance: &'a Instance, rules: &'a Rules) -> Writer<'a> {
        Writer {
            instance,
            rules,
            draft: Draft::default(),
            capacities: Capacities::default(),
            children: BTreeMap::new(),
            relayed: BTreeMap::new(),
            stored: BTreeMap::new(),
            relaxed: BTreeMap::new(),
            levels: BTreeMap::new(),
            parents: BTreeMap::new(),
            worth: Vec::new(),
            costs: Vec::new(),
            flows: Vec::new(),
            standing: 0.0,
        }
    }

    /// All columns and rows of one content, but for the rows that it shares with others.
    pub(super) fn content(&mut self, content: ContentId) {
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
        let (seat, content) = (&hall.seats[at], &self.instance.contents[hall.content]);
        let key = [seat.node.0, hall.content.0];
        let missing = |s: usize| layers[s].nearest[at].is_some() && !seat.holds(s as u32);
        let open: Vec<usize> = (0..layers.len()).filter(|s| missing(*s)).collect();
        let mut gets = vec![None; layers.len()];
        let held = seat.held.count_ones();
        let least = if seat.relay { 0 } else { self.rules.least(self.instance, seat.node, hall.content).saturating_sub(held) };
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
        let seat = &hall.seats[at];
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

    /// Flows of one substream: as many parents as are asked for, in trees, and what policies say of single substreams.
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
                    for (column, parents) in self.parents(&hall.seats[at], hall.content, get) {
                        self.draft.put(row, column, -parents);
                    }
                    row
                })
            })
            .collect();
        let has = |at: usize| layer.nearest[at] == Some(0);
        let mut columns: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut flows: Vec<(Pair, usize)> = Vec::new();
        for pair in layer.pairs.iter().filter(|pair| has(pair.parent) || gets[pair.parent].is_some()) {
            let Some(row) = balance[pair.child] else { continue };
            let column = self.flow(hall, pair, s);
            self.draft.put(row, column, 1.0);
            columns.insert((pair.parent, pair.child), column);
            flows.push((*pair, column));
            self.admit(hall, pair, s, column);
        }
        self.cuts(hall, layer, s, gets, &columns);
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
        self.shallow(hall, layer, s, gets, &hops);
        self.near(hall, s, gets, &flows);
        self.apart(hall, s, &flows);
        self.required(hall, s, gets, &flows);
    }

    fn flow(&mut self, hall: &Hall, pair: &Pair, substream: u32) -> usize {
        let (parent, child) = (hall.seats[pair.parent].node, hall.seats[pair.child].node);
        let column = self.draft.choice(Name::new("x", &[parent.0, child.0, hall.content.0, substream]));
        let flow = Flow { parent, child, content: hall.content, substream };
        self.capacities.draw(self.instance, self.rules, (flow, column), pair.arc, &hall.seats[pair.child]);
        if self.instance.nodes[parent].max_children.is_some() {
            self.children.entry(parent).or_default().entry(child).or_default().push(column);
        }
        let unit = self.rules.unit_cost(self.instance, parent, child, pair.arc);
        let churn = self.rules.churn(self.instance, parent, child, hall.content, substream);
        let rate = self.instance.contents[hall.content].rate();
        self.costs.push((column, (unit.of(rate) + churn.of(rate)).value()));
        self.flows.push((column, flow));
        column
    }
}
