//! Why not all can be served: cuts that prove it, by arithmetic that everybody can do again.
//!
//! A **volume** cut: some networks ask for more than their senders and the links into them carry. Whoever is served behind
//! it takes at least `least` slots and adds the own uplink, if that is behind the cut too; nobody else adds anything but
//! holders and relays. So of the requests behind it at most as many are served as fit, the least demanding first.
//!
//! An **entry** cut: to serve anybody who holds nothing of a content, the fewest substreams that serve anybody must each
//! leave a holder behind the cut or cross a link into it, once at least. If holders and links have no slots for that, nobody behind
//! it is served, whatever peers could pass on.
//!
//! Both leave out connectivity, policies, depth and other contents' use of the same links, so they prove too little at most.

use super::cut::{Pipes, ShortSide};
use super::theory;
use crate::ids::{ContentId, LinkId, NetworkId, NodeId, RequestId, Table};
use crate::instance::{Instance, LinkState};
use crate::plan::Plan;
use crate::policy::Rules;
use crate::program::supply;
use crate::units::Kbps;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that proves that not all can be served.
#[derive(Clone, Debug)]
pub struct Shortage {
    /// Cuts: of volume first (no two of them share a request), then of entry; the largest shortage first.
    pub cuts: Vec<Cut>,
    /// So many requests stay unserved in any plan: those behind cuts of entry, and what cuts of volume leave out of the others.
    pub unserved_at_least: u64,
    /// No plan has more service, whatever the links: the fractional knapsack over slots.
    pub knapsack: f64,
    /// No more than this reaches all who ask, whatever the links: the full mesh of one content, kbps.
    pub full_mesh: Option<f64>,
}

/// What is short behind a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scarce {
    /// Slots for all that is asked.
    Volume,
    /// The first copies of a content.
    Entry(ContentId),
}

/// Networks that ask for more than can be sent to them.
#[derive(Clone, Debug)]
pub struct Cut {
    /// What is short.
    pub scarce: Scarce,
    /// Networks whose requests are behind the cut.
    pub networks: Vec<NetworkId>,
    /// It is not behind links: all networks that have nodes are on one side.
    pub everywhere: bool,
    /// Nodes of these networks.
    pub nodes: u64,
    /// Requests behind the cut.
    pub requests: u64,
    /// Substreams that must come: of all requests, or of one.
    pub slots: u64,
    /// The same as a rate.
    pub demand: Kbps,
    /// What senders behind the cut can send, each in whole slots: all of them, or the holders.
    pub supply: Kbps,
    /// Links into it, each with what it lets through.
    pub links: Vec<(LinkId, Kbps)>,
    /// So many of the requests behind the cut stay unserved in any plan.
    pub unserved_at_least: u64,
}

impl Cut {
    /// What the links into it let through together.
    pub fn import(&self) -> Kbps {
        self.links.iter().map(|(_, room)| *room).sum()
    }

    /// What is asked and cannot be sent.
    pub fn short(&self) -> Kbps {
        self.demand.saturating_sub(self.supply + self.import())
    }
}

/// Finds the cuts. Entry is looked at where the plan leaves somebody unserved, as nobody is served behind such a cut.
pub fn shortage(instance: &Instance, rules: &Rules, plan: &Plan) -> Shortage {
    let (entry, starved) = entry_cuts(instance, rules, plan);
    let (mut cuts, others) = volume_cuts(instance, rules, &starved);
    cuts.extend(entry);
    Shortage {
        cuts,
        unserved_at_least: starved.len() as u64 + others,
        knapsack: theory::knapsack_bound(instance, rules),
        full_mesh: theory::full_mesh_rate(instance),
    }
}

fn by_shortage(mut cuts: Vec<Cut>) -> Vec<Cut> {
    cuts.sort_by_key(|cut| (std::cmp::Reverse(cut.short()), cut.networks.clone()));
    cuts
}

/// What a link lets through beside the load from elsewhere: nothing while it is down; `None`: no limit.
fn room(instance: &Instance, link: LinkId) -> Option<Kbps> {
    let link = &instance.links[link];
    match link.state {
        LinkState::Down => Some(Kbps(0)),
        LinkState::Up | LinkState::Congested => link.capacity.map(|capacity| capacity.saturating_sub(link.used)),
    }
}

/// A request that can be served if enough is sent.
#[derive(Clone, Copy)]
struct Wish {
    request: RequestId,
    node: NodeId,
    /// Substreams that it lacks and can receive; fewest of them that count as served.
    need: u64,
    least: u64,
    rate: Kbps,
}

fn wishes(instance: &Instance, rules: &Rules) -> Vec<Wish> {
    let wish = |id: RequestId| {
        let row = &instance.requests[id];
        let tier = supply::tier(instance, rules, id)?;
        let rate = instance.contents[row.content].rate();
        Some(Wish { request: id, node: row.node, need: tier.need as u64, least: tier.least as u64, rate })
    };
    instance.requests.ids().filter_map(wish).collect()
}

/// Volume cuts, and how many requests they leave unserved beside those that are starved anyway.
fn volume_cuts(instance: &Instance, rules: &Rules, starved: &BTreeSet<RequestId>) -> (Vec<Cut>, u64) {
    let wishes = wishes(instance, rules);
    let mut can_send: Table<NodeId, bool> =
        Table::new(instance.nodes.ids().map(|node| theory::sends_anyway(instance, node)).collect());
    let mut asks = Table::filled(instance.networks.len(), 0);
    for wish in &wishes {
        can_send[wish.node] = true;
        asks[instance.nodes[wish.node].network] += wish.rate.times(wish.need).0;
    }
    let sent = |node: NodeId| if can_send[node] { supply::most_sent(instance, node) as u64 } else { 0 };
    let sent: Table<NodeId, u64> = Table::new(instance.nodes.ids().map(sent).collect());
    let mut sends = Table::filled(instance.networks.len(), 0);
    for (id, node) in instance.nodes.pairs() {
        sends[node.network] += sent[id];
    }
    let room = |link: LinkId| room(instance, link).map(|room| Kbps(supply::fillable(instance, room) as u64));
    let sides = Pipes::of(instance, |link| room(link).map(|room| room.0), &sends, &asks).short_sides();
    let mut others = 0;
    let cut = |side: ShortSide| {
        let behind: Vec<Wish> =
            wishes.iter().filter(|wish| within(&side.asking, instance.nodes[wish.node].network)).copied().collect();
        let networks: Vec<NetworkId> = side.asking.iter().copied().filter(|network| asks[*network] > 0).collect();
        let mut cut = Cut {
            scarce: Scarce::Volume,
            nodes: nodes_of(instance, &networks),
            networks,
            everywhere: side.links.is_empty() && sends.pairs().all(|(id, sent)| *sent == 0 || within(&side.sending, id)),
            requests: behind.len() as u64,
            slots: behind.iter().map(|wish| wish.need).sum(),
            demand: behind.iter().map(|wish| wish.rate.times(wish.need)).sum(),
            supply: side.sending.iter().map(|network| Kbps(sends[*network])).sum(),
            links: side.links.iter().map(|link| (*link, room(*link).unwrap_or_default())).collect(),
            unserved_at_least: 0,
        };
        cut.unserved_at_least = unserved_by_volume(instance, &side, &sent, &behind, cut.import());
        let fed: Vec<Wish> = behind.into_iter().filter(|wish| !starved.contains(&wish.request)).collect();
        others += unserved_by_volume(instance, &side, &sent, &fed, cut.import());
        cut
    };
    let cuts = sides.into_iter().map(cut).collect();
    (by_shortage(cuts), others)
}

fn within(sorted: &[NetworkId], network: NetworkId) -> bool {
    sorted.binary_search(&network).is_ok()
}

fn nodes_of(instance: &Instance, networks: &[NetworkId]) -> u64 {
    instance.nodes.iter().filter(|node| within(networks, node.network)).count() as u64
}

/// Takes the requests behind a cut, the least demanding first, as long as they fit; the rest stays unserved. Each brings its
/// own uplink, so the first may leave more room than there was.
fn unserved_by_volume(instance: &Instance, side: &ShortSide, sent: &Table<NodeId, u64>, behind: &[Wish], import: Kbps) -> u64 {
    let sends_here = |node: NodeId| within(&side.sending, instance.nodes[node].network);
    // Those who ask elsewhere, or hold, or relay, count as senders whoever is served.
    let standing = |node: NodeId| theory::sends_anyway(instance, node) || !within(&side.asking, instance.nodes[node].network);
    let ready = instance.nodes.ids().filter(|node| sends_here(*node) && standing(*node));
    let mut room = i128::from(import.0) + ready.map(|node| i128::from(sent[node])).sum::<i128>();
    let net = |wish: &Wish| {
        let brings = if sends_here(wish.node) && !standing(wish.node) { sent[wish.node] } else { 0 };
        i128::from(wish.rate.times(wish.least).0) - i128::from(brings)
    };
    let mut nets: Vec<i128> = behind.iter().map(net).collect();
    nets.sort_unstable();
    let fits = |net: &i128| {
        room -= net;
        room >= 0
    };
    (nets.len() - nets.iter().copied().take_while(fits).count()) as u64
}

/// Entry cuts, and the requests that they starve.
fn entry_cuts(instance: &Instance, rules: &Rules, plan: &Plan) -> (Vec<Cut>, BTreeSet<RequestId>) {
    let mut left: BTreeMap<ContentId, BTreeSet<NetworkId>> = BTreeMap::new();
    for row in plan.unserved.iter().filter(|row| instance.held(row.node, row.content) == 0) {
        left.entry(row.content).or_default().insert(instance.nodes[row.node].network);
    }
    for row in plan.assignments.iter().filter(|row| !row.relay && instance.held(row.node, row.content) == 0) {
        if let Some(networks) = left.get_mut(&row.content) {
            networks.remove(&instance.nodes[row.node].network);
        }
    }
    let mut cuts = Vec::new();
    let mut starved = BTreeSet::new();
    for (content, mut networks) in left {
        while let Some(network) = networks.pop_first() {
            let Some((cut, requests)) = entry_cut(instance, rules, content, network) else { continue };
            networks.retain(|network| !within(&cut.networks, *network));
            starved.extend(requests);
            cuts.push(cut);
        }
    }
    (by_shortage(cuts), starved)
}

/// The cut that keeps the first copies of a content from a network, if there is one, and whom it starves.
fn entry_cut(instance: &Instance, rules: &Rules, content: ContentId, network: NetworkId) -> Option<(Cut, Vec<RequestId>)> {
    let asked = instance.requests.iter().filter(|request| request.content == content);
    let least = asked.map(|request| u64::from(rules.least(instance, request.node, content))).min()?;
    let rate = instance.contents[content].rate();
    let whole = |capacity: Kbps| rate.times(capacity.slots(rate));
    let mut sends = Table::filled(instance.networks.len(), 0);
    for holding in instance.holdings.iter().filter(|holding| holding.content == content && holding.mask != 0) {
        let node = &instance.nodes[holding.node];
        sends[node.network] += whole(node.uplink).0;
    }
    let mut asks = Table::filled(instance.networks.len(), 0);
    asks[network] = rate.times(least).0;
    let room = |link: LinkId| room(instance, link).map(whole);
    // One network asks, so the short side is one part.
    let side = Pipes::of(instance, |link| room(link).map(|room| room.0), &sends, &asks).short_sides().into_iter().next()?;
    // Whoever receives and sends behind the cut is starved with it.
    let mut networks = side.passing;
    networks.extend(side.asking);
    networks.sort_unstable();
    networks.dedup();
    let starved = |id: &RequestId| {
        let row = &instance.requests[*id];
        row.content == content && within(&networks, instance.nodes[row.node].network) && instance.held(row.node, content) == 0
    };
    let starved: Vec<RequestId> = instance.requests.ids().filter(starved).collect();
    networks.retain(|network| starved.iter().any(|id| instance.nodes[instance.requests[*id].node].network == *network));
    let cut = Cut {
        scarce: Scarce::Entry(content),
        nodes: nodes_of(instance, &networks),
        networks,
        everywhere: side.links.is_empty() && sends.pairs().all(|(id, sent)| *sent == 0 || within(&side.sending, id)),
        requests: starved.len() as u64,
        slots: least,
        demand: rate.times(least),
        supply: side.sending.iter().map(|network| Kbps(sends[*network])).sum(),
        links: side.links.iter().map(|link| (*link, room(*link).unwrap_or_default())).collect(),
        unserved_at_least: starved.len() as u64,
    };
    Some((cut, starved))
}
