//! Pure arithmetic of the comparison: ratios of one round's pairs, their median, its interval.

use kpbench::stats::median;

/// One figure over the rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Rounds that it is made from.
    pub rounds: usize,
    /// Median.
    pub median: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Interval of the median that covers it with 95 % or more; none below six rounds, where there is no such interval.
    pub interval: Option<(f64, f64)>,
}

impl Figure {
    /// None where there are no values.
    pub fn of(values: &[f64]) -> Option<Figure> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Figure {
            rounds: sorted.len(),
            median: median(&sorted)?,
            min: *sorted.first()?,
            max: *sorted.last()?,
            interval: interval(&sorted),
        })
    }

    /// Of the ratios `ours / theirs` of the rounds that have both.
    pub fn of_ratios(ours: &[Option<f64>], theirs: &[Option<f64>]) -> Option<Figure> {
        let pairs = ours.iter().zip(theirs);
        let ratios: Vec<f64> = pairs
            .filter_map(|(ours, theirs)| Some((*ours)? / (*theirs)?))
            .filter(|ratio| ratio.is_finite())
            .collect();
        Figure::of(&ratios)
    }
}

/// The interval from the k-th smallest to the k-th largest value, with the largest k for which it covers the median with
/// at least 95 %: `1 − 2 P(B ≤ k − 1)`, B binomial with n trials of 1/2, whatever the distribution (Conover, "Practical
/// Nonparametric Statistics", 3rd edition, section 3.2).
fn interval(sorted: &[f64]) -> Option<(f64, f64)> {
    let n = sorted.len();
    let mut probability = 0.5_f64.powi(i32::try_from(n).ok()?);
    let mut below = 0.0;
    let mut k = 0;
    while k < n / 2 {
        below += probability;
        if 2.0 * below > 0.05 {
            break;
        }
        probability *= (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
    (k > 0).then(|| (sorted[k - 1], sorted[n - k]))
}
