//! Progress on a terminal: where the run is, a bar with the time left, and live figures.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::figures;
use crate::cli::output;
use crate::profile::{Configuration, TargetSettings};
use crate::protocol::{Interval, Phase};
use crate::report::format::counted;
use crate::report::stopping::sentence;
use crate::run::{BlocksExpected, Listener, Looked, Progress, RunOutcome, RunOverview};
use crate::store::{PlannedTrial, Stopping, TargetDescription, TrialRecord};

/// Redraws per second at most: drawing is work on the machine that is measured.
const REDRAWS_PER_S: u8 = 4;

/// A bar on standard error.
#[derive(Debug)]
pub struct BarProgress {
    bar: ProgressBar,
    place: String,
    phase: &'static str,
    live: String,
    failed: u64,
    time_left: Duration,
    since: Instant,
    configuration: Option<Configuration>,
}

impl BarProgress {
    /// A bar that shows once there is something to show.
    pub fn new() -> BarProgress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_S));
        let template = if output::stderr_has_color() {
            "{prefix:.bold}\n{bar:28.cyan/dim} {msg}"
        } else {
            "{prefix}\n{bar:28} {msg}"
        };
        // The template is a constant that a test checks.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━━─"));
        }
        BarProgress {
            bar,
            place: String::new(),
            phase: "",
            live: String::new(),
            failed: 0,
            time_left: Duration::ZERO,
            since: Instant::now(),
            configuration: None,
        }
    }

    fn status(&mut self, text: &str) {
        self.bar.set_prefix(text.to_owned());
        self.bar.set_message(String::new());
        self.bar.tick();
    }

    fn draw(&mut self) {
        let left = self.time_left.saturating_sub(self.since.elapsed());
        self.bar.set_prefix(self.place.clone());
        self.bar.set_message(format!(
            "{} left  {}  {}",
            figures::duration(left),
            self.phase,
            self.live
        ));
        self.bar.tick();
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| output::note(line));
    }

    fn progress(&mut self, progress: Progress) {
        self.bar.set_length(progress.planned as u64);
        self.bar.set_position(progress.done as u64);
        self.time_left = progress.time_left;
        self.since = Instant::now();
    }
}

impl Default for BarProgress {
    fn default() -> Self {
        BarProgress::new()
    }
}

impl Listener for BarProgress {
    fn target_starting(&mut self, settings: &TargetSettings) {
        self.status(&format!("Starting target {}", settings.kind));
    }

    fn target_ready(&mut self, description: &TargetDescription) {
        self.say(&figures::target(description));
    }

    fn conditioning(&mut self, step: usize, steps: usize, label: &str, length: Duration) {
        self.bar.set_length(steps as u64);
        self.bar.set_position(step as u64 - 1);
        self.status(&format!(
            "Warming up the cluster {step}/{steps} ({label}, {})",
            figures::duration(length)
        ));
    }

    fn run_started(&mut self, overview: RunOverview<'_>) {
        self.say(&format!("Storing in {}", overview.directory.display()));
        if let Some(order) = figures::order(overview.manifest) {
            self.say(&order);
        }
        if overview.stored > 0 {
            self.say(&format!(
                "{} of {} are stored already",
                overview.stored,
                counted(overview.manifest.plan.len() as u64, "trial", "trials")
            ));
        }
    }

    fn trial_started(&mut self, trial: &PlannedTrial, configuration: &Configuration, progress: Progress) {
        self.place = figures::place(trial, configuration, progress);
        self.phase = "starting";
        self.live.clear();
        self.failed = 0;
        self.configuration = Some(configuration.clone());
        self.progress(progress);
        self.draw();
    }

    fn trial_phase(&mut self, phase: Phase) {
        self.phase = match phase {
            Phase::Warmup => "warm-up",
            Phase::Window => "measuring",
            Phase::Drain => "drain",
        };
        self.draw();
    }

    fn interval(&mut self, interval: &Interval) {
        self.failed += interval.failed;
        if let Some(configuration) = &self.configuration {
            self.live = figures::live(configuration, interval, self.failed);
        }
        self.draw();
    }

    fn headroom_started(&mut self, _: &Configuration) {
        self.phase = "headroom: the same against the mock cluster";
        self.live.clear();
        self.draw();
    }

    fn trial_finished(&mut self, record: &TrialRecord, configuration: &Configuration, progress: Progress) {
        let place = figures::place(&record.planned, configuration, progress);
        self.say(&format!("{place}: {}", figures::outcome(configuration, record)));
        self.progress(progress);
    }

    fn blocks_expected(&mut self, expected: BlocksExpected) {
        self.say(&figures::blocks_expected(&expected));
    }

    fn looked(&mut self, looked: Looked) {
        self.say(&figures::looked(&looked));
    }

    fn repetition_ended(&mut self, stopping: &Stopping, configurations: &[Configuration]) {
        self.say(&sentence(stopping, configurations));
    }

    fn target_lost(&mut self, cause: &str, waiting: Duration) {
        self.say(&format!(
            "The target does not answer ({}); waiting up to {}",
            figures::first_line(cause),
            figures::duration(waiting)
        ));
    }

    fn target_back(&mut self) {
        self.say("The target answers again");
    }

    fn notice(&mut self, text: &str) {
        self.say(text);
    }

    fn stopping(&mut self) {
        self.phase = "stopping";
        self.draw();
    }

    fn run_finished(&mut self, _: &RunOutcome) {
        self.bar.finish_and_clear();
    }
}

impl Drop for BarProgress {
    fn drop(&mut self) {
        // A run that ends with an error must not leave half a bar above its message.
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressStyle;

    #[test]
    fn the_templates_are_valid() {
        assert!(ProgressStyle::with_template("{prefix:.bold}\n{bar:28.cyan/dim} {msg}").is_ok());
        assert!(ProgressStyle::with_template("{prefix}\n{bar:28} {msg}").is_ok());
    }
}
