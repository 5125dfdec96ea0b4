//! The worst ten minutes of a logged day, as figures: who is new, who has left, what both sent.

use super::{make, peers, rate};
use pleach::instance::document::{Document, NodeRow, ParentCell};
use pleach::instance::generate::Knobs;
use std::collections::HashMap;

fn crowd(nodes: usize) -> Document {
    make("flash-crowd", Knobs { nodes: Some(nodes), ..Knobs::default() })
}

fn is_new(node: &NodeRow) -> bool {
    node.access.as_deref() == Some("new")
}

#[test]
fn a_third_of_the_audience_is_new_and_only_the_others_have_parents() {
    let document = crowd(20_000);
    let new = peers(&document).filter(|node| is_new(node)).count();
    assert!((new as f64 / 20_000.0 - 900.0 / 2_863.0).abs() < 0.001, "{new}");
    let known: HashMap<&str, &NodeRow> = document.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    assert_eq!(document.previous.len(), 20_000 - new);
    assert!(document.previous.iter().all(|row| known.get(row.node.as_str()).is_some_and(|node| !is_new(node))));
}

#[test]
fn as_many_parents_have_left_as_viewers() {
    let document = crowd(20_000);
    let cells = || document.previous.iter().flat_map(|row| &row.parents);
    let gone = cells().filter(|cell| matches!(cell, ParentCell::Nobody(()))).count() as f64 / cells().count() as f64;
    assert!((0.22..0.32).contains(&gone), "{gone}");
}

#[test]
fn the_topology_in_force_keeps_to_the_uplinks_and_has_no_cycle() {
    let document = crowd(20_000);
    let rate = rate(&document);
    let places: HashMap<&str, usize> = document.nodes.iter().enumerate().map(|(n, node)| (node.id.as_str(), n)).collect();
    let mut sent = vec![0; document.nodes.len()];
    for row in &document.previous {
        for cell in &row.parents {
            let ParentCell::One(parent) = cell else { continue };
            let parent = places[parent.as_str()];
            assert!(parent < places[row.node.as_str()], "who sends came first");
            sent[parent] += 1;
        }
    }
    assert!(document.nodes.iter().zip(sent).all(|(node, sent)| sent <= node.uplink_kbps.slots(rate)));
}

#[test]
fn newcomers_have_shown_less_uplink_than_those_who_stayed() {
    let document = crowd(60_000);
    let logged = [
        (false, 0.223, [702.0, 1815.0, 2693.0, 3244.0, 3790.0, 4327.0, 4961.0, 5922.0, 7479.0]),
        (true, 0.427, [742.0, 1478.0, 2291.0, 2742.0, 3189.0, 3688.0, 4197.0, 5044.0, 6401.0]),
    ];
    let mut factors = Vec::new();
    for (new, silent, deciles) in logged {
        let mut uplinks: Vec<f64> =
            peers(&document).filter(|node| is_new(node) == new).map(|node| node.uplink_kbps.0 as f64).collect();
        uplinks.sort_by(f64::total_cmp);
        let zero = uplinks.partition_point(|uplink| *uplink == 0.0);
        assert!((zero as f64 / uplinks.len() as f64 - silent).abs() < 0.01, "{zero} of {} are silent", uplinks.len());
        let senders = &uplinks[zero..];
        // The supply asked for scales all uplinks by one factor.
        let factor = senders[senders.len() / 2] / deciles[4];
        for (q, decile) in deciles.iter().enumerate() {
            let below = senders.partition_point(|uplink| *uplink <= decile * factor) as f64 / senders.len() as f64;
            assert!((below - (q + 1) as f64 / 10.0).abs() < 0.02, "{below} below {decile}");
        }
        factors.push(factor);
    }
    assert!((factors[0] / factors[1] - 1.0).abs() < 0.04, "{factors:?}");
}
