//! One configuration's figures from its trials.

use std::collections::BTreeMap;

use super::latency::{CurvePoint, Merged};
use super::model::{ConfigurationSummary, ServiceLatencyIs, TrialCounts, TrialFailure};
use crate::profile::Configuration;
use crate::protocol::{Acks, Arrival, ClientStatistics, Counts, FailedCount, SendMode, TrialResult};
use crate::report::alike;
use crate::report::metric::Metric;
use crate::stats::Spread;
use crate::store::{TrialOutcome, TrialRecord};

/// One completed trial with what its coordinator saw.
struct Completed<'a> {
    record: &'a TrialRecord,
    result: &'a TrialResult,
}

/// The figures of one configuration, and its percentile curve.
pub(super) fn summarize(
    configuration: &Configuration,
    records: &[&TrialRecord],
    warmup_ms: u64,
) -> (ConfigurationSummary, Vec<CurvePoint>) {
    let mut warnings = configuration.warnings.clone();
    let mut trials = TrialCounts::default();
    let mut completed = Vec::new();
    for record in records {
        warnings.extend(record.warnings.iter().cloned());
        match completed_result(record) {
            Ok(result) => {
                warnings.extend(result.notes.iter().cloned());
                completed.push(Completed { record, result });
            }
            Err(cause) => trials.failures.push(failure(record, cause)),
        }
        if record.result.as_ref().is_some_and(|result| result.stopped_early) {
            warnings.push("a trial was stopped early: it does not count".to_owned());
        }
    }
    trials.completed = completed.len() as u64;
    trials.failed = trials.failures.len() as u64;

    let mut summary = blank(configuration, trials);
    throughput(&mut summary, &completed);
    counts(&mut summary, records);
    let curve = latencies(&mut summary, &completed, &mut warnings);
    per_trial_figures(&mut summary, &completed, warmup_ms);
    totals(&mut summary, &completed);
    warnings.extend(own_warnings(&summary, &completed));
    summary.warnings = alike::once_each(warnings);
    (summary, curve)
}

/// The result of a trial whose figures count, or why they do not: a window that was ended early is another window than
/// that of the trials beside it.
pub(in crate::report) fn completed_result(record: &TrialRecord) -> Result<&TrialResult, &str> {
    match (&record.outcome, &record.result) {
        (TrialOutcome::Failed { cause }, _) => Err(cause),
        (TrialOutcome::Completed, None) => Err("it reported no result"),
        (TrialOutcome::Completed, Some(result)) if result.stopped_early => Err("it was stopped early"),
        (TrialOutcome::Completed, Some(result)) => Ok(result),
    }
}

fn failure(record: &TrialRecord, cause: &str) -> TrialFailure {
    TrialFailure {
        trial_id: record.planned.trial_id.clone(),
        cause: cause.to_owned(),
    }
}

fn blank(configuration: &Configuration, trials: TrialCounts) -> ConfigurationSummary {
    ConfigurationSummary {
        id: configuration.id.clone(),
        label: configuration.label.clone(),
        axes: configuration.axes.clone(),
        properties: configuration.properties.clone(),
        effective_properties: configuration.effective_properties.clone(),
        acks: configuration.acks,
        partitions: configuration.partitions,
        workload: configuration.workload.clone(),
        trials,
        throughput_records_per_s: None,
        throughput_mb_per_s: None,
        latency_observable: configuration.acks != Acks::None,
        service_latency_is: match configuration.workload.arrival {
            Arrival::Unpaced => ServiceLatencyIs::Queueing,
            Arrival::Constant { .. } => ServiceLatencyIs::Service,
        },
        service_latency_us: None,
        response_latency_us: None,
        schedule_lag_us: None,
        send_call_us: None,
        acknowledged: 0,
        failed: 0,
        undecided: 0,
        appended: None,
        surplus: None,
        deficit: None,
        failed_by_error: Vec::new(),
        compression_ratio: None,
        client_cpu_us_per_record: None,
        client_cpu_s_per_gb: None,
        peak_memory_bytes: None,
        broker_cpu_us_per_record: None,
        records_per_batch: None,
        bytes_per_batch: None,
        wire_bytes_per_record: None,
        requests: None,
        requests_per_s: None,
        retries: None,
        back_pressure_share: None,
        headroom: None,
        drain_ms: None,
        queue_us_mean: None,
        socket_us_mean: None,
        broker_us_mean: None,
        wakeups_per_s: None,
        throttle_ms_max: None,
        spreads: BTreeMap::new(),
        warnings: Vec::new(),
    }
}

/// Records per second of one trial: what arrived in the window ÷ its length. With `acks=0` nothing arrives, and only
/// the growth of the log counts.
pub(in crate::report) fn records_per_s(acks: Acks, record: &TrialRecord) -> Option<f64> {
    match acks {
        Acks::None => record.broker.window_records_per_s(),
        Acks::Leader | Acks::All => {
            let result = record.result.as_ref()?;
            ratio(result.window.acknowledged as f64, result.window_s)
        }
    }
}

/// Key and value bytes of the mean record of the window. With `acks=0`, of those written to the socket: the same
/// records that are appended.
fn bytes_per_record(result: &TrialResult) -> Option<f64> {
    ratio(
        result.window.acknowledged_bytes as f64,
        result.window.acknowledged as f64,
    )
}

pub(in crate::report) fn megabytes_per_s(acks: Acks, record: &TrialRecord) -> Option<f64> {
    Some(records_per_s(acks, record)? * bytes_per_record(record.result.as_ref()?)? / 1e6)
}

/// None instead of a division by zero.
fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

fn throughput(summary: &mut ConfigurationSummary, completed: &[Completed<'_>]) {
    let acks = summary.acks;
    summary.throughput_records_per_s = Spread::of(completed.iter().filter_map(|t| records_per_s(acks, t.record)));
    // A trial in which nothing was acknowledged moved no bytes either.
    summary.throughput_mb_per_s = Spread::of(completed.iter().filter_map(|t| match records_per_s(acks, t.record)? {
        0.0 => Some(0.0),
        _ => megabytes_per_s(acks, t.record),
    }));
}

/// Sums over every trial that reported a result, also those whose figures do not count: where all records failed, the
/// trial is a failed one, and its failures are what a reader looks for.
fn counts(summary: &mut ConfigurationSummary, records: &[&TrialRecord]) {
    let mut by_error: BTreeMap<(String, _), u64> = BTreeMap::new();
    let told: Vec<(&TrialRecord, &Counts)> = records
        .iter()
        .filter_map(|record| Some((*record, &record.result.as_ref()?.counts)))
        .collect();
    for (_, counts) in &told {
        summary.acknowledged += counts.acknowledged;
        summary.failed += counts.failed;
        summary.undecided += counts.undecided;
        for failed in &counts.failed_by_error {
            *by_error.entry((failed.error.clone(), failed.persistence)).or_default() += failed.count;
        }
    }
    summary.failed_by_error = by_error
        .into_iter()
        .map(|((error, persistence), count)| FailedCount {
            error,
            persistence,
            count,
        })
        .collect();
    summary
        .failed_by_error
        .sort_by_key(|failed| std::cmp::Reverse(failed.count));
    if told.is_empty() {
        return;
    }
    // A sum over some of the trials only would look like a loss.
    let pairs: Option<Vec<(u64, u64)>> = told
        .iter()
        .map(|(record, counts)| Some((record.broker.appended?, counts.acknowledged)))
        .collect();
    summary.appended = pairs
        .as_ref()
        .map(|pairs| pairs.iter().map(|(appended, _)| appended).sum());
    // Trial by trial: a surplus of one must not hide the deficit of another.
    summary.surplus = pairs
        .as_ref()
        .map(|pairs| pairs.iter().map(|(a, k)| a.saturating_sub(*k)).sum());
    summary.deficit = pairs
        .as_ref()
        .map(|pairs| pairs.iter().map(|(a, k)| k.saturating_sub(*a)).sum());
}

fn latencies(
    summary: &mut ConfigurationSummary,
    completed: &[Completed<'_>],
    warnings: &mut Vec<String>,
) -> Vec<CurvePoint> {
    let (mut service, mut response) = (Merged::default(), Merged::default());
    let (mut schedule_lag, mut send_call) = (Merged::default(), Merged::default());
    for trial in completed {
        let latencies = &trial.result.latencies;
        let observable = summary.latency_observable;
        for (merged, distribution) in [
            (&mut service, latencies.service.as_ref().filter(|_| observable)),
            (&mut response, latencies.response.as_ref().filter(|_| observable)),
            (&mut schedule_lag, latencies.schedule_lag.as_ref()),
            (&mut send_call, latencies.send_call.as_ref()),
        ] {
            if let Some(Err(error)) = distribution.map(|distribution| merged.add(distribution)) {
                warnings.push(format!(
                    "trial {}: {error}; its latencies are left out",
                    trial.record.planned.trial_id
                ));
            }
        }
    }
    summary.service_latency_us = service.summary();
    summary.response_latency_us = response.summary();
    summary.schedule_lag_us = schedule_lag.summary();
    summary.send_call_us = send_call.summary();
    match summary.service_latency_is {
        ServiceLatencyIs::Service => response.curve(),
        ServiceLatencyIs::Queueing => service.curve(),
    }
}

/// A figure that each trial has by itself.
type Figure<'a> = &'a dyn Fn(&Completed<'_>) -> Option<f64>;

fn per_trial_figures(summary: &mut ConfigurationSummary, completed: &[Completed<'_>], warmup_ms: u64) {
    let acks = summary.acks;
    // With acks=0, the records of the window are those that the log grew by, scaled to the window's length.
    let records = |t: &Completed<'_>| Some(records_per_s(acks, t.record)? * t.result.window_s);
    let cpu = |t: &Completed<'_>| (t.result.client_cpu.user_us + t.result.client_cpu.system_us) as f64;
    let statistics =
        |t: &Completed<'_>, of: &dyn Fn(&ClientStatistics) -> Option<f64>| of(t.result.statistics.as_ref()?);
    let threads = f64::from(summary.workload.producers)
        * match summary.workload.send_mode {
            SendMode::Sync => f64::from(summary.workload.send_concurrency),
            SendMode::Async | SendMode::FireAndForget => 1.0,
        };
    let mut figure = |name: &str, of: Figure<'_>| {
        let spread = Spread::of(completed.iter().filter_map(of))?;
        let median = spread.median;
        summary.spreads.insert(name.to_owned(), spread);
        Some(median)
    };
    summary.client_cpu_us_per_record = figure("client_cpu_us_per_record", &|t| ratio(cpu(t), records(t)?));
    summary.client_cpu_s_per_gb = figure("client_cpu_s_per_gb", &|t| {
        Some(ratio(cpu(t), records(t)? * bytes_per_record(t.result)?)? * 1e3)
    });
    summary.broker_cpu_us_per_record = figure("broker_cpu_us_per_record", &|t| {
        ratio(t.record.broker.cpu_in_window_us(t.result.window_s)?, records(t)?)
    });
    summary.peak_memory_bytes = figure("peak_memory_bytes", &|t| Some(t.result.peak_memory_bytes as f64));
    summary.drain_ms = figure("drain_ms", &|t| Some(t.result.drain_ms));
    summary.headroom = figure("headroom", &|t| Some(t.record.headroom.as_ref()?.ratio));
    summary.back_pressure_share = figure("back_pressure_share", &|t| {
        ratio(
            t.result.window.back_pressure_us as f64,
            t.result.window_s * 1e6 * threads,
        )
    });
    summary.compression_ratio = figure("compression_ratio", &|t| {
        statistics(t, &|s| ratio(s.record_bytes as f64, s.batch_bytes as f64))
    });
    summary.records_per_batch = figure("records_per_batch", &|t| {
        statistics(t, &|s| ratio(s.batch_records as f64, s.batches as f64))
    });
    summary.bytes_per_batch = figure("bytes_per_batch", &|t| {
        statistics(t, &|s| ratio(s.batch_bytes as f64, s.batches as f64))
    });
    summary.wire_bytes_per_record = figure("wire_bytes_per_record", &|t| {
        statistics(t, &|s| ratio(s.wire_bytes as f64, s.batch_records as f64))
    });
    summary.requests_per_s = figure("requests_per_s", &|t| {
        // The statistics are those of the whole trial. Its intervals have nominal lengths: the last one is cut short.
        let seconds = warmup_ms as f64 / 1e3 + t.result.window_s + t.result.drain_ms / 1e3;
        statistics(t, &|s| ratio(produce_requests(s) as f64, seconds))
    });
    summary.wakeups_per_s = figure("wakeups_per_s", &|t| statistics(t, &|s| Some(s.wakeups_per_s_max)));
}

fn produce_requests(statistics: &ClientStatistics) -> u64 {
    statistics.requests.get("Produce").copied().unwrap_or(0)
}

/// Figures over all trials together.
fn totals(summary: &mut ConfigurationSummary, completed: &[Completed<'_>]) {
    let statistics: Vec<&ClientStatistics> = completed.iter().filter_map(|t| t.result.statistics.as_ref()).collect();
    if statistics.is_empty() {
        return;
    }
    let sum = |of: fn(&ClientStatistics) -> u64| statistics.iter().map(|s| of(s)).sum::<u64>();
    summary.requests = Some(sum(produce_requests));
    summary.retries = Some(sum(|s| s.retries));
    summary.throttle_ms_max = statistics.iter().map(|s| s.throttle_max_ms).max();
    summary.queue_us_mean = ratio(sum(|s| s.queue_sum_us) as f64, sum(|s| s.queue_count) as f64);
    summary.socket_us_mean = ratio(sum(|s| s.socket_sum_us) as f64, sum(|s| s.socket_count) as f64);
    // With acks=0 produce requests have no answer: what librdkafka timed then is metadata and the like.
    summary.broker_us_mean =
        ratio(sum(|s| s.broker_sum_us) as f64, sum(|s| s.broker_count) as f64).filter(|_| summary.acks != Acks::None);
}

/// What the figures themselves give cause to warn of.
fn own_warnings(summary: &ConfigurationSummary, completed: &[Completed<'_>]) -> Vec<String> {
    let mut warnings = Vec::new();
    if summary.acks == Acks::None && !completed.is_empty() && summary.throughput_records_per_s.is_none() {
        warnings.push(
            "acks=0 has no acknowledgements and the log's growth in the window is not known: no throughput".to_owned(),
        );
    }
    if let Some(headroom) = summary.little_headroom() {
        warnings.push(format!(
            "Headroom is {}: against the mock cluster the client was hardly faster than here, so the load generator \
             itself may have been the bottleneck.",
            Metric::Headroom.format_with_unit(headroom)
        ));
    }
    warnings
}
