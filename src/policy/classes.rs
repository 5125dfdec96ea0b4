//! Classes of nodes that are interchangeable for admissibility, routes and limits.

use super::relation::{self, CompiledRelation};
use super::signatures::Signatures;
use crate::ids::{Id, NetworkId, NodeId, PolicyId, Table};
use crate::instance::policy::Policy;
use crate::instance::{Instance, Nat};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::hash::{Hash, Hasher};

/// A class of nodes, numbered in the order in which nodes first show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

impl Id for ClassId {
    fn new(index: usize) -> Self {
        ClassId(index as u32)
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the nodes of a class have in common.
#[derive(Clone, Debug)]
pub struct Class {
    /// Their network.
    pub network: NetworkId,
    /// Their address translator; one of those that connect with the same others stands for all.
    pub nat: Nat,
    /// Two nodes of their network always connect.
    pub enterprise: bool,
    /// Policies whose source selector matches, then those whose destination selector does.
    bits: Box<[u64]>,
    /// Values of the fields that relations compare, as codes; 0: missing.
    pub(super) codes: Box<[u32]>,
    /// Affinity groups as codes, sorted, where relations look at them.
    pub(super) groups: Box<[u32]>,
}

impl Class {
    fn head(&self) -> (NetworkId, Nat, bool) {
        (self.network, self.nat, self.enterprise)
    }
}

/// Element by element: comparing as memory what is empty in most instances has been seen to take 0.1 µs each time.
impl PartialEq for Class {
    fn eq(&self, other: &Class) -> bool {
        self.head() == other.head()
            && self.bits.iter().eq(&other.bits)
            && self.codes.iter().eq(&other.codes)
            && self.groups.iter().eq(&other.groups)
    }
}

impl Eq for Class {}

impl Hash for Class {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.head().hash(state);
        self.bits.iter().for_each(|word| word.hash(state));
        self.codes.iter().chain(&self.groups).for_each(|code| code.hash(state));
    }
}

/// The classes of an instance.
#[derive(Debug)]
pub struct Classes {
    of: Table<NodeId, ClassId>,
    rows: Table<ClassId, Class>,
    words: usize,
}

impl Classes {
    /// Classes under the given policies, which concern flows, and the relation of each of them.
    pub(super) fn of(
        instance: &Instance,
        signatures: &Signatures,
        policies: &[(PolicyId, &Policy)],
    ) -> (Classes, Vec<Option<CompiledRelation>>) {
        let (relations, fields, looks_at_groups) = relation::compile(policies);
        let values = relation::codes(instance, &fields, looks_at_groups);
        let words = policies.len().div_ceil(64);
        let blocked = instance.nodes.iter().any(|node| node.nat == Nat::Blocked);
        let alike = |nat: Nat| match nat {
            Nat::Open if !blocked => Nat::FullCone,
            Nat::RestrictedCone => Nat::FullCone,
            nat => nat,
        };
        let mut selected = vec![vec![0u64; 2 * words]; signatures.len()];
        for (bit, (_, policy)) in policies.iter().enumerate() {
            let sides = [&policy.source, &policy.destination].map(|side| signatures.matched(side, instance));
            for (bits, (source, destination)) in selected.iter_mut().zip(sides[0].iter().zip(&sides[1])) {
                bits[bit / 64] |= u64::from(*source) << (bit % 64);
                bits[words + bit / 64] |= u64::from(*destination) << (bit % 64);
            }
        }
        let row = |index: usize| {
            let id = NodeId::new(index);
            let node = &instance.nodes[id];
            Class {
                network: node.network,
                nat: alike(node.nat),
                enterprise: instance.networks[node.network].is_enterprise(),
                bits: selected[signatures.number(id)].as_slice().into(),
                codes: values.codes_of(index),
                groups: values.groups_of(index),
            }
        };
        let mut known: FxHashMap<Class, ClassId> = FxHashMap::default();
        let mut rows = Table::default();
        let mut of = Vec::with_capacity(instance.nodes.len());
        const CHUNK: usize = 1 << 14;
        for start in (0..instance.nodes.len()).step_by(CHUNK) {
            let chunk: Vec<Class> = (start..instance.nodes.len().min(start + CHUNK)).into_par_iter().map(row).collect();
            for class in chunk {
                let id = match known.get(&class) {
                    Some(id) => *id,
                    None => {
                        let id = rows.push(class.clone());
                        known.insert(class, id);
                        id
                    }
                };
                of.push(id);
            }
        }
        (Classes { of: Table::new(of), rows, words }, relations)
    }

    /// The class of a node.
    pub fn class(&self, node: NodeId) -> ClassId {
        self.of[node]
    }

    /// What the nodes of a class have in common.
    pub fn row(&self, class: ClassId) -> &Class {
        &self.rows[class]
    }

    /// How many classes there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without any node.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A bit for each flow policy whose source selector matches.
    pub(super) fn source_bits(&self, class: ClassId) -> &[u64] {
        &self.rows[class].bits[..self.words]
    }

    /// A bit for each flow policy whose destination selector matches.
    pub(super) fn destination_bits(&self, class: ClassId) -> &[u64] {
        &self.rows[class].bits[self.words..]
    }
}
