//! `explain` on every small instance: reasons, remedies that help when they are applied, parents, policies without effect.

use pleach::engine::explain::{Change, ChangeKind, lint, served, unserved};
use pleach::engine::{Cancel, MethodChoice, Options, Silent, solve};
use pleach::ids::Id;
use pleach::instance::{Instance, Nat, Role, read};
use pleach::parameters::{Model, Weights};
use pleach::plan::Plan;
use pleach::policy;
use pleach::units::Kbps;
use std::path::{Path, PathBuf};

/// Every small instance, of both folders.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("instances");
    let of = |folder: PathBuf| std::fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> = of(root.clone()).chain(of(root.join("policies"))).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

fn instance(path: &Path) -> Instance {
    read::read(path, None).expect("the instance has no fault").0
}

fn named(name: &str) -> Instance {
    instance(&Path::new(env!("CARGO_MANIFEST_DIR")).join("instances").join(name))
}

fn exact(instance: &Instance) -> Plan {
    let options = Options { method: MethodChoice::Exact, ..Options::new(Model::shipped("live").expect("live is shipped")) };
    solve(instance, &options, &mut Silent, &Cancel::default()).plan.into_inner()
}

/// The instance after a change.
fn apply(instance: &mut Instance, change: &Change) {
    match change.kind {
        ChangeKind::NodeUplink => {
            let node = instance.node(&change.target).expect("it names a node");
            instance.nodes[node].uplink += Kbps(change.amount_kbps);
        }
        ChangeKind::LinkCapacity => {
            let link = instance.link(&change.target).expect("it names a link");
            let capacity = instance.links[link].capacity.expect("only a limit can be widened");
            instance.links[link].capacity = Some(capacity + Kbps(change.amount_kbps));
        }
        ChangeKind::RelaxPolicy => instance.policies.retain(|policy| policy.id != change.target),
        ChangeKind::Waypoint => {
            let network = instance.network(&change.target).expect("it names a network");
            let beside = instance.nodes.iter().find(|node| node.network == network).expect("somebody is there");
            let (uplink, relay_contents) = (Kbps(change.amount_kbps), None);
            let mut waypoint = beside.clone();
            waypoint.id = "waypoint".into();
            (waypoint.role, waypoint.nat, waypoint.uplink, waypoint.relay_contents) =
                (Role::Waypoint, Nat::Open, uplink, relay_contents);
            (waypoint.downlink, waypoint.max_children, waypoint.storage_mb) = (None, None, None);
            instance.nodes.push(waypoint);
        }
    }
}

#[test]
fn each_remedy_once_applied_serves_the_request_beside_all_that_were_served() {
    let mut applied = 0;
    for path in files() {
        let instance = instance(&path);
        let plan = exact(&instance);
        let rules = policy::compile(&instance, Weights::default());
        for answer in unserved(&instance, &rules, &plan, None) {
            let (node, content) = answer.example.split_once('/').expect("node/content");
            let (node, content) = (instance.node(node).unwrap(), instance.content(content).unwrap());
            let request = instance.request(node, content).expect("it was asked");
            let least = f64::from(rules.least(&instance, node, content)) / f64::from(instance.contents[content].substreams);
            let own = rules.weight[request] * least;
            for remedy in &answer.remedies {
                let mut changed = instance.clone();
                remedy.changes.iter().for_each(|change| apply(&mut changed, change));
                let found = exact(&changed).service.value;
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                assert!(found >= plan.service.value + own - 1e-9, "{name} {}: {remedy:?} gives {found}", answer.example);
                applied += 1;
            }
        }
    }
    assert!(applied >= 40, "only {applied} remedies");
}

#[test]
fn a_remedy_takes_no_more_than_it_needs() {
    for path in files() {
        let instance = instance(&path);
        let plan = exact(&instance);
        let rules = policy::compile(&instance, Weights::default());
        for answer in unserved(&instance, &rules, &plan, None) {
            for remedy in answer.remedies.iter().filter(|remedy| remedy.changes.len() > 1) {
                let whole = remedy.changes.iter().all(|change| change.kind == ChangeKind::RelaxPolicy || change.amount_kbps > 0);
                assert!(whole, "{}: {remedy:?}", path.display());
            }
            let sizes: Vec<usize> = answer.remedies.iter().map(|remedy| remedy.changes.len()).collect();
            assert!(sizes.is_sorted(), "{}: fewest changes first", path.display());
        }
    }
}

/// The first change of the first remedy of a request.
fn first(name: &str, request: &str) -> (ChangeKind, String, u64) {
    let instance = named(name);
    let plan = exact(&instance);
    let rules = policy::compile(&instance, Weights::default());
    let node = instance.node(request.split('/').next().unwrap()).expect("the instance has it");
    let answers = unserved(&instance, &rules, &plan, Some(node));
    let answer = answers.iter().find(|answer| answer.example == request).expect("it is unserved");
    let change = &answer.remedies.first().expect("something helps").changes[0];
    (change.kind, change.target.clone(), change.amount_kbps)
}

#[test]
fn what_stands_in_the_way_is_named() {
    assert_eq!(first("blackout.json", "d1/match"), (ChangeKind::RelaxPolicy, "germany-blackout".into(), 0));
    assert_eq!(first("policies/working-hours.json", "p1/course").1, "not-while-we-work");
    assert_eq!(first("policies/volume.json", "p3/film"), (ChangeKind::RelaxPolicy, "transit-of-november".into(), 965));
    assert_eq!(first("policies/season-pass.json", "free/match"), (ChangeKind::NodeUplink, "holder".into(), 1000));
}

#[test]
fn a_served_request_is_told_its_parents_and_what_they_cost() {
    let instance = named("waypoint.json");
    let plan = exact(&instance);
    let rules = policy::compile(&instance, Weights::default());
    let answers = served(&instance, &rules, &plan, instance.node("p1").unwrap());
    assert_eq!(answers.len(), 1);
    let parent = &answers[0].parents[0];
    assert_eq!((parent.parent.as_str(), parent.role, parent.depth), ("w1", "waypoint", 2));
    assert!((parent.unit_cost - 0.5).abs() < 1e-9, "{parent:?}");
    assert!(parent.because.contains("sender 0.5"), "{parent:?}");
}

#[test]
fn policies_without_effect_are_found() {
    let mut instance = named("policies/volume.json");
    let own = instance.policies[0].clone();
    let mut copy = |id: &str, edit: &dyn Fn(&mut pleach::instance::policy::Policy)| {
        let mut policy = own.clone();
        policy.id = id.into();
        edit(&mut policy);
        instance.policies.push(policy);
    };
    let rate = |max: u64| pleach::instance::policy::Rule::LimitRate { max_kbps: Kbps(max) };
    copy("tight", &|policy| policy.rule = rate(1000));
    copy("loose", &|policy| policy.rule = rate(1500));
    copy("roomy", &|policy| policy.rule = rate(9000));
    copy("cheap", &|policy| policy.rule = pleach::instance::policy::Rule::Prefer { cost: -1.0 });
    copy("dear", &|policy| policy.rule = pleach::instance::policy::Rule::Prefer { cost: 0.4 });
    let rules = policy::compile(&instance, Weights::default());
    let found = lint(&instance, &rules);
    let kinds: Vec<(&str, &str)> = found.iter().map(|finding| (finding.kind, finding.policy.as_str())).collect();
    assert!(kinds.contains(&("implied", "loose")), "{kinds:?}");
    assert!(kinds.contains(&("never_binds", "roomy")), "{kinds:?}");
    assert!(kinds.contains(&("contradicts", "dear")), "{kinds:?}");
    assert!(!kinds.iter().any(|(_, policy)| *policy == "tight"), "{kinds:?}");
    assert_eq!(instance.policies.len(), rules.in_force.len());
    assert!(rules.in_force.iter().all(|policy| policy.index() < instance.policies.len()));
}
