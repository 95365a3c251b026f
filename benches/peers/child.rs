//! A child process run to its end: what it said, and the processor time of the whole process.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use kpbench::process::{Signal, Spawner, send_signal_to_group};

/// How often a running child is looked at.
const PAUSE: Duration = Duration::from_millis(5);

/// A child that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// Its standard output.
    pub stdout: String,
    /// User and system time of the whole process, from its start to its end, in µs.
    pub cpu_us: u64,
}

/// What all runs of children share.
#[derive(Clone)]
pub struct Runner {
    /// Starts them, so that they die with this process.
    pub spawner: Spawner,
    /// Set by Ctrl-C.
    pub interrupted: &'static AtomicBool,
}

impl Runner {
    /// Runs `command` with `input` on its standard input, which stays open until it ends. A failure tells what it said last.
    pub fn run(&self, mut command: Command, input: &str, limit: Duration) -> anyhow::Result<Finished> {
        let program = command.get_program().to_string_lossy().into_owned();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self
            .spawner
            .spawn(command)
            .with_context(|| format!("start {program}"))?;
        let stdout = child.stdout.take().map(read_to_end);
        let stderr = child.stderr.take().map(read_to_end);
        let mut stdin = child.stdin.take();
        if let Some(stdin) = &mut stdin {
            // A child that ends without reading says why itself.
            let _ = stdin.write_all(input.as_bytes());
        }
        let deadline = Instant::now() + limit;
        let mut killed = None;
        let (status, cpu_us) = loop {
            if let Some(ended) = reap(child.id())? {
                break ended;
            }
            if killed.is_none() && self.interrupted.load(Ordering::Relaxed) {
                killed = Some("interrupted".to_owned());
            } else if killed.is_none() && Instant::now() >= deadline {
                killed = Some(format!("not done after {} s", limit.as_secs()));
            }
            if killed.is_some() {
                // Not reaped yet, so its id belongs to nobody else.
                let _ = send_signal_to_group(child.id(), Signal::Kill);
            }
            std::thread::sleep(PAUSE);
        };
        drop(stdin);
        let (stdout, stderr) = (joined(stdout), joined(stderr));
        if let Some(reason) = killed {
            bail!("{program}: {reason}");
        }
        ensure!(
            status == 0,
            "{program}: {}; it said: {}",
            ended_with(status),
            last_lines(&stdout, &stderr)
        );
        Ok(Finished { stdout, cpu_us })
    }
}

fn read_to_end(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn joined(thread: Option<JoinHandle<String>>) -> String {
    thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
}

fn last_lines(stdout: &str, stderr: &str) -> String {
    let lines: Vec<&str> = stdout
        .lines()
        .chain(stderr.lines())
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}

/// The child's wait status and processor time once it has ended; none before.
#[allow(unsafe_code)]
fn reap(pid: u32) -> anyhow::Result<Option<(i32, u64)>> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to memory of the right size, which wait4 fills; zeroed memory is a valid rusage. The id
    // is that of a child which nobody else waits for.
    let (found, usage) = unsafe {
        let found = libc::wait4(
            libc::pid_t::try_from(pid)?,
            &mut status,
            libc::WNOHANG,
            usage.as_mut_ptr(),
        );
        (found, usage.assume_init())
    };
    match found {
        0 => Ok(None),
        found if found > 0 => {
            let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
            Ok(Some((status, micros(usage.ru_utime) + micros(usage.ru_stime))))
        }
        _ => Err(std::io::Error::last_os_error()).context("wait for a child process"),
    }
}

fn ended_with(status: i32) -> String {
    if libc::WIFSIGNALED(status) {
        format!("signal {}", libc::WTERMSIG(status))
    } else {
        format!("exit code {}", libc::WEXITSTATUS(status))
    }
}
