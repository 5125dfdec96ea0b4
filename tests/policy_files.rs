//! Random policies: files of them, valid and broken, and plans under whatever is valid.

mod corruption;
#[allow(dead_code, reason = "another test uses the rest")]
mod oracle;

use corruption::{corrupted, places};
use oracle::generate::{Plot, tiny};
use oracle::policies::policies;
use pleach::engine::{Cancel, MethodChoice, Options, Silent, solve};
use pleach::instance::fault::Severity;
use pleach::instance::generate::{Knobs, Links, NatMix, Scenario};
use pleach::instance::read::{ReadError, read};
use pleach::instance::{Document, Instance};
use pleach::parameters::Model;
use rand::SeedableRng;
use rand_pcg::Pcg64;
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Instances, each of which lends its policies to a file beside it.
const DOCUMENTS: u64 = 800;
/// Files that are made of each valid one, broken in most cases.
const BROKEN: u64 = 12;

/// What reading these bytes as a policies file gives: whether there are policies, or what is wrong with the report.
fn reads(folder: &Path, text: &[u8]) -> Result<bool, String> {
    let (instance, policies) = (folder.join("instance.json"), folder.join("policies.json"));
    fs::write(&policies, text).map_err(|cause| cause.to_string())?;
    match read(&instance, Some(&policies)) {
        Ok(_) => Ok(true),
        Err(ReadError::Faults(faults)) => {
            let file = policies.display().to_string();
            let located = |path: &str| path.starts_with(&file) || path.starts_with('$');
            let lost = faults.0.iter().find(|fault| !located(&fault.path) || fault.what.is_empty() || fault.remedy.is_empty());
            match lost {
                Some(fault) => Err(format!("{fault}")),
                None if faults.0.iter().any(|fault| fault.severity() == Severity::Error) => Ok(false),
                None => Err("refused, and nothing is wrong".to_owned()),
            }
        }
        Err(other) => Err(other.to_string()),
    }
}

/// The instance without its policies in a folder; their text.
fn apart(folder: &Path, mut document: Document) -> String {
    let policies = std::mem::take(&mut document.policies);
    fs::write(folder.join("instance.json"), serde_json::to_vec(&document).unwrap()).unwrap();
    serde_json::to_string(&policies).unwrap()
}

#[test]
fn ten_thousand_policy_files_give_policies_or_located_faults() {
    let outcomes: Vec<[usize; 2]> = (0..DOCUMENTS)
        .into_par_iter()
        .map(|seed| {
            let folder = tempfile::tempdir().unwrap();
            let text = apart(folder.path(), tiny(seed));
            assert_eq!(reads(folder.path(), text.as_bytes()), Ok(true), "{text}");
            let value: Value = serde_json::from_str(&text).unwrap();
            let (mut all, mut rng) = (Vec::new(), Pcg64::seed_from_u64(seed));
            places(&value, String::new(), &mut all);
            let mut counts = [0, 1];
            for _ in 0..BROKEN {
                let text = corrupted(&text, &value, &all, &mut rng);
                match reads(folder.path(), &text) {
                    Ok(valid) => counts[usize::from(valid)] += 1,
                    Err(complaint) => panic!("{complaint}\n{}", String::from_utf8_lossy(&text)),
                }
            }
            counts
        })
        .collect();
    let sum = |which: usize| outcomes.iter().map(|counts| counts[which]).sum::<usize>();
    assert!(sum(0) + sum(1) >= 10_000 && sum(0) > 4000 && sum(1) > 1000, "{} broken, {} valid", sum(0), sum(1));
}

#[test]
fn policies_beside_the_instance_are_those_that_were_written() {
    for seed in 0..100 {
        let (folder, document) = (tempfile::tempdir().unwrap(), tiny(seed));
        let inside = Instance::from_document(document.clone()).unwrap().0;
        let text = apart(folder.path(), document);
        let (instance, policies) = (folder.path().join("instance.json"), folder.path().join("policies.json"));
        fs::write(&policies, text).unwrap();
        let beside = read(&instance, Some(&policies)).unwrap().0;
        assert_eq!(beside.policies, inside.policies, "tiny-{seed}");
        assert!(beside.policies_sha256.is_some() && inside.policies_sha256.is_none());
    }
}

/// A scenario with random policies; contents are named so that policies can be about them.
fn small(scenario: &str, nodes: usize, seed: u64) -> Document {
    let knobs = Knobs { nodes: Some(nodes), seed, links: Some(Links::Binding), nat: Some(NatMix::MIXED), ..Knobs::default() };
    let mut document = Scenario::named(scenario).expect("the scenario exists").make(&knobs).expect("the knobs fit").document;
    let rng = &mut Pcg64::seed_from_u64(seed);
    let plot = Plot::draw(rng);
    document.policies = (0..3).flat_map(|_| policies(rng, &document, &plot)).collect();
    let ids = document.policies.iter_mut().enumerate();
    ids.for_each(|(number, policy)| policy.id = format!("p{number}").into());
    document
}

/// Solves, and tells which rules there were. The engine verifies its plans and panics if one is refused.
fn solved(document: Document, method: MethodChoice) -> BTreeSet<&'static str> {
    let name = document.name.clone();
    let instance = Instance::from_document(document).unwrap_or_else(|faults| panic!("{name}: {faults}")).0;
    let options = Options { method, ..Options::new(Model::shipped("live").expect("live is shipped")) };
    let plan = solve(&instance, &options, &mut Silent, &Cancel::default()).plan;
    assert_eq!(plan.assignments.iter().filter(|row| !row.relay).count() + plan.unserved.len(), instance.requests.len(), "{name}");
    instance.policies.iter().map(|policy| policy.rule.name()).collect()
}

#[test]
fn random_policies_on_small_scenarios_give_verified_plans() {
    let scenarios = ["national-final", "town-hall", "regional-isp-ports", "long-tail-live", "vod-seek"];
    let cases: Vec<(&str, u64)> = scenarios.into_iter().flat_map(|scenario| (0..16).map(move |seed| (scenario, seed))).collect();
    let rules: BTreeSet<&str> = cases
        .into_par_iter()
        .flat_map_iter(|(scenario, seed)| {
            let methods = [MethodChoice::Greedy, MethodChoice::Optimized];
            methods.map(|method| solved(small(scenario, 40, seed), method)).into_iter().flatten()
        })
        .collect();
    assert!(rules.len() >= 13, "{rules:?}");
}

#[test]
fn random_policies_on_tiny_instances_give_verified_plans() {
    let seeds = 10_000..10_200;
    let rules: BTreeSet<&str> = seeds
        .into_par_iter()
        .flat_map_iter(|seed| {
            [MethodChoice::Greedy, MethodChoice::Optimized].map(|method| solved(tiny(seed), method)).into_iter().flatten()
        })
        .collect();
    assert_eq!(rules.len(), 14, "{rules:?}");
}
