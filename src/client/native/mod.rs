//! librdkafka through its C interface.
#![allow(unsafe_code)]

mod conf;
mod handle;
mod header_lists;
mod interceptor;
mod pause;
mod produce;
mod producer;

use std::collections::BTreeMap;
use std::ffi::CStr;

use rdkafka_sys as sys;

use crate::measure::Failure;
use crate::protocol::PersistenceStatus;

pub use producer::NativeProducer;
pub(super) use producer::keep_error;

/// Name and version of the linked librdkafka, as in `librdkafka 2.12.1`.
pub fn library_version() -> String {
    // SAFETY: returns a static NUL-terminated string.
    let version = unsafe { CStr::from_ptr(sys::rd_kafka_version_str()) };
    format!("librdkafka {}", version.to_string_lossy())
}

/// librdkafka's name of an error without the underscore that marks local ones, as in `MSG_TIMED_OUT`.
pub(super) fn error_name(error: sys::rd_kafka_resp_err_t) -> String {
    // SAFETY: returns a static NUL-terminated string for every value of the enum.
    let name = unsafe { CStr::from_ptr(sys::rd_kafka_err2name(error)) };
    name.to_string_lossy().trim_start_matches('_').to_owned()
}

/// librdkafka's description of an error.
fn error_text(error: sys::rd_kafka_resp_err_t) -> String {
    // SAFETY: returns a static NUL-terminated string for every value of the enum.
    unsafe { CStr::from_ptr(sys::rd_kafka_err2str(error)) }
        .to_string_lossy()
        .into_owned()
}

/// The failure that a message with an error stands for.
///
/// # Safety
/// `message` points to a message of a delivery report or an interceptor call that is still alive.
unsafe fn failure_of(message: *const sys::rd_kafka_message_t) -> Failure {
    // SAFETY: the caller's promise.
    let (error, status) = unsafe { ((*message).err, sys::rd_kafka_message_status(message)) };
    use sys::rd_kafka_msg_status_t as Status;
    let persistence = match status {
        Status::RD_KAFKA_MSG_STATUS_NOT_PERSISTED => PersistenceStatus::NotPersisted,
        Status::RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED => PersistenceStatus::PossiblyPersisted,
        Status::RD_KAFKA_MSG_STATUS_PERSISTED => PersistenceStatus::Persisted,
    };
    Failure {
        error: error_name(error),
        persistence,
    }
}

/// librdkafka's name of an error code, for codes that it knows.
pub(super) fn error_name_of_code(code: i32) -> Option<String> {
    sys::rd_kafka_resp_err_t::try_from(code).ok().map(error_name)
}

/// Every property of a live client of whatever interface, secrets masked; those of `given` under the names given.
pub(super) fn effective_properties(
    client: *mut sys::rd_kafka_t,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    // SAFETY: callers borrow the client from its owner, which keeps it alive through this call.
    unsafe { conf::effective(client, given) }
}
