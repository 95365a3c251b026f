//! `kpbench broker up|status|down`: a local Kafka that stays between runs.

use std::collections::BTreeMap;

use crate::process::Spawner;
use crate::target::TargetError;
use crate::target::local::Progress;
use crate::target::local::detached::{self, DetachedOptions, DetachedStatus};

/// What to print, and how the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The result: the bootstrap servers, or nothing.
    pub stdout: String,
    /// What a person wants to know beyond that.
    pub stderr: String,
    /// 0 or 1.
    pub exit_code: u8,
}

/// Starts `brokers` brokers under `name`, unless they run already, and waits until they answer. Standard output is the
/// bootstrap servers, as `--bootstrap-servers` takes them.
///
/// # Errors
/// As starting a local target.
pub fn up(
    name: &str,
    brokers: u32,
    broker_config: BTreeMap<String, String>,
    progress: Progress,
) -> Result<Output, TargetError> {
    let spawner = Spawner::new().map_err(|source| TargetError::Io {
        what: "start a thread".to_owned(),
        source,
    })?;
    let options = DetachedOptions {
        name: name.to_owned(),
        nodes: brokers,
        broker_config,
        fast_start: false,
        progress,
    };
    let (broker, fresh) = detached::up(&spawner, &options)?;
    let state = if fresh { "is up" } else { "was up already" };
    let stderr = format!(
        "Apache Kafka {} {state}: {} as {name:?}, data in {}; `kpbench broker down --name {name}` ends it\n",
        broker.version,
        nodes(broker.processes.len()),
        broker.directory.display(),
    );
    Ok(Output {
        stdout: format!("{}\n", broker.bootstrap_servers),
        stderr,
        exit_code: 0,
    })
}

/// Says how the broker `name` is; standard output is its bootstrap servers where it runs and answers.
///
/// # Errors
/// Where its state cannot be read.
pub fn status(name: &str) -> Result<Output, TargetError> {
    Ok(match detached::status(name)? {
        DetachedStatus::Absent => Output {
            stdout: String::new(),
            stderr: format!("no broker {name:?}; `kpbench broker up --name {name}` starts one\n"),
            exit_code: 1,
        },
        DetachedStatus::Running(broker) => {
            let pids: Vec<String> = broker.processes.iter().map(|process| process.pid.to_string()).collect();
            Output {
                stdout: format!("{}\n", broker.bootstrap_servers),
                stderr: format!(
                    "Apache Kafka {} is up: {} as {name:?}, process {}, data in {}\n",
                    broker.version,
                    nodes(broker.processes.len()),
                    pids.join(", "),
                    broker.directory.display(),
                ),
                exit_code: 0,
            }
        }
        DetachedStatus::Broken { broker, why } => {
            let logs: Vec<String> = detached::logs(&broker)
                .iter()
                .map(|log| log.display().to_string())
                .collect();
            Output {
                stdout: String::new(),
                stderr: format!(
                    "broker {name:?} does not work: {why}\n  logs: {}\n  remedy: `kpbench broker down --name {name}`, then up again\n",
                    logs.join(", ")
                ),
                exit_code: 1,
            }
        }
    })
}

/// Ends the broker `name` and removes its data.
///
/// # Errors
/// Where a process does not end, or files cannot be removed.
pub fn down(name: &str, progress: &Progress) -> Result<Output, TargetError> {
    let stderr = match detached::down(name, progress)? {
        Some(broker) => format!(
            "broker {name:?} has ended; {} was removed\n",
            broker.directory.display()
        ),
        None => format!("no broker {name:?}: nothing to end\n"),
    };
    Ok(Output {
        stdout: String::new(),
        stderr,
        exit_code: 0,
    })
}

fn nodes(count: usize) -> String {
    if count == 1 {
        "1 node".to_owned()
    } else {
        format!("{count} nodes")
    }
}
