//! Better prices where a topology is in force.
//!
//! The group program knows nothing of churn, and so its prices prove little of it: whoever pays for churn would rather not be
//! served, and an earlier parent that is dear seems as good as one that is near but scarce. Any prices prove something. So
//! they are moved along lines on which the bound is concave: towards those that prove how much service there is, which
//! makes it dearer to leave out those who must be served, and down for all slots alike, and for all first copies, by what churn
//! costs. At each point service gets the price that proves most.

use super::{Market, Objective};
use crate::instance::Instance;
use crate::policy::{Cells, Rules};
use crate::program::group::Prices;
use crate::program::supply::Supply;
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// Points that are looked at on each line.
const TRIALS: usize = 6;

/// The bound on the cost of plans with at least this service that the prices prove; changes them where a topology is in force.
/// `scarce` are prices of service.
pub fn settle(of: (&Instance, &Rules, &Cells, &Supply), prices: &mut Prices, scarce: &Prices, service: f64) -> f64 {
    let (instance, rules, cells, supply) = of;
    let objective = Objective::Cost { service };
    let bound = |prices: &mut Prices| {
        let market = Market::of(instance, rules, cells, supply, prices, objective);
        if !instance.previous.is_empty() {
            prices.service = market.best_price(prices.service, service);
        }
        market.bound(prices.service, objective)
    };
    let mut best = bound(prices);
    if !instance.previous.is_empty() {
        let dearest = instance.contents.iter().map(|content| content.rate().mbps() * f64::from(content.substreams));
        let unit = rules.weights.churn_weight * dearest.fold(0.0, f64::max);
        best = climb(prices, best, bound, |prices, way| add(prices, scarce, unit * way));
        let charge = rules.weights.churn_weight;
        best = climb(prices, best, bound, |prices, way| lower(prices, instance, charge * way));
        best = climb(prices, best, bound, |prices, way| lower_gates(prices, instance, charge * way));
    }
    best
}

/// Moves prices on a line, in steps that grow while they prove more and turn back, halved, when they do not.
fn climb(prices: &mut Prices, mut best: f64, bound: impl Fn(&mut Prices) -> f64, go: impl Fn(&mut Prices, f64)) -> f64 {
    let (start, mut way, mut step) = (prices.clone(), 0.0, 1.0);
    for _ in 0..TRIALS {
        let mut other = start.clone();
        go(&mut other, way + step);
        let proved = bound(&mut other);
        if proved > best {
            (*prices, best, way, step) = (other, proved, way + step, 2.0 * step);
        } else {
            step /= -2.0;
        }
    }
    best
}

/// Adds other prices, `times` each.
fn add(prices: &mut Prices, others: &Prices, times: f64) {
    fn all<K: Hash + Eq + Copy>(prices: &mut FxHashMap<K, f64>, others: &FxHashMap<K, f64>, times: f64) {
        others.iter().for_each(|(key, price)| shift(prices.entry(*key).or_insert(0.0), times * price));
    }
    for (prices, others) in prices.send.iter_mut().zip(&others.send) {
        prices.iter_mut().zip(others).for_each(|(price, other)| shift(price, times * other));
    }
    all(&mut prices.uplink, &others.uplink, times);
    all(&mut prices.downlink, &others.downlink, times);
    all(&mut prices.link, &others.link, times);
    all(&mut prices.limit, &others.limit, times);
    all(&mut prices.node_limit, &others.node_limit, times);
    all(&mut prices.copy_limit, &others.copy_limit, times);
    // Cuts are kept in the order in which they were found.
    prices.enter.iter_mut().zip(&others.enter).for_each(|((_, price), (_, other))| shift(price, times * other));
    prices.whole.iter_mut().zip(&others.whole).for_each(|((_, price), (_, other))| shift(price, times * other));
    shift(&mut prices.service, times);
}

/// Lowers the prices of all slots by a cost per Mbps.
fn lower(prices: &mut Prices, instance: &Instance, cost: f64) {
    for (prices, content) in prices.send.iter_mut().zip(instance.contents.iter()) {
        prices.iter_mut().for_each(|price| shift(price, -cost * content.rate().mbps()));
    }
    prices.uplink.values_mut().for_each(|price| shift(price, -cost / 1000.0));
}

/// Lowers the prices of first copies by a cost per Mbps.
fn lower_gates(prices: &mut Prices, instance: &Instance, cost: f64) {
    for (gate, price) in &mut prices.enter {
        shift(price, -cost * instance.contents[gate.content].rate().mbps());
    }
}

/// No price is negative.
fn shift(price: &mut f64, by: f64) {
    *price = (*price + by).max(0.0);
}
