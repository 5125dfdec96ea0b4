//! Relays: nodes that receive a content only to pass it on.
//!
//! Two uses. Where whole slots are short, a relay with many of them is a producer: it takes one slot for each substream
//! and brings all of its own. Where a request has no direct way (address translators, links, depth), a relay may bridge.

use super::grow::{Grower, Terms};
use super::order::Order;
use crate::forest::SeatId;
use crate::ids::{ContentId, Id, NodeId};
use crate::instance::Instance;

/// Attempts to bridge in all, over requests and relays: keeps the work bounded on large instances.
const ATTEMPTS: usize = 200_000;

/// Nodes that may relay.
pub(super) fn candidates(instance: &Instance) -> Vec<NodeId> {
    instance.nodes.pairs().filter(|(_, node)| node.relay_contents != Some(0) && node.uplink.0 > 0).map(|(id, _)| id).collect()
}

/// Recruits relays that bring more than they take, each for the content that is shortest, while slots are short. Odd
/// rounds go without: a relay's own substreams cost something, and another order may need none.
pub(super) fn recruit_producers(grower: &mut Grower<'_, '_>, round: u32) {
    let instance = grower.forest.instance;
    let mut relays = candidates(instance);
    if relays.is_empty() || round % 2 == 1 {
        return;
    }
    relays.sort_by_key(|id| std::cmp::Reverse(instance.nodes[*id].uplink));
    let mut shortage = shortages(instance);
    for relay in relays {
        let worst = instance.contents.ids().max_by(|a, b| shortage[a.index()].total_cmp(&shortage[b.index()]));
        let Some(content) = worst.filter(|content| shortage[content.index()] > 0.0) else { return };
        let row = &instance.contents[content];
        let brings = instance.nodes[relay].uplink.slots(row.rate()) as f64 - f64::from(row.substreams);
        let idle = instance.request(relay, content).is_none() && instance.held(relay, content) == 0;
        if brings > 0.0 && idle && recruit(grower, relay, content, row.all(), row.substreams) {
            shortage[content.index()] -= brings * row.rate().0 as f64;
        }
    }
}

/// For each content: kbps that its requests take beyond what requesters and holders can send, an uplink counted for
/// every content it may serve.
fn shortages(instance: &Instance) -> Vec<f64> {
    let mut shortage = vec![0.0; instance.contents.len()];
    let sends = |node: NodeId, content: ContentId| {
        let rate = instance.contents[content].rate();
        rate.times(instance.nodes[node].uplink.slots(rate)).0 as f64
    };
    for request in instance.requests.iter() {
        let content = &instance.contents[request.content];
        shortage[request.content.index()] += content.bitrate.0 as f64 - sends(request.node, request.content);
    }
    for holding in instance.holdings.iter().filter(|holding| instance.request(holding.node, holding.content).is_none()) {
        shortage[holding.content.index()] -= sends(holding.node, holding.content);
    }
    shortage
}

fn recruit(grower: &mut Grower<'_, '_>, relay: NodeId, content: ContentId, wanted: u64, at_least: u32) -> bool {
    let seat = grower.forest.recruit(relay, content);
    let wanted = wanted & !grower.forest.has(seat);
    let deepest = grower.forest.rules.depth_limit(relay, content, &[]);
    wanted != 0 && grower.feed(seat, Terms { wanted, at_least, deepest, ..grower.terms(seat) })
}

/// Gives each request that is left a chance through one relay that is fed for it.
pub(super) fn bridge(grower: &mut Grower<'_, '_>, order: &Order) {
    let relays = candidates(grower.forest.instance);
    let mut attempts = 0;
    for seat in order.requests.iter().map(|request| SeatId(request.0)) {
        if attempts >= ATTEMPTS || relays.is_empty() {
            return;
        }
        if grower.forest.is_served(seat) {
            continue;
        }
        for relay in &relays {
            attempts += 1;
            if bridge_over(grower, seat, *relay) {
                break;
            }
        }
    }
}

/// Feeds a relay with what the request lacks, as far as that is possible, then the request; undone if that fails.
pub(super) fn bridge_over(grower: &mut Grower<'_, '_>, seat: SeatId, relay: NodeId) -> bool {
    let instance = grower.forest.instance;
    let at = grower.forest.seat(seat);
    let other = instance.request(relay, at.content).is_none() && instance.held(relay, at.content) == 0;
    if !other || relay == at.node {
        return false;
    }
    let missing = instance.contents[at.content].all() & !grower.forest.has(seat);
    let over = grower.forest.recruit(relay, at.content);
    if grower.forest.arc(over, seat).is_none() {
        return false;
    }
    let before = grower.forest.has(over);
    if !recruit(grower, relay, at.content, missing, 1) && before & missing == 0 {
        return false;
    }
    let served = grower.feed_request(seat, false, over, false);
    if !served {
        let added = grower.forest.has(over) & !before;
        grower.detach_all(over, added);
    }
    served
}

/// Takes away what relays receive and nobody wants from them, until every relayed substream has a child.
pub(super) fn dismiss_idle(grower: &mut Grower<'_, '_>) {
    let first = grower.forest.instance.requests.len();
    let seats: Vec<SeatId> = (first..grower.forest.seats().len()).map(SeatId::new).collect();
    let relays: Vec<SeatId> = seats.into_iter().filter(|seat| grower.forest.is_relay(*seat)).collect();
    while !relays.is_empty() {
        let mut wanted = vec![0u64; grower.forest.seats().len()];
        for child in grower.forest.seats() {
            grower.forest.flows(child).for_each(|(substream, parent)| wanted[parent.index()] |= 1 << substream);
        }
        let idle = |seat: &SeatId| grower.forest.received(*seat) & !wanted[seat.index()];
        let dismissed: Vec<(SeatId, u64)> =
            relays.iter().map(|seat| (*seat, idle(seat))).filter(|(_, mask)| *mask != 0).collect();
        if dismissed.is_empty() {
            return;
        }
        for (seat, mask) in dismissed {
            grower.detach_all(seat, mask);
        }
    }
}
