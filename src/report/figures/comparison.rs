//! One axis, or a pair of numeric axes, with everything else held equal.

use super::{Drawn, Part, Source, is_categorical, latency_name, mark_key, sample, shown, slug};
use crate::report::axes::{self, AxisValue, Slice};
use crate::report::charts::{self, Better, Category, ChartError, HeatMap, Measure, Panel, Sample, SmallMultiples};
use crate::report::columns;
use crate::report::format;
use crate::report::metric::Metric;
use crate::report::summary::ConfigurationSummary;

/// Cells of all pairs' heat maps on the page: each takes about 1 KB there, in two widths and for two figures. Pairs beyond
/// that are drawn into files.
const CELLS: usize = 1_500;

/// Files that a note names before the rest is counted.
const FILES_NAMED: usize = 4;

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

/// The heat maps, and the axes that are in one on the page.
fn heat_maps(source: &Source<'_>) -> Result<(Vec<Drawn>, Vec<String>), ChartError> {
    let configurations = source.configurations();
    let mut figures = Vec::new();
    let mut drawn = Vec::new();
    let mut cells = 0;
    let mut grids: Vec<(Grid, Part)> = grids(source).into_iter().map(|grid| (grid, Part::Settings)).collect();
    for (place, (grid, part)) in grids.iter_mut().enumerate() {
        let count = |axis: &str| axes::values_of(configurations, &grid.slice.members, axis).len();
        cells += count(&grid.x) * count(&grid.y);
        // The first is on the page however large it is.
        if place > 0 && cells > CELLS {
            *part = Part::Files;
        }
    }
    let in_files: Vec<String> = grids
        .iter()
        .filter(|(_, part)| *part == Part::Files)
        .map(|(grid, _)| format!("charts/{}-*.svg", grid.name()))
        .collect();
    for (grid, part) in &grids {
        for metric in [Metric::Throughput, Metric::LatencyP99] {
            let mut members = grid.slice.members.iter();
            if members.any(|&member| metric.value(&configurations[member]).is_some()) {
                figures.push(heat_map(source, metric, grid, (*part, &in_files))?);
            }
        }
        if *part == Part::Settings {
            drawn.extend([grid.x.clone(), grid.y.clone()]);
        }
    }
    Ok((figures, drawn))
}

/// A pair of numeric axes with the slice to draw, one of `slices`.
struct Grid {
    x: String,
    y: String,
    slice: Slice,
    slices: usize,
}

impl Grid {
    /// How the names of its charts begin.
    fn name(&self) -> String {
        format!("heat-{}-{}", slug(&self.y), slug(&self.x))
    }
}

/// Pairs of numeric axes that make a grid somewhere in the run, batch.size × linger.ms first.
fn grids(source: &Source<'_>) -> Vec<Grid> {
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
                grids.push(Grid {
                    x: (*x).clone(),
                    y: (*y).clone(),
                    slice,
                    slices: count,
                });
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
    grid: &Grid,
    (part, in_files): (Part, &[String]),
) -> Result<Drawn, ChartError> {
    let configurations = source.configurations();
    let Grid { x, y, slice, slices } = grid;
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
    let figure = if metric.is_latency() { "p99" } else { "throughput" };
    let name = format!("{}-{figure}", grid.name());
    let mut frame = source.frame(&name, format!("{what} by {y} and {x}"), held_equal(slice, *slices));
    if part == Part::Settings && !in_files.is_empty() {
        frame = frame.note(format!(
            "{} drawn in files beside this page only: {}.",
            format::counted(in_files.len() as u64, "more pair of axes is", "more pairs of axes are"),
            format::listed(in_files, FILES_NAMED)
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
    Ok(Drawn { name, part, chart })
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
        // Where keys or a partitioner spread the records, how evenly they do is what the others follow from.
        _ if members.iter().any(|c| Metric::PartitionImbalance.value(c).is_some()) => &[
            if members.iter().all(|c| c.is_paced()) {
                Metric::LatencyP99
            } else {
                Metric::Throughput
            },
            Metric::ClientCpu,
            Metric::RecordsPerBatch,
            Metric::PartitionImbalance,
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
    let is_of_the_load = metric.is_latency() || metric == Metric::Throughput;
    let mixes_arrivals = members
        .iter()
        .any(|c| c.workload.arrival != members[0].workload.arrival);
    if mixes_log_growth || mixes_loads || (mixes_arrivals && is_of_the_load) {
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
    if members
        .iter()
        .any(|c| c.workload.arrival != members[0].workload.arrival)
    {
        notes.push(
            "Arrivals differ: throughput and latency are those of different loads, and none is the best.".to_owned(),
        );
    }
    let unpaced = members.iter().any(|c| !c.is_paced());
    if panels_for(axis, members).contains(&Metric::LatencyP99) && members.iter().any(|c| c.trials.completed > 1) {
        notes.push(
            "Dots are trials. A p99 is that of all trials' records together, other figures are medians.".to_owned(),
        );
    }
    if unpaced && LOAD_AXES.contains(&axis) {
        notes.push(format!("Unpaced, so each {axis} makes a load of its own: its latency describes that load, and does not rank it against the others."));
    } else if unpaced && panels_for(axis, members).contains(&Metric::LatencyP99) {
        notes.push("Unpaced: latency measures the length of the client's queue.".to_owned());
    }
    notes
}
