//! The interval of a median from order statistics: it assumes nothing of the distribution.
//!
//! Source: H. A. David and H. N. Nagaraja, "Order Statistics" (2003), section 7.1: from the k-th smallest to the k-th
//! largest value covers the median with probability 1 − 2 P(B < k), where B is binomial with one half.

use super::Interval;
use super::null_distribution::Null;

/// The interval of the median, with k as large as the confidence allows.
///
/// None where there are too few values (6 at 0.95), where one is not finite, or where the confidence is not between 0
/// and 1. Beyond 1,000 values the binomial is approximated by the normal distribution.
pub fn median_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    Null::sign(values.len()).interval(&mut values.to_vec(), confidence)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::median;

    #[test]
    fn six_values_are_the_least_at_95_percent() {
        let values = [5.0, 1.0, 4.0, 2.0, 6.0, 3.0];
        assert_eq!(median_interval(&values[..5], 0.95), None);
        let six = median_interval(&values, 0.95).unwrap();
        assert_eq!((six.low, six.high, six.confidence), (1.0, 6.0, 1.0 - 2.0 / 64.0));
    }

    #[test]
    fn ten_values_leave_one_out_at_either_end() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let ten = median_interval(&values, 0.95).unwrap();
        assert_eq!((ten.low, ten.high), (2.0, 9.0));
        assert!((ten.confidence - (1.0 - 2.0 * 11.0 / 1024.0)).abs() < 1e-12);
    }

    #[test]
    fn what_is_empty_or_not_finite_has_no_answer() {
        assert_eq!(median_interval(&[], 0.5), None);
        assert_eq!(median_interval(&[f64::NAN; 20], 0.95), None);
        assert_eq!(median_interval(&[1.0; 20], 1.0), None);
    }

    proptest! {
        #[test]
        fn it_holds_the_median_and_attains_what_was_asked(
            values in prop::collection::vec(-1e9..1e9_f64, 1..60),
            confidence in 0.3..0.999_f64,
        ) {
            if let Some(interval) = median_interval(&values, confidence) {
                prop_assert!(interval.contains(median(&values).unwrap()));
                prop_assert!(interval.confidence >= confidence - 1e-9);
                let mut reversed = values.clone();
                reversed.reverse();
                prop_assert_eq!(median_interval(&reversed, confidence), Some(interval));
            } else {
                prop_assert!(values.len() < 12);
            }
        }
    }
}
