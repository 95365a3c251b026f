//! Brokers and trial processes that die in the middle of their work.

use std::time::Duration;

use kpbench::process::{Signal, send_signal};
use kpbench::target::NewTopic;
use serde_json::Value;

use crate::support::{Bench, Broker};

fn profile(target: &str, measure: &str) -> String {
    format!(
        r#"
        name = "deaths"
        [target]
        {target}
        [workload]
        rate = "1k"
        [matrix]
        linger.ms = [0, 5]
        [run]
        repetitions = 1
        warmup = "100ms"
        measure = "{measure}"
        drain-timeout = "2s"
        conditioning = "0ms"
        headroom = false
        "#
    )
}

fn cause(trial: &Value) -> &str {
    trial["outcome"]["cause"]
        .as_str()
        .unwrap_or_else(|| panic!("no failed trial: {}", trial["outcome"]))
}

fn assert_completed(trial: &Value) {
    assert!(trial["outcome"].get("cause").is_none(), "{}", trial["outcome"]);
    let counts = &trial["result"]["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();
    let (sent, acknowledged) = (count("sent"), count("acknowledged"));
    // A broker that has just come back may be too slow for the short drain; what it was asked for must add up.
    assert!(acknowledged > 0, "{counts}");
    assert_eq!(sent, acknowledged + count("failed") + count("undecided"), "{counts}");
    let appended = trial["broker"]["appended"].as_u64().unwrap();
    assert!(
        (acknowledged..=sent).contains(&appended),
        "{appended} appended, {counts}"
    );
}

/// The cause must be readable where a person looks: on the screen, in the table's data and on the page.
fn assert_told(bench: &Bench, said: &crate::support::Said, words: &str) {
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert!(said.stderr.contains("FAILED"), "{}", said.stderr);
    assert!(said.stderr.contains("1 of 2 trials failed"), "{}", said.stderr);
    bench.assert_complete();
    bench.assert_no_orphans(Duration::ZERO);
    let summary = bench.document("summary.json");
    assert_eq!(summary["trials"]["failed"], 1);
    assert_eq!(summary["trials"]["completed"], 1);
    assert!(summary.to_string().contains(words), "{summary}");
}

#[test]
fn an_external_broker_dies_and_comes_back() {
    let broker = Broker::start(1, None);
    let bench = Bench::new(&profile(
        &format!("bootstrap-servers = \"{}\"", broker.servers()),
        "1500ms",
    ));
    let running = bench.start(&[]);
    broker.wait_for_records(&bench, 200);
    let local = broker.target().local().unwrap();
    local.kill_node(1).unwrap();
    running.wait_for("The target does not answer");
    local.restart_node(1).unwrap();
    let said = running.ended();
    let trials = bench.trials();
    assert_eq!(trials.len(), 2, "{}", said.stderr);
    assert!(
        cause(&trials[0]).contains("the target was lost"),
        "{}",
        cause(&trials[0])
    );
    assert!(
        cause(&trials[0]).contains("Connection refused"),
        "{}",
        cause(&trials[0])
    );
    assert_completed(&trials[1]);
    assert_told(&bench, &said, "Connection refused");
    assert!(said.stderr.contains("The target answers again"), "{}", said.stderr);
    // That of the failed trial could not be deleted while its broker was away.
    assert_eq!(broker.topics_of(&bench), [""; 0], "topics are left");
}

/// Waiting for a broker that does not come back can be ended.
#[test]
fn an_external_broker_dies_and_the_user_gives_up() {
    let broker = Broker::start(1, None);
    let bench = Bench::new(&profile(
        &format!("bootstrap-servers = \"{}\"", broker.servers()),
        "1500ms",
    ));
    let running = bench.start(&[]);
    broker.wait_for_records(&bench, 200);
    broker.target().local().unwrap().kill_node(1).unwrap();
    running.wait_for("The target does not answer");
    running.signal(Signal::Interrupt);
    let said = running.ended();
    assert_eq!(said.code, 130, "{}", said.stderr);
    assert!(said.stderr.contains("--resume run"), "{}", said.stderr);
    assert_eq!(bench.trial_lines().len(), 1);
    bench.assert_no_orphans(Duration::ZERO);
}

#[test]
fn a_broker_that_the_tool_started_dies_and_is_started_again() {
    let bench = Bench::new(&profile("kind = \"local\"", "1500ms"));
    let running = bench.start(&[]);
    bench.wait_for_trial();
    std::thread::sleep(Duration::from_millis(700));
    send_signal(bench.wait_for_process("kafka.Kafka "), Signal::Kill).unwrap();
    let said = running.ended();
    let trials = bench.trials();
    assert_eq!(trials.len(), 2, "{}", said.stderr);
    assert!(
        cause(&trials[0]).contains("node 1 of the local Kafka"),
        "{}",
        cause(&trials[0])
    );
    assert_completed(&trials[1]);
    assert_told(&bench, &said, "SIGKILL");
}

#[test]
fn a_trial_process_is_killed() {
    let bench = Bench::new(&profile("kind = \"mock\"", "1500ms"));
    let running = bench.start(&[]);
    let trial = bench.wait_for_trial();
    std::thread::sleep(Duration::from_millis(500));
    send_signal(trial, Signal::Kill).unwrap();
    let said = running.ended();
    let trials = bench.trials();
    assert_eq!(trials.len(), 2, "{}", said.stderr);
    assert!(cause(&trials[0]).contains("signal 9 (SIGKILL"), "{}", cause(&trials[0]));
    assert_completed(&trials[1]);
    assert_told(&bench, &said, "SIGKILL");
}

/// A limit of the topic that no profile knows of: nothing was measured, and the exit code says so.
#[test]
fn every_record_is_refused() {
    let broker = Broker::shared();
    let name = "kpbench-small-records-only";
    let topic = NewTopic {
        name: name.to_owned(),
        partitions: 2,
        replication_factor: 1,
        config: [("max.message.bytes".to_owned(), "500".to_owned())].into(),
    };
    broker.wait(broker.target().create_topic(&topic)).unwrap();
    let bench = Bench::new(&profile(
        &format!("bootstrap-servers = \"{}\"", broker.servers()),
        "300ms",
    ));
    let said = bench.sweep(&["--existing-topic", name, "--set", "topic.partitions=2"]);
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert!(said.stderr.contains("2 of 2 trials failed"), "{}", said.stderr);
    for trial in bench.trials() {
        assert!(cause(&trial).contains("× MSG_SIZE_TOO_LARGE"), "{}", cause(&trial));
        assert_eq!(trial["broker"]["appended"], 0);
    }
    let left = broker.wait(broker.target().partitions(name)).unwrap();
    assert_eq!(left, 2, "a topic that was there before stays");
    broker.wait(broker.target().delete_topic(name)).unwrap();
}
