//! What a finished trial found.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DrainResult, SerializationCost};

/// The figures of one trial, as its process saw them. Watermarks and broker CPU are the coordinator's to add.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialResult {
    /// Length of the window in s as it really was.
    pub window_s: f64,
    /// True when the trial was told to stop before its window was over. What was acknowledged during the drain then counts
    /// into the window too: such a trial's figures are for a look, not for comparing.
    pub stopped_early: bool,
    /// Over the whole trial: warm-up, window and drain.
    pub counts: Counts,
    /// In the window.
    pub window: WindowCounts,
    /// Of the records whose intended send (paced) or send-call entry (unpaced) lies in the window.
    pub latencies: Latencies,
    /// From the last send to the last verdict, in ms; to the end of the wait where records stayed undecided.
    pub drain_ms: f64,
    /// Time of the whole process in the window.
    pub client_cpu: CpuTime,
    /// Largest resident memory of the process so far, in bytes.
    pub peak_memory_bytes: u64,
    /// The client's own statistics over the whole trial; absent for clients that have none.
    pub statistics: Option<ClientStatistics>,
    /// The waiting queues and their scheduler, where the load has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<DrainResult>,
    /// What was asked for, where that is more than one rate: bursts, steps, ramps, traces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<OfferedLoad>,
    /// What serialization cost in the window; absent where values were not serialized while sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serialization: Option<SerializationCost>,
    /// What a reader must know about this trial's figures, in sentences.
    pub notes: Vec<String>,
}

/// What a load asked for whose rate is not the same at every moment, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferedLoad {
    /// Records due so near to the window's end that they could not be acknowledged in it, less those due so near to its
    /// start that they were acknowledged in it: by so many the records due in the window exceed what can be acknowledged
    /// there, also where the target keeps up. By the schedule, and the time that a record takes where the target keeps
    /// up: the lowest median of response latency of all levels; for bursts its 99th percentile.
    pub straddling: i64,
    /// Parts of the window: the steps, or equal parts of a ramp or trace. Empty for bursts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<OfferedLevel>,
}

/// A part of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferedLevel {
    /// Begin, in s since the window's start.
    pub start_s: f64,
    /// Length in s.
    pub length_s: f64,
    /// Records due in it.
    pub due: u64,
    /// As [`OfferedLoad::straddling`], for this part.
    pub straddling: i64,
    /// Acknowledgements that arrived in it; absent where there are none to be seen (`acks=0`).
    pub acknowledged: Option<u64>,
    /// Response latency of the records that were due in it, however late they were acknowledged.
    pub response: Option<LatencyDistribution>,
}

/// How a note begins that tells an error which the client reported outside of records.
pub const CLIENT_REPORTED: &str = "the client reported: ";

impl TrialResult {
    /// What the client reported when it had lost every broker during the load, as in `1/1 brokers are down` (librdkafka's
    /// `ERR__ALL_BROKERS_DOWN`); none where it never had. librdkafka words it `0/1` where one is being tried again at
    /// that moment: told only where there is nothing plainer.
    pub fn all_brokers_down(&self) -> Option<&str> {
        let reported = self.notes.iter().filter_map(|note| note.strip_prefix(CLIENT_REPORTED));
        reported
            .filter(|error| tells_all_brokers_down(error))
            .max_by_key(|error| !error.starts_with("0/"))
    }
}

/// Whether an error that the client reported says that it has lost every broker.
pub fn tells_all_brokers_down(error: &str) -> bool {
    error.contains("brokers are down")
}

/// Verdicts over the whole trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Send calls made: `sent` + those refused.
    pub attempted: u64,
    /// Records that the client took.
    pub sent: u64,
    /// Records acknowledged. With `acks=0`: records written to the socket.
    pub acknowledged: u64,
    /// Their key and value bytes.
    pub acknowledged_bytes: u64,
    /// `acknowledged`, by topic in the workload's order; absent where all records go to one topic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledged_by_topic: Vec<u64>,
    /// Records that failed, refused send calls included.
    pub failed: u64,
    /// Records with no verdict when the drain ended.
    pub undecided: u64,
    /// `failed`, split.
    pub failed_by_error: Vec<FailedCount>,
}

/// Whether a failed record may have been written all the same (librdkafka's message status).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersistenceStatus {
    /// Never sent: certainly not written.
    NotPersisted,
    /// Sent, but no verdict came: may have been written.
    PossiblyPersisted,
    /// Written, yet reported as failed.
    Persisted,
    /// The client does not say.
    Unknown,
}

/// Failed records with the same error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedCount {
    /// The client's name of the error, as in `MSG_TIMED_OUT`, or `MAX_BLOCK_MS` for a send call that found no room in time.
    pub error: String,
    /// Whether they may have been written.
    pub persistence: PersistenceStatus,
    /// How many.
    pub count: u64,
}

/// What happened inside the window, by the time at which it happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowCounts {
    /// Send calls due in the window (paced) or made in it (unpaced).
    pub attempted: u64,
    /// Records that the client took.
    pub sent: u64,
    /// Acknowledgements that arrived.
    pub acknowledged: u64,
    /// Their key and value bytes.
    pub acknowledged_bytes: u64,
    /// Records that failed.
    pub failed: u64,
    /// Acknowledgements in the first half of the window.
    pub acknowledged_first_half: u64,
    /// Acknowledgements in the second half.
    pub acknowledged_second_half: u64,
    /// Time that sending threads waited for room, in µs, summed over the threads.
    pub back_pressure_us: u64,
    /// How often they waited.
    pub back_pressure_waits: u64,
}

/// The latency distributions of one trial; absent where not observable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latencies {
    /// Acknowledgement − entry into the send call: service latency where paced, queueing latency where not.
    pub service: Option<LatencyDistribution>,
    /// Acknowledgement − intended send time; paced load only.
    pub response: Option<LatencyDistribution>,
    /// Entry into the send call − intended send time; paced load only.
    pub schedule_lag: Option<LatencyDistribution>,
    /// Time inside the send call, back-pressure included.
    pub send_call: Option<LatencyDistribution>,
}

/// One distribution. Its percentiles are read from `histogram`; they are never averaged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencyDistribution {
    /// Values recorded.
    pub count: u64,
    /// Records of the window that have no value, having failed or being undecided: they rank above every value.
    pub unresolved: u64,
    /// Largest value in µs.
    pub max_us: u64,
    /// HdrHistogram of 3 significant digits: V2, deflated, base64, values in µs.
    pub histogram: String,
}

/// Processor time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuTime {
    /// User time in µs.
    pub user_us: u64,
    /// System time in µs.
    pub system_us: u64,
}

/// librdkafka's statistics over a whole trial, summed over producers and brokers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientStatistics {
    /// Bytes written to the sockets, before TLS, retries and framing included.
    pub wire_bytes: u64,
    /// Record batches sent.
    pub batches: u64,
    /// Records in them.
    pub batch_records: u64,
    /// Bytes of them, after compression.
    pub batch_bytes: u64,
    /// Key and value bytes of the records sent.
    pub record_bytes: u64,
    /// Requests sent, by type as librdkafka names them.
    pub requests: BTreeMap<String, u64>,
    /// Requests sent again.
    pub retries: u64,
    /// Requests that failed to be sent.
    pub request_errors: u64,
    /// Requests without an answer in time.
    pub request_timeouts: u64,
    /// Connections made.
    pub connects: u64,
    /// Wake-ups of the busiest broker thread per second: far above its requests, that thread spins.
    pub wakeups_per_s_max: f64,
    /// `int_latency`, time in the client's queue: count.
    pub queue_count: u64,
    /// Sum in µs.
    pub queue_sum_us: u64,
    /// `outbuf_latency`, from request made to written to the socket: count.
    pub socket_count: u64,
    /// Sum in µs.
    pub socket_sum_us: u64,
    /// `rtt`, from request sent to response: count.
    pub broker_count: u64,
    /// Sum in µs.
    pub broker_sum_us: u64,
    /// Largest throttling time a broker asked for, in ms.
    pub throttle_max_ms: u64,
    /// Most records in the queue and in flight at any emission.
    pub queue_records_max: u64,
    /// Most bytes in the queue and in flight at any emission.
    pub queue_bytes_max: u64,
}
