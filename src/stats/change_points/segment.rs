//! Values between two change points, and the t-test between two such segments.

use crate::stats::student_t;

/// Means closer together than this share of themselves differ by rounding only.
const ROUNDING: f64 = 1e-12;

/// Values in a row, without a change between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// How many.
    pub points: usize,
    /// Their mean.
    pub mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
}

impl Segment {
    /// Of values that are finite.
    pub(super) fn of(values: &[f64]) -> Segment {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count.max(1.0);
        Segment {
            points: values.len(),
            mean,
            squares: values.iter().map(|value| (value - mean).powi(2)).sum(),
        }
    }

    /// This one and the next as one: T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm
    /// for Computing Sample Variances", 1979.
    pub(super) fn joined(&self, next: &Segment) -> Segment {
        let (a, b) = (self.points as f64, next.points as f64);
        let apart = next.mean - self.mean;
        Segment {
            points: self.points + next.points,
            mean: self.mean + apart * b / (a + b),
            squares: self.squares + next.squares + apart * apart * a * b / (a + b),
        }
    }

    /// Standard deviation of the values, with n − 1; none of fewer than two.
    pub fn standard_deviation(&self) -> Option<f64> {
        (self.points > 1).then(|| (self.squares / (self.points - 1) as f64).sqrt())
    }

    /// Student's t-test for equal means, two-sided, with pooled variance. As in Otava each side's variance is its squares
    /// ÷ n, not ÷ (n − 1), which makes p somewhat too small where a side has few points. 1 where it cannot be said.
    pub(super) fn p_value(&self, next: &Segment) -> f64 {
        let apart = self.mean - next.mean;
        if apart.abs() <= ROUNDING * self.mean.abs().max(next.mean.abs()) || self.points + next.points < 3 {
            return 1.0;
        }
        let (a, b) = (self.points as f64, next.points as f64);
        let degrees = a + b - 2.0;
        let variance = ((a - 1.0) * self.squares / a + (b - 1.0) * next.squares / b) / degrees;
        let t = apart / (variance * (1.0 / a + 1.0 / b)).sqrt();
        student_t::two_sided(t, degrees).unwrap_or(1.0)
    }
}
