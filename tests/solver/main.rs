//! The solver behind its door: known optima and duals, changes, random programs, and solvers that crash, hang and lie.
//!
//! Everything is minimised. The dual of a row is the change of the objective per unit more on the bound that is active: in
//! a minimum, >= 0 on a lower bound (asking for more costs), <= 0 on an upper one (allowing more saves).

mod export;
mod known;
mod lies;
mod random;

use pleach::program::{Answer, Column, Name, Point, Program, Status};

const INF: f64 = f64::INFINITY;

fn column(cost: f64, lower: f64, upper: f64) -> Column {
    Column { name: Name::new("x", &[]), cost, lower, upper, whole: false }
}

fn whole(cost: f64, lower: f64, upper: f64) -> Column {
    Column { whole: true, ..column(cost, lower, upper) }
}

fn program(rows: &[(f64, f64)], columns: &[(Column, &[(u32, f64)])]) -> Program {
    let mut program = Program::new();
    for (lower, upper) in rows {
        program.row(Name::new("row", &[]), *lower, *upper);
    }
    for (column, entries) in columns {
        program.column(*column, entries);
    }
    program
}

/// Least 2 x + 3 y, x + y >= 10, x <= 6: 24 at (6, 4); the demand costs 3 a unit, room for x saves 1.
fn blend() -> Program {
    program(&[(10.0, INF), (-INF, 6.0)], &[(column(2.0, 0.0, INF), &[(0, 1.0), (1, 1.0)]), (column(3.0, 0.0, INF), &[(0, 1.0)])])
}

/// Most 5 a + 4 b + 3 c where 2 a + 3 b + c <= 5, 4 a + b + 2 c <= 11, 3 a + 4 b + 2 c <= 8, whole: 13 at (2, 0, 1).
fn knapsack() -> Program {
    program(
        &[(-INF, 5.0), (-INF, 11.0), (-INF, 8.0)],
        &[
            (whole(-5.0, 0.0, 9.0), &[(0, 2.0), (1, 4.0), (2, 3.0)]),
            (whole(-4.0, 0.0, 9.0), &[(0, 3.0), (1, 1.0), (2, 4.0)]),
            (whole(-3.0, 0.0, 9.0), &[(0, 1.0), (1, 2.0), (2, 2.0)]),
        ],
    )
}

fn near(found: f64, known: f64) -> bool {
    (found - known).abs() <= 1e-7 * (1.0 + known.abs())
}

#[track_caller]
fn optimum(answer: Answer) -> Point {
    assert_eq!(answer.status, Status::Optimal);
    answer.point.expect("an optimum has a point")
}

#[track_caller]
fn assert_near(found: &[f64], known: &[f64]) {
    assert!(found.len() == known.len() && found.iter().zip(known).all(|(a, b)| near(*a, *b)), "{found:?}, not {known:?}");
}

#[track_caller]
fn failure(answer: &Answer) -> &str {
    match &answer.status {
        Status::Failed(why) => why,
        other => panic!("{other:?}"),
    }
}
