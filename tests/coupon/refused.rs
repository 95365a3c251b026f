//! A broker that refuses records, through the real client: lost users, counted against what a consumer finds.

use std::collections::BTreeSet;

use kpbench::client::mock::{MockCluster, MockError, MockRequest};
use kpbench::load::{StopFlag, run_trial};
use kpbench::protocol::{
    Acks, Arrival, ClientKind, Content, CouponKey, DrainOrder, DrainResult, METADATA_TIMEOUT_MS, PROTOCOL_VERSION,
    Payload, Records, ScheduledDrain, SendMode, Size, TrialEvent, TrialSpec, UserPattern, WaitingQueues, Workload,
};

use crate::read_back;

const TOPIC: &str = "coupon_issue";
/// 100 users/s for 1.2 s.
pub const USERS: u64 = 120;

/// A trial of this topic of one partition, whose records are requests of their own.
pub fn spec(servers: &str, topic: &str, send_mode: SendMode, order: DrainOrder) -> TrialSpec {
    let properties = [
        ("bootstrap.servers", servers.to_owned()),
        ("acks", "all".to_owned()),
        // Each record is a request of its own, so that a refusal is one record's.
        ("batch.num.messages", "1".to_owned()),
        ("linger.ms", "0".to_owned()),
    ];
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "t".to_owned(),
        topic: topic.to_owned(),
        partitions: 1,
        properties: properties
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        acks: Acks::All,
        workload: Workload {
            send_mode,
            send_concurrency: 1,
            client: ClientKind::Librdkafka,
            producers: 1,
            arrival: Arrival::ScheduledDrain(ScheduledDrain {
                users_per_s: 100.0,
                users_pattern: UserPattern::Constant,
                coupons: 2,
                every_us: 200_000,
                batch_size: 50,
                order,
                queue: WaitingQueues::Memory,
                key: CouponKey::UserId,
                type_id: None,
            }),
            payload: Payload {
                size: Size::Fixed { bytes: 99 },
                content: Content::Json,
            },
            records: Records::default(),
            serialization: None,
        },
        registry: Default::default(),
        max_block_ms: 5_000,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: 200,
        measure_ms: 1_000,
        drain_timeout_ms: 20_000,
        interval_ms: 250,
        statistics_interval_ms: 0,
        seed: 1,
        record_latencies: true,
    }
}

/// A trial whose first `refused` records a broker refuses for good, and the users a consumer finds afterwards.
fn trial(send_mode: SendMode, order: DrainOrder, refused: u32) -> (DrainResult, u64, BTreeSet<String>, u64) {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    cluster.push_errors(MockRequest::Produce, MockError::MessageTooLarge, refused);
    let spec = spec(&cluster.bootstrap_servers(), TOPIC, send_mode, order);
    let mut result = None;
    run_trial(&spec, &StopFlag::default(), &mut |event| {
        if let TrialEvent::Result(found) = event {
            result = Some(*found);
        }
    })
    .unwrap();
    let result = result.unwrap();
    let records = read_back::all(&cluster.bootstrap_servers(), TOPIC, 1);
    assert_eq!(records.len() as u64, result.counts.acknowledged);
    let users = records.iter().map(|record| record.user.clone()).collect();
    (result.drain.unwrap(), result.counts.failed, users, records.len() as u64)
}

#[test]
fn without_waiting_for_verdicts_refused_records_are_lost_users_under_either_order() {
    for order in [DrainOrder::SendThenRemove, DrainOrder::PopThenSend] {
        for mode in [SendMode::Async, SendMode::FireAndForget] {
            let (drain, failed, users, records) = trial(mode, order, 7);
            assert_eq!(failed, 7, "{order} {mode}");
            assert_eq!(drain.removed, USERS, "{order} {mode}");
            assert_eq!(drain.removed_unacknowledged, Some(7), "{order} {mode}");
            assert_eq!(users.len() as u64, USERS - 7, "{order} {mode}");
            assert_eq!(
                (drain.acknowledged_again, records),
                (Some(0), USERS - 7),
                "{order} {mode}"
            );
        }
    }
}

#[test]
fn waiting_for_each_verdict_before_removing_loses_nobody_and_may_issue_twice() {
    let (drain, failed, users, records) = trial(SendMode::Sync, DrainOrder::SendThenRemove, 7);
    assert_eq!((failed, drain.exceptions), (7, 7));
    assert_eq!(users.len() as u64, USERS, "everybody has a record in the end");
    assert_eq!((drain.removed, drain.removed_unacknowledged), (USERS, Some(0)));
    assert_eq!(drain.acknowledged_again, Some(records - USERS));
    assert!(drain.sent_again >= 7);
}

#[test]
fn popping_before_sending_loses_the_rest_of_each_batch_that_fails() {
    let (drain, failed, users, records) = trial(SendMode::Sync, DrainOrder::PopThenSend, 7);
    assert_eq!((failed, drain.exceptions), (7, 7));
    assert_eq!(drain.removed, USERS);
    assert_eq!(drain.removed_unacknowledged, Some(USERS - users.len() as u64));
    assert_eq!(drain.removed_never_sent, USERS - users.len() as u64 - 7);
    assert!(
        drain.removed_never_sent > 0,
        "a batch of one has no rest, the others do"
    );
    assert_eq!((drain.sent_again, records), (0, users.len() as u64));
}
