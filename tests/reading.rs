//! Good input: forms of files, order, defaults, what stands beside the instance, conditions, and policies both ways.

use pleach::ids::NodeId;
use pleach::instance::document::{Document, ParentCell, PreviousRow};
use pleach::instance::policy::*;
use pleach::instance::read::{ReadError, read, sha256, write};
use pleach::instance::{Instance, LinkState, Place, Scalar, condition};
use pleach::units::Kbps;
use proptest::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SMALL: &str = r#"{"format": "pleach/instance/1", "name": "small", "time": "2026-11-23T00:30:00Z",
"contents": [{"id": "film", "bitrate_kbps": 1001, "substreams": 4}],
"nodes": [{"id": "w", "role": "waypoint", "network": "n", "uplink_kbps": 9},
 {"id": "o", "role": "origin", "network": "m", "uplink_kbps": 9, "affinity": ["z", "a"], "clusters": ["low", "top"]},
 {"id": "p", "role": "peer", "network": "n", "uplink_kbps": 9, "country": "FR", "lat": 1, "lon": 2}],
"holdings": [{"node": "o", "content": "film"}, {"node": "w", "content": "film", "substreams": [1, 3]}],
"requests": [{"node": "p", "content": "film"}],
"networks": [{"id": "n", "country": "DE", "lat": 50, "lon": 8}, {"id": "m"}],
"links": [{"id": "m>n", "from": "m", "to": "n", "state": "congested", "month_to_date_gb": 100}],
"clusters": [{"id": "low", "level": 3}, {"id": "top", "level": 1}],
"policies": [{"id": "one", "rule": {"forbid": {}}}, {"id": "two", "rule": {"prefer": {"cost": -1}}}]}"#;

fn small() -> Instance {
    Instance::from_json(SMALL).unwrap().0
}

fn put(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn plain_gzip_and_zstd_are_read_alike_whatever_the_name() {
    let dir = TempDir::new().unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(SMALL.as_bytes()).unwrap();
    let forms = [SMALL.as_bytes().to_vec(), gz.finish().unwrap(), zstd::encode_all(SMALL.as_bytes(), 1).unwrap()];
    for (form, name) in forms.iter().zip(["a.zst", "b.json", "c.gz"]) {
        let (instance, warnings) = read(&put(&dir, name, form), None).unwrap();
        assert_eq!(format!("{instance:?}"), format!("{:?}", small()));
        assert_eq!(instance.sha256, sha256(SMALL.as_bytes()));
        assert_eq!(warnings, []);
    }
    let broken = put(&dir, "broken.gz", &forms[1][..forms[1].len() / 2]);
    assert!(matches!(read(&broken, None), Err(ReadError::Io { .. })));
    assert!(matches!(read(Path::new("there-is-no-such-file"), None), Err(ReadError::Io { .. })));
}

#[test]
fn what_is_written_is_read_back_with_the_hash_of_the_rows() {
    let dir = TempDir::new().unwrap();
    let document = Document {
        format: "pleach/instance/1".into(),
        name: "made".into(),
        time: "2026-11-22T19:30:00Z".into(),
        policies: small().policies,
        ..Document::default()
    };
    let (made, _) = Instance::from_document(document.clone()).unwrap();
    for name in ["a.json", "a.json.gz", "a.json.zst"] {
        let path = dir.path().join(name);
        write(&path, &document).unwrap();
        let (instance, _) = read(&path, None).unwrap();
        assert_eq!(format!("{instance:?}"), format!("{made:?}"));
    }
    let size = |name: &str| std::fs::read(dir.path().join(name)).unwrap()[..2].to_vec();
    assert_eq!((size("a.json.gz"), size("a.json.zst")), (vec![0x1f, 0x8b], vec![0x28, 0xb5]));
}

#[test]
fn the_order_of_rows_reaches_no_table() {
    let reversed = {
        let mut value: serde_json::Value = serde_json::from_str(SMALL).unwrap();
        for list in ["contents", "nodes", "holdings", "requests", "networks", "links", "clusters"] {
            value[list].as_array_mut().unwrap().reverse();
        }
        Instance::from_json(value.to_string()).unwrap().0
    };
    let mut given = small();
    given.sha256 = reversed.sha256.clone();
    assert_eq!(format!("{given:?}"), format!("{reversed:?}"));
    let ids: Vec<&str> = given.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids, ["o", "p", "w"]);
    assert!(ids.iter().enumerate().all(|(row, id)| given.node(id) == Some(NodeId(row as u32))));
    assert_eq!(given.node("q"), None);
}

#[test]
fn defaults_are_those_of_the_contract() {
    let instance = small();
    let [o, p, w] = ["o", "p", "w"].map(|id| &instance.nodes[instance.node(id).unwrap()]);
    assert_eq!([o.cost, p.cost, w.cost], [1.0, 0.0, 0.5]);
    assert_eq!([o.relay_contents, p.relay_contents, w.relay_contents], [Some(0), Some(0), None]);
    assert_eq!((w.country.as_deref(), w.place), (Some("DE"), Some(Place { lat: 50.0, lon: 8.0 })));
    assert_eq!((p.country.as_deref(), p.place), (Some("FR"), Some(Place { lat: 1.0, lon: 2.0 })));
    assert_eq!((o.country.as_deref(), o.place), (None, None));
    assert_eq!((o.level, p.level, o.loss, o.availability), (Some(1), None, 0.0, 1.0));
    assert_eq!(o.affinity, ["a", "z"]);
    let content = &instance.contents[instance.content("film").unwrap()];
    assert_eq!((content.min_substreams, content.rate(), content.all()), (4, Kbps(251), 0b1111));
    let link = &instance.links[instance.link("m>n").unwrap()];
    assert_eq!((link.capacity, link.used, link.cost, link.weight), (None, Kbps(0), 0.0, 1));
    assert_eq!(instance.holdings.iter().map(|holding| holding.mask).collect::<Vec<_>>(), [0b1111, 0b1010]);
    let policy = &instance.policies[0];
    assert_eq!((policy.owner, policy.rank, policy.relaxable), (Owner::Provider, 1, false));
    assert!(policy.when.is_always() && policy.source.is_all() && policy.crosses.is_none());
}

#[test]
fn a_policies_file_replaces_what_is_known_and_appends_the_rest() {
    let dir = TempDir::new().unwrap();
    let instance = put(&dir, "i.json", SMALL.as_bytes());
    let text = r#"[{"id": "three", "rule": {"forbid": {}}}, {"id": "one", "rank": 7, "rule": {"forbid": {}}}]"#;
    let (read_both, _) = read(&instance, Some(&put(&dir, "p.json", text.as_bytes()))).unwrap();
    let ids: Vec<(&str, u32)> = read_both.policies.iter().map(|policy| (policy.id.as_str(), policy.rank)).collect();
    assert_eq!(ids, [("one", 7), ("two", 1), ("three", 1)]);
    assert_eq!(read_both.policies_sha256, Some(sha256(text.as_bytes())));
    assert_eq!(read_both.sha256, sha256(SMALL.as_bytes()));

    let path = put(&dir, "bad.json", br#"[{"id": "a", "rule": {"forbid": {}}}, {"id": "a", "rule": {"prefer": {}}}]"#);
    let Err(ReadError::Faults(faults)) = read(&instance, Some(&path)) else { panic!("faults expected") };
    let paths: Vec<String> = faults.0.iter().map(|fault| fault.path.clone()).collect();
    assert_eq!(paths, ["[1].rule.prefer", "[1].id"].map(|place| format!("{}: ${place}", path.display())));
}

#[test]
fn a_previous_plan_takes_the_place_of_the_topology_in_force() {
    let row = |node: &str, parents: Vec<ParentCell>| PreviousRow { node: node.into(), content: "film".into(), parents };
    let one = |id: &str| ParentCell::One(id.into());
    let several = ParentCell::Several(vec!["o".into(), "gone".into()]);
    let rows = vec![row("p", vec![one("o"), ParentCell::Nobody(()), several, one("gone"), one("o")]), row("gone", vec![])];
    let instance = small().with_previous(rows, "abc".into());
    let (p, o) = (instance.node("p").unwrap(), instance.node("o").unwrap());
    let parents = instance.previous_of(p, instance.content("film").unwrap()).unwrap();
    let of = |s: usize| parents.of(s).collect::<Vec<_>>();
    assert_eq!(instance.previous.len(), 1);
    assert_eq!(parents.substreams(), 4);
    assert_eq!([of(0), of(1), of(2), of(3)], [vec![o], vec![], vec![o, NodeId::GONE], vec![NodeId::GONE]]);
    assert_eq!(instance.previous_sha256.as_deref(), Some("abc"));
}

/// Whether a condition holds in the small instance at another instant.
fn holds(time: &str, when: &str) -> bool {
    let policy = format!(r#"{{"id": "one", "when": {when}, "rule": {{"forbid": {{}}}}}}, {{"id": "two""#);
    let text = SMALL.replacen("2026-11-23T00:30:00Z", time, 1);
    let text = text.replacen(r#"{"id": "one", "rule": {"forbid": {}}}, {"id": "two""#, &policy, 1);
    let (instance, _) = Instance::from_json(text).unwrap_or_else(|faults| panic!("{faults}"));
    condition::holds(&instance.policies[0].when, &instance)
}

#[test]
fn hours_are_judged_in_their_zone_from_inclusive_to_exclusive() {
    // 23 November 2026 is a Monday.
    let cases = [
        ("2026-11-23T08:59:59Z", r#"{"from": "09:00", "to": "17:00"}"#, false),
        ("2026-11-23T09:00:00Z", r#"{"from": "09:00", "to": "17:00"}"#, true),
        ("2026-11-23T16:59:59.9Z", r#"{"from": "09:00", "to": "17:00"}"#, true),
        ("2026-11-23T17:00:00Z", r#"{"from": "09:00", "to": "17:00"}"#, false),
        ("2026-11-23T08:00:00Z", r#"{"from": "09:00", "to": "17:00", "timezone": "Europe/Berlin"}"#, true),
        ("2026-07-23T07:00:00Z", r#"{"from": "09:00", "to": "17:00", "timezone": "Europe/Berlin"}"#, true),
        ("2026-11-23T23:30:00Z", r#"{"days": ["tue"], "timezone": "Europe/Berlin"}"#, true),
        ("2026-11-23T23:30:00Z", r#"{"days": ["mon"], "timezone": "Europe/Berlin"}"#, false),
        ("2026-11-23T12:00:00Z", r#"{"days": ["mon"], "from": "10:00", "to": "10:00"}"#, true),
        ("2026-11-23T09:00:00Z", r#"{"days": ["mon"], "from": "10:00", "to": "10:00"}"#, true),
        ("2026-11-24T09:00:00Z", r#"{"days": ["mon"], "from": "10:00", "to": "10:00"}"#, false),
        ("2026-11-23T22:00:00Z", r#"{"days": ["mon"], "from": "22:00", "to": "06:00"}"#, true),
        ("2026-11-24T05:59:00Z", r#"{"days": ["mon"], "from": "22:00", "to": "06:00"}"#, true),
        ("2026-11-24T06:00:00Z", r#"{"days": ["mon"], "from": "22:00", "to": "06:00"}"#, false),
        ("2026-11-23T05:00:00Z", r#"{"days": ["mon"], "from": "22:00", "to": "06:00"}"#, false),
        ("2026-11-23T23:59:59Z", r#"{"from": "22:00"}"#, true),
        ("2026-11-23T00:00:00Z", r#"{"to": "24:00"}"#, true),
        ("2026-11-23T00:00:00Z", r#"{"days": []}"#, false),
    ];
    for (time, hours, expected) in cases {
        assert_eq!(holds(time, &format!(r#"{{"hours": {hours}}}"#)), expected, "{time} {hours}");
    }
}

#[test]
fn links_are_judged_by_their_state_and_strictly_by_their_volume() {
    let cases = [
        (r#"{}"#, true),
        (r#"{"link_state": {"link": "m>n", "is": ["down", "congested"]}}"#, true),
        (r#"{"link_state": {"link": "m>n", "is": ["up"]}}"#, false),
        (r#"{"link_volume_gb": {"link": "m>n", "above": 100}}"#, false),
        (r#"{"link_volume_gb": {"link": "m>n", "above": 99.9}}"#, true),
        (r#"{"link_volume_gb": {"link": "m>n", "below": 100}}"#, false),
        (r#"{"link_volume_gb": {"link": "m>n", "above": 99, "below": 101}}"#, true),
        (r#"{"link_volume_gb": {"link": "m>n", "above": 99}, "link_state": {"link": "m>n", "is": ["up"]}}"#, false),
    ];
    for (when, expected) in cases {
        assert_eq!(holds("2026-11-23T00:30:00Z", when), expected, "{when}");
    }
}

#[test]
fn a_share_of_the_uplink_is_exact_on_its_text() {
    let share = |text: &str, uplink| Decimal::parse(text).map(|share| share.of(Kbps(uplink)).0);
    assert_eq!(share("0.29", 100), Some(29));
    assert_eq!(share("0.1", 29), Some(2));
    assert_eq!(share("1", 1_000_000_000_000), Some(1_000_000_000_000));
    assert_eq!(share("1.000", 7), Some(7));
    assert_eq!(share("0.99999999999999999999999999", 1_000_000_000_000), Some(999_999_999_999));
    assert_eq!(share("5e-1", 9), Some(4));
    assert_eq!(share("0.0e5", 9), Some(0));
    assert_eq!(share("-0", 9), None);
    assert_eq!(share("1.1", 9), None);
    assert_eq!(share("10", 9), None);
}

fn texts() -> impl Strategy<Value = Vec<Scalar>> {
    prop::collection::vec(".{0,6}".prop_map(|text| Scalar::Text(text.into())), 0..3)
}

fn numbers() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("finite", |number| number.is_finite())
}

fn test() -> impl Strategy<Value = Test> {
    let field = |name: &str, matcher| Test::Field(name.into(), matcher);
    prop_oneof![
        texts().prop_map(move |list| field("country", Matcher::OneOf(list))),
        (numbers(), numbers()).prop_map(move |(a, b)| field("cost", Matcher::Between(Some(a), Some(b)))),
        numbers().prop_map(move |a| field("network.as", Matcher::Between(None, Some(a)))),
        any::<bool>().prop_map(move |b| field("affinity", Matcher::Present(b))),
        (any::<u32>(), 0..=32u8).prop_map(move |(address, length)| {
            let prefix = ipnet::Ipv4Net::new(address.into(), length).unwrap().trunc();
            field("ip", Matcher::Prefixes(vec![prefix.into()]))
        }),
        (".{1,5}", any::<bool>(), numbers()).prop_map(move |(name, truth, number)| {
            field(&format!("attributes.{name}"), Matcher::OneOf(vec![Scalar::Truth(truth), Scalar::Number(number)]))
        }),
    ]
}

/// Selectors whose keys are distinct, as they are in JSON.
fn selector() -> impl Strategy<Value = Selector> {
    let flat = prop::collection::vec(test(), 0..4).prop_map(|mut tests| {
        let name = |test: &Test| if let Test::Field(name, _) = test { name.clone() } else { "".into() };
        tests.sort_by_key(name);
        tests.dedup_by_key(|test| name(test));
        Selector { tests }
    });
    flat.prop_recursive(3, 8, 3, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..3))
            .prop_map(|(not, any)| Selector { tests: vec![Test::Not(not), Test::Any(any)] })
    })
}

fn relation() -> impl Strategy<Value = Relation> {
    let flat = any::<bool>().prop_map(|shared| Relation {
        tests: vec![
            RelationTest::Same(vec!["network".into(), "network.kind".into()]),
            RelationTest::Different(vec!["attributes.a b".into()]),
            RelationTest::SharesAffinity(shared),
        ],
    });
    flat.prop_recursive(3, 8, 3, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..3))
            .prop_map(|(not, any)| Relation { tests: vec![RelationTest::Not(not), RelationTest::Any(any)] })
    })
}

fn when() -> impl Strategy<Value = When> {
    (any::<bool>(), 0..=1440u16, 0.0..1e9).prop_map(|(timed, minutes, volume)| When {
        hours: timed.then(|| Hours {
            days: Some(vec![Day::Sun, Day::Wed]),
            from: Some(ClockTime(minutes)),
            to: None,
            timezone: Some("America/New_York".into()),
        }),
        link_state: Some(LinkStateIs { link: "m>n".into(), is: vec![LinkState::Down] }),
        link_volume_gb: Some(LinkVolume { link: "m>n".into(), above: Some(volume), below: None }),
    })
}

/// Rules that take every selector.
fn rule() -> impl Strategy<Value = Rule> {
    let decimal = (0..=10u128.pow(6), 1..8u32).prop_map(|(digits, zeros)| format!("0.{}{digits:07}", "0".repeat(zeros as usize)));
    prop_oneof![
        Just(Rule::Forbid {}),
        (0..=1_000_000_000_000u64).prop_map(|rate| Rule::LimitRate { max_kbps: Kbps(rate) }),
        (0..=1_000_000_000_000u64).prop_map(|rate| Rule::LimitNodeRate(NodeRate::MaxKbps(Kbps(rate)))),
        decimal.prop_map(|text| Rule::LimitNodeRate(NodeRate::MaxFraction(Decimal::parse(&text).unwrap()))),
        numbers().prop_map(|cost| Rule::Prefer { cost }),
        ".{1,9}".prop_map(|name| Rule::Protocol { name: name.into() }),
    ]
}

fn receivers_rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (1..=u32::MAX).prop_map(|millionths| Rule::Priority { weight: f64::from(millionths) / 1e6 }),
        any::<u32>().prop_map(|hops| Rule::MaxDepth { hops }),
    ]
}

/// The policy after it was written and read.
fn there_and_back(policy: &Policy) -> Policy {
    let before = SMALL.split_once(r#"{"id": "one""#).unwrap().0;
    let text = format!("{before}{}]}}", serde_json::to_string(policy).unwrap());
    let (instance, _) = Instance::from_json(text.clone()).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    instance.policies[0].clone()
}

proptest! {
    #[test]
    fn policies_are_read_as_they_were_written(
        (source, destination, crossed) in (selector(), selector(), any::<bool>()),
        (relation, when, rule, rank) in (relation(), when(), rule(), 1..=u32::MAX),
    ) {
        let crosses = crossed.then(Selector::default);
        let (id, owner, relaxable) = ("p".into(), Owner::Client, rule.is_relaxable());
        let content = Selector { tests: vec![Test::Field("media".into(), Matcher::OneOf(vec![Scalar::Text("audio".into())]))] };
        let relation = Some(relation);
        let policy = Policy { id, owner, rank, relaxable, when, source, destination, content, crosses, relation, rule };
        prop_assert_eq!(there_and_back(&policy), policy);
    }

    #[test]
    fn policies_for_receivers_are_read_as_they_were_written(destination in selector(), rule in receivers_rule()) {
        let mut policy = small().policies[0].clone();
        (policy.destination, policy.rule) = (destination, rule);
        prop_assert_eq!(there_and_back(&policy), policy);
    }
}
