//! The forest that a plan stands for.

use crate::forest::{Forest, SeatId};
use crate::instance::Instance;
use crate::plan::Plan;
use crate::policy::Rules;
use rustc_hash::FxHashMap;

/// All trees of a valid plan; `None` if a flow has no way, which a valid plan never has. The instance may have more nodes than
/// the plan was made for, and more of any capacity.
pub fn standing<'a>(instance: &'a Instance, rules: &'a Rules, plan: &Plan) -> Option<Forest<'a>> {
    let mut forest = Forest::new(instance, rules);
    let mut parents: FxHashMap<(SeatId, u32), Vec<SeatId>> = FxHashMap::default();
    let mut children: FxHashMap<(SeatId, u32), Vec<SeatId>> = FxHashMap::default();
    for row in plan.assignments.iter().chain(&plan.pending) {
        let child = forest.recruit(row.node, row.content);
        if !row.relaxed.is_empty() {
            forest.relax(child, row.relaxed.clone());
        }
        for (substream, parent) in row.parents.flows() {
            let parent = forest.recruit(parent, row.content);
            parents.entry((child, substream)).or_default().push(parent);
            children.entry((parent, substream)).or_default().push(child);
        }
    }
    let mut ready: Vec<(SeatId, u32)> =
        children.keys().copied().filter(|(seat, substream)| forest.has(*seat) >> substream & 1 == 1).collect();
    ready.sort_unstable();
    while let Some((parent, substream)) = ready.pop() {
        for child in children.remove(&(parent, substream)).unwrap_or_default() {
            let has = |parent: &SeatId| forest.has(*parent) >> substream & 1 == 1;
            if !parents.get(&(child, substream)).is_some_and(|parents| parents.iter().all(has)) {
                continue;
            }
            for parent in parents.remove(&(child, substream)).unwrap_or_default() {
                let arc = forest.arc(parent, child)?;
                forest.attach(parent, child, substream, arc);
            }
            ready.push((child, substream));
        }
    }
    parents.is_empty().then_some(forest)
}
