//! Client configuration objects.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};

use rdkafka_sys as sys;

use crate::client::{ClientError, is_secret};

/// Owns a configuration until a client takes it over.
pub(super) struct Conf(*mut sys::rd_kafka_conf_t);

impl Conf {
    /// From properties in librdkafka's names.
    pub fn new(properties: &BTreeMap<String, String>) -> Result<Self, ClientError> {
        // SAFETY: no precondition; the result is freed by `drop` or handed to a client.
        let conf = Self(unsafe { sys::rd_kafka_conf_new() });
        for (name, value) in properties {
            conf.set(name, value)?;
        }
        Ok(conf)
    }

    fn set(&self, name: &str, value: &str) -> Result<(), ClientError> {
        let nul = |_| ClientError::Nul(name.to_owned());
        let (c_name, c_value) = (CString::new(name).map_err(nul)?, CString::new(value).map_err(nul)?);
        let mut reason = [0 as c_char; 512];
        // SAFETY: all pointers are valid for the call, and the buffer's true size is given.
        let outcome = unsafe {
            sys::rd_kafka_conf_set(
                self.0,
                c_name.as_ptr(),
                c_value.as_ptr(),
                reason.as_mut_ptr(),
                reason.len(),
            )
        };
        if outcome == sys::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK {
            return Ok(());
        }
        // SAFETY: librdkafka NUL-terminates the buffer.
        let reason = unsafe { CStr::from_ptr(reason.as_ptr()) }
            .to_string_lossy()
            .into_owned();
        let reason = if is_secret(name) {
            "invalid value (not shown)".to_owned()
        } else {
            reason
        };
        Err(ClientError::Property {
            property: name.to_owned(),
            reason,
        })
    }

    pub fn as_ptr(&self) -> *mut sys::rd_kafka_conf_t {
        self.0
    }

    /// Gives the configuration away.
    pub fn release(self) -> *mut sys::rd_kafka_conf_t {
        let conf = self.0;
        std::mem::forget(self);
        conf
    }
}

impl Drop for Conf {
    fn drop(&mut self) {
        // SAFETY: still owned.
        unsafe { sys::rd_kafka_conf_destroy(self.0) }
    }
}

/// Every property of a live client, secrets masked. librdkafka tells each under one name only: those of `given` that
/// have another (`linger.ms` for `queue.buffering.max.ms`) are told under the name given too.
///
/// # Safety
/// `client` is a live client.
pub(super) unsafe fn effective(
    client: *mut sys::rd_kafka_t,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    // SAFETY: the client is alive; the configuration belongs to it and is only read.
    let conf = unsafe { sys::rd_kafka_conf(client) };
    let mut count = 0;
    // SAFETY: as above.
    let dump = unsafe { sys::rd_kafka_conf_dump(conf.cast_mut(), &mut count) };
    let mut properties = BTreeMap::new();
    for pair in 0..count / 2 {
        // SAFETY: the dump holds `count` NUL-terminated strings, names and values in turn.
        let (name, value) = unsafe {
            (
                CStr::from_ptr(*dump.add(2 * pair)),
                CStr::from_ptr(*dump.add(2 * pair + 1)),
            )
        };
        let (name, value) = (
            name.to_string_lossy().into_owned(),
            value.to_string_lossy().into_owned(),
        );
        // Pointers to callbacks say nothing to a reader.
        if !value.starts_with("0x") {
            properties.insert(name, value);
        }
    }
    // SAFETY: allocated by the dump call with this count.
    unsafe { sys::rd_kafka_conf_dump_free(dump, count) };
    for name in given.keys() {
        if !properties.contains_key(name)
            && let Ok(c_name) = CString::new(name.as_str())
            // SAFETY: as above.
            && let Some(value) = unsafe { value_of(conf, &c_name) }
        {
            properties.insert(name.clone(), value);
        }
    }
    for (name, value) in &mut properties {
        if is_secret(name) && !value.is_empty() {
            *value = "*****".to_owned();
        }
    }
    properties
}

/// One property by any of its names; none where librdkafka does not know it.
///
/// # Safety
/// `conf` is a live configuration.
unsafe fn value_of(conf: *const sys::rd_kafka_conf_t, name: &CStr) -> Option<String> {
    let mut value = [0 as c_char; 512];
    let mut size = value.len();
    // SAFETY: the caller's promise; the buffer's true size is given, and librdkafka NUL-terminates it.
    unsafe {
        let outcome = sys::rd_kafka_conf_get(conf, name.as_ptr(), value.as_mut_ptr(), &mut size);
        (outcome == sys::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK)
            .then(|| CStr::from_ptr(value.as_ptr()).to_string_lossy().into_owned())
    }
}
