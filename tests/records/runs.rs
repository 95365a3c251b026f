//! Whole runs of the binary: what a profile says of records reaches the broker, and how they spread is reported.

use serde_json::Value;

use crate::java::partitions_of;
use crate::read_back::all_records;
use crate::support::{Bench, Broker};

const RUN: &str = r#"
[run]
repetitions = 1
warmup = "500ms"
measure = "1s"
conditioning = "0ms"
headroom = false
"#;

fn external(broker: &Broker) -> String {
    format!("kind = \"external\"\nbootstrap-servers = \"{}\"", broker.servers())
}

fn counts(value: &Value) -> Vec<u64> {
    let counts = value.as_array().unwrap_or_else(|| panic!("no counts: {value}"));
    counts.iter().map(|count| count.as_u64().unwrap()).collect()
}

#[test]
fn records_are_counted_by_partition_and_their_imbalance_is_reported() {
    let broker = Broker::shared();
    let profile = format!(
        r#"
        name = "spread"
        [target]
        {}
        [topic]
        partitions = 4
        [workload]
        record.size = 100
        rate = "2k"
        [producer]
        defaults = "java"
        [matrix]
        key = ["none", {{kind = "zipf", keys = 1000, skew = 1.3}}]
        partitioner = ["round-robin", {{partition = 2}}, "murmur2_random"]
        [[exclude]]
        key = "none"
        partitioner = "murmur2_random"
        {RUN}"#,
        external(&broker)
    );
    let bench = Bench::new(&profile);
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    for trial in bench.trials() {
        let by_partition = counts(&trial["broker"]["appended_by_partition"]);
        assert_eq!(by_partition.len(), 4);
        assert_eq!(by_partition.iter().sum::<u64>(), trial["broker"]["appended"]);
    }
    for configuration in bench.configurations() {
        let label = configuration["label"].as_str().unwrap();
        let by_partition = counts(&configuration["appended_by_partition"]);
        let fullest = configuration["partition_max_over_mean"].as_f64().unwrap();
        let variation = configuration["partition_variation"].as_f64().unwrap();
        let mean = by_partition.iter().sum::<u64>() as f64 / 4.0;
        let max = by_partition.iter().copied().max().unwrap() as f64;
        assert!((fullest - max / mean).abs() < 1e-9, "{label}");
        if label.contains("round-robin") {
            assert!(fullest < 1.01 && variation < 0.01, "{label}: {by_partition:?}");
        } else if label.contains("partition 2") {
            assert_eq!((fullest, by_partition[0]), (4.0, 0), "{label}");
            assert!((variation - 3f64.sqrt()).abs() < 1e-9, "{label}");
        } else {
            assert!(
                fullest > 1.1 && fullest < 4.0 && variation > 0.1,
                "{label}: {by_partition:?}"
            );
        }
    }
    assert!(said.stdout.contains("fullest/mean"), "{}", said.stdout);
    let page = std::fs::read_to_string(bench.run_directory().join("report.html")).unwrap();
    assert!(page.contains("Records appended, by partition"));
}

#[test]
fn a_run_without_keys_and_partitioner_shows_nothing_of_partitions() {
    let broker = Broker::shared();
    let profile = format!(
        "name = \"plain\"\n[target]\n{}\n[workload]\nrate = \"2k\"\n[producer]\ndefaults = \"java\"\n{RUN}",
        external(&broker)
    );
    let bench = Bench::new(&profile);
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let shown = said.stdout + &std::fs::read_to_string(bench.run_directory().join("report.html")).unwrap();
    assert!(!shown.contains("fullest/mean") && !shown.contains("by partition"));
    bench.assert_nowhere("by_partition");
}

/// Java's defaults, headers and tombstones as a profile words them.
#[test]
fn what_a_profile_says_of_records_is_what_a_consumer_finds() {
    let broker = Broker::shared();
    let profile = format!(
        r#"
        name = "orders"
        [target]
        {}
        [topic]
        partitions = 5
        [workload]
        record.size = 200
        rate = "2k"
        key = {{kind = "uniform", keys = 500, form = "uuid"}}
        tombstones = "20%"
        timestamps = "send-call"
        [workload.headers]
        source = "shop"
        globalTraceId = {{generate = "uuid"}}
        [producer]
        defaults = "java"
        {RUN}"#,
        external(&broker)
    );
    let bench = Bench::new(&profile);
    let said = bench.sweep(&["--keep-topics"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let topic = broker.topics_of(&bench).pop().unwrap();
    let read = all_records(broker.servers(), &topic, 5);
    broker.wait(broker.target().delete_topic(&topic)).unwrap();
    assert_eq!(read.len(), 3_000, "1.5 s at 2,000/s");
    let keys: Vec<Vec<u8>> = read.iter().map(|record| record.key.clone().unwrap()).collect();
    let found: Vec<i32> = read.iter().map(|record| record.partition).collect();
    assert_eq!(found, partitions_of(&keys, 5), "Java's defaults hash keys as Java does");
    for record in &read {
        assert_eq!(record.key.as_ref().unwrap().len(), 36);
        let names: Vec<&str> = record.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["source", "globalTraceId"]);
    }
    let tombstones = read.iter().filter(|record| record.value.is_none()).count();
    // Four standard deviations of a binomial count around 600.
    assert!((513..=687).contains(&tombstones), "{tombstones}");
    assert!(
        said.stdout.contains("one by one") || said.stderr.contains("one by one"),
        "{}",
        said.stdout
    );
}
