//! Every scenario tells what it made in the same words, and tells the truth.

use super::{balances, rate};
use pleach::instance::document::Role;
use pleach::instance::generate::{Knobs, Links, Made, SCENARIOS, Scenario};

fn made(scenario: &str, links: Links) -> Made {
    let knobs = Knobs { nodes: Some(2_000), links: Some(links), ..Knobs::default() };
    Scenario::named(scenario).expect("the scenario exists").make(&knobs).expect("the knobs are in range")
}

/// The numbers of the note that begins so.
fn figures(made: &Made, start: &str) -> Vec<f64> {
    let note = made.notes.iter().find_map(|note| note.strip_prefix(start)).unwrap_or_else(|| panic!("no note on {start}"));
    note.split([' ', ',', ';']).filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn all_scenarios_tell_the_same_figures() {
    for scenario in SCENARIOS {
        let made = made(scenario.name, Links::Binding);
        for start in ["supply in whole slots:", "peers without a slot:", "copies that must cross networks:", "places:", "links:"]
        {
            assert!(!figures(&made, start).is_empty(), "{}: {start}", scenario.name);
        }
    }
}

#[test]
fn supply_slots_and_crossings_are_those_of_the_document() {
    for scenario in ["flash-crowd", "national-final", "regional-isp-ports", "town-hall", "transit-crunch"] {
        let made = made(scenario, Links::Binding);
        let balances = balances(&made.document);
        let (supply, demand) = balances.values().fold((0, 0), |(s, d), (supply, demand)| (s + supply, d + demand));
        let told = figures(&made, "supply in whole slots:");
        assert!((told[0] - supply as f64 / demand as f64).abs() < 1e-4, "{scenario}: {told:?}");
        let rate = rate(&made.document);
        let idle = |node: &&pleach::instance::document::NodeRow| node.role == Role::Peer && node.uplink_kbps.slots(rate) == 0;
        let idle = made.document.nodes.iter().filter(idle).count() as f64 / 20.0;
        assert!((figures(&made, "peers without a slot:")[0] - idle).abs() < 0.06, "{scenario}");
        let inside: u64 = balances.values().map(|(supply, demand)| supply.min(demand)).sum();
        let crossing = 100.0 * (1.0 - inside as f64 / supply.min(demand) as f64);
        assert!((figures(&made, "copies that must cross networks:")[0] - crossing).abs() < 0.06, "{scenario}");
    }
}

#[test]
fn without_capacities_no_link_binds_and_narrow_links_bind_more_than_wide_ones() {
    for scenario in SCENARIOS {
        let free = made(scenario.name, Links::Free);
        assert!(free.notes.iter().any(|note| note.ends_with("none with a capacity")), "{}", scenario.name);
    }
    let binding = |ratio| figures(&made("transit-crunch", Links::Ratio(ratio)), "links:")[2];
    assert!(binding(0.2) > binding(2.0), "{} and {}", binding(0.2), binding(2.0));
}
