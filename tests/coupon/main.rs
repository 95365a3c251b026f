//! Waiting users on their way to real brokers: what a consumer finds, what is lost, and whole runs of the binary.

mod avro;
mod interrupted;
mod read_back;
#[path = "../support/redis_server.rs"]
mod redis_server;
mod refused;
mod refused_by_broker;
#[allow(dead_code, reason = "shared with the tests of serializers")]
#[path = "../serializers/registry.rs"]
mod registry;
mod runs;
#[allow(dead_code, reason = "shared with the tests of whole runs")]
#[path = "../end_to_end/support.rs"]
mod support;
