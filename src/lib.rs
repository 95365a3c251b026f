//! kpbench measures what a Kafka producer's settings really do.
//!
//! The map of the modules; calls go down this list, never up:
//!
//! | module | knows |
//! | --- | --- |
//! | [`cli`] | the command line; one file per subcommand; no measuring, no arithmetic |
//! | [`report`] | everything a person or a machine reads; knows stored runs only |
//! | [`run`] | the coordinator: target up, topics, one child process per trial, events, signals, resume |
//! | [`analysis`] | comparisons over stored trials: effects, intervals, verdicts, the best set |
//! | [`plan`] | pure: which trial comes next |
//! | [`target`] | local Kafka, external clusters, the mock cluster; topics and watermarks |
//! | [`load`] | runs one trial: pacing, payloads, send modes |
//! | [`serialize`] | logical records, their serializers, and the Schema Registry that Avro needs |
//! | [`client`] | librdkafka behind a safe interface, and the other clients |
//! | [`measure`] | recorders, intervals, CPU, memory, client statistics |
//! | [`store`] | the run directory: model with a schema version, append, read |
//! | [`stats`] | pure functions: no clock, no I/O, no Kafka |
//! | [`profile`] | TOML with source spans to a validated profile; property names; matrix expansion |
//! | [`process`] | child processes that never outlive their parent; who a process id belongs to |
//! | `words` | counts in sentences |
//! | [`protocol`] | what coordinator and trial process say to each other, and the words both use |
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod analysis;
pub mod cli;
pub mod client;
pub mod load;
pub mod measure;
pub mod plan;
pub mod process;
pub mod profile;
pub mod protocol;
pub mod report;
pub mod run;
pub mod serialize;
pub mod stats;
pub mod store;
pub mod target;
mod words;
