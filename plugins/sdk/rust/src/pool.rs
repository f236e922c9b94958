//! Threads for handlers.

use std::collections::VecDeque;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

pub type Job = Box<dyn FnOnce() + Send>;

struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    count: usize,
    limit: usize,
}

struct Shared {
    state: Mutex<State>,
    change: Condvar,
}

/// A pool that grows with what is to be done at once, up to a limit. `run` never waits.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

impl Pool {
    pub fn new(limit: usize) -> Self {
        let state = State { jobs: VecDeque::new(), idle: 0, count: 0, limit };
        Self(Arc::new(Shared { state: Mutex::new(state), change: Condvar::new() }))
    }

    pub fn set_limit(&self, limit: usize) {
        locked(&self.0.state).limit = limit.max(1);
    }

    pub fn run(&self, job: Job) {
        let mut state = locked(&self.0.state);
        state.jobs.push_back(job);
        if state.idle >= state.jobs.len() {
            drop(state);
            self.0.change.notify_one();
        } else if state.count < state.limit {
            state.count += 1;
            let shared = self.0.clone();
            // Where no thread can be had the job waits for one of those that are there.
            if thread::Builder::new().spawn(move || work(&shared)).is_err() {
                state.count -= 1;
            }
        }
    }
}

fn work(shared: &Shared) {
    loop {
        let mut state = locked(&shared.state);
        let job = loop {
            if let Some(job) = state.jobs.pop_front() {
                break job;
            }
            state.idle += 1;
            state = shared.change.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        };
        drop(state);
        // A panic has been told on standard error; the thread is good for other jobs.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// Runs one job after the other on a pool, and keeps at most `limit` of them waiting.
pub struct Serial {
    pool: Pool,
    limit: usize,
    /// None: nothing runs.
    waiting: Arc<Mutex<Option<VecDeque<Job>>>>,
}

impl Serial {
    pub fn new(pool: Pool, limit: usize) -> Self {
        Self { pool, limit, waiting: Arc::new(Mutex::new(None)) }
    }

    /// Whether it was taken; false when too many wait.
    pub fn run(&self, job: Job) -> bool {
        let mut waiting = locked(&self.waiting);
        if let Some(jobs) = waiting.as_mut() {
            if jobs.len() >= self.limit {
                return false;
            }
            jobs.push_back(job);
            return true;
        }
        *waiting = Some(VecDeque::from([job]));
        drop(waiting);
        let waiting = self.waiting.clone();
        self.pool.run(Box::new(move || {
            while let Some(job) = next(&waiting) {
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        }));
        true
    }
}

fn next(waiting: &Mutex<Option<VecDeque<Job>>>) -> Option<Job> {
    let mut waiting = locked(waiting);
    let job = waiting.as_mut().and_then(VecDeque::pop_front);
    if job.is_none() {
        *waiting = None;
    }
    job
}

/// A handler that panicked while it held a lock has left nothing half done here.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn jobs_wait_beside_each_other_up_to_the_limit() {
        let pool = Pool::new(2);
        let (told, tells) = channel();
        let gates: Vec<_> = (0..3)
            .map(|n| {
                let (open, gate) = channel::<()>();
                let told = told.clone();
                pool.run(Box::new(move || {
                    told.send(n).unwrap();
                    let _ = gate.recv();
                }));
                open
            })
            .collect();
        let mut first = [tells.recv().unwrap(), tells.recv().unwrap()];
        first.sort_unstable();
        assert_eq!(first, [0, 1]);
        assert!(tells.try_recv().is_err());
        drop(gates);
        assert_eq!(tells.recv().unwrap(), 2);
    }

    #[test]
    fn a_panic_costs_its_job_alone() {
        let pool = Pool::new(1);
        let (told, tells) = channel();
        pool.run(Box::new(|| panic!("asked for")));
        pool.run(Box::new(move || told.send(1).unwrap()));
        assert_eq!(tells.recv().unwrap(), 1);
    }

    #[test]
    fn serial_jobs_keep_their_order_and_number() {
        let serial = Serial::new(Pool::new(4), 2);
        let (told, tells) = channel();
        let (open, gate) = channel::<()>();
        let (begun, begins) = channel();
        assert!(serial.run(Box::new(move || {
            begun.send(()).unwrap();
            let _ = gate.recv();
        })));
        begins.recv().unwrap();
        for n in 0..2 {
            let told = told.clone();
            assert!(serial.run(Box::new(move || told.send(n).unwrap())));
        }
        assert!(!serial.run(Box::new(|| {})));
        drop(open);
        assert_eq!((tells.recv().unwrap(), tells.recv().unwrap()), (0, 1));
    }
}
