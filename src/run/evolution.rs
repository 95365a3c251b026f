//! What schema evolution does to each format, found out on a real topic: the registry is asked about every change, both
//! versions of the records are written, read back, and read by the other version's readers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use serde::Serialize;

use super::{Cluster, ClusterError, NewTopic, sessions};
use crate::serialize::evolution::{Change, Format, Shape, Tally, avro_reader, changes, expected, read, write};
use crate::serialize::registry::{Compatibility, Registry, RegistryError, Verdict};
use crate::serialize::{AvroSchema, SerializeError, confluent_header, read_header};
use crate::target::TOPIC_PREFIX;

/// How long one answer of the brokers may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why it could not be found out.
#[derive(Debug, thiserror::Error)]
pub enum EvolutionError {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A schema or a record that cannot be written.
    #[error("cannot write: {0}")]
    Write(String),
    /// The target.
    #[error("the target is not available: {0}")]
    Target(#[from] ClusterError),
    /// A client.
    #[error("the topic could not be written or read back: {0}")]
    Kafka(#[from] rdkafka::error::KafkaError),
    /// Records that were written and did not come back.
    #[error("{found} of {written} records were read back within {} s", PATIENCE.as_secs())]
    Lost {
        /// Read back.
        found: usize,
        /// Written.
        written: usize,
    },
    /// A thread.
    #[error("a thread ended early: {0}")]
    Thread(String),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evolution {
    /// Records of each version, format and change.
    pub records: usize,
    /// Change by change.
    pub changes: Vec<ChangeOutcome>,
}

/// A registry's verdicts by compatibility level.
pub type Verdicts = Vec<(Compatibility, Verdict)>;

/// What happened with one change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeOutcome {
    /// The change in a few words.
    pub change: &'static str,
    /// The registry's verdict on the new schema after the old one, by compatibility level.
    pub registry: Verdicts,
    /// What readers made of the other version's records.
    pub readers: Vec<ReaderOutcome>,
}

/// What one reader made of the other version's records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReaderOutcome {
    /// The format.
    pub format: Format,
    /// True: readers of the new version and records of the old one. False: the other way round.
    pub new_reads_old: bool,
    /// What became of them.
    pub tally: Tally,
}

/// One record on the topic.
struct Written {
    change: usize,
    format: Format,
    is_new: bool,
    row: usize,
    bytes: Vec<u8>,
}

/// Finds out, on a topic of its own that is deleted again, as are the subjects.
///
/// # Errors
/// A registry or a target that does not do its part.
pub async fn evolve(
    cluster: &dyn Cluster,
    registry: Arc<Registry>,
    records: usize,
    seed: u64,
) -> Result<Evolution, EvolutionError> {
    let session = sessions::name();
    let topic = NewTopic {
        name: format!("{TOPIC_PREFIX}{session}-evolution"),
        partitions: 1,
        replication_factor: 1,
        config: BTreeMap::new(),
    };
    let mut config = ClientConfig::new();
    for (name, value) in cluster.connection() {
        config.set(name, value);
    }
    config.set("bootstrap.servers", cluster.bootstrap_servers());
    cluster.create_topic(&topic).await?;
    let name = topic.name.clone();
    let found = tokio::task::spawn_blocking(move || {
        let subjects = Subjects::new(&registry, &name);
        let outcome = found_out(&subjects, &config, &name, records, seed);
        let forgotten = subjects.forget();
        let outcome = outcome?;
        forgotten.map(|()| outcome).map_err(EvolutionError::from)
    });
    let found = found
        .await
        .unwrap_or_else(|error| Err(EvolutionError::Thread(error.to_string())));
    let deleted = cluster.delete_topic(&topic.name).await;
    let found = found?;
    deleted?;
    Ok(found)
}

/// The subjects of one topic: one for each change and level.
struct Subjects<'a> {
    registry: &'a Registry,
    topic: &'a str,
    changes: Vec<Change>,
}

impl<'a> Subjects<'a> {
    fn new(registry: &'a Registry, topic: &'a str) -> Subjects<'a> {
        Subjects {
            registry,
            topic,
            changes: changes(),
        }
    }

    fn name(&self, change: usize, level: Compatibility) -> String {
        format!("{}-{change}-{}-value", self.topic, level.name())
    }

    /// The registry's verdicts on one change, and the ids of both schemas.
    fn ask(&self, index: usize) -> Result<(Verdicts, [u32; 2]), EvolutionError> {
        let schema = |shape: &Shape| {
            AvroSchema::parse("an evolving schema", &shape.avro())
                .map_err(|error: SerializeError| EvolutionError::Write(error.to_string()))
        };
        let change = &self.changes[index];
        let (old, new) = (schema(&change.old)?, schema(&change.new)?);
        let (mut verdicts, mut ids) = (Vec::new(), [0; 2]);
        for level in Compatibility::ALL {
            let subject = self.name(index, level);
            self.registry.set_compatibility(&subject, level)?;
            let id = self.registry.register(&subject, &old)?;
            verdicts.push((level, self.registry.check(&subject, &new)?));
            if level == Compatibility::None {
                ids = [id, self.registry.register(&subject, &new)?];
            }
        }
        Ok((verdicts, ids))
    }

    /// Leaves nothing behind.
    fn forget(&self) -> Result<(), RegistryError> {
        for change in 0..self.changes.len() {
            for level in Compatibility::ALL {
                let subject = self.name(change, level);
                self.registry.delete_subject(&subject)?;
                self.registry.forget_compatibility(&subject)?;
            }
        }
        Ok(())
    }
}

fn found_out(
    subjects: &Subjects<'_>,
    config: &ClientConfig,
    topic: &str,
    records: usize,
    seed: u64,
) -> Result<Evolution, EvolutionError> {
    let mut verdicts = Vec::new();
    let mut written = Vec::new();
    for (index, change) in subjects.changes.iter().enumerate() {
        let (of_change, ids) = subjects.ask(index)?;
        verdicts.push(of_change);
        for (is_new, shape) in [(false, &change.old), (true, &change.new)] {
            for (row, cells) in shape.rows(records, seed).iter().enumerate() {
                for format in Format::ALL {
                    let mut bytes = match format {
                        Format::Avro => confluent_header(ids[usize::from(is_new)]).to_vec(),
                        _ => Vec::new(),
                    };
                    bytes.extend(write(format, shape, cells).map_err(EvolutionError::Write)?);
                    written.push(Written {
                        change: index,
                        format,
                        is_new,
                        row,
                        bytes,
                    });
                }
            }
        }
    }
    send(config, topic, &written)?;
    let values = read_back(config, topic, written.len())?;
    let mut schemas = BTreeMap::new();
    let changes = subjects.changes.iter().zip(verdicts).enumerate();
    let changes = changes.map(|(index, (change, registry))| {
        let own: Vec<(&Written, &[u8])> = written
            .iter()
            .zip(values.iter().map(Vec::as_slice))
            .filter(|(record, _)| record.change == index)
            .collect();
        Ok(ChangeOutcome {
            change: change.name,
            registry,
            readers: readers(change, &own, subjects.registry, &mut schemas, (records, seed))?,
        })
    });
    Ok(Evolution {
        records,
        changes: changes.collect::<Result<_, EvolutionError>>()?,
    })
}

/// One partition, in order: what is read back stands in the order in which it was written.
fn send(config: &ClientConfig, topic: &str, written: &[Written]) -> Result<(), EvolutionError> {
    let producer: BaseProducer = config
        .clone()
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        .create()?;
    for record in written {
        let mut next = BaseRecord::<(), [u8]>::to(topic).payload(&record.bytes);
        while let Err((error, back)) = producer.send(next) {
            if error.rdkafka_error_code() != Some(rdkafka::types::RDKafkaErrorCode::QueueFull) {
                return Err(error.into());
            }
            producer.poll(Duration::from_millis(50));
            next = back;
        }
    }
    Ok(producer.flush(PATIENCE)?)
}

fn read_back(config: &ClientConfig, topic: &str, records: usize) -> Result<Vec<Vec<u8>>, EvolutionError> {
    let consumer: BaseConsumer = config
        .clone()
        .set("group.id", "kpbench-evolution")
        .set("enable.auto.commit", "false")
        .create()?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, 0, Offset::Beginning)?;
    consumer.assign(&assignment)?;
    let deadline = Instant::now() + PATIENCE;
    let mut values = Vec::with_capacity(records);
    while values.len() < records {
        match consumer.poll(Duration::from_millis(200)) {
            Some(message) => values.push(message?.payload().unwrap_or_default().to_vec()),
            None if Instant::now() >= deadline => {
                return Err(EvolutionError::Lost {
                    found: values.len(),
                    written: records,
                });
            }
            None => {}
        }
    }
    Ok(values)
}

/// What the readers of one change make of the other version's records.
fn readers(
    change: &Change,
    records: &[(&Written, &[u8])],
    registry: &Registry,
    schemas: &mut BTreeMap<u32, String>,
    (count, seed): (usize, u64),
) -> Result<Vec<ReaderOutcome>, EvolutionError> {
    let mut outcomes = Vec::new();
    for format in Format::ALL {
        for new_reads_old in [true, false] {
            let (from, to) = match new_reads_old {
                true => (&change.old, &change.new),
                false => (&change.new, &change.old),
            };
            let rows = from.rows(count, seed);
            let mut tally = Tally::default();
            let of_version = |record: &Written| record.format == format && record.is_new != new_reads_old;
            for (record, bytes) in records.iter().filter(|(record, _)| of_version(record)) {
                let found = match (format, read_header(bytes)) {
                    (Format::Avro, None) => Err("no schema id".to_owned()),
                    (Format::Avro, Some((id, datum))) => {
                        // As a consumer does: the writer's schema by the id in the record, asked for once.
                        let writer = match schemas.get(&id) {
                            Some(known) => known,
                            None => schemas.entry(id).or_insert(registry.schema_of(id)?.text),
                        };
                        avro_reader(writer, to).and_then(|read| read(datum))
                    }
                    _ => read(format, to, bytes),
                };
                tally.count(to, &expected(from, &rows[record.row], to), found);
            }
            outcomes.push(ReaderOutcome {
                format,
                new_reads_old,
                tally,
            });
        }
    }
    Ok(outcomes)
}
