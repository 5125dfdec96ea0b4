//! Films with seeks: what is held and asked for follows from measured sessions.

use super::{make, peers};
use pleach::instance::document::{ContentKind, Document};
use pleach::instance::generate::Knobs;
use std::collections::{BTreeMap, BTreeSet};

fn document() -> Document {
    make("vod-seek", Knobs::default())
}

/// The film and the number of a range such as `f03-017`.
fn place(content: &str) -> (&str, usize) {
    let (film, range) = content.split_once('-').expect("a range names its film");
    (film, range.parse().expect("ranges are numbered"))
}

/// What each peer holds.
fn held(document: &Document) -> BTreeMap<&str, Vec<(&str, usize)>> {
    let mut held: BTreeMap<&str, Vec<(&str, usize)>> = peers(document).map(|node| (node.id.as_str(), Vec::new())).collect();
    for holding in &document.holdings {
        if let Some(list) = held.get_mut(holding.node.as_str()) {
            list.push(place(&holding.content));
        }
    }
    held
}

#[test]
fn a_peer_asks_for_two_ranges_of_the_film_that_it_holds_parts_of_and_lacks_both() {
    let document = document();
    let held = held(&document);
    let mut wanted: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    document.requests.iter().for_each(|request| wanted.entry(&request.node).or_default().push(place(&request.content)));
    assert_eq!(wanted.len(), 5_000);
    for (node, wanted) in &wanted {
        let films: BTreeSet<&str> = wanted.iter().chain(&held[node]).map(|(film, _)| *film).collect();
        assert_eq!((wanted.len(), films.len()), (2, 1), "{node}");
        assert!(wanted.iter().all(|range| !held[node].contains(range)), "{node}");
    }
}

#[test]
fn films_are_as_long_as_the_measured_ones_and_each_minute_is_a_file() {
    let document = document();
    let mut films: BTreeMap<&str, usize> = BTreeMap::new();
    document.contents.iter().for_each(|content| *films.entry(place(&content.id).0).or_default() += 1);
    assert_eq!(films.len(), 20);
    assert!(films.values().all(|ranges| (43..=97).contains(ranges)), "{films:?}");
    assert!(document.contents.iter().all(|content| content.kind == Some(ContentKind::File) && content.size_mb == Some(15.0)));
}

#[test]
fn a_third_has_watched_nothing_to_its_end_and_a_tenth_many_ranges() {
    let document = document();
    let mut counts: Vec<usize> = held(&document).values().map(Vec::len).collect();
    counts.sort_unstable();
    let nothing = counts.iter().filter(|count| **count == 0).count() as f64 / 5_000.0;
    assert!((0.25..=0.5).contains(&nothing), "{nothing} hold nothing");
    assert!((1..=2).contains(&counts[2_500]), "the median holds {}", counts[2_500]);
    assert!((6..=14).contains(&counts[4_500]), "one in ten holds {} or more", counts[4_500]);
}

#[test]
fn the_start_of_a_film_is_held_most_and_every_tenth_of_it_by_somebody() {
    let document = document();
    let mut lengths: BTreeMap<&str, usize> = BTreeMap::new();
    document.contents.iter().for_each(|content| *lengths.entry(place(&content.id).0).or_default() += 1);
    let mut tenths = [0.0; 10];
    for (film, range) in held(&document).values().flatten() {
        tenths[(range - 1) * 10 / lengths[film]] += 1.0;
    }
    let all: f64 = tenths.iter().sum();
    // Measured over whole sessions: 0.227 of the ranges watched lie in the first tenth, 0.06 to 0.10 in each other.
    assert!((0.2..=0.5).contains(&(tenths[0] / all)), "{tenths:?}");
    assert!(tenths[1..].iter().all(|tenth| tenth / all > 0.02 && *tenth < tenths[0]), "{tenths:?}");
}

#[test]
fn storage_holds_what_is_held_and_one_peer_in_ten_has_room_for_one_range_only() {
    let document = document();
    let held = held(&document);
    let room = |id: &str, storage: f64| storage / 15.0 - held[id].len() as f64;
    let rooms: Vec<f64> = peers(&document).map(|node| room(&node.id, node.storage_mb.expect("it is stated"))).collect();
    assert!(rooms.iter().all(|room| *room >= 1.0));
    let narrow = rooms.iter().filter(|room| **room < 2.0).count() as f64 / 5_000.0;
    assert!((0.08..=0.12).contains(&narrow), "{narrow}");
}
