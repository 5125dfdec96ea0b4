//! Plans are written and read again without loss, and what does not fit the instance is told.

use super::house::*;
use pleach::ids::{LinkId, NodeId};
use pleach::instance::{Instance, Parents};
use pleach::plan::file::{ClusterUse, PlanFile, Price};
use pleach::plan::read::parse;
use pleach::plan::resolve::MisfitKind;
use pleach::plan::write::write;
use pleach::plan::{Assignment, LinkUse, Plan, PolicyUse, Reason};
use pleach::units::Kbps;
use pleach::verify::ViolationKind::*;
use serde_json::{Value as Json, json};
use std::path::Path;

/// A plan with something in every field.
fn full(instance: &Instance) -> Plan {
    let mut rows = good_rows(instance);
    let p2 = instance.node("p2").unwrap();
    rows[2].parents = Parents::lists(&[vec![p2], vec![p2, NodeId(0)], vec![], vec![p2]]);
    rows[2].protocols = Some(
        vec![1, Assignment::NO_PROTOCOL, 0, 1, Assignment::NO_PROTOCOL, Assignment::NO_PROTOCOL, 0, Assignment::NO_PROTOCOL]
            .into(),
    );
    rows[2].relaxed = vec![law()];
    rows[2].delay = Some(7.5);
    rows.push(row(instance, "w1", "final", &["o1", "", "", ""]));
    rows[3].relay = true;
    let mut plan = plan(instance, rows);
    plan.unserved = vec![unserved(instance, "p3", "hamlet", Reason::Policy)];
    plan.unserved[0].policies = vec![law()];
    plan.unserved[0].detail = "say \"why\"".into();
    plan.pending = vec![row(instance, "p1", "hamlet", &["o1", ""])];
    let price = Some(Price { service: 0.5, cost: 0.25 });
    plan.links =
        vec![LinkUse { link: LinkId(0), load: Kbps(18000), price }, LinkUse { link: LinkId(2), load: Kbps(0), price: None }];
    plan.policies = vec![PolicyUse { policy: law(), matched: 3, usage: Some(Kbps(5)), limit: None, binding: true, price }];
    plan.clusters = vec![ClusterUse { id: "k".into(), level: 3, members: 1, nodes: vec!["p1".into()] }];
    plan.origin.parameters.insert("rtt_weight".into(), 0.25);
    plan
}

fn lawful() -> Instance {
    with_policy(policy(json!({"forbid": {}}), json!({"content": {"id": ["hamlet"]}})))
}

fn text(instance: &Instance, plan: &Plan) -> Vec<u8> {
    let mut text = Vec::new();
    write(plan, instance, &mut text).unwrap();
    text
}

fn read(text: &[u8]) -> PlanFile {
    parse(text, Path::new("plan.json")).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn a_written_plan_is_read_and_resolved_to_the_same_plan() {
    let instance = lawful();
    let plan = full(&instance);
    let first = text(&instance, &plan);
    let again = Plan::resolve(read(&first), &instance).unwrap_or_else(|unresolved| panic!("{:?}", unresolved.misfits));
    assert_eq!(format!("{plan:#?}"), format!("{again:#?}"));
    assert_eq!(first, text(&instance, &again));
}

#[test]
fn a_written_plan_has_no_field_that_the_format_lacks() {
    let instance = lawful();
    let written: Json = serde_json::from_slice(&text(&instance, &full(&instance))).unwrap();
    let known = serde_json::to_value(read(written.to_string().as_bytes())).unwrap();
    within(&written, &known, "$");
}

/// Every field of `written` is one of `known`.
fn within(written: &Json, known: &Json, path: &str) {
    match (written, known) {
        (Json::Object(written), Json::Object(known)) => {
            for (name, value) in written {
                let path = format!("{path}.{name}");
                within(value, known.get(name).unwrap_or_else(|| panic!("{path} is unknown")), &path);
            }
        }
        (Json::Array(written), Json::Array(known)) => {
            written.iter().zip(known).for_each(|(written, known)| within(written, known, path));
        }
        _ => {}
    }
}

#[test]
fn fields_stand_in_the_order_of_the_contract() {
    let instance = lawful();
    let text = String::from_utf8(text(&instance, &full(&instance))).unwrap();
    let names = ["format", "instance", "instance_sha256", "version", "method", "relaxation", "assignments", "unserved"];
    let later = ["pending", "links", "policies", "clusters", "changes", "statistics"];
    // The last place: `policies` stand in unserved rows too.
    let places: Vec<usize> = names.iter().chain(&later).map(|name| text.rfind(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
}

/// The good plan as JSON, changed and resolved.
fn misfits(change: impl FnOnce(&mut Json)) -> Vec<MisfitKind> {
    let instance = lawful();
    let mut json: Json = serde_json::from_slice(&text(&instance, &full(&instance))).unwrap();
    change(&mut json);
    match Plan::resolve(read(json.to_string().as_bytes()), &instance) {
        Ok(_) => Vec::new(),
        Err(unresolved) => unresolved.misfits.iter().map(|misfit| misfit.kind).collect(),
    }
}

#[test]
fn what_does_not_fit_the_instance_is_told() {
    use MisfitKind::*;
    assert_eq!(misfits(|_| {}), []);
    assert_eq!(misfits(|json| json["instance_sha256"] = json!("0")), [OtherInstance]);
    assert_eq!(misfits(|json| json["policies_sha256"] = json!("0")), [OtherInstance]);
    assert_eq!(misfits(|json| json["previous_sha256"] = json!("0")), [OtherInstance]);
    assert_eq!(misfits(|json| json["assignments"][0]["node"] = json!("nobody")), [UnknownId]);
    assert_eq!(misfits(|json| json["assignments"][0]["parents"][1] = json!("nobody")), [UnknownId]);
    assert_eq!(misfits(|json| json["assignments"][2]["relaxed"] = json!(["nothing"])), [UnknownId]);
    assert_eq!(misfits(|json| json["assignments"][2]["protocols"] = json!(["rtp"])), [BadShape]);
    assert_eq!(misfits(|json| json["pending"][0]["content"] = json!("nothing")), [UnknownId]);
    assert_eq!(misfits(|json| json["unserved"][0]["policies"] = json!(["nothing"])), [UnknownId]);
    assert_eq!(misfits(|json| json["links"][0]["id"] = json!("nowhere")), [UnknownId]);
    assert_eq!(misfits(|json| json["links"][0]["capacity_kbps"] = json!(1)), [WrongLinks]);
    assert_eq!(misfits(|json| json["policies"][0]["id"] = json!("nothing")), [UnknownId]);
    assert_eq!(misfits(|json| json["clusters"][0]["nodes"] = json!(["nobody"])), [UnknownId]);
}

#[test]
fn checking_a_file_tells_each_unknown_parent_once_and_by_name() {
    let instance = instance(&house());
    let plan = plan(&instance, good_rows(&instance));
    let mut json: Json = serde_json::from_slice(&text(&instance, &plan)).unwrap();
    json["assignments"][2]["parents"][1] = json!("nobody");
    let (_, found) = pleach::verify::check(&instance, read(json.to_string().as_bytes()));
    let unknown: Vec<_> = found.violations.iter().filter(|violation| violation.kind == UnknownId).collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].to_string(), "unknown_id at p3/final: the instance has no node nobody");
}

#[test]
fn rows_in_another_order_are_the_same_plan() {
    let instance = lawful();
    let plan = full(&instance);
    let mut json: Json = serde_json::from_slice(&text(&instance, &plan)).unwrap();
    json["assignments"].as_array_mut().unwrap().reverse();
    let again = Plan::resolve(read(json.to_string().as_bytes()), &instance).unwrap();
    assert_eq!(text(&instance, &plan), text(&instance, &again));
}

#[test]
fn a_plan_without_statistics_has_them_counted() {
    let instance = instance(&house());
    let plan = plan(&instance, good_rows(&instance));
    let mut json: Json = serde_json::from_slice(&text(&instance, &plan)).unwrap();
    for field in ["statistics", "changes", "links", "method", "termination", "version"] {
        json.as_object_mut().unwrap().remove(field);
    }
    json["x-note"] = json!("unknown fields may be added");
    let again = Plan::resolve(read(json.to_string().as_bytes()), &instance).unwrap();
    accept(&instance, &again);
    assert_eq!(again.statistics.worst_loss_of_one, 4);
}

#[test]
fn what_is_no_plan_is_bad_input() {
    let code = |text: &str| parse(text.as_bytes(), Path::new("p")).unwrap_err().0[0].code.word();
    assert_eq!(code("{\"format\": "), "syntax");
    assert_eq!(code("{\"format\": \"pleach/instance/1\"}"), "wrong_format");
    assert_eq!(code("{\"format\": \"pleach/plan/1\"}"), "missing_field");
    assert_eq!(code("{\"format\": 7}"), "wrong_type");
    assert_eq!(code("[]"), "wrong_type");
}
