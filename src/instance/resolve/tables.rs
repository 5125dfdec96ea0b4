//! The tables whose rows have ids: sorted by id, defaults filled in.

use super::{collect_faults, refer};
use crate::ids::{ClusterId, ContentId, Id, LinkId, NetworkId, NodeId, Table};
use crate::instance::decode::At;
use crate::instance::document::{ClusterRow, ContentKind, ContentRow, LinkRow, LinkState, Media, Nat, NetworkRow, NodeRow, Role};
use crate::instance::fault::{Code, Fault};
use crate::instance::{Cluster, Content, Link, Network, Node, Place};
use crate::units::Kbps;
use rayon::prelude::*;
use smol_str::SmolStr;
use std::sync::Mutex;

/// Rows in order of their ids, each with its position in the file.
struct Sorted<R> {
    rows: Vec<R>,
    /// Empty when the file has them in order.
    positions: Vec<u32>,
}

impl<R: Sync + Send> Sorted<R> {
    /// Sorts rows, and reports ids that stand twice.
    fn by_id(rows: Vec<R>, id: impl Fn(&R) -> &SmolStr + Sync, at: At<'_>, faults: &mut Vec<Fault>) -> Sorted<R> {
        if rows.is_sorted_by(|a, b| id(a) < id(b)) {
            return Sorted { rows, positions: Vec::new() };
        }
        let mut positions: Vec<u32> = (0..rows.len() as u32).collect();
        positions.par_sort_unstable_by(|a, b| id(&rows[*a as usize]).cmp(id(&rows[*b as usize])).then(a.cmp(b)));
        for pair in positions.windows(2) {
            let (earlier, later) = (id(&rows[pair[0] as usize]), id(&rows[pair[1] as usize]));
            if earlier == later && !later.is_empty() {
                let what = format!("the id {later:?} stands twice, also in row {}", pair[0]);
                let at = at.index(pair[1] as usize);
                faults.push(Fault::new(Code::DuplicateId, at.field("id"), what, "rename or remove one of them"));
            }
        }
        let mut slots: Vec<Option<R>> = rows.into_iter().map(Some).collect();
        let rows = positions.iter().filter_map(|position| slots[*position as usize].take()).collect();
        Sorted { rows, positions }
    }

    /// Turns the rows into a table.
    fn into_table<I: Id, T: Send>(
        self,
        at: At<'_>,
        faults: &mut Vec<Fault>,
        make: impl Fn(R, At<'_>, &mut Vec<Fault>) -> T + Sync,
    ) -> Table<I, T> {
        let Sorted { rows, positions } = self;
        let faults = Mutex::new(faults);
        let make = |(row, given): (usize, R)| {
            let position = positions.get(row).map_or(row, |position| *position as usize);
            collect_faults(&faults, |faults| make(given, at.index(position), faults))
        };
        Table::new(rows.into_par_iter().enumerate().with_min_len(1024).map(make).collect())
    }
}

/// Finds a row of a sorted table by its id.
fn find<I: Id, T>(table: &Table<I, T>, name: impl Fn(&T) -> &SmolStr, id: &str) -> Option<I> {
    table.as_slice().binary_search_by(|row| name(row).as_str().cmp(id)).ok().map(I::new)
}

pub(super) fn contents(rows: Vec<ContentRow>, at: At<'_>, faults: &mut Vec<Fault>) -> Table<ContentId, Content> {
    Sorted::by_id(rows, |row| &row.id, at, faults).into_table(at, faults, |row, _, _| Content {
        id: row.id,
        kind: row.kind.unwrap_or(ContentKind::Live),
        bitrate: row.bitrate_kbps,
        substreams: row.substreams,
        min_substreams: row.min_substreams.unwrap_or(row.substreams),
        size_mb: row.size_mb,
        category: row.category,
        media: row.media.unwrap_or(Media::Video),
        attributes: row.attributes,
    })
}

pub(super) fn networks(rows: Vec<NetworkRow>, at: At<'_>, faults: &mut Vec<Fault>) -> Table<NetworkId, Network> {
    Sorted::by_id(rows, |row| &row.id, at, faults).into_table(at, faults, |row, _, _| Network {
        id: row.id,
        kind: row.kind,
        asn: row.asn,
        country: row.country,
        place: place(row.lat, row.lon),
    })
}

pub(super) fn clusters(rows: Vec<ClusterRow>, at: At<'_>, faults: &mut Vec<Fault>) -> Table<ClusterId, Cluster> {
    Sorted::by_id(rows, |row| &row.id, at, faults).into_table(at, faults, |row, _, _| Cluster {
        id: row.id,
        level: row.level,
        region: row.region,
    })
}

pub(super) fn links(
    rows: Vec<LinkRow>,
    networks: &Table<NetworkId, Network>,
    at: At<'_>,
    faults: &mut Vec<Fault>,
) -> Table<LinkId, Link> {
    let end = |id: &SmolStr, at: At<'_>, faults: &mut Vec<Fault>| {
        refer(id, "networks", find(networks, |network| &network.id, id), at, faults).unwrap_or(NetworkId(0))
    };
    Sorted::by_id(rows, |row| &row.id, at, faults).into_table(at, faults, |row, at, faults| Link {
        from: end(&row.from, at.field("from"), faults),
        to: end(&row.to, at.field("to"), faults),
        id: row.id,
        capacity: row.capacity_kbps,
        used: row.used_kbps.unwrap_or(Kbps(0)),
        cost: row.cost.unwrap_or(0.0),
        kind: row.kind,
        state: row.state.unwrap_or(LinkState::Up),
        month_to_date_gb: row.month_to_date_gb.unwrap_or(0.0),
        weight: row.weight.unwrap_or(1),
    })
}

pub(super) fn nodes(
    rows: Vec<NodeRow>,
    networks: &Table<NetworkId, Network>,
    clusters: &Table<ClusterId, Cluster>,
    at: At<'_>,
    faults: &mut Vec<Fault>,
) -> Table<NodeId, Node> {
    let make = |row, at: At<'_>, faults: &mut Vec<Fault>| node(row, networks, clusters, at, faults);
    Sorted::by_id(rows, |row| &row.id, at, faults).into_table(at, faults, make)
}

fn node(
    row: NodeRow,
    networks: &Table<NetworkId, Network>,
    clusters: &Table<ClusterId, Cluster>,
    at: At<'_>,
    faults: &mut Vec<Fault>,
) -> Node {
    let found = find(networks, |network| &network.id, &row.network);
    let network = refer(&row.network, "networks", found, at.field("network"), faults);
    let given = network.map(|network| &networks[network]);
    let mut member_of: Vec<ClusterId> = Vec::new();
    for (index, id) in row.clusters.iter().enumerate() {
        let at = at.field("clusters");
        let found = find(clusters, |cluster| &cluster.id, id);
        member_of.extend(refer(id, "clusters", found, at.index(index), faults));
    }
    member_of.sort_unstable();
    member_of.dedup();
    let mut affinity = row.affinity;
    affinity.sort_unstable();
    affinity.dedup();
    Node {
        id: row.id,
        role: row.role,
        network: network.unwrap_or(NetworkId(0)),
        uplink: row.uplink_kbps,
        downlink: row.downlink_kbps,
        nat: row.nat.unwrap_or(Nat::Open),
        access: row.access,
        country: row.country.or_else(|| given?.country.clone()),
        region: row.region,
        place: place(row.lat, row.lon).or_else(|| given?.place),
        ip: row.ip,
        affinity,
        level: member_of.iter().map(|cluster| clusters[*cluster].level).min(),
        clusters: member_of,
        max_children: row.max_children,
        relay_contents: row.relay_contents.or((row.role != Role::Waypoint).then_some(0)),
        storage_mb: row.storage_mb,
        loss: row.loss.unwrap_or(0.0),
        availability: row.availability.unwrap_or(1.0),
        cost: row.cost.unwrap_or(default_cost(row.role)),
        attributes: row.attributes,
    }
}

/// Cost per Mbps sent where the file names none.
fn default_cost(role: Role) -> f64 {
    match role {
        Role::Origin | Role::Server => 1.0,
        Role::Waypoint => 0.5,
        Role::Peer => 0.0,
    }
}

fn place(lat: Option<f64>, lon: Option<f64>) -> Option<Place> {
    Some(Place { lat: lat?, lon: lon? })
}
