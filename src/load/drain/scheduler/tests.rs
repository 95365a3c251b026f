//! The scheduler on a virtual clock: sending takes as long as the test says, and nothing else takes any time.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::load::drain::MemoryQueues;
use crate::load::drain::log::Logged;
use crate::load::drain::samples::drain;
use crate::measure::Timeline;

/// Time that passes only where somebody sleeps or sends.
struct Virtual<'a>(&'a Cell<u64>);

impl Time for Virtual<'_> {
    fn now_us(&self) -> u64 {
        self.0.get()
    }
    fn sleep_until(&self, at_us: u64) {
        self.0.set(self.0.get().max(at_us));
    }
}

/// A sender that takes its time, and throws for the users it is told.
struct Scripted<'a> {
    clock: &'a Cell<u64>,
    send_us: u64,
    over_us: u64,
    throws: &'a dyn Fn(u64, &User) -> bool,
    /// Send calls so far.
    calls: u64,
    sent: Vec<(u64, User)>,
}

impl Issue for Scripted<'_> {
    fn issue(&mut self, user: &User) -> Issued {
        if self.is_over(self.clock.get()) {
            return Issued::Interrupted;
        }
        self.calls += 1;
        if (self.throws)(self.calls, user) {
            return Issued::Exception;
        }
        self.sent.push((self.clock.get(), *user));
        self.clock.set(self.clock.get() + self.send_us);
        Issued::Sent
    }
    fn idle(&mut self, _now_us: u64) {}
    fn is_over(&self, now_us: u64) -> bool {
        now_us >= self.over_us
    }
}

struct Ran {
    logged: Logged,
    sent: Vec<(u64, User)>,
    waiting: u64,
}

/// Users for `for_us`, after which the scheduler has until `over_us`.
fn run(drain: &ScheduledDrain, for_us: u64, over_us: u64, send_us: u64, throws: &dyn Fn(u64, &User) -> bool) -> Ran {
    let clock = Cell::new(0);
    let arrivals = Arrivals::new(drain, 3);
    let mut queues = MemoryQueues::new(drain.coupons);
    let admission = Mutex::new(Admission::new(arrivals.clone(), Box::new(queues.clone()), for_us));
    let timeline = Timeline::new(0, for_us / 1_000, 1_000);
    let log = Log::new(timeline, drain.every_us, arrivals.clone(), for_us);
    let scheduler = Scheduler {
        drain,
        time: Virtual(&clock),
        issue: Scripted {
            clock: &clock,
            send_us,
            over_us,
            throws,
            calls: 0,
            sent: Vec::new(),
        },
        queue: Box::new(queues.clone()),
        admission: &admission,
        counter: Counter::new(arrivals, for_us),
        arrivals_end_us: for_us,
        log: &log,
    };
    let sent = scheduler.run().unwrap().sent;
    Ran {
        logged: log.take(),
        sent,
        waiting: queues.waiting().unwrap(),
    }
}

fn never(_: u64, _: &User) -> bool {
    false
}

const S: u64 = 1_000_000;

#[test]
fn runs_begin_at_the_fixed_rate_and_take_all_who_have_arrived() {
    // 100 users/s, two coupons, batches of 50: exactly what arrives in a second.
    let ran = run(&drain(), 5 * S, 100 * S, 0, &never);
    let starts: Vec<u64> = ran.logged.runs.iter().map(|run| run.start_us).collect();
    assert_eq!(starts, [0, S, 2 * S, 3 * S, 4 * S, 5 * S]);
    let waiting: Vec<u64> = ran.logged.runs.iter().map(|run| run.waiting).collect();
    assert_eq!(waiting, [1, 100, 100, 100, 100, 99], "the first user arrives at 0");
    assert_eq!((ran.sent.len(), ran.waiting), (500, 0), "each user once");
    let order: Vec<u64> = ran
        .sent
        .iter()
        .filter(|(_, user)| user.coupon == 1)
        .map(|(_, user)| user.at_us)
        .collect();
    assert!(order.is_sorted(), "first come, first served");
    // The user who arrives just behind a run waits for the next one.
    let (sent_us, user) = ran.sent.iter().find(|(_, user)| user.at_us == 10_000).unwrap();
    assert_eq!(sent_us - user.at_us, S - 10_000);
}

#[test]
fn an_overrun_delays_the_next_run_and_two_never_overlap() {
    // The second run's 100 users take 25 ms each: 2.5 periods.
    let ran = run(
        &ScheduledDrain {
            batch_size: 1_000,
            ..drain()
        },
        10 * S,
        100 * S,
        25_000,
        &never,
    );
    let runs = &ran.logged.runs;
    for pair in runs.windows(2) {
        assert!(pair[1].start_us >= pair[0].end_us, "they overlap: {pair:?}");
        assert_eq!(pair[1].due_us, pair[0].due_us + S, "none is left out");
        assert_eq!(
            pair[1].start_us,
            pair[1].due_us.max(pair[0].end_us),
            "none waits longer"
        );
    }
    assert_eq!(runs[1].duration_us(), 2_500_000);
    assert_eq!((runs[2].start_us, runs[2].late_us()), (3_500_000, 1_500_000));
    assert_eq!(runs[2].waiting, 250, "all who arrived meanwhile");
}

#[test]
fn after_an_overrun_the_schedule_is_caught_up_without_a_pause() {
    // Only the first 101 send calls take time: 2 s and a bit.
    struct Slow<'a>(Scripted<'a>);
    impl Issue for Slow<'_> {
        fn issue(&mut self, user: &User) -> Issued {
            self.0.send_us = if self.0.calls <= 100 { 25_000 } else { 0 };
            self.0.issue(user)
        }
        fn idle(&mut self, _now_us: u64) {}
        fn is_over(&self, now_us: u64) -> bool {
            self.0.is_over(now_us)
        }
    }
    let clock = Cell::new(0);
    let settings = ScheduledDrain {
        batch_size: 1_000,
        ..drain()
    };
    let arrivals = Arrivals::new(&settings, 3);
    let queues = MemoryQueues::new(2);
    let admission = Mutex::new(Admission::new(arrivals.clone(), Box::new(queues.clone()), 10 * S));
    let log = Log::new(Timeline::new(0, 10_000, 1_000), S, arrivals.clone(), 10 * S);
    let scheduler = Scheduler {
        drain: &settings,
        time: Virtual(&clock),
        issue: Slow(Scripted {
            clock: &clock,
            send_us: 0,
            over_us: 100 * S,
            throws: &never,
            calls: 0,
            sent: Vec::new(),
        }),
        queue: Box::new(queues),
        admission: &admission,
        counter: Counter::new(arrivals, 10 * S),
        arrivals_end_us: 10 * S,
        log: &log,
    };
    scheduler.run().unwrap();
    let starts: Vec<u64> = log.take().runs.iter().map(|run| run.start_us).take(6).collect();
    assert_eq!(starts, [0, S, 3_500_000, 3_500_000, 4 * S, 5 * S]);
}

#[test]
fn a_removal_that_is_never_reached_leaves_the_batch_and_sends_it_again() {
    let once = |calls: u64, _: &User| calls == 30;
    let ran = run(&drain(), 3 * S, 100 * S, 0, &once);
    // The second run: coupon 0 throws at its 29th user (one was sent in the first run).
    assert_eq!(ran.logged.runs[1].exceptions, 1);
    assert_eq!(
        ran.logged.runs[1].removed, 50,
        "coupon 1's batch, and nothing of coupon 0's"
    );
    let mut times: BTreeMap<u64, u32> = BTreeMap::new();
    for (_, user) in &ran.sent {
        *times.entry(user.at_us).or_default() += 1;
    }
    assert_eq!(times.len(), 300, "nobody is lost");
    assert_eq!(times.values().filter(|times| **times == 2).count(), 28, "sent again");
    assert_eq!(ran.waiting, 0);
}

#[test]
fn a_batch_that_was_taken_out_is_lost_behind_an_exception() {
    let popping = ScheduledDrain {
        order: DrainOrder::PopThenSend,
        ..drain()
    };
    let once = |calls: u64, _: &User| calls == 30;
    let ran = run(&popping, 3 * S, 100 * S, 0, &once);
    // 50 of coupon 0 were there in the second run: 28 sent, one threw, 21 never tried.
    assert_eq!((ran.sent.len(), ran.logged.removed.len()), (278, 300));
    assert_eq!(ran.waiting, 0);
    let mut sent: Vec<u64> = ran.sent.iter().map(|(_, user)| user.at_us).collect();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len(), 278, "nobody twice");
}

#[test]
fn the_end_of_the_trial_ends_a_run_in_the_middle() {
    let ran = run(&drain(), 2 * S, 1_500_000, 20_000, &never);
    let last = ran.logged.runs.last().unwrap();
    assert!(last.is_cut_off);
    assert_eq!(ran.sent.last().unwrap().0 + 20_000, 1_500_000);
    assert_eq!(
        ran.logged.removed.len() as u64 + ran.waiting,
        101,
        "of those admitted by the last run's start, all are somewhere"
    );
}

proptest! {
    /// With λ users per period and c = batch · coupons, the queue at the end of run k is max(0, k·(λ − c)) but for the user
    /// at 0: it drains, or grows by exactly λ − c a run.
    #[test]
    fn the_queue_drains_or_grows_by_what_arrives_less_what_a_run_takes(
        per_coupon in 1u64..200, batch_size in 1u32..200, coupons in 1u32..5, periods in 2u64..12,
    ) {
        let settings = ScheduledDrain {
            users_per_s: (per_coupon * u64::from(coupons)) as f64,
            coupons,
            batch_size,
            ..drain()
        };
        let ran = run(&settings, periods * S, periods * S, 0, &never);
        let per_run = per_coupon * u64::from(coupons);
        let capacity = u64::from(batch_size) * u64::from(coupons);
        for (k, run) in ran.logged.runs.iter().enumerate().skip(2) {
            let grown = ran.logged.runs[k - 1].left_behind() as i64;
            prop_assert_eq!(run.waiting as i64, grown + per_run as i64);
            if per_run >= capacity + u64::from(coupons) {
                prop_assert_eq!(run.left_behind() as i64 - grown, (per_run - capacity) as i64);
            } else if per_run + u64::from(coupons) <= capacity {
                prop_assert_eq!(run.left_behind(), 0);
            }
        }
    }

    #[test]
    fn nobody_is_lost_or_doubled_without_exceptions(
        users_per_s in 1.0f64..500.0, batch_size in 1u32..300, coupons in 1u32..5, send_us in 0u64..20_000,
        pop: bool, poisson: bool,
    ) {
        let settings = ScheduledDrain {
            users_per_s,
            coupons,
            batch_size,
            users_pattern: if poisson { crate::protocol::UserPattern::Poisson } else { crate::protocol::UserPattern::Constant },
            order: if pop { DrainOrder::PopThenSend } else { DrainOrder::SendThenRemove },
            ..drain()
        };
        let ran = run(&settings, 5 * S, 100_000 * S, send_us, &never);
        let expected: Vec<u64> = Arrivals::new(&settings, 3).take_while(|user| user.at_us < 5 * S).map(|user| user.at_us).collect();
        let mut sent: Vec<u64> = ran.sent.iter().map(|(_, user)| user.at_us).collect();
        sent.sort_unstable();
        prop_assert_eq!(sent, expected);
        prop_assert_eq!(ran.waiting, 0);
        prop_assert!(ran.sent.iter().all(|(at_us, user)| *at_us >= user.at_us), "nobody is sent before they arrive");
        prop_assert!(ran.logged.runs.windows(2).all(|pair| pair[1].start_us >= pair[0].end_us));
    }
}
