//! Names of a plan file to ids of an instance.
//!
//! A plan that does not fit the instance is an answer, not bad input: what does not fit is listed, and what does is
//! still a plan that can be examined.

use super::file::{AssignmentRow, ClusterUse, LinkUseRow, PlanFile, PolicyUseRow};
use super::statistics::{changes, statistics};
use super::{Assignment, LinkUse, Origin, Plan, PolicyUse, Unserved};
use crate::ids::{ContentId, Id, NodeId, PolicyId};
use crate::instance::document::ParentCell;
use crate::instance::{Instance, Parents};
use crate::plan::{Method, Termination};
use crate::units::Kbps;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// What of a plan does not fit the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MisfitKind {
    /// It was made for another instance, other policies or another topology in force.
    OtherInstance,
    /// A name that the instance does not know.
    UnknownId,
    /// Protocols in another shape than parents.
    BadShape,
    /// The capacity of a link is another number.
    WrongLinks,
}

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What kind of thing.
    pub kind: MisfitKind,
    /// Where: a request (`node/content`), or a field of the plan.
    pub place: String,
    /// A sentence with the name in question.
    pub text: String,
}

/// A plan that does not fit the instance.
#[derive(Debug)]
pub struct Unresolved {
    /// What could be read: rows about unknown nodes or contents are left out, and unknown parents are
    /// [`NodeId::GONE`].
    pub plan: Plan,
    /// At least one.
    pub misfits: Vec<Misfit>,
}

impl Plan {
    /// Turns names into ids of the instance. Statistics and changes that the file lacks are counted.
    pub fn resolve(file: PlanFile, instance: &Instance) -> Result<Plan, Box<Unresolved>> {
        let mut names = Names::new(instance, &file);
        names.check_origin(&file);
        let assignments = names.assignments(file.assignments);
        let pending = names.assignments(file.pending);
        let mut unserved = Vec::with_capacity(file.unserved.len());
        for row in file.unserved {
            let place = || format!("{}/{}", row.node, row.content);
            if let Some((node, content)) = names.request(&row.node, &row.content) {
                let policies = names.policies(&row.policies, place);
                unserved.push(Unserved { node, content, reason: row.reason, policies, detail: row.detail });
            }
        }
        unserved.sort_by_key(|row| (row.node, row.content));
        let plan = Plan {
            origin: Origin {
                version: file.version,
                seed: file.seed,
                model: file.model,
                parameters: file.parameters,
                method: Method::named(&file.method),
                termination: file.termination.unwrap_or(Termination::Heuristic),
            },
            service: file.service,
            relaxation: file.relaxation,
            cost: file.cost,
            changes: file.changes.unwrap_or_else(|| changes(instance, &assignments, &pending)),
            statistics: file.statistics.unwrap_or_else(|| statistics(instance, &assignments, &pending)),
            assignments,
            unserved,
            pending,
            protocol_names: std::mem::take(&mut names.protocols),
            links: names.links(file.links),
            policies: names.uses(file.policies),
            clusters: names.clusters(file.clusters),
        };
        let misfits = names.misfits;
        if misfits.is_empty() { Ok(plan) } else { Err(Box::new(Unresolved { plan, misfits })) }
    }
}

/// Finds ids, and notes what is not found.
struct Names<'a> {
    instance: &'a Instance,
    policies: FxHashMap<&'a str, PolicyId>,
    /// Names of protocols, sorted.
    protocols: Vec<SmolStr>,
    misfits: Vec<Misfit>,
}

impl<'a> Names<'a> {
    fn new(instance: &'a Instance, file: &PlanFile) -> Names<'a> {
        let policies = instance.policies.iter().enumerate().map(|(p, policy)| (policy.id.as_str(), PolicyId::new(p)));
        let rows = file.assignments.iter().chain(&file.pending);
        let cells = rows.filter_map(|row| row.protocols.as_ref()).flatten();
        let named: BTreeSet<&SmolStr> = cells.flat_map(listed).filter(|name| !name.is_empty()).collect();
        let protocols = named.into_iter().take(usize::from(Assignment::NO_PROTOCOL)).cloned().collect();
        Names { instance, policies: policies.collect(), protocols, misfits: Vec::new() }
    }

    fn tell(&mut self, kind: MisfitKind, place: impl Into<String>, text: String) {
        self.misfits.push(Misfit { kind, place: place.into(), text });
    }

    fn check_origin(&mut self, file: &PlanFile) {
        let given = [
            ("instance_sha256", Some(&file.instance_sha256), Some(&self.instance.sha256)),
            ("policies_sha256", file.policies_sha256.as_ref(), self.instance.policies_sha256.as_ref()),
            ("previous_sha256", file.previous_sha256.as_ref(), self.instance.previous_sha256.as_ref()),
        ];
        let word = |hash: Option<&String>| hash.map_or("null", |hash| hash.as_str()).to_owned();
        for (field, told, right) in given {
            if told.map(|hash| hash.to_ascii_lowercase()) != right.map(|hash| hash.to_ascii_lowercase()) {
                let text = format!("the plan is for {}, this is {}", word(told), word(right));
                self.tell(MisfitKind::OtherInstance, field, text);
            }
        }
    }

    fn request(&mut self, node: &SmolStr, content: &SmolStr) -> Option<(NodeId, ContentId)> {
        let found = self.instance.node(node).zip(self.instance.content(content));
        if found.is_none() {
            let text = "the instance has no such node or content".to_owned();
            self.tell(MisfitKind::UnknownId, format!("{node}/{content}"), text);
        }
        found
    }

    /// Rows in order of (node, content).
    fn assignments(&mut self, rows: Vec<AssignmentRow>) -> Vec<Assignment> {
        let this = &*self;
        let (mut assignments, misfits): (Vec<Assignment>, Vec<Vec<Misfit>>) = rows
            .into_par_iter()
            .with_min_len(256)
            .map(|row| this.assignment(row))
            .fold(Default::default, |mut all: (Vec<_>, Vec<_>), (assignment, misfits)| {
                all.0.extend(assignment);
                if !misfits.is_empty() {
                    all.1.push(misfits);
                }
                all
            })
            .reduce(Default::default, |mut a, b| {
                a.0.extend(b.0);
                a.1.extend(b.1);
                a
            });
        self.misfits.extend(misfits.into_iter().flatten());
        let key = |row: &Assignment| (row.node, row.content);
        if !assignments.is_sorted_by_key(key) {
            assignments.sort_by_key(key);
        }
        assignments
    }

    fn assignment(&self, row: AssignmentRow) -> (Option<Assignment>, Vec<Misfit>) {
        let mut own = Names { policies: FxHashMap::default(), protocols: Vec::new(), misfits: Vec::new(), ..*self };
        let Some((node, content)) = own.request(&row.node, &row.content) else {
            return (None, own.misfits);
        };
        let place = || format!("{}/{}", row.node, row.content);
        let mut find = |name: &SmolStr| {
            self.instance.node(name).unwrap_or_else(|| {
                own.tell(MisfitKind::UnknownId, place(), format!("the instance has no node {name}"));
                NodeId::GONE
            })
        };
        let several = row.parents.iter().any(|cell| matches!(cell, ParentCell::Several(_)));
        let parents = if several {
            let lists: Vec<Vec<NodeId>> = row.parents.iter().map(|cell| listed(cell).iter().map(&mut find).collect()).collect();
            Parents::lists(&lists)
        } else {
            Parents::single(row.parents.iter().map(|cell| listed(cell).first().map_or(NodeId::NONE, &mut find)))
        };
        let protocols = row.protocols.as_ref().and_then(|cells| {
            let protocols = self.protocol_cells(&row.parents, cells, parents.width());
            if protocols.is_none() {
                own.tell(MisfitKind::BadShape, place(), "protocols do not have the shape of parents".into());
            }
            protocols
        });
        let mut relaxed = Vec::with_capacity(row.relaxed.len());
        for name in &row.relaxed {
            match self.policies.get(name.as_str()) {
                Some(policy) => relaxed.push(*policy),
                None => own.tell(MisfitKind::UnknownId, place(), format!("no policy {name} to relax")),
            }
        }
        (Some(Assignment { node, content, parents, protocols, relaxed, delay: row.delay, relay: row.relay }), own.misfits)
    }

    /// Protocols cell by cell; `None` where they do not have the shape of the parents.
    fn protocol_cells(&self, parents: &[ParentCell], protocols: &[ParentCell], width: usize) -> Option<Box<[u16]>> {
        if parents.len() != protocols.len() {
            return None;
        }
        let mut cells = vec![Assignment::NO_PROTOCOL; parents.len() * width].into_boxed_slice();
        for (s, (parents, protocols)) in parents.iter().zip(protocols).enumerate() {
            let (parents, names) = (listed(parents), listed(protocols));
            if *protocols != ParentCell::Nobody(()) && parents.len() != names.len() {
                return None;
            }
            for (cell, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
                cells[s * width + cell] = self.protocols.binary_search(name).ok()? as u16;
            }
        }
        Some(cells)
    }

    fn policies(&mut self, names: &[SmolStr], place: impl Fn() -> String) -> Vec<PolicyId> {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            match self.policies.get(name.as_str()) {
                Some(policy) => found.push(*policy),
                None => self.tell(MisfitKind::UnknownId, place(), format!("the instance has no policy {name}")),
            }
        }
        found
    }

    fn links(&mut self, rows: Vec<LinkUseRow>) -> Vec<LinkUse> {
        let mut uses = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(link) = self.instance.link(&row.id) else {
                self.tell(MisfitKind::UnknownId, "links", format!("the instance has no link {}", row.id));
                continue;
            };
            let capacity = self.instance.links[link].capacity.map(|capacity| capacity.0);
            if row.capacity_kbps.is_some() && row.capacity_kbps != capacity {
                let text = format!("the plan says a capacity of {:?} kbps, it is {capacity:?}", row.capacity_kbps);
                self.tell(MisfitKind::WrongLinks, row.id.as_str(), text);
            }
            uses.push(LinkUse { link, load: Kbps(row.kbps), price: row.price });
        }
        uses
    }

    fn uses(&mut self, rows: Vec<PolicyUseRow>) -> Vec<PolicyUse> {
        let mut uses = Vec::with_capacity(rows.len());
        for row in rows {
            if let [policy] = self.policies(std::slice::from_ref(&row.id), || "policies".into())[..] {
                let (usage, limit) = (row.usage_kbps.map(Kbps), row.limit_kbps.map(Kbps));
                uses.push(PolicyUse { policy, matched: row.matched, usage, limit, binding: row.binding, price: row.price });
            }
        }
        uses
    }

    fn clusters(&mut self, rows: Vec<ClusterUse>) -> Vec<ClusterUse> {
        for row in &rows {
            for name in row.nodes.iter().filter(|name| self.instance.node(name).is_none()) {
                let text = format!("the instance has no node {name}");
                self.misfits.push(Misfit { kind: MisfitKind::UnknownId, place: format!("cluster {}", row.id), text });
            }
        }
        rows
    }
}

/// The names in a cell.
fn listed(cell: &ParentCell) -> &[SmolStr] {
    match cell {
        ParentCell::Nobody(()) => &[],
        ParentCell::One(name) => std::slice::from_ref(name),
        ParentCell::Several(names) => names,
    }
}
