//! Limits that add up kbps: uplinks, downlinks, links, and policies; and copies that enter a network.

use super::Flow;
use super::objective::common_divisor;
use super::seats::Seat;
use super::write::Writer;
use crate::ids::{ContentId, LinkId, NodeId, PolicyId, RequestId};
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
    /// Copies of one substream.
    Copies(usize, ContentId, u32),
}

/// A flow's share of a limit.
struct Drawn {
    /// Its column.
    flow: usize,
    /// Its rate; 1 of copies.
    rate: u64,
    /// It does not count where this policy is relaxed for this request.
    unless: Option<(RequestId, PolicyId)>,
}

/// The flows that draw on each limit.
#[derive(Default)]
pub(super) struct Capacities(BTreeMap<Limited, Vec<Drawn>>);

impl Capacities {
    /// A flow into a seat draws on all its limits.
    pub(super) fn draw(&mut self, instance: &Instance, rules: &Rules, (flow, column): (Flow, usize), arc: Arc, seat: &Seat) {
        let Flow { parent, child, content, substream } = flow;
        let rate = instance.contents[content].rate().0;
        let (from, to) = (rules.classes.class(parent), rules.classes.class(child));
        let mut add = |limited, rate, policy: Option<PolicyId>| {
            let unless = seat.request.zip(policy.filter(|policy| seat.relaxable.contains(policy)));
            self.0.entry(limited).or_default().push(Drawn { flow: column, rate, unless });
        };
        add(Limited::Uplink(parent), rate, None);
        add(Limited::Downlink(child), rate, None);
        rules.topology.links(arc.route).iter().for_each(|link| add(Limited::Link(*link), rate, None));
        rules.each_limit(from, to, content, arc.route, |row| add(Limited::Policy(row), rate, Some(rules.limits[row].policy)));
        rules.each_node_limit(from, to, content, arc.route, |row| {
            add(Limited::PolicyOfSource(row, parent), rate, Some(rules.node_limits[row].policy));
        });
        rules.each_copy_limit(from, to, content, arc.route, |row| {
            add(Limited::Copies(row, content, substream), 1, Some(rules.copy_limits[row].policy));
        });
    }

    /// A row for each limit that can be reached, in the greatest common unit of its rates: whole numbers, no rounding.
    pub(super) fn state(self, writer: &mut Writer<'_>) {
        for (limited, drawn) in self.0 {
            let Some(most) = limited.most(writer.instance, writer.rules) else { continue };
            let all = drawn.iter().fold(0, |sum: u64, drawn| sum.saturating_add(drawn.rate));
            if all <= most.0 {
                continue;
            }
            let unit = drawn.iter().fold(0, |unit, drawn| common_divisor(unit, drawn.rate)).max(1);
            let row = writer.draft.at_most(limited.name(), (most.0 / unit) as f64);
            for Drawn { flow, rate, unless } in drawn {
                let share = (rate / unit) as f64;
                writer.draft.put(row, flow, share);
                if let Some((request, policy)) = unless {
                    let relaxed = writer.relaxed(request, policy);
                    let exempt = writer.draft.both("e", flow, relaxed);
                    writer.draft.put(row, exempt, -share);
                }
            }
        }
    }
}

impl Limited {
    /// What is left of it before any flow, kbps or copies; `None`: no limit.
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
            Limited::Copies(row, ..) => Some(Kbps(u64::from(rules.copy_limits[row].max))),
        }
    }

    fn name(self) -> Name {
        match self {
            Limited::Uplink(node) => Name::new("up", &[node.0]),
            Limited::Downlink(node) => Name::new("down", &[node.0]),
            Limited::Link(link) => Name::new("link", &[link.0]),
            Limited::Policy(row) => Name::new("lim", &[row as u32]),
            Limited::PolicyOfSource(row, node) => Name::new("nlim", &[row as u32, node.0]),
            Limited::Copies(row, content, substream) => Name::new("clim", &[row as u32, content.0, substream]),
        }
    }
}
