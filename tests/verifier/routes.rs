//! Routes are those of the contract: given ones that can be used, else the least path with its tie-breaks.

use super::house::*;
use pleach::instance::Instance;
use pleach::verify::ViolationKind::{NoRoute, WrongLinks};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// One flow from network `s` to network `t` over some links `[id, from, to, weight]`, and some routes.
fn world(links: &[(&str, &str, &str, u64)], routes: Json) -> Json {
    let link = |(id, from, to, weight): &(&str, &str, &str, u64)| json!({"id": id, "from": from, "to": to, "weight": weight});
    json!({
        "format": "pleach/instance/1", "name": "routes", "time": "2026-11-23T10:00:00Z",
        "contents": [{"id": "final", "bitrate_kbps": 1, "substreams": 1}],
        "nodes": [{"id": "o", "role": "origin", "network": "s", "uplink_kbps": 10},
                  {"id": "p", "role": "peer", "network": "t", "uplink_kbps": 0}],
        "holdings": [{"node": "o", "content": "final"}], "requests": [{"node": "p", "content": "final"}],
        "networks": [{"id": "s"}, {"id": "t"}, {"id": "u"}, {"id": "v"}, {"id": "w"}],
        "links": links.iter().map(link).collect::<Vec<_>>(), "routes": routes
    })
}

/// The links that carry the flow, by the verifier's own count.
fn crossed(instance: &Instance) -> Vec<String> {
    let mut plan = plan(instance, vec![row(instance, "p", "final", &["o"])]);
    accept(instance, &plan);
    let all = instance.links.ids();
    plan.links = all.map(|link| pleach::plan::LinkUse { link, load: pleach::units::Kbps(0), price: None }).collect();
    let told = violations(instance, &plan);
    assert!(told.iter().all(|violation| violation.kind == WrongLinks));
    told.into_iter().map(|violation| violation.place).collect()
}

#[track_caller]
fn takes(json: &Json, expected: &[&str]) {
    assert_eq!(crossed(&instance(json)), expected);
}

#[test]
fn the_path_of_least_weight_is_taken() {
    takes(&world(&[("direct", "s", "t", 5), ("m1", "s", "u", 2), ("m2", "u", "t", 2)], json!([])), &["m1", "m2"]);
}

#[test]
fn ties_go_to_the_fewest_links() {
    takes(&world(&[("z", "s", "t", 4), ("a1", "s", "u", 2), ("a2", "u", "t", 2)], json!([])), &["z"]);
}

#[test]
fn further_ties_go_to_the_first_list_of_ids() {
    let links = [("b", "s", "u", 1), ("a", "u", "t", 2), ("c", "s", "v", 2), ("a0", "v", "t", 1)];
    takes(&world(&links, json!([])), &["a", "b"]);
    takes(&world(&[("z2", "s", "t", 1), ("z10", "s", "t", 1)], json!([])), &["z10"]);
}

#[test]
fn a_tie_in_the_middle_is_broken_by_the_whole_list() {
    // Both ways have weight 6 and three links; they part at the first and meet before the last.
    let links = [("b1", "s", "u", 1), ("a2", "u", "w", 4), ("a1", "s", "v", 4), ("z2", "v", "w", 1), ("last", "w", "t", 1)];
    takes(&world(&links, json!([])), &["a1", "last", "z2"]);
}

#[test]
fn a_given_route_comes_before_a_shorter_path() {
    let links = [("direct", "s", "t", 1), ("m1", "s", "u", 2), ("m2", "u", "t", 2)];
    takes(&world(&links, json!([{"from": "s", "to": "t", "links": ["m1", "m2"]}])), &["m1", "m2"]);
}

#[test]
fn the_first_route_that_holds_and_is_up_is_taken() {
    let links = [("a", "s", "t", 9), ("b", "s", "t", 9), ("c", "s", "t", 9), ("d", "s", "t", 1)];
    let never = json!({"hours": {"days": ["sun"]}});
    let mut json = world(
        &links,
        json!([
            {"from": "s", "to": "t", "links": ["a"], "when": never}, {"from": "s", "to": "t", "links": ["b"]},
            {"from": "s", "to": "t", "links": ["c"]}
        ]),
    );
    takes(&json, &["b"]);
    json["links"][1]["state"] = json!("down");
    takes(&json, &["c"]);
    json["links"][2]["state"] = json!("down");
    takes(&json, &["d"]);
    json["links"][3]["state"] = json!("congested");
    takes(&json, &["d"]);
}

#[test]
fn without_a_path_there_is_no_route() {
    for links in [vec![], vec![("back", "t", "s", 1)], vec![("inside", "s", "s", 1)]] {
        let instance = instance(&world(&links, json!([])));
        reject(&instance, &plan(&instance, vec![row(&instance, "p", "final", &["o"])]), &[NoRoute]);
    }
}

#[test]
fn links_inside_a_network_carry_its_own_traffic_and_no_transit() {
    let links = [("s>t", "s", "t", 1), ("in-s", "s", "s", 1), ("in-t1", "t", "t", 1), ("in-t2", "t", "t", 1)];
    let mut json = world(&links, json!([]));
    takes(&json, &["s>t"]);
    json["nodes"][0]["network"] = json!("t");
    takes(&json, &["in-t1", "in-t2"]);
    json["links"][3]["state"] = json!("down");
    let apart = instance(&json);
    reject(&apart, &plan(&apart, vec![row(&apart, "p", "final", &["o"])]), &[NoRoute]);
}

/// The best simple path from `s` to `t` by trying them all: weight, number of links, list of ids.
fn best_path(links: &[(String, usize, usize, u64)]) -> Option<Vec<String>> {
    fn walk(
        links: &[(String, usize, usize, u64)],
        at: usize,
        path: &mut Vec<usize>,
        best: &mut Option<(u64, usize, Vec<String>)>,
    ) {
        if at == 1 {
            let weight = path.iter().map(|link| links[*link].3).sum();
            let found = (weight, path.len(), path.iter().map(|link| links[*link].0.clone()).collect());
            if best.as_ref().is_none_or(|best| found < *best) {
                *best = Some(found);
            }
            return;
        }
        for (l, link) in links.iter().enumerate().filter(|(_, link)| link.1 == at) {
            let seen = link.2 == 0 || path.iter().any(|before| links[*before].2 == link.2);
            if !seen {
                path.push(l);
                walk(links, link.2, path, best);
                path.pop();
            }
        }
    }
    let mut best = None;
    walk(links, 0, &mut Vec::new(), &mut best);
    best.map(|(_, _, ids)| ids)
}

proptest! {
    #[test]
    fn the_route_is_the_best_of_all_simple_paths(
        ends in prop::collection::vec((0usize..5, 0usize..5, 1u64..4), 0..14), names in Just((0..14).collect::<Vec<usize>>()).prop_shuffle()
    ) {
        let networks = ["s", "t", "u", "v", "w"];
        let links: Vec<(String, usize, usize, u64)> =
            ends.iter().zip(&names).filter(|(end, _)| end.0 != end.1).map(|(end, name)| (format!("l{name}"), end.0, end.1, end.2)).collect();
        let rows: Vec<(&str, &str, &str, u64)> =
            links.iter().map(|(id, from, to, weight)| (id.as_str(), networks[*from], networks[*to], *weight)).collect();
        let instance = instance(&world(&rows, json!([])));
        match best_path(&links) {
            Some(mut expected) => {
                expected.sort();
                prop_assert_eq!(crossed(&instance), expected);
            }
            None => {
                let plan = plan(&instance, vec![row(&instance, "p", "final", &["o"])]);
                reject(&instance, &plan, &[NoRoute]);
            }
        }
    }
}
