//! The binary from outside: verbs, files, standard streams, exit codes.

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// One origin with room for two copies, three peers; one of the peers can pass a copy on.
const TINY: &str = r#"{"format": "pleach/instance/1", "name": "tiny", "time": "2026-11-22T19:30:00Z",
  "contents": [{"id": "film", "bitrate_kbps": 2000, "substreams": 2}],
  "nodes": [{"id": "o", "role": "origin", "network": "n", "uplink_kbps": 4000},
            {"id": "a", "role": "peer", "network": "n", "uplink_kbps": 0},
            {"id": "b", "role": "peer", "network": "n", "uplink_kbps": 1000},
            {"id": "c", "role": "peer", "network": "n", "uplink_kbps": 0}],
  "networks": [{"id": "n"}],
  "holdings": [{"node": "o", "content": "film"}],
  "requests": [{"node": "a", "content": "film"}, {"node": "b", "content": "film"}, {"node": "c", "content": "film"}]}"#;

fn pleach<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(cargo_bin!("pleach"));
    command.args(arguments);
    command
}

/// A folder with `tiny.json` in it.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tiny.json"), TINY).unwrap();
    dir
}

fn put(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Solves `tiny.json` into `plan.json` and tells the plan.
fn solved(dir: &TempDir) -> Value {
    pleach(["solve", "tiny.json", "-o", "plan.json"]).current_dir(dir).assert().code(0).stdout("");
    plan(&dir.path().join("plan.json"))
}

fn plan(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The one JSON object that `--error-format json` writes.
fn error(command: &mut Command, code: i32) -> Value {
    let output = command.args(["--error-format", "json"]).assert().code(code).get_output().clone();
    let object: Value = serde_json::from_slice(&output.stderr).expect("standard error is one JSON object");
    assert_eq!(object["error"]["code"], code);
    assert!(object["error"]["message"].is_string());
    object["error"].clone()
}

fn codes(error: &Value) -> Vec<&str> {
    error["faults"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect()
}

/// A plan's bytes without the wall-clock seconds.
fn without_seconds(plan: &[u8]) -> String {
    let text = String::from_utf8(plan.to_vec()).unwrap();
    let start = text.find("\"seconds\"").expect("a plan tells where the time went");
    let end = start + text[start..].find('}').unwrap();
    text[..start].to_owned() + &text[end..]
}

#[test]
fn help_and_version_are_answers_on_standard_output() {
    for argument in ["--help", "-h", "--version", "help"] {
        let output = pleach([argument]).assert().code(0).stderr("").get_output().stdout.clone();
        assert!(String::from_utf8(output).unwrap().contains("pleach"), "{argument}");
    }
}

#[test]
fn faults_of_the_arguments_end_with_2() {
    let cases: [&[&str]; 12] = [
        &[],
        &["prune"],
        &["solve"],
        &["solve", "tiny.json", "--methods", "greedy"],
        &["solve", "tiny.json", "--method", "alphabetical"],
        &["solve", "tiny.json", "--model", "nowhere"],
        &["solve", "tiny.json", "--gap", "-1"],
        &["solve", "tiny.json", "--threads", "0"],
        &["solve", "tiny.json", "--time-limit", "soon"],
        &["solve", "tiny.json", "--certificate", "-"],
        &["solve", "-", "--previous", "-"],
        &["generate", "atlantis"],
    ];
    let dir = folder();
    for case in cases {
        pleach(case).current_dir(&dir).assert().code(2).stdout("");
        assert_eq!(error(pleach(case).current_dir(&dir), 2)["kind"], "usage", "{case:?}");
    }
}

#[test]
fn a_method_that_is_not_built_is_answered_with_those_that_are() {
    let error = error(&mut pleach(["solve", "tiny.json", "--method", "alphabetical"]), 2);
    assert!(error["faults"][0]["remedy"].as_str().unwrap().contains("greedy"));
}

#[test]
fn solve_serves_whom_it_can_and_says_who_is_left_out() {
    let plan = solved(&folder());
    assert_eq!(plan["format"], "pleach/plan/1");
    assert_eq!(plan["instance"], "tiny");
    assert_eq!(plan["statistics"]["served"], 2);
    assert_eq!(plan["unserved"][0]["reason"], "capacity");
    assert_eq!(plan["service"]["value"], 2.0);
}

#[test]
fn the_summary_goes_to_standard_error_without_colours_when_nobody_looks() {
    let dir = folder();
    let output = pleach(["solve", "tiny.json"]).current_dir(&dir).assert().code(0).get_output().clone();
    let words = String::from_utf8(output.stderr).unwrap();
    for word in ["tiny", "2 of 3 requests", "capacity", "cost"] {
        assert!(words.contains(word), "{word} is missing in:\n{words}");
    }
    assert!(!words.contains('\u{1b}'), "{words:?}");
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["format"], "pleach/plan/1");
}

#[test]
fn standard_input_and_output_stand_behind_a_dash() {
    let dir = folder();
    solved(&dir);
    let output = pleach(["solve", "-", "-o", "-"]).write_stdin(TINY).assert().code(0).get_output().stdout.clone();
    assert_eq!(without_seconds(&output), without_seconds(&fs::read(dir.path().join("plan.json")).unwrap()));
    pleach(["check", "tiny.json", "-"]).current_dir(&dir).write_stdin(output).assert().code(0);
    assert!(!dir.path().join("-").exists());
}

#[test]
fn compressed_files_are_read_and_written_by_their_name() {
    let dir = folder();
    let at = |name: &str| dir.path().join(name);
    for extension in ["gz", "zst"] {
        let (instance, plan) = (format!("made.json.{extension}"), format!("plan.json.{extension}"));
        let options = ["--nodes", "40", "-o"];
        let scenario = first_scenario();
        pleach(["generate", &scenario]).args(options).arg(&instance).current_dir(&dir).assert().code(0);
        pleach(["generate", &scenario]).args(options).arg("made.json").current_dir(&dir).assert().code(0);
        assert!(fs::metadata(at(&instance)).unwrap().len() < fs::metadata(at("made.json")).unwrap().len());
        pleach(["solve", &instance, "-o", &plan]).current_dir(&dir).assert().code(0);
        // The hash is that of the text, so the plan is for the plain file too.
        pleach(["check", "made.json", &plan]).current_dir(&dir).assert().code(0);
    }
}

#[test]
fn the_same_command_twice_gives_the_same_bytes() {
    let dir = folder();
    let scenario = first_scenario();
    let make = |seed: &str| {
        let output = pleach(["generate", &scenario, "--nodes", "60", "--seed", seed]).assert().code(0).get_output().clone();
        output.stdout
    };
    assert_eq!(make("7"), make("7"));
    assert_ne!(make("7"), make("8"));
    fs::write(dir.path().join("made.json"), make("7")).unwrap();
    let solve = || {
        let output = pleach(["solve", "made.json", "--seed", "3"]).current_dir(&dir).assert().code(0).get_output().clone();
        without_seconds(&output.stdout)
    };
    assert_eq!(solve(), solve());
}

#[test]
fn every_scenario_is_listed_and_can_be_made_solved_and_checked() {
    let dir = folder();
    let scenarios = scenarios();
    assert!(!scenarios.is_empty());
    for scenario in scenarios {
        for policies in [false, true] {
            let extra = if policies { &["--policies"][..] } else { &[] };
            pleach(["generate", &scenario, "--nodes", "50", "-o", "s.json"]).args(extra).current_dir(&dir).assert().code(0);
            pleach(["solve", "s.json", "-o", "s.plan"]).current_dir(&dir).assert().code(0);
            pleach(["check", "s.json", "s.plan"]).current_dir(&dir).assert().code(0);
        }
    }
}

#[test]
fn an_instance_without_anything_in_it_has_an_empty_plan() {
    let dir = folder();
    put(&dir, "empty.json", r#"{"format": "pleach/instance/1", "name": "empty", "time": "2026-11-22T19:30:00Z"}"#);
    pleach(["solve", "empty.json", "-o", "plan.json"]).current_dir(&dir).assert().code(0);
    assert_eq!(plan(&dir.path().join("plan.json"))["service"]["value"], 0.0);
    pleach(["check", "empty.json", "plan.json"]).current_dir(&dir).assert().code(0);
}

#[test]
fn bad_input_ends_with_2_and_names_its_code() {
    let huge = TINY.replace("4000", "1e300");
    let deep = "[".repeat(100_000);
    let cases = [
        ("", "syntax"),
        ("{", "syntax"),
        (deep.as_str(), "syntax"),
        ("{}", "missing_field"),
        ("[]", "wrong_type"),
        (huge.as_str(), "out_of_range"),
        (&TINY.replace("uplink_kbps", "uplnk_kbps"), "unknown_field"),
        (&TINY.replace("instance/1", "instance/9"), "wrong_format"),
        (&TINY.replace("\"network\": \"n\"", "\"network\": \"m\""), "dangling_reference"),
    ];
    let dir = folder();
    for (text, code) in cases {
        put(&dir, "bad.json", text);
        let start = &text[..text.len().min(60)];
        pleach(["solve", "bad.json"]).current_dir(&dir).assert().code(2).stdout("");
        let error = error(pleach(["solve", "bad.json"]).current_dir(&dir), 2);
        assert_eq!(error["kind"], "input", "{start}");
        assert!(codes(&error).contains(&code), "{code} is missing in {error} for {start}");
    }
}

#[test]
fn all_faults_come_in_one_report_with_place_and_remedy() {
    let dir = folder();
    let text =
        TINY.replace("\"uplink_kbps\": 4000", "\"uplnk_kbps\": -1").replace("\"bitrate_kbps\": 2000", "\"bitrate_kbps\": 0");
    put(&dir, "bad.json", &text);
    let error = error(pleach(["solve", "bad.json"]).current_dir(&dir), 2);
    assert!(codes(&error).len() >= 3, "{error}");
    let output = pleach(["solve", "bad.json"]).current_dir(&dir).assert().code(2).get_output().clone();
    let words = String::from_utf8(output.stderr).unwrap();
    for fault in error["faults"].as_array().unwrap() {
        for part in ["path", "what", "remedy"] {
            assert!(words.contains(fault[part].as_str().unwrap()), "{part} of {fault} is missing in:\n{words}");
        }
    }
}

#[test]
fn files_that_cannot_be_read_or_written_end_with_2_and_leave_nothing() {
    let dir = folder();
    let cases: [&[&str]; 4] = [
        &["solve", "missing.json"],
        &["solve", "."],
        &["solve", "tiny.json", "-o", "no/such/folder/plan.json"],
        &["check", "tiny.json", "missing.json"],
    ];
    for case in cases {
        assert_eq!(error(pleach(case).current_dir(&dir), 2)["kind"], "file", "{case:?}");
    }
    let left: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["tiny.json"]);
}

#[test]
fn a_solve_that_fails_leaves_the_plan_that_was_there() {
    let dir = folder();
    put(&dir, "plan.json", "the plan in force");
    put(&dir, "bad.json", "{");
    pleach(["solve", "bad.json", "-o", "plan.json"]).current_dir(&dir).assert().code(2);
    assert_eq!(fs::read_to_string(dir.path().join("plan.json")).unwrap(), "the plan in force");
}

/// Runs a command whose standard output nobody reads.
fn unheard(dir: &TempDir, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = std::process::Command::new(cargo_bin!("pleach"))
        .args(arguments)
        .current_dir(dir)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = folder();
    for arguments in [&["solve", "tiny.json"][..], &["schema", "plan"], &["generate", "--list"], &["--help"]] {
        let (code, words) = unheard(&dir, arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {words}");
        assert!(!words.contains("error"), "{arguments:?}: {words}");
    }
}

#[test]
fn a_wrong_plan_is_wrong_although_nobody_listens() {
    let dir = folder();
    let mut plan = solved(&dir);
    plan["service"]["value"] = json!(3.0);
    put(&dir, "plan.json", &plan.to_string());
    assert_eq!(unheard(&dir, &["check", "tiny.json", "plan.json"]).0, Some(1));
}

#[test]
fn policies_and_a_previous_plan_can_be_given_beside_the_instance() {
    let dir = folder();
    solved(&dir);
    put(
        &dir,
        "policies.json",
        r#"[{"id": "not-b", "owner": "provider", "rank": 1, "destination": {"id": ["b"]}, "rule": {"forbid": {}}}]"#,
    );
    let beside = ["--policies", "policies.json", "--previous", "plan.json"];
    pleach(["solve", "tiny.json", "-o", "next.json"]).args(beside).current_dir(&dir).assert().code(0);
    let next = plan(&dir.path().join("next.json"));
    assert!(next["policies_sha256"].is_string() && next["previous_sha256"].is_string());
    let left_out: Vec<&Value> = next["unserved"].as_array().unwrap().iter().filter(|row| row["node"] == "b").collect();
    assert_eq!(left_out[0]["reason"], "policy");
    assert_eq!(left_out[0]["policies"], json!(["not-b"]));
    pleach(["check", "tiny.json", "next.json"]).args(beside).current_dir(&dir).assert().code(0);
    // Without the policies it is a plan for another instance.
    pleach(["check", "tiny.json", "next.json"]).current_dir(&dir).assert().code(1);
}

#[test]
fn check_answers_a_wrong_plan_with_1() {
    let dir = folder();
    let good = solved(&dir);
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut plan = good.clone();
        change(&mut plan);
        put(&dir, "wrong.json", &plan.to_string());
        let output = pleach(["check", "tiny.json", "wrong.json"]).current_dir(&dir).assert().code(1).get_output().clone();
        let error = error(pleach(["check", "tiny.json", "wrong.json"]).current_dir(&dir), 1);
        assert_eq!(error["kind"], "violation");
        assert!(!codes(&error).is_empty());
        assert!(!output.stdout.is_empty());
    };
    wrong(&|plan| plan["service"]["value"] = json!(3.0));
    wrong(&|plan| plan["instance_sha256"] = json!("0".repeat(64)));
    wrong(&|plan| plan["assignments"][0]["parents"][0] = json!("nobody-we-know"));
    wrong(&|plan| plan["assignments"][0]["node"] = json!("nobody-we-know"));
    wrong(&|plan| plan["unserved"] = json!([]));
}

#[test]
fn check_answers_a_plan_that_cannot_be_read_with_2() {
    let dir = folder();
    for text in ["", "{", "{}", "[]", r#"{"format": "pleach/plan/1"}"#] {
        put(&dir, "broken.json", text);
        assert_eq!(error(pleach(["check", "tiny.json", "broken.json"]).current_dir(&dir), 2)["kind"], "input", "{text}");
    }
}

#[test]
fn check_can_answer_in_json() {
    let dir = folder();
    let mut plan = solved(&dir);
    let good = pleach(["check", "--json", "tiny.json", "plan.json"]).current_dir(&dir).assert().code(0).get_output().clone();
    let good: Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!((&good["valid"], &good["violations"]), (&json!(true), &json!([])));
    plan["service"]["value"] = json!(3.0);
    put(&dir, "plan.json", &plan.to_string());
    let bad = pleach(["check", "--json", "tiny.json", "plan.json"]).current_dir(&dir).assert().code(1).get_output().clone();
    let bad: Value = serde_json::from_slice(&bad.stdout).unwrap();
    assert_eq!(bad["valid"], json!(false));
    let violations = bad["violations"].as_array().unwrap();
    assert!(violations.iter().any(|violation| violation["code"] == "wrong_value" && violation["path"] == "service"), "{bad}");
    assert_eq!(bad["claimed"]["service"], json!(3.0));
    assert_eq!(bad["recomputed"]["service"], json!(2.0));
}

#[test]
fn a_certificate_of_a_solve_proves_the_bounds_of_its_plan_to_check() {
    let dir = folder();
    for method in ["auto", "greedy"] {
        let solve = ["solve", "tiny.json", "-o", "plan.json", "--method", method, "--certificate", "c.json"];
        pleach(solve).current_dir(&dir).assert().code(0).stdout("");
        let check = ["check", "tiny.json", "plan.json", "--bounds", "c.json"];
        let words = pleach(check).current_dir(&dir).assert().code(0).get_output().stdout.clone();
        let answer = pleach(check).arg("--json").current_dir(&dir).assert().code(0).get_output().stdout.clone();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let all_checked = ["service", "cost"].iter().all(|name| answer["bounds"][name]["checked"] == true);
        assert_eq!(all_checked, !String::from_utf8(words).unwrap().contains("not checked: search"), "{answer}");
        assert!(all_checked || method == "auto", "{answer}");
    }
    let mut better = plan(&dir.path().join("plan.json"));
    better["service"] = json!({ "value": 2.0, "bound": 2.0, "gap": 0.0 });
    put(&dir, "better.json", &better.to_string());
    let refused = error(pleach(["check", "tiny.json", "better.json", "--bounds", "c.json"]).current_dir(&dir), 1);
    assert_eq!(codes(&refused), ["wrong_bound"], "five slots prove 2.5");
}

#[test]
fn a_file_that_is_no_certificate_is_bad_input() {
    let dir = folder();
    solved(&dir);
    let refused = error(pleach(["check", "tiny.json", "plan.json", "--bounds", "plan.json"]).current_dir(&dir), 2);
    assert_eq!(codes(&refused), ["wrong_format"]);
}

/// `UPDATE_SCHEMAS=1` writes the files anew.
#[test]
fn checked_in_schemas_are_those_of_the_types() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/schemas");
    for format in ["instance", "plan", "certificate"] {
        let made = pleach(["schema", format]).assert().code(0).get_output().stdout.clone();
        serde_json::from_slice::<Value>(&made).expect("a schema is JSON");
        let path = schemas.join(format!("{format}.schema.json"));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::create_dir_all(&schemas).unwrap();
            fs::write(&path, &made).unwrap();
        }
        assert!(fs::read(&path).unwrap() == made, "{} is out of date: run with UPDATE_SCHEMAS=1", path.display());
    }
}

#[test]
fn completions_and_manual_pages_know_every_verb() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = pleach(["completions", shell]).assert().code(0).get_output().stdout.clone();
        assert!(String::from_utf8(script).unwrap().contains("time-limit"), "{shell}");
    }
    let page = pleach(["man"]).assert().code(0).get_output().stdout.clone();
    assert!(String::from_utf8(page).unwrap().contains(".TH pleach"));
    let dir = folder();
    pleach(["man", "--dir", "pages"]).current_dir(&dir).assert().code(0);
    for verb in ["solve", "check", "schema", "generate"] {
        assert!(dir.path().join(format!("pages/pleach-{verb}.1")).exists(), "{verb}");
    }
}

fn scenarios() -> Vec<String> {
    let list = pleach(["generate", "--list"]).assert().code(0).get_output().stdout.clone();
    let list = String::from_utf8(list).unwrap();
    list.lines().skip(1).filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

fn first_scenario() -> String {
    scenarios().remove(0)
}
