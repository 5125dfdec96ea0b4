//! One chain, breadth first.

use super::reach::common;
use super::{Chains, Flow, TOUCHED_BY_LOOK};
use crate::forest::SeatId;
use crate::placement::pools::Pools;
use std::collections::VecDeque;

/// Parents at whose children a search looks.
const LOOKS: usize = 1_000;
/// Extending a link touches about one in so many of all senders.
const TOUCHED_BY_LINK: usize = 8;

/// A flow that has to leave a slot, for another that takes it.
#[derive(Clone, Copy)]
struct Link {
    flow: Flow,
    /// Who sends it now.
    from: SeatId,
    /// The link that takes its slot.
    for_whom: usize,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Aim {
    /// Requests worth less than this for each copy give up slots.
    pub(super) worth: f64,
    /// Flows that are looked at.
    pub(super) links: usize,
    /// Note those for which nothing was found.
    pub(super) note: bool,
}

/// What a search has seen.
struct Seen {
    links: Vec<Link>,
    /// Parents whose slots some link may use, if one of their children leaves.
    queue: VecDeque<(SeatId, usize)>,
    /// Senders that have a free slot, and those that are not in the queue yet: a bit for each.
    idle: Vec<u64>,
    live: Vec<u64>,
}

impl Chains<'_, '_, '_> {
    /// Finds a slot for a flow, and takes it; who gave one up for it is noted. Nothing has changed if there is none.
    pub(super) fn find(&mut self, flow: Flow, aim: Aim) -> bool {
        let mut seen = self.begin(flow);
        self.turn += 1;
        self.work += self.reach.senders(self.ledger.forest().seat(flow.0).content).len();
        if self.extend(&mut seen, 0) {
            return true;
        }
        for _ in 0..LOOKS {
            let Some((parent, taker)) = seen.queue.pop_front().filter(|_| seen.links.len() < aim.links) else { break };
            if self.look(&mut seen, parent, taker, aim.worth) {
                return true;
            }
        }
        if aim.note {
            seen.links[1..].iter().for_each(|link| self.tried.dead[link.flow.0] |= 1 << link.flow.1);
        }
        false
    }

    /// Notes who has a free slot now, and whose children are worth a look.
    fn begin(&mut self, flow: Flow) -> Seen {
        let forest = self.ledger.forest();
        let (content, rate) = (forest.seat(flow.0).content, forest.rate(flow.0));
        let words = self.reach.senders(content).len().div_ceil(64);
        let (mut idle, mut live) = (vec![0u64; words], vec![0u64; words]);
        for number in 0..self.reach.senders(content).len() {
            let seat = self.reach.senders(content)[number];
            if forest.has(seat) == 0 {
                continue;
            }
            live[number / 64] |= u64::from(!self.tried.exhausted[seat]) << (number % 64);
            if !Pools::is_spent(forest, seat, rate) {
                idle[number / 64] |= 1 << (number % 64);
                self.reach.look_at(&self.ledger, number, seat);
            }
        }
        let links = vec![Link { flow, from: SeatId::NONE, for_whom: 0 }];
        Seen { links, queue: VecDeque::new(), idle, live }
    }

    /// Gives the flow of a link an idle slot, if there is one; else notes whose slots it could have.
    fn extend(&mut self, seen: &mut Seen, number: usize) -> bool {
        let Link { flow, from, .. } = seen.links[number];
        let below = self.ledger.below(flow);
        let row = self.reach.row(self.ledger.grower, flow.0);
        let content = self.ledger.forest().seat(flow.0).content;
        self.work += self.reach.senders(content).len() / TOUCHED_BY_LINK;
        let mut idle = seen.idle.clone();
        if self.ledger.forest().exempt(flow.0).is_empty() {
            idle.iter_mut().zip(self.reach.taking(self.ledger.grower, flow.0)).for_each(|(idle, taking)| *idle &= taking);
        }
        self.ledger.lift(flow);
        let free = common(&row, &idle, self.turn).find_map(|at| {
            let parent = self.reach.senders(content)[at];
            let takes = parent != from && self.ledger.may_sit(parent, flow, &below) && self.ledger.fits(parent, flow);
            takes.then_some(parent)
        });
        if free.is_none() {
            let sender = |at: usize| self.reach.senders(content)[at];
            let open: Vec<usize> = common(&row, &seen.live, self.turn)
                .filter(|at| sender(*at) != from && self.ledger.may_sit(sender(*at), flow, &below))
                .collect();
            for at in open {
                seen.live[at / 64] &= !(1 << (at % 64));
                seen.queue.push_back((sender(at), number));
            }
        }
        self.ledger.lay(flow, from);
        free.is_some_and(|parent| self.take(&seen.links, number, parent))
    }

    /// Looks at the children of a parent that make room for a link: one may find another slot, or give up its own.
    fn look(&mut self, seen: &mut Seen, parent: SeatId, taker: usize, worth: f64) -> bool {
        let flow = seen.links[taker].flow;
        self.work += TOUCHED_BY_LOOK;
        let from = self.ledger.lift(flow);
        let lacks_slots = self.ledger.fits_if_slots(parent, flow);
        let others: Vec<Flow> = self.ledger.children(parent).iter().copied().filter(|child| self.may_leave(*child)).collect();
        self.tried.exhausted[parent] = others.is_empty();
        let leaving: Vec<Flow> = (others.into_iter())
            .filter(|child| child.0 != flow.0 && (lacks_slots || self.makes_room(*child, parent, flow)))
            .collect();
        self.ledger.lay(flow, from);
        for child in leaving {
            seen.links.push(Link { flow: child, from: parent, for_whom: taker });
            let number = seen.links.len() - 1;
            if self.extend(seen, number) {
                return true;
            }
            let given = self.gives_up(child, worth);
            if given != 0 && seen.links[0].flow.0 != child.0 && self.evict(&seen.links, taker, parent, (child.0, given)) {
                return true;
            }
        }
        false
    }

    /// A child may go elsewhere, and that was not tried in vain.
    fn may_leave(&self, child: Flow) -> bool {
        let tried = self.tried.dead[child.0] >> child.1 & 1 == 1;
        !tried && self.ledger.is_movable(child.0)
    }

    /// Without this child its parent has room for the flow.
    fn makes_room(&mut self, child: Flow, parent: SeatId, flow: Flow) -> bool {
        self.ledger.lift(child);
        let fits = self.ledger.fits(parent, flow);
        self.ledger.lay(child, parent);
        fits
    }

    /// The substreams that a child gives up with this one, a bit for each; 0: it is worth too much, or others depend on it.
    fn gives_up(&self, (child, substream): Flow, worth: f64) -> u64 {
        if self.worth[child] >= worth {
            return 0;
        }
        let forest = self.ledger.forest();
        if forest.has(child).count_ones() > forest.least(child) && !self.ledger.is_passed_on((child, substream)) {
            return 1 << substream;
        }
        let depended_on = !self.ledger.children(child).is_empty() || forest.held(child) != 0 || !forest.exempt(child).is_empty();
        if depended_on { 0 } else { forest.received(child) }
    }

    /// Somebody gives up slots, one of them to a link.
    fn evict(&mut self, links: &[Link], taker: usize, parent: SeatId, (victim, given): (SeatId, u64)) -> bool {
        let (begin, before) = (self.ledger.mark(), self.ledger.forest().service_of(victim));
        (0..64).filter(|s| given >> s & 1 == 1).for_each(|s| self.ledger.put((victim, s), SeatId::NONE));
        if self.take(links, taker, parent) {
            if self.victims.iter().all(|(other, _)| *other != victim) {
                self.victims.push((victim, before));
            }
            return true;
        }
        self.ledger.undo(begin);
        false
    }

    /// Moves the flows of a chain, the last one first; nothing has changed if one of them is in the way of another.
    fn take(&mut self, links: &[Link], last: usize, slot: SeatId) -> bool {
        let begin = self.ledger.mark();
        let (mut number, mut slot) = (last, slot);
        loop {
            let Link { flow, from, for_whom } = links[number];
            if self.ledger.forest().parent(flow.0, flow.1) != from || !self.moves_to(flow, slot) {
                self.ledger.undo(begin);
                return false;
            }
            if number == 0 {
                return true;
            }
            (number, slot) = (for_whom, from);
        }
    }

    fn moves_to(&mut self, flow: Flow, slot: SeatId) -> bool {
        let below = self.ledger.below(flow);
        let from = self.ledger.lift(flow);
        let fits = self.ledger.may_sit(slot, flow, &below) && self.ledger.fits(slot, flow);
        self.ledger.lay(flow, from);
        if fits {
            self.ledger.put(flow, slot);
        }
        fits
    }
}
