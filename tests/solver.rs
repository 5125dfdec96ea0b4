//! The solver behind its door: known optima and duals, changes, and solvers that crash, hang and lie.
//!
//! Everything is minimised. The dual of a row is the change of the objective per unit more on the bound that is active: in
//! a minimum, >= 0 on a lower bound (asking for more costs), <= 0 on an upper one (allowing more saves).

use pleach::program::highs::Highs;
use pleach::program::session::{Backend, Change, Limits, Make, Method, Order, Session, run, self_test};
use pleach::program::{Answer, Column, Name, Point, Program, Status};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

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
    program(
        &[(10.0, INF), (-INF, 6.0)],
        &[(column(2.0, 0.0, INF), &[(0, 1.0), (1, 1.0)]), (column(3.0, 0.0, INF), &[(0, 1.0)])],
    )
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

fn soon() -> Limits {
    Limits { deadline: Some(Instant::now() + Duration::from_millis(5)), ..Limits::default() }
}

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

/// A program that has a point and is bounded, with rows of every kind.
fn random(rng: &mut Pcg64, rows: usize, columns: usize) -> Program {
    let mut program = Program::new();
    let point: Vec<f64> = (0..columns).map(|_| rng.random_range(0..6_u8).into()).collect();
    let entries: Vec<Vec<(u32, f64)>> = (0..columns)
        .map(|_| (0..3).map(|_| (rng.random_range(0..rows as u32), rng.random_range(-3..=5_i8).into())).collect())
        .collect();
    let mut sums = vec![0.0; rows];
    entries.iter().zip(&point).for_each(|(column, x)| column.iter().for_each(|(row, value)| sums[*row as usize] += value * x));
    for sum in sums {
        let [below, above] = [0; 2].map(|_| f64::from(rng.random_range(0..4_u8)));
        let (lower, upper) = [(sum - below, INF), (-INF, sum + above), (sum, sum), (sum - below, sum + above)][rng.random_range(0..4)];
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

/// HiGHS, and after some truths something happens to its answers.
struct Liar {
    highs: Highs,
    lie: fn(&mut Answer),
    truths: u32,
    lies: u32,
}

impl Backend for Liar {
    fn change(&mut self, change: &Change) -> Result<(), String> {
        self.highs.change(change)
    }

    fn solve(&mut self, order: &Order) -> Answer {
        let mut answer = self.highs.solve(order);
        if self.truths > 0 {
            self.truths -= 1;
        } else if self.lies > 0 {
            self.lies -= 1;
            (self.lie)(&mut answer);
        }
        answer
    }
}

fn liar(lie: fn(&mut Answer), truths: u32, lies: u32) -> Box<dyn Backend> {
    Box::new(Liar { highs: Highs::new(), lie, truths, lies })
}

fn wrong_objective(answer: &mut Answer) {
    answer.point.as_mut().unwrap().objective -= 1.0;
}

/// Feasible, and not the best.
fn wrong_point(answer: &mut Answer) {
    let point = answer.point.as_mut().unwrap();
    (point.columns, point.objective) = (vec![0.0, 10.0], 30.0);
}

/// Better than the best, and not feasible.
fn wrong_activity(answer: &mut Answer) {
    let point = answer.point.as_mut().unwrap();
    (point.columns, point.objective) = (vec![6.0, 3.0], 21.0);
}

fn wrong_bound(answer: &mut Answer) {
    let point = answer.point.as_mut().unwrap();
    (point.columns, point.objective) = (vec![11.0, -1.0], 19.0);
}

fn wrong_sign(answer: &mut Answer) {
    answer.point.as_mut().unwrap().duals.iter_mut().for_each(|dual| *dual = -*dual);
}

fn wrong_dual(answer: &mut Answer) {
    answer.point.as_mut().unwrap().duals = vec![2.5, -0.5];
}

fn no_duals(answer: &mut Answer) {
    answer.point.as_mut().unwrap().duals.clear();
}

fn not_a_number(answer: &mut Answer) {
    answer.point.as_mut().unwrap().columns[0] = f64::NAN;
}

fn no_point(answer: &mut Answer) {
    answer.point = None;
}

fn fractions(answer: &mut Answer) {
    let point = answer.point.as_mut().unwrap();
    (point.columns, point.objective) = (vec![1.5, 0.0, 1.0], -10.5);
}

fn bound_beyond(answer: &mut Answer) {
    answer.search_bound = Some(-12.0);
}

fn bound_short(answer: &mut Answer) {
    answer.search_bound = Some(-14.0);
}

fn no_bound(answer: &mut Answer) {
    answer.search_bound = None;
}

fn impossible(answer: &mut Answer) {
    *answer = Status::Infeasible.into();
}

macro_rules! lies {
    ($program:expr, $($lie:ident)*) => {
        $(
            assert_eq!(run(&$program, &Limits::default()).status, Status::Optimal);
            let always: Make = || liar($lie, 0, u32::MAX);
            failure(&Session::open_with(always, &$program).solve(&Limits::default()));
            let once: Make = || liar($lie, 0, 1);
            optimum(Session::open_with(once, &$program).solve(&Limits::default()));
        )*
    };
}

#[test]
fn a_lie_about_a_linear_program_is_seen_and_one_lie_is_made_good() {
    lies!(blend(), wrong_objective wrong_point wrong_activity wrong_bound wrong_sign wrong_dual no_duals not_a_number no_point);
}

#[test]
fn a_lie_about_a_whole_number_program_is_seen_and_one_lie_is_made_good() {
    lies!(knapsack(), wrong_objective fractions bound_beyond bound_short no_bound no_point);
}

#[test]
fn no_optimum_from_an_old_basis_is_believed_only_when_found_again() {
    let mut session = Session::open_with(|| liar(impossible, 1, 1), &blend());
    assert_eq!([0; 2].map(|_| session.solve(&Limits::default()).status), [Status::Optimal, Status::Optimal]);
    let mut session = Session::open_with(|| liar(impossible, 1, u32::MAX), &blend());
    assert_eq!([0; 2].map(|_| session.solve(&Limits::default()).status), [Status::Optimal, Status::Infeasible]);
}

/// Panics when asked to solve.
struct Crasher;

impl Backend for Crasher {
    fn change(&mut self, _: &Change) -> Result<(), String> {
        Ok(())
    }

    fn solve(&mut self, _: &Order) -> Answer {
        panic!("out of paper")
    }
}

/// Never returns.
struct Sleeper;

impl Backend for Sleeper {
    fn change(&mut self, _: &Change) -> Result<(), String> {
        Ok(())
    }

    fn solve(&mut self, _: &Order) -> Answer {
        loop {
            thread::park();
        }
    }
}

/// Refuses every program.
struct Refuser;

impl Backend for Refuser {
    fn change(&mut self, _: &Change) -> Result<(), String> {
        Err("not today".into())
    }

    fn solve(&mut self, _: &Order) -> Answer {
        Status::Optimal.into()
    }
}

#[test]
fn a_crash_is_a_failure_that_tells_what_the_solver_said() {
    let answer = Session::open_with(|| Box::new(Crasher), &blend()).solve(&Limits::default());
    assert!(failure(&answer).contains("out of paper"));
    assert!(answer.point.is_none());
    let answer = Session::open_with(|| panic!("no licence"), &blend()).solve(&Limits::default());
    assert!(failure(&answer).contains("no licence"));
}

#[test]
fn after_a_crash_the_next_solve_has_a_new_solver_with_the_program_as_it_is_now() {
    static CRASHED: AtomicBool = AtomicBool::new(false);
    let make: Make = || if CRASHED.swap(true, Ordering::Relaxed) { Box::new(Highs::new()) } else { Box::new(Crasher) };
    let mut session = Session::open_with(make, &blend());
    failure(&session.solve(&Limits::default()));
    session.set_rows(&[(0, 11.0, INF)]);
    assert!(near(optimum(session.solve(&Limits::default())).objective, 27.0));
}

#[test]
fn a_solver_that_hangs_is_given_up_at_the_deadline_or_when_cancelled() {
    let answer = Session::open_with(|| Box::new(Sleeper), &blend()).solve(&soon());
    assert!(failure(&answer).contains("did not return"));
    let cancel = Arc::new(AtomicBool::new(false));
    let limits = Limits { cancel: Some(cancel.clone()), ..Limits::default() };
    let waiting = thread::spawn(move || Session::open_with(|| Box::new(Sleeper), &blend()).solve(&limits));
    cancel.store(true, Ordering::Relaxed);
    assert!(matches!(waiting.join().unwrap().status, Status::Failed(_) | Status::Stopped));
}

#[test]
fn a_refused_program_is_a_failure() {
    let answer = Session::open_with(|| Box::new(Refuser), &blend()).solve(&Limits::default());
    assert!(failure(&answer).contains("not today"));
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
