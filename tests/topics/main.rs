//! Records that are spread over several topics, read back from a real broker.

mod clients;
#[allow(dead_code, reason = "shared with the tests of records")]
#[path = "../records/read_back.rs"]
mod read_back;
mod refused;
mod runs;
#[allow(dead_code, reason = "shared with the tests of whole runs")]
#[path = "../end_to_end/support.rs"]
mod support;
