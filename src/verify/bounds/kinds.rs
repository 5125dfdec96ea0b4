//! Kinds of nodes: no price, route, translator or policy tells two nodes of a kind apart. Only places and what senders cost
//! differ within one.

use super::super::law::Law;
use crate::ids::{Id, NetworkId, NodeId};
use crate::instance::{Instance, Nat};
use rustc_hash::FxHashMap;

/// Kinds, numbered in the order in which nodes first show them.
pub(super) struct Kinds {
    of: Vec<u32>,
    /// One node of each kind.
    pub sample: Vec<NodeId>,
}

impl Kinds {
    /// Kinds under groups, numbered from 0.
    pub fn of(instance: &Instance, law: &Law<'_>, group: &[u32]) -> Kinds {
        let mut known: FxHashMap<(u32, u32, NetworkId, Nat, String), u32> = FxHashMap::default();
        let mut sample = Vec::new();
        let kind = |(id, node): (NodeId, &crate::instance::Node)| {
            let key = (group[id.index()], law.class(id), node.network, node.nat, law.related(id));
            *known.entry(key).or_insert_with(|| {
                sample.push(id);
                sample.len() as u32 - 1
            })
        };
        let of = instance.nodes.pairs().map(kind).collect();
        Kinds { of, sample }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sample.len()
    }

    /// The kind of a node.
    pub fn kind(&self, node: NodeId) -> usize {
        self.of[node.index()] as usize
    }

    /// All pairs of networks that have nodes, sorted.
    pub fn network_pairs(&self, instance: &Instance) -> Vec<(NetworkId, NetworkId)> {
        let mut networks: Vec<NetworkId> = self.sample.iter().map(|node| instance.nodes[*node].network).collect();
        networks.sort_unstable();
        networks.dedup();
        networks.iter().flat_map(|from| networks.iter().map(move |to| (*from, *to))).collect()
    }
}
