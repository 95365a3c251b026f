//! Waiting users on their way to real brokers: what a consumer finds, what is lost, and whole runs of the binary.

mod read_back;
mod refused;
mod runs;
#[allow(dead_code, reason = "shared with the tests of whole runs")]
#[path = "../end_to_end/support.rs"]
mod support;
