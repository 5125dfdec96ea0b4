//! Networks that are fed over several links at once, or not at all (`require_copies`).
//!
//! Before anybody in such a network is fed through parents, whole copies are brought in over each of its links, each to a
//! request of its own, widest uplink first. The gateway is open then; those flows stay as they are. Where that cannot be
//! done it is closed: nobody there receives through parents, unless the policy is relaxed for it. Requests that hold a part,
//! or hold nothing but need not everything, do not open gateways: what they do not receive would be missing over the link.

use super::grow::{Grower, Terms};
use crate::forest::{Forest, SeatId};
use crate::ids::{ContentId, LinkId, NetworkId, NodeId, PolicyId};
use crate::policy::Near;
use rustc_hash::FxHashMap;

/// Requests that are tried for each link.
const TRIES: usize = 32;

/// The gateways of all networks and contents that have one.
#[derive(Debug, Default)]
pub(super) struct Gateways {
    all: FxHashMap<(NetworkId, ContentId), Gateway>,
}

#[derive(Clone, Debug)]
struct Gateway {
    state: State,
    policies: Vec<PolicyId>,
    links: Vec<LinkId>,
    /// Requests that may open it, widest uplink first.
    openers: Vec<SeatId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Untried,
    Open,
    Closed,
}

impl Gateways {
    /// Those of an instance, all untried.
    pub(super) fn of(forest: &Forest<'_>) -> Gateways {
        let mut gateways = Gateways::default();
        let (instance, rules) = (forest.instance, forest.rules);
        if rules.required.is_empty() {
            return gateways;
        }
        for (id, request) in instance.requests.pairs() {
            let network = instance.nodes[request.node].network;
            let concern = |required: &&crate::policy::Required| required.network == network && required.concerns(request.content);
            for required in rules.required.iter().filter(concern) {
                let fresh = || Gateway { state: State::Untried, policies: Vec::new(), links: Vec::new(), openers: Vec::new() };
                let gateway = gateways.all.entry((network, request.content)).or_insert_with(fresh);
                if !gateway.policies.contains(&required.policy) {
                    gateway.policies.push(required.policy);
                    gateway.links.extend(required.links.iter().filter(|link| !gateway.links.contains(link)).collect::<Vec<_>>());
                }
                if instance.held(request.node, request.content) == 0 && gateway.openers.last() != Some(&SeatId(id.0)) {
                    gateway.openers.push(SeatId(id.0));
                }
            }
        }
        for gateway in gateways.all.values_mut() {
            gateway.openers.sort_by_key(|seat| (std::cmp::Reverse(instance.nodes[forest.seat(*seat).node].uplink), *seat));
        }
        gateways
    }

    /// As a finished forest has them: open where somebody whom their policies concern is fed through parents, else closed.
    pub(super) fn settle(&mut self, forest: &Forest<'_>) {
        for gateway in self.all.values_mut() {
            let exempt = |seat: SeatId| gateway.policies.iter().all(|policy| forest.exempt(seat).contains(policy));
            let open = gateway.openers.iter().any(|seat| forest.received(*seat) != 0 && !exempt(*seat));
            gateway.state = if open { State::Open } else { State::Closed };
        }
    }
}

impl Grower<'_, '_> {
    /// The seat may receive through parents: its network has no gateway, an open one, or one that opens now.
    pub(super) fn passes_gateway(&mut self, seat: SeatId, terms: Terms) -> bool {
        if self.gateways.all.is_empty() || terms.over.is_some() || self.forest.request(seat).is_none() {
            return true;
        }
        let at = self.forest.seat(seat);
        let key = (self.forest.instance.nodes[at.node].network, at.content);
        let Some(gateway) = self.gateways.all.get(&key) else { return true };
        let exempt = self.forest.exempt(seat);
        if gateway.policies.iter().all(|policy| exempt.contains(policy)) {
            return true;
        }
        if gateway.state == State::Untried {
            let gateway = gateway.clone();
            let state = if self.open(&gateway) { State::Open } else { State::Closed };
            if let Some(known) = self.gateways.all.get_mut(&key) {
                known.state = state;
            }
        }
        self.gateways.all[&key].state == State::Open
    }

    /// Brings a whole copy in over each link; false, and nothing changed, if that cannot be done.
    fn open(&mut self, gateway: &Gateway) -> bool {
        let mut fed = Vec::new();
        for link in &gateway.links {
            let mut idle = gateway.openers.clone();
            idle.retain(|seat| self.forest.received(*seat) == 0 && self.forest.exempt(*seat).is_empty());
            let opener = idle.into_iter().take(TRIES).find(|seat| {
                let at = self.forest.seat(*seat);
                let wanted = self.forest.instance.contents[at.content].all();
                let deepest = self.forest.rules.depth_limit(at.node, at.content, &[]);
                let terms = Terms { wanted, at_least: wanted.count_ones(), deepest, over: Some(*link), ..self.terms(*seat) };
                self.feed(*seat, terms)
            });
            match opener {
                Some(seat) => fed.push(seat),
                None => {
                    fed.into_iter().for_each(|seat| self.detach_all(seat, self.forest.received(seat)));
                    return false;
                }
            }
        }
        true
    }

    /// Flows from a cell to a node come from outside of its network, over a link.
    pub(super) fn enters_over(&self, link: LinkId, cell: &Near, child: NodeId) -> bool {
        let rules = self.forest.rules;
        let outside = rules.classes.row(cell.class).network != self.forest.instance.nodes[child].network;
        outside && rules.topology.links(cell.arc.route).contains(&link)
    }
}
