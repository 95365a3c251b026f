//! Percentile curves, and where the time goes.

use super::{Drawn, Part, Source, comparable, latency_name};
use crate::report::charts::{self, Category, ChartError, Curve, CurvePoint, PercentileCurves, StackRow, StackedBars};
use crate::report::columns::{self, RowOrder};
use crate::report::format;
use crate::report::metric::Metric;

/// Lines of one chart that can be told apart.
const LINES: usize = 8;

/// Bars of one chart.
const BARS: usize = 20;

/// Where a record's time goes, from the send call outwards.
pub(super) const PARTS: [(Metric, &str); 3] = [
    (Metric::QueueMean, "in the client's queue"),
    (Metric::SocketMean, "to the socket"),
    (Metric::BrokerMean, "at the broker"),
];

pub(super) fn draw(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let mut figures = Vec::new();
    figures.extend(curves(source)?);
    figures.extend(where_the_time_goes(source)?);
    Ok(figures)
}

fn curves(source: &Source<'_>) -> Result<Option<Drawn>, ChartError> {
    let configurations = source.configurations();
    let (members, left_out) = comparable(configurations, |c| {
        c.headline_latency().is_some_and(|l| l.p50.is_some())
    });
    if members.is_empty() {
        return Ok(None);
    }
    let order = columns::ordered(&source.analysis.summary, RowOrder::BestFirst);
    let drawn: Vec<usize> = order
        .into_iter()
        .filter(|place| members.contains(place))
        .take(LINES)
        .collect();
    let curves = drawn
        .iter()
        .map(|&place| Curve {
            category: Category {
                name: source.labels[place].clone(),
                mark: source.palette.mark(&configurations[place].id),
            },
            points: source.analysis.curves[place]
                .iter()
                .map(|point| CurvePoint {
                    percentile: point.quantile * 100.0,
                    value: point.us,
                    at_least: false,
                })
                .collect(),
            // The points given are those that may be printed.
            records: None,
        })
        .collect();
    let latency = latency_name(&configurations[members[0]]);
    let reading = if configurations[members[0]].is_paced() {
        "From the intended send time to the acknowledgement."
    } else {
        "From send call to acknowledgement; unpaced, so it measures the length of the client's queue."
    };
    let subtitle = format!("{reading} Each line is drawn as far as ten records lie beyond it.");
    let mut frame = source.frame(
        "percentiles",
        format!("{latency} by percentile"),
        source.named(&subtitle),
    );
    if drawn.len() < members.len() {
        frame = frame.note(format!(
            "The first {} of {} configurations; the others are in the table.",
            drawn.len(),
            format::count(members.len() as u64)
        ));
    }
    if left_out > 0 {
        frame = frame.note(format!(
            "{} under another load, or without an observable latency.",
            format::counted(
                left_out as u64,
                "configuration is left out:",
                "configurations are left out:"
            )
        ));
    }
    let mut measure = Metric::LatencyP99.measure();
    measure.name = latency.to_owned();
    let chart = charts::percentile_curves(&PercentileCurves { frame, measure, curves })?;
    Ok(Some(Drawn {
        name: "percentiles".to_owned(),
        part: Part::Latency,
        chart,
    }))
}

fn where_the_time_goes(source: &Source<'_>) -> Result<Option<Drawn>, ChartError> {
    let configurations = source.configurations();
    let measured: Vec<usize> = columns::ordered(&source.analysis.summary, RowOrder::BestFirst)
        .into_iter()
        .filter(|&place| {
            PARTS
                .iter()
                .any(|(metric, _)| metric.value(&configurations[place]).is_some())
        })
        .collect();
    if measured.is_empty() {
        return Ok(None);
    }
    let rows: Vec<StackRow> = measured
        .iter()
        .take(BARS)
        .map(|&place| (&configurations[place], &source.labels[place]))
        .map(|(c, label)| StackRow {
            label: label.clone(),
            values: PARTS.iter().map(|(metric, _)| metric.value(c)).collect(),
            note: if c.latency_observable {
                String::new()
            } else {
                "acks=0: brokers do not answer".to_owned()
            },
        })
        .collect();
    let mut frame = source.frame(
        "where-the-time-goes",
        "Where the time goes",
        "Means over the whole trial, warm-up included, from librdkafka's own statistics. Time in the queue is per record; to the socket and at the broker, network included, per request.",
    );
    if measured.len() > rows.len() {
        frame = frame.note(format!(
            "The first {} of {} configurations; the others are in summary.json.",
            rows.len(),
            format::count(measured.len() as u64)
        ));
    }
    let mut measure = Metric::QueueMean.measure();
    measure.name = "Mean time".to_owned();
    let parts = PARTS.map(|(_, name)| source.palette.category(name)).to_vec();
    let chart = charts::stacked_bars(&StackedBars {
        frame,
        measure,
        parts,
        rows,
    })?;
    Ok(Some(Drawn {
        name: "where-the-time-goes".to_owned(),
        part: Part::Latency,
        chart,
    }))
}
