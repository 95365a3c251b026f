//! A real broker that refuses records, and whom that costs what under either order: counted against what a consumer finds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kpbench::load::{StopFlag, run_trial};
use kpbench::protocol::{DrainOrder, SendMode, TrialEvent, TrialResult};
use kpbench::target::NewTopic;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;

use crate::read_back::all;
use crate::refused;
use crate::runs::{USERS, count, profile};
use crate::support::{Bench, Broker};

/// 100 users/s for 6 s.
const LONG_MS: u64 = 6_000;
const MANY: u64 = 600;

const ORDERS: [DrainOrder; 2] = [DrainOrder::SendThenRemove, DrainOrder::PopThenSend];

/// Batches of three records are larger than the topic takes, and the last record of a run is a batch of its own.
#[test]
fn batches_that_the_broker_refuses_are_removed_users_without_a_record_under_both_orders() {
    let broker = Broker::shared();
    let matrix = "batch.num.messages = 3\n[matrix]\narrival.order = [\"send-then-remove\", \"pop-then-send\"]\n\
                  send.mode = [\"async\", \"fire-and-forget\"]\n";
    let text = profile(&broker, "batch-size = 200", matrix)
        .replace("partitions = 6", "partitions = 1\nconfig.max.message.bytes = 500")
        .replace("linger.ms = 0", "linger.ms = 50");
    let bench = Bench::new(&text);
    let said = bench.sweep(&["--keep-topics"]);
    let topics = broker.topics_of(&bench);
    let trials = bench.trials();
    assert_eq!((trials.len(), topics.len()), (4, 4), "{}", said.stderr);
    let mut told: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for trial in trials {
        let id = trial["trial_id"].as_str().unwrap();
        let topic = topics.iter().find(|topic| topic.contains(id)).unwrap();
        let records = all(broker.servers(), topic, 1);
        broker.wait(broker.target().delete_topic(topic)).unwrap();
        let safe: BTreeSet<&String> = records.iter().map(|record| &record.user).collect();
        let (failed, lost) = (count(&trial, "/result/counts/failed"), USERS - safe.len());
        assert!(failed > 0 && !safe.is_empty(), "{failed} of {USERS} failed");
        assert_eq!(failed, lost as u64);
        assert_eq!(count(&trial, "/result/counts/acknowledged"), records.len() as u64);
        assert_eq!(count(&trial, "/result/drain/removed"), USERS as u64);
        assert_eq!(count(&trial, "/result/drain/removed_unacknowledged"), lost as u64);
        assert_eq!(count(&trial, "/result/drain/removed_never_sent"), 0);
        assert_eq!(count(&trial, "/result/drain/waiting_at_end"), 0);
        let configurations = bench.configurations();
        let own = configurations
            .iter()
            .find(|one| one["id"] == trial["configuration_id"])
            .unwrap();
        let order = match own["label"].as_str().unwrap().contains("pop-then-send") {
            true => DrainOrder::PopThenSend.name(),
            false => DrainOrder::SendThenRemove.name(),
        };
        let sum = told.entry(order).or_default();
        *sum = (sum.0 + lost as u64, sum.1 + USERS as u64);
    }
    let summary = bench.document("summary.json")["drain"].to_string();
    for (order, (lost, removed)) in told {
        let sentence = format!("{order}: {lost} of {removed} removed users").replace("2000", "2,000");
        let sentence = match lost >= 1_000 {
            true => sentence.replace(&lost.to_string(), &format!("{},{:03}", lost / 1_000, lost % 1_000)),
            false => sentence,
        };
        assert!(summary.contains(&sentence), "{sentence:?} is not in {summary}");
    }
}

/// A topic that takes no record at first, and takes them from when the first refusal is told.
fn opened_late(broker: &Broker, mode: SendMode, order: DrainOrder) -> (TrialResult, BTreeSet<String>, u64) {
    let topic = format!("kpbench-refusing-{mode}-{order}-coupon_issue");
    let limit = |bytes: &str| BTreeMap::from([("max.message.bytes".to_owned(), bytes.to_owned())]);
    let new = NewTopic {
        name: topic.clone(),
        partitions: 1,
        replication_factor: 1,
        config: limit("150"),
    };
    broker.wait(broker.target().create_topic(&new)).unwrap();
    let mut spec = refused::spec(broker.servers(), &topic, mode, order);
    // Long enough for the limit to be raised in the middle, however slow the machine is.
    spec.measure_ms = LONG_MS - spec.warmup_ms;
    let (mut result, mut is_open) = (None, false);
    run_trial(&spec, &StopFlag::default(), &mut |event| match event {
        TrialEvent::Interval(interval) if interval.failed > 0 && !is_open => {
            is_open = true;
            raise_limit(broker, &topic);
        }
        TrialEvent::Result(found) => result = Some(*found),
        _ => {}
    })
    .unwrap();
    let records = all(broker.servers(), &topic, 1);
    broker.wait(broker.target().delete_topic(&topic)).unwrap();
    let users = records.iter().map(|record| record.user.clone()).collect();
    (result.unwrap(), users, records.len() as u64)
}

fn raise_limit(broker: &Broker, topic: &str) {
    let admin: AdminClient<DefaultClientContext> = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", broker.servers())
        .create()
        .unwrap();
    let change = AlterConfig::new(ResourceSpecifier::Topic(topic)).set("max.message.bytes", "1000000");
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
    for altered in broker.wait(admin.alter_configs([&change], &options)).unwrap() {
        altered.unwrap();
    }
}

#[test]
fn waiting_for_each_verdict_before_removing_loses_nobody_on_a_real_broker() {
    let broker = Broker::shared();
    let (result, users, records) = opened_late(&broker, SendMode::Sync, DrainOrder::SendThenRemove);
    let drain = result.drain.unwrap();
    assert!(result.counts.failed > 0);
    assert_eq!(drain.exceptions, result.counts.failed);
    assert_eq!(users.len() as u64, MANY, "everybody has a record in the end");
    assert_eq!((drain.removed, drain.removed_unacknowledged), (MANY, Some(0)));
    assert_eq!(drain.acknowledged_again, Some(records - MANY));
    assert!(drain.sent_again >= result.counts.failed);
}

#[test]
fn popping_before_sending_loses_the_rest_of_each_refused_batch_on_a_real_broker() {
    let broker = Broker::shared();
    let (result, users, records) = opened_late(&broker, SendMode::Sync, DrainOrder::PopThenSend);
    let (drain, safe) = (result.drain.unwrap(), users.len() as u64);
    assert!(result.counts.failed > 0 && safe > 0, "{safe} are safe");
    assert_eq!((drain.removed, drain.exceptions), (MANY, result.counts.failed));
    assert_eq!(drain.removed_unacknowledged, Some(MANY - safe));
    assert_eq!(drain.removed_never_sent, MANY - safe - result.counts.failed);
    assert!(drain.removed_never_sent > 0);
    assert_eq!((drain.sent_again, records), (0, safe));
}

#[test]
fn without_waiting_for_verdicts_each_refused_record_is_a_lost_user_on_a_real_broker() {
    let broker = Broker::shared();
    for order in ORDERS {
        let (result, users, records) = opened_late(&broker, SendMode::Async, order);
        let (drain, safe) = (result.drain.unwrap(), users.len() as u64);
        assert!(result.counts.failed > 0 && safe > 0, "{order}: {safe} are safe");
        assert_eq!((drain.removed, drain.exceptions), (MANY, 0), "{order}");
        assert_eq!(drain.removed_unacknowledged, Some(result.counts.failed), "{order}");
        assert_eq!((MANY - safe, records), (result.counts.failed, safe), "{order}");
    }
}
