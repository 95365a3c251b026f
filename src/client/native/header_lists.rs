//! Lists of headers that go round: from the sending thread into the client, and out of its delivery events again.
//!
//! librdkafka takes a record's headers over and frees them behind its delivery event, on the delivery thread. Three pieces
//! of memory for each record, allocated by the one thread and freed by the other, make both wait for the allocator's lock,
//! and cost more than all else about a header. So the delivery thread takes the lists out of the events, and the sending
//! thread writes its next records' values over theirs.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka_sys as sys;
use sys::rd_kafka_resp_err_t as Error;

use crate::client::Headers;

/// So many lists before its turn comes, a list is fetched.
const AHEAD: usize = 8;
/// A line of the processor's cache, in bytes, and how many of them a list with one header takes.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;
#[cfg(target_arch = "x86_64")]
const LINES: usize = 4;

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
            let list = lists.pop();
            if let Some(soon) = lists.len().checked_sub(AHEAD) {
                prefetch(&lists[soon]);
            }
            list
        });
        // SAFETY: a list of ours, which nobody else reads.
        if let Some(list) = list
            && unsafe { write_over(&list, headers) }
        {
            let native = list.0;
            std::mem::forget(list);
            return native;
        }
        self.in_use.store(true, Ordering::Relaxed);
        made(headers)
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
        if error == Error::RD_KAFKA_RESP_ERR_NO_ERROR && !list.is_null() {
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

/// Writes the generated values over those of a list's last record. False where one finds no room of its length, as it does
/// in all lists of its own trial.
///
/// # Safety
/// Nobody reads the list meanwhile.
unsafe fn write_over(list: &List, headers: Headers<'_>) -> bool {
    headers.iter().enumerate().all(|(place, (_, value))| {
        if headers.layout.is_fixed(place) {
            return true;
        }
        let (mut name, mut bytes, mut length) = (ptr::null(), ptr::null::<c_void>(), 0);
        // SAFETY: the list is alive; tells where the header of this place, if there is one, keeps its value.
        let found = unsafe { sys::rd_kafka_header_get_all(list.0, place, &mut name, &mut bytes, &mut length) };
        let fits =
            |value: &&[u8]| found == Error::RD_KAFKA_RESP_ERR_NO_ERROR && !bytes.is_null() && length == value.len();
        let Some(value) = value.filter(fits) else {
            return false;
        };
        // SAFETY: librdkafka's own copy of a value, of this length, in memory that it allocated.
        unsafe { ptr::copy_nonoverlapping(value.as_ptr(), bytes.cast_mut().cast(), length) };
        true
    })
}

/// A new list.
fn made(headers: Headers<'_>) -> *mut sys::rd_kafka_headers_t {
    // Room for just these: librdkafka's varargs make room for eight.
    // SAFETY: takes any number.
    let list = unsafe { sys::rd_kafka_headers_new(headers.iter().len()) };
    for (name, value) in headers.iter() {
        let bytes = value.map_or(ptr::null(), |value| value.as_ptr().cast());
        let length = value.map_or(0, <[u8]>::len) as isize;
        // SAFETY: name and value are read, and copied, as far as said; the list is alive.
        unsafe { sys::rd_kafka_header_add(list, name.as_ptr(), name.count_bytes() as isize, bytes, length) };
    }
    list
}

/// Has the processor fetch a list that is about to be written over: it has gone through two other threads, and where its
/// values lie is only seen by following its pointers. Its parts were allocated one behind the other.
#[inline]
fn prefetch(list: &List) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..LINES {
        let place = list.0.cast::<i8>().wrapping_add(line * LINE);
        // SAFETY: a hint, which reads nothing and is taken for any address.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(place) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = list;
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, CString};

    use super::*;
    use crate::client::{HeaderLayout, HeaderValue};

    fn layout(length: usize) -> HeaderLayout {
        let text = |name: &str| CString::new(name).unwrap();
        HeaderLayout {
            headers: vec![
                (text("source"), HeaderValue::Fixed(Some(b"shop".to_vec()))),
                (text("trace"), HeaderValue::Generated { start: 0, length }),
                (text("empty"), HeaderValue::Fixed(None)),
                (text("trace"), HeaderValue::Generated { start: length, length }),
            ],
        }
    }

    fn filled(lists: &HeaderLists, layout: &HeaderLayout, generated: &str) -> List {
        let generated = generated.as_bytes();
        List(lists.filled(Headers { layout, generated }))
    }

    /// Names and values as librdkafka would send them.
    fn read(list: &List) -> String {
        let mut said = Vec::new();
        loop {
            let (mut name, mut bytes, mut length) = (ptr::null(), ptr::null(), 0);
            // SAFETY: the list is alive, and what is found is read as far as said.
            let (name, value) = unsafe {
                let error = sys::rd_kafka_header_get_all(list.0, said.len(), &mut name, &mut bytes, &mut length);
                if error != Error::RD_KAFKA_RESP_ERR_NO_ERROR {
                    return said.join(" ");
                }
                let value = (!bytes.is_null()).then(|| std::slice::from_raw_parts(bytes.cast::<u8>(), length));
                (CStr::from_ptr(name), value)
            };
            let value = value.map_or("-".into(), String::from_utf8_lossy);
            said.push(format!("{}={value}", name.to_str().unwrap()));
        }
    }

    #[test]
    fn a_list_that_comes_back_is_written_over() {
        let (lists, layout) = (HeaderLists::default(), layout(4));
        assert!(!lists.wanted());
        let first = filled(&lists, &layout, "aaaabbbb");
        assert!(lists.wanted());
        assert_eq!(read(&first), "source=shop trace=aaaa empty=- trace=bbbb");
        let memory = first.0;
        lists.give(&mut vec![first]);
        let second = filled(&lists, &layout, "ccccdddd");
        assert_eq!(second.0, memory);
        assert_eq!(read(&second), "source=shop trace=cccc empty=- trace=dddd");
    }

    #[test]
    fn many_lists_each_get_their_own_records_values() {
        let (lists, layout) = (HeaderLists::default(), layout(4));
        let of = |number: usize| format!("{number:04}{:04}", number + 5_000);
        let mut out: Vec<List> = (0..100).map(|number| filled(&lists, &layout, &of(number))).collect();
        // Some are still on their way when the next are filled.
        lists.give(&mut out.split_off(60));
        let again: Vec<List> = (100..160).map(|number| filled(&lists, &layout, &of(number))).collect();
        for (list, number) in out.iter().zip(0..).chain(again.iter().zip(100..)) {
            assert_eq!(
                read(list),
                format!("source=shop trace={number:04} empty=- trace={:04}", number + 5_000)
            );
        }
    }

    #[test]
    fn a_list_without_room_for_a_value_is_not_written_over() {
        let (lists, short, long) = (HeaderLists::default(), layout(2), layout(4));
        let first = filled(&lists, &short, "aabb");
        lists.give(&mut vec![first]);
        let second = filled(&lists, &long, "ccccdddd");
        assert_eq!(read(&second), "source=shop trace=cccc empty=- trace=dddd");
    }
}
