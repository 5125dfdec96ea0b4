//! How far below a holder receivers sit: hops where their limit may be relaxed, and milliseconds.

use super::relaxing::Asked;
use super::seats::{Hall, Layer, Pair};
use super::write::{Gets, Writer};
use crate::program::Name;

impl Writer<'_> {
    /// Limits on hops that hold unless they are relaxed; `hops` are the columns `d`, whose bounds keep the others.
    pub(super) fn shallow(&mut self, hall: &Hall, layer: &Layer, s: u32, gets: &Gets, hops: &[Option<usize>]) {
        for (at, seat) in hall.seats.iter().enumerate() {
            let (Some(get), Some(hops), Some(request)) = (gets[at], hops[at], seat.request) else { continue };
            let deepest = layer.deepest[at];
            for (policy, most) in seat.hops.unless.iter().filter(|(_, most)| *most < deepest) {
                let relaxed = self.relaxed(request, *policy);
                let name = Name::new("hops", &[seat.node.0, hall.content.0, s, policy.0]);
                if *most == 0 {
                    self.draft.only_with(name, get, relaxed);
                } else {
                    let row = self.draft.at_most(name, f64::from(*most));
                    self.draft.put(row, hops, 1.0);
                    self.draft.put(row, relaxed, -f64::from(deepest - most));
                }
            }
        }
    }

    /// Columns `l`: at least the way from a holder, ms; the longest where there are several parents.
    pub(super) fn near(&mut self, hall: &Hall, s: u32, gets: &Gets, flows: &[(Pair, usize)]) {
        if !self.rules.limits_latency() {
            return;
        }
        let (instance, rules) = (self.instance, self.rules);
        let node = |at: usize| hall.seats[at].node;
        let hop =
            |pair: &Pair| rules.topology.measured(instance, node(pair.parent), node(pair.child)).0.map_or(0.0, |rtt| rtt / 2.0);
        let mut longest = vec![0.0_f64; hall.seats.len()];
        flows.iter().for_each(|(pair, _)| longest[pair.child] = longest[pair.child].max(hop(pair)));
        // No way is longer: it takes one step to each receiver.
        let farthest: f64 = longest.iter().sum();
        let limit = |at: usize| {
            let seat = &hall.seats[at];
            Asked::of(&seat.relaxable, |exempt| rules.latency_limit(seat.node, hall.content, exempt).min(farthest))
        };
        let limits: Vec<Asked<f64>> = (0..hall.seats.len()).map(limit).collect();
        if limits.iter().all(|asked| asked.always >= farthest && asked.unless.is_empty()) {
            return;
        }
        let key = |at: usize| [node(at).0, hall.content.0, s];
        let ways: Vec<Option<usize>> = (gets.iter().enumerate())
            .map(|(at, get)| get.map(|_| self.draft.number(Name::new("l", &key(at)), 0.0, limits[at].always)))
            .collect();
        for (pair, flow) in flows {
            let Some(below) = ways[pair.child] else { continue };
            let most = ways[pair.parent].map_or(0.0, |_| limits[pair.parent].always);
            if most + hop(pair) == 0.0 {
                continue;
            }
            let name = Name::new("far", &[node(pair.parent).0, node(pair.child).0, hall.content.0, s]);
            let row = self.draft.at_least(name, -most);
            self.draft.put(row, below, 1.0);
            self.draft.put(row, *flow, -most - hop(pair));
            if let Some(above) = ways[pair.parent] {
                self.draft.put(row, above, -1.0);
            }
        }
        for (at, seat) in hall.seats.iter().enumerate() {
            let (Some(way), Some(request)) = (ways[at], seat.request) else { continue };
            for (policy, ms) in &limits[at].unless {
                let relaxed = self.relaxed(request, *policy);
                let row = self.draft.at_most(Name::new("ms", &[key(at)[0], key(at)[1], s, policy.0]), *ms);
                self.draft.put(row, way, 1.0);
                self.draft.put(row, relaxed, ms - limits[at].always);
            }
        }
    }
}
