//! The group program solved: what to ask of placement, and at which prices.
//!
//! Two stages on one resident program. *Service*: service counts [`SERVICE_FIRST`] times as much as cost, so that among
//! the best in service the cheap are preferred, and the duals over that factor are prices of service. *Cost*: at least
//! the service of the plan at hand, as cheap as possible; begun from the basis of the first stage.

use super::bound::{self, Objective};
use super::group::{GroupProgram, Prices};
use super::session::{Limits, Session};
use super::supply::Supply;
use super::{Point, Status};
use crate::ids::ContentId;
use crate::instance::Instance;
use crate::policy::{CellId, Cells, Rules};

/// How much a unit of service counts against a unit of cost in the first stage.
const SERVICE_FIRST: f64 = 2_000.0;
/// Rounds of pricing after which the program is taken as it is.
const ROUNDS: usize = 30;
/// Service that the second stage leaves to rounding, relative.
const SLACK: f64 = 1e-9;

/// Copies that the program sends from one cell to another.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// Of which content.
    pub content: ContentId,
    /// The sending cell.
    pub from: CellId,
    /// The receiving cell.
    pub to: CellId,
    /// How many.
    pub copies: f64,
}

/// A resident group program.
pub struct Relaxation<'a> {
    instance: &'a Instance,
    rules: &'a Rules,
    cells: &'a Cells,
    supply: &'a Supply,
    group: GroupProgram<'a>,
    session: Session,
}

/// What one stage found.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Flows between cells.
    pub quotas: Vec<Quota>,
    /// Duals as prices.
    pub prices: Prices,
    /// What they prove.
    pub bound: f64,
}

impl<'a> Relaxation<'a> {
    /// States the program and hands it to the solver.
    pub fn open(instance: &'a Instance, rules: &'a Rules, cells: &'a Cells, supply: &'a Supply) -> Relaxation<'a> {
        let group = GroupProgram::of(instance, rules, cells, supply);
        let session = Session::open(&group.program);
        Relaxation { instance, rules, cells, supply, group, session }
    }

    /// The most service, then the least cost.
    pub fn service(&mut self, limits: &Limits) -> Result<Stage, Status> {
        let point = self.priced(limits, 1.0, SERVICE_FIRST)?;
        Ok(self.stage(&point, SERVICE_FIRST, Objective::Service))
    }

    /// The least cost at no less than this service.
    pub fn cost(&mut self, limits: &Limits, service: f64) -> Result<Stage, Status> {
        self.session.set_rows(&[(self.group.service_row(), service * (1.0 - SLACK), f64::INFINITY)]);
        let point = self.priced(limits, 1.0, 0.0)?;
        Ok(self.stage(&point, 1.0, Objective::Cost { service }))
    }

    /// Solves, prices columns in, and solves again, until no column would help.
    fn priced(&mut self, limits: &Limits, cost: f64, service: f64) -> Result<Point, Status> {
        let mut best = None;
        for _ in 0..ROUNDS {
            self.session.set_costs(&self.group.objective(cost, service));
            let answer = self.session.solve(limits);
            let point = match (answer.status, answer.point) {
                (Status::Optimal, Some(point)) => point,
                (status, _) => return best.ok_or(status),
            };
            let known = self.group.program.columns.len();
            let added = self.group.price_in(&point.duals, cost);
            best = Some(point);
            if added == 0 {
                break;
            }
            self.session.add_columns(&self.group.program, known);
        }
        best.ok_or(Status::Stopped)
    }

    fn stage(&self, point: &Point, per: f64, objective: Objective) -> Stage {
        let prices = self.group.prices(&point.duals, per);
        let bound = bound::evaluate(self.instance, self.rules, self.cells, self.supply, &prices, objective);
        let copies = &point.columns[self.group.first_arc..];
        let cell = |content: ContentId, place: u32| CellId(self.supply.shares[content][place as usize].cell);
        let quota = |(arc, copies): (&super::group::CellArc, &f64)| Quota {
            content: arc.content,
            from: cell(arc.content, arc.ends.0),
            to: cell(arc.content, arc.ends.1),
            copies: *copies,
        };
        let quotas = self.group.arcs.iter().zip(copies).filter(|(_, copies)| **copies > 1e-9).map(quota).collect();
        Stage { quotas, prices, bound }
    }
}
