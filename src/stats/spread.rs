//! One figure of several trials: its median, and how far its trials lie apart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Interval, order_statistics};

/// Confidence of a median's interval.
const CONFIDENCE: f64 = 0.95;

/// A figure over the trials of one configuration. The unit is a trial: never a record, never an interval of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// The middle value; of an even number of trials, the mean of the two in the middle.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The 95 % interval of the median, by order statistics; null below 6 trials, where there is none.
    pub interval: Option<Interval>,
    /// One value per trial, in the order measured.
    pub values: Vec<f64>,
}

impl Spread {
    /// None where there is no finite value. Values that are not finite are left out.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let sorted = sorted(&values);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Spread {
            median: quantile_of_sorted(&sorted, 0.5)?,
            min,
            max,
            interval: order_statistics::median_interval(&values, CONFIDENCE),
            values,
        })
    }

    /// What is shown beside the median: its 95 % interval, or, with too few trials for one, the smallest and the largest.
    pub fn bounds(&self) -> (f64, f64) {
        self.interval
            .map_or((self.min, self.max), |interval| (interval.low, interval.high))
    }

    /// The width of the range as a share of the median; none where the median is 0.
    pub fn relative_width(&self) -> Option<f64> {
        (self.median != 0.0).then(|| (self.max - self.min) / self.median.abs())
    }
}

/// The median; none of an empty slice. Values that are not finite are left out.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// A quantile of a few values, one per trial, by linear interpolation between order statistics: type 7 of Hyndman and
/// Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996). Not for percentiles of
/// records: those come from merged histograms. None of an empty slice or where `p` lies outside [0, 1].
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    quantile_of_sorted(&sorted(values), p)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn quantile_of_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    if sorted.is_empty() || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let place = p * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = place.ceil() as usize;
    let share = place - below as f64;
    Some(sorted[below] + share * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_the_two_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn quantiles_agree_with_r() {
        // R 4: quantile(c(1, 2, 4, 8, 16), c(0.1, 0.25, 0.9), type = 7)
        let values = [16.0, 1.0, 4.0, 2.0, 8.0];
        assert!((quantile(&values, 0.1).unwrap() - 1.4).abs() < 1e-12);
        assert_eq!(quantile(&values, 0.25), Some(2.0));
        assert!((quantile(&values, 0.9).unwrap() - 12.8).abs() < 1e-12);
        assert_eq!(quantile(&values, 1.5), None);
    }

    #[test]
    fn values_that_are_not_finite_are_left_out() {
        let spread = Spread::of([f64::NAN, 2.0, f64::INFINITY, 4.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max), (3.0, 2.0, 4.0));
        assert_eq!(Spread::of([f64::NAN]), None);
    }

    proptest! {
        #[test]
        fn a_median_lies_within_its_range_whatever_the_order(mut values in prop::collection::vec(-1e9..1e9f64, 1..40)) {
            let spread = Spread::of(values.clone()).unwrap();
            prop_assert!(spread.min <= spread.median && spread.median <= spread.max);
            values.reverse();
            prop_assert_eq!(median(&values), Some(spread.median));
        }
    }
}
