//! Users waiting over time.

use super::{Drawn, Part, Source};
use crate::analysis::completed_result;
use crate::protocol::Interval;
use crate::report::charts::{self, Better, Category, ChartError, Measure, TimeLine, TimeSeries, Unit};

/// Configurations drawn.
const CONFIGURATIONS: usize = 8;

/// Queue lengths of the first trial of each configuration; nothing where the load has no waiting queues.
pub(super) fn draw(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let mut lines = Vec::new();
    let mut left_out = 0;
    for (place, configuration) in source.configurations().iter().enumerate() {
        let is_of_it = |id: &str| id == configuration.id;
        let trial = source
            .trials
            .iter()
            .find(|trial| is_of_it(&trial.planned.configuration_id) && completed_result(trial).is_ok());
        let Some(trial) = trial.filter(|_| configuration.drain.is_some()) else {
            continue;
        };
        if lines.len() == CONFIGURATIONS {
            left_out += 1;
            continue;
        }
        lines.push(TimeLine {
            category: Category {
                name: source.labels[place].clone(),
                mark: source.palette.mark(&configuration.id),
            },
            name: format!("block {}", trial.planned.block),
            points: points(&trial.intervals),
        });
    }
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
        frame = frame.note(format!("{left_out} more configurations are left out."));
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
