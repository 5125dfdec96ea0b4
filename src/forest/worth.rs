//! What a forest is worth, and the assignments it stands for.

use super::{Forest, SeatId};
use crate::ids::{Id, NodeId, PolicyId};
use crate::instance::Parents;
use crate::plan::Assignment;
use crate::units::{Cost, UnitCost};
use rayon::prelude::*;

impl Forest<'_> {
    /// A request has at least the substreams that count as served.
    pub fn is_served(&self, seat: SeatId) -> bool {
        self.request(seat).is_some() && self.has[seat].count_ones() >= self.least(seat)
    }

    /// Fewest substreams with which a seat counts as served.
    pub fn least(&self, seat: SeatId) -> u32 {
        self.rules.least(self.instance, self.seats[seat].node, self.seats[seat].content)
    }

    /// Sum of 1 / rank over what is relaxed (contract, section 4).
    pub fn relaxation(&self) -> f64 {
        let rank = |policy: &PolicyId| 1.0 / f64::from(self.instance.policies[policy.index()].rank);
        self.relaxed().into_iter().flat_map(|(_, policies)| policies).map(rank).fold(0.0, |sum, one| sum + one)
    }

    /// Weight times share of substreams, over served requests (contract, section 4).
    pub fn service(&self) -> f64 {
        self.instance.requests.ids().map(|request| self.service_of(SeatId(request.0))).sum()
    }

    /// What one request adds to service.
    pub fn service_of(&self, seat: SeatId) -> f64 {
        match self.request(seat) {
            Some(request) if self.is_served(seat) => {
                let substreams = self.instance.contents[self.seats[seat].content].substreams;
                self.rules.weight[request] * f64::from(self.has[seat].count_ones()) / f64::from(substreams)
            }
            _ => 0.0,
        }
    }

    /// Weight for each copy that a request takes; infinite for other seats, which give nothing up.
    pub fn worth_of_copy(&self, seat: SeatId) -> f64 {
        let at = self.seats[seat];
        let copies = f64::from(self.instance.contents[at.content].substreams * at.parents);
        self.request(seat).map_or(f64::INFINITY, |request| self.rules.weight[request] / copies)
    }

    /// The unit cost of a flow, churn included.
    pub fn unit_cost(&self, parent: SeatId, child: SeatId, substream: u32) -> UnitCost {
        let (from, to) = (self.seats[parent].node, self.seats[child]);
        let arc = self.arc(parent, child).expect("flows run on admissible arcs only");
        let churn = self.rules.churn(self.instance, from, to.node, to.content, substream);
        UnitCost(self.rules.unit_cost(self.instance, from, to.node, arc).0 + churn.0)
    }

    /// Mbps times unit cost, over all flows.
    pub fn cost(&self) -> Cost {
        let of_seat = |index: usize| {
            let seat = SeatId::new(index);
            self.flows(seat).map(|(s, parent)| self.unit_cost(parent, seat, s).of(self.rate(seat))).sum::<Cost>()
        };
        (0..self.seats.len()).into_par_iter().map(of_seat).reduce(Cost::default, |a, b| a + b)
    }

    /// The assignments, in order of (node, content): served requests, and relays that receive something.
    pub fn assignments(&self) -> Vec<Assignment> {
        let taken = |seat: &SeatId| if self.request(*seat).is_some() { self.is_served(*seat) } else { self.received(*seat) != 0 };
        let mut seats: Vec<SeatId> = self.seats().filter(taken).collect();
        seats.sort_unstable_by_key(|seat| (self.seats[*seat].node, self.seats[*seat].content));
        seats.into_par_iter().map(|seat| self.assignment(seat)).collect()
    }

    fn assignment(&self, seat: SeatId) -> Assignment {
        let at = self.seats[seat];
        let node = |parent: SeatId| self.seats[parent].node;
        let substreams = self.instance.contents[at.content].substreams;
        let parents = if at.parents == 1 {
            let parent = |s| Some(self.parent(seat, s)).filter(|parent| *parent != SeatId::NONE).map_or(NodeId::NONE, node);
            Parents::single((0..substreams).map(parent))
        } else {
            let lists: Vec<Vec<NodeId>> = (0..substreams).map(|s| self.parents(seat, s).map(node).collect()).collect();
            Parents::lists(&lists)
        };
        Assignment {
            node: at.node,
            content: at.content,
            parents,
            protocols: None,
            relaxed: self.exempt(seat).to_vec(),
            delay: self.rules.delays.then(|| if self.received(seat) == 0 { 0.0 } else { self.delay(seat) }),
            relay: self.request(seat).is_none(),
        }
    }
}
