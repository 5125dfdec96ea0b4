//! Rounded rows: what whole requests behind links can take.
//!
//! Of one content, in copies: what the served requests of a set take, at the least, is no more than what the links around the
//! set carry, what holders and relays inside can send, and what those who are served bring. With whole numbers on both sides,
//! and requests that are served or not, mixed-integer rounding (Nemhauser and Wolsey 1990) gives a stronger row. Requests
//! whose number falls short of the divisor enter by not being served.
//!
//! A fence that some flow passes proves nothing, and is left out.

use super::earnings::{Market, Wish};
use super::quote::Quote;
use super::reading::{Fence, Prices};
use crate::ids::{ContentId, Id, NodeId};
use crate::instance::Request;
use rustc_hash::FxHashMap;

/// What rounded rows of one content cost at their prices.
#[derive(Default)]
pub(super) struct Whole {
    /// What each request owes once it is served; less than 0: what it is paid.
    pub owed: FxHashMap<NodeId, f64>,
    /// The right sides.
    pub rent: f64,
}

/// Everyone who takes part in a content.
pub(super) struct Parties<'a> {
    /// The content.
    pub content: ContentId,
    /// Requests that can be served.
    pub asked: &'a [(&'a Request, Wish)],
    /// Nodes that may relay.
    pub idle: &'a [NodeId],
}

impl Whole {
    /// Adds up the rounded rows with a price.
    pub fn of(quote: &Quote<'_>, prices: &Prices, parties: &Parties<'_>) -> Whole {
        let mut whole = Whole::default();
        let fences = prices.fences.iter().filter(|fence| fence.content == parties.content && fence.price > 0.0);
        for fence in fences.filter(|fence| is_closed(quote, fence, parties)) {
            whole.add(quote.market, fence, parties);
        }
        whole
    }

    fn add(&mut self, market: &Market<'_>, fence: &Fence, parties: &Parties<'_>) {
        let divisor = i128::from(fence.divisor);
        let takes: Vec<(NodeId, i128)> = parties
            .asked
            .iter()
            .filter(|(request, _)| fence.holds(market, request.node))
            .map(|(request, wish)| (request.node, market.beyond(request, wish)))
            .collect();
        let short: i128 = takes.iter().map(|(_, takes)| *takes).filter(|takes| *takes < divisor).sum();
        let right = fence.room(market, parties) - short;
        let rounding = Rounding { divisor, rest: right.rem_euclid(divisor) };
        if rounding.rest == 0 {
            return;
        }
        self.rent += fence.price * right.div_euclid(divisor) as f64;
        for (node, takes) in takes {
            let is_short = takes < divisor;
            let counts = if is_short { -rounding.of(-takes) } else { rounding.of(takes) };
            self.rent += if is_short { fence.price * counts } else { 0.0 };
            *self.owed.entry(node).or_insert(0.0) += fence.price * counts;
        }
    }
}

/// Divides whole numbers, and rounds.
struct Rounding {
    divisor: i128,
    /// What division leaves of the right side; not 0.
    rest: i128,
}

impl Rounding {
    fn of(&self, number: i128) -> f64 {
        let beyond = (number.rem_euclid(self.divisor) - self.rest).max(0);
        number.div_euclid(self.divisor) as f64 + beyond as f64 / (self.divisor - self.rest) as f64
    }
}

impl Fence {
    fn holds(&self, market: &Market<'_>, node: NodeId) -> bool {
        self.inside[market.group[node.index()] as usize]
    }

    /// Copies that come in over the links, or from those inside who need not be served first.
    fn room(&self, market: &Market<'_>, parties: &Parties<'_>) -> i128 {
        let (instance, content) = (market.instance, parties.content);
        let rate = instance.contents[content].rate().0.max(1);
        let around = instance.links.pairs().filter(|(id, _)| self.around[*id]);
        // A link without a capacity carries more than all uplinks together.
        let carried = around
            .map(|(_, link)| link.capacity.map_or(i128::MAX >> 64, |most| i128::from(most.saturating_sub(link.used).0 / rate)));
        let holders = instance.holdings.iter().filter(|holding| holding.content == content && holding.mask != 0);
        let ready = holders.map(|holding| holding.node).chain(parties.idle.iter().copied());
        let inside = ready.filter(|node| self.holds(market, *node));
        carried.sum::<i128>() + inside.map(|node| market.slots(node, content) as i128).sum::<i128>()
    }
}

/// Every flow that enters the set crosses one of the links.
fn is_closed(quote: &Quote<'_>, fence: &Fence, parties: &Parties<'_>) -> bool {
    let kinds = quote.market.kinds;
    let inside = |kind: &usize| fence.inside[quote.group(*kind)];
    let receivers = parties.asked.iter().map(|(request, _)| request.node).chain(parties.idle.iter().copied());
    let mut children: Vec<usize> = receivers.map(|node| kinds.kind(node)).filter(inside).collect();
    children.sort_unstable();
    children.dedup();
    let parents: Vec<usize> = (0..kinds.len()).filter(|kind| quote.sends(*kind) && !inside(kind)).collect();
    children.iter().all(|child| {
        parents.iter().all(|parent| match quote.terms(*parent, *child, &[]) {
            Some(offer) => offer.links().iter().any(|link| fence.around[*link]),
            None => true,
        })
    })
}
