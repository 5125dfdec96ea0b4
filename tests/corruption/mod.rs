//! Texts and values broken at random.

use rand::RngExt;
use rand_pcg::Pcg64;
use serde_json::Value;

/// One corruption of a text's bytes.
fn corrupt_bytes(text: &mut Vec<u8>, rng: &mut Pcg64) {
    const PIECES: [&str; 16] =
        ["{", "}", "[", "]", ",", ":", "\"", "null", "-1", "1e999", "0.0000001", "true", "\\ud800", "\"\"", "[[", "{\"a\":"];
    if text.is_empty() {
        return;
    }
    let at = rng.random_range(0..text.len());
    match rng.random_range(0..5) {
        0 => text[at] ^= 1 << rng.random_range(0..8),
        1 => drop(text.drain(at..(at + rng.random_range(1..20)).min(text.len()))),
        2 => drop(text.splice(at..at, PIECES[rng.random_range(0..PIECES.len())].bytes())),
        3 => {
            let other = rng.random_range(0..text.len());
            let piece = text[other..(other + 30).min(text.len())].to_vec();
            drop(text.splice(at..at, piece));
        }
        _ => text.truncate(at),
    }
}

/// All places of a value, by JSON pointer.
pub fn places(value: &Value, here: String, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| places(value, format!("{here}/{name}"), found)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| places(value, format!("{here}/{index}"), found)),
        _ => {}
    }
    found.push(here);
}

/// Puts the value of one place, or one of another type, in another place.
fn corrupt_value(whole: &mut Value, places: &[String], rng: &mut Pcg64) {
    let mut any = || places[rng.random_range(0..places.len())].clone();
    let (from, to) = (any(), any());
    let odd = ["0", "-1", "64", "65", "1e30", "\"\"", "\"a>b\"", "[]", "{}", "true", "[null]", "18446744073709551616"];
    let value = match rng.random_range(0..2) {
        0 => whole.pointer(&from).cloned(),
        _ => serde_json::from_str(odd[rng.random_range(0..odd.len())]).ok(),
    };
    if let (Some(slot), Some(value)) = (whole.pointer_mut(&to), value) {
        *slot = value;
    }
}

/// A JSON text with one to three corruptions, half of the time of its bytes, half of its values.
pub fn corrupted(text: &str, value: &Value, places: &[String], rng: &mut Pcg64) -> Vec<u8> {
    let times = rng.random_range(1..4);
    if rng.random_bool(0.5) {
        let mut text = text.to_owned().into_bytes();
        (0..times).for_each(|_| corrupt_bytes(&mut text, rng));
        return text;
    }
    let mut value = value.clone();
    (0..times).for_each(|_| corrupt_value(&mut value, places, rng));
    serde_json::to_vec(&value).expect("a value can be written")
}
