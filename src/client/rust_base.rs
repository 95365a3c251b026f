//! rust-rdkafka's `BaseProducer`, with a thread that polls it, as an application has.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};

use super::deliver::Deliver;
use super::rust_shared::{self, Observed};
use super::waiters::Waiters;
use super::{ClientError, Enqueued, Outgoing, Producer, ProducerSettings, Reports, Room, StatisticsEvent, Verdict};
use crate::measure::Hub;

thread_local! {
    /// The polling thread's way to deliver: rust-rdkafka calls back on that thread only.
    static DELIVER: RefCell<Option<Deliver>> = const { RefCell::new(None) };
}

struct Context {
    observed: Observed,
    room: Room,
    /// Where there are several.
    topics: Vec<String>,
}

impl ClientContext for Context {
    fn stats_raw(&self, statistics: &[u8]) {
        self.observed.statistics(statistics);
    }
    fn error(&self, _error: KafkaError, reason: &str) {
        self.observed.error(reason);
    }
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        Observed::log(level, facility, message);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        DELIVER.with_borrow_mut(|deliver| {
            let Some(deliver) = deliver else { return };
            // rust-rdkafka shows no batches: the clock is read once per record.
            deliver.begin();
            match result {
                Ok(message) => {
                    deliver.acknowledged(opaque as u64, message.payload_len() + message.key_len());
                    if let Some(topic) = self.place(message) {
                        deliver.of_topic(topic);
                    }
                }
                Err((error, _)) => deliver.failed(opaque as u64, rust_shared::failure(error)),
            }
            deliver.end();
        });
    }
}

impl Context {
    /// The place of a message's topic among several.
    fn place(&self, message: &impl Message) -> Option<usize> {
        match &self.topics[..] {
            [] => None,
            topics => topics.iter().position(|topic| topic == message.topic()),
        }
    }
}

/// A `BaseProducer` and its polling thread.
pub(super) struct RustBaseProducer {
    producer: Arc<BaseProducer<Context>>,
    topics: Vec<String>,
    reports: Reports,
    waiters: Arc<Waiters>,
    stopping: Arc<AtomicBool>,
    polling: Mutex<Option<JoinHandle<()>>>,
    properties: BTreeMap<String, String>,
}

impl RustBaseProducer {
    pub fn connect(settings: &ProducerSettings) -> Result<Self, ClientError> {
        // rust-rdkafka gives no sign when a record's room is free again (its event is destroyed after the callbacks, out
        // of sight): look every so often.
        let room = Room::new(Some(Duration::from_millis(1)), settings.queue_records());
        let context = Context {
            observed: Observed {
                index: settings.index,
                ..Observed::default()
            },
            room,
            topics: match settings.topics.len() {
                1 => Vec::new(),
                _ => settings.topics.clone(),
            },
        };
        let producer = BaseProducer::from_config_and_context(&rust_shared::config(&settings.properties), context)
            .map_err(rust_shared::creation_error)?;
        // One call serves one event, unless it is given time for more.
        let serve = || producer.poll(Duration::from_millis(10));
        let observed = &producer.client().context().observed;
        rust_shared::await_topics(
            producer.client(),
            &settings.topics,
            settings.metadata_timeout,
            serve,
            observed,
        )?;
        let properties = rust_shared::effective(producer.client(), &settings.properties);
        let threads = if let Reports::Awaited { threads } = settings.reports {
            threads
        } else {
            0
        };
        Ok(Self {
            producer: Arc::new(producer),
            topics: settings.topics.clone(),
            reports: settings.reports,
            waiters: Arc::new(Waiters::new(threads)),
            stopping: Arc::new(AtomicBool::new(false)),
            polling: Mutex::new(None),
            properties,
        })
    }

    fn context(&self) -> &Context {
        self.producer.client().context()
    }

    fn offer(&self, record: &Outgoing<'_>, opaque: usize) -> Result<(), KafkaError> {
        let mut base = BaseRecord::<[u8], [u8], usize>::with_opaque_to(&self.topics[record.topic as usize], opaque);
        (base.payload, base.key) = (record.value, record.key);
        (base.partition, base.timestamp) = (record.partition, record.timestamp_ms);
        base.headers = record.headers.map(rust_shared::headers);
        self.producer.send(base).map_err(|(error, _)| error)
    }
}

impl Producer for RustBaseProducer {
    fn start(&self, hub: &Arc<Hub>, statistics: Sender<StatisticsEvent>) {
        let _ = self
            .context()
            .observed
            .started
            .set((Arc::clone(hub), Mutex::new(statistics)));
        let (producer, stopping) = (Arc::clone(&self.producer), Arc::clone(&self.stopping));
        let mut deliver = Some(Deliver::new(self.reports, hub, &self.waiters));
        let thread = std::thread::Builder::new().name("polling".to_owned()).spawn(move || {
            DELIVER.set(deliver.take());
            while !stopping.load(Ordering::Acquire) {
                producer.poll(Duration::from_millis(50));
                DELIVER.with_borrow_mut(|deliver| {
                    if let Some(deliver) = deliver {
                        deliver.begin();
                        deliver.end();
                    }
                });
            }
            // Hands over what was recorded, before the thread's end is seen.
            DELIVER.set(None);
        });
        let thread = thread.expect("a process that cannot start a thread cannot measure");
        *self.polling.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
    }

    fn enqueue(&self, records: &[Outgoing<'_>]) -> Enqueued {
        let mut enqueued = Enqueued::default();
        for (place, record) in records.iter().enumerate() {
            match self.offer(record, record.tag.to_bits() as usize) {
                Ok(()) => {}
                Err(error) if rust_shared::is_queue_full(&error) => break,
                Err(error) => enqueued.refused.push((place, rust_shared::failure(&error))),
            }
            enqueued.done = place + 1;
        }
        enqueued
    }

    fn send_and_wait(&self, thread: usize, record: Outgoing<'_>, deadline: Instant) -> Verdict {
        self.waiters.prepare(thread);
        match self.offer(&record, thread) {
            Ok(()) => self.waiters.wait(thread, deadline),
            Err(error) if rust_shared::is_queue_full(&error) => Verdict::QueueFull,
            Err(error) => Verdict::Refused(rust_shared::failure(&error)),
        }
    }

    fn room(&self) -> &Room {
        &self.context().room
    }

    fn effective_properties(&self) -> BTreeMap<String, String> {
        self.properties.clone()
    }

    fn reported_errors(&self) -> Vec<String> {
        self.context()
            .observed
            .errors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn notes(&self) -> Vec<String> {
        match self.reports {
            Reports::Ignored => vec![
                "rust-rdkafka always drains delivery reports: fire-and-forget through it saves the application nothing"
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }
}

impl Drop for RustBaseProducer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        if let Some(thread) = self.polling.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}
