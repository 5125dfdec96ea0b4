//! What binds in an instance: what changes the optimum when it is taken away.

use super::brute::{Best, Slot, best};
use super::matching::applies;
use super::reading::{Wish, World, read};
use pleach::instance::Document;
use pleach::instance::document::{LinkState, Nat};
use pleach::parameters::Weights;
use pleach::units::Kbps;
use std::collections::BTreeSet;

/// Takes one kind of thing out of a document.
type Edit = fn(&mut Document);

/// Every kind of capacity, and how it is lifted.
pub const CAPACITIES: [(&str, Edit); 6] = [
    ("uplink_kbps", |document| document.nodes.iter_mut().for_each(|node| node.uplink_kbps = Kbps(1_000_000))),
    ("downlink_kbps", |document| document.nodes.iter_mut().for_each(|node| node.downlink_kbps = None)),
    ("max_children", |document| document.nodes.iter_mut().for_each(|node| node.max_children = None)),
    ("storage_mb", |document| document.nodes.iter_mut().for_each(|node| node.storage_mb = None)),
    ("relay_contents", |document| {
        let stated = document.nodes.iter_mut().filter(|node| node.relay_contents.is_some());
        stated.for_each(|node| node.relay_contents = Some(100));
    }),
    ("capacity_kbps", |document| document.links.iter_mut().for_each(|link| link.capacity_kbps = None)),
];

/// What else shapes a plan, and how it is taken away.
pub const SHAPES: [(&str, Edit); 13] = [
    ("min_substreams", |document| document.contents.iter_mut().for_each(|content| content.min_substreams = Some(1))),
    ("used_kbps", |document| document.links.iter_mut().for_each(|link| link.used_kbps = None)),
    ("link cost", |document| document.links.iter_mut().for_each(|link| link.cost = None)),
    ("link weight", |document| document.links.iter_mut().for_each(|link| link.weight = None)),
    ("link down", |document| {
        document.links.iter_mut().filter(|link| link.state == Some(LinkState::Down)).for_each(|link| link.state = None);
    }),
    ("inner link", |document| {
        for link in document.links.iter_mut().filter(|link| link.from == link.to) {
            (link.capacity_kbps, link.cost, link.kind, link.state) = (None, None, None, None);
        }
    }),
    ("given route", |document| document.routes.clear()),
    ("condition of a route", |document| document.routes.iter_mut().for_each(|route| route.when = Default::default())),
    ("path", |document| document.paths.clear()),
    ("nat", |document| document.nodes.iter_mut().for_each(|node| node.nat = Some(Nat::Open))),
    ("relay", |document| document.nodes.iter_mut().for_each(|node| node.relay_contents = Some(0))),
    ("partial holder", |document| document.holdings.retain(|holding| holding.substreams.is_none())),
    ("previous", |document| document.previous.clear()),
];

/// Every rule.
pub const RULES: [&str; 14] = [
    "forbid",
    "limit_rate",
    "limit_volume",
    "limit_node_rate",
    "limit_copies",
    "require_copies",
    "prefer",
    "priority",
    "delay",
    "redundancy",
    "max_depth",
    "max_delay",
    "degrade",
    "protocol",
];

/// Every document that lacks one kind of thing or one policy in force, by the name of what it lacks.
pub fn variants(document: &Document) -> Vec<(&'static str, Document)> {
    let edited = CAPACITIES.iter().chain(&SHAPES).map(|(name, edit)| {
        let mut without = document.clone();
        edit(&mut without);
        (*name, without)
    });
    let policies = document.policies.iter().enumerate().filter(|(_, policy)| applies(document, policy));
    let released = policies.map(|(p, policy)| {
        let mut without = document.clone();
        without.policies.remove(p);
        (policy.rule.name(), without)
    });
    edited.chain(released).collect()
}

/// The names of what binds, without repetition.
pub fn binding(document: &Document, optimum: &Best) -> Vec<&'static str> {
    let binds = |name: &str, without: &Document| match name {
        "protocol" => marks(document, without, optimum),
        "priority" => reorders(without, optimum),
        _ => differs(without, optimum),
    };
    let variants = variants(document);
    let mut names: Vec<_> = variants.iter().filter(|(name, without)| binds(name, without)).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The optimum of the other document is another one.
fn differs(other: &Document, optimum: &Best) -> bool {
    let best = best(&read(other, &Weights::default()));
    (best.service - optimum.service).abs() > 1e-9
        || (best.relaxation - optimum.relaxation).abs() > 1e-9
        || best.cost != optimum.cost
}

/// A flow of the optimum is one that more policies match than without this `protocol`: all that it can do.
fn marks(document: &Document, without: &Document, optimum: &Best) -> bool {
    let worlds = [document, without].map(|document| read(document, &Weights::default()));
    let matched = |world: &World, slot: &Slot, parent: usize| {
        world.arcs[slot.content][slot.node][parent].as_ref().map_or(0, |arc| arc.matched.len())
    };
    optimum.flows.iter().any(|(slot, parent)| matched(&worlds[0], slot, *parent) > matched(&worlds[1], slot, *parent))
}

/// By the weights without a `priority`, the optimum with it is no longer best: it is about who is served, not only what
/// that counts.
fn reorders(without: &Document, optimum: &Best) -> bool {
    let world = read(without, &Weights::default());
    let share = |(w, wish): (usize, &Wish)| {
        let held = &world.machines[wish.node].held[wish.content];
        let flows = optimum.flows.iter().filter(|(slot, _)| slot.node == wish.node && slot.content == wish.content);
        let got: BTreeSet<usize> = flows.map(|(slot, _)| slot.substream).collect();
        let has = got.len() + held.iter().filter(|held| **held).count();
        if optimum.served[w] { wish.weight * has as f64 / held.len() as f64 } else { 0.0 }
    };
    let worth: f64 = world.wishes.iter().enumerate().map(share).sum();
    best(&world).service > worth + 1e-9
}
