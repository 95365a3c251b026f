//! What `compare`, `report`, `hdr` and `trend` take: they read what is stored.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};

use super::Format;
use crate::cli::export::Export;
use crate::report::Metric;
use crate::report::trend::METRICS;

/// `kpbench compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The base: a run directory, or one of its configurations, as in DIR#LABEL or DIR#ID
    #[arg(value_name = "BASE", value_hint = ValueHint::DirPath)]
    pub base: String,
    /// What is compared with it
    #[arg(value_name = "CANDIDATE", required = true, value_hint = ValueHint::DirPath)]
    pub candidates: Vec<String>,
    /// Compare also what is not comparable; the result says so
    #[arg(long)]
    pub force: bool,
    /// What goes to standard output: text, or one JSON document
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// `kpbench report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The run directory
    #[arg(value_hint = ValueHint::DirPath)]
    pub run_directory: PathBuf,
    /// What goes to standard output: a table, or summary.json and nothing else
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Write the figures for another tool too: junit, markdown, bencher, github-action-benchmark (two files: a.json
    /// makes a-smaller.json and a-bigger.json), openmetrics or csv; without a file to standard output, instead of the
    /// table; as often as wanted
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub export: Vec<Export>,
}

/// `kpbench hdr`.
#[derive(Debug, Args)]
pub struct HdrArguments {
    /// Interval logs in HdrHistogram's V2 encoding; - is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Only intervals with this tag, \"\" for those without; as often as wanted
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Only intervals that start so many seconds after their log's start, or later
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub start: Option<f64>,
    /// Only intervals that start so many seconds after their log's start, or earlier
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub end: Option<f64>,
    /// Divide every value by this, as in 1000000 for ns to ms
    #[arg(long, value_name = "RATIO", default_value = "1", value_parser = ratio, allow_negative_numbers = true)]
    pub unit_ratio: f64,
    /// What the values are in, after dividing; only named, never converted
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// Write the percentile distribution: FILE.hgrm for one tag, or a directory with one file per tag
    #[arg(long, value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub out: Option<PathBuf>,
    /// What goes to standard output: a table, or one JSON document
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// `kpbench trend`.
#[derive(Debug, Args)]
pub struct TrendArguments {
    /// Run directories, or directories that contain some
    #[arg(value_hint = ValueHint::DirPath, value_name = "DIR", required_unless_present = "csv")]
    pub directories: Vec<PathBuf>,
    /// A CSV file with a header row and columns time and value, and where wanted label and commit, instead of runs; - for
    /// standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["directories", "metric"])]
    pub csv: Option<PathBuf>,
    /// Which way the values of the CSV file are better
    #[arg(long, value_enum, value_name = "WAY", conflicts_with = "directories")]
    pub better: Option<Way>,
    /// A metric; as often as wanted [default: throughput, p99, client CPU, records per batch and wire bytes per record]
    #[arg(long, value_name = "METRIC", value_parser = trend_metric())]
    pub metric: Vec<Metric>,
    /// Points looked at together, 7 to 1000; windows overlap by half
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(7..=1000))]
    pub window: u16,
    /// The p that a change point is below: between 0 and 1
    #[arg(long, value_name = "P", default_value_t = 0.001, allow_negative_numbers = true, value_parser = probability)]
    pub max_pvalue: f64,
    /// The change that a change point is above, as in 0.05 or 5%
    #[arg(long, value_name = "SHARE", default_value = "0", allow_hyphen_values = true, value_parser = share)]
    pub min_magnitude: f64,
    /// The smallest change that counts as one, as in 0.02 or 2%; smaller ones are listed as too small [default: each figure's
    /// measured noise floor, 1% where there is none]
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = share)]
    pub floor: Option<f64>,
    /// E-divisive over the whole series at once with a permutation test, instead of in windows
    #[arg(long, conflicts_with_all = ["window", "min_magnitude"])]
    pub orig_edivisive: bool,
    /// What goes to standard output: a table, or one JSON document and nothing else
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Write charts, trend.md and trend.json into this directory too
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

/// Which way values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// The metrics of a trend by their ids.
fn trend_metric() -> impl TypedValueParser<Value = Metric> {
    PossibleValuesParser::new(METRICS.iter().map(|metric| metric.id())).try_map(|id| {
        let found = METRICS.iter().find(|metric| metric.id() == id);
        found.copied().ok_or("no such metric")
    })
}

fn probability(text: &str) -> Result<f64, String> {
    let wrong = || "a probability lies between 0 and 1, both excluded".to_owned();
    let value: f64 = text.parse().map_err(|_| wrong())?;
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(wrong())
    }
}

fn share(text: &str) -> Result<f64, String> {
    let wrong = || "a share is 0 or more, as in 0.05 or 5%".to_owned();
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 0.01),
        None => (text, 1.0),
    };
    let value: f64 = number.parse().map_err(|_| wrong())?;
    if value >= 0.0 && value.is_finite() {
        Ok(value * scale)
    } else {
        Err(wrong())
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds, as in 2.5".to_owned())?;
    match seconds.is_finite() && seconds >= 0.0 {
        true => Ok(seconds),
        false => Err("expected seconds, 0 or more".to_owned()),
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio: f64 = text.parse().map_err(|_| "expected a number, as in 1000".to_owned())?;
    // No unit of time is further from another; and what is divided stays a number.
    match (1e-30..=1e30).contains(&ratio) {
        true => Ok(ratio),
        false => Err("expected a number from 1e-30 to 1e30".to_owned()),
    }
}
