//! The run directory: its documents with a schema version, append and read. Knows no Kafka and renders nothing.

mod baseline;
mod by_topic;
mod directory;
mod error;
mod hlog;
mod imbalance;
pub mod interval_log;
mod model;
mod noise;
mod read;
#[cfg(test)]
pub(crate) mod samples;
mod session;
#[cfg(test)]
mod tests;
mod trial_line;

pub use baseline::{BASELINES_DIRECTORY, BaselineError, Baselines, DamagedSession, StoredSessions, is_baseline_name};
pub use by_topic::AppendedToTopic;
pub use directory::{Reservation, RunDirectory};
pub use error::StoreError;
pub use imbalance::Imbalance;
pub use model::{
    BrokerFigures, Headroom, Host, Imprecise, LateSends, LocalBrokers, Manifest, MissedRate, PlannedTrial,
    SCHEMA_VERSION, Saturation, StoppedBy, Stopping, TargetDescription, TrialOutcome, TrialRecord, UsedTrialProgram,
};
pub use noise::{NOISE_FILE, NoiseFloor, UsedNoiseFloor, find_noise_floor};
pub use read::{CutLine, StoredTrials};
pub use session::{BaselineSession, Losses, SessionConfiguration};

/// Name of the manifest within a run directory.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Name of the file of finished trials within a run directory.
pub const TRIALS_FILE: &str = "trials.jsonl";
/// Name of the directory of interval histograms within a run directory.
pub const HDR_DIRECTORY: &str = "hdr";
