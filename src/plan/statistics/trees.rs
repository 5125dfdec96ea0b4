//! The trees of one content, read upwards: depths, and whose failure cuts off whom.
//!
//! Members are the nodes that have a row, then the parents that have none. In a substream's tree `up` points from a
//! member to the nearest member that every way from a holder passes (with one parent: that parent); what a failing peer
//! takes from a request is then the number of trees in which the peer stands above it.

use super::Assignment;
use crate::ids::{ContentId, Id, NodeId};
use crate::instance::{Instance, Role};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// No member; above a root.
pub(super) const NOBODY: u32 = u32::MAX;
/// A member on the way that is being climbed.
const OPEN: u32 = u32::MAX - 1;

/// Sums over the substreams that requests receive through parents.
#[derive(Default)]
pub(super) struct Depths {
    pub sum: u64,
    pub count: u64,
    pub most: u64,
    pub worst_loss: u64,
}

impl Depths {
    /// Joins what another tree or content says.
    pub fn add(&mut self, other: &Depths) {
        self.sum += other.sum;
        self.count += other.count;
        self.most = self.most.max(other.most);
        self.worst_loss = self.worst_loss.max(other.worst_loss);
    }
}

/// Depths and worst loss of one content; `local` is all [`NOBODY`] before and after.
pub(super) fn of_content(instance: &Instance, content: ContentId, rows: &[&Assignment], local: &mut [u32]) -> Depths {
    let members = members(rows, local);
    let forest = Forest::of(instance, content, rows, &members, local);
    let climbed = (0..instance.contents[content].substreams).into_par_iter().map(|s| {
        let tree = forest.senders(s).climb();
        (tree.depths(rows), tree.up)
    });
    let (depths, ups): (Vec<Depths>, Vec<Vec<u32>>) = climbed.unzip();
    let mut total = Depths::default();
    depths.iter().for_each(|depths| total.add(depths));
    total.worst_loss = worst_loss(instance, rows, &members, &ups);
    for member in members {
        local[member.index()] = NOBODY;
    }
    total
}

/// The tree of one substream.
pub struct Branches<'a> {
    /// Of which content.
    pub content: ContentId,
    /// Which of its substreams.
    pub substream: u32,
    /// Every row of the content.
    pub rows: &'a [&'a Assignment],
    local: &'a [u32],
    depth: Vec<u32>,
}

impl Branches<'_> {
    /// Hops below a holder, the longest way; `None` for nodes that have no part in the content.
    pub fn depth(&self, node: NodeId) -> Option<u32> {
        let member = *self.local.get(node.index())?;
        self.depth.get(member as usize).copied()
    }
}

/// Shows the trees of one content one by one; `local` is all [`NOBODY`] before and after.
pub(super) fn each(
    instance: &Instance,
    content: ContentId,
    rows: &[&Assignment],
    local: &mut [u32],
    visit: &mut impl FnMut(Branches<'_>),
) {
    let members = members(rows, local);
    let forest = Forest::of(instance, content, rows, &members, local);
    for substream in 0..instance.contents[content].substreams {
        let depth = forest.senders(substream).climb().depth;
        visit(Branches { content, substream, rows, local: forest.local, depth });
    }
    for member in members {
        local[member.index()] = NOBODY;
    }
}

/// Numbers the nodes of the rows, then the other parents; unknown nodes have no number.
fn members(rows: &[&Assignment], local: &mut [u32]) -> Vec<NodeId> {
    let mut members = Vec::with_capacity(rows.len());
    let nodes = rows.iter().map(|row| row.node);
    let parents = rows.iter().flat_map(|row| row.parents.cells().iter().copied());
    for node in nodes.chain(parents) {
        if let Some(number) = local.get_mut(node.index())
            && *number == NOBODY
        {
            *number = members.len() as u32;
            members.push(node);
        }
    }
    members
}

/// The rows of a content, found by member.
struct Forest<'a> {
    rows: &'a [&'a Assignment],
    /// Member of each node.
    local: &'a [u32],
    /// Row of each member.
    row_of: Vec<u32>,
    /// Substreams that each member holds.
    held: Vec<u64>,
}

impl<'a> Forest<'a> {
    fn of(
        instance: &Instance,
        content: ContentId,
        rows: &'a [&'a Assignment],
        members: &[NodeId],
        local: &'a [u32],
    ) -> Forest<'a> {
        let mut row_of = vec![NOBODY; members.len()];
        for (row, assignment) in rows.iter().enumerate() {
            if let Some(number) = local.get(assignment.node.index()) {
                row_of[*number as usize] = row as u32;
            }
        }
        let held = members.par_iter().map(|member| instance.held(*member, content)).collect();
        Forest { rows, local, row_of, held }
    }

    /// Who sends a substream to a member; nobody to one that holds it.
    fn parents(&self, member: u32, s: u32) -> impl Iterator<Item = u32> + '_ {
        let held = self.held[member as usize] >> s & 1 == 1;
        let row = self.rows.get(self.row_of[member as usize] as usize).filter(|_| !held);
        row.into_iter().flat_map(move |row| row.parents.of(s as usize)).filter_map(|node| self.local.get(node.index()).copied())
    }

    /// Who sends a substream to each member: looked up in order, so that climbing touches little memory.
    fn senders(&self, s: u32) -> Senders {
        let count = self.held.len();
        let mut senders = Senders { starts: Vec::with_capacity(count + 1), parents: Vec::with_capacity(count) };
        senders.starts.push(0);
        for member in 0..count as u32 {
            senders.parents.extend(self.parents(member, s).filter(|parent| *parent != member));
            senders.starts.push(senders.parents.len() as u32);
        }
        senders
    }
}

/// The parents of every member in one substream, itself left out.
struct Senders {
    /// Where each member's parents start, and the end.
    starts: Vec<u32>,
    parents: Vec<u32>,
}

impl Senders {
    fn of(&self, member: u32) -> &[u32] {
        &self.parents[self.starts[member as usize] as usize..self.starts[member as usize + 1] as usize]
    }

    /// Climbs from every member to what is known above it; a circle, which no valid plan has, is cut where it closes.
    fn climb(&self) -> Tree {
        let count = self.starts.len() - 1;
        let mut tree = Tree { depth: vec![NOBODY; count], up: vec![NOBODY; count], height: vec![0; count] };
        let mut way = Vec::new();
        for start in 0..count as u32 {
            way.push(start);
            while let Some(&at) = way.last() {
                let is_waiting = |parent: &&u32| tree.depth[**parent as usize] == NOBODY;
                match self.of(at).iter().find(is_waiting) {
                    Some(parent) if tree.depth[at as usize] >= OPEN => {
                        tree.depth[at as usize] = OPEN;
                        way.push(*parent);
                    }
                    _ => {
                        if tree.depth[at as usize] >= OPEN {
                            tree.settle(at, self.of(at));
                        }
                        way.pop();
                    }
                }
            }
        }
        tree
    }
}

/// One substream's tree.
struct Tree {
    /// Hops below a holder, the longest way.
    depth: Vec<u32>,
    /// The member that all ways from holders pass last.
    up: Vec<u32>,
    /// Hops along `up`.
    height: Vec<u32>,
}

impl Tree {
    /// Places a member below its parents, which are settled, or open on a circle.
    fn settle(&mut self, at: u32, parents: &[u32]) {
        let (mut depth, mut up) = (0, None);
        for &parent in parents {
            let above = self.depth[parent as usize];
            if above >= OPEN {
                continue;
            }
            depth = depth.max(above + 1);
            up = Some(up.map_or(parent, |up| self.meet(up, parent)));
        }
        self.depth[at as usize] = depth;
        self.up[at as usize] = up.unwrap_or(NOBODY);
        self.height[at as usize] = match up {
            Some(up) if up != NOBODY => self.height[up as usize] + 1,
            _ => 0,
        };
    }

    /// The nearest member above both, or [`NOBODY`].
    fn meet(&self, a: u32, b: u32) -> u32 {
        let (mut a, mut b) = (a, b);
        while a != b && a != NOBODY && b != NOBODY {
            match self.height[a as usize].cmp(&self.height[b as usize]) {
                std::cmp::Ordering::Greater => a = self.up[a as usize],
                std::cmp::Ordering::Less => b = self.up[b as usize],
                std::cmp::Ordering::Equal => (a, b) = (self.up[a as usize], self.up[b as usize]),
            }
        }
        if a == b { a } else { NOBODY }
    }

    /// Depths of the requests that receive this substream; rows are the first members.
    fn depths(&self, rows: &[&Assignment]) -> Depths {
        let depths = rows.iter().zip(&self.depth).filter(|(row, depth)| !row.relay && **depth > 0);
        depths.fold(Depths::default(), |mut sum, (_, depth)| {
            sum.add(&Depths { sum: u64::from(*depth), count: 1, most: u64::from(*depth), worst_loss: 0 });
            sum
        })
    }
}

/// Most trees in which one peer stands above one request.
fn worst_loss(instance: &Instance, rows: &[&Assignment], members: &[NodeId], ups: &[Vec<u32>]) -> u64 {
    // In how many trees each member is a peer with somebody below: nobody can take more from a request.
    let mut below = vec![0u64; members.len()];
    for (s, up) in ups.iter().enumerate() {
        up.iter().filter(|up| **up != NOBODY).for_each(|up| below[*up as usize] |= 1 << (s % 64));
    }
    let reach = |(member, trees): (&NodeId, &u64)| {
        let peer = instance.nodes[*member].role == Role::Peer;
        if peer { trees.count_ones() as u8 } else { 0 }
    };
    let reach: Vec<u8> = members.iter().zip(&below).map(reach).collect();
    let most = reach.iter().copied().max().unwrap_or(0);
    let worst = AtomicU32::new(0);
    rows.par_iter().enumerate().with_min_len(1024).for_each_with(Vec::new(), |above: &mut Vec<u32>, (row, assignment)| {
        let known = worst.load(Ordering::Relaxed);
        if assignment.relay || known >= u32::from(most) {
            return;
        }
        above.clear();
        for up in ups {
            let mut at = up.get(row).copied().unwrap_or(NOBODY);
            while at != NOBODY {
                if u32::from(reach[at as usize]) > known {
                    above.push(at);
                }
                at = up[at as usize];
            }
        }
        above.sort_unstable();
        let loss = above.chunk_by(|a, b| a == b).map(<[u32]>::len).max().unwrap_or(0);
        worst.fetch_max(loss as u32, Ordering::Relaxed);
    });
    u64::from(worst.load(Ordering::Relaxed))
}
