//! No text whatever makes an importer panic, and what it takes becomes a valid instance or is told.

use super::mmdb::{Value, database};
use super::{alto, as_rel, ip_to_as, maps, sndlib, subnets};
use pleach::instance::import::{self, Made, Source, settle};
use pleach::instance::{Document, Faults, Instance};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

type Read = Box<dyn Fn(&[u8]) -> Result<Made, Faults>>;

fn map(format: fn() -> import::maps::Format) -> Read {
    Box::new(move |text| {
        let options = import::maps::Options { format: format(), wiring: import::Wiring::default(), audience: None };
        import::maps::import(&[Source::new("f", text)], &options)
    })
}

/// Each format with a text that it takes.
fn formats() -> Vec<(Vec<u8>, Read)> {
    let relations = |text: &[u8]| {
        let options = import::as_rel::Options { systems: vec![3, 4], transit_cost: 0.4, peering_cost: 0.1 };
        import::as_rel::import(&Source::new("f", text), None, &options, None)
    };
    let ports = |text: &[u8]| {
        let options = import::as_rel::Options { systems: Vec::new(), transit_cost: 0.4, peering_cost: 0.1 };
        let relations = Source::new("f", as_rel::RELATIONS);
        import::as_rel::import(&relations, Some(&Source::new("p", text)), &options, None)
    };
    let table = |text: &[u8]| import::ip_to_as::import(&Source::new("f", text), &ip_to_as::base());
    let mmdb = database(&[("00001010", Value::Map(vec![("asn", Value::Number(7))]))]);
    let demands = || {
        let reading = import::sndlib::Reading { demands: Some(1.0), ..import::sndlib::Reading::default() };
        import::maps::Format::Sndlib(reading)
    };
    vec![
        (maps::MAP.into(), map(|| import::maps::Format::TopologyZoo)),
        (sndlib::PROBLEM.into(), map(demands)),
        (as_rel::RELATIONS.into(), Box::new(relations)),
        (as_rel::PORTS.into(), Box::new(ports)),
        (alto::network_map().to_string().into(), Box::new(|text| import::alto::import(&[Source::new("f", text)], None, None))),
        (subnets::SUBNETS.into(), Box::new(|text| import::subnets::import(&Source::new("f", text), None))),
        (ip_to_as::TABLE.into(), Box::new(table)),
        (mmdb, Box::new(table)),
    ]
}

/// What is made is an instance, merged or alone; what is not is told.
fn judge(made: Result<Made, Faults>) {
    match made {
        Err(Faults(faults)) => assert!(!faults.is_empty()),
        Ok(made) => {
            let base = Document { time: "2026-11-22T19:30:00Z".into(), ..ip_to_as::base() };
            Instance::from_document(settle(made.document, Some(base))).unwrap_or_else(|faults| panic!("{faults}"));
        }
    }
}

#[test]
fn a_text_that_breaks_off_is_read_or_told() {
    for (text, read) in formats() {
        for length in 0..=text.len() {
            judge(read(&text[..length]));
        }
    }
}

#[test]
fn a_text_with_changed_bytes_is_read_or_told() {
    let mut random = Pcg64::seed_from_u64(7);
    for (text, read) in formats() {
        for _ in 0..400 {
            let mut changed = text.clone();
            for _ in 0..random.random_range(1..6) {
                let at = random.random_range(0..changed.len());
                match random.random_range(0..3) {
                    0 => changed[at] = random.random_range(0..=255),
                    1 => changed[at] = b"[](){}\"|,9-0\n#>"[random.random_range(0..15)],
                    _ => {
                        let from = random.random_range(0..text.len());
                        changed.splice(at..at, text[from..(from + 20).min(text.len())].iter().copied());
                    }
                }
            }
            judge(read(&changed));
        }
    }
}

#[test]
fn lists_within_lists_without_end_are_refused() {
    let deep = "a [ ".repeat(100_000);
    let Err(Faults(faults)) = map(|| import::maps::Format::TopologyZoo)(deep.as_bytes()) else { panic!("it was read") };
    assert!(faults[0].what.contains("deep"));
}
