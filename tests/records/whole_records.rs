//! Whole records through every client and send mode.

use std::collections::{BTreeSet, HashSet};
use std::time::{SystemTime, UNIX_EPOCH};

use kpbench::protocol::{
    ClientKind, Header, HeaderContent, Key, KeyForm, PayloadPart, Records, SendMode, Timestamps, TrialResult,
};

use crate::read_back::{run, spec};
use crate::support::Broker;

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
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

fn tells_one_by_one(result: &TrialResult) -> bool {
    result.notes.iter().any(|note| note.contains("one by one"))
}

#[test]
fn every_client_and_mode_writes_keys_headers_times_and_tombstones() {
    let broker = Broker::shared();
    for &client in ClientKind::ALL {
        for &mode in SendMode::ALL {
            let records = Records {
                key: Key::Sequential { form: KeyForm::Text },
                headers: headers(),
                timestamps: Timestamps::SendCall,
                tombstones: 0.25,
                ..Records::default()
            };
            let mut spec = spec(&broker, 3, records);
            (spec.workload.client, spec.workload.send_mode) = (client, mode);
            let before = now_ms();
            let (result, read) = run(&broker, &spec);
            let after = now_ms();

            let keys: BTreeSet<u64> = read
                .iter()
                .map(|record| String::from_utf8(record.key.clone().unwrap()).unwrap().parse().unwrap())
                .collect();
            assert_eq!(keys.len(), 400, "{client} {mode}: no key twice");
            if mode != SendMode::Sync {
                assert_eq!(keys.last(), Some(&399), "{client} {mode}");
            }
            let tombstones = read.iter().filter(|record| record.value.is_none()).count();
            // Four standard deviations of a binomial count around 100.
            assert!((66..=134).contains(&tombstones), "{client} {mode}: {tombstones}");
            assert!(
                read.iter()
                    .flat_map(|record| &record.value)
                    .all(|value| value.len() == 200)
            );
            let mut traces = HashSet::new();
            for record in &read {
                assert!((before..=after).contains(&record.created_ms), "{client} {mode}");
                let [(source, shop), (name, trace)] = &record.headers[..] else {
                    panic!("{client} {mode}: {:?}", record.headers);
                };
                assert_eq!((source.as_str(), name.as_str()), ("source", "globalTraceId"));
                assert_eq!(shop.as_deref(), Some(b"shop".as_slice()));
                let trace = String::from_utf8(trace.clone().unwrap()).unwrap();
                assert_eq!(uuid::Uuid::parse_str(&trace).unwrap().get_version_num(), 4);
                assert!(traces.insert(trace), "{client} {mode}: a trace id twice");
            }
            let batched = client == ClientKind::Librdkafka && mode != SendMode::Sync;
            assert_eq!(
                tells_one_by_one(&result),
                batched,
                "{client} {mode}: {:?}",
                result.notes
            );
        }
    }
}

/// Nothing in them keeps them from going in batched calls; their values are still read in place.
#[test]
fn keys_and_tombstones_alone_go_in_batches() {
    let broker = Broker::shared();
    let key = Key::Uniform {
        keys: 10,
        form: KeyForm::Binary,
    };
    let records = Records {
        key,
        tombstones: 0.5,
        ..Records::default()
    };
    let (result, read) = run(&broker, &spec(&broker, 3, records));
    assert!(!tells_one_by_one(&result), "{:?}", result.notes);
    let keys: HashSet<&Vec<u8>> = read.iter().flat_map(|record| &record.key).collect();
    assert_eq!(keys.len(), 10);
    assert!(
        keys.iter()
            .all(|key| key.len() == 8 && key[..7] == [0; 7] && key[7] < 10)
    );
    assert!(read.iter().any(|record| record.value.is_none()));
    assert!(read.iter().all(|record| record.headers.is_empty()));
}

#[test]
fn keys_are_taken_from_the_payload() {
    let broker = Broker::shared();
    for (part, field) in [
        (
            PayloadPart::Field {
                name: "customer_id".to_owned(),
            },
            Some("customer_id"),
        ),
        (
            PayloadPart::Field {
                name: "order_id".to_owned(),
            },
            Some("order_id"),
        ),
        (PayloadPart::Bytes { bytes: 19 }, None),
    ] {
        let records = Records {
            key: Key::Payload { part },
            ..Records::default()
        };
        let (_, read) = run(&broker, &spec(&broker, 3, records));
        for record in read {
            let (key, value) = (record.key.unwrap(), record.value.unwrap());
            match field {
                None => assert_eq!(key, value[..19]),
                Some(field) => {
                    let object: serde_json::Value = serde_json::from_slice(&value).unwrap();
                    let of = &object[field];
                    let text = of.as_str().map_or_else(|| of.to_string(), str::to_owned);
                    assert_eq!(String::from_utf8(key).unwrap(), text);
                }
            }
        }
    }
}

#[test]
fn the_same_seed_writes_the_same_records() {
    let broker = Broker::shared();
    let key = Key::Zipf {
        keys: 100,
        skew: 1.1,
        form: KeyForm::Uuid,
    };
    let records = Records {
        key,
        headers: headers(),
        tombstones: 0.1,
        ..Records::default()
    };
    let written = || {
        let (_, read) = run(&broker, &spec(&broker, 3, records.clone()));
        read.into_iter()
            .map(|record| (record.partition, record.key, record.value, record.headers))
            .collect::<Vec<_>>()
    };
    assert_eq!(written(), written());
}
