//! What identical trials differ by: the noise floor of a run that measured one configuration under two labels.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::metric::Metric;
use super::stopping::percent;
use super::summary::{completed_result, records_per_s};
use crate::profile::Configuration;
use crate::stats::{histogram, noise_floor};
use crate::store::{Manifest, NoiseFloor, SCHEMA_VERSION, TrialRecord};

/// Figures that a floor is kept of.
const METRICS: [Metric; 5] = [
    Metric::Throughput,
    Metric::LatencyP99,
    Metric::ClientCpu,
    Metric::RecordsPerBatch,
    Metric::WireBytes,
];

/// Level of the intervals.
const CONFIDENCE: f64 = 0.95;

/// The floor that a run's two identical configurations show; none where it has not exactly two, or they are not
/// identical. `label` is what the configuration is called.
pub fn noise_floor_of(manifest: &Manifest, trials: &[TrialRecord], label: &str, now: Timestamp) -> Option<NoiseFloor> {
    let [a, b] = &manifest.configurations[..] else {
        return None;
    };
    let identical = a.effective_properties == b.effective_properties
        && (&a.workload, a.partitions, a.max_block_ms) == (&b.workload, b.partitions, b.max_block_ms);
    if !identical {
        return None;
    }
    let (of_a, of_b) = (by_block(a, trials), by_block(b, trials));
    let pairs: Vec<(&Values, &Values)> = of_a
        .iter()
        .filter_map(|(block, values)| Some((values, of_b.get(block)?)))
        .collect();
    let floors = METRICS.into_iter().filter_map(|metric| {
        let both = |(a, b): &(&Values, &Values)| Some((*a.get(&metric)?, *b.get(&metric)?));
        let values: Vec<(f64, f64)> = pairs.iter().filter_map(both).collect();
        Some((metric.id().to_owned(), noise_floor::upper_limit(&values, CONFIDENCE)?))
    });
    Some(NoiseFloor {
        schema_version: SCHEMA_VERSION,
        created_at: now,
        kpbench_version: manifest.kpbench_version.clone(),
        client_version: manifest.client_version.clone(),
        host: manifest.host.clone(),
        target: manifest.target.clone(),
        configuration: label.to_owned(),
        measure_ms: manifest.run.measure_ms,
        blocks: pairs.len() as u32,
        confidence: CONFIDENCE,
        floors: floors.collect(),
    })
}

type Values = BTreeMap<Metric, f64>;

fn by_block(configuration: &Configuration, trials: &[TrialRecord]) -> BTreeMap<u32, Values> {
    let own = trials
        .iter()
        .filter(|trial| trial.planned.configuration_id == configuration.id);
    own.filter_map(|trial| Some((trial.planned.block, values(configuration, trial)?)))
        .collect()
}

/// The figures of one trial that counts.
fn values(configuration: &Configuration, trial: &TrialRecord) -> Option<Values> {
    let result = completed_result(trial).ok()?;
    let ratio = |numerator: f64, denominator: f64| (denominator > 0.0).then(|| numerator / denominator);
    let throughput = records_per_s(configuration.acks, trial);
    let cpu_us = (result.client_cpu.user_us + result.client_cpu.system_us) as f64;
    let statistics = result.statistics.as_ref();
    let latency = result.latencies.response.as_ref().or(result.latencies.service.as_ref());
    let p99 = latency.and_then(|latency| {
        let decoded = histogram::decode(&latency.histogram).ok()?;
        let p99 = histogram::percentile(&decoded, latency.unresolved, 0.99);
        p99.us.filter(|_| !p99.at_least).map(|us| us as f64)
    });
    let all = [
        (Metric::Throughput, throughput),
        (Metric::LatencyP99, p99),
        (
            Metric::ClientCpu,
            throughput.and_then(|throughput| ratio(cpu_us, throughput * result.window_s)),
        ),
        (
            Metric::RecordsPerBatch,
            statistics.and_then(|s| ratio(s.batch_records as f64, s.batches as f64)),
        ),
        (
            Metric::WireBytes,
            statistics.and_then(|s| ratio(s.wire_bytes as f64, s.batch_records as f64)),
        ),
    ];
    Some(
        all.into_iter()
            .filter_map(|(metric, value)| Some((metric, value?)))
            .collect(),
    )
}

/// The floor as text for a terminal.
pub fn text(floor: &NoiseFloor) -> String {
    let software = floor.target.software.as_deref().unwrap_or("unknown software");
    let mut text = format!(
        "Noise floor of {} against target {} ({software}), {} of {:?}:\n",
        floor.host.cpu,
        floor.target.kind,
        super::format::counted(u64::from(floor.blocks), "block", "blocks"),
        floor.configuration,
    );
    for metric in METRICS {
        let shown = floor.floors.get(metric.id());
        let shown = shown.map_or_else(|| "not measured".to_owned(), |floor| format!("± {}", percent(*floor)));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<24} {shown}", metric.name());
    }
    let _ = writeln!(
        text,
        "Identical trials differ by no more than this, by the {:.0} % interval of their paired ratios. Smaller \
         differences are not called real.",
        floor.confidence * 100.0
    );
    text
}
