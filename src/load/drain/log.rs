//! What the scheduler did, as it did it: written by its thread, read by the control thread interval by interval.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::arrivals::{Arrivals, User};
use super::scheduler::Counter;
use crate::measure::Timeline;
use crate::protocol::{DrainInterval, QueueLength};

/// Queue lengths kept of one interval: those of twenty runs.
const LENGTHS: usize = 40;

/// One run of the scheduler; times in µs since the trial's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// When it was due.
    pub due_us: u64,
    /// When it began.
    pub start_us: u64,
    /// When it ended.
    pub end_us: u64,
    /// Users waiting when it began.
    pub waiting: u64,
    /// Users it took out of the queues.
    pub removed: u64,
    /// Batches that an exception ended.
    pub exceptions: u64,
    /// The trial ended in the middle of it.
    pub is_cut_off: bool,
}

impl Run {
    /// Users who had arrived when it began and were in the queues still when it had ended.
    pub fn left_behind(&self) -> u64 {
        self.waiting.saturating_sub(self.removed)
    }

    /// How long it took, in µs.
    pub fn duration_us(&self) -> u64 {
        self.end_us - self.start_us
    }

    /// How late it began, in µs.
    pub fn late_us(&self) -> u64 {
        self.start_us.saturating_sub(self.due_us)
    }
}

/// What is known of the whole trial.
#[derive(Clone, Debug, Default)]
pub struct Logged {
    /// Every run, in order.
    pub runs: Vec<Run>,
    /// Arrival time of each user who left the queues, in the order of leaving.
    pub removed: Vec<u64>,
    /// Moments at which users left, in µs, with how many.
    pub removals: Vec<(u64, u64)>,
}

struct Inner {
    logged: Logged,
    open: BTreeMap<u64, DrainInterval>,
    /// The first interval that was not reported.
    next: u64,
    counter: Counter,
    /// Users who left in the intervals reported so far.
    removed: u64,
}

/// Where it is written.
pub struct Log {
    timeline: Timeline,
    every_us: u64,
    inner: Mutex<Inner>,
}

impl Log {
    /// For a scheduler with this period; nobody arrives from `end_us` on.
    pub fn new(timeline: Timeline, every_us: u64, arrivals: Arrivals, end_us: u64) -> Self {
        Self {
            timeline,
            every_us,
            inner: Mutex::new(Inner {
                logged: Logged::default(),
                open: BTreeMap::new(),
                next: 0,
                counter: Counter::new(arrivals, end_us),
                removed: 0,
            }),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        // Whole after every step.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run begins with so many users waiting.
    pub fn run_started(&self, at_us: u64, waiting: u64) {
        self.length(&mut self.locked(), at_us, waiting);
    }

    /// These users left their queues.
    pub fn removed(&self, at_us: u64, users: &[User]) {
        if users.is_empty() {
            return;
        }
        let mut inner = self.locked();
        inner.logged.removed.extend(users.iter().map(|user| user.at_us));
        inner.logged.removals.push((at_us, users.len() as u64));
        inner.open(self.timeline.index(at_us)).removed += users.len() as u64;
    }

    /// A run has ended, with so many users waiting.
    pub fn run_ended(&self, run: Run, waiting: u64) {
        let mut inner = self.locked();
        self.length(&mut inner, run.end_us, waiting);
        if !run.is_cut_off {
            let interval = inner.open(self.timeline.index(run.end_us));
            interval.runs += 1;
            interval.overruns += u64::from(run.duration_us() > self.every_us);
            interval.run_us_max = interval.run_us_max.max(run.duration_us());
        }
        inner.logged.runs.push(run);
    }

    fn length(&self, inner: &mut Inner, at_us: u64, users: u64) {
        let at_s = self.timeline.seconds_from_window(at_us);
        let interval = inner.open(self.timeline.index(at_us));
        if interval.lengths.len() < LENGTHS {
            interval.lengths.push(QueueLength { at_s, users });
        }
    }

    /// What happened in interval `index`; each is asked for once, in order.
    pub fn take_interval(&self, index: u64) -> DrainInterval {
        let mut inner = self.locked();
        let mut interval = inner.open.remove(&index).unwrap_or_default();
        inner.next = index + 1;
        inner.removed += interval.removed;
        let (begin_us, end_us) = self.timeline.bounds(index);
        let before = match begin_us {
            0 => 0,
            _ => inner.counter.until(begin_us - 1),
        };
        let arrived = inner.counter.until(end_us.saturating_sub(1));
        interval.arrived = arrived - before;
        interval.waiting = arrived.saturating_sub(inner.removed);
        interval
    }

    /// Nobody arrives from `end_us` on, since the trial was stopped.
    pub fn end_arrivals(&self, end_us: u64) {
        self.locked().counter.end_at(end_us);
    }

    /// Everything, once the scheduler has ended.
    pub fn take(&self) -> Logged {
        std::mem::take(&mut self.locked().logged)
    }
}

impl Inner {
    /// The interval to add to: its own, or the first that was not reported yet.
    fn open(&mut self, index: u64) -> &mut DrainInterval {
        self.open.entry(index.max(self.next)).or_default()
    }
}
