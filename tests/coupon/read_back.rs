//! Coupon records as a consumer finds them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    pub user: String,
    pub coupon: String,
    pub key: Option<String>,
    pub headers: Vec<(String, String)>,
}

/// Every record of a topic that nobody writes to any more. A value that is no coupon message is an error.
pub fn all(servers: &str, topic: &str, partitions: i32) -> Vec<Issued> {
    let consumer: BaseConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "nobody")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "false")
        .create()
        .unwrap();
    let mut assignment = TopicPartitionList::new();
    let mut expected = 0;
    for partition in 0..partitions {
        let (low, high) = consumer
            .fetch_watermarks(topic, partition, Duration::from_secs(30))
            .unwrap();
        expected += high - low;
        assignment
            .add_partition_offset(topic, partition, Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&assignment).unwrap();
    let begun = Instant::now();
    let mut found = Vec::new();
    while (found.len() as i64) < expected {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{} of {expected} came",
            found.len()
        );
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            found.push(issued(&message.unwrap()));
        }
    }
    found
}

fn issued(message: &impl Message) -> Issued {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let value: serde_json::Value = serde_json::from_slice(message.payload().unwrap()).unwrap();
    let fields = value.as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["userId", "couponId"]);
    let id = |name: &str| {
        let id = fields[name].as_str().unwrap();
        assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 4);
        id.to_owned()
    };
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), text(header.value.unwrap())))
            .collect()
    });
    Issued {
        user: id("userId"),
        coupon: id("couponId"),
        key: message.key().map(text),
        headers,
    }
}

/// How many different users, coupons and trace ids there are.
pub fn distinct(records: &[Issued]) -> (usize, usize, usize) {
    let count = |of: fn(&Issued) -> String| records.iter().map(of).collect::<BTreeSet<String>>().len();
    (
        count(|record| record.user.clone()),
        count(|record| record.coupon.clone()),
        count(|record| record.headers[0].1.clone()),
    )
}
