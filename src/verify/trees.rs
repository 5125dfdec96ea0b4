//! Order and depth: per content and substream the parents form no circle, start at holders, stay shallow and near, and
//! are no later than their children.

use super::law::Law;
use super::network::Network;
use super::rows::Rows;
use super::violation::{Violation, ViolationKind};
use super::{node_name, request};
use crate::ids::{ContentId, NodeId, PolicyId};
use crate::instance::Instance;
use crate::instance::policy::Rule;
use crate::plan::Assignment;
use rayon::prelude::*;

/// What the trees of one substream, or of all, say.
#[derive(Default)]
pub(super) struct Depths {
    pub violations: Vec<Violation>,
    /// Over the substreams that requests receive through parents.
    pub sum: u64,
    pub count: u64,
    pub most: u64,
}

/// Judges all trees.
pub(super) fn judge(instance: &Instance, rows: &Rows<'_>, law: &Law<'_>, network: &Network<'_>) -> Depths {
    let trees: Vec<(ContentId, u32)> =
        instance.contents.pairs().flat_map(|(id, content)| (0..content.substreams).map(move |s| (id, s))).collect();
    let latest = |row: u32| law.latest(rows.get(row));
    let late = if law.delays() { rows.all().into_par_iter().map(latest).collect() } else { Vec::new() };
    let asked = Asked { law, late, network: law.bounds_delay().then_some(network) };
    let judged: Vec<Depths> =
        trees.par_iter().map(|(content, s)| Tree::new(instance, rows, *content, *s).judge(&asked)).collect();
    judged.into_iter().fold(Depths::default(), |mut all, one| {
        all.violations.extend(one.violations);
        all.sum += one.sum;
        all.count += one.count;
        all.most = all.most.max(one.most);
        all
    })
}

/// A way is as long as a limit within this, relative.
const TOLERANCE: f64 = 1e-9;

/// What policies ask of trees.
struct Asked<'a> {
    law: &'a Law<'a>,
    /// The policy that delays each row most; empty where no policy delays.
    late: Vec<Option<PolicyId>>,
    /// What measures ways; `None` where no policy bounds them.
    network: Option<&'a Network<'a>>,
}

/// A parent that holds the substream; no row.
const HOLDER: u32 = u32::MAX;
/// Depths that are not known yet, and of rows on the way to the one in question.
const UNKNOWN: u32 = u32::MAX;
const OPEN: u32 = u32::MAX - 1;

/// The parents of every row of a content in one substream, by rows' places among those of the content.
struct Tree<'a> {
    instance: &'a Instance,
    rows: &'a Rows<'a>,
    content: ContentId,
    substream: u32,
    list: &'a [u32],
    /// Where each row's parents start, and the end.
    start: Vec<u32>,
    parents: Vec<u32>,
    depths: Depths,
}

impl<'a> Tree<'a> {
    fn new(instance: &'a Instance, rows: &'a Rows<'a>, content: ContentId, substream: u32) -> Tree<'a> {
        let list = rows.of_content(content);
        let mut tree = Tree {
            instance,
            rows,
            content,
            substream,
            list,
            start: Vec::with_capacity(list.len() + 1),
            parents: Vec::with_capacity(list.len()),
            depths: Depths::default(),
        };
        tree.start.push(0);
        for row in list {
            let row = rows.get(*row);
            for parent in row.parents.of(substream as usize) {
                if let Some(found) = tree.find(row.node, parent) {
                    tree.parents.push(found);
                }
            }
            tree.start.push(tree.parents.len() as u32);
        }
        tree
    }

    /// The row of a parent, or [`HOLDER`]; a parent without either is told. Faults of single flows are told elsewhere.
    fn find(&mut self, child: NodeId, parent: NodeId) -> Option<u32> {
        self.instance.nodes.get(parent)?;
        if parent == child {
            return None;
        }
        if self.rows.held(self.instance, parent, self.content) >> self.substream & 1 == 1 {
            return Some(HOLDER);
        }
        let found = self.rows.local(parent, self.content);
        if found.is_none() {
            self.tell_lack(child, parent);
        }
        found
    }

    fn judge(mut self, asked: &Asked<'_>) -> Depths {
        self.check_possession();
        let (depth, latency) = self.depth(asked.network);
        let bounded = asked.law.bounds_depth();
        for local in 0..self.list.len() {
            if self.start[local] == self.start[local + 1] {
                continue;
            }
            let row = self.rows.get(self.list[local]);
            if !row.relay {
                self.depths.sum += u64::from(depth[local]);
                self.depths.count += 1;
                self.depths.most = self.depths.most.max(u64::from(depth[local]));
            }
            if bounded {
                self.check_depth(asked.law, row, depth[local], latency.get(local).copied().unwrap_or(0.0));
            }
            if !asked.late.is_empty() {
                self.check_delay(asked, local);
            }
        }
        self.depths
    }

    /// A row sits no deeper and no further below a holder than policies allow that it does not relax.
    fn check_depth(&mut self, law: &Law<'_>, row: &Assignment, depth: u32, latency: f64) {
        let place = || format!("{} in substream {}", request(self.instance, row.node, self.content), self.substream);
        for policy in law.on_depth(row.node, self.content).filter(|policy| !row.relaxed.contains(policy)) {
            let policy = law.policy(policy);
            let (kind, text) = match policy.rule {
                Rule::MaxDepth { hops } if depth > hops => {
                    (ViolationKind::MaxDepth, format!("{} sits {depth} hops deep, not {hops}", place()))
                }
                Rule::MaxDelay { ms } if latency > ms * (1.0 + TOLERANCE) => {
                    (ViolationKind::MaxDelay, format!("{} sits {latency} ms below a holder, not {ms}", place()))
                }
                _ => continue,
            };
            self.depths.violations.push(Violation::new(kind, policy.id.as_str(), text));
        }
    }

    /// No parent is later than its child; holders are not late at all.
    fn check_delay(&mut self, asked: &Asked<'_>, local: usize) {
        let late = |local: usize| asked.late[self.list[local] as usize];
        let own = asked.law.seconds(late(local));
        for parent in &self.parents[self.start[local] as usize..self.start[local + 1] as usize] {
            let Some(policy) = (*parent != HOLDER).then(|| late(*parent as usize)).flatten() else { continue };
            let seconds = asked.law.seconds(Some(policy));
            if seconds > own {
                let [child, parent] = [local, *parent as usize].map(|local| self.rows.get(self.list[local]).node);
                let (child, parent) = (request(self.instance, child, self.content), node_name(self.instance, parent));
                let text = format!("{child} is {own} s late, its parent {parent} in substream {} {seconds} s", self.substream);
                self.depths.violations.push(Violation::new(ViolationKind::Delay, asked.law.policy(policy).id.as_str(), text));
            }
        }
    }

    /// Every parent that is no holder is given the substream.
    fn check_possession(&mut self) {
        for (local, row) in self.list.iter().enumerate() {
            for at in self.start[local]..self.start[local + 1] {
                let parent = self.parents[at as usize] as usize;
                if parent != HOLDER as usize && self.start[parent] == self.start[parent + 1] {
                    self.tell_lack(self.rows.get(*row).node, self.rows.get(self.list[parent]).node);
                }
            }
        }
    }

    fn tell_lack(&mut self, child: NodeId, parent: NodeId) {
        let place = request(self.instance, child, self.content);
        let text = format!(
            "{} neither holds nor is given substream {}, which it sends",
            node_name(self.instance, parent),
            self.substream
        );
        self.depths.violations.push(Violation::new(ViolationKind::ParentLacksSubstream, place, text));
    }

    /// The longest way from a holder to each row, in hops, and in ms where a network measures it; 0 where nothing is
    /// received. Circles are told and cut.
    fn depth(&mut self, network: Option<&Network<'_>>) -> (Vec<u32>, Vec<f64>) {
        let mut depth = vec![UNKNOWN; self.list.len()];
        let mut latency = vec![0.0; if network.is_some() { self.list.len() } else { 0 }];
        let mut way: Vec<(u32, u32)> = Vec::new();
        for local in 0..self.list.len() as u32 {
            if depth[local as usize] == UNKNOWN {
                way.push((local, self.start[local as usize]));
                depth[local as usize] = OPEN;
            }
            while let Some((row, next)) = way.last_mut() {
                let at = *row as usize;
                if *next < self.start[at + 1] {
                    let parent = self.parents[*next as usize];
                    *next += 1;
                    match depth.get(parent as usize) {
                        Some(&UNKNOWN) => {
                            depth[parent as usize] = OPEN;
                            way.push((parent, self.start[parent as usize]));
                        }
                        Some(&OPEN) => {
                            let node = self.rows.get(self.list[parent as usize]).node;
                            let place = request(self.instance, node, self.content);
                            let text = format!("substream {} comes back to it", self.substream);
                            self.depths.violations.push(Violation::new(ViolationKind::Cycle, place, text));
                        }
                        _ => {}
                    }
                } else {
                    let parents = &self.parents[self.start[at] as usize..self.start[at + 1] as usize];
                    let above = parents.iter().map(|parent| depth.get(*parent as usize).copied().unwrap_or(0));
                    // On a circle the row where it closes is still open.
                    depth[at] = above.map(|above| if above == OPEN { 1 } else { above + 1 }).max().unwrap_or(0);
                    if let Some(network) = network {
                        latency[at] = self.latency(network, at, &latency);
                    }
                    way.pop();
                }
            }
        }
        (depth, latency)
    }

    /// The longest way to a row in ms: half a round trip below each parent, whose own way is known.
    fn latency(&self, network: &Network<'_>, local: usize, known: &[f64]) -> f64 {
        let row = self.rows.get(self.list[local]);
        let parents = row.parents.of(self.substream as usize);
        let parents = parents.filter(|parent| *parent != row.node && self.instance.nodes.get(*parent).is_some());
        let way = |parent: NodeId| {
            let holds = self.rows.held(self.instance, parent, self.content) >> self.substream & 1 == 1;
            let above = if holds { None } else { self.rows.local(parent, self.content) };
            above.map_or(0.0, |above| known[above as usize]) + network.rtt_ms(parent, row.node) / 2.0
        };
        parents.map(way).fold(0.0, f64::max)
    }
}
