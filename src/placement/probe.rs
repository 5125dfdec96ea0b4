//! Questions to a finished forest: would a request be fed, if something were more?

use super::grow::Grower;
use super::relays::bridge_over;
use crate::forest::{Forest, SeatId};
use crate::ids::{LinkId, NodeId, PolicyId};
use crate::policy::Cells;
use crate::units::Kbps;

/// Something more than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Uplink of a node.
    Uplink(NodeId, Kbps),
    /// Capacity of a link.
    Link(LinkId, Kbps),
    /// The request is exempt from a policy.
    Policy(PolicyId),
}

/// A finished forest that may be asked.
pub struct Probe<'a, 'c> {
    grower: Grower<'a, 'c>,
}

impl<'a, 'c> Probe<'a, 'c> {
    /// A forest to be asked.
    pub fn new(forest: Forest<'a>, cells: &'c Cells) -> Self {
        Probe { grower: Grower::beside(forest, cells, &|| false) }
    }

    /// The forest.
    pub fn forest(&self) -> &Forest<'a> {
        &self.grower.forest
    }

    /// The flows, as (substream, parent), by which an unserved request is served beside all that are served now, if some
    /// things are granted; `None`: it is not. Nothing changes.
    pub fn feed(&mut self, seat: SeatId, grants: &[Grant]) -> Option<Vec<(u32, SeatId)>> {
        self.shift(grants, true);
        let exempt = grants.iter().filter_map(|grant| if let Grant::Policy(policy) = grant { Some(*policy) } else { None });
        let before = self.grower.forest.received(seat);
        self.grower.forest.relax(seat, exempt.collect());
        // What was tried before was tried without the grants.
        self.grower.pools.epoch += 1;
        let fed = self.grower.feed_request(seat, false, SeatId::NONE, false);
        let flows = fed.then(|| self.grower.forest.flows(seat).collect());
        self.grower.detach_all(seat, self.grower.forest.received(seat) & !before);
        self.grower.forest.relax(seat, Vec::new());
        self.shift(grants, false);
        flows
    }

    /// An unserved request is served beside all that are served now, over a node that passes its content on. The forest changes.
    pub fn feed_over(&mut self, seat: SeatId, relay: NodeId) -> bool {
        bridge_over(&mut self.grower, seat, relay)
    }

    fn shift(&mut self, grants: &[Grant], on: bool) {
        for grant in grants {
            match grant {
                Grant::Uplink(node, more) => {
                    self.grower.forest.loads.widen_uplink(*node, *more, on);
                    for content in self.grower.forest.instance.contents.ids() {
                        if let (true, Some(seat)) = (on, self.grower.forest.seat_of(*node, content)) {
                            self.grower.pools.join(&self.grower.forest, self.grower.cells, seat);
                        }
                    }
                }
                Grant::Link(link, more) => self.grower.forest.loads.widen_link(*link, *more, on),
                Grant::Policy(_) => {}
            }
        }
    }
}
