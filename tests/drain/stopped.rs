//! Trials that end while users wait, because somebody stops them or because their time is over: everybody who arrived is
//! in the account, as sent, as taken out and never sent, or as waiting still.

use kpbench::protocol::{DrainOrder, ScheduledDrain, SendMode};

use crate::support::{Fate, Ran, USERS, drain, run, spec, stopped_at};

const ORDERS: [DrainOrder; 2] = [DrainOrder::SendThenRemove, DrainOrder::PopThenSend];
const MODES: [SendMode; 3] = [SendMode::FireAndForget, SendMode::Sync, SendMode::Async];

/// One in ten fails where nobody waits for it, and one in seven has no verdict.
fn mixed(n: u64) -> Fate {
    match n {
        n if n % 7 == 0 => Fate::Silent,
        n if n % 10 == 0 => Fate::Failed,
        _ => Fate::Acknowledged,
    }
}

fn acknowledge(_: u64) -> Fate {
    Fate::Acknowledged
}

/// Stops a trial at its 333rd record, which is in the middle of a batch: a run takes about 100 users of each coupon.
fn stopped(mode: SendMode, order: DrainOrder, script: fn(u64) -> Fate) -> Ran {
    let mut spec = spec(mode, ScheduledDrain { order, ..drain() });
    spec.drain_timeout_ms = 300;
    let ran = stopped_at(&spec, script, 333).unwrap();
    assert!(ran.result.stopped_early, "{mode} {order}");
    assert!(
        ran.drain.arrived < USERS,
        "{mode} {order}: nobody arrives after the stop"
    );
    assert_eq!(ran.offered.len(), 333, "{mode} {order}: nobody is sent after the stop");
    ran.assert_account(&format!("{mode} {order}"));
    ran
}

#[test]
fn a_stop_in_the_middle_of_a_batch_leaves_it_in_the_queue_where_users_are_removed_behind_it() {
    for mode in MODES {
        let ran = stopped(mode, DrainOrder::SendThenRemove, acknowledge);
        let drain = &ran.drain;
        assert_eq!(
            (drain.removed_unacknowledged, drain.removed_never_sent),
            (Some(0), 0),
            "{mode}"
        );
        assert!(
            drain.removed < 333,
            "{mode}: those of the last batch were sent, and wait still"
        );
        assert_eq!(
            drain.waiting_at_end - drain.waiting_never_sent,
            333 - drain.removed,
            "{mode}"
        );
    }
}

#[test]
fn a_stop_in_the_middle_of_a_batch_loses_its_rest_where_users_are_removed_before_it() {
    for mode in MODES {
        let ran = stopped(mode, DrainOrder::PopThenSend, acknowledge);
        let drain = &ran.drain;
        assert!(drain.removed > 333, "{mode}: {drain:?}");
        assert_eq!(drain.removed_never_sent, drain.removed - 333, "{mode}");
        assert_eq!(drain.removed_unacknowledged, Some(drain.removed - 333), "{mode}");
        assert_eq!(drain.waiting_at_end, drain.waiting_never_sent, "{mode}");
    }
}

#[test]
fn failed_and_undecided_records_are_removed_users_without_an_acknowledgement_at_a_stop_too() {
    for order in ORDERS {
        for mode in [SendMode::Async, SendMode::FireAndForget] {
            let ran = stopped(mode, order, mixed);
            // Users leave in the order in which they are sent, coupon by coupon.
            let taken = ran.offered.iter().take(ran.drain.removed as usize);
            let lost = taken.filter(|one| one.fate != Fate::Acknowledged).count() as u64;
            assert!(lost > 30, "{mode} {order}");
            let expected = lost + ran.drain.removed_never_sent;
            assert_eq!(ran.drain.removed_unacknowledged, Some(expected), "{mode} {order}");
        }
    }
}

#[test]
fn a_drain_whose_time_is_over_while_users_wait_has_everybody_in_the_account() {
    for order in ORDERS {
        for mode in MODES {
            let small = ScheduledDrain {
                batch_size: 50,
                order,
                ..drain()
            };
            let mut spec = spec(mode, small);
            spec.drain_timeout_ms = 300;
            let ran = run(&spec, acknowledge);
            ran.assert_account(&format!("{mode} {order}"));
            assert_eq!(ran.drain.arrived, USERS, "{mode} {order}");
            assert!(ran.drain.waiting_never_sent >= 400, "{mode} {order}: {:?}", ran.drain);
            assert_eq!(ran.drain.waiting_never_sent, ran.drain.waiting_at_end, "{mode} {order}");
            assert_eq!(ran.drain.removed_unacknowledged, Some(0), "{mode} {order}");
        }
    }
}

/// A record without a verdict holds up the one thread of `sync`, until the trial's time is over.
#[test]
fn a_sync_send_that_never_ends_keeps_its_batch_or_has_lost_it() {
    for order in ORDERS {
        let mut spec = spec(SendMode::Sync, ScheduledDrain { order, ..drain() });
        spec.drain_timeout_ms = 300;
        let ran = run(&spec, |n| match n {
            333 => Fate::Silent,
            _ => Fate::Acknowledged,
        });
        ran.assert_account(order.name());
        assert_eq!(ran.offered.len(), 333, "{order}");
        let drain = &ran.drain;
        let lost = drain.removed_unacknowledged.unwrap();
        match order {
            DrainOrder::SendThenRemove => assert_eq!((lost, drain.removed_never_sent), (0, 0)),
            DrainOrder::PopThenSend => assert_eq!((lost, drain.removed - 332), (drain.removed_never_sent + 1, lost)),
        }
    }
}

/// The last run begins 100 ms before the window's end, and the trial is over before the next one: nobody lets those in who
/// arrive in between.
#[test]
fn users_who_arrived_after_the_last_run_are_not_taken_for_vanished_ones() {
    for order in ORDERS {
        let mut spec = spec(SendMode::Async, ScheduledDrain { order, ..drain() });
        (spec.measure_ms, spec.drain_timeout_ms) = (900, 50);
        let ran = run(&spec, acknowledge);
        ran.assert_account(order.name());
        let vanished = |note: &&String| note.contains("the waiting queues hold");
        assert_eq!(ran.result.notes.iter().find(vanished), None, "{order}");
    }
}
