//! Runs the binary in a directory of its own, and knows every process that belongs to such a run.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use kpbench::process::{Signal, Spawner, send_signal};
use kpbench::profile::TargetSettings;
use kpbench::protocol::TargetKind;
use kpbench::target::local::LocalSecurity;
use kpbench::target::{StartOptions, Target};
use rdkafka::consumer::{BaseConsumer, Consumer};
use serde_json::Value;
use tempfile::TempDir;

/// Inherited by everything that a run starts: what carries it belongs to the run.
const MARKER: &str = "KPBENCH_END_TO_END_RUN";
/// However slow the machine: what takes longer hangs.
const HANGS: Duration = Duration::from_secs(120);

/// A directory with a profile in it, and the runs started there.
pub struct Bench {
    directory: TempDir,
}

/// What an ended invocation said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Bench {
    /// With this profile as `p.toml`.
    pub fn new(profile: &str) -> Bench {
        let bench = Bench {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::write(bench.path("p.toml"), profile).unwrap();
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The run directory that [`Bench::sweep`] and [`Bench::start`] name.
    pub fn run_directory(&self) -> PathBuf {
        self.path("run")
    }

    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let binaries = Path::new(env!("CARGO_BIN_EXE_kpbench")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .current_dir(self.directory.path())
            .env(MARKER, self.directory.path())
            .env("PATH", format!("{}:{path}", binaries.display()))
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `kpbench` to its end.
    pub fn kpbench(&self, arguments: &[&str]) -> Said {
        let mut command = self.command(env!("CARGO_BIN_EXE_kpbench"));
        command.args(arguments);
        Running::start(command).ended()
    }

    /// `kpbench sweep p.toml --out run` to its end.
    pub fn sweep(&self, further: &[&str]) -> Said {
        self.kpbench(&[&["sweep", "p.toml", "--out", "run"], further].concat())
    }

    /// `kpbench sweep p.toml --resume run` to its end.
    pub fn resume(&self, further: &[&str]) -> Said {
        self.kpbench(&[&["sweep", "p.toml", "--resume", "run"], further].concat())
    }

    /// Begins `kpbench sweep p.toml --out run`.
    pub fn start(&self, further: &[&str]) -> Running {
        let mut command = self.command(env!("CARGO_BIN_EXE_kpbench"));
        command.args(["sweep", "p.toml", "--out", "run"]).args(further);
        Running::start(command)
    }

    /// Process id and command line of every process of this bench's runs.
    pub fn processes(&self) -> Vec<(u32, String)> {
        let marker = format!("{MARKER}={}\0", self.directory.path().display());
        let carries = |pid: u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment
                .windows(marker.len())
                .any(|window| window == marker.as_bytes())
        };
        let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str()?.parse::<u32>().ok()
        });
        pids.filter(|&pid| carries(pid))
            .map(|pid| {
                let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                (pid, String::from_utf8_lossy(&words).replace('\0', " "))
            })
            .collect()
    }

    /// Waits for a process of this bench whose command line contains `words`.
    pub fn wait_for_process(&self, words: &str) -> u32 {
        let mut found = None;
        wait_until(&format!("a process with {words:?}"), || {
            found = self.processes().into_iter().find(|(_, line)| line.contains(words));
            found.is_some()
        });
        found.unwrap().0
    }

    /// Waits for a trial process.
    pub fn wait_for_trial(&self) -> u32 {
        self.wait_for_process("kpbench trial ")
    }

    /// Asserts that every process of this bench is gone, at once or within `limit`.
    pub fn assert_no_orphans(&self, limit: Duration) {
        let start = Instant::now();
        while !self.processes().is_empty() {
            assert!(start.elapsed() < limit, "orphans: {:?}", self.processes());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The lines of `trials.jsonl`.
    pub fn trial_lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.run_directory().join("trials.jsonl")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The stored trials.
    pub fn trials(&self) -> Vec<Value> {
        self.trial_lines()
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// A JSON document of the run directory.
    pub fn document(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.run_directory().join(name)).unwrap()).unwrap()
    }

    /// The configurations of `summary.json`.
    pub fn configurations(&self) -> Vec<Value> {
        self.document("summary.json")["configurations"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Asserts that every trial of the plan is stored, each once, and that the result is there.
    pub fn assert_complete(&self) {
        let ids = |values: &[Value], pointer: &str| -> Vec<String> {
            let mut ids: Vec<String> = values
                .iter()
                .map(|value| value.pointer(pointer).unwrap().as_str().unwrap().to_owned())
                .collect();
            ids.sort();
            ids
        };
        let plan = self.document("manifest.json")["plan"].as_array().unwrap().clone();
        assert_eq!(
            ids(&self.trials(), "/trial_id"),
            ids(&plan, "/trial_id"),
            "every planned trial once"
        );
        let summary = self.document("summary.json");
        assert_eq!(summary["trials"]["planned"], plan.len(), "{}", summary["trials"]);
        assert_eq!(summary["trials"]["missing"], 0, "{}", summary["trials"]);
        assert!(self.run_directory().join("report.html").exists());
    }

    /// Asserts that `text` is in no file of the run directory.
    pub fn assert_nowhere(&self, text: &str) {
        let mut directories = vec![self.run_directory()];
        let mut files = 0;
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                files += 1;
                let bytes = fs::read(&path).unwrap();
                let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert!(!found, "{text:?} is in {}", path.display());
            }
        }
        assert!(files > 3, "only {files} files to look into");
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Orphans turn a test red; they are not to stay behind it.
        for (pid, _) in self.processes() {
            let _ = send_signal(pid, Signal::Kill);
        }
    }
}

/// An invocation that has not ended.
pub struct Running {
    child: Child,
    started: Instant,
    stdout: Option<std::thread::JoinHandle<String>>,
    stderr: Arc<Mutex<String>>,
    stderr_reader: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    pub fn start(mut command: Command) -> Running {
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdout.take().unwrap();
        let stdout = std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let (pipe, heard) = (child.stderr.take().unwrap(), Arc::clone(&stderr));
        let stderr_reader = std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                *heard += &line;
                heard.push('\n');
            }
        });
        Running {
            child,
            started: Instant::now(),
            stdout: Some(stdout),
            stderr,
            stderr_reader: Some(stderr_reader),
        }
    }

    /// What it has said on standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Waits until standard error contains `words`.
    pub fn wait_for(&self, words: &str) {
        let start = Instant::now();
        while !self.stderr().contains(words) {
            assert!(start.elapsed() < HANGS, "{words:?} never came, but: {}", self.stderr());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn signal(&self, signal: Signal) {
        send_signal(self.child.id(), signal).unwrap();
    }

    /// Waits for its end.
    pub fn ended(mut self) -> Said {
        let status = self.wait();
        let took = self.started.elapsed();
        let stdout = self.stdout.take().unwrap().join().unwrap();
        self.stderr_reader.take().unwrap().join().unwrap();
        Said {
            // -9 for SIGKILL, as a shell has no code for it.
            code: status.code().unwrap_or_else(|| {
                use std::os::unix::process::ExitStatusExt;
                -status.signal().unwrap_or_default()
            }),
            stdout,
            stderr: self.stderr(),
            took,
        }
    }

    fn wait(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(self.started.elapsed() < HANGS, "it hangs: {}", self.stderr());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only where a test fails in between: its children die with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `done`.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < HANGS, "{what} never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A real Kafka that the tests, not the binary, have started.
pub struct Broker {
    runtime: tokio::runtime::Runtime,
    target: Option<Target>,
}

static SHARED: Mutex<Weak<Broker>> = Mutex::new(Weak::new());

impl Broker {
    /// One node that tests running at the same time share; it ends with the last of them.
    pub fn shared() -> Arc<Broker> {
        let mut shared: MutexGuard<'_, _> = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let broker = Arc::new(Broker::start(1, None));
            *shared = Arc::downgrade(&broker);
            broker
        })
    }

    pub fn start(nodes: u32, security: Option<LocalSecurity>) -> Broker {
        let mut options = StartOptions::new(Spawner::new().unwrap());
        options.local.fast_start = true;
        options.local.security = security;
        let settings = TargetSettings {
            kind: TargetKind::Local,
            brokers: nodes,
            bootstrap_servers: None,
            connection: Default::default(),
            broker_config: Default::default(),
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let target = runtime.block_on(Target::start(&settings, &options)).unwrap();
        Broker {
            runtime,
            target: Some(target),
        }
    }

    pub fn target(&self) -> &Target {
        self.target.as_ref().unwrap()
    }

    pub fn servers(&self) -> &str {
        self.target().bootstrap_servers()
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The topics of the bench's run that exist now.
    pub fn topics_of(&self, bench: &Bench) -> Vec<String> {
        let plan = bench.document("manifest.json")["plan"].as_array().unwrap().clone();
        let ids: Vec<&str> = plan.iter().map(|trial| trial["trial_id"].as_str().unwrap()).collect();
        let consumer: BaseConsumer = rdkafka::ClientConfig::new()
            .set("bootstrap.servers", self.servers())
            .create()
            .unwrap();
        let metadata = consumer.fetch_metadata(None, Duration::from_secs(20)).unwrap();
        let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
        names.filter(|name| ids.iter().any(|id| name.contains(id))).collect()
    }
}

impl Broker {
    /// Waits until the trial at work has written that many records; returns its topic.
    pub fn wait_for_records(&self, bench: &Bench, records: u64) -> String {
        bench.wait_for_trial();
        let topic = self.topics_of(bench).pop().unwrap();
        wait_until(&format!("{records} records"), || {
            let watermarks = self.wait(self.target().high_watermarks(&topic)).unwrap();
            watermarks.iter().sum::<u64>() > records
        });
        topic
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(target) = self.target.take() {
            let _ = self.runtime.block_on(target.stop());
        }
    }
}
