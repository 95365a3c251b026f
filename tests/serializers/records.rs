//! Profiles of serialized records, and the records that their trials left.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Message, Offset, TopicPartitionList};
use serde_json::Value;

use crate::support::{Bench, Broker};

/// A profile with short trials at a rate that any machine keeps up with. `workload` stands in `[workload]`, `rest` at
/// the end.
pub fn profile(broker: &Broker, workload: &str, rest: &str) -> String {
    // Another topic configuration in each: so no two benches' configurations, and topics, have the same id.
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let retention_ms = 86_400_000 + NUMBER.fetch_add(1, Ordering::Relaxed);
    format!(
        r#"
name = "serialized"
[target]
bootstrap-servers = "{}"
[topic]
partitions = 2
config.retention.ms = {retention_ms}
[workload]
rate = "2k"
{workload}
[run]
repetitions = 1
warmup = "200ms"
measure = "500ms"
headroom = false
{rest}
"#,
        broker.servers()
    )
}

/// Values of the topics that the bench's run kept, by configuration label.
pub fn kept(bench: &Bench, broker: &Broker) -> BTreeMap<String, (String, Vec<Vec<u8>>)> {
    let manifest = bench.document("manifest.json");
    let topics = broker.topics_of(bench);
    let mut kept = BTreeMap::new();
    for trial in manifest["plan"].as_array().unwrap() {
        let (id, configuration) = (trial["trial_id"].as_str().unwrap(), &trial["configuration_id"]);
        let found = manifest["configurations"].as_array().unwrap().iter();
        let label = found
            .clone()
            .find(|other| other["id"] == *configuration)
            .unwrap_or_else(|| panic!("no configuration {configuration}"))["label"]
            .as_str()
            .unwrap();
        let topic = topics.iter().find(|topic| topic.contains(id)).expect("kept").clone();
        let values = values(broker, &topic);
        kept.insert(label.to_owned(), (topic, values));
    }
    kept
}

/// Every value of a topic.
pub fn values(broker: &Broker, topic: &str) -> Vec<Vec<u8>> {
    let consumer: BaseConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", broker.servers())
        .set("group.id", "tests")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let watermarks = broker.wait(broker.target().high_watermarks(topic)).unwrap();
    let mut assignment = TopicPartitionList::new();
    for partition in 0..watermarks.len() {
        assignment
            .add_partition_offset(topic, partition as i32, Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&assignment).unwrap();
    let expected: u64 = watermarks.iter().sum();
    let mut values = Vec::new();
    while (values.len() as u64) < expected {
        let message = consumer
            .poll(Duration::from_secs(30))
            .expect("a record within 30 s")
            .unwrap();
        values.push(message.payload().unwrap().to_vec());
    }
    values
}

/// The result of the only trial of the configuration with this label.
pub fn result(bench: &Bench, label: &str) -> Value {
    let manifest = bench.document("manifest.json");
    let configurations = manifest["configurations"].as_array().unwrap();
    let found = configurations
        .iter()
        .find(|configuration| configuration["label"] == label);
    let id = found.unwrap_or_else(|| panic!("no configuration {label}"))["id"].clone();
    let trials = bench.trials();
    let trial = trials.iter().find(|trial| trial["configuration_id"] == id).unwrap();
    trial["result"].clone()
}
