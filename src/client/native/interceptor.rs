//! Counting acknowledgements beneath an application that asked for no delivery reports.
//!
//! librdkafka calls an `on_acknowledgement` interceptor for each record, on the thread that learned of the verdict: a
//! broker thread. Each such thread gets a recorder of its own, which hands over what it has when the thread ends. The
//! interface shows no batches, so the clock is read once per record here.

use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_void};
use std::sync::{Arc, OnceLock};

use rdkafka_sys as sys;

use super::conf::Conf;
use super::failure_of;
use crate::client::ClientError;
use crate::measure::{AckRecorder, Hub, SendTag};

/// What the interceptor needs. Kept alive by the producer for longer than the client lives.
#[derive(Default)]
pub(super) struct Interceptor {
    pub hub: OnceLock<Arc<Hub>>,
    /// Addresses of the topic objects, where there are several.
    pub topics: OnceLock<Vec<usize>>,
}

const NAME: &std::ffi::CStr = c"kpbench";

thread_local! {
    /// True while the calling thread is inside a produce call. librdkafka then reports records that its partitioner
    /// refuses with the caller's own message, which is none of librdkafka's: asking it for its status would read beyond
    /// it. The produce call's outcome tells of these records anyway.
    pub(super) static PRODUCING: Cell<bool> = const { Cell::new(false) };
    // A broker thread belongs to one client, and a sending thread of this program to one producer.
    static RECORDER: RefCell<Option<AckRecorder>> = const { RefCell::new(None) };
}

/// Makes every client of this configuration call the interceptor.
pub(super) fn install(conf: &Conf, interceptor: &Arc<Interceptor>) -> Result<(), ClientError> {
    // SAFETY: the configuration is alive; the pointer stays valid because the producer keeps the Arc until the client is gone.
    let error = unsafe {
        sys::rd_kafka_conf_interceptor_add_on_new(
            conf.as_ptr(),
            NAME.as_ptr(),
            Some(on_new),
            Arc::as_ptr(interceptor).cast_mut().cast::<c_void>(),
        )
    };
    match error {
        sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        error => Err(ClientError::Create(super::error_text(error))),
    }
}

unsafe extern "C" fn on_new(
    client: *mut sys::rd_kafka_t,
    _conf: *const sys::rd_kafka_conf_t,
    opaque: *mut c_void,
    _reason: *mut c_char,
    _reason_size: usize,
) -> sys::rd_kafka_resp_err_t {
    // SAFETY: called by librdkafka while it makes the client.
    unsafe { sys::rd_kafka_interceptor_add_on_acknowledgement(client, NAME.as_ptr(), Some(on_acknowledgement), opaque) }
}

unsafe extern "C" fn on_acknowledgement(
    _client: *mut sys::rd_kafka_t,
    message: *mut sys::rd_kafka_message_t,
    opaque: *mut c_void,
) -> sys::rd_kafka_resp_err_t {
    if PRODUCING.get() {
        return sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    // SAFETY: `install` gave this pointer, and the producer outlives its client.
    let interceptor = unsafe { &*opaque.cast::<Interceptor>() };
    if let Some(hub) = interceptor.hub.get() {
        RECORDER.with_borrow_mut(|recorder| {
            let recorder = recorder.get_or_insert_with(|| hub.ack_recorder());
            recorder.begin_batch();
            // SAFETY: the message is alive for this call.
            unsafe {
                if (*message).err == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                    recorder.acknowledged(
                        SendTag::from_bits((*message)._private as u64),
                        (*message).len + (*message).key_len,
                    );
                    let topic = (*message).rkt.addr();
                    let topics = interceptor.topics.get().map_or(&[][..], Vec::as_slice);
                    if let Some(topic) = topics.iter().position(|one| *one == topic) {
                        recorder.of_topic(topic);
                    }
                } else {
                    recorder.failed(failure_of(message));
                }
            }
            recorder.end_batch();
        });
    }
    sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
}
