//! Paired comparison: Wilcoxon's signed-rank test, the Hodges–Lehmann estimate, and the interval that inverts the test.
//!
//! The differences are log-ratios within blocks, one per block. Where the two sides of a pair differ by nothing but
//! chance, a difference is as likely as its negative: that is all the test assumes.
//!
//! Sources: F. Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1 (1945); J. L. Hodges and E.
//! L. Lehmann, "Estimates of Location Based on Rank Tests", Annals of Mathematical Statistics 34 (1963); M. Hollander
//! and D. A. Wolfe, "Nonparametric Statistical Methods" (1999), sections 3.1 to 3.3. Zeros are ranked with the rest and
//! then left out: J. W. Pratt, "Remarks on Zeros and Ties in the Wilcoxon Signed Rank Procedures", Journal of the
//! American Statistical Association 54 (1959), since dropping them first can make a result more certain by adding a
//! zero.

use super::Interval;
use super::null_distribution::{
    EXACT_UP_TO, Null, doubled_midranks, middle, normal_quantile, normal_tail, sums_of_subsets,
};

/// The two-sided p-value of "the differences are symmetric about 0".
///
/// Up to 50 differences exact, ties and zeros included: all signs are equally likely, given the ranks. Beyond, the
/// normal approximation with corrections for ties, zeros and continuity. 1 where all are zero; none where there is no
/// difference, or one that is not finite.
pub fn p_value(differences: &[f64]) -> Option<f64> {
    let ranks = SignedRanks::of(differences)?;
    Some((2.0 * ranks.tail(ranks.positive.min(ranks.negative))).min(1.0))
}

/// The p-value of "the differences are symmetric about some value within ± `floor`": small only where they lie
/// beyond it, on one side. With a floor of 0 it is [`p_value`].
///
/// Twice the smaller of the one-sided p-values at the floor's two ends, so that it fits two-sided levels: where there
/// are neither ties nor zeros it is at most α exactly where the interval at 1 − α lies beyond the floor.
pub fn p_value_beyond(differences: &[f64], floor: f64) -> Option<f64> {
    if floor.is_nan() || floor < 0.0 {
        return None;
    }
    let shifted = |by: f64| SignedRanks::of(&differences.iter().map(|difference| difference - by).collect::<Vec<_>>());
    let (above, below) = (shifted(floor)?, shifted(-floor)?);
    let smaller = above.tail(above.negative).min(below.tail(below.positive));
    Some((2.0 * smaller).min(1.0))
}

/// The Hodges–Lehmann estimate: the median of the Walsh averages. None where there is no difference, or one that is
/// not finite.
pub fn estimate(differences: &[f64]) -> Option<f64> {
    middle(&mut walsh_averages(differences)?)
}

/// The centres of symmetry that the test does not reject: from the k-th smallest to the k-th largest Walsh average.
///
/// None where there are too few differences for this confidence ([`pairs_needed`]), where one is not finite, or where
/// the confidence is not between 0 and 1. Time and memory grow with the square of the number of differences.
pub fn interval(differences: &[f64], confidence: f64) -> Option<Interval> {
    Null::signed_rank(differences.len()).interval(&mut walsh_averages(differences)?, confidence)
}

/// The fewest pairs with an interval at this confidence: 2 of the 2^n equally likely signs are the most extreme ones.
/// 6 at 0.95. `u32::MAX` where no number is enough.
pub fn pairs_needed(confidence: f64) -> u32 {
    let enough =
        |pairs: &u32| Null::signed_rank(*pairs as usize).at_most(0) * 2.0 <= (1.0 - confidence) * (1.0 + 1e-12);
    (1..=EXACT_UP_TO as u32).find(enough).unwrap_or(u32::MAX)
}

/// The half-width that an interval at this confidence has with many pairs spread like these, were there as many as
/// here.
///
/// From the inner two thirds of the distribution, since the interval at 95 % of a few pairs ends at their extremes and
/// promises less than more pairs will keep: E. L. Lehmann, "Nonparametric Confidence Intervals for a Shift Parameter",
/// Annals of Mathematical Statistics 34 (1963), divides a half-width by the normal quantile of its level. None of fewer
/// than three pairs, where one is not finite, or where the confidence is not between 0 and 1.
pub fn expected_half_width(differences: &[f64], confidence: f64) -> Option<f64> {
    let inner = interval(differences, 2.0 / 3.0)?;
    let quantile = |confidence: f64| normal_quantile(0.5 + confidence / 2.0);
    (confidence > 0.0 && confidence < 1.0)
        .then(|| inner.half_width() / quantile(inner.confidence) * quantile(confidence))
}

/// Means of two differences, each with itself too.
fn walsh_averages(differences: &[f64]) -> Option<Vec<f64>> {
    if differences.is_empty() || differences.iter().any(|difference| !difference.is_finite()) {
        return None;
    }
    let mut averages = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
    for (place, &first) in differences.iter().enumerate() {
        averages.extend(differences[place..].iter().map(|&second| first.midpoint(second)));
    }
    Some(averages)
}

/// Ranks of the absolute differences, doubled so that midranks are integers too.
struct SignedRanks {
    /// Those of all differences but zeros.
    doubled: Vec<usize>,
    /// Sum of those of positive differences.
    positive: usize,
    /// Sum of those of negative differences.
    negative: usize,
    /// Whether the ranks are 2, 4, 6 and so on: neither ties nor zeros.
    plain: bool,
}

impl SignedRanks {
    fn of(differences: &[f64]) -> Option<SignedRanks> {
        if differences.is_empty() || differences.iter().any(|difference| !difference.is_finite()) {
            return None;
        }
        let absolute: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
        let all = doubled_midranks(&absolute);
        let mut ranks = SignedRanks {
            doubled: Vec::with_capacity(all.len()),
            positive: 0,
            negative: 0,
            plain: true,
        };
        let mut seen = vec![false; all.len()];
        for (&rank, &difference) in all.iter().zip(differences) {
            let place = rank / 2 - 1;
            ranks.plain &= rank.is_multiple_of(2) && difference != 0.0 && !std::mem::replace(&mut seen[place], true);
            if difference > 0.0 {
                ranks.positive += rank;
            } else if difference < 0.0 {
                ranks.negative += rank;
            } else {
                continue;
            }
            ranks.doubled.push(rank);
        }
        Some(ranks)
    }

    /// The probability of at most this (doubled) sum, all signs being equally likely. The distribution is symmetric,
    /// so that this is the upper tail of the other sum, too.
    fn tail(&self, doubled_sum: usize) -> f64 {
        if self.doubled.len() > EXACT_UP_TO {
            let (mut mean, mut variance) = (0.0, 0.0);
            for &rank in &self.doubled {
                let rank = rank as f64;
                mean += rank / 2.0;
                variance += rank * rank / 4.0;
            }
            return normal_tail((doubled_sum as f64 + 1.0 - mean) / f64::sqrt(variance));
        }
        if self.plain {
            return Null::signed_rank(self.doubled.len()).at_most(doubled_sum / 2);
        }
        let ways = sums_of_subsets(&self.doubled);
        ways[..=doubled_sum].iter().sum::<f64>() / 2.0_f64.powi(self.doubled.len() as i32)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Wilcoxon's own way: every assignment of signs, one by one.
    fn by_enumeration(differences: &[f64]) -> f64 {
        let absolute: Vec<f64> = differences.iter().map(|value| value.abs()).collect();
        let ranks: Vec<usize> = doubled_midranks(&absolute)
            .into_iter()
            .zip(&absolute)
            .filter_map(|(rank, &value)| (value > 0.0).then_some(rank))
            .collect();
        let positive: usize = doubled_midranks(&absolute)
            .into_iter()
            .zip(differences)
            .filter_map(|(rank, &value)| (value > 0.0).then_some(rank))
            .sum();
        let smaller = positive.min(ranks.iter().sum::<usize>() - positive);
        let within = (0..1_u32 << ranks.len())
            .filter(|signs| {
                let sum: usize = (0..ranks.len())
                    .filter(|place| signs >> place & 1 == 1)
                    .map(|place| ranks[place])
                    .sum();
                sum <= smaller
            })
            .count();
        (2.0 * within as f64 / f64::from(1_u32 << ranks.len())).min(1.0)
    }

    #[test]
    fn blocks_needed_under_holm() {
        let needed = |tests: f64| pairs_needed(1.0 - 0.05 / tests);
        assert_eq!([1.0, 2.0, 6.0, 24.0].map(needed), [6, 7, 8, 10]);
        assert_eq!(pairs_needed(1.0), u32::MAX);
        assert_eq!(pairs_needed(f64::NAN), u32::MAX);
        assert_eq!(pairs_needed(0.0), 1);
    }

    #[test]
    fn below_six_differences_there_is_no_interval_at_95_percent() {
        let differences = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
        assert_eq!(interval(&differences[..5], 0.95), None);
        let six = interval(&differences, 0.95).unwrap();
        assert_eq!((six.low, six.high, six.confidence), (0.1, 0.6, 1.0 - 2.0 / 64.0));
        assert_eq!(interval(&differences, 0.975), None);
    }

    #[test]
    fn what_is_not_finite_has_no_answer() {
        for bad in [&[][..], &[f64::NAN, 1.0], &[f64::INFINITY, 1.0]] {
            assert_eq!(p_value(bad), None);
            assert_eq!(p_value_beyond(bad, 0.01), None);
            assert_eq!(estimate(bad), None);
            assert_eq!(interval(bad, 0.5), None);
        }
        for confidence in [f64::NAN, 0.0, 1.0, -1.0, 7.0] {
            assert_eq!(interval(&[1.0; 9], confidence), None);
        }
        assert_eq!(p_value_beyond(&[1.0; 9], -0.1), None);
    }

    #[test]
    fn nothing_but_zeros_is_no_difference() {
        assert_eq!(p_value(&[0.0; 8]), Some(1.0));
        assert_eq!(p_value(&[0.0; 80]), Some(1.0));
        assert_eq!(estimate(&[0.0; 8]), Some(0.0));
        let interval = interval(&[0.0; 8], 0.95).unwrap();
        assert_eq!((interval.low, interval.high), (0.0, 0.0));
    }

    /// Differences without ties or zeros, in any order: distinct absolute values, each with a sign.
    fn untied(most: usize) -> impl Strategy<Value = Vec<f64>> {
        prop::collection::hash_map(1_u32..1_000_000, any::<bool>(), 1..most).prop_map(|signed| {
            let value = |(size, positive): (u32, bool)| f64::from(size) * if positive { 0.001 } else { -0.001 };
            signed.into_iter().map(value).collect()
        })
    }

    /// Differences with many ties and zeros.
    fn tied(most: usize) -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec((-4_i8..5).prop_map(f64::from), 1..most)
    }

    proptest! {
        #[test]
        fn every_assignment_of_signs_is_counted(differences in tied(11)) {
            prop_assert!((p_value(&differences).unwrap() - by_enumeration(&differences)).abs() < 1e-12);
        }

        #[test]
        fn signs_and_order_do_not_matter(differences in prop_oneof![untied(70), tied(70)]) {
            let p = p_value(&differences).unwrap();
            prop_assert!((0.0..=1.0).contains(&p));
            let flipped: Vec<f64> = differences.iter().rev().map(|value| -value).collect();
            prop_assert_eq!(p_value(&flipped), Some(p));
            prop_assert_eq!(estimate(&flipped).map(|value| -value), estimate(&differences));
            let (one, other) = (interval(&differences, 0.9), interval(&flipped, 0.9));
            prop_assert_eq!(one.map(|i| (i.low, i.high)), other.map(|i| (-i.high, -i.low)));
        }

        #[test]
        fn a_shift_shifts_estimate_and_interval(differences in untied(40), shift in -50_i32..50) {
            let shift = f64::from(shift);
            let moved: Vec<f64> = differences.iter().map(|value| value + shift).collect();
            prop_assert!((estimate(&moved).unwrap() - estimate(&differences).unwrap() - shift).abs() < 1e-9);
            if let Some(before) = interval(&differences, 0.95) {
                let after = interval(&moved, 0.95).unwrap();
                prop_assert!((after.low - before.low - shift).abs() < 1e-9);
                prop_assert!((after.high - before.high - shift).abs() < 1e-9);
            }
        }

        #[test]
        fn an_interval_holds_the_estimate_and_attains_what_was_asked(
            differences in prop_oneof![untied(70), tied(70)],
            confidence in 0.5..0.999_f64,
        ) {
            let enough = differences.len() >= pairs_needed(confidence) as usize;
            let interval = interval(&differences, confidence);
            prop_assert_eq!(interval.is_some(), enough);
            if let Some(interval) = interval {
                prop_assert!(interval.contains(estimate(&differences).unwrap()));
                prop_assert!(interval.confidence >= confidence - 1e-9);
            }
        }

        #[test]
        fn an_interval_excludes_zero_exactly_where_the_test_rejects(
            differences in untied(EXACT_UP_TO + 20),
            confidence in 0.5..0.999_f64,
        ) {
            if let Some(interval) = interval(&differences, confidence) {
                let p = p_value(&differences).unwrap();
                // An interval's level is exact: rounding alone separates the two.
                let rejected = p <= (1.0 - interval.confidence) * (1.0 + 1e-9);
                prop_assert_eq!(!interval.contains(0.0), rejected, "p {} and {:?}", p, interval);
            }
        }

        #[test]
        fn an_interval_lies_beyond_the_floor_exactly_where_that_test_rejects(
            differences in untied(EXACT_UP_TO + 20),
            // Not a multiple of half of a difference's step: no ties at the floor's ends.
            floor in (0_u32..400_000).prop_map(|steps| f64::from(steps) * 0.001 + 0.000_1),
            confidence in 0.5..0.999_f64,
        ) {
            if let Some(interval) = interval(&differences, confidence) {
                let p = p_value_beyond(&differences, floor).unwrap();
                let rejected = p <= (1.0 - interval.confidence) * (1.0 + 1e-9);
                prop_assert_eq!(interval.low > floor || interval.high < -floor, rejected);
            }
        }

        #[test]
        fn no_floor_is_the_plain_test(differences in prop_oneof![untied(60), tied(60)]) {
            prop_assert_eq!(p_value_beyond(&differences, 0.0), p_value(&differences));
        }
    }
}
