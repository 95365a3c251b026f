//! What the tests here begin with.

use std::collections::BTreeMap;

use crate::protocol::{
    Acks, Arrival, ClientKind, Content, CouponKey, DrainOrder, METADATA_TIMEOUT_MS, PROTOCOL_VERSION, Payload, Records,
    ScheduledDrain, SendMode, Serialization, SerializerKind, Size, TrialSpec, UserPattern, WaitingQueues, Workload,
};

pub fn drain() -> ScheduledDrain {
    ScheduledDrain {
        users_per_s: 100.0,
        users_pattern: UserPattern::Constant,
        coupons: 2,
        every_us: 1_000_000,
        batch_size: 50,
        order: DrainOrder::SendThenRemove,
        queue: WaitingQueues::Memory,
        key: CouponKey::UserId,
        type_id: None,
    }
}

/// A trial of this drain that serializes so, with 7 as the schema's id.
pub fn spec(drain: ScheduledDrain, value: SerializerKind) -> TrialSpec {
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "t".to_owned(),
        topic: "t".to_owned(),
        partitions: 1,
        properties: BTreeMap::new(),
        acks: Acks::All,
        workload: Workload {
            send_mode: SendMode::Async,
            send_concurrency: 1,
            client: ClientKind::Librdkafka,
            producers: 1,
            arrival: Arrival::ScheduledDrain(drain),
            payload: Payload {
                size: Size::Fixed { bytes: 1 },
                content: Content::Json,
            },
            records: Records::default(),
            serialization: Some(Serialization {
                schema_id: Some(7),
                ..Serialization::of_coupons(value)
            }),
        },
        registry: BTreeMap::new(),
        max_block_ms: 100,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: 0,
        measure_ms: 1_000,
        drain_timeout_ms: 1_000,
        interval_ms: 250,
        statistics_interval_ms: 0,
        seed: 1,
        record_latencies: true,
    }
}
