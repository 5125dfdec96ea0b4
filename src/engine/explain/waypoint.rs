//! A waypoint where a request has no way: it is set up in the request's network, open to all, and passes on what it gets.

use super::remedy::{Change, Remedy};
use super::standing::standing;
use crate::forest::{Forest, SeatId};
use crate::instance::{Instance, Nat, Node, Role};
use crate::placement::Probe;
use crate::plan::Plan;
use crate::policy::{self, Cells};
use crate::units::Kbps;

/// The remedy that sets one up, if the request is served then beside all that the plan serves.
pub(super) fn waypoint(forest: &Forest<'_>, plan: &Plan, seat: SeatId) -> Option<Remedy> {
    let instance = forest.instance;
    let at = forest.seat(seat);
    let network = &instance.networks[instance.nodes[at.node].network];
    let lacks = forest.least(seat).saturating_sub(forest.has(seat).count_ones());
    let uplink = forest.rate(seat).times(u64::from(lacks));
    let mut wider: Instance = instance.clone();
    let place = wider.nodes.push(machine(&instance.nodes[at.node], uplink, network.country.clone(), network.place));
    let rules = policy::compile(&wider, forest.rules.weights);
    let cells = Cells::of(&wider, &rules);
    let standing = standing(&wider, &rules, plan)?;
    let mut probe = Probe::new(standing, &cells);
    let fed = probe.feed_over(seat, place);
    fed.then(|| Remedy { changes: vec![Change::waypoint(&network.id, uplink)] })
}

/// A waypoint beside a node.
fn machine(beside: &Node, uplink: Kbps, country: Option<smol_str::SmolStr>, place: Option<crate::instance::Place>) -> Node {
    Node {
        id: "waypoint".into(),
        role: Role::Waypoint,
        network: beside.network,
        uplink,
        downlink: None,
        nat: Nat::Open,
        access: None,
        country,
        region: None,
        place,
        ip: None,
        affinity: Vec::new(),
        clusters: Vec::new(),
        level: None,
        max_children: None,
        relay_contents: None,
        storage_mb: None,
        loss: 0.0,
        availability: 1.0,
        cost: 0.5,
        attributes: Default::default(),
    }
}
