//! The page: headline figures, pictures, and the tables beneath them.

use super::Report;
use super::bars::Bars;
use super::figures::{count, counted, number, percent, share, times};
use super::hops::Hops;
use super::map::Map;
use super::survey::{Survey, part};
use super::table::Table;
use super::tables::Sources;
use crate::instance::network::Topology;
use crate::instance::{Instance, Role};
use crate::plan::file::Changes;
use crate::plan::{Assignment, Plan, Termination, Value};
use crate::units::Kbps;
use crate::verify::Violation;
use askama::Template;

/// Violations that are listed.
const LISTED: usize = 20;

/// The page, ready to be written.
#[derive(Template)]
#[template(path = "page.html", config = "src/report/askama.toml")]
pub struct Page<'a> {
    instance: &'a Instance,
    plan: &'a Plan,
    how: String,
    end: &'static str,
    violations: Vec<&'a Violation>,
    wrong: usize,
    facts: Vec<Fact>,
    before: Vec<Before>,
    changes: String,
    map: Map,
    hops: Hops,
    uplinks: Bars,
    fullness: Bars,
    supply_words: String,
    crossing_words: String,
    unserved_words: String,
    times: String,
    tables: Tables,
}

struct Tables {
    unserved: Table,
    taken: Table,
    networks: Table,
    streams: Table,
    hops: Table,
    links: Table,
    prices: Table,
    kinds: Table,
    nodes: Table,
    supply: Table,
    policies: Table,
}

/// A headline figure.
struct Fact {
    name: &'static str,
    value: String,
    note: String,
    part: Option<f64>,
}

/// A figure of the topology in force beside that of the plan.
struct Before {
    name: &'static str,
    before: String,
    now: String,
}

impl<'a> Page<'a> {
    /// Counts and draws; `violations` are what an examination of the plan found.
    pub fn of(report: &'a Report<'a>, violations: &'a [Violation]) -> Page<'a> {
        let Report { instance, plan, topology, survey } = report;
        let origin = &plan.origin;
        let sources = Sources { instance, plan, survey };
        Page {
            how: format!("{} · seed {} · model {}", origin.method.word(), origin.seed, origin.model),
            end: end(origin.termination),
            violations: violations.iter().take(LISTED).collect(),
            wrong: violations.len(),
            facts: facts(plan, survey),
            before: before(instance, topology, survey),
            changes: changes(plan),
            map: Map::of(report, false),
            hops: Hops::of(survey),
            uplinks: uplinks(instance, survey),
            fullness: fullness(instance, survey),
            supply_words: supply(instance, survey),
            crossing_words: crossing(survey),
            unserved_words: unserved(plan),
            times: times(&plan.statistics.seconds),
            tables: Tables {
                unserved: sources.unserved(),
                taken: sources.taken(),
                networks: sources.networks(),
                streams: sources.streams(),
                hops: sources.hops(),
                links: sources.links(),
                prices: sources.prices(),
                kinds: sources.kinds(),
                nodes: sources.nodes(),
                supply: sources.supply(),
                policies: sources.policies(),
            },
            instance,
            plan,
        }
    }
}

fn end(termination: Termination) -> &'static str {
    match termination {
        Termination::Optimal => "nothing better exists",
        Termination::GapReached => "stopped: all gaps are small enough",
        Termination::Effort => "stopped: no improvement within the effort of the model",
        Termination::TimeLimit => "stopped: the time was up",
        Termination::Heuristic => "a heuristic that ran to its end",
    }
}

fn facts(plan: &Plan, survey: &Survey) -> Vec<Fact> {
    let statistics = &plan.statistics;
    let served = share(statistics.served as f64, statistics.requests as f64);
    let fact = |name, value: String, note: String, part| Fact { name, value, note, part };
    let of = format!("{} of {}", count(statistics.served), counted(statistics.requests, "request"));
    let reached = plan.service.bound.map(|bound| share(plan.service.value, bound));
    let peers = format!("of {}; servers send the rest", Kbps(survey.kbps()));
    let cross = format!("{} cross networks", Kbps(survey.crossing()));
    let depth = format!("hops in the mean, {} at most", count(statistics.max_depth));
    let loss = match statistics.worst_loss_of_one {
        1 => "substream that a request loses at most, if any one peer fails",
        _ => "substreams that a request loses at most, if any one peer fails",
    };
    vec![
        fact("served", percent(served), of, Some(served)),
        fact("service", number(plan.service.value), proof(plan.service, "at most"), reached),
        fact("relaxation", number(plan.relaxation.value), proof(plan.relaxation, "at least"), None),
        fact("cost", number(plan.cost.value), proof(plan.cost, "at least"), None),
        fact("peers send", percent(survey.by_peers()), peers, Some(survey.by_peers())),
        fact("between networks", percent(share(survey.crossing() as f64, survey.kbps() as f64)), cross, None),
        fact("depth", format!("{:.1}", statistics.mean_depth), depth, None),
        fact("at stake", count(statistics.worst_loss_of_one), loss.into(), None),
    ]
}

/// The bound and the gap, or that there is none.
fn proof(value: Value, words: &str) -> String {
    match (value.bound, value.gap) {
        (Some(bound), Some(gap)) => format!("proved: {words} {} (gap\u{a0}{:.2}\u{a0}%)", number(bound), gap * 100.0),
        _ => "no bound proved".into(),
    }
}

/// The topology in force, looked at as the plan is.
fn before(instance: &Instance, topology: &Topology, now: &Survey) -> Vec<Before> {
    if instance.previous.is_empty() {
        return Vec::new();
    }
    let row = |row: &crate::instance::Previous| Assignment {
        node: row.node,
        content: row.content,
        parents: row.parents.clone(),
        protocols: None,
        relaxed: Vec::new(),
        delay: None,
        relay: false,
    };
    let rows: Vec<Assignment> = instance.previous.iter().map(row).collect();
    let then = Survey::of(instance, topology, rows.iter());
    let line = |name, tell: &dyn Fn(&Survey) -> String| Before { name, before: tell(&then), now: tell(now) };
    vec![
        line("traffic", &|survey| Kbps(survey.kbps()).to_string()),
        line("peers send", &|survey| percent(survey.by_peers())),
        line("crosses networks", &|survey| percent(share(survey.crossing() as f64, survey.kbps() as f64))),
        line("hops in the mean", &|survey| format!("{:.1}", survey.mean_hops())),
        line("most hops", &|survey| count(survey.hops.len() as u64 - 1)),
    ]
}

fn changes(plan: &Plan) -> String {
    let Changes { kept, changed, added, removed } = plan.changes;
    let [kept, changed, added, removed] = [kept, changed, added, removed].map(count);
    format!("Substreams of requests: {kept} keep their parents, {changed} have others, {added} are new, {removed} are gone.")
}

fn uplinks(instance: &Instance, survey: &Survey) -> Bars {
    let peers = instance.nodes.pairs().filter(|(_, node)| node.role == Role::Peer && node.uplink.0 > 0);
    let parts: Vec<f64> = peers.map(|(id, node)| share(survey.sent[id].0 as f64, node.uplink.0 as f64)).collect();
    Bars::of("uplinks", "Peers by load of their uplink", "peers with an uplink", false, &parts)
}

fn fullness(instance: &Instance, survey: &Survey) -> Bars {
    let parts: Vec<f64> = survey.links.pairs().filter_map(|(id, load)| part(instance, id, *load)).collect();
    Bars::of("fullness", "Links by load", "links with a limit", true, &parts)
}

/// Supply against demand in one sentence.
fn supply(instance: &Instance, survey: &Survey) -> String {
    let asked: u64 = instance.requests.iter().map(|request| instance.contents[request.content].bitrate.0).sum();
    let uplinks: u64 = instance.nodes.iter().map(|node| node.uplink.0).sum();
    format!(
        "{} are asked for, all uplinks together have {} ({} of what is asked); the plan sends {}.",
        Kbps(asked),
        Kbps(uplinks),
        percent(share(uplinks as f64, asked as f64)),
        Kbps(survey.kbps())
    )
}

fn crossing(survey: &Survey) -> String {
    let (all, between) = (survey.kbps(), survey.crossing());
    let inside = percent(share((all - between) as f64, all as f64));
    format!("{inside} of the traffic stays inside a network; {} cross from one to another.", Kbps(between))
}

fn unserved(plan: &Plan) -> String {
    match plan.unserved.len() as u64 {
        0 => "Every request is served.".into(),
        some => {
            let part = percent(share(some as f64, plan.statistics.requests as f64));
            format!("{} without anything, {part} of all.", counted(some, "request"))
        }
    }
}
