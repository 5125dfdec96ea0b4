//! Loosening: chains as if all that may be relaxed were relaxed for everybody; then it is taken back from all who can do
//! without.
//!
//! A request that could be served if a policy were relaxed for another one, who would take other parents then, is found by no
//! search that exempts one request at a time. Delays and required copies stay in force, since others depend on who keeps them.
//! Whoever can keep his parents without a policy keeps it, and so does whoever passes nothing on and finds other parents.

use super::search::Aim;
use super::{Chains, NEXT_LINKS, Then, can_help, make};
use crate::forest::{Forest, SeatId};
use crate::ids::{Id, PolicyId};
use crate::instance::Instance;
use crate::instance::policy::Rule;
use crate::placement::better;
use crate::placement::grow::Grower;
use crate::placement::order::Order;
use crate::placement::relaxing::{relaxable, take_back};
use crate::policy::{Cells, Rules};

/// Rules without what may be relaxed ([`compile_loose`](crate::policy::compile_loose)), and the cells under them.
pub type Loose<'a> = (&'a Rules, &'a Cells);

/// Serves more, if relaxing more does that.
pub(in crate::placement) fn loosen<'a>(grower: &mut Grower<'a, '_>, order: &Order, most: f64, (rules, cells): Loose<'_>) {
    if !can_help(grower, most) {
        return;
    }
    let instance = grower.forest.instance;
    let Some(start) = carried(&grower.forest, instance, rules) else { return };
    let mut loose = Grower::beside(start, cells, grower.stop);
    make(&mut loose, order, most, Then::Nothing);
    if let Some(forest) = tightened(&loose.forest, grower).filter(|forest| better(forest, &grower.forest)) {
        grower.restore(forest);
    }
}

/// The trees of a forest under loose rules, under all rules again, with as little relaxed as will do; `None` if a flow may not
/// run there.
fn tightened<'a>(loose: &Forest<'_>, like: &Grower<'a, '_>) -> Option<Forest<'a>> {
    let forest = carried(loose, like.forest.instance, like.forest.rules)?;
    let mut grower = Grower::beside(forest, like.cells, like.stop);
    let mut chains = Chains::of(&mut grower);
    for (seat, policies) in relaxed(chains.ledger.forest()) {
        let (kept, ledger) = (required(chains.ledger.forest(), seat), &mut chains.ledger);
        if !ledger.feeds_exempt(seat, &kept) {
            take_back(policies, |fewer| kept.iter().all(|policy| fewer.contains(policy)) && ledger.feeds_exempt(seat, fewer));
        }
    }
    for (seat, _) in relaxed(chains.ledger.forest()) {
        chains.feed_elsewhere(seat);
    }
    Some(grower.forest)
}

/// The flows of a forest under other rules, each request exempt from all that may be relaxed for it; `None` if one may not run
/// there.
fn carried<'a>(from: &Forest<'_>, instance: &'a Instance, rules: &'a Rules) -> Option<Forest<'a>> {
    let mut forest = Forest::new(instance, rules);
    let mut flows = Vec::new();
    for seat in from.seats() {
        let at = from.seat(seat);
        let same = forest.recruit(at.node, at.content);
        debug_assert_eq!(same, seat, "seats are numbered alike");
        if from.received(seat) != 0 {
            let free = relaxable(&forest, seat).into_iter().filter(|policy| !is_required(&forest, *policy));
            let exempt = free.chain(required(from, seat)).collect();
            forest.relax(seat, exempt);
            flows.extend((0..64).filter(|s| from.received(seat) >> s & 1 == 1).map(|s| (from.depth(seat, s), seat, s)));
        }
    }
    flows.sort_unstable();
    for (_, child, substream) in flows {
        for parent in from.parents(child, substream).take(forest.seat(child).parents as usize) {
            let arc = forest.arc(parent, child).filter(|arc| forest.fits(parent, child, substream, *arc))?;
            forest.attach(parent, child, substream, arc);
        }
    }
    Some(forest)
}

/// Who is exempt from something, and from what.
fn relaxed(forest: &Forest<'_>) -> Vec<(SeatId, Vec<PolicyId>)> {
    forest.relaxed().into_iter().map(|(seat, policies)| (seat, policies.to_vec())).collect()
}

fn is_required(forest: &Forest<'_>, policy: PolicyId) -> bool {
    matches!(forest.instance.policies[policy.index()].rule, Rule::RequireCopies { .. })
}

/// Required copies from which a request is exempt.
fn required(forest: &Forest<'_>, seat: SeatId) -> Vec<PolicyId> {
    forest.exempt(seat).iter().copied().filter(|policy| is_required(forest, *policy)).collect()
}

impl Chains<'_, '_, '_> {
    /// Finds other parents, under all policies, for a request that passes nothing on; else nothing changes.
    fn feed_elsewhere(&mut self, seat: SeatId) {
        let forest = self.ledger.forest();
        let (exempt, kept) = (forest.exempt(seat).to_vec(), required(forest, seat));
        if exempt == kept || !self.ledger.is_movable(seat) || !self.ledger.children(seat).is_empty() {
            return;
        }
        let (received, begin) = (forest.received(seat), self.ledger.mark());
        let substreams: Vec<u32> = (0..64).filter(|s| received >> s & 1 == 1).collect();
        substreams.iter().for_each(|s| self.ledger.put((seat, *s), SeatId::NONE));
        self.ledger.grower.forest.relax(seat, kept);
        self.tried.forget();
        let bare = self.ledger.mark();
        let aim = Aim { worth: 0.0, links: NEXT_LINKS, note: false };
        if self.ledger.forest().seat(seat).parents != 1 || !substreams.iter().all(|s| self.find((seat, *s), aim)) {
            self.ledger.undo(bare);
            self.ledger.grower.forest.relax(seat, exempt);
            self.ledger.undo(begin);
        }
    }
}
