//! Generated instances are what they say: seeded, of the published figures, of the supply and the scarcity asked for.

mod flash_crowd;
mod long_tail;
mod planet;
mod regional;
mod renditions;
mod survey;
mod transit_crunch;
mod vod_seek;

use good_lp::{Expression, Solution, SolverModel, constraint, highs, variable, variables};
use pleach::instance::Instance;
use pleach::instance::document::{Document, Nat, NodeRow, Role};
use pleach::instance::generate::{Knobs, Links, NatMix, SCENARIOS, Scenario, access};
use pleach::units::Kbps;
use std::collections::BTreeMap;

fn make(scenario: &str, knobs: Knobs) -> Document {
    Scenario::named(scenario).expect("the scenario exists").make(&knobs).expect("the knobs are in range").document
}

fn bytes(document: &Document) -> Vec<u8> {
    serde_json::to_vec(document).expect("documents can be written")
}

fn peers(document: &Document) -> impl Iterator<Item = &NodeRow> {
    document.nodes.iter().filter(|node| node.role == Role::Peer)
}

fn rate(document: &Document) -> Kbps {
    let content = &document.contents[0];
    Kbps(content.bitrate_kbps.0.div_ceil(u64::from(content.substreams)))
}

/// Copies that each network has to give, and asks for; all contents of a scenario have one rate of substreams.
fn balances(document: &Document) -> BTreeMap<&str, (u64, u64)> {
    let rate = rate(document);
    let substreams: BTreeMap<&str, u64> =
        document.contents.iter().map(|content| (content.id.as_str(), u64::from(content.substreams))).collect();
    let home: BTreeMap<&str, &str> = document.nodes.iter().map(|node| (node.id.as_str(), node.network.as_str())).collect();
    let mut balances: BTreeMap<&str, (u64, u64)> = document.networks.iter().map(|n| (n.id.as_str(), (0, 0))).collect();
    for node in &document.nodes {
        let balance = balances.get_mut(node.network.as_str()).expect("networks are listed");
        balance.0 += node.uplink_kbps.slots(rate);
    }
    for request in &document.requests {
        balances.get_mut(home[request.node.as_str()]).expect("networks are listed").1 += substreams[request.content.as_str()];
    }
    balances
}

fn totals(document: &Document) -> (f64, f64) {
    balances(document).values().fold((0.0, 0.0), |(s, d), (supply, demand)| (s + *supply as f64, d + *demand as f64))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for scenario in SCENARIOS {
        let of = |seed| bytes(&make(scenario.name, Knobs { nodes: Some(1_500), seed, ..Knobs::default() }));
        assert_eq!(of(3), of(3), "{}", scenario.name);
        assert_ne!(of(3), of(4), "{}", scenario.name);
    }
}

#[test]
fn other_translators_leave_the_uplinks_as_they_were() {
    for scenario in SCENARIOS {
        let of = |nat| make(scenario.name, Knobs { nodes: Some(4_000), nat: Some(nat), ..Knobs::default() });
        let (open, mixed) = (of(NatMix::OPEN), of(NatMix::MIXED));
        assert!(peers(&open).zip(peers(&mixed)).all(|(a, b)| a.uplink_kbps == b.uplink_kbps && a.network == b.network));
        assert!(peers(&open).all(|node| node.nat.is_none()));
        let symmetric = peers(&mixed).filter(|node| node.nat == Some(Nat::Symmetric)).count() as f64 / 4_000.0;
        assert!((symmetric - NatMix::MIXED.share(Nat::Symmetric)).abs() < 0.03, "{}: {symmetric}", scenario.name);
    }
}

#[test]
fn uplinks_follow_the_quantiles_of_the_panel() {
    let document = make("national-final", Knobs { nodes: Some(50_000), ..Knobs::default() });
    for line in [access::ADSL, access::FTTC, access::CABLE, access::FTTP] {
        let of_kind = |node: &&NodeRow| node.access.as_deref() == Some(line.word);
        let uplinks: Vec<u64> = peers(&document).filter(of_kind).map(|node| node.uplink_kbps.0).collect();
        assert!(uplinks.len() > 400, "{}: {} lines", line.word, uplinks.len());
        for (quantile, published) in access::QUANTILES.iter().zip(line.uplinks) {
            let below = uplinks.iter().filter(|uplink| **uplink <= published).count() as f64 / uplinks.len() as f64;
            assert!((below - quantile).abs() < 0.05, "{} at {quantile}: {below}", line.word);
        }
    }
}

#[test]
fn supply_in_whole_slots_is_what_was_asked_for() {
    for scenario in SCENARIOS {
        for asked in [0.5, 0.93, 1.5, 3.0] {
            let (supply, demand) = totals(&make(scenario.name, Knobs { supply: Some(asked), ..Knobs::default() }));
            assert!((supply / demand / asked - 1.0).abs() < 0.01, "{}: {} for {asked}", scenario.name, supply / demand);
        }
    }
}

#[test]
fn a_national_final_is_scarce_uneven_and_spread_over_many_networks() {
    let document = make("national-final", Knobs::default());
    let rate = rate(&document);
    let without = peers(&document).filter(|node| node.uplink_kbps.slots(rate) == 0).count();
    assert!(without * 4 >= 20_000, "{without} peers without a slot");
    let balances = balances(&document);
    let (supply, demand) = totals(&document);
    let inside: u64 = balances.values().map(|(supply, demand)| supply.min(demand)).sum();
    let crossing = 1.0 - inside as f64 / supply.min(demand);
    assert!(crossing >= 0.15, "{crossing} of the copies cross networks");
    assert!(balances.values().filter(|(_, demand)| *demand > 0).count() >= 200);
}

/// The most copies that any plan can serve, by a linear program that knows nothing but capacities: uplinks of whole
/// networks, demands, links.
fn most_copies(document: &Document) -> f64 {
    let mut vars = variables!();
    let rate = rate(document).0 as f64;
    let flow = |link: &pleach::instance::document::LinkRow| {
        let free = link.capacity_kbps.map(|capacity| (capacity - link.used_kbps.unwrap_or_default()).0 as f64 / rate);
        free.map_or(variable().min(0.0), |free| variable().min(0.0).max(free))
    };
    let flows: Vec<_> = document.links.iter().map(|link| vars.add(flow(link))).collect();
    let balances = balances(document);
    let served: BTreeMap<&str, _> =
        balances.iter().map(|(id, (_, demand))| (*id, vars.add(variable().min(0.0).max(*demand as f64)))).collect();
    let mut room: BTreeMap<&str, Expression> =
        balances.iter().map(|(id, (supply, _))| (*id, Expression::from(*supply as f64))).collect();
    for (link, flow) in document.links.iter().zip(&flows) {
        *room.get_mut(link.from.as_str()).expect("links join networks") -= *flow;
        *room.get_mut(link.to.as_str()).expect("links join networks") += *flow;
    }
    let total: Expression = served.values().copied().sum();
    let program = vars.maximise(total.clone()).using(highs);
    let program = room.into_iter().fold(program, |program, (id, room)| program.with(constraint!(served[id] <= room)));
    program.solve().expect("the program has a solution").eval(total)
}

#[test]
fn binding_links_keep_the_best_plan_below_what_uplinks_allow() {
    for seed in 0..3 {
        let of = |links| most_copies(&make("national-final", Knobs { seed, links: Some(links), ..Knobs::default() }));
        let share = of(Links::Binding) / of(Links::Free);
        assert!((0.94..=0.97).contains(&share), "seed {seed}: {share}");
    }
    let town = |links| most_copies(&make("town-hall", Knobs { links: Some(links), ..Knobs::default() }));
    assert!(town(Links::Binding) < 0.97 * town(Links::Free));
}

#[test]
fn every_mix_of_knobs_gives_a_document_without_faults_and_warnings() {
    for scenario in SCENARIOS {
        for nodes in [1, 7, 500, 5_000] {
            for links in [Links::Free, Links::Binding, Links::Ratio(0.5)] {
                let knobs = Knobs {
                    nodes: Some(nodes),
                    links: Some(links),
                    nat: Some(NatMix::MIXED),
                    max_depth: Some(8),
                    policies: nodes >= 500,
                    ..Knobs::default()
                };
                let (instance, warnings) = Instance::from_document(make(scenario.name, knobs)).expect("no faults");
                assert!(warnings.is_empty(), "{}: {warnings:?}", scenario.name);
                assert!(instance.requests.len() >= nodes, "{}", scenario.name);
            }
        }
    }
}

#[test]
fn ids_stand_in_the_order_of_their_numbers() {
    for scenario in SCENARIOS {
        let document = make(scenario.name, Knobs { nodes: Some(12_000), ..Knobs::default() });
        assert!(peers(&document).zip(peers(&document).skip(1)).all(|(before, after)| before.id < after.id));
    }
}

#[test]
fn a_knob_out_of_its_range_is_refused() {
    for scenario in SCENARIOS {
        let refused = |knobs: Knobs| scenario.make(&knobs).is_err();
        assert!(refused(Knobs { nodes: Some(0), ..Knobs::default() }));
        assert!(refused(Knobs { nodes: Some(scenario.most_nodes + 1), ..Knobs::default() }));
        assert!(refused(Knobs { supply: Some(f64::NAN), ..Knobs::default() }));
        assert!(refused(Knobs { links: Some(Links::Ratio(0.0)), ..Knobs::default() }));
        assert!(refused(Knobs { max_depth: Some(0), ..Knobs::default() }));
    }
    for text in ["open=0.5", "open=2,symmetric=-1", "symmetric", "cone=1"] {
        assert!(text.parse::<NatMix>().is_err(), "{text}");
    }
    assert!("open=0.5,symmetric=0.5".parse::<NatMix>().is_ok());
}
