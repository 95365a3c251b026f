//! Progress where standard error is no terminal: one line per trial.

use std::time::Duration;

use super::figures;
use crate::cli::output::note;
use crate::profile::{Configuration, TargetSettings};
use crate::report::format::counted;
use crate::report::stopping::sentence;
use crate::run::{BlocksExpected, Listener, Looked, Progress, RunOverview};
use crate::store::{Stopping, TargetDescription, TrialRecord};

/// Writes lines to standard error.
#[derive(Debug)]
pub struct PlainProgress;

impl Listener for PlainProgress {
    fn target_starting(&mut self, settings: &TargetSettings) {
        note(&format!("Starting target {}", settings.kind));
    }

    fn target_ready(&mut self, description: &TargetDescription) {
        note(&figures::target(description));
    }

    fn conditioning(&mut self, step: usize, steps: usize, label: &str, length: Duration) {
        note(&format!(
            "Warming up the cluster {step}/{steps} ({label}, {})",
            figures::duration(length)
        ));
    }

    fn run_started(&mut self, overview: RunOverview<'_>) {
        note(&format!("Storing in {}", overview.directory.display()));
        if let Some(order) = figures::order(overview.manifest) {
            note(&order);
        }
        if overview.stored > 0 {
            note(&format!(
                "{} of {} are stored already",
                overview.stored,
                counted(overview.manifest.plan.len() as u64, "trial", "trials")
            ));
        }
    }

    fn trial_finished(&mut self, record: &TrialRecord, configuration: &Configuration, progress: Progress) {
        let place = figures::place(&record.planned, configuration, progress);
        note(&format!("{place}: {}", figures::outcome(configuration, record)));
    }

    fn blocks_expected(&mut self, expected: BlocksExpected) {
        note(&figures::blocks_expected(&expected));
    }

    fn looked(&mut self, looked: Looked) {
        note(&figures::looked(&looked));
    }

    fn repetition_ended(&mut self, stopping: &Stopping, configurations: &[Configuration]) {
        note(&sentence(stopping, configurations));
    }

    fn target_lost(&mut self, cause: &str, waiting: Duration) {
        note(&format!(
            "The target does not answer ({}); waiting up to {}",
            figures::first_line(cause),
            figures::duration(waiting)
        ));
    }

    fn target_back(&mut self) {
        note("The target answers again");
    }

    fn notice(&mut self, text: &str) {
        note(text);
    }
}
