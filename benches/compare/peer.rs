//! The program that the engine avoids: a column for every candidate pair of peers.
//!
//! ```text
//! x[g,h]  copies that g sends to h, substreams summed, 0 .. S        y[h]  h is served, 0 .. 1
//!
//! dem[h]   sum_g x[g,h] >= S y[h]
//! rel[g]   sum_h x[g,h] <= slots_g y[g]        (holders: slots_g)
//! link[l]  kbps of the flows that cross it
//! ```
//!
//! Nodes stand on levels and flows run downward only, so that whole numbers are trees. Each peer has the nearest
//! candidates above it, as many at random, and a holder: without the random ones all would point at the same few.

use pleach::ids::{ContentId, Id, LinkId, NetworkId, NodeId, RequestId};
use pleach::instance::Instance;
use pleach::policy::{CellId, Cells, Rules};
use pleach::program::{Column, Name, Point, Program};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::collections::{BTreeMap, BTreeSet};

/// How much a unit of service counts against a unit of cost: the engine, too, looks for the cheap among the best. Without
/// costs the simplex loses its way among optima that are all the same to it.
pub const SERVICE_FIRST: f64 = 100.0;
/// What is closer to a whole request is one.
const WHOLE: f64 = 1e-6;
/// Levels below the holders.
const LEVELS: usize = 12;
/// Nearest candidates of a peer, and random ones.
const NEAREST: usize = 10;
const RANDOM: usize = 10;
/// Draws after which a peer has to live with fewer random candidates.
const DRAWS: usize = 200;
/// Share of the slots above a level that its peers may count on.
const FILL: f64 = 0.25;

/// The program for an instance with one content, all or nothing, without flow policies.
pub fn program(instance: &Instance, rules: &Rules, cells: &Cells, whole: bool) -> Program {
    let content = ContentId::new(0);
    let substreams = f64::from(instance.contents[content].substreams);
    let rate = instance.contents[content].rate();
    let slots = |node: NodeId| instance.nodes[node].uplink.slots(rate) as f64;
    let candidates = Candidates::of(instance, rules, cells, content);

    let mut program = Program::new();
    let free = f64::NEG_INFINITY;
    let peers = || instance.requests.iter().map(|request| request.node);
    let dem: Vec<u32> = peers().map(|node| program.row(Name::new("dem", &[node.0]), 0.0, f64::INFINITY)).collect();
    let senders = peers().filter(|node| slots(*node) > 0.0);
    let mut rel: BTreeMap<NodeId, u32> =
        senders.map(|node| (node, program.row(Name::new("rel", &[node.0]), free, 0.0))).collect();
    for holding in &instance.holdings {
        rel.insert(holding.node, program.row(Name::new("rel", &[holding.node.0]), free, slots(holding.node)));
    }
    let mut link: BTreeMap<LinkId, u32> = BTreeMap::new();
    for (id, row) in instance.links.pairs() {
        if let Some(capacity) = row.capacity {
            let copies = capacity.saturating_sub(row.used).slots(rate) as f64;
            link.insert(id, program.row(Name::new("link", &[id.0]), free, copies));
        }
    }
    for (id, request) in instance.requests.pairs() {
        let column = Column {
            name: Name::new("y", &[request.node.0]),
            cost: -SERVICE_FIRST * rules.weight[id],
            lower: 0.0,
            upper: 1.0,
            whole,
        };
        let brings = rel.get(&request.node).map(|row| (*row, -slots(request.node)));
        program.column(column, &[Some((dem[id.index()], -substreams)), brings].into_iter().flatten().collect::<Vec<_>>());
    }
    for (id, request) in instance.requests.pairs() {
        for parent in candidates.parents(instance, rules, cells, id) {
            let name = Name::new("x", &[parent.0, request.node.0]);
            let classes = &rules.classes;
            let arc = rules.arc(classes.class(parent), classes.class(request.node), content).expect("candidates connect");
            let crossed = rules.topology.links(arc.route).iter().filter_map(|crossed| link.get(crossed));
            let mut entries = vec![(dem[id.index()], 1.0), (rel[&parent], 1.0)];
            entries.extend(crossed.map(|row| (*row, 1.0)));
            let cost = rules.unit_cost(instance, parent, request.node, arc).value() * rate.mbps();
            program.column(Column { name, cost, lower: 0.0, upper: substreams, whole }, &entries);
        }
    }
    program
}

/// The service of a point: with fractions of requests, and of those alone that are served as a whole.
pub fn service(program: &Program, point: &Point) -> (f64, f64) {
    let requests = program.columns.iter().zip(&point.columns).filter(|(column, _)| column.name.tag == "y");
    let served = requests.map(|(column, share)| (-column.cost / SERVICE_FIRST, *share));
    served.fold((0.0, 0.0), |(all, whole), (weight, share)| {
        (all + weight * share, if share > 1.0 - WHOLE { whole + weight } else { whole })
    })
}

/// Who may send to whom.
struct Candidates {
    content: ContentId,
    /// Level of each request; holders stand at 0.
    level: Vec<usize>,
    /// Nodes with a slot, from the top.
    senders: Vec<NodeId>,
    /// How many of them stand above each level.
    above: [usize; LEVELS + 1],
    /// The same by cell, in random order.
    by_cell: BTreeMap<CellId, Vec<(usize, NodeId)>>,
    holders: Vec<NodeId>,
}

impl Candidates {
    fn of(instance: &Instance, rules: &Rules, cells: &Cells, content: ContentId) -> Candidates {
        let rate = instance.contents[content].rate();
        let level = levels(instance, content);
        let holders: Vec<NodeId> = instance.holdings.iter().map(|holding| holding.node).collect();
        let peers = instance.requests.pairs().map(|(id, request)| (level[id.index()], request.node));
        let mut ranked: Vec<(usize, NodeId)> = holders.iter().map(|node| (0, *node)).chain(peers).collect();
        ranked.retain(|(_, node)| instance.nodes[*node].uplink.slots(rate) > 0);
        ranked.shuffle(&mut Pcg64::seed_from_u64(1));
        let mut by_cell: BTreeMap<CellId, Vec<(usize, NodeId)>> = BTreeMap::new();
        for sender in &ranked {
            by_cell.entry(cells.cell(sender.1)).or_default().push(*sender);
        }
        ranked.sort_by_key(|(level, _)| *level);
        let above = std::array::from_fn(|level| ranked.partition_point(|(at, _)| *at < level));
        let senders = ranked.into_iter().map(|(_, node)| node).collect();
        debug_assert!(rules.no_flow_rules(), "the program knows no policies on flows");
        Candidates { content, level, senders, above, by_cell, holders }
    }

    /// The candidates of a request, each once.
    fn parents(&self, instance: &Instance, rules: &Rules, cells: &Cells, request: RequestId) -> BTreeSet<NodeId> {
        let child = instance.requests[request].node;
        let level = self.level[request.index()];
        let mut random = Pcg64::seed_from_u64(u64::from(request.0) + 2);
        let class = |node| rules.classes.class(node);
        let connects = |node: &NodeId| rules.arc(class(*node), class(child), self.content).is_some();

        let among: Vec<CellId> = self.by_cell.keys().copied().collect();
        let near = cells.near(instance, rules, self.content, &among, cells.cell(child), &[]);
        let mut found: BTreeSet<NodeId> = BTreeSet::new();
        for cell in near {
            let mut above: Vec<NodeId> = self.by_cell[&among[cell.local as usize]]
                .iter()
                .filter(|(at, node)| *at < level && *node != child)
                .map(|(_, node)| *node)
                .collect();
            // All nodes of a cell are equally near.
            above.shuffle(&mut random);
            found.extend(above.into_iter().take(NEAREST - found.len()));
            if found.len() == NEAREST {
                break;
            }
        }
        let holders: Vec<NodeId> = self.holders.iter().copied().filter(connects).collect();
        found.extend(holders.choose(&mut random));
        let wanted = found.len() + RANDOM;
        for _ in 0..DRAWS {
            let node = self.senders[random.random_range(0..self.above[level])];
            if found.len() < wanted && connects(&node) {
                found.insert(node);
            }
        }
        found
    }
}

/// Levels by capacity, in each network by itself, since links may let in little more than a first copy: those with most
/// slots on top, each level as large as part of the slots above it feeds; who has no slot stands on the last.
fn levels(instance: &Instance, content: ContentId) -> Vec<usize> {
    let rate = instance.contents[content].rate();
    let takes = f64::from(instance.contents[content].substreams);
    let slots = |request: RequestId| instance.nodes[instance.requests[request].node].uplink.slots(rate);
    let held: u64 = instance.holdings.iter().map(|holding| instance.nodes[holding.node].uplink.slots(rate)).sum();
    let held_for_each = held as f64 / instance.requests.len() as f64;
    let mut networks: BTreeMap<NetworkId, Vec<RequestId>> = BTreeMap::new();
    for (id, request) in instance.requests.pairs() {
        networks.entry(instance.nodes[request.node].network).or_default().push(id);
    }
    let mut level = vec![LEVELS; instance.requests.len()];
    for mut peers in networks.into_values() {
        let mut free = held_for_each * peers.len() as f64;
        peers.retain(|request| slots(*request) > 0);
        peers.sort_by_key(|request| std::cmp::Reverse(slots(*request)));
        let mut rest = peers.into_iter();
        for number in 1..LEVELS {
            let room = if number + 1 == LEVELS { usize::MAX } else { (free * FILL / takes).ceil().max(1.0) as usize };
            for request in rest.by_ref().take(room) {
                level[request.index()] = number;
                free += slots(request) as f64 - takes;
            }
        }
    }
    level
}
