//! Selectors and relations, read from the contract (section 2).

use crate::ids::NodeId;
use crate::instance::policy::{Matcher, Relation, RelationTest, Selector, Test};
use crate::instance::{Attributes, Content, Instance, Link, Scalar};
use std::net::IpAddr;

/// What a field says of a node, content or link; a missing one says nothing (`None`).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Text(&'a str),
    Number(f64),
    Truth(bool),
    Address(IpAddr),
    /// A capacity without limit: satisfies any `min`.
    Unlimited,
    /// Any element may match.
    List(Vec<&'a str>),
}

/// What selectors look at: fields by the name they have in the file.
pub(super) trait Fields {
    fn field(&self, name: &str) -> Option<Field<'_>>;
}

/// A node of the instance with the level that holds for it.
#[derive(Clone, Copy)]
pub(super) struct NodeView<'a> {
    pub instance: &'a Instance,
    pub id: NodeId,
    pub level: Option<u8>,
}

impl Fields for NodeView<'_> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        let node = &self.instance.nodes[self.id];
        let network = &self.instance.networks[node.network];
        match name {
            "id" => Some(Field::Text(&node.id)),
            "role" => Some(Field::Text(node.role.word())),
            "network" | "network.id" => Some(Field::Text(&network.id)),
            "network.kind" => text(&network.kind),
            "network.as" => network.asn.map(|number| Field::Number(f64::from(number))),
            "network.country" => text(&network.country),
            "network.lat" => network.place.map(|place| Field::Number(place.lat)),
            "network.lon" => network.place.map(|place| Field::Number(place.lon)),
            "uplink_kbps" => Some(Field::Number(node.uplink.0 as f64)),
            "downlink_kbps" => Some(limit(node.downlink.map(|rate| rate.0 as f64))),
            "max_children" => Some(limit(node.max_children.map(f64::from))),
            "relay_contents" => Some(limit(node.relay_contents.map(f64::from))),
            "storage_mb" => Some(limit(node.storage_mb)),
            "nat" => Some(Field::Text(node.nat.word())),
            "access" => text(&node.access),
            "country" => text(&node.country),
            "region" => text(&node.region),
            "lat" => node.place.map(|place| Field::Number(place.lat)),
            "lon" => node.place.map(|place| Field::Number(place.lon)),
            "ip" => node.ip.map(Field::Address),
            "affinity" => list(node.affinity.iter().map(|group| group.as_str()).collect()),
            "clusters" => list(node.clusters.iter().map(|cluster| self.instance.clusters[*cluster].id.as_str()).collect()),
            "level" => self.level.map(|level| Field::Number(f64::from(level))),
            "loss" => Some(Field::Number(node.loss)),
            "availability" => Some(Field::Number(node.availability)),
            "cost" => Some(Field::Number(node.cost)),
            _ => attribute(&node.attributes, name),
        }
    }
}

impl Fields for Content {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        match name {
            "id" => Some(Field::Text(&self.id)),
            "kind" => Some(Field::Text(self.kind.word())),
            "bitrate_kbps" => Some(Field::Number(self.bitrate.0 as f64)),
            "substreams" => Some(Field::Number(f64::from(self.substreams))),
            "min_substreams" => Some(Field::Number(f64::from(self.min_substreams))),
            "size_mb" => self.size_mb.map(Field::Number),
            "category" => text(&self.category),
            "media" => Some(Field::Text(self.media.word())),
            _ => attribute(&self.attributes, name),
        }
    }
}

/// A link with the names of its ends.
pub(super) struct LinkView<'a> {
    pub instance: &'a Instance,
    pub link: &'a Link,
}

impl Fields for LinkView<'_> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        match name {
            "id" => Some(Field::Text(&self.link.id)),
            "from" => Some(Field::Text(&self.instance.networks[self.link.from].id)),
            "to" => Some(Field::Text(&self.instance.networks[self.link.to].id)),
            "kind" => text(&self.link.kind),
            "state" => Some(Field::Text(self.link.state.word())),
            _ => None,
        }
    }
}

fn text(word: &Option<smol_str::SmolStr>) -> Option<Field<'_>> {
    word.as_deref().map(Field::Text)
}

fn limit(most: Option<f64>) -> Field<'static> {
    most.map_or(Field::Unlimited, Field::Number)
}

fn list(words: Vec<&str>) -> Option<Field<'_>> {
    (!words.is_empty()).then_some(Field::List(words))
}

fn attribute<'a>(attributes: &'a Attributes, name: &str) -> Option<Field<'a>> {
    Some(match attributes.get(name.strip_prefix("attributes.")?)? {
        Scalar::Text(text) => Field::Text(text),
        Scalar::Number(number) => Field::Number(*number),
        Scalar::Truth(truth) => Field::Truth(*truth),
    })
}

/// All tests of the selector hold.
pub(super) fn selects(selector: &Selector, of: &impl Fields) -> bool {
    selector.tests.iter().all(|test| match test {
        Test::Field(name, matcher) => matches(matcher, of.field(name)),
        Test::Not(inner) => !selects(inner, of),
        Test::Any(inner) => inner.iter().any(|selector| selects(selector, of)),
    })
}

/// A value satisfies a matcher; a missing one satisfies only "absent".
pub(super) fn matches(matcher: &Matcher, value: Option<Field<'_>>) -> bool {
    match (matcher, value) {
        (Matcher::Present(wanted), value) => value.is_some() == *wanted,
        (_, None) => false,
        (Matcher::OneOf(wanted), Some(value)) => wanted.iter().any(|scalar| equals(scalar, &value)),
        (Matcher::Prefixes(wanted), Some(Field::Address(address))) => wanted.iter().any(|prefix| prefix.contains(&address)),
        (Matcher::Prefixes(_), Some(_)) => false,
        (Matcher::Between(least, most), Some(value)) => match value {
            Field::Number(number) => least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most),
            Field::Unlimited => most.is_none(),
            _ => false,
        },
    }
}

fn equals(scalar: &Scalar, value: &Field<'_>) -> bool {
    match (scalar, value) {
        (Scalar::Text(wanted), Field::Text(text)) => wanted == text,
        (Scalar::Text(wanted), Field::List(words)) => words.iter().any(|word| wanted == word),
        (Scalar::Number(wanted), Field::Number(number)) => wanted == number,
        (Scalar::Truth(wanted), Field::Truth(truth)) => wanted == truth,
        _ => false,
    }
}

/// All tests of the relation hold between two nodes.
pub(super) fn relates(relation: &Relation, source: NodeView<'_>, destination: NodeView<'_>) -> bool {
    let both = |name: &str| source.field(name).zip(destination.field(name));
    relation.tests.iter().all(|test| match test {
        RelationTest::Same(names) => names.iter().all(|name| both(name).is_some_and(|(a, b)| a == b)),
        RelationTest::Different(names) => names.iter().all(|name| both(name).is_some_and(|(a, b)| a != b)),
        RelationTest::SharesAffinity(wanted) => {
            let theirs = &destination.instance.nodes[destination.id].affinity;
            let ours = &source.instance.nodes[source.id].affinity;
            ours.iter().any(|group| theirs.contains(group)) == *wanted
        }
        RelationTest::Not(inner) => !relates(inner, source, destination),
        RelationTest::Any(inner) => inner.iter().any(|relation| relates(relation, source, destination)),
    })
}
