//! What a run tells while it goes on. Every event has a do-nothing default.

use std::path::Path;
use std::time::Duration;

use super::RunOutcome;
use crate::profile::{Configuration, TargetSettings};
use crate::protocol::{Interval, Phase};
use crate::store::{Manifest, PlannedTrial, TargetDescription, TrialRecord};

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
    /// Trials of the plan.
    pub planned: usize,
    /// Blocks of the plan.
    pub blocks: u32,
    /// Estimated time until the last trial is stored.
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
