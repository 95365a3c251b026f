//! Pure functions: no clock, no input or output, no Kafka.

pub mod change_points;
pub mod histogram;
mod spread;
pub mod student_t;

pub use spread::{Spread, median, quantile};
