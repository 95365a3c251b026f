//! Unpaired comparison: Mann and Whitney's (Wilcoxon's rank-sum) test, the Hodges–Lehmann shift and the interval that
//! inverts the test.
//!
//! Weaker than pairs: whatever drifted between the two samples looks like a difference. It assumes that the two
//! distributions have one shape, and asks how far the one is shifted against the other.
//!
//! Sources: H. B. Mann and D. R. Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger
//! than the Other", Annals of Mathematical Statistics 18 (1947); M. Hollander and D. A. Wolfe, "Nonparametric
//! Statistical Methods" (1999), sections 4.1 to 4.3.

use super::Interval;
use super::null_distribution::{EXACT_UP_TO, Null, doubled_midranks, middle, normal_tail, sums_of_subsets_of_size};

/// The two-sided p-value of "both samples come from one distribution": twice the smaller tail, at most 1.
///
/// Exact up to 50 values in all, ties included: every way to deal the midranks to the two samples is equally likely.
/// Beyond, the normal approximation with corrections for ties and continuity. None where a sample is empty or has a
/// value that is not finite.
pub fn p_value(a: &[f64], b: &[f64]) -> Option<f64> {
    if !usable(a, b) {
        return None;
    }
    let ranks = doubled_midranks(&[a, b].concat());
    // Both in half pairs: how many pairs have b above a, ties counting one half, and the other way round.
    let of_b = ranks[a.len()..].iter().sum::<usize>() - b.len() * (b.len() + 1);
    let of_a = 2 * a.len() * b.len() - of_b;
    let plain = {
        let mut sorted = ranks.clone();
        sorted.sort_unstable();
        sorted.iter().enumerate().all(|(place, &rank)| rank == 2 * (place + 1))
    };
    let smaller_tail = if a.len() + b.len() > EXACT_UP_TO {
        normal_tail(
            (of_a.min(of_b) as f64 + 1.0 - (a.len() * b.len()) as f64) / deviation_in_half_pairs(&ranks, b.len()),
        )
    } else if plain {
        Null::rank_sum(a.len(), b.len()).at_most(of_a.min(of_b) / 2)
    } else {
        let ways = sums_of_subsets_of_size(&ranks, b.len());
        let all: f64 = ways.iter().sum();
        let sum = of_b + b.len() * (b.len() + 1);
        let lower: f64 = ways[..=sum].iter().sum();
        let upper: f64 = ways[sum..].iter().sum();
        lower.min(upper) / all
    };
    // Without any spread in the ranks the approximation has no deviation to divide by.
    Some(if smaller_tail.is_nan() {
        1.0
    } else {
        (2.0 * smaller_tail).min(1.0)
    })
}

/// The Hodges–Lehmann shift of `b` against `a`: the median of all differences b − a. None where a sample is empty or
/// has a value that is not finite.
pub fn estimate(a: &[f64], b: &[f64]) -> Option<f64> {
    middle(&mut pairwise_differences(a, b)?)
}

/// The shifts of `b` against `a` that the test does not reject: from the k-th smallest to the k-th largest of the
/// differences b − a. None where the samples are too small for this confidence, empty or hold a value that is not
/// finite, or where the confidence is not between 0 and 1. Time and memory grow with the product of the samples' sizes.
pub fn interval(a: &[f64], b: &[f64], confidence: f64) -> Option<Interval> {
    Null::rank_sum(a.len(), b.len()).interval(&mut pairwise_differences(a, b)?, confidence)
}

fn usable(a: &[f64], b: &[f64]) -> bool {
    !a.is_empty() && !b.is_empty() && a.iter().chain(b).all(|value| value.is_finite())
}

fn pairwise_differences(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    usable(a, b).then(|| a.iter().flat_map(|from| b.iter().map(move |to| to - from)).collect())
}

/// Of the sum of `size` ranks drawn without replacement, all of them doubled.
fn deviation_in_half_pairs(doubled: &[usize], size: usize) -> f64 {
    let all = doubled.len() as f64;
    let mean = doubled.iter().sum::<usize>() as f64 / all;
    let squares: f64 = doubled.iter().map(|&rank| (rank as f64 - mean).powi(2)).sum();
    let size = size as f64;
    (squares / (all - 1.0) * size * (all - size) / all).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn four_against_four_is_the_least_with_an_interval_at_95_percent() {
        let (low, high) = ([1.0, 2.0, 3.0, 4.0], [11.5, 12.5, 13.5, 14.5]);
        assert_eq!(interval(&low[..3], &high[..3], 0.95), None);
        let four = interval(&low, &high, 0.95).unwrap();
        assert_eq!((four.low, four.high), (7.5, 13.5));
        assert!((four.confidence - (1.0 - 2.0 / 70.0)).abs() < 1e-12);
        assert!((p_value(&low, &high).unwrap() - 2.0 / 70.0).abs() < 1e-12);
        assert_eq!(estimate(&low, &high), Some(10.5));
    }

    #[test]
    fn what_is_empty_or_not_finite_has_no_answer() {
        let bad: [(&[f64], &[f64]); 4] = [
            (&[], &[1.0]),
            (&[1.0], &[]),
            (&[f64::NAN], &[1.0]),
            (&[1.0], &[f64::INFINITY]),
        ];
        for (a, b) in bad {
            assert_eq!(p_value(a, b), None);
            assert_eq!(estimate(a, b), None);
            assert_eq!(interval(a, b, 0.5), None);
        }
    }

    #[test]
    fn nothing_but_one_value_is_no_difference() {
        assert_eq!(p_value(&[2.0; 7], &[2.0; 9]), Some(1.0));
        assert_eq!(p_value(&[2.0; 70], &[2.0; 90]), Some(1.0));
    }

    /// Two samples of distinct values.
    fn untied(most: usize) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
        (
            prop::collection::hash_set(-1_000_000..1_000_000_i32, 2..most),
            1_usize..most,
        )
            .prop_map(|(values, cut)| {
                let values: Vec<f64> = values.into_iter().map(f64::from).collect();
                let cut = cut.min(values.len() - 1);
                (values[..cut].to_vec(), values[cut..].to_vec())
            })
    }

    fn tied(most: usize) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
        let sample = move || prop::collection::vec((-3_i8..4).prop_map(f64::from), 1..most);
        (sample(), sample())
    }

    proptest! {
        #[test]
        fn order_and_exchange_do_not_matter((a, b) in prop_oneof![untied(70), tied(40)]) {
            let p = p_value(&a, &b).unwrap();
            prop_assert!((0.0..=1.0).contains(&p));
            let (mut back, negative): (Vec<f64>, Vec<f64>) = (b.clone(), a.iter().map(|value| -value).collect());
            back.reverse();
            prop_assert!((p_value(&back, &a).unwrap() - p).abs() < 1e-12);
            let mirrored: Vec<f64> = b.iter().map(|value| -value).collect();
            prop_assert!((p_value(&negative, &mirrored).unwrap() - p).abs() < 1e-12);
            prop_assert_eq!(estimate(&b, &a).map(|value| -value), estimate(&a, &b));
        }

        #[test]
        fn a_shift_shifts_estimate_and_interval((a, b) in untied(40), shift in -500_i32..500) {
            let shift = f64::from(shift);
            let moved: Vec<f64> = b.iter().map(|value| value + shift).collect();
            prop_assert_eq!(estimate(&a, &moved).unwrap(), estimate(&a, &b).unwrap() + shift);
            if let Some(before) = interval(&a, &b, 0.95) {
                let after = interval(&a, &moved, 0.95).unwrap();
                prop_assert_eq!((after.low, after.high), (before.low + shift, before.high + shift));
                prop_assert!(before.contains(estimate(&a, &b).unwrap()));
                prop_assert!(before.confidence >= 0.95 - 1e-9);
            }
        }

        #[test]
        fn an_interval_excludes_zero_exactly_where_the_test_rejects(
            (a, b) in untied(70),
            confidence in 0.5..0.999_f64,
        ) {
            if let Some(interval) = interval(&a, &b, confidence) {
                let p = p_value(&a, &b).unwrap();
                let rejected = p <= (1.0 - interval.confidence) * (1.0 + 1e-9);
                prop_assert_eq!(!interval.contains(0.0), rejected, "p {} and {:?}", p, interval);
            }
        }
    }
}
