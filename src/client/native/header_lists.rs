//! Lists of headers that go round: from the sending thread into the client, and out of its delivery events again.
//!
//! librdkafka takes a record's headers over and frees them behind its delivery event, on the delivery thread. Three pieces
//! of memory for each record, allocated by the one thread and freed by the other, make both wait for the allocator's lock,
//! and cost more than all else about a header. So the delivery thread takes the lists out of the events, and the sending
//! thread fills them anew: what it frees and allocates then stays with itself.

use std::cell::RefCell;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka_sys as sys;

use crate::client::{HeaderValue, Headers};

/// One list that is nobody's at the moment.
#[derive(Debug)]
pub(super) struct List(*mut sys::rd_kafka_headers_t);

// SAFETY: plain memory without ties to a thread or client; one owner at a time.
unsafe impl Send for List {}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: owned, and destroyed once.
        unsafe { sys::rd_kafka_headers_destroy(self.0) };
    }
}

/// The lists on their way back.
#[derive(Debug, Default)]
pub(super) struct HeaderLists {
    returned: Mutex<Vec<List>>,
    /// Whether records have headers at all.
    in_use: AtomicBool,
}

thread_local! {
    /// Lists that the sending thread has at hand.
    static AT_HAND: RefCell<Vec<List>> = const { RefCell::new(Vec::new()) };
}

impl HeaderLists {
    fn returned(&self) -> std::sync::MutexGuard<'_, Vec<List>> {
        // A list of lists is whole at every moment.
        self.returned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A record's headers in librdkafka's own form, which the caller must give away or take back with
    /// [`HeaderLists::take_back`].
    pub fn filled(&self, headers: Headers<'_>) -> *mut sys::rd_kafka_headers_t {
        let list = AT_HAND.with_borrow_mut(|lists| {
            if lists.is_empty() {
                std::mem::swap(lists, &mut *self.returned());
            }
            lists.pop()
        });
        let Some(list) = list else {
            self.in_use.store(true, Ordering::Relaxed);
            // Room for just these: librdkafka's varargs make room for eight.
            // SAFETY: takes any number.
            let fresh = unsafe { sys::rd_kafka_headers_new(headers.iter().len()) };
            add_all(fresh, headers);
            return fresh;
        };
        let native = list.0;
        std::mem::forget(list);
        let fixed = |(_, value): &(_, HeaderValue)| matches!(value, HeaderValue::Fixed(_));
        if !headers.layout.headers.iter().all(fixed) {
            for (name, _) in headers.iter() {
                // SAFETY: the list is alive and ours, the name ends in NUL. A name that is there twice is gone the second
                // time, which is no error of ours.
                unsafe { sys::rd_kafka_header_remove(native, name.as_ptr()) };
            }
            add_all(native, headers);
        }
        native
    }

    /// A list that the client did not take.
    pub fn take_back(&self, list: *mut sys::rd_kafka_headers_t) {
        AT_HAND.with_borrow_mut(|lists| lists.push(List(list)));
    }

    /// Whether delivered records have lists to be taken out of their messages.
    pub fn wanted(&self) -> bool {
        self.in_use.load(Ordering::Relaxed)
    }

    /// Takes a delivered record's list out of its message.
    ///
    /// # Safety
    /// `message` is of a live delivery event.
    pub unsafe fn detach(message: *const sys::rd_kafka_message_t, into: &mut Vec<List>) {
        let mut list = ptr::null_mut();
        // SAFETY: the caller's promise; the list is ours where the call succeeds.
        let error = unsafe { sys::rd_kafka_message_detach_headers(message.cast_mut(), &mut list) };
        if error == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && !list.is_null() {
            into.push(List(list));
        }
    }

    /// Gives lists to the sending thread.
    pub fn give(&self, lists: &mut Vec<List>) {
        if !lists.is_empty() {
            self.returned().append(lists);
        }
    }
}

fn add_all(list: *mut sys::rd_kafka_headers_t, headers: Headers<'_>) {
    for (name, value) in headers.iter() {
        let bytes = value.map_or(ptr::null(), |value| value.as_ptr().cast());
        let length = value.map_or(0, <[u8]>::len) as isize;
        // SAFETY: name and value are read, and copied, as far as said; the list is alive.
        unsafe { sys::rd_kafka_header_add(list, name.as_ptr(), name.count_bytes() as isize, bytes, length) };
    }
}
