//! Single values, read from the exact text that stands in the file.

use crate::instance::document::Scalar;
use crate::instance::fault::Code;
use crate::units::Kbps;
use smol_str::SmolStr;
use std::net::IpAddr;

/// Why a value was not taken; the reader adds the place.
pub(in crate::instance) struct Wrong {
    pub code: Code,
    pub what: String,
    pub remedy: String,
}

impl Wrong {
    pub fn new(code: Code, what: impl Into<String>, remedy: impl Into<String>) -> Wrong {
        Wrong { code, what: what.into(), remedy: remedy.into() }
    }

    /// `raw` is of another type than `wanted`.
    pub fn kind(raw: &str, wanted: &str) -> Wrong {
        Wrong::new(Code::WrongType, format!("{} stands where {wanted} belongs", kind(raw)), format!("write {wanted}"))
    }
}

pub(in crate::instance) type Read<T> = Result<T, Wrong>;

/// What kind of JSON value a text is, for people.
pub(in crate::instance) fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => "a text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a truth value",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The beginning of a value, for people.
pub(in crate::instance) fn excerpt(raw: &str) -> String {
    let mut shown: String = raw.chars().take(40).collect();
    if shown.len() < raw.len() {
        shown.push('…');
    }
    shown
}

/// The name of `known` that is most like `name`, if any is like it at all.
pub(in crate::instance) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let short: String = name.chars().take(64).collect();
    let scored = known.into_iter().map(|word| (strsim::jaro_winkler(&short, word), word));
    scored.filter(|(score, _)| *score > 0.7).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, word)| word)
}

/// A text.
pub(in crate::instance) fn text(raw: &str) -> Read<SmolStr> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Err(Wrong::kind(raw, "a text"));
    };
    if !inner.contains('\\') {
        return Ok(SmolStr::new(inner));
    }
    serde_json::from_str::<String>(raw).map(SmolStr::from).map_err(|_| bad_text())
}

/// The fault of a text with an escape that stands for no character.
pub(in crate::instance) fn bad_text() -> Wrong {
    Wrong::new(Code::BadText, "an escape stands for no character", "write the character itself, or both halves of its pair")
}

/// A text that is not empty.
pub(in crate::instance) fn id(raw: &str) -> Read<SmolStr> {
    let text = text(raw)?;
    match text.is_empty() {
        true => Err(Wrong::new(Code::EmptyId, "the id is empty", "give it a name")),
        false => Ok(text),
    }
}

/// True or false.
pub(in crate::instance) fn truth(raw: &str) -> Read<bool> {
    match raw {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Wrong::kind(raw, "true or false")),
    }
}

/// One word of a closed set.
pub(in crate::instance) fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&str) -> Read<T> {
    move |raw| {
        let given = text(raw)?;
        match words.iter().find(|(word, _)| *word == given) {
            Some((_, value)) => Ok(*value),
            None => Err(unknown_word(&given, words.iter().map(|(word, _)| *word))),
        }
    }
}

/// The fault of a word outside of a closed set.
pub(in crate::instance) fn unknown_word(given: &str, words: impl Iterator<Item = &'static str> + Clone) -> Wrong {
    let all = words.clone().collect::<Vec<_>>().join(", ");
    let remedy = match nearest(given, words) {
        Some(near) => format!("did you mean {near:?}? the words are {all}"),
        None => format!("the words are {all}"),
    };
    Wrong::new(Code::UnknownWord, format!("{:?} is not a word of this field", excerpt(given)), remedy)
}

/// Any finite number.
pub(in crate::instance) fn finite(raw: &str) -> Read<f64> {
    if kind(raw) != "a number" {
        return Err(Wrong::kind(raw, "a number"));
    }
    match raw.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(out_of_range(raw, "a finite number")),
    }
}

/// The fault of a number out of its range.
pub(in crate::instance) fn out_of_range(raw: &str, wanted: &str) -> Wrong {
    Wrong::new(Code::OutOfRange, format!("{} is not {wanted}", excerpt(raw)), format!("write {wanted}"))
}

/// A number from `least` to `most`.
pub(in crate::instance) fn number(least: f64, most: f64) -> impl Fn(&str) -> Read<f64> {
    move |raw| match finite(raw)? {
        number if (least..=most).contains(&number) => Ok(number),
        _ if most == f64::MAX => Err(out_of_range(raw, "a number that is not negative")),
        _ => Err(out_of_range(raw, &format!("a number from {least} to {most}"))),
    }
}

/// A number that is not negative.
pub(in crate::instance) fn amount(raw: &str) -> Read<f64> {
    number(0.0, f64::MAX)(raw)
}

/// An integer from `least` to `most`; `3000.0` and `3e3` are integers too.
pub(in crate::instance) fn whole(least: u64, most: u64) -> impl Fn(&str) -> Read<u64> {
    move |raw| {
        let value = match raw.parse::<u64>() {
            Ok(value) => Some(value),
            Err(_) => Some(finite(raw)?).filter(|v| v.fract() == 0.0 && (0.0..=9e15).contains(v)).map(|v| v as u64),
        };
        value.filter(|value| (least..=most).contains(value)).ok_or_else(|| match most {
            u64::MAX => out_of_range(raw, &format!("an integer from {least}")),
            _ => out_of_range(raw, &format!("an integer from {least} to {most}")),
        })
    }
}

/// The same for what is kept in 32 bits.
pub(in crate::instance) fn small(least: u32, most: u32) -> impl Fn(&str) -> Read<u32> {
    move |raw| whole(least.into(), most.into())(raw).map(|value| value as u32)
}

/// A rate.
pub(in crate::instance) fn kbps(raw: &str) -> Read<Kbps> {
    whole(0, Kbps::LARGEST.0)(raw).map(Kbps)
}

/// A number > 0 with at most 6 decimals.
pub(in crate::instance) fn weight(raw: &str) -> Read<f64> {
    let number = finite(raw)?;
    match number > 0.0 && decimals(raw) <= 6 {
        true => Ok(number),
        false => Err(out_of_range(raw, "a number > 0 with at most 6 decimals")),
    }
}

/// How many decimals a number's text needs, trailing zeros aside.
fn decimals(raw: &str) -> i64 {
    let (digits, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(i64::from(i32::MIN));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let zeros = match fraction.is_empty() {
        true => whole.len() - whole.trim_end_matches('0').len(),
        false => 0,
    };
    fraction.len() as i64 - zeros as i64 - exponent
}

/// An address.
pub(in crate::instance) fn address(raw: &str) -> Read<IpAddr> {
    let given = text(raw)?;
    given.parse().map_err(|_| {
        Wrong::new(Code::BadAddress, format!("{:?} is not an address", excerpt(&given)), "write an IPv4 or IPv6 address")
    })
}

/// A value of an attribute.
pub(in crate::instance) fn scalar(raw: &str) -> Read<Scalar> {
    match raw.as_bytes().first() {
        Some(b'"') => text(raw).map(Scalar::Text),
        Some(b't' | b'f') => truth(raw).map(Scalar::Truth),
        Some(b'{' | b'[' | b'n') => Err(Wrong::kind(raw, "a text, a number or a truth value")),
        _ => finite(raw).map(Scalar::Number),
    }
}
