//! A run and its gates in the formats of other tools, one file per format. They know [`ExportedRun`] only: whoever has a
//! verdict puts it there.
//!
//! | format | for |
//! | --- | --- |
//! | `junit` | test reports of CI servers: one case per gated metric |
//! | `markdown` | a comment on a pull request, a job's summary |
//! | `bencher` | bencher.dev: Bencher Metric Format JSON |
//! | `github-action-benchmark` | that action's `customSmallerIsBetter` and `customBiggerIsBetter`: two files |
//! | `openmetrics` | Prometheus and everything that reads OpenMetrics text |
//! | `csv` | spreadsheets and data frames |

mod action_benchmark;
mod bencher;
mod csv;
mod junit;
mod markdown;
mod model;
mod openmetrics;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use model::{ExportedGate, ExportedMetric, ExportedRun, GateVerdict};

/// A format of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// JUnit XML.
    Junit,
    /// GitHub's Markdown.
    Markdown,
    /// Bencher Metric Format JSON.
    Bencher,
    /// The two JSON files of `github-action-benchmark`.
    ActionBenchmark,
    /// OpenMetrics text.
    OpenMetrics,
    /// RFC 4180.
    Csv,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: &'static [ExportFormat] = &[
        ExportFormat::Junit,
        ExportFormat::Markdown,
        ExportFormat::Bencher,
        ExportFormat::ActionBenchmark,
        ExportFormat::OpenMetrics,
        ExportFormat::Csv,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ExportFormat::Junit => "junit",
            ExportFormat::Markdown => "markdown",
            ExportFormat::Bencher => "bencher",
            ExportFormat::ActionBenchmark => "github-action-benchmark",
            ExportFormat::OpenMetrics => "openmetrics",
            ExportFormat::Csv => "csv",
        }
    }

    /// Whether it is one document, so that it can go to standard output.
    pub fn is_one_document(self) -> bool {
        self != ExportFormat::ActionBenchmark
    }
}

/// Why an export could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// XML could not be written.
    #[error("the JUnit document could not be made: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// JSON could not be written.
    #[error("the JSON document could not be made: {0}")]
    Json(#[from] serde_json::Error),
}

/// One document of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What its file's name gets before the extension, where the format has several documents.
    pub suffix: Option<&'static str>,
    /// The text.
    pub text: String,
}

impl Document {
    /// Where it goes, where the user named `file`: `bench.json` becomes `bench-smaller.json`.
    pub fn path(&self, file: &Path) -> PathBuf {
        let Some(suffix) = self.suffix else {
            return file.to_owned();
        };
        let mut name: OsString = file.file_stem().unwrap_or_default().to_owned();
        name.push("-");
        name.push(suffix);
        if let Some(extension) = file.extension() {
            name.push(".");
            name.push(extension);
        }
        file.with_file_name(name)
    }
}

/// The run in a format: one document, or several where the format wants that.
///
/// # Errors
/// Where a document cannot be written, which takes a text that no encoding has.
pub fn render(format: ExportFormat, run: &ExportedRun) -> Result<Vec<Document>, ExportError> {
    let one = |text: String| vec![Document { suffix: None, text }];
    Ok(match format {
        ExportFormat::Junit => one(junit::render(run)?),
        ExportFormat::Markdown => one(markdown::render(run)),
        ExportFormat::Bencher => one(bencher::render(run)?),
        ExportFormat::ActionBenchmark => action_benchmark::render(run)?,
        ExportFormat::OpenMetrics => one(openmetrics::render(run)),
        ExportFormat::Csv => one(csv::render(run)),
    })
}
