//! Cells: nodes of one class, at one place, with one price of sending. All flows between two cells cost about the same
//! and cross the same links, so a child looks for cells, not for nodes.

use crate::ids::{ContentId, Id, NodeId, Table};
use crate::instance::Instance;
use crate::policy::{Arc, ClassId, Rules};
use rustc_hash::FxHashMap;

/// More cells than this and places are rounded: lists of near cells grow with the square.
const MOST_CELLS: usize = 1_500;
/// Degrees to which places are rounded, finest first; the last puts all places together.
const GRIDS: [f64; 6] = [0.0, 0.1, 0.5, 2.0, 8.0, 1000.0];

/// A set of nodes that look alike to every child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CellId(pub(super) u32);

impl Id for CellId {
    fn new(index: usize) -> Self {
        CellId(index as u32)
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the nodes of a cell have in common; places and prices as bits, for hashing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    class: ClassId,
    place: Option<(i64, i64)>,
    cost: u64,
}

/// The cells of an instance.
#[derive(Debug)]
pub(super) struct Cells {
    of: Table<NodeId, CellId>,
    /// One node of each cell, that stands for all.
    sample: Table<CellId, NodeId>,
}

/// A cell that may send to a child, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    /// Number of the cell among the cells of the content.
    pub(super) local: u32,
    /// Class of its nodes.
    pub(super) class: ClassId,
    /// Where flows between it and the child's (or parent's) cell run.
    pub(super) arc: Arc,
}

impl Cells {
    /// The finest cells of which there are not too many.
    pub(super) fn of(instance: &Instance, rules: &Rules) -> Cells {
        let mut finest = None;
        for grid in GRIDS {
            let cells = Cells::on_grid(instance, rules, grid);
            if cells.sample.len() <= MOST_CELLS {
                return cells;
            }
            finest = Some(cells);
        }
        finest.expect("there is a grid")
    }

    fn on_grid(instance: &Instance, rules: &Rules, grid: f64) -> Cells {
        let round = |degrees: f64| if grid > 0.0 { (degrees / grid).round() as i64 } else { degrees.to_bits() as i64 };
        let mut known: FxHashMap<Key, CellId> = FxHashMap::default();
        let mut sample = Table::default();
        let mut cell = |id: NodeId| {
            let node = &instance.nodes[id];
            let place = node.place.map(|place| (round(place.lat), round(place.lon)));
            let key = Key { class: rules.classes.class(id), place, cost: node.cost.to_bits() };
            *known.entry(key).or_insert_with(|| sample.push(id))
        };
        let of = instance.nodes.ids().map(&mut cell).collect();
        Cells { of: Table::new(of), sample }
    }

    /// The cell of a node.
    pub(super) fn cell(&self, node: NodeId) -> CellId {
        self.of[node]
    }

    /// Of the given cells those that may send a content to a child's cell, cheapest first.
    pub(super) fn near(&self, instance: &Instance, rules: &Rules, content: ContentId, among: &[CellId], child: CellId) -> Vec<Near> {
        self.sorted(instance, rules, content, among, |other| (other, child))
    }

    /// Of the given cells those to which a parent's cell may send a content, cheapest first.
    pub(super) fn reached(&self, instance: &Instance, rules: &Rules, content: ContentId, among: &[CellId], parent: CellId) -> Vec<Near> {
        self.sorted(instance, rules, content, among, |other| (parent, other))
    }

    fn sorted(
        &self,
        instance: &Instance,
        rules: &Rules,
        content: ContentId,
        among: &[CellId],
        ends: impl Fn(CellId) -> (CellId, CellId),
    ) -> Vec<Near> {
        let near = |(local, other): (usize, &CellId)| {
            let (from, to) = ends(*other);
            let (parent, child) = (self.sample[from], self.sample[to]);
            let arc = rules.arc(rules.classes.class(parent), rules.classes.class(child), content)?;
            let class = rules.classes.class(self.sample[*other]);
            Some((rules.unit_cost(instance, parent, child, arc), Near { local: local as u32, class, arc }))
        };
        let mut found: Vec<_> = among.iter().enumerate().filter_map(near).collect();
        found.sort_by_key(|(cost, near)| (*cost, near.local));
        found.into_iter().map(|(_, near)| near).collect()
    }
}
