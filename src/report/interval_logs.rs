//! What HdrHistogram interval logs hold, per log and tag and merged over logs: as a document, as a table, as `.hgrm`.
//!
//! The format has no place for a unit. Only kpbench's own logs say theirs; of all others the values are printed as they
//! were recorded, and no unit is claimed.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use hdrhistogram::Histogram;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::format;
use crate::stats::encoded::EncodingError;
use crate::stats::{hgrm, histogram};
use crate::store::interval_log::{IntervalLog, Series, tag_name};

/// Version of [`LogsSummary`].
pub const LOGS_SCHEMA_VERSION: u32 = 1;

const RULE_UNDER_HEADER: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// How values are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Every value is divided by it.
    pub unit_ratio: f64,
    /// What the divided values are in, where the user says so.
    pub unit: Option<String>,
}

/// Several interval logs. `kpbench hdr --format json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogsSummary {
    /// Version of this document; raised when a field changes its meaning or goes away.
    pub schema_version: u32,
    /// Unit of all values below; null where neither the logs nor the user say it.
    pub unit: Option<String>,
    /// What recorded values were divided by.
    pub unit_ratio: f64,
    /// Each log.
    pub logs: Vec<LogSummary>,
    /// All logs merged, per tag. Seconds count from each log's own start.
    pub merged: Vec<SeriesSummary>,
    /// What a reader must know about these figures.
    pub notes: Vec<String>,
}

/// One interval log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogSummary {
    /// Its file; `-` is standard input.
    pub log: String,
    /// Its start in seconds since the epoch, where it says so.
    pub start_time_s: Option<f64>,
    /// Its intervals, merged per tag.
    pub series: Vec<SeriesSummary>,
}

/// The merged intervals of one tag. A percentile is null where fewer than 10 values lie beyond it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesSummary {
    /// The tag; null for intervals without.
    pub tag: Option<String>,
    /// How many intervals.
    pub intervals: u64,
    /// Start of the first, in seconds after the log's start.
    pub from_s: f64,
    /// End of the last, in seconds after the log's start.
    pub to_s: f64,
    /// Values recorded.
    pub count: u64,
    /// Significant decimal digits of every value.
    pub significant_digits: u8,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p99_9: Option<f64>,
    /// 99.99th percentile.
    pub p99_99: Option<f64>,
    /// Largest value; null where there is none.
    pub max: Option<f64>,
    /// Mean; null where there is no value.
    pub mean: Option<f64>,
    /// Standard deviation of all values; null where there is none.
    pub stddev: Option<f64>,
}

/// All logs merged, per tag, in the order in which tags appear.
///
/// # Errors
/// Where a histogram cannot grow that far.
pub fn merge(logs: &[IntervalLog]) -> Result<Vec<Series>, EncodingError> {
    let mut merged: Vec<Series> = Vec::new();
    for series in logs.iter().flat_map(|log| &log.series) {
        match merged.iter_mut().find(|known| known.tag == series.tag) {
            Some(known) => known.add(series)?,
            None => merged.push(series.clone()),
        }
    }
    Ok(merged)
}

/// The document. `names` are the logs' names, in order.
pub fn summarize(names: &[String], logs: &[IntervalLog], merged: &[Series], values: &Values) -> LogsSummary {
    let series = |all: &[Series]| all.iter().map(|series| of_series(series, values)).collect();
    LogsSummary {
        schema_version: LOGS_SCHEMA_VERSION,
        unit: unit(logs, values),
        unit_ratio: values.unit_ratio,
        logs: names
            .iter()
            .zip(logs)
            .map(|(name, log)| LogSummary {
                log: name.clone(),
                start_time_s: log.start_time_s,
                series: series(&log.series),
            })
            .collect(),
        merged: series(merged),
        notes: notes(names, logs, merged),
    }
}

/// The user's word, else that of the logs where all say the same and nothing was divided.
fn unit(logs: &[IntervalLog], values: &Values) -> Option<String> {
    let said = logs.first().and_then(|log| log.unit);
    let by_all = values.unit_ratio == 1.0 && logs.iter().all(|log| log.unit == said);
    let theirs = said.filter(|_| by_all).map(str::to_owned);
    values.unit.clone().or(theirs)
}

fn of_series(series: &Series, values: &Values) -> SeriesSummary {
    let recorded = series.sum.histogram();
    let scaled = |value: u64| value as f64 / values.unit_ratio;
    let percentile = |quantile| histogram::percentile(recorded, 0, quantile).us.map(scaled);
    let (mean, deviation) = hgrm::mean_and_deviation(recorded);
    let any = |value: f64| (!recorded.is_empty()).then_some(value / values.unit_ratio);
    SeriesSummary {
        tag: series.tag.clone(),
        intervals: series.intervals,
        from_s: milliseconds(series.from_s),
        to_s: milliseconds(series.to_s),
        count: recorded.len(),
        significant_digits: recorded.sigfig(),
        p50: percentile(0.5),
        p90: percentile(0.9),
        p95: percentile(0.95),
        p99: percentile(0.99),
        p99_9: percentile(0.999),
        p99_99: percentile(0.9999),
        max: any(recorded.max() as f64),
        mean: any(mean),
        stddev: any(deviation),
    }
}

/// Logs write seconds with three decimals; what lies below comes from adding them up.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

fn notes(names: &[String], logs: &[IntervalLog], merged: &[Series]) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, log) in names.iter().zip(logs) {
        if log.series.is_empty() {
            notes.push(format!("{}.", log.nothing_selected(name)));
        }
        if log.before_start > 0 {
            notes.push(format!(
                "{name}: {} before the log's own StartTime: its start and its intervals do not match.",
                format::counted(log.before_start, "interval lies", "intervals lie")
            ));
        }
        if log.starts > 1 {
            notes.push(format!(
                "{name}: {} StartTime lines: several logs in one file. Seconds count from the StartTime above each interval.",
                log.starts
            ));
        }
    }
    if logs.iter().any(|log| log.unit != logs[0].unit) {
        notes.push(
            "Only some of these logs say their unit. They were merged as they are, which is right only where all have \
             the same."
                .to_owned(),
        );
    }
    for series in merged.iter().filter(|series| series.sum.is_mixed()) {
        notes.push(format!(
            "{}: recorded at different precisions and merged at the coarsest, {}.",
            tag_name(series.tag.as_deref()),
            format::counted(
                u64::from(series.sum.histogram().sigfig()),
                "significant digit",
                "significant digits"
            )
        ));
    }
    notes
}

/// The document as a person reads it.
pub fn text(summary: &LogsSummary) -> String {
    let mut text = String::new();
    for log in &summary.logs {
        let name = match log.log.as_str() {
            "-" => "standard input",
            name => name,
        };
        text.push_str(&printable(name));
        if let Some(start) = log
            .start_time_s
            .and_then(|s| Timestamp::from_millisecond((s * 1e3) as i64).ok())
        {
            text.push_str(&format!(", started {}", start.strftime("%Y-%m-%d %H:%M:%S UTC")));
        }
        text.push('\n');
        match log.series.is_empty() {
            true => text.push_str("(no interval selected)\n"),
            false => text.push_str(&table(&log.series)),
        }
        text.push('\n');
    }
    if summary.logs.len() > 1 {
        text.push_str(&format!(
            "All {} logs merged; seconds count from each log's own start\n{}\n",
            summary.logs.len(),
            table(&summary.merged)
        ));
    }
    text.push_str(&units(summary));
    text.push_str("A percentile is shown where 10 values or more lie beyond it.\n");
    for note in &summary.notes {
        text.push_str(&format!("Note: {}\n", printable(note)));
    }
    text
}

fn units(summary: &LogsSummary) -> String {
    let divided = match summary.unit_ratio {
        1.0 => String::new(),
        ratio => format!(", divided by {ratio}"),
    };
    match &summary.unit {
        Some(unit) => format!("Values in {}{divided}.\n", printable(unit)),
        None => format!("Values as recorded{divided}: the format does not say their unit; --unit names it.\n"),
    }
}

fn table(series: &[SeriesSummary]) -> String {
    let mut table = Table::new();
    table
        .load_style(RULE_UNDER_HEADER)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header([
            "tag",
            "intervals",
            "from s",
            "to s",
            "count",
            "p50",
            "p90",
            "p95",
            "p99",
            "p99.9",
            "p99.99",
            "max",
            "mean",
            "stddev",
        ]);
    for one in series {
        let mut cells = vec![
            printable(tag_name(one.tag.as_deref())),
            format::count(one.intervals),
            format!("{:.3}", one.from_s),
            format!("{:.3}", one.to_s),
            format::count(one.count),
        ];
        let figures = [
            one.p50, one.p90, one.p95, one.p99, one.p99_9, one.p99_99, one.max, one.mean, one.stddev,
        ];
        cells.extend(figures.map(|figure| figure.map_or(format::NOTHING.to_owned(), number)));
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = String::new();
    for line in table.to_string().lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Whole numbers as they are, others to three decimals; grouped. What a unit ratio makes too large for that, by its power
/// of ten.
fn number(value: f64) -> String {
    if value >= u64::MAX as f64 {
        return format!("{value:.3e}");
    }
    let rounded = (value * 1e3).round() / 1e3;
    let whole = format::count(rounded.trunc() as u64);
    let decimals = format!("{:.3}", rounded.fract());
    match decimals.trim_start_matches('0').trim_end_matches('0') {
        "." => whole,
        decimals => format!("{whole}{decimals}"),
    }
}

/// Names and tags come from outside: nothing in them moves the cursor.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// A series as `.hgrm`, headed by what was selected, as Java's `HistogramLogProcessor` heads it.
pub fn percentile_distribution(
    histogram: &Histogram<u64>,
    start_s: Option<f64>,
    end_s: Option<f64>,
    unit_ratio: f64,
) -> String {
    let end = end_s.map_or("<Infinite>".to_owned(), |end| format!("{end:.3}"));
    format!(
        "#[Overall percentile distribution between {:.3} and {end} seconds (relative to StartTime)]\n{}",
        start_s.unwrap_or(0.0),
        hgrm::render(histogram, unit_ratio)
    )
}
