//! The mock cluster's process: started, commanded, ended. The cluster itself is [`crate::client::mock`], served by
//! the hidden subcommand `mock-cluster`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::error::{TargetError, tail};
use crate::client::mock::{MockError, MockRequest};
use crate::process::Spawner;

/// The first line that a mock cluster's process prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MockGreeting {
    /// Addresses of its brokers.
    pub bootstrap_servers: String,
}

/// One line to a mock cluster's process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum MockCommand {
    /// Creates a topic.
    CreateTopic {
        /// Its name.
        name: String,
        /// Partitions.
        partitions: u32,
        /// Replicas of each partition.
        replication_factor: u16,
    },
    /// Cuts a broker off.
    BrokerDown {
        /// Its id; none: all.
        broker: Option<u32>,
    },
    /// Brings a broker back.
    BrokerUp {
        /// Its id; none: all.
        broker: Option<u32>,
    },
    /// Delays a broker's answers.
    SetRoundTrip {
        /// Its id; none: all.
        broker: Option<u32>,
        /// The delay in ms.
        round_trip_ms: u64,
    },
    /// Makes the next requests of a type fail.
    PushErrors {
        /// The type.
        request: MockRequest,
        /// The error.
        error: MockError,
        /// How many requests.
        count: u32,
    },
}

/// A mock cluster's answer to one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MockReply {
    /// Whether it was done.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A mock cluster in a process of its own; it ends when this is dropped.
#[derive(Debug)]
pub struct MockProcess {
    bootstrap_servers: String,
    child: Child,
    /// One command at a time: its answer is the next line.
    pipes: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl MockProcess {
    /// Starts `kpbench mock-cluster --brokers BROKERS`.
    pub(crate) fn start(spawner: &Spawner, kpbench: &Path, brokers: u32) -> Result<MockProcess, TargetError> {
        let mut command = Command::new(kpbench);
        command.args(["mock-cluster", "--brokers", &brokers.to_string()]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = spawner.spawn(command).map_err(TargetError::path("start", kpbench))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(TargetError::Mock("its process has no pipes".to_owned()));
        };
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        let greeting: Option<MockGreeting> = read.ok().and_then(|_| serde_json::from_str(&line).ok());
        let Some(greeting) = greeting else {
            let _ = child.kill();
            let mut said = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                let _ = stderr.read_to_string(&mut said);
            }
            let status = child
                .wait()
                .map_or_else(|error| error.to_string(), |status| status.to_string());
            let said = tail(&format!("{line}\n{said}"), 10);
            return Err(TargetError::Mock(format!(
                "{} gave no address ({status}):\n{said}",
                kpbench.display()
            )));
        };
        // Nobody reads it from here on: closed, so that a talkative process is not stopped by a full pipe.
        drop(child.stderr.take());
        let pipes = Mutex::new(Some((stdin, stdout)));
        Ok(MockProcess {
            bootstrap_servers: greeting.bootstrap_servers,
            child,
            pipes,
        })
    }

    /// Addresses of its brokers.
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has one command done. Blocks for the time of one answer.
    ///
    /// # Errors
    /// `Impossible` with the mock cluster's refusal; `Mock` where its process has ended.
    pub fn command(&self, command: &MockCommand) -> Result<(), TargetError> {
        let gone = |_| TargetError::Mock(format!("its process {} has ended", self.child.id()));
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((stdin, stdout)) = pipes.as_mut() else {
            return Err(TargetError::Mock("it has been stopped".to_owned()));
        };
        // Serialising these types cannot fail: they hold strings and numbers only.
        let mut line = serde_json::to_string(command).unwrap_or_default();
        line.push('\n');
        stdin
            .write_all(line.as_bytes())
            .and_then(|()| stdin.flush())
            .map_err(gone)?;
        let mut answer = String::new();
        stdout.read_line(&mut answer).map_err(gone)?;
        let reply: MockReply = serde_json::from_str(&answer)
            .map_err(|_| TargetError::Mock(format!("its process {} answered {answer:?}", self.child.id())))?;
        if reply.ok {
            return Ok(());
        }
        Err(TargetError::Impossible(format!(
            "mock cluster: {}",
            reply.error.unwrap_or_default()
        )))
    }
}

impl Drop for MockProcess {
    fn drop(&mut self) {
        drop(self.pipes.lock().unwrap_or_else(PoisonError::into_inner).take());
        // It keeps nothing on disk: there is nothing to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
