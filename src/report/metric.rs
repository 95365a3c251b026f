//! Every figure that is shown, declared once: its name, its unit, which way is better, how it is written and what it
//! means. Tables, charts, colours and definitions read it from here.

use super::charts::{Better, Measure, Unit};
use super::format;
use super::summary::{ConfigurationSummary, LatencySummary};
use crate::stats::Spread;

/// How a figure is written, and what its number is multiplied by before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
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

struct Declaration {
    id: &'static str,
    name: &'static str,
    short: &'static str,
    unit: &'static str,
    better: Better,
    style: Style,
    definition: &'static str,
}

/// The table of declarations: one row per metric, in the order of [`Metric::ALL`].
macro_rules! metrics {
    ($($metric:ident: $id:literal, $name:literal, $short:literal, $unit:literal, $better:ident, $style:ident, $definition:literal;)+) => {
        impl Metric {
            /// Every metric, the most asked for first.
            pub const ALL: &'static [Metric] = &[$(Metric::$metric),+];

            fn declaration(self) -> Declaration {
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
        "Records acknowledged over the whole of all completed trials. With acks=0, written to the socket.";
    Appended: "appended", "Appended", "appended", "records", Neither, Count,
        "Growth of the high watermarks from before each trial to after its drain.";
    Surplus: "surplus", "Surplus", "surplus", "records", Lower, Count,
        "Appended beyond acknowledged: duplicates, or failed records that were written.";
    Deficit: "deficit", "Deficit", "deficit", "records", Lower, Count,
        "Acknowledged beyond appended: loss.";
    Failed: "failed", "Failed records", "failed rec.", "records", Lower, Count,
        "Records that failed, over the whole of all completed trials. Never part of throughput.";
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

    /// For an axis of a chart: name, unit, which way is better. Its numbers are those of [`Self::drawn`].
    pub fn measure(self) -> Measure {
        Measure::new(self.name(), self.chart_unit(), self.better())
    }

    fn chart_unit(self) -> Unit {
        match self.declaration().style {
            Style::Scaled => Unit::Si(self.unit().to_owned()),
            Style::Plain | Style::Count => Unit::Plain(self.unit().to_owned()),
            Style::Time | Style::TimeMs => Unit::Microseconds,
            Style::Bytes => Unit::Bytes,
            Style::Ratio => Unit::Ratio,
            Style::Share => Unit::Percent,
        }
    }

    /// A value of this metric in the unit that charts draw it in.
    pub fn drawn(self, value: f64) -> f64 {
        match self.declaration().style {
            Style::TimeMs => value * 1e3,
            Style::Share => value * 100.0,
            _ => value,
        }
    }

    /// A value as text, with a prefix or unit where its size asks for one. The unit that never changes is in
    /// [`Self::unit`].
    pub fn format(self, value: f64) -> String {
        match self.declaration().style {
            Style::Count if value >= 0.0 => format::count(value.round() as u64),
            _ => self.chart_unit().bare(self.drawn(value)),
        }
    }

    /// A value with its unit: as in a sentence.
    pub fn format_with_unit(self, value: f64) -> String {
        match self.declaration().style {
            Style::Count => format!("{} {}", self.format(value), self.unit()),
            _ => self.chart_unit().format(self.drawn(value)),
        }
    }

    /// A range as text: smallest to largest.
    pub fn format_range(self, min: f64, max: f64) -> String {
        format::range(&self.chart_unit(), self.drawn(min), self.drawn(max))
    }

    /// The figure of one configuration; none where it was not measured or not observable.
    pub fn value(self, of: &ConfigurationSummary) -> Option<f64> {
        let count = |value: Option<u64>| value.map(|value| value as f64);
        // A trial that crashed counted nothing, which is not the same as counting none.
        let counted = of.acknowledged + of.failed + of.undecided > 0;
        let ran = |value: u64| (of.trials.completed > 0 || counted).then_some(value as f64);
        match self {
            Metric::Throughput => of.throughput_records_per_s.as_ref().map(|spread| spread.median),
            Metric::ThroughputMb => of.throughput_mb_per_s.as_ref().map(|spread| spread.median),
            Metric::LatencyP50 => count(of.headline_latency()?.p50),
            Metric::LatencyP90 => count(of.headline_latency()?.p90),
            Metric::LatencyP99 => count(of.headline_latency()?.p99),
            Metric::LatencyP999 => count(of.headline_latency()?.p99_9),
            Metric::LatencyMax => count(of.headline_latency()?.max),
            Metric::ScheduleLagP99 => count(of.schedule_lag_us.as_ref()?.p99),
            Metric::SendCallP99 => count(of.send_call_us.as_ref()?.p99),
            Metric::ClientCpu => of.client_cpu_us_per_record,
            Metric::ClientCpuPerGb => of.client_cpu_s_per_gb,
            Metric::BrokerCpu => of.broker_cpu_us_per_record,
            Metric::PeakMemory => of.peak_memory_bytes,
            Metric::CompressionRatio => of.compression_ratio,
            Metric::RecordsPerBatch => of.records_per_batch,
            Metric::BytesPerBatch => of.bytes_per_batch,
            Metric::WireBytes => of.wire_bytes_per_record,
            Metric::Requests => of.requests_per_s,
            Metric::Retries => count(of.retries),
            Metric::BackPressure => of.back_pressure_share,
            Metric::Headroom => of.headroom,
            Metric::Drain => of.drain_ms,
            Metric::QueueMean => of.queue_us_mean,
            Metric::SocketMean => of.socket_us_mean,
            Metric::BrokerMean => of.broker_us_mean,
            Metric::Wakeups => of.wakeups_per_s,
            Metric::Throttle => count(of.throttle_ms_max),
            Metric::Acknowledged => ran(of.acknowledged),
            Metric::Appended => count(of.appended),
            Metric::Surplus => count(of.surplus),
            Metric::Deficit => count(of.deficit),
            Metric::Failed => ran(of.failed),
            Metric::Undecided => ran(of.undecided),
        }
    }

    /// The values of the single trials, where the figure is one per trial.
    pub fn spread(self, of: &ConfigurationSummary) -> Option<&Spread> {
        match self {
            Metric::Throughput => of.throughput_records_per_s.as_ref(),
            Metric::ThroughputMb => of.throughput_mb_per_s.as_ref(),
            Metric::LatencyP99 => of.headline_latency()?.p99_of_trials.as_ref(),
            other => of.spreads.get(other.id()),
        }
    }

    /// Whether the figure is a lower bound, because records without a latency reach down to it.
    pub fn is_at_least(self, of: &ConfigurationSummary) -> bool {
        let at_least =
            |summary: Option<&LatencySummary>, field| summary.is_some_and(|latency| latency.is_at_least(field));
        match self {
            Metric::LatencyP50 => at_least(of.headline_latency(), "p50"),
            Metric::LatencyP90 => at_least(of.headline_latency(), "p90"),
            Metric::LatencyP99 => at_least(of.headline_latency(), "p99"),
            Metric::LatencyP999 => at_least(of.headline_latency(), "p99_9"),
            Metric::LatencyMax => at_least(of.headline_latency(), "max"),
            Metric::ScheduleLagP99 => at_least(of.schedule_lag_us.as_ref(), "p99"),
            Metric::SendCallP99 => at_least(of.send_call_us.as_ref(), "p99"),
            _ => false,
        }
    }

    /// Whether it is a percentile of the latency up to the acknowledgement, which `acks=0` does not have.
    pub fn is_latency(self) -> bool {
        matches!(
            self,
            Metric::LatencyP50 | Metric::LatencyP90 | Metric::LatencyP99 | Metric::LatencyP999 | Metric::LatencyMax
        )
    }

    /// The figure of one configuration as a cell shows it: `≥` before a lower bound, `†` before a throughput that the
    /// load generator itself may have limited, `n/o` where it is not observable, a dash where it was not measured.
    pub fn cell(self, of: &ConfigurationSummary) -> String {
        if self.is_latency() && !of.latency_observable {
            return "n/o".to_owned();
        }
        match (self.value(of), self.is_at_least(of)) {
            (Some(value), false) if self == Metric::Throughput && of.little_headroom().is_some() => {
                format!("† {}", self.format(value))
            }
            (Some(value), false) => self.format(value),
            (Some(value), true) => format!("≥ {}", self.format(value)),
            (None, true) => "≥ ?".to_owned(),
            (None, false) => format::NOTHING.to_owned(),
        }
    }
}
