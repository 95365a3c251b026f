//! When enough was measured: once every comparison's interval is narrow enough, never because a difference showed.
//!
//! Stopping as soon as a test rejects makes it reject too often; stopping by the width of the interval does not, from a
//! least number of blocks on. `docs/simulations.md` has the simulated figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::signed_rank;

/// The confidence of an interval whose width decides, where no other is given.
pub const CONFIDENCE: f64 = 0.95;

/// Until when blocks are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StopRule {
    /// The half-width that is narrow enough, as a ratio: 0.03 for ± 3 %.
    pub precision: f64,
    /// Never fewer blocks than this; 15 keeps the error rate of a fixed number.
    pub min_blocks: u32,
    /// Never more blocks than this.
    pub max_blocks: u32,
}

/// What the rule says after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Another block.
    Continue {
        /// How many blocks it will take in all, as far as the spread so far tells; may be more than the maximum. None
        /// where a comparison has too few blocks for its spread to be known.
        estimated_blocks: Option<u32>,
    },
    /// Every interval is narrow enough.
    Precise,
    /// The maximum is reached, and some interval is wider than asked.
    MaxReached,
}

impl StopRule {
    /// By the intervals at [`CONFIDENCE`].
    ///
    /// One slice per comparison: its log-ratios within blocks. For a configuration that is compared with none, give the
    /// logarithms of its figure: the width of an interval does not depend on where it lies. A comparison that has fewer
    /// blocks than the others (trials failed) counts with what it has; without comparisons nothing is precise.
    pub fn decide(&self, differences: &[Vec<f64>]) -> Decision {
        self.decide_at(differences, CONFIDENCE)
    }

    /// By the intervals at another confidence, such as 1 − 0.05 ÷ the number of comparisons.
    pub fn decide_at(&self, differences: &[Vec<f64>], confidence: f64) -> Decision {
        let blocks = differences.iter().map(Vec::len).max().unwrap_or(0) as u32;
        let precise = !differences.is_empty() && differences.iter().all(|one| self.is_precise(one, confidence));
        if precise && blocks >= self.min_blocks {
            Decision::Precise
        } else if blocks >= self.max_blocks {
            Decision::MaxReached
        } else {
            let needed = differences.iter().map(|one| self.blocks_needed(one, confidence));
            // The first comparison that cannot tell makes the whole unknown.
            let needed = needed
                .collect::<Option<Vec<u32>>>()
                .and_then(|needed| needed.into_iter().max());
            Decision::Continue {
                estimated_blocks: needed.map(|needed| needed.max(blocks + 1).max(self.min_blocks)),
            }
        }
    }

    /// Whether one comparison's interval is narrow enough already.
    pub fn is_precise(&self, differences: &[f64], confidence: f64) -> bool {
        signed_rank::interval(differences, confidence)
            .is_some_and(|interval| interval.half_width() <= self.precision.ln_1p())
    }

    /// How many blocks one comparison will take: its half-width shrinks with the square root of their number. None
    /// where its spread is not known.
    pub fn blocks_needed(&self, differences: &[f64], confidence: f64) -> Option<u32> {
        let half_width = signed_rank::expected_half_width(differences, confidence)?;
        let blocks = differences.len() as f64 * (half_width / self.precision.ln_1p()).powi(2);
        let least = f64::from(signed_rank::pairs_needed(confidence));
        // A share of zero precision, or zero of zero, has no number of blocks.
        (!blocks.is_nan()).then(|| blocks.ceil().max(least).min(f64::from(u32::MAX)) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: StopRule = StopRule {
        precision: 0.03,
        min_blocks: 15,
        max_blocks: 40,
    };

    /// Differences evenly spread between ± `width`.
    fn spread(blocks: u32, width: f64) -> Vec<f64> {
        let place = |block: u32| (2.0 * f64::from(block) + 1.0) / f64::from(blocks) - 1.0;
        (0..blocks).map(|block| width * place(block)).collect()
    }

    #[test]
    fn never_before_the_minimum() {
        assert_eq!(
            RULE.decide(&[vec![0.001; 14]]),
            Decision::Continue {
                estimated_blocks: Some(15)
            }
        );
        assert_eq!(RULE.decide(&[vec![0.001; 15]]), Decision::Precise);
    }

    #[test]
    fn never_after_the_maximum() {
        assert_eq!(RULE.decide(&[spread(40, 1.0)]), Decision::MaxReached);
        assert!(matches!(RULE.decide(&[spread(39, 1.0)]), Decision::Continue { .. }));
        assert_eq!(RULE.decide(&[vec![f64::NAN; 40]]), Decision::MaxReached);
    }

    #[test]
    fn the_widest_comparison_decides() {
        let narrow = vec![0.5; 20];
        assert_eq!(RULE.decide(&[narrow.clone(), spread(20, 0.01)]), Decision::Precise);
        let Decision::Continue {
            estimated_blocks: Some(blocks),
        } = RULE.decide(&[narrow, spread(20, 0.14)])
        else {
            panic!("not precise yet");
        };
        assert!((21..60).contains(&blocks), "{blocks}");
    }

    #[test]
    fn where_the_spread_is_unknown_there_is_no_estimate() {
        let unknown = Decision::Continue { estimated_blocks: None };
        assert_eq!(RULE.decide(&[]), unknown);
        assert_eq!(RULE.decide(&[vec![]]), unknown);
        assert_eq!(RULE.decide(&[vec![0.1], spread(9, 0.1)]), unknown);
    }

    #[test]
    fn without_any_precision_asked_the_maximum_decides() {
        let rule = StopRule { precision: 0.0, ..RULE };
        assert!(matches!(rule.decide(&[spread(20, 0.1)]), Decision::Continue { .. }));
        assert_eq!(rule.decide(&[spread(40, 0.1)]), Decision::MaxReached);
    }

    #[test]
    fn a_higher_confidence_takes_more_blocks() {
        let differences = spread(20, 0.1);
        let (one, six) = (
            RULE.blocks_needed(&differences, 0.95),
            RULE.blocks_needed(&differences, 1.0 - 0.05 / 6.0),
        );
        assert!(one < six, "{one:?} {six:?}");
    }
}
