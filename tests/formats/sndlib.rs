//! Problems of SNDlib.

use super::{link, part, source, told};
use pleach::instance::import::maps::{Format, Options, import};
use pleach::instance::import::sndlib::{Module, Reading};
use pleach::instance::import::{Costs, Made, Wiring};
use pleach::instance::{Document, Faults};
use pleach::units::Kbps;

/// A triangle: a-b has 10 installed, b-c offers 5 or 40, a-c has neither; a-c is dear.
pub const PROBLEM: &str = "\
?SNDlib native format; type: network; version: 1.0
# network triangle
META (
  time = 2004
  unit = GBITPERSEC
  origin = somebody (somewhere), total demand 3Tbps
)
NODES (
  a ( 0.0 0.0 )
  b ( 9.0 0.0 )
  c ( 9.0 9.0 )
)
LINKS (
  L1 ( a b ) 10.00 0.00 1.00 7.00 ( 40.00 80.00 )
  L2 ( b c ) 0.00 0.00 0.00 0.00 ( 5.00 15.00 40.00 80.00 )
  L3 ( a c ) 0.00 0.00 6.00 0.00 ( )
)
DEMANDS (
  D1 ( a c ) 1 2.00 UNLIMITED
  D2 ( c b ) 2 1.50 3
)
ADMISSIBLE_PATHS (
  D1 (
    P_1 ( L1 L2 )
  )
)
";

fn read(text: &str, reading: Reading, wiring: Wiring) -> Result<Made, Faults> {
    import(&[source("triangle.txt", text)], &Options { format: Format::Sndlib(reading), wiring, audience: None })
}

fn prices() -> Wiring {
    Wiring { costs: Costs::Prices, ..Wiring::default() }
}

#[test]
fn capacity_is_what_is_installed_else_a_module_else_unlimited() {
    let capacities = |document: &Document| ["a>b", "c>b", "a>c"].map(|id| link(document, id).capacity_kbps.map(|kbps| kbps.0));
    let document = part(read(PROBLEM, Reading::default(), prices()));
    assert_eq!((document.networks.len(), document.links.len(), document.time.as_str()), (3, 6, "2004-01-01T00:00:00Z"));
    assert_eq!(capacities(&document), [Some(10_000_000), Some(40_000_000), None]);
    let small = Reading { module: Module::Smallest, unit: Some(Kbps(1000)), ..Reading::default() };
    assert_eq!(capacities(&part(read(PROBLEM, small, prices()))), [Some(10_000), Some(5_000), None]);
}

/// Prices: 1 (routing), 80 / 40 = 2 (module), 6 (routing); their mean 3 is 0.1 per Mbps.
#[test]
fn prices_are_scaled_to_a_mean_of_a_tenth() {
    let document = part(read(PROBLEM, Reading::default(), prices()));
    let costs = ["b>a", "b>c", "c>a"].map(|id| (link(&document, id).cost.unwrap(), link(&document, id).weight.unwrap()));
    assert_eq!(costs, [(0.033_333, 333), (0.066_667, 667), (0.2, 2000)]);
}

/// a to c goes over b: 333 + 667 is less than 2000. One unit is 10^6 kbps; D2 takes 2 units of routing for each.
#[test]
fn demands_load_the_cheapest_paths() {
    let reading = Reading { demands: Some(0.5), ..Reading::default() };
    let made = read(PROBLEM, reading, prices()).unwrap();
    let used = |id| link(&made.document, id).used_kbps.unwrap().0;
    assert_eq!(["a>b", "b>c", "c>b", "b>a", "a>c"].map(used), [1_000_000, 1_000_000, 1_500_000, 0, 0]);
    assert!(made.notes.iter().any(|note| note.contains("2 demands are on the links (0 find no route); 0 of 6")));
    let left = read(PROBLEM, Reading::default(), prices()).unwrap();
    assert!(left.document.links.iter().all(|link| link.used_kbps.is_none()));
    assert!(left.notes.iter().any(|note| note.contains("2 demands are left out")));
}

#[test]
fn coordinates_off_the_globe_are_those_of_a_drawing() {
    let place = |text: &str, planar| part(read(text, Reading { planar, ..Reading::default() }, prices())).networks[2].lat;
    assert_eq!(place(PROBLEM, false), Some(9.0));
    assert_eq!(place(PROBLEM, true), None);
    assert_eq!(place(&PROBLEM.replace("a ( 0.0 0.0 )", "a ( 200.0 175.0 )"), false), None);
    assert_eq!(place(&PROBLEM.replace("a ( 0.0 0.0 )", "a"), false), Some(9.0));
}

#[test]
fn every_broken_line_is_told() {
    let text = PROBLEM
        .replace("b ( 9.0 0.0 )", "a ( 9.0 x )")
        .replace("L2 ( b c ) 0.00 0.00 0.00 0.00 ( 5.00 15.00 40.00 80.00 )", "L2 ( b z ) 0 0 0 0 ( 5 )")
        .replace("L3 ( a c )", "L3 a c")
        .replace("D2 ( c b ) 2 1.50 3", "D2 ( c a ) 2 many 3")
        .replace("META (", "EXTRA (");
    let wanted = [
        "3 syntax",
        "10 wrong_type",
        "10 duplicate_id",
        "14 dangling_reference",
        "15 dangling_reference",
        "15 dangling_reference",
        "15 syntax",
        "16 syntax",
        "20 wrong_type",
    ];
    let wanted: Vec<String> = wanted.iter().map(|at| format!("triangle.txt:{at}")).collect();
    assert_eq!(told(read(&text, Reading::default(), prices())), wanted);
    assert_eq!(
        told(read("<xml>", Reading::default(), prices())),
        ["triangle.txt:1 wrong_format", "triangle.txt:1 missing_field"]
    );
    let open = "?SNDlib native format\nNODES (\n a\n";
    assert_eq!(told(read(open, Reading::default(), prices())), ["triangle.txt:2 syntax"]);
}
