//! The rows of the instance.

use super::super::super::document::*;
use super::super::super::policy::*;
use super::fips;
use super::logs::Peer;
use super::rates::Force;
use super::{Cap, Options};
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};
use std::collections::{BTreeMap, BTreeSet};

/// The network in the middle, at which the origin sits.
const HUB: &str = "hub";
/// What the CDN is.
const ORIGIN: &str = "origin";

/// What one moment of the logs is, by places among the peers.
pub(super) struct Scene<'l> {
    pub peers: &'l [Peer],
    /// Viewers by channel.
    pub channels: &'l [Vec<usize>],
    pub uplinks: &'l [Kbps],
    pub force: &'l Force,
    /// Numbers of ISPs by their names.
    pub asns: &'l BTreeMap<SmolStr, u32>,
    pub options: &'l Options,
}

impl Scene<'_> {
    fn viewers(&self) -> impl Iterator<Item = usize> {
        self.channels.iter().flatten().copied()
    }

    /// The network of a peer: its ISP, else one for all of its country whose ISP is not known.
    fn network(&self, peer: usize) -> SmolStr {
        let Peer { isp, country, .. } = &self.peers[peer];
        match isp.is_empty() {
            true => format_smolstr!("unknown {}", fips::iso(country).unwrap_or(country)),
            false => isp.clone(),
        }
    }

    /// The instance, but for its name and time.
    pub fn document(&self) -> Document {
        let options = self.options;
        let names: Vec<SmolStr> = (1..=self.channels.len()).map(|channel| format_smolstr!("channel-{channel}")).collect();
        let networks = self.networks();
        let mut document = Document {
            contents: names.iter().map(|name| content(name.clone(), options)).collect(),
            nodes: self.nodes(options.origin.unwrap_or_else(|| self.not_carried())),
            links: self.links(&networks, options.link_cap),
            policies: options.peers_as_logged.then(|| self.as_logged()).into_iter().collect(),
            networks,
            ..Document::default()
        };
        for (content, viewers) in names.into_iter().zip(self.channels) {
            document.holdings.push(HoldingRow { node: ORIGIN.into(), content: content.clone(), substreams: None });
            for (seat, peer) in viewers.iter().enumerate() {
                let (node, content) = (self.peers[*peer].id.clone(), content.clone());
                document.requests.push(RequestRow { node: node.clone(), content: content.clone(), weight: None });
                document.previous.push(PreviousRow { node, content, parents: self.parents(seat, *peer) });
            }
        }
        document
    }

    /// What the CDN sent at the moment: all substreams that no peer did.
    fn not_carried(&self) -> Kbps {
        self.options.rate().times(self.viewers().map(|peer| u64::from(self.missing(peer))).sum())
    }

    /// How many substreams of a viewer no peer sends.
    fn missing(&self, peer: usize) -> u32 {
        let given: u32 = self.force.senders[peer].iter().map(|(_, count)| count).sum();
        self.options.substreams.saturating_sub(given)
    }

    fn nodes(&self, origin: Kbps) -> Vec<NodeRow> {
        let viewer = |at: usize| {
            let peer = &self.peers[at];
            let mut node = NodeRow::new(peer.id.clone(), Role::Peer, self.network(at), self.uplinks[at]);
            node.country = fips::iso(&peer.country).map(SmolStr::new_static);
            node.region = Some(peer.continent.clone()).filter(|continent| !continent.is_empty());
            if !peer.city.is_empty() {
                node.attributes.insert("city".into(), Scalar::Text(peer.city.clone()));
            }
            node
        };
        std::iter::once(NodeRow::new(ORIGIN, Role::Origin, HUB, origin)).chain(self.viewers().map(viewer)).collect()
    }

    /// The hub and the ISPs by name; an ISP has a country if all its viewers are there.
    fn networks(&self) -> Vec<NetworkRow> {
        let mut countries = BTreeMap::<SmolStr, BTreeSet<Option<&'static str>>>::new();
        for peer in self.viewers() {
            countries.entry(self.network(peer)).or_default().insert(fips::iso(&self.peers[peer].country));
        }
        let row = |id: SmolStr, kind, asn, country| NetworkRow { id, kind: Some(kind), asn, country, lat: None, lon: None };
        let isp = |(id, countries): (SmolStr, BTreeSet<Option<&'static str>>)| {
            let one = countries.first().copied().flatten().filter(|_| countries.len() == 1);
            let asn = self.asns.get(&id).copied();
            row(id, SmolStr::new_static("isp"), asn, one.map(SmolStr::new_static))
        };
        let hub = row(HUB.into(), SmolStr::new_static("hub"), None, None);
        std::iter::once(hub).chain(countries.into_iter().map(isp)).collect()
    }

    /// A link each way between the hub and every ISP.
    fn links(&self, networks: &[NetworkRow], cap: Option<Cap>) -> Vec<LinkRow> {
        let loads = self.loads();
        let link = |from: &SmolStr, to: &SmolStr| {
            let logged = loads.get(&(from.clone(), to.clone())).copied().unwrap_or_default();
            let capacity = cap.map(|cap| match cap {
                Cap::Share(share) => Kbps((logged.0 as f64 * share).round() as u64),
                Cap::Rate(rate) => rate,
            });
            LinkRow {
                id: format_smolstr!("{from}>{to}"),
                from: from.clone(),
                to: to.clone(),
                capacity_kbps: capacity,
                used_kbps: None,
                cost: None,
                kind: Some(SmolStr::new_static("transit")),
                state: None,
                month_to_date_gb: None,
                weight: None,
            }
        };
        let (Some(hub), isps) = (networks.first(), networks.iter().skip(1)) else { return Vec::new() };
        isps.flat_map(|isp| [link(&isp.id, &hub.id), link(&hub.id, &isp.id)]).collect()
    }

    /// What the topology in force puts on each link, by its ends.
    fn loads(&self) -> BTreeMap<(SmolStr, SmolStr), Kbps> {
        let mut loads = BTreeMap::new();
        let mut put = |from: SmolStr, to: SmolStr, count: u32| {
            *loads.entry((from, to)).or_insert(Kbps(0)) += self.options.rate().times(count.into());
        };
        let hub = SmolStr::new_static(HUB);
        for peer in self.viewers() {
            let (home, senders) = (self.network(peer), &self.force.senders[peer]);
            put(hub.clone(), home.clone(), self.missing(peer));
            for (tx, count) in senders {
                let from = self.network(*tx);
                if from != home {
                    put(from, hub.clone(), *count);
                    put(hub.clone(), home.clone(), *count);
                }
            }
        }
        loads
    }

    /// How many substreams viewers get from peers, and how many of them from another network.
    pub fn carried(&self) -> (u64, u64) {
        let mut carried = (0, 0);
        for peer in self.viewers() {
            let home = self.network(peer);
            for (tx, count) in &self.force.senders[peer] {
                carried.0 += u64::from(*count);
                carried.1 += if self.network(*tx) == home { 0 } else { u64::from(*count) };
            }
        }
        carried
    }

    /// Peers together send no more than they did.
    fn as_logged(&self) -> Policy {
        let peer = Matcher::OneOf(vec![Scalar::Text(SmolStr::new_static(Role::Peer.word()))]);
        Policy {
            id: SmolStr::new_static("peers-as-logged"),
            owner: Owner::Provider,
            rank: 1,
            relaxable: false,
            when: When::default(),
            source: Selector { tests: vec![Test::Field(SmolStr::new_static("role"), peer)] },
            destination: Selector::default(),
            content: Selector::default(),
            crosses: None,
            relation: None,
            rule: Rule::LimitRate { max_kbps: self.options.rate().times(self.carried().0) },
        }
    }

    /// The parents in force. Substreams are the import's, not the log's: those of a peer's senders follow each other
    /// from one that moves on with the viewer's seat, and the origin gives the rest.
    fn parents(&self, seat: usize, peer: usize) -> Vec<ParentCell> {
        let substreams = self.options.substreams as usize;
        let mut parents = vec![ParentCell::One(SmolStr::new_static(ORIGIN)); substreams];
        let senders = &self.force.senders[peer];
        let given = senders.iter().flat_map(|(tx, count)| std::iter::repeat_n(*tx, *count as usize));
        for (at, tx) in given.enumerate() {
            parents[(seat + at) % substreams] = ParentCell::One(self.peers[tx].id.clone());
        }
        parents
    }
}

fn content(id: SmolStr, options: &Options) -> ContentRow {
    ContentRow {
        id,
        kind: Some(ContentKind::Live),
        bitrate_kbps: options.bitrate,
        substreams: options.substreams,
        min_substreams: None,
        size_mb: None,
        category: None,
        media: None,
        attributes: Attributes::new(),
    }
}
