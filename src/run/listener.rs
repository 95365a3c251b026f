//! What a run tells while it goes on. Every event has a do-nothing default.

use std::path::Path;
use std::time::Duration;

use super::RunOutcome;
use crate::analysis::Look;
use crate::profile::{Configuration, PrecisionMetric, TargetSettings};
use crate::protocol::{Interval, Phase};
use crate::store::{Manifest, PlannedTrial, Stopping, TargetDescription, TrialRecord};

/// A run before its first trial.
#[derive(Clone, Copy, Debug)]
pub struct RunOverview<'a> {
    /// Its directory.
    pub directory: &'a Path,
    /// What was stored about it.
    pub manifest: &'a Manifest,
    /// Trials of the plan that are stored already.
    pub stored: usize,
    /// `bootstrap.servers` in use.
    pub bootstrap_servers: &'a str,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Trials stored, those of earlier sessions included.
    pub done: usize,
    /// Trials of the plan; where a precision decides, those expected.
    pub planned: usize,
    /// Blocks of the plan; where a precision decides, those expected.
    pub blocks: u32,
    /// Whether a precision decides on the number of blocks.
    pub open_ended: bool,
    /// Estimated time until the last trial is stored.
    pub time_left: Duration,
}

/// How many blocks a run will take that is repeated until its intervals are narrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlocksExpected {
    /// Blocks run.
    pub done: u32,
    /// Blocks that the precision asked for will take in all, whatever the limits are.
    pub needed: u32,
    /// Blocks that will be run in all: between the limits, and within the time budget.
    pub blocks: u32,
    /// The half-width asked for, as a share of the ratio.
    pub precision: f64,
    /// Of the intervals of this figure.
    pub metric: PrecisionMetric,
    /// The widest half-width so far; none where no interval exists yet.
    pub widest: Option<f64>,
    /// Estimated time until `blocks` are run.
    pub time_left: Duration,
}

/// A look at a run that is repeated until a gate is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Blocks run.
    pub done: u32,
    /// What the look says.
    pub look: Look,
    /// Blocks that will be run in all: between the limits, and within the time budget.
    pub blocks: u32,
    /// Estimated time until `blocks` are run.
    pub time_left: Duration,
}

/// Hears what happens in a run.
#[allow(unused_variables)]
pub trait Listener {
    /// The target is being started or connected to.
    fn target_starting(&mut self, settings: &TargetSettings) {}
    /// It answers.
    fn target_ready(&mut self, description: &TargetDescription) {}
    /// A freshly started cluster gets load before the first trial: step `step` of `steps`, this long.
    fn conditioning(&mut self, step: usize, steps: usize, label: &str, length: Duration) {}
    /// Everything is ready for the first trial.
    fn run_started(&mut self, overview: RunOverview<'_>) {}
    /// A trial begins.
    fn trial_started(&mut self, trial: &PlannedTrial, configuration: &Configuration, progress: Progress) {}
    /// The trial at work is in this part now.
    fn trial_phase(&mut self, phase: Phase) {}
    /// An interval of the trial at work.
    fn interval(&mut self, interval: &Interval) {}
    /// Headroom is being measured for the trial that has just ended.
    fn headroom_started(&mut self, configuration: &Configuration) {}
    /// A trial is stored.
    fn trial_finished(&mut self, record: &TrialRecord, configuration: &Configuration, progress: Progress) {}
    /// Before another block: how many it will take. Told once, and again where that changes much.
    fn blocks_expected(&mut self, expected: BlocksExpected) {}
    /// A gate was looked at, and is not decided yet.
    fn looked(&mut self, looked: Looked) {}
    /// No further block begins.
    fn repetition_ended(&mut self, stopping: &Stopping, configurations: &[Configuration]) {}
    /// The target does not answer; it is waited for this long.
    fn target_lost(&mut self, cause: &str, waiting: Duration) {}
    /// It answers again.
    fn target_back(&mut self) {}
    /// Something that a user should know, in a sentence.
    fn notice(&mut self, text: &str) {}
    /// The run was asked to stop and is cleaning up.
    fn stopping(&mut self) {}
    /// The run is over.
    fn run_finished(&mut self, outcome: &RunOutcome) {}
}

/// Hears nothing.
impl Listener for () {}
