//! rust-rdkafka's `FutureProducer` on tokio: a bounded window of delivery futures, completed in any order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::producer::future_producer::OwnedDeliveryResult;
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::rust_shared::{self, Observed};
use super::{ClientError, Enqueued, Outgoing, Producer, ProducerSettings, Reports, Room, StatisticsEvent, Verdict};
use crate::measure::{AckRecorder, Failure, Hub, SendTag};
use crate::protocol::PersistenceStatus;

/// Most futures that may be open at a time; beyond that the queue counts as full.
const WINDOW: usize = 10_000;

#[derive(Clone)]
struct Context(Arc<Observed>);

impl ClientContext for Context {
    fn stats_raw(&self, statistics: &[u8]) {
        self.0.statistics(statistics);
    }
    fn error(&self, _error: KafkaError, reason: &str) {
        self.0.error(reason);
    }
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        Observed::log(level, facility, message);
    }
}

/// A record whose future is open.
struct Open {
    tag: SendTag,
    /// Where there are several.
    topic: Option<u32>,
    bytes: usize,
    future: DeliveryFuture,
}

/// The window of open futures, shared by sending threads and the task that completes them.
struct Window {
    open: AtomicUsize,
    room: Room,
}

/// A `FutureProducer`, and the task that awaits its futures.
pub(super) struct RustFutureProducer {
    producer: FutureProducer<Context>,
    topics: Vec<String>,
    reports: Reports,
    observed: Arc<Observed>,
    window: Arc<Window>,
    opened: Mutex<Option<UnboundedSender<Open>>>,
    hub: std::sync::OnceLock<Arc<Hub>>,
    properties: BTreeMap<String, String>,
    runtime: Mutex<Option<Runtime>>,
    awaiting: tokio::runtime::Handle,
}

impl RustFutureProducer {
    pub fn connect(settings: &ProducerSettings) -> Result<Self, ClientError> {
        let observed = Arc::new(Observed {
            index: settings.index,
            ..Observed::default()
        });
        let config = rust_shared::config(&settings.properties);
        let producer: FutureProducer<Context> =
            FutureProducer::from_config_and_context(&config, Context(Arc::clone(&observed)))
                .map_err(rust_shared::creation_error)?;
        // Its own thread polls it.
        rust_shared::await_topics(
            producer.client(),
            &settings.topics,
            settings.metadata_timeout,
            || (),
            &observed,
        )?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_time()
            .thread_name("futures")
            .build()
            .map_err(|error| ClientError::Create(error.to_string()))?;
        let properties = rust_shared::effective(producer.client(), &settings.properties);
        Ok(Self {
            producer,
            topics: settings.topics.clone(),
            reports: settings.reports,
            observed,
            window: Arc::new(Window {
                open: AtomicUsize::new(0),
                room: Room::new(Some(Duration::from_millis(1)), settings.queue_records().min(WINDOW)),
            }),
            opened: Mutex::new(None),
            hub: std::sync::OnceLock::new(),
            properties,
            awaiting: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
        })
    }

    fn offer(&self, record: &Outgoing<'_>) -> Result<DeliveryFuture, KafkaError> {
        let mut future = FutureRecord::<[u8], [u8]>::to(&self.topics[record.topic as usize]);
        (future.payload, future.key) = (record.value, record.key);
        (future.partition, future.timestamp) = (record.partition, record.timestamp_ms);
        future.headers = record.headers.map(rust_shared::headers);
        self.producer.send_result(future).map_err(|(error, _)| error)
    }
}

/// A future that fails by itself was given up by its producer.
fn verdict<E>(outcome: Result<OwnedDeliveryResult, E>) -> Result<(), Failure> {
    match outcome {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(rust_shared::failure(&error)),
        Err(_) => Err(Failure {
            error: "CANCELED".to_owned(),
            persistence: PersistenceStatus::Unknown,
        }),
    }
}

/// Awaits futures as they are opened, and records their verdicts in whatever order they complete.
async fn complete(mut opened: UnboundedReceiver<Open>, window: Arc<Window>, mut recorder: AckRecorder) {
    let mut futures = FuturesUnordered::new();
    let mut open_for_more = true;
    while open_for_more || !futures.is_empty() {
        tokio::select! {
            biased;
            Some((tag, topic, bytes, outcome)) = futures.next(), if !futures.is_empty() => {
                recorder.begin_batch();
                match verdict(outcome) {
                    Ok(()) => {
                        recorder.acknowledged(tag, bytes);
                        if let Some(topic) = topic {
                            recorder.of_topic(topic as usize);
                        }
                    }
                    Err(failure) => recorder.failed(failure),
                }
                recorder.end_batch();
                window.open.fetch_sub(1, Ordering::AcqRel);
                window.room.signal();
            }
            next = opened.recv(), if open_for_more => match next {
                Some(Open { tag, topic, bytes, future }) => {
                    futures.push(async move { (tag, topic, bytes, future.await) });
                }
                None => open_for_more = false,
            },
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                recorder.begin_batch();
                recorder.end_batch();
            }
        }
    }
}

impl Producer for RustFutureProducer {
    fn start(&self, hub: &Arc<Hub>, statistics: Sender<StatisticsEvent>) {
        let _ = self.observed.started.set((Arc::clone(hub), Mutex::new(statistics)));
        let _ = self.hub.set(Arc::clone(hub));
        if !matches!(self.reports, Reports::Awaited { .. }) {
            let (sender, receiver) = unbounded_channel();
            self.awaiting
                .spawn(complete(receiver, Arc::clone(&self.window), hub.ack_recorder()));
            *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        }
    }

    fn enqueue(&self, records: &[Outgoing<'_>]) -> Enqueued {
        let mut enqueued = Enqueued::default();
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(opened) = opened.as_ref() else { return enqueued };
        for (place, record) in records.iter().enumerate() {
            if self.window.open.load(Ordering::Acquire) >= WINDOW {
                break;
            }
            match self.offer(record) {
                Ok(future) => {
                    self.window.open.fetch_add(1, Ordering::AcqRel);
                    let _ = opened.send(Open {
                        tag: record.tag,
                        topic: (self.topics.len() > 1).then_some(record.topic),
                        bytes: record.bytes(),
                        future,
                    });
                }
                Err(error) if rust_shared::is_queue_full(&error) => break,
                Err(error) => enqueued.refused.push((place, rust_shared::failure(&error))),
            }
            enqueued.done = place + 1;
        }
        enqueued
    }

    fn send_and_wait(&self, _thread: usize, record: Outgoing<'_>, deadline: Instant) -> Verdict {
        let future = match self.offer(&record) {
            Ok(future) => future,
            Err(error) if rust_shared::is_queue_full(&error) => return Verdict::QueueFull,
            Err(error) => return Verdict::Refused(rust_shared::failure(&error)),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        match self
            .awaiting
            .block_on(async { tokio::time::timeout(left, future).await })
        {
            Ok(outcome) => match verdict(outcome) {
                Ok(()) => Verdict::Acknowledged {
                    at_us: self.hub.get().map_or(0, |hub| hub.clock.now_us()),
                },
                Err(failure) => Verdict::Failed(failure),
            },
            Err(_) => Verdict::Undecided,
        }
    }

    fn room(&self) -> &Room {
        &self.window.room
    }

    fn effective_properties(&self) -> BTreeMap<String, String> {
        self.properties.clone()
    }

    fn reported_errors(&self) -> Vec<String> {
        self.observed
            .errors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn notes(&self) -> Vec<String> {
        match self.reports {
            Reports::Awaited { .. } => Vec::new(),
            Reports::Callback => vec![format!("rust-future keeps at most {WINDOW} delivery futures open")],
            Reports::Ignored => vec![format!(
                "rust-rdkafka always drains delivery reports; to count acknowledgements the futures are kept (at most \
                 {WINDOW} open): fire-and-forget through FutureProducer costs here what async does"
            )],
        }
    }
}

impl Drop for RustFutureProducer {
    fn drop(&mut self) {
        drop(self.opened.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(runtime) = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Futures still open have no verdict and will get none: the task is given up with them.
            runtime.shutdown_timeout(Duration::from_millis(100));
        }
    }
}
