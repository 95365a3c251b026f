//! The coordinator: target up, topics, one child process per trial, what the brokers show around it, resume.
//!
//! Knows the order of events in a run and nothing about how anything is displayed (that is a [`Listener`]'s) or how
//! load is made (that is the trial process's). Does nothing heavy while a trial measures.

mod brackets;
mod cancel;
mod cluster;
mod conditioning;
mod coordinator;
mod drive;
mod error;
pub mod evolution;
mod execute;
mod headline;
mod headroom;
mod history;
mod host;
mod judgement;
mod listener;
mod mask;
mod patience;
mod payload_files;
mod queues;
mod recovery;
mod registry;
mod repetition;
mod request;
mod resume;
mod sessions;
mod spec;
mod targets;
mod topics;
mod trial_process;
mod warnings;

pub use cancel::{Cancel, CancelSource};
pub use cluster::{BoxFuture, Cluster, ClusterError, ClusterStarter, NewTopic, Patience, WatermarkPoll};
pub use error::RunError;
pub use execute::execute;
pub use headline::Headline;
pub use listener::{BlocksExpected, Listener, Looked, Progress, RunOverview};
pub use mask::Mask;
pub use request::{Ended, Limits, OtherTrialProgram, OutDirectory, RunOutcome, RunRequest, TrialProgram};
pub use targets::Targets;
