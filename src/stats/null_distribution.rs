//! How a count is distributed where there is no difference: the tails that tests and intervals are read from.
//!
//! The signed-rank statistic, Mann and Whitney's and the sign statistic are all counts between 0 and a maximum,
//! symmetric about the middle; and all three intervals end at the k-th smallest and the k-th largest of some values,
//! where k follows from the count's tail. So one type serves them all.

use std::sync::OnceLock;

use statrs::function::erf::{erfc, erfc_inv};

use super::Interval;

/// Up to this many values the distribution is counted out. All counts stay below 2^53, so they are exact.
pub(super) const EXACT_UP_TO: usize = 50;

/// What a comparison of a tail with a limit forgives: rounding in `1 − confidence`.
const ROUNDING: f64 = 1e-12;

/// The distribution of a count under the null hypothesis.
pub(super) enum Null {
    /// The probability of at most 0, at most 1, and so on.
    Exact(Vec<f64>),
    /// The same, computed once.
    Kept(&'static [f64]),
    /// The normal approximation, with a correction for continuity.
    Normal {
        /// The expected count.
        mean: f64,
        /// Its standard deviation.
        deviation: f64,
    },
}

impl Null {
    /// Wilcoxon's signed-rank statistic of `pairs` differences without ties or zeros.
    pub fn signed_rank(pairs: usize) -> Null {
        static KEPT: [OnceLock<Vec<f64>>; EXACT_UP_TO + 1] = [const { OnceLock::new() }; EXACT_UP_TO + 1];
        match KEPT.get(pairs) {
            Some(kept) => Null::Kept(kept.get_or_init(|| {
                let ranks: Vec<usize> = (1..=pairs).collect();
                cumulative(&sums_of_subsets(&ranks))
            })),
            None => {
                let n = pairs as f64;
                Null::Normal {
                    mean: n * (n + 1.0) / 4.0,
                    deviation: (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt(),
                }
            }
        }
    }

    /// Mann and Whitney's statistic of samples of `a` and `b` values without ties.
    pub fn rank_sum(a: usize, b: usize) -> Null {
        if a + b <= EXACT_UP_TO {
            return Null::Exact(cumulative(&gaussian_binomial(a, b)));
        }
        let (a, b) = (a as f64, b as f64);
        Null::Normal {
            mean: a * b / 2.0,
            deviation: (a * b * (a + b + 1.0) / 12.0).sqrt(),
        }
    }

    /// How many of `values` lie below their median: binomial with one half.
    pub fn sign(values: usize) -> Null {
        if values > 1_000 {
            let n = values as f64;
            return Null::Normal {
                mean: n / 2.0,
                deviation: n.sqrt() / 2.0,
            };
        }
        let mut probability = 0.5_f64.powi(values as i32);
        let mut total = 0.0;
        let tail = (0..=values).map(|count| {
            total += probability;
            probability *= (values - count) as f64 / (count + 1) as f64;
            total
        });
        Null::Exact(tail.collect())
    }

    /// The probability of at most `count`.
    pub fn at_most(&self, count: usize) -> f64 {
        match self {
            Null::Exact(tail) => tail.get(count).copied().unwrap_or(1.0),
            Null::Kept(tail) => tail.get(count).copied().unwrap_or(1.0),
            Null::Normal { mean, deviation } => normal_tail((count as f64 + 0.5 - mean) / deviation),
        }
    }

    /// The largest count, up to `most`, whose tail has a probability of at most `limit`. None where even 0 has more.
    fn largest_within(&self, limit: f64, most: usize) -> Option<usize> {
        let (mut within, mut beyond) = (0, most + 1);
        while within < beyond {
            let middle = (within + beyond) / 2;
            if self.at_most(middle) <= limit * (1.0 + ROUNDING) {
                within = middle + 1;
            } else {
                beyond = middle;
            }
        }
        within.checked_sub(1)
    }

    /// From the k-th smallest to the k-th largest of `values`, k as large as `confidence` allows. None where no k does.
    ///
    /// Where values tie, the interval covers at least as often as it says: breaking ties at random by amounts too small
    /// to matter gives values without ties, whose interval does not reach beyond this one.
    pub fn interval(&self, values: &mut [f64], confidence: f64) -> Option<Interval> {
        if !(confidence > 0.0 && confidence < 1.0) || values.is_empty() {
            return None;
        }
        let last = values.len() - 1;
        let below = self.largest_within((1.0 - confidence) / 2.0, last / 2)?;
        let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
        let low = *low;
        let high = match last - below {
            place if place == below => low,
            place => *above.select_nth_unstable_by(place - below - 1, f64::total_cmp).1,
        };
        Some(Interval {
            low,
            high,
            confidence: 1.0 - 2.0 * self.at_most(below),
        })
    }
}

/// The probability that a standard normal variable is at most `z`.
pub(super) fn normal_tail(z: f64) -> f64 {
    erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

/// Which `z` a standard normal variable is at most, with this probability.
pub(super) fn normal_quantile(probability: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * probability)
}

/// The middle of `values`, or the mean of the two in the middle. None of no values.
pub(super) fn middle(values: &mut [f64]) -> Option<f64> {
    let place = values.len().checked_sub(1)? / 2;
    let even = values.len().is_multiple_of(2);
    let (_, low, above) = values.select_nth_unstable_by(place, f64::total_cmp);
    let low = *low;
    match above.iter().copied().min_by(f64::total_cmp) {
        Some(next) if even => Some(low.midpoint(next)),
        _ => Some(low),
    }
}

/// Twice the midrank of each value: an integer, ties or not. Values must be finite.
pub(super) fn doubled_midranks(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Adding zero turns −0 into 0: the two are equal, but not in the total order.
    order.sort_unstable_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
    let mut ranks = vec![0; values.len()];
    let mut from = 0;
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let to = from + group.len();
        // Ranks from + 1 to `to`, whose mean is half of this.
        group.iter().for_each(|&place| ranks[place] = from + 1 + to);
        from = to;
    }
    ranks
}

/// In how many ways a subset of `ranks` has each sum, from 0 to the sum of all.
pub(super) fn sums_of_subsets(ranks: &[usize]) -> Vec<f64> {
    let mut ways = vec![0.0; ranks.iter().sum::<usize>() + 1];
    ways[0] = 1.0;
    let mut reached = 0;
    for &rank in ranks {
        reached += rank;
        for sum in (rank..=reached).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    ways
}

/// In how many ways `size` of `ranks` have each sum, from 0 to the sum of all.
///
/// Only what can be reached is added up: so many ranks have no smaller and no larger sum than those seen allow, and where
/// fewer ranks are left than are missing, nothing comes of it.
pub(super) fn sums_of_subsets_of_size(ranks: &[usize], size: usize) -> Vec<f64> {
    let width = ranks.iter().sum::<usize>() + 1;
    // In ascending order the sums so far lie closest together.
    let mut ranks = ranks.to_vec();
    ranks.sort_unstable();
    // In row k: the ways to take k of the ranks seen so far, and between which sums they lie.
    let mut rows: Vec<(Vec<f64>, usize, usize)> = vec![(vec![0.0; width], usize::MAX, 0); size + 1];
    rows[0] = (vec![1.0], 0, 0);
    for (seen, &rank) in ranks.iter().enumerate() {
        let left = ranks.len() - seen - 1;
        for taken in (size.saturating_sub(left).max(1)..=size.min(seen + 1)).rev() {
            let (without, with) = rows.split_at_mut(taken);
            let ((from, low, high), (to, lowest, highest)) = (&without[taken - 1], &mut with[0]);
            for (sum, ways) in to[low + rank..=high + rank].iter_mut().zip(&from[*low..=*high]) {
                *sum += ways;
            }
            (*lowest, *highest) = ((*lowest).min(low + rank), (*highest).max(high + rank));
        }
    }
    rows.pop().map_or_else(Vec::new, |(ways, ..)| ways)
}

/// In how many orders of `a` and `b` values each number of pairs (one of either) is in order: the coefficients of the
/// Gaussian binomial, product of (1 − q^(b + i)) / (1 − q^i) for i from 1 to a.
fn gaussian_binomial(a: usize, b: usize) -> Vec<f64> {
    let mut ways = vec![0.0; a * b + 1];
    ways[0] = 1.0;
    for i in 1..=a {
        for count in (b + i..ways.len()).rev() {
            ways[count] -= ways[count - b - i];
        }
        for count in i..ways.len() {
            ways[count] += ways[count - i];
        }
    }
    ways
}

/// Probabilities of at most each count, from the ways to each.
fn cumulative(ways: &[f64]) -> Vec<f64> {
    let all: f64 = ways.iter().sum();
    let mut total = 0.0;
    let tail = ways.iter().map(|ways| {
        total += ways;
        total / all
    });
    tail.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_counted() {
        assert_eq!(sums_of_subsets(&[1, 2, 3]), [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0]);
        assert_eq!(
            sums_of_subsets_of_size(&[1, 2, 3], 2),
            [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0]
        );
        assert_eq!(gaussian_binomial(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn subsets_of_a_size_are_those_that_can_be_drawn_one_by_one() {
        for ranks in [
            vec![2, 5, 5, 5, 8, 11],
            vec![11, 5, 2, 8, 5, 5],
            vec![7],
            vec![3, 3, 3, 3],
        ] {
            for size in 1..=ranks.len() {
                let mut drawn = vec![0.0; ranks.iter().sum::<usize>() + 1];
                for set in 0_u32..1 << ranks.len() {
                    if set.count_ones() as usize == size {
                        let of_set = (0..ranks.len()).filter(|place| set >> place & 1 == 1);
                        drawn[of_set.map(|place| ranks[place]).sum::<usize>()] += 1.0;
                    }
                }
                assert_eq!(sums_of_subsets_of_size(&ranks, size), drawn, "{size} of {ranks:?}");
            }
        }
    }

    #[test]
    fn two_ways_to_count_mann_and_whitney_agree() {
        for (a, b) in [(1, 1), (3, 5), (7, 4), (25, 25), (1, 49)] {
            let ranks: Vec<usize> = (1..=a + b).collect();
            let by_ranks = sums_of_subsets_of_size(&ranks, b);
            let least = b * (b + 1) / 2;
            assert_eq!(gaussian_binomial(a, b), by_ranks[least..=least + a * b], "{a} and {b}");
        }
    }

    #[test]
    fn the_approximation_takes_over_where_it_agrees() {
        let exact = Null::signed_rank(EXACT_UP_TO);
        let mean = 50.0 * 51.0 / 4.0;
        let normal = Null::Normal {
            mean,
            deviation: (50.0_f64 * 51.0 * 101.0 / 24.0).sqrt(),
        };
        for count in 0..=EXACT_UP_TO * (EXACT_UP_TO + 1) / 2 {
            let tail = exact.at_most(count);
            let tolerance = if tail < 0.05 { 5e-4 } else { 2e-3 };
            assert!((tail - normal.at_most(count)).abs() < tolerance, "{count}");
        }
    }

    #[test]
    fn midranks_are_shared_by_equal_values() {
        assert_eq!(doubled_midranks(&[3.0, 1.0, 3.0, -2.0]), [7, 4, 7, 2]);
        assert_eq!(doubled_midranks(&[0.0, -0.0]), [3, 3]);
    }

    #[test]
    fn the_middle_of_few_and_of_none() {
        assert_eq!(middle(&mut []), None);
        assert_eq!(middle(&mut [5.0]), Some(5.0));
        assert_eq!(middle(&mut [4.0, 1.0, 9.0, 2.0]), Some(3.0));
    }
}
