//! From a document to what the search needs: who may send what to whom, at which cost, under which budgets.
//!
//! Everything that adds up (kbps of uplinks, downlinks, links, `limit_rate`, `limit_volume`, `limit_node_rate`; copies of
//! one substream for `limit_copies`) is a budget; an arc lists the budgets that its flows draw on, with the policy that sets
//! them, since a flow into a request that relaxes the policy draws on none of its budgets. Limits of another kind stand with
//! the node or content that they concern; what policies ask of receivers is read by [`super::law`].

use super::geography::{connects, distance_km, route};
use super::matching::{applies, content_matches, flow_matches, node_cost, node_matches, rate_limit, relay_contents};
use pleach::instance::document::{ContentRow, LinkRow, NodeRow, ParentCell, PathRow, RequestRow};
use pleach::instance::policy::{NodeRate, Policy, Rule};
use pleach::instance::{ContentKind, Document};
use pleach::parameters::Weights;
use smol_str::SmolStr;

/// An instance as the search sees it. Nodes and contents are numbered as the document lists them.
pub struct World {
    /// Rate of one substream, number of substreams, and what counts as served, by content.
    pub contents: Vec<Title>,
    /// What is left of each limit that adds up, before any flow: uplinks, downlinks, links, policies.
    pub budgets: Vec<u64>,
    /// `machines[node]`.
    pub machines: Vec<Machine>,
    /// Who wants what, and what it counts, `priority` included.
    pub wishes: Vec<Wish>,
    /// `arcs[content][child][parent]`; `None` where no connection or route is.
    pub arcs: Vec<Vec<Vec<Option<Arc>>>>,
    /// The rule of each policy, in the document's order, in force or not.
    pub rules: Vec<Rule>,
    /// The weight of each policy in the relaxation: 1 / rank.
    pub ranks: Vec<f64>,
    /// Policies in force that may be relaxed, a bit for each place in the document's list.
    pub relaxable: u64,
    /// `concerned[content][node]`: the policies about receivers in force that match it.
    pub concerned: Vec<Vec<Vec<usize>>>,
    /// Each `require_copies` in force.
    pub requires: Vec<Require>,
}

impl World {
    /// The request of a node for a content.
    pub fn wish(&self, node: usize, content: usize) -> Option<usize> {
        self.wishes.iter().position(|wish| wish.node == node && wish.content == content)
    }

    /// The policies in force that may be relaxed on a request and could make a difference to it.
    pub fn relaxable_on(&self, wish: &Wish) -> Vec<usize> {
        let arcs = || self.arcs[wish.content][wish.node].iter().flatten();
        let bars = |p: usize| {
            arcs().any(|arc| {
                let draws = arc.draws.iter().any(|draw| draw.policy == Some(p));
                draws || arc.forbids.contains(&p) || arc.copies.iter().any(|copies| copies.0 == p)
            })
        };
        let asks = |require: &Require| require.contents[wish.content] && require.network == self.machines[wish.node].network;
        let concerns = |p: usize| {
            let receives = self.concerned[wish.content][wish.node].contains(&p);
            receives || bars(p) || self.requires.iter().any(|require| require.policy == p && asks(require))
        };
        (0..self.rules.len()).filter(|&p| self.relaxable >> p & 1 == 1 && concerns(p)).collect()
    }
}

/// A `require_copies`.
pub struct Require {
    /// The policy.
    pub policy: usize,
    /// The network that is entered.
    pub network: usize,
    /// The links that it is entered over.
    pub links: Vec<usize>,
    /// `contents[content]`: it matches.
    pub contents: Vec<bool>,
}

/// A content.
pub struct Title {
    /// Rate of one substream, kbps.
    pub rate: u64,
    /// How many substreams.
    pub substreams: usize,
    /// A file, which storage counts.
    pub is_file: bool,
    /// Its size, 0 for a live content.
    pub size: f64,
}

/// A node.
pub struct Machine {
    /// Its network.
    pub network: usize,
    /// `held[content][substream]`.
    pub held: Vec<Vec<bool>>,
    /// Most distinct children.
    pub max_children: u32,
    /// Most contents relayed.
    pub relay_contents: u32,
    /// Room for files.
    pub storage: f64,
}

/// A request.
pub struct Wish {
    /// Who.
    pub node: usize,
    /// What.
    pub content: usize,
    /// Weight times `priority` factors.
    pub weight: f64,
    /// Fewest substreams that count as served, `degrade` included.
    pub min: usize,
}

/// A flow's share of a limit on kbps.
pub struct Draw {
    /// Of which budget.
    pub budget: usize,
    /// The policy that sets it; `None`: a capacity.
    pub policy: Option<usize>,
}

/// What one parent may send to one child of one content.
pub struct Arc {
    /// Cost per Mbps in millionths, by substream (churn differs).
    pub unit: Vec<u64>,
    /// The kbps budgets that a flow draws on.
    pub draws: Vec<Draw>,
    /// Each `limit_copies` that counts a flow, with its budget for substream 0; those of the others follow.
    pub copies: Vec<(usize, usize)>,
    /// Each `forbid` against it.
    pub forbids: Vec<usize>,
    /// Half a round trip, ms; 0 where it is not known.
    pub half_rtt: f64,
    /// Links crossed, in order.
    pub route: Vec<usize>,
    /// Policies in force that match its flows, as places in the document's list.
    pub matched: Vec<usize>,
}

/// Reads a document.
pub fn read(document: &Document, weights: &Weights) -> World {
    let policies: Vec<(usize, &Policy)> =
        document.policies.iter().enumerate().filter(|(_, policy)| applies(document, policy)).collect();
    let mut budgets = Budgets { rooms: Vec::new(), limits: Vec::new() };
    budgets.fill(document);
    let (nodes, contents) = (0..document.nodes.len(), 0..document.contents.len());
    let arc = |parent: usize, child: usize, content: usize| arc(document, weights, &policies, &budgets, parent, child, content);
    let arcs_to = |content: usize, child: usize| nodes.clone().map(|parent| arc(parent, child, content)).collect();
    let arcs = contents.clone().map(|content| nodes.clone().map(|child| arcs_to(content, child)).collect()).collect();
    let concerned_at = |node: usize, content: usize| -> Vec<usize> {
        let about = policies.iter().filter(|(_, policy)| policy.rule.concerns_receivers());
        about.filter(|(_, policy)| concerns(document, policy, node, content)).map(|(p, _)| *p).collect()
    };
    let concerned = contents.map(|content| nodes.clone().map(|node| concerned_at(node, content)).collect()).collect();
    World {
        contents: document.contents.iter().map(title).collect(),
        machines: document.nodes.iter().map(|node| machine(document, node)).collect(),
        wishes: wishes(document, &policies),
        arcs,
        budgets: budgets.rooms,
        rules: document.policies.iter().map(|policy| policy.rule.clone()).collect(),
        ranks: document.policies.iter().map(|policy| 1.0 / f64::from(policy.rank)).collect(),
        relaxable: policies.iter().filter(|(_, policy)| policy.relaxable).fold(0, |set, (p, _)| set | 1 << p),
        concerned,
        requires: policies.iter().filter_map(|(p, policy)| require(document, *p, policy)).collect(),
    }
}

/// The budgets of a document: of node `n` the uplink is number `n`, the downlink `nodes + n`; link `l` is `2 * nodes + l`.
struct Budgets {
    rooms: Vec<u64>,
    /// Of each policy: the one budget of a limit for each source; or, for copies, the one of substream 0 for each content.
    limits: Vec<Vec<usize>>,
}

impl Budgets {
    fn add(&mut self, room: u64) -> usize {
        self.rooms.push(room);
        self.rooms.len() - 1
    }

    fn fill(&mut self, document: &Document) {
        let left = |link: &LinkRow| {
            let used = link.used_kbps.map_or(0, |used| used.0);
            link.capacity_kbps.map_or(u64::MAX, |capacity| capacity.0.saturating_sub(used))
        };
        self.rooms.extend(document.nodes.iter().map(|node| node.uplink_kbps.0));
        self.rooms.extend(document.nodes.iter().map(|node| node.downlink_kbps.map_or(u64::MAX, |downlink| downlink.0)));
        self.rooms.extend(document.links.iter().map(left));
        for policy in &document.policies {
            let limits = match &policy.rule {
                Rule::LimitNodeRate(rate) => document.nodes.iter().map(|node| self.add(node_limit(rate, node))).collect(),
                Rule::LimitCopies { max, .. } => {
                    let copies = |content: &ContentRow| {
                        let first = self.rooms.len();
                        self.rooms.extend((0..content.substreams).map(|_| u64::from(*max)));
                        first
                    };
                    document.contents.iter().map(copies).collect()
                }
                rule => rate_limit(document, rule).map_or(Vec::new(), |max| vec![self.add(max); document.nodes.len()]),
            };
            self.limits.push(limits);
        }
    }
}

fn arc(
    document: &Document,
    weights: &Weights,
    policies: &[(usize, &Policy)],
    budgets: &Budgets,
    parent: usize,
    child: usize,
    content: usize,
) -> Option<Arc> {
    let (source, destination, title) = (&document.nodes[parent], &document.nodes[child], &document.contents[content]);
    if parent == child || !connects(document, source, destination) {
        return None;
    }
    let route = route(document, &source.network, &destination.network)?;
    let nodes = document.nodes.len();
    let capacities = [parent, nodes + child].into_iter().chain(route.iter().map(|link| 2 * nodes + link));
    let mut draws: Vec<Draw> = capacities.map(|budget| Draw { budget, policy: None }).collect();
    let (mut prefer, mut copies, mut forbids, mut matched) = (0.0, Vec::new(), Vec::new(), Vec::new());
    for &(p, policy) in policies {
        if !flow_matches(document, policy, source, destination, title, &route) {
            continue;
        }
        matched.push(p);
        match &policy.rule {
            Rule::Forbid {} => forbids.push(p),
            Rule::LimitRate { .. } | Rule::LimitVolume { .. } | Rule::LimitNodeRate(_) => {
                draws.push(Draw { budget: budgets.limits[p][parent], policy: Some(p) });
            }
            Rule::LimitCopies { network, .. } if destination.network == *network && source.network != *network => {
                copies.push((p, budgets.limits[p][content]));
            }
            Rule::Prefer { cost } => prefer += cost,
            _ => {}
        }
    }
    let cost = flow_cost(document, weights, source, destination, &route, prefer);
    let unit = (0..title.substreams as usize)
        .map(|s| cost + if is_churn(document, source, destination, title, s) { weights.churn_weight } else { 0.0 })
        .map(|cost| (cost * 1e6).round_ties_even() as u64)
        .collect();
    let half_rtt = measured(document, source, destination, |path| path.rtt_ms).unwrap_or(0.0) / 2.0;
    Some(Arc { unit, draws, copies, forbids, half_rtt, route, matched })
}

fn require(document: &Document, p: usize, policy: &Policy) -> Option<Require> {
    let Rule::RequireCopies { network, links } = &policy.rule else { return None };
    let place = |id: &SmolStr| document.links.iter().position(|link| link.id == *id).expect("policies name links that exist");
    Some(Require {
        policy: p,
        network: place_of(document, network),
        links: links.iter().map(place).collect(),
        contents: document.contents.iter().map(|content| content_matches(content, &policy.content)).collect(),
    })
}

fn place_of(document: &Document, network: &SmolStr) -> usize {
    document.networks.iter().position(|row| row.id == *network).expect("networks that are named exist")
}

fn title(content: &ContentRow) -> Title {
    Title {
        rate: content.bitrate_kbps.0.div_ceil(u64::from(content.substreams)),
        substreams: content.substreams as usize,
        is_file: content.kind == Some(ContentKind::File),
        size: if content.kind == Some(ContentKind::File) { content.size_mb.unwrap_or(0.0) } else { 0.0 },
    }
}

fn machine(document: &Document, node: &NodeRow) -> Machine {
    let holds = |content: &ContentRow| {
        let holding = document.holdings.iter().find(|holding| holding.node == node.id && holding.content == content.id);
        let has = |s: u32| holding.is_some_and(|h| h.substreams.as_ref().is_none_or(|list| list.contains(&s)));
        (0..content.substreams).map(has).collect()
    };
    Machine {
        network: place_of(document, &node.network),
        held: document.contents.iter().map(holds).collect(),
        max_children: node.max_children.unwrap_or(u32::MAX),
        relay_contents: relay_contents(node).unwrap_or(u32::MAX),
        storage: node.storage_mb.unwrap_or(f64::INFINITY),
    }
}

fn wishes(document: &Document, policies: &[(usize, &Policy)]) -> Vec<Wish> {
    let wish = |request: &RequestRow| {
        let node = document.nodes.iter().position(|node| node.id == request.node).expect("requests name nodes that exist");
        let content = document.contents.iter().position(|c| c.id == request.content).expect("requests name contents that exist");
        let factor = |policy: &Policy| match policy.rule {
            Rule::Priority { weight } if concerns(document, policy, node, content) => weight,
            _ => 1.0,
        };
        let enough = |policy: &Policy| match policy.rule {
            Rule::Degrade { min_substreams } if concerns(document, policy, node, content) => min_substreams,
            _ => u32::MAX,
        };
        let factors: f64 = policies.iter().map(|(_, policy)| factor(policy)).product();
        let title = &document.contents[content];
        let own = title.min_substreams.unwrap_or(title.substreams);
        let min = policies.iter().map(|(_, policy)| enough(policy)).fold(own, u32::min) as usize;
        Wish { node, content, weight: request.weight.unwrap_or(1.0) * factors, min }
    };
    document.requests.iter().map(wish).collect()
}

/// A policy about receivers matches this one.
pub fn concerns(document: &Document, policy: &Policy, node: usize, content: usize) -> bool {
    node_matches(document, &document.nodes[node], &policy.destination)
        && content_matches(&document.contents[content], &policy.content)
}

/// The most that one source sends; the fraction by long multiplication.
fn node_limit(rate: &NodeRate, node: &NodeRow) -> u64 {
    match rate {
        NodeRate::MaxKbps(max) => max.0,
        NodeRate::MaxFraction(f) => (f.digits * u128::from(node.uplink_kbps.0) / 10u128.pow(f.scale)) as u64,
    }
}

/// Section 4: what one Mbps costs, before churn.
fn flow_cost(document: &Document, weights: &Weights, parent: &NodeRow, child: &NodeRow, route: &[usize], prefer: f64) -> f64 {
    let rtt = measured(document, parent, child, |path| path.rtt_ms);
    let loss = measured(document, parent, child, |path| path.loss).unwrap_or(parent.loss.unwrap_or(0.0));
    let nearness = match rtt {
        Some(rtt) => weights.rtt_weight * rtt / 100.0,
        None => weights.distance_weight * distance_km(document, parent, child) / 1000.0,
    };
    let links: f64 = route.iter().map(|&l| document.links[l].cost.unwrap_or(0.0)).sum();
    let unavailable = 1.0 - parent.availability.unwrap_or(1.0);
    let cost =
        node_cost(parent) + links + nearness + weights.loss_weight * loss + weights.availability_weight * unavailable + prefer;
    cost.max(0.0)
}

/// A measurement between two nodes, else between their networks.
fn measured(document: &Document, parent: &NodeRow, child: &NodeRow, field: impl Fn(&PathRow) -> Option<f64>) -> Option<f64> {
    let path = |from: &SmolStr, to: &SmolStr| document.paths.iter().find(|path| path.from == *from && path.to == *to);
    [path(&parent.id, &child.id), path(&parent.network, &child.network)].into_iter().flatten().find_map(field)
}

/// `previous` gave this child, for this substream, parents, but not this one. A parent that is gone was one.
fn is_churn(document: &Document, parent: &NodeRow, child: &NodeRow, content: &ContentRow, substream: usize) -> bool {
    let row = document.previous.iter().find(|row| row.node == child.id && row.content == content.id);
    match row.and_then(|row| row.parents.get(substream)) {
        None | Some(ParentCell::Nobody(())) => false,
        Some(ParentCell::One(id)) => *id != parent.id,
        Some(ParentCell::Several(ids)) => !ids.is_empty() && !ids.contains(&parent.id),
    }
}
