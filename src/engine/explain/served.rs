//! Why a request has its parents: what each flow costs, and what stood in the way of cheaper ones.

use crate::forest::{Forest, SeatId};
use crate::ids::{Id, PolicyId};
use crate::instance::network::distance_km;
use crate::policy::{Cells, Near};
use serde::Serialize;

/// Cheaper senders that are told for each parent.
const CHEAPER: usize = 3;

/// One parent of a request.
#[derive(Clone, Debug, Serialize)]
pub struct ParentAnswer {
    /// Id of the node.
    pub parent: String,
    /// Its role.
    pub role: &'static str,
    /// Its network.
    pub network: String,
    /// Substreams that it sends.
    pub substreams: Vec<u32>,
    /// Hops below a holder at which the request sits under it, at most.
    pub depth: u32,
    /// Cost per Mbps, churn included.
    pub unit_cost: f64,
    /// What the cost is made of.
    pub because: String,
    /// Senders that would be cheaper, and why they do not send.
    pub cheaper: Vec<String>,
}

/// The parents of a request, in order of their first substream.
pub(super) fn parents(forest: &Forest<'_>, cells: &Cells, seat: SeatId) -> Vec<ParentAnswer> {
    let mut answers: Vec<(SeatId, ParentAnswer)> = Vec::new();
    let near = senders(forest, cells, seat);
    for (substream, parent) in forest.flows(seat) {
        match answers.iter_mut().find(|(known, _)| *known == parent) {
            Some((_, answer)) => answer.substreams.push(substream),
            None => answers.push((parent, answer(forest, seat, parent, substream, &near))),
        }
    }
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Every seat of the content beside the cost of a flow from its cell, cheapest first.
fn senders(forest: &Forest<'_>, cells: &Cells, seat: SeatId) -> Vec<(Near, SeatId)> {
    let at = forest.seat(seat);
    let of_content = |other: &SeatId| forest.seat(*other).content == at.content && *other != seat && forest.has(*other) != 0;
    let seats: Vec<SeatId> = forest.seats().filter(of_content).collect();
    let mut among: Vec<_> = seats.iter().map(|other| cells.cell(forest.seat(*other).node)).collect();
    among.sort_unstable();
    among.dedup();
    let near = cells.near(forest.instance, forest.rules, at.content, &among, cells.cell(at.node), forest.exempt(seat));
    let one = |near: Near| {
        let cell = among[near.local as usize];
        let seat = seats.iter().find(|other| cells.cell(forest.seat(**other).node) == cell)?;
        Some((near, *seat))
    };
    near.into_iter().filter_map(one).collect()
}

fn answer(forest: &Forest<'_>, seat: SeatId, parent: SeatId, substream: u32, near: &[(Near, SeatId)]) -> ParentAnswer {
    let instance = forest.instance;
    let node = &instance.nodes[forest.seat(parent).node];
    let unit = forest.unit_cost(parent, seat, substream);
    let cheaper = near.iter().filter(|(near, _)| near.cost < unit).take(CHEAPER);
    ParentAnswer {
        parent: node.id.to_string(),
        role: node.role.word(),
        network: instance.networks[node.network].id.to_string(),
        substreams: vec![substream],
        depth: forest.depth(parent, substream) + 1,
        unit_cost: unit.value(),
        because: because(forest, seat, parent, substream),
        cheaper: cheaper.map(|(_, other)| held_back(forest, seat, *other, substream)).collect(),
    }
}

/// The terms of the unit cost that are not 0.
fn because(forest: &Forest<'_>, seat: SeatId, parent: SeatId, substream: u32) -> String {
    let (instance, rules) = (forest.instance, forest.rules);
    let (from, to) = (forest.seat(parent).node, forest.seat(seat).node);
    let (a, b) = (&instance.nodes[from], &instance.nodes[to]);
    let extra = forest.arc(parent, seat).map_or(0.0, |arc| arc.extra);
    let (rtt, loss) = rules.topology.measured(instance, from, to);
    let weights = &rules.weights;
    let near = match rtt {
        Some(rtt) => ("round trip", weights.rtt_weight * rtt / 100.0),
        None => ("distance", weights.distance_weight * distance_km(a, b) / 1000.0),
    };
    let churn = rules.churn(instance, from, to, forest.seat(seat).content, substream).value();
    let terms = [
        ("sender", a.cost),
        ("links and preferences", extra),
        near,
        ("loss", weights.loss_weight * loss.unwrap_or(a.loss)),
        ("availability", weights.availability_weight * (1.0 - a.availability)),
        ("change of parent", churn),
    ];
    let told: Vec<String> =
        terms.iter().filter(|(_, cost)| cost.abs() > 5e-7).map(|(name, cost)| format!("{name} {cost:.4}")).collect();
    if told.is_empty() { "it costs nothing".to_owned() } else { told.join(" + ") }
}

/// Why a sender that would be cheaper does not send a substream.
fn held_back(forest: &Forest<'_>, seat: SeatId, other: SeatId, substream: u32) -> String {
    let instance = forest.instance;
    let (node, rate) = (forest.seat(other).node, forest.rate(seat));
    let id = &instance.nodes[node].id;
    let full = forest.arc(other, seat).and_then(|arc| {
        let links = forest.rules.topology.links(arc.route);
        links.iter().find(|link| forest.loads.link(**link).is_some_and(|left| left < rate))
    });
    let why = if forest.has(other) >> substream & 1 == 0 {
        "has not this substream".to_owned()
    } else if forest.loads.uplink(node) < rate {
        "has no uplink left".to_owned()
    } else if let Some(link) = full {
        format!("is behind the full link {}", instance.links[*link].id)
    } else if forest.depth(other, substream) >= forest.depth(seat, substream) {
        "sits as deep as the request".to_owned()
    } else {
        "is held back by a policy or a limit on its children".to_owned()
    };
    format!("{id} {why}")
}

/// Names of policies.
pub(super) fn names(forest: &Forest<'_>, policies: &[PolicyId]) -> Vec<String> {
    policies.iter().map(|policy| forest.instance.policies[policy.index()].id.to_string()).collect()
}
