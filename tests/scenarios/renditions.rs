//! A final cut into renditions: each a content of its own, one for each viewer.

use super::{make, peers};
use pleach::instance::Instance;
use pleach::instance::document::Document;
use pleach::instance::generate::{Knobs, SCENARIOS, ladder};
use pleach::units::Kbps;
use std::collections::HashMap;

fn cut(supply: Option<f64>) -> Document {
    make("national-final", Knobs { supply, renditions: true, ..Knobs::default() })
}

#[test]
fn each_viewer_asks_for_one_rendition_that_suits_its_line() {
    let document = cut(None);
    assert_eq!(document.contents.len(), ladder::RUNGS.len());
    assert_eq!(document.requests.len(), peers(&document).count());
    let lines: HashMap<&str, &str> =
        peers(&document).filter_map(|node| Some((node.id.as_str(), node.access.as_deref()?))).collect();
    for (line, shares) in ladder::WISHES {
        let wishes: Vec<&str> = document
            .requests
            .iter()
            .filter(|request| lines[request.node.as_str()] == line)
            .map(|request| request.content.as_str())
            .collect();
        for (rung, share) in ladder::RUNGS.iter().zip(shares) {
            let here = wishes.iter().filter(|wish| **wish == rung.id).count() as f64 / wishes.len() as f64;
            let spread = 4.0 * (share * (1.0 - share) / wishes.len() as f64).sqrt();
            assert!((here - share).abs() <= spread, "{line} {}: {here}", rung.id);
        }
    }
    Instance::from_document(document).expect("no faults");
}

#[test]
fn supply_counts_slots_of_what_each_viewer_watches() {
    for asked in [0.6, 0.93, 1.4] {
        let document = cut(Some(asked));
        let bitrate: HashMap<&str, u64> = document.contents.iter().map(|row| (row.id.as_str(), row.bitrate_kbps.0)).collect();
        let wish: HashMap<&str, u64> =
            document.requests.iter().map(|row| (row.node.as_str(), bitrate[row.content.as_str()])).collect();
        let (mut supply, mut demand) = (0, 0);
        for node in &document.nodes {
            let Some(&bitrate) = wish.get(node.id.as_str()) else {
                supply += node.uplink_kbps.0;
                continue;
            };
            let rate = Kbps(bitrate.div_ceil(4));
            demand += rate.times(4).0;
            supply += rate.times(node.uplink_kbps.slots(rate)).0;
        }
        let ratio = supply as f64 / demand as f64;
        assert!((ratio / asked - 1.0).abs() < 0.01, "{ratio} for {asked}");
    }
}

#[test]
fn only_a_final_is_cut_into_renditions() {
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name != "national-final") {
        let knobs = Knobs { nodes: Some(100), renditions: true, ..Knobs::default() };
        assert!(scenario.make(&knobs).is_err(), "{}", scenario.name);
    }
}
