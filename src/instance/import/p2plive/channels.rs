//! Who watches what: the logs do not say it, but only viewers of one channel exchange its chunks.

use super::logs::Logs;
use petgraph::unionfind::UnionFind;
use std::collections::BTreeMap;

/// The viewers online at a moment by channel, by their places among the peers.
///
/// A channel is a component of the graph of all links of the day between two viewers that are both online: links in
/// force alone would tear a channel apart, and those who left may have watched another one before. The largest
/// channel comes first, and of several as large the one with the earliest viewer; viewers stand in the file's order.
pub(super) fn of(logs: &Logs, at: u32) -> Vec<Vec<usize>> {
    let online: Vec<bool> = logs.peers.iter().map(|peer| peer.span.holds(at)).collect();
    let mut sets = UnionFind::new(logs.peers.len());
    for link in logs.links.iter().filter(|link| online[link.rx] && online[link.tx]) {
        sets.union(link.rx, link.tx);
    }
    let mut channels = BTreeMap::<usize, Vec<usize>>::new();
    for peer in (0..logs.peers.len()).filter(|peer| online[*peer]) {
        channels.entry(sets.find(peer)).or_default().push(peer);
    }
    let mut channels: Vec<Vec<usize>> = channels.into_values().collect();
    channels.sort_by_key(|viewers| (std::cmp::Reverse(viewers.len()), viewers[0]));
    channels
}
