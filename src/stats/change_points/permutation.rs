//! Plain E-divisive: one stretch for the whole series, tested by permutation.

use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::energy::{Candidate, Sums};
use super::{ChangePoint, between};

/// How [`e_divisive`] tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permutations {
    /// How often the series is shuffled: no p is smaller than 1 ÷ (count + 1).
    pub count: u32,
    /// A change point's p is at most this.
    pub max_pvalue: f64,
    /// The same seed gives the same p.
    pub seed: u64,
}

impl Default for Permutations {
    /// As many as the default p of 0.001 can be reached with.
    fn default() -> Self {
        Self {
            count: 999,
            max_pvalue: 0.001,
            seed: 1,
        }
    }
}

/// The change points of a series by plain E-divisive: the split with the largest Q̂ counts where shuffling the values
/// within the segments found so far gives as large a one with a probability of at most `max_pvalue`; then the segments
/// are split on. That p is (1 + shuffles with as large a Q̂) ÷ (1 + shuffles): B. Phipson, G. K. Smyth, "Permutation
/// P-values Should Never Be Zero", 2010. Takes time of order n² × shuffles. None where a value is not finite.
pub fn e_divisive(values: &[f64], permutations: &Permutations) -> Option<Vec<ChangePoint>> {
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut random = Xoshiro256StarStar::seed_from_u64(permutations.seed);
    let mut sums = Sums::default();
    let mut places: Vec<(usize, f64)> = Vec::new();
    let mut ends = vec![0, values.len()];
    while let Some(best) = best(values, &ends, &mut sums)
        && let Some(p_value) = significance(values, &ends, best.q_hat, permutations, &mut random, &mut sums)
    {
        places.push((best.index, p_value));
        ends.push(best.index);
        ends.sort_unstable();
    }
    places.sort_by_key(|(index, _)| *index);
    Some(between(values, &places))
}

/// The best split of all segments, its index counted from the series' start; of equals the first.
fn best(values: &[f64], ends: &[usize], sums: &mut Sums) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for segment in ends.windows(2) {
        if let Some(found) = sums.candidate(&values[segment[0]..segment[1]])
            && best.is_none_or(|best| found.q_hat > best.q_hat)
        {
            best = Some(Candidate {
                index: segment[0] + found.index,
                ..found
            });
        }
    }
    best
}

/// The p of this Q̂, or none as soon as it must be larger than asked for.
fn significance(
    values: &[f64],
    ends: &[usize],
    q_hat: f64,
    permutations: &Permutations,
    random: &mut Xoshiro256StarStar,
    sums: &mut Sums,
) -> Option<f64> {
    let of_all = f64::from(permutations.count) + 1.0;
    let p_value = |as_large: u32| (f64::from(as_large) + 1.0) / of_all;
    let mut shuffled = values.to_vec();
    let mut as_large = 0;
    for _ in 0..permutations.count {
        for segment in ends.windows(2) {
            shuffle(&mut shuffled[segment[0]..segment[1]], random);
        }
        if best(&shuffled, ends, sums).is_some_and(|found| found.q_hat >= q_hat) {
            as_large += 1;
        }
        if p_value(as_large) > permutations.max_pvalue {
            return None;
        }
    }
    Some(p_value(as_large)).filter(|p_value| *p_value <= permutations.max_pvalue)
}

/// Fisher and Yates.
fn shuffle(values: &mut [f64], random: &mut Xoshiro256StarStar) {
    for last in (1..values.len()).rev() {
        // The bias of multiplying 64 bits is below 2⁻⁴⁰ for any series that fits into memory.
        let place = (u128::from(random.next_u64()) * (last as u128 + 1)) >> 64;
        values.swap(last, place as usize);
    }
}
