//! The Schema Registry: registers schemas or looks them up, and remembers their ids. Speaks Confluent's HTTP interface
//! (<https://docs.confluent.io/platform/current/schema-registry/develop/api.html>), which others speak too.
//!
//! Asked before a load only: at a run's start, and once at the start of each trial process. Records never wait for it.

mod client;
mod error;
mod http;
mod subject;

pub use client::{Compatibility, Registry, Verdict};
pub use error::RegistryError;
pub use subject::value_subject;

pub use crate::profile::{Credentials, Pem, RegistrySettings};
