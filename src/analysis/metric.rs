//! Every figure, declared once: its name, its unit, which way is better, how it is written and what it means. Tables,
//! charts, verdicts, gates and colours read it from here. How a figure becomes text is the report's.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profile::PrecisionMetric;

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: nothing is marked as best.
    Neither,
}

/// How a figure is written, and what its number is multiplied by before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// With an SI prefix, as in `1.24 M`.
    Scaled,
    /// Three significant digits.
    Plain,
    /// µs in, the fitting unit out.
    Time,
    /// ms in, the fitting unit out.
    TimeMs,
    /// Bytes with a binary prefix.
    Bytes,
    /// A ratio.
    Ratio,
    /// A whole number.
    Count,
    /// 0..1 in, per cent out.
    Share,
}

/// One figure per configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // Each one's meaning is its `definition`, which readers of the report see too.
pub enum Metric {
    Throughput,
    ThroughputMb,
    LatencyP50,
    LatencyP90,
    LatencyP99,
    LatencyP999,
    LatencyMax,
    ScheduleLagP99,
    SendCallP99,
    ClientCpu,
    ClientCpuPerGb,
    BrokerCpu,
    PeakMemory,
    CompressionRatio,
    RecordsPerBatch,
    BytesPerBatch,
    WireBytes,
    SerializedBytes,
    SerializeTime,
    SerializeShare,
    Requests,
    Retries,
    BackPressure,
    Headroom,
    Drain,
    QueueMean,
    SocketMean,
    BrokerMean,
    Wakeups,
    Throttle,
    Acknowledged,
    Appended,
    Surplus,
    Deficit,
    Failed,
    Undecided,
}

pub(crate) struct Declaration {
    id: &'static str,
    name: &'static str,
    short: &'static str,
    unit: &'static str,
    better: Better,
    pub(crate) style: Style,
    definition: &'static str,
}

/// The table of declarations: one row per metric, in the order of [`Metric::ALL`].
macro_rules! metrics {
    ($($metric:ident: $id:literal, $name:literal, $short:literal, $unit:literal, $better:ident, $style:ident, $definition:literal;)+) => {
        impl Metric {
            /// Every metric, the most asked for first.
            pub const ALL: &'static [Metric] = &[$(Metric::$metric),+];

            pub(crate) fn declaration(self) -> Declaration {
                match self {
                    $(Metric::$metric => Declaration {
                        id: $id, name: $name, short: $short, unit: $unit,
                        better: Better::$better, style: Style::$style, definition: $definition,
                    },)+
                }
            }
        }
    };
}

metrics! {
    Throughput: "throughput_records_per_s", "Throughput", "records/s", "records/s", Higher, Scaled,
        "Acknowledgements that arrived inside the window ÷ the window's length; never records handed to send. With acks=0, growth of the log between two time-stamped polls.";
    ThroughputMb: "throughput_mb_per_s", "Throughput in MB/s", "MB/s", "MB/s", Higher, Plain,
        "The same in 10^6 bytes of key and value per second, before compression.";
    LatencyP50: "latency_p50_us", "Latency p50", "p50", "µs", Lower, Time,
        "Half of the records were acknowledged within this time. Response latency where the load is paced, else queueing latency.";
    LatencyP90: "latency_p90_us", "Latency p90", "p90", "µs", Lower, Time,
        "Nine of ten records were acknowledged within this time.";
    LatencyP99: "latency_p99_us", "Latency p99", "p99", "µs", Lower, Time,
        "99 of 100 records were acknowledged within this time. From the histograms of all trials together; percentiles are never averaged.";
    LatencyP999: "latency_p99_9_us", "Latency p99.9", "p99.9", "µs", Lower, Time,
        "999 of 1,000 records were acknowledged within this time.";
    LatencyMax: "latency_max_us", "Largest latency", "max", "µs", Lower, Time,
        "The slowest record that was acknowledged.";
    ScheduleLagP99: "schedule_lag_p99_us", "Schedule lag p99", "lag p99", "µs", Lower, Time,
        "Entry into the send call − intended send time: how late the load generator was. Paced load only.";
    SendCallP99: "send_call_p99_us", "Send call p99", "send p99", "µs", Lower, Time,
        "Time that the caller was blocked inside send, back-pressure included.";
    ClientCpu: "client_cpu_us_per_record", "Client CPU per record", "CPU µs/rec", "µs/record", Lower, Plain,
        "User and system time of the trial's process in the window ÷ records acknowledged in it.";
    ClientCpuPerGb: "client_cpu_s_per_gb", "Client CPU per GB", "CPU s/GB", "s/GB", Lower, Plain,
        "The same per 10^9 bytes of key and value.";
    BrokerCpu: "broker_cpu_us_per_record", "Broker CPU per record", "broker µs/rec", "µs/record", Lower, Plain,
        "User and system time of all local brokers in the window ÷ records acknowledged in it. Local target only.";
    PeakMemory: "peak_memory_bytes", "Peak memory", "memory", "bytes", Lower, Bytes,
        "Largest resident memory of the trial's process.";
    CompressionRatio: "compression_ratio", "Compression ratio", "ratio", "×", Higher, Ratio,
        "Key and value bytes ÷ record-batch bytes as sent. Below 1 the batch's own framing outweighs what compression saved.";
    RecordsPerBatch: "records_per_batch", "Records per batch", "rec/batch", "records", Neither, Plain,
        "Records sent ÷ batches sent, over the whole trial.";
    BytesPerBatch: "bytes_per_batch", "Bytes per batch", "batch", "bytes", Neither, Bytes,
        "Batch bytes after compression ÷ batches sent.";
    WireBytes: "wire_bytes_per_record", "Wire bytes per record", "wire B/rec", "bytes/record", Lower, Plain,
        "Bytes written to the sockets ÷ records sent: before TLS, retries and framing included.";
    SerializedBytes: "serialized_bytes_per_record", "Serialized size", "value B", "bytes/record", Lower, Plain,
        "Bytes of a serialized value, Confluent's header of 5 bytes included: mean of the records of the window.";
    SerializeTime: "serialize_ns_per_record", "Serialization per record", "ser. ns/rec", "ns/record", Lower, Plain,
        "Time on the sending path from a logical record to its bytes: taken around each burst in the window ÷ its records.";
    SerializeShare: "serialize_cpu_share", "Serialization's share of client CPU", "ser. CPU", "%", Lower, Share,
        "Time spent serializing in the window ÷ client CPU of the window.";
    Requests: "requests_per_s", "Produce requests per second", "req/s", "requests/s", Neither, Scaled,
        "Produce requests ÷ length of the whole trial.";
    Retries: "retries", "Retries", "retries", "requests", Lower, Count,
        "Requests sent again, over all trials.";
    BackPressure: "back_pressure_share", "Back-pressure", "waiting", "%", Neither, Share,
        "Share of the sending threads' time spent waiting for room in the client's queue.";
    Headroom: "headroom", "Headroom", "headroom", "×", Higher, Ratio,
        "The same client work against a mock cluster ÷ this throughput: a lower bound. Near 1, the load generator was the bottleneck, not the broker.";
    Drain: "drain_ms", "Drain", "drain", "ms", Lower, TimeMs,
        "From the last send to the last verdict. Not part of throughput.";
    QueueMean: "queue_us_mean", "Time in the client's queue", "queue", "µs", Lower, Time,
        "librdkafka's int_latency: mean time of a record in the client's queue; sum ÷ count.";
    SocketMean: "socket_us_mean", "Time to the socket", "socket", "µs", Lower, Time,
        "librdkafka's outbuf_latency: mean time of a request from made to written to the socket.";
    BrokerMean: "broker_us_mean", "Time at the broker", "broker", "µs", Lower, Time,
        "librdkafka's rtt: mean time of a request from sent to answered, the network included.";
    Wakeups: "wakeups_per_s", "Wake-ups per second", "wake-ups/s", "1/s", Lower, Scaled,
        "Of the busiest broker thread. Far above its requests, that thread spins.";
    Throttle: "throttle_ms_max", "Throttling", "throttle", "ms", Lower, TimeMs,
        "The longest pause that a broker's quota asked for.";
    Acknowledged: "acknowledged", "Acknowledged", "acknowledged", "records", Neither, Count,
        "Records acknowledged over the whole of all trials that reported a result, failed ones included. With acks=0, written to the socket.";
    Appended: "appended", "Appended", "appended", "records", Neither, Count,
        "Growth of the high watermarks from before each trial to after its drain.";
    Surplus: "surplus", "Surplus", "surplus", "records", Lower, Count,
        "Appended beyond acknowledged: duplicates, or failed records that were written.";
    Deficit: "deficit", "Deficit", "deficit", "records", Lower, Count,
        "Acknowledged beyond appended: loss.";
    Failed: "failed", "Failed records", "failed rec.", "records", Lower, Count,
        "Records that failed, over the whole of all trials that reported a result, failed ones included. Never part of throughput.";
    Undecided: "undecided", "Undecided", "undecided", "records", Lower, Count,
        "Records without a verdict when the drain ended.";
}

impl Metric {
    /// The field's name in `summary.json` and in CSV.
    pub fn id(self) -> &'static str {
        self.declaration().id
    }

    /// What a reader calls it.
    pub fn name(self) -> &'static str {
        self.declaration().name
    }

    /// What a column calls it.
    pub fn short(self) -> &'static str {
        self.declaration().short
    }

    /// The unit of [`Self::value`].
    pub fn unit(self) -> &'static str {
        self.declaration().unit
    }

    /// Which way is better.
    pub fn better(self) -> Better {
        self.declaration().better
    }

    /// Whether `a` is better than `b`; never, where neither way is better.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        match self.better() {
            Better::Higher => a > b,
            Better::Lower => a < b,
            Better::Neither => false,
        }
    }

    /// What it means, in plain words.
    pub fn definition(self) -> &'static str {
        self.declaration().definition
    }

    /// Whether it is a percentile of the latency up to the acknowledgement, which `acks=0` does not have.
    pub fn is_latency(self) -> bool {
        matches!(
            self,
            Metric::LatencyP50 | Metric::LatencyP90 | Metric::LatencyP99 | Metric::LatencyP999 | Metric::LatencyMax
        )
    }

    /// The metric of this id; none where there is no such.
    pub fn of_id(id: &str) -> Option<Metric> {
        Metric::ALL.iter().copied().find(|metric| metric.id() == id)
    }
}

impl From<PrecisionMetric> for Metric {
    fn from(metric: PrecisionMetric) -> Metric {
        match metric {
            PrecisionMetric::Throughput => Metric::Throughput,
            PrecisionMetric::LatencyP50 => Metric::LatencyP50,
            PrecisionMetric::LatencyP99 => Metric::LatencyP99,
            PrecisionMetric::LatencyP999 => Metric::LatencyP999,
            PrecisionMetric::ClientCpu => Metric::ClientCpu,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Metric {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Metric, D::Error> {
        let id = String::deserialize(deserializer)?;
        Metric::of_id(&id).ok_or_else(|| serde::de::Error::custom(format!("{id:?} is no metric")))
    }
}

impl JsonSchema for Metric {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Metric".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let ids: Vec<&str> = Metric::ALL.iter().map(|metric| metric.id()).collect();
        schemars::json_schema!({ "type": "string", "enum": ids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_found_again_and_is_unique() {
        for metric in Metric::ALL {
            assert_eq!(Metric::of_id(metric.id()), Some(*metric));
        }
        assert_eq!(Metric::of_id("no_such"), None);
    }

    #[test]
    fn what_a_precision_goes_by_is_called_the_same() {
        for metric in PrecisionMetric::ALL {
            assert_eq!(Metric::from(metric).id(), metric.id());
        }
    }
}
