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

/// Every record of a topic that nobody writes to any more. A value that is no coupon message in JSON is an error.
pub fn all(servers: &str, topic: &str, partitions: i32) -> Vec<Issued> {
    all_as(servers, topic, partitions, &from_json)
}

/// User and coupon of a value.
pub type Read<'a> = &'a dyn Fn(&[u8]) -> (String, String);

/// The same, of values in another format.
pub fn all_as(servers: &str, topic: &str, partitions: i32, read: Read<'_>) -> Vec<Issued> {
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
            found.push(issued(&message.unwrap(), read));
        }
    }
    found
}

fn from_json(value: &[u8]) -> (String, String) {
    let value: serde_json::Value = serde_json::from_slice(value).unwrap();
    let fields = value.as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["userId", "couponId"]);
    let id = |name: &str| fields[name].as_str().unwrap().to_owned();
    (id("userId"), id("couponId"))
}

fn issued(message: &impl Message, read: Read<'_>) -> Issued {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (user, coupon) = read(message.payload().unwrap());
    for id in [&user, &coupon] {
        assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 4);
    }
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), text(header.value.unwrap())))
            .collect()
    });
    Issued {
        user,
        coupon,
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
