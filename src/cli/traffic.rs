//! The traffic of a plan beside that of the topology in force: what came out better, and at what load.

use super::figures::{count, percent, right, share, table};
use super::terminal::Terminal;
use comfy_table::{Cell, Table};
use pleach::instance::Instance;
use pleach::plan::Plan;
use pleach::plan::traffic::{self, Traffic};
use pleach::units::Kbps;

/// One line for each figure, in force and planned; empty where no topology is in force.
pub fn beside(instance: &Instance, plan: &Plan, look: Terminal) -> Table {
    let mut rows = table(look);
    let Some(before) = traffic::in_force(instance) else { return rows };
    let now = traffic::of_plan(instance, plan);
    rows.add_row([Cell::new(""), right("in force"), Cell::new(""), right("planned"), Cell::new("")]);
    let mut line = |name: &str, figure: &dyn Fn(&Traffic) -> (String, String)| {
        let [(before, its), (now, other)] = [figure(&before), figure(&now)];
        rows.add_row([Cell::new(name), right(before), right(its), right(now), right(other)]);
    };
    let part = |part: Kbps, whole: Kbps| (part.to_string(), percent(share(part.0 as f64, whole.0 as f64)));
    line("all traffic", &|t| (t.all.to_string(), String::new()));
    line("crosses networks", &|t| part(t.between_networks, t.all));
    line("peers send", &|t| part(t.by_peers, t.all));
    line("of that, crosses networks", &|t| part(t.by_peers_between_networks, t.by_peers));
    line("of that, by the busiest 5 %", &|t| part(t.by_busiest, t.by_peers));
    line("fullest uplink", &|t| t.fullest.map_or_else(Default::default, |load| part(load.sent, load.uplink)));
    line("peers that send", &|t| (count(t.senders), String::new()));
    line("above their uplink", &|t| (count(t.overloaded), percent(share(t.overloaded as f64, t.senders as f64))));
    rows
}
