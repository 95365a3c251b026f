//! Queues in memory: whom the scheduler sends when, what failures cost under either order, and what is told of it.

use std::collections::{BTreeMap, BTreeSet};

use kpbench::protocol::{Acks, CouponKey, DrainOrder, Phase, ScheduledDrain, SendMode};
use kpbench::stats::histogram::{decode, percentile};

use crate::support::{Fate, Offered, USERS, USERS_OF_WINDOW, drain, run, spec};

const MODES: [SendMode; 3] = [SendMode::FireAndForget, SendMode::Sync, SendMode::Async];

fn acknowledge(_: u64) -> Fate {
    Fate::Acknowledged
}

fn distinct(offered: &[Offered], of: fn(&Offered) -> String) -> usize {
    offered.iter().map(of).collect::<BTreeSet<String>>().len()
}

#[test]
fn every_user_is_sent_once_in_every_mode_with_key_and_headers_of_their_own() {
    for mode in MODES {
        let mut drain = drain();
        drain.type_id = Some("com.example.CouponIssueMessage".to_owned());
        let ran = run(&spec(mode, drain), acknowledge);
        assert_eq!(ran.offered.len() as u64, USERS, "{mode}");
        assert_eq!(distinct(&ran.offered, |one| one.user.clone()) as u64, USERS, "{mode}");
        assert_eq!(distinct(&ran.offered, |one| one.coupon.clone()), 2, "{mode}");
        assert_eq!(
            distinct(&ran.offered, |one| one.headers[0].1.clone()) as u64,
            USERS,
            "{mode}"
        );
        for one in &ran.offered {
            assert_eq!(one.key.as_ref(), Some(&one.user));
            let names: Vec<&str> = one.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["globalTraceId", "__TypeId__"]);
            assert_eq!(one.headers[1].1, "com.example.CouponIssueMessage");
        }
        let counts = &ran.result.counts;
        assert_eq!(
            (counts.attempted, counts.acknowledged, counts.undecided),
            (USERS, USERS, 0),
            "{mode}"
        );
        assert_eq!(counts.acknowledged_bytes, USERS * (99 + 36), "{mode}: key and value");
        assert_eq!((ran.drain.arrived, ran.drain.removed), (USERS, USERS), "{mode}");
        assert_eq!(ran.drain.removed_unacknowledged, Some(0), "{mode}");
        assert_eq!(
            (ran.drain.acknowledged_again, ran.drain.sent_again),
            (Some(0), 0),
            "{mode}"
        );
        assert_eq!((ran.drain.waiting_at_end, ran.drain.exceptions), (0, 0), "{mode}");
    }
}

#[test]
fn latency_counts_from_the_arrival_and_holds_the_wait_for_the_scheduler() {
    let ran = run(&spec(SendMode::Async, drain()), acknowledge);
    let response = ran.result.latencies.response.unwrap();
    assert_eq!((response.count, response.unresolved), (USERS_OF_WINDOW, 0));
    // Runs are due every 200 ms: the first user who comes too late for one waits for the next, but for its own lateness.
    let longest_us = response.max_us + ran.drain.late_us_max;
    assert!(longest_us >= 199_000, "{longest_us}");
    let wait = ran.drain.user_wait.unwrap();
    assert_eq!(
        (wait.count, wait.unresolved, wait.max_us),
        (response.count, 0, response.max_us)
    );
    let lag = ran.result.latencies.schedule_lag.unwrap();
    assert_eq!(
        lag.count, USERS_OF_WINDOW,
        "the wait for the scheduler is lag behind the arrival"
    );
    assert!(ran.offered.iter().all(|one| one.offered_us >= one.arrived_us));
}

/// 1,000 users/s against batches of 50 for two coupons every 200 ms, 500 users/s: 100 more users wait after each run.
#[test]
fn a_batch_that_is_too_small_lets_the_queue_grow_by_the_difference() {
    let small = ScheduledDrain {
        batch_size: 50,
        ..drain()
    };
    let ran = run(&spec(SendMode::Async, small), acknowledge);
    assert_eq!(ran.drain.queue_grew, Some(true));
    assert_eq!(ran.drain.runs, 5);
    // Runs that begin late find the users who came meanwhile: 1 per ms, over two runs here.
    let growth = ran.drain.growth_per_run.unwrap();
    let least = 99.0 - ran.drain.late_us_max as f64 / 2_000.0;
    assert!(growth >= least, "{growth} of {least}");
    assert_eq!(ran.result.counts.acknowledged, USERS, "the drain empties the queue");
    assert_eq!(ran.drain.waiting_at_end, 0);
    assert!(
        ran.drain.waiting_at_window_end >= 500,
        "{}",
        ran.drain.waiting_at_window_end
    );
    // One user is there at the first run, and 100 go with each: the last, who comes at 1.199 s, goes with the run at 2.4 s.
    let wait = ran.drain.user_wait.unwrap();
    assert!(wait.max_us >= 1_200_000, "{}", wait.max_us);
}

#[test]
fn who_still_waits_when_the_drain_is_over_is_undecided_and_bounds_the_percentiles() {
    let small = ScheduledDrain {
        batch_size: 50,
        ..drain()
    };
    let mut spec = spec(SendMode::Sync, small);
    spec.drain_timeout_ms = 300;
    let ran = run(&spec, acknowledge);
    let counts = &ran.result.counts;
    assert_eq!(counts.attempted, USERS);
    assert_eq!(counts.acknowledged + counts.undecided, USERS);
    assert_eq!(counts.undecided, ran.drain.waiting_at_end);
    assert!(counts.undecided >= 400, "{}", counts.undecided);
    assert_eq!(ran.drain.removed_unacknowledged, Some(0), "who waits was not removed");
    for latency in [ran.result.latencies.response.unwrap(), ran.drain.user_wait.unwrap()] {
        assert_eq!(latency.count + latency.unresolved, USERS_OF_WINDOW);
        let decoded = decode(&latency.histogram).unwrap();
        assert!(percentile(&decoded, latency.unresolved, 0.99).at_least);
    }
}

#[test]
fn intervals_tell_the_queues_course() {
    let ran = run(&spec(SendMode::Async, drain()), acknowledge);
    let drains: Vec<_> = ran
        .intervals
        .iter()
        .map(|interval| interval.drain.clone().unwrap())
        .collect();
    assert_eq!(drains.iter().map(|one| one.arrived).sum::<u64>(), USERS);
    assert_eq!(drains.iter().map(|one| one.removed).sum::<u64>(), USERS);
    let mut waiting = 0;
    for (interval, drain) in ran.intervals.iter().zip(&drains) {
        waiting += drain.arrived;
        waiting -= drain.removed;
        assert_eq!(drain.waiting, waiting, "{interval:?}");
        let (begin, end) = (interval.start_s, interval.start_s + interval.length_s);
        assert!(drain.lengths.iter().all(|length| (begin..end).contains(&length.at_s)));
        assert!(interval.phase != Phase::Drain || drain.arrived == 0);
    }
    assert_eq!(waiting, 0);
    let full = drains
        .iter()
        .flat_map(|one| &one.lengths)
        .map(|length| length.users)
        .max();
    assert!(full >= Some(200), "{full:?}");
}

#[test]
fn failed_records_are_lost_under_both_orders_where_nobody_waits_for_the_verdict() {
    for order in [DrainOrder::SendThenRemove, DrainOrder::PopThenSend] {
        for mode in [SendMode::Async, SendMode::FireAndForget] {
            let ran = run(&spec(mode, ScheduledDrain { order, ..drain() }), |n| match n % 3 {
                0 => Fate::Failed,
                _ => Fate::Acknowledged,
            });
            assert_eq!(ran.result.counts.failed, USERS / 3, "{order} {mode}");
            assert_eq!(ran.drain.removed, USERS, "{order} {mode}");
            assert_eq!(ran.drain.removed_unacknowledged, Some(USERS / 3), "{order} {mode}");
            assert_eq!(
                (ran.drain.removed_never_sent, ran.drain.sent_again),
                (0, 0),
                "{order} {mode}"
            );
            assert_eq!(ran.drain.exceptions, 0, "{order} {mode}");
        }
    }
}

/// Three sends throw, in `sync` by their verdict, elsewhere by the send call itself.
fn throws(n: u64) -> Fate {
    match n {
        150 | 450 | 700 => Fate::Failed,
        _ => Fate::Acknowledged,
    }
}

fn refuses(n: u64) -> Fate {
    match n {
        150 | 450 | 700 => Fate::Refused,
        _ => Fate::Acknowledged,
    }
}

#[test]
fn an_exception_under_send_then_remove_loses_nobody_and_sends_again() {
    for (mode, script) in [(SendMode::Sync, throws as fn(u64) -> Fate), (SendMode::Async, refuses)] {
        let ran = run(&spec(mode, drain()), script);
        let mut times: BTreeMap<u64, u64> = BTreeMap::new();
        for one in &ran.offered {
            *times.entry(one.arrived_us).or_default() += 1;
        }
        let again: u64 = times.values().map(|times| times - 1).sum();
        let acknowledged = ran.offered.iter().filter(|one| one.fate == Fate::Acknowledged).count();
        assert!(again > 0 && ran.drain.exceptions > 0, "{mode}");
        assert_eq!(ran.drain.sent_again, again, "{mode}");
        assert_eq!(ran.acknowledged().len() as u64, USERS, "{mode}: nobody is lost");
        assert_eq!(
            ran.drain.acknowledged_again,
            Some(acknowledged as u64 - USERS),
            "{mode}"
        );
        assert_eq!(ran.drain.removed_unacknowledged, Some(0), "{mode}");
        assert_eq!(ran.drain.exceptions, ran.result.counts.failed, "{mode}");
        let wait = ran.drain.user_wait.unwrap();
        assert_eq!(
            (wait.count, wait.unresolved),
            (USERS_OF_WINDOW, 0),
            "{mode}: each user once"
        );
    }
}

#[test]
fn an_exception_under_pop_then_send_loses_the_rest_of_the_batch_and_sends_nobody_again() {
    for (mode, script) in [(SendMode::Sync, throws as fn(u64) -> Fate), (SendMode::Async, refuses)] {
        let popping = ScheduledDrain {
            order: DrainOrder::PopThenSend,
            ..drain()
        };
        let ran = run(&spec(mode, popping), script);
        let safe = ran.acknowledged().len() as u64;
        assert!(ran.drain.exceptions > 0, "{mode}");
        assert_eq!(ran.drain.sent_again, 0, "{mode}");
        assert_eq!(ran.drain.removed, USERS, "{mode}");
        assert_eq!(ran.drain.removed_unacknowledged, Some(USERS - safe), "{mode}");
        let offered = ran.offered.len() as u64;
        assert_eq!(ran.drain.removed_never_sent, USERS - offered, "{mode}");
        assert!(offered < USERS, "{mode}");
        let counts = &ran.result.counts;
        assert_eq!(counts.undecided, USERS - offered, "{mode}: never sent");
        assert_eq!(counts.attempted, USERS, "{mode}");
    }
}

#[test]
fn records_without_a_verdict_are_lost_users_too() {
    let mut spec = spec(SendMode::Async, drain());
    spec.drain_timeout_ms = 400;
    let ran = run(&spec, |n| match n % 100 {
        0 => Fate::Silent,
        _ => Fate::Acknowledged,
    });
    assert_eq!(ran.result.counts.undecided, USERS / 100);
    assert_eq!(ran.drain.removed_unacknowledged, Some(USERS / 100));
    assert_eq!(ran.drain.removed_never_sent, 0);
}

#[test]
fn without_acknowledgements_nothing_is_said_of_losses() {
    let mut spec = spec(SendMode::Async, drain());
    spec.acks = Acks::None;
    let ran = run(&spec, acknowledge);
    assert_eq!(ran.drain.removed_unacknowledged, None);
    assert_eq!(ran.drain.acknowledged_again, None);
    assert_eq!(ran.drain.user_wait, None);
    assert_eq!(ran.drain.removed, USERS);
}

#[test]
fn the_key_is_left_out_where_nobody_asked_for_it() {
    let plain = ScheduledDrain {
        key: CouponKey::None,
        ..drain()
    };
    let ran = run(&spec(SendMode::Async, plain), acknowledge);
    assert!(
        ran.offered
            .iter()
            .all(|one| one.key.is_none() && one.headers.len() == 1)
    );
}
