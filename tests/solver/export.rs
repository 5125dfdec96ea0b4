//! Files that other solvers read: the same optimum comes back.

use crate::random::random;
use crate::{INF, blend, column, knapsack, near, optimum, program, whole};
use pleach::program::export::{write_lp, write_mps};
use pleach::program::highs::Highs;
use pleach::program::session::{Limits, run};
use pleach::program::{Column, Name, Program};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::fs;

/// The optimum that HiGHS finds after reading what was written, in both formats.
fn read_back(program: &Program) -> [f64; 2] {
    let dir = tempfile::tempdir().unwrap();
    let (mps, lp) = (dir.path().join("program.mps"), dir.path().join("program.lp"));
    write_mps(program, fs::File::create(&mps).unwrap()).unwrap();
    write_lp(program, fs::File::create(&lp).unwrap()).unwrap();
    [mps, lp].map(|path| Highs::optimum_of_file(&path).unwrap())
}

fn assert_same(program: &Program) {
    let here = optimum(run(program, &Limits::default())).objective;
    let there = read_back(program);
    assert!(there.iter().all(|there| near(*there, here)), "{here}, read back {there:?}");
}

#[test]
fn known_programs_come_back_with_their_optimum() {
    assert_same(&blend());
    assert_same(&knapsack());
}

#[test]
fn every_kind_of_bound_comes_back() {
    let kinds = [(-INF, INF), (-INF, -2.5), (-7.0, INF), (-7.0, -2.0), (3.0, 3.0), (0.0, 1e7 + 0.1), (1.5, 6.5)];
    for (lower, upper) in kinds {
        // A second row keeps the column within -1000 .. 2e7, so that there is an optimum.
        for (cost, make) in
            [(1.0, column as fn(f64, f64, f64) -> Column), (-1.0, column), (0.0, column), (1.0, whole), (-1.0, whole)]
        {
            assert_same(&program(&[(-1000.0, 2e7)], &[(make(cost, lower, upper), &[(0, 1.0)])]));
            assert_same(&program(&[(-1000.0, 2e7), (lower, upper)], &[(make(cost, -INF, INF), &[(0, 1.0), (1, 1.0)])]));
        }
    }
}

#[test]
fn random_programs_come_back_with_their_optimum() {
    for seed in 0..40 {
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut program = random(&mut rng, 6, 9);
        for column in &mut program.columns {
            column.whole = rng.random_bool(0.3);
        }
        assert_same(&program);
    }
}

#[test]
fn names_are_safe_unique_and_keep_their_numbers() {
    let mut program = Program::new();
    for name in [Name::new("up", &[3]), Name::new("up", &[3]), Name::new("e5", &[]), Name::new("free", &[])] {
        program.row(name, 0.0, 9.0);
    }
    program.column(Column { name: Name::new("x", &[3, 5, 0]), ..column(1.0, 0.0, 1.0) }, &[(0, 1.0), (1, 2.5)]);
    let mut text = Vec::new();
    write_lp(&program, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    for known in ["up_3_low:", "up_3_1_low:", "v_e5_high:", "v_free_low:", "+2.5 x_3_5_0"] {
        assert!(text.contains(known), "{known} in {text}");
    }
}

#[test]
fn a_row_that_asks_for_more_than_it_allows_is_refused_by_mps() {
    assert!(write_mps(&program(&[(2.0, 1.0)], &[]), Vec::new()).is_err());
}
