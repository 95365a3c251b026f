//! Producers behind one interface: librdkafka through its C interface, and rust-rdkafka's two producers.
//!
//! The only place that holds foreign pointers. Knows topics and properties; knows nothing of pacing, payloads or
//! send modes beyond what an application asks of the client: delivery reports wanted, ignored, or waited for.

mod deliver;
mod errors;
pub mod mock;
mod native;
mod outgoing;
mod room;
mod rust_base;
mod rust_future;
mod rust_shared;
pub mod topic_creation;
mod waiters;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

pub use errors::ClientError;
pub use native::library_version;
pub use outgoing::{HeaderLayout, HeaderValue, Headers, Outgoing};
pub use room::Room;

use crate::measure::{Failure, Hub};
use crate::protocol::ClientKind;

/// What the application does with delivery reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reports {
    /// A callback for each (`async`).
    Callback,
    /// None asked for (`fire-and-forget`).
    Ignored,
    /// Each sending thread waits for its own (`sync`), of so many threads.
    Awaited {
        /// Number of sending threads.
        threads: usize,
    },
}

/// Memory that a client may read from for as long as it lives, without copying it.
#[derive(Clone)]
pub struct SharedBytes(pub Arc<[u8]>);

impl SharedBytes {
    /// True where `value` lies wholly in this memory.
    #[inline]
    pub fn holds(&self, value: &[u8]) -> bool {
        let (outer, inner) = (self.0.as_ptr_range(), value.as_ptr_range());
        outer.start <= inner.start && inner.end <= outer.end
    }
}

impl std::fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedBytes({} bytes)", self.0.len())
    }
}

/// How a producer is made.
#[derive(Clone, Debug)]
pub struct ProducerSettings {
    /// Place among the producers of the trial, from 0.
    pub index: usize,
    /// Properties in librdkafka's names.
    pub properties: BTreeMap<String, String>,
    /// The topics, of which there is at least one: a record names its own by its place.
    pub topics: Vec<String>,
    /// What the application does with delivery reports.
    pub reports: Reports,
    /// Where most values come from. librdkafka's C interface takes these without copying them, as it does for an
    /// application that owns its buffers; rust-rdkafka always copies.
    pub payloads: SharedBytes,
    /// Largest value in bytes.
    pub record_bytes: usize,
    /// How long to wait for the metadata of all topics.
    pub metadata_timeout: Duration,
}

impl ProducerSettings {
    /// How many records of the largest size the client's queue holds, by its limits on records (0 is none) and bytes.
    pub fn queue_records(&self) -> usize {
        let limit = |name: &str, default: usize| {
            self.properties
                .get(name)
                .and_then(|value| value.parse().ok())
                .unwrap_or(default)
        };
        let records = match limit("queue.buffering.max.messages", 100_000) {
            0 => usize::MAX,
            records => records,
        };
        let bytes = limit("queue.buffering.max.kbytes", 1_048_576).saturating_mul(1_024);
        records.min(bytes / self.record_bytes.max(1)).max(1)
    }
}

/// What became of one [`Producer::enqueue`].
#[derive(Debug, Default)]
pub struct Enqueued {
    /// Records dealt with, from the front: taken or refused for good. The rest found the queue full.
    pub done: usize,
    /// Those of them that were refused for good: place and reason.
    pub refused: Vec<(usize, Failure)>,
}

/// What became of one record in [`Producer::send_and_wait`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Acknowledged at that time of the trial's clock.
    Acknowledged {
        /// In µs since the trial's start.
        at_us: u64,
    },
    /// Failed, after the client had taken it.
    Failed(Failure),
    /// The client did not take it: the queue is full.
    QueueFull,
    /// The client did not take it, for good.
    Refused(Failure),
    /// No verdict by the deadline.
    Undecided,
}

/// Client statistics as they arrive.
#[derive(Debug)]
pub struct StatisticsEvent {
    /// Which producer.
    pub producer: usize,
    /// When, in µs since the trial's start.
    pub at_us: u64,
    /// The document.
    pub json: String,
}

/// One client instance.
///
/// Life: made by [`connect`], which waits for the topics' metadata; [`Producer::start`] once, before the first record;
/// then calls from sending threads. Dropping it takes the client down; records
/// without a verdict are given up then.
pub trait Producer: Send + Sync {
    /// From now on verdicts go to `hub` and statistics to `statistics`.
    fn start(&self, hub: &Arc<Hub>, statistics: Sender<StatisticsEvent>);

    /// Offers records; stops at the first that finds the queue full. Their verdicts arrive at the hub. Records of one topic
    /// that stand together may cost fewer calls.
    fn enqueue(&self, records: &[Outgoing<'_>]) -> Enqueued;

    /// Sends one record from sending thread `thread` and waits for its verdict, `deadline` at the latest.
    fn send_and_wait(&self, thread: usize, record: Outgoing<'_>, deadline: Instant) -> Verdict;

    /// Where to wait when the queue is full.
    fn room(&self) -> &Room;

    /// Every property as it is in effect, secrets masked.
    fn effective_properties(&self) -> BTreeMap<String, String>;

    /// Errors that the client reported outside of records since it was connected, latest last; few are kept.
    fn reported_errors(&self) -> Vec<String>;

    /// What a reader must know about figures made with this client.
    fn notes(&self) -> Vec<String>;
}

/// Makes a producer and waits for its topics' metadata.
///
/// # Errors
/// A property the client refuses, or no metadata in time, with the client's own words for why.
pub fn connect(kind: ClientKind, settings: &ProducerSettings) -> Result<Arc<dyn Producer>, ClientError> {
    Ok(match kind {
        ClientKind::Librdkafka => Arc::new(native::NativeProducer::connect(settings)?),
        ClientKind::RustBase => Arc::new(rust_base::RustBaseProducer::connect(settings)?),
        ClientKind::RustFuture => Arc::new(rust_future::RustFutureProducer::connect(settings)?),
    })
}

/// True for a property whose value must never be shown.
pub fn is_secret(property: &str) -> bool {
    [
        "password",
        "secret",
        "sasl.jaas",
        "ssl.key.pem",
        "oauthbearer.config",
        "ssl_key",
        "private",
    ]
    .iter()
    .any(|word| property.contains(word))
}
