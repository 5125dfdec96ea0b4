//! Limits that add up kbps: uplinks, downlinks, links, and policies.

use super::draft::Draft;
use super::objective::common_divisor;
use crate::ids::{ContentId, LinkId, NodeId};
use crate::instance::Instance;
use crate::policy::{Arc, Rules};
use crate::program::Name;
use crate::units::Kbps;
use std::collections::BTreeMap;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Limited {
    Uplink(NodeId),
    Downlink(NodeId),
    Link(LinkId),
    Policy(usize),
    PolicyOfSource(usize, NodeId),
}

/// The columns that draw on each limit, with their rates.
#[derive(Default)]
pub(super) struct Capacities(BTreeMap<Limited, Vec<(usize, u64)>>);

impl Capacities {
    /// A flow of a content from one node to another draws on all its limits.
    pub(super) fn draw(
        &mut self,
        instance: &Instance,
        rules: &Rules,
        (parent, child): (NodeId, NodeId),
        content: ContentId,
        arc: Arc,
        column: usize,
    ) {
        let rate = instance.contents[content].rate().0;
        let (from, to) = (rules.classes.class(parent), rules.classes.class(child));
        let mut add = |limited| self.0.entry(limited).or_default().push((column, rate));
        add(Limited::Uplink(parent));
        add(Limited::Downlink(child));
        rules.topology.links(arc.route).iter().for_each(|link| add(Limited::Link(*link)));
        rules.each_limit(from, to, content, arc.route, |row| add(Limited::Policy(row)));
        rules.each_node_limit(from, to, content, arc.route, |row| add(Limited::PolicyOfSource(row, parent)));
    }

    /// A row for each limit that can be reached, in the greatest common unit of its rates: whole numbers, no rounding.
    pub(super) fn state(self, instance: &Instance, rules: &Rules, draft: &mut Draft) {
        for (limited, drawn) in self.0 {
            let Some(most) = limited.most(instance, rules) else { continue };
            let all = drawn.iter().fold(0, |sum: u64, (_, rate)| sum.saturating_add(*rate));
            if all <= most.0 {
                continue;
            }
            let unit = drawn.iter().fold(0, |unit, (_, rate)| common_divisor(unit, *rate)).max(1);
            let row = draft.at_most(limited.name(), (most.0 / unit) as f64);
            for (column, rate) in drawn {
                draft.put(row, column, (rate / unit) as f64);
            }
        }
    }
}

impl Limited {
    /// What is left of it before any flow; `None`: no limit.
    fn most(self, instance: &Instance, rules: &Rules) -> Option<Kbps> {
        match self {
            Limited::Uplink(node) => Some(instance.nodes[node].uplink),
            Limited::Downlink(node) => instance.nodes[node].downlink,
            Limited::Link(link) => {
                let link = &instance.links[link];
                link.capacity.map(|capacity| capacity.saturating_sub(link.used))
            }
            Limited::Policy(row) => Some(rules.limits[row].max),
            Limited::PolicyOfSource(row, node) => Some(rules.node_limits[row].max(instance.nodes[node].uplink)),
        }
    }

    fn name(self) -> Name {
        match self {
            Limited::Uplink(node) => Name::new("up", &[node.0]),
            Limited::Downlink(node) => Name::new("down", &[node.0]),
            Limited::Link(link) => Name::new("link", &[link.0]),
            Limited::Policy(row) => Name::new("lim", &[row as u32]),
            Limited::PolicyOfSource(row, node) => Name::new("nlim", &[row as u32, node.0]),
        }
    }
}
