//! Pure functions: no clock, no input or output, no Kafka.

pub mod change_points;
pub mod drift;
pub mod encoded;
pub mod hgrm;
pub mod histogram;
pub mod holm;
mod interval;
pub mod moments;
pub mod noise_floor;
mod null_distribution;
pub mod order_statistics;
pub mod rank_sum;
pub mod sessions;
pub mod signed_rank;
mod spread;
pub mod student_t;
pub mod sum;
mod verdict;

pub use interval::Interval;
pub use spread::{Spread, median, quantile};
pub use verdict::{Verdict, verdict};
