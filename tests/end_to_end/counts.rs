//! What was sent was acknowledged and appended, whatever the way.

use serde_json::Value;

use crate::support::{Bench, Broker, Said};

const RUN: &str = r#"
[run]
repetitions = 1
warmup = "50ms"
measure = "400ms"
conditioning = "0ms"
headroom = false
"#;

/// Every send mode, client and acks value; 27 configurations. At a rate that any broker takes: with acks=0, what still
/// waits in a socket when the client closes it may be lost, and rightly counts as a deficit then.
fn modes(target: &str) -> String {
    format!(
        r#"
        name = "modes"
        [target]
        {target}
        [workload]
        record.size = 200
        send.concurrency = 4
        rate = "2k"
        [producer]
        defaults = "librdkafka"
        linger.ms = 10
        [matrix]
        send.mode = ["async", "sync", "fire-and-forget"]
        client = ["librdkafka", "rust-base", "rust-future"]
        acks = ["0", "1", "all"]
        {RUN}"#
    )
}

/// Every codec through every client; 15 configurations.
fn codecs(target: &str) -> String {
    format!(
        r#"
        name = "codecs"
        [target]
        {target}
        [workload]
        record.size = 500
        rate = "5k"
        payload = {{kind = "ratio", ratio = 4}}
        [producer]
        defaults = "librdkafka"
        linger.ms = 10
        [matrix]
        compression.type = ["none", "gzip", "snappy", "lz4", "zstd"]
        client = ["librdkafka", "rust-base", "rust-future"]
        {RUN}"#
    )
}

fn count(value: &Value, pointer: &str) -> u64 {
    value
        .pointer(pointer)
        .and_then(Value::as_u64)
        .unwrap_or_else(|| panic!("no count at {pointer} of {value}"))
}

fn axis<'a>(configuration: &'a Value, name: &str) -> &'a str {
    let axes = configuration["axes"].as_array().unwrap();
    let found = axes.iter().find(|axis| axis["axis"] == name);
    found.unwrap_or_else(|| panic!("no axis {name}: {axes:?}"))["value"]
        .as_str()
        .unwrap()
}

/// Asserts that the run is complete and that nothing was lost, doubled or miscounted; returns its configurations.
fn balanced(bench: &Bench, said: &Said, configurations: usize) -> Vec<Value> {
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    bench.assert_no_orphans(std::time::Duration::ZERO);
    let found = bench.configurations();
    assert_eq!(found.len(), configurations);
    let trials = bench.trials();
    for configuration in &found {
        let label = &configuration["label"];
        let trial = trials
            .iter()
            .find(|trial| trial["configuration_id"] == configuration["id"])
            .unwrap();
        let sent = count(trial, "/result/counts/sent");
        assert!(sent > 0, "{label}: nothing was sent");
        assert_eq!(count(trial, "/result/counts/failed"), 0, "{label}");
        assert_eq!(count(trial, "/result/counts/undecided"), 0, "{label}");
        assert_eq!(count(trial, "/broker/appended"), sent, "{label}: appended and sent");
        assert_eq!(
            count(configuration, "/appended"),
            sent,
            "{label}: appended in the summary"
        );
        // With acks=0 these are the records that were written to the socket.
        assert_eq!(
            count(configuration, "/acknowledged"),
            sent,
            "{label}: acknowledged and sent"
        );
        assert_eq!(
            configuration["latency_observable"],
            configuration["acks"] != "0",
            "{label}"
        );
    }
    found
}

fn assert_modes(bench: &Bench, said: &Said) {
    for configuration in balanced(bench, said, 27) {
        let label = &configuration["label"];
        assert_eq!(
            configuration["latency_observable"],
            axis(&configuration, "acks") != "0",
            "{label}"
        );
        // Four threads that each wait for their record never have more than four in a batch.
        let batch = configuration["records_per_batch"].as_f64().unwrap();
        assert_eq!(
            batch <= 4.0,
            axis(&configuration, "send.mode") == "sync",
            "{label}: {batch} records per batch"
        );
    }
}

fn assert_codecs(bench: &Bench, said: &Said) {
    for configuration in balanced(bench, said, 15) {
        let ratio = configuration["compression_ratio"].as_f64().unwrap();
        let compresses = axis(&configuration, "compression.type") != "none";
        assert_eq!(ratio > 1.5, compresses, "{}: ratio {ratio}", configuration["label"]);
    }
}

#[test]
fn every_mode_client_and_acks_on_the_mock_cluster() {
    let bench = Bench::new(&modes("kind = \"mock\""));
    assert_modes(&bench, &bench.sweep(&[]));
}

#[test]
fn every_codec_and_client_on_the_mock_cluster() {
    let bench = Bench::new(&codecs("kind = \"mock\""));
    assert_codecs(&bench, &bench.sweep(&[]));
}

#[test]
fn every_mode_client_acks_and_codec_on_a_real_broker() {
    let broker = Broker::shared();
    let target = format!("bootstrap-servers = \"{}\"", broker.servers());
    let bench = Bench::new(&modes(&target));
    assert_modes(&bench, &bench.sweep(&[]));
    assert_eq!(broker.topics_of(&bench), [""; 0], "topics are left");
    let bench = Bench::new(&codecs(&target));
    assert_codecs(&bench, &bench.sweep(&[]));
    assert_eq!(broker.topics_of(&bench), [""; 0], "topics are left");
}

#[test]
fn three_nodes_that_the_tool_starts_itself() {
    let bench = Bench::new(&format!(
        r#"
        [target]
        kind = "local"
        brokers = 3
        [topic]
        replication-factor = 3
        partitions = 3
        config = {{ "min.insync.replicas" = 2 }}
        [workload]
        rate = "2k"
        [producer]
        acks = "all"
        [matrix]
        compression.type = ["none", "lz4"]
        {RUN}"#
    ));
    let said = bench.sweep(&["--set", "run.conditioning=1s", "--measure", "3s"]);
    balanced(&bench, &said, 2);
    let target = bench.document("manifest.json")["target"].clone();
    assert_eq!(target["brokers"], 3);
    assert!(
        count(&target, "/conditioned_ms") >= 1_000,
        "a fresh cluster is warmed up: {target}"
    );
    assert!(said.stderr.contains("Apache Kafka"), "{}", said.stderr);
    assert!(said.stderr.contains("Warming up"), "{}", said.stderr);
}
