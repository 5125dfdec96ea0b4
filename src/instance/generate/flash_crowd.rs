//! `flash-crowd`: the worst ten minutes of a logged day, seen at their end.
//!
//! A third of the audience joined within the last ten minutes and has nothing yet. The others have parents, of whom more than
//! one in four has left in the same ten minutes, so that some lack a substream. Supply has not grown: newcomers
//! have shown less uplink than those who stay, and the servers are those of before.

use super::super::document::*;
use super::super::policy::*;
use super::draw::{Draw, Part};
use super::logged_audience::{RATE, SUBSTREAMS, Uplinks, Viewer, World};
use super::supply;
use super::{Knobs, Links, Made, Scenario, rows, tracker};
use crate::units::Kbps;
use smol_str::SmolStr;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "flash-crowd",
    summary: "the worst ten minutes of a logged day: a third of the audience is new, parents have left, supply has not grown",
    nodes: 100_000,
    most_nodes: 1_000_000,
    make,
};

/// Share of the audience that joined within the last ten minutes: 900 of 2,863.
const NEW: f64 = 0.314;
/// Share of the audience of ten minutes before that has left since: 788 of 2,751.
const LEFT: f64 = 0.286;
/// Shares of the countries among those who stayed, and among newcomers, per cent.
const STAYED: [f64; 12] = [45.3, 21.9, 10.1, 5.1, 2.5, 0.3, 4.3, 2.2, 1.4, 0.8, 1.3, 0.6];
const JOINED: [f64; 12] = [56.4, 16.4, 8.4, 3.0, 2.0, 0.4, 2.8, 1.8, 0.9, 1.0, 2.1, 0.4];
/// What those who stayed have sent, and what newcomers have.
const STEADY: Uplinks = Uplinks { silent: 0.223, kbps: [241, 702, 1815, 2693, 3244, 3790, 4327, 4961, 5922, 7479, 9431, 13_440] };
const FRESH: Uplinks = Uplinks { silent: 0.427, kbps: [477, 742, 1478, 2291, 2742, 3189, 3688, 4197, 5044, 6401, 8483, 14_708] };
/// Supply over demand where none is asked for: assumed. Enough for the audience of before, too little for that of now.
const SCARCE: f64 = 0.93;
/// With `binding` links at most this share is served of what the uplinks alone could serve.
const BOUND_SHARE: f64 = 0.96;
/// The word that marks newcomers in `nodes[].access`: their line is not known yet.
const NEWCOMER: &str = "new";

fn make(knobs: &Knobs) -> Made {
    let peers = knobs.nodes.unwrap_or(SCENARIO.nodes);
    let start = u64::from(SUBSTREAMS);
    let world = World::new();
    let (mut homes, mut lines) = (Draw::new(knobs.seed, Part::Homes), Draw::new(knobs.seed, Part::Uplinks));
    let new = (peers as f64 * NEW).round() as usize;
    let stayed = peers - new;
    let before = (stayed as f64 / (1.0 - LEFT)).round() as usize;
    let mut viewers = world.viewers((&mut homes, &mut lines), stayed, &STAYED, |_| &STEADY);
    viewers.extend(world.viewers((&mut homes, &mut lines), new, &JOINED, |_| &FRESH));
    let uplinks: Vec<Kbps> = viewers.iter().map(|viewer| viewer.uplink).collect();
    let sizing = supply::size(&uplinks, RATE, peers as u64 * start, knobs.supply.unwrap_or(SCARCE), start);

    let mut made = world.lay_out(SCENARIO.name, knobs, (&mut viewers, &sizing), (Links::Free, BOUND_SHARE));
    let document = &mut made.document;
    let newcomers = document.nodes.iter_mut().rev().take(new);
    newcomers.for_each(|node| node.access = Some(SmolStr::new_static(NEWCOMER)));
    document.previous = in_force(knobs.seed, document, &viewers[..stayed], before);
    document.policies = policies(knobs);
    let left = before - stayed;
    made.notes.insert(0, format!("{peers} peers, {new} of them new; {left} others have left within the same ten minutes"));
    made
}

/// The topology of before, as it is for those who are still there: where the parent has left stands nobody.
fn in_force(seed: u64, document: &Document, stayed: &[Viewer], before: usize) -> Vec<PreviousRow> {
    let holders = document.nodes.len() - document.requests.len();
    let mut draw = Draw::new(seed, Part::Previous);
    let mut slots: Vec<u64> = document.nodes[..holders].iter().map(|server| server.uplink_kbps.slots(RATE)).collect();
    // Members of before in the order of their coming: somebody who stayed, or somebody who has left.
    let (mut who, mut next) = (Vec::with_capacity(before), 0);
    for member in 0..before {
        let stays = draw.unit() * ((before - member) as f64) < (stayed.len() - next) as f64;
        let like = if stays { next } else { (draw.unit() * stayed.len() as f64) as usize };
        slots.push(stayed[like].uplink.slots(RATE));
        who.push(stays.then_some(next));
        next += usize::from(stays);
    }
    let parents = tracker::grow(&slots, holders, SUBSTREAMS as usize, &mut draw);
    let cell = |parent: &Option<u32>| {
        let place = parent.and_then(|parent| match (parent as usize).checked_sub(holders) {
            None => Some(parent as usize),
            Some(member) => who[member].map(|peer| holders + peer),
        });
        place.map_or(ParentCell::Nobody(()), |place| ParentCell::One(document.nodes[place].id.clone()))
    };
    let rows = parents.chunks(SUBSTREAMS as usize).skip(holders).zip(&who);
    let row = |(parents, peer): (&[Option<u32>], &Option<usize>)| {
        let request = &document.requests[(*peer)?];
        let parents = parents.iter().map(cell).collect();
        Some(PreviousRow { node: request.node.clone(), content: request.content.clone(), parents })
    };
    rows.filter_map(row).collect()
}

/// What a provider would set: newcomers are spared until their line is known, and those who watched already come first.
fn policies(knobs: &Knobs) -> Vec<Policy> {
    let mut policies = rows::max_depth(knobs.max_depth);
    if knobs.policies {
        policies.push(rows::spare(NEWCOMER));
        policies.push(rows::prefer_own_network());
        let kept = rows::policy("audience-first", Owner::Provider, Rule::Priority { weight: 1.5 });
        let known = Selector { tests: vec![Test::Not(rows::selector("access", NEWCOMER))] };
        policies.push(Policy { destination: known, ..kept });
    }
    policies
}
