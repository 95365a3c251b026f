//! Keys that are parts of the payload: found once before the trial, for every record of the pool.

use crate::load::{LoadError, PayloadPool};
use crate::profile::json_field;
use crate::protocol::PayloadPart;

/// The key of each record of a pool.
#[derive(Debug)]
pub(super) enum PayloadKeys {
    /// The value's first bytes.
    First(usize),
    /// By the record's number: where its key lies; none where the field is null.
    Found {
        bytes: Vec<u8>,
        spans: Vec<Option<(usize, usize)>>,
    },
}

impl PayloadKeys {
    /// # Errors
    /// A record that has no such part.
    pub(super) fn new(part: &PayloadPart, pool: &PayloadPool) -> Result<Self, LoadError> {
        let name = match part {
            PayloadPart::Bytes { bytes } => return Ok(PayloadKeys::First(*bytes as usize)),
            PayloadPart::Field { name } => name,
        };
        let (mut bytes, mut spans) = (Vec::new(), Vec::with_capacity(pool.len()));
        for number in 0..pool.len() {
            let key = json_field(pool.value(number), name).map_err(|reason| {
                LoadError::Spec(format!(
                    "the key is the field {name} of each value, but value {} of the payload {reason}",
                    number + 1
                ))
            })?;
            spans.push(key.map(|key| {
                let start = bytes.len();
                bytes.extend_from_slice(key.as_bytes());
                (start, bytes.len())
            }));
        }
        Ok(PayloadKeys::Found { bytes, spans })
    }

    /// The key of record `number`, whose value is `value`.
    #[inline]
    pub(super) fn of<'a>(&'a self, number: usize, value: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            PayloadKeys::First(length) => Some(&value[..value.len().min(*length)]),
            PayloadKeys::Found { bytes, spans } => spans[number].map(|(start, end)| &bytes[start..end]),
        }
    }
}
