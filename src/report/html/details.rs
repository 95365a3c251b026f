//! Everything about single configurations, one below the other: all figures, percentiles, trials, properties.

use std::collections::{HashMap, HashSet};

use crate::analysis::{completed_result, megabytes_per_s, records_per_s};
use crate::protocol::{Acks, LatencyDistribution};
use crate::report::columns::{self, RowOrder};
use crate::report::figures::breaks;
use crate::report::format;
use crate::report::metric::Metric;
use crate::report::summary::{Analysis, ConfigurationSummary, LatencySummary, LevelSummary, load};
use crate::report::topics;
use crate::stats::histogram;
use crate::store::TrialRecord;

/// Configurations described in full.
const CONFIGURATIONS: usize = 100;

/// Partitions listed one by one.
const PARTITIONS: usize = 64;

/// Trials listed one by one, over all configurations.
const TRIALS: usize = 600;

pub(super) struct DetailsView {
    pub(super) configurations: Vec<ConfigurationView>,
    /// What is not shown, in a sentence.
    pub(super) left_out: Option<String>,
    ids: HashSet<String>,
}

impl DetailsView {
    /// Whether this configuration has a place on the page that can be linked to.
    pub(super) fn holds(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

pub(super) struct ConfigurationView {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) load: String,
    pub(super) figures: Vec<FigureView>,
    pub(super) latencies: Vec<LatencyView>,
    pub(super) levels: Vec<LevelView>,
    /// Where it broke, in a sentence.
    pub(super) breaks: String,
    pub(super) trials: Vec<TrialView>,
    pub(super) failed_by_error: Vec<(String, String)>,
    pub(super) by_partition: Vec<(String, String)>,
    pub(super) by_topic: Vec<(String, String)>,
    pub(super) properties: Vec<(String, String)>,
    pub(super) effective: Vec<(String, String)>,
    pub(super) warnings: Vec<String>,
}

pub(super) struct FigureView {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) range: String,
}

pub(super) struct LatencyView {
    pub(super) name: &'static str,
    pub(super) cells: Vec<String>,
}

/// A part of the window of a load whose rate varies.
pub(super) struct LevelView {
    pub(super) time: String,
    pub(super) cells: Vec<String>,
    pub(super) behind: bool,
}

pub(super) struct TrialView {
    pub(super) block: u32,
    pub(super) outcome: String,
    pub(super) failed: bool,
    pub(super) cells: Vec<String>,
    pub(super) warnings: String,
}

pub(super) fn view(analysis: &Analysis, trials: &[TrialRecord]) -> DetailsView {
    let summary = &analysis.summary;
    let mut by_configuration: HashMap<&str, Vec<&TrialRecord>> = HashMap::new();
    for trial in trials {
        by_configuration
            .entry(&trial.planned.configuration_id)
            .or_default()
            .push(trial);
    }
    let mut listed = 0;
    let mut shown = Vec::new();
    for place in columns::ordered(summary, RowOrder::BestFirst)
        .into_iter()
        .take(CONFIGURATIONS)
    {
        let configuration = &summary.configurations[place];
        let own = by_configuration
            .get(configuration.id.as_str())
            .map_or(&[][..], Vec::as_slice);
        if listed + own.len() > TRIALS && listed > 0 {
            break;
        }
        listed += own.len();
        shown.push(configuration_view(configuration, own));
    }
    let all = summary.configurations.len();
    let left_out = (shown.len() < all).then(|| {
        format!(
            "Details are given for the first {} of {} configurations in the table's first order; summary.json and trials.csv hold all of them.",
            format::count(shown.len() as u64),
            format::count(all as u64)
        )
    });
    DetailsView {
        ids: shown.iter().map(|view| view.id.clone()).collect(),
        configurations: shown,
        left_out,
    }
}

fn configuration_view(of: &ConfigurationSummary, trials: &[&TrialRecord]) -> ConfigurationView {
    let pairs =
        |map: &std::collections::BTreeMap<String, String>| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    ConfigurationView {
        id: of.id.clone(),
        label: of.label.clone(),
        load: format!("{}, acks={}, {}", load(of), of.acks, partitions_in_words(of)),
        figures: figures(of),
        latencies: latencies(of),
        levels: of.levels.iter().map(level_view).collect(),
        breaks: if of.levels.is_empty() {
            String::new()
        } else {
            breaks(of)
        },
        trials: trials.iter().map(|trial| trial_view(of.acks, of, trial)).collect(),
        failed_by_error: of
            .failed_by_error
            .iter()
            .map(|failed| {
                let persistence = serde_json::to_value(failed.persistence)
                    .ok()
                    .and_then(|value| value.as_str().map(str::to_owned));
                (
                    format!("{} ({})", failed.error, persistence.unwrap_or_default()),
                    format::count(failed.count),
                )
            })
            .collect(),
        by_partition: partitions(of),
        by_topic: topics::by_topic(of),
        properties: pairs(&of.properties),
        effective: pairs(&of.effective_properties),
        warnings: of.warnings.clone(),
    }
}

/// Partitions of the topic, or of all topics.
fn partitions_in_words(of: &ConfigurationSummary) -> String {
    let records = &of.workload.records;
    let partitions = u64::from(records.all_partitions(of.partitions));
    let partitions = format::counted(partitions, "partition", "partitions");
    match records.topics.len() {
        0 => partitions,
        topics => format!("{partitions} of {}", format::counted(topics as u64, "topic", "topics")),
    }
}

/// Records of each partition; of several topics topic by topic.
fn partitions(of: &ConfigurationSummary) -> Vec<(String, String)> {
    let own = by_partition(&of.appended_by_partition);
    let of_topics = of.appended_by_topic.iter().flat_map(|topic| {
        let named = |(name, text)| (format!("{}, {name}", topic.topic), text);
        by_partition(&topic.by_partition).into_iter().map(named)
    });
    own.into_iter().chain(of_topics.take(PARTITIONS)).collect()
}

/// Records of each partition with its share; those of many partitions are in `summary.json`.
fn by_partition(appended: &[u64]) -> Vec<(String, String)> {
    let all: u64 = appended.iter().sum();
    let share = |records: u64| 100.0 * records as f64 / all.max(1) as f64;
    let shown = appended
        .iter()
        .take(PARTITIONS)
        .enumerate()
        .map(|(partition, &records)| {
            let text = format!("{} ({:.1} %)", format::count(records), share(records));
            (format!("partition {partition}"), text)
        });
    let left = appended.get(PARTITIONS..).filter(|left| !left.is_empty()).map(|left| {
        let records = left.iter().sum();
        let name = format!("the other {}", format::count(left.len() as u64));
        (name, format!("{} ({:.1} %)", format::count(records), share(records)))
    });
    shown.chain(left).collect()
}

fn figures(of: &ConfigurationSummary) -> Vec<FigureView> {
    Metric::ALL
        .iter()
        // Percentiles have a table of their own.
        .filter(|metric| !metric.is_latency() && !matches!(metric, Metric::ScheduleLagP99 | Metric::SendCallP99))
        .filter_map(|&metric| {
            let value = metric.value(of)?;
            let spread = metric
                .spread(of)
                .map(crate::stats::Spread::bounds)
                .filter(|(low, high)| metric.format(*low) != metric.format(*high));
            Some(FigureView {
                name: metric.name(),
                value: metric.format_with_unit(value),
                range: spread
                    .map(|(low, high)| metric.format_range(low, high))
                    .unwrap_or_default(),
            })
        })
        .collect()
}

fn latencies(of: &ConfigurationSummary) -> Vec<LatencyView> {
    let service = if of.is_paced() {
        "Service latency"
    } else {
        "Queueing latency"
    };
    [
        ("Response latency", &of.response_latency_us),
        (service, &of.service_latency_us),
        ("Schedule lag", &of.schedule_lag_us),
        ("Send call", &of.send_call_us),
    ]
    .into_iter()
    .filter_map(|(name, latency)| {
        Some(LatencyView {
            name,
            cells: percentile_cells(latency.as_ref()?),
        })
    })
    .collect()
}

/// p50, p90, p99, p99.9, largest, records, unresolved.
fn percentile_cells(latency: &LatencySummary) -> Vec<String> {
    let fields = [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99_9", latency.p99_9),
        ("max", latency.max),
    ];
    let mut cells: Vec<String> = fields
        .iter()
        .map(|(name, us)| bounded(us.map(|us| us as f64), latency.is_at_least(name)))
        .collect();
    cells.push(format::count(latency.count));
    cells.push(format::count(latency.unresolved));
    cells
}

/// Offered, achieved, p50, p99, largest.
fn level_view(of: &LevelSummary) -> LevelView {
    let achieved = of.achieved_records_per_s.as_ref().map(|spread| spread.median);
    let mut cells = vec![
        Metric::OfferedRate.format(of.offered_records_per_s),
        achieved.map_or_else(|| format::NOTHING.to_owned(), |rate| Metric::Throughput.format(rate)),
    ];
    match &of.response_latency_us {
        Some(latency) => {
            let all = percentile_cells(latency);
            cells.extend([&all[0], &all[2], &all[4]].map(String::clone));
        }
        None => cells.extend(std::iter::repeat_n(format::NOTHING.to_owned(), 3)),
    }
    LevelView {
        time: format!("{:.1} to {:.1} s", of.start_s, of.start_s + of.length_s),
        cells,
        behind: of.behind > 0,
    }
}

fn bounded(us: Option<f64>, at_least: bool) -> String {
    let text = us.map(|us| Metric::LatencyP99.format(us));
    match (text, at_least) {
        (Some(text), true) => format!("≥ {text}"),
        (Some(text), false) => text,
        (None, true) => "≥ ?".to_owned(),
        (None, false) => format::NOTHING.to_owned(),
    }
}

fn trial_view(acks: Acks, of: &ConfigurationSummary, trial: &TrialRecord) -> TrialView {
    let (outcome, failed) = match completed_result(trial) {
        Ok(_) => ("completed".to_owned(), false),
        Err(cause) => (format!("failed: {cause}"), true),
    };
    let latency = trial
        .result
        .as_ref()
        .filter(|_| of.latency_observable && !failed)
        .and_then(|result| {
            if of.is_paced() {
                result.latencies.response.as_ref()
            } else {
                result.latencies.service.as_ref()
            }
        });
    let [p50, p99] = percentiles(latency);
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| format::NOTHING.to_owned());
    let result = trial.result.as_ref().filter(|_| !failed);
    let cells = vec![
        or_nothing(
            result
                .and_then(|_| records_per_s(acks, trial))
                .map(|value| Metric::Throughput.format(value)),
        ),
        or_nothing(
            result
                .and_then(|_| megabytes_per_s(acks, trial))
                .map(|value| Metric::ThroughputMb.format(value)),
        ),
        p50,
        p99,
        or_nothing(result.map(|r| format::count(r.counts.acknowledged))),
        or_nothing(result.and(trial.broker.appended).map(format::count)),
        or_nothing(result.map(|r| format::count(r.counts.failed))),
        or_nothing(result.map(|r| format::count(r.counts.undecided))),
        or_nothing(result.map(|r| format::milliseconds(r.drain_ms))),
    ];
    TrialView {
        block: trial.planned.block,
        outcome,
        failed,
        cells,
        warnings: trial.warnings.join(" "),
    }
}

fn percentiles(distribution: Option<&LatencyDistribution>) -> [String; 2] {
    let decoded = distribution.and_then(|d| Some((d.unresolved, histogram::decode(&d.histogram).ok()?)));
    let read = |quantile| match &decoded {
        Some((unresolved, values)) => {
            let percentile = histogram::percentile(values, *unresolved, quantile);
            bounded(percentile.us.map(|us| us as f64), percentile.at_least)
        }
        None => format::NOTHING.to_owned(),
    };
    [read(0.5), read(0.99)]
}
