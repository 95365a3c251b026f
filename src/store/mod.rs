//! The run directory: its documents with a schema version, append and read. Knows no Kafka and renders nothing.

mod model;

pub use model::{
    BrokerFigures, Headroom, Host, Manifest, PlannedTrial, SCHEMA_VERSION, TargetDescription, TrialOutcome, TrialRecord,
};
