//! What cannot be measured is refused before anything is started.

use crate::support::{Bench, Broker, Said};

/// Asserts wrong usage, told with `words`, and that nothing was begun.
fn assert_refused(bench: &Bench, said: &Said, words: &[&str]) {
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert_eq!(said.stdout, "");
    for words in words {
        assert!(said.stderr.contains(words), "{words:?} is not in {}", said.stderr);
    }
    assert!(!bench.run_directory().exists(), "{}", said.stderr);
    bench.assert_no_orphans(std::time::Duration::ZERO);
}

#[test]
fn profiles_that_are_wrong() {
    for (profile, words) in [
        ("name = \"x\n[run]\n", &["p.toml:1:"][..]),
        ("[run]\nrepetitons = 3\n", &["p.toml:2:1", "did you mean repetitions?"]),
        (
            "[producer]\nacks = \"1\"\nenable.idempotence = true\n",
            &["p.toml:", "enable.idempotence", "acks"],
        ),
        (
            "[producer]\ndelivery.timeout.ms = 1000\n",
            &["p.toml:2:", "delivery.timeout.ms", "request.timeout.ms"],
        ),
        (
            "[target]\nbrokers = 1\n[topic]\nreplication-factor = 3\n",
            &["p.toml:2:", "replication factor (3)", "number of brokers (1)"],
        ),
        (
            "[topic.config]\nmax.message.bytes = 1000\n[workload]\nrecord-size = \"10 KB\"\n",
            &["p.toml:", "max.message.bytes"],
        ),
        ("[matrix]\nlinger.ms = []\n", &["p.toml:2:", "linger.ms"]),
        ("[run]\nrepetitions = 1000\nmeasure = \"10s\"\n", &["--yes"]),
    ] {
        let bench = Bench::new(profile);
        let said = bench.sweep(&[]);
        assert_refused(&bench, &said, words);
        assert!(!said.stderr.contains("Starting target"), "{}", said.stderr);
    }
}

#[test]
fn command_lines_that_are_wrong() {
    let bench = Bench::new("");
    for (arguments, words) in [
        (&["sweep", "nowhere.toml", "--out", "run"][..], "nowhere.toml"),
        (&["sweep", "p.toml", "--out", "run", "--set", "run.warmup"], "KEY=VALUE"),
        (
            &["sweep", "p.toml", "--out", "run", "--set", "run.warmups=1s"],
            "warmup",
        ),
        (&["sweep", "p.toml", "--out", "run", "--target", "kafka"], "--target"),
        (
            &["sweep", "p.toml", "--out", "run", "--target", "external"],
            "bootstrap",
        ),
        (&["run", "--out", "run", "--producer", "linger"], "KEY=VALUE"),
        (&["sweep", "p.toml", "--out", "run", "--resume", "run"], "--resume"),
    ] {
        assert_refused(&bench, &bench.kpbench(arguments), &[words]);
    }
}

#[test]
fn a_replication_factor_that_the_cluster_does_not_have() {
    let broker = Broker::shared();
    let bench = Bench::new(&format!(
        "target.bootstrap-servers = \"{}\"\n[topic]\nreplication-factor = 3\n[run]\nrepetitions = 1\n",
        broker.servers()
    ));
    let said = bench.sweep(&[]);
    assert_refused(&bench, &said, &["replication factor 3", "eplication factor"]);
    assert!(!said.stderr.contains("[1/"), "before the first trial: {}", said.stderr);
}

#[test]
fn a_topic_configuration_that_the_cluster_does_not_take() {
    let broker = Broker::shared();
    let bench = Bench::new(&format!(
        "target.bootstrap-servers = \"{}\"\n[topic]\nreplication-factor = 1\n[topic.config]\nretention.ms = \"long\"\n\
         [run]\nrepetitions = 1\n",
        broker.servers()
    ));
    assert_refused(&bench, &bench.sweep(&[]), &["retention.ms"]);
}

#[test]
fn another_profile_does_not_continue_a_run() {
    let profile = "target.kind = \"mock\"\n[workload]\nrate = \"1k\"\n[run]\nrepetitions = 1\nwarmup = \"0ms\"\nmeasure = \"600ms\"\n";
    let bench = Bench::new(profile);
    assert_eq!(bench.sweep(&[]).code, 0);
    let stored = bench.trial_lines();
    let said = bench.resume(&["--set", "producer.linger.ms=7"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("does not match"), "{}", said.stderr);
    assert_eq!(bench.trial_lines(), stored);
}
