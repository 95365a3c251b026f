//! What records consist of: a stock prepared once per trial, a source for each sending thread, and the bursts that sources
//! fill. Knows nothing of when records are due or how they are sent.

mod burst;
mod headers;
mod keys;
mod partition;
mod payload_keys;
mod registered;
mod source;
mod topics;
mod values;

use std::collections::BTreeMap;
use std::sync::Mutex;

pub use burst::Burst;
pub(super) use burst::emptied;
pub use source::RecordSource;
pub use values::CouponValues;

use headers::HeaderSource;
use keys::{KeySource, Numbers};
use partition::Assigner;
use payload_keys::PayloadKeys;
use registered::Registered;
use source::Extras;
use topics::TopicSource;
use values::Values;

use super::LoadError;
use crate::client::{HeaderLayout, SharedBytes};
use crate::protocol::{ClientKind, Key, Partitioner, Records, SendMode, SerializationCost, Timestamps, TrialSpec};

/// librdkafka's default `batch.size`.
const BATCH_BYTES: usize = 1_000_000;

/// What the random numbers of one sending thread are for: each has a seed of its own, so that what is drawn for one does
/// not change when another is switched on.
#[derive(Clone, Copy)]
enum Purpose {
    Keys = 1,
    Headers = 2,
    Tombstones = 3,
    Partitions = 4,
    Topics = 5,
}

/// The seed for one purpose of sender `sender`: far from those of the others, since it is spread by a multiplier.
fn seed_of(seed: u64, purpose: Purpose, sender: usize) -> u64 {
    let place = (sender as u64) << 3 | purpose as u64;
    seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// What all sending threads of a trial make their records from.
#[derive(Debug)]
pub struct RecordStock {
    records: Records,
    values: Values,
    /// The id of their schema, where a registry gave it.
    registered: Option<Registered>,
    payload_keys: Option<PayloadKeys>,
    headers: HeaderLayout,
    /// Header values that are generated for each record.
    uuids: usize,
    /// Of each producer, one for each topic; empty where the client chooses.
    assigners: Vec<Mutex<Vec<Assigner>>>,
    seed: u64,
    /// Whether other records of this client would go in batched calls, and these do not.
    one_by_one: bool,
    /// Whether these records go in batched calls.
    batched: bool,
}

impl RecordStock {
    /// Prepares whatever can be made before the trial.
    ///
    /// # Errors
    /// A payload file that cannot be read or holds no record, and records that cannot be as the spec wants them.
    pub fn new(spec: &TrialSpec) -> Result<Self, LoadError> {
        let records = spec.workload.records.clone();
        check(&records, spec.partitions)?;
        topics::check(spec)?;
        let given = spec.properties.get("batch.size").and_then(|size| size.parse().ok());
        let batch_bytes: usize = given.unwrap_or(BATCH_BYTES);
        let at_once = match records.fill_all_partitions() {
            true => records.all_partitions(spec.partitions),
            // Of each topic one.
            false => records.topics.len().max(1) as u32,
        };
        let (schema, registered) = match Registered::ask(spec)? {
            Some((schema, id, registered)) => (Some((schema, id)), registered),
            None => (None, None),
        };
        let values = Values::new(spec, schema, batch_bytes, at_once)?;
        let payload_keys = match &records.key {
            Key::Payload { part } => Some(PayloadKeys::new(part, values.pool()?)?),
            _ => None,
        };
        let (headers, uuids) = headers::layout(&records.headers)?;
        let assigners = assigners(spec, batch_bytes as u64);
        let batching = spec.workload.client == ClientKind::Librdkafka && spec.workload.send_mode != SendMode::Sync;
        // Whatever a source could complain of, it complains of here.
        Numbers::new(&records.key, 0, 0, 1)?;
        Ok(Self {
            values,
            registered,
            payload_keys,
            headers,
            uuids,
            assigners,
            seed: spec.seed,
            one_by_one: batching && records.go_one_by_one(),
            batched: batching && !records.go_one_by_one(),
            records,
        })
    }

    /// The memory that values lie in where they are not made record by record.
    pub fn memory(&self) -> SharedBytes {
        self.values.memory()
    }

    /// Bytes of the largest record.
    pub fn largest_bytes(&self) -> usize {
        self.values.largest_bytes()
    }

    /// What serialization cost, once every source is dropped; none where records are not serialized while sending.
    pub fn serialization_cost(&self) -> Option<SerializationCost> {
        self.values.cost()
    }

    /// Whether what was sent can be read: the schema of its id is still to be had. True where records have none.
    ///
    /// # Errors
    /// The registry went away during the trial, or forgot the schema.
    pub fn confirm_schema(&self) -> Result<(), LoadError> {
        match &self.registered {
            Some(registered) => Ok(registered.confirm()?),
            None => Ok(()),
        }
    }

    /// What a reader of the figures must know of these records, in sentences. `properties` are the client's, in
    /// librdkafka's names.
    pub fn notes(&self, properties: &BTreeMap<String, String>) -> Vec<String> {
        let mut notes = self.values.notes(properties);
        if self.one_by_one {
            notes.push(
                "records with headers or a create time go to the client one by one (rd_kafka_produceva), not in batched \
                 calls as others do: compare them with records that do too"
                    .to_owned(),
            );
        }
        notes.extend(self.produce_calls());
        if self.records.partitioner == Partitioner::JavaSticky {
            notes.push(
                "java-sticky: records without a key keep to a partition until batch.size bytes went there, as in the Java \
                 client; that it prefers brokers with shorter queues, and may wait with the switch until a batch is full, \
                 is left out"
                    .to_owned(),
            );
        }
        notes
    }

    /// How records of several topics get into the client.
    fn produce_calls(&self) -> Option<String> {
        let topics = self.records.topics.len();
        (topics > 1).then(|| match self.batched {
            true => format!(
                "records of {topics} topics: a produce call of librdkafka takes those of one topic, so that a burst is \
                 put together topic by topic and takes one call (rd_kafka_produce_batch) for each; compare it with \
                 records of as many topics"
            ),
            false => format!("records of {topics} topics go to the client one by one, each with its topic"),
        })
    }

    /// Values of waiting users; none where values are made before the trial.
    pub fn coupon_values(&self) -> Option<CouponValues<'_>> {
        self.values.of_users()
    }

    /// The source of sending thread `sender` of `of` in the trial, which sends through producer `producer`: each has
    /// records of its own.
    pub fn source(&self, producer: usize, sender: usize, of: usize) -> RecordSource<'_> {
        let records = &self.records;
        let seed = |purpose| seed_of(self.seed, purpose, sender);
        let extras = (!records.are_values_alone()).then(|| Extras {
            keys: self.keys(sender, of),
            headers: (!records.headers.is_empty())
                .then(|| HeaderSource::new(&self.headers, self.uuids, seed(Purpose::Headers))),
            header_bytes: header_bytes(records),
            tombstones: source::Tombstones::new(records.tombstones, seed(Purpose::Tombstones)),
            topics: TopicSource::new(&records.topics, seed(Purpose::Topics)),
            dated: records.timestamps == Timestamps::SendCall,
            assigner: self.assigners.get(producer),
        });
        let grouped = self.batched && records.topics.len() > 1;
        RecordSource::new(
            self.values.source(sender, of),
            extras,
            grouped.then_some(records.topics.len()),
        )
    }

    fn keys(&self, sender: usize, of: usize) -> KeySource<'_> {
        let seed = seed_of(self.seed, Purpose::Keys, sender);
        if let Some(keys) = &self.payload_keys {
            return KeySource::Payload(keys);
        }
        match Numbers::new(&self.records.key, seed, sender, of) {
            Ok(Some((numbers, form))) => KeySource::Numbered { numbers, form },
            // What is an error was one when the stock was made.
            Ok(None) | Err(_) => KeySource::None,
        }
    }
}

/// Bytes that the headers take in a record, their lengths included.
fn header_bytes(records: &Records) -> usize {
    let of = |length: usize| partition::varint_bytes(length) + length;
    let headers = records.headers.iter();
    headers
        .map(|header| of(header.name.len()) + of(header.value.bytes()))
        .sum()
}

/// What assigns partitions: of each producer, one for each topic. None where the client chooses.
fn assigners(spec: &TrialSpec, batch_bytes: u64) -> Vec<Mutex<Vec<Assigner>>> {
    let records = &spec.workload.records;
    let partitions: Vec<u32> = match &records.topics[..] {
        [] => vec![spec.partitions],
        topics => topics.iter().map(|topic| topic.partitions).collect(),
    };
    let of_producer = |producer| {
        let seed = seed_of(spec.seed, Purpose::Partitions, producer);
        // The first topic's are those of a trial with one topic; every other has a seed of its own.
        let seeds = (0_u64..).map(|topic| seed ^ topic.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let topics = partitions.iter().zip(seeds);
        let assigners: Option<Vec<Assigner>> = topics
            .map(|(partitions, seed)| Assigner::new(records.partitioner, *partitions, batch_bytes, seed))
            .collect();
        assigners.map(Mutex::new)
    };
    (0..spec.workload.producers as usize).filter_map(of_producer).collect()
}

fn check(records: &Records, partitions: u32) -> Result<(), LoadError> {
    if !(0.0..=1.0).contains(&records.tombstones) {
        return Err(LoadError::Spec(format!(
            "the share of tombstones is {}, which is none",
            records.tombstones
        )));
    }
    let fewest = records.topics.iter().map(|topic| topic.partitions).min();
    let fewest = fewest.unwrap_or(partitions);
    match records.partitioner {
        Partitioner::Partition { partition } if partition >= fewest => Err(LoadError::Spec(format!(
            "partition {partition} is asked for, and a topic has {fewest}, from 0"
        ))),
        _ => Ok(()),
    }
}
