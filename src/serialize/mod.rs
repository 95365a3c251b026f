//! Logical records, the serializers that make bytes of them, and the Schema Registry that Avro needs. Knows the words
//! of the protocol and the profile; knows nothing of clients, topics' partitions, pacing or reports.
//!
//! [`Serializers`] is prepared once per trial: records are made from the trial's seed, the schema is registered or
//! looked up, and every record is serialized once, so that nothing can fail later. Each sending thread then has a
//! [`ValueSerializer`] of its own, which allocates nothing once its buffers have grown.

mod avro;
pub mod custom;
mod error;
pub mod evolution;
pub mod record;
pub mod registry;
mod value;

pub use avro::{AvroSchema, HEADER_BYTES, confluent_header, read_header};
pub use error::SerializeError;
pub use record::{Address, CouponIssueMessage, LogicalRecords, Order, OrderLine};
pub use value::{Serializers, ValueSerializer};
