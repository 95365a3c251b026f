//! When a gate is looked at while it is measured, and what each look costs.
//!
//! To stop as soon as a test says what one would like to hear makes it err too often: each look is one more chance to
//! err. So there are few looks, further and further apart, and together they have the error rate that a single one
//! would have (C. E. Bonferroni's inequality): whatever is looked at, and however the looks depend on each other, the
//! chance that any of them errs is no larger than the sum of their shares. A look's share grows with its number of
//! blocks, since most of what is hard to decide is decided late. Where the run has to end, the last look gets all that
//! is left. `docs/gate.md` has the simulated figures.

use super::stopping::CONFIDENCE;
use crate::stats::signed_rank;
use crate::store::StoppedBy;

/// Blocks at one look ÷ blocks at the one before.
const GROWTH: f64 = 1.5;

/// A look this close before the last one, by the same ratio, is left out.
const CLOSE: f64 = 1.2;

/// The numbers of blocks at which a gate is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks {
    /// In rising order; never empty.
    at: Vec<u32>,
}

impl Looks {
    /// From a least to a largest number of blocks; the first one is where so few have an interval at the look's level.
    pub fn between(min_blocks: u32, max_blocks: u32) -> Looks {
        let last = max_blocks.max(1);
        let mut at = Vec::new();
        let mut next = min_blocks.max(1);
        while f64::from(next) * CLOSE <= f64::from(last) {
            at.push(next);
            next = (f64::from(next) * GROWTH).ceil() as u32;
        }
        at.push(last);
        let mut looks = Looks { at };
        while looks.at.len() > 1 && !looks.first_can_tell() {
            looks.at.remove(0);
        }
        looks
    }

    fn first_can_tell(&self) -> bool {
        // Never empty.
        let first = self.at.first().copied().unwrap_or(1);
        let alpha = (1.0 - CONFIDENCE) * self.share(StoppedBy::Decided, first);
        signed_rank::pairs_needed(1.0 - alpha) <= first
    }

    /// What is due after so many blocks, `fits` being whether another block would fit the time budget: how the run ends
    /// if it ends here. None where there is no look. At [`StoppedBy::Decided`] it goes on unless everything is decided,
    /// at the others it ends anyhow.
    pub fn due(&self, blocks: u32, fits: bool) -> Option<StoppedBy> {
        match blocks {
            // Without a block there is nothing to look at.
            0 => None,
            blocks if blocks >= self.last() => Some(StoppedBy::MaxBlocks),
            _ if !fits => Some(StoppedBy::TimeBudget),
            blocks => self.at.contains(&blocks).then_some(StoppedBy::Decided),
        }
    }

    /// The share of the error rate that the verdict of a run has that ended so, after so many blocks: that of its look,
    /// or, where it had to end, all that earlier looks did not take.
    pub fn share(&self, ended: StoppedBy, blocks: u32) -> f64 {
        let is_its = |at: u32| match ended {
            StoppedBy::Decided => at == blocks,
            _ => at >= blocks,
        };
        let its: u32 = self.at.iter().copied().filter(|&at| is_its(at)).sum();
        // What was looked at where no look is has nothing of its own; the last look's share is as good as any.
        let its = if its == 0 { self.last() } else { its };
        f64::from(its) / f64::from(self.at.iter().sum::<u32>())
    }

    /// The first look at this number of blocks or more; the last one where there is none.
    pub fn next_from(&self, blocks: u32) -> u32 {
        let mut looks = self.at.iter().copied();
        looks.find(|&at| at >= blocks).unwrap_or(self.last())
    }

    /// The largest number of blocks.
    pub fn last(&self) -> u32 {
        // Never empty.
        self.at.last().copied().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn looks_are_few_and_the_last_is_at_the_end() {
        for (min, max, at) in [
            (15, 50, &[15, 23, 35, 50][..]),
            (10, 60, &[10, 15, 23, 35, 60]),
            (8, 20, &[8, 12, 20]),
            // At its share of the level, 8 blocks have no interval, nor have 6.
            (8, 30, &[12, 18, 30]),
            (6, 8, &[8]),
            (15, 17, &[17]),
            (20, 20, &[20]),
            (9, 3, &[3]),
            (0, 0, &[1]),
        ] {
            assert_eq!(Looks::between(min, max).at, at, "{min} to {max}");
        }
    }

    #[test]
    fn a_look_is_due_at_its_block_and_where_the_run_must_end() {
        let looks = Looks::between(15, 50);
        for (blocks, fits, due) in [
            (0, false, None),
            (14, true, None),
            (14, false, Some(StoppedBy::TimeBudget)),
            (15, true, Some(StoppedBy::Decided)),
            (15, false, Some(StoppedBy::TimeBudget)),
            (16, true, None),
            (50, true, Some(StoppedBy::MaxBlocks)),
            (51, false, Some(StoppedBy::MaxBlocks)),
        ] {
            assert_eq!(looks.due(blocks, fits), due, "{blocks} {fits}");
        }
        assert_eq!(
            [1, 15, 16, 36, 99].map(|blocks| looks.next_from(blocks)),
            [15, 15, 23, 50, 50]
        );
    }

    proptest! {
        /// However a run goes, what its looks take together is the whole at most.
        #[test]
        fn the_looks_of_any_run_share_the_error_rate(min in 0_u32..80, more in 0_u32..200, budget in 1_u32..300) {
            let looks = Looks::between(min, min + more);
            let mut taken = 0.0;
            for blocks in 1.. {
                let Some(due) = looks.due(blocks, blocks < budget) else { continue };
                let share = looks.share(due, blocks);
                prop_assert!(share > 0.0);
                taken += share;
                if due != StoppedBy::Decided {
                    break;
                }
            }
            prop_assert!((taken - 1.0).abs() < 1e-9, "{}", taken);
        }
    }
}
