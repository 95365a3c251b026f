//! Latency distributions of several trials, merged: percentiles are read from merged histograms, never averaged.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::model::LatencySummary;
use crate::analysis::{self, Metric};
use crate::protocol::LatencyDistribution;
use crate::stats::Spread;
use crate::stats::histogram::{self, HistogramError, Percentile};

/// A percentile curve is drawn through these quantiles: evenly spaced on an axis of nines.
const CURVE_STEPS_PER_NINE: u32 = 8;

/// Nines that a curve reaches at most: 99.999 %.
const CURVE_NINES: u32 = 5;

/// One point of a percentile curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// In (0, 1).
    pub quantile: f64,
    /// In µs.
    pub us: f64,
}

/// The distribution of one kind of latency over the trials of a configuration.
#[derive(Default)]
pub(super) struct Merged {
    histogram: Option<Histogram<u64>>,
    unresolved: u64,
    max_us: u64,
    p99_of_trials: Vec<f64>,
}

impl Merged {
    /// Adds one trial, and gives its own percentiles.
    pub(super) fn add(&mut self, trial: &LatencyDistribution) -> Result<BTreeMap<Metric, f64>, HistogramError> {
        let mut decoded = histogram::decode(&trial.histogram)?;
        // One trial's may reach further than another's.
        decoded.auto(true);
        let percentiles = analysis::percentiles(&decoded, trial.unresolved);
        self.p99_of_trials.extend(percentiles.get(&Metric::LatencyP99));
        self.unresolved += trial.unresolved;
        self.max_us = self.max_us.max(trial.max_us);
        match &mut self.histogram {
            None => self.histogram = Some(decoded),
            Some(merged) => merged
                .add(&decoded)
                .map_err(|error| HistogramError::Encoding(error.to_string()))?,
        }
        Ok(percentiles)
    }

    /// None where no trial had this latency.
    pub(super) fn summary(&self) -> Option<LatencySummary> {
        let histogram = self.histogram.as_ref()?;
        let mut at_least = Vec::new();
        let mut read = |name: &str, quantile: f64| {
            let percentile = histogram::percentile(histogram, self.unresolved, quantile);
            if percentile.at_least {
                at_least.push(name.to_owned());
            }
            percentile.us
        };
        let (p50, p90, p99, p99_9) = (
            read("p50", 0.5),
            read("p90", 0.9),
            read("p99", 0.99),
            read("p99_9", 0.999),
        );
        if self.unresolved > 0 {
            at_least.push("max".to_owned());
        }
        Some(LatencySummary {
            count: histogram.len(),
            unresolved: self.unresolved,
            p50,
            p90,
            p99,
            p99_9,
            max: (!histogram.is_empty()).then_some(self.max_us),
            at_least,
            p99_of_trials: Spread::of(self.p99_of_trials.iter().copied()),
        })
    }

    /// The curve as far as its percentiles may be printed and are not mere lower bounds.
    pub(super) fn curve(&self) -> Vec<CurvePoint> {
        let Some(histogram) = self.histogram.as_ref() else {
            return Vec::new();
        };
        (0..=CURVE_NINES * CURVE_STEPS_PER_NINE)
            .map(|step| 1.0 - 10f64.powf(-f64::from(step) / f64::from(CURVE_STEPS_PER_NINE)))
            .map(|quantile| quantile.max(0.001))
            .map_while(
                |quantile| match histogram::percentile(histogram, self.unresolved, quantile) {
                    Percentile {
                        us: Some(us),
                        at_least: false,
                    } => Some(CurvePoint {
                        quantile,
                        us: us as f64,
                    }),
                    _ => None,
                },
            )
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(values: impl IntoIterator<Item = u64>, unresolved: u64) -> LatencyDistribution {
        let mut values_us = histogram::empty();
        values.into_iter().for_each(|value| values_us.saturating_record(value));
        LatencyDistribution {
            count: values_us.len(),
            unresolved,
            max_us: values_us.max(),
            histogram: histogram::encode(&values_us),
        }
    }

    #[test]
    fn percentiles_come_from_the_merged_histogram_not_from_the_mean_of_trials() {
        let mut merged = Merged::default();
        merged.add(&trial(std::iter::repeat_n(100, 9_000), 0)).unwrap();
        merged.add(&trial(std::iter::repeat_n(1_000, 1_000), 0)).unwrap();
        let summary = merged.summary().unwrap();
        assert_eq!(
            (summary.p50, summary.p90, summary.p99),
            (Some(100), Some(100), Some(1_000))
        );
        assert_eq!(summary.p99_of_trials.unwrap().values, [100.0, 1_000.0]);
    }

    #[test]
    fn unresolved_records_make_lower_bounds() {
        let mut merged = Merged::default();
        merged.add(&trial(1..=980, 20)).unwrap();
        let summary = merged.summary().unwrap();
        assert_eq!(summary.at_least, ["p99", "max"]);
        assert_eq!((summary.p99, summary.p99_9), (Some(980), None));
        assert_eq!(summary.p99_of_trials, None);
    }

    #[test]
    fn a_trial_may_reach_further_than_the_first() {
        let of = |largest_us: u64| {
            let mut values = Histogram::<u64>::new_with_bounds(1, 2 * largest_us, 3).unwrap();
            (1..=2_000).for_each(|_| values.record(largest_us).unwrap());
            LatencyDistribution {
                count: 2_000,
                unresolved: 0,
                max_us: largest_us,
                histogram: histogram::encode(&values),
            }
        };
        let mut merged = Merged::default();
        merged.add(&of(1_000)).unwrap();
        merged.add(&of(5_000_000)).unwrap();
        let summary = merged.summary().unwrap();
        assert_eq!((summary.count, summary.p50), (4_000, Some(1_000)));
        assert!(summary.p90.unwrap() >= 5_000_000);
    }

    #[test]
    fn a_curve_ends_where_its_percentiles_may_not_be_printed() {
        let mut merged = Merged::default();
        merged.add(&trial(1..=1_000, 0)).unwrap();
        let curve = merged.curve();
        let last = curve.last().unwrap();
        assert!(last.quantile <= 0.99 + 1e-9, "{last:?}");
        assert!(curve.windows(2).all(|pair| pair[0].us <= pair[1].us));
        assert!(Merged::default().curve().is_empty());
    }
}
