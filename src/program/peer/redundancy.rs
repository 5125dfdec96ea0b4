//! Several parents for one substream: how many, and in what they differ.

use super::relaxing::Asked;
use super::seats::{Hall, Pair, Seat};
use super::write::Writer;
use crate::ids::{ContentId, PolicyId};
use crate::policy::Redundancy;
use crate::program::Name;
use std::collections::BTreeMap;

impl Writer<'_> {
    /// What policies ask about parents of a request; `None`: one parent whatever is relaxed.
    fn redundancy(&self, seat: &Seat, content: ContentId) -> Option<Asked<Redundancy>> {
        if !self.rules.is_redundant() || seat.request.is_none() {
            return None;
        }
        let asked = Asked::of(&seat.relaxable, |exempt| self.rules.redundancy(seat.node, content, exempt));
        (most_parents(&asked) > 1).then_some(asked)
    }

    /// How many parents a substream has that is received where the column `get` is 1: factors of columns.
    pub(super) fn parents(&mut self, seat: &Seat, content: ContentId, get: usize) -> Vec<(usize, f64)> {
        let Some(asked) = self.redundancy(seat, content) else { return vec![(get, 1.0)] };
        if let Some(known) = self.parents.get(&get) {
            return known.clone();
        }
        let least = f64::from(asked.always.parents);
        let mut parents = vec![(get, least)];
        for (level, count) in self.levels(seat, content, &asked) {
            parents.push((self.draft.both("v", get, level), f64::from(count) - least));
        }
        self.parents.insert(get, parents.clone());
        parents
    }

    /// Columns `u`, of which at most one is 1: so many parents are asked for, more than always are.
    fn levels(&mut self, seat: &Seat, content: ContentId, asked: &Asked<Redundancy>) -> Vec<(usize, u32)> {
        let Some(request) = seat.request else { return Vec::new() };
        if let Some(known) = self.levels.get(&request) {
            return known.clone();
        }
        let more = asked.unless.iter().map(|(policy, asked)| (*policy, asked.parents));
        let more: Vec<(PolicyId, u32)> = more.filter(|(_, parents)| *parents > asked.always.parents).collect();
        let mut counts: Vec<u32> = more.iter().map(|(_, parents)| *parents).collect();
        counts.sort_unstable();
        counts.dedup();
        let key = |number: u32| [seat.node.0, content.0, number];
        let levels: Vec<(usize, u32)> =
            counts.into_iter().map(|count| (self.draft.choice(Name::new("u", &key(count))), count)).collect();
        if levels.len() > 1 {
            let one = self.draft.at_most(Name::new("level", &key(Name::NO)), 1.0);
            levels.iter().for_each(|(level, _)| self.draft.put(one, *level, 1.0));
        }
        // A policy that is not relaxed asks for its number or more; a number is asked for by one that is not.
        for (policy, count) in &more {
            let relaxed = self.relaxed(request, *policy);
            let row = self.draft.at_least(Name::new("many", &key(policy.0)), 1.0);
            self.draft.put(row, relaxed, 1.0);
            levels.iter().filter(|(_, other)| other >= count).for_each(|(level, _)| self.draft.put(row, *level, 1.0));
        }
        for (level, count) in &levels {
            let alike: Vec<PolicyId> = more.iter().filter(|(_, other)| other == count).map(|(policy, _)| *policy).collect();
            let row = self.draft.at_most(Name::new("why", &key(*count)), alike.len() as f64);
            self.draft.put(row, *level, 1.0);
            for policy in alike {
                let relaxed = self.relaxed(request, policy);
                self.draft.put(row, relaxed, 1.0);
            }
        }
        self.levels.insert(request, levels.clone());
        levels
    }

    /// Parents of one substream in different networks, or over routes that share no link, where policies ask for that.
    pub(super) fn apart(&mut self, hall: &Hall, s: u32, flows: &[(Pair, usize)]) {
        let (instance, rules) = (self.instance, self.rules);
        for (at, seat) in hall.seats.iter().enumerate() {
            let Some(asked) = self.redundancy(seat, hall.content) else { continue };
            let (mut networks, mut links) = (BTreeMap::<u32, Vec<usize>>::new(), BTreeMap::<u32, Vec<usize>>::new());
            for (pair, flow) in flows.iter().filter(|(pair, _)| pair.child == at) {
                networks.entry(instance.nodes[hall.seats[pair.parent].node].network.0).or_default().push(*flow);
                for link in rules.topology.links(pair.arc.route) {
                    let over = links.entry(link.0).or_default();
                    if over.last() != Some(flow) {
                        over.push(*flow);
                    }
                }
            }
            let key = [seat.node.0, hall.content.0, s];
            self.at_most_one(("net", key), seat, &asked, |asked| asked.networks, networks);
            self.at_most_one(("path", key), seat, &asked, |asked| asked.links, links);
        }
    }

    /// Of each set of flows at most one, where that is asked for.
    fn at_most_one(
        &mut self,
        (tag, [node, content, s]): (&'static str, [u32; 3]),
        seat: &Seat,
        asked: &Asked<Redundancy>,
        is_asked: impl Fn(&Redundancy) -> bool,
        sets: BTreeMap<u32, Vec<usize>>,
    ) {
        let by = asked.unless.iter().filter(|(_, asked)| is_asked(asked)).map(|(policy, _)| seat.request.zip(Some(*policy)));
        let by: Vec<_> = if is_asked(&asked.always) { vec![None] } else { by.collect() };
        for (number, flows) in sets.iter().filter(|(_, flows)| flows.len() > 1) {
            for unless in &by {
                let row = self.draft.at_most(Name::new(tag, &[node, content, s, *number]), 1.0);
                flows.iter().for_each(|flow| self.draft.put(row, *flow, 1.0));
                if let Some((request, policy)) = unless {
                    let relaxed = self.relaxed(*request, *policy);
                    self.draft.put(row, relaxed, 1.0 - flows.len() as f64);
                }
            }
        }
    }
}

fn most_parents(asked: &Asked<Redundancy>) -> u32 {
    asked.unless.iter().map(|(_, asked)| asked.parents).fold(asked.always.parents, u32::max)
}
