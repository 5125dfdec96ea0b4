//! Programs whose optimum is known by hand, and what is no optimum.

use crate::random::random;
use crate::{INF, assert_near, blend, column, failure, knapsack, near, optimum, program, whole};
use pleach::program::session::{Limits, Method, Session, run, self_test};
use pleach::program::{Program, Status};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

#[test]
fn the_self_test_passes() {
    assert_eq!(self_test(), Ok(()));
}

#[test]
fn an_optimum_has_its_point_rows_and_duals_with_every_method() {
    for method in [Method::Choose, Method::DualSimplex, Method::PrimalSimplex, Method::InteriorPoint] {
        for presolve in [true, false] {
            let point = optimum(run(&blend(), &Limits { method, presolve, ..Limits::default() }));
            assert_near(&[point.objective], &[24.0]);
            assert_near(&point.columns, &[6.0, 4.0]);
            assert_near(&point.rows, &[10.0, 6.0]);
            assert_near(&point.duals, &[3.0, -1.0]);
        }
    }
}

#[test]
fn a_whole_number_program_has_its_optimum_a_bound_and_no_duals() {
    let answer = run(&knapsack(), &Limits::default());
    assert!(near(answer.search_bound.unwrap(), -13.0));
    let point = optimum(answer);
    assert_eq!(point.columns, [2.0, 0.0, 1.0]);
    assert_eq!(point.objective, -13.0);
    assert!(point.duals.is_empty());
}

#[test]
fn the_method_does_not_relax_a_whole_number_program() {
    let halves = program(&[(-INF, 3.0)], &[(whole(-1.0, 0.0, INF), &[(0, 2.0)])]);
    for method in [Method::DualSimplex, Method::PrimalSimplex, Method::InteriorPoint] {
        assert_eq!(optimum(run(&halves, &Limits { method, ..Limits::default() })).objective, -1.0);
    }
}

#[test]
fn what_is_impossible_or_endless_is_told_apart() {
    let impossible = program(&[(3.0, INF), (-INF, 2.0)], &[(column(1.0, 0.0, INF), &[(0, 1.0), (1, 1.0)])]);
    let crossed = program(&[(0.0, 1.0)], &[(column(1.0, 2.0, 1.0), &[(0, 1.0)])]);
    let endless = program(&[(-INF, 2.0)], &[(column(-1.0, 0.0, INF), &[(0, -1.0)])]);
    let parity = program(&[(1.0, 1.0)], &[(whole(0.0, 0.0, INF), &[(0, 2.0)])]);
    for presolve in [true, false] {
        let limits = Limits { presolve, ..Limits::default() };
        assert_eq!(run(&impossible, &limits).status, Status::Infeasible);
        assert_eq!(run(&crossed, &limits).status, Status::Infeasible);
        assert_eq!(run(&parity, &limits).status, Status::Infeasible);
        assert_eq!(run(&endless, &limits).status, Status::Unbounded);
        assert!(run(&endless, &limits).point.is_none());
    }
}

#[test]
fn without_columns_the_rows_decide() {
    assert_eq!(optimum(run(&program(&[(-1.0, 1.0)], &[]), &Limits::default())).objective, 0.0);
    assert_eq!(run(&program(&[(1.0, 2.0)], &[]), &Limits::default()).status, Status::Infeasible);
    assert_eq!(optimum(run(&Program::new(), &Limits::default())).objective, 0.0);
}

#[test]
fn without_rows_the_bounds_decide() {
    let point = optimum(run(&program(&[], &[(column(2.0, -3.0, 5.0), &[]), (column(-1.0, 0.0, 4.0), &[])]), &Limits::default()));
    assert_eq!(point.columns, [-3.0, 4.0]);
    assert_eq!(run(&program(&[], &[(column(1.0, -INF, 0.0), &[])]), &Limits::default()).status, Status::Unbounded);
}

#[test]
fn no_time_means_stopped_without_a_point() {
    let past = Limits { deadline: Some(Instant::now()), ..Limits::default() };
    let cancelled = Limits { cancel: Some(Arc::new(AtomicBool::new(true))), ..Limits::default() };
    for limits in [past, cancelled] {
        let answer = run(&blend(), &limits);
        assert_eq!(answer.status, Status::Stopped);
        assert!(answer.point.is_none());
    }
}

#[test]
fn no_iterations_means_stopped_without_a_point() {
    let limits = Limits { iterations: Some(0), presolve: false, ..Limits::default() };
    let answer = run(&random(&mut Pcg64::seed_from_u64(1), 20, 30), &limits);
    assert_eq!(answer.status, Status::Stopped);
    assert!(answer.point.is_none());
}

#[test]
fn options_of_one_solve_do_not_reach_the_next() {
    let program = random(&mut Pcg64::seed_from_u64(1), 20, 30);
    let mut session = Session::open(&program);
    session.solve(&Limits { iterations: Some(0), presolve: false, ..Limits::default() });
    assert!(near(optimum(session.solve(&Limits::default())).objective, optimum(run(&program, &Limits::default())).objective));
}

#[test]
fn a_program_that_does_not_fit_together_fails_and_reaches_no_solver() {
    let mut beyond = blend();
    beyond.indices[0] = 7;
    let mut short = blend();
    short.values.pop();
    let mut nan = blend();
    nan.columns[0].cost = f64::NAN;
    for program in [beyond, short, nan, Program::default()] {
        failure(&run(&program, &Limits::default()));
    }
    let mut session = Session::open(&blend());
    session.set_rows(&[(2, 0.0, 1.0)]);
    assert!(failure(&session.solve(&Limits::default())).contains("row"));
    let mut session = Session::open(&blend());
    session.set_costs(&[1.0]);
    assert!(failure(&session.solve(&Limits::default())).contains("costs"));
    let mut session = Session::open(&blend());
    session.add_columns(&knapsack(), 2);
    assert!(failure(&session.solve(&Limits::default())).contains("columns"));
}

#[test]
fn changes_move_the_optimum_and_the_last_bound_of_a_row_counts() {
    let mut session = Session::open(&blend());
    assert!(near(optimum(session.solve(&Limits::default())).objective, 24.0));
    session.set_rows(&[(1, -INF, 0.0), (0, 12.0, INF), (1, -INF, 8.0)]);
    assert_near(&optimum(session.solve(&Limits::default())).columns, &[8.0, 4.0]);
    session.set_columns(&[(1, 5.0, INF)]);
    assert_near(&optimum(session.solve(&Limits::default())).columns, &[7.0, 5.0]);
    session.set_costs(&[4.0, 1.0]);
    assert_near(&optimum(session.solve(&Limits::default())).columns, &[0.0, 12.0]);
    session.set_columns(&[(1, 0.0, 3.0)]);
    assert_eq!(session.solve(&Limits::default()).status, Status::Infeasible);
    session.set_columns(&[(1, 0.0, 5.0)]);
    assert_near(&optimum(session.solve(&Limits::default())).columns, &[7.0, 5.0]);
}

#[test]
fn columns_that_are_added_are_used_where_they_pay() {
    let mut grown = blend();
    let mut session = Session::open(&grown);
    optimum(session.solve(&Limits::default()));
    grown.column(column(9.0, 0.0, INF), &[(0, 1.0)]);
    grown.column(column(1.0, 0.0, 3.0), &[(0, 1.0)]);
    session.add_columns(&grown, 2);
    let point = optimum(session.solve(&Limits { method: Method::PrimalSimplex, ..Limits::default() }));
    assert_near(&point.columns, &[6.0, 1.0, 0.0, 3.0]);
    grown.column(whole(0.5, 0.0, 1.5), &[(0, 1.0)]);
    session.add_columns(&grown, 4);
    let point = optimum(session.solve(&Limits::default()));
    assert_near(&[point.objective, point.columns[4]], &[15.5, 1.0]);
}
