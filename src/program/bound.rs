//! What prices prove: the closed-form Lagrangian bound, over all real pairs.
//!
//! Any non-negative prices give a valid bound by weak duality, wherever they come from, if the inner problem is solved
//! exactly or relaxed. Here it is solved per receiver: a copy costs at least the cheapest admissible sender's price (its
//! slot, its links, the policy rows that count it, and the flow's own cost), a served request earns its weight and the
//! price of the slots that it brings, and whoever does not pay for itself is left out. Where a topology is in force a
//! request pays for churn, or keeps a parent (`kept`). Depth, children, storage, cycles and the churn of relays are left
//! out, which only weakens the bound.

mod kept;
mod settle;

pub use settle::settle;

use super::gates::Gate;
use super::group::Prices;
use super::supply::{self, Share, Supply, TierKey};
use crate::ids::{ContentId, Id, NodeId, RequestId, Table};
use crate::instance::network::great_circle_km;
use crate::instance::{Ends, Instance, Place};
use crate::policy::{Arc, CellId, Cells, ClassId, Rules};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Requests whose earnings one thread sums up at a time.
const AT_A_TIME: usize = 8192;
/// How often the range of the best price of service is doubled at most until it is found, and then halved.
const STEPS: usize = 40;
/// Service that counts as none, relative.
const NO_SERVICE: f64 = 1e-9;

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
    Market::of(instance, rules, cells, supply, prices, objective).bound(prices.service, objective)
}

/// What all that stands ready is worth, and what requests and relays may earn.
struct Market {
    rented: f64,
    relayed: f64,
    asked: Vec<Asked>,
}

/// A request that can be served.
struct Asked {
    weight: f64,
    /// Substreams of the content, and of these held, needed at least, and lacked.
    substreams: f64,
    held: u32,
    least: u32,
    need: u32,
    /// Parents of each substream.
    parents: f64,
    /// Price of one copy.
    price: f64,
    /// Price of the slots that it brings, less what it owes for the copies that must enter its network first.
    fixed: f64,
    /// Prices of 0, 1, ... further substreams where a topology is in force.
    kept: Option<Box<[f64]>>,
}

/// What prices leave to requests, and the service that they then want.
#[derive(Clone, Copy, Default)]
struct Earned {
    more: f64,
    service: f64,
}

impl Market {
    fn of(instance: &Instance, rules: &Rules, cells: &Cells, supply: &Supply, prices: &Prices, objective: Objective) -> Market {
        let (reach, with_cost) = (Reach::of(instance, rules, cells), objective != Objective::Service);
        let receive = Receive::of(World { instance, rules, cells }, supply, prices, &reach, with_cost);
        let requests: Vec<RequestId> = instance.requests.ids().collect();
        let asked = |request: &RequestId| receive.asked(*request, with_cost);
        let asked = requests.par_iter().with_min_len(AT_A_TIME / 4).filter_map(asked).collect();
        let relayed = instance.nodes.ids().map(|node| receive.relay(node)).sum();
        Market { rented: rent(instance, rules, cells, supply, prices), relayed, asked }
    }

    /// What all requests make of a price of service.
    fn earned(&self, worth: f64) -> Earned {
        let sum = |asked: &[Asked]| asked.iter().map(|one| one.best(worth)).fold(Earned::default(), Earned::and);
        let sums: Vec<Earned> = self.asked.par_chunks(AT_A_TIME).map(sum).collect();
        sums.into_iter().fold(Earned::default(), Earned::and)
    }

    fn bound(&self, price: f64, objective: Objective) -> f64 {
        let worth = if objective == Objective::Service { 1.0 } else { price };
        let most = self.rented + self.earned(worth).more + self.relayed;
        match objective {
            Objective::Service => most * (1.0 + 1e-10),
            Objective::Cost { service } => ((price * service - most) * (1.0 - 1e-10)).max(0.0),
        }
    }

    /// The price of service at which requests want as much of it as is asked for: there the bound, concave in that price, is
    /// highest. `price` if there is none.
    fn best_price(&self, price: f64, service: f64) -> f64 {
        let is_low = |price: f64| self.earned(price).service < service * (1.0 - NO_SERVICE);
        let (mut low, mut high) = (0.0, if price > 0.0 { price } else { 1.0 });
        let mut steps = 0..STEPS;
        while is_low(high) {
            if steps.next().is_none() {
                return price;
            }
            (low, high) = (high, 2.0 * high);
        }
        for _ in 0..STEPS {
            let middle = (low + high) / 2.0;
            if is_low(middle) { low = middle } else { high = middle }
        }
        high
    }
}

impl Asked {
    /// The most that it earns: nothing, or served with the least, with all that it lacks, or with what lies between where
    /// some substreams are dearer than others.
    fn best(&self, worth: f64) -> Earned {
        let each = worth / self.substreams;
        let serve = |copies: u32| {
            let has = f64::from(self.held + copies);
            Earned {
                more: self.fixed + (each * self.weight * has - self.paid(copies)),
                service: self.weight * has / self.substreams,
            }
        };
        let least = serve(self.least).or(serve(self.need));
        let between = if self.kept.is_some() { self.least + 1..self.need } else { 0..0 };
        Earned::default().or(between.map(serve).fold(least, Earned::or))
    }

    fn paid(&self, copies: u32) -> f64 {
        match &self.kept {
            _ if copies == 0 => 0.0,
            Some(paid) => paid[copies as usize],
            None => self.price * f64::from(copies) * self.parents,
        }
    }
}

impl Earned {
    fn and(self, other: Earned) -> Earned {
        Earned { more: self.more + other.more, service: self.service + other.service }
    }

    fn or(self, other: Earned) -> Earned {
        if other.more > self.more { other } else { self }
    }
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

/// What is given.
#[derive(Clone, Copy)]
struct World<'a> {
    instance: &'a Instance,
    rules: &'a Rules,
    cells: &'a Cells,
}

/// Prices of receiving one copy, by content and cell.
struct Receive<'a> {
    world: World<'a>,
    quotes: Table<ContentId, Quote<'a>>,
    /// Least price of receiving a copy; infinite where nobody can send.
    price: Table<ContentId, Vec<f64>>,
    /// What a request of a tier owes for the copies that must enter the sets it is in.
    owed: FxHashMap<(ContentId, CellId, TierKey), f64>,
}

impl<'a> Receive<'a> {
    fn of(world: World<'a>, supply: &Supply, prices: &'a Prices, reach: &'a Reach, with_cost: bool) -> Receive<'a> {
        let mut owed = FxHashMap::default();
        for (gate, price) in &prices.enter {
            for cell in &gate.cells {
                *owed.entry((gate.content, *cell, gate.key)).or_insert(0.0) += price * gate.copies / gate.count;
            }
        }
        let contents = world.instance.contents.ids();
        let quotes: Vec<Quote<'a>> = contents.map(|id| Quote::of(world, supply, prices, reach, id, with_cost)).collect();
        let price = quotes.iter().zip(supply.shares.iter()).map(|(quote, shares)| quote.receive(shares)).collect();
        Receive { world, quotes: Table::new(quotes), price: Table::new(price), owed }
    }

    /// A request as the market sees it; `None` if it can never be served.
    fn asked(&self, request: RequestId, with_cost: bool) -> Option<Asked> {
        let World { instance, rules, cells } = self.world;
        let row = &instance.requests[request];
        let tier = supply::tier(instance, rules, request)?;
        let (cell, quote) = (cells.cell(row.node), &self.quotes[row.content]);
        let owed = self.owed.get(&(row.content, cell, tier.key)).copied().unwrap_or(0.0);
        let price = self.price[row.content][cell.index()];
        let before = instance.previous_of(row.node, row.content).filter(|_| with_cost);
        Some(Asked {
            weight: tier.weight,
            substreams: f64::from(instance.contents[row.content].substreams),
            held: tier.held as u32,
            least: tier.least as u32,
            need: tier.need as u32,
            parents: tier.parents,
            price,
            fixed: quote.send[cell.index()] * tier.brings - owed,
            kept: before.map(|before| kept::prices(quote, row, before, price, tier.parents as usize)),
        })
    }

    /// The most that relaying earns a node: its best contents, one substream each.
    fn relay(&self, node: NodeId) -> f64 {
        let World { instance, cells, .. } = self.world;
        let most = instance.nodes[node].relay_contents;
        if most == Some(0) {
            return 0.0;
        }
        let cell = cells.cell(node).index();
        let idle = |content: &ContentId| instance.request(node, *content).is_none() && instance.held(node, *content) == 0;
        let earn = |content: ContentId| {
            let price = self.price[content][cell];
            let copies = if price < 0.0 { f64::from(instance.contents[content].substreams) } else { 1.0 };
            self.quotes[content].send[cell] * supply::role(instance, node, content).slots - price * copies
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
    world: World<'a>,
    prices: &'a Prices,
    reach: &'a Reach,
    content: ContentId,
    /// Price of a slot that a cell sends.
    send: Vec<f64>,
    gates: Vec<&'a (Gate, f64)>,
    with_cost: bool,
}

impl<'a> Quote<'a> {
    fn of(world: World<'a>, supply: &Supply, prices: &'a Prices, reach: &'a Reach, content: ContentId, with_cost: bool) -> Self {
        let mut send = vec![0.0; world.cells.len()];
        for (share, price) in supply.shares[content].iter().zip(&prices.send[content.index()]) {
            send[share.cell as usize] = *price;
        }
        let gates = prices.enter.iter().filter(|(gate, price)| gate.content == content && *price > 0.0).collect();
        Quote { world, prices, reach, content, send, gates, with_cost }
    }

    /// The least price of a copy for each cell; infinite where nobody can send.
    fn receive(&self, shares: &[Share]) -> Vec<f64> {
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
        let of_cell = |prices: &rustc_hash::FxHashMap<CellId, f64>, cell| prices.get(&cell).copied().unwrap_or(0.0);
        let mut kbps = of_cell(&self.prices.uplink, from) + of_cell(&self.prices.downlink, to);
        kbps += rules.topology.links(arc.route).iter().filter_map(|link| self.prices.link.get(link)).sum::<f64>();
        rules.each_limit(a, b, self.content, arc.route, |row| kbps += priced(&self.prices.limit, &rules.limits[row].policy));
        rules.each_node_limit(a, b, self.content, arc.route, |row| {
            kbps += priced(&self.prices.node_limit, &(rules.node_limits[row].policy, from))
        });
        let mut copies = 0.0;
        rules.each_copy_limit(a, b, self.content, arc.route, |row| {
            copies += priced(&self.prices.copy_limit, &(rules.copy_limits[row].policy, self.content))
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
    fn exactly(&self, parent: NodeId, child: NodeId) -> Option<f64> {
        let World { instance, rules, cells } = self.world;
        let (a, b) = (rules.classes.class(parent), rules.classes.class(child));
        let arc = rules.arc(a, b, self.content)?;
        let unit = rules.unit_cost(instance, parent, child, arc).value();
        let resources = self.resources((cells.cell(parent), a), (cells.cell(child), b), arc);
        Some(resources + unit * instance.contents[self.content].rate().mbps())
    }
}
