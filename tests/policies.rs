//! Every instance of `instances/policies/`: a policy decides the outcome, as its README works out by hand.

use pleach::engine::{Cancel, MethodChoice, Options, Silent, solve};
use pleach::instance::{Instance, read};
use pleach::parameters::Model;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The table: `instances/policies/known.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    instance: Vec<Known>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    file: String,
    /// Service, relaxation and cost under the policies.
    with: [f64; 3],
    /// The same without any.
    without: [f64; 3],
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instances/policies")
}

fn table() -> Vec<Known> {
    let text = std::fs::read_to_string(folder().join("known.toml")).expect("the table is there");
    toml::from_str::<Table>(&text).expect("the table is TOML of the known form").instance
}

fn instance(file: &str) -> Instance {
    let (instance, warnings) = read::read(&folder().join(file), None).expect("the instance has no fault");
    assert!(warnings.is_empty(), "{file}: {warnings:?}");
    instance
}

/// The values of a plan of this method; the plan itself is verified by whoever made it.
fn values(instance: &Instance, method: MethodChoice) -> [f64; 3] {
    let options = Options { method, ..Options::new(Model::shipped("live").expect("live is shipped")) };
    let plan = solve(instance, &options, &mut Silent, &Cancel::default()).plan;
    [plan.service.value, plan.relaxation.value, plan.cost.value]
}

fn agree(found: [f64; 3], known: [f64; 3]) -> bool {
    found.iter().zip(known).all(|(found, known)| (found - known).abs() <= 1e-6 * known.abs().max(1.0))
}

/// What plans of a method have otherwise than the table.
fn differences(method: MethodChoice) -> Vec<String> {
    let mut wrong = Vec::new();
    for known in table() {
        let mut instance = instance(&known.file);
        let found = values(&instance, method);
        if !agree(found, known.with) {
            wrong.push(format!("{}: {found:?}, not {:?}", known.file, known.with));
        }
        instance.policies.clear();
        let found = values(&instance, method);
        if !agree(found, known.without) {
            wrong.push(format!("{} without policies: {found:?}, not {:?}", known.file, known.without));
        }
    }
    wrong
}

#[test]
fn the_greedy_reaches_every_value_worked_out_by_hand() {
    assert_eq!(differences(MethodChoice::Greedy), Vec::<String>::new());
}

#[test]
fn the_optimized_plan_reaches_every_value_worked_out_by_hand() {
    assert_eq!(differences(MethodChoice::Optimized), Vec::<String>::new());
}

#[test]
fn the_exact_plan_reaches_every_value_worked_out_by_hand() {
    assert_eq!(differences(MethodChoice::Exact), Vec::<String>::new());
}

#[test]
fn policies_decide_wherever_they_are_in_force() {
    // Two are not in force, and a protocol costs nothing.
    let idle = ["primary-congested.json", "below-threshold.json", "protocols.json"];
    for known in table() {
        assert_eq!(agree(known.with, known.without), idle.contains(&known.file.as_str()), "{}", known.file);
    }
}

#[test]
fn every_instance_stands_in_the_table_once() {
    let files = std::fs::read_dir(folder()).expect("the folder is there").map(|entry| entry.expect("it can be listed").path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let files: BTreeSet<String> = files.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let listed: Vec<String> = table().into_iter().map(|known| known.file).collect();
    assert_eq!(listed.len(), listed.iter().collect::<BTreeSet<_>>().len(), "a file is listed twice");
    assert_eq!(files, listed.into_iter().collect());
}
