//! Rows that several scenarios write alike.

use super::super::document::*;
use super::super::policy::*;
use crate::units::Kbps;
use smol_str::{SmolStr, format_smolstr};

/// An empty document, named after its scenario, size and seed.
pub(super) fn document(scenario: &str, seed: u64, peers: usize) -> Document {
    Document {
        format: INSTANCE_FORMAT.into(),
        name: format!("{scenario}-{peers}-{seed}"),
        time: "2026-11-22T19:30:00Z".into(),
        ..Document::default()
    }
}

/// A live channel.
pub(super) fn channel(id: impl Into<SmolStr>, bitrate: Kbps, substreams: u32, category: &'static str) -> ContentRow {
    ContentRow {
        id: id.into(),
        kind: Some(ContentKind::Live),
        bitrate_kbps: bitrate,
        substreams,
        min_substreams: None,
        size_mb: None,
        category: Some(SmolStr::new_static(category)),
        media: None,
        attributes: Attributes::new(),
    }
}

/// A network at a place.
pub(super) fn network(id: SmolStr, kind: &'static str, asn: Option<u32>, lat: f64, lon: f64) -> NetworkRow {
    NetworkRow {
        id,
        kind: Some(SmolStr::new_static(kind)),
        asn,
        // A code that ISO 3166 leaves to users: no country that exists.
        country: Some(SmolStr::new_static("XA")),
        lat: Some(lat),
        lon: Some(lon),
    }
}

/// A peer, numbered from 0 in the order of the list.
pub(super) fn peer(number: usize, network: &SmolStr, uplink: Kbps) -> NodeRow {
    NodeRow::new(format_smolstr!("p{:07}", number + 1), Role::Peer, network.clone(), uplink)
}

/// A node that holds a whole content.
pub(super) fn holding(node: &SmolStr, content: impl Into<SmolStr>) -> HoldingRow {
    HoldingRow { node: node.clone(), content: content.into(), substreams: None }
}

/// A node that wants a content.
pub(super) fn request(node: &SmolStr, content: impl Into<SmolStr>) -> RequestRow {
    RequestRow { node: node.clone(), content: content.into(), weight: None }
}

/// A policy about everybody, to be narrowed.
pub(super) fn policy(id: &'static str, owner: Owner, rule: Rule) -> Policy {
    Policy {
        id: SmolStr::new_static(id),
        owner,
        rank: 1,
        relaxable: false,
        when: When::default(),
        source: Selector::default(),
        destination: Selector::default(),
        content: Selector::default(),
        crosses: None,
        relation: None,
        rule,
    }
}

/// A selector of nodes by one field with one value.
pub(super) fn selector(field: &'static str, value: &'static str) -> Selector {
    let value = Scalar::Text(SmolStr::new_static(value));
    Selector { tests: vec![Test::Field(SmolStr::new_static(field), Matcher::OneOf(vec![value]))] }
}

/// No receiver deeper than so many hops, where asked for.
pub(super) fn max_depth(hops: Option<u32>) -> Vec<Policy> {
    hops.map(|hops| policy("shallow", Owner::Provider, Rule::MaxDepth { hops })).into_iter().collect()
}

/// A peer on this kind of line sends with half of its uplink at most.
pub(super) fn spare(access: &'static str) -> Policy {
    let half = NodeRate::MaxFraction(Decimal { digits: 5, scale: 1 });
    Policy { source: selector("access", access), ..policy("spare-uplink", Owner::Client, Rule::LimitNodeRate(half)) }
}

/// Source and destination have the same value of a field.
pub(super) fn same(field: &'static str) -> Option<Relation> {
    Some(Relation { tests: vec![RelationTest::Same(vec![SmolStr::new_static(field)])] })
}

/// Source and destination have different values of a field.
pub(super) fn different(field: &'static str) -> Option<Relation> {
    Some(Relation { tests: vec![RelationTest::Different(vec![SmolStr::new_static(field)])] })
}

/// Flows inside one network are worth a little detour.
pub(super) fn prefer_own_network() -> Policy {
    Policy { relation: same("network"), ..policy("prefer-own-network", Owner::Network, Rule::Prefer { cost: -0.05 }) }
}

/// Flows that cross links of one kind carry a protocol for long ways.
pub(super) fn long_way(kind: &'static str) -> Policy {
    let rule = Rule::Protocol { name: SmolStr::new_static("quic") };
    Policy { crosses: Some(selector("kind", kind)), ..policy("quic-on-long-ways", Owner::Provider, rule) }
}
