//! Relations between autonomous systems.

use super::{link, part, peer, source, told};
use pleach::instance::document::{Document, NetworkRow};
use pleach::instance::import::as_rel::{Options, import};
use pleach::instance::import::{Made, settle};
use pleach::instance::{Faults, Instance, network};
use pleach::units::Kbps;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::collections::{BTreeMap, BTreeSet};

/// 1 and 2 are peers at the top; 3 buys of 1, 4 of 2, 5 of 3 and 4; 6 and 3 are peers, 7 stands alone with 8.
pub const RELATIONS: &str = "# source:topology|BGP|20170301|ripe|rrc00\n1|2|0\n1|3|-1\n2|4|-1\n3|5|-1\n4|5|-1\n3|6|0\n7|8|-1\n";

/// 1 and 2 meet at exchanges 10 and 20, at 20 with more room: 1 has two ports there.
pub const PORTS: &str = "ix_id,net_id,asn,speed,is_rs_peer,name
10,1,1,10000,False,Ten
10,2,2,10000,False,Ten
20,1,1,10000,False,\"Twenty, east\"
20,1,1,10000,False,\"Twenty, west\"
20,2,2,40000,True,Twenty
20,3,3,0,True,Twenty
";

fn options(systems: &[u32]) -> Options {
    Options { systems: systems.to_vec(), transit_cost: 0.4, peering_cost: 0.1 }
}

fn read(text: &str, ports: Option<&str>, systems: &[u32], into: Option<&Document>) -> Result<Made, Faults> {
    let ports = ports.map(|text| source("netixlan.csv", text));
    import(&source("rel.txt", text), ports.as_ref(), &options(systems), into)
}

/// Every route as `links joined by spaces`, by its ends.
fn routes(document: &Document) -> BTreeMap<String, String> {
    let row = |route: &pleach::instance::document::RouteRow| (format!("{} {}", route.from, route.to), route.links.join(" "));
    document.routes.iter().map(row).collect()
}

#[test]
fn a_relation_is_a_link_each_way() {
    let document = part(read(RELATIONS, None, &[], None));
    assert_eq!((document.networks.len(), document.links.len(), document.routes.len()), (8, 14, 0));
    assert_eq!(document.time, "2017-03-01T00:00:00Z");
    let kind = |id| (link(&document, id).kind.clone().unwrap(), link(&document, id).cost.unwrap());
    assert_eq!([kind("as1>as2"), kind("as2>as1")], [("peering".into(), 0.1), ("peering".into(), 0.1)]);
    assert_eq!([kind("as1>as3"), kind("as3>as1")], [("transit".into(), 0.4), ("transit".into(), 0.4)]);
    assert_eq!(document.networks[0].asn, Some(1));
}

#[test]
fn nobody_carries_traffic_between_two_of_its_providers() {
    let made = read(RELATIONS, None, &[3, 4], None).unwrap();
    let routes = routes(&made.document);
    assert_eq!(routes["as3 as4"], "as3>as1 as1>as2 as2>as4");
    assert_eq!(routes["as4 as3"], "as4>as2 as2>as1 as1>as3");
    // What lies on no route is left out: 5, 6, 7 and 8.
    let ids: Vec<_> = made.document.networks.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["as1", "as2", "as3", "as4"]);
}

#[test]
fn a_customer_is_preferred_to_a_shorter_way_over_a_peer() {
    // From 1 to 9: down over 2, 3 (customers), or across to 4, whose customer 9 is too.
    let document = part(read("1|2|-1\n2|3|-1\n3|9|-1\n1|4|0\n4|9|-1\n", None, &[1, 9], None));
    assert_eq!(routes(&document)["as1 as9"], "as1>as2 as2>as3 as3>as9");
    // From 9 up: both providers; over 4 it is shorter.
    assert_eq!(routes(&document)["as9 as1"], "as9>as4 as4>as1");
}

#[test]
fn a_pair_without_a_way_has_no_route() {
    let made = read(RELATIONS, None, &[3, 6, 4, 7, 99], None).unwrap();
    let routes = routes(&made.document);
    // 6 reaches its peer 3 and nothing beyond.
    assert_eq!(routes["as6 as3"], "as6>as3");
    assert!(!routes.contains_key("as6 as4") && !routes.contains_key("as7 as3"));
    assert!(made.notes.iter().any(|note| note.contains("4 of 12 pairs of 4 systems")), "{:?}", made.notes);
    assert!(made.notes.iter().any(|note| note.contains("have no relation and so no link: 99")));
    assert!(made.document.networks.iter().any(|row| row.id == "as99"));
}

#[test]
fn peers_meet_at_the_exchange_with_most_room_and_share_its_ports() {
    let document = part(read(RELATIONS, Some(PORTS), &[3, 4, 6], None));
    assert_eq!(routes(&document)["as3 as4"], "as3>as1 as1>ix20 ix20>as2 as2>as4");
    // 3 has a port of unknown speed at 20, but 6 has none: they keep a link of their own.
    assert_eq!(routes(&document)["as3 as6"], "as3>as6");
    let port = |id| (link(&document, id).capacity_kbps, link(&document, id).kind.clone().unwrap());
    assert_eq!(port("as1>ix20"), (Some(Kbps(20_000_000)), "port".into()));
    assert_eq!(port("ix20>as2"), (Some(Kbps(40_000_000)), "port".into()));
    assert_eq!(port("as2>ix20"), port("ix20>as2"));
    assert!(document.networks.iter().any(|row| row.id == "ix20" && row.kind.as_deref() == Some("exchange")));
}

#[test]
fn networks_of_the_instance_are_found_by_their_number() {
    let network = |id: &str, asn| NetworkRow { id: id.into(), kind: None, asn, country: None, lat: None, lon: None };
    let base = Document {
        format: "pleach/instance/1".into(),
        name: "base".into(),
        time: "2026-11-22T19:30:00Z".into(),
        networks: vec![network("east", Some(3)), network("west", Some(3)), network("far", Some(4)), network("empty", Some(8))],
        nodes: vec![peer("e", "east", None), peer("w", "west", None), peer("f", "far", None)],
        ..Document::default()
    };
    let made = read(RELATIONS, None, &[], Some(&base)).unwrap();
    let routes = routes(&made.document);
    assert_eq!(routes["east far"], "east>as3 as3>as1 as1>as2 as2>far");
    assert_eq!(routes["far west"], "far>as2 as2>as1 as1>as3 as3>west");
    let (instance, _) = Instance::from_document(settle(made.document, Some(base))).unwrap();
    let topology = network::Topology::of(&instance);
    let route = topology.route(instance.network("east").unwrap(), instance.network("west").unwrap());
    let ids: Vec<_> = topology.links(route).iter().map(|link| instance.links[*link].id.as_str()).collect();
    assert_eq!(ids, ["east>as3", "as3>west"]);
}

#[test]
fn every_broken_line_is_told() {
    let text = "1|2|0\n2|1|-1\n1|2\nx|3|0\n4|5|7\n6|6|0\n1|4294967296|-1\n";
    let wanted = ["2 duplicate_entry", "3 syntax", "4 out_of_range", "5 unknown_word", "6 bad_rule", "7 out_of_range"];
    assert_eq!(told(read(text, None, &[], None)), wanted.map(|at| format!("rel.txt:{at}")));
    let ports = "ix_id,asn,speed\n1,2,-3\nx,2,3\n1,2,9999999999\n1,2\n";
    let wanted = ["2 wrong_type", "3 wrong_type", "4 out_of_range", "5 syntax"];
    assert_eq!(told(read("1|2|0\n", Some(ports), &[], None)), wanted.map(|at| format!("netixlan.csv:{at}")));
    let many: Vec<u32> = (0..1001).collect();
    assert_eq!(told(read("1|2|0\n", None, &many, None)), ["--as out_of_range"]);
}

/// What b is to a: +1 a provider, 0 a peer, -1 a customer.
type Graph = BTreeMap<(u32, u32), i8>;

/// Systems that can be reached without a valley, by trying every walk.
fn reachable(from: u32, graph: &Graph) -> BTreeSet<u32> {
    let mut seen = BTreeSet::from([(from, true)]);
    let mut todo = vec![(from, true)];
    while let Some((at, climbing)) = todo.pop() {
        for ((_, next), role) in graph.range((at, 0)..=(at, u32::MAX)).filter(|(_, role)| climbing || **role == -1) {
            let state = (*next, *role == 1);
            if seen.insert(state) {
                todo.push(state);
            }
        }
    }
    seen.into_iter().map(|(system, _)| system).collect()
}

#[test]
fn a_route_is_given_exactly_where_there_is_one_without_a_valley() {
    for seed in 0..200 {
        let mut random = Pcg64::seed_from_u64(seed);
        let mut graph = Graph::new();
        let mut text = String::new();
        for a in 0..8u32 {
            for b in a + 1..8 {
                match random.random_range(0..6) {
                    0 => {
                        text += &format!("{a}|{b}|0\n");
                        graph.extend([((a, b), 0), ((b, a), 0)]);
                    }
                    1 => {
                        text += &format!("{a}|{b}|-1\n");
                        graph.extend([((a, b), -1), ((b, a), 1)]);
                    }
                    _ => {}
                }
            }
        }
        let all: Vec<u32> = (0..8).collect();
        let routes = routes(&part(read(&text, None, &all, None)));
        for from in 0..8 {
            let reachable = reachable(from, &graph);
            for to in (0..8).filter(|to| *to != from) {
                let route = routes.get(&format!("as{from} as{to}"));
                assert_eq!(route.is_some(), reachable.contains(&to), "seed {seed}: {from} to {to}\n{text}");
                let Some(route) = route else { continue };
                let mut climbing = true;
                for hop in route.split(' ') {
                    let (a, b) = hop.split_once('>').unwrap();
                    let number = |name: &str| name[2..].parse::<u32>().unwrap();
                    let role = graph[&(number(a), number(b))];
                    assert!(climbing || role == -1, "seed {seed}: {route}\n{text}");
                    climbing = role == 1;
                }
            }
        }
    }
}
