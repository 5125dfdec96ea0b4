//! Dense typed indices, and tables that accept only their own index.
//!
//! Every list of the instance is numbered from 0 in one canonical order (by id text), so that the order in which a file
//! lists things never reaches a decision. Passing a link's number where a node's is meant does not compile.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A dense index: a number below the length of the one table it belongs to.
pub trait Id: Copy + Eq + Ord + std::hash::Hash + Send + Sync + 'static {
    /// The id of the `index`-th row.
    fn new(index: usize) -> Self;
    /// The row this id stands for.
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl Id for $name {
            fn new(index: usize) -> Self {
                Self(u32::try_from(index).expect("tables stay below 2^32 rows"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}#{}", stringify!($name), self.0)
            }
        }
    )*};
}

ids! {
    /// A machine: origin, server, waypoint or peer.
    NodeId;
    /// A live channel or a file.
    ContentId;
    /// One node that wants one content.
    RequestId;
    /// What a node is attached to.
    NetworkId;
    /// A directed link between networks, or inside one.
    LinkId;
    /// A given cluster.
    ClusterId;
    /// A policy, by its place in the list in force.
    PolicyId;
}

impl NodeId {
    /// Stands where nobody stands: a substream without a parent, or a parent that is gone.
    pub const NONE: NodeId = NodeId(u32::MAX);

    /// `None` for [`NodeId::NONE`].
    pub fn some(self) -> Option<NodeId> {
        (self != NodeId::NONE).then_some(self)
    }
}

/// A vector that is indexed by one kind of id only.
#[derive(Clone, PartialEq)]
pub struct Table<I, T> {
    rows: Vec<T>,
    index: PhantomData<fn(I)>,
}

impl<I: Id, T> Table<I, T> {
    /// A table of the given rows, numbered as they stand.
    pub fn new(rows: Vec<T>) -> Self {
        Table { rows, index: PhantomData }
    }

    /// A table of `len` rows, all alike.
    pub fn filled(len: usize, row: T) -> Self
    where
        T: Clone,
    {
        Table::new(vec![row; len])
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without any row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// The ids in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = I> + DoubleEndedIterator + use<I, T> {
        (0..self.rows.len()).map(I::new)
    }

    /// Ids and rows in order.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (I, &T)> + DoubleEndedIterator {
        self.rows.iter().enumerate().map(|(i, row)| (I::new(i), row))
    }

    /// The row of an id that may be out of range.
    pub fn get(&self, id: I) -> Option<&T> {
        self.rows.get(id.index())
    }

    /// Appends a row and tells its id.
    pub fn push(&mut self, row: T) -> I {
        self.rows.push(row);
        I::new(self.rows.len() - 1)
    }

    /// The rows as a slice, for loops that need no id.
    pub fn as_slice(&self) -> &[T] {
        &self.rows
    }

    /// The rows as a slice that can be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.rows
    }
}

impl<I, T> Default for Table<I, T> {
    fn default() -> Self {
        Table { rows: Vec::new(), index: PhantomData }
    }
}

impl<I: Id, T: fmt::Debug> fmt::Debug for Table<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt(f)
    }
}

impl<I: Id, T> Index<I> for Table<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.rows[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for Table<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.rows[id.index()]
    }
}
