//! Queues that are lists of a real Redis server.

use std::collections::BTreeSet;

use kpbench::load::drain::{list_name, probe};
use kpbench::process::{Signal, send_signal};
use kpbench::protocol::{DrainOrder, ScheduledDrain, SendMode, TrialSpec, WaitingQueues};

use crate::redis_server::Redis;
use crate::support::{Fate, USERS, drain, run, spec, try_run};

/// The entries of both coupons' lists: user and arrival.
fn entries(server: &Redis, topic: &str) -> Vec<(String, u64)> {
    let of = |coupon| server.ask::<Vec<String>>(&["LRANGE", &list_name(topic, coupon), "0", "-1"]);
    let parts = |entry: String| {
        let (id, at_us) = entry.split_once(' ').unwrap();
        (id.to_owned(), at_us.parse().unwrap())
    };
    (0..2).flat_map(of).map(parts).collect()
}

fn on(server: &Redis, topic: &str, mode: SendMode, change: impl FnOnce(&mut ScheduledDrain)) -> TrialSpec {
    let mut drain = drain();
    drain.queue = WaitingQueues::Redis {
        url: server.url.clone(),
    };
    change(&mut drain);
    let mut spec = spec(mode, drain);
    spec.topic = topic.to_owned();
    spec
}

#[test]
fn every_user_goes_through_the_list_once_and_nothing_is_left_in_it() {
    let server = Redis::start();
    for order in [DrainOrder::SendThenRemove, DrainOrder::PopThenSend] {
        let ran = run(
            &on(&server, order.name(), SendMode::Async, |drain| drain.order = order),
            |_| Fate::Acknowledged,
        );
        let users: BTreeSet<&String> = ran.offered.iter().map(|one| &one.user).collect();
        assert_eq!(
            (ran.offered.len() as u64, users.len() as u64),
            (USERS, USERS),
            "{order}"
        );
        assert_eq!(
            (ran.drain.removed, ran.drain.removed_unacknowledged),
            (USERS, Some(0)),
            "{order}"
        );
        assert!(ran.result.notes.is_empty(), "{:?}", ran.result.notes);
        assert_eq!(entries(&server, order.name()), [], "{order}");
    }
}

#[test]
fn who_was_not_taken_is_in_the_list_still_and_was_never_sent() {
    let server = Redis::start();
    let mut spec = on(&server, "rest", SendMode::Sync, |drain| drain.batch_size = 20);
    spec.drain_timeout_ms = 300;
    let ran = run(&spec, |_| Fate::Acknowledged);
    let waiting = entries(&server, "rest");
    assert_eq!(waiting.len() as u64, ran.drain.waiting_at_end);
    assert_eq!(waiting.len() as u64, ran.result.counts.undecided);
    assert_eq!(waiting.len() + ran.offered.len(), USERS as usize);
    let sent: BTreeSet<u64> = ran.offered.iter().map(|one| one.arrived_us).collect();
    assert!(waiting.iter().all(|(_, at_us)| !sent.contains(at_us)));
    let ids: BTreeSet<&String> = ran.offered.iter().map(|one| &one.user).collect();
    assert!(waiting.iter().all(|(id, _)| !ids.contains(id)));
}

/// The queue shows what each order is worth: a batch that an exception ended is there still, or is gone.
#[test]
fn a_failing_send_leaves_the_batch_in_the_list_or_has_lost_it() {
    let server = Redis::start();
    let refuse_all = |_: u64| Fate::Failed;
    for (order, waiting) in [(DrainOrder::SendThenRemove, USERS), (DrainOrder::PopThenSend, 0)] {
        let mut spec = on(&server, order.name(), SendMode::Sync, |drain| drain.order = order);
        spec.drain_timeout_ms = 300;
        let ran = run(&spec, refuse_all);
        assert_eq!(entries(&server, order.name()).len() as u64, waiting, "{order}");
        assert_eq!(ran.drain.waiting_at_end, waiting, "{order}");
        assert_eq!(ran.drain.removed_unacknowledged, Some(USERS - waiting), "{order}");
    }
}

#[test]
fn a_redis_that_dies_in_the_middle_fails_the_trial_with_the_cause() {
    let server = Redis::start();
    let mut spec = on(&server, "dies", SendMode::Async, |_| ());
    spec.measure_ms = 60_000;
    let pid = server.id();
    let url = server.url.clone();
    let killer = std::thread::spawn(move || {
        let client = ::redis::Client::open(url).unwrap();
        let mut connection = client.get_connection().unwrap();
        let mut pushed = false;
        while !pushed {
            let mut command = ::redis::cmd("EXISTS");
            pushed = command.arg(list_name("dies", 0)).query(&mut connection).unwrap();
        }
        send_signal(pid, Signal::Kill).unwrap();
    });
    let error = try_run(&spec, |_| Fate::Acknowledged).err().unwrap().to_string();
    killer.join().unwrap();
    assert!(
        error.contains(&format!("the waiting queue {}", server.url.clone())),
        "{error}"
    );
}

#[test]
fn a_redis_that_is_not_there_is_told_before_anything_is_sent() {
    let server = Redis::start();
    let url = server.url.clone();
    let spec = on(&server, "gone", SendMode::Async, |_| ());
    drop(server);
    let error = try_run(&spec, |_| Fate::Acknowledged).err().unwrap().to_string();
    assert!(error.contains("cannot be reached") && error.contains(&url), "{error}");
    assert!(probe(&url).is_err());
}

#[test]
fn entries_of_somebody_else_are_no_users() {
    let server = Redis::start();
    let mut spec = on(&server, "foreign", SendMode::Async, |_| ());
    spec.measure_ms = 60_000;
    let url = server.url.clone();
    let stranger = std::thread::spawn(move || {
        let client = ::redis::Client::open(url).unwrap();
        let mut connection = client.get_connection().unwrap();
        let mut exists = false;
        while !exists {
            exists = ::redis::cmd("EXISTS")
                .arg(list_name("foreign", 0))
                .query(&mut connection)
                .unwrap();
        }
        ::redis::cmd("RPUSH")
            .arg(list_name("foreign", 0))
            .arg("nonsense")
            .exec(&mut connection)
            .unwrap();
    });
    let error = try_run(&spec, |_| Fate::Acknowledged).err().unwrap().to_string();
    stranger.join().unwrap();
    assert!(
        error.contains("an entry that nobody put there") && error.contains("nonsense"),
        "{error}"
    );
}

/// Users who vanish from a list are neither sent nor waiting: the result says that something is wrong. The one who vanishes
/// stands behind a whole batch: whoever a run has read already is sent all the same.
#[test]
fn a_list_that_somebody_else_takes_from_is_noticed() {
    let server = Redis::start();
    let mut spec = on(&server, "taken-from", SendMode::Async, |drain| drain.batch_size = 20);
    spec.drain_timeout_ms = 300;
    let url = server.url.clone();
    let stranger = std::thread::spawn(move || {
        let client = ::redis::Client::open(url).unwrap();
        let mut connection = client.get_connection().unwrap();
        let list = list_name("taken-from", 0);
        while ::redis::cmd("LLEN").arg(&list).query::<u64>(&mut connection).unwrap() <= 40 {}
        ::redis::cmd("RPOP")
            .arg(&list)
            .query::<String>(&mut connection)
            .unwrap();
    });
    let ran = run(&spec, |_| Fate::Acknowledged);
    stranger.join().unwrap();
    let told = ran
        .result
        .notes
        .iter()
        .any(|note| note.contains("somebody else was at them"));
    assert!(told, "{:?}", ran.result.notes);
}
