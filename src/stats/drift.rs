//! Whether the trials of one configuration follow each other more closely than chance allows.
//!
//! Pairs within blocks stay valid where a machine drifts, but a single configuration's figure then depends on when it
//! was measured: that is worth a warning.

use super::moments::autocorrelation;
use super::null_distribution::doubled_midranks;

/// Below this many trials no drift can be told from chance.
pub const LEAST_TRIALS: usize = 10;

/// Chance exceeds the limit in about one series of a hundred.
const NORMAL_QUANTILE_99: f64 = 2.326_347_874_040_841;

/// How alike neighbours in time are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// The lag-1 autocorrelation of the values' ranks, between −1 and 1. Ranks, so that a single slow trial weighs no
    /// more than any other.
    pub autocorrelation: f64,
    /// What independent trials exceed in about one series of a hundred.
    pub limit: f64,
}

impl Drift {
    /// Of the trials of one configuration, in the order measured. None of fewer than [`LEAST_TRIALS`] values, where one
    /// is not finite, or where all are equal.
    ///
    /// The limit follows from mean −1/n and variance (n − 2)² / (n² (n − 1)) of independent values: P. A. P. Moran,
    /// "Some Theorems on Time Series II", Biometrika 35 (1948).
    pub fn of(values: &[f64]) -> Option<Drift> {
        if values.len() < LEAST_TRIALS || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let ranks: Vec<f64> = doubled_midranks(values).into_iter().map(|rank| rank as f64).collect();
        let n = values.len() as f64;
        Some(Drift {
            autocorrelation: autocorrelation(&ranks)?,
            limit: (NORMAL_QUANTILE_99 * (n - 2.0) / (n - 1.0).sqrt() - 1.0) / n,
        })
    }

    /// Whether there is more of it than chance allows.
    pub fn is_beyond_chance(&self) -> bool {
        self.autocorrelation > self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_drifts_and_an_alternation_does_not() {
        let ramp: Vec<f64> = (0..12).map(f64::from).collect();
        assert!(Drift::of(&ramp).unwrap().is_beyond_chance());
        let alternating: Vec<f64> = (0..12).map(|trial| f64::from(trial % 2)).collect();
        assert!(!Drift::of(&alternating).unwrap().is_beyond_chance());
    }

    #[test]
    fn one_slow_trial_hides_no_drift() {
        let mut ramp: Vec<f64> = (0..20).map(f64::from).collect();
        ramp[7] = -1e6;
        assert!(Drift::of(&ramp).unwrap().is_beyond_chance());
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(Drift::of(&[1.0, 2.0, 3.0]), None);
        assert_eq!(Drift::of(&[1.0; 20]), None);
        assert_eq!(Drift::of(&[f64::NAN; 20]), None);
    }
}
