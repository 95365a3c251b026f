//! The figures that one trial has by itself: the unit that every comparison works on.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::{Metric, offered_per_s};
use crate::profile::Configuration;
use crate::protocol::{Acks, ClientStatistics, LatencyDistribution, SendMode, TrialResult};
use crate::stats::encoded::Decoder;
use crate::stats::histogram::{self, Percentile};
use crate::store::{BrokerFigures, TrialOutcome, TrialRecord};

/// Percentiles that a trial can have, by metric.
const PERCENTILES: [(Metric, f64); 4] = [
    (Metric::LatencyP50, 0.5),
    (Metric::LatencyP90, 0.9),
    (Metric::LatencyP99, 0.99),
    (Metric::LatencyP999, 0.999),
];

/// The figures that a trial has by itself and that comparisons may be asked for, but percentiles.
const OF_TRIALS: &[Metric] = &[
    Metric::Throughput,
    Metric::ThroughputMb,
    Metric::OfferedRate,
    Metric::ClientCpu,
    Metric::ClientCpuPerGb,
    Metric::BrokerCpu,
    Metric::PeakMemory,
    Metric::CompressionRatio,
    Metric::RecordsPerBatch,
    Metric::BytesPerBatch,
    Metric::WireBytes,
    Metric::SerializedBytes,
    Metric::SerializeTime,
    Metric::SerializeShare,
    Metric::Requests,
];

/// The result of a trial whose figures count, or why they do not: a window that was ended early is another window than
/// that of the trials beside it.
pub fn completed_result(record: &TrialRecord) -> Result<&TrialResult, &str> {
    match (&record.outcome, &record.result) {
        (TrialOutcome::Failed { cause }, _) => Err(cause),
        (TrialOutcome::Completed, None) => Err("it reported no result"),
        (TrialOutcome::Completed, Some(result)) if result.stopped_early => Err("it was stopped early"),
        (TrialOutcome::Completed, Some(result)) => Ok(result),
    }
}

/// Records per second of one trial: what arrived in the window ÷ its length. With `acks=0` nothing arrives, and only
/// the growth of the log counts.
pub fn throughput(acks: Acks, result: &TrialResult, broker: &BrokerFigures) -> Option<f64> {
    match acks {
        Acks::None => broker.window_records_per_s(),
        Acks::Leader | Acks::All => ratio(result.window.acknowledged as f64, result.window_s),
    }
}

/// [`throughput`] of a stored trial; none where it reported no result.
pub fn records_per_s(acks: Acks, record: &TrialRecord) -> Option<f64> {
    throughput(acks, record.result.as_ref()?, &record.broker)
}

/// Key and value bytes of the mean record of the window. With `acks=0`, of those written to the socket: the same
/// records that are appended.
fn bytes_per_record(result: &TrialResult) -> Option<f64> {
    ratio(
        result.window.acknowledged_bytes as f64,
        result.window.acknowledged as f64,
    )
}

/// 10^6 bytes of key and value per second of one trial.
pub fn megabytes_per_s(acks: Acks, record: &TrialRecord) -> Option<f64> {
    match records_per_s(acks, record)? {
        // A trial in which nothing was acknowledged moved no bytes either.
        0.0 => Some(0.0),
        records_per_s => Some(records_per_s * bytes_per_record(record.result.as_ref()?)? / 1e6),
    }
}

/// None instead of a division by zero.
pub(crate) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

/// Produce requests among the client's statistics.
pub(crate) fn produce_requests(statistics: &ClientStatistics) -> u64 {
    statistics.requests.get("Produce").copied().unwrap_or(0)
}

/// One completed trial, and what its figures are read from.
#[derive(Clone, Copy, Debug)]
pub struct CompletedTrial<'a> {
    /// The trial.
    pub record: &'a TrialRecord,
    /// Its result.
    pub result: &'a TrialResult,
    configuration: &'a Configuration,
    warmup_ms: u64,
}

impl<'a> CompletedTrial<'a> {
    /// None where the trial's figures do not count. `warmup_ms` is that of the run.
    pub fn of(configuration: &'a Configuration, record: &'a TrialRecord, warmup_ms: u64) -> Option<Self> {
        Some(Self {
            result: completed_result(record).ok()?,
            record,
            configuration,
            warmup_ms,
        })
    }

    /// One figure of this trial, in the metric's unit; none where it was not measured or is not observable, and for
    /// percentiles: see [`Self::percentiles`].
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let acks = self.configuration.acks;
        let result = self.result;
        let statistics = result.statistics.as_ref();
        match metric {
            Metric::Throughput => records_per_s(acks, self.record),
            Metric::ThroughputMb => megabytes_per_s(acks, self.record),
            Metric::OfferedRate => {
                let arrival = &self.configuration.workload.arrival;
                let varies = arrival.constant_rate_per_s().is_none();
                offered_per_s(arrival, result).filter(|_| varies)
            }
            Metric::ClientCpu => ratio(self.client_cpu_us(), self.window_records()?),
            Metric::ClientCpuPerGb => {
                Some(ratio(self.client_cpu_us(), self.window_records()? * bytes_per_record(result)?)? * 1e3)
            }
            Metric::BrokerCpu => ratio(
                self.record.broker.cpu_in_window_us(result.window_s)?,
                self.window_records()?,
            ),
            Metric::PeakMemory => Some(result.peak_memory_bytes as f64),
            Metric::Drain => Some(result.drain_ms),
            Metric::Headroom => Some(self.record.headroom.as_ref()?.ratio),
            Metric::BackPressure => ratio(
                result.window.back_pressure_us as f64,
                result.window_s * 1e6 * self.sending_threads(),
            ),
            Metric::CompressionRatio => statistics.and_then(|s| ratio(s.record_bytes as f64, s.batch_bytes as f64)),
            Metric::RecordsPerBatch => statistics.and_then(|s| ratio(s.batch_records as f64, s.batches as f64)),
            Metric::BytesPerBatch => statistics.and_then(|s| ratio(s.batch_bytes as f64, s.batches as f64)),
            Metric::WireBytes => statistics.and_then(|s| ratio(s.wire_bytes as f64, s.batch_records as f64)),
            Metric::SerializedBytes => result.serialization.as_ref()?.bytes_per_record(),
            Metric::SerializeTime => result.serialization.as_ref()?.ns_per_record(),
            Metric::SerializeShare => {
                // Processor time: time by the clock is more than all of the process's on a busy machine.
                let time_us = result.serialization.as_ref()?.cpu_ns()? / 1e3;
                ratio(time_us, self.client_cpu_us())
            }
            Metric::Requests => statistics.and_then(|s| ratio(produce_requests(s) as f64, self.whole_s())),
            Metric::PartitionImbalance => Some(self.record.broker.imbalance()?.max_over_mean),
            Metric::PartitionVariation => Some(self.record.broker.imbalance()?.variation),
            Metric::Wakeups => statistics.map(|s| s.wakeups_per_s_max),
            _ => None,
        }
    }

    /// With `acks=0`, the records of the window are those that the log grew by, scaled to the window's length.
    fn window_records(&self) -> Option<f64> {
        Some(records_per_s(self.configuration.acks, self.record)? * self.result.window_s)
    }

    fn client_cpu_us(&self) -> f64 {
        (self.result.client_cpu.user_us + self.result.client_cpu.system_us) as f64
    }

    fn sending_threads(&self) -> f64 {
        let workload = &self.configuration.workload;
        f64::from(workload.producers)
            * match workload.send_mode {
                SendMode::Sync => f64::from(workload.send_concurrency),
                SendMode::Async | SendMode::FireAndForget => 1.0,
            }
    }

    /// Length of the whole trial: the client's statistics are those of all of it. Its intervals have nominal lengths:
    /// the last one is cut short.
    fn whole_s(&self) -> f64 {
        self.warmup_ms as f64 / 1e3 + self.result.window_s + self.result.drain_ms / 1e3
    }

    /// The latency that comparisons use: response latency where the load is paced, else service latency (there called
    /// queueing latency); none where the acknowledgement is not observable.
    pub fn headline_latency(&self) -> Option<&'a LatencyDistribution> {
        if self.configuration.acks == Acks::None {
            return None;
        }
        match self.configuration.workload.arrival.is_paced() {
            false => self.result.latencies.service.as_ref(),
            true => self.result.latencies.response.as_ref(),
        }
    }

    /// The percentiles of this trial's headline latency in µs; see [`percentiles`]. The decoder is one for many trials.
    pub fn percentiles(&self, decoder: &mut Decoder) -> BTreeMap<Metric, f64> {
        let Some(distribution) = self.headline_latency() else {
            return BTreeMap::new();
        };
        let Ok(buckets) = decoder.decode(&distribution.histogram) else {
            return BTreeMap::new();
        };
        values_of(|quantile| histogram::percentile_of_buckets(&buckets, distribution.unresolved, quantile))
    }

    /// One figure of this trial, percentiles of the headline latency among them; none where it was not measured, or is
    /// only a bound.
    pub fn figure(&self, metric: Metric) -> Option<f64> {
        match PERCENTILES.iter().any(|(percentile, _)| *percentile == metric) {
            true => self.percentiles(&mut Decoder::new()).remove(&metric),
            false => self.value(metric),
        }
    }

    /// Every figure of this trial that comparisons may be asked for, but percentiles.
    pub fn figures(&self) -> BTreeMap<Metric, f64> {
        OF_TRIALS
            .iter()
            .filter_map(|metric| Some((*metric, self.value(*metric)?)))
            .collect()
    }
}

/// The percentiles of one distribution in µs. One that records without a latency reach down to is no value but a bound,
/// and left out; so is one with fewer than 10 records beyond it.
pub(crate) fn percentiles(histogram: &Histogram<u64>, unresolved: u64) -> BTreeMap<Metric, f64> {
    values_of(|quantile| histogram::percentile(histogram, unresolved, quantile))
}

fn values_of(percentile: impl Fn(f64) -> Percentile) -> BTreeMap<Metric, f64> {
    let value = |quantile| match percentile(quantile) {
        Percentile {
            us: Some(us),
            at_least: false,
        } => Some(us as f64),
        _ => None,
    };
    PERCENTILES
        .into_iter()
        .filter_map(|(metric, quantile)| Some((metric, value(quantile)?)))
        .collect()
}
