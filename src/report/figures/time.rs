//! Throughput over time, trial by trial.

use super::{Drawn, Part, Source};
use crate::analysis::completed_result;
use crate::report::charts::{self, Category, ChartError, TimeLine, TimeSeries};
use crate::report::columns::{self, RowOrder};
use crate::report::metric::Metric;
use crate::store::TrialRecord;

/// Configurations drawn.
const CONFIGURATIONS: usize = 6;

/// Trials drawn of each.
const TRIALS: usize = 5;

pub(super) fn draw(source: &Source<'_>) -> Result<Option<Drawn>, ChartError> {
    let configurations = source.configurations();
    let mut with_intervals: Vec<(usize, Vec<&TrialRecord>)> = Vec::new();
    for place in columns::ordered(&source.analysis.summary, RowOrder::BestFirst) {
        let configuration = &configurations[place];
        // With acks=0 the intervals count records written to the socket, which is not this chart's measure.
        if !configuration.latency_observable {
            continue;
        }
        let trials: Vec<&TrialRecord> = source
            .trials
            .iter()
            .filter(|t| t.planned.configuration_id == configuration.id && completed_result(t).is_ok())
            .filter(|t| !t.intervals.is_empty())
            .collect();
        if !trials.is_empty() {
            with_intervals.push((place, trials));
        }
        if with_intervals.len() > CONFIGURATIONS {
            break;
        }
    }
    if with_intervals.is_empty() {
        return Ok(None);
    }
    let cut = with_intervals.len() > CONFIGURATIONS || with_intervals.iter().any(|(_, trials)| trials.len() > TRIALS);
    with_intervals.truncate(CONFIGURATIONS);
    let lines = with_intervals
        .iter()
        .flat_map(|(place, trials)| trials.iter().take(TRIALS).map(move |trial| (*place, trial)))
        .map(|(place, trial)| TimeLine {
            category: Category {
                name: source.labels[place].clone(),
                mark: source.palette.mark(&configurations[place].id),
            },
            name: format!("block {}", trial.planned.block),
            points: points(trial),
        })
        .collect();
    let mut frame = source.frame(
        "over-time",
        "Throughput over time",
        "Acknowledgements per second of each trial, interval by interval. A line that climbs or sinks within the window says that the figure depends on when one looks.",
    );
    if cut {
        frame = frame.note(format!(
            "At most {TRIALS} trials of the first {CONFIGURATIONS} configurations; every interval is in trials.jsonl."
        ));
    }
    let chart = charts::time_series(&TimeSeries {
        frame,
        measure: Metric::Throughput.measure(),
        window_s: Some((0.0, source.manifest.run.measure_ms as f64 / 1e3)),
        lines,
    })?;
    Ok(Some(Drawn {
        name: "over-time".to_owned(),
        part: Part::Time,
        chart,
    }))
}

/// Each interval's middle and its rate.
fn points(trial: &TrialRecord) -> Vec<(f64, f64)> {
    trial
        .intervals
        .iter()
        .filter(|interval| interval.length_s > 0.0 && interval.phase != crate::protocol::Phase::Drain)
        .map(|interval| {
            (
                interval.start_s + interval.length_s / 2.0,
                interval.acknowledged as f64 / interval.length_s,
            )
        })
        .collect()
}
