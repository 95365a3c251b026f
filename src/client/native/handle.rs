//! A live client with its topics, and how it goes away.

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::time::{Duration, Instant};

use rdkafka_sys as sys;

use super::conf::Conf;
use super::error_text;
use super::header_lists::HeaderLists;
use crate::client::ClientError;

/// Owns a client, its topic objects and the main event queue.
pub(super) struct Handle {
    pub client: *mut sys::rd_kafka_t,
    pub topics: Vec<*mut sys::rd_kafka_topic_t>,
    pub queue: *mut sys::rd_kafka_queue_t,
    /// Lists for the headers of records.
    pub header_lists: HeaderLists,
}

// SAFETY: librdkafka's objects may be used from any thread, and from several at once.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    pub fn new(conf: Conf, topics: &[String]) -> Result<Self, ClientError> {
        let name = |topic: &String| CString::new(topic.as_str()).map_err(|_| ClientError::Nul(topic.clone()));
        let names = topics.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        let mut reason = [0 as c_char; 512];
        let raw = conf.release();
        // SAFETY: the configuration is valid; the client takes it over where it can be made.
        let client = unsafe {
            sys::rd_kafka_new(
                sys::rd_kafka_type_t::RD_KAFKA_PRODUCER,
                raw,
                reason.as_mut_ptr(),
                reason.len(),
            )
        };
        if client.is_null() {
            // SAFETY: not taken over; librdkafka NUL-terminates the buffer.
            let reason = unsafe {
                sys::rd_kafka_conf_destroy(raw);
                CStr::from_ptr(reason.as_ptr()).to_string_lossy().into_owned()
            };
            return Err(ClientError::Create(reason));
        }
        // SAFETY: the client is alive; a null configuration means the client's default topic configuration.
        let (topics, queue) = unsafe {
            let topic = |name: &CString| sys::rd_kafka_topic_new(client, name.as_ptr(), ptr::null_mut());
            (names.iter().map(topic).collect(), sys::rd_kafka_queue_get_main(client))
        };
        Ok(Self {
            client,
            topics,
            queue,
            header_lists: HeaderLists::default(),
        })
    }

    /// The topics where there are several, for telling which one a record was sent to; else none.
    pub fn several(&self) -> &[*mut sys::rd_kafka_topic_t] {
        match &self.topics[..] {
            [_] => &[],
            topics => topics,
        }
    }

    /// Waits until the metadata of every topic is there; `names` are the topics'.
    pub fn await_topics(&self, names: &[String], timeout: Duration) -> Result<(), ClientError> {
        let deadline = Instant::now() + timeout;
        let mut topics = self.topics.iter().zip(names);
        topics.try_for_each(|(topic, name)| {
            self.await_topic(*topic, deadline)
                .map_err(|reason| ClientError::Metadata {
                    topic: name.clone(),
                    timeout_ms: timeout.as_millis(),
                    reason,
                })
        })
    }

    /// Waits until the topic's metadata is there, asking twice: the second answer comes from a client that knows the
    /// leaders, so that the first record need not wait for `retry.backoff.ms`. Else what went wrong.
    fn await_topic(&self, topic: *mut sys::rd_kafka_topic_t, deadline: Instant) -> Result<(), String> {
        let mut answers = 0;
        let mut errors: Vec<String> = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let error = self.ask_metadata(topic, left.max(Duration::from_millis(1)));
            match error {
                None => answers += 1,
                Some(error) => {
                    errors.extend(self.pending_errors());
                    if left.is_zero() || is_final(&errors) {
                        errors.dedup();
                        errors.push(error);
                        return Err(errors.join("; "));
                    }
                    std::thread::sleep(Duration::from_millis(5).min(left));
                }
            }
            if answers == 2 {
                // What went wrong on the way here is over: only errors during the load are told.
                self.pending_errors();
                return Ok(());
            }
        }
    }

    /// One metadata request for the topic: none where the topic is there with leaders, else why not.
    fn ask_metadata(&self, topic: *mut sys::rd_kafka_topic_t, timeout: Duration) -> Option<String> {
        // Short enough to notice errors such as failed authentication between two requests.
        let timeout_ms = timeout.as_millis().clamp(1, 2_000) as i32;
        let mut metadata: *const sys::rd_kafka_metadata = ptr::null();
        // SAFETY: client and topic are alive; the result is freed below.
        let error = unsafe { sys::rd_kafka_metadata(self.client, 0, topic, &mut metadata, timeout_ms) };
        if error != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Some(error_text(error));
        }
        // SAFETY: filled by the successful call, with as many topics and partitions as it says.
        unsafe {
            let found = &*metadata;
            let mut problem = (found.topic_cnt == 0).then(|| "topic not in the answer".to_owned());
            for topic in 0..found.topic_cnt as usize {
                let topic = &*found.topics.add(topic);
                if topic.err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                    problem = Some(error_text(topic.err));
                }
                for partition in 0..topic.partition_cnt as usize {
                    if (*topic.partitions.add(partition)).leader < 0 {
                        problem = Some("a partition has no leader".to_owned());
                    }
                }
            }
            sys::rd_kafka_metadata_destroy(metadata);
            problem
        }
    }

    /// Errors that wait in the event queue. Only before the delivery thread reads that queue.
    fn pending_errors(&self) -> Vec<String> {
        let mut errors = Vec::new();
        loop {
            // SAFETY: the queue is alive; each event is destroyed once.
            unsafe {
                let event = sys::rd_kafka_queue_poll(self.queue, 0);
                if event.is_null() {
                    return errors;
                }
                if sys::rd_kafka_event_type(event) == sys::RD_KAFKA_EVENT_ERROR {
                    errors.push(
                        CStr::from_ptr(sys::rd_kafka_event_error_string(event))
                            .to_string_lossy()
                            .into_owned(),
                    );
                }
                sys::rd_kafka_event_destroy(event);
            }
        }
    }
}

/// Errors that waiting does not mend.
fn is_final(errors: &[String]) -> bool {
    errors.iter().any(|error| {
        let error = error.to_ascii_lowercase();
        error.contains("authentication failed") || error.contains("certificate verify failed")
    })
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: all are alive and used by nobody else any more; the client last. Joins the client's threads.
        unsafe {
            sys::rd_kafka_queue_destroy(self.queue);
            self.topics.iter().for_each(|topic| sys::rd_kafka_topic_destroy(*topic));
            sys::rd_kafka_destroy(self.client);
        }
    }
}
