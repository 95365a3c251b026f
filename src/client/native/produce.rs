//! Produce calls: one for a whole burst, one for each run of records of the same topic, or one for each record where a
//! burst's call cannot carry what it has.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;

use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t as Error;
use sys::rd_kafka_vtype_t as Type;

use super::error_name;
use super::handle::Handle;
use super::interceptor::PRODUCING;
use crate::client::{Enqueued, Outgoing, SharedBytes};
use crate::measure::Failure;
use crate::protocol::PersistenceStatus;

/// Leaves the choice to the client's partitioner (`RD_KAFKA_PARTITION_UA`).
const ANY_PARTITION: i32 = -1;

thread_local! {
    /// The array that a sending thread's produce calls go through, used again for every burst.
    static MESSAGE_BUFFER: RefCell<Vec<sys::rd_kafka_message_t>> = const { RefCell::new(Vec::new()) };
    /// The arguments of a call for one record, used again for every record.
    static ARGUMENTS: RefCell<Vec<sys::rd_kafka_vu_t>> = const { RefCell::new(Vec::new()) };
}

/// Offers records with the opaque values that `opaque` gives them. Values that lie in `payloads`, which outlives the
/// client, are not copied.
pub(super) fn produce(
    handle: &Handle,
    payloads: &SharedBytes,
    records: &[Outgoing<'_>],
    opaque: impl Fn(&Outgoing<'_>) -> u64,
) -> Enqueued {
    match (records.iter().any(Outgoing::goes_alone), &handle.topics[..]) {
        (true, _) => produce_each(handle, payloads, records, opaque),
        (false, [topic]) => produce_batch(*topic, payloads, records, opaque),
        (false, topics) => produce_runs(topics, payloads, records, opaque),
    }
}

/// A call of `rd_kafka_produce_batch`, which knows one topic, for each run of records of the same topic, until one finds
/// the queue full.
fn produce_runs(
    topics: &[*mut sys::rd_kafka_topic_t],
    payloads: &SharedBytes,
    records: &[Outgoing<'_>],
    opaque: impl Fn(&Outgoing<'_>) -> u64,
) -> Enqueued {
    let mut enqueued = Enqueued::default();
    for run in records.chunk_by(|one, next| one.topic == next.topic) {
        let topic = topics[run[0].topic as usize];
        let of_run = produce_batch(topic, payloads, run, &opaque);
        let start = enqueued.done;
        let refused = of_run.refused.into_iter();
        enqueued
            .refused
            .extend(refused.map(|(place, failure)| (start + place, failure)));
        enqueued.done += of_run.done;
        if of_run.done < run.len() {
            break;
        }
    }
    enqueued
}

/// Where bytes begin, for librdkafka, which does not write to them; null for none.
fn start(bytes: Option<&[u8]>) -> *mut c_void {
    bytes.map_or(ptr::null_mut(), |bytes| bytes.as_ptr().cast_mut().cast())
}

fn length(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(0, <[u8]>::len)
}

fn is_kept(payloads: &SharedBytes, record: &Outgoing<'_>) -> bool {
    record.value.is_none_or(|value| payloads.holds(value))
}

/// All records, which are of one topic, by one call of `rd_kafka_produce_batch`.
fn produce_batch(
    topic: *mut sys::rd_kafka_topic_t,
    payloads: &SharedBytes,
    records: &[Outgoing<'_>],
    opaque: impl Fn(&Outgoing<'_>) -> u64,
) -> Enqueued {
    MESSAGE_BUFFER.with_borrow_mut(|messages| {
        messages.clear();
        messages.extend(records.iter().map(|record| sys::rd_kafka_message_t {
            err: Error::RD_KAFKA_RESP_ERR_NO_ERROR,
            rkt: ptr::null_mut(),
            partition: record.partition.unwrap_or(ANY_PARTITION),
            payload: start(record.value),
            len: length(record.value),
            key: start(record.key),
            key_len: length(record.key),
            offset: 0,
            _private: opaque(record) as *mut c_void,
        }));
        let kept = records.iter().all(|record| is_kept(payloads, record));
        let copy = if kept { 0 } else { sys::RD_KAFKA_MSG_F_COPY };
        PRODUCING.set(true);
        // SAFETY: the array holds as many messages as said. Their payloads live as long as the client, or else they live
        // through the call, which copies them then, as it does all keys.
        let taken = unsafe {
            sys::rd_kafka_produce_batch(
                topic,
                ANY_PARTITION,
                sys::RD_KAFKA_MSG_F_PARTITION | copy,
                messages.as_mut_ptr(),
                messages.len() as i32,
            )
        };
        PRODUCING.set(false);
        if taken as usize == messages.len() {
            return Enqueued {
                done: messages.len(),
                refused: Vec::new(),
            };
        }
        sort_out(messages)
    })
}

/// What became of a burst that was not taken as a whole.
fn sort_out(messages: &[sys::rd_kafka_message_t]) -> Enqueued {
    let full = |message: &sys::rd_kafka_message_t| message.err == Error::RD_KAFKA_RESP_ERR__QUEUE_FULL;
    let done = messages.iter().position(full).unwrap_or(messages.len());
    let refused = messages[..done]
        .iter()
        .enumerate()
        .filter(|(_, message)| message.err != Error::RD_KAFKA_RESP_ERR_NO_ERROR)
        .map(|(place, message)| (place, refusal(message.err)))
        .collect();
    Enqueued { done, refused }
}

fn refusal(error: Error) -> Failure {
    Failure {
        error: error_name(error),
        persistence: PersistenceStatus::NotPersisted,
    }
}

/// Each record by a call of `rd_kafka_produceva` of its own, until one finds the queue full.
fn produce_each(
    handle: &Handle,
    payloads: &SharedBytes,
    records: &[Outgoing<'_>],
    opaque: impl Fn(&Outgoing<'_>) -> u64,
) -> Enqueued {
    let mut enqueued = Enqueued::default();
    ARGUMENTS.with_borrow_mut(|arguments| {
        for (place, record) in records.iter().enumerate() {
            let headers = record.headers.map(|headers| handle.header_lists.filled(headers));
            fill_arguments(
                arguments,
                handle,
                record,
                is_kept(payloads, record),
                opaque(record),
                headers,
            );
            PRODUCING.set(true);
            // SAFETY: as many arguments as said, each with the part of its union that its type names. What they point to
            // lives through the call, which copies keys and takes headers over unless it fails; values as for a batch.
            let error = unsafe { sys::rd_kafka_produceva(handle.client, arguments.as_ptr(), arguments.len()) };
            PRODUCING.set(false);
            if !error.is_null() {
                // SAFETY: an error object of ours, destroyed once.
                let code = unsafe {
                    let code = sys::rd_kafka_error_code(error);
                    sys::rd_kafka_error_destroy(error);
                    code
                };
                if let Some(list) = headers {
                    handle.header_lists.take_back(list);
                }
                if code == Error::RD_KAFKA_RESP_ERR__QUEUE_FULL {
                    return;
                }
                enqueued.refused.push((place, refusal(code)));
            }
            enqueued.done = place + 1;
        }
    });
    enqueued
}

/// The arguments of the call for one record.
fn fill_arguments(
    arguments: &mut Vec<sys::rd_kafka_vu_t>,
    handle: &Handle,
    record: &Outgoing<'_>,
    is_kept: bool,
    opaque: u64,
    headers: Option<*mut sys::rd_kafka_headers_t>,
) {
    use sys::rd_kafka_vu_s__bindgen_ty_1 as Union;
    use sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 as Memory;
    arguments.clear();
    let mut push = |vtype, u| arguments.push(sys::rd_kafka_vu_t { vtype, u });
    let memory = |bytes| Union {
        mem: Memory {
            ptr: start(bytes),
            size: length(bytes),
        },
    };
    let copy = if is_kept { 0 } else { sys::RD_KAFKA_MSG_F_COPY };
    let rkt = handle.topics[record.topic as usize];
    push(Type::RD_KAFKA_VTYPE_RKT, Union { rkt });
    push(Type::RD_KAFKA_VTYPE_MSGFLAGS, Union { i: copy });
    push(Type::RD_KAFKA_VTYPE_VALUE, memory(record.value));
    push(
        Type::RD_KAFKA_VTYPE_OPAQUE,
        Union {
            ptr: opaque as *mut c_void,
        },
    );
    if record.key.is_some() {
        push(Type::RD_KAFKA_VTYPE_KEY, memory(record.key));
    }
    if let Some(partition) = record.partition {
        push(Type::RD_KAFKA_VTYPE_PARTITION, Union { i32_: partition });
    }
    if let Some(timestamp_ms) = record.timestamp_ms {
        push(Type::RD_KAFKA_VTYPE_TIMESTAMP, Union { i64_: timestamp_ms });
    }
    if let Some(headers) = headers {
        push(Type::RD_KAFKA_VTYPE_HEADERS, Union { headers });
    }
}
