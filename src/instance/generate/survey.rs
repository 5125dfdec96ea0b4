//! What a finished instance turned out to be, told in the same words for every scenario.
//!
//! Everything is counted from the [`Document`] alone, so that a scenario need not help and cannot flatter itself. Supply
//! is whole slots: the copies that a node can send of the contents it asks for or holds, in kbps so that contents of
//! several rates add up. Copies must cross networks where a network asks for more of a content than its own nodes can
//! send: a bound for every plan that serves as much as the supply allows. A link binds where it is smaller than the
//! demand behind it: what networks lack, taken the shortest way from the nearest holder; for a link inside a network, all
//! that could be exchanged there.

use super::super::document::*;
use crate::units::Kbps;
use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Figures of one instance; rates in kbps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Survey {
    /// Contents.
    contents: usize,
    /// Peers.
    peers: usize,
    /// Those of them without room for one copy of anything that they could pass on.
    without_slot: usize,
    /// What requests ask for and do not hold.
    demand: u64,
    /// Whole slots of peers.
    from_peers: u64,
    /// Whole slots of all other nodes.
    from_servers: u64,
    /// What can be served at most: of each content no more than those who have it can send.
    servable: u64,
    /// What crosses networks, at least, in a plan that serves so much.
    must_cross: u64,
    /// Networks with requests.
    networks: usize,
    /// Different places of these networks and their nodes.
    places: usize,
    /// Links.
    links: usize,
    /// Links with a capacity.
    limited: usize,
    /// Links smaller than the demand behind them.
    binding: usize,
    /// Requests with a row in `previous`.
    kept: usize,
    /// Those of them that lack a parent for some substream.
    bereft: usize,
}

/// What a network asks for of one content, and could send of it.
#[derive(Clone, Copy, Default)]
struct Room {
    demand: u64,
    supply: u64,
}

impl Survey {
    /// Counts, in a document whose references hold.
    pub(super) fn of(document: &Document) -> Survey {
        let contents: HashMap<&str, usize> = document.contents.iter().enumerate().map(|(c, row)| (row.id.as_str(), c)).collect();
        let networks: HashMap<&str, usize> = document.networks.iter().enumerate().map(|(n, row)| (row.id.as_str(), n)).collect();
        let nodes: HashMap<&str, usize> = document.nodes.iter().enumerate().map(|(n, row)| (row.id.as_str(), n)).collect();
        let home = |node: usize| networks[document.nodes[node].network.as_str()];
        let mut survey = Survey {
            contents: document.contents.len(),
            links: document.links.len(),
            kept: document.previous.len(),
            ..Survey::default()
        };
        let mut rooms: BTreeMap<(usize, usize), Room> = BTreeMap::new();
        let mut has: Vec<(usize, usize)> = Vec::new();
        let mut held: HashMap<(usize, usize), u64> = HashMap::new();
        for row in &document.holdings {
            let key = (nodes[row.node.as_str()], contents[row.content.as_str()]);
            let all = u64::from(document.contents[key.1].substreams);
            held.insert(key, row.substreams.as_ref().map_or(all, |list| list.len() as u64));
            has.push(key);
        }
        let mut places = BTreeSet::new();
        for row in &document.requests {
            let key = (nodes[row.node.as_str()], contents[row.content.as_str()]);
            let content = &document.contents[key.1];
            let wanted = u64::from(content.substreams).saturating_sub(held.get(&key).copied().unwrap_or(0));
            let demand = rate(content).times(wanted).0;
            survey.demand += demand;
            rooms.entry((home(key.0), key.1)).or_default().demand += demand;
            let (node, network) = (&document.nodes[key.0], &document.networks[home(key.0)]);
            places.insert((node.lat.or(network.lat).map(f64::to_bits), node.lon.or(network.lon).map(f64::to_bits)));
            has.push(key);
        }
        for (n, _) in document.nodes.iter().enumerate().filter(|(_, node)| node.role == Role::Waypoint) {
            has.extend((0..contents.len()).map(|c| (n, c)));
        }
        survey.networks = rooms.keys().map(|(network, _)| network).collect::<BTreeSet<_>>().len();
        survey.places = places.len();
        let mut own = vec![0; contents.len()];
        let pool = survey.senders(document, has, |node, content, supply, alone| {
            rooms.entry((home(node), content)).or_default().supply += supply;
            own[content] += if alone { supply } else { 0 };
        });
        let inside: u64 = rooms.values().map(|room| room.demand.min(room.supply)).sum();
        survey.servable = most_served(&rooms, &own, pool).min(survey.demand);
        survey.must_cross = survey.servable.saturating_sub(inside);
        survey.weigh_links(document, &rooms, &networks);
        let lost = |row: &&PreviousRow| row.parents.iter().any(|cell| matches!(cell, ParentCell::Nobody(())));
        survey.bereft = document.previous.iter().filter(lost).count();
        survey
    }

    /// Counts whole slots. A node with several contents is counted at the smallest of their rates; what such nodes can send
    /// in all is returned. Noted are node, content, what it can send of it, and whether it can send nothing else.
    fn senders(
        &mut self,
        document: &Document,
        mut has: Vec<(usize, usize)>,
        mut note: impl FnMut(usize, usize, u64, bool),
    ) -> u64 {
        let mut pool = 0;
        has.sort_unstable();
        has.dedup();
        let mut whole = vec![0; document.nodes.len()];
        for contents in has.chunk_by(|a, b| a.0 == b.0) {
            let node = contents[0].0;
            let filled = |rate: Kbps| rate.times(document.nodes[node].uplink_kbps.slots(rate)).0;
            let rates = contents.iter().map(|(_, content)| rate(&document.contents[*content]));
            whole[node] = rates.clone().min().map_or(0, filled);
            let alone = contents.len() == 1;
            pool += if alone { 0 } else { whole[node] };
            contents.iter().zip(rates).for_each(|((_, content), rate)| note(node, *content, filled(rate), alone));
        }
        for (node, whole) in document.nodes.iter().zip(whole) {
            let peer = node.role == Role::Peer;
            *if peer { &mut self.from_peers } else { &mut self.from_servers } += whole;
            self.peers += usize::from(peer);
            self.without_slot += usize::from(peer && whole == 0);
        }
        pool
    }

    /// Puts what every network lacks on the shortest way from the nearest holder, and compares.
    fn weigh_links(&mut self, document: &Document, rooms: &BTreeMap<(usize, usize), Room>, networks: &HashMap<&str, usize>) {
        let mut graph = DiGraph::<(), u64, u32>::default();
        let places: Vec<NodeIndex> = document.networks.iter().map(|_| graph.add_node(())).collect();
        let start = graph.add_node(());
        let ends = |link: &LinkRow| (networks[link.from.as_str()], networks[link.to.as_str()]);
        let open = |link: &&LinkRow| link.state != Some(LinkState::Down);
        for link in document.links.iter().filter(open) {
            let (from, to) = ends(link);
            graph.add_edge(places[from], places[to], link.weight.unwrap_or(1));
        }
        let holders: BTreeSet<&str> = document.holdings.iter().map(|row| row.node.as_str()).collect();
        for node in document.nodes.iter().filter(|node| node.role != Role::Peer && holders.contains(node.id.as_str())) {
            graph.update_edge(start, places[networks[node.network.as_str()]], 0);
        }
        let far = dijkstra(&graph, start, None, |edge| *edge.weight());
        let mut before = vec![None; places.len()];
        for (l, link) in document.links.iter().enumerate().filter(|(_, link)| open(link)) {
            let (from, to) = ends(link);
            let (Some(near), Some(end)) = (far.get(&places[from]), far.get(&places[to])) else { continue };
            if from != to && near + link.weight.unwrap_or(1) == *end && before[to].is_none() {
                before[to] = Some(l);
            }
        }
        let (mut loads, mut inside) = (vec![0; document.links.len()], vec![0; places.len()]);
        for ((network, _), room) in rooms {
            inside[*network] += room.demand.min(room.supply);
            let mut at = *network;
            while let Some(link) = before[at] {
                loads[link] += room.demand.saturating_sub(room.supply);
                at = ends(&document.links[link]).0;
            }
        }
        for (link, load) in document.links.iter().zip(loads) {
            let Some(capacity) = link.capacity_kbps else { continue };
            let (from, to) = ends(link);
            let load = if from == to { inside[from] } else { load };
            self.limited += 1;
            self.binding += usize::from(capacity.saturating_sub(link.used_kbps.unwrap_or_default()).0 < load);
        }
    }

    /// The figures as sentences for people.
    pub(super) fn sentences(&self) -> Vec<String> {
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        let percent = |part: usize, whole: usize| 100.0 * share(part as u64, whole as u64);
        let supply = self.from_peers + self.from_servers;
        let mut sentences = vec![
            format!(
                "supply in whole slots: {:.4} of the demand, {:.4} from peers and {:.4} from servers",
                share(supply, self.demand),
                share(self.from_peers, self.demand),
                share(self.from_servers, self.demand)
            ),
            format!("peers without a slot: {:.1} %", percent(self.without_slot, self.peers)),
            format!("copies that must cross networks: {:.1} % of all", 100.0 * share(self.must_cross, self.servable)),
            format!("places: {} networks with viewers at {} positions", self.networks, self.places),
            match self.limited {
                0 => format!("links: {}, none with a capacity", self.links),
                limited => format!(
                    "links: {}, {limited} with a capacity, {} of them smaller than the demand behind them",
                    self.links, self.binding
                ),
            },
        ];
        if self.servable < self.demand.min(supply) {
            let most = share(self.servable, self.demand);
            sentences.push(format!(
                "contents: {}, of which none helps another: at most {most:.4} of the demand can be served",
                self.contents
            ));
        }
        if self.kept > 0 {
            sentences.push(format!(
                "topology in force: {:.1} % of the peers have parents, {:.1} % of these have lost some",
                percent(self.kept, self.peers),
                percent(self.bereft, self.kept)
            ));
        }
        sentences
    }
}

/// What can be served at most: of each content what those can send who have nothing else, and the pool of all others.
fn most_served(rooms: &BTreeMap<(usize, usize), Room>, own: &[u64], pool: u64) -> u64 {
    let mut demands = vec![0; own.len()];
    rooms.iter().for_each(|((_, content), room)| demands[*content] += room.demand);
    demands.iter().zip(own).map(|(demand, own)| demand.min(own)).sum::<u64>() + pool
}

/// The rate of one substream.
fn rate(content: &ContentRow) -> Kbps {
    Kbps(content.bitrate_kbps.0.div_ceil(u64::from(content.substreams.max(1))))
}
