//! A thousand channels: popularity, ladders and relays as the figures say.

use super::{make, peers, rate};
use pleach::instance::document::{Document, Role};
use pleach::instance::generate::{Knobs, long_tail::POPULARITY};
use std::collections::BTreeMap;

fn document() -> Document {
    make("long-tail-live", Knobs::default())
}

/// Viewers of each channel, most watched first.
fn audiences(document: &Document) -> Vec<f64> {
    let mut viewers: BTreeMap<&str, f64> = document.contents.iter().map(|content| (content.id.as_str(), 0.0)).collect();
    document.requests.iter().for_each(|request| *viewers.get_mut(request.content.as_str()).expect("it is listed") += 1.0);
    let mut viewers: Vec<f64> = viewers.into_values().collect();
    viewers.sort_by(|a, b| b.total_cmp(a));
    viewers
}

#[test]
fn viewers_fall_with_rank_as_steeply_as_published() {
    let audiences = audiences(&document());
    assert_eq!(audiences.len(), 1_000);
    let points: Vec<(f64, f64)> =
        audiences.iter().enumerate().filter(|(_, v)| **v > 0.0).map(|(i, v)| ((i as f64 + 1.0).ln(), v.ln())).collect();
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
    assert!((-1.0..=-0.8).contains(&slope), "{slope}");
}

#[test]
fn the_shares_of_the_largest_channels_are_the_published_ones() {
    let audiences = audiences(&document());
    let share = |largest: usize| audiences[..largest].iter().sum::<f64>() / 50_000.0;
    for (largest, published) in [(1, 0.031), (10, 0.127), (100, 0.455)] {
        assert!((share(largest) / published - 1.0).abs() < 0.1, "the first {largest}: {}", share(largest));
    }
    assert!(POPULARITY.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1));
}

#[test]
fn fewer_peers_watch_fewer_channels_of_the_same_skew() {
    let audiences = audiences(&make("long-tail-live", Knobs { nodes: Some(2_000), ..Knobs::default() }));
    assert_eq!(audiences.len(), 40);
    let share = audiences[..4].iter().sum::<f64>() / 2_000.0;
    assert!((0.38..=0.52).contains(&share), "{share}");
}

#[test]
fn every_channel_stands_on_the_ladder_and_has_an_origin_and_a_server() {
    let document = document();
    for content in &document.contents {
        assert!([3_000, 4_500, 6_000].contains(&content.bitrate_kbps.0), "{}", content.bitrate_kbps);
        assert_eq!(content.bitrate_kbps.0, rate(&document).0 * u64::from(content.substreams));
        assert_eq!(document.holdings.iter().filter(|holding| holding.content == content.id).count(), 2);
    }
}

#[test]
fn only_waypoints_and_peers_with_spare_uplink_relay() {
    let document = document();
    let substreams: BTreeMap<&str, u64> =
        document.contents.iter().map(|content| (content.id.as_str(), u64::from(content.substreams))).collect();
    let takes: BTreeMap<&str, u64> =
        document.requests.iter().map(|request| (request.node.as_str(), substreams[request.content.as_str()])).collect();
    let relaying: Vec<_> = peers(&document).filter(|node| node.relay_contents.is_some()).collect();
    assert!(relaying.iter().all(|node| node.uplink_kbps.slots(rate(&document)) >= takes[node.id.as_str()] + 4));
    assert!((0.08..=0.18).contains(&(relaying.len() as f64 / 50_000.0)), "{}", relaying.len());
    assert!(document.nodes.iter().any(|node| node.role == Role::Waypoint && node.uplink_kbps.0 > 0));
}
