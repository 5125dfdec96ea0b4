//! Every small instance of `instances/` against the values that `instances/README.md` works out by hand.

use pleach::engine::{Cancel, MethodChoice, Options, Silent, solve};
use pleach::instance::{Instance, read};
use pleach::parameters::Model;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The table: `instances/known.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    instance: Vec<Known>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    file: String,
    service: f64,
    relaxation: f64,
    cost: f64,
    /// `NODE/CONTENT` of the requests that no optimal plan serves, each with its reason.
    #[serde(default)]
    reasons: BTreeMap<String, String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instances")
}

fn table() -> Vec<Known> {
    let text = std::fs::read_to_string(folder().join("known.toml")).expect("the table is there");
    toml::from_str::<Table>(&text).expect("the table is TOML of the known form").instance
}

fn instance(known: &Known) -> Instance {
    let (instance, warnings) = read::read(&folder().join(&known.file), None).expect("the instance has no fault");
    assert!(warnings.is_empty(), "{}: {warnings:?}", known.file);
    instance
}

/// What a plan of this method has otherwise than the table; the plan itself is verified by whoever made it.
fn differences(known: &Known, method: MethodChoice) -> Vec<String> {
    let instance = instance(known);
    let options = Options { method, ..Options::new(Model::shipped("live").expect("live is shipped")) };
    let plan = solve(&instance, &options, &mut Silent, &Cancel::default()).plan;
    let values = [
        ("service", plan.service.value, known.service),
        ("relaxation", plan.relaxation.value, known.relaxation),
        ("cost", plan.cost.value, known.cost),
    ];
    let far = |value: f64, right: f64| (value - right).abs() > 1e-6 * right.abs().max(1.0);
    let wrong = values.into_iter().filter(|(_, value, right)| far(*value, *right));
    let mut found: Vec<String> =
        wrong.map(|(name, value, right)| format!("{} {method:?}: {name} {value}, not {right}", known.file)).collect();
    let reason = |row: &pleach::plan::Unserved| {
        let name = format!("{}/{}", instance.nodes[row.node].id, instance.contents[row.content].id);
        (name, row.reason.word().to_owned())
    };
    let reasons: BTreeMap<String, String> = plan.unserved.iter().map(reason).collect();
    for (request, reason) in &known.reasons {
        if reasons.get(request) != Some(reason) {
            found.push(format!("{} {method:?}: {request} is {:?}, not {reason}", known.file, reasons.get(request)));
        }
    }
    found
}

fn assert_as_known(method: MethodChoice) {
    let found: Vec<String> = table().iter().flat_map(|known| differences(known, method)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_greedy_reaches_every_value_worked_out_by_hand() {
    assert_as_known(MethodChoice::Greedy);
}

#[test]
fn the_optimized_plan_reaches_every_value_worked_out_by_hand() {
    assert_as_known(MethodChoice::Optimized);
}

#[test]
fn the_exact_plan_reaches_every_value_worked_out_by_hand() {
    assert_as_known(MethodChoice::Exact);
}

#[test]
fn every_small_instance_stands_in_the_table_once() {
    let files = std::fs::read_dir(folder()).expect("the folder is there").map(|entry| entry.expect("it can be listed").path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let files: BTreeSet<String> = files.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let listed: Vec<String> = table().into_iter().map(|known| known.file).collect();
    assert_eq!(listed.len(), listed.iter().collect::<BTreeSet<_>>().len(), "a file is listed twice");
    assert_eq!(files, listed.into_iter().collect());
}
