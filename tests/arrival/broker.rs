//! Each pattern on a real broker: what was due was appended, once, at its time; and a broker that is paused.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kpbench::load::{StopFlag, run_trial};
use kpbench::process::{Signal, send_signal};
use kpbench::protocol::{Arrival, LatencyDistribution, SendMode, TrialEvent, TrialResult, TrialSpec};
use kpbench::stats::histogram::{decode, percentile};
use kpbench::target::NewTopic;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use crate::spec::{constant, ramp, spec, steps, trace};
use crate::support::Broker;
use crate::twin::due;

const READING: Duration = Duration::from_secs(20);

fn on_broker(broker: &Broker, topic: &str, mut spec: TrialSpec) -> TrialSpec {
    let new = NewTopic {
        name: topic.to_owned(),
        partitions: spec.partitions,
        replication_factor: 1,
        config: BTreeMap::new(),
    };
    broker.wait(broker.target().create_topic(&new)).unwrap();
    spec.topic = topic.to_owned();
    spec.properties = [
        ("bootstrap.servers", broker.servers()),
        ("acks", "all"),
        ("linger.ms", "0"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    spec
}

/// The time stamps of every record of a topic with one partition, in ms since 1970, in order.
fn timestamps(broker: &Broker, topic: &str) -> Vec<i64> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker.servers())
        .set("group.id", topic)
        .create()
        .unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&partitions).unwrap();
    let (_, end) = consumer.fetch_watermarks(topic, 0, READING).unwrap();
    let mut stamps = Vec::new();
    while (stamps.len() as i64) < end {
        let message = consumer.poll(READING).expect("a record within 20 s").unwrap();
        stamps.push(message.timestamp().to_millis().unwrap());
    }
    stamps.sort_unstable();
    stamps
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// The result, and when the trial was known not to have begun, in ms since 1970.
fn run(spec: &TrialSpec) -> (TrialResult, i64) {
    let (mut result, mut before_ms) = (None, 0);
    run_trial(spec, &StopFlag::default(), &mut |event| match event {
        TrialEvent::Ready { .. } => before_ms = now_ms(),
        TrialEvent::Result(found) => result = Some(*found),
        _ => {}
    })
    .unwrap();
    (result.unwrap(), before_ms)
}

#[test]
fn what_is_due_is_appended_at_its_time() {
    let broker = Broker::shared();
    let (trace, _file) = trace(&[150, 0, 0, 0, 50], true);
    let patterns = [
        ("constant", constant(500.0)),
        ("poisson", Arrival::Poisson { rate_per_s: 500.0 }),
        (
            "bursts",
            Arrival::Bursts {
                records: 150,
                every_us: 250_000,
            },
        ),
        ("steps", steps(&[100.0, 1_000.0])),
        ("ramp", ramp(100.0, 1_000.0)),
        ("trace", trace),
    ];
    for (name, arrival) in patterns {
        let topic = format!("kpbench-arrival-{name}");
        let spec = on_broker(&broker, &topic, spec(&arrival));
        let (result, before_ms) = run(&spec);
        let due_ms: Vec<i64> = due(&spec, 1).iter().map(|due_us| (due_us / 1_000) as i64).collect();
        let stamps = timestamps(&broker, &topic);
        assert_eq!(stamps.len(), due_ms.len(), "{name}: appended and due");
        assert_eq!(result.counts.acknowledged, due_ms.len() as u64, "{name}");
        // Never before its time, whatever the machine does. (Both are cut to ms.)
        let early = stamps
            .iter()
            .zip(&due_ms)
            .find(|(stamp, due)| **stamp + 1 < before_ms + **due);
        assert_eq!(early, None, "{name}");
        // And most of them at their time: half of the gaps to the schedule are below what tells the patterns apart.
        let mut off: Vec<i64> = stamps.iter().zip(&due_ms).map(|(stamp, due)| stamp - due).collect();
        off.sort_unstable();
        let late_ms = off[off.len() / 2] - off[0];
        assert!(
            late_ms < 100,
            "{name}: half of the records were {late_ms} ms late or more"
        );
    }
}

#[test]
fn several_producers_and_sync_threads_send_every_slot_once() {
    let broker = Broker::shared();
    for (name, arrival) in [
        ("poisson", Arrival::Poisson { rate_per_s: 500.0 }),
        ("ramp", ramp(100.0, 1_000.0)),
    ] {
        for (mode, producers, threads) in [(SendMode::Async, 3, 1), (SendMode::Sync, 2, 4)] {
            let topic = format!("kpbench-arrival-{name}-{mode}");
            let mut spec = on_broker(&broker, &topic, spec(&arrival));
            spec.workload.send_mode = mode;
            spec.workload.producers = producers;
            spec.workload.send_concurrency = threads;
            let (result, _) = run(&spec);
            let senders = if mode == SendMode::Sync {
                1
            } else {
                u64::from(producers)
            };
            let expected = due(&spec, senders).len();
            assert_eq!(timestamps(&broker, &topic).len(), expected, "{name} {mode}");
            assert_eq!(result.counts.acknowledged, expected as u64, "{name} {mode}");
        }
    }
}

/// When a broker was stopped and when it went on, in s after the window's start.
struct Pause {
    from_s: f64,
    to_s: f64,
}

/// Runs a trial at 1,000 records/s, stopping the only broker `after` the window's start for that `long`.
fn paused(after: Duration, long: Duration, measure_ms: u64) -> (TrialResult, Pause) {
    const RATE: f64 = 1_000.0;
    let broker = Broker::start(1, None);
    let pids = broker.target().pids();
    assert_eq!(pids.len(), 1);
    let mut spec = on_broker(&broker, "kpbench-paused", spec(&constant(RATE)));
    spec.measure_ms = measure_ms;
    let (window, started) = channel();
    let mut result = None;
    let pause = std::thread::scope(|scope| {
        let pausing = scope.spawn(move || {
            let start: Instant = started.recv().unwrap();
            std::thread::sleep(after);
            send_signal(pids[0], Signal::Stop).unwrap();
            let from_s = start.elapsed().as_secs_f64();
            std::thread::sleep(long);
            let to_s = start.elapsed().as_secs_f64();
            send_signal(pids[0], Signal::Continue).unwrap();
            Pause { from_s, to_s }
        });
        run_trial(&spec, &StopFlag::default(), &mut |event| match event {
            TrialEvent::WindowStarted => window.send(Instant::now()).unwrap(),
            TrialEvent::Result(found) => result = Some(*found),
            _ => {}
        })
        .unwrap();
        pausing.join().unwrap()
    });
    let result = result.unwrap();
    assert_eq!((result.counts.failed, result.counts.undecided), (0, 0));
    (result, pause)
}

fn above_s(of: &LatencyDistribution, seconds: f64) -> u64 {
    decode(&of.histogram)
        .unwrap()
        .count_between((seconds * 1e6) as u64, 3_600_000_000)
}

/// What was due while the broker stood still cannot have been acknowledged before it went on. The window's start is told a
/// little after it was, so times of the pause are late by that: a tenth of a second is taken off each end.
#[test]
fn a_paused_broker_is_in_the_percentiles() {
    let (result, pause) = paused(Duration::from_secs(1), Duration::from_millis(1_500), 5_000);
    let response = result.latencies.response.unwrap();
    assert_eq!((response.count, response.unresolved), (5_000, 0));
    let length_s = pause.to_s - pause.from_s;
    assert!(length_s >= 1.5);
    assert!(
        response.max_us as f64 / 1e6 >= length_s - 0.1,
        "{} of {length_s}",
        response.max_us
    );
    // Due in the pause's first half: longer than half of it. A record due each ms.
    let least = ((length_s / 2.0 - 0.1) * 1e3) as u64;
    let waited = above_s(&response, length_s / 2.0);
    assert!(waited >= least, "{waited} of {least} waited for half of the pause");
    // 650 of 5,000 are above the 87th percentile at least, and all of the window is not.
    let p87 = percentile(&decode(&response.histogram).unwrap(), 0, 0.87).us.unwrap();
    assert!(p87 as f64 / 1e6 >= length_s / 2.0, "{p87}");
    let service = result.latencies.service.unwrap();
    assert!(
        service.max_us as f64 / 1e6 >= length_s - 0.1,
        "the client had sent them"
    );
}

#[test]
fn a_paused_broker_across_the_windows_end_is_in_the_percentiles() {
    const WINDOW_S: f64 = 2.5;
    let (result, pause) = paused(Duration::from_millis(1_500), Duration::from_millis(1_500), 2_500);
    let response = result.latencies.response.unwrap();
    assert_eq!(
        (response.count, response.unresolved),
        (2_500, 0),
        "followed through the drain"
    );
    // What was due from the pause's start to the window's end waited for the pause's end.
    let due_in_it_s = WINDOW_S - pause.from_s;
    assert!(
        due_in_it_s > 0.3,
        "this machine was too late to pause the broker within the window"
    );
    let least_wait_s = pause.to_s - WINDOW_S;
    let waited = above_s(&response, least_wait_s - 0.1);
    let least = ((due_in_it_s - 0.1) * 1e3) as u64;
    assert!(waited >= least, "{waited} of {least} waited for {least_wait_s} s");
    assert!(response.max_us as f64 / 1e6 >= pause.to_s - pause.from_s - 0.1);
    // None of those was acknowledged within the window, which alone would not show the pause.
    assert!(
        result.window.acknowledged <= 2_500 + 200 - least,
        "{}",
        result.window.acknowledged
    );
}
