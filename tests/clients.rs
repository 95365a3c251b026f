//! The real clients, in every send mode, against librdkafka's mock cluster: counts, back-pressure, failures.

use std::collections::BTreeMap;

use kpbench::client::mock::MockCluster;
use kpbench::load::{StopFlag, run_trial};
use kpbench::protocol::{
    Acks, Arrival, ClientInterval, ClientKind, Content, METADATA_TIMEOUT_MS, PROTOCOL_VERSION, Payload, Records,
    SendMode, Size, TrialEvent, TrialResult, TrialSpec, Workload,
};

const TOPIC: &str = "t";

fn mock() -> MockCluster {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 2, 1).unwrap();
    cluster
}

fn spec(cluster: &MockCluster, client: ClientKind, send_mode: SendMode, arrival: Arrival) -> TrialSpec {
    let servers = cluster.bootstrap_servers();
    let properties = [
        ("bootstrap.servers", servers.as_str()),
        ("linger.ms", "1"),
        ("acks", "1"),
    ];
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "t".to_owned(),
        topic: TOPIC.to_owned(),
        partitions: 2,
        properties: properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        acks: Acks::Leader,
        workload: Workload {
            send_mode,
            send_concurrency: 2,
            client,
            producers: 2,
            arrival,
            payload: Payload {
                size: Size::Fixed { bytes: 100 },
                content: Content::Json,
            },
            records: Records::default(),
        },
        max_block_ms: 5_000,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: 100,
        measure_ms: 500,
        drain_timeout_ms: 10_000,
        interval_ms: 200,
        statistics_interval_ms: 100,
        seed: 3,
        record_latencies: true,
    }
}

fn run(spec: &TrialSpec) -> (TrialResult, BTreeMap<String, String>) {
    let (mut result, mut effective) = (None, BTreeMap::new());
    let mut grown = ClientInterval::default();
    run_trial(spec, &StopFlag::default(), &mut |event| match event {
        TrialEvent::Result(found) => result = Some(*found),
        TrialEvent::Interval(interval) => {
            assert!(interval.peak_memory_bytes.is_some_and(|bytes| bytes > 1 << 20));
            let client = interval.client.unwrap_or_default();
            grown.wire_bytes += client.wire_bytes;
            grown.batch_records += client.batch_records;
            grown.produce_requests += client.produce_requests;
        }
        TrialEvent::Ready {
            effective_properties, ..
        } => effective = effective_properties,
        _ => {}
    })
    .unwrap();
    let result = result.unwrap();
    let totals = result.statistics.as_ref().unwrap();
    assert_eq!(
        (grown.wire_bytes, grown.batch_records, grown.produce_requests),
        (
            totals.wire_bytes,
            totals.batch_records,
            totals.requests.get("Produce").copied().unwrap_or(0)
        ),
        "the intervals add up to the trial"
    );
    (result, effective)
}

const PACED: Arrival = Arrival::Constant { rate_per_s: 1_000.0 };

#[test]
fn every_client_in_every_mode_accounts_for_every_record() {
    let cluster = mock();
    for &client in ClientKind::ALL {
        for &mode in SendMode::ALL {
            let (result, _) = run(&spec(&cluster, client, mode, PACED));
            let counts = &result.counts;
            assert_eq!(
                (counts.attempted, counts.acknowledged),
                (600, 600),
                "{client} {mode} {counts:?}"
            );
            assert_eq!(counts.acknowledged_bytes, 60_000, "{client} {mode}");
            let response = result.latencies.response.as_ref().unwrap();
            assert_eq!((response.count, response.unresolved), (500, 0), "{client} {mode}");
            let statistics = result.statistics.as_ref().unwrap();
            assert_eq!(
                (statistics.batch_records, statistics.record_bytes),
                (600, 60_000),
                "{client} {mode}"
            );
            assert!(
                statistics.wire_bytes > statistics.batch_bytes && statistics.batch_bytes > 60_000,
                "{client} {mode}"
            );
        }
    }
}

#[test]
fn a_small_queue_gives_back_pressure_and_loses_nothing() {
    let cluster = mock();
    for &client in ClientKind::ALL {
        for mode in [SendMode::Async, SendMode::FireAndForget] {
            let mut small = spec(&cluster, client, mode, Arrival::Unpaced);
            small
                .properties
                .insert("queue.buffering.max.messages".to_owned(), "500".to_owned());
            let (result, _) = run(&small);
            assert!(
                result.window.back_pressure_waits > 0 && result.window.back_pressure_us > 0,
                "{client} {mode}"
            );
            assert_eq!(
                result.counts.acknowledged, result.counts.attempted,
                "{client} {mode} {:?}",
                result.counts
            );
            assert!(result.counts.acknowledged > 500, "{client} {mode}");
            let service = result.latencies.service.unwrap();
            assert_eq!(service.unresolved, 0, "{client} {mode}");
            assert_eq!(service.count, result.window.attempted, "{client} {mode}");
        }
    }
}

/// A trial whose broker was away must be told from one whose records merely took too long.
#[test]
fn every_client_tells_that_all_brokers_were_down() {
    for &client in ClientKind::ALL {
        let cluster = mock();
        let mut short = spec(&cluster, client, SendMode::Async, PACED);
        short
            .properties
            .insert("message.timeout.ms".to_owned(), "200".to_owned());
        let mut result = None;
        run_trial(&short, &StopFlag::default(), &mut |event| match event {
            TrialEvent::WindowStarted => cluster.broker_down(None).unwrap(),
            TrialEvent::WindowEnded => cluster.broker_up(None).unwrap(),
            TrialEvent::Result(found) => result = Some(*found),
            _ => {}
        })
        .unwrap();
        let result = result.unwrap();
        assert!(result.counts.failed > 0, "{client}: {:?}", result.counts);
        let told = result.all_brokers_down();
        assert!(
            told.is_some_and(|told| told.contains("brokers are down")),
            "{client}: {:?}",
            result.notes
        );

        let (calm, _) = run(&spec(&cluster, client, SendMode::Async, PACED));
        assert_eq!(calm.all_brokers_down(), None, "{client}: {:?}", calm.notes);
    }
}

#[test]
fn records_beyond_the_clients_limit_fail_by_name() {
    let cluster = mock();
    for &client in ClientKind::ALL {
        for &mode in SendMode::ALL {
            let mut large = spec(&cluster, client, mode, PACED);
            large
                .properties
                .insert("message.max.bytes".to_owned(), "1000".to_owned());
            large.workload.payload.size = Size::Fixed { bytes: 5_000 };
            let (result, _) = run(&large);
            assert_eq!(
                (result.counts.failed, result.counts.acknowledged),
                (600, 0),
                "{client} {mode}"
            );
            assert_eq!(
                result.counts.failed_by_error[0].error, "MSG_SIZE_TOO_LARGE",
                "{client} {mode}"
            );
        }
    }
}

#[test]
fn latencies_are_left_out_where_they_cannot_be_observed_or_are_not_wanted() {
    let cluster = mock();
    let mut none = spec(&cluster, ClientKind::Librdkafka, SendMode::Async, PACED);
    none.properties.insert("acks".to_owned(), "0".to_owned());
    none.acks = Acks::None;
    let (result, _) = run(&none);
    assert!(result.latencies.service.is_none() && result.latencies.response.is_none());
    assert!(
        result.latencies.schedule_lag.is_some(),
        "the client's own lag is observable"
    );
    assert!(result.notes.iter().any(|note| note.contains("acks=0")));

    let mut unrecorded = spec(&cluster, ClientKind::Librdkafka, SendMode::Async, PACED);
    unrecorded.record_latencies = false;
    let (result, _) = run(&unrecorded);
    assert_eq!(result.latencies, Default::default());
    assert_eq!(result.counts.acknowledged, 600);
}

#[test]
fn secrets_are_masked_among_the_effective_properties() {
    let cluster = mock();
    for &client in ClientKind::ALL {
        let mut secret = spec(&cluster, client, SendMode::Async, PACED);
        secret
            .properties
            .insert("sasl.password".to_owned(), "hunter2".to_owned());
        let (_, effective) = run(&secret);
        assert_eq!(effective["linger.ms"], "1", "{client}");
        assert!(!format!("{effective:?}").contains("hunter2"), "{client}");
    }
}

#[test]
fn an_unknown_property_and_a_missing_topic_are_told_in_words() {
    let cluster = mock();
    for &client in ClientKind::ALL {
        let mut bad = spec(&cluster, client, SendMode::Async, PACED);
        bad.properties.insert("no.such.property".to_owned(), "1".to_owned());
        let error = run_trial(&bad, &StopFlag::default(), &mut |_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("no.such.property"), "{client}: {error}");

        let mut unreachable = spec(&cluster, client, SendMode::Async, PACED);
        unreachable
            .properties
            .insert("bootstrap.servers".to_owned(), "127.0.0.1:1".to_owned());
        unreachable.metadata_timeout_ms = 300;
        let error = run_trial(&unreachable, &StopFlag::default(), &mut |_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("refused"), "{client}: {error}");
    }
}
