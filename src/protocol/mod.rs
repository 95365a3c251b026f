//! What the coordinator and a trial process say to each other, and the words both use.
//!
//! A trial process reads one [`TrialSpec`] as a single line of JSON from its standard input and answers with
//! [`TrialEvent`]s, one line of JSON each, on its standard output. When its standard input is closed after that
//! line, it stops sending, drains and reports what it has. Any program that does this, in any language, can be a
//! trial process. The schema files are `schemas/trial-spec.schema.json` and `schemas/trial-event.schema.json`.

mod arrival;
mod drain;
mod event;
mod rates;
mod records;
mod result;
mod serialization;
mod spec;
mod workload;

pub use arrival::{Arrival, MAX_RATE_PER_S, RateStep, TimeUnit, TraceValues};
pub use drain::{
    CouponKey, DrainInterval, DrainOrder, DrainResult, MAX_USERS_PER_S, QueueLength, ScheduledDrain, UserPattern,
    WaitingQueues,
};
pub use event::{BrokerWindow, ClientInterval, Interval, IntervalLatency, Phase, TrialEvent, WindowedLatency};
pub use rates::RateSegment;
pub use records::{Header, HeaderContent, Key, KeyForm, Partitioner, PayloadPart, Records, Timestamps, WeightedTopic};
pub use result::{
    CLIENT_REPORTED, ClientStatistics, Counts, CpuTime, FailedCount, Latencies, LatencyDistribution, OfferedLevel,
    OfferedLoad, PersistenceStatus, TrialResult, WindowCounts, tells_all_brokers_down,
};
pub use serialization::{
    RecordKind, SchemaFile, Serialization, SerializationCost, SerializerKind, SubjectNameStrategy,
};
pub use spec::{METADATA_TIMEOUT_MS, PROTOCOL_VERSION, TrialSpec};
pub use workload::{
    Acks, ClientKind, Content, FileSplit, GENERATED_JSON_BYTES, GENERATED_JSON_FIELDS, MAX_PAYLOAD_POOL_BYTES, Payload,
    SendMode, Size, TargetKind, WeightedSize, Workload,
};
