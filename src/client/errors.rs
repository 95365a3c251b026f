//! What can go wrong before a trial's first record.

/// Why a client could not be made or could not reach its topic.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The library refuses a property.
    #[error("the client refuses {property}: {reason}")]
    Property {
        /// Its name.
        property: String,
        /// The library's words.
        reason: String,
    },
    /// The library refuses the set of properties.
    #[error("the client cannot be made: {0}")]
    Create(String),
    /// No metadata of the topic in time.
    #[error("no metadata of topic {topic} within {timeout_ms} ms: {reason}")]
    Metadata {
        /// The topic.
        topic: String,
        /// How long was waited.
        timeout_ms: u128,
        /// The library's and the broker's words.
        reason: String,
    },
    /// A name holds a NUL byte.
    #[error("{0:?} holds a NUL byte")]
    Nul(String),
}
