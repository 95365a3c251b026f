//! One axis, or a pair of numeric axes, with everything else held equal.

use super::{Drawn, Part, Source, is_categorical, latency_name, mark_key, sample, shown, slug};
use crate::report::axes::{self, AxisValue, Slice};
use crate::report::charts::{self, Better, Category, ChartError, HeatMap, Measure, Panel, Sample, SmallMultiples};
use crate::report::columns;
use crate::report::format;
use crate::report::metric::Metric;
use crate::report::summary::ConfigurationSummary;

/// Pairs of axes that heat maps are drawn of.
const PAIRS: usize = 6;

/// Values of one axis side by side.
const VALUES: usize = 12;

pub(super) fn draw(source: &Source<'_>) -> Result<Vec<Drawn>, ChartError> {
    let (mut figures, in_a_heat_map) = heat_maps(source)?;
    for axis in &source.axes {
        let drawn_already = in_a_heat_map.contains(axis) && !is_categorical(source.configurations(), axis);
        if !drawn_already {
            figures.extend(side_by_side(source, axis)?);
        }
    }
    Ok(figures)
}

/// The heat maps, and the axes that are in one.
fn heat_maps(source: &Source<'_>) -> Result<(Vec<Drawn>, Vec<String>), ChartError> {
    let configurations = source.configurations();
    let mut figures = Vec::new();
    let mut drawn = Vec::new();
    let grids = grids(source);
    let more = grids.len().saturating_sub(PAIRS);
    for (x, y, slice, slices) in grids.into_iter().take(PAIRS) {
        for metric in [Metric::Throughput, Metric::LatencyP99] {
            if !slice
                .members
                .iter()
                .any(|&member| metric.value(&configurations[member]).is_some())
            {
                continue;
            }
            figures.push(heat_map(source, metric, &x, &y, &slice, slices, more)?);
        }
        drawn.extend([x, y]);
    }
    Ok((figures, drawn))
}

/// Pairs of numeric axes that make a grid somewhere in the run, batch.size × linger.ms first: horizontal axis,
/// vertical axis, the slice to draw, and how many slices there are.
fn grids(source: &Source<'_>) -> Vec<(String, String, Slice, usize)> {
    let configurations = source.configurations();
    let mut numeric: Vec<&String> = source
        .axes
        .iter()
        .filter(|axis| !is_categorical(configurations, axis))
        .collect();
    numeric.sort_by_key(|axis| match axis.as_str() {
        "linger.ms" => 0,
        "batch.size" => 1,
        _ => 2,
    });
    let mut grids = Vec::new();
    for (place, x) in numeric.iter().enumerate() {
        for y in &numeric[place + 1..] {
            let mut slices = axes::slices(configurations, &source.axes, &[x, y]);
            slices.retain(|slice| {
                let width = axes::values_of(configurations, &slice.members, x).len();
                let height = axes::values_of(configurations, &slice.members, y).len();
                // One row and one column, as in a sweep of one factor at a time, is no grid.
                width > 1 && height > 1 && slice.members.len() > width + height - 1
            });
            let count = slices.len();
            if let Some(slice) = chosen(source, slices) {
                grids.push(((*x).clone(), (*y).clone(), slice, count));
            }
        }
    }
    grids
}

/// The slice to draw of several: the one with the most configurations; of equals, the one that holds the best.
fn chosen(source: &Source<'_>, slices: Vec<Slice>) -> Option<Slice> {
    let configurations = source.configurations();
    let metric = columns::leading(&source.analysis.summary);
    let best_in = |slice: &Slice| {
        slice
            .members
            .iter()
            // What acks=0 shows is no acknowledged throughput: it must not decide which slice is seen.
            .filter(|&&member| configurations[member].latency_observable)
            .filter_map(|&member| metric.value(&configurations[member]))
            .reduce(|best, next| if metric.is_better(next, best) { next } else { best })
    };
    slices.into_iter().reduce(|best, next| {
        let better = match (best_in(&best), best_in(&next)) {
            (Some(best), Some(next)) => metric.is_better(next, best),
            (best, next) => best.is_none() && next.is_some(),
        };
        let (held, found) = (best.members.len(), next.members.len());
        if found > held || (found == held && better) {
            next
        } else {
            best
        }
    })
}

fn heat_map(
    source: &Source<'_>,
    metric: Metric,
    x: &str,
    y: &str,
    slice: &Slice,
    slices: usize,
    more_pairs: usize,
) -> Result<Drawn, ChartError> {
    let configurations = source.configurations();
    let xs = axes::values_of(configurations, &slice.members, x);
    let ys = axes::values_of(configurations, &slice.members, y);
    let cell = |x_value: &AxisValue, y_value: &AxisValue| {
        let found = slice
            .members
            .iter()
            .map(|&member| &configurations[member])
            .find(|c| axes::value(c, x).text == x_value.text && axes::value(c, y).text == y_value.text);
        found.map_or_else(|| Sample::missing("not part of the matrix"), |c| sample(metric, c))
    };
    let cells = ys
        .iter()
        .map(|y_value| xs.iter().map(|x_value| cell(x_value, y_value)).collect())
        .collect();
    let what = if metric.is_latency() {
        format!("{} p99", latency_name(&configurations[slice.members[0]]))
    } else {
        metric.name().to_owned()
    };
    let name = format!(
        "heat-{}-{}-{}",
        slug(y),
        slug(x),
        if metric.is_latency() { "p99" } else { "throughput" }
    );
    let mut frame = source.frame(&name, format!("{what} by {y} and {x}"), held_equal(slice, slices));
    if more_pairs > 0 {
        frame = frame.note(format!(
            "{} not drawn; every value is in summary.json.",
            format::counted(more_pairs as u64, "more pair of axes is", "more pairs of axes are")
        ));
    }
    let mut measure = metric.measure();
    measure.name = what;
    let labels = |values: &[AxisValue]| values.iter().map(|value| value.text.clone()).collect();
    let chart = charts::heat_map(&HeatMap {
        frame,
        measure,
        x_name: x.to_owned(),
        x_labels: labels(&xs),
        y_name: y.to_owned(),
        y_labels: labels(&ys),
        cells,
    })?;
    Ok(Drawn {
        name,
        part: Part::Settings,
        chart,
    })
}

/// What a chart holds equal, and how many other ways there are.
fn held_equal(slice: &Slice, slices: usize) -> String {
    let fixed = slice.fixed_text();
    match (fixed.is_empty(), slices) {
        (true, _) => "Everything else is equal.".to_owned(),
        (false, 0 | 1) => format!("Everything else is equal: {fixed}."),
        (false, _) => format!(
            "Everything else is equal: {fixed}. One of {slices} such combinations, the one with the best result; the others are in the table."
        ),
    }
}

/// The configurations that differ in one axis and in nothing else.
fn side_by_side(source: &Source<'_>, axis: &str) -> Result<Option<Drawn>, ChartError> {
    let configurations = source.configurations();
    let mut slices = axes::slices(configurations, &source.axes, &[axis]);
    slices.retain(|slice| slice.members.len() > 1);
    let count = slices.len();
    let Some(slice) = chosen(source, slices) else {
        return Ok(None);
    };
    let values = axes::values_of(configurations, &slice.members, axis);
    let members: Vec<&ConfigurationSummary> = values
        .iter()
        .take(VALUES)
        .filter_map(|value| {
            slice
                .members
                .iter()
                .map(|&m| &configurations[m])
                .find(|c| axes::value(c, axis).text == value.text)
        })
        .collect();
    let categories = values
        .iter()
        .take(VALUES)
        .map(|value| Category {
            name: shown(axis, &value.text),
            mark: source.palette.mark(&mark_key(axis, &value.text)),
        })
        .collect();
    let panels: Vec<Panel> = panels_for(axis, &members)
        .into_iter()
        .map(|metric| Panel {
            measure: panel_measure(metric, axis, &members),
            samples: members.iter().map(|c| sample(metric, c)).collect(),
        })
        .collect();
    let name = format!("by-{}", slug(axis));
    let mut frame = source.frame(
        &name,
        title(axis),
        format!("Values of {axis}. {}", held_equal(&slice, count)),
    );
    frame.notes.extend(notes(axis, &members));
    if values.len() > VALUES {
        frame = frame.note(format!(
            "The first {VALUES} of {} values; the others are in the table.",
            values.len()
        ));
    }
    let chart = charts::small_multiples(&SmallMultiples {
        frame,
        // Named in the subtitle: beside the values there is room for a few letters only.
        category_name: String::new(),
        categories,
        panels,
    })?;
    Ok(Some(Drawn {
        name,
        part: Part::Settings,
        chart,
    }))
}

fn title(axis: &str) -> String {
    match axis {
        "compression.type" | "compression.codec" => "Codecs side by side".to_owned(),
        "send.mode" => "Send modes side by side".to_owned(),
        "client" => "Clients side by side".to_owned(),
        other => format!("{other} side by side"),
    }
}

/// The measures worth seeing for an axis, of those that were measured.
fn panels_for(axis: &str, members: &[&ConfigurationSummary]) -> Vec<Metric> {
    let wanted: &[Metric] = match axis {
        "compression.type" | "compression.codec" | "compression.level" => &[
            Metric::CompressionRatio,
            Metric::ClientCpuPerGb,
            Metric::Throughput,
            Metric::LatencyP99,
        ],
        "record.size" => &[
            Metric::Throughput,
            Metric::ThroughputMb,
            Metric::LatencyP99,
            Metric::ClientCpuPerGb,
        ],
        _ => &[
            Metric::Throughput,
            Metric::LatencyP99,
            Metric::ClientCpu,
            Metric::RecordsPerBatch,
        ],
    };
    wanted
        .iter()
        .copied()
        .filter(|metric| members.iter().any(|c| metric.value(c).is_some()))
        .collect()
}

/// Axes whose values make different loads where no rate is given.
const LOAD_AXES: [&str; 4] = ["send.mode", "send.concurrency", "producers", "record.size"];

/// The measure of a panel; without a better side where its values do not compare, so that none is marked as the best.
fn panel_measure(metric: Metric, axis: &str, members: &[&ConfigurationSummary]) -> Measure {
    let mut measure = metric.measure();
    if metric.is_latency() {
        measure.name = format!("{} p99", latency_name(members[0]));
    }
    let mixes_log_growth = metric == Metric::Throughput && members.iter().any(|c| !c.latency_observable);
    let mixes_loads = metric.is_latency() && LOAD_AXES.contains(&axis) && members.iter().any(|c| !c.is_paced());
    if mixes_log_growth || mixes_loads {
        measure.better = Better::Neither;
    }
    measure
}

/// What a reader of this comparison must know.
fn notes(axis: &str, members: &[&ConfigurationSummary]) -> Vec<String> {
    let mut notes = Vec::new();
    if members.iter().any(|c| !c.latency_observable) {
        notes.push(
            "acks=0: throughput is the growth of the log, not acknowledgements; latency is not observable.".to_owned(),
        );
    }
    let unpaced = members.iter().any(|c| !c.is_paced());
    if unpaced && LOAD_AXES.contains(&axis) {
        notes.push(format!("Unpaced, so each {axis} makes a load of its own: its latency describes that load, and does not rank it against the others."));
    } else if unpaced {
        notes.push("Unpaced: latency measures the length of the client's queue.".to_owned());
    }
    notes
}
