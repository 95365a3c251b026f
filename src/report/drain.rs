//! The table of waiting queues: the same columns for the page, for Markdown and for the terminal.

use super::charts::Unit;
use super::columns::{self, RowOrder};
use super::format;
use super::summary::{ConfigurationSummary, DrainSummary, LatencySummary, Summary};

/// A column: its head, what it is, and its cell.
struct Column {
    head: &'static str,
    tip: &'static str,
    cell: fn(&DrainSummary) -> String,
}

const COLUMNS: [Column; 11] = [
    Column {
        head: "wait p50",
        tip: "From a user's arrival to the first acknowledgement of their record.",
        cell: |drain| wait(drain, "p50", |wait| wait.p50),
    },
    Column {
        head: "wait p99",
        tip: "The same at the 99th percentile.",
        cell: |drain| wait(drain, "p99", |wait| wait.p99),
    },
    Column {
        head: "queue",
        tip: "Whether the queues grew through the window, and by how many users from run to run.",
        cell: queue,
    },
    Column {
        head: "waiting at window's end",
        tip: "Users; median of the trials.",
        cell: |drain| format::count(drain.waiting_at_window_end.round() as u64),
    },
    Column {
        head: "left after drain",
        tip: "Users still waiting when the drain was over; summed over the trials.",
        cell: |drain| format::count(drain.waiting_at_end),
    },
    Column {
        head: "run mean",
        tip: "How long a run of the scheduler takes.",
        cell: |drain| drain.run_us_mean.map_or_else(nothing, time),
    },
    Column {
        head: "run longest",
        tip: "The longest run.",
        cell: |drain| time(drain.run_us_max as f64),
    },
    Column {
        head: "overruns",
        tip: "Runs that took longer than the fixed rate, of all that began in the windows.",
        cell: |drain| format!("{} of {}", format::count(drain.overruns), format::count(drain.runs)),
    },
    Column {
        head: "removed",
        tip: "Users who left the queues; summed over whole trials.",
        cell: |drain| format::count(drain.removed),
    },
    Column {
        head: "without record",
        tip: "Those of them for whom no record was ever acknowledged.",
        cell: |drain| drain.removed_unacknowledged.map_or_else(nothing, format::count),
    },
    Column {
        head: "issued twice",
        tip: "Acknowledged records beyond the first of a user.",
        cell: |drain| drain.acknowledged_again.map_or_else(nothing, format::count),
    },
];

fn nothing() -> String {
    format::NOTHING.to_owned()
}

fn time(us: f64) -> String {
    Unit::Microseconds.format(us)
}

fn wait(drain: &DrainSummary, name: &str, of: fn(&LatencySummary) -> Option<u64>) -> String {
    let Some(wait) = &drain.user_wait_us else {
        return nothing();
    };
    let bound = if wait.is_at_least(name) { "≥\u{a0}" } else { "" };
    of(wait).map_or_else(nothing, |us| format!("{bound}{}", time(us as f64)))
}

fn queue(drain: &DrainSummary) -> String {
    match (drain.queue_grew(), drain.growth_per_run) {
        (None, _) => "not known".to_owned(),
        (Some(false), _) => "drains".to_owned(),
        (Some(true), Some(growth)) => format!("grows, {growth:+.1} a run"),
        (Some(true), None) => "grows".to_owned(),
    }
}

/// The table of a run whose load has waiting queues.
pub(super) struct Table {
    /// Name and explanation of each column but the first, which names the configuration.
    pub(super) heads: Vec<(&'static str, &'static str)>,
    /// Label, id and cells of each configuration.
    pub(super) rows: Vec<(String, String, Vec<String>)>,
}

/// None where no configuration has figures of waiting queues.
pub(super) fn table(summary: &Summary) -> Option<Table> {
    let of = |place: usize| -> Option<(&ConfigurationSummary, &DrainSummary)> {
        let configuration = &summary.configurations[place];
        Some((configuration, configuration.drain.as_ref()?))
    };
    let rows: Vec<_> = columns::ordered(summary, RowOrder::Matrix)
        .into_iter()
        .filter_map(of)
        .map(|(configuration, drain)| {
            let cells = COLUMNS.iter().map(|column| (column.cell)(drain)).collect();
            (configuration.label.clone(), configuration.id.clone(), cells)
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        heads: COLUMNS.iter().map(|column| (column.head, column.tip)).collect(),
        rows,
    })
}

/// Heading, answers and table as Markdown; empty where there are no waiting queues. `escape` makes text of any text.
pub(super) fn markdown(summary: &Summary, escape: fn(&str) -> String) -> String {
    let Some(table) = table(summary) else {
        return String::new();
    };
    let mut text = String::from("## Waiting queues\n\n");
    for answer in &summary.drain {
        text.push_str(&format!(
            "- **{}**: {}\n",
            escape(&answer.title),
            escape(&answer.sentence)
        ));
    }
    text.push_str("\n| configuration |");
    table
        .heads
        .iter()
        .for_each(|(head, _)| text.push_str(&format!(" {head} |")));
    text.push_str("\n| :--- |");
    table.heads.iter().for_each(|_| text.push_str(" ---: |"));
    text.push('\n');
    for (label, _, cells) in &table.rows {
        text.push_str(&format!("| {} |", escape(label)));
        cells
            .iter()
            .for_each(|cell| text.push_str(&format!(" {} |", escape(cell))));
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Each configuration in a line of words, for a terminal of any width.
pub(super) fn lines(summary: &Summary) -> Vec<(String, String)> {
    let Some(table) = table(summary) else {
        return Vec::new();
    };
    let line = |cells: &[String]| {
        let words = table
            .heads
            .iter()
            .zip(cells)
            .map(|((head, _), cell)| format!("{head} {cell}"));
        words.collect::<Vec<_>>().join(" · ")
    };
    table
        .rows
        .iter()
        .map(|(label, _, cells)| (label.clone(), line(cells)))
        .collect()
}
