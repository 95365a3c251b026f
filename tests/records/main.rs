//! What records have beside their values, read back from a real broker: keys, headers, partitions, times, tombstones.

mod create_times;
mod java;
mod partitions;
mod read_back;
mod runs;
#[allow(dead_code, reason = "shared with the tests of whole runs")]
#[path = "../end_to_end/support.rs"]
mod support;
mod whole_records;
