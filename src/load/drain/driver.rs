//! One trial's drain: queues made, threads run, figures collected.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::log::Log;
use super::message::Messages;
use super::outcome::Outcome;
use super::scheduler::{Admission, Counter, Scheduler, Time};
use super::sender::CouponSender;
use super::{Arrivals, MemoryQueues, QueueError, RedisQueues, WaitingQueue};
use crate::client::Producer;
use crate::load::LoadError;
use crate::load::records::RecordStock;
use crate::load::sender::SendContext;
use crate::measure::{Timeline, TrialClock};
use crate::protocol::{Arrival, DrainInterval, DrainResult, ScheduledDrain, SendMode, TrialSpec, WaitingQueues};

/// Users are pushed into queues outside of this process at most this often, in µs: together, where several are due.
const PUSH_US: u64 = 2_000;
/// Longest sleep of the thread that pushes them, in µs.
const SLEEP_US: u64 = 100_000;

impl Time for TrialClock {
    fn now_us(&self) -> u64 {
        TrialClock::now_us(self)
    }

    fn sleep_until(&self, at_us: u64) {
        TrialClock::sleep_until(self, at_us);
    }
}

/// The waiting queues and the scheduler of one trial.
pub(in crate::load) struct Driver {
    drain: ScheduledDrain,
    arrivals: Arrivals,
    timeline: Timeline,
    seed: u64,
    log: Log,
    admission: Mutex<Admission>,
    /// The scheduler's handle, until it takes it.
    queue: Mutex<Option<Box<dyn WaitingQueue>>>,
    failed: AtomicBool,
    failure: Mutex<Option<QueueError>>,
    outcome: Mutex<Option<Outcome>>,
    note: Mutex<Option<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What these guard is whole after every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Driver {
    /// What a spec asks for; none where its load has no waiting queues.
    ///
    /// # Errors
    /// What cannot be done; queues that cannot be reached.
    pub fn new(spec: &TrialSpec) -> Result<Option<Self>, LoadError> {
        let Arrival::ScheduledDrain(drain) = &spec.workload.arrival else {
            return Ok(None);
        };
        check(drain, spec)?;
        let (pushed, taken): (Box<dyn WaitingQueue>, Box<dyn WaitingQueue>) = match &drain.queue {
            WaitingQueues::Memory => {
                let queues = MemoryQueues::new(drain.coupons);
                (Box::new(queues.clone()), Box::new(queues))
            }
            WaitingQueues::Redis { url } => {
                let queues = RedisQueues::connect(url, &spec.topic, drain.coupons)?;
                (Box::new(queues.another()?), Box::new(queues))
            }
        };
        let timeline = Timeline::new(spec.warmup_ms, spec.measure_ms, spec.interval_ms);
        let arrivals = Arrivals::new(drain, spec.seed);
        let end_us = timeline.window_end_us;
        Ok(Some(Self {
            log: Log::new(timeline, drain.every_us, arrivals.clone(), end_us),
            admission: Mutex::new(Admission::new(arrivals.clone(), pushed, end_us)),
            queue: Mutex::new(Some(taken)),
            drain: drain.clone(),
            arrivals,
            timeline,
            seed: spec.seed,
            failed: AtomicBool::new(false),
            failure: Mutex::default(),
            outcome: Mutex::default(),
            note: Mutex::default(),
        }))
    }

    /// Starts the scheduler's thread, and one that pushes users where the queues are in another process. `sending` counts
    /// the threads that still may send.
    pub fn start<'scope, 'env>(
        &'env self,
        scope: &'scope std::thread::Scope<'scope, 'env>,
        context: &'env SendContext<'env>,
        producer: &'env dyn Producer,
        (spec, stock): (&'env TrialSpec, &'env RecordStock),
        sending: &'env AtomicUsize,
    ) -> Result<(), LoadError> {
        let values = stock.coupon_values().ok_or_else(|| {
            LoadError::Spec("records of waiting users are serialized when they are sent, and these are not".to_owned())
        })?;
        sending.store(1, Ordering::Release);
        if self.drain.queue != WaitingQueues::Memory {
            std::thread::Builder::new()
                .name("arrivals".to_owned())
                .spawn_scoped(scope, move || self.push_users(context, sending))?;
        }
        std::thread::Builder::new()
            .name("scheduler".to_owned())
            .spawn_scoped(scope, move || {
                let messages = Messages::new(&self.drain, self.seed, values);
                self.schedule(context, producer, spec.workload.send_mode, messages);
                sending.fetch_sub(1, Ordering::Release);
            })?;
        Ok(())
    }

    fn schedule(
        &self,
        context: &SendContext<'_>,
        producer: &dyn Producer,
        send_mode: SendMode,
        messages: Messages<'_>,
    ) {
        crate::measure::wake_on_time();
        let failed = || self.failed.load(Ordering::Acquire);
        // Taken once: there is one scheduler.
        let Some(queue) = locked(&self.queue).take() else {
            return;
        };
        let scheduler = Scheduler {
            drain: &self.drain,
            time: context.hub.clock,
            issue: CouponSender::new(context, producer, send_mode, messages, &failed),
            queue,
            admission: &self.admission,
            counter: Counter::new(self.arrivals.clone(), self.timeline.window_end_us),
            arrivals_end_us: self.timeline.window_end_us,
            log: &self.log,
        };
        match scheduler.run() {
            Err(error) => self.fail(error),
            Ok(sender) => {
                let mut arrivals_end_us = self.timeline.window_end_us;
                if context.stopped() {
                    // Whoever arrived in this very µs may have been let in.
                    arrivals_end_us = arrivals_end_us.min(context.hub.clock.now_us() + 1);
                    self.log.end_arrivals(arrivals_end_us);
                }
                let (offered, sent_again) = sender.finish(self.arrivals.clone(), arrivals_end_us);
                let outcome = Outcome {
                    logged: self.log.take(),
                    offered,
                    sent_again,
                    arrivals_end_us,
                };
                if !context.stopped() {
                    *locked(&self.note) = self.miscount(&outcome);
                }
                *locked(&self.outcome) = Some(outcome);
            }
        }
    }

    /// What is wrong where the queues do not hold whom they should: then somebody else was at them, and no figure holds.
    fn miscount(&self, outcome: &Outcome) -> Option<String> {
        let mut everybody = Counter::new(self.arrivals.clone(), outcome.arrivals_end_us);
        let expected = everybody.until(u64::MAX) - outcome.logged.removed.len() as u64;
        let mut admission = locked(&self.admission);
        // Users in memory are let in by runs, and the last one may have begun before the last user arrived.
        let found = admission
            .admit(outcome.arrivals_end_us)
            .and_then(|()| admission.waiting());
        match found {
            Ok(found) if found == expected => None,
            Ok(found) => Some(format!(
                "the waiting queues hold {found} users at the end where {expected} are due: somebody else was at them, and \
                 figures of users do not hold"
            )),
            Err(error) => Some(format!(
                "whether the waiting queues hold whom they should is not known: {error}"
            )),
        }
    }

    /// What a reader must know of these figures, in sentences.
    pub fn notes(&self) -> Option<String> {
        locked(&self.note).take()
    }

    /// Users into queues that other processes could look at: when they arrive, not only when the scheduler comes by.
    fn push_users(&self, context: &SendContext<'_>, sending: &AtomicUsize) {
        let clock = context.hub.clock;
        while sending.load(Ordering::Acquire) > 0 && !context.stopped() && !self.has_failed() {
            let now_us = clock.now_us();
            let next_us = {
                let mut admission = locked(&self.admission);
                if let Err(error) = admission.admit(now_us) {
                    return self.fail(error);
                }
                admission.next_us()
            };
            let Some(next_us) = next_us else { return };
            clock.sleep_until(next_us.clamp(now_us + PUSH_US, now_us + SLEEP_US));
        }
    }

    fn fail(&self, error: QueueError) {
        locked(&self.failure).get_or_insert(error);
        self.failed.store(true, Ordering::Release);
    }

    /// Whether the trial cannot go on.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Why it cannot.
    pub fn failure(&self) -> Option<QueueError> {
        locked(&self.failure).take()
    }

    /// What happened in interval `index`; each is asked for once, in order.
    pub fn interval(&self, index: u64) -> DrainInterval {
        self.log.take_interval(index)
    }

    /// The figures, once the scheduler has ended. `acknowledged`: see [`Outcome::result`].
    pub fn result(&self, acknowledged: Option<&[(u64, u64)]>) -> Option<DrainResult> {
        let outcome = locked(&self.outcome).take()?;
        Some(outcome.result(&self.arrivals, &self.timeline, &self.drain, acknowledged))
    }
}

fn check(drain: &ScheduledDrain, spec: &TrialSpec) -> Result<(), LoadError> {
    if let Some(problem) = drain.problem() {
        return Err(LoadError::Spec(problem));
    }
    if spec.workload.producers != 1 || spec.workload.send_concurrency != 1 {
        return Err(LoadError::Spec(
            "a scheduled drain has one scheduler, which sends through one producer on one thread".to_owned(),
        ));
    }
    Ok(())
}
