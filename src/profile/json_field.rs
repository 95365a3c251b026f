//! One field of a JSON object, read as a record's key.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// A field of the JSON object that a value is, as a key: none for null.
///
/// # Errors
/// Why there is no such key, to be put behind the value's name: `is no JSON object`.
pub(crate) fn json_field(value: &[u8], name: &str) -> Result<Option<String>, String> {
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
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
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
        let of = |value: &str| json_field(value.as_bytes(), "id");
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
