//! Relations between source and destination, compared as codes.
//!
//! Every field that some relation names is a column; every distinct value of a column has a code above 0, and 0 is a
//! missing value. Two nodes agree on a field when their codes are equal and not 0.

use super::classes::Class;
use super::matching::{FieldValue, node_field};
use crate::ids::{Id, NodeId, PolicyId};
use crate::instance::Instance;
use crate::instance::policy::{Policy, Relation, RelationTest};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// A relation whose fields are columns.
#[derive(Clone, Debug)]
pub(super) struct CompiledRelation(Vec<Check>);

#[derive(Clone, Debug)]
enum Check {
    Same(Vec<usize>),
    Different(Vec<usize>),
    SharesAffinity(bool),
    Not(CompiledRelation),
    Any(Vec<CompiledRelation>),
}

impl CompiledRelation {
    /// Whether it holds between nodes of two classes.
    pub(super) fn holds(&self, from: &Class, to: &Class) -> bool {
        let known = |column: &usize| from.codes[*column] != 0 && to.codes[*column] != 0;
        let equal = |column: &usize| from.codes[*column] == to.codes[*column];
        self.0.iter().all(|check| match check {
            Check::Same(columns) => columns.iter().all(|column| known(column) && equal(column)),
            Check::Different(columns) => columns.iter().all(|column| known(column) && !equal(column)),
            Check::SharesAffinity(wanted) => *wanted == from.groups.iter().any(|group| to.groups.contains(group)),
            Check::Not(inner) => !inner.holds(from, to),
            Check::Any(inner) => inner.iter().any(|relation| relation.holds(from, to)),
        })
    }
}

/// The relation of each policy, the fields that they name, and whether they look at affinity groups.
pub(super) fn compile(policies: &[(PolicyId, &Policy)]) -> (Vec<Option<CompiledRelation>>, Vec<SmolStr>, bool) {
    let mut columns = Columns::default();
    let relations =
        policies.iter().map(|(_, policy)| policy.relation.as_ref().map(|relation| columns.compile(relation))).collect();
    (relations, columns.fields, columns.groups)
}

#[derive(Default)]
struct Columns {
    fields: Vec<SmolStr>,
    groups: bool,
}

impl Columns {
    fn compile(&mut self, relation: &Relation) -> CompiledRelation {
        let check = |test: &RelationTest| match test {
            RelationTest::Same(fields) => Check::Same(self.columns(fields)),
            RelationTest::Different(fields) => Check::Different(self.columns(fields)),
            RelationTest::SharesAffinity(wanted) => {
                self.groups = true;
                Check::SharesAffinity(*wanted)
            }
            RelationTest::Not(inner) => Check::Not(self.compile(inner)),
            RelationTest::Any(inner) => Check::Any(inner.iter().map(|relation| self.compile(relation)).collect()),
        };
        CompiledRelation(relation.tests.iter().map(check).collect())
    }

    fn columns(&mut self, fields: &[SmolStr]) -> Vec<usize> {
        let mut column = |field: &SmolStr| {
            self.fields.iter().position(|known| known == field).unwrap_or_else(|| {
                self.fields.push(field.clone());
                self.fields.len() - 1
            })
        };
        fields.iter().map(&mut column).collect()
    }
}

/// The codes of every node, row by row.
pub(super) struct Codes {
    codes: Vec<u32>,
    width: usize,
    groups: Vec<Box<[u32]>>,
}

impl Codes {
    /// The codes of one node, a column for each field.
    pub(super) fn codes_of(&self, node: usize) -> Box<[u32]> {
        self.codes[node * self.width..(node + 1) * self.width].into()
    }

    /// The affinity groups of one node, sorted.
    pub(super) fn groups_of(&self, node: usize) -> Box<[u32]> {
        self.groups.get(node).cloned().unwrap_or_default()
    }
}

/// Numbers the values of the given fields.
pub(super) fn codes(instance: &Instance, fields: &[SmolStr], looks_at_groups: bool) -> Codes {
    let mut codes = Vec::with_capacity(instance.nodes.len() * fields.len());
    let mut known: Vec<FxHashMap<String, u32>> = vec![FxHashMap::default(); fields.len()];
    for node in instance.nodes.ids() {
        for (column, field) in fields.iter().enumerate() {
            let next = known[column].len() as u32 + 1;
            let spelled = spell(node_field(instance, node, field));
            codes.push(spelled.map_or(0, |value| *known[column].entry(value).or_insert(next)));
        }
    }
    let groups = if looks_at_groups { group_codes(instance) } else { Vec::new() };
    Codes { codes, width: fields.len(), groups }
}

fn group_codes(instance: &Instance) -> Vec<Box<[u32]>> {
    let mut known: FxHashMap<SmolStr, u32> = FxHashMap::default();
    let mut row = |node: NodeId| {
        let code = |group: &SmolStr| {
            let next = known.len() as u32;
            *known.entry(group.clone()).or_insert(next)
        };
        let mut groups: Vec<u32> = instance.nodes[node].affinity.iter().map(code).collect();
        groups.sort_unstable();
        groups.into()
    };
    (0..instance.nodes.len()).map(|index| row(NodeId::new(index))).collect()
}

/// A text that is the same for equal values only.
fn spell(value: FieldValue<'_>) -> Option<String> {
    match value {
        FieldValue::Missing => None,
        FieldValue::Unlimited => Some("unlimited".into()),
        FieldValue::Text(text) => Some(text.into()),
        FieldValue::Number(number) => Some(format!("{number}")),
        FieldValue::Truth(truth) => Some(format!("{truth}")),
        FieldValue::Address(address) => Some(address.to_string()),
        FieldValue::List(words) => Some(words.join("\u{1f}")),
    }
}
