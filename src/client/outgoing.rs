//! A record on its way into a client.

use std::ffi::{CStr, CString};

use crate::measure::SendTag;

/// One record on its way into a client.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The value; none is a tombstone. Copied by the client, unless it lies in [`super::ProducerSettings::payloads`] and
    /// the client can do without.
    pub value: Option<&'a [u8]>,
    /// The key. Always copied by the client.
    pub key: Option<&'a [u8]>,
    /// Its headers, where it has any.
    pub headers: Option<Headers<'a>>,
    /// The partition; none leaves the choice to the client's partitioner.
    pub partition: Option<i32>,
    /// Create time in ms since 1970; none leaves it to the client, which takes the time of the send call.
    pub timestamp_ms: Option<i64>,
    /// Place of its topic among the trial's, from 0.
    pub topic: u32,
    /// What its verdict will be timed with.
    pub tag: SendTag,
}

impl<'a> Outgoing<'a> {
    /// A record that has nothing but a value.
    pub fn of_value(value: &'a [u8], tag: SendTag) -> Self {
        Self {
            value: Some(value),
            key: None,
            headers: None,
            partition: None,
            timestamp_ms: None,
            topic: 0,
            tag,
        }
    }

    /// Key and value bytes.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.value.map_or(0, <[u8]>::len) + self.key.map_or(0, <[u8]>::len)
    }

    /// True where the client must be told more than a batched produce call can: headers or a create time.
    #[inline]
    pub fn goes_alone(&self) -> bool {
        self.headers.is_some() || self.timestamp_ms.is_some()
    }
}

/// Where a header's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// The same in every record; none is a header without value.
    Fixed(Option<Vec<u8>>),
    /// These bytes of what was generated for the record.
    Generated {
        /// First byte.
        start: usize,
        /// Length in bytes.
        length: usize,
    },
}

/// Names of the headers that every record of a trial has, and where their values come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderLayout {
    /// In the order in which records have them.
    pub headers: Vec<(CString, HeaderValue)>,
}

impl HeaderLayout {
    /// Whether the header of this place has the same value in every record.
    #[inline]
    pub fn is_fixed(&self, place: usize) -> bool {
        matches!(self.headers[place].1, HeaderValue::Fixed(_))
    }
}

/// The headers of one record.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// Names, and values that are the same in every record.
    pub layout: &'a HeaderLayout,
    /// Values that were generated for this record.
    pub generated: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Names and values.
    #[inline]
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'a CStr, Option<&'a [u8]>)> {
        self.layout.headers.iter().map(move |(name, value)| {
            let value = match value {
                HeaderValue::Fixed(bytes) => bytes.as_deref(),
                HeaderValue::Generated { start, length } => Some(&self.generated[*start..start + length]),
            };
            (name.as_c_str(), value)
        })
    }
}
