//! Plans out: `pleach/plan/1` as one stream of JSON, row by row, with names borrowed from the instance.

use super::file::{LinkUseRow, PLAN_FORMAT, PolicyUseRow};
use super::{Assignment, Plan, Unserved};
use crate::ids::{ContentId, Id, NodeId, PolicyId};
use crate::instance::Instance;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io::{self, BufWriter, Write};

/// Writes a plan for its instance.
pub fn write(plan: &Plan, instance: &Instance, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    serde_json::to_writer(&mut out, &File { plan, instance })?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The whole file.
struct File<'a> {
    plan: &'a Plan,
    instance: &'a Instance,
}

impl Serialize for File<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let File { plan, instance } = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", PLAN_FORMAT)?;
        map.serialize_entry("instance", &instance.name)?;
        map.serialize_entry("instance_sha256", &instance.sha256)?;
        map.serialize_entry("policies_sha256", &instance.policies_sha256)?;
        map.serialize_entry("previous_sha256", &instance.previous_sha256)?;
        map.serialize_entry("version", &plan.origin.version)?;
        map.serialize_entry("seed", &plan.origin.seed)?;
        map.serialize_entry("model", &plan.origin.model)?;
        map.serialize_entry("parameters", &plan.origin.parameters)?;
        map.serialize_entry("method", plan.origin.method.word())?;
        map.serialize_entry("termination", &plan.origin.termination)?;
        map.serialize_entry("service", &plan.service)?;
        map.serialize_entry("relaxation", &plan.relaxation)?;
        map.serialize_entry("cost", &plan.cost)?;
        let row = |row| AssignmentOut { row, file: self };
        map.serialize_entry("assignments", &Seq(|| plan.assignments.iter().map(row)))?;
        map.serialize_entry("unserved", &Seq(|| plan.unserved.iter().map(|row| UnservedOut { row, file: self })))?;
        map.serialize_entry("pending", &Seq(|| plan.pending.iter().map(row)))?;
        map.serialize_entry("links", &Seq(|| self.links()))?;
        map.serialize_entry("policies", &Seq(|| self.policies()))?;
        map.serialize_entry("clusters", &plan.clusters)?;
        map.serialize_entry("changes", &plan.changes)?;
        map.serialize_entry("statistics", &plan.statistics)?;
        map.end()
    }
}

impl<'a> File<'a> {
    /// Names; a plan that fits its instance has no unknown id, and an unknown one has no name.
    fn node(&self, id: NodeId) -> &'a str {
        self.instance.nodes.get(id).map_or("", |node| &node.id)
    }

    fn content(&self, id: ContentId) -> &'a str {
        self.instance.contents.get(id).map_or("", |content| &content.id)
    }

    fn policy(&self, id: PolicyId) -> &'a str {
        self.instance.policies.get(id.index()).map_or("", |policy| &policy.id)
    }

    fn protocol(&self, row: &Assignment, cell: usize) -> Option<&'a str> {
        self.plan.protocol_names.get(usize::from(row.protocol(cell)?)).map(|name| name.as_str())
    }

    fn links(&self) -> impl Iterator<Item = LinkUseRow> + '_ {
        let known = self.plan.links.iter().filter_map(|row| Some((row, self.instance.links.get(row.link)?)));
        known.map(|(row, link)| LinkUseRow {
            id: link.id.clone(),
            kbps: row.load.0,
            capacity_kbps: link.capacity.map(|capacity| capacity.0),
            price: row.price,
        })
    }

    fn policies(&self) -> impl Iterator<Item = PolicyUseRow> + '_ {
        self.plan.policies.iter().map(|row| PolicyUseRow {
            id: self.policy(row.policy).into(),
            matched: row.matched,
            usage_kbps: row.usage.map(|rate| rate.0),
            limit_kbps: row.limit.map(|rate| rate.0),
            binding: row.binding,
            price: row.price,
        })
    }
}

/// A list that is made while it is written.
struct Seq<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = T>, T: Serialize> Serialize for Seq<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// One row of `assignments` or `pending`; what has its default is left out.
struct AssignmentOut<'a> {
    row: &'a Assignment,
    file: &'a File<'a>,
}

impl Serialize for AssignmentOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let AssignmentOut { row, file } = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("node", file.node(row.node))?;
        map.serialize_entry("content", file.content(row.content))?;
        let parent = |cell: usize| row.parents.cells()[cell].some().map(|parent| file.node(parent));
        map.serialize_entry("parents", &Seq(|| cells(row, &parent)))?;
        if row.protocols.is_some() {
            let protocol = |cell| file.protocol(row, cell);
            map.serialize_entry("protocols", &Seq(|| cells(row, &protocol)))?;
        }
        if !row.relaxed.is_empty() {
            map.serialize_entry("relaxed", &Seq(|| row.relaxed.iter().map(|policy| file.policy(*policy))))?;
        }
        if let Some(delay) = row.delay {
            map.serialize_entry("delay", &delay)?;
        }
        if row.relay {
            map.serialize_entry("relay", &true)?;
        }
        map.end()
    }
}

/// For each substream what stands in its cells, as a word, null, or (several parents) a list.
fn cells<'a, F: Fn(usize) -> Option<&'a str>>(row: &'a Assignment, word: &'a F) -> impl Iterator<Item = Cell<'a, F>> {
    (0..row.parents.substreams()).map(move |substream| Cell { row, substream, word })
}

struct Cell<'a, F> {
    row: &'a Assignment,
    substream: usize,
    word: &'a F,
}

impl<'a, F: Fn(usize) -> Option<&'a str>> Serialize for Cell<'a, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let width = self.row.parents.width();
        let start = self.substream * width;
        let taken = || (start..start + width).filter(|cell| self.row.parents.cells()[*cell] != NodeId::NONE);
        if width == 1 {
            return (self.word)(start).serialize(serializer);
        }
        // A parent without a protocol beside one that has: an empty word keeps the places.
        match taken().any(|cell| (self.word)(cell).is_some()) {
            true => serializer.collect_seq(taken().map(|cell| (self.word)(cell).unwrap_or(""))),
            false => serializer.serialize_none(),
        }
    }
}

/// One row of `unserved`.
struct UnservedOut<'a> {
    row: &'a Unserved,
    file: &'a File<'a>,
}

impl Serialize for UnservedOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let UnservedOut { row, file } = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("node", file.node(row.node))?;
        map.serialize_entry("content", file.content(row.content))?;
        map.serialize_entry("reason", &row.reason)?;
        map.serialize_entry("policies", &Seq(|| row.policies.iter().map(|policy| file.policy(*policy))))?;
        map.serialize_entry("detail", &row.detail)?;
        map.end()
    }
}
