//! Policies of the instance's file and of the file beside it, as one list.

use super::refer;
use crate::instance::Instance;
use crate::instance::decode::At;
use crate::instance::fault::{Code, Fault};
use crate::instance::policy::{Policy, Rule, When};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// Policies in list order, each with the path at which it stands.
#[derive(Default)]
pub(in crate::instance) struct Placed(Vec<(Policy, String)>);

impl Placed {
    /// Adds the policies of one list: one with a known id takes that one's place, others are appended.
    pub fn add(&mut self, policies: Vec<Policy>, at: At<'_>, faults: &mut Vec<Fault>) {
        let mut known: FxHashMap<SmolStr, usize> = FxHashMap::default();
        known.extend(self.0.iter().enumerate().map(|(row, (policy, _))| (policy.id.clone(), row)));
        let mut own: FxHashMap<SmolStr, usize> = FxHashMap::default();
        for (index, policy) in policies.into_iter().enumerate() {
            let at = at.index(index);
            if let Some(first) = own.insert(policy.id.clone(), index).filter(|_| !policy.id.is_empty()) {
                let what = format!("the id {:?} stands twice, also in row {first}", policy.id);
                faults.push(Fault::new(Code::DuplicateId, at.field("id"), what, "rename or remove one of them"));
                continue;
            }
            let row = known.get(&policy.id).copied();
            let placed = (policy, at.to_string());
            match row.and_then(|row| self.0.get_mut(row)) {
                Some(slot) => *slot = placed,
                None => self.0.push(placed),
            }
        }
    }

    /// Checks what policies refer to.
    pub fn resolve(self, instance: &Instance, faults: &mut Vec<Fault>) -> Vec<Policy> {
        let check = |(policy, path): (Policy, String)| {
            let at = At::path(&path);
            check_when(&policy.when, instance, at.field("when"), faults);
            check_rule(&policy.rule, instance, at.field("rule"), faults);
            policy
        };
        self.0.into_iter().map(check).collect()
    }
}

/// Reports networks and links that a rule names and the instance does not have.
fn check_rule(rule: &Rule, instance: &Instance, at: At<'_>, faults: &mut Vec<Fault>) {
    let at = at.field(rule.name());
    if let Rule::LimitCopies { network, .. } | Rule::RequireCopies { network, .. } = rule {
        refer(network, "networks", instance.network(network), at.field("network"), faults);
    }
    if let Rule::RequireCopies { links, .. } = rule {
        for (row, link) in links.iter().enumerate() {
            refer(link, "links", instance.link(link), at.field("links").index(row), faults);
        }
    }
}

/// Reports links that a condition names and the instance does not have.
pub(super) fn check_when(when: &When, instance: &Instance, at: At<'_>, faults: &mut Vec<Fault>) {
    let mut check = |id: &str, name: &str| {
        let at = at.field(name);
        refer(id, "links", instance.link(id), at.field("link"), faults);
    };
    if let Some(state) = &when.link_state {
        check(&state.link, "link_state");
    }
    if let Some(volume) = &when.link_volume_gb {
        check(&volume.link, "link_volume_gb");
    }
}
