//! Pure functions: no clock, no input or output, no Kafka.

pub mod histogram;
