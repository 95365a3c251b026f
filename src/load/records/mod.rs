//! What records consist of: a stock prepared once per trial, a source for each sending thread, and the bursts that sources
//! fill. Knows nothing of when records are due or how they are sent.

mod burst;
mod values;

use std::collections::BTreeMap;

pub use burst::Burst;
pub(super) use burst::emptied;
use values::{ValueSource, Values};

use super::LoadError;
use crate::client::SharedBytes;
use crate::measure::SendTag;
use crate::protocol::{SerializationCost, TrialSpec};

/// What all sending threads of a trial make their records from.
#[derive(Debug)]
pub struct RecordStock {
    values: Values,
}

impl RecordStock {
    /// Prepares whatever can be made before the trial.
    ///
    /// # Errors
    /// A payload file that cannot be read or holds no record; a schema or a Schema Registry that cannot be used.
    pub fn new(spec: &TrialSpec) -> Result<Self, LoadError> {
        let batch_bytes = spec
            .properties
            .get("batch.size")
            .and_then(|size| size.parse().ok())
            .unwrap_or(1_000_000);
        Ok(Self {
            values: Values::new(spec, batch_bytes)?,
        })
    }

    /// The memory that values lie in where they are not made record by record.
    pub fn memory(&self) -> SharedBytes {
        self.values.memory()
    }

    /// Bytes of the largest record.
    pub fn largest_bytes(&self) -> usize {
        self.values.largest_bytes()
    }

    /// What a reader of the figures must know of these records, in sentences. `properties` are the client's, in
    /// librdkafka's names.
    pub fn notes(&self, properties: &BTreeMap<String, String>) -> Vec<String> {
        match &self.values {
            Values::Pool(pool) => pool.notes(properties),
            Values::Serialized(_) => Vec::new(),
        }
    }

    /// What serialization cost, once every source is dropped; none where records are not serialized while sending.
    pub fn serialization_cost(&self) -> Option<SerializationCost> {
        self.values.cost()
    }

    /// The source of sending thread `sender` of `of` in the trial: each has records of its own.
    pub fn source(&self, sender: usize, of: usize) -> RecordSource<'_> {
        RecordSource {
            values: self.values.source(sender, of),
        }
    }
}

/// One sending thread's records, one after the other.
#[derive(Debug)]
pub struct RecordSource<'a> {
    values: ValueSource<'a>,
}

impl<'a> RecordSource<'a> {
    /// Makes the next records at the end of `burst`, one for each tag.
    #[inline]
    pub fn fill(&mut self, burst: &mut Burst<'a>, tags: &[SendTag]) {
        self.values.fill(burst, tags);
    }
}
