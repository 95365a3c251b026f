//! One configuration's figures from its trials.

use std::collections::BTreeMap;

use super::latency::{CurvePoint, Merged};
use super::levels;
use super::model::{ConfigurationSummary, ServiceLatencyIs, TrialCounts, TrialFailure};
use crate::analysis::{CompletedTrial, Metric, completed_result, produce_requests, ratio};
use crate::profile::Configuration;
use crate::protocol::{Acks, ClientStatistics, Counts, FailedCount};
use crate::report::alike;
use crate::stats::Spread;
use crate::stats::drift::Drift;
use crate::store::{AppendedToTopic, TrialRecord};

/// What the trials of one configuration give.
pub(super) struct OfConfiguration {
    pub(super) summary: ConfigurationSummary,
    /// The percentile curve of its headline latency.
    pub(super) curve: Vec<CurvePoint>,
    /// The figures of each trial, by block; none for a trial that failed.
    pub(super) figures: Vec<(u32, Option<BTreeMap<Metric, f64>>)>,
}

/// The figures of one configuration.
pub(super) fn summarize(configuration: &Configuration, records: &[&TrialRecord], warmup_ms: u64) -> OfConfiguration {
    let mut warnings = configuration.warnings.clone();
    let mut trials = TrialCounts::default();
    let (mut completed, mut figures) = (Vec::new(), Vec::new());
    for record in records {
        warnings.extend(record.warnings.iter().cloned());
        if let Some(trial) = CompletedTrial::of(configuration, record, warmup_ms) {
            warnings.extend(trial.result.notes.iter().cloned());
            completed.push(trial);
        } else if let Err(cause) = completed_result(record) {
            trials.failures.push(failure(record, cause));
            figures.push((record.planned.block, None));
        }
        if record.result.as_ref().is_some_and(|result| result.stopped_early) {
            warnings.push("a trial was stopped early: it does not count".to_owned());
        }
    }
    trials.completed = completed.len() as u64;
    trials.failed = trials.failures.len() as u64;
    let saturation = || completed.iter().filter_map(|trial| trial.record.saturation.as_ref());
    trials.saturated = saturation().count() as u64;
    trials.short_of_rate = saturation().filter(|found| found.missed.is_some()).count() as u64;

    let mut summary = blank(configuration, trials);
    throughput(&mut summary, &completed);
    counts(&mut summary, records);
    let (curve, percentiles) = latencies(&mut summary, &completed, &mut warnings);
    per_trial_figures(&mut summary, &completed);
    summary.levels = levels::levels(&completed, &mut warnings);
    totals(&mut summary, &completed);
    summary.drain = super::drain::summarize(configuration, &completed, &mut warnings);
    warnings.extend(own_warnings(&summary, &completed));
    summary.warnings = alike::once_each(warnings);
    figures.extend(completed.iter().zip(percentiles).map(|(trial, mut values)| {
        values.extend(trial.figures());
        (trial.record.planned.block, Some(values))
    }));
    OfConfiguration {
        summary,
        curve,
        figures,
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
        offered_records_per_s: None,
        latency_observable: configuration.acks != Acks::None,
        service_latency_is: match configuration.workload.arrival.is_paced() {
            false => ServiceLatencyIs::Queueing,
            true => ServiceLatencyIs::Service,
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
        serialized_bytes_per_record: None,
        serialize_ns_per_record: None,
        serialize_cpu_share: None,
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
        partition_max_over_mean: None,
        partition_variation: None,
        appended_by_partition: Vec::new(),
        appended_by_topic: Vec::new(),
        spreads: BTreeMap::new(),
        levels: Vec::new(),
        drain: None,
        warnings: Vec::new(),
    }
}

fn throughput(summary: &mut ConfigurationSummary, completed: &[CompletedTrial<'_>]) {
    let spread = |metric| Spread::of(completed.iter().filter_map(|trial| trial.value(metric)));
    summary.throughput_records_per_s = spread(Metric::Throughput);
    summary.throughput_mb_per_s = spread(Metric::ThroughputMb);
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
    // A sum over some of the trials only would look like a loss. Trial by trial: a surplus of one must not hide the deficit
    // of another.
    let trials: Option<Vec<(u64, (u64, u64))>> = told
        .iter()
        .map(|(record, counts)| {
            let broker = &record.broker;
            Some((broker.appended?, broker.surplus_and_deficit(counts.acknowledged)?))
        })
        .collect();
    let sum = |of: fn(&(u64, (u64, u64))) -> u64| trials.as_ref().map(|trials| trials.iter().map(of).sum());
    summary.appended = sum(|(appended, _)| *appended);
    summary.surplus = sum(|(_, (surplus, _))| *surplus);
    summary.deficit = sum(|(_, (_, deficit))| *deficit);
}

fn latencies(
    summary: &mut ConfigurationSummary,
    completed: &[CompletedTrial<'_>],
    warnings: &mut Vec<String>,
) -> (Vec<CurvePoint>, Vec<BTreeMap<Metric, f64>>) {
    let (mut service, mut response) = (Merged::default(), Merged::default());
    let (mut schedule_lag, mut send_call) = (Merged::default(), Merged::default());
    let mut percentiles = Vec::new();
    for trial in completed {
        let latencies = &trial.result.latencies;
        let observable = summary.latency_observable;
        let mut of_trial = [
            (&mut service, latencies.service.as_ref().filter(|_| observable)),
            (&mut response, latencies.response.as_ref().filter(|_| observable)),
            (&mut schedule_lag, latencies.schedule_lag.as_ref()),
            (&mut send_call, latencies.send_call.as_ref()),
        ]
        .into_iter()
        .map(
            |(merged, distribution)| match distribution.map(|distribution| merged.add(distribution)) {
                Some(Ok(percentiles)) => percentiles,
                Some(Err(error)) => {
                    let trial_id = &trial.record.planned.trial_id;
                    warnings.push(format!("trial {trial_id}: {error}; its latencies are left out"));
                    BTreeMap::new()
                }
                None => BTreeMap::new(),
            },
        );
        let (of_service, of_response) = (of_trial.next(), of_trial.next());
        of_trial.for_each(drop);
        let headline = match summary.service_latency_is {
            ServiceLatencyIs::Service => of_response,
            ServiceLatencyIs::Queueing => of_service,
        };
        percentiles.push(headline.unwrap_or_default());
    }
    summary.service_latency_us = service.summary();
    summary.response_latency_us = response.summary();
    summary.schedule_lag_us = schedule_lag.summary();
    summary.send_call_us = send_call.summary();
    let curve = match summary.service_latency_is {
        ServiceLatencyIs::Service => response.curve(),
        ServiceLatencyIs::Queueing => service.curve(),
    };
    (curve, percentiles)
}

fn per_trial_figures(summary: &mut ConfigurationSummary, completed: &[CompletedTrial<'_>]) {
    let mut figure = |metric: Metric| {
        let spread = Spread::of(completed.iter().filter_map(|trial| trial.value(metric)))?;
        let median = spread.median;
        summary.spreads.insert(metric.id().to_owned(), spread);
        Some(median)
    };
    summary.offered_records_per_s = figure(Metric::OfferedRate);
    summary.client_cpu_us_per_record = figure(Metric::ClientCpu);
    summary.client_cpu_s_per_gb = figure(Metric::ClientCpuPerGb);
    summary.broker_cpu_us_per_record = figure(Metric::BrokerCpu);
    summary.peak_memory_bytes = figure(Metric::PeakMemory);
    summary.drain_ms = figure(Metric::Drain);
    summary.headroom = figure(Metric::Headroom);
    summary.back_pressure_share = figure(Metric::BackPressure);
    summary.compression_ratio = figure(Metric::CompressionRatio);
    summary.records_per_batch = figure(Metric::RecordsPerBatch);
    summary.bytes_per_batch = figure(Metric::BytesPerBatch);
    summary.wire_bytes_per_record = figure(Metric::WireBytes);
    summary.serialized_bytes_per_record = figure(Metric::SerializedBytes);
    summary.serialize_ns_per_record = figure(Metric::SerializeTime);
    summary.serialize_cpu_share = figure(Metric::SerializeShare);
    summary.requests_per_s = figure(Metric::Requests);
    summary.wakeups_per_s = figure(Metric::Wakeups);
    summary.partition_max_over_mean = figure(Metric::PartitionImbalance);
    summary.partition_variation = figure(Metric::PartitionVariation);
    summary.appended_by_partition = by_partition(completed);
    let by_topic = completed.iter().map(|trial| &trial.record.broker.appended_by_topic[..]);
    summary.appended_by_topic = AppendedToTopic::summed(by_topic);
}

/// Records appended to each partition over all trials; empty where that was not looked at.
fn by_partition(completed: &[CompletedTrial<'_>]) -> Vec<u64> {
    let mut sums: Vec<u64> = Vec::new();
    let trials = completed.iter();
    for growth in trials.filter_map(|trial| trial.record.broker.appended_by_partition.as_ref()) {
        sums.resize(sums.len().max(growth.len()), 0);
        sums.iter_mut().zip(growth).for_each(|(sum, growth)| *sum += growth);
    }
    sums
}

/// Figures over all trials together.
fn totals(summary: &mut ConfigurationSummary, completed: &[CompletedTrial<'_>]) {
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
fn own_warnings(summary: &ConfigurationSummary, completed: &[CompletedTrial<'_>]) -> Vec<String> {
    let mut warnings = Vec::new();
    if summary.acks == Acks::None && !completed.is_empty() && summary.throughput_records_per_s.is_none() {
        warnings.push(
            "acks=0 has no acknowledgements and the log's growth in the window is not known: no throughput".to_owned(),
        );
    }
    let throughputs: Vec<f64> = completed
        .iter()
        .filter_map(|trial| trial.value(Metric::Throughput))
        .collect();
    if Drift::of(&throughputs).is_some_and(|drift| drift.is_beyond_chance()) {
        warnings.push(
            "Its trials follow each other more closely than chance allows: they drift, and its own median depends on when \
             it was measured. Comparisons within blocks stay valid."
                .to_owned(),
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
