//! The schema of a trial's Avro records: its id is asked for before the load, and asked about again after it.

use crate::protocol::{SerializerKind, TrialSpec};
use crate::serialize::registry::{Registry, RegistryError, RegistrySettings};
use crate::serialize::{AvroSchema, SerializeError};

/// An id that the registry gave for a trial's schema.
#[derive(Debug)]
pub(super) struct Registered {
    settings: RegistrySettings,
    id: u32,
}

/// The schema to write with, its id, and where that came from a registry, what to ask about again.
pub(super) type Schema = (AvroSchema, u32, Option<Registered>);

impl Registered {
    /// The schema of a trial whose values are written as Avro; none for others.
    ///
    /// # Errors
    /// A schema or a registry that cannot be used.
    pub fn ask(spec: &TrialSpec) -> Result<Option<Schema>, SerializeError> {
        let asked = spec.workload.serialization.as_ref();
        let Some(asked) = asked.filter(|asked| asked.value == SerializerKind::Avro) else {
            return Ok(None);
        };
        let schema = AvroSchema::of(asked.record, asked.schema.as_ref())?;
        if let Some(id) = asked.schema_id {
            return Ok(Some((schema, id, None)));
        }
        if spec.registry.is_empty() {
            return Err(SerializeError::NoRegistry);
        }
        let settings = RegistrySettings::from_properties(&spec.registry).map_err(RegistryError::from)?;
        let registry = Registry::new(settings.clone())?;
        let (schema, id) = registry.value_schema(&spec.topic, &schema)?;
        for topic in spec.workload.records.topics.iter().skip(1) {
            let (_, other) = registry.value_schema(&topic.name, &schema)?;
            if other != id {
                return Err(SerializeError::OtherId {
                    topic: topic.name.clone(),
                    id: other,
                    first: spec.topic.clone(),
                    first_id: id,
                });
            }
        }
        Ok(Some((schema, id, Some(Registered { settings, id }))))
    }

    /// Asks for the schema by its id, as readers of the records will.
    ///
    /// # Errors
    /// It is not to be had any more.
    pub fn confirm(&self) -> Result<(), SerializeError> {
        // Another connection: the first one is as old as the trial, and may have been closed for that alone.
        let found = Registry::new(self.settings.clone()).and_then(|registry| registry.schema_of(self.id));
        found
            .map(|_| ())
            .map_err(|cause| SerializeError::Gone { id: self.id, cause })
    }
}
