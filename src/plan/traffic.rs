//! What traffic flows make: how much, sent by whom, across which borders, on whose shoulders.
//!
//! The same figures for a plan ([`of_plan`]) and for the topology in force ([`in_force`]), so that they can stand side by
//! side. Both are sums over flows of the rate of a substream; nothing here judges whether a plan is valid.

use super::Plan;
use crate::ids::{ContentId, Id, NodeId};
use crate::instance::{Instance, Parents, Role};
use crate::units::Kbps;

/// Sums over flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// All flows.
    pub all: Kbps,
    /// Flows from one network to another.
    pub between_networks: Kbps,
    /// Flows that peers send.
    pub by_peers: Kbps,
    /// Flows that peers send to another network.
    pub by_peers_between_networks: Kbps,
    /// What the busiest twentieth of all peers send, rounded up to whole peers.
    pub by_busiest: Kbps,
    /// Peers that send anything.
    pub senders: u64,
    /// Peers that send more than their uplink.
    pub overloaded: u64,
    /// The peer that uses the largest share of its uplink.
    pub fullest: Option<Load>,
}

/// What one peer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Who.
    pub node: NodeId,
    /// How much it sends.
    pub sent: Kbps,
    /// How much it can send.
    pub uplink: Kbps,
}

/// The busiest are one peer in so many.
const TWENTIETH: usize = 20;

/// The traffic of a plan, relays and pending requests included.
pub fn of_plan(instance: &Instance, plan: &Plan) -> Traffic {
    let rows = plan.assignments.iter().chain(&plan.pending);
    of(instance, rows.map(|row| (row.node, row.content, &row.parents)))
}

/// The traffic of the topology in force, without parents that are gone; `None` where none is given.
pub fn in_force(instance: &Instance) -> Option<Traffic> {
    let rows = instance.previous.iter().map(|row| (row.node, row.content, &row.parents));
    (!instance.previous.is_empty()).then(|| of(instance, rows))
}

fn of<'a>(instance: &Instance, rows: impl Iterator<Item = (NodeId, ContentId, &'a Parents)>) -> Traffic {
    let mut traffic = Traffic::default();
    let mut sent = vec![Kbps(0); instance.nodes.len()];
    for (child, content, parents) in rows {
        let (Some(child), Some(content)) = (instance.nodes.get(child), instance.contents.get(content)) else { continue };
        let senders = parents.cells().iter().filter_map(|id| instance.nodes.get(*id).map(|parent| (id.index(), parent)));
        for (id, parent) in senders {
            let rate = content.rate();
            let crossing = if parent.network == child.network { Kbps(0) } else { rate };
            add(&mut traffic.all, rate);
            add(&mut traffic.between_networks, crossing);
            if parent.role == Role::Peer {
                add(&mut traffic.by_peers, rate);
                add(&mut traffic.by_peers_between_networks, crossing);
                add(&mut sent[id], rate);
            }
        }
    }
    loads(instance, &sent, traffic)
}

/// Absurd rates have an absurd sum, but a sum.
fn add(sum: &mut Kbps, rate: Kbps) {
    sum.0 = sum.0.saturating_add(rate.0);
}

/// Adds what the peers' loads tell.
fn loads(instance: &Instance, sent: &[Kbps], traffic: Traffic) -> Traffic {
    let peers = instance.nodes.pairs().filter(|(_, node)| node.role == Role::Peer);
    let mut loads: Vec<Load> = peers.map(|(id, node)| Load { node: id, sent: sent[id.index()], uplink: node.uplink }).collect();
    loads.sort_by_key(|load| std::cmp::Reverse(load.sent));
    let busiest = loads.len().div_ceil(TWENTIETH);
    // Shares of uplinks are compared without dividing; of those equal the busier comes first.
    let fuller =
        |a: &Load, b: &Load| u128::from(a.sent.0) * u128::from(b.uplink.0) > u128::from(b.sent.0) * u128::from(a.uplink.0);
    let sending = || loads.iter().filter(|load| load.sent > Kbps(0));
    let mut by_busiest = Kbps(0);
    loads.iter().take(busiest).for_each(|load| add(&mut by_busiest, load.sent));
    Traffic {
        by_busiest,
        senders: sending().count() as u64,
        overloaded: sending().filter(|load| load.sent > load.uplink).count() as u64,
        fullest: sending().copied().reduce(|most, load| if fuller(&load, &most) { load } else { most }),
        ..traffic
    }
}
