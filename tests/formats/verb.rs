//! `pleach import` from outside.

use super::{ip_to_as, maps, sndlib, subnets};
use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("andes.gml"), maps::MAP).unwrap();
    fs::write(dir.path().join("triangle.txt"), sndlib::PROBLEM).unwrap();
    fs::write(dir.path().join("subnets.csv"), subnets::SUBNETS).unwrap();
    fs::write(dir.path().join("table.csv"), ip_to_as::TABLE).unwrap();
    fs::write(dir.path().join("base.json"), serde_json::to_vec(&ip_to_as::base()).unwrap()).unwrap();
    dir
}

fn pleach(dir: &TempDir, line: &str) -> Command {
    let mut command = Command::new(cargo_bin!("pleach"));
    command.current_dir(dir.path()).args(line.split_whitespace());
    command
}

#[test]
fn a_map_with_viewers_is_solved_in_two_commands() {
    let dir = folder();
    let told = pleach(&dir, "import topology-zoo andes.gml --viewers 30 --by-degree -o i.json").assert().success();
    let told = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert!(told.contains("Andes: 5 points") && told.contains("30 viewers of a channel of 4.0 Mbps"), "{told}");
    pleach(&dir, "solve i.json -o p.json").assert().success();
    pleach(&dir, "check i.json p.json").assert().success();
    let plan: Value = serde_json::from_slice(&fs::read(dir.path().join("p.json")).unwrap()).unwrap();
    assert_eq!(plan["statistics"]["requests"], 30);
}

#[test]
fn every_format_writes_an_instance() {
    let dir = folder();
    pleach(&dir, "import sndlib triangle.txt --demands 0.1 --costs hops -o s.json").assert().success();
    pleach(&dir, "solve s.json -o p.json").assert().success();
    pleach(&dir, "import subnets subnets.csv --into base.json -o b.json").assert().success();
    pleach(&dir, "import ip-to-as table.csv --into b.json -o c.json").assert().success();
    let instance: Value = serde_json::from_slice(&fs::read(dir.path().join("c.json")).unwrap()).unwrap();
    assert_eq!((&instance["name"], &instance["nodes"][1]["network"]), (&"base".into(), &"as64501".into()));
    assert_eq!(instance["policies"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_missing_is_asked_for() {
    let dir = folder();
    let missing = [
        ("import subnets subnets.csv", "--time"),
        ("import ip-to-as table.csv", "--into"),
        ("import topology-zoo", "FILE.gml"),
        ("import sndlib triangle.txt --demands=-1", "0 to 1000000"),
        ("import topology-zoo andes.gml --seed 3", "--viewers"),
    ];
    for (line, told) in missing {
        let assert = pleach(&dir, line).assert().code(2).stdout("");
        let error = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(error.contains(told), "{line}: {error}");
    }
}

#[test]
fn a_broken_file_is_refused_with_every_place() {
    let dir = folder();
    fs::write(dir.path().join("bad.gml"), maps::MAP.replace("target 2", "target 3").replace("source 5", "source 4")).unwrap();
    let assert = pleach(&dir, "--error-format json import topology-zoo bad.gml -o i.json").assert().code(2);
    let error: Value = serde_json::from_slice(&assert.get_output().stderr).unwrap();
    let places: Vec<_> = error["error"]["faults"].as_array().unwrap().iter().map(|fault| fault["path"].clone()).collect();
    assert_eq!(places, ["bad.gml:12", "bad.gml:14"]);
    assert!(!dir.path().join("i.json").exists());
}
