//! Over time, trial by trial: throughput, and the percentiles that librdkafka gives of its queue, socket and brokers.

use std::collections::BTreeMap;

use super::{Drawn, Part, Source};
use crate::analysis::completed_result;
use crate::protocol::BrokerWindow;
use crate::report::charts::{self, Category, ChartError, TimeLine, TimeSeries};
use crate::report::columns::{self, RowOrder};
use crate::report::metric::Metric;
use crate::store::TrialRecord;

/// Configurations drawn.
const CONFIGURATIONS: usize = 6;

/// Trials drawn of each.
const TRIALS: usize = 5;

pub(super) fn draw(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let (chosen, cut) = chosen(source);
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let mut figures = vec![throughput(source, &chosen, cut)?];
    for part in &PARTS {
        figures.extend(percentiles(source, &chosen, part)?);
    }
    Ok(figures)
}

/// A configuration's place, and those of its trials that can be drawn.
type Chosen<'a> = Vec<(usize, Vec<&'a TrialRecord>)>;

/// The configurations to draw, and whether others or some of their trials are left out.
fn chosen<'a>(source: &Source<'a>) -> (Chosen<'a>, bool) {
    let configurations = source.configurations();
    let mut with_intervals: Chosen<'a> = Vec::new();
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
    let cut = with_intervals.len() > CONFIGURATIONS || with_intervals.iter().any(|(_, trials)| trials.len() > TRIALS);
    with_intervals.truncate(CONFIGURATIONS);
    (with_intervals, cut)
}

fn throughput(source: &Source<'_>, chosen: &Chosen<'_>, cut: bool) -> Result<Drawn, ChartError> {
    let lines = chosen
        .iter()
        .flat_map(|(place, trials)| trials.iter().take(TRIALS).map(move |trial| (*place, trial)))
        .map(|(place, trial)| TimeLine {
            category: category(source, place),
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
        window_s: window_s(source),
        lines,
    })?;
    Ok(Drawn {
        name: "over-time".to_owned(),
        part: Part::Time,
        chart,
    })
}

/// One of librdkafka's own windows: name of its chart, title, metric of its unit, and count and percentile of a period.
struct WindowPart {
    name: &'static str,
    title: &'static str,
    metric: Metric,
    p99: fn(&BrokerWindow) -> (u64, u64),
}

const PARTS: [WindowPart; 3] = [
    WindowPart {
        name: "queue-over-time",
        title: "Time in the client's queue over time",
        metric: Metric::QueueMean,
        p99: |window| (window.queue_count, window.queue_p99_us),
    },
    WindowPart {
        name: "socket-over-time",
        title: "Time to the socket over time",
        metric: Metric::SocketMean,
        p99: |window| (window.socket_count, window.socket_p99_us),
    },
    WindowPart {
        name: "broker-over-time",
        title: "Time at the broker over time",
        metric: Metric::BrokerMean,
        p99: |window| (window.broker_count, window.broker_p99_us),
    },
];

/// The 99th percentiles of the first trial of each configuration, broker by broker: they cannot be combined.
fn percentiles(source: &Source<'_>, chosen: &Chosen<'_>, part: &WindowPart) -> Result<Option<Drawn>, ChartError> {
    let mut lines = Vec::new();
    for (place, trials) in chosen {
        // None is empty.
        let trial = trials[0];
        let mut brokers: BTreeMap<i32, Vec<(f64, f64)>> = BTreeMap::new();
        for window in trial.intervals.iter().flat_map(|interval| &interval.brokers) {
            let (count, p99_us) = (part.p99)(window);
            // A period in which nothing was timed breaks the line.
            let value = if count > 0 { p99_us as f64 } else { f64::NAN };
            brokers.entry(window.broker).or_default().push((window.at_s, value));
        }
        lines.extend(
            brokers
                .into_iter()
                .filter(|(_, points)| points.iter().any(|(_, value)| value.is_finite()))
                .map(|(broker, points)| TimeLine {
                    category: category(source, *place),
                    name: format!("broker {broker}"),
                    points,
                }),
        );
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let frame = source.frame(
        part.name,
        part.title,
        "librdkafka's own 99th percentile for each broker, in its last period of each interval. It shows when something happened, and is no figure of the trial.",
    );
    let frame = frame.note(format!(
        "The first trial of the first {CONFIGURATIONS} configurations at most; medians are in trials.jsonl too."
    ));
    let mut measure = part.metric.measure();
    measure.name = "99th percentile".to_owned();
    let chart = charts::time_series(&TimeSeries {
        frame,
        measure,
        window_s: window_s(source),
        lines,
    })?;
    Ok(Some(Drawn {
        name: part.name.to_owned(),
        part: Part::Time,
        chart,
    }))
}

fn category(source: &Source<'_>, place: usize) -> Category {
    Category {
        name: source.labels[place].clone(),
        mark: source.palette.mark(&source.configurations()[place].id),
    }
}

fn window_s(source: &Source<'_>) -> Option<(f64, f64)> {
    Some((0.0, source.manifest.run.measure_ms as f64 / 1e3))
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
