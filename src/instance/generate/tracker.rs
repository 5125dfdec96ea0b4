//! A topology in force, as a tracker makes it that looks at nothing but room.
//!
//! Members come one after the other. Each is given for every substream a parent among those who came before, have a slot
//! left and have the substream themselves; any of them, wherever it is: in the logs 84 to 89 % of the bytes crossed
//! providers.

use super::draw::Draw;

/// Tries to find a parent before a substream stays without one.
const TRIES: usize = 8;

/// The parents of each member for each substream, as numbers of members. The first `holders` have everything and
/// receive nothing.
pub(super) fn grow(slots: &[u64], holders: usize, substreams: usize, draw: &mut Draw) -> Vec<Option<u32>> {
    let mut parents: Vec<Option<u32>> = Vec::with_capacity(slots.len() * substreams);
    let mut free: Vec<u32> = Vec::new();
    for (member, &slots) in slots.iter().enumerate() {
        for s in 0..substreams {
            let mut found = None;
            for _ in 0..if member < holders { 0 } else { TRIES } {
                let at = (draw.unit() * free.len() as f64) as usize;
                let has = |&parent: &u32| (parent as usize) < holders || parents[parent as usize * substreams + s].is_some();
                if let Some(parent) = free.get(at).copied().filter(has) {
                    free.swap_remove(at);
                    found = Some(parent);
                    break;
                }
            }
            parents.push(found);
        }
        free.extend(std::iter::repeat_n(member as u32, slots as usize));
    }
    parents
}
