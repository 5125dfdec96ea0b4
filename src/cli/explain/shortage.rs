//! The cuts that prove that not all can be served, and the bounds beside them.

use crate::cli::figures::{count, number};
use crate::cli::terminal::Terminal;
use pleach::engine::shortage::{Cut, Scarce, Shortage};
use pleach::instance::Instance;
use pleach::plan::Plan;
use pleach::units::Kbps;
use serde_json::{Value, json};
use std::fmt::Write;

/// Names that are listed one by one; the rest is counted.
const LISTED: usize = 8;

fn kind(cut: &Cut) -> &'static str {
    match cut.scarce {
        Scarce::Volume => "volume",
        Scarce::Entry(_) => "entry",
    }
}

fn content<'a>(instance: &'a Instance, cut: &Cut) -> Option<&'a str> {
    match cut.scarce {
        Scarce::Volume => None,
        Scarce::Entry(content) => Some(instance.contents[content].id.as_str()),
    }
}

/// For programs.
pub fn machine(instance: &Instance, plan: &Plan, short: &Shortage) -> Value {
    let link = |(link, room): &(pleach::ids::LinkId, Kbps)| json!({"id": instance.links[*link].id, "room_kbps": room.0});
    let cut = |cut: &Cut| {
        json!({
            "kind": kind(cut), "content": content(instance, cut), "everywhere": cut.everywhere,
            "networks": cut.networks.iter().map(|id| instance.networks[*id].id.as_str()).collect::<Vec<_>>(),
            "nodes": cut.nodes, "requests": cut.requests, "slots": cut.slots,
            "demand_kbps": cut.demand.0, "supply_kbps": cut.supply.0, "import_kbps": cut.import().0, "short_kbps": cut.short().0,
            "links": cut.links.iter().map(link).collect::<Vec<_>>(),
            "unserved_at_least": cut.unserved_at_least,
        })
    };
    json!({
        "instance": instance.name, "requests": plan.statistics.requests, "unserved": plan.unserved.len(),
        "unserved_at_least": short.unserved_at_least,
        "cuts": short.cuts.iter().map(cut).collect::<Vec<_>>(),
        "bounds": {
            "plan_service": plan.service.bound, "knapsack_service": short.knapsack, "full_mesh_kbps": short.full_mesh,
        },
    })
}

/// The verdict, each cut with its arithmetic, and the bounds that know no links.
pub fn words(instance: &Instance, plan: &Plan, short: &Shortage, look: Terminal) -> String {
    let (requests, unserved) = (plan.statistics.requests, plan.unserved.len() as u64);
    let state = format!("{} requests · {} unserved", count(requests), count(unserved));
    let mut text = format!("\n  {}  {}\n\n", look.strong(&instance.name), look.quiet(&state));
    let verdict = match (short.unserved_at_least, short.cuts.is_empty()) {
        (0, _) if unserved == 0 => look.good("✓ all are served"),
        (0, true) => look.notice("no cut proves a shortage: policies, connections, depth or whole slots keep requests unserved"),
        (0, false) => look.notice("not all can have every substream; the cuts do not prove that anybody goes unserved"),
        (at_least, _) => {
            let proved = if at_least == unserved { ", and no plan serves more" } else { "" };
            look.bad(&format!("✗ at least {} of {} requests stay unserved in any plan{proved}", count(at_least), count(requests)))
        }
    };
    let _ = writeln!(text, "  {verdict}\n");
    for (number, cut) in short.cuts.iter().take(LISTED).enumerate() {
        tell(&mut text, instance, number + 1, cut, look);
    }
    if let Some(more) = short.cuts.len().checked_sub(LISTED).filter(|more| *more > 0) {
        let _ = writeln!(text, "  {}\n", look.quiet(&format!("and {more} smaller cuts, which --json lists")));
    }
    let _ = writeln!(text, "  {}", look.strong("bounds that know no links"));
    line(&mut text, "knapsack", &format!("service at most {}", number(short.knapsack)));
    if let Some(rate) = short.full_mesh {
        let asked = instance.contents.iter().map(|content| content.bitrate).max().unwrap_or_default();
        line(&mut text, "full mesh", &format!("at most {} to each, where {asked} are asked", Kbps(rate as u64)));
    }
    if let Some(bound) = plan.service.bound {
        let _ = writeln!(text, "  {}", look.strong("the plan"));
        line(&mut text, "service", &format!("{}, proved to be at most {}", number(plan.service.value), number(bound)));
    }
    text
}

fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

fn line(text: &mut String, name: &str, what: &str) {
    let _ = writeln!(text, "     {name:<12} {what}");
}

/// One cut: who is behind it, what is asked, what comes, what is short.
fn tell(text: &mut String, instance: &Instance, number: usize, cut: &Cut, look: Terminal) {
    let what = match content(instance, cut) {
        None => "too few slots".to_owned(),
        Some(content) => format!("too few slots for the first copies of {content}"),
    };
    let place = match (cut.everywhere, cut.links.len()) {
        (true, _) => "everywhere".to_owned(),
        (false, 0) => "where no link leads".to_owned(),
        (false, 1) => format!("behind {}", instance.links[cut.links[0].0].id),
        (false, links) => format!("behind {links} links"),
    };
    let _ = writeln!(text, "  {}", look.strong(&format!("{number}. {what}, {place}")));
    let networks = listed(cut.networks.iter().map(|id| instance.networks[*id].id.to_string()));
    line(text, "networks", &networks);
    line(text, "nodes", &format!("{}, with {}", count(cut.nodes), counted(cut.requests, "request")));
    line(text, "must come", &format!("{}, {}", counted(cut.slots, "slot"), cut.demand));
    let senders = if cut.scarce == Scarce::Volume { "all senders there together" } else { "the holders there" };
    line(text, "sent inside", &format!("at most {}, by {senders}", cut.supply));
    if !cut.links.is_empty() {
        let room = cut.links.iter().map(|(link, room)| format!("{} {room}", instance.links[*link].id));
        line(text, "links in", &format!("at most {}: {}", cut.import(), listed(room)));
    }
    line(text, "short of", &cut.short().to_string());
    line(text, "unserved", &format!("at least {} of these requests\n", count(cut.unserved_at_least)));
}

fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(LISTED);
    let mut shown: Vec<String> = names.take(LISTED).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}
