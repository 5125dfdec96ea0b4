//! Networks into which copies have to come over several links.

use super::seats::{Hall, Pair, Seat};
use super::write::{Gets, Writer};
use crate::policy::Required;
use crate::program::Name;

impl Writer<'_> {
    /// What some request of the network gets through parents enters it over each of the links.
    pub(super) fn required(&mut self, hall: &Hall, s: u32, gets: &Gets, flows: &[(Pair, usize)]) {
        let (instance, rules) = (self.instance, self.rules);
        for required in rules.required.iter().filter(|required| required.concerns(hall.content)) {
            let inside = |seat: &Seat| instance.nodes[seat.node].network == required.network;
            let key = [required.policy.0, hall.content.0, s];
            let asking: Vec<(&Seat, usize)> = (hall.seats.iter().zip(gets))
                .filter(|(seat, _)| seat.request.is_some() && inside(seat))
                .filter_map(|(seat, get)| Some((seat, (*get)?)))
                .collect();
            if asking.is_empty() {
                continue;
            }
            let wanted = self.draft.number(Name::new("t", &key), 0.0, 1.0);
            for (seat, get) in asking {
                let row = self.draft.at_most(Name::new("ask", &[seat.node.0, key[0], key[1], s]), 0.0);
                self.draft.put(row, get, 1.0);
                self.draft.put(row, wanted, -1.0);
                if let Some(relaxed) = self.unless(seat, required) {
                    self.draft.put(row, relaxed, -1.0);
                }
            }
            let enters = |pair: &Pair| {
                let (from, to) = (&hall.seats[pair.parent], &hall.seats[pair.child]);
                to.request.is_some() && inside(to) && !inside(from)
            };
            for link in &required.links {
                let row = self.draft.at_least(Name::new("over", &[key[0], key[1], s, link.0]), 0.0);
                self.draft.put(row, wanted, -1.0);
                let crosses = |pair: &Pair| rules.topology.links(pair.arc.route).contains(link);
                for (pair, flow) in flows.iter().filter(|(pair, _)| enters(pair) && crosses(pair)) {
                    self.draft.put(row, *flow, 1.0);
                    if let Some(relaxed) = self.unless(&hall.seats[pair.child], required) {
                        let exempt = self.draft.both("e", *flow, relaxed);
                        self.draft.put(row, exempt, -1.0);
                    }
                }
            }
        }
    }

    /// The column that exempts a request, if anything does.
    fn unless(&mut self, seat: &Seat, required: &Required) -> Option<usize> {
        let request = seat.request.filter(|_| seat.relaxable.contains(&required.policy))?;
        Some(self.relaxed(request, required.policy))
    }
}
