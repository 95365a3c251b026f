//! Stored runs made up in memory: the same input gives the same run, and no broker is needed.
#![allow(dead_code)] // Each test program uses a part of it.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use kpbench::profile::{AxisSetting, Configuration, Defaults, Order, RunSettings, TargetSettings, TopicSettings};
use kpbench::protocol::{
    Acks, Arrival, BrokerWindow, ClientKind, ClientStatistics, Content, Counts, CpuTime, Interval, IntervalLatency,
    Latencies, LatencyDistribution, Payload, Phase, Records, SendMode, Size, TargetKind, TrialResult, WindowCounts,
    WindowedLatency, Workload,
};
use kpbench::stats::histogram;
use kpbench::store::{
    BrokerFigures, Host, LocalBrokers, Manifest, PlannedTrial, SCHEMA_VERSION, TargetDescription, TrialOutcome,
    TrialRecord,
};

/// A run that never took place.
#[derive(Clone)]
pub struct Run {
    pub manifest: Manifest,
    pub trials: Vec<TrialRecord>,
}

/// How many records lie in each window's histogram, whatever the throughput.
pub const RECORDS: u64 = 20_000;

impl Run {
    /// Every combination of the axes' values, each with as many trials as there are blocks.
    pub fn grid(axes: &[(&str, &[&str])], blocks: u32) -> Run {
        let mut points: Vec<Vec<(&str, &str)>> = vec![Vec::new()];
        for (axis, values) in axes {
            points = points
                .iter()
                .flat_map(|point| {
                    values
                        .iter()
                        .map(move |value| [point.as_slice(), &[(*axis, *value)]].concat())
                })
                .collect();
        }
        Run::of(&points, blocks)
    }

    /// One configuration for each list of axis settings: one factor at a time, or any other shape.
    pub fn of(points: &[Vec<(&str, &str)>], blocks: u32) -> Run {
        let configurations: Vec<Configuration> = points.iter().map(|point| configuration(point)).collect();
        let mut plan = Vec::new();
        for block in 1..=blocks {
            for configuration in &configurations {
                let sequence = plan.len() as u32 + 1;
                plan.push(PlannedTrial {
                    trial_id: format!("b{block:02}-t{sequence:04}-{}", configuration.id),
                    configuration_id: configuration.id.clone(),
                    block,
                    sequence,
                });
            }
        }
        let trials = plan
            .iter()
            .map(|planned| {
                let configuration = configurations
                    .iter()
                    .find(|c| c.id == planned.configuration_id)
                    .unwrap();
                trial(configuration, planned.clone())
            })
            .collect();
        Run {
            manifest: manifest(configurations, plan, blocks),
            trials,
        }
    }

    /// Changes the configurations, and makes all trials anew from them.
    pub fn configured(mut self, change: impl Fn(&mut Configuration)) -> Run {
        self.manifest.configurations.iter_mut().for_each(&change);
        self.trials = self
            .manifest
            .plan
            .iter()
            .map(|planned| {
                let id = &planned.configuration_id;
                trial(
                    self.manifest.configurations.iter().find(|c| &c.id == id).unwrap(),
                    planned.clone(),
                )
            })
            .collect();
        self
    }

    /// Changes every trial.
    pub fn each_trial(mut self, change: impl Fn(&mut TrialRecord)) -> Run {
        self.trials.iter_mut().for_each(change);
        self
    }

    /// Turns one trial into a failed one.
    pub fn fail(mut self, place: usize, cause: &str) -> Run {
        self.trials[place].outcome = TrialOutcome::Failed {
            cause: cause.to_owned(),
        };
        self.trials[place].result = None;
        self.trials[place].intervals.clear();
        self
    }
}

fn manifest(configurations: Vec<Configuration>, plan: Vec<PlannedTrial>, blocks: u32) -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        kpbench_version: "0.1.0".into(),
        git_commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
        created_at: "2026-03-01T12:00:00Z".parse().unwrap(),
        command: ["kpbench", "sweep", "profiles/batching.toml"]
            .map(str::to_owned)
            .to_vec(),
        profile_name: "batching".into(),
        profile_description: "How batch.size and linger.ms trade throughput for latency.".into(),
        profile_source: "name = \"batching\"\n\n[matrix]\n\"batch.size\" = [\"16 KB\", \"1 MB\"]\n".into(),
        defaults: Defaults::Librdkafka,
        target: TargetDescription {
            kind: TargetKind::Local,
            brokers: 1,
            software: Some("Apache Kafka 4.3.0".into()),
            cluster_id: Some("kpbench-cluster".into()),
            conditioned_ms: 30_000,
            local_brokers: Some(LocalBrokers {
                java_version: "17.0.15".into(),
                java_options: vec!["-XX:+UseG1GC".into(), "-Xmx1g".into()],
                settings: BTreeMap::from([("log.segment.delete.delay.ms".to_owned(), "500".to_owned())]),
            }),
        },
        target_settings: TargetSettings {
            kind: TargetKind::Local,
            brokers: 1,
            bootstrap_servers: None,
            connection: BTreeMap::new(),
            broker_config: BTreeMap::from([("log.segment.bytes".to_owned(), "67108864".to_owned())]),
        },
        topic: TopicSettings {
            existing: None,
            replication_factor: 1,
            config: BTreeMap::from([("min.insync.replicas".to_owned(), "1".to_owned())]),
        },
        run: RunSettings {
            repetitions: blocks,
            warmup_ms: 1_000,
            measure_ms: 4_000,
            drain_timeout_ms: 30_000,
            conditioning_ms: 30_000,
            headroom: false,
            headroom_measure_ms: 1_000,
            order: Order::Random,
            seed: 42,
            precision: None,
        },
        host: Host {
            cores: 2,
            cpu: "Example CPU @ 2.00GHz".into(),
            memory_bytes: 8 << 30,
            os: "Debian GNU/Linux 12, Linux 6.1".into(),
        },
        client_version: "librdkafka 2.12.1".into(),
        configurations,
        plan,
        payload_files: BTreeMap::new(),
        warnings: Vec::new(),
        stopping: None,
        noise_floor: None,
        open_topic_prefixes: Vec::new(),
        gate: Default::default(),
        held_to: None,
        trial_programs: BTreeMap::new(),
    }
}

fn configuration(axes: &[(&str, &str)]) -> Configuration {
    let find = |name: &str| axes.iter().find(|(axis, _)| *axis == name).map(|(_, value)| *value);
    let properties: BTreeMap<String, String> = axes
        .iter()
        .filter(|(axis, _)| !["send.mode", "client", "record.size", "partitions", "producers", "rate"].contains(axis))
        .map(|(axis, value)| ((*axis).to_owned(), (*value).to_owned()))
        .collect();
    let mut effective = BTreeMap::from(
        [
            ("acks", "all"),
            ("batch.size", "1000000"),
            ("compression.type", "none"),
            ("linger.ms", "5"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    effective.extend(properties.clone());
    let label: Vec<String> = axes.iter().map(|(axis, value)| format!("{axis}={value}")).collect();
    let label = if label.is_empty() {
        "default".to_owned()
    } else {
        label.join(" ")
    };
    let send_mode: SendMode = find("send.mode").map_or(SendMode::Async, |mode| mode.parse().unwrap());
    Configuration {
        id: format!("c-{:08x}", hash(&label) as u32),
        label,
        axes: axes
            .iter()
            .map(|(axis, value)| AxisSetting {
                axis: (*axis).to_owned(),
                value: (*value).to_owned(),
                number: value.parse().ok(),
            })
            .collect(),
        properties,
        acks: effective["acks"].parse().unwrap(),
        effective_properties: effective,
        max_block_ms: 60_000,
        partitions: find("partitions").map_or(6, |count| count.parse().unwrap()),
        workload: Workload {
            send_mode,
            send_concurrency: if send_mode == SendMode::Sync { 8 } else { 1 },
            client: find("client").map_or(ClientKind::Librdkafka, |client| client.parse().unwrap()),
            producers: find("producers").map_or(1, |count| count.parse().unwrap()),
            arrival: find("rate").map_or(Arrival::Unpaced, |rate| Arrival::Constant {
                rate_per_s: rate.parse().unwrap(),
            }),
            payload: Payload {
                size: Size::Fixed {
                    bytes: find("record.size").map_or(100, |size| size.parse().unwrap()),
                },
                content: Content::Ratio { ratio: 3.0 },
            },
            records: Records::default(),
            serialization: None,
        },
        warnings: Vec::new(),
    }
}

/// FNV-1a: a spread of numbers that is the same on every machine.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// In [-1, 1), from a name.
fn noise(name: &str) -> f64 {
    (hash(name).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn number(configuration: &Configuration, property: &str) -> f64 {
    configuration.effective_properties[property].parse().unwrap_or(0.0)
}

/// Codec's ratio and its CPU in µs per record.
fn codec(configuration: &Configuration) -> (f64, f64) {
    match configuration.effective_properties["compression.type"].as_str() {
        "gzip" => (3.1, 2.4),
        "snappy" => (2.0, 0.5),
        "lz4" => (2.2, 0.4),
        "zstd" => (3.4, 0.9),
        _ => (0.98, 0.0),
    }
}

fn rate_of(configuration: &Configuration) -> f64 {
    if let Arrival::Constant { rate_per_s } = configuration.workload.arrival {
        return rate_per_s;
    }
    let batch = number(configuration, "batch.size");
    let linger = number(configuration, "linger.ms");
    let base = 900_000.0 * (batch / (batch + 24_000.0)) * (0.6 + 0.4 * (linger + 1.0).min(20.0) / 20.0);
    let acks = match configuration.acks {
        Acks::None => 1.15,
        Acks::Leader => 1.0,
        Acks::All => 0.9,
    };
    let mode = match configuration.workload.send_mode {
        SendMode::Sync => 0.02,
        SendMode::Async => 0.95,
        SendMode::FireAndForget => 1.0,
    };
    base * acks * mode / (1.0 + codec(configuration).1)
}

/// A distribution with the shape of latencies: a body, and a tail a hundred times as long.
pub fn latency(median_us: f64, records: u64, unresolved: u64) -> LatencyDistribution {
    let mut values: Histogram<u64> = histogram::empty();
    for place in 0..400u64 {
        let quantile = (place as f64 + 0.5) / 400.0;
        let us = median_us * (1.0 + 0.4 * (quantile - 0.5)) * (1.0 / (1.0 - quantile)).powf(0.55) * 0.68;
        values.saturating_record_n(us.max(1.0) as u64, records / 400);
    }
    LatencyDistribution {
        count: values.len(),
        unresolved,
        max_us: values.max(),
        histogram: histogram::encode(&values),
    }
}

fn trial(configuration: &Configuration, planned: PlannedTrial) -> TrialRecord {
    let rate = rate_of(configuration) * (1.0 + 0.06 * noise(&planned.trial_id));
    let paced = configuration.workload.arrival != Arrival::Unpaced;
    let window_s = 4.0;
    let acknowledged = (rate * window_s) as u64;
    let bytes = u64::from(configuration.workload.payload.size.max_bytes());
    let linger = number(configuration, "linger.ms");
    let median = if configuration.workload.send_mode == SendMode::Sync {
        800.0
    } else {
        1_500.0 + 1_000.0 * linger
    } * (1.0 + 0.1 * noise(&format!("{}p", planned.trial_id)))
        * if paced { 1.0 } else { 20.0 };
    let observable = configuration.acks != Acks::None;
    let total = acknowledged * 5 / 4;
    let waited = if paced { 0 } else { 1_600_000 };
    TrialRecord {
        schema_version: SCHEMA_VERSION,
        started_at: "2026-03-01T12:00:00Z".parse().unwrap(),
        elapsed_ms: 5_300.0,
        outcome: TrialOutcome::Completed,
        effective_properties: BTreeMap::new(),
        result: Some(TrialResult {
            window_s,
            stopped_early: false,
            counts: Counts {
                attempted: total,
                sent: total,
                acknowledged: total,
                acknowledged_bytes: total * bytes,
                ..Counts::default()
            },
            window: WindowCounts {
                attempted: acknowledged,
                sent: acknowledged,
                acknowledged,
                acknowledged_bytes: acknowledged * bytes,
                failed: 0,
                acknowledged_first_half: acknowledged / 2,
                acknowledged_second_half: acknowledged - acknowledged / 2,
                back_pressure_us: waited,
                back_pressure_waits: 100,
            },
            latencies: Latencies {
                service: observable.then(|| latency(median, RECORDS, 0)),
                response: (observable && paced).then(|| latency(median * 1.1, RECORDS, 0)),
                schedule_lag: paced.then(|| latency(40.0, RECORDS, 0)),
                send_call: Some(latency(3.0, RECORDS, 0)),
            },
            drain_ms: 12.5,
            client_cpu: CpuTime {
                user_us: (acknowledged as f64 * (0.5 + codec(configuration).1)) as u64,
                system_us: acknowledged / 20,
            },
            peak_memory_bytes: 60 << 20,
            serialization: None,
            drain: None,
            statistics: Some(statistics(configuration, total, bytes, linger)),
            offered: None,
            notes: Vec::new(),
        }),
        broker: BrokerFigures {
            appended: Some(total),
            window_appended: (!observable).then_some(acknowledged),
            window_appended_s: (!observable).then_some(window_s),
            cpu_us: Some(acknowledged / 2),
            ..BrokerFigures::default()
        },
        headroom: None,
        intervals: intervals(&planned.trial_id, rate, bytes, observable.then_some(median)),
        warnings: Vec::new(),
        saturation: None,
        planned,
    }
}

fn statistics(configuration: &Configuration, records: u64, bytes: u64, linger: f64) -> ClientStatistics {
    let framed = (records * bytes) as f64 / codec(configuration).0;
    let batches = ((records * bytes) as f64 / number(configuration, "batch.size")).max(1.0) as u64;
    ClientStatistics {
        wire_bytes: (framed * 1.02) as u64,
        batches,
        batch_records: records,
        batch_bytes: framed as u64,
        record_bytes: records * bytes,
        requests: BTreeMap::from([("Produce".to_owned(), batches), ("Metadata".to_owned(), 2)]),
        connects: 2,
        wakeups_per_s_max: 1_200.0,
        queue_count: records,
        queue_sum_us: (records as f64 * (400.0 + linger * 700.0)) as u64,
        socket_count: batches,
        socket_sum_us: batches * 80,
        broker_count: batches,
        broker_sum_us: batches * 1_900,
        queue_records_max: 90_000,
        queue_bytes_max: 90_000 * bytes,
        ..ClientStatistics::default()
    }
}

fn intervals(name: &str, rate: f64, bytes: u64, median_us: Option<f64>) -> Vec<Interval> {
    (-1..4)
        .map(|second| {
            let share = 1.0 + 0.08 * noise(&format!("{name}{second}"));
            let acknowledged = (rate * share) as u64;
            let latency = median_us.map(|us| WindowedLatency {
                count: acknowledged,
                p50_us: us as u64,
                p99_us: (us * 4.0 * share) as u64,
                max_us: (us * 9.0) as u64,
                histogram: None,
            });
            Interval {
                phase: if second < 0 { Phase::Warmup } else { Phase::Window },
                start_s: f64::from(second),
                length_s: 1.0,
                sent: acknowledged,
                acknowledged,
                acknowledged_bytes: acknowledged * bytes,
                failed: 0,
                back_pressure_us: 400_000,
                cpu_us: 900_000,
                queue_records: 50_000,
                queue_bytes: 50_000 * bytes,
                latency: IntervalLatency {
                    service: latency,
                    ..IntervalLatency::default()
                },
                brokers: vec![BrokerWindow {
                    at_s: f64::from(second) + 1.0,
                    broker: 1,
                    ..BrokerWindow::default()
                }],
                client: None,
                peak_memory_bytes: None,
                drain: None,
            }
        })
        .collect()
}
