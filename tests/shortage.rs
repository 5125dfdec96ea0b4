//! Cuts that prove a shortage, on instances made for them, and the verb that tells them.

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use pleach::engine::shortage::{Cut, Scarce, Shortage, shortage};
use pleach::engine::{Cancel, Options, Silent, solve};
use pleach::instance::Instance;
use pleach::parameters::Model;
use pleach::policy;
use pleach::units::Kbps;
use serde_json::{Value, json};

/// One content of four substreams of 1 Mbps; an origin in `a`, and three peers that ask for it in each of `networks`.
fn document(networks: &[&str], origin_kbps: u64, peer_kbps: u64, links: &[Value]) -> String {
    let peer = |network: &str, at: u32| json!({"id": format!("{network}{at}"), "role": "peer", "network": network, "uplink_kbps": peer_kbps});
    let mut nodes = vec![json!({"id": "o", "role": "origin", "network": "a", "uplink_kbps": origin_kbps})];
    let mut requests = Vec::new();
    for network in networks {
        for at in 1..=3 {
            nodes.push(peer(network, at));
            requests.push(json!({"node": format!("{network}{at}"), "content": "film"}));
        }
    }
    let known = ["a", "b", "c"].map(|id| json!({"id": id}));
    json!({
        "format": "pleach/instance/1", "name": "crafted", "time": "2026-11-22T19:30:00Z",
        "contents": [{"id": "film", "bitrate_kbps": 4000, "substreams": 4}],
        "nodes": nodes, "networks": known, "links": links,
        "holdings": [{"node": "o", "content": "film"}], "requests": requests,
    })
    .to_string()
}

fn link(from: &str, to: &str, capacity: u64) -> Value {
    json!({"id": format!("{from}>{to}"), "from": from, "to": to, "capacity_kbps": capacity})
}

/// What is told of an instance and of the plan that is made for it, and how many requests that plan leaves out.
fn told(text: &str) -> (Instance, Shortage, usize) {
    let (instance, _) = Instance::from_json(text).expect("the instance has no fault");
    let options = Options::new(Model::shipped("live").expect("live is shipped"));
    let plan = solve(&instance, &options, &mut Silent, &Cancel::default()).plan;
    let short = shortage(&instance, &policy::compile(&instance, options.model.weights), &plan);
    let unserved = plan.unserved.len();
    (instance, short, unserved)
}

fn networks(instance: &Instance, cut: &Cut) -> Vec<String> {
    cut.networks.iter().map(|id| instance.networks[*id].id.to_string()).collect()
}

fn links(instance: &Instance, cut: &Cut) -> Vec<(String, u64)> {
    cut.links.iter().map(|(id, room)| (instance.links[*id].id.to_string(), room.0)).collect()
}

#[test]
fn too_little_uplink_in_all_is_a_cut_around_everything() {
    // 12 slots are asked, the origin has 4 and each peer 1: who is served takes 3 more than it brings.
    let (instance, short, unserved) = told(&document(&["a"], 4500, 1900, &[]));
    let [cut] = &short.cuts[..] else { panic!("one cut, not {:?}", short.cuts) };
    assert_eq!((cut.scarce, cut.everywhere, networks(&instance, cut)), (Scarce::Volume, true, vec!["a".to_owned()]));
    assert_eq!((cut.nodes, cut.requests, cut.slots), (4, 3, 12));
    assert_eq!([cut.demand, cut.supply, cut.import(), cut.short()], [12_000, 7_000, 0, 5_000].map(Kbps));
    assert_eq!((cut.unserved_at_least, short.unserved_at_least, unserved), (2, 2, 2));
    // The one that is served takes 3 slots, and the fourth is a third of the next.
    assert!((short.knapsack - 4.0 / 3.0).abs() < 1e-9);
    assert_eq!(short.full_mesh, Some((4500.0 + 3.0 * 1900.0) / 3.0));
}

#[test]
fn too_little_behind_a_link_is_a_cut_at_that_link() {
    // Behind the link 12 slots are asked, 3 are there, and 4 whole ones fit through.
    let (instance, short, unserved) = told(&document(&["a", "b"], 100_000, 1000, &[link("a", "b", 4700)]));
    let [cut] = &short.cuts[..] else { panic!("one cut, not {:?}", short.cuts) };
    assert_eq!((cut.scarce, cut.everywhere, networks(&instance, cut)), (Scarce::Volume, false, vec!["b".to_owned()]));
    assert_eq!(links(&instance, cut), [("a>b".to_owned(), 4000)]);
    assert_eq!((cut.nodes, cut.requests), (3, 3));
    assert_eq!([cut.demand, cut.supply, cut.import(), cut.short()], [12_000, 3_000, 4_000, 5_000].map(Kbps));
    assert_eq!((short.unserved_at_least, unserved), (2, 2));
}

#[test]
fn a_link_too_narrow_for_one_copy_starves_whoever_is_behind_it_whatever_peers_could_pass_on() {
    let through = [link("a", "b", 3999), link("b", "c", 50_000), link("c", "b", 50_000)];
    let (instance, short, unserved) = told(&document(&["a", "b", "c"], 100_000, 9000, &through));
    let [cut] = &short.cuts[..] else { panic!("one cut, not {:?}", short.cuts) };
    assert!(matches!(cut.scarce, Scarce::Entry(_)));
    assert_eq!(networks(&instance, cut), ["b", "c"]);
    assert_eq!(links(&instance, cut), [("a>b".to_owned(), 3000)]);
    assert_eq!([cut.demand, cut.supply, cut.short()], [4000, 0, 1000].map(Kbps));
    assert_eq!((cut.unserved_at_least, short.unserved_at_least, unserved), (6, 6, 6));
}

#[test]
fn a_holder_without_slots_for_one_copy_starves_all() {
    let (_, short, unserved) = told(&document(&["a"], 3900, 9000, &[]));
    let [cut] = &short.cuts[..] else { panic!("one cut, not {:?}", short.cuts) };
    assert!(matches!(cut.scarce, Scarce::Entry(_)) && cut.everywhere);
    assert_eq!((cut.supply, cut.unserved_at_least, unserved), (Kbps(3000), 3, 3));
}

#[test]
fn shortages_in_two_places_are_two_cuts_and_add_up() {
    let (instance, short, unserved) =
        told(&document(&["a", "b", "c"], 100_000, 1000, &[link("a", "b", 4000), link("a", "c", 7000)]));
    let places: Vec<_> = short.cuts.iter().map(|cut| (networks(&instance, cut), cut.unserved_at_least)).collect();
    assert_eq!(places, [(vec!["b".to_owned()], 2), (vec!["c".to_owned()], 1)]);
    assert_eq!((short.unserved_at_least, unserved), (3, 3));
}

#[test]
fn a_narrow_link_inside_a_network_is_a_cut_between_its_own_nodes() {
    let (instance, short, unserved) = told(&document(&["a"], 100_000, 1000, &[link("a", "a", 5000)]));
    let [cut] = &short.cuts[..] else { panic!("one cut, not {:?}", short.cuts) };
    assert_eq!(links(&instance, cut), [("a>a".to_owned(), 5000)]);
    assert_eq!((cut.supply, cut.short(), short.unserved_at_least, unserved), (Kbps(0), Kbps(7000), 2, 2));
}

#[test]
fn where_enough_is_sent_there_is_no_cut() {
    let (_, short, unserved) = told(&document(&["a", "b"], 8000, 4000, &[link("a", "b", 4000)]));
    assert!(short.cuts.is_empty(), "{:?}", short.cuts);
    assert_eq!((short.unserved_at_least, unserved), (0, 0));
}

/// Solves a file and explains the shortage of the plan.
fn explained(more: &[&str], code: i32) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("crafted.json"), document(&["a", "b"], 100_000, 1000, &[link("a", "b", 4700)])).unwrap();
    let pleach = |arguments: &[&str]| {
        let mut command = Command::new(cargo_bin!("pleach"));
        command.args(arguments).current_dir(&dir);
        command
    };
    pleach(&["solve", "crafted.json", "-o", "plan.json"]).assert().code(0);
    let arguments = [&["explain", "crafted.json", "plan.json"], more].concat();
    let output = pleach(&arguments).assert().code(code).get_output().clone();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn explain_tells_the_cut_with_its_units() {
    let (words, _) = explained(&["--shortage"], 0);
    let expected = [
        "at least 2 of 6 requests stay unserved in any plan, and no plan serves more",
        "behind a>b",
        "3, with 3 requests",
        "12 slots, 12.0 Mbps",
        "at most 3.0 Mbps",
        "at most 4.0 Mbps: a>b 4.0 Mbps",
        "5.0 Mbps",
        "full mesh",
        "knapsack",
    ];
    for part in expected {
        assert!(words.contains(part), "{part} is not in\n{words}");
    }
}

#[test]
fn explain_tells_the_same_in_json() {
    let (text, _) = explained(&["--shortage", "--json"], 0);
    let told: Value = serde_json::from_str(&text).unwrap();
    let cut = &told["cuts"][0];
    assert_eq!((&told["unserved"], &told["unserved_at_least"]), (&json!(2), &json!(2)));
    assert_eq!(cut["networks"], json!(["b"]));
    assert_eq!(cut["links"], json!([{"id": "a>b", "room_kbps": 4000}]));
    let arithmetic = ["demand_kbps", "supply_kbps", "import_kbps", "short_kbps"].map(|field| cut[field].as_u64().unwrap());
    assert_eq!(arithmetic, [12_000, 3_000, 4_000, 5_000]);
}
