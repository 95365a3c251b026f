//! Lists in Redis go with the topics of their trials, however a run ends.

use std::fs;
use std::time::Duration;

use kpbench::process::Signal;

use crate::redis_server::Redis;
use crate::runs::{USERS, count, profile};
use crate::support::{Bench, Broker, wait_until};

/// A bench whose users wait in Redis, and are too many for their batches.
fn bench(broker: &Broker) -> (Bench, Redis) {
    let bench = Bench::new("");
    let redis = Redis::start();
    let arrival = format!("batch-size = 25\nqueue = \"{}\"", redis.url);
    let text = profile(broker, &arrival, "").replace("[run]\n", "[run]\ndrain-timeout = \"300ms\"\n");
    fs::write(bench.path("p.toml"), text).unwrap();
    (bench, redis)
}

#[test]
fn lists_with_users_in_them_are_deleted_with_their_topics() {
    let broker = Broker::shared();
    let (bench, redis) = bench(&broker);
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let trial = bench.trials().remove(0);
    let drain = |name: &str| count(&trial, &format!("/result/drain/{name}"));
    assert!(drain("waiting_at_end") > 0);
    assert_eq!(drain("arrived"), USERS as u64);
    assert_eq!(
        drain("arrived"),
        drain("sent") + drain("removed_never_sent") + drain("waiting_never_sent")
    );
    assert_eq!(redis.lists(), [""; 0], "lists are left");
    assert_eq!(broker.topics_of(&bench), [""; 0], "topics are left");
}

#[test]
fn ctrl_c_while_users_wait_deletes_their_lists_and_the_run_can_be_continued() {
    let broker = Broker::shared();
    let (bench, redis) = bench(&broker);
    let text = fs::read_to_string(bench.path("p.toml")).unwrap();
    // The first of two trials is stored, the second one is cut.
    fs::write(bench.path("p.toml"), text.replace("repetitions = 1", "repetitions = 2")).unwrap();
    let running = bench.start(&[]);
    // A trial is told at its end; the first one's three lists are there until the run's.
    running.wait_for("[1/2]");
    wait_until("users of the second trial", || redis.lists().len() > 3);
    running.signal(Signal::Interrupt);
    let said = running.ended();
    assert_eq!(said.code, 130, "{}", said.stderr);
    bench.assert_no_orphans(Duration::ZERO);
    assert_eq!(
        bench.trial_lines().len(),
        1,
        "the finished trial is kept, the cut one is not"
    );
    assert_eq!(redis.lists(), [""; 0], "lists are left");
    assert_eq!(broker.topics_of(&bench), [""; 0], "topics are left");

    let said = bench.resume(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    assert_eq!(redis.lists(), [""; 0], "lists are left");
}

#[test]
fn a_redis_that_is_gone_at_the_end_is_told_and_harms_nothing() {
    let broker = Broker::shared();
    let (bench, redis) = bench(&broker);
    let text = fs::read_to_string(bench.path("p.toml")).unwrap();
    let text = text
        .replace("repetitions = 1", "repetitions = 2")
        .replace("warmup = \"500ms\"", "warmup = \"5s\"");
    fs::write(bench.path("p.toml"), text).unwrap();
    let running = bench.start(&[]);
    running.wait_for("[1/2]");
    drop(redis);
    let said = running.ended();
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert!(
        said.stderr.contains("The lists of waiting users were not deleted"),
        "{}",
        said.stderr
    );
    assert_eq!(bench.trials()[0]["outcome"]["outcome"], "completed");
}
