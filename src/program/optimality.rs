//! Whether what the solver says is true, found out by arithmetic of our own.
//!
//! For a program without whole columns, an optimum needs a point within all bounds, duals whose signs agree with the bounds
//! that exist, and an objective that the duals reach as well (weak duality then says that nothing is better). For one with
//! whole columns there is no such proof: the point is checked, and the search's bound has to be on its right side.

use super::{Answer, Column, Point, Program, Status};

/// How far a bound may be overstepped, in relation to the numbers involved.
const SLACK: f64 = 1e-6;

/// The same where columns are rounded to whole numbers.
const WHOLE_SLACK: f64 = 1e-5;

/// What counts as infinite, here as in the solver.
const INFINITE: f64 = 1e20;

/// The claim with objective and rows computed anew, if it is true.
///
/// # Errors
///
/// What is not true of it.
pub(super) fn judge(program: &Program, claim: Answer, gap: f64) -> Result<Answer, String> {
    let whole = program.columns.iter().any(|column| column.whole);
    match claim.status {
        Status::Failed(why) => Err(why),
        Status::Infeasible | Status::Unbounded => Ok(claim.status.into()),
        Status::Stopped if !whole => Ok(Status::Stopped.into()),
        Status::Stopped => {
            let point = claim.point.and_then(|point| feasible(program, point, WHOLE_SLACK).ok());
            let limit = point.as_ref().map_or(f64::INFINITY, |point| point.objective + slack(point.objective));
            Ok(Answer { status: Status::Stopped, point, search_bound: claim.search_bound.filter(|bound| *bound <= limit) })
        }
        Status::Optimal => {
            let point = claim.point.ok_or("an optimum without a point")?;
            if whole { searched(program, point, claim.search_bound, gap) } else { proved(program, point) }
        }
    }
}

/// The answer for a program that has no columns.
pub(super) fn without_columns(program: &Program) -> Answer {
    let rows = program.rows.len();
    let point = Point { objective: 0.0, columns: Vec::new(), rows: vec![0.0; rows], duals: vec![0.0; rows] };
    match feasible(program, point, SLACK) {
        Ok(point) => Answer { status: Status::Optimal, point: Some(point), search_bound: None },
        Err(_) => Status::Infeasible.into(),
    }
}

fn slack(value: f64) -> f64 {
    SLACK * (1.0 + value.abs())
}

/// The optimum of a search: a whole point, and a bound that is as near as was asked for.
fn searched(program: &Program, point: Point, bound: Option<f64>, gap: f64) -> Result<Answer, String> {
    let point = feasible(program, point, WHOLE_SLACK)?;
    let (bound, best) = (bound.ok_or("a search without a bound")?, point.objective);
    if bound > best + slack(best) || best - bound > gap * best.abs() + slack(best) {
        return Err(format!("objective {best}, and yet the bound {bound} of the search"));
    }
    Ok(Answer { status: Status::Optimal, point: Some(point), search_bound: Some(bound.min(best)) })
}

/// The optimum of a linear program, proved by its duals.
fn proved(program: &Program, point: Point) -> Result<Answer, String> {
    let point = feasible(program, point, SLACK)?;
    let (dual, size) = dual_objective(program, &point)?;
    if (point.objective - dual).abs() > SLACK * (1.0 + size) {
        return Err(format!("objective {}, and yet {dual} by the duals", point.objective));
    }
    Ok(Answer { status: Status::Optimal, point: Some(point), search_bound: None })
}

/// The point with whole columns made whole, and objective and rows of our own, if it keeps all bounds and has the objective
/// it is said to have.
fn feasible(program: &Program, mut point: Point, slack: f64) -> Result<Point, String> {
    if point.columns.len() != program.columns.len() || point.columns.iter().any(|value| !value.is_finite()) {
        return Err("a point of the wrong length, or not finite".into());
    }
    let mut objective = 0.0;
    let mut size = 0.0;
    let mut rows = vec![0.0; program.rows.len()];
    let mut largest = vec![0.0_f64; program.rows.len()];
    for (at, column) in program.columns.iter().enumerate() {
        let value = settle(column, point.columns[at], slack)?;
        point.columns[at] = value;
        objective += column.cost * value;
        size += (column.cost * value).abs();
        for (row, entry) in program.entries(at) {
            rows[row as usize] += entry * value;
            largest[row as usize] = largest[row as usize].max((entry * value).abs());
        }
    }
    for ((row, value), largest) in program.rows.iter().zip(&rows).zip(&largest) {
        if outside(*value, row.lower, row.upper) > slack * (1.0 + value.abs().max(*largest)) {
            return Err(format!("row {} is {value}, outside {} .. {}", row.name, row.lower, row.upper));
        }
    }
    if !((point.objective - objective).abs() <= slack * (1.0 + size)) {
        return Err(format!("objective said to be {}, and is {objective}", point.objective));
    }
    Ok(Point { objective, rows, ..point })
}

/// The value of a column, made whole if it has to be, if it keeps the bounds.
fn settle(column: &Column, value: f64, slack: f64) -> Result<f64, String> {
    let settled = if column.whole { value.round() } else { value };
    let off = outside(settled, column.lower, column.upper);
    if (settled - value).abs() > slack || off > slack * (1.0 + settled.abs()) {
        return Err(format!("column {} is {value}, in {} .. {}", column.name, column.lower, column.upper));
    }
    Ok(settled)
}

fn outside(value: f64, lower: f64, upper: f64) -> f64 {
    (lower - value).max(value - upper).max(0.0)
}

/// What the duals prove the objective to be at least, and the size of the numbers in that sum.
fn dual_objective(program: &Program, point: &Point) -> Result<(f64, f64), String> {
    if point.duals.len() != program.rows.len() || point.duals.iter().any(|dual| !dual.is_finite()) {
        return Err("duals of the wrong length, or not finite".into());
    }
    let (mut sum, mut size) = (0.0, 0.0);
    let mut count = |term: f64| {
        sum += term;
        size += term.abs();
    };
    for ((row, value), dual) in program.rows.iter().zip(&point.rows).zip(&point.duals) {
        let term = priced(*dual, SLACK, *value, row.lower, row.upper);
        count(term.ok_or_else(|| format!("row {} has the dual {dual} on a bound it has not", row.name))?);
    }
    for (at, column) in program.columns.iter().enumerate() {
        let (mut reduced, mut largest) = (column.cost, column.cost.abs());
        for (row, entry) in program.entries(at) {
            let part = entry * point.duals[row as usize];
            reduced -= part;
            largest = largest.max(part.abs());
        }
        let term = priced(reduced, SLACK * (1.0 + largest), point.columns[at], column.lower, column.upper);
        count(term.ok_or_else(|| format!("column {} has the reduced cost {reduced} on a bound it has not", column.name))?);
    }
    Ok((sum, size))
}

/// A price times the bound it stands on: the lower one if it is positive, the upper one if it is negative; a price that is
/// hardly one stands on the value itself. `None`: there is no such bound.
fn priced(price: f64, hardly: f64, value: f64, lower: f64, upper: f64) -> Option<f64> {
    let bound = if price.abs() <= hardly {
        value
    } else if price > 0.0 {
        lower
    } else {
        upper
    };
    (bound.abs() < INFINITE).then_some(price * bound)
}
