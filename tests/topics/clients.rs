//! One trial through each client and send mode; what the topics hold against the records' own account.

use std::collections::{BTreeMap, BTreeSet};

use kpbench::load::records::{Burst, RecordStock};
use kpbench::load::{StopFlag, run_trial};
use kpbench::measure::SendTag;
use kpbench::protocol::{
    ClientKind, Header, HeaderContent, Key, KeyForm, Partitioner, Records, SendMode, TrialEvent, TrialResult,
    TrialSpec, WeightedTopic,
};
use kpbench::target::NewTopic;

use crate::java::partitions_of;
use crate::read_back::{Read, all_records, spec};
use crate::support::Broker;

/// Records that a trial of [`spec`] sends.
const RECORDS: usize = 400;

/// Topic, key, value and the fixed header of a record.
type Account = (u32, Option<Vec<u8>>, Option<Vec<u8>>);

/// A spec whose records go to three topics of different weights and sizes.
fn spread(broker: &Broker, records: Records) -> TrialSpec {
    let mut spec = spec(broker, 4, records);
    let topic = |(place, weight, partitions): (usize, f64, u32)| WeightedTopic {
        name: format!("{}-{place}", spec.topic),
        weight,
        partitions,
    };
    let topics: Vec<WeightedTopic> = [(0, 7.0, 4), (1, 3.0, 2), (2, 0.5, 1)].map(topic).into();
    spec.topic = topics[0].name.clone();
    spec.workload.records.topics = topics;
    spec
}

/// Runs the trial on fresh topics; its result, and what each topic holds.
fn run(broker: &Broker, spec: &TrialSpec) -> (TrialResult, Vec<Vec<Read>>) {
    for topic in &spec.workload.records.topics {
        let topic = NewTopic {
            name: topic.name.clone(),
            partitions: topic.partitions,
            replication_factor: 1,
            config: BTreeMap::new(),
        };
        broker.wait(broker.target().create_topic(&topic)).unwrap();
    }
    let mut result = None;
    run_trial(spec, &StopFlag::default(), &mut |event| {
        if let TrialEvent::Result(found) = event {
            result = Some(*found);
        }
    })
    .unwrap();
    let topics = spec.workload.records.topics.iter();
    let read = topics
        .map(|topic| all_records(broker.servers(), &topic.name, topic.partitions))
        .collect();
    (result.unwrap(), read)
}

/// The first records of sender `sender` of `of`, as its source makes them.
fn made(spec: &TrialSpec, sender: usize, of: usize) -> Vec<Account> {
    let stock = RecordStock::new(spec).unwrap();
    let mut source = stock.source(0, sender, of);
    let tags = vec![SendTag::new(0, 0); RECORDS];
    let mut burst = Burst::with_capacity(RECORDS);
    source.fill(&mut burst, &tags);
    let mut records = Vec::new();
    burst.outgoing(&tags, &mut records);
    let own = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    records
        .iter()
        .map(|record| (record.topic, own(record.key), own(record.value)))
        .collect()
}

fn headers() -> Vec<Header> {
    let text = "shop".to_owned();
    let header = |name: &str, value| Header {
        name: name.to_owned(),
        value,
    };
    vec![
        header("source", HeaderContent::Fixed { text }),
        header("globalTraceId", HeaderContent::Uuid),
    ]
}

fn sequential(headers: Vec<Header>) -> Records {
    Records {
        key: Key::Sequential { form: KeyForm::Text },
        headers,
        ..Records::default()
    }
}

/// How the result says that records of several topics went into the client.
fn told(result: &TrialResult) -> &str {
    let about = |note: &&String| note.contains("records of 3 topics");
    result.notes.iter().find(about).map_or("nothing", |note| note)
}

#[test]
fn every_client_and_mode_writes_each_record_to_the_topic_that_was_drawn_for_it() {
    let broker = Broker::shared();
    for &client in ClientKind::ALL {
        for &mode in SendMode::ALL {
            for headers in [Vec::new(), headers()] {
                let mut spec = spread(&broker, sequential(headers.clone()));
                (spec.workload.client, spec.workload.send_mode) = (client, mode);
                let what = format!("{client} {mode} with {} headers", headers.len());
                let (result, read) = run(&broker, &spec);
                let counts = &result.counts;
                assert_eq!((counts.sent, counts.acknowledged), (400, 400), "{what}: {counts:?}");
                let appended: Vec<u64> = read.iter().map(|records| records.len() as u64).collect();
                assert_eq!(counts.acknowledged_by_topic, appended, "{what}: by topic");
                let mut found: Vec<Account> = Vec::new();
                for (topic, records) in read.iter().enumerate() {
                    for record in records {
                        let names: Vec<&str> = record.headers.iter().map(|(name, _)| name.as_str()).collect();
                        let wanted: Vec<&str> = headers.iter().map(|header| header.name.as_str()).collect();
                        assert_eq!(names, wanted, "{what}");
                        found.push((topic as u32, record.key.clone(), record.value.clone()));
                    }
                }
                assert_eq!(found.len(), RECORDS, "{what}: appended = acknowledged = sent");
                let keys: BTreeSet<&Option<Vec<u8>>> = found.iter().map(|(_, key, _)| key).collect();
                assert_eq!(keys.len(), RECORDS, "{what}: no key twice");
                found.sort();
                if mode == SendMode::Sync {
                    // Which thread sends how many is the machine's to say.
                    let made: BTreeSet<Account> = (0..3).flat_map(|sender| made(&spec, sender, 3)).collect();
                    let strange = found.iter().find(|record| !made.contains(record));
                    assert_eq!(strange, None, "{what}");
                } else {
                    let mut made = made(&spec, 0, 1);
                    made.sort();
                    assert!(found == made, "{what}: another record, or another topic for one");
                }
                let batched = client == ClientKind::Librdkafka && mode != SendMode::Sync && headers.is_empty();
                let call = if batched {
                    "rd_kafka_produce_batch"
                } else {
                    "one by one"
                };
                assert!(told(&result).contains(call), "{what}: {}", told(&result));
            }
        }
    }
}

/// Bursts of many records, more than the queue holds: calls that are cut short in the middle of a topic's part.
#[test]
fn bursts_that_find_the_queue_full_lose_and_repeat_nothing() {
    let broker = Broker::shared();
    for mode in [SendMode::Async, SendMode::FireAndForget] {
        let mut spec = spread(&broker, sequential(Vec::new()));
        spec.workload.send_mode = mode;
        spec.workload.arrival = kpbench::protocol::Arrival::Bursts {
            records: 200,
            every_us: 100_000,
        };
        spec.properties
            .insert("queue.buffering.max.messages".to_owned(), "70".to_owned());
        let (result, read) = run(&broker, &spec);
        assert_eq!(result.counts.acknowledged, 400, "{mode}: {:?}", result.counts);
        assert!(
            result.window.back_pressure_waits > 0,
            "{mode}: the queue was never full"
        );
        let mut found: Vec<Account> = Vec::new();
        for (topic, records) in read.into_iter().enumerate() {
            let of = |record: Read| (topic as u32, record.key, record.value);
            found.extend(records.into_iter().map(of));
        }
        let mut made = made(&spec, 0, 1);
        found.sort();
        made.sort();
        assert!(found == made, "{mode}: another record, or another topic for one");
    }
}

#[test]
fn topics_that_are_switched_on_change_nothing_else_of_the_records() {
    let broker = Broker::shared();
    let records = Records {
        key: Key::Zipf {
            keys: 100,
            skew: 1.1,
            form: KeyForm::Uuid,
        },
        headers: headers(),
        tombstones: 0.1,
        ..Records::default()
    };
    let several = spread(&broker, records.clone());
    let mut one = several.clone();
    one.workload.records.topics.clear();
    let without_topic = |account: Vec<Account>| -> Vec<_> {
        let rest = |(_, key, value): Account| (key, value);
        account.into_iter().map(rest).collect()
    };
    let (of_several, of_one) = (made(&several, 0, 1), made(&one, 0, 1));
    assert_eq!(of_several, made(&several, 0, 1), "the same seed gives the same topics");
    let used: BTreeSet<u32> = of_several.iter().map(|(topic, ..)| *topic).collect();
    assert_eq!(used, BTreeSet::from([0, 1, 2]));
    assert!(of_one.iter().all(|(topic, ..)| *topic == 0));
    assert!(without_topic(of_several) == without_topic(of_one));
}

/// Each topic has a turn of its own: counts of its partitions differ by one at most.
#[test]
fn partitions_are_assigned_topic_by_topic() {
    let broker = Broker::shared();
    let records = Records {
        partitioner: Partitioner::RoundRobin,
        ..Records::default()
    };
    let spec = spread(&broker, records);
    let (_, read) = run(&broker, &spec);
    for (topic, records) in spec.workload.records.topics.iter().zip(&read) {
        let of = |partition: i32| records.iter().filter(|record| record.partition == partition).count();
        let counts: Vec<usize> = (0..topic.partitions as i32).map(of).collect();
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(most - least <= 1, "{}: {counts:?}", topic.name);
        assert!(*least > 0, "{}: {counts:?}", topic.name);
    }
}

/// Each producer draws topics and keys of its own, and has turns of its own; together they send each record once.
#[test]
fn several_producers_spread_their_own_records_and_take_turns_of_their_own() {
    let broker = Broker::shared();
    let producers = 3;
    for mode in [SendMode::Async, SendMode::FireAndForget] {
        let mut records = sequential(Vec::new());
        records.partitioner = Partitioner::RoundRobin;
        let mut spec = spread(&broker, records);
        (spec.workload.producers, spec.workload.send_mode) = (producers as u32, mode);
        let (result, read) = run(&broker, &spec);
        let appended: Vec<u64> = read.iter().map(|records| records.len() as u64).collect();
        assert_eq!(result.counts.acknowledged_by_topic, appended, "{mode}");
        // Records are due by turns: the first producer has one more than the others.
        let share = |producer| (RECORDS + producers - 1 - producer) / producers;
        let of_producer = |producer| -> Vec<Account> {
            let made = made(&spec, producer, producers);
            made.into_iter().take(share(producer)).collect()
        };
        let by_producer: Vec<Vec<Account>> = (0..producers).map(of_producer).collect();
        let mut found: Vec<Account> = Vec::new();
        for (place, (topic, records)) in spec.workload.records.topics.iter().zip(&read).enumerate() {
            let partitions = topic.partitions as usize;
            for partition in 0..partitions {
                let turns = |records: &Vec<Account>| {
                    let own = records.iter().filter(|(topic, ..)| *topic == place as u32).count();
                    (own + partitions - 1 - partition) / partitions
                };
                let expected: usize = by_producer.iter().map(turns).sum();
                let there = records.iter().filter(|record| record.partition == partition as i32);
                assert_eq!(there.count(), expected, "{mode} {} {partition}", topic.name);
            }
            let account = |record: &Read| (place as u32, record.key.clone(), record.value.clone());
            found.extend(records.iter().map(account));
        }
        let mut expected = by_producer.concat();
        assert_eq!(expected.len(), RECORDS);
        found.sort();
        expected.sort();
        assert!(found == expected, "{mode}: another record, or another topic for one");
    }
}

/// Topics have 4, 2 and 1 partitions: the same key has another place in each of them.
#[test]
fn keys_go_where_java_puts_them_among_the_partitions_of_their_own_topic() {
    let broker = Broker::shared();
    for (&client, partitioner) in ClientKind::ALL.iter().zip([
        Partitioner::Murmur2Random,
        Partitioner::JavaSticky,
        Partitioner::Murmur2,
    ]) {
        let records = Records {
            key: Key::Uniform {
                keys: 50,
                form: KeyForm::Uuid,
            },
            partitioner,
            ..Records::default()
        };
        let mut spec = spread(&broker, records);
        spec.workload.client = client;
        let name = partitioner.property().unwrap();
        spec.properties.insert("partitioner".to_owned(), name.to_owned());
        let (_, read) = run(&broker, &spec);
        for (topic, records) in spec.workload.records.topics.iter().zip(&read) {
            let keys: Vec<Vec<u8>> = records.iter().map(|record| record.key.clone().unwrap()).collect();
            let found: Vec<i32> = records.iter().map(|record| record.partition).collect();
            let what = format!("{client} {partitioner:?} {}", topic.name);
            assert_eq!(found, partitions_of(&keys, topic.partitions), "{what}");
            let used: BTreeSet<i32> = found.into_iter().collect();
            assert_eq!(used.len(), topic.partitions as usize, "{what}");
        }
    }
}

/// A partition and its bytes for each topic: without keys each topic's records come in runs of its own.
#[test]
fn java_sticky_counts_bytes_topic_by_topic() {
    let broker = Broker::shared();
    let records = Records {
        partitioner: Partitioner::JavaSticky,
        ..Records::default()
    };
    let mut spec = spread(&broker, records);
    // 10 records of 200 bytes and their framing pass 2,000 bytes.
    spec.properties.insert("batch.size".to_owned(), "2000".to_owned());
    let (_, read) = run(&broker, &spec);
    for (topic, records) in spec.workload.records.topics.iter().zip(&read) {
        let of = |partition: i32| records.iter().filter(|record| record.partition == partition).count();
        let cut_short = (0..topic.partitions as i32)
            .filter(|partition| of(*partition) % 10 != 0)
            .count();
        assert!(cut_short <= 1, "{}: the one at hand only", topic.name);
        assert_eq!(cut_short == 0, records.len().is_multiple_of(10), "{}", topic.name);
    }
}
