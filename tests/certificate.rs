//! Certificates: what the solver's prices prove is found again by the verifier's own evaluation, and no more than that.

#[path = "oracle"]
mod oracle {
    pub mod generate;
    mod policies;
    mod topology;
}

use oracle::generate::tiny;
use pleach::engine::theory::knapsack_bound;
use pleach::engine::{Cancel, Options, Silent, solve};
use pleach::instance::generate::{Knobs, Links, NatMix, Scenario};
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

fn cases() -> Vec<Case> {
    let tiny = (0..60).map(tiny);
    tiny.chain([national_final(1000)]).map(|document| Case::of(&document)).collect()
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
        let read = certificate::parse(&text, "certificate.json".as_ref()).unwrap();
        assert_eq!(read.groups, case.certificate.groups, "{}", case.instance.name);
        assert_eq!(read.service.proof, case.certificate.service.proof, "{}", case.instance.name);
        let bounds = case.judge(&case.plan, &read);
        assert_eq!(bounds.violations, [], "{}", case.instance.name);
        let judged = bounds.judged.unwrap();
        by_prices += judged.iter().filter(|judged| judged.proof == Proof::Prices).count();
        for judged in judged.iter().filter(|judged| judged.is_claimed) {
            assert_eq!(judged.proof, Proof::Search, "{}", case.instance.name);
        }
    }
    assert!(by_prices > 20, "only {by_prices} bounds are proved by prices");
}

#[test]
fn the_verifier_evaluates_what_the_solver_does() {
    for case in cases() {
        let instance = &case.instance;
        let rules = policy::compile(instance, Weights::default());
        let cells = Cells::of(instance, &rules);
        let supply = Supply::of(instance, &rules, &cells);
        let stage = Relaxation::open(instance, &rules, &cells, &supply).service(&Limits::default()).unwrap();
        let (service, cost) = case.proved(&case.certificate);
        let expected = stage.bound.min(knapsack_bound(instance, &rules));
        assert!(near(service, expected, 1e-6), "{}: service {service}, not {expected}", instance.name);
        if case.certificate.cost.proof == Proof::Prices {
            // The solver rounds unit costs down to stay on the safe side.
            let bound = case.plan.cost.bound.unwrap();
            assert!(near(cost, bound, 1e-4) || cost > bound, "{}: cost {cost}, not {bound}", instance.name);
        }
    }
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
    send.chain(groups).chain(links).chain(limits).chain(node_limits).chain(enter).for_each(|price| *price *= factor);
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
