//! Why a run could not be made or continued.

use std::io;
use std::path::PathBuf;

use super::ClusterError;
use crate::store::StoreError;

/// Why a run could not be made or continued. Trials that fail are no such reason: they are stored.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The run directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target did not come up or does not answer.
    #[error("the target is not available: {0}")]
    Target(ClusterError),
    /// The cluster cannot have the topics that the profile asks for.
    #[error("this cluster cannot have the topic that the profile asks for ({asked}): {cause}")]
    Topic {
        /// What was asked for.
        asked: String,
        /// What the brokers answered.
        cause: ClusterError,
    },
    /// The Schema Registry, a schema, or both do not do what the profile asks for.
    #[error("{}{cause}", place.as_ref().map_or_else(String::new, |place| format!("{place}: ")))]
    Registry {
        /// Where the setting stands, as `file:line:column`.
        place: Option<String>,
        /// What is wrong, and the remedy.
        cause: String,
    },
    /// Where users are to wait, nobody answers.
    #[error("{}{cause}", place.as_ref().map_or_else(String::new, |place| format!("{place}: ")))]
    WaitingQueue {
        /// Where `[workload.arrival]` stands, as `file:line:column`.
        place: Option<String>,
        /// Which queue, and why.
        cause: crate::load::drain::QueueError,
    },
    /// `--resume` with another profile.
    #[error(
        "{} holds a run that does not match this profile:\n{}\nresume with the profile and the options of that run, or start a new one",
        path.display(), differences.iter().map(|difference| format!("  - {difference}")).collect::<Vec<_>>().join("\n")
    )]
    ResumeMismatch {
        /// The run directory.
        path: PathBuf,
        /// Each difference in a sentence.
        differences: Vec<String>,
    },
    /// The program that runs trials could not be started at all.
    #[error("cannot start the trial process {path}: {source}")]
    TrialProgram {
        /// The executable.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
