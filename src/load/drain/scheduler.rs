//! The scheduler: at a fixed rate it takes a batch of each coupon's waiting users and sends each. Knows no client and no
//! wall clock: time and sending stand behind traits.
//!
//! Fixed rate as Spring's `@Scheduled(fixedRate = …)` has it on a pool of one thread
//! (`ScheduledThreadPoolExecutor.scheduleAtFixedRate`): run k is due at `k × period`, begins then or as soon as the run
//! before it has ended, and none is left out. So a run that overruns delays the next ones, which follow each other
//! without a pause until the schedule is caught up; two never overlap.

use std::iter::Peekable;
use std::sync::{Mutex, PoisonError};

use super::arrivals::{Arrivals, User};
use super::log::{Log, Run};
use super::queue::{QueueError, WaitingQueue};
use crate::protocol::{DrainOrder, ScheduledDrain};

/// A wait is slept in parts of this length at most, in µs, so that a stop is noticed.
const SLEEP_US: u64 = 100_000;

/// Time in µs since the trial's start.
pub trait Time {
    /// Now.
    fn now_us(&self) -> u64;
    /// Sleeps until then; returns at once where that has passed.
    fn sleep_until(&self, at_us: u64);
}

/// What became of sending a user's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issued {
    /// The send call came back.
    Sent,
    /// It threw: the loop over the batch is left.
    Exception,
    /// The trial is over.
    Interrupted,
}

/// Sends records.
pub trait Issue {
    /// Sends the record of one user, in the way of the send mode.
    fn issue(&mut self, user: &User) -> Issued;
    /// Told now and then while nothing is sent.
    fn idle(&mut self, now_us: u64);
    /// Whether the trial is over, by its time or because somebody asked.
    fn is_over(&self, now_us: u64) -> bool;
}

/// Brings users into their queues when they arrive.
pub struct Admission {
    arrivals: Peekable<Arrivals>,
    queue: Box<dyn WaitingQueue>,
    /// Nobody arrives from then on.
    end_us: u64,
    due: Vec<User>,
}

impl Admission {
    /// Of these users, those before `end_us`, into this queue.
    pub fn new(arrivals: Arrivals, queue: Box<dyn WaitingQueue>, end_us: u64) -> Self {
        Self {
            arrivals: arrivals.peekable(),
            queue,
            end_us,
            due: Vec::new(),
        }
    }

    /// Brings in everybody who has arrived by `now_us`.
    ///
    /// # Errors
    /// What the queue says.
    pub fn admit(&mut self, now_us: u64) -> Result<(), QueueError> {
        self.due.clear();
        while let Some(user) = self
            .arrivals
            .next_if(|user| user.at_us <= now_us && user.at_us < self.end_us)
        {
            self.due.push(user);
        }
        if self.due.is_empty() {
            return Ok(());
        }
        self.queue.push(&self.due)
    }

    /// Users in all queues, as these themselves say.
    ///
    /// # Errors
    /// What the queue says.
    pub fn waiting(&mut self) -> Result<u64, QueueError> {
        self.queue.waiting()
    }

    /// When the next user arrives; none where nobody comes any more.
    pub fn next_us(&mut self) -> Option<u64> {
        let at_us = self.arrivals.peek()?.at_us;
        (at_us < self.end_us).then_some(at_us)
    }
}

/// How many users have arrived by a moment: the same arithmetic as their arrival, without a queue.
pub struct Counter {
    arrivals: Peekable<Arrivals>,
    end_us: u64,
    count: u64,
}

impl Counter {
    /// Of these users, those before `end_us`.
    pub fn new(arrivals: Arrivals, end_us: u64) -> Self {
        Self {
            arrivals: arrivals.peekable(),
            end_us,
            count: 0,
        }
    }

    /// Nobody arrives from `end_us` on.
    pub fn end_at(&mut self, end_us: u64) {
        self.end_us = self.end_us.min(end_us);
    }

    /// Users who have arrived by `at_us`, which never goes back.
    pub fn until(&mut self, at_us: u64) -> u64 {
        while self
            .arrivals
            .next_if(|user| user.at_us <= at_us && user.at_us < self.end_us)
            .is_some()
        {
            self.count += 1;
        }
        self.count
    }
}

/// The scheduler of one trial.
pub struct Scheduler<'a, T, I> {
    /// What it does.
    pub drain: &'a ScheduledDrain,
    /// Time.
    pub time: T,
    /// Sends.
    pub issue: I,
    /// Its handle on the queues.
    pub queue: Box<dyn WaitingQueue>,
    /// Where users come in.
    pub admission: &'a Mutex<Admission>,
    /// The same users, counted.
    pub counter: Counter,
    /// Nobody arrives from then on, in µs since the trial's start.
    pub arrivals_end_us: u64,
    /// What happened.
    pub log: &'a Log,
}

impl<T: Time, I: Issue> Scheduler<'_, T, I> {
    /// Run after run, until nobody arrives any more and nobody waits, or until the trial is over. Gives the sender back.
    ///
    /// # Errors
    /// What the queue says: the trial cannot go on.
    pub fn run(mut self) -> Result<I, QueueError> {
        let mut removed = 0;
        let mut users = Vec::new();
        for number in 0.. {
            let due_us = number * self.drain.every_us;
            if !self.wait_until(due_us) {
                break;
            }
            let start_us = self.time.now_us();
            self.admission
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .admit(start_us)?;
            let waiting = self.counter.until(start_us) - removed;
            if waiting == 0 && start_us >= self.arrivals_end_us {
                break;
            }
            let mut run = Run {
                due_us,
                start_us,
                end_us: start_us,
                waiting,
                removed: 0,
                exceptions: 0,
                is_cut_off: false,
            };
            self.log.run_started(start_us, waiting);
            for coupon in 0..self.drain.coupons {
                if !self.batch(coupon, &mut users, &mut run)? {
                    run.is_cut_off = true;
                    break;
                }
            }
            removed += run.removed;
            run.end_us = self.time.now_us();
            let left = self.counter.until(run.end_us) - removed;
            self.log.run_ended(run, left);
        }
        Ok(self.issue)
    }

    /// False where the trial is over before that.
    fn wait_until(&mut self, due_us: u64) -> bool {
        loop {
            let now_us = self.time.now_us();
            if self.issue.is_over(now_us) {
                return false;
            }
            if now_us >= due_us {
                return true;
            }
            self.issue.idle(now_us);
            self.time.sleep_until(due_us.min(now_us + SLEEP_US));
        }
    }

    /// One coupon's part of a run. False where the trial is over.
    fn batch(&mut self, coupon: u32, users: &mut Vec<User>, run: &mut Run) -> Result<bool, QueueError> {
        let size = self.drain.batch_size;
        match self.drain.order {
            DrainOrder::SendThenRemove => {
                self.queue.read(coupon, size, users)?;
                match self.send(users) {
                    Issued::Sent => {}
                    // The removal stands behind the loop, and is not reached: the whole batch stays.
                    Issued::Exception => {
                        run.exceptions += 1;
                        return Ok(true);
                    }
                    Issued::Interrupted => return Ok(false),
                }
                self.queue.remove(coupon, users.len() as u32)?;
                self.removed(users, run);
            }
            DrainOrder::PopThenSend => {
                self.queue.pop(coupon, size, users)?;
                self.removed(users, run);
                match self.send(users) {
                    Issued::Sent => {}
                    // The rest of the batch is out of the queue, and never sent.
                    Issued::Exception => run.exceptions += 1,
                    Issued::Interrupted => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    /// Each user of a batch, until one throws.
    fn send(&mut self, users: &[User]) -> Issued {
        for user in users {
            match self.issue.issue(user) {
                Issued::Sent => {}
                other => return other,
            }
        }
        Issued::Sent
    }

    fn removed(&mut self, users: &[User], run: &mut Run) {
        run.removed += users.len() as u64;
        self.log.removed(self.time.now_us(), users);
    }
}

#[cfg(test)]
mod tests;
