//! One trial process: started, spoken to, and ended for certain.

use std::collections::VecDeque;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::request::TrialProgram;
use crate::process::{Signal, Spawner, send_signal_to_group};
use crate::protocol::{TrialEvent, TrialSpec};

/// Longest line that an event may be. A result with four histograms of an hour's range has less than 1 MB.
const MAX_LINE_BYTES: usize = 16 << 20;
/// How much of the end of standard error is kept for the cause of a failure.
const STDERR_TAIL_BYTES: usize = 4 << 10;

/// What goes wrong in talking to a trial process.
#[derive(Debug, thiserror::Error)]
pub(super) enum TalkError {
    #[error("its output cannot be read: {0}")]
    Read(io::Error),
    #[error("it says something that is no trial event: {said:?} ({reason})")]
    Garbage { said: String, reason: String },
    #[error("it says a line of more than {MAX_LINE_BYTES} bytes")]
    LongLine,
}

/// A running trial process. Dropping it kills its whole process group.
pub(super) struct TrialProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    line: Vec<u8>,
    stderr: Arc<Mutex<VecDeque<u8>>>,
    stderr_reader: JoinHandle<()>,
    exited: Option<ExitStatus>,
}

impl TrialProcess {
    /// Starts the program.
    pub(super) fn start(spawner: &Spawner, program: &TrialProgram) -> io::Result<TrialProcess> {
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = spawner.spawn(command)?;
        let missing = || io::Error::other("a pipe to the trial process is missing");
        let stdin = ChildStdin::from_std(child.stdin.take().ok_or_else(missing)?)?;
        let stdout = ChildStdout::from_std(child.stdout.take().ok_or_else(missing)?)?;
        let stderr_pipe = ChildStderr::from_std(child.stderr.take().ok_or_else(missing)?)?;
        let stderr = Arc::new(Mutex::new(VecDeque::new()));
        let stderr_reader = tokio::spawn(keep_tail(stderr_pipe, Arc::clone(&stderr)));
        Ok(TrialProcess {
            child,
            stdin: Some(stdin),
            stdout: BufReader::with_capacity(1 << 16, stdout),
            line: Vec::new(),
            stderr,
            stderr_reader,
            exited: None,
        })
    }

    /// Says what to do, as one line. Standard input stays open: closing it means "stop".
    pub(super) async fn send_spec(&mut self, spec: &TrialSpec) -> io::Result<()> {
        let mut line = serde_json::to_vec(spec)?;
        line.push(b'\n');
        match &mut self.stdin {
            Some(stdin) => stdin.write_all(&line).await,
            None => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
        }
    }

    /// Asks it to stop sending, to drain and to report.
    pub(super) fn stop(&mut self) {
        self.stdin = None;
    }

    /// The next event; none at the end of its output. May be dropped and called again without losing anything.
    pub(super) async fn next_event(&mut self) -> Result<Option<TrialEvent>, TalkError> {
        loop {
            let available = self.stdout.fill_buf().await.map_err(TalkError::Read)?;
            if available.is_empty() {
                return if self.line.is_empty() {
                    Ok(None)
                } else {
                    parse(&std::mem::take(&mut self.line)).map(Some)
                };
            }
            let end = available.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            if self.line.len() + taken > MAX_LINE_BYTES {
                return Err(TalkError::LongLine);
            }
            self.line.extend_from_slice(&available[..taken]);
            self.stdout.consume(taken);
            if end.is_some() {
                return parse(&std::mem::take(&mut self.line)).map(Some);
            }
        }
    }

    /// Waits for its end; none where that takes longer than `limit`.
    pub(super) async fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        let mut pause = Duration::from_micros(200);
        loop {
            if self.exited.is_none() {
                self.exited = self.child.try_wait().ok().flatten();
            }
            if self.exited.is_some() || Instant::now() >= deadline {
                return self.exited;
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    /// Kills it with everything that it started.
    pub(super) fn kill(&mut self) {
        if self.exited.is_none() {
            // The group's id is the child's, which is not reaped yet and so belongs to nobody else.
            if send_signal_to_group(self.child.id(), Signal::Kill).is_err() {
                let _ = self.child.kill();
            }
            self.exited = self.child.wait().ok();
        }
    }

    /// The end of what it wrote to standard error, in one line; empty where it wrote nothing.
    pub(super) async fn stderr_tail(&mut self) -> String {
        // Something that it started may hold the pipe open: then what has come by now is enough.
        let _ = timeout(Duration::from_millis(200), &mut self.stderr_reader).await;
        let tail = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&tail.iter().copied().collect::<Vec<u8>>()).into_owned();
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" | ")
    }
}

impl Drop for TrialProcess {
    fn drop(&mut self) {
        self.kill();
        self.stderr_reader.abort();
    }
}

/// How a process ended, in words: `exit code 3`, `signal 11 (SIGSEGV)`.
pub(super) fn ended_with(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}{}", signal_name(signal)),
        (None, None) => status.to_string(),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => " (SIGABRT)",
        libc::SIGBUS => " (SIGBUS)",
        libc::SIGILL => " (SIGILL)",
        libc::SIGKILL => " (SIGKILL: killed from outside, or by the kernel for want of memory)",
        libc::SIGSEGV => " (SIGSEGV)",
        libc::SIGTERM => " (SIGTERM)",
        _ => "",
    }
}

fn parse(line: &[u8]) -> Result<TrialEvent, TalkError> {
    serde_json::from_slice(line).map_err(|error| {
        let said: String = String::from_utf8_lossy(line).trim_end().chars().take(200).collect();
        TalkError::Garbage {
            said,
            reason: error.to_string(),
        }
    })
}

async fn keep_tail(mut pipe: ChildStderr, tail: Arc<Mutex<VecDeque<u8>>>) {
    let mut buffer = [0_u8; 4096];
    while let Ok(length) = pipe.read(&mut buffer).await {
        if length == 0 {
            return;
        }
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend(&buffer[..length]);
        let surplus = tail.len().saturating_sub(STDERR_TAIL_BYTES);
        tail.drain(..surplus);
    }
}
