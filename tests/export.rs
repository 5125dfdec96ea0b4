//! Exported programs, read back by a solver that knows nothing else of the instance.

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use pleach::program::highs::Highs;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Table {
    instance: Vec<Known>,
}

/// A row of `instances/known.toml`.
#[derive(Deserialize)]
struct Known {
    file: String,
    service: f64,
    cost: f64,
}

/// `instances/policies/known.toml`.
#[derive(Deserialize)]
struct PolicyTable {
    instance: Vec<Ruled>,
}

/// A row of it: service, relaxation and cost under the policies.
#[derive(Deserialize)]
struct Ruled {
    file: String,
    with: [f64; 3],
}

/// Instances whose group program has the optimum of the exact one, in service and in cost.
const TIGHT: [&str; 6] =
    ["limit-rate.json", "nearness.json", "waypoint.json", "partial-holders.json", "min-substreams.json", "blackout.json"];

fn known() -> Vec<Known> {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("instances/known.toml");
    toml::from_str::<Table>(&std::fs::read_to_string(table).unwrap()).unwrap().instance
}

fn export(file: &str, more: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("pleach"));
    command.arg("export").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("instances").join(file)).args(more);
    command
}

/// The optimum of what is exported.
fn optimum(file: &str, format: &str, level: &str, objective: &str) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join(format!("program.{format}"));
    let arguments = ["--format", format, "--level", level, "--objective", objective, "-o", program.to_str().unwrap()];
    export(file, &arguments).assert().code(0).stdout("");
    Highs::optimum_of_file(&program).unwrap()
}

fn assert_near(file: &str, what: &str, found: f64, known: f64) {
    assert!((found - known).abs() <= 1e-6 * known.abs().max(1.0), "{file}, {what}: {found}, not {known}");
}

#[test]
fn the_exact_program_has_the_values_worked_out_by_hand() {
    for Known { file, service, cost } in known() {
        assert_near(&file, "service as MPS", optimum(&file, "mps", "peer", "service"), -service);
        assert_near(&file, "cost as LP", optimum(&file, "lp", "peer", "cost"), cost);
    }
}

#[test]
fn the_exact_program_states_every_policy() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("instances/policies/known.toml");
    let table: PolicyTable = toml::from_str(&std::fs::read_to_string(table).unwrap()).unwrap();
    for Ruled { file, with: [service, _, cost] } in table.instance {
        let file = format!("policies/{file}");
        assert_near(&file, "service as LP", optimum(&file, "lp", "peer", "service"), -service);
        assert_near(&file, "cost as MPS", optimum(&file, "mps", "peer", "cost"), cost);
    }
}

#[test]
fn the_group_program_allows_all_that_the_exact_one_does() {
    for Known { file, service, .. } in known() {
        let found = -optimum(&file, "lp", "group", "service");
        assert!(found >= service * (1.0 - 1e-9), "{file}: {found} and not {service}");
    }
}

#[test]
fn the_group_program_is_tight_where_groups_are_single_nodes_in_both_formats() {
    for Known { file, service, cost } in known().into_iter().filter(|known| TIGHT.contains(&known.file.as_str())) {
        for format in ["mps", "lp"] {
            assert_near(&file, "service", optimum(&file, format, "group", "service"), -service);
            assert_near(&file, "cost", optimum(&file, format, "group", "cost"), cost);
        }
    }
}

#[test]
fn without_a_file_the_program_goes_to_standard_output() {
    let output = export("nat.json", &["--format", "lp"]).assert().code(0).get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("Minimize") && text.trim_end().ends_with("End"), "{text}");
}

#[test]
fn a_format_is_needed_and_has_to_be_known() {
    for arguments in [&[][..], &["--format", "csv"], &["--format", "lp", "--level", "site"]] {
        export("nat.json", arguments).assert().code(2).stdout("");
    }
}
