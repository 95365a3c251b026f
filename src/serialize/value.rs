//! Values out of logical records, on the sending path.

use serde::Serialize;
use serde_avro_fast::ser::{SerializerConfig, SerializerState};

use super::avro::confluent_header;
use super::record::{CouponIssueMessage, Order};
use super::{AvroSchema, HEADER_BYTES, LogicalRecords, SerializeError, custom};
use crate::protocol::{RecordKind, SerializerKind};

/// What all sending threads of a trial share.
#[derive(Debug)]
pub struct Serializers {
    records: LogicalRecords,
    form: Form,
    largest_bytes: usize,
    total_bytes: u64,
}

/// What a format needs besides the records.
#[derive(Debug)]
enum Form {
    String,
    Json,
    Avro { schema: AvroSchema, id: u32 },
    Custom,
}

impl Serializers {
    /// Takes records and a format, and serializes every record once: whatever cannot be serialized is found here.
    /// `schema` is what Avro writes with, and its id in the registry.
    ///
    /// # Errors
    /// A schema that the records do not match; Avro without a schema; `bytes`, which serializes nothing.
    pub fn new(
        records: LogicalRecords,
        kind: SerializerKind,
        schema: Option<(AvroSchema, u32)>,
    ) -> Result<Serializers, SerializeError> {
        let form = match (kind, schema) {
            (SerializerKind::Bytes, _) => return Err(SerializeError::Bytes(records.kind().name())),
            (SerializerKind::String, _) => Form::String,
            (SerializerKind::Json, _) => Form::Json,
            (SerializerKind::Custom, _) => Form::Custom,
            (SerializerKind::Avro, Some((schema, id))) => Form::Avro { schema, id },
            (SerializerKind::Avro, None) => return Err(SerializeError::NoRegistry),
        };
        let mut prepared = Serializers {
            records,
            form,
            largest_bytes: 0,
            total_bytes: 0,
        };
        let (mut largest, mut total) = (0, 0);
        prepared.each(|value| {
            largest = largest.max(value.len());
            total += value.len() as u64;
        })?;
        (prepared.largest_bytes, prepared.total_bytes) = (largest, total);
        Ok(prepared)
    }

    /// Checks that a record can be written with a schema, by writing some of it.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(record: RecordKind, schema: AvroSchema) -> Result<(), SerializeError> {
        Serializers::new(
            LogicalRecords::take(record, 64, 1),
            SerializerKind::Avro,
            Some((schema, 0)),
        )
        .map(|_| ())
    }

    /// Hands over every record's value, in their order.
    ///
    /// # Errors
    /// A record that cannot be serialized.
    pub fn each(&self, mut take: impl FnMut(&[u8])) -> Result<(), SerializeError> {
        let mut serializer = self.serializer();
        let mut value = Vec::with_capacity(1024);
        for n in 0..self.records.len() as u64 {
            value.clear();
            serializer.serialize(n, &mut value).map_err(|reason| match &self.form {
                Form::Avro { schema, .. } => SerializeError::Mismatch {
                    schema: schema.source_name.clone(),
                    record: self.records.kind().name(),
                    reason: self
                        .json(n)
                        .and_then(|record| schema.fault(&record))
                        .unwrap_or(reason.to_string()),
                },
                _ => SerializeError::Mismatch {
                    schema: String::new(),
                    record: self.records.kind().name(),
                    reason: reason.to_string(),
                },
            })?;
            take(&value);
        }
        Ok(())
    }

    /// Record `n` as JSON has it.
    fn json(&self, n: u64) -> Option<serde_json::Value> {
        let n = n as usize;
        match &self.records {
            LogicalRecords::CouponIssue(records) => serde_json::to_value(records.get(n)?).ok(),
            LogicalRecords::Order(records) => serde_json::to_value(records.get(n)?).ok(),
        }
    }

    /// A serializer for one sending thread.
    pub fn serializer(&self) -> ValueSerializer<'_> {
        ValueSerializer {
            records: &self.records,
            writer: match &self.form {
                Form::String => Writer::String(Vec::new()),
                Form::Json => Writer::Json,
                Form::Avro { schema, id } => Writer::Avro(confluent_header(*id), SerializerConfig::new(&schema.parsed)),
                Form::Custom => Writer::Custom,
            },
        }
    }

    /// How many different records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of the largest value.
    pub fn largest_bytes(&self) -> usize {
        self.largest_bytes
    }

    /// Bytes of all values.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// The schema's id in the registry, for Avro.
    pub fn schema_id(&self) -> Option<u32> {
        match self.form {
            Form::Avro { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// Serializes one thread's records. Allocates nothing once its buffers, and the caller's, have grown.
#[derive(Debug)]
pub struct ValueSerializer<'a> {
    records: &'a LogicalRecords,
    writer: Writer<'a>,
}

enum Writer<'a> {
    /// The JSON text, as the application makes it before its serializer encodes it.
    String(Vec<u8>),
    Json,
    Avro([u8; HEADER_BYTES], SerializerConfig<'a>),
    Custom,
}

impl std::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Writer::String(_) => "String",
            Writer::Json => "Json",
            Writer::Avro(..) => "Avro",
            Writer::Custom => "Custom",
        })
    }
}

/// Why one record could not be serialized.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// As JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// With its Avro schema.
    #[error("{0}")]
    Avro(#[from] serde_avro_fast::ser::SerError),
    /// As a string.
    #[error(transparent)]
    Text(#[from] std::str::Utf8Error),
}

impl ValueSerializer<'_> {
    /// Appends the value of record `n`; after the last comes the first.
    ///
    /// # Errors
    /// Never for records that [`Serializers::new`] has seen, which are all.
    #[inline]
    pub fn serialize(&mut self, n: u64, out: &mut Vec<u8>) -> Result<(), ValueError> {
        match self.records {
            LogicalRecords::CouponIssue(records) => {
                let record: &CouponIssueMessage = &records[(n % records.len() as u64) as usize];
                self.coupon_issue(record, out)
            }
            LogicalRecords::Order(records) => {
                let record: &Order = &records[(n % records.len() as u64) as usize];
                match &mut self.writer {
                    Writer::Custom => {
                        custom::write_order(record, out);
                        Ok(())
                    }
                    writer => writer.write(record, out),
                }
            }
        }
    }

    /// Appends the value of a coupon message that need not be among the records: who waits for which coupon is known only
    /// when it is sent.
    ///
    /// # Errors
    /// Never where the prepared records are coupon messages: then another one has been serialized already.
    #[inline]
    pub fn coupon_issue(&mut self, message: &CouponIssueMessage, out: &mut Vec<u8>) -> Result<(), ValueError> {
        match &mut self.writer {
            Writer::Custom => {
                custom::write_coupon_issue(message, out);
                Ok(())
            }
            writer => writer.write(message, out),
        }
    }
}

impl Writer<'_> {
    #[inline]
    fn write<T: Serialize>(&mut self, record: &T, out: &mut Vec<u8>) -> Result<(), ValueError> {
        match self {
            Writer::Json => serde_json::to_writer(out, record)?,
            Writer::String(text) => {
                text.clear();
                serde_json::to_writer(&mut *text, record)?;
                out.extend_from_slice(std::str::from_utf8(text)?.as_bytes());
            }
            Writer::Avro(header, config) => {
                out.extend_from_slice(header);
                let mut state = SerializerState::from_writer(out, config);
                record.serialize(state.serializer())?;
            }
            // The layouts are written by their own functions.
            Writer::Custom => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serialize::read_header;

    fn prepared(record: RecordKind, kind: SerializerKind) -> Serializers {
        let schema = (kind == SerializerKind::Avro).then(|| (AvroSchema::of(record, None).unwrap(), 7));
        Serializers::new(LogicalRecords::take(record, 100, 11), kind, schema).unwrap()
    }

    fn values(record: RecordKind, kind: SerializerKind) -> Vec<Vec<u8>> {
        let mut values = Vec::new();
        prepared(record, kind)
            .each(|value| values.push(value.to_vec()))
            .unwrap();
        values
    }

    #[test]
    fn json_and_string_have_the_same_text_and_read_back() {
        let LogicalRecords::Order(orders) = LogicalRecords::take(RecordKind::Order, 100, 11) else {
            panic!("orders were asked for")
        };
        let json = values(RecordKind::Order, SerializerKind::Json);
        assert_eq!(json, values(RecordKind::Order, SerializerKind::String));
        let read: Vec<Order> = json.iter().map(|text| serde_json::from_slice(text).unwrap()).collect();
        assert_eq!(read, orders);
        let coupon = &values(RecordKind::CouponIssue, SerializerKind::Json)[0];
        let text = std::str::from_utf8(coupon).unwrap();
        assert!(
            text.starts_with("{\"userId\":\"") && text.contains("\",\"couponId\":\""),
            "{text}"
        );
    }

    #[test]
    fn the_fields_that_keys_can_be_made_of_are_those_without_parts() {
        for record in RecordKind::ALL {
            let fields = record.key_fields();
            for value in values(*record, SerializerKind::Json) {
                let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&value).unwrap();
                let whole = |value: &serde_json::Value| !value.is_array() && !value.is_object();
                let found: std::collections::BTreeSet<&str> = object
                    .iter()
                    .filter(|(_, value)| whole(value))
                    .map(|(name, _)| name.as_str())
                    .collect();
                assert_eq!(found, fields.iter().copied().collect(), "{record}");
            }
        }
    }

    #[test]
    fn avro_is_what_another_library_reads_behind_the_header() {
        for record in RecordKind::ALL {
            let schema = apache_avro::Schema::parse_str(AvroSchema::own(*record)).unwrap();
            let json = values(*record, SerializerKind::Json);
            for (value, json) in values(*record, SerializerKind::Avro).iter().zip(json) {
                let (id, mut datum) = read_header(value).unwrap();
                assert_eq!(id, 7);
                let read = apache_avro::from_avro_datum(&schema, &mut datum, None).unwrap();
                assert!(datum.is_empty());
                let expected: serde_json::Value = serde_json::from_slice(&json).unwrap();
                match record {
                    RecordKind::Order => {
                        let order: Order = apache_avro::from_value(&read).unwrap();
                        assert_eq!(serde_json::to_value(&order).unwrap(), expected);
                    }
                    RecordKind::CouponIssue => {
                        let message: CouponIssueMessage = apache_avro::from_value(&read).unwrap();
                        assert_eq!(serde_json::to_value(&message).unwrap(), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn the_walk_goes_round_and_sizes_are_known() {
        let prepared = prepared(RecordKind::Order, SerializerKind::Custom);
        let mut serializer = prepared.serializer();
        let mut value = |n| {
            let mut out = Vec::new();
            serializer.serialize(n, &mut out).unwrap();
            out
        };
        assert_eq!(value(0), value(100));
        assert_ne!(value(0), value(1));
        let sizes: Vec<usize> = (0..100).map(|n| value(n).len()).collect();
        assert_eq!(sizes.iter().max(), Some(&prepared.largest_bytes()));
        assert_eq!(sizes.iter().sum::<usize>() as u64, prepared.total_bytes());
    }

    #[test]
    fn a_schema_that_does_not_match_is_refused_with_the_field() {
        let field = |from: &str, to: &str| {
            let text = AvroSchema::own(RecordKind::Order).replace(from, to);
            Serializers::check(RecordKind::Order, AvroSchema::parse("o.avsc", &text).unwrap())
        };
        for (from, to, named) in [
            (
                "\"currency\", \"type\": \"string\"",
                "\"currencyCode\", \"type\": \"string\"",
                "currency",
            ),
            (
                "\"total\", \"type\": \"double\"",
                "\"total\", \"type\": \"string\"",
                "field total cannot hold",
            ),
            (
                "{ \"name\": \"priority\", \"type\": \"int\" }",
                "{ \"name\": \"priority\", \"type\": \"int\" }, { \"name\": \"more\", \"type\": \"int\" }",
                "more",
            ),
        ] {
            let error = field(from, to).unwrap_err().to_string();
            assert!(error.contains("o.avsc does not match the record order"), "{error}");
            assert!(error.to_lowercase().contains(named), "{named}: {error}");
        }
        assert!(field("nothing", "").is_ok());
        for record in RecordKind::ALL {
            let prepared = prepared(*record, SerializerKind::Avro);
            let own = AvroSchema::of(*record, None).unwrap();
            for n in 0..prepared.len() as u64 {
                assert_eq!(own.fault(&prepared.json(n).unwrap()), None);
            }
        }
    }

    #[test]
    fn bytes_serialize_nothing_and_avro_needs_a_schema() {
        let make = |kind| Serializers::new(LogicalRecords::take(RecordKind::Order, 1, 1), kind, None);
        assert!(matches!(
            make(SerializerKind::Bytes),
            Err(SerializeError::Bytes("order"))
        ));
        assert!(matches!(make(SerializerKind::Avro), Err(SerializeError::NoRegistry)));
    }
}
