//! What prices prove: the closed-form Lagrangian bound, over all real pairs.
//!
//! Any non-negative prices give a valid bound by weak duality, wherever they come from, if the inner problem is solved
//! exactly or relaxed. Here it is solved per receiver: a copy costs at least the cheapest admissible sender's price (its
//! slot, its links, the policy rows that count it, and the flow's own cost), a served request earns its weight and the
//! price of the slots that it brings, and whoever does not pay for itself is left out. Depth, children, storage and
//! cycles are left out, which only weakens the bound.

use super::gates::Gate;
use super::group::Prices;
use super::supply::{self, Supply, Tier, TierKey};
use crate::ids::{ContentId, Id, NodeId, RequestId, Table};
use crate::instance::network::great_circle_km;
use crate::instance::{Ends, Instance, Place};
use crate::policy::{Arc, CellId, Cells, ClassId, Rules};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// What is bounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Objective {
    /// Service, from above.
    Service,
    /// Cost of any plan with at least this service, from below.
    Cost {
        /// The service.
        service: f64,
    },
}

/// The bound that the prices prove.
pub fn evaluate(
    instance: &Instance,
    rules: &Rules,
    cells: &Cells,
    supply: &Supply,
    prices: &Prices,
    objective: Objective,
) -> f64 {
    let receive = Receive::of(instance, rules, cells, supply, prices, objective);
    let worth = if objective == Objective::Service { 1.0 } else { prices.service };
    let rented = rent(instance, rules, cells, supply, prices);
    let earned = |request: &RequestId| {
        let row = &instance.requests[*request];
        let Some(tier) = supply::tier(instance, rules, *request) else { return 0.0 };
        let cell = cells.cell(row.node).index();
        let brought = receive.send[row.content][cell] * tier.brings;
        let owed = receive.owed(row.content, cells.cell(row.node), tier.key);
        let each = worth / f64::from(instance.contents[row.content].substreams);
        best(&tier, each, receive.price[row.content][cell], brought, owed)
    };
    let requests: Vec<RequestId> = instance.requests.ids().collect();
    let served: f64 = requests.par_iter().with_min_len(4096).map(earned).sum();
    let relayed: f64 = instance.nodes.ids().map(|node| receive.relay(instance, cells, node)).sum();
    let most = rented + served + relayed;
    match objective {
        Objective::Service => most * (1.0 + 1e-10),
        Objective::Cost { service } => ((prices.service * service - most) * (1.0 - 1e-10)).max(0.0),
    }
}

/// The most that one request earns: nothing, or served with the least or with all that it lacks. `gate` is what it owes
/// for the copies that must enter its network first.
fn best(tier: &Tier, each: f64, price: f64, brought: f64, gate: f64) -> f64 {
    let pay = |copies: f64| if copies > 0.0 { price * copies * tier.parents } else { 0.0 };
    let earn = |copies: f64| each * tier.weight * (tier.held + copies) - pay(copies);
    (brought - gate + earn(tier.least).max(earn(tier.need))).max(0.0)
}

/// What everything that stands ready is worth at these prices.
fn rent(instance: &Instance, rules: &Rules, cells: &Cells, supply: &Supply, prices: &Prices) -> f64 {
    let links: f64 = prices
        .link
        .iter()
        .filter(|(_, price)| **price > 0.0)
        .map(|(id, price)| {
            let link = &instance.links[*id];
            price * link.capacity.map_or(f64::INFINITY, |capacity| supply::fillable(instance, capacity.saturating_sub(link.used)))
        })
        .sum();
    let limits: f64 =
        rules.limits.iter().map(|limit| priced(&prices.limit, &limit.policy) * supply::fillable(instance, limit.max)).sum();
    let node_limits: f64 = rules
        .node_limits
        .iter()
        .map(|limit| {
            let most = |(id, node): (NodeId, &crate::instance::Node)| {
                priced(&prices.node_limit, &(limit.policy, cells.cell(id)))
                    * supply::fillable(instance, limit.max(node.uplink).min(node.uplink))
            };
            instance.nodes.pairs().map(most).sum::<f64>()
        })
        .sum();
    let copies: f64 = rules
        .copy_limits
        .iter()
        .map(|limit| {
            let of_content = |(id, content): (ContentId, &crate::instance::Content)| {
                priced(&prices.copy_limit, &(limit.policy, id)) * f64::from(content.substreams)
            };
            f64::from(limit.max) * instance.contents.pairs().map(of_content).sum::<f64>()
        })
        .sum();
    let uplinks: f64 = instance
        .nodes
        .ids()
        .filter_map(|node| Some(prices.uplink.get(&cells.cell(node))? * supply::most_sent(instance, node)))
        .sum();
    let downlinks: f64 = instance
        .nodes
        .pairs()
        .filter_map(|(id, node)| {
            let price = *prices.downlink.get(&cells.cell(id))?;
            (price > 0.0).then(|| price * node.downlink.map_or(f64::INFINITY, |downlink| downlink.0 as f64))
        })
        .sum();
    let standing: f64 = supply
        .shares
        .pairs()
        .map(|(content, shares)| {
            shares.iter().zip(&prices.send[content.index()]).map(|(share, price)| price * share.standing).sum::<f64>()
        })
        .sum();
    links + limits + node_limits + copies + uplinks + downlinks + standing
}

fn priced<K: std::hash::Hash + Eq>(prices: &FxHashMap<K, f64>, what: &K) -> f64 {
    prices.get(what).copied().unwrap_or(0.0)
}

/// Prices of receiving and sending one copy, by content and cell.
struct Receive {
    /// Least price of receiving a copy; infinite where nobody can send.
    price: Table<ContentId, Vec<f64>>,
    /// Price of a slot that a cell sends.
    send: Table<ContentId, Vec<f64>>,
    /// What a request of a tier owes for the copies that must enter the sets it is in.
    owed: FxHashMap<(ContentId, CellId, TierKey), f64>,
}

impl Receive {
    fn of(instance: &Instance, rules: &Rules, cells: &Cells, supply: &Supply, prices: &Prices, objective: Objective) -> Receive {
        let reach = Reach::of(instance, rules, cells);
        let mut receive = Receive { price: Table::default(), send: Table::default(), owed: FxHashMap::default() };
        for (gate, price) in &prices.enter {
            for cell in &gate.cells {
                *receive.owed.entry((gate.content, *cell, gate.key)).or_insert(0.0) += price * gate.copies / gate.count;
            }
        }
        for content in instance.contents.ids() {
            let shares = &supply.shares[content];
            let mut send = vec![0.0; cells.len()];
            for (share, price) in shares.iter().zip(&prices.send[content.index()]) {
                send[share.cell as usize] = *price;
            }
            let offers =
                |share: &supply::Share| share.standing + share.relayed > 0.0 || share.tiers.iter().any(|tier| tier.brings > 0.0);
            let senders: Vec<CellId> = shares.iter().filter(|share| offers(share)).map(|share| CellId(share.cell)).collect();
            let gates: Vec<&(Gate, f64)> =
                prices.enter.iter().filter(|(gate, price)| gate.content == content && *price > 0.0).collect();
            let quote = Quote { instance, rules, cells, prices, reach: &reach, content, send: &send, gates: &gates, objective };
            let mut price = vec![f64::INFINITY; cells.len()];
            let asked: Vec<(usize, f64)> = shares
                .par_iter()
                .map(|share| {
                    let child = CellId(share.cell);
                    (share.cell as usize, senders.iter().map(|from| quote.between(*from, child)).fold(f64::INFINITY, f64::min))
                })
                .collect();
            asked.into_iter().for_each(|(cell, least)| price[cell] = least);
            quote.measured(&mut price);
            receive.price.push(price);
            receive.send.push(send);
        }
        receive
    }

    fn owed(&self, content: ContentId, cell: CellId, key: TierKey) -> f64 {
        if self.owed.is_empty() { 0.0 } else { self.owed.get(&(content, cell, key)).copied().unwrap_or(0.0) }
    }

    /// The most that relaying earns a node: its best contents, one substream each.
    fn relay(&self, instance: &Instance, cells: &Cells, node: NodeId) -> f64 {
        let most = instance.nodes[node].relay_contents;
        if most == Some(0) {
            return 0.0;
        }
        let cell = cells.cell(node).index();
        let idle = |content: &ContentId| instance.request(node, *content).is_none() && instance.held(node, *content) == 0;
        let earn = |content: ContentId| {
            let price = self.price[content][cell];
            let copies = if price < 0.0 { f64::from(instance.contents[content].substreams) } else { 1.0 };
            self.send[content][cell] * supply::role(instance, node, content).slots - price * copies
        };
        let mut earned: Vec<f64> = instance.contents.ids().filter(idle).map(earn).filter(|earned| *earned > 0.0).collect();
        earned.sort_by(|a, b| b.total_cmp(a));
        earned.into_iter().take(most.map_or(usize::MAX, |most| most as usize)).sum()
    }
}

/// How far the nodes of a cell are from the one that stands for it, and the least they add to the cost of a flow.
struct Reach {
    radius: Vec<f64>,
    term: Vec<f64>,
    term_without_loss: Vec<f64>,
}

impl Reach {
    fn of(instance: &Instance, rules: &Rules, cells: &Cells) -> Reach {
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
struct Quote<'a> {
    instance: &'a Instance,
    rules: &'a Rules,
    cells: &'a Cells,
    prices: &'a Prices,
    reach: &'a Reach,
    content: ContentId,
    send: &'a [f64],
    gates: &'a [&'a (Gate, f64)],
    objective: Objective,
}

impl Quote<'_> {
    /// The least price of one copy from a node of one cell to a node of another.
    fn between(&self, from: CellId, to: CellId) -> f64 {
        let (parent, child) = (self.cells.sample(from), self.cells.sample(to));
        let (a, b) = (self.rules.classes.class(parent), self.rules.classes.class(child));
        let Some(arc) = self.rules.arc(a, b, self.content) else { return f64::INFINITY };
        let mut price = self.resources((from, a), (to, b), arc);
        if self.objective != Objective::Service {
            price += self.least_cost(from, to, arc).max(0.0) * self.instance.contents[self.content].rate().mbps();
        }
        price
    }

    fn resources(&self, (from, a): (CellId, ClassId), (to, b): (CellId, ClassId), arc: Arc) -> f64 {
        let of_cell = |prices: &rustc_hash::FxHashMap<CellId, f64>, cell| prices.get(&cell).copied().unwrap_or(0.0);
        let mut kbps = of_cell(&self.prices.uplink, from) + of_cell(&self.prices.downlink, to);
        kbps += self.rules.topology.links(arc.route).iter().filter_map(|link| self.prices.link.get(link)).sum::<f64>();
        self.rules
            .each_limit(a, b, self.content, arc.route, |row| kbps += priced(&self.prices.limit, &self.rules.limits[row].policy));
        self.rules.each_node_limit(a, b, self.content, arc.route, |row| {
            kbps += priced(&self.prices.node_limit, &(self.rules.node_limits[row].policy, from))
        });
        let mut copies = 0.0;
        self.rules.each_copy_limit(a, b, self.content, arc.route, |row| {
            copies += priced(&self.prices.copy_limit, &(self.rules.copy_limits[row].policy, self.content))
        });
        let entered: f64 = self.gates.iter().filter(|(gate, _)| gate.is_entered(from, to)).map(|(_, price)| price).sum();
        self.send[from.index()] + copies - entered + kbps * self.instance.contents[self.content].rate().0 as f64
    }

    /// A lower bound on the unit cost between any two nodes of two cells, measurements between nodes aside.
    fn least_cost(&self, from: CellId, to: CellId, arc: Arc) -> f64 {
        let (instance, weights) = (self.instance, &self.rules.weights);
        let (parent, child) = (&instance.nodes[self.cells.sample(from)], &instance.nodes[self.cells.sample(to)]);
        let ends = Ends::Networks(parent.network, child.network);
        let (rtt, loss) = self.rules.topology.measured_between(ends);
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
        if self.objective == Objective::Service {
            return;
        }
        for path in &self.instance.paths {
            let Ends::Nodes(parent, child) = path.ends else { continue };
            let (from, to) = (self.cells.cell(parent), self.cells.cell(child));
            let (a, b) = (self.rules.classes.class(parent), self.rules.classes.class(child));
            if let Some(arc) = self.rules.arc(a, b, self.content) {
                let unit = self.rules.unit_cost(self.instance, parent, child, arc).value();
                let quoted = self.resources((from, a), (to, b), arc) + unit * self.instance.contents[self.content].rate().mbps();
                price[to.index()] = price[to.index()].min(quoted);
            }
        }
    }
}
