//! Users waiting over time.

use super::{Drawn, Part, Source};
use crate::analysis::completed_result;
use crate::protocol::{Interval, SendMode};
use crate::report::charts::{self, Better, Category, ChartError, Measure, TimeLine, TimeSeries, Unit};
use crate::store::TrialRecord;

/// Configurations drawn.
const CONFIGURATIONS: usize = 8;

/// Queue lengths of the first trial of each configuration; nothing where the load has no waiting queues.
pub(super) fn draw(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let drained: Vec<(usize, &TrialRecord)> = source
        .configurations()
        .iter()
        .enumerate()
        .filter(|(_, configuration)| configuration.drain.is_some())
        .filter_map(|(place, configuration)| {
            let is_of_it = |trial: &&TrialRecord| trial.planned.configuration_id == configuration.id;
            let mut trials = source.trials.iter().filter(is_of_it);
            Some((place, trials.find(|trial| completed_result(trial).is_ok())?))
        })
        .collect();
    let modes: Vec<SendMode> = drained
        .iter()
        .map(|(place, _)| source.configurations()[*place].workload.send_mode)
        .collect();
    let chosen = chosen(&modes, CONFIGURATIONS);
    let left_out = drained.len() - chosen.len();
    let lines: Vec<TimeLine> = chosen
        .into_iter()
        .map(|index| {
            let (place, trial) = drained[index];
            TimeLine {
                category: Category {
                    name: source.labels[place].clone(),
                    mark: source.palette.mark(&source.configurations()[place].id),
                },
                name: format!("block {}", trial.planned.block),
                points: points(&trial.intervals),
            }
        })
        .collect();
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let mut frame = source.frame(
        "queue-length",
        "Users waiting over time",
        "In all waiting queues together, at the start and the end of the scheduler's runs and at the end of each interval. A saw with a level foot drains; one whose foot climbs grows.",
    );
    frame = frame.note("The first trial of each configuration; every length is in trials.jsonl.");
    if left_out > 0 {
        frame = frame.note(format!(
            "{left_out} more configurations are left out: of each send mode the first are drawn."
        ));
    }
    let chart = charts::time_series(&TimeSeries {
        frame,
        measure: Measure::new("Users waiting", Unit::Plain("users".to_owned()), Better::Lower),
        window_s: Some((0.0, source.manifest.run.measure_ms as f64 / 1e3)),
        lines,
    })?;
    Ok(vec![Drawn {
        name: "queue-length".to_owned(),
        part: Part::Queues,
        chart,
    }])
}

/// Places of at most so many configurations, in their order: as many of each send mode, as far as there are that many.
fn chosen(modes: &[SendMode], most: usize) -> Vec<usize> {
    let mut seen: Vec<(SendMode, usize)> = Vec::new();
    let mut by_turn: Vec<(usize, usize)> = modes
        .iter()
        .enumerate()
        .map(|(place, mode)| {
            let known = seen.iter().position(|(other, _)| other == mode);
            let known = known.unwrap_or_else(|| {
                seen.push((*mode, 0));
                seen.len() - 1
            });
            seen[known].1 += 1;
            (seen[known].1, place)
        })
        .collect();
    by_turn.sort_unstable();
    by_turn.truncate(most);
    let mut places: Vec<usize> = by_turn.into_iter().map(|(_, place)| place).collect();
    places.sort_unstable();
    places
}

/// Queue lengths in the order of time.
fn points(intervals: &[Interval]) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for interval in intervals {
        let Some(drain) = &interval.drain else { continue };
        points.extend(drain.lengths.iter().map(|length| (length.at_s, length.users as f64)));
        points.push((interval.start_s + interval.length_s, drain.waiting as f64));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_send_mode_is_drawn_where_not_all_configurations_can_be() {
        let modes = [
            SendMode::Async,
            SendMode::Async,
            SendMode::Async,
            SendMode::Sync,
            SendMode::Sync,
        ];
        assert_eq!(chosen(&modes, 8), [0, 1, 2, 3, 4]);
        assert_eq!(chosen(&modes, 4), [0, 1, 3, 4]);
        assert_eq!(chosen(&modes[..3], 2), [0, 1]);
        assert_eq!(chosen(&[], 2), [0; 0]);
    }
}
