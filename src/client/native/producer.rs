//! The producer: produce calls on the sending threads, batched delivery events on a thread of their own.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t as Error;

use super::conf::{self, Conf};
use super::failure_of;
use super::handle::Handle;
use super::header_lists::{HeaderLists, List};
use super::interceptor::{self, Interceptor};
use super::pause::Pauses;
use super::produce::produce;
use crate::client::deliver::Deliver;
use crate::client::waiters::Waiters;
use crate::client::{
    ClientError, Enqueued, Outgoing, Producer, ProducerSettings, Reports, Room, SharedBytes, StatisticsEvent, Verdict,
};
use crate::measure::{Hub, SendTag};
use crate::protocol::tells_all_brokers_down;

/// Longest wait of the delivery thread for an event: how late it may notice that it shall stop.
const POLL_MS: i32 = 50;
/// The same while somebody waits for room and not all of it is there yet.
const SIGNAL_MS: i32 = 1;
/// Messages taken from a delivery event at a time.
const MESSAGES: usize = 1_024;
/// Errors kept for the report.
const KEPT_ERRORS: usize = 8;

/// One librdkafka client.
pub struct NativeProducer {
    shared: Arc<Shared>,
    delivery: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    // Declared before the interceptor's state: dropped before it, since the client's threads use it.
    handle: Handle,
    index: usize,
    reports: Reports,
    room: Arc<Room>,
    waiters: Arc<Waiters>,
    stopping: AtomicBool,
    errors: Mutex<Vec<String>>,
    effective: BTreeMap<String, String>,
    interceptor: Option<Arc<Interceptor>>,
    // Also read by the client's threads, hence after the handle.
    payloads: SharedBytes,
}

impl NativeProducer {
    /// Makes the client and waits for its topics' metadata.
    pub fn connect(settings: &ProducerSettings) -> Result<Self, ClientError> {
        let conf = Conf::new(&settings.properties)?;
        // Without delivery reports librdkafka gives no sign when a record's room is free again: look every so often.
        let recheck = (settings.reports == Reports::Ignored).then_some(Duration::from_millis(1));
        let room = Arc::new(Room::new(recheck, settings.queue_records()));
        let mut events = sys::RD_KAFKA_EVENT_STATS | sys::RD_KAFKA_EVENT_ERROR;
        let interceptor = if settings.reports == Reports::Ignored {
            let interceptor = Arc::new(Interceptor::default());
            interceptor::install(&conf, &interceptor)?;
            Some(interceptor)
        } else {
            events |= sys::RD_KAFKA_EVENT_DR;
            None
        };
        // SAFETY: the configuration is alive.
        unsafe { sys::rd_kafka_conf_set_events(conf.as_ptr(), events) };
        let handle = Handle::new(conf, &settings.topics)?;
        handle.await_topics(&settings.topics, settings.metadata_timeout)?;
        // SAFETY: the client is alive.
        let effective = unsafe { conf::effective(handle.client, &settings.properties) };
        let threads = if let Reports::Awaited { threads } = settings.reports {
            threads
        } else {
            0
        };
        let shared = Shared {
            handle,
            index: settings.index,
            reports: settings.reports,
            room,
            waiters: Arc::new(Waiters::new(threads)),
            stopping: AtomicBool::new(false),
            errors: Mutex::default(),
            effective,
            interceptor,
            payloads: settings.payloads.clone(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            delivery: Mutex::new(None),
        })
    }
}

impl Producer for NativeProducer {
    fn start(&self, hub: &Arc<Hub>, statistics: Sender<StatisticsEvent>) {
        if let Some(interceptor) = &self.shared.interceptor {
            let topics = self.shared.handle.several().iter();
            let _ = interceptor.topics.set(topics.map(|topic| topic.addr()).collect());
            let _ = interceptor.hub.set(Arc::clone(hub));
        }
        let (shared, hub) = (Arc::clone(&self.shared), Arc::clone(hub));
        let thread = std::thread::Builder::new()
            .name(format!("deliveries-{}", self.shared.index))
            .spawn(move || serve_events(&shared, &hub, &statistics))
            .expect("a process that cannot start a thread cannot measure");
        *self.delivery.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
    }

    fn enqueue(&self, records: &[Outgoing<'_>]) -> Enqueued {
        produce(&self.shared.handle, &self.shared.payloads, records, |record| {
            record.tag.to_bits()
        })
    }

    fn send_and_wait(&self, thread: usize, record: Outgoing<'_>, deadline: Instant) -> Verdict {
        self.shared.waiters.prepare(thread);
        let mut enqueued = produce(&self.shared.handle, &self.shared.payloads, &[record], |_| thread as u64);
        if let Some((_, failure)) = enqueued.refused.pop() {
            return Verdict::Refused(failure);
        }
        if enqueued.done == 0 {
            return Verdict::QueueFull;
        }
        self.shared.waiters.wait(thread, deadline)
    }

    fn room(&self) -> &Room {
        &self.shared.room
    }

    fn effective_properties(&self) -> BTreeMap<String, String> {
        self.shared.effective.clone()
    }

    fn reported_errors(&self) -> Vec<String> {
        self.shared
            .errors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Drop for NativeProducer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        let thread = self.delivery.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A delivery thread that panicked has said so on standard error; its counts are missing and show as undecided.
            let _ = thread.join();
        }
    }
}

/// The delivery thread: takes events until told to stop.
fn serve_events(shared: &Shared, hub: &Arc<Hub>, statistics: &Sender<StatisticsEvent>) {
    let mut deliver = Deliver::new(shared.reports, hub, &shared.waiters);
    let mut taken = Taken {
        messages: vec![ptr::null(); MESSAGES],
        header_lists: Vec::new(),
    };
    // Since when room has been made that nobody was told of.
    let mut unsignalled: Option<Instant> = None;
    let mut pauses = Pauses::new();
    // Paced records may be far quicker than those before them.
    let may_pause = shared.reports == Reports::Callback && !hub.paced;
    while !shared.stopping.load(Ordering::Acquire) {
        let wait_ms = if unsignalled.is_some() { SIGNAL_MS } else { POLL_MS };
        let event = shared.next_event(wait_ms, pauses.now().filter(|_| may_pause));
        deliver.begin();
        if event.is_null() {
            deliver.end();
            if unsignalled.take().is_some() {
                shared.room.signal();
            }
            continue;
        }
        let mut records = 0;
        // SAFETY: the event is alive until destroyed below, once.
        unsafe {
            match sys::rd_kafka_event_type(event) {
                sys::RD_KAFKA_EVENT_DR => {
                    let youngest;
                    (records, youngest) = serve_deliveries(event, &mut taken, &shared.handle, &mut deliver);
                    if may_pause && let Some(opaque) = youngest {
                        let entry_us = SendTag::from_bits(opaque).entry_us();
                        pauses.note(hub.clock.now_us().saturating_sub(entry_us));
                    }
                }
                sys::RD_KAFKA_EVENT_STATS => {
                    let json = CStr::from_ptr(sys::rd_kafka_event_stats(event))
                        .to_string_lossy()
                        .into_owned();
                    let at_us = hub.clock.now_us();
                    let _ = statistics.send(StatisticsEvent {
                        producer: shared.index,
                        at_us,
                        json,
                    });
                }
                sys::RD_KAFKA_EVENT_ERROR => {
                    let text = CStr::from_ptr(sys::rd_kafka_event_error_string(event))
                        .to_string_lossy()
                        .into_owned();
                    keep_error(&shared.errors, text);
                }
                _ => {}
            }
            sys::rd_kafka_event_destroy(event);
        }
        deliver.end();
        // Only now has librdkafka given the records' room back.
        if !shared.room.freed(records) {
            unsignalled = None;
        } else if unsignalled.get_or_insert_with(Instant::now).elapsed() >= Duration::from_millis(SIGNAL_MS as u64) {
            shared.room.signal();
            unsignalled = None;
        }
    }
}

impl Shared {
    /// The next event, null where none comes for so long. Where a pause is allowed, events may come together meanwhile.
    fn next_event(&self, wait_ms: i32, pause: Option<Duration>) -> *mut sys::rd_kafka_event_t {
        if let Some(pause) = pause {
            // SAFETY: the queue lives as long as `self`.
            let event = unsafe { sys::rd_kafka_queue_poll(self.handle.queue, 0) };
            if !event.is_null() {
                return event;
            }
            std::thread::sleep(pause);
        }
        // SAFETY: as above.
        unsafe { sys::rd_kafka_queue_poll(self.handle.queue, wait_ms) }
    }
}

/// What the delivery thread takes out of an event, in memory that is used again.
struct Taken {
    messages: Vec<*const sys::rd_kafka_message_t>,
    header_lists: Vec<List>,
}

/// Delivers every message of one event; tells how many they were, and the last one's opaque value.
///
/// # Safety
/// `event` is a live delivery report event.
unsafe fn serve_deliveries(
    event: *mut sys::rd_kafka_event_t,
    taken: &mut Taken,
    handle: &Handle,
    deliver: &mut Deliver,
) -> (usize, Option<u64>) {
    let mut delivered = 0;
    let mut last = None;
    let topics = handle.several();
    let has_lists = handle.header_lists.wanted();
    let Taken { messages, header_lists } = taken;
    loop {
        // SAFETY: the caller's promise; the array's true length is given.
        let count = unsafe { sys::rd_kafka_event_message_array(event, messages.as_mut_ptr(), messages.len()) };
        for &message in &messages[..count] {
            // SAFETY: filled by the call above; alive as long as the event.
            unsafe {
                let opaque = (*message)._private as u64;
                last = Some(opaque);
                if (*message).err == Error::RD_KAFKA_RESP_ERR_NO_ERROR {
                    deliver.acknowledged(opaque, (*message).len + (*message).key_len);
                    if let Some(topic) = topics.iter().position(|topic| *topic == (*message).rkt) {
                        deliver.of_topic(topic);
                    }
                } else {
                    deliver.failed(opaque, failure_of(message));
                }
                if has_lists {
                    HeaderLists::detach(message, header_lists);
                }
            }
        }
        handle.header_lists.give(header_lists);
        delivered += count;
        if count < messages.len() {
            return (delivered, last);
        }
    }
}

/// Keeps the last few distinct errors.
pub(in crate::client) fn keep_error(errors: &Mutex<Vec<String>>, text: String) {
    let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
    if !errors.contains(&text) {
        if errors.len() == KEPT_ERRORS {
            // That all brokers were lost decides over the trial: it stays.
            let oldest = errors.iter().position(|error| !tells_all_brokers_down(error));
            errors.remove(oldest.unwrap_or(0));
        }
        errors.push(text);
    }
}
