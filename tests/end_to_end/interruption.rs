//! Asked to stop, told to stop, killed: what is left, and how it goes on.

use std::time::{Duration, Instant};

use kpbench::process::{Signal, send_signal};

use crate::support::{Bench, Broker, Running, Said};

/// What the system may need to end the children of a killed process.
const SOON: Duration = Duration::from_secs(2);

fn profile(target: &str, measure: &str) -> String {
    format!(
        r#"
        name = "interrupted"
        [target]
        {target}
        [topic]
        partitions = 2
        [workload]
        rate = "1k"
        [matrix]
        linger.ms = [0, 1, 5]
        [run]
        repetitions = 1
        warmup = "100ms"
        measure = "{measure}"
        conditioning = "0ms"
        headroom = false
        "#
    )
}

/// Runs the very command that was printed for this.
fn run_printed_command(bench: &Bench, said: &Said) -> Said {
    let mut lines = said.stderr.lines().skip_while(|line| !line.contains("Continue with:"));
    let printed = lines.nth(1).unwrap_or_else(|| panic!("no command in {}", said.stderr));
    assert!(printed.contains("--resume run"), "{printed}");
    let mut command = bench.command("/bin/sh");
    command.args(["-c", printed.trim()]);
    Running::start(command).ended()
}

/// Asserts that the run was finished by `said`, and that what was `stored` before is as it was.
fn assert_continued(bench: &Bench, said: &Said, stored: &[String]) {
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    assert_eq!(
        &bench.trial_lines()[..stored.len()],
        stored,
        "stored trials are kept as they are"
    );
    let ran = said.stderr.lines().filter(|line| line.starts_with('[')).count();
    assert_eq!(ran, 3 - stored.len(), "only the rest runs: {}", said.stderr);
    let configurations = bench.configurations();
    for configuration in &configurations {
        assert_eq!(configuration["trials"]["completed"], 1, "{configuration}");
        assert_eq!(
            configuration["acknowledged"], configuration["appended"],
            "{configuration}"
        );
    }
}

#[test]
fn ctrl_c_during_a_trial() {
    let broker = Broker::shared();
    let bench = Bench::new(&profile(&format!("bootstrap-servers = \"{}\"", broker.servers()), "2s"));
    let running = bench.start(&[]);
    running.wait_for("[1/3]");
    bench.wait_for_trial();
    running.signal(Signal::Interrupt);
    let said = running.ended();
    assert_eq!(said.code, 130, "{}", said.stderr);
    bench.assert_no_orphans(Duration::ZERO);
    let stored = bench.trial_lines();
    assert_eq!(stored.len(), 1, "the finished trial is kept, the cut one is not");
    assert_eq!(broker.topics_of(&bench), [""; 0], "topics are left");
    let summary = bench.document("summary.json");
    assert_eq!(summary["trials"]["completed"], 1, "a report of what there is");
    assert_eq!(summary["trials"]["missing"], 2);

    assert_continued(&bench, &run_printed_command(&bench, &said), &stored);
    assert_eq!(broker.topics_of(&bench), [""; 0], "topics are left");
}

#[test]
fn sigterm_during_a_trial() {
    let bench = Bench::new(&profile("kind = \"mock\"", "1s"));
    let running = bench.start(&[]);
    running.wait_for("[2/3]");
    bench.wait_for_trial();
    running.signal(Signal::Terminate);
    let said = running.ended();
    assert_eq!(said.code, 130, "{}", said.stderr);
    bench.assert_no_orphans(Duration::ZERO);
    let stored = bench.trial_lines();
    assert_eq!(stored.len(), 2);
    assert_continued(&bench, &run_printed_command(&bench, &said), &stored);
}

#[test]
fn ctrl_c_while_the_broker_starts() {
    let bench = Bench::new(&profile("kind = \"local\"", "2s"));
    let running = bench.start(&[]);
    bench.wait_for_process("kafka.Kafka ");
    running.signal(Signal::Interrupt);
    let said = running.ended();
    assert_eq!(said.code, 130, "{}", said.stderr);
    assert!(said.stderr.contains("nothing was stored"), "{}", said.stderr);
    bench.assert_no_orphans(Duration::ZERO);
    assert!(!bench.run_directory().exists(), "what did not begin leaves nothing");
}

/// The trial cannot follow a request to stop: the first Ctrl-C waits for it, the second does not.
#[test]
fn a_second_ctrl_c_ends_at_once() {
    let bench = Bench::new(&profile("kind = \"mock\"", "60s"));
    let running = bench.start(&[]);
    let trial = bench.wait_for_trial();
    send_signal(trial, Signal::Stop).unwrap();
    running.signal(Signal::Interrupt);
    running.wait_for("Stopping");
    std::thread::sleep(Duration::from_millis(500));
    assert!(!bench.processes().is_empty(), "one Ctrl-C waits: {}", running.stderr());
    let second = Instant::now();
    running.signal(Signal::Interrupt);
    let said = running.ended();
    let took = second.elapsed();
    assert_eq!(said.code, 130, "{}", said.stderr);
    assert!(said.stderr.contains("--resume run"), "{}", said.stderr);
    // The first one alone would take the five seconds that a trial has to stop.
    assert!(took < Duration::from_secs(3), "{took:?}");
    bench.assert_no_orphans(SOON);
}

/// Kills the coordinator when `moment` returns; returns what was stored by then.
fn killed(bench: &Bench, moment: impl Fn(&Bench, &Running)) -> Vec<String> {
    let running = bench.start(&[]);
    moment(bench, &running);
    running.signal(Signal::Kill);
    let said = running.ended();
    assert_eq!(said.code, -9, "it was to be killed: {}", said.stderr);
    bench.assert_no_orphans(SOON);
    // A line that was cut counts as nothing.
    let whole = |line: &String| serde_json::from_str::<serde_json::Value>(line).is_ok();
    bench.trial_lines().into_iter().filter(whole).collect()
}

#[test]
fn sigkill_while_the_broker_starts() {
    let bench = Bench::new(&profile("kind = \"local\"", "2s"));
    let stored = killed(&bench, |bench, _| {
        bench.wait_for_process("kafka.Kafka ");
    });
    assert_eq!(stored.len(), 0);
    assert_continued(&bench, &bench.resume(&[]), &stored);
}

#[test]
fn sigkill_at_several_moments() {
    let after = |milliseconds| std::thread::sleep(Duration::from_millis(milliseconds));
    type Moment<'a> = (&'a str, usize, &'a dyn Fn(&Bench, &Running));
    let moments: [Moment<'_>; 6] = [
        ("the mock cluster starts", 0, &|bench, _| {
            bench.wait_for_process("mock-cluster");
        }),
        ("the first trial starts", 0, &|bench, _| {
            bench.wait_for_trial();
        }),
        ("in its window", 0, &|bench, _| {
            bench.wait_for_trial();
            after(400);
        }),
        ("right after the first trial", 1, &|_, running| {
            running.wait_for("[1/3]")
        }),
        ("a moment later", 1, &|_, running| {
            running.wait_for("[1/3]");
            after(20);
        }),
        ("in the last trial", 2, &|bench, running| {
            running.wait_for("[2/3]");
            bench.wait_for_trial();
        }),
    ];
    for (when, expected, moment) in moments {
        let bench = Bench::new(&profile("kind = \"mock\"", "600ms"));
        let stored = killed(&bench, moment);
        assert_eq!(stored.len(), expected, "{when}");
        assert_continued(&bench, &bench.resume(&[]), &stored);
    }
}
