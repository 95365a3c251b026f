//! Serializers and the Schema Registry: real records on a real broker, ids from a real registry, and what Kafka's and
//! Avro's own Java classes read of them.

mod bad_input;
mod evolution;
mod java;
mod read_back;
mod records;
mod registry;
#[path = "../end_to_end/support.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod support;
mod tls;
