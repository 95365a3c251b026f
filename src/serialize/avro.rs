//! Avro: schemas, and Confluent's header before each datum.

use std::sync::Arc;

use super::SerializeError;
use crate::protocol::{RecordKind, SchemaFile};

/// Bytes before the datum: a zero byte and the schema's id
/// (<https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format>).
pub const HEADER_BYTES: usize = 5;

/// Confluent's header with a schema's id.
pub fn confluent_header(id: u32) -> [u8; HEADER_BYTES] {
    let [a, b, c, d] = id.to_be_bytes();
    [0, a, b, c, d]
}

/// The schema's id and the datum of a value in Confluent's wire format; none where it is in another.
pub fn read_header(value: &[u8]) -> Option<(u32, &[u8])> {
    match value.split_first_chunk::<HEADER_BYTES>()? {
        ([0, id @ ..], datum) => Some((u32::from_be_bytes(*id), datum)),
        _ => None,
    }
}

/// A schema, parsed.
#[derive(Clone, Debug)]
pub struct AvroSchema {
    /// What to call it: a file, or `kpbench's own`.
    pub source_name: String,
    /// Its text, as it is registered.
    pub text: String,
    /// Full name of the record, as in `kpbench.Order`.
    pub name: String,
    /// As the serializer needs it.
    pub(super) parsed: Arc<serde_avro_fast::Schema>,
}

impl AvroSchema {
    /// kpbench's own schema of a record.
    pub fn own(record: RecordKind) -> &'static str {
        match record {
            RecordKind::CouponIssue => include_str!("schemas/coupon-issue.avsc"),
            RecordKind::Order => include_str!("schemas/order.avsc"),
        }
    }

    /// The schema of a record: a file's, or kpbench's own.
    ///
    /// # Errors
    /// A text that is no Avro schema of a record.
    pub fn of(record: RecordKind, file: Option<&SchemaFile>) -> Result<AvroSchema, SerializeError> {
        match file {
            Some(file) => AvroSchema::parse(&file.path.display().to_string(), &file.text),
            None => AvroSchema::parse("kpbench's own", AvroSchema::own(record)),
        }
    }

    /// Reads a schema.
    ///
    /// # Errors
    /// A text that is no Avro schema of a record.
    pub fn parse(source_name: &str, text: &str) -> Result<AvroSchema, SerializeError> {
        let refuse = |reason: String| SerializeError::NotAvro {
            source_name: source_name.to_owned(),
            reason,
        };
        // Avro's parser would only say that it is none.
        let json = serde_json::from_str(text).map_err(|error| refuse(format!("its JSON cannot be read: {error}")))?;
        if let Some(name) = bad_name(&json) {
            return Err(refuse(format!(
                "{name:?} is no name: letters, digits and _, not beginning with a digit"
            )));
        }
        // Stricter than what writes with it: it sees names, defaults and logical types that cannot be.
        let checked = apache_avro::Schema::parse_str(text).map_err(|error| refuse(error.to_string()))?;
        let apache_avro::Schema::Record(record) = &checked else {
            return Err(refuse("it describes no record".to_owned()));
        };
        let parsed: serde_avro_fast::Schema = text.parse().map_err(|error| refuse(format!("{error}")))?;
        Ok(AvroSchema {
            source_name: source_name.to_owned(),
            text: text.to_owned(),
            name: record.name.fullname(None),
            parsed: Arc::new(parsed),
        })
    }
}

impl AvroSchema {
    /// Why a record, given as JSON, does not match: the first field at fault, which the writer's own words leave out. None
    /// where every field that stands at the top does.
    pub(super) fn fault(&self, record: &serde_json::Value) -> Option<String> {
        let schema: serde_json::Value = serde_json::from_str(&self.text).ok()?;
        let fields = schema.get("fields")?.as_array()?;
        let name_of = |field: &serde_json::Value| field.get("name").and_then(|name| name.as_str()).map(str::to_owned);
        let names: Vec<String> = fields.iter().filter_map(name_of).collect();
        let members = record.as_object()?;
        if let Some(missing) = members.keys().find(|name| !names.contains(*name)) {
            return Some(format!("it has no field {missing}"));
        }
        fields.iter().zip(&names).find_map(|(field, name)| {
            let Some(value) = members.get(name) else {
                return Some(format!("the record has no field {name}"));
            };
            let alone = serde_json::json!({ "type": "record", "name": "Alone", "fields": [field] });
            // A type that is named elsewhere cannot stand alone: nothing can be said of it.
            let alone: serde_avro_fast::Schema = alone.to_string().parse().ok()?;
            let mut config = serde_avro_fast::ser::SerializerConfig::new(&alone);
            let error = serde_avro_fast::to_datum_vec(&serde_json::json!({ name: value }), &mut config).err()?;
            Some(format!("its field {name} cannot hold {value}: {error}"))
        })
    }
}

/// The first name in a schema that is none; the libraries would not say it well.
fn bad_name(schema: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    let is_part = |part: &str| {
        let begins = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        begins && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match schema {
        Value::Array(parts) => parts.iter().find_map(bad_name),
        Value::Object(members) => {
            let own = members.get("name").and_then(Value::as_str);
            let own = own.filter(|name| !name.split('.').all(is_part)).map(str::to_owned);
            let within = ["type", "fields", "items", "values"];
            own.or_else(|| within.iter().filter_map(|key| members.get(*key)).find_map(bad_name))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_confluents() {
        assert_eq!(confluent_header(0x0102_0304), [0, 1, 2, 3, 4]);
        assert_eq!(read_header(&[0, 0, 0, 1, 0, 9]), Some((256, &[9][..])));
        assert_eq!(read_header(&[1, 0, 0, 0, 1]), None);
        assert_eq!(read_header(&[0, 0, 0]), None);
    }

    #[test]
    fn own_schemas_have_their_names() {
        let name = |record| AvroSchema::of(record, None).unwrap().name;
        assert_eq!(name(RecordKind::CouponIssue), "kpbench.CouponIssueMessage");
        assert_eq!(name(RecordKind::Order), "kpbench.Order");
    }

    #[test]
    fn what_is_no_record_schema_is_refused() {
        for text in ["", "{}", "\"string\"", r#"{"type":"record","name":"a b","fields":[]}"#] {
            let error = AvroSchema::parse("x.avsc", text).unwrap_err().to_string();
            assert!(error.starts_with("x.avsc is no Avro schema"), "{error}");
        }
    }
}
