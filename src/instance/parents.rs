//! Who sends each substream of a content to a node.

use crate::ids::NodeId;

/// The parents of one node for one content: `width` cells for each substream, [`NodeId::NONE`] in cells left empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parents(ParentCells);

/// Few cells stand in place: a plan for a million peers has a million of these.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ParentCells {
    /// One for each of at most [`FEW`] substreams; cells behind `len` are [`NodeId::NONE`].
    Few {
        len: u8,
        cells: [NodeId; FEW],
    },
    Many {
        width: u32,
        cells: Box<[NodeId]>,
    },
}

/// Cells that take no more room in place than the pointer to others.
const FEW: usize = 4;

impl Parents {
    /// Nobody, for each of `substreams`, with room for `width` parents each.
    pub fn none(substreams: u32, width: u32) -> Parents {
        Parents::new(vec![NodeId::NONE; (substreams * width) as usize], width)
    }

    /// One parent (or [`NodeId::NONE`]) for each substream.
    pub fn single(cells: impl IntoIterator<Item = NodeId, IntoIter: ExactSizeIterator>) -> Parents {
        let cells = cells.into_iter();
        if cells.len() > FEW {
            return Parents::new(cells.collect(), 1);
        }
        let (len, mut few) = (cells.len() as u8, [NodeId::NONE; FEW]);
        few.iter_mut().zip(cells).for_each(|(cell, parent)| *cell = parent);
        Parents(ParentCells::Few { len, cells: few })
    }

    /// For each substream a list of parents, none of them [`NodeId::NONE`].
    pub fn lists(lists: &[Vec<NodeId>]) -> Parents {
        let width = lists.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut cells = vec![NodeId::NONE; lists.len() * width];
        for (s, list) in lists.iter().enumerate() {
            cells[s * width..s * width + list.len()].copy_from_slice(list);
        }
        Parents::new(cells, width as u32)
    }

    fn new(cells: Vec<NodeId>, width: u32) -> Parents {
        match width {
            1 if cells.len() <= FEW => Parents::single(cells),
            _ => Parents(ParentCells::Many { width, cells: cells.into() }),
        }
    }

    /// How many substreams there are.
    pub fn substreams(&self) -> usize {
        self.cells().len() / self.width().max(1)
    }

    /// The parents of substream `s`, in the order given.
    pub fn of(&self, s: usize) -> impl Iterator<Item = NodeId> + '_ {
        let width = self.width();
        self.cells().get(s * width..(s + 1) * width).unwrap_or(&[]).iter().copied().filter(|p| *p != NodeId::NONE)
    }

    /// Every (substream, parent).
    pub fn flows(&self) -> impl Iterator<Item = (u32, NodeId)> + '_ {
        (0..self.substreams()).flat_map(|s| self.of(s).map(move |parent| (s as u32, parent)))
    }

    /// How many cells each substream has.
    pub fn width(&self) -> usize {
        match self.0 {
            ParentCells::Few { .. } => 1,
            ParentCells::Many { width, .. } => width as usize,
        }
    }

    /// All cells, `width` for each substream; [`NodeId::NONE`] stands in empty ones.
    pub fn cells(&self) -> &[NodeId] {
        match &self.0 {
            ParentCells::Few { len, cells } => &cells[..usize::from(*len).min(FEW)],
            ParentCells::Many { cells, .. } => cells,
        }
    }

    /// A bit for each substream that has a parent.
    pub fn mask(&self) -> u64 {
        self.flows().fold(0, |mask, (s, _)| mask | 1 << s)
    }
}
