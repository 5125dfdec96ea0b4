//! Minimum cuts of what networks can send each other.
//!
//! ```text
//!            sends                 asks
//!   source ---------> Send ------> Ask ---------> sink        each network has four places; Send to Ask is a flow inside it,
//!                      |  inside    ^                         over its inner links
//!                      v            |
//!                     Out <------- In                         transit
//!                      |            ^
//!                      +--- link ---+                         from Out of one network to In of another
//! ```
//!
//! Every flow of a valid plan is a path here, over the links of its route; connectivity, policies and trees are left out, and
//! a path may take any links that are up. So what no flow here can carry, no plan can. Where the most that can flow is
//! less than what is asked, the places from which the sink is still within reach are the *short side*: everything into it
//! is full. Parts of it that no pipe joins are short each by itself.

use crate::ids::{Id, LinkId, NetworkId, Table};
use crate::instance::Instance;
use petgraph::algo::dinics;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::unionfind::UnionFind;
use petgraph::visit::EdgeRef;
use petgraph::{Direction, Graph};

/// More than any sum of rates, and far from overflowing.
const UNLIMITED: u64 = u64::MAX / 4;

/// A part of the short side: what is asked there is more than what is sent there and what the links into it let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ShortSide {
    /// Networks whose receivers are behind the cut.
    pub(super) asking: Vec<NetworkId>,
    /// Networks whose senders are behind the cut.
    pub(super) sending: Vec<NetworkId>,
    /// Networks that receive and send behind the cut, transit too.
    pub(super) passing: Vec<NetworkId>,
    /// Links into it, all full.
    pub(super) links: Vec<LinkId>,
}

/// Where in a network.
#[derive(Clone, Copy)]
enum Place {
    Send,
    Out,
    In,
    Ask,
}

/// What can flow between networks, kbps.
pub(super) struct Pipes {
    graph: DiGraph<(), u64>,
    /// The link that a pipe is, by number of the edge.
    links: Vec<Option<LinkId>>,
    networks: usize,
}

impl Pipes {
    /// The pipes of an instance, where `room` tells the kbps that a link lets through (`None`: no limit), and what
    /// each network can send, and asks for, in kbps.
    pub(super) fn of(
        instance: &Instance,
        room: impl Fn(LinkId) -> Option<u64>,
        sends: &Table<NetworkId, u64>,
        asks: &Table<NetworkId, u64>,
    ) -> Pipes {
        let networks = instance.networks.len();
        let mut graph = Graph::with_capacity(4 * networks + 2, 6 * networks + instance.links.len());
        for _ in 0..4 * networks + 2 {
            graph.add_node(());
        }
        let mut pipes = Pipes { graph, links: Vec::new(), networks };
        let (source, sink) = (pipes.source(), pipes.sink());
        let mut inside: Table<NetworkId, (u64, Option<LinkId>)> = Table::filled(networks, (UNLIMITED, None));
        for (id, link) in instance.links.pairs() {
            let room = room(id).map_or(UNLIMITED, |room| room.min(UNLIMITED));
            if link.from != link.to {
                let (out, into) = (pipes.place(link.from, Place::Out), pipes.place(link.to, Place::In));
                pipes.add(out, into, room, Some(id));
            } else if room < inside[link.from].0 {
                inside[link.from] = (room, Some(id));
            }
        }
        for (network, (room, link)) in inside.pairs() {
            let [send, out, into, ask] =
                [Place::Send, Place::Out, Place::In, Place::Ask].map(|place| pipes.place(network, place));
            pipes.add(source, send, sends[network], None);
            pipes.add(ask, sink, asks[network], None);
            pipes.add(send, ask, *room, *link);
            for (from, to) in [(send, out), (into, out), (into, ask)] {
                pipes.add(from, to, UNLIMITED, None);
            }
        }
        pipes
    }

    fn add(&mut self, from: NodeIndex, to: NodeIndex, room: u64, link: Option<LinkId>) {
        self.graph.add_edge(from, to, room);
        self.links.push(link);
    }

    fn place(&self, network: NetworkId, place: Place) -> NodeIndex {
        NodeIndex::new(4 * network.index() + place as usize)
    }

    fn source(&self) -> NodeIndex {
        NodeIndex::new(4 * self.networks)
    }

    fn sink(&self) -> NodeIndex {
        NodeIndex::new(4 * self.networks + 1)
    }

    /// The least short side, in parts that no pipe joins, in order of their networks; none where all that is asked can flow.
    pub(super) fn short_sides(&self) -> Vec<ShortSide> {
        let (_, flows) = dinics(&self.graph, self.source(), self.sink());
        let short = self.reaching_the_sink(&flows);
        let mut parts = UnionFind::new(self.graph.node_count());
        let ends = [self.source(), self.sink()];
        let inner = |place: NodeIndex| short[place.index()] && !ends.contains(&place);
        for edge in self.graph.edge_references().filter(|edge| inner(edge.source()) && inner(edge.target())) {
            parts.union(edge.source().index(), edge.target().index());
        }
        let mut sides: Vec<(usize, ShortSide)> = Vec::new();
        let mut side_of = |place: NodeIndex, note: &mut dyn FnMut(&mut ShortSide)| {
            let part = parts.find(place.index());
            let at = sides.iter().position(|(known, _)| *known == part).unwrap_or_else(|| {
                sides.push((part, ShortSide::default()));
                sides.len() - 1
            });
            note(&mut sides[at].1);
        };
        for network in (0..self.networks).map(NetworkId::new) {
            for place in [Place::Send, Place::Out, Place::Ask] {
                let at = self.place(network, place);
                if short[at.index()] {
                    side_of(at, &mut |side| match place {
                        Place::Send => side.sending.push(network),
                        Place::Out => side.passing.push(network),
                        _ => side.asking.push(network),
                    });
                }
            }
        }
        for edge in self.graph.edge_references().filter(|edge| !short[edge.source().index()] && inner(edge.target())) {
            if let Some(link) = self.links[edge.id().index()] {
                side_of(edge.target(), &mut |side| side.links.push(link));
            }
        }
        sides.into_iter().map(|(_, side)| side).collect()
    }

    /// From which places more could still flow to the sink.
    fn reaching_the_sink(&self, flows: &[u64]) -> Vec<bool> {
        let mut reaching = vec![false; self.graph.node_count()];
        let mut open = vec![self.sink()];
        reaching[self.sink().index()] = true;
        let flow = |edge: EdgeIndex| flows[edge.index()];
        while let Some(at) = open.pop() {
            let into = self.graph.edges_directed(at, Direction::Incoming);
            let more = into.filter(|edge| *edge.weight() > flow(edge.id())).map(|edge| edge.source());
            let out = self.graph.edges_directed(at, Direction::Outgoing);
            let back = out.filter(|edge| flow(edge.id()) > 0).map(|edge| edge.target());
            for place in more.chain(back) {
                if !std::mem::replace(&mut reaching[place.index()], true) {
                    open.push(place);
                }
            }
        }
        reaching
    }
}
