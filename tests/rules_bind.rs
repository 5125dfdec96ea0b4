//! Every rule binds: plans that do not know a policy are refused under its name, or are worth less than those that do.
//!
//! The plan for an instance without its policies, made by each method, is told to be for the instance with them.

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use pleach::engine::{Cancel, MethodChoice, Options, Silent, solve};
use pleach::instance::{Instance, read};
use pleach::parameters::Model;
use pleach::plan::{self, Plan};
use pleach::verify::{Examination, check};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const METHODS: [MethodChoice; 3] = [MethodChoice::Greedy, MethodChoice::Optimized, MethodChoice::Exact];

/// Rules that a plan can break, each with an instance where nobody keeps it by chance.
const REFUSED: [(&str, &str); 12] = [
    ("forbid", "policies/friends-only.json"),
    ("limit_rate", "policies/content-on-link.json"),
    ("limit_volume", "policies/volume.json"),
    ("limit_node_rate", "policies/busy-hours.json"),
    ("limit_copies", "policies/one-copy.json"),
    ("require_copies", "policies/two-copies.json"),
    ("delay", "policies/paying-now.json"),
    ("redundancy", "policies/redundancy.json"),
    ("max_depth", "depth-limit.json"),
    ("max_delay", "policies/max-delay.json"),
    ("protocol", "policies/protocols.json"),
    ("forbid", "blackout.json"),
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instances").join(name)
}

fn instance(name: &str) -> Instance {
    read::read(&path(name), None).expect("the instance has no fault").0
}

/// The same instance without the policies of one rule.
fn without(instance: &Instance, rule: &str) -> Instance {
    let mut other = instance.clone();
    other.policies.retain(|policy| policy.rule.name() != rule);
    assert!(other.policies.is_empty(), "{}: other rules would blur what this one does", instance.name);
    other
}

fn solved(instance: &Instance, method: MethodChoice) -> Plan {
    let options = Options { method, ..Options::new(Model::shipped("live").expect("live is shipped")) };
    solve(instance, &options, &mut Silent, &Cancel::default()).plan.into_inner()
}

/// What a check of the plan's file finds.
fn checked(instance: &Instance, plan: &Plan) -> Examination {
    let mut text = Vec::new();
    plan::write::write(plan, instance, &mut text).expect("memory can be written");
    check(instance, plan::read::parse(&text, Path::new("plan.json")).expect("what is written can be read")).1
}

/// The names of what is broken, without what only follows from it.
fn broken(examination: &Examination) -> Vec<&'static str> {
    let mut words: Vec<&str> = examination.violations.iter().map(|violation| violation.kind.word()).collect();
    words.retain(|word| !word.starts_with("wrong_"));
    words.sort_unstable();
    words.dedup();
    words
}

#[test]
fn a_plan_that_does_not_know_a_policy_is_refused_under_the_name_of_its_rule() {
    for (rule, file) in REFUSED {
        let with = instance(file);
        for method in METHODS {
            let plan = solved(&without(&with, rule), method);
            assert_eq!(broken(&checked(&with, &plan)), [rule], "{file}, {method:?}");
        }
    }
}

#[test]
fn a_plan_that_knows_them_is_accepted_as_it_is_written() {
    for (_, file) in REFUSED {
        let instance = instance(file);
        for method in METHODS {
            let found = checked(&instance, &solved(&instance, method)).violations;
            assert!(found.is_empty(), "{file}, {method:?}: {found:?}");
        }
    }
}

/// For each method the values, in service and cost, of the plan that does not know the policies and of the one that does.
fn values(file: &str, rule: &str) -> Vec<[(f64, f64); 2]> {
    let with = instance(file);
    let worth = |plan: &Plan| {
        let found = checked(&with, plan);
        assert_eq!(broken(&found), Vec::<&str>::new(), "{file}");
        (found.service, found.cost.0 as f64 / 1e9)
    };
    METHODS.map(|method| [worth(&solved(&without(&with, rule), method)), worth(&solved(&with, method))]).into()
}

fn near(found: f64, known: f64) -> bool {
    (found - known).abs() < 1e-9
}

#[test]
fn what_is_dear_is_avoided() {
    // From the server p1 and p2 cost 1 more each; p1 feeds p2 over 200 ms.
    for [blind, aware] in values("policies/least-server-traffic.json", "prefer") {
        assert!(near(blind.0, aware.0) && near(blind.1, 2.0) && near(aware.1, 1.2), "{blind:?} {aware:?}");
    }
}

#[test]
fn who_has_priority_is_served_first() {
    for [blind, aware] in values("policies/season-pass.json", "priority") {
        assert!(near(blind.0, 1.5) && near(aware.0, 10.0), "{blind:?} {aware:?}");
    }
}

#[test]
fn who_may_be_degraded_gets_what_is_left() {
    for [blind, aware] in values("policies/fewer-parts.json", "degrade") {
        assert!(near(blind.0, 1.0) && near(aware.0, 1.5), "{blind:?} {aware:?}");
    }
    let with = instance("policies/fewer-parts.json");
    for method in METHODS {
        let found = checked(&without(&with, "degrade"), &solved(&with, method));
        assert!(broken(&found).contains(&"too_few_substreams"), "{method:?}");
    }
}

#[test]
fn flows_carry_the_protocol_of_the_first_policy_that_matches() {
    let instance = instance("policies/protocols.json");
    for method in METHODS {
        let plan = solved(&instance, method);
        let carried: Vec<&str> = plan
            .assignments
            .iter()
            .filter_map(|row| row.protocol(0).map(|name| plan.protocol_names[usize::from(name)].as_str()))
            .collect();
        assert_eq!(carried, ["quic", "rtp"], "{method:?}");
    }
}

fn pleach(arguments: &[&Path]) -> Command {
    let mut command = Command::new(cargo_bin!("pleach"));
    command.args(arguments);
    command
}

#[test]
fn check_refuses_such_a_plan_on_the_command_line() {
    for file in ["policies/volume.json", "policies/redundancy.json", "policies/one-copy.json"] {
        let dir = tempfile::tempdir().unwrap();
        let (bare, policies, plan) =
            (dir.path().join("bare.json"), dir.path().join("policies.json"), dir.path().join("plan.json"));
        let mut whole: Value = serde_json::from_slice(&fs::read(path(file)).unwrap()).unwrap();
        let list = whole.as_object_mut().unwrap().remove("policies").unwrap();
        let rule = list[0]["rule"].as_object().unwrap().keys().next().unwrap().clone();
        fs::write(&bare, whole.to_string()).unwrap();
        fs::write(&policies, list.to_string()).unwrap();
        pleach(&["solve".as_ref(), &bare, "-o".as_ref(), &plan]).assert().code(0);
        pleach(&["check".as_ref(), &bare, &plan]).assert().code(0);
        let mut told: Value = serde_json::from_slice(&fs::read(&plan).unwrap()).unwrap();
        told["policies_sha256"] = json!(read::sha256(&fs::read(&policies).unwrap()));
        fs::write(&plan, told.to_string()).unwrap();
        let refused = pleach(&["check".as_ref(), &bare, &plan, "--policies".as_ref(), &policies]).assert().code(1);
        let words = String::from_utf8(refused.get_output().stdout.clone()).unwrap();
        assert!(words.contains(&rule), "{file}: {words}");
        assert!(!words.contains("other_instance"), "{file}: {words}");
    }
}
