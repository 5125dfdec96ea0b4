//! What a forest is worth, and the assignments it stands for.

use super::{Forest, SeatId};
use crate::ids::{Id, NodeId};
use crate::instance::Parents;
use crate::plan::Assignment;
use crate::units::{Cost, UnitCost};
use rayon::prelude::*;

impl Forest<'_> {
    /// A request has at least the substreams that count as served.
    pub fn is_served(&self, seat: SeatId) -> bool {
        let content = &self.instance.contents[self.seats[seat].content];
        self.request(seat).is_some() && self.has[seat].count_ones() >= content.min_substreams
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

    /// The unit cost of the flow that gives a seat one of its substreams, churn included.
    pub fn unit_cost(&self, child: SeatId, substream: u32) -> UnitCost {
        let parent = self.parent(child, substream);
        let (from, to) = (self.seats[parent].node, self.seats[child]);
        let arc = self.arc(parent, child).expect("flows run on admissible arcs only");
        let churn = self.rules.churn(self.instance, from, to.node, to.content, substream);
        UnitCost(self.rules.unit_cost(self.instance, from, to.node, arc).0 + churn.0)
    }

    /// Mbps times unit cost, over all flows.
    pub fn cost(&self) -> Cost {
        let of_seat = |index: usize| {
            let seat = SeatId::new(index);
            let received = self.received(seat);
            let flows = (0..64).filter(|s| received >> s & 1 == 1);
            flows.map(|s| self.unit_cost(seat, s).of(self.rate(seat))).sum::<Cost>()
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
        let parent = |s| match self.parent(seat, s) {
            SeatId::NONE => NodeId::NONE,
            parent => self.seats[parent].node,
        };
        let substreams = self.instance.contents[at.content].substreams;
        Assignment {
            node: at.node,
            content: at.content,
            parents: Parents::single((0..substreams).map(parent)),
            protocols: None,
            relaxed: Vec::new(),
            delay: None,
            relay: self.request(seat).is_none(),
        }
    }
}
