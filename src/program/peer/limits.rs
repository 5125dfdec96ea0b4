//! Rows over several contents or substreams: children, relays, storage; and cuts.

use super::seats::{Hall, Layer};
use super::write::{Gets, Writer};
use crate::ids::NetworkId;
use crate::instance::ContentKind;
use crate::program::Name;
use std::collections::BTreeMap;

impl Writer<'_> {
    /// What nobody in a network holds has to enter it first, and what no receiver holds has to leave a holder. Trees imply it;
    /// fractions of trees that feed each other in a circle do not.
    pub(super) fn cuts(&mut self, hall: &Hall, layer: &Layer, s: u32, gets: &Gets, columns: &BTreeMap<(usize, usize), usize>) {
        let network = |seat: usize| self.instance.nodes[hall.seats[seat].node].network;
        let mut sets: BTreeMap<Option<NetworkId>, Vec<usize>> = BTreeMap::new();
        for (at, _) in gets.iter().enumerate().filter(|(_, get)| get.is_some()) {
            sets.entry(None).or_default().push(at);
            sets.entry(Some(network(at))).or_default().push(at);
        }
        for (at, _) in layer.nearest.iter().enumerate().filter(|(_, hops)| **hops == Some(0)) {
            sets.remove(&Some(network(at)));
        }
        for (inside, members) in sets.into_iter().filter(|(_, members)| members.len() > 1) {
            let key = [inside.map_or(Name::NO, |network| network.0), hall.content.0, s];
            let enters = |parent: usize| inside.map_or(gets[parent].is_none(), |inside| network(parent) != inside);
            let first = self.draft.number(Name::new("first", &key), 0.0, 1.0);
            let row = self.draft.at_least(Name::new("in", &key), 0.0);
            self.draft.put(row, first, -1.0);
            for (_, column) in columns.iter().filter(|((parent, child), _)| members.contains(child) && enters(*parent)) {
                self.draft.put(row, *column, 1.0);
            }
            for get in members.iter().filter_map(|at| gets[*at]) {
                self.draft.only_with(Name::new("any", &key), get, first);
            }
        }
    }

    /// What contents share: kbps, children, relays, storage.
    pub(super) fn limits(&mut self) {
        std::mem::take(&mut self.capacities).state(self);
        self.limit_children();
        self.limit_relays();
        self.limit_storage();
    }

    fn limit_children(&mut self) {
        for (parent, children) in std::mem::take(&mut self.children) {
            let most = self.instance.nodes[parent].max_children.unwrap_or(u32::MAX);
            if children.len() as u64 <= u64::from(most) {
                continue;
            }
            let kids = self.draft.at_most(Name::new("kids", &[parent.0]), f64::from(most));
            for (child, flows) in children {
                let kid = self.draft.choice(Name::new("k", &[parent.0, child.0]));
                self.draft.put(kids, kid, 1.0);
                for (number, flow) in flows.into_iter().enumerate() {
                    self.draft.only_with(Name::new("kid", &[parent.0, child.0, number as u32]), flow, kid);
                }
            }
        }
    }

    fn limit_relays(&mut self) {
        for (node, relayed) in std::mem::take(&mut self.relayed) {
            let most = self.instance.nodes[node].relay_contents.unwrap_or(u32::MAX);
            let row = self.draft.at_most(Name::new("relay", &[node.0]), f64::from(most));
            relayed.into_iter().for_each(|column| self.draft.put(row, column, 1.0));
        }
    }

    /// Room in parts of the room that is left, so that sizes of any unit are numbers of a size that the solver likes.
    fn limit_storage(&mut self) {
        for (node, added) in std::mem::take(&mut self.stored) {
            let kept = self.instance.holdings.iter().filter(|holding| holding.node == node);
            let files = kept.map(|holding| &self.instance.contents[holding.content]);
            let kept: f64 = files.filter(|c| c.kind == ContentKind::File).map(|c| c.size_mb.unwrap_or(0.0)).sum();
            let room = self.instance.nodes[node].storage_mb.unwrap_or(f64::INFINITY) - kept;
            let row = self.draft.at_most(Name::new("store", &[node.0]), if room < 0.0 { 0.0 } else { 1.0 });
            for (column, size) in added {
                // What is too large alone is ruled out, and so is anything where what is held is too much already.
                let share = if room < 0.0 || size > room {
                    2.0
                } else if size == 0.0 {
                    0.0
                } else {
                    size / room
                };
                self.draft.put(row, column, share);
            }
        }
    }
}
