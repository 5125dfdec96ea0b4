//! Selectors and relations: which fields there are, and which values each can have.

use super::At;
use super::fields::{Fields, keep, unknown_field, values};
use super::scalar::{Read, Wrong, excerpt, finite, kind, scalar, text, truth, unknown_word};
use crate::instance::document::{ContentKind, LinkState, Media, Nat, Role, Scalar};
use crate::instance::fault::{Code, Fault};
use crate::instance::policy::{Matcher, Relation, RelationTest, Selector, Test};
use ipnet::IpNet;
use smol_str::SmolStr;
use std::net::IpAddr;

/// Selectors inside selectors, at most.
const DEEPEST: usize = 32;

/// What a selector selects.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Node,
    Content,
    Link,
}

/// What values a field has.
#[derive(Clone, Copy)]
enum Values {
    Texts,
    Numbers,
    Words(fn() -> Vec<&'static str>),
    Addresses,
    Anything,
}
use Values::{Addresses, Anything, Numbers, Texts, Words};

macro_rules! words_of {
    ($set:ident) => {
        Words(|| $set::WORDS.iter().map(|(word, _)| *word).collect())
    };
}

const NODE: &[(&str, Values)] = &[
    ("id", Texts),
    ("role", words_of!(Role)),
    ("network", Texts),
    ("uplink_kbps", Numbers),
    ("downlink_kbps", Numbers),
    ("nat", words_of!(Nat)),
    ("access", Texts),
    ("country", Texts),
    ("region", Texts),
    ("lat", Numbers),
    ("lon", Numbers),
    ("ip", Addresses),
    ("affinity", Texts),
    ("clusters", Texts),
    ("max_children", Numbers),
    ("relay_contents", Numbers),
    ("storage_mb", Numbers),
    ("loss", Numbers),
    ("availability", Numbers),
    ("cost", Numbers),
    ("level", Numbers),
    ("network.id", Texts),
    ("network.kind", Texts),
    ("network.as", Numbers),
    ("network.country", Texts),
    ("network.lat", Numbers),
    ("network.lon", Numbers),
];

const CONTENT: &[(&str, Values)] = &[
    ("id", Texts),
    ("kind", words_of!(ContentKind)),
    ("bitrate_kbps", Numbers),
    ("substreams", Numbers),
    ("min_substreams", Numbers),
    ("size_mb", Numbers),
    ("category", Texts),
    ("media", words_of!(Media)),
];

const LINK: &[(&str, Values)] =
    &[("id", Texts), ("from", Texts), ("to", Texts), ("kind", Texts), ("state", words_of!(LinkState))];

impl Side {
    fn fields(self) -> &'static [(&'static str, Values)] {
        match self {
            Side::Node => NODE,
            Side::Content => CONTENT,
            Side::Link => LINK,
        }
    }

    /// What values a field has, or why there is no such field.
    fn values(self, name: &str) -> Read<Values> {
        let attribute = name.strip_prefix("attributes.").is_some_and(|name| !name.is_empty());
        if attribute && !matches!(self, Side::Link) {
            return Ok(Anything);
        }
        let fields = self.fields();
        let known = fields.iter().find(|(known, _)| *known == name).map(|(_, values)| *values);
        known.ok_or_else(|| unknown_field(name, fields.iter().map(|(known, _)| *known).chain(["not", "any"])))
    }
}

/// The names of all fields but attributes.
#[cfg(test)]
pub(super) fn known(side: Side) -> std::collections::BTreeSet<String> {
    side.fields().iter().map(|(name, _)| name.to_string()).collect()
}

/// A selector; what cannot be used is reported.
pub(super) fn selector(fields: &mut Fields<'_, '_>, side: Side, depth: usize) -> Selector {
    let mut tests = Vec::new();
    for (name, raw) in fields.rest() {
        let at = fields.at.field(&name);
        let inner = |raw, at: At<'_>, faults: &mut Vec<Fault>| {
            nested(raw, at, faults, depth, |fields, depth| selector(fields, side, depth))
        };
        match name.as_ref() {
            "not" => tests.extend(inner(raw, at, fields.faults).map(Test::Not)),
            "any" => tests.push(Test::Any(values(raw, at, fields.faults, inner))),
            name if name.starts_with("x-") => {}
            name => {
                let known = keep(side.values(name), at, fields.faults);
                let matcher = known.and_then(|values| matcher(raw, values, at, fields.faults));
                tests.extend(matcher.map(|matcher| Test::Field(name.into(), matcher)));
            }
        }
    }
    Selector { tests }
}

/// A selector or relation inside another.
fn nested<'a, T>(
    raw: &'a str,
    at: At<'_>,
    faults: &mut Vec<Fault>,
    depth: usize,
    read: impl FnOnce(&mut Fields<'a, '_>, usize) -> T,
) -> Option<T> {
    if depth == DEEPEST {
        let what = format!("more than {DEEPEST} selectors stand inside each other");
        faults.push(Fault::new(Code::BadSelector, at, what, "write it with fewer"));
        return None;
    }
    let mut fields = Fields::open(raw, at, faults);
    let value = read(&mut fields, depth + 1);
    fields.finish();
    Some(value)
}

/// What a field's value must be.
fn matcher(raw: &str, known: Values, at: At<'_>, faults: &mut Vec<Fault>) -> Option<Matcher> {
    match (raw.as_bytes().first(), known) {
        (Some(b'{'), _) => bounds(raw, known, at, faults),
        (_, Addresses) => Some(Matcher::Prefixes(values(raw, at, faults, |raw, at, faults| keep(prefix(raw), at, faults)))),
        _ => Some(Matcher::OneOf(values(raw, at, faults, |raw, at, faults| keep(value(raw, known), at, faults)))),
    }
}

/// `{"min": a, "max": b}` or `{"present": true|false}`.
fn bounds(raw: &str, known: Values, at: At<'_>, faults: &mut Vec<Fault>) -> Option<Matcher> {
    let mut fields = Fields::open(raw, at, faults);
    let present = fields.optional("present", truth);
    let (least, most) = (fields.take("min"), fields.take("max"));
    let ranged = least.is_some() || most.is_some();
    let least = least.and_then(|raw| fields.value("min", raw, finite));
    let most = most.and_then(|raw| fields.value("max", raw, finite));
    let wrong = match (present, ranged) {
        (Some(_), true) => Some("a range and `present` exclude each other"),
        (None, true) if !matches!(known, Numbers | Anything) => Some("a field without numbers has no range"),
        (None, false) if fields.is_empty() => Some("an object here is a range, or says `present`"),
        _ => None,
    };
    if let Some(what) = wrong {
        let remedy = r#"write a list of values, {"min": a, "max": b}, or {"present": true}"#;
        fields.faults.push(Fault::new(Code::BadSelector, at, what, remedy));
    }
    fields.finish();
    Some(present.map_or(Matcher::Between(least, most), Matcher::Present))
}

/// One value that a field may have.
fn value(raw: &str, known: Values) -> Read<Scalar> {
    match known {
        Texts | Addresses => text(raw).map(Scalar::Text),
        Numbers => finite(raw).map(Scalar::Number),
        Anything => scalar(raw),
        Words(words) => {
            let (given, words) = (text(raw)?, words());
            match words.contains(&given.as_str()) {
                true => Ok(Scalar::Text(given)),
                false => Err(unknown_word(&given, words.into_iter())),
            }
        }
    }
}

/// A prefix; a bare address is one of full length.
fn prefix(raw: &str) -> Read<IpNet> {
    if kind(raw) != "a text" {
        return Err(Wrong::kind(raw, "a prefix such as \"203.0.113.0/24\""));
    }
    let given = text(raw)?;
    let parsed = given.parse::<IpNet>().or_else(|_| given.parse::<IpAddr>().map(IpNet::from));
    parsed.map(|prefix| prefix.trunc()).map_err(|_| {
        let what = format!("{:?} is not a prefix", excerpt(&given));
        Wrong::new(Code::BadAddress, what, "write an address, or a prefix such as 203.0.113.0/24")
    })
}

/// A relation between source and destination.
pub(super) fn relation(fields: &mut Fields<'_, '_>, depth: usize) -> Relation {
    let mut tests = Vec::new();
    tests.extend(fields.list("same", field).map(RelationTest::Same));
    tests.extend(fields.list("different", field).map(RelationTest::Different));
    tests.extend(fields.optional("shares_affinity", truth).map(RelationTest::SharesAffinity));
    let inner = |raw, at: At<'_>, faults: &mut Vec<Fault>| nested(raw, at, faults, depth, relation);
    if let Some(raw) = fields.take("not") {
        tests.extend(inner(raw, fields.at.field("not"), fields.faults).map(RelationTest::Not));
    }
    if let Some(raw) = fields.take("any") {
        tests.push(RelationTest::Any(values(raw, fields.at.field("any"), fields.faults, inner)));
    }
    Relation { tests }
}

/// A field of a node that two nodes can have in common.
fn field(raw: &str) -> Read<SmolStr> {
    let name = text(raw)?;
    Side::Node.values(&name).map(|_| name)
}
