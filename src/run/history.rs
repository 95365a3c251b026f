//! What a run knows of its blocks: each trial's throughput and how long the blocks took. That is what repetition until
//! the intervals are narrow is decided on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::analysis::throughput;
use crate::profile::Configuration;
use crate::store::{TrialOutcome, TrialRecord};

/// The stored trials of a run, as far as repetition needs them.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// Logarithms of the throughput by configuration and block, of trials that count.
    throughput: BTreeMap<String, BTreeMap<u32, f64>>,
    /// Time that all trials of a block took, in ms.
    block_ms: BTreeMap<u32, f64>,
}

impl History {
    /// Of what earlier sessions stored.
    pub(super) fn of(records: &[TrialRecord], configurations: &[Configuration]) -> History {
        let mut history = History::default();
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
        let counts = record.outcome == TrialOutcome::Completed;
        let result = record.result.as_ref().filter(|result| counts && !result.stopped_early);
        let throughput = result.and_then(|result| throughput(configuration.acks, result, &record.broker));
        if let Some(throughput) = throughput.filter(|throughput| *throughput > 0.0 && throughput.is_finite()) {
            let of_it = self.throughput.entry(configuration.id.clone()).or_default();
            of_it.insert(block, throughput.ln());
        }
    }

    /// For each configuration but the first: the logarithms of its throughput ÷ that of the first in the same block.
    /// Where there is one configuration only: the logarithms of its throughput.
    pub(super) fn differences(&self, configurations: &[Configuration]) -> Vec<Vec<f64>> {
        let of = |configuration: &Configuration| self.throughput.get(&configuration.id).cloned().unwrap_or_default();
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
    use crate::run::warnings::tests::result;
    use crate::store::{PlannedTrial, samples};

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
        (History::of(records, &configurations), configurations)
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
