//! The parts of a window whose rate varies, over the trials of a configuration.

use super::latency::Merged;
use super::model::LevelSummary;
use crate::analysis::{CompletedTrial, behind};
use crate::protocol::OfferedLevel;
use crate::stats::Spread;

/// The parts in order; empty where the load has none. What cannot be read is told in `warnings`.
pub(super) fn levels(completed: &[CompletedTrial<'_>], warnings: &mut Vec<String>) -> Vec<LevelSummary> {
    let of_trials: Vec<(&str, &[OfferedLevel])> = completed
        .iter()
        .filter_map(|trial| {
            let id = trial.record.planned.trial_id.as_str();
            Some((id, trial.result.offered.as_ref()?.levels.as_slice()))
        })
        .collect();
    let Some((_, first)) = of_trials.first() else {
        return Vec::new();
    };
    // A schedule that chance does not decide has the same parts in each trial.
    let alike = |levels: &[OfferedLevel]| levels.len() == first.len();
    let of_trials: Vec<_> = of_trials.iter().filter(|(_, levels)| alike(levels)).collect();
    let behind: Vec<Vec<bool>> = of_trials.iter().map(|(_, levels)| behind(levels)).collect();
    let level = |(place, first): (usize, &OfferedLevel)| {
        let each = || of_trials.iter().map(|(id, levels)| (*id, &levels[place]));
        let achieved = each().filter_map(|(_, level)| Some(level.acknowledged? as f64 / level.length_s));
        let mut response = Merged::default();
        for (id, distribution) in each().filter_map(|(id, level)| Some((id, level.response.as_ref()?))) {
            if let Err(error) = response.add(distribution) {
                warnings.push(format!(
                    "trial {id}: {error}; the latencies of a part of it are left out"
                ));
            }
        }
        LevelSummary {
            start_s: first.start_s,
            length_s: first.length_s,
            offered_records_per_s: first.due as f64 / first.length_s,
            achieved_records_per_s: Spread::of(achieved),
            behind: behind.iter().filter(|parts| parts[place]).count() as u64,
            response_latency_us: response.summary(),
        }
    };
    first.iter().enumerate().map(level).collect()
}
