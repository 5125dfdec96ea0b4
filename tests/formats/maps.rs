//! Maps of the Topology Zoo.

use super::{link, part, source, told};
use pleach::instance::document::{Document, Role};
use pleach::instance::generate::audience::Audience;
use pleach::instance::import::maps::{Format, Options, import};
use pleach::instance::import::{Costs, Made, Wiring};
use pleach::instance::{Faults, Instance, network};
use pleach::units::Kbps;

/// Two points called Quito, 9 degrees of the equator apart; a fork without a place; a neighbour's point; one alone.
pub const MAP: &str = "\
graph [
  Network \"Andes\"
  NetworkDate \"2010_08\"
  directed 0
  node [ id 0 label \"Quito\" Country \"Ecuador\" Longitude 0.0 Internal 1 Latitude 0.0 ]
  node [ id 1 label \"Quito\" Country \"Ecuador\" Longitude 9.0 Internal 1 Latitude 0.0 ]
  node [ id 2 label \"None\" hyperedge 1 Internal 1 ]
  node [ id 5 label \"Bogot&#225;\" Internal 0 ]
  node [ id 7 label \"Islote\" Internal 1 ]
  edge [ source 0 target 1 LinkSpeedRaw 10000000000.0 ]
  edge [ source 1 target 0 LinkSpeedRaw 2500000000.0 ]
  edge [ source 1 target 2 LinkType \"OC-3\" ]
  edge [ source 2 target 5 LinkLabel \"OC-192c\" ]
  edge [ source 5 target 5 ]
]
";

fn zoo(texts: &[&str], wiring: Wiring) -> Result<Made, Faults> {
    let sources: Vec<_> = texts.iter().map(|text| source("maps/andes.gml", text)).collect();
    import(&sources, &Options { format: Format::TopologyZoo, wiring, audience: None })
}

#[test]
fn points_become_networks_whose_ids_tell_them_apart() {
    let made = zoo(&[MAP], Wiring::default()).unwrap();
    let networks = &made.document.networks;
    let ids: Vec<_> = networks.iter().map(|row| (row.id.as_str(), row.kind.as_deref().unwrap())).collect();
    let wanted = [("Quito#0", "pop"), ("Quito#1", "pop"), ("junction-2", "junction"), ("Bogotá", "external"), ("Islote", "pop")];
    assert_eq!(ids, wanted);
    assert_eq!((networks[1].lat, networks[1].lon, networks[1].country.as_deref()), (Some(0.0), Some(9.0), Some("Ecuador")));
    assert_eq!((networks[2].lat, networks[2].country.clone()), (None, None));
    assert_eq!((made.document.name.as_str(), made.document.time.as_str()), ("andes", "2010-08-01T00:00:00Z"));
    let notes = made.notes.join("\n");
    for told in ["5 points, 2 of them", "4 cables are 8 links", "cables beside others: 1", "1 edges lead", "2 parts, 1 of them"] {
        assert!(notes.contains(told), "{told}: {notes}");
    }
}

#[test]
fn a_cable_is_a_link_each_way_with_the_capacity_that_is_known() {
    let document = part(zoo(&[MAP], Wiring::default()));
    let capacities: Vec<_> =
        document.links.iter().map(|link| (link.id.as_str(), link.capacity_kbps.map(|kbps| kbps.0))).collect();
    let wanted = [
        ("Quito#0>Quito#1", Some(10_000_000)),
        ("Quito#1>Quito#0", Some(10_000_000)),
        ("Quito#1>Quito#0#2", Some(2_500_000)),
        ("Quito#0>Quito#1#2", Some(2_500_000)),
        ("Quito#1>junction-2", Some(155_520)),
        ("junction-2>Quito#1", Some(155_520)),
        ("junction-2>Bogotá", Some(9_953_280)),
        ("Bogotá>junction-2", Some(9_953_280)),
    ];
    assert_eq!(capacities, wanted);
}

/// 9 degrees are 1000.755720 km; the fork has no place, so its cables cost the mean of the others.
#[test]
fn links_cost_by_distance_or_by_hops() {
    let document = part(zoo(&[MAP], Wiring::default()));
    let priced = |document: &Document, id| (link(document, id).cost, link(document, id).weight);
    assert_eq!(priced(&document, "Quito#0>Quito#1"), (Some(0.100_076), Some(1001)));
    assert_eq!(priced(&document, "junction-2>Bogotá"), (Some(0.100_076), Some(1001)));
    let document = part(zoo(&[MAP], Wiring { costs: Costs::Hops, ..Wiring::default() }));
    assert_eq!(priced(&document, "Quito#0>Quito#1"), (Some(0.1), Some(1000)));
}

#[test]
fn a_bundle_carries_what_its_cables_carry_together() {
    let document = part(zoo(&[MAP], Wiring { bundle: true, ..Wiring::default() }));
    assert_eq!(document.links.len(), 6);
    assert_eq!(link(&document, "Quito#1>Quito#0").capacity_kbps, Some(Kbps(12_500_000)));
    let unknown = MAP.replace("LinkSpeedRaw 2500000000.0", "");
    let document = part(zoo(&[&unknown], Wiring { bundle: true, ..Wiring::default() }));
    assert_eq!(link(&document, "Quito#1>Quito#0").capacity_kbps, None);
    let wiring = Wiring { bundle: true, capacity: Some(Kbps(7)), ..Wiring::default() };
    assert_eq!(link(&part(zoo(&[&unknown], wiring)), "Quito#1>Quito#0").capacity_kbps, Some(Kbps(10_000_007)));
}

#[test]
fn the_edges_of_a_directed_graph_lead_one_way() {
    let document = part(zoo(&[&MAP.replace("directed 0", "directed 1")], Wiring::default()));
    let ids: Vec<_> = document.links.iter().map(|link| link.id.as_str()).collect();
    assert_eq!(ids, ["Quito#0>Quito#1", "Quito#1>Quito#0", "Quito#1>junction-2", "junction-2>Bogotá"]);
}

#[test]
fn several_maps_stand_side_by_side() {
    let alps = MAP.replace("Andes", "Alps");
    let document = part(zoo(&[MAP, &alps], Wiring::default()));
    assert_eq!((document.networks.len(), document.links.len()), (10, 16));
    assert!(document.networks.iter().any(|row| row.id == "Alps/Quito#1"));
    assert!(document.links.iter().any(|row| row.id == "Andes/Quito#1>Andes/junction-2"));
}

#[test]
fn every_broken_line_is_told() {
    let text = "\
graph [
  node [ id 0 Latitude 91 Longitude 0 ]
  node [ id 0 ]
  node [ label \"x\" ]
  node 7
  edge [ source 0 target 9 ]
  edge [ source 0 LinkSpeedRaw -5 ]
  edge [ source 0 target 1..2 ]
  stray 5 6
  source
";
    let wanted = [
        "8 wrong_type",
        "9 syntax",
        "10 syntax",
        "1 syntax",
        "2 out_of_range",
        "3 duplicate_id",
        "4 missing_field",
        "5 wrong_type",
        "6 dangling_reference",
        "7 missing_field",
        "7 out_of_range",
        "8 missing_field",
    ];
    let wanted: Vec<String> = wanted.iter().map(|at| format!("maps/andes.gml:{at}")).collect();
    assert_eq!(told(zoo(&[text], Wiring::default())), wanted);
    assert_eq!(told(zoo(&["nothing 1"], Wiring::default())), ["maps/andes.gml:1 missing_field"]);
    assert_eq!(
        told(zoo(&["graph [ a \"b"], Wiring::default())),
        ["maps/andes.gml:1 syntax", "maps/andes.gml:1 syntax", "maps/andes.gml:1 missing_field"]
    );
}

/// Two cables end in Quito#0, three in Quito#1, one in Bogotá, none in Islote; nobody sits at the junction.
#[test]
fn an_audience_sits_at_the_points_and_its_origin_where_most_cables_end() {
    let seat = |by_degree, seed| {
        let audience = Audience { viewers: 300, seed, by_degree, bitrate: Kbps(4000) };
        let options = Options { format: Format::TopologyZoo, wiring: Wiring::default(), audience: Some(audience) };
        part(import(&[source("andes.gml", MAP)], &options))
    };
    let document = seat(true, 1);
    assert_eq!((document.nodes.len(), document.requests.len(), document.holdings.len()), (301, 300, 1));
    let (origin, viewers) = document.nodes.split_first().unwrap();
    assert_eq!((origin.role, origin.network.as_str(), origin.uplink_kbps), (Role::Origin, "Quito#1", Kbps(120_000)));
    let at = |network: &str| viewers.iter().filter(|viewer| viewer.network == network).count();
    assert_eq!((at("junction-2"), at("Islote")), (0, 0));
    assert!(at("Quito#1") > 2 * at("Bogotá") && at("Bogotá") > 0);
    let alike = seat(false, 1);
    assert!(alike.nodes.iter().any(|node| node.network == "Islote"));
    assert_eq!(serde_json::to_string(&seat(false, 1)).unwrap(), serde_json::to_string(&alike).unwrap());
    assert_ne!(serde_json::to_string(&seat(false, 2)).unwrap(), serde_json::to_string(&alike).unwrap());
}

#[test]
fn routes_are_the_shortest_in_km() {
    // From a to c: 3 + 4 degrees over b, some 76 over d.
    let text = "graph [ node [ id 0 label \"a\" Latitude 0 Longitude 0 ] node [ id 1 label \"b\" Latitude 0 Longitude 3 ]
        node [ id 2 label \"c\" Latitude 4 Longitude 3 ] node [ id 3 label \"d\" Latitude 40 Longitude 3 ]
        edge [ source 0 target 1 ] edge [ source 1 target 2 ] edge [ source 0 target 3 ] edge [ source 3 target 2 ] ]";
    let audience = Audience { viewers: 40, seed: 0, by_degree: false, bitrate: Kbps(400) };
    let options = Options { format: Format::TopologyZoo, wiring: Wiring::default(), audience: Some(audience) };
    let mut document = import(&[source("x.gml", text)], &options).unwrap().document;
    (document.format, document.time) = ("pleach/instance/1".into(), "2026-11-22T19:30:00Z".into());
    let (instance, _) = Instance::from_document(document).unwrap();
    let topology = network::Topology::of(&instance);
    let route = topology.route(instance.network("a").unwrap(), instance.network("c").unwrap());
    let ids: Vec<_> = topology.links(route).iter().map(|link| instance.links[*link].id.as_str()).collect();
    assert_eq!(ids, ["a>b", "b>c"]);
}
