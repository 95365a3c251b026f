//! What may be said of a difference, given its interval and the noise floor.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Interval;

/// What may be said of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval lies beyond the noise floor, on the good side.
    Better,
    /// The whole interval lies beyond the noise floor, on the bad side.
    Worse,
    /// The whole interval lies within the noise floor: there is no difference that matters.
    Equivalent,
    /// Neither: nothing may be said. Not the same as no difference.
    Inconclusive,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Equivalent => "equivalent",
            Verdict::Inconclusive => "inconclusive",
        })
    }
}

/// The verdict on a log-ratio's interval (candidate ÷ base), with a noise floor that is a log-ratio, too, and at least
/// 0.
///
/// An interval or a floor that is not a number allows no verdict: inconclusive, as does a negative floor.
pub fn verdict(interval: &Interval, floor: f64, higher_is_better: bool) -> Verdict {
    let ordered = interval.low <= interval.high;
    // A negated comparison would be true of what is not a number.
    let usable = floor >= 0.0 && ordered;
    if !usable {
        Verdict::Inconclusive
    } else if interval.low > floor {
        if higher_is_better {
            Verdict::Better
        } else {
            Verdict::Worse
        }
    } else if interval.high < -floor {
        if higher_is_better {
            Verdict::Worse
        } else {
            Verdict::Better
        }
    } else if interval.low >= -floor && interval.high <= floor {
        Verdict::Equivalent
    } else {
        Verdict::Inconclusive
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(low: f64, high: f64, floor: f64) -> Verdict {
        let interval = Interval {
            low,
            high,
            confidence: 0.95,
        };
        let verdict = verdict(&interval, floor, true);
        let mirrored = super::verdict(&interval, floor, false);
        match verdict {
            Verdict::Better => assert_eq!(mirrored, Verdict::Worse),
            Verdict::Worse => assert_eq!(mirrored, Verdict::Better),
            same => assert_eq!(mirrored, same),
        }
        verdict
    }

    #[test]
    fn only_the_whole_interval_counts() {
        assert_eq!(of(0.011, 0.05, 0.01), Verdict::Better);
        assert_eq!(of(-0.05, -0.011, 0.01), Verdict::Worse);
        assert_eq!(of(-0.01, 0.01, 0.01), Verdict::Equivalent);
        assert_eq!(of(0.009, 0.05, 0.01), Verdict::Inconclusive);
        assert_eq!(of(-0.05, 0.05, 0.01), Verdict::Inconclusive);
        // Excludes zero, but not the floor.
        assert_eq!(of(0.001, 0.012, 0.01), Verdict::Inconclusive);
        assert_eq!(of(0.001, 0.012, 0.0), Verdict::Better);
        assert_eq!(of(0.0, 0.0, 0.0), Verdict::Equivalent);
    }

    #[test]
    fn what_is_not_a_number_allows_no_verdict() {
        assert_eq!(of(f64::NAN, 1.0, 0.01), Verdict::Inconclusive);
        assert_eq!(of(0.5, f64::NAN, 0.01), Verdict::Inconclusive);
        assert_eq!(of(0.5, 1.0, f64::NAN), Verdict::Inconclusive);
        assert_eq!(of(0.5, 1.0, -0.01), Verdict::Inconclusive);
        assert_eq!(of(1.0, 0.5, 0.01), Verdict::Inconclusive);
        assert_eq!(of(f64::NEG_INFINITY, f64::INFINITY, 0.01), Verdict::Inconclusive);
    }

    #[test]
    fn it_is_written_in_lower_case() {
        assert_eq!(serde_json::to_string(&Verdict::Better).unwrap(), "\"better\"");
        assert_eq!(format!("{:>14}", Verdict::Inconclusive), "  inconclusive");
    }

    proptest! {
        #[test]
        fn a_wider_interval_or_a_higher_floor_never_says_more_of_a_difference(
            low in -0.2..0.2_f64, width in 0.0..0.2_f64, wider in 0.0..0.1_f64, floor in 0.0..0.1_f64, higher in 0.0..0.1_f64,
        ) {
            let narrow = of(low, low + width, floor);
            let wide = of(low - wider, low + width + wider, floor);
            let differs = |verdict| matches!(verdict, Verdict::Better | Verdict::Worse);
            prop_assert!(narrow == wide || wide == Verdict::Inconclusive);
            prop_assert!(differs(narrow) || !differs(of(low, low + width, floor + higher)));
        }
    }
}
