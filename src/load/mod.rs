//! Runs one trial: payloads made ahead, records sent when they are due in the way the send mode says, verdicts awaited.
//! Knows the trial protocol, clients and recorders; knows nothing of brokers, runs or reports.

mod content;
mod error;
mod pacing;
mod payload;
pub mod records;
mod sender;
mod sync_sender;
mod trial;

pub use error::LoadError;
pub use pacing::Schedule;
pub use payload::{PayloadCursor, PayloadPool};
pub use trial::{Connect, StopFlag, run_trial, run_trial_with};
