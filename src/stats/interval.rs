//! An interval of plausible values, with the level that its test really attains.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The values that a test at this level does not reject, both ends included.
///
/// A test on ranks knows finitely many levels: `confidence` is the one it attains, at least what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// The lower end, in the unit of the values.
    pub low: f64,
    /// The upper end, in the unit of the values.
    pub high: f64,
    /// The probability that an interval made like this one covers the truth, between 0 and 1.
    pub confidence: f64,
}

impl Interval {
    /// Whether a value lies in it, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Half of its width.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// The same interval on another scale: `scale` must not decrease, such as `f64::exp` from log-ratios to ratios.
    pub fn map(&self, scale: impl Fn(f64) -> f64) -> Interval {
        Interval {
            low: scale(self.low),
            high: scale(self.high),
            confidence: self.confidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_ends_belong_to_it() {
        let interval = Interval {
            low: -1.0,
            high: 3.0,
            confidence: 0.95,
        };
        assert!(interval.contains(-1.0) && interval.contains(3.0));
        assert!(!interval.contains(3.1) && !interval.contains(f64::NAN));
        assert_eq!(interval.half_width(), 2.0);
        assert_eq!(interval.map(|value| 2.0 * value).low, -2.0);
    }
}
