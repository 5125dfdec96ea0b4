//! What one flow more means for the trees: parents that differ enough, distances, delays.

use super::{Forest, SeatId};
use crate::policy::Arc;

/// Distances agree with their limit within this, relative: sums of fractions of milliseconds are rounded.
const ROUNDING: f64 = 1e-9;

impl Forest<'_> {
    /// The parent may be one of those of the child in this substream: it differs from the others as it has to, the child is not
    /// ahead of it, and does not sit too far below a holder.
    pub(super) fn suits(&self, parent: SeatId, child: SeatId, substream: u32, arc: Arc) -> bool {
        self.differs(parent, child, substream, arc)
            && self.is_late_enough(parent, child, substream)
            && self.is_near(parent, child, substream)
    }

    fn differs(&self, parent: SeatId, child: SeatId, substream: u32, arc: Arc) -> bool {
        let to = self.seats[child];
        if to.parents == 1 {
            return true;
        }
        let wanted = self.rules.redundancy(to.node, to.content, self.exempt(child));
        let network = |seat: SeatId| self.instance.nodes[self.seats[seat].node].network;
        let links = self.rules.topology.links(arc.route);
        to.parents <= to.width
            && self.parents(child, substream).all(|other| {
                let apart = || {
                    let route = self.arc(other, child).map(|arc| self.rules.topology.links(arc.route));
                    route.is_none_or(|route| route.iter().all(|link| !links.contains(link)))
                };
                other != parent && (!wanted.networks || network(other) != network(parent)) && (!wanted.links || apart())
            })
    }

    /// A child is never ahead of its parent; who holds a substream is at the live edge.
    fn is_late_enough(&self, parent: SeatId, child: SeatId, substream: u32) -> bool {
        !self.rules.delays || self.parent(parent, substream) == SeatId::NONE || self.delay(child) >= self.delay(parent)
    }

    /// Seconds behind the live edge of what a seat receives.
    pub fn delay(&self, seat: SeatId) -> f64 {
        let at = self.seats[seat];
        if self.rules.delays { self.rules.delay(at.node, at.content, self.exempt(seat)) } else { 0.0 }
    }

    fn is_near(&self, parent: SeatId, child: SeatId, substream: u32) -> bool {
        if self.far.is_empty() {
            return true;
        }
        let to = self.seats[child];
        let most = self.rules.latency_limit(to.node, to.content, self.exempt(child));
        self.reach(parent, child, substream) <= most * (1.0 + ROUNDING)
    }

    /// How far below a holder a child sits under a parent in one substream, ms.
    pub fn reach(&self, parent: SeatId, child: SeatId, substream: u32) -> f64 {
        self.distance(parent, substream) + self.hop(parent, child)
    }

    /// Half the round trip from a parent to a child, ms; 0 where it is unknown.
    fn hop(&self, parent: SeatId, child: SeatId) -> f64 {
        let (from, to) = (self.seats[parent].node, self.seats[child].node);
        self.rules.topology.measured(self.instance, from, to).0.map_or(0.0, |rtt| rtt / 2.0)
    }
}
