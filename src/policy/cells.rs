//! Cells: nodes of one class, at one place, with one price of sending.
//!
//! All flows between two cells cost about the same and cross the same links. Placement looks for cells, not for nodes, and
//! the group program has its flows between cells.

use super::{Arc, ClassId, Rules};
use crate::ids::{ContentId, Id, NodeId, PolicyId, Table};
use crate::instance::{Ends, Instance};
use crate::units::UnitCost;
use rustc_hash::FxHashMap;

/// More cells than this and places are rounded: lists of near cells grow with the square.
const MOST_CELLS: usize = 1_500;
/// Degrees to which places, and cost per Mbps to which prices are rounded, finest first; 0: not rounded.
const GRIDS: [(f64, f64); 6] = [(0.0, 0.0), (0.1, 0.01), (0.5, 0.05), (2.0, 0.2), (8.0, 1.0), (1000.0, 1000.0)];

/// A set of nodes that look alike to every child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub u32);

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
    cost: i64,
}

/// The cells of an instance.
#[derive(Debug)]
pub struct Cells {
    of: Table<NodeId, CellId>,
    /// One node of each cell, that stands for all.
    sample: Table<CellId, NodeId>,
    /// Neither places nor prices are rounded.
    exact: bool,
}

/// A cell that may send to a child, and how.
#[derive(Clone, Copy, Debug)]
pub struct Near {
    /// Number of the cell among the cells of the content.
    pub local: u32,
    /// Class of its nodes.
    pub class: ClassId,
    /// Cost per Mbps of a flow between the nodes that stand for the two cells.
    pub cost: UnitCost,
    /// Where flows between it and the child's (or parent's) cell run.
    pub arc: Arc,
}

impl Cells {
    /// The finest cells of which there are not too many.
    pub fn of(instance: &Instance, rules: &Rules) -> Cells {
        let mut finest = None;
        for (grid, price) in GRIDS {
            let cells = Cells::on_grid(instance, rules, grid, price);
            if cells.sample.len() <= MOST_CELLS {
                return cells;
            }
            finest = Some(cells);
        }
        finest.expect("there is a grid")
    }

    fn on_grid(instance: &Instance, rules: &Rules, grid: f64, price: f64) -> Cells {
        let round = |value: f64, grid: f64| if grid > 0.0 { (value / grid).round() as i64 } else { value.to_bits() as i64 };
        let mut known: FxHashMap<Key, CellId> = FxHashMap::default();
        let mut sample = Table::default();
        let mut cell = |id: NodeId| {
            let node = &instance.nodes[id];
            let place = node.place.map(|place| (round(place.lat, grid), round(place.lon, grid)));
            let key = Key { class: rules.classes.class(id), place, cost: round(rules.sender_term(instance, id), price) };
            *known.entry(key).or_insert_with(|| sample.push(id))
        };
        let of = instance.nodes.ids().map(&mut cell).collect();
        Cells { of: Table::new(of), sample, exact: (grid, price) == (0.0, 0.0) }
    }

    /// Flows between two cells all cost the same: nothing is rounded, and nothing was measured between single nodes, nor
    /// does loss on a path replace that of a node.
    pub fn are_exact(&self, instance: &Instance) -> bool {
        self.exact && instance.paths.iter().all(|path| matches!(path.ends, Ends::Networks(..)) && path.loss.is_none())
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.sample.len()
    }

    /// True without any node.
    pub fn is_empty(&self) -> bool {
        self.sample.is_empty()
    }

    /// One node of a cell, that stands for all.
    pub fn sample(&self, cell: CellId) -> NodeId {
        self.sample[cell]
    }

    /// The cell of a node.
    pub fn cell(&self, node: NodeId) -> CellId {
        self.of[node]
    }

    /// Of the given cells those that may send a content to a child's cell, cheapest first; the child may be exempt from
    /// policies.
    pub fn near(
        &self,
        instance: &Instance,
        rules: &Rules,
        content: ContentId,
        among: &[CellId],
        child: CellId,
        exempt: &[PolicyId],
    ) -> Vec<Near> {
        self.sorted(instance, rules, content, among, |other| (other, child), exempt)
    }

    /// Of the given cells those to which a parent's cell may send a content, cheapest first.
    pub fn reached(&self, instance: &Instance, rules: &Rules, content: ContentId, among: &[CellId], parent: CellId) -> Vec<Near> {
        self.sorted(instance, rules, content, among, |other| (parent, other), &[])
    }

    fn sorted(
        &self,
        instance: &Instance,
        rules: &Rules,
        content: ContentId,
        among: &[CellId],
        ends: impl Fn(CellId) -> (CellId, CellId),
        exempt: &[PolicyId],
    ) -> Vec<Near> {
        let near = |(local, other): (usize, &CellId)| {
            let (from, to) = ends(*other);
            let (parent, child) = (self.sample[from], self.sample[to]);
            let (a, b) = (rules.classes.class(parent), rules.classes.class(child));
            let arc = if exempt.is_empty() { rules.arc(a, b, content) } else { rules.arc_but(a, b, content, exempt) }?;
            let class = rules.classes.class(self.sample[*other]);
            let cost = rules.unit_cost(instance, parent, child, arc);
            Some(Near { local: local as u32, class, cost, arc })
        };
        let mut found: Vec<Near> = among.iter().enumerate().filter_map(near).collect();
        found.sort_by_key(|near| (near.cost, near.local));
        found
    }
}
