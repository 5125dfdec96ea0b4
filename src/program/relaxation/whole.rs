//! Quotas for whole requests: fractions of them, which the program serves, feed nobody.
//!
//! *Diving* rounds the requests served down, solving again after each step. *Searching* is branch and bound, for small
//! programs; it proves more, too.

use super::{Guidance, Relaxation, SERVICE_FIRST, Served, Stage};
use crate::program::session::{self, Limits};
use crate::program::{NewRow, Point, Status};

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

impl Relaxation<'_> {
    /// Puts quotas for whole requests in the place of those of the first stage, where requests are counted one by one, and
    /// notes what a search proves beside its bound, where the program is small; tells whether quotas have changed. After
    /// [`Relaxation::service`], whose stage it is.
    pub fn make_whole(&mut self, limits: &Limits, stage: &mut Stage) -> bool {
        if self.instance.requests.len() > WHOLE_REQUESTS {
            return false;
        }
        if let Some(point) = self.first.clone()
            && let Ok(whole) = self.dive(limits, point)
        {
            stage.guidance = self.guidance(&whole);
        }
        self.search_service(limits, stage);
        true
    }

    /// Searches for whole requests, where the program is small, and notes what that proves of service.
    pub fn search_service(&mut self, limits: &Limits, stage: &mut Stage) {
        if self.is_searchable() {
            let most = self.group.most_cost();
            self.search(limits, stage, (1.0, SERVICE_FIRST), |bound| (most - bound) / SERVICE_FIRST);
        }
    }

    /// Small enough for branch and bound over all arcs, and stated so that its bound is one: relays are counted coarsely.
    pub(super) fn is_searchable(&self) -> bool {
        let relays = self.supply.shares.iter().flatten().any(|share| share.relays > 0.0);
        !relays && self.instance.requests.len() <= SEARCHED_REQUESTS && self.group.arc_count() <= SEARCHED_ARCS
    }

    /// Whole requests and copies by branch and bound, which proves more and may find better. Effort is counted in nodes of
    /// the search. `of_bound` turns the search's bound on the objective into what the stage proves.
    pub(super) fn search(&mut self, limits: &Limits, stage: &mut Stage, objective: (f64, f64), of_bound: impl Fn(f64) -> f64) {
        let known = self.group.program.columns.len();
        self.group.add_all_arcs();
        self.session.add_columns(&self.group.program, known);
        let mut program = self.group.program.clone();
        for (column, cost) in program.columns.iter_mut().zip(self.group.objective(objective.0, objective.1)) {
            (column.cost, column.whole) = (cost, true);
        }
        let effort = Limits { gap: SEARCH_GAP, iterations: Some(SEARCH_NODES), ..limits.clone() };
        for round in 0..SEARCHES {
            let answer = session::run(&program, &effort);
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
}
