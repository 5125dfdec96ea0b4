//! From a document to what the search needs: who may send what to whom, at which cost, under which budgets.
//!
//! Every limit that adds up kbps (uplink, downlink, link, `limit_rate`, `limit_node_rate`) is one [`Budget`]; an arc lists
//! the budgets that its flows draw on. Limits of another kind stand with the node or content that they concern.

use super::geography::{connects, distance_km, route};
use super::matching::{content_matches, flow_matches, in_force, node_cost, node_matches, relay_contents};
use pleach::instance::document::{ContentRow, NodeRow, ParentCell};
use pleach::instance::policy::{NodeRate, Policy, Rule};
use pleach::instance::{ContentKind, Document};
use pleach::parameters::Weights;
use smol_str::SmolStr;

/// An instance as the search sees it. Nodes and contents are numbered as the document lists them.
pub struct World {
    /// Rate of one substream, number of substreams, and what counts as served, by content.
    pub contents: Vec<Title>,
    /// What is left of each kbps limit before any flow.
    pub budgets: Vec<u64>,
    /// `machines[node]`.
    pub machines: Vec<Machine>,
    /// Who wants what, and what it counts, `priority` included.
    pub wishes: Vec<Wish>,
    /// `arcs[content][child][parent]`; `None` where no flow may be.
    pub arcs: Vec<Vec<Vec<Option<Arc>>>>,
    /// `depth[content][node]`: most hops below a holder.
    pub depth: Vec<Vec<u32>>,
}

/// A content.
pub struct Title {
    /// Rate of one substream, kbps.
    pub rate: u64,
    /// How many substreams.
    pub substreams: usize,
    /// Fewest that count as served.
    pub min: usize,
    /// A file, which storage counts.
    pub is_file: bool,
    /// Its size, 0 for a live content.
    pub size: f64,
}

/// A node.
pub struct Machine {
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
}

/// What one parent may send to one child of one content.
pub struct Arc {
    /// Cost per Mbps in millionths, by substream (churn differs).
    pub unit: Vec<u64>,
    /// The budgets that a flow draws on.
    pub budgets: Vec<usize>,
    /// Links crossed, in order.
    pub route: Vec<usize>,
    /// Policies in force that match its flows, as places in the document's list.
    pub matched: Vec<usize>,
}

/// Reads a document.
pub fn read(document: &Document, weights: &Weights) -> World {
    let policies: Vec<(usize, &Policy)> =
        document.policies.iter().enumerate().filter(|(_, policy)| in_force(document, &policy.when)).collect();
    let mut budgets = Vec::new();
    let mut budget = |room: u64| {
        budgets.push(room);
        budgets.len() - 1
    };
    let unlimited = u64::MAX;
    let uplinks: Vec<usize> = document.nodes.iter().map(|node| budget(node.uplink_kbps.0)).collect();
    let downlinks: Vec<usize> = document.nodes.iter().map(|node| budget(node.downlink_kbps.map_or(unlimited, |d| d.0))).collect();
    let used = |link: &pleach::instance::document::LinkRow| link.used_kbps.map_or(0, |used| used.0);
    let links: Vec<usize> = (document.links.iter())
        .map(|link| budget(link.capacity_kbps.map_or(unlimited, |capacity| capacity.0.saturating_sub(used(link)))))
        .collect();
    // Of each policy: the one budget of `limit_rate`, or the one per source of `limit_node_rate`.
    let limits: Vec<Vec<usize>> = (document.policies.iter())
        .map(|policy| match &policy.rule {
            Rule::LimitRate { max_kbps } => vec![budget(max_kbps.0); document.nodes.len()],
            Rule::LimitNodeRate(rate) => document.nodes.iter().map(|node| budget(node_limit(rate, node))).collect(),
            _ => Vec::new(),
        })
        .collect();

    let arc = |parent: usize, child: usize, content: usize| -> Option<Arc> {
        let (source, destination, title) = (&document.nodes[parent], &document.nodes[child], &document.contents[content]);
        if parent == child || !connects(document, source, destination) {
            return None;
        }
        let route = route(document, &source.network, &destination.network)?;
        let matches = |policy: &Policy| flow_matches(document, policy, source, destination, title, &route);
        let matching: Vec<(usize, &Policy)> = policies.iter().copied().filter(|(_, policy)| matches(policy)).collect();
        let mut prefer = 0.0;
        let mut drawn = vec![uplinks[parent], downlinks[child]];
        drawn.extend(route.iter().map(|&link| links[link]));
        for (p, policy) in &matching {
            match policy.rule {
                Rule::Forbid {} => return None,
                Rule::LimitRate { .. } | Rule::LimitNodeRate(_) => drawn.push(limits[*p][parent]),
                Rule::Prefer { cost } => prefer += cost,
                _ => {}
            }
        }
        let cost = flow_cost(document, weights, source, destination, &route, prefer);
        let unit = (0..title.substreams as usize)
            .map(|s| cost + if is_churn(document, source, destination, title, s) { weights.churn_weight } else { 0.0 })
            .map(|cost| (cost * 1e6).round_ties_even() as u64)
            .collect();
        Some(Arc { unit, budgets: drawn, route, matched: matching.iter().map(|(p, _)| *p).collect() })
    };
    let nodes = 0..document.nodes.len();
    let arcs = (0..document.contents.len())
        .map(|c| nodes.clone().map(|child| nodes.clone().map(|parent| arc(parent, child, c)).collect()).collect())
        .collect();
    let contents = document.contents.iter().map(title).collect();
    let machines = document.nodes.iter().map(|node| machine(document, node)).collect();
    let wishes = wishes(document, &policies);
    let depth = (document.contents.iter())
        .map(|content| document.nodes.iter().map(|node| max_depth(document, &policies, node, content)).collect())
        .collect();
    World { contents, budgets, machines, wishes, arcs, depth }
}

fn title(content: &ContentRow) -> Title {
    Title {
        rate: content.bitrate_kbps.0.div_ceil(u64::from(content.substreams)),
        substreams: content.substreams as usize,
        min: content.min_substreams.unwrap_or(content.substreams) as usize,
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
        held: document.contents.iter().map(holds).collect(),
        max_children: node.max_children.unwrap_or(u32::MAX),
        relay_contents: relay_contents(node).unwrap_or(u32::MAX),
        storage: node.storage_mb.unwrap_or(f64::INFINITY),
    }
}

fn wishes(document: &Document, policies: &[(usize, &Policy)]) -> Vec<Wish> {
    let wish = |request: &pleach::instance::document::RequestRow| {
        let node = document.nodes.iter().position(|node| node.id == request.node).expect("requests name nodes that exist");
        let content = document.contents.iter().position(|c| c.id == request.content).expect("requests name contents that exist");
        let factor = |policy: &Policy| match policy.rule {
            Rule::Priority { weight } if concerns(document, policy, node, content) => weight,
            _ => 1.0,
        };
        let factors: f64 = policies.iter().map(|(_, policy)| factor(policy)).product();
        Wish { node, content, weight: request.weight.unwrap_or(1.0) * factors }
    };
    document.requests.iter().map(wish).collect()
}

/// A policy about receivers matches this one.
pub fn concerns(document: &Document, policy: &Policy, node: usize, content: usize) -> bool {
    node_matches(document, &document.nodes[node], &policy.destination)
        && content_matches(&document.contents[content], &policy.content)
}

fn max_depth(document: &Document, policies: &[(usize, &Policy)], node: &NodeRow, content: &ContentRow) -> u32 {
    let limit = |policy: &Policy| match policy.rule {
        Rule::MaxDepth { hops }
            if node_matches(document, node, &policy.destination) && content_matches(content, &policy.content) =>
        {
            hops
        }
        _ => u32::MAX,
    };
    policies.iter().map(|(_, policy)| limit(policy)).min().unwrap_or(u32::MAX)
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
    let path = |from: &SmolStr, to: &SmolStr| document.paths.iter().find(|path| path.from == *from && path.to == *to);
    let paths = [path(&parent.id, &child.id), path(&parent.network, &child.network)];
    let rtt = paths.iter().flatten().find_map(|path| path.rtt_ms);
    let loss = paths.iter().flatten().find_map(|path| path.loss).unwrap_or(parent.loss.unwrap_or(0.0));
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

/// `previous` gave this child, for this substream, parents, but not this one. A parent that is gone was one.
fn is_churn(document: &Document, parent: &NodeRow, child: &NodeRow, content: &ContentRow, substream: usize) -> bool {
    let row = document.previous.iter().find(|row| row.node == child.id && row.content == content.id);
    match row.and_then(|row| row.parents.get(substream)) {
        None | Some(ParentCell::Nobody(())) => false,
        Some(ParentCell::One(id)) => *id != parent.id,
        Some(ParentCell::Several(ids)) => !ids.is_empty() && !ids.contains(&parent.id),
    }
}
