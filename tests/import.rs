//! Imports through the command line: logs made by hand, with uplinks, channels and the topology in force worked out.

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use pleach::instance::Instance;
use pleach::plan::traffic::{Load, Traffic, in_force};
use pleach::units::Kbps;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use tempfile::TempDir;

/// Six sessions. At 00:05 `d` has left; `e` and `f` watch another channel.
const PEERS: &str = "\
peer,isp,city,cc_fips,continent,first_ms,last_ms,rx_bytes
a,Alpha,Rabat,MO,Northern Africa,0,600000,1
b,Alpha,Oujda,MO,Northern Africa,0,600000,1
c,Beta,Paris,FR,Western Europe,0,600000,1
d,Beta,Lyon,FR,Western Europe,30000,250000,1
e,,Madrid,SP,,61000,600000,1
f,\"Gamma, S.L.\",,XX,Southern Europe,0,600000,1
";

/// Mean rates, in this order: 500 kbps over 600 s, 260 over 300 s, 240 over 300 s, 700 over 100 s, 300 over 150 s, 100 over
/// 100 s; each time is t1 - t0 and one transfer, busy_ms / chunks.
const LINKS: &str = "\
rx,tx,t0_ms,t1_ms,chunks,bytes,busy_ms,thr_kBps
b,a,0,590000,60,37500000,600000,1
c,a,100000,395000,60,9750000,300000,1
c,b,200000,495000,60,9000000,300000,1
a,c,0,90000,10,8750000,100000,1
d,a,100000,249000,10,5625000,10000,1
f,e,250000,349000,10,1250000,10000,1
";

fn pleach(dir: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("pleach"));
    command.current_dir(dir).args(arguments);
    command
}

/// A folder with a day's logs, the links compressed.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("2020-01-02.peers.csv"), PEERS).unwrap();
    fs::write(dir.path().join("2020-01-02.links.csv.zst"), zstd::encode_all(LINKS.as_bytes(), 3).unwrap()).unwrap();
    dir
}

/// The arguments that import the folder's day as a stream of 1000 kbps in 4 substreams.
const IMPORT: [&str; 8] =
    ["import", "p2plive", "2020-01-02.peers.csv", "2020-01-02.links.csv.zst", "--bitrate-kbps", "1000", "--substreams", "4"];

/// What comes of an import with these further arguments, and what it says.
fn import(dir: &TempDir, further: &[&str]) -> (Value, String) {
    let output = pleach(dir, &[&IMPORT, further].concat()).assert().code(0).get_output().clone();
    (serde_json::from_slice(&output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The one JSON object on standard error.
fn refused(dir: &TempDir, arguments: &[&str]) -> Value {
    let output = pleach(dir, arguments).args(["--error-format", "json"]).assert().code(2).stdout("").get_output().clone();
    serde_json::from_slice::<Value>(&output.stderr).unwrap()["error"].clone()
}

/// One field of the rows of a list, by their ids.
fn by_id<'v>(document: &'v Value, list: &str, field: &str) -> BTreeMap<&'v str, &'v Value> {
    let rows = document[list].as_array().unwrap();
    rows.iter().map(|row| (row["id"].as_str().unwrap(), &row[field])).collect()
}

fn instance(document: &Value) -> Instance {
    Instance::from_json(document.to_string()).unwrap().0
}

#[test]
fn viewers_are_those_online_with_what_they_were_seen_to_send_at_best() {
    let (document, words) = import(&folder(), &["--at", "00:05"]);
    assert_eq!(document["name"], "p2plive-2020-01-02-00:05");
    assert_eq!(document["time"], "2020-01-02T00:05:00Z");
    // a: 500 + 260 + 300 while d was there; b: 240, raised to the substream that it sends; c: 700 at the start.
    // The origin: 16 of 20 substreams of 250 kbps.
    let uplinks = by_id(&document, "nodes", "uplink_kbps");
    let wanted = json!({"a": 1060, "b": 250, "c": 700, "e": 100, "f": 0, "origin": 4000});
    assert_eq!(json!(uplinks), wanted);
    assert_eq!(document["nodes"][1]["attributes"], json!({"city": "Rabat"}));
    let countries = by_id(&document, "nodes", "country");
    assert_eq!(json!(countries), json!({"a": "MA", "b": "MA", "c": "FR", "e": "ES", "f": null, "origin": null}));
    assert!(words.contains("5 viewers at 2020-01-02T00:05:00Z, 3 of them in the largest of 2 channels"), "{words}");
    assert!(words.contains("500 kbps of that (50.0 %) crossed"), "{words}");
}

#[test]
fn channels_are_components_and_the_logged_links_are_in_force_in_whole_substreams() {
    let (document, _) = import(&folder(), &["--at", "00:05"]);
    let wants: Vec<(&str, &str)> = document["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["node"].as_str().unwrap(), row["content"].as_str().unwrap()))
        .collect();
    let (first, second) = ("channel-1", "channel-2");
    assert_eq!(wants, [("a", first), ("b", first), ("c", first), ("e", second), ("f", second)]);
    // b: 500 kbps are two substreams. c: 260 + 240 are two, one from each. f: 100 are none.
    let (o, all) = ("origin", ["origin"; 4]);
    let parents: Vec<&Value> = document["previous"].as_array().unwrap().iter().map(|row| &row["parents"]).collect();
    assert_eq!(json!(parents), json!([all, [o, "a", "a", o], [o, o, "a", "b"], all, all]));
}

#[test]
fn networks_are_isps_around_a_hub_with_links_capped_by_what_was_logged() {
    let dir = folder();
    let (document, _) = import(&dir, &["--at", "00:05"]);
    let countries = json!({"Alpha": "MA", "Beta": "FR", "Gamma, S.L.": null, "unknown ES": "ES", "hub": null});
    assert_eq!(json!(by_id(&document, "networks", "country")), countries);
    assert!(by_id(&document, "links", "capacity_kbps").values().all(|capacity| capacity.is_null()));
    let (document, _) = import(&dir, &["--at", "00:05", "--link-cap", "0.5"]);
    // Into Alpha the origin sent 6 substreams and nobody else, out of it went 2; Beta got those and 2 of the origin's.
    let capacities = by_id(&document, "links", "capacity_kbps");
    let of = |link: &str| capacities[link].as_u64().unwrap();
    assert_eq!([of("hub>Alpha"), of("Alpha>hub"), of("hub>Beta"), of("Beta>hub")], [750, 250, 500, 0]);
    let (document, _) = import(&dir, &["--at", "00:05", "--link-cap", "123kbps"]);
    assert!(by_id(&document, "links", "capacity_kbps").values().all(|capacity| **capacity == json!(123)));
}

#[test]
fn the_topology_in_force_has_the_traffic_that_was_logged() {
    let (document, _) = import(&folder(), &["--at", "00:05"]);
    let instance = instance(&document);
    let b = instance.node("b").unwrap();
    let wanted = Traffic {
        all: Kbps(5_000),
        between_networks: Kbps(4_500),
        by_peers: Kbps(1_000),
        by_peers_between_networks: Kbps(500),
        by_busiest: Kbps(750),
        senders: 2,
        overloaded: 0,
        fullest: Some(Load { node: b, sent: Kbps(250), uplink: Kbps(250) }),
    };
    assert_eq!(in_force(&instance), Some(wanted));
}

#[test]
fn scaled_uplinks_overload_the_logged_topology_and_leave_it_as_it_was() {
    let dir = folder();
    let (document, _) = import(&dir, &["--at", "00:05", "--uplink-scale", "0.5", "--origin-kbps", "4500"]);
    assert_eq!(by_id(&document, "nodes", "uplink_kbps")["a"], 530);
    assert_eq!(by_id(&document, "nodes", "uplink_kbps")["origin"], 4500);
    let traffic = in_force(&instance(&document)).unwrap();
    assert_eq!((traffic.by_peers, traffic.overloaded), (Kbps(1_000), 2));
}

#[test]
fn the_moment_may_be_an_instant_a_time_of_day_or_the_busiest_minute() {
    let dir = folder();
    let at = |moment: &str| import(&dir, &["--at", moment]).0;
    assert_eq!(at("2020-01-02T01:05:00+01:00"), at("00:05"));
    // Six are online from 00:01:01 until d leaves at 00:04:10.
    assert_eq!(at("busiest"), at("00:02:00"));
    assert_eq!(at("busiest")["requests"].as_array().unwrap().len(), 6);
    let other_day = refused(&dir, &[&IMPORT[..], &["--at", "2020-01-03T00:05:00Z", "--day", "2020-01-04"]].concat());
    assert_eq!(other_day["faults"][0]["code"], "bad_time");
    let no_moment = refused(&dir, &[&IMPORT[..], &["--at", "5"]].concat());
    assert_eq!(no_moment["kind"], "usage");
}

#[test]
fn what_was_imported_is_solved_checked_and_shown_beside_what_was_logged() {
    let dir = folder();
    pleach(&dir, &[&IMPORT[..], &["--at", "00:05", "-o", "evening.json.gz"]].concat()).assert().code(0).stdout("");
    let solved = pleach(&dir, &["solve", "evening.json.gz", "-o", "plan.json"]).assert().code(0).get_output().clone();
    let words = String::from_utf8(solved.stderr).unwrap();
    assert!(words.contains("5 of 5 requests"), "{words}");
    let line = words.lines().find(|line| line.contains("peers send ") && line.matches("bps").count() == 2).unwrap();
    // Before 4 of 20 substreams; now a sends 4, c 2 and b 1, and nobody else has room for one.
    assert!(line.contains("1.0 Mbps   20.0 %") && line.contains("1.8 Mbps   35.0 %"), "{line}");
    pleach(&dir, &["check", "evening.json.gz", "plan.json"]).assert().code(0);
}

#[test]
fn peers_may_be_held_to_what_they_sent() {
    let dir = folder();
    let (document, _) = import(&dir, &["--at", "00:05", "--peers-as-logged", "-o", "-"]);
    let rule = json!({"limit_rate": {"max_kbps": 1000}});
    assert_eq!((&document["policies"][0]["rule"], &document["policies"][0]["source"]), (&rule, &json!({"role": ["peer"]})));
    fs::write(dir.path().join("held.json"), document.to_string()).unwrap();
    let plan = pleach(&dir, &["solve", "held.json"]).assert().code(0).get_output().stdout.clone();
    let plan: Value = serde_json::from_slice(&plan).unwrap();
    assert_eq!((&plan["statistics"]["served"], &plan["statistics"]["peer_offload"]), (&json!(5), &json!(0.2)));
}

#[test]
fn every_fault_of_both_files_is_told_with_its_line() {
    let dir = folder();
    fs::write(dir.path().join("p.csv"), PEERS.replace("250000", "25x").replace("f,\"Gamma, S.L.\"", "a,Gamma, S.L.")).unwrap();
    fs::write(dir.path().join("l.csv"), LINKS.replace("a,c,0", "c,c,0").replace("c,b,200000", "c,z,900000")).unwrap();
    let error = refused(&dir, &["import", "p2plive", "p.csv", "l.csv", "--day", "2020-01-02", "--at", "00:05"]);
    assert_eq!(error["message"], "p.csv, l.csv have 7 faults");
    let faults = error["faults"].as_array().unwrap();
    let told: Vec<(&str, &str)> =
        faults.iter().map(|fault| (fault["path"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect();
    let wanted = [
        ("p.csv:5", "wrong_type"),
        ("p.csv:7", "syntax"),
        ("l.csv:4", "dangling_reference"),
        ("l.csv:4", "out_of_range"),
        ("l.csv:5", "out_of_range"),
        ("l.csv:6", "dangling_reference"),
        ("l.csv:7", "dangling_reference"),
    ];
    assert_eq!(told, wanted);
    assert!(faults.iter().all(|fault| !fault["remedy"].as_str().unwrap().is_empty()));
}

#[test]
fn a_file_without_its_columns_is_refused_and_says_which() {
    let dir = folder();
    fs::write(dir.path().join("l.csv"), LINKS.replace("rx,tx", "to,from")).unwrap();
    let error = refused(&dir, &["import", "p2plive", "2020-01-02.peers.csv", "l.csv", "--at", "00:05"]);
    let what: Vec<&Value> = error["faults"].as_array().unwrap().iter().map(|fault| &fault["what"]).collect();
    assert_eq!(what, ["there is no column `rx`", "there is no column `tx`"]);
}

#[test]
fn a_clock_that_was_set_back_is_told_and_no_fault() {
    let dir = folder();
    let mut links = fs::File::create(dir.path().join("2020-01-02.links.csv.zst")).unwrap();
    links.write_all(LINKS.replace("1250000,10000", "1250000,-10000").as_bytes()).unwrap();
    let (document, words) = import(&dir, &["--at", "00:05"]);
    assert!(words.contains("1 links of the day: a clock was set back"), "{words}");
    // 10 Mbit in 99 s.
    assert_eq!(by_id(&document, "nodes", "uplink_kbps")["e"], 101);
}

#[test]
fn rows_with_the_same_ids_replace_those_of_the_instance_imported_into() {
    let dir = folder();
    let base = r#"{"format": "pleach/instance/1", "name": "mine", "time": "2026-11-22T19:30:00Z",
      "contents": [{"id": "mine", "bitrate_kbps": 8, "substreams": 1}],
      "nodes": [{"id": "a", "role": "server", "network": "lab", "uplink_kbps": 7},
                {"id": "z", "role": "peer", "network": "lab", "uplink_kbps": 9}],
      "networks": [{"id": "lab"}], "requests": [{"node": "z", "content": "mine"}]}"#;
    fs::write(dir.path().join("base.json"), base).unwrap();
    fs::write(dir.path().join("asn.csv"), "isp_in_p2plive,cc_fips,asn\nAlpha,MO,64500\n").unwrap();
    let (document, _) = import(&dir, &["--at", "00:05", "--into", "base.json", "--asn", "asn.csv"]);
    assert_eq!((&document["name"], &document["time"]), (&json!("mine"), &json!("2026-11-22T19:30:00Z")));
    let uplinks = by_id(&document, "nodes", "uplink_kbps");
    assert_eq!((uplinks["a"], uplinks["z"], uplinks.len()), (&json!(1060), &json!(9), 7));
    assert_eq!(document["nodes"][0]["id"], "a");
    assert_eq!(by_id(&document, "networks", "as")["Alpha"], 64500);
    assert_eq!(document["requests"].as_array().unwrap().len(), 6);
    let further = ["--at", "00:05", "--into", "base.json", "--name", "both", "--time", "2020-01-02T00:05:00Z"];
    let (document, _) = import(&dir, &further);
    assert_eq!((&document["name"], &document["time"]), (&json!("both"), &json!("2020-01-02T00:05:00Z")));
}

#[test]
fn an_instance_that_cannot_be_merged_into_is_refused() {
    let dir = folder();
    fs::write(dir.path().join("base.json"), r#"{"format": "pleach/instance/1", "name": 7}"#).unwrap();
    let error = refused(&dir, &[&IMPORT[..], &["--at", "00:05", "--into", "base.json"]].concat());
    assert_eq!(error["message"], "base.json has 2 faults");
    let twice = refused(&dir, &["import", "p2plive", "-", "-", "--at", "00:05", "--day", "2020-01-02"]);
    assert_eq!(twice["kind"], "usage");
}
