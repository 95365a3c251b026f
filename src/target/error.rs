//! What can go wrong with a target, in words that say what was expected and what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rdkafka::error::KafkaError;

/// Why a target cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Something that a local Kafka needs is not on this machine.
    #[error(
        "a local Kafka cannot be started: {missing}\n  remedy: {remedy}\n  or use another target: `--target external \
         --bootstrap-servers HOST:PORT` (a cluster that is already running), `--target mock` (no broker: the client's own \
         ceiling)"
    )]
    Missing {
        /// What is missing, with what was looked for.
        missing: String,
        /// What to do about it.
        remedy: String,
    },
    /// Nobody answered, or what answered refused.
    #[error("cannot reach {bootstrap_servers}: {cause} (tried for {:.1} s)", .waited.as_secs_f64())]
    Unreachable {
        /// The `bootstrap.servers` tried.
        bootstrap_servers: String,
        /// The client's or the broker's own words.
        cause: String,
        /// How long was tried.
        waited: Duration,
    },
    /// The cluster answers, and does not allow what is asked: a topic, a replication factor, a setting.
    #[error("{0}")]
    Impossible(String),
    /// What is there differs from what is asked for.
    #[error("{0}")]
    Differs(String),
    /// A local node did not come up, or went down.
    #[error("node {node} of the local Kafka {what}\n  its last words:\n{log}")]
    Node {
        /// `node.id`.
        node: u32,
        /// What happened to it.
        what: String,
        /// The end of its log, indented.
        log: String,
    },
    /// A request to the cluster failed.
    #[error("{what}: {source}")]
    Request {
        /// What was asked.
        what: String,
        /// What the client says.
        source: KafkaError,
    },
    /// What was waited for did not come, or not yet: trying again may help.
    #[error("{0}")]
    TimedOut(String),
    /// The mock cluster's process failed.
    #[error("the mock cluster: {0}")]
    Mock(String),
    /// A tool that a local Kafka needs (`mvn`, `keytool`, Kafka's StorageTool) failed.
    #[error("{tool} failed ({status}):\n{output}")]
    Tool {
        /// Which.
        tool: String,
        /// How it ended.
        status: String,
        /// The end of what it said, indented.
        output: String,
    },
    /// A file or process operation failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's words.
        source: io::Error,
    },
    /// The caller gave up waiting.
    #[error("stopped before it was ready")]
    Cancelled,
}

impl TargetError {
    /// The process's exit code for this error: 2 where what was asked is impossible, else 1.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, TargetError::Impossible(_)) {
            2
        } else {
            1
        }
    }

    /// A failed operation on a path.
    pub(crate) fn path(what: &str, path: &Path) -> impl FnOnce(io::Error) -> TargetError {
        let what = format!("{what} {}", path.display());
        move |source| TargetError::Io { what, source }
    }

    /// A failed operation.
    pub(crate) fn io(what: &str) -> impl FnOnce(io::Error) -> TargetError {
        let what = what.to_owned();
        move |source| TargetError::Io { what, source }
    }
}

/// The last `lines` lines of a log file, indented; a remark where there are none.
pub(crate) fn log_tail(path: &PathBuf, lines: usize) -> String {
    match std::fs::read(path) {
        Ok(bytes) => tail(&String::from_utf8_lossy(&bytes), lines),
        Err(error) => format!("    (its log cannot be read: {error})"),
    }
}

/// The last `lines` non-empty lines of `text`, indented; a remark where there are none.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if all.is_empty() {
        return "    (nothing)".to_owned();
    }
    let kept = &all[all.len().saturating_sub(lines)..];
    kept.iter()
        .map(|line| format!("    {}", line.trim_end()))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_keeps_the_end() {
        assert_eq!(tail("a\n\nb\nc\n", 2), "    b\n    c");
        assert_eq!(tail("\n", 2), "    (nothing)");
    }

    #[test]
    fn what_is_missing_names_the_other_targets() {
        let error = TargetError::Missing {
            missing: "no Java".into(),
            remedy: "install it".into(),
        };
        let text = error.to_string();
        for part in ["no Java", "install it", "--target external", "--target mock"] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(error.exit_code(), 1);
        assert_eq!(TargetError::Impossible(String::new()).exit_code(), 2);
    }
}
