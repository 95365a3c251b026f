//! Comparing with stored sessions: measured on other days, under a state of the machine that does not come back.
//!
//! Trials of one session share whatever that session had to itself, so that two sessions of the same thing differ by
//! more than their trials tell. The unit is therefore the session: one value each, the median over its trials of the
//! logarithm of a figure. What the sessions differ by says how far a new one may lie off without anything having
//! changed.
//!
//! The interval is Student's: for a single new session, the prediction interval (G. J. Hahn and W. Q. Meeker,
//! "Statistical Intervals" (1991), section 4.6). It takes sessions to differ about normally. A test on ranks needs no
//! such assumption, but cannot reach 95 % with one session against fewer than 39.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use thiserror::Error;

use super::Interval;
use super::moments::mean;

/// The fewest stored sessions that a new one is held against: with fewer, their spread is hardly known.
pub const LEAST_SESSIONS: usize = 6;

/// What a gate may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The interval excludes a loss beyond the threshold.
    Pass,
    /// The whole interval lies beyond the threshold: a loss.
    Regression,
    /// Neither: it cannot be said.
    Inconclusive,
}

/// A new measurement held against stored sessions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionComparison {
    /// What may be said.
    pub outcome: Outcome,
    /// Mean of the candidate's sessions − mean of the stored ones: a log-ratio.
    pub estimate: f64,
    /// Its interval, a log-ratio.
    pub interval: Interval,
    /// From session to session, as the standard deviation of a log figure.
    pub session_deviation: f64,
    /// Two-sided p of no difference: Student's test with a common deviation.
    pub p: f64,
}

/// Why there is no comparison.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum SessionsError {
    /// Too few stored sessions.
    #[error("{stored} stored sessions: at least {needed} are needed before a new one can be held against them")]
    TooFew {
        /// How many there are.
        stored: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Nothing to hold against them.
    #[error("no session of the candidate")]
    NoCandidate,
    /// A value that is not finite.
    #[error("a session's value is not a finite number")]
    NotFinite,
    /// A confidence or a threshold out of its range.
    #[error("the confidence must lie between 0 and 1 and the threshold must be a number of at least 0")]
    OutOfRange,
}

/// Holds the candidate's sessions (usually one) against the stored ones.
///
/// Values are logarithms of a figure, one per session. `threshold` is the loss that is put up with, a log-ratio of at
/// least 0: `-f64::ln(1.0 - 0.05)` for a throughput that may fall by 5 %, `f64::ln(1.05)` for a latency that may rise
/// by 5 %.
///
/// # Errors
/// Fewer than [`LEAST_SESSIONS`] stored sessions, no candidate, a value that is not finite, a confidence or threshold
/// out of range.
pub fn compare(
    stored: &[f64],
    candidate: &[f64],
    threshold: f64,
    higher_is_better: bool,
    confidence: f64,
) -> Result<SessionComparison, SessionsError> {
    let in_range = threshold >= 0.0 && threshold.is_finite() && confidence > 0.0 && confidence < 1.0;
    if !in_range {
        return Err(SessionsError::OutOfRange);
    }
    if stored.len() < LEAST_SESSIONS {
        return Err(SessionsError::TooFew {
            stored: stored.len(),
            needed: LEAST_SESSIONS,
        });
    }
    if candidate.is_empty() {
        return Err(SessionsError::NoCandidate);
    }
    let stored_mean = mean(stored).ok_or(SessionsError::NotFinite)?;
    let candidate_mean = mean(candidate).ok_or(SessionsError::NotFinite)?;
    let freedom = (stored.len() + candidate.len() - 2) as f64;
    let squares = squares_about(stored, stored_mean) + squares_about(candidate, candidate_mean);
    let session_deviation = (squares / freedom).sqrt();
    let estimate = candidate_mean - stored_mean;
    let deviation = session_deviation * (1.0 / stored.len() as f64 + 1.0 / candidate.len() as f64).sqrt();
    let half_width = student_quantile(0.5 + confidence / 2.0, freedom).ok_or(SessionsError::OutOfRange)? * deviation;
    let interval = Interval {
        low: estimate - half_width,
        high: estimate + half_width,
        confidence,
    };
    Ok(SessionComparison {
        outcome: outcome(&interval, threshold, higher_is_better),
        estimate,
        interval,
        session_deviation,
        p: two_sided_p(estimate, deviation, freedom).ok_or(SessionsError::OutOfRange)?,
    })
}

/// What a gate may say of an interval of log-ratios (candidate ÷ baseline), wherever the interval comes from.
/// `threshold` as in [`compare`]; one that is not a number, or is negative, allows nothing to be said.
pub fn outcome(interval: &Interval, threshold: f64, higher_is_better: bool) -> Outcome {
    let (least_gain, largest_gain) = if higher_is_better {
        (interval.low, interval.high)
    } else {
        (-interval.high, -interval.low)
    };
    let usable = threshold >= 0.0 && least_gain <= largest_gain;
    if usable && largest_gain < -threshold {
        Outcome::Regression
    } else if usable && least_gain >= -threshold {
        Outcome::Pass
    } else {
        Outcome::Inconclusive
    }
}

fn squares_about(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// Of an estimate with this standard deviation. Sessions that do not differ at all have none: then nothing but an
/// estimate of 0 fits no difference.
fn two_sided_p(estimate: f64, deviation: f64, freedom: f64) -> Option<f64> {
    if deviation == 0.0 {
        return Some(if estimate == 0.0 { 1.0 } else { 0.0 });
    }
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some((2.0 * student.cdf(-(estimate / deviation).abs())).min(1.0))
}

fn student_quantile(probability: f64, freedom: f64) -> Option<f64> {
    let quantile = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(probability);
    quantile.is_finite().then_some(quantile)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STORED: [f64; 6] = [0.00, 0.01, -0.01, 0.02, -0.02, 0.00];

    #[test]
    fn quantiles_of_student() {
        // Printed tables: t(0.975) with 5 and with 10 degrees of freedom, t(0.95) with 5.
        for (probability, freedom, expected) in [
            (0.975, 5.0, 2.570_582),
            (0.975, 10.0, 2.228_139),
            (0.95, 5.0, 2.015_048),
        ] {
            assert!((student_quantile(probability, freedom).unwrap() - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn fewer_than_six_sessions_are_refused() {
        let refused = compare(&STORED[..5], &[-0.5], 0.05, true, 0.95);
        assert_eq!(refused, Err(SessionsError::TooFew { stored: 5, needed: 6 }));
    }

    #[test]
    fn a_loss_is_a_regression_only_where_it_is_certain() {
        let outcome = |candidate: f64, threshold: f64| {
            let at = |value: f64, higher| compare(&STORED, &[value], threshold, higher, 0.95).unwrap().outcome;
            let higher = at(candidate, true);
            // The stored values lie symmetric about 0: a latency that rises is a throughput that falls.
            assert_eq!(at(-candidate, false), higher);
            higher
        };
        // The half-width is 2.5706 · 0.014142 · √(7/6), or 0.0393.
        assert_eq!(outcome(-0.038, 0.0), Outcome::Inconclusive);
        assert_eq!(outcome(-0.041, 0.0), Outcome::Regression);
        assert_eq!(outcome(-0.041, 0.05), Outcome::Inconclusive);
        assert_eq!(outcome(-0.091, 0.05), Outcome::Regression);
        assert_eq!(outcome(0.0, 0.05), Outcome::Pass);
        assert_eq!(outcome(0.5, 0.05), Outcome::Pass);
    }

    #[test]
    fn p_crosses_five_percent_where_the_interval_reaches_zero() {
        for candidate in [-0.06, -0.04, -0.039, -0.01, 0.0, 0.0394, 0.2] {
            let compared = compare(&STORED, &[candidate], 0.05, true, 0.95).unwrap();
            assert_eq!(compared.p < 0.05, !compared.interval.contains(0.0), "{compared:?}");
        }
        assert_eq!(compare(&[0.5; 6], &[0.5], 0.05, true, 0.95).unwrap().p, 1.0);
        assert_eq!(compare(&[0.5; 6], &[0.6], 0.05, true, 0.95).unwrap().p, 0.0);
    }

    #[test]
    fn more_sessions_of_the_candidate_narrow_the_interval() {
        let one = compare(&STORED, &[0.0], 0.05, true, 0.95).unwrap();
        let three = compare(&STORED, &[0.0, 0.014, -0.014], 0.05, true, 0.95).unwrap();
        assert!(three.interval.half_width() < one.interval.half_width());
    }

    #[test]
    fn bad_input_is_refused() {
        assert_eq!(compare(&STORED, &[], 0.05, true, 0.95), Err(SessionsError::NoCandidate));
        assert_eq!(
            compare(&STORED, &[f64::NAN], 0.05, true, 0.95),
            Err(SessionsError::NotFinite)
        );
        assert_eq!(
            compare(&[f64::INFINITY; 7], &[0.0], 0.05, true, 0.95),
            Err(SessionsError::NotFinite)
        );
        for (threshold, confidence) in [(-0.1, 0.95), (f64::NAN, 0.95), (0.05, 1.0), (0.05, f64::NAN)] {
            assert_eq!(
                compare(&STORED, &[0.0], threshold, true, confidence),
                Err(SessionsError::OutOfRange)
            );
        }
    }

    proptest! {
        #[test]
        fn the_estimate_lies_in_the_middle_and_shifts_along(
            stored in prop::collection::vec(-1.0..1.0_f64, 6..20),
            candidate in prop::collection::vec(-1.0..1.0_f64, 1..5),
            shift in -5.0..5.0_f64,
        ) {
            let before = compare(&stored, &candidate, 0.05, true, 0.95).unwrap();
            prop_assert!(before.interval.contains(before.estimate));
            let moved: Vec<f64> = stored.iter().map(|value| value + shift).collect();
            let after = compare(&moved, &candidate, 0.05, true, 0.95).unwrap();
            prop_assert!((after.estimate - before.estimate + shift).abs() < 1e-9);
            prop_assert!((after.interval.half_width() - before.interval.half_width()).abs() < 1e-9);
        }
    }
}
