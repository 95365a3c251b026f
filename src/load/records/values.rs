//! Where values come from: the payload pool, or logical records that are serialized one by one on the sending path.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::burst::{Burst, Made, Place};
use crate::client::SharedBytes;
use crate::load::{LoadError, PayloadCursor, PayloadPool};
use crate::measure::{SendTag, thread_cpu_ns};
use crate::protocol::{RecordKind, Serialization, SerializationCost, SerializerKind, TrialSpec};
use crate::serialize::{AvroSchema, CouponIssueMessage, LogicalRecords, Serializers, ValueSerializer};

/// Processor time is asked for around one burst of so many: it takes a system call, as the clock does not.
const LOOKED_AT: u64 = 16;

/// Records that are serialized before a trial whose users bring their own.
const SAMPLES: usize = 64;

/// The values of a trial.
#[derive(Debug)]
pub(super) enum Values {
    /// Made before the trial.
    Pool(PayloadPool),
    /// Serialized on the sending path.
    Serialized(Box<Serialized>),
}

/// What sending threads share where they serialize.
#[derive(Debug)]
pub(super) struct Serialized {
    serializers: Serializers,
    /// The window, in µs since the trial's start: only what is serialized in it is counted.
    window_us: std::ops::Range<u64>,
    /// Of the threads that are through.
    cost: Mutex<SerializationCost>,
}

impl Values {
    /// Prepares them, of so many partitions whose batches fill at the same time. `schema`, with its id, is that of records
    /// that are written as Avro.
    ///
    /// # Errors
    /// A payload file or a schema that cannot be used.
    pub fn new(
        spec: &TrialSpec,
        schema: Option<(AvroSchema, u32)>,
        batch_bytes: usize,
        partitions: u32,
    ) -> Result<Values, LoadError> {
        let waiting = spec.workload.arrival.scheduled_drain().is_some();
        let of_users = waiting.then(|| Serialization::of_coupons(SerializerKind::Json));
        let Some(asked) = spec.workload.serialization.as_ref().or(of_users.as_ref()) else {
            let pool = PayloadPool::for_partitions(&spec.workload.payload, batch_bytes, partitions, spec.seed)?;
            return Ok(Values::Pool(pool));
        };
        if waiting {
            check_users(asked)?;
        }
        let records = match waiting {
            // Users bring their own: these only prove that such a record can be serialized.
            true => LogicalRecords::take(asked.record, SAMPLES, spec.seed),
            false => LogicalRecords::generate(
                asked.record,
                batch_bytes.saturating_mul(partitions.max(1) as usize),
                spec.seed,
            ),
        };
        let serializers = Serializers::new(records, asked.value, schema)?;
        if !asked.on_sending_path {
            let mut bytes = Vec::with_capacity(serializers.total_bytes() as usize);
            let mut ends = Vec::with_capacity(serializers.len());
            serializers.each(|value| {
                bytes.extend_from_slice(value);
                ends.push(bytes.len());
            })?;
            return Ok(Values::Pool(PayloadPool::of_values(bytes, &ends, partitions)));
        }
        let start_us = spec.warmup_ms * 1_000;
        Ok(Values::Serialized(Box::new(Serialized {
            cost: Mutex::new(SerializationCost {
                schema_id: serializers.schema_id(),
                ..SerializationCost::default()
            }),
            serializers,
            window_us: start_us..start_us + spec.measure_ms * 1_000,
        })))
    }

    /// The memory that values lie in where they are not made record by record.
    pub fn memory(&self) -> SharedBytes {
        match self {
            Values::Pool(pool) => SharedBytes(pool.memory()),
            Values::Serialized(_) => SharedBytes([].into()),
        }
    }

    /// Bytes of the largest value.
    pub fn largest_bytes(&self) -> usize {
        match self {
            Values::Pool(pool) => pool.largest_bytes(),
            Values::Serialized(shared) => shared.serializers.largest_bytes(),
        }
    }

    /// The values that were made before the trial.
    ///
    /// # Errors
    /// Where they are made on the sending path.
    pub fn pool(&self) -> Result<&PayloadPool, LoadError> {
        match self {
            Values::Pool(pool) => Ok(pool),
            Values::Serialized(_) => Err(LoadError::Spec(
                "keys are taken from values that are made before the trial, and these are serialized on the sending path"
                    .to_owned(),
            )),
        }
    }

    /// What a reader of the figures must know of them, in sentences.
    pub fn notes(&self, properties: &BTreeMap<String, String>) -> Vec<String> {
        match self {
            Values::Pool(pool) => pool.notes(properties),
            Values::Serialized(_) => Vec::new(),
        }
    }

    /// What serialization cost, once the sending threads are through.
    pub fn cost(&self) -> Option<SerializationCost> {
        match self {
            Values::Pool(_) => None,
            Values::Serialized(shared) => Some(shared.cost.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        }
    }

    /// Values of waiting users; none where values are not serialized on the sending path.
    pub fn of_users(&self) -> Option<CouponValues<'_>> {
        match self {
            Values::Pool(_) => None,
            Values::Serialized(shared) => Some(CouponValues(shared.source(0))),
        }
    }

    /// The values of sending thread `sender` of `of`.
    pub fn source(&self, sender: usize, of: usize) -> ValueSource<'_> {
        match self {
            Values::Pool(pool) => ValueSource::Pool(pool.cursor(sender, of)),
            Values::Serialized(shared) => {
                let first = sender * shared.serializers.len() / of.max(1);
                ValueSource::Serializer(shared.source(first as u64))
            }
        }
    }
}

impl Serialized {
    /// A serializer for one sending thread, which begins with record `next`.
    fn source(&self, next: u64) -> SerializingSource<'_> {
        SerializingSource {
            serializer: self.serializers.serializer(),
            next,
            shared: self,
            cost: SerializationCost::default(),
            bursts: 0,
            asking_ns: asking_ns(),
        }
    }
}

/// Users' records are made as they come, of the one message that the coupon service sends.
fn check_users(asked: &Serialization) -> Result<(), LoadError> {
    if asked.record != RecordKind::CouponIssue {
        let record = asked.record;
        return Err(LoadError::Spec(format!(
            "the record {record} is asked for, and what is sent for a waiting user is coupon-issue"
        )));
    }
    match asked.on_sending_path {
        true => Ok(()),
        false => Err(LoadError::Spec(
            "records of waiting users are serialized when they are sent: before the trial nobody waits".to_owned(),
        )),
    }
}

/// One sending thread's values.
#[derive(Debug)]
pub(super) enum ValueSource<'a> {
    /// Out of the pool.
    Pool(PayloadCursor<'a>),
    /// Serialized.
    Serializer(SerializingSource<'a>),
}

/// One sending thread's serializer; hands over what it cost when the thread is through.
#[derive(Debug)]
pub(super) struct SerializingSource<'a> {
    shared: &'a Serialized,
    serializer: ValueSerializer<'a>,
    next: u64,
    cost: SerializationCost,
    bursts: u64,
    /// What asking for processor time costs of it.
    asking_ns: u64,
}

/// Processor time between two questions for it, the least of several.
fn asking_ns() -> u64 {
    let between = || {
        let before = thread_cpu_ns();
        thread_cpu_ns().saturating_sub(before)
    };
    (0..16).map(|_| between()).min().unwrap_or(0)
}

impl<'a> ValueSource<'a> {
    /// Makes the value of each record of a burst.
    #[inline]
    pub fn fill(&mut self, burst: &mut Burst<'a>, tags: &[SendTag]) {
        match self {
            ValueSource::Pool(cursor) => burst.made.extend(tags.iter().map(|_| Made {
                value: Place::Lasting(cursor.next_value()),
                ..Made::default()
            })),
            ValueSource::Serializer(source) => source.fill(burst, tags),
        }
    }
}

impl SerializingSource<'_> {
    /// Two readings of the clock per burst.
    pub(super) fn fill(&mut self, burst: &mut Burst<'_>, tags: &[SendTag]) {
        let first = burst.scratch.len();
        let watch = self.watch();
        for _ in tags {
            let start = burst.scratch.len();
            // Every record was serialized once before the trial: none can fail now.
            if self.serializer.serialize(self.next, &mut burst.scratch).is_err() {
                burst.scratch.truncate(start);
            }
            self.next += 1;
            burst.made.push(Made {
                value: Place::Scratch {
                    start,
                    end: burst.scratch.len(),
                },
                ..Made::default()
            });
        }
        if let Some(tag) = tags.first() {
            let bytes = burst.scratch.len() - first;
            self.count(tag.entry_us(), tags.len(), watch, bytes);
        }
    }

    /// Begins to take the time of one burst.
    #[inline]
    fn watch(&mut self) -> Watch {
        let looked_at = self.bursts.is_multiple_of(LOOKED_AT);
        self.bursts += 1;
        Watch {
            cpu_ns: looked_at.then(thread_cpu_ns),
            started: Instant::now(),
        }
    }

    /// So many records, whose send call was entered then, were serialized since `watch` began.
    #[inline]
    fn count(&mut self, entry_us: u64, records: usize, watch: Watch, bytes: usize) {
        if !self.shared.window_us.contains(&entry_us) {
            return;
        }
        self.cost.time_ns += watch.started.elapsed().as_nanos() as u64;
        if let Some(before) = watch.cpu_ns {
            let spent = thread_cpu_ns().saturating_sub(before);
            self.cost.cpu_time_ns += spent.saturating_sub(self.asking_ns);
            self.cost.cpu_records += records as u64;
        }
        self.cost.records += records as u64;
        self.cost.bytes += bytes as u64;
    }
}

/// When serializing a burst began.
#[derive(Clone, Copy, Debug)]
struct Watch {
    /// Processor time of the thread, where this burst is looked at.
    cpu_ns: Option<u64>,
    started: Instant,
}

/// The values of waiting users, which are made one by one; hands over what that cost when it is dropped.
#[derive(Debug)]
pub struct CouponValues<'a>(SerializingSource<'a>);

impl CouponValues<'_> {
    /// Replaces `value` by that of a message whose send call is entered at `entry_us`.
    #[inline]
    pub fn write(&mut self, message: &CouponIssueMessage, entry_us: u64, value: &mut Vec<u8>) {
        let watch = self.0.watch();
        value.clear();
        // Such a record was serialized before the trial, and all are alike: none can fail now.
        if self.0.serializer.coupon_issue(message, value).is_err() {
            value.clear();
        }
        self.0.count(entry_us, 1, watch, value.len());
    }
}

impl Drop for SerializingSource<'_> {
    fn drop(&mut self) {
        let mut total = self.shared.cost.lock().unwrap_or_else(PoisonError::into_inner);
        total.records += self.cost.records;
        total.time_ns += self.cost.time_ns;
        total.cpu_time_ns += self.cost.cpu_time_ns;
        total.cpu_records += self.cost.cpu_records;
        total.bytes += self.cost.bytes;
    }
}
