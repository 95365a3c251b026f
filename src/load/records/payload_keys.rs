//! Keys that are parts of the payload: found once before the trial, for every record of the pool.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::load::{LoadError, PayloadPool};
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
            let key = field(pool.value(number), name).map_err(|reason| {
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

/// A field of a JSON object as a key: none for null.
fn field(value: &[u8], name: &str) -> Result<Option<String>, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(value);
    let found = deserializer
        .deserialize_map(OneField(name))
        .and_then(|found| deserializer.end().map(|()| found))
        .map_err(|error| format!("is no JSON object: {error}"))?;
    match found {
        None => Err("has none of that name".to_owned()),
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(number @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(number.to_string())),
        Some(Value::Array(_)) => Err("has an array there".to_owned()),
        Some(Value::Object(_)) => Err("has an object there".to_owned()),
    }
}

/// Reads one field of an object and skips the others.
struct OneField<'a>(&'a str);

impl<'de> Visitor<'de> for OneField<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Value>, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if name == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_key_by_its_text() {
        let of = |value: &str| field(value.as_bytes(), "id");
        assert_eq!(of(r#"{"a":[1],"id":"x\"y","b":{"id":3}}"#), Ok(Some("x\"y".to_owned())));
        assert_eq!(of(r#"{"id":17}"#), Ok(Some("17".to_owned())));
        assert_eq!(of(r#"{"id":false}"#), Ok(Some("false".to_owned())));
        assert_eq!(of(r#"{"id":null}"#), Ok(None));
        assert!(of(r#"{"ID":1}"#).unwrap_err().contains("none of that name"));
        assert!(of(r#"{"id":[1]}"#).unwrap_err().contains("array"));
        assert!(of(r#"{"id":1"#).unwrap_err().contains("no JSON object"));
        assert!(of("plain text").unwrap_err().contains("no JSON object"));
    }
}
