//! Certificates: what the solver's prices prove is found again by the verifier's own evaluation, and no more than that.

#[allow(dead_code, reason = "another test uses the rest")]
#[path = "oracle"]
mod oracle {
    pub mod brute;
    pub mod generate;
    mod geography;
    mod law;
    mod matching;
    pub mod plan;
    pub mod policies;
    pub mod reading;
    mod search;
    mod topology;
}

use oracle::brute::best;
use oracle::generate::tiny;
use oracle::reading::read;
use pleach::engine::theory::knapsack_bound;
use pleach::engine::{Cancel, Options, Silent, solve};
use pleach::ids::{Id, NodeId};
use pleach::instance::document::{ParentCell, PreviousRow, RequestRow};
use pleach::instance::generate::{Knobs, Links, NatMix, Scenario};
use pleach::instance::policy::Rule;
use pleach::instance::{Document, Instance};
use pleach::parameters::{Model, Weights};
use pleach::plan::certificate::{self, Certificate, Group, PriceList, Proof};
use pleach::plan::{Plan, Value};
use pleach::policy::{self, Cells};
use pleach::program::relaxation::Relaxation;
use pleach::program::session::Limits;
use pleach::program::supply::Supply;
use pleach::verify::bounds::{Bounds, judge};
use pleach::verify::{ViolationKind, examine};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// An instance with its plan and certificate.
struct Case {
    instance: Instance,
    plan: Plan,
    certificate: Certificate,
}

impl Case {
    fn of(document: &Document) -> Case {
        let (instance, _) = Instance::from_document(document.clone()).expect("the instance is accepted");
        let options = Options { certificate: true, ..Options::new(Model::shipped("live").expect("it is shipped")) };
        let outcome = solve(&instance, &options, &mut Silent, &Cancel::default());
        let certificate = outcome.certificate.expect("it was asked for");
        Case { plan: outcome.plan.into_inner(), instance, certificate }
    }

    fn judge(&self, plan: &Plan, certificate: &Certificate) -> Bounds {
        judge(&self.instance, plan, &examine(&self.instance, plan), certificate)
    }

    /// Bounds that are proved on service and cost.
    fn proved(&self, certificate: &Certificate) -> (f64, f64) {
        let judged = self.judge(&self.plan, certificate).judged.expect("the certificate fits the instance");
        (judged[0].proved, judged[2].proved)
    }

    /// Kinds of what is wrong once the certificate has been changed.
    fn refused(&self, change: impl Fn(&mut Certificate)) -> Vec<ViolationKind> {
        let mut certificate = self.certificate.clone();
        change(&mut certificate);
        self.judge(&self.plan, &certificate).violations.iter().map(|violation| violation.kind).collect()
    }
}

fn national_final(peers: usize) -> Document {
    let scenario = Scenario::named("national-final").expect("the scenario exists");
    let knobs = Knobs {
        nodes: Some(peers),
        seed: 5,
        links: Some(Links::Binding),
        nat: Some(NatMix::MIXED),
        policies: true,
        ..Knobs::default()
    };
    scenario.make(&knobs).expect("the knobs are in range").document
}

/// A topology is in force, and many of its parents have left.
fn flash_crowd(peers: usize) -> Document {
    let scenario = Scenario::named("flash-crowd").expect("the scenario exists");
    scenario.make(&Knobs { nodes: Some(peers), ..Knobs::default() }).expect("the knobs are in range").document
}

fn cases() -> Vec<Case> {
    let tiny = (0..60).map(tiny);
    tiny.chain([national_final(1000), flash_crowd(600)]).map(|document| Case::of(&document)).collect()
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= (tolerance * a.abs().max(b.abs())).max(1e-9)
}

#[test]
fn certificates_come_back_from_their_text_and_prove_the_bounds_of_their_plans() {
    let mut by_prices = 0;
    for case in cases() {
        let mut text = Vec::new();
        certificate::write(&case.certificate, &mut text).unwrap();
        let parsed = certificate::parse(&text, "certificate.json".as_ref()).unwrap();
        assert_eq!(parsed.groups, case.certificate.groups, "{}", case.instance.name);
        assert_eq!(parsed.service.proof, case.certificate.service.proof, "{}", case.instance.name);
        let bounds = case.judge(&case.plan, &parsed);
        assert_eq!(bounds.violations, [], "{}", case.instance.name);
        let judged = bounds.judged.unwrap();
        by_prices += judged.iter().filter(|judged| judged.proof == Proof::Prices).count();
        for judged in judged.iter().filter(|judged| judged.is_claimed) {
            assert_eq!(judged.proof, Proof::Search, "{}", case.instance.name);
        }
    }
    assert!(by_prices >= 20, "only {by_prices} bounds are proved by prices");
}

#[test]
fn the_verifier_evaluates_what_the_solver_does() {
    let mut churned = 0;
    for case in cases() {
        let instance = &case.instance;
        // What may be relaxed is left out of a bound on service; the cells are those of all policies.
        let rules = policy::compile_strict(instance, Weights::default());
        let cells = Cells::of(instance, &policy::compile(instance, Weights::default()));
        let supply = Supply::of(instance, &rules, &cells);
        let stage = Relaxation::open(instance, &rules, &cells, &supply).service(&Limits::default()).unwrap();
        let (service, cost) = case.proved(&case.certificate);
        let expected = stage.bound.min(knapsack_bound(instance, &rules));
        // Shares of limits that the plan fills prove more than the count without them.
        let shared = !case.certificate.service.prices.share.is_empty() && service <= expected;
        assert!(shared || near(service, expected, 1e-6), "{}: service {service}, not {expected}", instance.name);
        if case.certificate.cost.proof == Proof::Prices {
            // The solver rounds unit costs down to stay on the safe side.
            let bound = case.plan.cost.bound.unwrap();
            assert!(near(cost, bound, 1e-4) || cost > bound, "{}: cost {cost}, not {bound}", instance.name);
            churned += usize::from(!instance.previous.is_empty());
        }
    }
    assert!(churned > 5, "a topology is in force in only {churned} of them");
}

#[test]
fn a_topology_that_is_gone_costs_its_churn_on_every_flow_and_one_that_stays_costs_none() {
    let mut document = flash_crowd(600);
    document.previous.clear();
    let before = Case::of(&document);
    let (service, cost) = (before.plan.service.value, before.proved(&before.certificate).1);
    let mbps = before.instance.contents.iter().map(|content| content.rate().mbps()).sum::<f64>();
    let churn = 4.0 * service * mbps * Weights::default().churn_weight;

    let gone = |request: &RequestRow| row(request, vec![ParentCell::One("gone".into()); 4]);
    document.previous = document.requests.iter().map(gone).collect();
    let after = Case::of(&document);
    let least = after.proved(&after.certificate).1;
    assert_eq!(after.plan.service.value, service);
    assert!(near(least, cost + churn, 0.01), "{least}, not {cost} and {churn}");

    let kept = |request: &RequestRow| {
        let node = before.instance.node(&request.node)?;
        let parents = &before.plan.assignments.iter().find(|row| row.node == node)?.parents;
        let name = |parent: NodeId| ParentCell::One(before.instance.nodes[parent].id.clone());
        let cells = (0..4).map(|s| parents.of(s).next().map_or(ParentCell::Nobody(()), name));
        Some(row(request, cells.collect()))
    };
    document.previous = document.requests.iter().filter_map(kept).collect();
    let after = Case::of(&document);
    let least = after.proved(&after.certificate).1;
    let staying = before.plan.cost.value;
    assert!(least <= staying * (1.0 + 1e-9), "{least} is more than the {staying} of staying");
}

/// The parents that a request had.
fn row(request: &RequestRow, parents: Vec<ParentCell>) -> PreviousRow {
    PreviousRow { node: request.node.clone(), content: request.content.clone(), parents }
}

#[test]
fn a_bound_better_than_proved_is_refused() {
    for case in cases() {
        let (service, cost) = case.proved(&case.certificate);
        let least = service * 0.99 - 0.01;
        let mut plan = case.plan.clone();
        plan.service = Value::new(plan.service.value, Some(least));
        if case.certificate.service.bound.is_some_and(|claimed| least < claimed * (1.0 - 1e-6)) {
            let kinds = case.judge(&plan, &case.certificate).violations;
            assert!(kinds.iter().any(|found| (found.kind, found.place.as_str()) == (ViolationKind::WrongBound, "service")));
        }
        let mut plan = case.plan.clone();
        let most = case.certificate.cost.bound.unwrap_or(0.0).max(cost) * 1.01 + 0.01;
        plan.cost = Value::new(plan.cost.value, Some(most));
        let kinds = case.judge(&plan, &case.certificate).violations;
        assert!(kinds.iter().any(|found| (found.kind, found.place.as_str()) == (ViolationKind::WrongBound, "cost")));
    }
}

#[test]
fn other_prices_prove_less_or_are_refused() {
    let case = Case::of(&national_final(1000));
    let (service, cost) = case.proved(&case.certificate);
    let scaled = |factor: f64| {
        let mut other = case.certificate.clone();
        for list in [&mut other.service.prices, &mut other.cost.prices] {
            scale(list, factor);
        }
        case.proved(&other)
    };
    for factor in [0.0, 0.5, 2.0, 10.0] {
        let (other_service, other_cost) = scaled(factor);
        assert!(other_service > service * (1.0 - 1e-9), "{factor}: {other_service} is better than {service}");
        assert!(other_cost < cost * 0.999, "{factor}: {other_cost} is as good as {cost}");
    }
    assert_eq!(case.certificate.cost.proof, Proof::Prices);
    let zero = case.refused(|certificate| scale(&mut certificate.cost.prices, 0.0));
    assert!(zero.contains(&ViolationKind::WrongBound));
}

/// All prices times a factor, but for that of service.
fn scale(list: &mut PriceList, factor: f64) {
    let send = list.send.iter_mut().map(|row| &mut row.price);
    let groups = list.uplink.iter_mut().chain(&mut list.downlink).map(|row| &mut row.price);
    let links = list.link.iter_mut().map(|row| &mut row.price);
    let limits = list.limit.iter_mut().map(|row| &mut row.price);
    let node_limits = list.node_limit.iter_mut().map(|row| &mut row.price);
    let enter = list.enter.iter_mut().map(|row| &mut row.price);
    let whole = list.whole.iter_mut().map(|row| &mut row.price);
    send.chain(groups).chain(links).chain(limits).chain(node_limits).chain(enter).chain(whole).for_each(|price| *price *= factor);
}

#[test]
fn what_does_not_fit_the_instance_is_refused() {
    let case = Case::of(&national_final(200));
    let link = |price: f64, id: &str| certificate::LinkPrice { link: id.into(), price };
    let some = case.instance.links.iter().next().unwrap().id.clone();
    let first = |certificate: &mut Certificate| certificate.groups[0].nodes[0].clone();
    assert_eq!(case.refused(|_| ()), []);
    assert_eq!(case.refused(|c| c.instance_sha256 = "0".into()), [ViolationKind::OtherInstance]);
    assert_eq!(case.refused(|c| c.policies_sha256 = Some("0".into())), [ViolationKind::OtherInstance]);
    assert_eq!(case.refused(|c| c.service.prices.link.push(link(1.0, "nowhere"))), [ViolationKind::UnknownId]);
    assert_eq!(case.refused(|c| c.cost.prices.link.push(link(-1.0, &some))), [ViolationKind::WrongBound]);
    assert_eq!(case.refused(|c| c.cost.prices.service = f64::NAN), [ViolationKind::WrongBound]);
    assert_eq!(case.refused(|c| drop(c.groups[0].nodes.remove(0))), [ViolationKind::BadShape]);
    let twice = case.refused(|c| {
        let node = first(c);
        c.groups.push(Group { id: u32::MAX, nodes: vec![node] });
    });
    assert_eq!(twice, [ViolationKind::DuplicateRow]);
    let namesakes = case.refused(|c| c.groups.push(Group { id: c.groups[0].id, nodes: Vec::new() }));
    assert_eq!(namesakes, [ViolationKind::DuplicateRow]);
    let unknown = case.refused(|c| c.groups[0].nodes.push("nobody at all".into()));
    assert_eq!(unknown, [ViolationKind::UnknownId]);
}

#[test]
fn a_cut_around_a_holder_or_without_its_requests_is_refused() {
    let case = Case::of(&national_final(200));
    let content = case.instance.contents.iter().next().unwrap().id.clone();
    let all: Vec<u32> = case.certificate.groups.iter().map(|group| group.id).collect();
    let asker = case.instance.nodes[case.instance.requests.iter().next().unwrap().node].id.clone();
    let holder = case.instance.nodes[case.instance.holdings[0].node].id.clone();
    let home = case.certificate.groups.iter().find(|group| group.nodes.contains(&asker)).unwrap().id;
    let with = |groups: &[u32], requests: &[smol_str::SmolStr]| {
        case.refused(|certificate| {
            certificate.service.prices.enter.push(certificate::EnterPrice {
                content: content.clone(),
                groups: groups.to_vec(),
                requests: requests.to_vec(),
                price: 0.001,
            });
        })
    };
    assert_eq!(with(&all, std::slice::from_ref(&asker)), [ViolationKind::WrongBound], "holders stand inside");
    assert_eq!(with(&[home], &[]), [ViolationKind::WrongBound], "stated for nobody");
    assert_eq!(with(&[home], &[holder]), [ViolationKind::UnknownId], "it asks for nothing");
    assert_eq!(with(&[u32::MAX], &[asker]), [ViolationKind::UnknownId], "no such group");
}

#[test]
fn no_prices_prove_more_than_the_best_plan() {
    let rng = &mut Pcg64::seed_from_u64(11);
    let mut cuts = 0;
    for document in (0..300).map(tiny) {
        let (instance, _) = Instance::from_document(document.clone()).expect("the instance is accepted");
        let world = read(&document, &Weights::default());
        let best = best(&world);
        let plan = oracle::plan::plan(&document, &instance, &world, &best);
        let found = examine(&instance, &plan);
        for _ in 0..8 {
            let certificate = any_certificate(rng, &instance);
            cuts += certificate.service.prices.enter.len();
            let bounds = judge(&instance, &plan, &found, &certificate);
            let judged = bounds.judged.unwrap_or_else(|| panic!("{}: {:?}", instance.name, bounds.violations));
            let (service, cost) = (judged[0].proved, judged[2].proved);
            assert!(service >= best.service - 1e-9, "{}: {service} is less than {}", instance.name, best.service);
            let least = best.cost_value();
            assert!(cost <= least + 1e-9, "{}: {cost} is more than {least}: {certificate:?}", instance.name);
        }
    }
    assert!(cuts > 300, "only {cuts} cuts are priced");
}

/// Each node its own group, and any prices.
fn any_certificate(rng: &mut Pcg64, instance: &Instance) -> Certificate {
    let nodes = instance.nodes.iter().enumerate();
    let groups = nodes.map(|(id, node)| Group { id: id as u32, nodes: vec![node.id.clone()] }).collect();
    let mut bound =
        |scale: f64| certificate::ProvedBound { bound: None, proof: Proof::None, prices: any_prices(rng, instance, scale) };
    Certificate {
        format: certificate::CERTIFICATE_FORMAT.to_owned(),
        instance: instance.name.clone(),
        instance_sha256: instance.sha256.clone(),
        policies_sha256: None,
        groups,
        service: bound(1.0),
        relaxation: bound(0.0),
        cost: bound(2.0),
    }
}

/// Prices of about the size of what a copy is worth, many of them 0.
fn any_prices(rng: &mut Pcg64, instance: &Instance, scale: f64) -> PriceList {
    let sparse = rng.random_range(0.1..0.9);
    let mut price = |scale: f64| if rng.random_bool(sparse) { rng.random_range(0.0..=scale) } else { 0.0 };
    let per_kbps = scale / instance.contents.iter().map(|content| content.rate().0 as f64).fold(1.0, f64::max);
    let groups = 0..instance.nodes.len() as u32;
    let mut list = PriceList { service: price(2.0 * scale), ..PriceList::default() };
    for content in instance.contents.iter() {
        let send = |group| certificate::SendPrice { group, content: content.id.clone(), price: price(scale) };
        list.send.extend(groups.clone().map(send));
    }
    list.uplink = groups.clone().map(|group| certificate::GroupPrice { group, price: price(per_kbps) / 4.0 }).collect();
    let bounded = groups.clone().filter(|group| instance.nodes.as_slice()[*group as usize].downlink.is_some());
    list.downlink = bounded.map(|group| certificate::GroupPrice { group, price: price(per_kbps) / 4.0 }).collect();
    let links = instance.links.iter().filter(|link| link.capacity.is_some());
    list.link = links.map(|link| certificate::LinkPrice { link: link.id.clone(), price: price(per_kbps) / 4.0 }).collect();
    for policy in &instance.policies {
        let policy_id = policy.id.clone();
        match policy.rule {
            Rule::LimitRate { .. } => list.limit.push(certificate::PolicyPrice { policy: policy_id, price: price(per_kbps) }),
            Rule::LimitNodeRate(_) => list.node_limit.extend(groups.clone().map(|group| certificate::NodePolicyPrice {
                policy: policy_id.clone(),
                group,
                price: price(per_kbps),
            })),
            _ => {}
        }
    }
    add_cuts(rng, instance, scale, &mut list);
    add_roundings(rng, instance, scale, &mut list);
    list
}

/// Rounded rows around some nodes, behind some of the links or all of them: where flows enter past those they prove nothing.
fn add_roundings(rng: &mut Pcg64, instance: &Instance, scale: f64, list: &mut PriceList) {
    for content in instance.contents.iter() {
        for _ in 0..2 {
            let networks: Vec<bool> = instance.networks.iter().map(|_| rng.random_bool(0.5)).collect();
            let inside = |id: &NodeId| networks[instance.nodes[*id].network.index()];
            let groups = instance.nodes.ids().filter(inside).map(|id| id.index() as u32).collect();
            let enters = |link: &pleach::instance::Link| networks[link.to.index()] && !networks[link.from.index()];
            let all = rng.random_bool(0.5);
            let around = instance.links.iter().filter(|link| link.capacity.is_some() && (all || enters(link)));
            list.whole.push(certificate::WholePrice {
                content: content.id.clone(),
                groups,
                links: around.map(|link| link.id.clone()).collect(),
                divisor: rng.random_range(2..=5),
                price: rng.random_range(0.0..=scale),
            });
        }
    }
}

/// Cuts around some of the nodes that hold nothing.
fn add_cuts(rng: &mut Pcg64, instance: &Instance, scale: f64, list: &mut PriceList) {
    for (content, row) in instance.contents.pairs() {
        let empty = |id: &NodeId| instance.held(*id, content) == 0 && rng.random_bool(0.6);
        let inside: Vec<NodeId> = instance.nodes.ids().filter(empty).collect();
        let asking = inside.iter().filter(|id| instance.request(**id, content).is_some());
        let requests: Vec<_> = asking.map(|id| instance.nodes[*id].id.clone()).collect();
        if !requests.is_empty() {
            list.enter.push(certificate::EnterPrice {
                content: row.id.clone(),
                groups: inside.iter().map(|id| id.index() as u32).collect(),
                requests,
                price: rng.random_range(0.0..=scale),
            });
        }
    }
}

#[test]
fn a_delay_that_may_be_relaxed_takes_no_parent_away() {
    // `r` may only follow `p`, which is 60 seconds late by a policy that is never relaxed; `r` is later still, by one that may be.
    let instance = serde_json::json!({
        "format": "pleach/instance/1", "name": "late", "time": "2026-11-22T19:30:00Z",
        "contents": [{"id": "film", "bitrate_kbps": 1000, "substreams": 1}], "networks": [{"id": "n"}],
        "nodes": [{"id": "o", "role": "server", "network": "n", "uplink_kbps": 9000, "country": "OO"},
                  {"id": "p", "role": "peer", "network": "n", "uplink_kbps": 3000, "country": "PP"},
                  {"id": "r", "role": "peer", "network": "n", "uplink_kbps": 0, "country": "RR"}],
        "holdings": [{"node": "o", "content": "film"}],
        "requests": [{"node": "p", "content": "film"}, {"node": "r", "content": "film"}],
        "policies": [
            {"id": "hard", "owner": "provider", "rank": 1, "destination": {"country": ["PP"]}, "rule": {"delay": {"seconds": 60}}},
            {"id": "soft", "owner": "provider", "rank": 2, "relaxable": true, "destination": {"country": ["RR"]},
             "rule": {"delay": {"seconds": 120}}},
            {"id": "apart", "owner": "provider", "rank": 1, "source": {"country": ["OO"]}, "destination": {"country": ["RR"]},
             "rule": {"forbid": {}}}],
    });
    let (instance, _) = Instance::from_json(instance.to_string()).expect("the instance has no fault");
    let model = Model::shipped("live").expect("live is shipped");
    let options = Options { certificate: true, ..Options::new(model) };
    let outcome = solve(&instance, &options, &mut Silent, &Cancel::default());
    assert_eq!((outcome.plan.service.value, outcome.plan.relaxation.value), (2.0, 0.0));
    let found = examine(&instance, &outcome.plan);
    let bounds = judge(&instance, &outcome.plan, &found, &outcome.certificate.expect("it was asked for"));
    assert_eq!(bounds.violations, []);
    assert!(bounds.judged.expect("it fits")[0].proved >= 2.0);
}
