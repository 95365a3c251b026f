//! Waiting queues and their scheduler: the figures of each configuration.

mod answers;

pub use answers::DrainAnswer;
pub(super) use answers::answers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::latency::Merged;
use super::model::LatencySummary;
use crate::analysis::CompletedTrial;
use crate::profile::Configuration;
use crate::protocol::{DrainResult, LatencyDistribution};
use crate::stats::{self, histogram};

/// The figures of one configuration's waiting queues and scheduler, over its completed trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DrainSummary {
    /// Users per second that full batches at the fixed rate take out of the queues.
    pub capacity_per_s: f64,
    /// From a user's arrival in the window to the first acknowledgement of their record; null with `acks=0`.
    pub user_wait_us: Option<LatencySummary>,
    /// Trials whose runs show whether the queues grew.
    pub judged: u64,
    /// Trials whose runs do not.
    #[serde(default)]
    pub not_judged: u64,
    /// Those of them in which the queues grew.
    pub grew: u64,
    /// By how many users the queues grew from run to run; median of the trials.
    pub growth_per_run: Option<f64>,
    /// Users waiting at the window's end; median of the trials.
    pub waiting_at_window_end: f64,
    /// Most users waiting at the start of a run in a window.
    pub waiting_max: u64,
    /// Users still waiting when the drain was over, summed.
    pub waiting_at_end: u64,
    /// Runs of the scheduler that began in the windows, summed.
    pub runs: u64,
    /// Those that took longer than the fixed rate.
    pub overruns: u64,
    /// Mean length of a run, in µs; null without one.
    pub run_us_mean: Option<f64>,
    /// The longest run, in µs.
    pub run_us_max: u64,
    /// Time of all runs ÷ users they took, in µs; null where they took nobody.
    pub run_us_per_user: Option<f64>,
    /// How late the latest run began, in µs.
    pub late_us_max: u64,
    /// Users who left the queues, summed over whole trials.
    pub removed: u64,
    /// Those without an acknowledged record; null with `acks=0`.
    pub removed_unacknowledged: Option<u64>,
    /// Those for whom nothing was ever offered to the client.
    pub removed_never_sent: u64,
    /// Records offered again.
    pub sent_again: u64,
    /// Acknowledged records beyond the first of a user; null with `acks=0`.
    pub acknowledged_again: Option<u64>,
}

impl DrainSummary {
    /// Whether the queues grew in some trial; none where that is not known of each, and of none that they did.
    pub fn queue_grew(&self) -> Option<bool> {
        match (self.grew, self.judged, self.not_judged) {
            (1.., _, _) => Some(true),
            (0, 1.., 0) => Some(false),
            _ => None,
        }
    }
}

/// The figures of one configuration; none without a completed trial that has them.
pub(super) fn summarize(
    configuration: &Configuration,
    completed: &[CompletedTrial<'_>],
    warnings: &mut Vec<String>,
) -> Option<DrainSummary> {
    let settings = configuration.workload.arrival.scheduled_drain()?;
    let results: Vec<&DrainResult> = completed
        .iter()
        .filter_map(|trial| trial.result.drain.as_ref())
        .collect();
    let mut wait = Merged::default();
    for result in &results {
        if let Some(Err(error)) = result.user_wait.as_ref().map(|distribution| wait.add(distribution)) {
            warnings.push(format!("users' waits could not be read ({error}): some are left out"));
        }
    }
    let sum = |of: fn(&DrainResult) -> u64| results.iter().map(|result| of(result)).sum::<u64>();
    let most = |of: fn(&DrainResult) -> u64| results.iter().map(|result| of(result)).max().unwrap_or(0);
    let known = |of: fn(&DrainResult) -> Option<u64>| results.iter().map(|result| of(result)).sum::<Option<u64>>();
    let (run_count, run_us) = run_time(results.iter().map(|result| &result.run_duration));
    let taken = sum(|result| result.taken);
    let growths: Vec<f64> = results.iter().filter_map(|result| result.growth_per_run).collect();
    let waiting: Vec<f64> = results
        .iter()
        .map(|result| result.waiting_at_window_end as f64)
        .collect();
    Some(DrainSummary {
        capacity_per_s: settings.capacity_per_s(),
        user_wait_us: wait.summary(),
        judged: results.iter().filter(|result| result.queue_grew.is_some()).count() as u64,
        not_judged: results.iter().filter(|result| result.queue_grew.is_none()).count() as u64,
        grew: results.iter().filter(|result| result.queue_grew == Some(true)).count() as u64,
        growth_per_run: stats::median(&growths),
        waiting_at_window_end: stats::median(&waiting)?,
        waiting_max: most(|result| result.waiting_max),
        waiting_at_end: sum(|result| result.waiting_at_end),
        runs: sum(|result| result.runs),
        overruns: sum(|result| result.overruns),
        run_us_mean: (run_count > 0).then(|| run_us / run_count as f64),
        run_us_max: most(|result| result.run_duration.max_us),
        run_us_per_user: (taken > 0).then(|| run_us / taken as f64),
        late_us_max: most(|result| result.late_us_max),
        removed: sum(|result| result.removed),
        removed_unacknowledged: known(|result| result.removed_unacknowledged),
        removed_never_sent: sum(|result| result.removed_never_sent),
        sent_again: sum(|result| result.sent_again),
        acknowledged_again: known(|result| result.acknowledged_again),
    })
}

/// Number and total time of runs, in µs.
fn run_time<'a>(durations: impl Iterator<Item = &'a LatencyDistribution>) -> (u64, f64) {
    let decoded = durations.filter_map(|duration| histogram::decode(&duration.histogram).ok());
    decoded.fold((0, 0.0), |(count, total), runs| match runs.len() {
        0 => (count, total),
        of_trial => (count + of_trial, total + runs.mean() * of_trial as f64),
    })
}
