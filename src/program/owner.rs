//! Threads that own a solver each.
//!
//! A solver is made on its thread and stays there. Idle threads wait in a pool, so there are never more of them than sessions
//! were open at once. A thread that crashed or did not return is never used again.

use super::highs::Highs;
use super::session::{Backend, Change, Limits, Make, Order};
use super::{Answer, Status};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a solver that was asked to stop may take to do so.
const GRACE: Duration = Duration::from_millis(200);

/// How often a caller that waits looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(10);

/// The solver's recursions are deeper than Rust's usual stack for a thread allows for.
const STACK: usize = 16 << 20;

static IDLE: Mutex<Vec<Owner>> = Mutex::new(Vec::new());

enum Request {
    Change(Change),
    Solve(Order),
}

/// The other end of a thread that owns a solver. Dropped, it lets the thread end; [`Owner::give_back`] keeps it.
pub(super) struct Owner {
    requests: Sender<Request>,
    answers: Receiver<Result<Answer, String>>,
    stop: Arc<AtomicBool>,
}

impl Owner {
    /// An idle owner of HiGHS, or a new one.
    pub fn borrow() -> Result<Owner, String> {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Owner::spawn(|| Box::new(Highs::new())), Ok)
    }

    /// A new thread with the solver that `make` makes.
    pub fn spawn(make: Make) -> Result<Owner, String> {
        let (requests, asked) = channel();
        let (told, answers) = channel();
        thread::Builder::new()
            .name("solver".into())
            .stack_size(STACK)
            .spawn(move || {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| serve(make, &asked, &told))) {
                    // Nobody may be left to hear it.
                    let _ = told.send(Err(format!("the solver crashed: {}", words(&*panic))));
                }
            })
            .map_err(|error| format!("no thread for the solver: {error}"))?;
        Ok(Owner { requests, answers, stop: Arc::default() })
    }

    /// Empties the solver and puts it back into the pool; only for an owner that was borrowed and has answered all that it was
    /// asked.
    pub fn give_back(self) {
        self.change(Change::Nothing);
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }

    /// Passes a change on, without waiting.
    pub fn change(&self, change: Change) {
        // If the thread is gone, the next `solve` says so.
        let _ = self.requests.send(Request::Change(change));
    }

    /// Asks for a solve and waits for it until the deadline, and a little longer.
    ///
    /// # Errors
    ///
    /// The solver crashed or did not return: this owner is of no use any more.
    pub fn solve(&self, limits: &Limits) -> Result<Answer, String> {
        self.stop.store(false, Ordering::Relaxed);
        let _ = self.requests.send(Request::Solve(Order { limits: limits.clone(), stop: self.stop.clone() }));
        let mut end = limits.deadline.map(|deadline| deadline + GRACE);
        let mut cancelled = false;
        loop {
            let now = Instant::now();
            if !cancelled && limits.is_cancelled() {
                cancelled = true;
                end = Some(end.map_or(now + GRACE, |end| end.min(now + GRACE)));
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(now));
            let slice = if limits.cancel.is_some() { left.min(LOOK) } else { left };
            match self.answers.recv_timeout(slice) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err("the solver's thread has ended".into()),
                Err(RecvTimeoutError::Timeout) if end.is_some_and(|end| Instant::now() >= end) => {
                    self.stop.store(true, Ordering::Relaxed);
                    return Err("the solver did not return in time".into());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// The life of an owner thread: until nobody can ask any more.
fn serve(make: Make, asked: &Receiver<Request>, told: &Sender<Result<Answer, String>>) {
    let mut backend = make();
    let mut fault = None;
    for request in asked {
        match request {
            // A whole program makes good for any change that was refused before it.
            Request::Change(change @ (Change::Program(_) | Change::Nothing)) => fault = backend.change(&change).err(),
            Request::Change(change) => fault = fault.or_else(|| backend.change(&change).err()),
            Request::Solve(order) => {
                let answer = match &fault {
                    Some(fault) => Status::Failed(fault.clone()).into(),
                    None => backend.solve(&order),
                };
                if told.send(Ok(answer)).is_err() {
                    return;
                }
            }
        }
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}
