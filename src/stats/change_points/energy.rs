//! The energy statistic: where a stretch of values splits into two that differ most.

/// The best place to split a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// The first value of the right part, from the stretch's start.
    pub(super) index: usize,
    /// Q̂ there.
    pub(super) q_hat: f64,
}

/// Memory for sums, used again from stretch to stretch.
#[derive(Debug, Default)]
pub(super) struct Sums {
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Sums {
    /// The split (τ, κ) with the largest Q̂ between the values before τ and those from τ to before κ, where κ may lie
    /// before the end: formula 7 of Matteson and James with exponent 1. Of equals the first. None of fewer than two
    /// values. Takes time of order n².
    ///
    /// With n values left and m right, Q̂ = 2 ÷ (n + m) × Σ|left − right| − 2m ÷ ((n + m)(n − 1)) × Σ|left pairs| −
    /// 2n ÷ ((n + m)(m − 1)) × Σ|right pairs|. The first sum is what all pairs together have beyond the other two.
    pub(super) fn candidate(&mut self, values: &[f64]) -> Option<Candidate> {
        let count = values.len();
        if count < 2 {
            return None;
        }
        self.sum_left(values);
        self.right.clear();
        self.right.resize(count + 1, 0.0);
        let mut best: Option<Candidate> = None;
        for split in (1..count).rev() {
            let found = self.best_end(values, split);
            // Splits are visited from the last to the first: of equals the first stays.
            if best.is_none_or(|best| found >= best.q_hat) {
                best = Some(Candidate {
                    index: split,
                    q_hat: found,
                });
            }
        }
        best
    }

    /// `left[k]`: the distances between all pairs of the first k values.
    fn sum_left(&mut self, values: &[f64]) {
        self.left.clear();
        self.left.extend([0.0, 0.0]);
        let mut sum = 0.0;
        for (place, value) in values.iter().enumerate().skip(1) {
            sum += values[..place].iter().map(|other| (value - other).abs()).sum::<f64>();
            self.left.push(sum);
        }
    }

    /// The largest Q̂ of this split. Brings `right[k]`, the distances between all pairs from the split to before k, from
    /// the split behind to this one.
    fn best_end(&mut self, values: &[f64], split: usize) -> f64 {
        let first = values[split];
        let n = split as f64;
        let left = self.left[split];
        let of_left = if split > 1 { left / (n - 1.0) } else { 0.0 };
        let mut distances = 0.0;
        let mut best = f64::NEG_INFINITY;
        for end in split + 1..=values.len() {
            distances += (first - values[end - 1]).abs();
            self.right[end] += distances;
            let right = self.right[end];
            let m = (end - split) as f64;
            let of_right = if m > 1.0 { right / (m - 1.0) } else { 0.0 };
            let between = self.left[end] - left - right;
            let q_hat = 2.0 * (between - m * of_left - n * of_right) / (n + m);
            if q_hat > best {
                best = q_hat;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(values: &[f64]) -> f64 {
        let of = |place: usize| values[..place].iter().map(move |other| (values[place] - other).abs());
        (0..values.len()).flat_map(of).sum()
    }

    /// The formula as it stands in the paper, sum by sum.
    fn q_hat(left: &[f64], right: &[f64]) -> f64 {
        let (n, m) = (left.len() as f64, right.len() as f64);
        let between: f64 = left.iter().flat_map(|x| right.iter().map(move |y| (x - y).abs())).sum();
        let within = |values: &[f64]| match values.len() as f64 {
            1.0 => 0.0,
            count => pairs(values) / (count * (count - 1.0) / 2.0),
        };
        n * m / (n + m) * (2.0 / (n * m) * between - within(left) - within(right))
    }

    fn slowly(values: &[f64]) -> f64 {
        let splits = (1..values.len()).flat_map(|split| (split + 1..=values.len()).map(move |end| (split, end)));
        splits
            .map(|(split, end)| q_hat(&values[..split], &values[split..end]))
            .fold(f64::NEG_INFINITY, f64::max)
    }

    #[test]
    fn a_step_is_split_where_it_is() {
        let values = [1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 4.9];
        assert_eq!(Sums::default().candidate(&values).unwrap().index, 4);
        assert_eq!(Sums::default().candidate(&[1.0]), None);
        assert_eq!(
            Sums::default().candidate(&[2.0; 9]),
            Some(Candidate { index: 1, q_hat: 0.0 })
        );
    }

    proptest! {
        #[test]
        fn the_quick_sums_are_the_papers_formula(values in prop::collection::vec(-100.0..100.0f64, 2..30)) {
            let mut sums = Sums::default();
            let found = sums.candidate(&values).unwrap();
            prop_assert!((found.q_hat - slowly(&values)).abs() < 1e-9 * (1.0 + found.q_hat.abs()));
            let there = (found.index + 1..=values.len())
                .map(|end| q_hat(&values[..found.index], &values[found.index..end]))
                .fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((there - found.q_hat).abs() < 1e-9 * (1.0 + there.abs()));
            // Memory of the stretch before does not matter.
            prop_assert_eq!(sums.candidate(&values), Some(found));
        }
    }
}
