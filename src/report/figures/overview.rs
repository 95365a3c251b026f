//! Throughput by setting, and throughput against latency.

use super::{Drawn, Part, Source, comparable, grouping_axis, latency_name, mark_key, sample, shown};
use crate::report::axes;
use crate::report::charts::{self, Category, ChartError, Mark, RangeBars, RangeRow, Scale, Scatter, ScatterPoint};
use crate::report::columns::{self, RowOrder};
use crate::report::format;
use crate::report::metric::Metric;
use crate::report::summary::{ConfigurationSummary, Question, Summary};

/// Bars of one chart.
const BARS: usize = 40;

/// Points of one scatter: beyond, a page grows heavy and a reader sees a cloud only.
const POINTS: usize = 300;

pub(super) fn draw(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let mut figures = vec![throughput(source)?];
    figures.extend(scatter(source)?);
    Ok(figures)
}

fn throughput(source: &Source<'_>) -> Result<Drawn, ChartError> {
    let configurations = source.configurations();
    let order = columns::ordered(&source.analysis.summary, RowOrder::BestFirst);
    let best: Vec<&String> = source
        .analysis
        .summary
        .answers
        .iter()
        // What was compared with nothing is not the best of anything.
        .filter(|answer| answer.question == Question::Throughput && answer.best_set.is_some())
        .filter_map(|answer| answer.configuration_id.as_ref())
        .collect();
    let rows: Vec<RangeRow> = order
        .iter()
        .take(BARS)
        .map(|&place| (&configurations[place], &source.labels[place]))
        .map(|(configuration, label)| RangeRow {
            label: marked(&source.analysis.summary, configuration, label),
            sample: sample(Metric::Throughput, configuration),
            mark: Mark::default(),
            highlight: configurations.len() > 1 && best.contains(&&configuration.id),
        })
        .collect();
    let mut frame = source.frame(
        "throughput",
        "Throughput by setting",
        source.named(&throughput_subtitle(&source.analysis.summary)),
    );
    if order.len() > rows.len() {
        let more = format::counted(
            (order.len() - rows.len()) as u64,
            "more configuration is",
            "more configurations are",
        );
        frame = frame.note(format!("The first {BARS}; {more} in the table and in summary.json."));
    }
    if configurations.iter().any(|c| !c.latency_observable) {
        frame = frame.note("With acks=0 nothing is acknowledged: its bars are the growth of the log and do not compare with the others.");
    }
    let chart = charts::range_bars(&RangeBars {
        frame,
        measure: Metric::Throughput.measure(),
        rows,
    })?;
    Ok(Drawn {
        name: "throughput".to_owned(),
        part: Part::Overview,
        chart,
    })
}

fn throughput_subtitle(summary: &Summary) -> String {
    let Some(beside) = columns::bounds_in_words(summary) else {
        return "One trial each: nothing is known about how much it varies.".to_owned();
    };
    let mut text = format!("Median of the trials; each trial is a dot, the line spans {beside}.");
    let told = |c: &ConfigurationSummary| columns::mark(summary, c) == Some(columns::NOT_TOLD_APART);
    if summary.configurations.iter().any(told) {
        text.push_str(" ★: the highest; ≈: cannot be told apart from it.");
    }
    text
}

/// The label with the mark of the best and of those that cannot be told apart from it.
fn marked(summary: &Summary, configuration: &ConfigurationSummary, label: &str) -> String {
    match columns::mark(summary, configuration) {
        Some(mark) if summary.configurations.len() > 1 => format!("{mark} {label}"),
        _ => label.to_owned(),
    }
}

fn scatter(source: &Source<'_>) -> Result<Option<Drawn>, ChartError> {
    let configurations = source.configurations();
    let has_both =
        |c: &ConfigurationSummary| Metric::Throughput.value(c).is_some() && Metric::LatencyP99.value(c).is_some();
    let (members, left_out) = comparable(configurations, has_both);
    if members.len() < 2 {
        return Ok(None);
    }
    let kept = thinned(configurations, &members);
    let axis = grouping_axis(configurations, &source.axes);
    let groups: Vec<Category> = axis.as_ref().map_or_else(Vec::new, |axis| {
        axes::values_of(configurations, &members, axis)
            .into_iter()
            .map(|value| Category {
                mark: source.palette.mark(&mark_key(axis, &value.text)),
                name: shown(axis, &value.text),
            })
            .collect()
    });
    let group_of = |c: &ConfigurationSummary| {
        let value = axis.as_ref().map(|axis| shown(axis, &axes::value(c, axis).text));
        value
            .and_then(|value| groups.iter().position(|group| group.name == value))
            .unwrap_or(0)
    };
    let points: Vec<ScatterPoint> = kept
        .iter()
        .map(|&place| (&configurations[place], &source.labels[place]))
        .filter_map(|(c, label)| {
            Some(ScatterPoint {
                label: label.clone(),
                group: group_of(c),
                x: Metric::Throughput.value(c)?,
                y: Metric::LatencyP99.value(c)?,
                y_at_least: Metric::LatencyP99.is_at_least(c),
            })
        })
        .collect();
    let latency = latency_name(&configurations[members[0]]);
    let mut frame = source.frame(
        "throughput-latency",
        "Throughput against p99",
        source.named(&format!(
            "{latency}. {} Without their spread: points close together are not told apart.",
            frontier_in_words(&points)
        )),
    );
    if left_out > 0 {
        let count = format::counted(left_out as u64, "configuration is", "configurations are");
        frame = frame.note(format!(
            "{count} left out: under another load, without a p99, or with acks=0, where latency is not observable."
        ));
    }
    if kept.len() < members.len() {
        frame = frame.note(format!(
            "{} of {} points: the frontier, and the highest throughput of the rest.",
            format::count(kept.len() as u64),
            format::count(members.len() as u64)
        ));
    }
    let mut measure = Metric::LatencyP99.measure();
    measure.name = format!("{latency} p99");
    let chart = charts::scatter_with_frontier(&Scatter {
        frame,
        x: Metric::Throughput.measure(),
        y: measure,
        x_scale: Scale::Linear,
        y_scale: Scale::Log,
        group_name: axis.unwrap_or_default(),
        groups,
        points,
    })?;
    Ok(Some(Drawn {
        name: "throughput-latency".to_owned(),
        part: Part::Overview,
        chart,
    }))
}

/// What the frontier says, which with one point is that there is no choice to make.
fn frontier_in_words(points: &[ScatterPoint]) -> &'static str {
    let beats = |one: &ScatterPoint, other: &ScatterPoint| {
        !one.y_at_least && one.x >= other.x && one.y <= other.y && (one.x > other.x || one.y < other.y)
    };
    let on_it = points
        .iter()
        .filter(|point| !point.y_at_least && !points.iter().any(|other| beats(other, point)))
        .count();
    match on_it {
        0 => "No point's p99 is more than a lower bound, so there is no frontier.",
        1 => "One point has both the most throughput and the least latency of those drawn.",
        _ => "Along the frontier, more throughput costs latency; nothing measured beats it in both.",
    }
}

/// At most [`POINTS`] of the members: all of the frontier, then the highest throughputs.
fn thinned(configurations: &[ConfigurationSummary], members: &[usize]) -> Vec<usize> {
    if members.len() <= POINTS {
        return members.to_vec();
    }
    let figures = |place: usize| {
        let of = |metric: Metric| metric.value(&configurations[place]).unwrap_or(0.0);
        (of(Metric::Throughput), of(Metric::LatencyP99))
    };
    let mut by_throughput = members.to_vec();
    by_throughput.sort_by(|a, b| figures(*b).0.total_cmp(&figures(*a).0));
    let mut lowest = f64::INFINITY;
    let (mut kept, mut rest) = (Vec::new(), Vec::new());
    for place in by_throughput {
        let (_, latency) = figures(place);
        if latency < lowest {
            lowest = latency;
            kept.push(place);
        } else {
            rest.push(place);
        }
    }
    rest.truncate(POINTS.saturating_sub(kept.len()));
    kept.extend(rest);
    kept.sort_unstable();
    kept
}
