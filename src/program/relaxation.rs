//! The group program solved: what to ask of placement, and at which prices.
//!
//! Two stages on one resident program. *Service*: service counts `SERVICE_FIRST` times as much as cost, so that among
//! the best in service the cheap are preferred, and the duals over that factor are prices of service. *Cost*: at least
//! the service of the plan at hand, as cheap as possible; begun from the basis of the first stage. Quotas are for whole
//! requests where that is asked for (`whole`).

mod whole;

use super::bound::{self, Objective};
use super::group::{GroupProgram, Prices};
use super::session::{Limits, Method, Session};
use super::supply::{Supply, TierKey};
use super::{Point, Status};
use crate::ids::ContentId;
use crate::instance::Instance;
use crate::policy::{CellId, Cells, Rules};

/// How much a unit of service counts against a unit of cost in the first stage.
const SERVICE_FIRST: f64 = 50_000.0;
/// Rounds of pricing after which the program is taken as it is.
const ROUNDS: usize = 30;
/// Rounds of cutting circles and fractions of requests off.
const CUT_ROUNDS: usize = 12;
/// A round that raises the cost by less than this, relative, is the last.
const WORTH_CUTTING: f64 = 1e-4;
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

/// How many requests of a tier the program serves in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// The content.
    pub content: ContentId,
    /// Their cell.
    pub cell: CellId,
    /// Their tier.
    pub key: TierKey,
    /// How many.
    pub count: f64,
}

/// Requests of each tier that a plan serves.
pub type Served = rustc_hash::FxHashMap<(ContentId, CellId, TierKey), f64>;

/// What placement is to follow.
#[derive(Clone, Debug, Default)]
pub struct Guidance {
    /// Flows between cells.
    pub quotas: Vec<Quota>,
    /// Who is served.
    pub serving: Vec<Serving>,
}

/// A resident group program.
pub struct Relaxation<'a> {
    instance: &'a Instance,
    rules: &'a Rules,
    cells: &'a Cells,
    supply: &'a Supply,
    group: GroupProgram<'a>,
    session: Session,
    /// What the stage of service found.
    scarce: Prices,
    /// Its point.
    first: Option<Point>,
}

/// What one stage found.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What placement is to follow.
    pub guidance: Guidance,
    /// Duals as prices.
    pub prices: Prices,
    /// What they prove.
    pub bound: f64,
    /// What a search proves beyond that.
    pub search: Option<f64>,
}

impl<'a> Relaxation<'a> {
    /// States the program and hands it to the solver.
    pub fn open(instance: &'a Instance, rules: &'a Rules, cells: &'a Cells, supply: &'a Supply) -> Relaxation<'a> {
        let group = GroupProgram::of(instance, rules, cells, supply);
        let session = Session::open(&group.program);
        Relaxation { instance, rules, cells, supply, group, session, scarce: Prices::default(), first: None }
    }

    /// The most service, then the least cost; circles and fractions of requests are cut off as long as that changes much.
    pub fn service(&mut self, limits: &Limits) -> Result<Stage, Status> {
        let mut point = self.priced(limits, 1.0, SERVICE_FIRST)?;
        for _ in 0..CUT_ROUNDS {
            let rows = self.group.cut_off(&point);
            if rows.is_empty() {
                break;
            }
            self.session.add_rows(&rows);
            let answer = self.session.solve(limits);
            let before = point.objective;
            match (answer.status, answer.point) {
                (Status::Optimal, Some(next)) => point = next,
                (Status::Stopped, _) => break,
                (status, _) => return Err(status),
            }
            if point.objective - before <= WORTH_CUTTING * self.cost_of(&point) {
                break;
            }
        }
        if let Ok(next) = self.priced(limits, 1.0, SERVICE_FIRST) {
            point = next;
        }
        let stage = self.stage(&point, SERVICE_FIRST, Objective::Service);
        self.scarce = stage.prices.clone();
        self.first = Some(point);
        Ok(stage)
    }

    /// The cost of a point of the first stage.
    fn cost_of(&self, point: &Point) -> f64 {
        let service: f64 = self.group.service.iter().zip(&point.columns).map(|(service, copies)| service * copies).sum();
        point.objective + SERVICE_FIRST * service
    }

    /// What the prices of the first stage prove of the cost of plans with at least this service, and these prices: much
    /// where there is no more service to be had. `None` before [`Relaxation::service`].
    pub fn proved_of_cost(&self, service: f64) -> Option<(f64, Prices)> {
        let mut prices = self.group.prices(&self.first.as_ref()?.duals, 1.0);
        prices.service = SERVICE_FIRST;
        let of = (self.instance, self.rules, self.cells, self.supply);
        let bound = bound::settle(of, &mut prices, &self.scarce, service);
        Some((bound, prices))
    }

    /// The least cost at no less than this service.
    pub fn cost(&mut self, limits: &Limits, service: f64) -> Result<Stage, Status> {
        let least = service * (1.0 - SLACK);
        self.session.set_rows(&[(self.group.service_row(), least, f64::INFINITY)]);
        let point = self.priced(limits, 1.0, 0.0)?;
        let mut stage = self.stage(&point, 1.0, Objective::Cost { service });
        if self.is_searchable() && self.cells.are_exact(self.instance) {
            let row = self.group.service_row() as usize;
            self.group.program.rows[row].lower = least;
            self.search(limits, &mut stage, (1.0, 0.0), |bound| bound);
        }
        Ok(stage)
    }

    /// Solves, prices columns in, and solves again, until no column would help.
    fn priced(&mut self, limits: &Limits, cost: f64, service: f64) -> Result<Point, Status> {
        let mut best = None;
        self.session.set_costs(&self.group.objective(cost, service));
        for round in 0..ROUNDS {
            // After new columns the point at hand is still feasible.
            let method = if round == 0 { limits.method } else { Method::PrimalSimplex };
            let answer = self.session.solve(&Limits { method, ..limits.clone() });
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
            self.session.set_costs(&self.group.objective(cost, service));
        }
        best.ok_or(Status::Stopped)
    }

    fn stage(&self, point: &Point, per: f64, objective: Objective) -> Stage {
        let mut prices = self.group.prices(&point.duals, per);
        let bound = match objective {
            Objective::Service => bound::evaluate(self.instance, self.rules, self.cells, self.supply, &prices, objective),
            Objective::Cost { service } => {
                let of = (self.instance, self.rules, self.cells, self.supply);
                bound::settle(of, &mut prices, &self.scarce, service)
            }
        };
        Stage { guidance: self.guidance(point), prices, bound, search: None }
    }

    /// What a point says.
    fn guidance(&self, point: &Point) -> Guidance {
        let copies = &point.columns[self.group.first_arc..];
        let cell = |content: ContentId, place: u32| CellId(self.supply.shares[content][place as usize].cell);
        let quota = |(arc, copies): (&super::group::CellArc, &f64)| Quota {
            content: arc.content,
            from: cell(arc.content, arc.ends.0),
            to: cell(arc.content, arc.ends.1),
            copies: *copies,
        };
        let quotas = self.group.arcs.iter().zip(copies).filter(|(_, copies)| **copies > 1e-9).map(quota).collect();
        let served = self.group.served(&point.columns);
        let serving = self
            .supply
            .tiers()
            .zip(served)
            .map(|((content, cell, key), (_, count, _))| Serving { content, cell, key, count })
            .collect();
        Guidance { quotas, serving }
    }
}
