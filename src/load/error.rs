//! Why a trial could not be run.

use std::path::PathBuf;

use crate::client::ClientError;
use crate::serialize::SerializeError;

/// Why a trial could not be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The spec is of another protocol version.
    #[error("the trial protocol is version {expected}, the spec says {found}")]
    ProtocolVersion {
        /// Ours.
        expected: u32,
        /// The spec's.
        found: u32,
    },
    /// A payload file cannot be used.
    #[error("payload file {}: {reason}", path.display())]
    PayloadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The spec asks for something that cannot be done.
    #[error("{0}")]
    Spec(String),
    /// Records cannot be serialized.
    #[error(transparent)]
    Serialize(#[from] SerializeError),
    /// A waiting queue.
    #[error(transparent)]
    Queue(#[from] super::drain::QueueError),
    /// The client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}
