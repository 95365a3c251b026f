//! The figures of a run's trials by configuration, metric and block: what pairs are made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Metric;
use super::trial::CompletedTrial;
use crate::profile::Configuration;
use crate::stats::encoded::Decoder;
use crate::store::{Manifest, TrialRecord};

/// One figure of one configuration, by block.
pub type Series = BTreeMap<u32, f64>;

/// The figures of a run's completed trials.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    configurations: HashMap<String, OfConfiguration>,
}

#[derive(Clone, Debug, Default)]
struct OfConfiguration {
    series: HashMap<Metric, Series>,
    completed: BTreeSet<u32>,
    begun: BTreeSet<u32>,
}

/// Two figures of the same blocks, and how many blocks have only one of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    /// Base and candidate, in the blocks' order.
    pub values: Vec<(f64, f64)>,
    /// Blocks in which one of the two has no value: a trial failed, or the figure is only a bound.
    pub incomplete_blocks: u32,
    /// Those of them in which only the base has one: what is left may be the candidate's better part.
    pub lost_by_candidate: u32,
}

impl Observations {
    /// Of all trials of a run. Decodes their histograms, on as many threads as there are cores.
    pub fn of(manifest: &Manifest, trials: &[TrialRecord]) -> Observations {
        let configurations: HashMap<&str, &Configuration> = manifest
            .configurations
            .iter()
            .map(|one| (one.id.as_str(), one))
            .collect();
        let warmup_ms = manifest.run.warmup_ms;
        let read = |record: &TrialRecord, decoder: &mut Decoder| {
            let configuration = configurations.get(record.planned.configuration_id.as_str())?;
            let completed = CompletedTrial::of(configuration, record, warmup_ms);
            let values = completed.map(|trial| {
                let mut values = trial.figures();
                values.extend(trial.percentiles(decoder));
                values
            });
            Some((record.planned.clone(), values))
        };
        let read_some = |trials: &[TrialRecord]| -> Vec<_> {
            let mut decoder = Decoder::new();
            trials.iter().filter_map(|record| read(record, &mut decoder)).collect()
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = trials.len().div_ceil(threads).max(1);
        let read_all: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = trials
                .chunks(share)
                .map(|chunk| scope.spawn(move || read_some(chunk)))
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let mut observations = Observations::default();
        for (planned, values) in read_all {
            observations.add(&planned.configuration_id, planned.block, values);
        }
        observations
    }

    /// Adds the figures of one trial; none where the trial failed.
    pub fn add(&mut self, configuration_id: &str, block: u32, values: Option<BTreeMap<Metric, f64>>) {
        let of_it = self.configurations.entry(configuration_id.to_owned()).or_default();
        of_it.begun.insert(block);
        let Some(values) = values else { return };
        of_it.completed.insert(block);
        for (metric, value) in values {
            // Ratios are taken of these: what is not positive and finite has no logarithm.
            if value.is_finite() && value > 0.0 {
                of_it.series.entry(metric).or_default().insert(block, value);
            }
        }
    }

    /// The blocks' values of one figure of one configuration; empty where there is none.
    pub fn series(&self, configuration_id: &str, metric: Metric) -> Option<&Series> {
        self.configurations.get(configuration_id)?.series.get(&metric)
    }

    /// One trial's figure.
    pub fn value(&self, configuration_id: &str, block: u32, metric: Metric) -> Option<f64> {
        self.series(configuration_id, metric)?.get(&block).copied()
    }

    /// The values of one figure of one configuration, in the blocks' order.
    pub fn values(&self, configuration_id: &str, metric: Metric) -> Vec<f64> {
        self.series(configuration_id, metric)
            .map(|series| series.values().copied().collect())
            .unwrap_or_default()
    }

    /// Trials of a configuration that came to their end, and those that did not.
    pub fn trials(&self, configuration_id: &str) -> (usize, usize) {
        self.configurations.get(configuration_id).map_or((0, 0), |of_it| {
            (of_it.completed.len(), of_it.begun.len() - of_it.completed.len())
        })
    }

    /// Every block in which both were to be measured.
    pub fn pairs(&self, base: &str, candidate: &str, metric: Metric) -> Pairs {
        let (mut values, mut incomplete_blocks, mut lost_by_candidate) = (Vec::new(), 0, 0);
        let of = |id: &str| self.configurations.get(id);
        let begun: BTreeSet<u32> = [base, candidate]
            .into_iter()
            .filter_map(of)
            .flat_map(|of_it| of_it.begun.iter().copied())
            .collect();
        for block in begun {
            let both = (self.value(base, block, metric), self.value(candidate, block, metric));
            match both {
                (Some(base), Some(candidate)) => values.push((base, candidate)),
                (base, _) => {
                    incomplete_blocks += 1;
                    lost_by_candidate += u32::from(base.is_some());
                }
            }
        }
        Pairs {
            values,
            incomplete_blocks,
            lost_by_candidate,
        }
    }

    /// The mean log-ratio, candidate ÷ base, over several pairs of configurations, for each block in which all of them
    /// have the figure; and the number of blocks in which some of them have not.
    pub fn mean_log_ratios(&self, pairs: &[(&str, &str)], metric: Metric) -> (Series, u32) {
        let mut sums: BTreeMap<u32, (f64, usize)> = BTreeMap::new();
        let mut blocks = BTreeSet::new();
        for (base, candidate) in pairs {
            for id in [base, candidate] {
                if let Some(of_it) = self.configurations.get(*id) {
                    blocks.extend(of_it.begun.iter().copied());
                }
            }
            let (Some(base), Some(candidate)) = (self.series(base, metric), self.series(candidate, metric)) else {
                continue;
            };
            for (block, value) in candidate {
                if let Some(base) = base.get(block) {
                    let sum = sums.entry(*block).or_default();
                    sum.0 += (value / base).ln();
                    sum.1 += 1;
                }
            }
        }
        let means: Series = sums
            .into_iter()
            .filter(|(_, (_, count))| *count == pairs.len())
            .map(|(block, (sum, count))| (block, sum / count as f64))
            .collect();
        let incomplete = blocks.len().saturating_sub(means.len()) as u32;
        (means, incomplete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observations(values: &[(&str, u32, Option<f64>)]) -> Observations {
        let mut observations = Observations::default();
        for (id, block, value) in values {
            let values = value.map(|value| BTreeMap::from([(Metric::Throughput, value)]));
            observations.add(id, *block, values);
        }
        observations
    }

    #[test]
    fn pairs_are_of_the_same_block_and_failed_trials_are_counted() {
        let observations = observations(&[
            ("a", 1, Some(10.0)),
            ("b", 1, Some(11.0)),
            ("b", 2, Some(12.0)),
            ("a", 2, None),
            ("a", 3, Some(20.0)),
            ("b", 3, Some(24.0)),
        ]);
        let pairs = observations.pairs("a", "b", Metric::Throughput);
        assert_eq!(pairs.values, [(10.0, 11.0), (20.0, 24.0)]);
        assert_eq!(pairs.incomplete_blocks, 1);
        assert_eq!(observations.trials("a"), (2, 1));
    }

    #[test]
    fn what_has_no_logarithm_is_no_value() {
        let observations = observations(&[("a", 1, Some(0.0)), ("a", 2, Some(f64::NAN)), ("a", 3, Some(-1.0))]);
        assert!(observations.values("a", Metric::Throughput).is_empty());
    }

    #[test]
    fn a_mean_over_pairs_needs_all_of_them() {
        let observations = observations(&[
            ("a", 1, Some(10.0)),
            ("b", 1, Some(20.0)),
            ("c", 1, Some(10.0)),
            ("d", 1, Some(5.0)),
            ("a", 2, Some(10.0)),
            ("b", 2, Some(20.0)),
        ]);
        let (means, incomplete) = observations.mean_log_ratios(&[("a", "b"), ("c", "d")], Metric::Throughput);
        assert_eq!(means.len(), 1);
        assert!(means[&1].abs() < 1e-12, "twice and half cancel");
        assert_eq!(incomplete, 1);
    }
}
