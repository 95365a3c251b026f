//! How exactly the load is paced: a constant rate into a client that does nothing.
//!
//! Prints, per rate: the rate achieved, the schedule lag's percentiles, and the share of one core that the whole process
//! used. The client acknowledges at once, so that recording every latency is part of the cost.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use kpbench::client::{ClientError, Enqueued, Outgoing, Producer, ProducerSettings, Room, StatisticsEvent, Verdict};
use kpbench::load::run_trial_with;
use kpbench::measure::{AckRecorder, Hub};
use kpbench::protocol::{
    Acks, Arrival, ClientKind, Content, METADATA_TIMEOUT_MS, PROTOCOL_VERSION, Payload, SendMode, Size, TrialEvent,
    TrialResult, TrialSpec, Workload,
};
use kpbench::stats::histogram;

/// Takes every record and acknowledges it at once.
struct Idle {
    room: Room,
    recorder: Mutex<Option<AckRecorder>>,
}

impl Producer for Idle {
    fn start(&self, hub: &Arc<Hub>, _statistics: Sender<StatisticsEvent>) {
        *self.recorder.lock().unwrap() = Some(hub.ack_recorder());
    }
    fn enqueue(&self, records: &[Outgoing<'_>]) -> Enqueued {
        let mut recorder = self.recorder.lock().unwrap();
        let recorder = recorder.as_mut().unwrap();
        recorder.begin_batch();
        records
            .iter()
            .for_each(|record| recorder.acknowledged(record.tag, record.bytes()));
        recorder.end_batch();
        Enqueued {
            done: records.len(),
            refused: Vec::new(),
        }
    }
    fn send_and_wait(&self, _thread: usize, _record: Outgoing<'_>, _deadline: Instant) -> Verdict {
        Verdict::Undecided
    }
    fn room(&self) -> &Room {
        &self.room
    }
    fn effective_properties(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
    fn reported_errors(&self) -> Vec<String> {
        Vec::new()
    }
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

fn connect(_kind: ClientKind, _settings: &ProducerSettings) -> Result<Arc<dyn Producer>, ClientError> {
    Ok(Arc::new(Idle {
        room: Room::new(None, 100_000),
        recorder: Mutex::new(None),
    }))
}

fn trial(rate_per_s: f64) -> TrialResult {
    let spec = TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "pacing".to_owned(),
        topic: "none".to_owned(),
        partitions: 1,
        properties: BTreeMap::new(),
        acks: Acks::All,
        workload: Workload {
            send_mode: SendMode::Async,
            send_concurrency: 1,
            client: ClientKind::Librdkafka,
            producers: 1,
            arrival: Arrival::Constant { rate_per_s },
            payload: Payload {
                size: Size::Fixed { bytes: 100 },
                content: Content::Random,
            },
        },
        max_block_ms: 1_000,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: 1_000,
        measure_ms: 5_000,
        drain_timeout_ms: 1_000,
        interval_ms: 1_000,
        statistics_interval_ms: 0,
        seed: 1,
        record_latencies: true,
    };
    let mut result = None;
    let mut sink = |event| {
        if let TrialEvent::Result(found) = event {
            result = Some(*found);
        }
    };
    run_trial_with(&spec, &Arc::new(AtomicBool::new(false)), &connect, &mut sink).expect("nothing to fail");
    result.expect("a trial that did not fail has a result")
}

fn main() {
    // Any argument that cargo passes (--bench) means nothing here.
    println!(
        "{:>12} {:>12} {:>10} {:>8} {:>8} {:>8} {:>12}",
        "records/s", "achieved", "off by", "lag p50", "p99", "max", "of a core"
    );
    for rate in [1_000.0, 100_000.0, 500_000.0, 1_000_000.0] {
        let result = trial(rate);
        let achieved = result.window.sent as f64 / result.window_s;
        let lag = histogram::decode(&result.latencies.schedule_lag.expect("paced").histogram).expect("own encoding");
        let cpu_us = result.client_cpu.user_us + result.client_cpu.system_us;
        println!(
            "{rate:>12} {achieved:>12.0} {:>9.4}% {:>6}us {:>6}us {:>6}us {:>11.1}%",
            (achieved / rate - 1.0) * 100.0,
            lag.value_at_quantile(0.5),
            lag.value_at_quantile(0.99),
            lag.max(),
            cpu_us as f64 / result.window_s / 1e4,
        );
    }
}
