//! What one copy of a content costs, between cells and between nodes.

use super::World;
use crate::ids::{ContentId, Id, NodeId};
use crate::instance::network::great_circle_km;
use crate::instance::{Ends, Instance, Place};
use crate::policy::{Arc, CellId, Cells, ClassId, Rules};
use crate::program::gates::Gate;
use crate::program::group::Prices;
use crate::program::supply::{Share, Supply};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// How far the nodes of a cell are from the one that stands for it, and the least they add to the cost of a flow.
pub(super) struct Reach {
    radius: Vec<f64>,
    term: Vec<f64>,
    term_without_loss: Vec<f64>,
}

impl Reach {
    pub(super) fn of(instance: &Instance, rules: &Rules, cells: &Cells) -> Reach {
        let none = || vec![f64::INFINITY; cells.len()];
        let mut reach = Reach { radius: vec![0.0; cells.len()], term: none(), term_without_loss: none() };
        for (id, node) in instance.nodes.pairs() {
            let cell = cells.cell(id).index();
            let far = match (node.place, instance.nodes[cells.sample(cells.cell(id))].place) {
                (Some(place), Some(centre)) if place != centre => great_circle_km(place, centre),
                _ => 0.0,
            };
            reach.radius[cell] = reach.radius[cell].max(far);
            let term = rules.sender_term(instance, id);
            reach.term[cell] = reach.term[cell].min(term);
            reach.term_without_loss[cell] = reach.term_without_loss[cell].min(term - rules.weights.loss_weight * node.loss);
        }
        reach
    }
}

/// Asks what one copy of a content costs between cells.
pub(super) struct Quote<'a> {
    pub(super) world: World<'a>,
    prices: &'a Prices,
    reach: &'a Reach,
    pub(super) content: ContentId,
    /// Price of a slot that a cell sends.
    pub(super) send: Vec<f64>,
    gates: Vec<&'a (Gate, f64)>,
    with_cost: bool,
}

impl<'a> Quote<'a> {
    pub(super) fn of(
        world: World<'a>,
        supply: &Supply,
        prices: &'a Prices,
        reach: &'a Reach,
        content: ContentId,
        with_cost: bool,
    ) -> Self {
        let mut send = vec![0.0; world.cells.len()];
        for (share, price) in supply.shares[content].iter().zip(&prices.send[content.index()]) {
            send[share.cell as usize] = *price;
        }
        let gates = prices.enter.iter().filter(|(gate, price)| gate.content == content && *price > 0.0).collect();
        Quote { world, prices, reach, content, send, gates, with_cost }
    }

    /// The least price of a copy for each cell; infinite where nobody can send.
    pub(super) fn receive(&self, shares: &[Share]) -> Vec<f64> {
        let offers = |share: &Share| share.standing + share.relayed > 0.0 || share.tiers.iter().any(|tier| tier.brings > 0.0);
        let senders: Vec<CellId> = shares.iter().filter(|share| offers(share)).map(|share| CellId(share.cell)).collect();
        let least = |share: &Share| {
            let child = CellId(share.cell);
            (share.cell as usize, senders.iter().map(|from| self.between(*from, child)).fold(f64::INFINITY, f64::min))
        };
        let asked: Vec<(usize, f64)> = shares.par_iter().map(least).collect();
        let mut price = vec![f64::INFINITY; self.world.cells.len()];
        asked.into_iter().for_each(|(cell, least)| price[cell] = least);
        if self.with_cost {
            self.measured(&mut price);
        }
        price
    }

    /// The least price of one copy from a node of one cell to a node of another.
    fn between(&self, from: CellId, to: CellId) -> f64 {
        let World { instance, rules, cells } = self.world;
        let (a, b) = (rules.classes.class(cells.sample(from)), rules.classes.class(cells.sample(to)));
        let Some(arc) = rules.arc(a, b, self.content) else { return f64::INFINITY };
        let mut price = self.resources((from, a), (to, b), arc);
        if self.with_cost {
            price += self.least_cost(from, to, arc).max(0.0) * instance.contents[self.content].rate().mbps();
        }
        price
    }

    fn resources(&self, (from, a): (CellId, ClassId), (to, b): (CellId, ClassId), arc: Arc) -> f64 {
        let World { instance, rules, .. } = self.world;
        let of_cell = |prices: &FxHashMap<CellId, f64>, cell| prices.get(&cell).copied().unwrap_or(0.0);
        let mut kbps = of_cell(&self.prices.uplink, from) + of_cell(&self.prices.downlink, to);
        kbps += rules.topology.links(arc.route).iter().filter_map(|link| self.prices.link.get(link)).sum::<f64>();
        rules.each_limit(a, b, self.content, arc.route, |row| {
            kbps += super::priced(&self.prices.limit, &rules.limits[row].policy)
        });
        rules.each_node_limit(a, b, self.content, arc.route, |row| {
            kbps += super::priced(&self.prices.node_limit, &(rules.node_limits[row].policy, from))
        });
        let mut copies = 0.0;
        rules.each_copy_limit(a, b, self.content, arc.route, |row| {
            copies += super::priced(&self.prices.copy_limit, &(rules.copy_limits[row].policy, self.content))
        });
        let entered: f64 = self.gates.iter().filter(|(gate, _)| gate.is_entered(from, to)).map(|(_, price)| price).sum();
        self.send[from.index()] + copies - entered + kbps * instance.contents[self.content].rate().0 as f64
    }

    /// A lower bound on the unit cost between any two nodes of two cells, measurements between nodes aside.
    fn least_cost(&self, from: CellId, to: CellId, arc: Arc) -> f64 {
        let World { instance, rules, cells } = self.world;
        let weights = &rules.weights;
        let (parent, child) = (&instance.nodes[cells.sample(from)], &instance.nodes[cells.sample(to)]);
        let ends = Ends::Networks(parent.network, child.network);
        let (rtt, loss) = rules.topology.measured_between(ends);
        let nearness = match rtt {
            Some(rtt) => weights.rtt_weight * rtt / 100.0,
            None => {
                let spread = self.reach.radius[from.index()] + self.reach.radius[to.index()];
                let apart: f64 = match (parent.place, child.place) {
                    (Some(a), Some(b)) => great_circle_km(a as Place, b),
                    _ if parent.network == child.network => 0.0,
                    _ => 1000.0,
                };
                weights.distance_weight * (apart - spread).max(0.0) / 1000.0
            }
        };
        let term = match loss {
            Some(loss) => self.reach.term_without_loss[from.index()] + weights.loss_weight * loss,
            None => self.reach.term[from.index()],
        };
        term + arc.extra + nearness - 1e-6
    }

    /// Lowers prices of receiving to what pairs of nodes with measurements of their own cost.
    fn measured(&self, price: &mut [f64]) {
        for path in &self.world.instance.paths {
            let Ends::Nodes(parent, child) = path.ends else { continue };
            if let Some(quoted) = self.exactly(parent, child) {
                let price = &mut price[self.world.cells.cell(child).index()];
                *price = price.min(quoted);
            }
        }
    }

    /// The price of one copy from one node to another, churn aside; `None` if it may not be sent.
    pub(super) fn exactly(&self, parent: NodeId, child: NodeId) -> Option<f64> {
        let World { instance, rules, cells } = self.world;
        let (a, b) = (rules.classes.class(parent), rules.classes.class(child));
        let arc = rules.arc(a, b, self.content)?;
        let unit = rules.unit_cost(instance, parent, child, arc).value();
        let resources = self.resources((cells.cell(parent), a), (cells.cell(child), b), arc);
        Some(resources + unit * instance.contents[self.content].rate().mbps())
    }
}
