//! The words of serialization: logical records, and how they become bytes.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workload::named;

/// How a key or a value becomes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SerializerKind {
    /// Nothing to do: the application has bytes (Java's `ByteArraySerializer`).
    Bytes,
    /// Text encoded as UTF-8 (Java's `StringSerializer`). A logical record is its JSON text, made as a string first.
    String,
    /// JSON (Spring's `JsonSerializer`).
    Json,
    /// Confluent's wire format: a zero byte, the schema's id as 4 bytes, big-endian, then Avro's binary encoding
    /// (`KafkaAvroSerializer`). Needs a Schema Registry.
    Avro,
    /// A layout written by hand: fields in their order, big-endian, texts with their length before them.
    Custom,
}
named!(SerializerKind, "serializer", {
    SerializerKind::Bytes => "bytes", SerializerKind::String => "string", SerializerKind::Json => "json",
    SerializerKind::Avro => "avro", SerializerKind::Custom => "custom",
});

/// A logical record: typed fields, from which a serializer makes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// `CouponIssueMessage { userId, couponId }`: two UUIDs.
    CouponIssue,
    /// An order: numbers, texts, an optional field, an array of order lines and a nested address.
    Order,
}
named!(RecordKind, "logical record", { RecordKind::CouponIssue => "coupon-issue", RecordKind::Order => "order" });

impl RecordKind {
    /// Fields of its JSON object that a key can be made of: a text or a number in every record, or null.
    pub fn key_fields(self) -> &'static [&'static str] {
        match self {
            RecordKind::CouponIssue => &["userId", "couponId"],
            RecordKind::Order => &[
                "orderId",
                "createdAt",
                "customerId",
                "status",
                "currency",
                "total",
                "priority",
                "couponId",
            ],
        }
    }
}

/// Under which subject a schema is registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectNameStrategy {
    /// `<topic>-value` or `<topic>-key`.
    #[default]
    TopicName,
    /// The full name of the record.
    RecordName,
    /// `<topic>-<full name of the record>`.
    TopicRecordName,
}
named!(SubjectNameStrategy, "subject name strategy", {
    SubjectNameStrategy::TopicName => "topic-name", SubjectNameStrategy::RecordName => "record-name",
    SubjectNameStrategy::TopicRecordName => "topic-record-name",
});

/// An Avro schema of the user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaFile {
    /// The file it was read from.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// How the values of a workload become bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Serialization {
    /// The logical record; its values replace those of the payload.
    pub record: RecordKind,
    /// The serializer of values.
    pub value: SerializerKind,
    /// The Avro schema; none: the one that kpbench has for this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaFile>,
    /// The schema's id where it is known already; none: each trial process asks the registry at its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_id: Option<u32>,
    /// True: each record is serialized on the sending path, as in an application. False: all were before the trial.
    pub on_sending_path: bool,
}

impl Serialization {
    /// Of the coupon service's message, with kpbench's own schema where there is one.
    pub fn of_coupons(value: SerializerKind) -> Self {
        Self {
            record: RecordKind::CouponIssue,
            value,
            schema: None,
            schema_id: None,
            on_sending_path: true,
        }
    }
}

/// What serialization cost in the window. Present where records were serialized on the sending path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SerializationCost {
    /// Records serialized in the window.
    pub records: u64,
    /// Time that this took, in ns, summed over the sending threads. Wall-clock time: where a thread was taken off its
    /// core meanwhile, that counts too.
    pub time_ns: u64,
    /// Processor time of the sending threads for some of these records, in ns: every sixteenth burst is looked at.
    #[serde(default)]
    pub cpu_time_ns: u64,
    /// Records that `cpu_time_ns` is of.
    #[serde(default)]
    pub cpu_records: u64,
    /// Bytes that they came to, Confluent's header of 5 bytes included.
    pub bytes: u64,
    /// The schema's id in the registry, for Avro.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_id: Option<u32>,
}

impl SerializationCost {
    /// Mean time per record in ns; none without a record.
    pub fn ns_per_record(&self) -> Option<f64> {
        (self.records > 0).then(|| self.time_ns as f64 / self.records as f64)
    }

    /// Processor time of all these records in ns, from that of those that were looked at; none where none was.
    pub fn cpu_ns(&self) -> Option<f64> {
        (self.cpu_records > 0).then(|| self.cpu_time_ns as f64 / self.cpu_records as f64 * self.records as f64)
    }

    /// Mean size of a serialized record in bytes; none without a record.
    pub fn bytes_per_record(&self) -> Option<f64> {
        (self.records > 0).then(|| self.bytes as f64 / self.records as f64)
    }
}
