//! The peer program solved by branch and bound: the best plan, and the proof that it is.
//!
//! Three stages on one program, as the contract orders values: the most service; at no less service the least relaxation; and
//! at no less service and no more relaxation the least cost.

use super::peer::{Flow, PeerProgram};
use super::session::{Limits, Session};
use super::{Answer, Status};
use crate::ids::{PolicyId, RequestId};
use crate::instance::Instance;
use crate::policy::Rules;

/// Services closer than this part of the total weight are equal (contract, section 4).
const CLOSE: f64 = 1e-9;
/// Relaxations closer than this, relative, are equal.
const ALIKE: f64 = 1e-9;

/// A peer program with the solver.
pub struct Search {
    peer: PeerProgram,
    session: Session,
    /// Services closer than this are equal.
    close: f64,
}

/// A plan as the program has it.
#[derive(Clone, Debug)]
pub struct Trees {
    /// Who sends what to whom.
    pub flows: Vec<Flow>,
    /// What is relaxed; for requests that receive nothing it means nothing.
    pub relaxed: Vec<(RequestId, PolicyId)>,
}

/// What one stage found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The best plan that was met, if any.
    pub plan: Option<Trees>,
    /// What no plan surpasses, if that much was proved.
    pub bound: Option<f64>,
    /// The search closed the gap: the plan is the best there is.
    pub proved: bool,
}

impl Search {
    /// States the program and hands it to the solver.
    pub fn open(instance: &Instance, rules: &Rules) -> Search {
        let peer = PeerProgram::of(instance, rules);
        let session = Session::open(&peer.program);
        Search { peer, session, close: CLOSE * rules.weight.iter().sum::<f64>() }
    }

    /// The most service.
    ///
    /// # Errors
    ///
    /// How the solver ended, if it has neither a plan nor a bound.
    pub fn service(&mut self, limits: &Limits) -> Result<Found, Status> {
        let numbers: Vec<f64> = self.peer.service.numbers.iter().map(|number| -number).collect();
        let (scale, standing) = (-self.peer.service.scale, self.peer.standing);
        self.stage(&numbers, limits, |objective| objective * scale + standing)
    }

    /// The least relaxation at no less than this service.
    ///
    /// # Errors
    ///
    /// As [`Search::service`].
    pub fn relaxation(&mut self, limits: &Limits, service: f64) -> Result<Found, Status> {
        self.serve(service);
        let (numbers, scale) = (self.peer.relaxation.numbers.clone(), self.peer.relaxation.scale);
        self.stage(&numbers, limits, |objective| objective * scale)
    }

    /// The least cost at no less than this service and no more than this relaxation.
    ///
    /// # Errors
    ///
    /// As [`Search::service`].
    pub fn cost(&mut self, limits: &Limits, service: f64, relaxation: f64) -> Result<Found, Status> {
        self.serve(service);
        if let Some(row) = self.peer.relaxation_row {
            let relaxed = &self.peer.relaxation;
            let allowed = relaxation / relaxed.scale;
            let most = if relaxed.whole { allowed.round() + 0.5 } else { allowed * (1.0 + ALIKE) };
            self.session.set_rows(&[(row, f64::NEG_INFINITY, most)]);
        }
        let (numbers, scale) = (self.peer.cost.numbers.clone(), self.peer.cost.scale);
        self.stage(&numbers, limits, |objective| objective * scale)
    }

    /// From now on no less than this service.
    fn serve(&mut self, service: f64) {
        let worth = &self.peer.service;
        let wanted = (service - self.peer.standing) / worth.scale;
        let least = if worth.whole { wanted.round() - 0.5 } else { wanted - self.close / worth.scale };
        self.session.set_rows(&[(self.peer.service_row, least, f64::INFINITY)]);
    }

    fn stage(&mut self, numbers: &[f64], limits: &Limits, value: impl Fn(f64) -> f64) -> Result<Found, Status> {
        self.session.set_costs(numbers);
        let limits = Limits { gap: 0.0, ..limits.clone() };
        let mut answer = self.session.solve(&limits);
        if !matches!(answer.status, Status::Optimal | Status::Stopped) {
            // Every stage has a plan: the one at hand, or nobody served. Simplified programs have been seen to fail, or to be called
            // infeasible, where the program itself is not.
            answer = self.session.solve(&Limits { presolve: false, ..limits });
        }
        let Answer { status, point, search_bound } = answer;
        if !matches!(status, Status::Optimal | Status::Stopped) {
            return Err(status);
        }
        // A program without columns is settled without a search.
        let bound = search_bound.or(point.as_ref().filter(|_| status == Status::Optimal).map(|point| point.objective));
        Ok(Found {
            plan: point.map(|point| Trees { flows: self.peer.flows(&point.columns), relaxed: self.peer.relaxed(&point.columns) }),
            bound: bound.map(value),
            proved: status == Status::Optimal,
        })
    }
}
