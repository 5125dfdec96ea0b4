//! What the nodes of each cell ask and can send, gathered once: the group program and its bounds are stated over it.

use crate::ids::{ContentId, Id, NodeId, RequestId, Table};
use crate::instance::Instance;
use crate::policy::{CellId, Cells, Rules};
use crate::units::Kbps;
use rustc_hash::FxHashMap;

/// What makes requests look alike to the program: weight, slots, and substreams lacked, held and needed at least, and parents
/// of each.
pub type TierKey = (u64, u32, [u8; 4]);

/// Up to so many requests every number of slots has its own tier, so that whole requests bring whole slots.
const EXACT_REQUESTS: usize = 30_000;

/// Requests of one cell for one content that the program does not tell apart.
#[derive(Clone, Copy, Debug)]
pub struct Tier {
    /// How many requests.
    pub count: f64,
    /// Weight of each.
    pub weight: f64,
    /// Substreams that each lacks and can receive.
    pub need: f64,
    /// Substreams that each holds.
    pub held: f64,
    /// Fewest substreams through parents that count as served.
    pub least: f64,
    /// Parents of each substream.
    pub parents: f64,
    /// Slots that each can send once served, in the mean.
    pub brings: f64,
    /// What its requests have in common.
    pub key: TierKey,
}

impl Tier {
    fn key_when(&self, exactly: bool) -> TierKey {
        let substreams = [self.need as u8, self.held as u8, self.least as u8, self.parents as u8];
        (self.weight.to_bits(), bucket(self.brings, self.takes(), exactly), substreams)
    }

    /// Copies that one request takes when it receives all that it lacks.
    pub fn takes(&self) -> f64 {
        self.need * self.parents
    }
}

/// One content in one cell.
#[derive(Clone, Debug, Default)]
pub struct Share {
    /// Number of the cell.
    pub cell: u32,
    /// Its requests.
    pub tiers: Vec<Tier>,
    /// Slots of nodes that can send whoever is served.
    pub standing: f64,
    /// Some node holds something of it, whether or not it can send that.
    pub holds: bool,
    /// Slots that relays can send once they receive anything, and how many relays.
    pub relayed: f64,
    /// Nodes that may relay the content.
    pub relays: f64,
}

/// Everything asked and offered, by content and cell.
#[derive(Debug)]
pub struct Supply {
    /// For each content its cells in order.
    pub shares: Table<ContentId, Vec<Share>>,
    /// Uplink of each cell in kbps that can be sent at most, whole slots counted, where nodes send several contents.
    pub shared_uplink: FxHashMap<CellId, f64>,
    /// Downlink of each cell in kbps where some node asks for several contents and its downlink is limited.
    pub shared_downlink: FxHashMap<CellId, f64>,
}

/// What one node can do for one content.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// Whole slots of its uplink.
    pub slots: f64,
    /// It can send whoever is served.
    pub standing: bool,
}

/// What a node can do for a content: its slots, and whether it has something to send from the start.
pub fn role(instance: &Instance, node: NodeId, content: ContentId) -> Role {
    let slots = instance.nodes[node].uplink.slots(instance.contents[content].rate());
    Role { slots: slots as f64, standing: instance.held(node, content) != 0 }
}

/// The tier of one request, of which it is the only one.
pub fn tier(instance: &Instance, rules: &Rules, request: RequestId) -> Option<Tier> {
    let row = &instance.requests[request];
    let content = &instance.contents[row.content];
    let held = instance.held(row.node, row.content).count_ones();
    let room = instance.nodes[row.node].downlink.map_or(u64::MAX, |downlink| downlink.slots(content.rate()));
    let parents = rules.redundancy(row.node, row.content, &[]).parents;
    let need = u64::from(content.substreams - held).min(room / u64::from(parents)) as f64;
    let least = f64::from(rules.least(instance, row.node, row.content).saturating_sub(held));
    let role = role(instance, row.node, row.content);
    let brings = if role.standing { 0.0 } else { role.slots };
    let (weight, held, parents) = (rules.weight[request], f64::from(held), f64::from(parents));
    let mut tier = Tier { count: 1.0, weight, need, held, least, parents, brings, key: TierKey::default() };
    tier.key = tier.key_when(is_exact(instance));
    (least <= need).then_some(tier)
}

/// Tiers are exact: requests of one bring the same number of slots.
pub fn is_exact(instance: &Instance) -> bool {
    instance.requests.len() <= EXACT_REQUESTS
}

/// Slots are told apart where that decides who is worth feeding: each number below what a request takes, then octaves.
fn bucket(slots: f64, need: f64, exactly: bool) -> u32 {
    if slots < need || exactly { slots as u32 } else { u32::MAX / 2 + (slots / need.max(1.0)).log2() as u32 }
}

impl Supply {
    /// Gathers what the cells ask and offer.
    pub fn of(instance: &Instance, rules: &Rules, cells: &Cells) -> Supply {
        let mut gathered =
            Gathered { shares: Table::filled(instance.contents.len(), FxHashMap::default()), ..Default::default() };
        let mut tiers: FxHashMap<(ContentId, CellId, TierKey), usize> = FxHashMap::default();
        for (id, request) in instance.requests.pairs() {
            let cell = cells.cell(request.node);
            let share = gathered.share(request.content, cell);
            let Some(one) = tier(instance, rules, id) else { continue };
            let key = (request.content, cell, one.key);
            let place = *tiers.entry(key).or_insert_with(|| {
                share.tiers.push(Tier { count: 0.0, brings: 0.0, ..one });
                share.tiers.len() - 1
            });
            let tier = &mut share.tiers[place];
            tier.brings = (tier.brings * tier.count + one.brings) / (tier.count + 1.0);
            tier.count += 1.0;
        }
        for holding in instance.holdings.iter().filter(|holding| holding.mask != 0) {
            let share = gathered.share(holding.content, cells.cell(holding.node));
            share.standing += role(instance, holding.node, holding.content).slots;
            share.holds = true;
        }
        gathered.add_relays(instance, cells);
        gathered.add_shared(instance, cells);
        gathered.finish()
    }

    /// Every tier, in order of content, share and tier.
    pub fn tiers(&self) -> impl Iterator<Item = (ContentId, CellId, TierKey)> + '_ {
        self.shares.pairs().flat_map(|(content, shares)| {
            shares.iter().flat_map(move |share| share.tiers.iter().map(move |tier| (content, CellId(share.cell), tier.key)))
        })
    }
}

#[derive(Default)]
struct Gathered {
    shares: Table<ContentId, FxHashMap<CellId, Share>>,
    shared_uplink: FxHashMap<CellId, f64>,
    shared_downlink: FxHashMap<CellId, f64>,
}

impl Gathered {
    fn share(&mut self, content: ContentId, cell: CellId) -> &mut Share {
        self.shares[content].entry(cell).or_insert_with(|| Share { cell: cell.0, ..Share::default() })
    }

    fn add_relays(&mut self, instance: &Instance, cells: &Cells) {
        for (id, node) in instance.nodes.pairs().filter(|(_, node)| node.relay_contents != Some(0)) {
            for content in instance.contents.ids() {
                if instance.request(id, content).is_none() && instance.held(id, content) == 0 {
                    let slots = node.uplink.slots(instance.contents[content].rate()) as f64;
                    let share = self.share(content, cells.cell(id));
                    share.relayed += slots;
                    share.relays += 1.0;
                }
            }
        }
    }

    /// Uplinks and downlinks of cells in which some node sends or receives several contents.
    fn add_shared(&mut self, instance: &Instance, cells: &Cells) {
        let mut several_sent = vec![false; cells.len()];
        let mut several_received = vec![false; cells.len()];
        for node in instance.nodes.ids() {
            let cell = cells.cell(node).index();
            several_sent[cell] |= sendable(instance, node).take(2).count() > 1;
            several_received[cell] |= instance.nodes[node].downlink.is_some() && asked(instance, node).take(2).count() > 1;
        }
        for node in instance.nodes.ids() {
            let cell = cells.cell(node);
            if several_sent[cell.index()] {
                *self.shared_uplink.entry(cell).or_insert(0.0) += most_sent(instance, node);
            }
            if several_received[cell.index()] {
                let most = instance.nodes[node].downlink.map_or(f64::INFINITY, |downlink| downlink.0 as f64);
                *self.shared_downlink.entry(cell).or_insert(0.0) += most;
            }
        }
    }

    fn finish(self) -> Supply {
        let sorted = |shares: &FxHashMap<CellId, Share>| {
            let mut shares: Vec<Share> = shares.values().cloned().collect();
            shares.sort_by_key(|share| share.cell);
            shares
        };
        Supply {
            shares: Table::new(self.shares.iter().map(sorted).collect()),
            shared_uplink: self.shared_uplink,
            shared_downlink: self.shared_downlink,
        }
    }
}

/// Contents that a node asks for.
fn asked(instance: &Instance, node: NodeId) -> impl Iterator<Item = ContentId> + '_ {
    let rows = instance.requests.as_slice();
    let first = rows.partition_point(|request| request.node < node);
    rows[first..].iter().take_while(move |request| request.node == node).map(|request| request.content)
}

/// Contents that a node may send: held, asked for, or relayed.
pub fn sendable(instance: &Instance, node: NodeId) -> impl Iterator<Item = ContentId> + '_ {
    let first = instance.holdings.partition_point(|holding| holding.node < node);
    let held = instance.holdings[first..].iter().take_while(move |holding| holding.node == node);
    let held = held.filter(move |holding| instance.request(node, holding.content).is_none()).map(|holding| holding.content);
    let relays = instance.nodes[node].relay_contents != Some(0);
    let idle = move |content: &ContentId| instance.request(node, *content).is_none() && instance.held(node, *content) == 0;
    held.chain(asked(instance, node)).chain(instance.contents.ids().filter(move |_| relays).filter(idle))
}

/// What of a capacity can be filled, kbps: whole slots where all contents have one rate.
pub fn fillable(instance: &Instance, capacity: Kbps) -> f64 {
    let mut rates = instance.contents.iter().map(|content| content.rate());
    match rates.next() {
        Some(rate) if rates.all(|other| other == rate) => rate.times(capacity.slots(rate)).0 as f64,
        _ => capacity.0 as f64,
    }
}

/// The most that a node can send over all contents, kbps: whole slots where all that it may send has one rate.
pub fn most_sent(instance: &Instance, node: NodeId) -> f64 {
    let uplink = instance.nodes[node].uplink;
    let mut rates = sendable(instance, node).map(|content| instance.contents[content].rate());
    match rates.next() {
        None => 0.0,
        Some(rate) if rates.all(|other| other == rate) => rate.times(uplink.slots(rate)).0 as f64,
        Some(_) => uplink.0 as f64,
    }
}
