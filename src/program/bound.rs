//! What prices prove: the closed-form Lagrangian bound, over all real pairs.
//!
//! Any non-negative prices give a valid bound by weak duality, wherever they come from, if the inner problem is solved
//! exactly or relaxed. Here it is solved per receiver: a copy costs at least the cheapest admissible sender's price (its
//! slot, its links, the policy rows that count it, and the flow's own cost), a served request earns its weight and the
//! price of the slots that it brings, and whoever does not pay for itself is left out. Where a topology is in force a
//! request pays for churn, or keeps a parent (`kept`). Depth, children, storage, cycles and the churn of relays are left
//! out, which only weakens the bound.

mod kept;
mod quote;
mod settle;

pub use settle::settle;

use super::group::Prices;
use super::supply::{self, Supply, TierKey};
use crate::ids::{ContentId, Id, NodeId, RequestId, Table};
use crate::instance::Instance;
use crate::policy::{CellId, Cells, Rules};
use quote::{Quote, Reach};
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
    /// Price of the slots that it brings, less what it owes for cuts.
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
    let whole: f64 = prices.whole.iter().map(|(rounding, price)| price * rounding.limit).sum();
    links + limits + node_limits + copies + uplinks + downlinks + standing + whole
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
    /// What a request of a tier owes for the copies that must enter the sets it is in, and for its part in rounded rows.
    owed: FxHashMap<(ContentId, CellId, TierKey), f64>,
}

impl<'a> Receive<'a> {
    fn of(world: World<'a>, supply: &Supply, prices: &'a Prices, reach: &'a Reach, with_cost: bool) -> Receive<'a> {
        let mut owed = FxHashMap::default();
        for (rounding, price) in &prices.whole {
            for ((cell, key), count) in &rounding.counts {
                *owed.entry((rounding.content, *cell, *key)).or_insert(0.0) += price * count;
            }
        }
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
