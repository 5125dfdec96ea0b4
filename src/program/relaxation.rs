//! The group program solved: what to ask of placement, and at which prices.
//!
//! Two stages on one resident program. *Service*: service counts `SERVICE_FIRST` times as much as cost, so that among
//! the best in service the cheap are preferred, and the duals over that factor are prices of service. *Cost*: at least
//! the service of the plan at hand, as cheap as possible; begun from the basis of the first stage.

use super::bound::{self, Objective};
use super::group::{GroupProgram, Prices};
use super::session::{Limits, Method, Session};
use super::supply::{Supply, TierKey};
use super::{NewRow, Point, Status};
use crate::ids::ContentId;
use crate::instance::Instance;
use crate::policy::{CellId, Cells, Rules};

/// How much a unit of service counts against a unit of cost in the first stage.
const SERVICE_FIRST: f64 = 50_000.0;
/// Rounds of pricing after which the program is taken as it is.
const ROUNDS: usize = 30;
/// Rounds of cutting circles and fractions of requests off.
const CUT_ROUNDS: usize = 12;
/// Up to so many requests quotas are for whole requests.
const WHOLE_REQUESTS: usize = 30_000;
/// Sizes up to which whole requests are searched for, and the effort: nodes, and the relative gap that will do.
const SEARCHED_REQUESTS: usize = 2_500;
/// See `SEARCHED_REQUESTS`.
const SEARCHED_ARCS: usize = 4_000;
/// How often a search is repeated to see to first copies.
const SEARCHES: usize = 4;
/// See `SEARCHED_REQUESTS`.
const SEARCH_NODES: u32 = 200;
/// See `SEARCHED_REQUESTS`.
const SEARCH_GAP: f64 = 5e-4;
/// Rounds of seeing to first copies of whole requests.
const BEGINNINGS: usize = 4;
/// Rounds of taking what whole requests have left, and the service that another one must have brought.
const FILLS: usize = 2;
/// See `FILLS`.
const WORTH_FILLING: f64 = 0.5;
/// So few fractions are left as they are: they would wander about.
const FEW_FRACTIONS: usize = 4;
/// What is closer to a whole number is one.
const WHOLE: f64 = 1e-6;
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
        Relaxation { instance, rules, cells, supply, group, session, scarce: Prices::default() }
    }

    /// The most service, then the least cost; circles and fractions of requests are cut off until there
    /// are none, or it takes too long.
    pub fn service(&mut self, limits: &Limits) -> Result<Stage, Status> {
        let mut point = self.priced(limits, 1.0, SERVICE_FIRST)?;
        for _ in 0..CUT_ROUNDS {
            let rows = self.group.cut_off(&point);
            if rows.is_empty() {
                break;
            }
            self.session.add_rows(&rows);
            let answer = self.session.solve(limits);
            match (answer.status, answer.point) {
                (Status::Optimal, Some(next)) => point = next,
                (Status::Stopped, _) => break,
                (status, _) => return Err(status),
            }
        }
        if let Ok(next) = self.priced(limits, 1.0, SERVICE_FIRST) {
            point = next;
        }
        let mut stage = self.stage(&point, SERVICE_FIRST, Objective::Service);
        self.scarce = stage.prices.clone();
        if self.instance.requests.len() <= WHOLE_REQUESTS
            && let Ok(whole) = self.dive(limits, point)
        {
            stage.guidance = self.guidance(&whole);
        }
        if self.is_searchable() {
            let most = self.group.most_cost();
            self.search(limits, &mut stage, (1.0, SERVICE_FIRST), |bound| (most - bound) / SERVICE_FIRST);
        }
        Ok(stage)
    }

    /// Small enough for branch and bound over all arcs, and stated so that its bound is one: relays are counted coarsely.
    fn is_searchable(&self) -> bool {
        let relays = self.supply.shares.iter().flatten().any(|share| share.relays > 0.0);
        !relays && self.instance.requests.len() <= SEARCHED_REQUESTS && self.group.arc_count() <= SEARCHED_ARCS
    }

    /// Whole requests and copies by branch and bound, which proves more and may find better. Effort is counted in nodes of
    /// the search. `of_bound` turns the search's bound on the objective into what the stage proves.
    fn search(&mut self, limits: &Limits, stage: &mut Stage, objective: (f64, f64), of_bound: impl Fn(f64) -> f64) {
        let known = self.group.program.columns.len();
        self.group.add_all_arcs();
        self.session.add_columns(&self.group.program, known);
        let mut program = self.group.program.clone();
        for (column, cost) in program.columns.iter_mut().zip(self.group.objective(objective.0, objective.1)) {
            (column.cost, column.whole) = (cost, true);
        }
        let effort = Limits { gap: SEARCH_GAP, iterations: Some(SEARCH_NODES), ..limits.clone() };
        for round in 0..SEARCHES {
            let answer = super::session::run(&program, &effort);
            if let (0, Some(bound)) = (round, answer.search_bound) {
                stage.search = Some(of_bound(bound));
            }
            let Some(point) = answer.point else { return };
            let rows = self.group.first_copies(&point.columns);
            stage.guidance = self.guidance(&point);
            if rows.is_empty() {
                return;
            }
            program.add_rows(&rows);
        }
    }

    /// Rounds the requests served down to whole ones, the smallest fractions first, and lets the others take what that
    /// leaves, until all are whole: in small cells fractions of a request would feed nobody. What is whole then stays, and
    /// everybody may take what is left, again and again while that helps. Whole requests need whole first copies; a few
    /// rounds see to that too.
    fn dive(&mut self, limits: &Limits, mut point: Point) -> Result<Point, Status> {
        let mut least: Vec<f64> = self.group.served(&point.columns).map(|_| 0.0).collect();
        let counts: Vec<(u32, f64, f64)> =
            self.group.served(&point.columns).map(|(column, _, count)| (column, 0.0, count)).collect();
        let mut lifted: Vec<(u32, f64, f64)> = Vec::new();
        let (mut begun, mut filled, mut reached) = (0, 0, f64::INFINITY);
        let found = loop {
            let mut bounds = self.rounded_down(&point, &least);
            if bounds.len() <= FEW_FRACTIONS {
                let rows = if begun < BEGINNINGS { self.group.first_copies(&point.columns) } else { Vec::new() };
                if !rows.is_empty() {
                    begun += 1;
                    least.fill(0.0);
                    lifted.extend(self.add_lifted(&rows));
                } else if filled < FILLS && point.objective < reached - SERVICE_FIRST * WORTH_FILLING {
                    (filled, reached) = (filled + 1, point.objective);
                    least = self.group.served(&point.columns).map(|(_, served, _)| served.round()).collect();
                    bounds = counts.iter().zip(&least).map(|((column, _, count), least)| (*column, *least, *count)).collect();
                } else {
                    break Ok(point);
                }
            }
            self.session.set_columns(&bounds);
            let answer = self.session.solve(limits);
            match (answer.status, answer.point) {
                (Status::Optimal, Some(next)) => point = next,
                (status, _) => break Err(status),
            }
        };
        self.session.set_rows(&lifted);
        self.group.lift_rows(&lifted);
        self.session.set_columns(&counts);
        found
    }

    /// Bounds that round the smaller half of the fractions of requests down, `least` kept.
    fn rounded_down(&self, point: &Point, least: &[f64]) -> Vec<(u32, f64, f64)> {
        let floor = |served: f64| (served + WHOLE).floor();
        let mut fractions: Vec<(f64, (u32, f64, f64))> = self
            .group
            .served(&point.columns)
            .zip(least)
            .map(|((column, served, _), least)| (served - floor(served), (column, *least, floor(served))))
            .filter(|(fraction, _)| *fraction > WHOLE)
            .collect();
        fractions.sort_by(|a, b| a.0.total_cmp(&b.0));
        fractions.truncate(fractions.len().div_ceil(2).max(FEW_FRACTIONS + 1));
        fractions.into_iter().map(|(_, bounds)| bounds).collect()
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

    /// How whoever a plan serves is served at the least cost; `None` where requests are not counted one by one. After
    /// [`Relaxation::cost`].
    pub fn held_to(&mut self, limits: &Limits, served: &Served) -> Option<Guidance> {
        if self.instance.requests.len() > WHOLE_REQUESTS {
            return None;
        }
        let columns: Vec<u32> = self.group.columns_of_tiers().to_vec();
        let counts: Vec<(u32, f64, f64)> =
            columns.iter().map(|column| (*column, 0.0, self.group.program.columns[*column as usize].upper)).collect();
        let tiers = self.supply.tiers().zip(&counts);
        let fixed: Vec<(u32, f64, f64)> = tiers
            .map(|(tier, (column, _, most))| {
                let count = served.get(&tier).copied().unwrap_or(0.0).min(*most);
                (*column, count, count)
            })
            .collect();
        self.session.set_columns(&fixed);
        let mut found = self.priced(limits, 1.0, 0.0);
        let mut lifted: Vec<(u32, f64, f64)> = Vec::new();
        let rows = found.as_ref().map(|point| self.group.first_copies(&point.columns)).unwrap_or_default();
        if !rows.is_empty() {
            lifted.extend(self.add_lifted(&rows));
            found = self.priced(limits, 1.0, 0.0);
        }
        self.session.set_rows(&lifted);
        self.group.lift_rows(&lifted);
        self.session.set_columns(&counts);
        found.ok().map(|point| self.guidance(&point))
    }

    /// Adds rows; gives what lifts them again.
    fn add_lifted(&mut self, rows: &[NewRow]) -> Vec<(u32, f64, f64)> {
        let first = self.group.program.rows.len();
        self.group.take_rows(rows);
        self.session.add_rows(rows);
        (first..first + rows.len()).map(|row| (row as u32, f64::NEG_INFINITY, f64::INFINITY)).collect()
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
