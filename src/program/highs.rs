//! The solver HiGHS, and the only file with `unsafe` in it.
//!
//! # Why it is safe
//!
//! - A HiGHS object is made on the thread that uses it, never leaves it ([`Highs`] is not `Send`), and is never
//!   destroyed: `Highs_destroy` resets a scheduler that is shared by the whole process (HiGHS #3136, #3141). What is dropped
//!   is only emptied. [`super::session`] keeps the number of objects small.
//! - Every array handed over is a live Rust slice whose length follows from the shape that [`super::session`] checks before a
//!   program comes here; HiGHS copies what it is given. Every array it fills has the length HiGHS itself reports.
//! - The callback gets a pointer to a `Watch` that outlives the run; it only reads, and does not unwind.
#![allow(unsafe_code)]

use super::session::{Backend, Change, Method, Order};
use super::{Answer, NewRow, Point, Program, Status};
use highs_sys as sys;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const _: () = assert!(size_of::<sys::HighsInt>() == size_of::<u32>());

/// Values of the option `simplex_strategy`, which the bindings do not name.
const DUAL: u32 = 1;
const PRIMAL: u32 = 4;

/// One HiGHS object; stays on its thread, is emptied when dropped and never destroyed.
pub struct Highs {
    object: *mut c_void,
    whole: bool,
}

/// What the solver looks at now and then while it runs.
struct Watch {
    deadline: Option<Instant>,
    flags: [Option<Arc<AtomicBool>>; 2],
}

impl Watch {
    fn is_over(&self) -> bool {
        self.flags.iter().flatten().any(|flag| flag.load(Ordering::Relaxed))
            || self.deadline.is_some_and(|end| Instant::now() >= end)
    }
}

/// Called by HiGHS between iterations or nodes.
unsafe extern "C" fn look(
    _: c_int,
    _: *const c_char,
    _: *const sys::HighsCallbackDataOut,
    input: *mut sys::HighsCallbackDataIn,
    data: *mut c_void,
) {
    // SAFETY: `data` is the watch of `Highs::try_solve`, alive and not written to during the run; HiGHS hands a valid `input`
    // or none.
    let (watch, input) = unsafe { (data.cast::<Watch>().as_ref(), input.as_mut()) };
    if let (Some(watch), Some(input)) = (watch, input) {
        input.user_interrupt = c_int::from(watch.is_over());
    }
}

impl Default for Highs {
    fn default() -> Highs {
        Highs::new()
    }
}

impl Highs {
    /// An empty object that says nothing on standard output.
    pub fn new() -> Highs {
        // SAFETY: no precondition; the object is used by this thread alone, as a raw pointer is not `Send`.
        let object = unsafe { sys::Highs_create() };
        let highs = Highs { object, whole: false };
        highs.set_flag(c"output_flag", false);
        highs
    }

    /// Reads a file in MPS or LP format and tells its optimum; for cross-checks of what [`super::export`] writes.
    ///
    /// # Errors
    ///
    /// HiGHS cannot read the file, or does not find an optimum.
    pub fn optimum_of_file(path: &Path) -> Result<f64, String> {
        let highs = Highs::new();
        let name = CString::new(path.to_string_lossy().as_bytes()).map_err(|e| e.to_string())?;
        // SAFETY: a live object and a string that ends in zero.
        accept("readModel", unsafe { sys::Highs_readModel(highs.object, name.as_ptr()) })?;
        highs.set_number(c"threads", 1);
        // SAFETY: a live object.
        accept("run", unsafe { sys::Highs_run(highs.object) })?;
        match highs.model_status() {
            sys::kHighsModelStatusOptimal => Ok(highs.real(c"objective_function_value")),
            other => Err(format!("model status {other}")),
        }
    }

    fn set_flag(&self, name: &CStr, value: bool) {
        // SAFETY: a live object and a string that ends in zero.
        unsafe { sys::Highs_setBoolOptionValue(self.object, name.as_ptr(), value.into()) };
    }

    fn set_number(&self, name: &CStr, value: u32) {
        let value = value.min(i32::MAX as u32) as i32;
        // SAFETY: as in `set_flag`.
        unsafe { sys::Highs_setIntOptionValue(self.object, name.as_ptr(), value) };
    }

    fn set_real(&self, name: &CStr, value: f64) {
        // SAFETY: as in `set_flag`.
        unsafe { sys::Highs_setDoubleOptionValue(self.object, name.as_ptr(), value) };
    }

    fn set_word(&self, name: &CStr, value: &CStr) {
        // SAFETY: as in `set_flag`, twice.
        unsafe { sys::Highs_setStringOptionValue(self.object, name.as_ptr(), value.as_ptr()) };
    }

    fn real(&self, name: &CStr) -> f64 {
        let mut value = f64::NAN;
        // SAFETY: a live object, a string that ends in zero, room for one number.
        unsafe { sys::Highs_getDoubleInfoValue(self.object, name.as_ptr(), &mut value) };
        value
    }

    fn model_status(&self) -> sys::HighsInt {
        // SAFETY: a live object.
        unsafe { sys::Highs_getModelStatus(self.object) }
    }

    /// All options anew, so that nothing of the previous solve remains.
    fn set_options(&self, order: &Order) {
        let limits = &order.limits;
        // SAFETY: a live object.
        unsafe { sys::Highs_resetOptions(self.object) };
        self.set_flag(c"output_flag", false);
        self.set_number(c"threads", 1);
        self.set_number(c"random_seed", limits.seed & 0x7fff_ffff);
        self.set_real(c"mip_rel_gap", limits.gap);
        self.set_real(c"mip_abs_gap", if limits.gap > 0.0 { 1e-6 } else { 0.0 });
        if !limits.presolve {
            self.set_word(c"presolve", c"off");
        }
        if let Some(iterations) = limits.iterations {
            let options: &[&CStr] =
                if self.whole { &[c"mip_max_nodes"] } else { &[c"simplex_iteration_limit", c"ipm_iteration_limit"] };
            options.iter().for_each(|option| self.set_number(option, iterations));
        }
        // A solver asked for by name would make HiGHS ignore that columns are whole.
        match limits.method {
            _ if self.whole => {}
            Method::Choose => {}
            Method::DualSimplex => self.set_simplex(DUAL),
            Method::PrimalSimplex => self.set_simplex(PRIMAL),
            Method::InteriorPoint => self.set_word(c"solver", c"ipx"),
        }
    }

    fn set_simplex(&self, strategy: u32) {
        self.set_word(c"solver", c"simplex");
        self.set_number(c"simplex_strategy", strategy);
    }

    /// Runs, with the time that is left; the clocks of HiGHS add up over runs unless set to zero.
    fn run(&self, order: &Order) -> Result<sys::HighsInt, String> {
        if let Some(deadline) = order.limits.deadline {
            self.set_real(c"time_limit", deadline.saturating_duration_since(Instant::now()).as_secs_f64());
        }
        // SAFETY: a live object.
        accept("run", unsafe {
            sys::Highs_zeroAllClocks(self.object);
            sys::Highs_run(self.object)
        })?;
        Ok(self.model_status())
    }

    /// The point HiGHS holds.
    fn point(&self) -> Result<Point, String> {
        // SAFETY: a live object.
        let (columns, rows) = unsafe { (sys::Highs_getNumCol(self.object), sys::Highs_getNumRow(self.object)) };
        let mut point = Point {
            objective: self.real(c"objective_function_value"),
            columns: vec![0.0; columns as usize],
            rows: vec![0.0; rows as usize],
            duals: vec![0.0; rows as usize],
        };
        let mut reduced = vec![0.0; columns as usize];
        // SAFETY: four arrays of the lengths that HiGHS itself has told.
        accept("getSolution", unsafe {
            sys::Highs_getSolution(
                self.object,
                point.columns.as_mut_ptr(),
                reduced.as_mut_ptr(),
                point.rows.as_mut_ptr(),
                point.duals.as_mut_ptr(),
            )
        })?;
        if self.whole {
            point.duals.clear();
        }
        Ok(point)
    }

    fn answer(&self, status: sys::HighsInt) -> Result<Answer, String> {
        let status = match status {
            // Interior point after presolve calls a right point `unknown`; whether it is right, the session finds out.
            sys::kHighsModelStatusOptimal | sys::kHighsModelStatusUnknown => Status::Optimal,
            sys::kHighsModelStatusInfeasible => Status::Infeasible,
            sys::kHighsModelStatusUnbounded => Status::Unbounded,
            sys::kHighsModelStatusTimeLimit
            | sys::kHighsModelStatusIterationLimit
            | sys::kHighsModelStatusSolutionLimit
            | sys::kHighsModelStatusInterrupt => Status::Stopped,
            other => return Err(format!("HiGHS ended with model status {other}")),
        };
        // A simplex that was stopped has no feasible point, and its objective may even have the wrong sign.
        let has_point = match status {
            Status::Optimal => true,
            Status::Stopped => self.whole && self.real(c"objective_function_value").is_finite(),
            _ => false,
        };
        let point = if has_point { Some(self.point()?) } else { None };
        let bound = Some(self.real(c"mip_dual_bound")).filter(|bound| self.whole && bound.is_finite());
        Ok(Answer { search_bound: bound.filter(|_| matches!(status, Status::Optimal | Status::Stopped)), status, point })
    }

    fn try_solve(&self, order: &Order) -> Result<Answer, String> {
        self.set_options(order);
        let watch = Watch { deadline: order.limits.deadline, flags: [Some(order.stop.clone()), order.limits.cancel.clone()] };
        let kinds = [sys::kHighsCallbackSimplexInterrupt, sys::kHighsCallbackIpmInterrupt, sys::kHighsCallbackMipInterrupt];
        // SAFETY: a live object; `watch` lives until after the last run, and the callbacks are stopped then.
        unsafe {
            sys::Highs_setCallback(self.object, Some(look), ptr::from_ref(&watch).cast_mut().cast());
            let _ = kinds.map(|kind| sys::Highs_startCallback(self.object, kind));
        }
        let mut status = self.run(order);
        if status == Ok(sys::kHighsModelStatusUnboundedOrInfeasible) {
            // Presolve does not tell which of the two; the simplex does.
            self.set_word(c"presolve", c"off");
            status = self.run(order);
        }
        // SAFETY: a live object.
        let _ = kinds.map(|kind| unsafe { sys::Highs_stopCallback(self.object, kind) });
        self.answer(status?)
    }

    fn load(&mut self, program: &Program) -> Result<(), String> {
        self.whole = program.columns.iter().any(|column| column.whole);
        let (costs, lower, upper) = split(program, 0);
        let row_lower: Vec<f64> = program.rows.iter().map(|row| row.lower).collect();
        let row_upper: Vec<f64> = program.rows.iter().map(|row| row.upper).collect();
        let whole: Vec<sys::HighsInt> = program.columns.iter().map(|column| column.whole.into()).collect();
        // SAFETY: arrays as long as the numbers before them say; the shape of `program` has been checked.
        accept("passModel", unsafe {
            sys::Highs_passModel(
                self.object,
                program.columns.len() as sys::HighsInt,
                program.rows.len() as sys::HighsInt,
                program.values.len() as sys::HighsInt,
                0,
                sys::kHighsMatrixFormatColwise,
                sys::kHighsHessianFormatTriangular,
                sys::kHighsObjSenseMinimize,
                0.0,
                costs.as_ptr(),
                lower.as_ptr(),
                upper.as_ptr(),
                row_lower.as_ptr(),
                row_upper.as_ptr(),
                program.starts.as_ptr().cast(),
                program.indices.as_ptr().cast(),
                program.values.as_ptr(),
                ptr::null(),
                ptr::null(),
                ptr::null(),
                if self.whole { whole.as_ptr() } else { ptr::null() },
            )
        })
    }

    fn append(&mut self, program: &Program, from: usize) -> Result<(), String> {
        let (costs, lower, upper) = split(program, from);
        let first = program.starts[from];
        let starts: Vec<u32> = program.starts[from..].iter().map(|start| start - first).collect();
        let (indices, values) = (&program.indices[first as usize..], &program.values[first as usize..]);
        // SAFETY: arrays as long as the numbers before them say; the shape of `program` has been checked.
        accept("addCols", unsafe {
            sys::Highs_addCols(
                self.object,
                costs.len() as sys::HighsInt,
                costs.as_ptr(),
                lower.as_ptr(),
                upper.as_ptr(),
                values.len() as sys::HighsInt,
                starts.as_ptr().cast(),
                indices.as_ptr().cast(),
                values.as_ptr(),
            )
        })
    }

    fn append_rows(&mut self, rows: &[NewRow]) -> Result<(), String> {
        let lower: Vec<f64> = rows.iter().map(|new| new.row.lower).collect();
        let upper: Vec<f64> = rows.iter().map(|new| new.row.upper).collect();
        let mut starts: Vec<sys::HighsInt> = vec![0];
        let (mut indices, mut values) = (Vec::<sys::HighsInt>::new(), Vec::new());
        for new in rows {
            indices.extend(new.entries.iter().map(|(column, _)| *column as sys::HighsInt));
            values.extend(new.entries.iter().map(|(_, value)| *value));
            starts.push(indices.len() as sys::HighsInt);
        }
        // SAFETY: arrays as long as the numbers before them say; the session has checked that the columns are there.
        accept("addRows", unsafe {
            sys::Highs_addRows(
                self.object,
                rows.len() as sys::HighsInt,
                lower.as_ptr(),
                upper.as_ptr(),
                values.len() as sys::HighsInt,
                starts.as_ptr(),
                indices.as_ptr(),
                values.as_ptr(),
            )
        })
    }
}

impl Backend for Highs {
    fn change(&mut self, change: &Change) -> Result<(), String> {
        let object = self.object;
        match change {
            Change::Program(program) => self.load(program),
            // Whole-number programs keep no basis, so nothing is lost by loading them anew.
            Change::Columns { program, .. } if program.columns.iter().any(|column| column.whole) => self.load(program),
            Change::Columns { program, from } => self.append(program, *from),
            Change::Rows(rows) => self.append_rows(rows),
            Change::Costs(costs) if costs.is_empty() => Ok(()),
            // SAFETY: as many costs as columns, which the session has checked.
            Change::Costs(costs) => accept("changeColsCost", unsafe {
                sys::Highs_changeColsCostByRange(object, 0, costs.len() as sys::HighsInt - 1, costs.as_ptr())
            }),
            Change::RowBounds(bounds) => {
                let (set, lower, upper) = columns_of(bounds);
                // SAFETY: three arrays of one length.
                accept("changeRowsBounds", unsafe {
                    sys::Highs_changeRowsBoundsBySet(object, set.len() as i32, set.as_ptr(), lower.as_ptr(), upper.as_ptr())
                })
            }
            Change::ColumnBounds(bounds) => {
                let (set, lower, upper) = columns_of(bounds);
                // SAFETY: three arrays of one length.
                accept("changeColsBounds", unsafe {
                    sys::Highs_changeColsBoundsBySet(object, set.len() as i32, set.as_ptr(), lower.as_ptr(), upper.as_ptr())
                })
            }
            // SAFETY: a live object.
            Change::Nothing => accept("clearModel", unsafe { sys::Highs_clearModel(object) }),
        }
    }

    fn solve(&mut self, order: &Order) -> Answer {
        self.try_solve(order).unwrap_or_else(|why| Status::Failed(why).into())
    }
}

impl Drop for Highs {
    fn drop(&mut self) {
        // SAFETY: a live object, emptied and left behind; see the head of this file.
        unsafe {
            sys::Highs_clear(self.object);
            sys::Highs_releaseMemory(self.object);
        }
    }
}

/// Costs and bounds of the columns from `from` on.
fn split(program: &Program, from: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let columns = &program.columns[from..];
    (
        columns.iter().map(|column| column.cost).collect(),
        columns.iter().map(|column| column.lower).collect(),
        columns.iter().map(|column| column.upper).collect(),
    )
}

fn columns_of(bounds: &[(u32, f64, f64)]) -> (Vec<sys::HighsInt>, Vec<f64>, Vec<f64>) {
    (
        bounds.iter().map(|bound| bound.0 as sys::HighsInt).collect(),
        bounds.iter().map(|bound| bound.1).collect(),
        bounds.iter().map(|bound| bound.2).collect(),
    )
}

/// An error of HiGHS as words; warnings (tiny entries left out, say) pass, as each answer is checked.
fn accept(call: &str, status: sys::HighsInt) -> Result<(), String> {
    if status == sys::kHighsStatusError { Err(format!("HiGHS refused {call}")) } else { Ok(()) }
}
