//! What records consist of: a stock prepared once per trial, a source for each sending thread, and the bursts that sources
//! fill. Knows nothing of when records are due or how they are sent.

mod burst;

use std::collections::BTreeMap;

pub use burst::Burst;
pub(super) use burst::emptied;
use burst::{Made, Place};

use super::{LoadError, PayloadCursor, PayloadPool};
use crate::client::SharedBytes;
use crate::measure::SendTag;
use crate::protocol::TrialSpec;

/// What all sending threads of a trial make their records from.
#[derive(Debug)]
pub struct RecordStock {
    payloads: PayloadPool,
}

impl RecordStock {
    /// Prepares whatever can be made before the trial.
    ///
    /// # Errors
    /// A payload file that cannot be read or holds no record.
    pub fn new(spec: &TrialSpec) -> Result<Self, LoadError> {
        let batch_bytes = spec
            .properties
            .get("batch.size")
            .and_then(|size| size.parse().ok())
            .unwrap_or(1_000_000);
        Ok(Self {
            payloads: PayloadPool::new(&spec.workload.payload, batch_bytes, spec.seed)?,
        })
    }

    /// The memory that values lie in where they are not made record by record.
    pub fn memory(&self) -> SharedBytes {
        SharedBytes(self.payloads.memory())
    }

    /// Bytes of the largest record.
    pub fn largest_bytes(&self) -> usize {
        self.payloads.largest_bytes()
    }

    /// What a reader of the figures must know of these records, in sentences. `properties` are the client's, in
    /// librdkafka's names.
    pub fn notes(&self, properties: &BTreeMap<String, String>) -> Vec<String> {
        self.payloads.notes(properties)
    }

    /// The source of sending thread `sender` of `of` in the trial: each has records of its own.
    pub fn source(&self, sender: usize, of: usize) -> RecordSource<'_> {
        RecordSource {
            values: self.payloads.cursor(sender, of),
        }
    }
}

/// One sending thread's records, one after the other.
#[derive(Debug)]
pub struct RecordSource<'a> {
    values: PayloadCursor<'a>,
}

impl<'a> RecordSource<'a> {
    /// Makes the next records at the end of `burst`, one for each tag.
    #[inline]
    pub fn fill(&mut self, burst: &mut Burst<'a>, tags: &[SendTag]) {
        burst.made.extend(tags.iter().map(|_| Made {
            value: Place::Lasting(self.values.next_value()),
            ..Made::default()
        }));
    }
}
