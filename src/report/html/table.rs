//! The table of all configurations: axes and figures, each with what sorting and pointing need.

use super::details::DetailsView;
use crate::report::axes;
use crate::report::charts::Better;
use crate::report::columns::{self, RowOrder};
use crate::report::format;
use crate::report::metric::Metric;
use crate::report::summary::{ConfigurationSummary, Summary};

/// Axes that have a column each; with more, the label stands in one column.
const AXIS_COLUMNS: usize = 4;

/// Rows up to which every value is a stop of the tabulator key.
const FOCUSABLE_ROWS: usize = 60;

/// Values of an axis up to which it has a filter of its own.
const FILTER_VALUES: usize = 24;

pub(super) struct TableView {
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Row>,
    pub(super) filters: Vec<Filter>,
    pub(super) focusable: bool,
}

pub(super) struct Head {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) tip: String,
    pub(super) numeric: bool,
    /// `ascending` or `descending`: what a first click sorts by.
    pub(super) first: &'static str,
    /// As `aria-sort` says it: the order that the page opens with.
    pub(super) sorted: &'static str,
}

pub(super) struct Row {
    pub(super) label: String,
    pub(super) axes: Vec<String>,
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Cell {
    pub(super) text: String,
    pub(super) small: String,
    /// For sorting: a number, or nothing for "last".
    pub(super) value: String,
    pub(super) tip: String,
    /// Share of the column's largest value, in percent.
    pub(super) bar: Option<String>,
    pub(super) numeric: bool,
    pub(super) link: Option<String>,
    pub(super) alarm: bool,
}

pub(super) struct Filter {
    pub(super) axis: String,
    pub(super) values: Vec<String>,
}

pub(super) fn view(summary: &Summary, details: &DetailsView) -> TableView {
    let axes = axes::moved(&summary.configurations);
    let by_axis = !axes.is_empty() && axes.len() <= AXIS_COLUMNS;
    let metrics = columns::of_table(summary);
    let order = columns::ordered(summary, RowOrder::BestFirst);
    let leading = columns::leading(summary);
    let largest = summary
        .configurations
        .iter()
        .filter_map(|c| leading.value(c))
        .fold(0.0, f64::max);
    let mut heads = setting_heads(summary, &axes, by_axis);
    heads.push(Head {
        name: "trials".to_owned(),
        unit: String::new(),
        tip: "Trials that came to their end. Failed ones do not count.".to_owned(),
        numeric: true,
        first: "descending",
        sorted: "none",
    });
    heads.extend(metrics.iter().map(|metric| metric_head(*metric, leading)));
    let rows = order
        .iter()
        .map(|&place| &summary.configurations[place])
        .map(|configuration| {
            let mut cells = setting_cells(configuration, &axes, by_axis.then_some(&heads));
            cells.push(trials_cell(configuration, details));
            cells.extend(
                metrics
                    .iter()
                    .map(|metric| metric_cell(*metric, configuration, (*metric == leading).then_some(largest))),
            );
            if let (Some(mark), Some(place)) = (
                columns::mark(summary, configuration),
                metrics.iter().position(|metric| *metric == leading),
            ) {
                let first = cells.len() - metrics.len();
                let text = &mut cells[first + place].text;
                *text = format!("{mark} {text}");
            }
            Row {
                label: configuration.label.clone(),
                axes: axes.iter().map(|axis| axes::value(configuration, axis).text).collect(),
                cells,
            }
        })
        .collect();
    TableView {
        heads,
        rows,
        filters: filters(summary, &axes),
        focusable: summary.configurations.len() <= FOCUSABLE_ROWS,
    }
}

fn filters(summary: &Summary, axes: &[String]) -> Vec<Filter> {
    let everything: Vec<usize> = (0..summary.configurations.len()).collect();
    axes.iter()
        .map(|axis| Filter {
            axis: axis.clone(),
            values: axes::values_of(&summary.configurations, &everything, axis)
                .into_iter()
                .map(|value| value.text)
                .collect(),
        })
        // An empty list keeps the filters in step with the axes of the rows; the page shows none for it.
        .map(|filter| {
            if filter.values.len() > FILTER_VALUES {
                Filter {
                    values: Vec::new(),
                    ..filter
                }
            } else {
                filter
            }
        })
        .collect()
}

fn setting_heads(summary: &Summary, axes: &[String], by_axis: bool) -> Vec<Head> {
    let head = |name: &str, numeric: bool| Head {
        name: name.to_owned(),
        unit: String::new(),
        tip: String::new(),
        numeric,
        first: "ascending",
        sorted: "none",
    };
    match by_axis {
        true => axes
            .iter()
            .map(|axis| head(axis, axes::is_numeric(&summary.configurations, axis)))
            .collect(),
        false => vec![head("configuration", false)],
    }
}

fn metric_head(metric: Metric, leading: Metric) -> Head {
    let higher = metric.better() == Better::Higher;
    let way = match metric.better() {
        Better::Higher => " Higher is better.",
        Better::Lower => " Lower is better.",
        Better::Neither => "",
    };
    let first = if higher { "descending" } else { "ascending" };
    // Times, bytes and counts carry their unit in the cell, or need none.
    let unit = match metric {
        Metric::Throughput | Metric::ThroughputMb | Metric::ClientCpu => metric.unit().to_owned(),
        _ => String::new(),
    };
    let name = match metric {
        Metric::Throughput | Metric::ThroughputMb => "throughput".to_owned(),
        Metric::ClientCpu => "client CPU".to_owned(),
        other => other.short().to_owned(),
    };
    Head {
        name,
        unit,
        tip: format!("{}. {}{way}", metric.name(), metric.definition()),
        numeric: true,
        first,
        sorted: if metric == leading { first } else { "none" },
    }
}

/// The cells under `heads`, which say how a whole column is set: a number among names stands as they do.
fn setting_cells(configuration: &ConfigurationSummary, axes: &[String], heads: Option<&Vec<Head>>) -> Vec<Cell> {
    let cell = |text: String, number: Option<f64>| Cell {
        small: String::new(),
        value: number.map_or_else(|| text.clone(), |number| number.to_string()),
        text,
        tip: String::new(),
        bar: None,
        numeric: number.is_some(),
        link: None,
        alarm: false,
    };
    let Some(heads) = heads else {
        return vec![cell(configuration.label.clone(), None)];
    };
    axes.iter()
        .map(|axis| axes::value(configuration, axis))
        .zip(heads)
        .map(|(value, head)| cell(value.text, value.number.filter(|_| head.numeric)))
        .collect()
}

fn metric_cell(metric: Metric, of: &ConfigurationSummary, largest: Option<f64>) -> Cell {
    let value = metric.value(of);
    let spread = metric
        .spread(of)
        .map(crate::stats::Spread::bounds)
        .filter(|(low, high)| metric.format(*low) != metric.format(*high));
    let ranged = matches!(metric, Metric::Throughput | Metric::LatencyP99 | Metric::ClientCpu);
    let small = spread
        .filter(|_| ranged)
        .map(|(low, high)| metric.format_range(low, high))
        .unwrap_or_default();
    Cell {
        text: metric.cell(of),
        small,
        value: value.map(|value| format!("{value:.4}")).unwrap_or_default(),
        tip: tip(metric, of),
        bar: value
            .zip(largest.filter(|largest| *largest > 0.0))
            .map(|(value, largest)| format!("{:.1}", value / largest * 100.0)),
        numeric: true,
        link: None,
        alarm: metric == Metric::Failed && of.failed > 0,
    }
}

/// What is said under the pointer: the trials' own values, and what else qualifies the figure.
fn tip(metric: Metric, of: &ConfigurationSummary) -> String {
    if metric.is_latency() && !of.latency_observable {
        return "Not observable: with acks=0 nothing is acknowledged.".to_owned();
    }
    let Some(value) = metric.value(of) else {
        return String::new();
    };
    let mut lines = Vec::new();
    if let Some(spread) = metric.spread(of) {
        let values: Vec<String> = spread
            .values
            .iter()
            .take(12)
            .map(|value| metric.format(*value))
            .collect();
        let more = if spread.values.len() > 12 { " …" } else { "" };
        lines.push(format!("{}: {}", metric.name(), metric.format_with_unit(value)));
        lines.push(format!(
            "{}: {}{more}",
            if spread.values.len() == 1 { "trial" } else { "trials" },
            values.join(", ")
        ));
    }
    if metric.is_at_least(of) {
        lines.push("A lower bound: failed or undecided records reach down to it.".to_owned());
    }
    if metric == Metric::Throughput
        && let Some(headroom) = of.little_headroom()
    {
        lines.push(format!(
            "Headroom {}: the load generator itself may have been the bottleneck.",
            Metric::Headroom.format_with_unit(headroom)
        ));
    }
    if metric == Metric::Failed {
        lines.extend(
            of.failed_by_error
                .iter()
                .map(|failed| format!("{}: {}", failed.error, format::count(failed.count))),
        );
    }
    lines.join("\n")
}

fn trials_cell(of: &ConfigurationSummary, details: &DetailsView) -> Cell {
    let failed = of.trials.failed;
    Cell {
        text: of.trials.completed.to_string(),
        small: if failed > 0 {
            format!("{failed} failed")
        } else {
            String::new()
        },
        value: of.trials.completed.to_string(),
        tip: String::new(),
        bar: None,
        numeric: true,
        link: details.holds(&of.id).then(|| of.id.clone()),
        alarm: failed > 0,
    }
}
