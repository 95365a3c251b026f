//! Why records cannot be serialized.

use std::path::PathBuf;

use super::registry::RegistryError;

/// Why records cannot be serialized.
#[derive(Debug, thiserror::Error)]
pub enum SerializeError {
    /// A text that is no Avro schema.
    #[error("{source_name} is no Avro schema: {reason}. See https://avro.apache.org/docs/1.12.0/specification/")]
    NotAvro {
        /// The file, or what else the text came from.
        source_name: String,
        /// The parser's words.
        reason: String,
    },
    /// A schema that the logical record does not match.
    #[error(
        "the schema {schema} does not match the record {record}: {reason}. Take the schema that `schema` names out to \
         use kpbench's own, or give it the record's fields"
    )]
    Mismatch {
        /// The schema's file, or its name.
        schema: String,
        /// The record's name.
        record: &'static str,
        /// What does not match.
        reason: String,
    },
    /// A serializer that has nothing to do with logical records.
    #[error("the serializer bytes takes values as they are: it cannot serialize the record {0}")]
    Bytes(&'static str),
    /// Avro without a registry.
    #[error("avro needs a Schema Registry: set schema.registry.url")]
    NoRegistry,
    /// A registry that has a schema under different ids: a record carries one, whatever its topic.
    #[error(
        "the registry has the schema under the id {first_id} for the topic {first}, and under {id} for {topic}: records of \
         several topics carry one id. Set value.subject.name.strategy=RecordNameStrategy"
    )]
    OtherId {
        /// The topic whose id is another.
        topic: String,
        /// Its id.
        id: u32,
        /// The first topic.
        first: String,
        /// The first topic's id.
        first_id: u32,
    },
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A schema that was there before the load and is not after it.
    #[error(
        "the schema of the trial's records (id {id}) was registered before the load and is not to be had after it, so \
         nobody can read them: {cause}"
    )]
    Gone {
        /// Its id, which each record carries.
        id: u32,
        /// Why.
        cause: RegistryError,
    },
    /// A schema file that cannot be read.
    #[error("the schema {} cannot be read: {reason}", path.display())]
    SchemaFile {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
}
