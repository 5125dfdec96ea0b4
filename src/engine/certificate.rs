//! What was proved, as a file that others can judge: groups of nodes, and prices by name.

use super::optimize::Proof;
use super::theory::least_relaxation;
use crate::ids::{ContentId, Id, NodeId, PolicyId, Table};
use crate::instance::Instance;
use crate::plan::Plan;
use crate::plan::certificate::{self, CERTIFICATE_FORMAT, Certificate, PriceList, ProvedBound};
use crate::policy::{CellId, Cells, Limit, Rules};
use crate::program::gates::Gate;
use crate::program::group::Prices;
use crate::program::rounding::Rounding;
use crate::program::supply::{self, Supply};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// What prices must prove of a bound to be its proof, relative.
const ENOUGH: f64 = 1e-9;

/// The certificate of a plan that was made with this proof; `strict` are the rules that are never relaxed, where some may be.
pub(super) fn of(
    instance: &Instance,
    rules: &Rules,
    strict: Option<&Rules>,
    cells: &Cells,
    proof: &Proof,
    plan: &Plan,
) -> Certificate {
    let wide = strict.unwrap_or(rules);
    let list =
        |rules, prices: Option<&Prices>| prices.map(|prices| Writer { instance, rules, cells }.list(prices)).unwrap_or_default();
    let shares = wide.limits.iter().zip(&proof.counted.shares).filter(|(_, share)| **share > 0.0);
    let share = |(limit, share): (&Limit, &f64)| certificate::PolicyPrice {
        policy: instance.policies[limit.policy.index()].id.clone(),
        price: *share,
    };
    let of_cost = if plan.relaxation.value > 0.0 { wide } else { rules };
    Certificate {
        format: CERTIFICATE_FORMAT.to_owned(),
        instance: instance.name.clone(),
        instance_sha256: instance.sha256.clone(),
        policies_sha256: instance.policies_sha256.clone(),
        groups: groups(instance, cells),
        service: ProvedBound {
            bound: plan.service.bound,
            proof: proof_of_service(proof, plan),
            prices: PriceList { share: shares.map(share).collect(), ..list(wide, proof.service_prices.as_ref()) },
        },
        relaxation: ProvedBound {
            bound: plan.relaxation.bound,
            proof: proof_of_relaxation(instance, proof, plan),
            prices: list(rules, proof.relaxation_prices.as_ref()),
        },
        cost: ProvedBound {
            bound: plan.cost.bound,
            proof: proof_of_cost(proof, plan),
            prices: list(of_cost, proof.cost_prices.as_ref()),
        },
    }
}

/// Prices if they prove it, else the search if that found it, else the count of slots.
fn proof_of_service(proof: &Proof, plan: &Plan) -> certificate::Proof {
    let Some(bound) = plan.service.bound else { return certificate::Proof::None };
    let proves = |proved: Option<f64>| proved.is_some_and(|proved| proved <= bound * (1.0 + ENOUGH));
    match () {
        () if proves(proof.priced.0) => certificate::Proof::Prices,
        () if proves(proof.service) => certificate::Proof::Search,
        () => certificate::Proof::Counting,
    }
}

/// Nothing is needed for a bound of 0; the prices of service under all policies may prove that something is relaxed.
fn proof_of_relaxation(instance: &Instance, proof: &Proof, plan: &Plan) -> certificate::Proof {
    match plan.relaxation.bound {
        None => certificate::Proof::None,
        Some(0.0) => certificate::Proof::Counting,
        Some(bound) if bound <= least_relaxation(instance, plan.service.value, proof.unrelaxed) => certificate::Proof::Prices,
        Some(_) => certificate::Proof::Search,
    }
}

fn proof_of_cost(proof: &Proof, plan: &Plan) -> certificate::Proof {
    let Some(bound) = plan.cost.bound else { return certificate::Proof::None };
    let proves = |proved: Option<f64>| proved.is_some_and(|proved| proved >= bound * (1.0 - ENOUGH));
    if proves(proof.priced.1) { certificate::Proof::Prices } else { certificate::Proof::Search }
}

/// The cells with their nodes.
fn groups(instance: &Instance, cells: &Cells) -> Vec<certificate::Group> {
    let group = |id| certificate::Group { id: id as u32, nodes: Vec::new() };
    let mut groups: Vec<certificate::Group> = (0..cells.len()).map(group).collect();
    for (id, node) in instance.nodes.pairs() {
        groups[cells.cell(id).index()].nodes.push(node.id.clone());
    }
    groups
}

/// Turns numbers into names, under the rules that the prices are for.
struct Writer<'a> {
    instance: &'a Instance,
    rules: &'a Rules,
    cells: &'a Cells,
}

impl Writer<'_> {
    /// All prices above 0, in an order of their own.
    fn list(&self, prices: &Prices) -> PriceList {
        let mut list = PriceList {
            uplink: by_group(&prices.uplink),
            downlink: by_group(&prices.downlink),
            service: prices.service,
            ..PriceList::default()
        };
        let supply = Supply::of(self.instance, self.rules, self.cells);
        for ((content, shares), of_shares) in supply.shares.pairs().zip(&prices.send) {
            let content = &self.instance.contents[content].id;
            for (share, price) in shares.iter().zip(of_shares).filter(|(_, price)| **price > 0.0) {
                list.send.push(certificate::SendPrice { group: share.cell, content: content.clone(), price: *price });
            }
        }
        for (id, link) in self.instance.links.pairs() {
            if let Some(price) = prices.link.get(&id).filter(|price| **price > 0.0) {
                list.link.push(certificate::LinkPrice { link: link.id.clone(), price: *price });
            }
        }
        let policy = |id: PolicyId| self.instance.policies[id.index()].id.clone();
        for (id, price) in priced(&prices.limit) {
            list.limit.push(certificate::PolicyPrice { policy: policy(id), price });
        }
        for ((id, cell), price) in priced(&prices.node_limit) {
            list.node_limit.push(certificate::NodePolicyPrice { policy: policy(id), group: cell.0, price });
        }
        for ((id, content), price) in priced(&prices.copy_limit) {
            let content = self.instance.contents[content].id.clone();
            list.copy_limit.push(certificate::CopyPrice { policy: policy(id), content, price });
        }
        self.add_gates(prices, &mut list);
        list.whole = prices.whole.iter().filter(|(_, price)| *price > 0.0).map(|(cut, price)| self.whole(cut, *price)).collect();
        list
    }

    fn whole(&self, cut: &Rounding, price: f64) -> certificate::WholePrice {
        certificate::WholePrice {
            content: self.instance.contents[cut.content].id.clone(),
            groups: cut.cells.iter().map(|cell| cell.0).collect(),
            links: cut.links.iter().map(|link| self.instance.links[*link].id.clone()).collect(),
            divisor: cut.divisor,
            price,
        }
    }

    fn add_gates(&self, prices: &Prices, list: &mut PriceList) {
        let gates: Vec<&(Gate, f64)> = prices.enter.iter().filter(|(_, price)| *price > 0.0).collect();
        if gates.is_empty() {
            return;
        }
        let mut asked: Table<ContentId, FxHashMap<CellId, Vec<NodeId>>> =
            Table::filled(self.instance.contents.len(), FxHashMap::default());
        for request in self.instance.requests.iter() {
            asked[request.content].entry(self.cells.cell(request.node)).or_default().push(request.node);
        }
        for (gate, price) in gates {
            let nodes = gate.cells.iter().filter_map(|cell| asked[gate.content].get(cell)).flatten();
            let requests = nodes.filter(|node| self.is_meant(gate, **node)).map(|node| self.instance.nodes[*node].id.clone());
            list.enter.push(certificate::EnterPrice {
                content: self.instance.contents[gate.content].id.clone(),
                groups: gate.cells.iter().map(|cell| cell.0).collect(),
                requests: requests.collect::<Vec<SmolStr>>(),
                price: *price,
            });
        }
    }

    /// The cut is stated for the request of this node.
    fn is_meant(&self, gate: &Gate, node: NodeId) -> bool {
        let request = self.instance.request(node, gate.content);
        let tier = request.and_then(|request| supply::tier(self.instance, self.rules, request));
        tier.is_some_and(|tier| tier.key == gate.key)
    }
}

/// What has a price above 0, in order.
fn priced<K: Ord + Copy>(prices: &FxHashMap<K, f64>) -> Vec<(K, f64)> {
    let mut list: Vec<(K, f64)> = prices.iter().map(|(key, price)| (*key, *price)).filter(|(_, price)| *price > 0.0).collect();
    list.sort_by_key(|(key, _)| *key);
    list
}

fn by_group(prices: &FxHashMap<CellId, f64>) -> Vec<certificate::GroupPrice> {
    priced(prices).into_iter().map(|(cell, price)| certificate::GroupPrice { group: cell.0, price }).collect()
}
