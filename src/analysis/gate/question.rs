//! What a run is repeated for: until each gated figure is decided.

use super::decide::bounds;
use super::level::looks;
use super::{Asked, GateRow, GateVerdict, interleaved, pairs_of};
use crate::analysis::{Better, Metric};
use crate::plan::looks::Looks;
use crate::profile::Precision;
use crate::store::{BaselineSession, StoppedBy};

/// What a gate asks of a run that is being measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The gate.
    pub asked: Asked,
    /// Wait for these figures only, by the candidate's configuration; empty: for all that are gated.
    pub only: Vec<(String, Metric)>,
}

/// What a look at a run says that is being measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Figures that are waited for.
    pub figures: u32,
    /// Those among them that more blocks may still decide.
    pub open: u32,
    /// Blocks that it will take in all to decide them, by what is known so far; none where that cannot be told.
    pub blocks_needed: Option<u32>,
}

impl Question {
    /// What is due after so many blocks, `fits` being whether another one would fit the time budget.
    pub fn due(rule: &Precision, blocks: u32, fits: bool) -> Option<StoppedBy> {
        looks(rule).due(blocks, fits)
    }

    /// Share of the error rate that is left to the last look.
    pub fn last_share(rule: &Precision) -> f64 {
        looks(rule).share(StoppedBy::MaxBlocks, rule.max_blocks)
    }

    /// Looks at what was measured. The session says by its manifest's `stopping` how the run would end here, and so at
    /// which level it is judged: the verdict of a run that does end here is made in the same way.
    pub fn look(&self, session: &BaselineSession) -> Look {
        let rows = interleaved(session, &pairs_of(&session.manifest), &self.asked).rows;
        let waited_for: Vec<&GateRow> = rows.iter().filter(|row| self.waits_for(row)).collect();
        let open: Vec<&GateRow> = waited_for.iter().copied().filter(|row| is_open(row)).collect();
        let needed: Option<Vec<u32>> = open.iter().map(|row| blocks_needed(row)).collect();
        let looks = session
            .manifest
            .stopping
            .as_ref()
            .map_or_else(|| Looks::between(1, 1), |stopping| looks(&stopping.rule));
        Look {
            figures: waited_for.len() as u32,
            open: open.len() as u32,
            blocks_needed: needed.and_then(|needed| needed.into_iter().max()).map(|needed| {
                match needed > looks.last() {
                    true => needed,
                    false => looks.next_from(needed),
                }
            }),
        }
    }

    fn waits_for(&self, row: &GateRow) -> bool {
        let is_it = |(id, metric): &(String, Metric)| *id == row.configuration_id && *metric == row.metric;
        self.only.is_empty() || self.only.iter().any(is_it)
    }
}

/// Whether more blocks may decide it. What is not valid stays so, and so does what nothing can be decided by.
fn is_open(row: &GateRow) -> bool {
    row.verdict == GateVerdict::Inconclusive && row.basis.is_some()
}

/// The interval has to keep clear of the threshold, on whichever side of it the estimate lies, and shrinks with the
/// square root of the number of blocks.
fn blocks_needed(row: &GateRow) -> Option<u32> {
    let (estimate, low, high) = (row.ratio?.ln(), row.low?.ln(), row.high?.ln());
    let (fall, rise) = bounds(row.threshold);
    let distance = match row.metric.better() {
        Better::Higher => (estimate - fall).abs(),
        Better::Lower => (estimate - rise).abs(),
        Better::Neither => (estimate - fall).abs().min((estimate - rise).abs()),
    };
    let blocks = f64::from(row.count) * ((high - low) / 2.0 / distance).powi(2);
    // An estimate that lies on the threshold is never clear of it.
    (!blocks.is_nan()).then(|| blocks.ceil().max(f64::from(row.count + 1)).min(f64::from(u32::MAX)) as u32)
}
