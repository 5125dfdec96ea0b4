//! Order and depth: per content and substream the parents form no circle, start at holders, and stay shallow.

use super::law::Law;
use super::rows::Rows;
use super::violation::{Violation, ViolationKind};
use super::{node_name, request};
use crate::ids::{ContentId, NodeId};
use crate::instance::Instance;
use crate::instance::policy::Rule;
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
pub(super) fn judge(instance: &Instance, rows: &Rows<'_>, law: &Law<'_>) -> Depths {
    let trees: Vec<(ContentId, u32)> =
        instance.contents.pairs().flat_map(|(id, content)| (0..content.substreams).map(move |s| (id, s))).collect();
    let judged: Vec<Depths> = trees.par_iter().map(|(content, s)| Tree::new(instance, rows, *content, *s).judge(law)).collect();
    judged.into_iter().fold(Depths::default(), |mut all, one| {
        all.violations.extend(one.violations);
        all.sum += one.sum;
        all.count += one.count;
        all.most = all.most.max(one.most);
        all
    })
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

    fn judge(mut self, law: &Law<'_>) -> Depths {
        self.check_possession();
        let depth = self.depth();
        let bounded = law.bounds_depth();
        for (local, row) in self.list.iter().enumerate() {
            if self.start[local] == self.start[local + 1] {
                continue;
            }
            let row = self.rows.get(*row);
            if !row.relay {
                self.depths.sum += u64::from(depth[local]);
                self.depths.count += 1;
                self.depths.most = self.depths.most.max(u64::from(depth[local]));
            }
            let policies = bounded.then(|| law.on_depth(row.node, self.content)).into_iter().flatten();
            for policy in policies.filter(|policy| !row.relaxed.contains(policy)) {
                let policy = law.policy(policy);
                if let Rule::MaxDepth { hops } = policy.rule
                    && depth[local] > hops
                {
                    let place = request(self.instance, row.node, self.content);
                    let text = format!("{place} sits {} hops deep in substream {}, not {hops}", depth[local], self.substream);
                    self.depths.violations.push(Violation::new(ViolationKind::MaxDepth, policy.id.as_str(), text));
                }
            }
        }
        self.depths
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

    /// The longest way from a holder to each row, in hops; 0 where nothing is received. Circles are told and cut.
    fn depth(&mut self) -> Vec<u32> {
        let mut depth = vec![UNKNOWN; self.list.len()];
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
                    way.pop();
                }
            }
        }
        depth
    }
}
