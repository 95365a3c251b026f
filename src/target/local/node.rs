//! One broker's process.

use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::layout::NodeFiles;
use crate::process::{Spawner, cpu_time_us};
use crate::target::error::{TargetError, log_tail};

/// Lines of a broker's log that an error carries.
const LOG_LINES: usize = 15;

/// A running, or dead, broker. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Node {
    id: u32,
    files: NodeFiles,
    child: Child,
    /// CPU time of earlier processes of this node, and the last reading of this one.
    cpu: Mutex<Cpu>,
}

#[derive(Debug, Default)]
struct Cpu {
    earlier_us: u64,
    current_us: u64,
}

impl Node {
    pub(crate) fn start(spawner: &Spawner, id: u32, files: NodeFiles, command: Command) -> Result<Node, TargetError> {
        let child = spawner.spawn(command).map_err(TargetError::io("start java"))?;
        Ok(Node {
            id,
            files,
            child,
            cpu: Mutex::default(),
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn files(&self) -> &NodeFiles {
        &self.files
    }

    /// An error with the end of its log where the process has ended.
    pub(crate) fn check_alive(&mut self) -> Result<(), TargetError> {
        self.cpu_us();
        let what = match self.child.try_wait() {
            Ok(None) => return Ok(()),
            Ok(Some(status)) => format!("has ended ({status})"),
            Err(error) => format!("cannot be watched: {error}"),
        };
        Err(TargetError::Node {
            node: self.id,
            what,
            log: log_tail(&self.files.log, LOG_LINES),
        })
    }

    /// Ends it at once and waits for that. Its data is as after a power cut.
    pub(crate) fn kill(&mut self) {
        self.cpu_us();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on its data.
    pub(crate) fn restart(&mut self, spawner: &Spawner, command: Command) -> Result<(), TargetError> {
        self.kill();
        let child = spawner.spawn(command).map_err(TargetError::io("start java"))?;
        self.child = child;
        let mut cpu = self.cpu();
        cpu.earlier_us += std::mem::take(&mut cpu.current_us);
        Ok(())
    }

    /// User and system time of this node's processes; the last reading where the process has ended.
    pub(crate) fn cpu_us(&self) -> u64 {
        let mut cpu = self.cpu();
        if let Some(current_us) = cpu_time_us(self.child.id()) {
            cpu.current_us = cpu.current_us.max(current_us);
        }
        cpu.earlier_us + cpu.current_us
    }

    fn cpu(&self) -> MutexGuard<'_, Cpu> {
        // Two numbers are as good after a panic as before.
        self.cpu.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its log says that a port was taken.
    pub(crate) fn port_was_taken(&self) -> bool {
        let log = std::fs::read(&self.files.log).unwrap_or_default();
        says_port_was_taken(&String::from_utf8_lossy(&log))
    }
}

/// Whether a broker's log says that a port was taken.
pub(crate) fn says_port_was_taken(log: &str) -> bool {
    log.contains("Address already in use") || log.contains("java.net.BindException")
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
