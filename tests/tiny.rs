//! A thousand tiny instances against the oracle.

mod oracle;

use oracle::binding::{CAPACITIES, RULES, SHAPES, binding};
use oracle::brute::{Best, best};
use oracle::generate::{MOST_MISSING, tiny};
use oracle::reading::read;
use pleach::instance::Document;
use pleach::parameters::Weights;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// How many instances there are; their seeds are the numbers below it.
const INSTANCES: u64 = 1000;

fn optimum(document: &Document) -> Best {
    best(&read(document, &Weights::default()))
}

#[test]
fn the_instances_are_tiny() {
    for document in (0..INSTANCES).map(tiny) {
        assert!(document.nodes.len() <= 6, "{}", document.name);
        let held = |node: &str, content: &str| document.holdings.iter().find(|h| h.node == node && h.content == content);
        let missing = |request: &pleach::instance::document::RequestRow| {
            let content = document.contents.iter().find(|content| content.id == request.content).unwrap();
            let held = held(&request.node, &request.content);
            content.substreams - held.map_or(0, |h| h.substreams.as_ref().map_or(content.substreams, |list| list.len() as u32))
        };
        assert!(document.requests.iter().map(missing).sum::<u32>() <= MOST_MISSING, "{}", document.name);
    }
}

#[test]
fn every_rule_and_every_capacity_binds_in_one_of_twenty() {
    let bound: Vec<Vec<&str>> = (0..INSTANCES).into_par_iter().map(tiny).map(|d| binding(&d, &optimum(&d))).collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    bound.iter().flatten().for_each(|name| *counts.entry(name).or_default() += 1);
    println!("{counts:#?}");
    for name in RULES.into_iter().chain(CAPACITIES.map(|(name, _)| name)).chain(SHAPES.map(|(name, _)| name)) {
        let count = counts.get(name).copied().unwrap_or(0);
        assert!(count * 20 >= INSTANCES, "{name} binds in {count} of {INSTANCES}");
    }
}
#[test]
fn zz_stats() {
    for seed in 0..60 {
        let d = tiny(seed);
        let b = optimum(&d);
        let total: f64 = read(&d, &Weights::default()).wishes.iter().map(|w| w.weight).sum();
        println!("seed {seed} nodes {} req {} served {} service {:.2}/{:.2} flows {} visited {} :: {}", d.nodes.len(), d.requests.len(), b.served.iter().filter(|s| **s).count(), b.service, total, b.flows.len(), b.visited, d.policies.iter().map(|p| oracle::binding::rule_name(p)).collect::<Vec<_>>().join(" "));
    }
}
#[test]
fn yy_zero() {
    let mut why: BTreeMap<String, (u64,u64)> = BTreeMap::new();
    for seed in 0..1000 {
        let d = tiny(seed);
        let b = optimum(&d);
        let zero = b.flows.is_empty();
        let mut add = |n: String| { let e = why.entry(n).or_default(); e.0 += 1; e.1 += zero as u64; };
        add("all".into());
        add(format!("req {}", d.requests.len()));
        for p in &d.policies { add(oracle::binding::rule_name(p).to_string()); }
        if d.policies.is_empty() { add("no policy".into()); }
        let mut e = d.clone(); e.policies.clear();
        if zero && optimum(&e).flows.is_empty() { add("still zero without policies".into());
        oracle::binding::CAPACITIES[0].1(&mut e);
        if zero && optimum(&e).flows.is_empty() { add("still zero without policies, uplink".into());
        for c in oracle::binding::CAPACITIES { c.1(&mut e); }
        if zero && optimum(&e).flows.is_empty() { add("still zero without capacities".into());
        for c in &mut e.nodes { c.nat = None; }
        if zero && optimum(&e).flows.is_empty() { add("still zero without nat".into());
        } } } }
    }
    println!("{why:#?}");
}
#[test]
fn xx_scarce() {
    let mut n = 0;
    for seed in 0..400 {
        let d = tiny(seed);
        if !(d.policies.len() > 0 && matches!(d.policies.last().unwrap().rule, pleach::instance::policy::Rule::Priority{..}) && d.contents.len() == 1) { continue; }
        n += 1; if n > 14 { break; }
        let b = optimum(&d);
        println!("{seed} flows {:?} S {} rate {} min {:?}", b.flows.len(), d.contents[0].substreams, d.contents[0].bitrate_kbps.0 / d.contents[0].substreams as u64, d.contents[0].min_substreams);
        for x in &d.nodes { println!("   {} {:?} up {} net {} nat {:?} held {:?} req {:?}", x.id, x.role, x.uplink_kbps.0, x.network, x.nat, d.holdings.iter().find(|h| h.node == x.id).map(|h| &h.substreams), d.requests.iter().position(|r| r.node == x.id).map(|i| (d.requests[i].weight, b.served[i]))); }
        println!("   links {:?}", d.links.iter().filter(|l| l.state != Some(pleach::instance::LinkState::Down)).map(|l| l.id.as_str()).collect::<Vec<_>>());
        for p in &d.policies { println!("   {:?} dest {:?}", p.rule, p.destination.tests); }
    }
}
