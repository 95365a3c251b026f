//! What a trial is asked to do, and the arrivals that the tests ask for.

use kpbench::protocol::{Arrival, RateStep, TimeUnit, TraceValues, TrialSpec};
use serde_json::json;

/// A trial of acks=all with a warm-up of 200 ms and a window of a second.
pub fn spec(arrival: &Arrival) -> TrialSpec {
    serde_json::from_value(json!({
        "protocol_version": kpbench::protocol::PROTOCOL_VERSION,
        "trial_id": "t",
        "topic": "t",
        "partitions": 1,
        "properties": {},
        "acks": "all",
        "workload": {
            "send_mode": "async",
            "send_concurrency": 1,
            "client": "librdkafka",
            "producers": 1,
            "arrival": arrival,
            "payload": {
                "size": {"distribution": "fixed", "bytes": 50},
                "content": {"kind": "random"},
            },
        },
        "max_block_ms": 60_000,
        "warmup_ms": 200,
        "measure_ms": 1_000,
        "drain_timeout_ms": 30_000,
        "interval_ms": 250,
        "statistics_interval_ms": 0,
        "seed": 7,
        "record_latencies": true,
    }))
    .unwrap()
}

pub fn constant(rate_per_s: f64) -> Arrival {
    Arrival::Constant { rate_per_s }
}

pub fn steps(rates_per_s: &[f64]) -> Arrival {
    let step = |rate_per_s: &f64| RateStep {
        rate_per_s: *rate_per_s,
        for_ms: None,
    };
    Arrival::Steps {
        steps: rates_per_s.iter().map(step).collect(),
    }
}

pub fn ramp(from_per_s: f64, to_per_s: f64) -> Arrival {
    Arrival::Ramp {
        from_per_s,
        to_per_s,
        over_ms: None,
    }
}

/// Gaps in ms that a file holds, for as long as the file lives.
pub fn trace(gaps_ms: &[u64], repeat: bool) -> (Arrival, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let lines: String = gaps_ms.iter().map(|gap| format!("{gap}\n")).collect();
    std::fs::write(file.path(), lines).unwrap();
    let arrival = Arrival::Trace {
        path: file.path().to_owned(),
        values: TraceValues::Gaps,
        unit: TimeUnit::Ms,
        repeat,
        records: gaps_ms.len() as u64,
        length_us: gaps_ms.iter().sum::<u64>() as f64 * 1e3,
    };
    (arrival, file)
}
