//! The thread that spawns every child.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

/// One request to the spawning thread, with the way back for its answer.
struct Request {
    command: Command,
    reply: std::sync::mpsc::SyncSender<io::Result<Child>>,
}

/// Held for the life of the process: the channel never closes, so its thread never ends.
static REQUESTS: OnceLock<Sender<Request>> = OnceLock::new();

/// Spawns children that die with this process, however it dies.
///
/// Every child gets a process group of its own, so that a terminal's Ctrl-C reaches only this process, which then
/// decides what happens to its children. Dropping a `Spawner` ends nothing.
#[derive(Clone, Debug)]
pub struct Spawner {
    requests: Sender<Request>,
}

impl Spawner {
    /// The process's spawner; its thread is started by the first call.
    ///
    /// # Errors
    /// When the thread cannot be created.
    pub fn new() -> io::Result<Spawner> {
        if let Some(requests) = REQUESTS.get() {
            return Ok(Spawner {
                requests: requests.clone(),
            });
        }
        let (requests, receiver) = channel();
        std::thread::Builder::new()
            .name("kpbench-spawner".to_owned())
            .spawn(move || serve(&receiver))?;
        // Of two first calls at the same time one wins; the loser's thread ends with its channel, having spawned nothing.
        Ok(Spawner {
            requests: REQUESTS.get_or_init(|| requests).clone(),
        })
    }

    /// Spawns `command` on the spawner's thread. Blocks for the time that a fork and exec takes.
    ///
    /// # Errors
    /// What [`Command::spawn`] returns, and `Interrupted` when this process died in between.
    pub fn spawn(&self, command: Command) -> io::Result<Child> {
        let gone = || io::Error::other("the spawning thread is gone");
        let (reply, answer) = sync_channel(1);
        self.requests.send(Request { command, reply }).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

fn serve(requests: &Receiver<Request>) {
    for Request { mut command, reply } in requests {
        // The asker waits for the answer without a time limit, so the channel is open; were it not, the child, which
        // nobody could wait for, is killed again.
        if let Err(std::sync::mpsc::SendError(Ok(mut child))) = reply.send(spawn_bound(&mut command)) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn spawn_bound(command: &mut Command) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;

    command.process_group(0);
    let parent = std::process::id().cast_signed();
    // SAFETY: between fork and exec only async-signal-safe calls are made: prctl, getppid, and reading errno. The error
    // values are built without allocation.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong) != 0 {
                return Err(io::Error::last_os_error());
            }
            // The parent may have died between fork and prctl: then no signal will ever come.
            if libc::getppid() != parent {
                return Err(io::Error::from(io::ErrorKind::Interrupted));
            }
            Ok(())
        });
    }
    command.spawn()
}

#[cfg(all(unix, not(target_os = "linux")))]
fn spawn_bound(command: &mut Command) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;

    command.process_group(0);
    let mut child = command.spawn()?;
    match supervise(&child) {
        Ok(supervisor) => {
            // Its pipe stays open until this process ends, in whatever way.
            std::mem::forget(supervisor);
            Ok(child)
        }
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

/// Starts the supervisor of `child`, which leads its own process group: a shell that waits for the end of its standard
/// input, then kills that group. It ends by itself within a second of the child's end, so that it never signals a
/// process id that has been given to somebody else.
#[cfg(all(unix, any(test, not(target_os = "linux"))))]
fn supervise(child: &Child) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;

    const SCRIPT: &str = r#"
        (while kill -0 "$1" 2>/dev/null; do sleep 1; done; kill "$$" 2>/dev/null) </dev/null &
        watcher=$!
        while read -r _; do :; done
        kill "$watcher" 2>/dev/null
        kill -s KILL -- "-$1" 2>/dev/null"#;
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "kpbench-supervisor", &child.id().to_string()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .process_group(0)
        .spawn()
}

#[cfg(not(unix))]
fn spawn_bound(command: &mut Command) -> io::Result<Child> {
    command.spawn()
}

/// Spawns a process that is meant to outlive this one, in a session of its own: no terminal's signals reach it. Its
/// standard streams must not be pipes to this process.
///
/// # Errors
/// What [`Command::spawn`] returns.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn spawn_detached(mut command: Command) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;

    // SAFETY: between fork and exec only setsid is called, which is async-signal-safe, and errno read.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() == -1 {
                Err(io::Error::last_os_error())
            } else {
                Ok(())
            }
        });
    }
    command.spawn()
}

/// Spawns a process that is meant to outlive this one.
///
/// # Errors
/// What [`Command::spawn`] returns.
#[cfg(not(unix))]
pub fn spawn_detached(mut command: Command) -> io::Result<Child> {
    command.spawn()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::super::ProcessIdentity;
    use super::*;

    const HELPER: &str = "KPBENCH_TEST_SPAWNER_HELPER";

    fn ended_within(process: &ProcessIdentity, limit: Duration) -> bool {
        let start = Instant::now();
        while process.is_alive() {
            if start.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    fn sleeper() -> Command {
        let mut command = Command::new("sleep");
        command.arg("30");
        command
    }

    /// Not a test by itself: the body of the process that `child_dies_with_a_killed_parent` kills.
    #[test]
    fn helper_parent() {
        if std::env::var_os(HELPER).is_none() {
            return;
        }
        let mut child = Spawner::new().unwrap().spawn(sleeper()).unwrap();
        println!("\nchild {}", child.id());
        child.wait().unwrap();
    }

    #[test]
    fn child_dies_with_a_killed_parent() {
        let mut parent = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process::spawner::tests::helper_parent", "--nocapture"])
            .env(HELPER, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
        let pid: u32 = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("child ")?.parse().ok())
            .expect("child's id");
        let child = ProcessIdentity::of(pid).expect("the child runs");
        assert!(child.is_alive());
        parent.kill().unwrap();
        parent.wait().unwrap();
        let ended = ended_within(&child, Duration::from_secs(20));
        if !ended {
            super::super::send_signal(pid, super::super::Signal::Kill).unwrap();
        }
        assert!(ended, "the child outlived its parent");
    }

    #[test]
    fn child_outlives_the_thread_that_asked_for_it() {
        let mut child = std::thread::spawn(|| Spawner::new().unwrap().spawn(sleeper()).unwrap())
            .join()
            .unwrap();
        // A child of a short-lived thread was dead within 10 ms of that thread's end; this waits thirty times as long.
        std::thread::sleep(Duration::from_millis(300));
        assert!(
            child.try_wait().unwrap().is_none(),
            "the child died with the thread that asked for it"
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn child_leads_its_own_process_group() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo $$; exec cut -d' ' -f5 /proc/self/stat"])
            .stdout(Stdio::piped());
        let output = Spawner::new()
            .unwrap()
            .spawn(command)
            .unwrap()
            .wait_with_output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<_> = text.lines().collect();
        assert_eq!(numbers.len(), 2);
        assert_eq!(numbers[0], numbers[1]);
    }

    #[test]
    fn an_absent_program_is_reported() {
        let error = Spawner::new()
            .unwrap()
            .spawn(Command::new("/nonexistent/program"))
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn supervisor_kills_the_group_at_end_of_file_and_leaves_when_the_child_ends() {
        let mut child = sleeper().process_group(0).spawn().unwrap();
        let mut supervisor = supervise(&child).unwrap();
        drop(supervisor.stdin.take());
        assert_eq!(child.wait().unwrap().code(), None, "killed, not ended by itself");
        supervisor.wait().unwrap();

        let mut child = sleeper().process_group(0).spawn().unwrap();
        let mut supervisor = supervise(&child).unwrap();
        let pipe = supervisor.stdin.take();
        child.kill().unwrap();
        child.wait().unwrap();
        supervisor.wait().unwrap();
        drop(pipe);
    }
}
