//! One chart per metric, one panel per series.

use super::model::{Trend, TrendChange, TrendSeries};
use super::words;
use crate::report::charts::{Chart, ChartError, Frame, LevelChange, RunHistory, RunPanel, RunPoint, run_history};
use crate::report::format;

/// Panels drawn: those with change points first.
const PANELS: usize = 16;

/// A chart with the name of its files.
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) chart: Chart,
}

/// The charts, in the order of the metrics.
pub(super) fn draw(trend: &Trend) -> Result<Vec<Figure>, ChartError> {
    let mut metrics: Vec<Option<&str>> = Vec::new();
    for series in &trend.series {
        if !metrics.contains(&series.metric.as_deref()) {
            metrics.push(series.metric.as_deref());
        }
    }
    metrics.into_iter().map(|metric| figure(trend, metric)).collect()
}

fn figure(trend: &Trend, metric: Option<&str>) -> Result<Figure, ChartError> {
    let all: Vec<&TrendSeries> = trend
        .series
        .iter()
        .filter(|series| series.metric.as_deref() == metric)
        .collect();
    // In their own order, but where not all have room those without a change go.
    let mut shown = all.clone();
    shown.sort_by_key(|series| series.change_points.is_empty());
    shown.truncate(PANELS);
    let kept = |series: &&TrendSeries| shown.iter().any(|shown| std::ptr::eq(*shown, *series));
    let panels: Vec<RunPanel> = all.iter().copied().filter(kept).map(panel).collect();
    let name = metric.unwrap_or("value");
    let mut frame = Frame::new(
        format!("trend-{name}"),
        match metric {
            Some(_) => format!("{} from run to run", all[0].name),
            None => "Values in order of time".to_owned(),
        },
        "Thin lines and dots: the single values in order of time, at equal distances. Strong lines: the mean between two \
         changes. The vertical axes need not begin at 0.",
    )
    .note(&trend.advisory);
    if all.len() > panels.len() {
        frame = frame.note(format!(
            "{} not drawn, those without a change point first.",
            format::counted((all.len() - panels.len()) as u64, "series is", "series are")
        ));
    }
    let measure = all[0].measure();
    Ok(Figure {
        name: name.to_owned(),
        chart: run_history(&RunHistory { frame, measure, panels })?,
    })
}

fn panel(series: &TrendSeries) -> RunPanel {
    let short = short_times(series);
    let point = |(point, time): (&super::model::TrendPoint, String)| {
        let commit = point.commit.as_deref().map(words::commit).unwrap_or_default();
        RunPoint {
            time,
            value: series.drawn(point.value),
            tip: format!("{} {commit}", words::time(&point.time)).trim_end().to_owned(),
        }
    };
    RunPanel {
        name: match &series.not_analysed {
            None => series.label.clone(),
            Some(reason) => format!("{} (not analysed: {reason})", series.label),
        },
        points: series.points.iter().zip(short).map(point).collect(),
        changes: series
            .change_points
            .iter()
            .map(|change| level_change(series, change))
            .collect(),
    }
}

fn level_change(series: &TrendSeries, change: &TrendChange) -> LevelChange {
    let percent = words::percent(change);
    // The time is below the axis; which commit it was is not.
    let at = match change.commit.as_deref() {
        Some(commit) => words::commit(commit),
        None => words::time(&change.time),
    };
    let name = [percent.as_str(), words::effect(change.effect), &at];
    let name: Vec<&str> = name.into_iter().filter(|part| !part.is_empty()).collect();
    let mut tip = format!(
        "{} {}\n{} ({percent}), {}",
        words::time(&change.time),
        words::commits(change).unwrap_or_default(),
        series.before_and_after(change),
        words::p_value(change.p_value)
    );
    for changed in &change.changed_too {
        tip.push_str(&format!("\nchanged too: {changed}"));
    }
    LevelChange {
        index: change.index as usize,
        name: name.join(" "),
        tip,
    }
}

/// Days where no day has two runs, else days and minutes; times of a file as they are.
fn short_times(series: &TrendSeries) -> Vec<String> {
    let times: Option<Vec<jiff::Timestamp>> = series.points.iter().map(|point| point.time.parse().ok()).collect();
    let Some(times) = times else {
        return series.points.iter().map(|point| point.time.clone()).collect();
    };
    let written =
        |pattern: &str| -> Vec<String> { times.iter().map(|time| time.strftime(pattern).to_string()).collect() };
    let days = written("%Y-%m-%d");
    if days.windows(2).all(|pair| pair[0] != pair[1]) {
        days
    } else {
        written("%m-%d %H:%M")
    }
}
