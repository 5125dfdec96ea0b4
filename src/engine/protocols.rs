//! Which protocol each flow carries, where policies say so.

use crate::forest::Forest;
use crate::ids::{Id, PolicyId};
use crate::instance::policy::Rule;
use crate::plan::Assignment;
use smol_str::SmolStr;

/// Writes the protocols into the assignments, and gives their names.
pub(super) fn choose(forest: &Forest<'_>, assignments: &mut [Assignment]) -> Vec<SmolStr> {
    let (instance, rules) = (forest.instance, forest.rules);
    let mut names: Vec<SmolStr> = Vec::new();
    let sets_protocol = |id: &PolicyId| matches!(instance.policies[id.index()].rule, Rule::Protocol { .. });
    if !rules.in_force.iter().any(sets_protocol) {
        return names;
    }
    for assignment in assignments {
        let to = rules.classes.class(assignment.node);
        let mut cells = vec![Assignment::NO_PROTOCOL; assignment.parents.cells().len()];
        for (cell, parent) in cells.iter_mut().zip(assignment.parents.cells()) {
            let Some(parent) = parent.some() else { continue };
            let from = rules.classes.class(parent);
            let route = rules.reach(from, to).expect("flows run where there is a route");
            if let Some(policy) = rules.protocol(from, to, assignment.content, route)
                && let Rule::Protocol { name } = &instance.policies[policy.index()].rule
            {
                *cell = place_of(&mut names, name);
            }
        }
        assignment.protocols = Some(cells.into());
    }
    names
}

fn place_of(names: &mut Vec<SmolStr>, name: &SmolStr) -> u16 {
    let known = names.iter().position(|known| known == name);
    known.unwrap_or_else(|| {
        names.push(name.clone());
        names.len() - 1
    }) as u16
}
