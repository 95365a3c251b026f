//! How figures become text, and where a configuration's summary holds them. What they are is declared in
//! [`crate::analysis::Metric`].

use super::charts::{Measure, Unit};
use super::format;
use super::summary::{ConfigurationSummary, LatencySummary};
use crate::analysis::Style;
use crate::stats::Spread;

pub use crate::analysis::Metric;

impl Metric {
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
            Metric::OfferedRate => of.offered_records_per_s,
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
            Metric::SerializedBytes => of.serialized_bytes_per_record,
            Metric::SerializeTime => of.serialize_ns_per_record,
            Metric::SerializeShare => of.serialize_cpu_share,
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
            Metric::PartitionImbalance => of.partition_max_over_mean,
            Metric::PartitionVariation => of.partition_variation,
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

    /// Whether the figure carries the mark of trials that fell behind their schedule: p99, and throughput where latency is
    /// not observable.
    fn is_marked_saturated(self, of: &ConfigurationSummary) -> bool {
        let marked = match of.latency_observable {
            true => Metric::LatencyP99,
            false => Metric::Throughput,
        };
        self == marked && of.trials.saturated > 0
    }

    /// The figure of one configuration as a cell shows it: `≥` before a lower bound, `†` before a throughput that the
    /// load generator itself may have limited, `‡` where trials fell behind their schedule, `n/o` where it is not observable, a dash where it was not measured.
    pub fn cell(self, of: &ConfigurationSummary) -> String {
        if self.is_latency() && !of.latency_observable {
            return "n/o".to_owned();
        }
        match (self.value(of), self.is_at_least(of)) {
            (Some(value), false) if self == Metric::Throughput && of.little_headroom().is_some() => {
                format!("† {}", self.format(value))
            }
            (Some(value), false) if self.is_marked_saturated(of) => format!("‡ {}", self.format(value)),
            (Some(value), true) if self.is_marked_saturated(of) => format!("‡ ≥ {}", self.format(value)),
            (Some(value), false) => self.format(value),
            (Some(value), true) => format!("≥ {}", self.format(value)),
            (None, true) => "≥ ?".to_owned(),
            (None, false) => format::NOTHING.to_owned(),
        }
    }
}
