//! What was proved, as a file that others can judge: groups of nodes, and prices by name.

use super::optimize::Proof;
use crate::ids::{ContentId, Id, NodeId, Table};
use crate::instance::Instance;
use crate::plan::Plan;
use crate::plan::certificate::{self, CERTIFICATE_FORMAT, Certificate, PriceList, ProvedBound};
use crate::policy::{CellId, Cells, Rules};
use crate::program::gates::Gate;
use crate::program::group::Prices;
use crate::program::supply::{self, Supply};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// What prices must prove of a bound to be its proof, relative.
const ENOUGH: f64 = 1e-9;

/// The certificate of a plan that was made with this proof.
pub(super) fn of(instance: &Instance, rules: &Rules, cells: &Cells, proof: &Proof, plan: &Plan) -> Certificate {
    let supply = Supply::of(instance, rules, cells);
    let writer = Writer { instance, rules, cells, supply: &supply };
    let list = |prices: Option<&Prices>| prices.map(|prices| writer.list(prices)).unwrap_or_default();
    Certificate {
        format: CERTIFICATE_FORMAT.to_owned(),
        instance: instance.name.clone(),
        instance_sha256: instance.sha256.clone(),
        policies_sha256: instance.policies_sha256.clone(),
        groups: writer.groups(),
        service: ProvedBound {
            bound: plan.service.bound,
            proof: proof_of_service(proof, plan),
            prices: list(proof.service_prices.as_ref()),
        },
        relaxation: ProvedBound {
            bound: plan.relaxation.bound,
            proof: certificate::Proof::Counting,
            prices: PriceList::default(),
        },
        cost: ProvedBound { bound: plan.cost.bound, proof: proof_of_cost(proof, plan), prices: list(proof.cost_prices.as_ref()) },
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

fn proof_of_cost(proof: &Proof, plan: &Plan) -> certificate::Proof {
    let Some(bound) = plan.cost.bound else { return certificate::Proof::None };
    let proves = |proved: Option<f64>| proved.is_some_and(|proved| proved >= bound * (1.0 - ENOUGH));
    if proves(proof.priced.1) { certificate::Proof::Prices } else { certificate::Proof::Search }
}

/// Turns numbers into names.
struct Writer<'a> {
    instance: &'a Instance,
    rules: &'a Rules,
    cells: &'a Cells,
    supply: &'a Supply,
}

impl Writer<'_> {
    /// The cells with their nodes.
    fn groups(&self) -> Vec<certificate::Group> {
        let group = |id| certificate::Group { id: id as u32, nodes: Vec::new() };
        let mut groups: Vec<certificate::Group> = (0..self.cells.len()).map(group).collect();
        for (id, node) in self.instance.nodes.pairs() {
            groups[self.cells.cell(id).index()].nodes.push(node.id.clone());
        }
        groups
    }

    /// All prices above 0, in an order of their own.
    fn list(&self, prices: &Prices) -> PriceList {
        let mut list = PriceList {
            uplink: by_group(&prices.uplink),
            downlink: by_group(&prices.downlink),
            service: prices.service,
            ..PriceList::default()
        };
        for ((content, shares), of_shares) in self.supply.shares.pairs().zip(&prices.send) {
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
        for (limit, price) in self.rules.limits.iter().zip(&prices.limit).filter(|(_, price)| **price > 0.0) {
            let policy = self.instance.policies[limit.policy.index()].id.clone();
            list.limit.push(certificate::PolicyPrice { policy, price: *price });
        }
        let mut node_limits: Vec<_> = prices.node_limit.iter().filter(|(_, price)| **price > 0.0).collect();
        node_limits.sort_by_key(|(key, _)| **key);
        for ((row, cell), price) in node_limits {
            let policy = self.rules.node_limits[*row].policy;
            let policy = self.instance.policies[policy.index()].id.clone();
            list.node_limit.push(certificate::NodePolicyPrice { policy, group: cell.0, price: *price });
        }
        self.add_gates(prices, &mut list);
        list
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

fn by_group(prices: &FxHashMap<CellId, f64>) -> Vec<certificate::GroupPrice> {
    let price = |(cell, price): (&CellId, &f64)| certificate::GroupPrice { group: cell.0, price: *price };
    let mut list: Vec<_> = prices.iter().filter(|(_, price)| **price > 0.0).map(price).collect();
    list.sort_by_key(|price| price.group);
    list
}
