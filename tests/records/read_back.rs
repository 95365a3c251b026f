//! One trial on a real broker, and every record that it wrote.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kpbench::load::{StopFlag, run_trial};
use kpbench::protocol::{
    Acks, Arrival, ClientKind, Content, METADATA_TIMEOUT_MS, PROTOCOL_VERSION, Payload, Records, SendMode, Size,
    TrialEvent, TrialResult, TrialSpec, Workload,
};
use kpbench::target::NewTopic;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Headers;
use rdkafka::topic_partition_list::Offset;
use rdkafka::{Message, TopicPartitionList};

use crate::support::Broker;

/// A record as a consumer finds it.
#[derive(Clone, Debug)]
pub struct Read {
    pub partition: i32,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    pub created_ms: i64,
}

static TOPICS: AtomicU32 = AtomicU32::new(0);

/// 400 records of 200 bytes at 2,000/s by one producer, to a topic that does not exist yet.
pub fn spec(broker: &Broker, partitions: u32, records: Records) -> TrialSpec {
    let topic = format!("kpbench-records-{}", TOPICS.fetch_add(1, Ordering::Relaxed));
    let properties = [
        ("bootstrap.servers", broker.servers()),
        ("linger.ms", "1"),
        ("acks", "1"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "t".to_owned(),
        topic,
        partitions,
        properties: properties.map(owned).into_iter().collect(),
        acks: Acks::Leader,
        workload: Workload {
            send_mode: SendMode::Async,
            send_concurrency: 3,
            client: ClientKind::Librdkafka,
            producers: 1,
            arrival: Arrival::Constant { rate_per_s: 2_000.0 },
            payload: Payload {
                size: Size::Fixed { bytes: 200 },
                content: Content::Json,
            },
            records,
            serialization: None,
        },
        registry: Default::default(),
        max_block_ms: 5_000,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: 0,
        measure_ms: 200,
        drain_timeout_ms: 30_000,
        interval_ms: 100,
        statistics_interval_ms: 100,
        seed: 42,
        record_latencies: true,
    }
}

/// Runs the trial on a fresh topic; its result, and every record of the topic, partition by partition in order.
pub fn run(broker: &Broker, spec: &TrialSpec) -> (TrialResult, Vec<Read>) {
    let topic = NewTopic {
        name: spec.topic.clone(),
        partitions: spec.partitions,
        replication_factor: 1,
        config: BTreeMap::new(),
    };
    broker.wait(broker.target().create_topic(&topic)).unwrap();
    let mut result = None;
    run_trial(spec, &StopFlag::default(), &mut |event| {
        if let TrialEvent::Result(found) = event {
            result = Some(*found);
        }
    })
    .unwrap();
    let result = result.unwrap();
    let counts = &result.counts;
    assert_eq!((counts.attempted, counts.acknowledged), (400, 400), "{counts:?}");
    let read = all_records(broker.servers(), &spec.topic, spec.partitions);
    assert_eq!(read.len(), 400, "as many are there as were acknowledged");
    let bytes = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
    let total: usize = read
        .iter()
        .map(|record| bytes(&record.key) + bytes(&record.value))
        .sum();
    assert_eq!(counts.acknowledged_bytes, total as u64, "key and value bytes");
    (result, read)
}

/// Every record of a topic.
pub fn all_records(servers: &str, topic: &str, partitions: u32) -> Vec<Read> {
    let consumer: BaseConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "kpbench-records")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let timeout = Duration::from_secs(30);
    let mut all = Vec::new();
    for partition in 0..partitions as i32 {
        let (first, end) = consumer.fetch_watermarks(topic, partition, timeout).unwrap();
        let mut left = (end - first) as usize;
        let mut assigned = TopicPartitionList::new();
        assigned
            .add_partition_offset(topic, partition, Offset::Beginning)
            .unwrap();
        consumer.assign(&assigned).unwrap();
        let started = Instant::now();
        while left > 0 {
            assert!(started.elapsed() < timeout, "{left} records never came");
            let Some(message) = consumer.poll(Duration::from_millis(100)) else {
                continue;
            };
            let message = message.unwrap();
            if message.partition() != partition {
                continue;
            }
            let own = |bytes: &[u8]| bytes.to_vec();
            let headers = message.headers().into_iter().flat_map(|headers| {
                let of = |header: rdkafka::message::Header<'_, &[u8]>| (header.key.to_owned(), header.value.map(own));
                headers.iter().map(of).collect::<Vec<_>>()
            });
            let rdkafka::Timestamp::CreateTime(created_ms) = message.timestamp() else {
                panic!("no create time: {:?}", message.timestamp());
            };
            all.push(Read {
                partition,
                key: message.key().map(own),
                value: message.payload().map(own),
                headers: headers.collect(),
                created_ms,
            });
            left -= 1;
        }
    }
    all
}
