//! The history of stored runs, or of any series, and where its level changed: read, analysed, and rendered as text,
//! JSON, Markdown and charts.
//!
//! Knows stored runs and files of values only: no broker, no clock. The statistics are [`stats::change_points`]'s.
//!
//! [`stats::change_points`]: crate::stats::change_points

mod analysis;
mod csv;
mod error;
mod figures;
mod files;
mod history;
mod markdown;
mod model;
mod text;
mod words;

pub use analysis::{Method, TrendOptions, WINDOW_MAX, analyse};
pub use error::TrendError;
pub use files::{TREND_JSON_FILE, TREND_MARKDOWN_FILE, write};
pub use history::{DEFAULT_METRICS, History, METRICS, Observation, ObservedSeries, Provenance};
pub use model::{
    Direction, Effect, LeftOut, Level, SimulatedNoise, TREND_SCHEMA_VERSION, Trend, TrendBetter, TrendChange,
    TrendMethod, TrendPoint, TrendSeries, TrendSettings,
};
pub use text::render;
