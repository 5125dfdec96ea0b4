//! Selectors against nodes, contents and links: the only place where fields are compared as text.
//!
//! Called while compiling, never in a loop over pairs. A missing value matches nothing (only `{"present": false}`); a
//! field with a default counts as present; a capacity without limit satisfies any `min` and no `max`; of a list-valued
//! field any element may match, and an empty list is a missing value.

use crate::ids::{ContentId, Id, LinkId, NodeId};
use crate::instance::policy::{Matcher, Selector, Test};
use crate::instance::{Attributes, Instance, Scalar};
use std::net::IpAddr;

/// A field's value as selectors see it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldValue<'a> {
    /// Nothing is known.
    Missing,
    /// A capacity without limit.
    Unlimited,
    /// A word, an id, a name.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// An attribute that is true or false.
    Truth(bool),
    /// An address.
    Address(IpAddr),
    /// Several words.
    List(Vec<&'a str>),
}

impl<'a> FieldValue<'a> {
    fn text(value: Option<&'a smol_str::SmolStr>) -> Self {
        value.map_or(FieldValue::Missing, |text| FieldValue::Text(text))
    }

    fn number(value: Option<f64>) -> Self {
        value.map_or(FieldValue::Missing, FieldValue::Number)
    }

    fn capacity(value: Option<f64>) -> Self {
        value.map_or(FieldValue::Unlimited, FieldValue::Number)
    }

    fn list(values: Vec<&'a str>) -> Self {
        if values.is_empty() { FieldValue::Missing } else { FieldValue::List(values) }
    }

    fn attribute(attributes: &'a Attributes, name: &str) -> Self {
        match attributes.get(name) {
            None => FieldValue::Missing,
            Some(Scalar::Text(text)) => FieldValue::Text(text),
            Some(Scalar::Number(number)) => FieldValue::Number(*number),
            Some(Scalar::Truth(truth)) => FieldValue::Truth(*truth),
        }
    }
}

/// The value of a node's field, spelled as in a selector.
pub(super) fn node_field<'a>(instance: &'a Instance, id: NodeId, field: &str) -> FieldValue<'a> {
    let node = &instance.nodes[id];
    let network = &instance.networks[node.network];
    if let Some(name) = field.strip_prefix("attributes.") {
        return FieldValue::attribute(&node.attributes, name);
    }
    match field {
        "id" => FieldValue::Text(&node.id),
        "role" => FieldValue::Text(node.role.word()),
        "network" | "network.id" => FieldValue::Text(&network.id),
        "network.kind" => FieldValue::text(network.kind.as_ref()),
        "network.as" => FieldValue::number(network.asn.map(f64::from)),
        "network.country" => FieldValue::text(network.country.as_ref()),
        "network.lat" => FieldValue::number(network.place.map(|place| place.lat)),
        "network.lon" => FieldValue::number(network.place.map(|place| place.lon)),
        "uplink_kbps" => FieldValue::Number(node.uplink.0 as f64),
        "downlink_kbps" => FieldValue::capacity(node.downlink.map(|rate| rate.0 as f64)),
        "nat" => FieldValue::Text(node.nat.word()),
        "access" => FieldValue::text(node.access.as_ref()),
        "country" => FieldValue::text(node.country.as_ref()),
        "region" => FieldValue::text(node.region.as_ref()),
        "lat" => FieldValue::number(node.place.map(|place| place.lat)),
        "lon" => FieldValue::number(node.place.map(|place| place.lon)),
        "ip" => node.ip.map_or(FieldValue::Missing, FieldValue::Address),
        "affinity" => FieldValue::list(node.affinity.iter().map(|group| group.as_str()).collect()),
        "clusters" => FieldValue::list(node.clusters.iter().map(|id| instance.clusters[*id].id.as_str()).collect()),
        "level" => FieldValue::number(node.level.map(f64::from)),
        "max_children" => FieldValue::capacity(node.max_children.map(f64::from)),
        "relay_contents" => FieldValue::capacity(node.relay_contents.map(f64::from)),
        "storage_mb" => FieldValue::capacity(node.storage_mb),
        "loss" => FieldValue::Number(node.loss),
        "availability" => FieldValue::Number(node.availability),
        "cost" => FieldValue::Number(node.cost),
        _ => FieldValue::Missing,
    }
}

fn content_field<'a>(instance: &'a Instance, id: ContentId, field: &str) -> FieldValue<'a> {
    let content = &instance.contents[id];
    if let Some(name) = field.strip_prefix("attributes.") {
        return FieldValue::attribute(&content.attributes, name);
    }
    match field {
        "id" => FieldValue::Text(&content.id),
        "kind" => FieldValue::Text(content.kind.word()),
        "bitrate_kbps" => FieldValue::Number(content.bitrate.0 as f64),
        "substreams" => FieldValue::Number(f64::from(content.substreams)),
        "min_substreams" => FieldValue::Number(f64::from(content.min_substreams)),
        "size_mb" => FieldValue::number(content.size_mb),
        "category" => FieldValue::text(content.category.as_ref()),
        "media" => FieldValue::Text(content.media.word()),
        _ => FieldValue::Missing,
    }
}

fn link_field<'a>(instance: &'a Instance, id: LinkId, field: &str) -> FieldValue<'a> {
    let link = &instance.links[id];
    match field {
        "id" => FieldValue::Text(&link.id),
        "from" => FieldValue::Text(&instance.networks[link.from].id),
        "to" => FieldValue::Text(&instance.networks[link.to].id),
        "kind" => FieldValue::text(link.kind.as_ref()),
        "state" => FieldValue::Text(link.state.word()),
        _ => FieldValue::Missing,
    }
}

/// Nodes that a selector matches.
pub(super) fn node_matches(selector: &Selector, instance: &Instance, id: NodeId) -> bool {
    holds(selector, &|field| node_field(instance, id, field))
}

/// A bit for each content that a selector matches, by row.
pub(super) fn contents(selector: &Selector, instance: &Instance) -> Vec<bool> {
    instance.contents.ids().map(|id| holds(selector, &|field| content_field(instance, id, field))).collect()
}

/// A bit for each link that a selector matches, by row.
pub(super) fn links(selector: &Selector, instance: &Instance) -> Vec<bool> {
    instance
        .links
        .ids()
        .map(|id: LinkId| holds(selector, &|field| link_field(instance, LinkId::new(id.index()), field)))
        .collect()
}

fn holds<'a>(selector: &Selector, field: &dyn Fn(&str) -> FieldValue<'a>) -> bool {
    selector.tests.iter().all(|test| match test {
        Test::Field(name, matcher) => matches(matcher, &field(name)),
        Test::Not(inner) => !holds(inner, field),
        Test::Any(inner) => inner.iter().any(|selector| holds(selector, field)),
    })
}

/// Whether a field with this value passes a test.
pub(super) fn matches(matcher: &Matcher, value: &FieldValue<'_>) -> bool {
    match (matcher, value) {
        (Matcher::Present(present), value) => *present == (*value != FieldValue::Missing),
        (_, FieldValue::Missing) => false,
        (Matcher::OneOf(wanted), FieldValue::List(words)) => words.iter().any(|word| wanted.iter().any(|w| is_text(w, word))),
        (Matcher::OneOf(wanted), value) => wanted.iter().any(|wanted| equals(wanted, value)),
        (Matcher::Prefixes(prefixes), FieldValue::Address(address)) => prefixes.iter().any(|prefix| prefix.contains(address)),
        (Matcher::Between(min, max), FieldValue::Number(number)) => {
            min.is_none_or(|min| min <= *number) && max.is_none_or(|max| *number <= max)
        }
        (Matcher::Between(_, max), FieldValue::Unlimited) => max.is_none(),
        (Matcher::Prefixes(_) | Matcher::Between(..), _) => false,
    }
}

fn is_text(wanted: &Scalar, word: &str) -> bool {
    matches!(wanted, Scalar::Text(text) if text == word)
}

fn equals(wanted: &Scalar, value: &FieldValue<'_>) -> bool {
    match (wanted, value) {
        (wanted, FieldValue::Text(text)) => is_text(wanted, text),
        (Scalar::Number(wanted), FieldValue::Number(number)) => wanted == number,
        (Scalar::Truth(wanted), FieldValue::Truth(truth)) => wanted == truth,
        _ => false,
    }
}
