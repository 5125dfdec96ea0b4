//! Rounded rows: the prices alone prove what whole requests behind a full link can take. Each instance is worked out by hand: one
//! content of four substreams at 1000 kbps each, a server with plenty, and one link to the viewers.

use pleach::engine::{Cancel, MethodChoice, Options, Silent, solve};
use pleach::instance::Instance;
use pleach::parameters::Model;
use pleach::verify::{bounds, examine};
use serde_json::{Value, json};

/// Viewers with these uplinks, behind a link of so many kbps.
fn behind(link_kbps: u64, uplinks: &[u64]) -> Instance {
    let names: Vec<String> = (0..uplinks.len()).map(|number| format!("v{number}")).collect();
    let viewer = |(id, uplink): (&String, &u64)| json!({"id": id, "role": "peer", "network": "home", "uplink_kbps": uplink});
    let mut nodes: Vec<Value> = names.iter().zip(uplinks).map(viewer).collect();
    nodes.push(json!({"id": "o", "role": "origin", "network": "dc", "uplink_kbps": 100_000}));
    let document = json!({
        "format": "pleach/instance/1", "name": "by-hand", "time": "2026-11-22T19:30:00Z",
        "contents": [{"id": "film", "bitrate_kbps": 4000, "substreams": 4}],
        "networks": [{"id": "dc"}, {"id": "home"}],
        "links": [{"id": "dc>home", "from": "dc", "to": "home", "capacity_kbps": link_kbps}],
        "nodes": nodes,
        "holdings": [{"node": "o", "content": "film"}],
        "requests": names.iter().map(|id| json!({"node": id, "content": "film"})).collect::<Vec<_>>(),
    });
    Instance::from_json(document.to_string()).expect("the instance has no fault").0
}

/// The service of the plan, and what the prices of its certificate prove, evaluated by the verifier.
fn served_and_proved(instance: &Instance) -> (f64, f64) {
    let model = Model::shipped("live").expect("live is shipped");
    let options = Options { method: MethodChoice::Optimized, certificate: true, ..Options::new(model) };
    let outcome = solve(instance, &options, &mut Silent, &Cancel::default());
    let found = examine(instance, &outcome.plan);
    let bounds = bounds::judge(instance, &outcome.plan, &found, &outcome.certificate.expect("it was asked for"));
    assert_eq!(bounds.violations, []);
    (outcome.plan.service.value, bounds.judged.expect("it fits")[0].proved)
}

fn assert_close((served, proved): (f64, f64), most: f64) {
    assert!((served - most).abs() < 1e-9, "{served} are served of {most}");
    // Prices of service leave a trace of cost.
    assert!((proved - most).abs() < 1e-3, "{proved} is proved, {most} is the most");
}

#[test]
fn ten_copies_serve_two_who_take_four() {
    assert_close(served_and_proved(&behind(10_000, &[0, 0, 0])), 2.0);
}

#[test]
fn who_brings_a_slot_takes_three() {
    // 4 + 3 <= 10, and three of them would take 11.
    assert_close(served_and_proved(&behind(10_000, &[0, 0, 1000])), 2.0);
}

#[test]
fn who_brings_much_is_served_and_serves() {
    // 13 copies and the 6 slots of the last one serve it, which takes 4, and three others, with 3 left over.
    assert_close(served_and_proved(&behind(13_000, &[0, 0, 0, 0, 6000])), 4.0);
}

#[test]
fn whole_numbers_of_copies_need_no_rounding() {
    assert_close(served_and_proved(&behind(8_000, &[0, 0, 0])), 2.0);
}
