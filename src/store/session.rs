//! What a baseline keeps of a run: one document, small enough to be kept for a long time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Manifest;

/// One run as a baseline keeps it: what decides whether it is comparable, and the figures of its trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineSession {
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION).
    pub schema_version: u32,
    /// Name within the baseline; the same run has the same one.
    pub session_id: String,
    /// Name of the run directory that it was made from.
    pub run: String,
    /// When it was saved.
    #[schemars(with = "String")]
    pub saved_at: Timestamp,
    /// What it was saved in spite of.
    pub forced: Vec<String>,
    /// The run's manifest, without its plan.
    pub manifest: Manifest,
    /// The figures of each configuration, in the manifest's order.
    pub configurations: Vec<SessionConfiguration>,
    /// What a reader must know about how the trials were counted.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The figures of one configuration in one session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionConfiguration {
    /// Which.
    pub configuration_id: String,
    /// Trials of the plan.
    pub planned: u32,
    /// Trials that came to their end.
    pub completed: u32,
    /// By block and the metric's id: the figures of each trial that came to its end.
    pub trials: BTreeMap<u32, BTreeMap<String, f64>>,
    /// By block: what became of the records of each trial that came to its end. Empty in documents that are older.
    #[serde(default)]
    pub losses: BTreeMap<u32, Losses>,
}

/// Records of one trial that did not arrive, or of which that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Losses {
    /// Records acknowledged beyond those appended; null where no acknowledgement is to be had (`acks=0`), or the log's
    /// growth is not known.
    pub deficit: Option<u64>,
    /// Records appended beyond those acknowledged; null like the deficit.
    pub surplus: Option<u64>,
    /// Records that failed.
    pub failed: u64,
    /// Records with no verdict when the drain ended.
    pub undecided: u64,
}
