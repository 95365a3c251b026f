//! Documents for tests.

use std::collections::BTreeMap;

use super::{
    BrokerFigures, Host, Manifest, PlannedTrial, SCHEMA_VERSION, TargetDescription, TrialOutcome, TrialRecord,
};
use crate::profile::{AxisSetting, Configuration, Defaults, Order, RunSettings, TargetSettings, TopicSettings};
use crate::protocol::{
    Acks, Arrival, ClientKind, ClientStatistics, Content, Counts, CpuTime, Latencies, Payload, Records, SendMode, Size,
    TargetKind, TrialResult, WindowCounts, Workload,
};

pub(crate) fn workload() -> Workload {
    Workload {
        send_mode: SendMode::Async,
        send_concurrency: 1,
        client: ClientKind::Librdkafka,
        producers: 1,
        arrival: Arrival::Unpaced,
        payload: Payload {
            size: Size::Fixed { bytes: 100 },
            content: Content::Random,
        },
        records: Records::default(),
        serialization: None,
    }
}

pub(crate) fn configuration(id: &str) -> Configuration {
    Configuration {
        id: id.to_owned(),
        label: "acks=all".to_owned(),
        axes: vec![AxisSetting {
            axis: "acks".to_owned(),
            value: "all".to_owned(),
            number: None,
        }],
        properties: BTreeMap::from([("acks".to_owned(), "all".to_owned())]),
        effective_properties: BTreeMap::from([("acks".to_owned(), "-1".to_owned())]),
        max_block_ms: 60_000,
        acks: Acks::All,
        partitions: 3,
        workload: workload(),
        warnings: Vec::new(),
    }
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        kpbench_version: "0.1.0".to_owned(),
        git_commit: None,
        created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        command: vec!["kpbench".to_owned(), "run".to_owned()],
        profile_name: "sample".to_owned(),
        profile_description: String::new(),
        profile_source: String::new(),
        defaults: Defaults::Librdkafka,
        target: TargetDescription {
            kind: TargetKind::Mock,
            brokers: 1,
            software: None,
            cluster_id: None,
            conditioned_ms: 0,
            local_brokers: None,
        },
        target_settings: TargetSettings {
            kind: TargetKind::Mock,
            brokers: 1,
            bootstrap_servers: None,
            connection: BTreeMap::new(),
            broker_config: BTreeMap::new(),
        },
        topic: TopicSettings {
            existing: None,
            replication_factor: 1,
            config: BTreeMap::new(),
        },
        run: RunSettings {
            repetitions: 2,
            warmup_ms: 100,
            measure_ms: 1_000,
            drain_timeout_ms: 1_000,
            conditioning_ms: 0,
            headroom: false,
            headroom_measure_ms: 500,
            order: Order::Random,
            seed: 1,
            precision: None,
        },
        host: Host {
            cores: 2,
            cpu: "a processor".to_owned(),
            memory_bytes: 1 << 30,
            os: "Linux".to_owned(),
        },
        client_version: "librdkafka 2.12.1".to_owned(),
        configurations: vec![configuration("c-00000001")],
        plan: crate::plan::plan(&["c-00000001"], 2, Order::Random, 1),
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

pub(crate) fn record(planned: PlannedTrial) -> TrialRecord {
    TrialRecord {
        schema_version: SCHEMA_VERSION,
        planned,
        started_at: "2026-01-02T03:04:06Z".parse().unwrap(),
        elapsed_ms: 1_234.5,
        outcome: TrialOutcome::Failed {
            cause: "a cause".to_owned(),
        },
        result: None,
        broker: BrokerFigures::default(),
        headroom: None,
        effective_properties: BTreeMap::new(),
        intervals: Vec::new(),
        warnings: Vec::new(),
        saturation: None,
    }
}

/// A trial of two seconds in which all went well.
pub(crate) fn result() -> TrialResult {
    TrialResult {
        window_s: 2.0,
        stopped_early: false,
        counts: Counts {
            attempted: 3_000,
            sent: 3_000,
            acknowledged: 3_000,
            acknowledged_bytes: 1,
            ..Counts::default()
        },
        window: WindowCounts {
            acknowledged: 2_000,
            acknowledged_first_half: 1_000,
            acknowledged_second_half: 1_000,
            ..WindowCounts::default()
        },
        latencies: Latencies::default(),
        drain_ms: 1.0,
        client_cpu: CpuTime::default(),
        peak_memory_bytes: 1,
        serialization: None,
        drain: None,
        statistics: Some(ClientStatistics {
            batches: 10,
            batch_records: 3_000,
            batch_bytes: 100_000,
            record_bytes: 300_000,
            ..ClientStatistics::default()
        }),
        offered: None,
        notes: Vec::new(),
    }
}
