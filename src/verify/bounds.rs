//! Whether a certificate proves the bounds of a plan.
//!
//! Let every constraint that has a price be broken at that price (Lagrangian relaxation). What is left falls apart by
//! request: a copy costs at least the cheapest sender's price, a served request earns what it is worth, and whoever does
//! not pay for itself is left out. With the rent of everything that stands ready that bounds every plan, by weak duality,
//! whoever chose the prices. Here this is evaluated over all real pairs of nodes.
//!
//! Policies that may be relaxed count only for plans that relax nothing: a bound on service leaves them out, and so does one
//! on the cost of a plan that relaxes something.
//!
//! ```text
//! reading    names to numbers, and everything that is wrong with the certificate
//! kinds      nodes that no price, route or policy tells apart
//! quote      least price of a copy, for each receiver
//! churn      price of each substream, for those who had other parents before
//! earnings   rent, requests, relays
//! whole      what whole requests behind links can take
//! outlets    what each node can send past the limits of policies
//! counting   the bound that needs no prices
//! ```

mod churn;
mod counting;
mod earnings;
mod kinds;
mod outlets;
mod quote;
mod reading;
mod whole;

use super::law::Law;
use super::network::Network;
use super::violation::{Violation, ViolationKind};
use super::{Examination, parameters};
use crate::ids::{Id, PolicyId};
use crate::instance::Instance;
use crate::plan::certificate::{Certificate, Proof, ProvedBound};
use crate::plan::{Plan, Value};
use earnings::Market;
use kinds::Kinds;
use reading::Reading;

/// A bound is better than what is proved if it is so by more than this, relative.
const TOLERANCE: f64 = 1e-6;

/// What a certificate proves, and what it was asked to prove.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The bound in the plan.
    pub bound: Option<f64>,
    /// How it was found, as the certificate says.
    pub proof: Proof,
    /// The bound that was proved here.
    pub proved: f64,
    /// The plan's bound is better, on the word of a search: it was not checked.
    pub is_claimed: bool,
}

/// The answer about all bounds of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Everything that is wrong; empty: each bound is proved, or claimed by a search.
    pub violations: Vec<Violation>,
    /// Service, relaxation and cost; `None` where the certificate cannot be read as one for this instance.
    pub judged: Option<[Judged; 3]>,
}

/// Which side of the values a bound lies on.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Above,
    Below,
}

/// Holds the bounds of a plan, of which all else was examined, against what a certificate proves.
pub fn judge(instance: &Instance, plan: &Plan, found: &Examination, certificate: &Certificate) -> Bounds {
    let reading = match Reading::of(instance, certificate) {
        Ok(reading) => reading,
        Err(violations) => return Bounds { violations, judged: None },
    };
    // Weights out of range were told when the plan was examined.
    let weights = parameters(plan, &mut Vec::new());
    let (law, strict) = (Law::read(instance, plan), Law::read_strict(instance, plan));
    let kinds = Kinds::of(instance, &law, &reading.group);
    let network = Network::of(instance, &law, &kinds.network_pairs(instance));
    let under = |law| Market { instance, law, network: &network, weights, kinds: &kinds, group: &reading.group };
    let (all, wide) = (under(&law), under(&strict));

    let most = wide.most_service(&reading.service).min(counting::most_service(&wide, &reading.service.share));
    let relaxed = least_relaxation(instance, &law, found.service, || all.most_service(&reading.relaxation));
    let market = if found.relaxation > 0.0 { wide } else { all };
    let least = market.least_cost(&reading.cost, found.service);
    let mut violations = Vec::new();
    let judged = [
        one("service", Side::Above, &plan.service, &certificate.service, most, &mut violations),
        one("relaxation", Side::Below, &plan.relaxation, &certificate.relaxation, relaxed, &mut violations),
        one("cost", Side::Below, &plan.cost, &certificate.cost, least, &mut violations),
    ];
    Bounds { violations, judged: Some(judged) }
}

/// A plan with more service than there can be under all policies relaxes one of them at least once.
fn least_relaxation(instance: &Instance, law: &Law<'_>, service: f64, most: impl FnOnce() -> f64) -> f64 {
    let relaxable =
        instance.policies.iter().enumerate().filter(|(p, policy)| policy.relaxable && law.in_force(PolicyId::new(*p)));
    let least = relaxable.map(|(_, policy)| 1.0 / f64::from(policy.rank)).fold(f64::INFINITY, f64::min);
    let total: f64 = instance.requests.iter().map(|request| request.weight).sum();
    let is_more = least.is_finite() && service > most() * (1.0 + TOLERANCE) + 1e-9 * total;
    if is_more { least } else { 0.0 }
}

/// One bound: no better than proved, or than a search claims.
fn one(name: &str, side: Side, value: &Value, told: &ProvedBound, proved: f64, violations: &mut Vec<Violation>) -> Judged {
    let beats = |bound: f64, other: f64| {
        let better = if side == Side::Above { other - bound } else { bound - other };
        better > (TOLERANCE * bound.abs().max(other.abs())).max(1e-9)
    };
    let mut tell = |place: String, text: String| violations.push(Violation::new(ViolationKind::WrongBound, place, text));
    let is_search = told.proof == Proof::Search;
    if let Some(claimed) = told.bound.filter(|claimed| beats(*claimed, proved) && !is_search) {
        tell(format!("certificate.{name}"), format!("the certificate says {claimed}, it proves {proved}"));
    }
    let is_better = value.bound.is_some_and(|bound| beats(bound, proved));
    let allowed = |bound: f64| is_search && told.bound.is_some_and(|claimed| !beats(bound, claimed));
    let is_claimed = is_better && value.bound.is_some_and(allowed);
    if let Some(bound) = value.bound.filter(|_| is_better && !is_claimed) {
        let text = match told.bound.filter(|_| is_search) {
            Some(claimed) => format!("the plan says {bound}, the search of the certificate {claimed}"),
            None => format!("the plan says {bound}, the certificate proves {proved}"),
        };
        tell(name.to_owned(), text);
    }
    Judged { bound: value.bound, proof: told.proof, proved, is_claimed }
}
