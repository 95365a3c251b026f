//! The error rate that a verdict may take.

use super::sentence::More;
use crate::analysis::effect::ALPHA;
use crate::plan::looks::Looks;
use crate::profile::{Precision, Until};
use crate::store::{Manifest, Stopping};

/// How surely something must be known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    /// The chance of an error, of all figures together.
    pub(super) alpha: f64,
    /// What to measure more of where that does not do.
    pub(super) more: More,
}

impl Level {
    /// Of a number of blocks that nothing which was measured had a say in.
    pub(super) const FIXED: Level = Level {
        alpha: ALPHA,
        more: More::Repetitions,
    };

    /// Of a run: where it was repeated until the gate was decided, what the look takes at which it ended.
    pub(super) fn of(manifest: &Manifest) -> Level {
        match &manifest.stopping {
            Some(stopping) if stopping.rule.until == Until::Decided => Level {
                alpha: ALPHA * share(stopping),
                more: More::Blocks,
            },
            _ => Level::FIXED,
        }
    }
}

fn share(stopping: &Stopping) -> f64 {
    looks(&stopping.rule).share(stopping.ended, stopping.blocks)
}

/// When a gate is looked at by this rule.
pub(super) fn looks(rule: &Precision) -> Looks {
    Looks::between(rule.min_blocks, rule.max_blocks)
}
