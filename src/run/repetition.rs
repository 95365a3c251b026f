//! Repetition until the intervals are narrow: whether another block begins, how many it will take, and how it ended.
//! The rule itself is `plan`'s; here it meets the stored trials, the clock and the manifest.

use std::time::Duration;

use super::coordinator::Session;
use super::{BlocksExpected, RunError};
use crate::plan::{self, Decision, StopRule};
use crate::profile::{Configuration, Precision};
use crate::store::{Imprecise, Manifest, PlannedTrial, StoppedBy, Stopping};

/// Level of the intervals, over all of them together.
const CONFIDENCE: f64 = 0.95;

/// By how much an estimate must differ from the last one that was told to be told again: a quarter, and three blocks.
const TELL_AGAIN: (f64, u32) = (0.25, 3);

impl Session<'_> {
    /// The trials of the next block, after the plan was extended by them and stored; none where enough was measured or
    /// nothing decides but the number of repetitions.
    pub(super) fn next_block(&mut self) -> Result<Vec<PlannedTrial>, RunError> {
        let Some(asked) = self.request.profile.run.precision else {
            return Ok(Vec::new());
        };
        let begun = blocks_begun(self.directory.manifest());
        let state = self.state(&asked, begun);
        let ended = self.stopped_by(&asked, begun, &state);
        let mut manifest = self.directory.manifest().clone();
        let first_new = manifest.plan.len();
        match ended {
            Some(ended) => {
                let stopping = Stopping {
                    rule: asked,
                    ended,
                    blocks: begun,
                    imprecise: state.imprecise,
                };
                self.listener.repetition_ended(&stopping, &manifest.configurations);
                manifest.stopping = Some(stopping);
            }
            None => {
                let run = &manifest.run;
                let ids: Vec<&str> = manifest.configurations.iter().map(|one| one.id.as_str()).collect();
                manifest.plan = plan::plan(&ids, begun + 1, run.order, run.seed);
                manifest.stopping = None;
                self.expect(&asked, begun, &state);
            }
        }
        self.tally.planned = manifest.plan.len();
        let more = manifest.plan[first_new..].to_vec();
        self.directory.set_manifest(manifest)?;
        Ok(more)
    }
}
