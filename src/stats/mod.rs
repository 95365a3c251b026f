//! Pure functions: no clock, no input or output, no Kafka.

pub mod encoded;
pub mod hgrm;
pub mod histogram;
mod spread;
pub mod sum;

pub use spread::{Spread, median, quantile};
