//! What a flow costs (contract, section 4).

use super::{Arc, Rules};
use crate::ids::{ContentId, NodeId};
use crate::instance::Instance;
use crate::instance::network::distance_km;
use crate::units::UnitCost;

impl Rules {
    /// What a sender's own cost, availability and loss add to the cost of its flows, per Mbps.
    pub fn sender_term(&self, instance: &Instance, parent: NodeId) -> f64 {
        let node = &instance.nodes[parent];
        node.cost + self.weights.loss_weight * node.loss + self.weights.availability_weight * (1.0 - node.availability)
    }

    /// Cost per Mbps of a flow on an arc, without churn (contract, section 4).
    pub fn unit_cost(&self, instance: &Instance, parent: NodeId, child: NodeId, arc: Arc) -> UnitCost {
        let (from, to) = (&instance.nodes[parent], &instance.nodes[child]);
        let (rtt, loss) = self.topology.measured(instance, parent, child);
        let nearness = match rtt {
            Some(rtt) => self.weights.rtt_weight * rtt / 100.0,
            None => self.weights.distance_weight * distance_km(from, to) / 1000.0,
        };
        let risk =
            self.weights.loss_weight * loss.unwrap_or(from.loss) + self.weights.availability_weight * (1.0 - from.availability);
        UnitCost::rounded((from.cost + arc.extra + nearness + risk).max(0.0))
    }

    /// What a flow costs more if the topology in force had other parents there (contract, section 4).
    pub fn churn(&self, instance: &Instance, parent: NodeId, child: NodeId, content: ContentId, substream: u32) -> UnitCost {
        let Some(previous) = instance.previous_of(child, content) else { return UnitCost(0) };
        let mut before = previous.of(substream as usize).peekable();
        if before.peek().is_some() && !before.any(|known| known == parent) {
            UnitCost::rounded(self.weights.churn_weight)
        } else {
            UnitCost(0)
        }
    }
}
