//! The program as a user meets it: exit codes, streams, signals, resume. Everything on the mock cluster.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kpbench::client::mock::MockCluster;
use kpbench::process::{Signal, send_signal};
use kpbench::store::RunDirectory;
use tempfile::TempDir;

const PROFILE: &str = r#"
name = "sample"
[target]
kind = "mock"
[run]
repetitions = 2
warmup = "50ms"
measure = "200ms"
[workload]
rate = "2000/s"
[matrix]
"linger.ms" = [0, 5]
"#;

fn kpbench() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("kpbench"));
    command
        .stdin(Stdio::null())
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

fn run(arguments: &[&str]) -> Output {
    kpbench().args(arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A directory with a profile in it.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        Place::with(PROFILE)
    }

    fn with(profile: &str) -> Place {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("profile.toml"), profile).unwrap();
        Place { directory }
    }

    fn profile(&self) -> String {
        self.directory.path().join("profile.toml").display().to_string()
    }

    fn run_directory(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    fn out(&self) -> String {
        self.run_directory().display().to_string()
    }

    fn sweep(&self, more: &[&str]) -> Output {
        let (profile, out) = (self.profile(), self.out());
        let mut arguments = vec!["sweep", profile.as_str(), "--out", out.as_str()];
        arguments.extend(more);
        run(&arguments)
    }

    fn trials(&self) -> usize {
        RunDirectory::open(&self.run_directory())
            .unwrap()
            .trials()
            .unwrap()
            .len()
    }
}

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    assert_eq!(code(&run(&["frobnicate"])), 2);
    assert_eq!(code(&run(&["sweep"])), 2);
    assert_eq!(code(&run(&["run", "--set", "run.seed"])), 2);
    assert_eq!(code(&run(&["run", "--out", "a", "--resume", "b"])), 2);
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    assert!(stdout(&help).contains("Exit codes: 0 fine"));
    assert!(stdout(&help).contains("kpbench doctor"));
    assert!(!stdout(&help).contains("mock-cluster"), "hidden");
    let wrapped_once = stdout(&help).contains("latency; repeats and interleaves");
    assert!(wrapped_once, "{}", stdout(&help));
}

#[test]
fn what_is_no_run_directory_is_wrong_usage_with_a_remedy() {
    for path in ["nothere", "/dev/null", "/etc/passwd"] {
        let output = run(&["report", path]);
        assert_eq!(code(&output), 2, "{path}: {}", stderr(&output));
        assert!(
            stderr(&output).contains("reports/<time>-<profile>"),
            "{}",
            stderr(&output)
        );
    }
    let place = Place::new();
    let output = run(&["sweep", &place.profile(), "--resume", "nothere"]);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("there is no directory nothere"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_negative_value_is_judged_by_its_own_rule() {
    let place = Place::new();
    for (flag, value) in [("--measure", "-5s"), ("--warmup", "-1"), ("--repetitions", "-2")] {
        let output = run(&["sweep", &place.profile(), flag, value]);
        assert_eq!(code(&output), 2);
        assert!(!stderr(&output).contains("unexpected argument"), "{}", stderr(&output));
        assert!(stderr(&output).contains(value), "{}", stderr(&output));
    }
    let output = run(&["run", "--target", "mock", "--rate", "-1"]);
    assert_eq!(code(&output), 2);
    assert!(!stderr(&output).contains("unexpected argument"), "{}", stderr(&output));
    assert_eq!(code(&run(&["broker", "up", "--brokers", "0"])), 2);
    let output = run(&["broker", "up", "--config", "num.io.thread=4"]);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("did you mean num.io.threads?"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_profile_with_mistakes_is_shown_with_its_lines_and_nothing_is_started() {
    let place = Place::with("[target]\nkind = \"mock\"\n[producer]\nenable.idempotence = true\nacks = 1\n");
    let output = place.sweep(&[]);
    assert_eq!(code(&output), 2);
    let said = stderr(&output);
    assert!(said.contains("acks") && said.contains("profile.toml:"), "{said}");
    assert_eq!(stdout(&output), "");
    assert!(!place.run_directory().exists());
    assert_eq!(code(&run(&["sweep", "no-such-profile.toml"])), 2);
}

#[test]
fn a_flag_with_a_mistake_is_shown_like_a_profile() {
    let flags = [
        "--producer",
        "linger.mss=5",
        "--rate",
        "-1",
        "-p",
        "sasl.pasword=hunter2",
    ];
    let output = run(&[&["run", "--target", "mock"], &flags[..]].concat());
    assert_eq!(code(&output), 2);
    let said = stderr(&output);
    for part in [
        "did you mean linger.ms?",
        "[--producer linger.mss:1:",
        "[--rate:1:",
        "[--producer sasl.pasword:1:",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(
        !said.contains("[command line:"),
        "nobody has seen the text that flags become: {said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_sweep_puts_its_table_on_stdout_and_its_progress_on_stderr() {
    let place = Place::new();
    let output = place.sweep(&[]);
    let said = stderr(&output);
    assert_eq!(code(&output), 0, "{said}");
    let table = stdout(&output);
    assert!(
        table.contains("linger.ms=5") && table.contains("report.html"),
        "{table}"
    );
    assert!(said.contains("[1/4] block 1/2  linger.ms="), "{said}");
    assert!(said.contains("records/s") && said.contains("p99"), "{said}");
    assert!(
        !said.contains('\u{1b}') && !table.contains('\u{1b}'),
        "no terminal, no colours"
    );
    for file in [
        "manifest.json",
        "trials.jsonl",
        "summary.json",
        "report.html",
        "summary.md",
        "trials.csv",
    ] {
        assert!(place.run_directory().join(file).exists(), "{file}");
    }
    assert_eq!(fs::read_dir(place.run_directory().join("hdr")).unwrap().count(), 4);
}

#[test]
fn json_is_the_summary_and_nothing_else_and_quiet_is_quiet() {
    let place = Place::new();
    let output = place.sweep(&["--format", "json", "--quiet"]);
    assert_eq!(code(&output), 0);
    assert_eq!(stderr(&output), "");
    assert_eq!(
        stdout(&output),
        fs::read_to_string(place.run_directory().join("summary.json")).unwrap()
    );
}

/// Quiet about how far it is, not about what somebody has to know.
#[test]
fn quiet_still_tells_notices() {
    let place = Place::new();
    assert_eq!(code(&place.sweep(&["--quiet"])), 0);
    let trials = place.run_directory().join("trials.jsonl");
    let whole = fs::read(&trials).unwrap();
    fs::write(&trials, &whole[..whole.len() - 100]).unwrap();
    let again = run(&["sweep", &place.profile(), "--resume", &place.out(), "--quiet"]);
    assert_eq!(code(&again), 0);
    let told = stderr(&again);
    assert!(told.contains("line 4") && told.contains("was cut"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn colours_are_there_when_asked_for() {
    let place = Place::new();
    place.sweep(&["--quiet"]);
    let out = place.out();
    assert!(stdout(&run(&["report", &out, "--color", "always"])).contains('\u{1b}'));
    assert!(!stdout(&run(&["report", &out, "--color", "never"])).contains('\u{1b}'));
    let with_no_color = kpbench().args(["report", &out]).env("NO_COLOR", "1").output().unwrap();
    assert!(!stdout(&with_no_color).contains('\u{1b}'));
}

#[test]
fn a_report_is_made_again_from_the_stored_trials() {
    let place = Place::new();
    let first = place.sweep(&["--quiet"]);
    fs::remove_file(place.run_directory().join("report.html")).unwrap();
    fs::remove_file(place.run_directory().join("summary.json")).unwrap();
    let again = run(&["report", &place.out()]);
    assert_eq!(code(&again), 0);
    assert_eq!(stdout(&again), stdout(&first));
    assert!(place.run_directory().join("report.html").exists());
    assert_eq!(code(&run(&["report", &place.profile()])), 2);
    assert_eq!(
        code(&run(&["report", &place.directory.path().display().to_string()])),
        2
    );
}

#[test]
fn a_complete_run_starts_nothing_and_an_incomplete_one_is_4_with_the_way_on() {
    let place = Place::new();
    assert_eq!(code(&place.sweep(&["--quiet"])), 0);
    let out = place.out();
    let again = run(&["sweep", &place.profile(), "--resume", &out]);
    assert_eq!(code(&again), 0);
    assert!(stderr(&again).contains("All 4 trials are stored"), "{}", stderr(&again));
    assert!(!stderr(&again).contains("Starting target"), "{}", stderr(&again));
    let other = run(&["sweep", &place.profile(), "--resume", &out, "--set", "producer.acks=1"]);
    assert_eq!(code(&other), 2);
    assert!(stderr(&other).contains("acks was "), "{}", stderr(&other));

    let trials = place.run_directory().join("trials.jsonl");
    let three: String = fs::read_to_string(&trials)
        .unwrap()
        .split_inclusive('\n')
        .take(3)
        .collect();
    fs::write(&trials, three).unwrap();
    let report = run(&["report", &out]);
    assert_eq!(code(&report), 4, "{}", stderr(&report));
    let told = stderr(&report);
    assert!(
        told.contains("1 of 4 trials were not run") && told.contains("--resume"),
        "{told}"
    );
    fs::write(&trials, "").unwrap();
    let report = run(&["report", &out]);
    assert_eq!(code(&report), 4);
    assert!(!stdout(&report).contains("p50 to p99.9"), "{}", stdout(&report));
}

#[test]
fn a_directory_with_a_run_in_it_is_not_overwritten() {
    let place = Place::new();
    assert_eq!(code(&place.sweep(&["--quiet"])), 0);
    let again = place.sweep(&["--quiet"]);
    assert_eq!(code(&again), 2);
    assert!(stderr(&again).contains("--resume"), "{}", stderr(&again));
    let other = run(&[
        "sweep",
        &place.profile(),
        "--resume",
        &place.out(),
        "--measure",
        "300ms",
    ]);
    assert_eq!(code(&other), 2);
    assert!(
        stderr(&other).contains("the window in ms was 200 and is 300 now"),
        "{}",
        stderr(&other)
    );
    assert_eq!(place.trials(), 4);
}

#[test]
fn what_a_rule_says_of_single_configurations_is_told_before_anything_starts() {
    let axes = "[producer]\nbatch.num.messages = 10\n[matrix]\nbatch.size = [1000, 1000000]\n";
    let place = Place::with(&format!("[target]\nkind = \"mock\"\n{axes}"));
    let output = place.sweep(&["--measure", "2h"]);
    assert_eq!(code(&output), 2);
    let said = stderr(&output);
    assert!(
        said.contains("warning (batch.size=1000000): batch.size=1000000 is a no-op"),
        "{said}"
    );
}

#[test]
fn too_long_needs_a_yes_and_an_existing_topic_a_flag() {
    let long = run(&["run", "--target", "mock", "--measure", "2h"]);
    assert_eq!(code(&long), 2);
    assert!(stderr(&long).contains("--yes"), "{}", stderr(&long));
    assert!(!stderr(&long).contains("0 B written"), "{}", stderr(&long));
    let place = Place::with(&format!("{PROFILE}\n[topic]\nexisting = \"orders\"\n"));
    let output = place.sweep(&[]);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("--existing-topic orders"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_external_cluster_that_is_not_there_is_told_within_ten_seconds_and_without_secrets() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let place = Place::new();
    let began = Instant::now();
    let output = place.sweep(&[
        "--bootstrap-servers",
        &format!("127.0.0.1:{port}"),
        "--set",
        "target.properties.security.protocol=SASL_PLAINTEXT",
        "--set",
        "target.properties.sasl.mechanism=PLAIN",
        "--set",
        "target.properties.sasl.username=user",
        "--set",
        "target.properties.sasl.password=hunter2hunter2",
    ]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "promised are 10 s; twice that on a busy machine"
    );
    let said = stderr(&output);
    assert!(said.contains("About to write up to"), "{said}");
    assert!(said.contains("onnection refused"), "the client's own words: {said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert!(!place.run_directory().exists(), "nothing was measured, nothing is left");
}

/// Room and time: what a send call may wait for has nothing to do with how long connecting takes.
#[test]
fn with_no_time_to_block_a_trial_still_connects_and_measures() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run").display().to_string();
    let output = run(&[
        "run",
        "--target=mock",
        "--producer=max.block.ms=0",
        "--rate=2000",
        "--warmup=50ms",
        "--measure=200ms",
        "--repetitions=1",
        "--out",
        &out,
    ]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let trials = RunDirectory::open(Path::new(&out)).unwrap().trials().unwrap();
    let result = trials[0].result.as_ref().unwrap();
    assert!(result.counts.acknowledged > 0, "{:?}", result.counts);
}

#[test]
fn doctor_counts_the_brokers_that_answered() {
    let cluster = MockCluster::new(1).unwrap();
    let output = run(&["doctor", "--bootstrap-servers", &cluster.bootstrap_servers()]);
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    assert!(stdout(&output).contains(": 1 broker at "), "{}", stdout(&output));
}

#[test]
fn completions_and_manual_are_printed() {
    assert!(stdout(&run(&["completions", "bash"])).contains("kpbench"));
    assert!(stdout(&run(&["man"])).contains(".TH kpbench"));
    let bash = stdout(&run(&["completions", "bash"]));
    assert!(!bash.contains("mock-cluster"), "a hidden subcommand");
    for values in ["local external mock", "async fire-and-forget sync"] {
        let all = values.split(' ').all(|value| bash.contains(value));
        assert!(all, "{values}");
    }
    assert!(bash.contains("-W \"local external mock\""), "{bash}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = kpbench()
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

// ---- signals ----

/// A sweep that runs until it is told otherwise.
struct Running {
    child: Child,
    errors: BufReader<std::process::ChildStderr>,
    said: String,
}

impl Running {
    fn start(place: &Place, more: &[&str]) -> Running {
        let mut child = kpbench()
            .args(["sweep", &place.profile(), "--out", &place.out(), "--repetitions", "50"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        Running {
            child,
            errors,
            said: String::new(),
        }
    }

    fn wait_for(&mut self, part: &str) {
        loop {
            let mut line = String::new();
            assert!(
                self.errors.read_line(&mut line).unwrap() > 0,
                "ended without {part:?}: {}",
                self.said
            );
            self.said += &line;
            if line.contains(part) {
                return;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        send_signal(self.child.id(), signal).unwrap();
    }

    /// Exit code and everything on standard error.
    fn end(mut self) -> (Option<i32>, String) {
        self.errors.read_to_string(&mut self.said).unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), self.said)
    }

    /// Its children, their children, and so on.
    fn descendants(&self) -> BTreeSet<u32> {
        let mut found = BTreeSet::from([self.child.id()]);
        loop {
            let more: Vec<u32> = processes()
                .filter(|(pid, parent)| found.contains(parent) && !found.contains(pid))
                .map(|(pid, _)| pid)
                .collect();
            if more.is_empty() {
                found.remove(&self.child.id());
                return found;
            }
            found.extend(more);
        }
    }
}

/// The command line of a process; empty where it is gone.
fn command_of(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Every process with its parent, zombies left out.
fn processes() -> impl Iterator<Item = (u32, u32)> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        if fields.next()? == "Z" {
            return None;
        }
        Some((pid, fields.next()?.parse().ok()?))
    })
}

/// Children die by the kernel's hand after their parent: not in the same instant.
fn assert_all_gone(pids: &BTreeSet<u32>) {
    assert!(!pids.is_empty());
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let left: Vec<u32> = processes()
            .map(|(pid, _)| pid)
            .filter(|pid| pids.contains(pid))
            .collect();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < limit, "orphans: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn no_trial_twice(directory: &Path) {
    let trials = RunDirectory::open(directory).unwrap().trials().unwrap();
    let ids: BTreeSet<String> = trials.iter().map(|trial| trial.planned.trial_id.clone()).collect();
    assert_eq!(ids.len(), trials.len());
}

#[test]
fn ctrl_c_and_sigterm_keep_what_is_finished_and_say_how_to_go_on() {
    for signal in [Signal::Interrupt, Signal::Terminate] {
        let place = Place::new();
        let mut running = Running::start(&place, &[]);
        running.wait_for("[3/100]");
        let descendants = running.descendants();
        running.signal(signal);
        let (code, said) = running.end();
        assert_eq!(code, Some(130), "{said}");
        assert_all_gone(&descendants);
        let stored = place.trials();
        assert!((3..100).contains(&stored), "{stored}");

        let command = said.lines().last().unwrap().trim();
        assert!(command.ends_with(&format!("--resume {}", place.out())), "{said}");
        assert!(!command.contains("--out"), "{command}");
        // Said with the program's own path, it runs as it stands; a second signal comes before the hundredth trial.
        let mut words = command.split(' ').skip(1);
        let mut resumed = kpbench()
            .args(words.by_ref())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(resumed.stderr.take().unwrap());
        let mut running = Running {
            child: resumed,
            errors,
            said: String::new(),
        };
        running.wait_for(&format!("{stored} of 100 trials are stored already"));
        running.wait_for("records/s");
        running.signal(signal);
        assert_eq!(running.end().0, Some(130));
        assert!(place.trials() > stored);
        no_trial_twice(&place.run_directory());
    }
}

#[test]
fn a_second_signal_ends_everything_at_once() {
    let place = Place::with(&PROFILE.replace("50ms", "600s"));
    let mut running = Running::start(&place, &["--yes"]);
    running.wait_for("Storing in");
    // The trial process follows; paused, it cannot end by itself when it is asked to.
    let limit = Instant::now() + Duration::from_secs(20);
    let descendants = loop {
        // Not between fork and exec: a child that is paused there has not even been started for its parent.
        let found: BTreeSet<u32> = running
            .descendants()
            .into_iter()
            .filter(|pid| !command_of(*pid).contains("sweep"))
            .collect();
        if found.len() >= 2 || Instant::now() > limit {
            break found;
        }
    };
    for pid in &descendants {
        send_signal(*pid, Signal::Stop).unwrap();
    }
    running.signal(Signal::Interrupt);
    running.wait_for("Once more");
    let asked = Instant::now();
    running.signal(Signal::Interrupt);
    let (code, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "a trial that was asked to stop would have had 5 s"
    );
    assert_all_gone(&descendants);
}

#[test]
fn after_sigkill_nothing_runs_on_and_the_run_can_be_continued() {
    let place = Place::new();
    let mut running = Running::start(&place, &["--repetitions", "3"]);
    running.wait_for("[2/6]");
    let descendants = running.descendants();
    running.signal(Signal::Kill);
    running.end();
    assert_all_gone(&descendants);
    let resumed = run(&[
        "sweep",
        &place.profile(),
        "--resume",
        &place.out(),
        "--repetitions",
        "3",
        "--quiet",
    ]);
    assert_eq!(code(&resumed), 0, "{}", stderr(&resumed));
    assert_eq!(place.trials(), 6);
    no_trial_twice(&place.run_directory());
}
