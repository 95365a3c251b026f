//! CreateTopics with the broker's own words: rust-rdkafka's administration client passes on the error code only, and a
//! cluster's policy is explained in the text beside it.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use rdkafka_sys as sys;

/// Room for librdkafka's explanations.
type Reason = [c_char; 512];

/// A topic as the request has it.
#[derive(Clone, Copy, Debug)]
pub struct TopicRequest<'a> {
    /// Its name.
    pub name: &'a str,
    /// Partitions.
    pub partitions: i32,
    /// Replicas of each partition.
    pub replication_factor: i32,
    /// Its configuration.
    pub config: &'a BTreeMap<String, String>,
    /// Have the cluster check it without making it.
    pub validate_only: bool,
}

/// Why a topic was not created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct TopicRefusal {
    /// The error's code, from the broker or from the client.
    pub code: RDKafkaErrorCode,
    /// The explanation: the broker's own words where it gave some.
    pub words: String,
}

/// Calls a C function with a pointer when it goes out of scope.
struct Owned<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Owned<T> {
    fn new(pointer: *mut T, destroy: unsafe extern "C" fn(*mut T), reason: &Reason) -> Result<Self, TopicRefusal> {
        if pointer.is_null() {
            return Err(TopicRefusal {
                code: RDKafkaErrorCode::InvalidArgument,
                words: text(reason.as_ptr()),
            });
        }
        Ok(Owned(pointer, destroy))
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the matching constructor, is not null, and is destroyed here only.
        unsafe { (self.1)(self.0) }
    }
}

/// Sends CreateTopics for one topic and waits for the answer, `timeout` at most.
///
/// # Errors
/// The broker's or the client's refusal.
pub fn create_topic<C: ClientContext>(
    client: &Client<C>,
    request: TopicRequest<'_>,
    timeout: Duration,
) -> Result<(), TopicRefusal> {
    let rk = client.native_ptr();
    let timeout_ms = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
    let topic = new_topic(request)?;
    let options = options(rk, timeout_ms, request.validate_only)?;
    let empty: Reason = [0; 512];
    // SAFETY: `rk` lives as long as `client`; the queue is destroyed before this function returns.
    let queue = Owned::new(
        unsafe { sys::rd_kafka_queue_new(rk) },
        sys::rd_kafka_queue_destroy,
        &empty,
    )?;
    let mut topics = [topic.0];
    // SAFETY: all pointers are valid for the call; librdkafka copies topics and options.
    unsafe { sys::rd_kafka_CreateTopics(rk, topics.as_mut_ptr(), topics.len(), options.0, queue.0) };
    // The request itself ends within its timeout; the margin is for its way through the client's threads.
    // SAFETY: the queue is valid.
    let event = unsafe { sys::rd_kafka_queue_poll(queue.0, timeout_ms.saturating_add(5_000)) };
    if event.is_null() {
        let words = "the client gave no answer".to_owned();
        return Err(TopicRefusal {
            code: RDKafkaErrorCode::OperationTimedOut,
            words,
        });
    }
    let event = Owned(event, sys::rd_kafka_event_destroy);
    // SAFETY: the event is valid; its strings and results live as long as it.
    unsafe {
        let result = sys::rd_kafka_event_CreateTopics_result(event.0);
        verdict(
            sys::rd_kafka_event_error(event.0),
            sys::rd_kafka_event_error_string(event.0),
        )?;
        let mut count = 0_usize;
        let results = if result.is_null() {
            std::ptr::null_mut()
        } else {
            sys::rd_kafka_CreateTopics_result_topics(result, &mut count)
        };
        if results.is_null() || count == 0 {
            let words = "an answer without a result".to_owned();
            return Err(TopicRefusal {
                code: RDKafkaErrorCode::Fail,
                words,
            });
        }
        verdict(
            sys::rd_kafka_topic_result_error(*results),
            sys::rd_kafka_topic_result_error_string(*results),
        )
    }
}

fn new_topic(request: TopicRequest<'_>) -> Result<Owned<sys::rd_kafka_NewTopic_t>, TopicRefusal> {
    let name = c_string(request.name)?;
    let mut reason: Reason = [0; 512];
    // SAFETY: the name and the buffer are valid for the call, and the buffer's true size is given.
    let topic = unsafe {
        sys::rd_kafka_NewTopic_new(
            name.as_ptr(),
            request.partitions,
            request.replication_factor,
            reason.as_mut_ptr(),
            reason.len(),
        )
    };
    let topic = Owned::new(topic, sys::rd_kafka_NewTopic_destroy, &reason)?;
    for (key, value) in request.config {
        let (key, value) = (c_string(key)?, c_string(value)?);
        // SAFETY: all three pointers are valid; librdkafka copies the strings.
        let outcome = unsafe { sys::rd_kafka_NewTopic_set_config(topic.0, key.as_ptr(), value.as_ptr()) };
        verdict(outcome, std::ptr::null())?;
    }
    Ok(topic)
}

fn options(
    rk: *mut sys::rd_kafka_t,
    timeout_ms: c_int,
    validate_only: bool,
) -> Result<Owned<sys::rd_kafka_AdminOptions_t>, TopicRefusal> {
    let mut reason: Reason = [0; 512];
    let (buffer, size) = (reason.as_mut_ptr(), reason.len());
    // SAFETY: `rk` is valid; each setter gets a valid object and a buffer with its true size.
    unsafe {
        let options = sys::rd_kafka_AdminOptions_new(rk, sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_CREATETOPICS);
        let options = Owned::new(options, sys::rd_kafka_AdminOptions_destroy, &[0; 512])?;
        verdict(
            sys::rd_kafka_AdminOptions_set_request_timeout(options.0, timeout_ms, buffer, size),
            buffer,
        )?;
        verdict(
            sys::rd_kafka_AdminOptions_set_operation_timeout(options.0, timeout_ms, buffer, size),
            buffer,
        )?;
        let validate_only = c_int::from(validate_only);
        verdict(
            sys::rd_kafka_AdminOptions_set_validate_only(options.0, validate_only, buffer, size),
            buffer,
        )?;
        Ok(options)
    }
}

/// Ok for the code that means so; else the code with its explanation, or with the client's name for it.
fn verdict(code: RDKafkaRespErr, words: *const c_char) -> Result<(), TopicRefusal> {
    if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    let code = RDKafkaErrorCode::from(code);
    let words = text(words);
    Err(TopicRefusal {
        code,
        words: if words.is_empty() { code.to_string() } else { words },
    })
}

fn text(words: *const c_char) -> String {
    if words.is_null() {
        return String::new();
    }
    // SAFETY: librdkafka NUL-terminates its strings and the buffers that it fills; ours are zeroed before.
    unsafe { CStr::from_ptr(words) }.to_string_lossy().trim().to_owned()
}

fn c_string(text: &str) -> Result<CString, TopicRefusal> {
    CString::new(text).map_err(|_| TopicRefusal {
        code: RDKafkaErrorCode::InvalidArgument,
        words: format!("{text:?} has a NUL character in it"),
    })
}
