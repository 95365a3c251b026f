//! Everything a person or a machine reads; knows stored runs only.

mod axes;
pub mod charts;
mod format;
mod metric;
mod summary;

pub use metric::Metric;
pub use summary::{
    Answer, BLOCKS_FOR_AN_INTERVAL, ConfigurationSummary, CurvePoint, LatencySummary, Question, RunTrials,
    ServiceLatencyIs, Summary, TrialCounts, TrialFailure, summarize,
};
