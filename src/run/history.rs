//! What a run knows of its blocks: the figure that decides, trial by trial, and how long the blocks took. That is what
//! repetition until the intervals are narrow is decided on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::analysis::{CompletedTrial, Metric};
use crate::profile::{Configuration, RunSettings};
use crate::store::TrialRecord;

/// The stored trials of a run, as far as repetition needs them.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// The figure whose intervals decide.
    metric: Metric,
    warmup_ms: u64,
    /// Its logarithms by configuration and block, of trials that count.
    figures: BTreeMap<String, BTreeMap<u32, f64>>,
    /// Time that all trials of a block took, in ms.
    block_ms: BTreeMap<u32, f64>,
}

impl History {
    /// Of what earlier sessions stored.
    pub(super) fn of(records: &[TrialRecord], configurations: &[Configuration], run: &RunSettings) -> History {
        let mut history = History {
            metric: run.precision.map(|rule| rule.metric).unwrap_or_default().into(),
            warmup_ms: run.warmup_ms,
            figures: BTreeMap::new(),
            block_ms: BTreeMap::new(),
        };
        for record in records {
            let id = &record.planned.configuration_id;
            if let Some(configuration) = configurations.iter().find(|configuration| configuration.id == *id) {
                history.add(record, configuration);
            }
        }
        history
    }

    /// One more trial is stored.
    pub(super) fn add(&mut self, record: &TrialRecord, configuration: &Configuration) {
        let block = record.planned.block;
        *self.block_ms.entry(block).or_default() += record.elapsed_ms;
        // The rule of every comparison: failed trials and those that were cut short do not count.
        let completed = CompletedTrial::of(configuration, record, self.warmup_ms);
        let figure = completed.and_then(|trial| trial.figure(self.metric));
        if let Some(figure) = figure.filter(|figure| *figure > 0.0 && figure.is_finite()) {
            let of_it = self.figures.entry(configuration.id.clone()).or_default();
            of_it.insert(block, figure.ln());
        }
    }

    /// For each configuration but the first: the logarithms of its figure ÷ that of the first in the same block. Where there
    /// is one configuration only: the logarithms of its figure.
    pub(super) fn differences(&self, configurations: &[Configuration]) -> Vec<Vec<f64>> {
        let of = |configuration: &Configuration| self.figures.get(&configuration.id).cloned().unwrap_or_default();
        let Some((reference, others)) = configurations.split_first() else {
            return Vec::new();
        };
        let reference = of(reference);
        if others.is_empty() {
            return vec![reference.into_values().collect()];
        }
        let ratios = |configuration: &Configuration| {
            let own = of(configuration).into_iter();
            own.filter_map(|(block, value)| Some(value - reference.get(&block)?))
                .collect()
        };
        others.iter().map(ratios).collect()
    }

    /// Time that all stored trials took.
    pub(super) fn spent(&self) -> Duration {
        milliseconds(self.block_ms.values().sum())
    }

    /// How long the next block may take: as long as the last one. That of the first one has the measuring of headroom in
    /// it, and so is too long rather than too short.
    pub(super) fn next_block(&self) -> Duration {
        milliseconds(self.block_ms.values().next_back().copied().unwrap_or(0.0))
    }
}

fn milliseconds(ms: f64) -> Duration {
    Duration::from_secs_f64((ms / 1e3).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Precision, PrecisionMetric};
    use crate::protocol::{Arrival, LatencyDistribution};
    use crate::run::warnings::tests::result;
    use crate::stats::histogram;
    use crate::store::{PlannedTrial, TrialOutcome, samples};

    fn record(id: &str, block: u32, acknowledged: u64) -> TrialRecord {
        let mut record = samples::record(PlannedTrial {
            trial_id: format!("b{block}-{id}"),
            configuration_id: id.to_owned(),
            block,
            sequence: 1,
        });
        let mut result = result();
        result.window_s = 1.0;
        result.window.acknowledged = acknowledged;
        record.outcome = TrialOutcome::Completed;
        record.result = Some(result);
        record
    }

    fn history(records: &[TrialRecord]) -> (History, Vec<Configuration>) {
        let configurations = ["c-1", "c-2"].map(samples::configuration).to_vec();
        let history = History::of(records, &configurations, &samples::manifest().run);
        (history, configurations)
    }

    #[test]
    fn the_figure_that_is_asked_for_decides() {
        let latency = |us: u64, count: u64| {
            let mut values = histogram::empty();
            values.saturating_record_n(us, count);
            LatencyDistribution {
                count,
                unresolved: 0,
                max_us: us,
                histogram: histogram::encode(&values),
            }
        };
        let mut configurations = ["c-1", "c-2"].map(samples::configuration).to_vec();
        for one in &mut configurations {
            one.workload.arrival = Arrival::Constant { rate_per_s: 2_000.0 };
        }
        let paced = |id, block, us, count| {
            let mut record = record(id, block, 2_000);
            let latencies = &mut record.result.as_mut().unwrap().latencies;
            latencies.service = Some(latency(7, 2_000));
            latencies.response = Some(latency(us, count));
            record
        };
        let records = [
            paced("c-1", 1, 1_000, 2_000),
            paced("c-2", 1, 1_500, 2_000),
            paced("c-1", 2, 1_000, 2_000),
            // Too few for a p99: no value of it.
            paced("c-2", 2, 1_500, 900),
        ];
        let by = |metric| {
            let mut run = samples::manifest().run;
            run.precision = Some(Precision {
                metric,
                half_width: 0.03,
                min_blocks: 15,
                max_blocks: 50,
                time_budget_ms: None,
                until: crate::profile::Until::Narrow,
            });
            History::of(&records, &configurations, &run).differences(&configurations)
        };
        let p99 = by(PrecisionMetric::LatencyP99);
        assert_eq!(p99[0].len(), 1);
        assert!((p99[0][0] - 1.5_f64.ln()).abs() < 0.001, "response latency: {p99:?}");
        assert_eq!(by(PrecisionMetric::Throughput), [[0.0, 0.0]]);
    }

    #[test]
    fn pairs_are_those_of_one_block_and_only_trials_that_count() {
        let mut failed = record("c-2", 2, 900);
        failed.outcome = TrialOutcome::Failed { cause: String::new() };
        let mut cut = record("c-1", 3, 100);
        cut.result.as_mut().unwrap().stopped_early = true;
        let records = [
            record("c-1", 1, 100),
            record("c-2", 1, 200),
            record("c-1", 2, 100),
            failed,
            cut,
            record("c-2", 3, 500),
            record("c-2", 4, 50),
            record("c-1", 4, 100),
        ];
        let (history, configurations) = history(&records);
        let differences = history.differences(&configurations);
        assert_eq!(differences.len(), 1);
        let expected = [2.0_f64.ln(), 0.5_f64.ln()];
        assert!(
            differences[0]
                .iter()
                .zip(expected)
                .all(|(is, should)| (is - should).abs() < 1e-12)
        );
        assert_eq!(differences[0].len(), 2);
        let alone = history.differences(&configurations[..1]);
        assert_eq!(alone[0].len(), 3, "one configuration: its own throughput");
    }

    #[test]
    fn time_is_that_of_all_trials_and_the_next_block_is_like_the_last() {
        let timed = |id, block, elapsed_ms| TrialRecord {
            elapsed_ms,
            ..record(id, block, 1)
        };
        let records = [
            timed("c-1", 1, 900.0),
            timed("c-2", 1, 600.0),
            timed("c-2", 2, 100.0),
            timed("c-1", 2, 150.0),
        ];
        let (history, _) = history(&records);
        assert_eq!(history.spent(), Duration::from_millis(1_750));
        assert_eq!(history.next_block(), Duration::from_millis(250));
    }
}
