//! Nodes that no selector tells apart: each selector is read once for each of these sets, not once for each node.
//!
//! Every field that some selector looks at is valued once per node, and every test is made once per distinct value. The
//! signature of a node is the set of tests that hold for it.

use super::matching::{FieldValue, matches, node_field, node_matches};
use crate::ids::{ContentId, Id, NodeId, Table};
use crate::instance::Instance;
use crate::instance::policy::{Matcher, Policy, Selector, Test};
use hashbrown::HashTable;
use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;

/// The signature of every node.
#[derive(Debug)]
pub(super) struct Signatures {
    of: Table<NodeId, u32>,
    /// One node of each signature.
    samples: Vec<NodeId>,
    /// Requests of each content by nodes of each signature.
    requests: FxHashMap<(u32, ContentId), u64>,
}

impl Signatures {
    /// Signatures under the node selectors of the given policies.
    pub(super) fn of<'p>(instance: &Instance, policies: impl Iterator<Item = &'p Policy>) -> Signatures {
        let tests = tests_of(policies.flat_map(|policy| [&policy.source, &policy.destination]));
        let words = tests.len().div_ceil(64).max(1);
        let mut fields: Vec<&str> = tests.iter().map(|(field, _)| *field).collect();
        fields.sort_unstable();
        fields.dedup();
        let columns: Vec<Column> = fields.par_iter().map(|field| Column::of(instance, field, &tests, words)).collect();
        let mut signatures =
            Signatures { of: Table::filled(instance.nodes.len(), 0), samples: Vec::new(), requests: FxHashMap::default() };
        let mut known: FxHashMap<Vec<u64>, u32> = FxHashMap::default();
        let mut bits = vec![0u64; words];
        for node in instance.nodes.ids() {
            bits.fill(0);
            for column in &columns {
                let row = column.codes[node.index()] as usize * words;
                bits.iter_mut().zip(&column.answers[row..row + words]).for_each(|(all, one)| *all |= one);
            }
            let number = match known.get(&bits) {
                Some(number) => *number,
                None => {
                    signatures.samples.push(node);
                    known.insert(bits.clone(), signatures.samples.len() as u32 - 1);
                    signatures.samples.len() as u32 - 1
                }
            };
            signatures.of[node] = number;
        }
        for request in instance.requests.iter() {
            *signatures.requests.entry((signatures.of[request.node], request.content)).or_insert(0) += 1;
        }
        signatures
    }

    /// The signature of a node.
    pub(super) fn number(&self, node: NodeId) -> usize {
        self.of[node] as usize
    }

    /// How many signatures there are.
    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    /// For each signature whether a selector matches its nodes.
    pub(super) fn matched(&self, selector: &Selector, instance: &Instance) -> Vec<bool> {
        self.samples.iter().map(|sample| node_matches(selector, instance, *sample)).collect()
    }

    /// How many requests have a node and a content that match.
    pub(super) fn count(&self, nodes: &[bool], contents: &[bool]) -> u64 {
        let hit = self.requests.iter().filter(|((number, content), _)| nodes[*number as usize] && contents[content.index()]);
        hit.map(|(_, count)| count).sum()
    }
}

/// One field of all nodes.
struct Column {
    /// The number of each node's value.
    codes: Vec<u32>,
    /// For each value a bit for each test that holds.
    answers: Vec<u64>,
}

impl Column {
    fn of(instance: &Instance, field: &str, tests: &[(&str, &Matcher)], words: usize) -> Column {
        let mut samples: Vec<NodeId> = Vec::new();
        let mut known: HashTable<u32> = HashTable::new();
        let value = |node| node_field(instance, node, field);
        let code = |node: NodeId| {
            let own = value(node);
            let hashed = hash(&own);
            if let Some(code) = known.find(hashed, |code| value(samples[*code as usize]) == own) {
                return *code;
            }
            samples.push(node);
            let code = samples.len() as u32 - 1;
            known.insert_unique(hashed, code, |code| hash(&value(samples[*code as usize])));
            code
        };
        let codes = instance.nodes.ids().map(code).collect();
        let mut answers = vec![0u64; samples.len() * words];
        for (bit, (_, matcher)) in tests.iter().enumerate().filter(|(_, (name, _))| *name == field) {
            for (code, sample) in samples.iter().enumerate() {
                answers[code * words + bit / 64] |= u64::from(matches(matcher, &value(*sample))) << (bit % 64);
            }
        }
        Column { codes, answers }
    }
}

fn hash(value: &FieldValue<'_>) -> u64 {
    let hasher = FxBuildHasher;
    match value {
        FieldValue::Missing => 0,
        FieldValue::Unlimited => 1,
        FieldValue::Text(text) => hasher.hash_one(text),
        FieldValue::Number(number) => hasher.hash_one(number.to_bits()),
        FieldValue::Truth(truth) => hasher.hash_one(truth),
        FieldValue::Address(address) => hasher.hash_one(address),
        FieldValue::List(words) => hasher.hash_one(words),
    }
}

/// Every test on a field that some selector makes, once.
fn tests_of<'p>(selectors: impl Iterator<Item = &'p Selector>) -> Vec<(&'p str, &'p Matcher)> {
    let mut tests: Vec<(&str, &Matcher)> = Vec::new();
    let mut waiting: Vec<&Selector> = selectors.collect();
    while let Some(selector) = waiting.pop() {
        for test in &selector.tests {
            match test {
                Test::Field(name, matcher) if !tests.contains(&(name.as_str(), matcher)) => tests.push((name, matcher)),
                Test::Field(..) => {}
                Test::Not(inner) => waiting.push(inner),
                Test::Any(inner) => waiting.extend(inner),
            }
        }
    }
    tests
}
