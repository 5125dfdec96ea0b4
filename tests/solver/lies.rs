//! Solvers that lie, crash and hang in place of HiGHS.

use crate::{INF, blend, failure, knapsack, near, optimum};
use pleach::program::highs::Highs;
use pleach::program::session::{Backend, Change, Limits, Make, Order, Session, run};
use pleach::program::{Answer, Status};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

fn soon() -> Limits {
    Limits { deadline: Some(Instant::now() + Duration::from_millis(5)), ..Limits::default() }
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

fn bound_not_a_number(answer: &mut Answer) {
    answer.search_bound = Some(f64::NAN);
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
    lies!(knapsack(), wrong_objective fractions bound_beyond no_bound bound_not_a_number no_point);
}

#[test]
fn a_bound_that_does_not_prove_the_optimum_leaves_it_unproved() {
    let answer = Session::open_with(|| liar(bound_short, 0, u32::MAX), &knapsack()).solve(&Limits::default());
    assert_eq!((answer.status, answer.search_bound), (Status::Stopped, Some(-14.0)));
    assert_eq!(answer.point.unwrap().objective, -13.0);
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
