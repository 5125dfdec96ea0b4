//! Rules and their relaxing, as the oracle reads them, on instances that can be solved by hand.
//!
//! One live content of one substream, 1000 kbps. The origin `o` is in network `n0`, the origin `q` in `n2`; the peers `x` and
//! `y`, who ask for it, are in `n1`. Link `a` leads from `n0` to `n1`, link `c` from `n2` to `n1`.

#[allow(dead_code, reason = "another test uses the rest")]
mod oracle;

use oracle::brute::{Best, best};
use oracle::reading::read;
use pleach::instance::document::*;
use pleach::instance::policy::{Distinct, Matcher, Owner, Policy, Rule, Selector, Test};
use pleach::instance::{Document, Instance, Role, Scalar};
use pleach::parameters::Weights;
use pleach::units::Kbps;
use pleach::verify::examine;
use smol_str::SmolStr;

/// Uplinks in substreams of `o`, `q`, `x` and `y`.
fn document(uplinks: [u64; 4]) -> Document {
    let rows = [("o", Role::Origin, "n0"), ("q", Role::Origin, "n2"), ("x", Role::Peer, "n1"), ("y", Role::Peer, "n1")];
    let node = |((id, role, network), uplink): ((&str, Role, &str), u64)| {
        NodeRow::new(SmolStr::new(id), role, SmolStr::new(network), Kbps(1000 * uplink))
    };
    let network = |id: &str| NetworkRow { id: id.into(), kind: None, asn: None, country: None, lat: None, lon: None };
    let link = |(id, from): (&str, &str)| LinkRow {
        id: id.into(),
        from: from.into(),
        to: "n1".into(),
        capacity_kbps: None,
        used_kbps: None,
        cost: None,
        kind: None,
        state: None,
        month_to_date_gb: None,
        weight: None,
    };
    let path = |(from, to, rtt): (&str, &str, f64)| PathRow { from: from.into(), to: to.into(), rtt_ms: Some(rtt), loss: None };
    Document {
        format: INSTANCE_FORMAT.to_owned(),
        name: "by-hand".to_owned(),
        time: "2026-11-23T19:30:00Z".to_owned(),
        contents: vec![content(1)],
        nodes: rows.into_iter().zip(uplinks).map(node).collect(),
        holdings: ["o", "q"].map(|id| HoldingRow { node: id.into(), content: "live".into(), substreams: None }).into(),
        requests: ["x", "y"].map(|id| RequestRow { node: id.into(), content: "live".into(), weight: None }).into(),
        networks: ["n0", "n1", "n2"].map(network).into(),
        links: [("a", "n0"), ("c", "n2")].map(link).into(),
        paths: [("n0", "n1", 40.0), ("n2", "n1", 80.0), ("n1", "n1", 10.0)].map(path).into(),
        ..Document::default()
    }
}

/// The content, in so many substreams of 1000 kbps.
fn content(substreams: u32) -> ContentRow {
    ContentRow {
        id: "live".into(),
        kind: None,
        bitrate_kbps: Kbps(1000 * u64::from(substreams)),
        substreams,
        min_substreams: None,
        size_mb: None,
        category: None,
        media: None,
        attributes: Default::default(),
    }
}

/// A policy for these destinations, none named: for all.
fn policy(rule: Rule, destinations: &[&str]) -> Policy {
    let ids = destinations.iter().map(|id| Scalar::Text(SmolStr::new(id))).collect();
    let test = Test::Field("id".into(), Matcher::OneOf(ids));
    let destination = if destinations.is_empty() { Selector::default() } else { Selector { tests: vec![test] } };
    Policy {
        id: SmolStr::new(rule.name()),
        owner: Owner::Provider,
        rank: 2,
        relaxable: false,
        when: Default::default(),
        source: Selector::default(),
        destination,
        content: Selector::default(),
        crosses: None,
        relation: None,
        rule,
    }
}

fn relaxable(policy: Policy) -> Policy {
    Policy { relaxable: true, ..policy }
}

/// The best plan, which the verifier accepts with the same values.
fn solved(mut document: Document, policies: impl IntoIterator<Item = Policy>) -> Best {
    document.policies.extend(policies);
    let world = read(&document, &Weights::default());
    let best = best(&world);
    let instance = Instance::from_document(document.clone()).unwrap_or_else(|faults| panic!("{faults:?}")).0;
    let examined = examine(&instance, &oracle::plan::plan(&document, &instance, &world, &best));
    assert!(examined.violations.is_empty(), "{:?}", examined.violations);
    assert_eq!((examined.service, examined.relaxation), (best.service, best.relaxation));
    best
}

/// Who sends whom, by the letters of the nodes.
fn flows(best: &Best) -> Vec<String> {
    let names = ["o", "q", "x", "y"];
    best.flows.iter().map(|(slot, parent)| format!("{}{}", names[*parent], names[slot.node])).collect()
}

#[test]
fn a_volume_is_spread_over_the_time_that_is_left() {
    let volume =
        |max_gb, used_gb, end: &str| policy(Rule::LimitVolume { max_gb, used_gb, period_end: end.parse().unwrap() }, &[]);
    // 0.45 GB in an hour are 1000 kbps.
    let serves = |policy| solved(document([4, 0, 0, 0]), [policy]).service;
    assert_eq!(serves(volume(0.45, 0.0, "2026-11-23T20:30:00Z")), 1.0);
    assert_eq!(serves(volume(0.9, 0.0, "2026-11-23T20:30:00Z")), 2.0);
    assert_eq!(serves(volume(0.9, 0.5, "2026-11-23T20:30:00Z")), 0.0);
    assert_eq!(serves(volume(1.0, 2.0, "2026-11-23T20:30:00Z")), 0.0);
    assert_eq!(serves(volume(0.45, 0.0, "2026-11-23T19:30:00Z")), 2.0, "the period has ended");
}

#[test]
fn one_copy_enters_and_is_passed_on() {
    let copies = |max| policy(Rule::LimitCopies { network: "n1".into(), max }, &[]);
    assert_eq!(flows(&solved(document([4, 0, 1, 0]), [copies(1)])), ["ox", "xy"]);
    assert_eq!(solved(document([4, 0, 0, 0]), [copies(1)]).service, 1.0);
    let relaxed = solved(document([4, 0, 1, 0]), [relaxable(copies(0))]);
    assert_eq!((relaxed.service, relaxed.relaxation, flows(&relaxed)), (2.0, 0.5, vec!["ox".into(), "xy".into()]));
    assert_eq!(solved(document([4, 0, 0, 0]), [relaxable(copies(0))]).relaxation, 1.0, "each of two relaxes it");
}

#[test]
fn what_one_gets_enters_over_both_links() {
    let copies = |links: &[&str]| {
        policy(Rule::RequireCopies { network: "n1".into(), links: links.iter().map(SmolStr::new).collect() }, &[])
    };
    assert_eq!(flows(&solved(document([4, 0, 1, 0]), [copies(&["a"])])), ["ox", "xy"]);
    let both = solved(document([4, 4, 1, 1]), [copies(&["a", "c"])]);
    assert!(both.service == 2.0 && both.cost == 2 * 1000 * (1_000_000 + 60_000), "one each, {:?}", flows(&both));
    // Nothing can enter over c: x and y are exempt or go without.
    assert_eq!(solved(document([4, 0, 1, 0]), [copies(&["a", "c"])]).service, 0.0);
    assert_eq!(solved(document([4, 0, 1, 0]), [relaxable(copies(&["a", "c"]))]).relaxation, 1.0);
}

#[test]
fn who_is_late_sends_nobody_who_is_not() {
    let late = |who: &[&str]| policy(Rule::Delay { seconds: 10.0 }, who);
    assert_eq!(flows(&solved(document([1, 0, 1, 1]), [late(&["x"])])), ["yx", "oy"]);
    assert_eq!(solved(document([1, 0, 1, 0]), [late(&["x"])]).service, 1.0, "y has nothing to send");
    assert_eq!(flows(&solved(document([1, 0, 1, 0]), [late(&["x", "y"])])), ["ox", "xy"]);
    let relaxed = solved(document([1, 0, 1, 0]), [relaxable(late(&["x"]))]);
    assert_eq!((relaxed.service, relaxed.relaxation, relaxed.relaxed), (2.0, 0.5, vec![1, 0]));
}

#[test]
fn redundant_parents_are_all_there_or_none_and_differ_as_asked() {
    let two = |distinct| policy(Rule::Redundancy { parents: 2, distinct }, &["x"]);
    assert_eq!(flows(&solved(document([1, 1, 0, 1]), [two(Distinct::Node)])), ["qx", "yx", "oy"]);
    assert_eq!(flows(&solved(document([2, 1, 0, 0]), [two(Distinct::Link)])), ["ox", "qx", "oy"]);
    assert_eq!(solved(document([1, 0, 0, 1]), [two(Distinct::Node)]).service, 1.0, "x gets nothing from y alone");
    let relaxed = solved(document([1, 0, 0, 1]), [relaxable(two(Distinct::Node))]);
    assert_eq!((relaxed.service, relaxed.relaxation), (2.0, 0.5));
    let mut inside = document([2, 0, 0, 1]);
    inside.nodes[0].network = "n1".into();
    let parents = |distinct| solved(inside.clone(), [two(distinct)]).service;
    assert_eq!((parents(Distinct::Network), parents(Distinct::Link)), (1.0, 2.0), "both parents are in n1, without a link");
}

#[test]
fn the_way_from_a_holder_is_as_long_as_half_its_round_trips() {
    let within = |ms| policy(Rule::MaxDelay { ms }, &[]);
    let serves = |ms| solved(document([1, 0, 1, 0]), [within(ms)]).service;
    assert_eq!((serves(19.9), serves(20.0), serves(24.9), serves(25.0)), (0.0, 1.0, 1.0, 2.0));
    let relaxed = solved(document([1, 0, 1, 0]), [relaxable(within(20.0))]);
    assert_eq!((relaxed.service, relaxed.relaxation), (2.0, 0.5), "only who is second relaxes it");
}

#[test]
fn the_least_of_all_minima_counts_as_served() {
    let least = |min_substreams, who| policy(Rule::Degrade { min_substreams }, who);
    let mut document = document([3, 0, 0, 0]);
    document.contents = vec![content(2)];
    assert_eq!(solved(document.clone(), []).service, 1.0);
    let one = solved(document.clone(), [least(1, &["y"])]);
    assert_eq!((one.service, one.served), (1.5, vec![true, true]));
    assert_eq!(solved(document, [least(3, &[])]).service, 1.0, "the content's own is less");
}

#[test]
fn what_matters_less_is_relaxed_first() {
    let forbid = |id: &str, rank, source: &str| {
        let test = Test::Field("id".into(), Matcher::OneOf(vec![Scalar::Text(SmolStr::new(source))]));
        let source = Selector { tests: vec![test] };
        Policy { id: id.into(), rank, source, ..relaxable(policy(Rule::Forbid {}, &[])) }
    };
    let best = solved(document([4, 4, 0, 0]), [forbid("cheap", 1, "o"), forbid("dear", 4, "q")]);
    assert_eq!((best.service, best.relaxation, flows(&best)), (2.0, 0.5, vec!["qx".into(), "qy".into()]));
}
