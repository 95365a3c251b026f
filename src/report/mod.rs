//! Everything a person or a machine reads; knows stored runs only.
//!
//! [`summarize`] makes a [`Summary`] from a manifest and its trials; the terminal, Markdown, CSV, charts and the page are
//! made from that, and read what a figure is called and how it is written from [`Metric`].

mod alike;
mod axes;
pub mod charts;
mod columns;
pub mod comparison;
mod csv;
mod drain;
pub mod exports;
mod figures;
mod files;
pub(crate) mod format;
mod gate;
mod html;
pub mod interval_logs;
mod markdown;
mod metric;
mod noise;
pub(crate) mod stopping;
mod summary;
pub mod terminal;
mod topics;
pub mod trend;
mod verdicts;

pub use columns::RowOrder;
pub(crate) use files::replace;
pub use files::{
    CHARTS_DIRECTORY, CSV_FILE, HTML_FILE, MARKDOWN_FILE, ReportError, SUMMARY_FILE, Written, page, summary_markdown,
    trials_csv, write,
};
pub use gate::{
    GATE_FILE, GATE_SCHEMA_VERSION, GateDocument, Repetition, exported as exported_gate, text as gate_text,
};
pub use metric::Metric;
pub use noise::{noise_floor_of, text as noise_text};
pub use summary::{
    Answer, BLOCKS_FOR_AN_INTERVAL, ConfigurationSummary, CurvePoint, DrainAnswer, DrainSummary, LatencySummary,
    Question, RunTrials, SUMMARY_SCHEMA_VERSION, ServiceLatencyIs, Summary, TrialCounts, TrialFailure, summarize,
};
