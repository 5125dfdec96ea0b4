//! Selectors, relations and conditions, judged on the text of the document.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pleach::instance::document::{ContentRow, LinkRow, NetworkRow, NodeRow};
use pleach::instance::policy::{Day, Hours, Matcher, Policy, Relation, RelationTest, Rule, Selector, Test, When};
use pleach::instance::{Attributes, ContentKind, Document, LinkState, Media, Nat, Role, Scalar};
use smol_str::SmolStr;

/// What a field of a row says.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Nothing.
    Missing,
    /// A capacity without limit.
    Unlimited,
    /// One value.
    One(Scalar),
    /// Any of these counts.
    Several(Vec<SmolStr>),
}

impl Field {
    fn text(text: impl Into<SmolStr>) -> Field {
        Field::One(Scalar::Text(text.into()))
    }

    fn number(number: impl Into<f64>) -> Field {
        Field::One(Scalar::Number(number.into()))
    }

    fn maybe_text(text: &Option<SmolStr>) -> Field {
        text.clone().map_or(Field::Missing, Field::text)
    }

    fn maybe_number(number: Option<f64>) -> Field {
        number.map_or(Field::Missing, Field::number)
    }

    fn capacity(number: Option<f64>) -> Field {
        number.map_or(Field::Unlimited, Field::number)
    }

    fn several(list: &[SmolStr]) -> Field {
        if list.is_empty() { Field::Missing } else { Field::Several(list.to_vec()) }
    }

    fn attribute(attributes: &Attributes, name: &str) -> Field {
        attributes.get(name).cloned().map_or(Field::Missing, Field::One)
    }

    fn or(self, other: Field) -> Field {
        if self == Field::Missing { other } else { self }
    }
}

/// The network of a node.
pub fn network_of<'a>(document: &'a Document, node: &NodeRow) -> &'a NetworkRow {
    document.networks.iter().find(|network| network.id == node.network).expect("every node's network is listed")
}

/// A node's cost per Mbps sent.
pub fn node_cost(node: &NodeRow) -> f64 {
    node.cost.unwrap_or(match node.role {
        Role::Origin | Role::Server => 1.0,
        Role::Waypoint => 0.5,
        Role::Peer => 0.0,
    })
}

/// How many contents a node may receive only to pass them on; `None`: any number.
pub fn relay_contents(node: &NodeRow) -> Option<u32> {
    match (node.relay_contents, node.role) {
        (Some(count), _) => Some(count),
        (None, Role::Waypoint) => None,
        (None, _) => Some(0),
    }
}

fn network_field(network: &NetworkRow, field: &str) -> Field {
    match field {
        "id" => Field::text(network.id.clone()),
        "kind" => Field::maybe_text(&network.kind),
        "as" => Field::maybe_number(network.asn.map(f64::from)),
        "country" => Field::maybe_text(&network.country),
        "lat" => Field::maybe_number(network.lat),
        "lon" => Field::maybe_number(network.lon),
        _ => panic!("the generator does not select by network.{field}"),
    }
}

/// A field of a node, of its network, one of its attributes, or its level.
pub fn node_field(document: &Document, node: &NodeRow, field: &str) -> Field {
    let network = network_of(document, node);
    if let Some(name) = field.strip_prefix("attributes.") {
        return Field::attribute(&node.attributes, name);
    }
    if let Some(name) = field.strip_prefix("network.") {
        return network_field(network, name);
    }
    match field {
        "id" => Field::text(node.id.clone()),
        "role" => Field::text(node.role.word()),
        "network" => Field::text(node.network.clone()),
        "uplink_kbps" => Field::number(node.uplink_kbps.0 as f64),
        "downlink_kbps" => Field::capacity(node.downlink_kbps.map(|rate| rate.0 as f64)),
        "nat" => Field::text(node.nat.unwrap_or(Nat::Open).word()),
        "access" => Field::maybe_text(&node.access),
        "country" => Field::maybe_text(&node.country).or(network_field(network, "country")),
        "region" => Field::maybe_text(&node.region),
        "lat" => Field::maybe_number(node.lat).or(network_field(network, "lat")),
        "lon" => Field::maybe_number(node.lon).or(network_field(network, "lon")),
        "affinity" => Field::several(&node.affinity),
        "clusters" => Field::several(&node.clusters),
        "max_children" => Field::capacity(node.max_children.map(f64::from)),
        "relay_contents" => Field::capacity(relay_contents(node).map(f64::from)),
        "storage_mb" => Field::capacity(node.storage_mb),
        "loss" => Field::number(node.loss.unwrap_or(0.0)),
        "availability" => Field::number(node.availability.unwrap_or(1.0)),
        "cost" => Field::number(node_cost(node)),
        "level" => {
            let levels =
                document.clusters.iter().filter(|cluster| node.clusters.contains(&cluster.id)).map(|cluster| cluster.level);
            Field::maybe_number(levels.min().map(f64::from))
        }
        _ => panic!("the generator does not select by {field}"),
    }
}

fn content_field(content: &ContentRow, field: &str) -> Field {
    if let Some(name) = field.strip_prefix("attributes.") {
        return Field::attribute(&content.attributes, name);
    }
    match field {
        "id" => Field::text(content.id.clone()),
        "kind" => Field::text(content.kind.unwrap_or(ContentKind::Live).word()),
        "media" => Field::text(content.media.unwrap_or(Media::Video).word()),
        "bitrate_kbps" => Field::number(content.bitrate_kbps.0 as f64),
        "substreams" => Field::number(content.substreams),
        "min_substreams" => Field::number(content.min_substreams.unwrap_or(content.substreams)),
        "size_mb" => Field::maybe_number(content.size_mb),
        "category" => Field::maybe_text(&content.category),
        _ => panic!("the generator does not select by content {field}"),
    }
}

fn link_field(link: &LinkRow, field: &str) -> Field {
    match field {
        "id" => Field::text(link.id.clone()),
        "from" => Field::text(link.from.clone()),
        "to" => Field::text(link.to.clone()),
        "kind" => Field::maybe_text(&link.kind),
        "state" => Field::text(link.state.unwrap_or(LinkState::Up).word()),
        _ => panic!("the generator does not select by link {field}"),
    }
}

fn value_matches(value: &Field, matcher: &Matcher) -> bool {
    match (matcher, value) {
        (Matcher::Present(present), value) => *present == (*value != Field::Missing),
        (_, Field::Missing) => false,
        (Matcher::OneOf(wanted), Field::One(value)) => wanted.contains(value),
        (Matcher::OneOf(wanted), Field::Several(values)) => values.iter().any(|v| wanted.contains(&Scalar::Text(v.clone()))),
        (Matcher::Between(_, max), Field::Unlimited) => max.is_none(),
        (Matcher::Between(min, max), Field::One(Scalar::Number(x))) => min.is_none_or(|m| *x >= m) && max.is_none_or(|m| *x <= m),
        _ => false,
    }
}

/// All tests of a selector hold; `field` looks values up.
fn selects(selector: &Selector, field: &dyn Fn(&str) -> Field, inside: &dyn Fn(&[ipnet::IpNet]) -> bool) -> bool {
    selector.tests.iter().all(|test| match test {
        Test::Field(_, Matcher::Prefixes(prefixes)) => inside(prefixes),
        Test::Field(name, matcher) => value_matches(&field(name), matcher),
        Test::Not(inner) => !selects(inner, field, inside),
        Test::Any(list) => list.iter().any(|inner| selects(inner, field, inside)),
    })
}

/// A selector of nodes matches this one.
pub fn node_matches(document: &Document, node: &NodeRow, selector: &Selector) -> bool {
    let inside = |prefixes: &[ipnet::IpNet]| node.ip.is_some_and(|ip| prefixes.iter().any(|prefix| prefix.contains(&ip)));
    selects(selector, &|field| node_field(document, node, field), &inside)
}

/// A selector of contents matches this one.
pub fn content_matches(content: &ContentRow, selector: &Selector) -> bool {
    selects(selector, &|field| content_field(content, field), &|_| false)
}

/// A selector of links matches this one.
pub fn link_matches(link: &LinkRow, selector: &Selector) -> bool {
    selects(selector, &|field| link_field(link, field), &|_| false)
}

/// A relation holds between a source and a destination.
pub fn relation_holds(document: &Document, source: &NodeRow, destination: &NodeRow, relation: &Relation) -> bool {
    let pair = |field: &SmolStr| (node_field(document, source, field), node_field(document, destination, field));
    let present = |(a, b): &(Field, Field)| *a != Field::Missing && *b != Field::Missing;
    relation.tests.iter().all(|test| match test {
        RelationTest::Same(fields) => fields.iter().map(pair).all(|p| present(&p) && p.0 == p.1),
        RelationTest::Different(fields) => fields.iter().map(pair).all(|p| present(&p) && p.0 != p.1),
        RelationTest::SharesAffinity(wanted) => {
            *wanted == source.affinity.iter().any(|group| destination.affinity.contains(group))
        }
        RelationTest::Not(inner) => !relation_holds(document, source, destination, inner),
        RelationTest::Any(list) => list.iter().any(|inner| relation_holds(document, source, destination, inner)),
    })
}

/// A policy matches a flow from `source` to `destination` whose route is `route`.
pub fn flow_matches(
    document: &Document,
    policy: &Policy,
    source: &NodeRow,
    destination: &NodeRow,
    content: &ContentRow,
    route: &[usize],
) -> bool {
    node_matches(document, source, &policy.source)
        && node_matches(document, destination, &policy.destination)
        && content_matches(content, &policy.content)
        && policy.crosses.as_ref().is_none_or(|links| route.iter().any(|&l| link_matches(&document.links[l], links)))
        && policy.relation.as_ref().is_none_or(|relation| relation_holds(document, source, destination, relation))
}

/// A policy is in force at the document's time.
pub fn applies(document: &Document, policy: &Policy) -> bool {
    let ended = |rule: &Rule| matches!(rule, Rule::LimitVolume { period_end, .. } if time(document) >= *period_end);
    in_force(document, &policy.when) && !ended(&policy.rule)
}

/// What the matching flows together may carry: the rate itself, or what is left of a volume over the seconds that are
/// left.
pub fn rate_limit(document: &Document, rule: &Rule) -> Option<u64> {
    match rule {
        Rule::LimitRate { max_kbps } => Some(max_kbps.0),
        Rule::LimitVolume { max_gb, used_gb, period_end } => {
            let seconds = (period_end.as_nanosecond() - time(document).as_nanosecond()) as f64 / 1e9;
            Some(((max_gb - used_gb) * 8e6 / seconds).floor().max(0.0) as u64)
        }
        _ => None,
    }
}

fn time(document: &Document) -> Timestamp {
    document.time.parse().expect("the generator writes RFC 3339")
}

/// A condition holds at the document's time.
pub fn in_force(document: &Document, when: &When) -> bool {
    let link = |id: &SmolStr| document.links.iter().find(|link| link.id == *id).expect("conditions name links that exist");
    when.hours.as_ref().is_none_or(|hours| in_hours(document, hours))
        && when.link_state.as_ref().is_none_or(|test| test.is.contains(&link(&test.link).state.unwrap_or(LinkState::Up)))
        && when.link_volume_gb.as_ref().is_none_or(|test| {
            let volume = link(&test.link).month_to_date_gb.unwrap_or(0.0);
            test.above.is_none_or(|x| volume > x) && test.below.is_none_or(|x| volume < x)
        })
}

fn in_hours(document: &Document, hours: &Hours) -> bool {
    let zone = hours.timezone.as_deref().unwrap_or("UTC");
    let local = time(document).to_zoned_datetime(TimeZone::get(zone).expect("the generator names time zones that exist"));
    let today = local.weekday().to_monday_zero_offset() as usize;
    let listed = |day: usize| hours.days.as_ref().is_none_or(|days| days.contains(&Day::ALL[day % 7].1));
    let second = i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
    let from = hours.from.map_or(0, |time| i64::from(time.0) * 60);
    let to = hours.to.map_or(24 * 3600, |time| i64::from(time.0) * 60);
    if from == to {
        listed(today)
    } else if from < to {
        listed(today) && from <= second && second < to
    } else {
        listed(today) && from <= second || listed(today + 6) && second < to
    }
}
