//! Random policies over the fields that the generator fills.

use super::generate::{Plot, Theme, maybe, pick, some_rates};
use super::topology::when;
use pleach::instance::document::RequestRow;
use pleach::instance::policy::*;
use pleach::instance::{Document, Scalar};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_pcg::Pcg64;
use smol_str::{SmolStr, format_smolstr};

/// Most policies that may be relaxed in one instance.
const MOST_RELAXABLE: usize = 2;

/// Some policies of any kind, few where there is not enough for all, then some that matter: broad, always in force, often
/// relaxable. Where there is not enough for all, a last one favours who would else come last.
pub fn policies(rng: &mut Pcg64, document: &Document, plot: &Plot) -> Vec<Policy> {
    let (casual, meant) = match plot.theme {
        Theme::Crowded => (1..=2, 2..=3),
        Theme::Relays => (0..=1, 0..=0),
        theme if theme.is_calm() => (0..=1, 0..=1),
        _ => (1..=4, 2..=2),
    };
    let casual = rng.random_range(casual);
    let count = casual + rng.random_range(meant);
    let rules: Vec<Rule> = (0..count).map(|_| rule(rng, document, plot)).collect();
    let mut policies: Vec<Policy> = rules.into_iter().enumerate().map(|(p, rule)| policy(rng, document, p, rule)).collect();
    policies[casual..].iter_mut().for_each(|policy| broaden(rng, document, policy));
    let most = if plot.theme == Theme::Crowded { 1 } else { MOST_RELAXABLE };
    policies.iter_mut().filter(|policy| policy.relaxable).skip(most).for_each(|policy| policy.relaxable = false);
    let weight_of = |request: &&RequestRow| request.weight.unwrap_or(1.0);
    let last = document.requests.iter().min_by(|a, b| weight_of(a).total_cmp(&weight_of(b)));
    let scarce = plot.theme == Theme::Scarce || plot.theme == Theme::Crowded && plot.uplinks_tight;
    if let (true, Some(last)) = (scarce, last) {
        let weight = 10.0;
        let mut priority = policy(rng, document, count, Rule::Priority { weight });
        (priority.when, priority.content) = Default::default();
        priority.destination = Selector { tests: vec![one_of("id", &[&last.node])] };
        policies.push(priority);
    }
    policies
}

/// Lets a policy matter more often.
fn broaden(rng: &mut Pcg64, document: &Document, policy: &mut Policy) {
    (policy.when, policy.content) = Default::default();
    policy.relaxable = policy.rule.is_relaxable() && rng.random_bool(0.45);
    let wanters = || document.nodes.iter().filter(|node| document.requests.iter().any(|request| request.node == node.id));
    let some: Vec<&str> = wanters().map(|node| node.id.as_str()).filter(|_| rng.random_bool(0.5)).collect();
    let strong = wanters().max_by_key(|node| node.uplink_kbps).map(|node| node.id.as_str());
    match (&policy.rule, strong) {
        (Rule::RequireCopies { .. } | Rule::Protocol { .. } | Rule::Prefer { .. }, _) => {}
        // Whom others may need is late.
        (Rule::Delay { .. }, Some(strong)) => policy.destination = Selector { tests: vec![one_of("id", &[strong])] },
        // Who would come last comes first.
        (Rule::Priority { .. }, _) => {
            let weight = |request: &&RequestRow| request.weight.unwrap_or(1.0);
            let last = document.requests.iter().min_by(|a, b| weight(a).total_cmp(&weight(b)));
            policy.destination = Selector { tests: last.map(|last| one_of("id", &[&last.node])).into_iter().collect() };
            policy.rule = Rule::Priority { weight: 10.0 };
        }
        (Rule::Forbid {}, _) if !some.is_empty() => {
            policy.destination = Selector { tests: vec![one_of("id", &some)] };
        }
        // More parents for a whole crowd are more than can be searched.
        (Rule::Redundancy { .. }, _) => policy.destination = Selector { tests: vec![one_of("id", &some[..some.len().min(2)])] },
        _ => {
            (policy.source, policy.destination) = Default::default();
            (policy.crosses, policy.relation) = Default::default();
        }
    }
}

fn policy(rng: &mut Pcg64, document: &Document, number: usize, rule: Rule) -> Policy {
    // Rules about receivers take a destination and a content, `require_copies` a content, nothing else.
    let (receivers, copies) = (rule.concerns_receivers(), matches!(rule, Rule::RequireCopies { .. }));
    let forbids = matches!(rule, Rule::Forbid {});
    let (mut source, mut crosses, mut relation) = (Selector::default(), None, None);
    let (senders, wanters) = (&document.holdings[..], &document.requests[..]);
    let sender = senders.choose(rng).map(|holding| holding.node.clone());
    let wanter = wanters.choose(rng).map(|request| request.node.clone());
    if !receivers && !copies {
        source = maybe(rng, 0.4, |rng| selector_near(rng, document, sender)).unwrap_or_default();
        crosses = maybe(rng, 0.2, |rng| link_selector(rng, document));
        relation = maybe(rng, 0.2, |rng| relation_of(rng, 0));
    }
    // What forbids everything only empties the instance, and what favours everybody favours nobody.
    let broad = source.is_all() && crosses.is_none() && relation.is_none();
    let chance = match rule {
        Rule::RequireCopies { .. } => 0.0,
        Rule::Priority { .. } => 1.0,
        // Who is late, or needs several parents, is so beside others.
        Rule::Delay { .. } | Rule::Redundancy { .. } => 0.8,
        _ if forbids && broad => 1.0,
        _ => 0.4,
    };
    Policy {
        id: format_smolstr!("p{number}"),
        owner: pick(rng, &[Owner::Network, Owner::Provider, Owner::Client]),
        rank: rng.random_range(1..=3),
        relaxable: rule.is_relaxable() && rng.random_bool(0.3),
        when: maybe(rng, 0.25, |rng| when(rng, document)).unwrap_or_default(),
        source,
        destination: maybe(rng, chance, |rng| selector_near(rng, document, wanter)).unwrap_or_default(),
        content: maybe(rng, 0.3, content_selector).unwrap_or_default(),
        crosses,
        relation,
        rule,
    }
}

fn rule(rng: &mut Pcg64, document: &Document, plot: &Plot) -> Rule {
    // A crowd needs more than a few flows.
    let crowded = plot.theme == Theme::Crowded;
    let (limit, node_limit, hops): (_, _, &[u32]) = if crowded { (8, 4, &[1, 1, 2, 2]) } else { (3, 2, &[0, 1, 1, 1, 1, 1, 2]) };
    let may_degrade = document.contents.iter().any(|content| content.min_substreams.unwrap_or(content.substreams) > 1);
    match rng.random_range(0..66) {
        0..3 => Rule::Forbid {},
        3..6 => Rule::LimitRate { max_kbps: some_rates(rng, document, limit) },
        6..10 => limit_volume(rng, document, limit),
        10 => Rule::LimitNodeRate(NodeRate::MaxKbps(some_rates(rng, document, node_limit))),
        11..13 => {
            let (digits, scale) = pick(rng, &[(0, 0), (25, 2), (25, 2), (5, 1), (333333333, 9), (75, 2)]);
            Rule::LimitNodeRate(NodeRate::MaxFraction(Decimal { digits, scale }))
        }
        13..19 => Rule::LimitCopies { network: network(rng, document), max: pick(rng, &[0, 1, 1, 1, 2]) },
        19..24 => require_copies(rng, document),
        24..27 => Rule::Prefer { cost: pick(rng, &[-5.0, -0.3, 0.2, 1.0]) },
        27..31 => Rule::Priority { weight: pick(rng, &[0.1, 2.0, 10.0]) },
        31..38 => Rule::Delay { seconds: pick(rng, &[5.0, 10.0, 10.0, 30.5]) },
        38..41 => Rule::Redundancy {
            parents: pick(rng, &[1, 2, 2, 2, 2, 3]),
            distinct: pick(rng, &[Distinct::Node, Distinct::Node, Distinct::Network, Distinct::Link]),
        },
        41..44 => Rule::MaxDepth { hops: pick(rng, hops) },
        // Halves of the generated round trips, their sums, and what is between.
        44..49 => Rule::MaxDelay { ms: pick(rng, &[0.0, 1.0, 1.0, 2.0, 11.75, 12.75, 40.0, 100.0]) },
        49..62 if may_degrade => Rule::Degrade { min_substreams: pick(rng, &[1, 1, 1, 2]) },
        49..51 => require_copies(rng, document),
        51..54 => Rule::Priority { weight: 10.0 },
        54..57 | 64 => Rule::LimitCopies { network: network(rng, document), max: 1 },
        57..60 | 65 => Rule::MaxDepth { hops: 1 },
        _ => Rule::Protocol { name: SmolStr::new_static(pick(rng, &["rtp", "quic"])) },
    }
}

/// The network of somebody who wants something, away from the origin if there is one.
fn network(rng: &mut Pcg64, document: &Document) -> SmolStr {
    let (origin, wants) = (&document.nodes[0], |id: &SmolStr| document.requests.iter().any(|request| request.node == *id));
    let networks = || document.nodes.iter().filter(|node| wants(&node.id)).map(|node| &node.network);
    let away: Vec<&SmolStr> = networks().filter(|network| **network != origin.network).collect();
    let all: Vec<&SmolStr> = networks().collect();
    away.choose(rng).or(all.choose(rng)).map_or(origin.network.clone(), |network| (*network).clone())
}

/// A few substream rates for some time to come; now and then nothing is left, or the period has ended.
fn limit_volume(rng: &mut Pcg64, document: &Document, most: u64) -> Rule {
    let now: jiff::Timestamp = document.time.parse().expect("the generator writes RFC 3339");
    let seconds: i64 = pick(rng, &[0, 1, 3600, 3600, 86_400, 1_000_000, 1_000_000]);
    let used_gb = pick(rng, &[0.0, 0.0, 10.0, 100.7]);
    let left = some_rates(rng, document, most).0 as f64 * seconds as f64 / 8e6;
    let max_gb = if rng.random_bool(0.05) { used_gb / 2.0 } else { used_gb + left };
    Rule::LimitVolume { max_gb, used_gb, period_end: now + jiff::SignedDuration::from_secs(seconds) }
}

/// One or two of the links into a network, where it has any.
fn require_copies(rng: &mut Pcg64, document: &Document) -> Rule {
    let network = network(rng, document);
    let into = document.links.iter().filter(|link| link.to == network && link.from != network);
    let into: Vec<&SmolStr> = into.map(|link| &link.id).collect();
    let count = pick(rng, &[1, 1, 2]);
    let links: Vec<SmolStr> = into.sample(rng, count).map(|id| (*id).clone()).collect();
    if links.is_empty() { Rule::Degrade { min_substreams: 1 } } else { Rule::RequireCopies { network, links } }
}

/// The rules of models that know no relaxing, late versions, copies or several parents.
const SIMPLE: [&str; 7] = ["forbid", "limit_rate", "limit_node_rate", "prefer", "priority", "max_depth", "protocol"];

/// The document without the policies of other rules than the simple ones, and with nothing to relax.
pub fn simple(document: &Document) -> Document {
    let mut other = document.clone();
    other.policies.retain(|policy| SIMPLE.contains(&policy.rule.name()));
    other.policies.iter_mut().for_each(|policy| policy.relaxable = false);
    other
}

/// Hours of the week, in some time zone.
pub fn hours(rng: &mut Pcg64) -> Hours {
    let clock = [0, 4 * 60 + 15, 9 * 60, 19 * 60 + 30, 20 * 60 + 30, 23 * 60];
    let from = maybe(rng, 0.7, |rng| ClockTime(pick(rng, &clock)));
    let to = match from {
        // The whole day.
        Some(from) if rng.random_bool(0.2) => Some(from),
        _ => maybe(rng, 0.7, |rng| ClockTime(pick(rng, &clock) + 60)),
    };
    Hours {
        days: maybe(rng, 0.6, |rng| {
            let days: Vec<Day> = Day::ALL.iter().map(|(_, day)| *day).filter(|_| rng.random_bool(0.5)).collect();
            if days.is_empty() { vec![Day::Sun] } else { days }
        }),
        from,
        to,
        timezone: maybe(rng, 0.6, |rng| pick(rng, &["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]).to_owned()),
    }
}

fn one_of(field: &str, values: &[&str]) -> Test {
    let values = values.iter().map(|value| Scalar::Text(SmolStr::new(value))).collect();
    Test::Field(SmolStr::new(field), Matcher::OneOf(values))
}

fn test(field: &str, matcher: Matcher) -> Test {
    Test::Field(SmolStr::new(field), matcher)
}

/// A selector of one node, or any other.
fn selector_near(rng: &mut Pcg64, document: &Document, node: Option<SmolStr>) -> Selector {
    match node {
        Some(node) if rng.random_bool(0.3) => Selector { tests: vec![one_of("id", &[&node])] },
        _ => node_selector(rng, document, 0),
    }
}

/// One or two tests, now and then negated or alternative.
fn node_selector(rng: &mut Pcg64, document: &Document, nesting: u32) -> Selector {
    let count = if rng.random_bool(0.2) { 2 } else { 1 };
    let mut tests: Vec<Test> = Vec::new();
    for _ in 0..count {
        let next = node_test(rng, document, nesting);
        // A key stands once in a selector.
        if !tests.iter().any(|known| key(known) == key(&next)) {
            tests.push(next);
        }
    }
    Selector { tests }
}

fn key(test: &Test) -> &str {
    match test {
        Test::Field(field, _) => field,
        Test::Not(_) => "not",
        Test::Any(_) => "any",
    }
}

fn node_test(rng: &mut Pcg64, document: &Document, nesting: u32) -> Test {
    let node = |rng: &mut Pcg64| document.nodes[rng.random_range(0..document.nodes.len())].clone();
    match rng.random_range(0..if nesting > 1 { 17 } else { 20 }) {
        0..3 => one_of("id", &[&node(rng).id, &node(rng).id]),
        3..5 => one_of("role", pick(rng, &[&["peer"], &["origin", "server"], &["waypoint", "peer"]])),
        5 => one_of("network", &[&node(rng).network]),
        6 => one_of(pick(rng, &["country", "network.country"]), pick(rng, &[&["DE"], &["FR", "US"]])),
        7 => one_of("nat", pick(rng, &[&["open"], &["port_restricted", "symmetric"]])),
        8 => one_of("network.kind", pick(rng, &[&["isp"], &["enterprise"]])),
        9 => test("network.as", Matcher::OneOf(vec![Scalar::Number(64500.0)])),
        10 => test(
            pick(rng, &["downlink_kbps", "max_children", "storage_mb", "relay_contents", "uplink_kbps"]),
            Matcher::Between(Some(1.0), maybe(rng, 0.4, |rng| pick(rng, &[1.0, 800.0, 2000.0]))),
        ),
        11 => {
            let field = pick(rng, &["region", "access", "network.kind", "downlink_kbps", "availability", "lat", "country"]);
            test(field, Matcher::Present(rng.random_bool(0.5)))
        }
        12 => {
            let prefix = pick(rng, &["203.0.113.0/25", "198.51.100.0/24", "2001:db8::/32"]);
            test("ip", Matcher::Prefixes(vec![prefix.parse().expect("documentation prefixes parse")]))
        }
        13 => one_of("affinity", &["friends"]),
        14 => one_of("attributes.plan", &["gold"]),
        15 => test("attributes.age", Matcher::Between(None, Some(18.0))),
        16 if document.clusters.is_empty() => one_of("region", &["north"]),
        16 => test("level", Matcher::Between(Some(1.0), Some(2.0))),
        17..19 => Test::Not(node_selector(rng, document, nesting + 1)),
        _ => Test::Any((0..2).map(|_| node_selector(rng, document, nesting + 1)).collect()),
    }
}

fn content_selector(rng: &mut Pcg64) -> Selector {
    let test = match rng.random_range(0..7) {
        0..2 => one_of("id", pick(rng, &[&["c0"], &["c1"]])),
        2 => one_of("kind", pick(rng, &[&["live"], &["file"]])),
        3 => one_of("media", pick(rng, &[&["video"], &["audio", "data"]])),
        4 => one_of("category", &["sport"]),
        5 => test("attributes.paid", Matcher::OneOf(vec![Scalar::Truth(true)])),
        _ => test("substreams", Matcher::Between(Some(2.0), Some(3.0))),
    };
    Selector { tests: vec![test] }
}

fn link_selector(rng: &mut Pcg64, document: &Document) -> Selector {
    let network = document.networks[rng.random_range(0..document.networks.len())].id.clone();
    let tests = match rng.random_range(0..5) {
        0 => Vec::new(),
        1 => vec![one_of("kind", pick(rng, &[&["transit"], &["peering"]]))],
        2 => vec![one_of(pick(rng, &["from", "to"]), &[&network])],
        3 => vec![one_of("state", &["congested"])],
        _ => vec![Test::Not(Selector { tests: vec![one_of("kind", &["peering"])] })],
    };
    Selector { tests }
}

fn relation_of(rng: &mut Pcg64, nesting: u32) -> Relation {
    let fields = ["network", "country", "region", "network.as", "role", "attributes.plan"];
    let field = |rng: &mut Pcg64| vec![SmolStr::new_static(pick(rng, &fields))];
    let test = match rng.random_range(0..if nesting > 1 { 5 } else { 7 }) {
        0..2 => RelationTest::Same(field(rng)),
        2..4 => RelationTest::Different(field(rng)),
        4 => RelationTest::SharesAffinity(true),
        5 => RelationTest::Not(relation_of(rng, nesting + 1)),
        _ => RelationTest::Any((0..2).map(|_| relation_of(rng, nesting + 1)).collect()),
    };
    Relation { tests: vec![test] }
}
