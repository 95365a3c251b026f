//! Records that are spread over several topics, read back from a real broker.

mod avro;
mod clients;
#[path = "../records/java.rs"]
mod java;
#[allow(dead_code, reason = "shared with the tests of records")]
#[path = "../records/read_back.rs"]
mod read_back;
mod refused;
#[allow(dead_code, reason = "shared with the tests of serializers")]
#[path = "../serializers/registry.rs"]
mod registry;
mod runs;
#[allow(dead_code, reason = "shared with the tests of whole runs")]
#[path = "../end_to_end/support.rs"]
mod support;
