//! Serializers and the Schema Registry: real records on a real broker, ids from a real registry, and what Java's
//! own deserializers read of them.

mod bad_input;
#[path = "../records/read_back.rs"]
#[allow(dead_code, reason = "shared with the tests of records")]
mod consumer;
mod evolution;
mod java;
mod read_back;
mod records;
mod registry;
#[path = "../end_to_end/support.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod support;
mod tls;
