//! `transit-crunch`: most of the audience sits behind a few transit links.
//!
//! Six viewers in ten are at home, where every other peer was never seen to send; what they lack is abroad, with the peers
//! and servers of Europe, and each home provider has one transit link. The caps of these links decide who is served: sweep
//! them with `--links`.

use super::super::policy::*;
use super::draw::{Draw, Part};
use super::logged_audience::{LANDS, RATE, SUBSTREAMS, Uplinks, World};
use super::supply::{self, Sizing};
use super::{Knobs, Links, Made, Scenario, rows};
use crate::units::Kbps;
use smol_str::SmolStr;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "transit-crunch",
    summary: "an audience behind a few transit links: what home lacks is abroad",
    nodes: 17_000,
    most_nodes: 1_000_000,
    make,
};

/// Shares of the countries in the audience of 2020-07-29, per cent.
const SHARES: [f64; 12] = [60.4, 9.8, 4.9, 4.2, 2.7, 2.5, 2.4, 2.3, 2.3, 2.1, 1.2, 0.9];
/// What the peers of that day have sent.
const HOME: Uplinks = Uplinks { silent: 0.537, kbps: [56, 685, 1101, 1695, 2138, 2544, 2949, 3398, 3932, 4643, 5324, 7286] };
const FRANCE: Uplinks =
    Uplinks { silent: 0.258, kbps: [44, 745, 1656, 2283, 2795, 3323, 4069, 4785, 6119, 8069, 10_211, 15_473] };
const ALGERIA: Uplinks = Uplinks { silent: 0.251, kbps: [76, 313, 381, 429, 466, 504, 540, 584, 634, 779, 1470, 3396] };
const OTHERS: Uplinks = Uplinks { silent: 0.159, kbps: [62, 1296, 1872, 2227, 2585, 2934, 3311, 3862, 4542, 5579, 6763, 9446] };
/// Copies of the demand that servers can send where no supply is asked for: assumed.
const SERVERS: f64 = 0.1;
/// With `binding` links at most this share is served of what the uplinks alone could serve.
const BOUND_SHARE: f64 = 0.95;
/// Share of what home must get from abroad that the policies let cross transit.
const BUDGET: f64 = 0.9;

fn make(knobs: &Knobs) -> Made {
    let peers = knobs.nodes.unwrap_or(SCENARIO.nodes);
    let start = u64::from(SUBSTREAMS);
    let demand = peers as u64 * start;
    let world = World::new();
    let (mut homes, mut lines) = (Draw::new(knobs.seed, Part::Homes), Draw::new(knobs.seed, Part::Uplinks));
    let mut viewers = world.viewers((&mut homes, &mut lines), peers, &SHARES, |land| match LANDS[land].code {
        "MA" => &HOME,
        "FR" => &FRANCE,
        "DZ" => &ALGERIA,
        _ => &OTHERS,
    });
    let uplinks: Vec<Kbps> = viewers.iter().map(|viewer| viewer.uplink).collect();
    let sizing = match knobs.supply {
        Some(ratio) => supply::size(&uplinks, RATE, demand, ratio, start),
        None => Sizing { server_slots: ((demand as f64 * SERVERS).round() as u64).max(start), factor: 1.0 },
    };

    let mut made = world.lay_out(SCENARIO.name, knobs, (&mut viewers, &sizing), (Links::Binding, BOUND_SHARE));
    let at_home = viewers.iter().filter(|viewer| viewer.land == 0);
    let (count, slots) = at_home.fold((0, 0), |(count, slots), viewer| (count + 1, slots + viewer.uplink.slots(RATE)));
    let abroad = (count * start).saturating_sub(slots);
    made.document.policies = policies(knobs, abroad);
    let per_cent = |part: u64, whole: u64| 100.0 * part as f64 / whole as f64;
    let (home, entering) = (per_cent(count, peers as u64), per_cent(abroad, demand));
    made.notes.insert(
        0,
        format!("{peers} peers, {home:.1} % of them at home; {entering:.1} % of all copies must enter home from abroad"),
    );
    made
}

/// What operators would set: a budget for transit, the own country first, a protocol for long ways.
fn policies(knobs: &Knobs, abroad: u64) -> Vec<Policy> {
    let mut policies = rows::max_depth(knobs.max_depth);
    if knobs.policies {
        let crosses = Some(rows::selector("kind", "transit"));
        let max_kbps = RATE.times((abroad as f64 * BUDGET).ceil() as u64 + u64::from(SUBSTREAMS));
        let budget = rows::policy("transit-budget", Owner::Network, Rule::LimitRate { max_kbps });
        policies.push(Policy { crosses, destination: rows::selector("country", "MA"), ..budget });
        let relation = Relation { tests: vec![RelationTest::Same(vec![SmolStr::new_static("country")])] };
        let near = rows::policy("prefer-own-country", Owner::Network, Rule::Prefer { cost: -0.1 });
        policies.push(Policy { relation: Some(relation), ..near });
        policies.push(rows::long_way("transit"));
    }
    policies
}
