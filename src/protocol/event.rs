//! What a trial process says while it runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DrainInterval, TrialResult};

/// Which part of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Load that is not counted.
    Warmup,
    /// The measurement window.
    Window,
    /// After the last send, until the last verdict.
    Drain,
}

/// One line from a trial process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum TrialEvent {
    /// The first line.
    Hello {
        /// The protocol it speaks.
        protocol_version: u32,
        /// The client library and its version, as in `librdkafka 2.12.1`.
        client_version: String,
    },
    /// The client exists and has the topic's metadata.
    Ready {
        /// Every property of the client as it is in effect, secrets masked.
        effective_properties: BTreeMap<String, String>,
        /// Time from creating the client to having the metadata, in ms.
        metadata_wait_ms: f64,
    },
    /// The window begins now.
    WindowStarted,
    /// One reporting interval is over.
    Interval(Box<Interval>),
    /// The window ends now; no more records are sent.
    WindowEnded,
    /// The last line of a trial that came to its end.
    Result(Box<TrialResult>),
    /// The last line of a trial that could not go on.
    Failed {
        /// Why, in the client's or broker's own words, secrets masked.
        cause: String,
    },
}

/// What happened in one reporting interval, by the time at which it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Which part of the trial; an interval never straddles two.
    pub phase: Phase,
    /// Begin, in s since the window's start; negative in the warm-up.
    pub start_s: f64,
    /// Length in s.
    pub length_s: f64,
    /// Records that the client took.
    pub sent: u64,
    /// Records acknowledged.
    pub acknowledged: u64,
    /// Their key and value bytes.
    pub acknowledged_bytes: u64,
    /// Records failed.
    pub failed: u64,
    /// Time that sending threads waited for room, in µs, summed over the threads.
    pub back_pressure_us: u64,
    /// User and system time of the process, in µs.
    pub cpu_us: u64,
    /// Records in the client's queue and in flight at the interval's end.
    pub queue_records: u64,
    /// Their bytes.
    pub queue_bytes: u64,
    /// Latencies of the records of the window that were acknowledged in this interval.
    pub latency: IntervalLatency,
    /// The client's own windows of each broker, for clients that have them.
    pub brokers: Vec<BrokerWindow>,
    /// Growth of the client's own counters, for clients that have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientInterval>,
    /// Largest resident memory of the process until the interval's end, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// The waiting queues and their scheduler, where the load has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<DrainInterval>,
}

/// By how much the client's own counters grew, summed over producers and brokers. The client tells them period by period,
/// and a period belongs to the interval in which it ends: an edge is known to one period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientInterval {
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
    /// Produce requests sent.
    pub produce_requests: u64,
    /// Requests sent, of all types.
    pub requests: u64,
    /// Requests sent again.
    pub retries: u64,
    /// Wake-ups of all broker threads.
    pub wakeups: u64,
}

/// Latency histograms of one interval; absent where not observable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntervalLatency {
    /// Acknowledgement − entry into the send call.
    pub service: Option<WindowedLatency>,
    /// Acknowledgement − intended send time; paced load only.
    pub response: Option<WindowedLatency>,
    /// Entry into the send call − intended send time; paced load only.
    pub schedule_lag: Option<WindowedLatency>,
    /// Time inside the send call.
    pub send_call: Option<WindowedLatency>,
}

/// One histogram of one interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowedLatency {
    /// Number of values.
    pub count: u64,
    /// Median in µs.
    pub p50_us: u64,
    /// 99th percentile in µs.
    pub p99_us: u64,
    /// Largest value in µs.
    pub max_us: u64,
    /// The histogram: HdrHistogram V2, deflated, base64, values in µs. Moved into the `.hlog` when stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<String>,
}

/// librdkafka's own rolling windows of one broker over one statistics period. Percentiles of different periods or
/// brokers cannot be combined; sums and counts can.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrokerWindow {
    /// End of the period, in s since the window's start.
    pub at_s: f64,
    /// The broker's node id.
    pub broker: i32,
    /// `int_latency`: time in the client's queue; count.
    pub queue_count: u64,
    /// Sum in µs.
    pub queue_sum_us: u64,
    /// Median in µs.
    pub queue_p50_us: u64,
    /// 99th percentile in µs.
    pub queue_p99_us: u64,
    /// `outbuf_latency`: time from request made to written to the socket; count.
    pub socket_count: u64,
    /// Sum in µs.
    pub socket_sum_us: u64,
    /// Median in µs.
    pub socket_p50_us: u64,
    /// 99th percentile in µs.
    pub socket_p99_us: u64,
    /// `rtt`: time from request sent to response; count.
    pub broker_count: u64,
    /// Sum in µs.
    pub broker_sum_us: u64,
    /// Median in µs.
    pub broker_p50_us: u64,
    /// 99th percentile in µs.
    pub broker_p99_us: u64,
    /// `throttle`: largest throttling time the broker asked for, in ms.
    pub throttle_max_ms: u64,
}
