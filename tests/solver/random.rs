//! Random programs: duality, changes against new starts, and many of them at once.

use crate::{INF, column, optimum};
use pleach::program::session::{Limits, Session, run};
use pleach::program::{Name, Program};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::thread;

/// A program that has a point and is bounded, with rows of every kind.
pub fn random(rng: &mut Pcg64, rows: usize, columns: usize) -> Program {
    let mut program = Program::new();
    let point: Vec<f64> = (0..columns).map(|_| rng.random_range(0..6_u8).into()).collect();
    let entries: Vec<Vec<(u32, f64)>> = (0..columns)
        .map(|_| (0..3).map(|_| (rng.random_range(0..rows as u32), rng.random_range(-3..=5_i8).into())).collect())
        .collect();
    let mut sums = vec![0.0; rows];
    entries.iter().zip(&point).for_each(|(column, x)| column.iter().for_each(|(row, value)| sums[*row as usize] += value * x));
    for sum in sums {
        let [below, above] = [0; 2].map(|_| f64::from(rng.random_range(0..4_u8)));
        let (lower, upper) =
            [(sum - below, INF), (-INF, sum + above), (sum, sum), (sum - below, sum + above)][rng.random_range(0..4)];
        program.row(Name::new("row", &[]), lower, upper);
    }
    for (entries, x) in entries.iter().zip(point) {
        let column = column(rng.random_range(-5..=9_i8).into(), 0.0, x + f64::from(rng.random_range(0..9_u8)));
        program.column(column, entries);
    }
    program
}

/// Weak duality, stated anew for this test: what rows and columns are worth at the duals bounds the objective from below.
fn by_duals(program: &Program, duals: &[f64]) -> f64 {
    let rows = program.rows.iter().zip(duals).map(|(row, dual)| match dual {
        _ if dual.abs() < 1e-9 => 0.0,
        _ if *dual > 0.0 => dual * row.lower,
        _ => dual * row.upper,
    });
    let columns = program.columns.iter().enumerate().map(|(at, column)| {
        let reduced = column.cost - program.entries(at).map(|(row, value)| value * duals[row as usize]).sum::<f64>();
        (reduced * column.lower).min(reduced * column.upper)
    });
    rows.sum::<f64>() + columns.sum::<f64>()
}

proptest! {
    #[test]
    fn duals_reach_the_objective_of_random_programs(seed: u64, rows in 1..12_usize, columns in 1..20_usize) {
        let program = random(&mut Pcg64::seed_from_u64(seed), rows, columns);
        let point = optimum(run(&program, &Limits::default()));
        let dual = by_duals(&program, &point.duals);
        prop_assert!((point.objective - dual).abs() < 1e-5 * (1.0 + dual.abs()), "{} {dual}", point.objective);
    }

    #[test]
    fn a_session_that_is_changed_ends_where_a_new_one_begins(seed: u64) {
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut program = random(&mut rng, 8, 12);
        let mut session = Session::open(&program);
        session.solve(&Limits::default());
        for _ in 0..6 {
            change(&mut rng, &mut program, &mut session);
            let (warm, cold) = (session.solve(&Limits::default()), run(&program, &Limits::default()));
            prop_assert_eq!(&warm.status, &cold.status);
            if let (Some(warm), Some(cold)) = (warm.point, cold.point) {
                prop_assert!((warm.objective - cold.objective).abs() < 1e-6 * (1.0 + cold.objective.abs()));
            }
        }
    }
}

/// One random change, of the program and of the session that holds it.
fn change(rng: &mut Pcg64, program: &mut Program, session: &mut Session) {
    match rng.random_range(0..4) {
        0 => {
            program.columns.iter_mut().for_each(|column| column.cost = rng.random_range(-5..=9_i8).into());
            session.set_costs(&program.columns.iter().map(|column| column.cost).collect::<Vec<_>>());
        }
        1 => {
            let at = rng.random_range(0..program.rows.len());
            program.rows[at].upper += 1.0;
            session.set_rows(&[(at as u32, program.rows[at].lower, program.rows[at].upper)]);
        }
        2 => {
            let at = rng.random_range(0..program.columns.len());
            program.columns[at].upper = (program.columns[at].upper - 1.0).max(0.0);
            session.set_columns(&[(at as u32, 0.0, program.columns[at].upper)]);
        }
        _ => {
            let from = program.columns.len();
            for _ in 0..rng.random_range(1..3) {
                let entry = (rng.random_range(0..program.rows.len() as u32), rng.random_range(-3..=3_i8).into());
                program.column(column(rng.random_range(-5..=9_i8).into(), 0.0, 4.0), &[entry]);
            }
            session.add_columns(program, from);
        }
    }
}

#[test]
fn thousands_of_programs_are_solved_dropped_and_solved_again_on_four_threads() {
    let solved: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || many(seed, 1500))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(solved, 6000);
}

/// Programs solved to an optimum that a change and a second solve confirm.
fn many(seed: u64, count: usize) -> usize {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut solved = 0;
    for round in 0..count {
        let mut program = random(&mut rng, 5, 8);
        if round % 8 == 0 {
            program.columns[0].whole = true;
        }
        let mut session = Session::open(&program);
        let first = optimum(session.solve(&Limits::default())).objective;
        let doubled: Vec<f64> = program.columns.iter().map(|column| 2.0 * column.cost).collect();
        session.set_costs(&doubled);
        let second = optimum(session.solve(&Limits::default())).objective;
        solved += usize::from((second - 2.0 * first).abs() < 1e-6 * (1.0 + second.abs()));
    }
    solved
}
