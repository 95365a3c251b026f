//! The Schema Registry around a run: proved before anything is started, and rid afterwards of what the trials
//! registered under the names of their own topics.

use std::collections::BTreeSet;

use super::{Mask, RunError, sessions};
use crate::profile::Profile;
use crate::protocol::{RecordKind, SchemaFile, SerializerKind, SubjectNameStrategy};
use crate::serialize::registry::{Registry, RegistryError, RegistrySettings};
use crate::serialize::{AvroSchema, SerializeError, Serializers};
use crate::target::TOPIC_PREFIX;

/// Asks the registry everything that trials will ask: whether it answers, takes the credentials and takes each schema;
/// and checks that each record matches its schema.
///
/// # Errors
/// What is wrong, with the place of the setting and the remedy, secrets masked.
pub(super) async fn prove(profile: &Profile, mask: &Mask) -> Result<(), RunError> {
    let asked = asked(profile);
    if asked.is_empty() {
        return Ok(());
    }
    let (properties, existing) = (profile.registry.clone(), profile.topic.existing.clone());
    let probe = existing
        .clone()
        .unwrap_or_else(|| format!("{TOPIC_PREFIX}{}-probe", sessions::name()));
    let proved = tokio::task::spawn_blocking(move || {
        let mut registry = None;
        for (record, file) in asked {
            let schema = AvroSchema::of(record, file.as_ref())?;
            Serializers::check(record, schema.clone())?;
            let settings = RegistrySettings::from_properties(&properties).map_err(RegistryError::from)?;
            let by_topic = settings.strategy != SubjectNameStrategy::RecordName;
            let registry = match &registry {
                Some(registry) => registry,
                None => registry.insert(Registry::new(settings)?),
            };
            let (found, _) = registry.value_schema(&probe, &schema)?;
            if by_topic && existing.is_none() {
                registry.delete_subject(&registry.subject(&probe, &schema))?;
            }
            Serializers::check(record, found)?;
        }
        Ok(())
    });
    let proved = proved.await.unwrap_or_else(|panic| {
        Err(SerializeError::Registry(RegistryError::Answer {
            url: String::new(),
            what: "the first question".to_owned(),
            status: 0,
            message: panic.to_string(),
        }))
    });
    proved.map_err(|error: SerializeError| RunError::Registry {
        place: place(profile, &error),
        cause: mask.text(&error.to_string()),
    })
}

/// The subjects that trials registered for these topics, which are deleted with them. What cannot be deleted is named
/// with the reason.
pub(super) async fn forget(profile: &Profile, topics: Vec<String>) -> Vec<String> {
    let asked = asked(profile);
    let settings = RegistrySettings::from_properties(&profile.registry);
    let (Ok(settings), false, false) = (settings, asked.is_empty(), topics.is_empty()) else {
        return Vec::new();
    };
    if settings.strategy == SubjectNameStrategy::RecordName {
        return Vec::new();
    }
    let forgotten = tokio::task::spawn_blocking(move || {
        let registry = Registry::new(settings).map_err(|error| vec![error.to_string()])?;
        let schemas: Vec<AvroSchema> = asked
            .iter()
            .filter_map(|(record, file)| AvroSchema::of(*record, file.as_ref()).ok())
            .collect();
        let mut subjects = BTreeSet::new();
        for topic in &topics {
            subjects.extend(schemas.iter().map(|schema| registry.subject(topic, schema)));
        }
        for subject in subjects {
            // One that does not answer for one subject would not for the next either.
            registry.delete_subject(&subject).map_err(|error| {
                vec![format!(
                    "The subject {subject} and those after it were not deleted: {error}"
                )]
            })?;
        }
        Ok(())
    });
    match forgotten.await {
        Ok(Err(left)) => left,
        _ => Vec::new(),
    }
}

/// Each record with its schema that is written as Avro, once.
fn asked(profile: &Profile) -> Vec<(RecordKind, Option<SchemaFile>)> {
    let mut asked = Vec::new();
    for configuration in &profile.configurations {
        let Some(serialization) = &configuration.workload.serialization else {
            continue;
        };
        let one = (serialization.record, serialization.schema.clone());
        if serialization.value == SerializerKind::Avro && !asked.contains(&one) {
            asked.push(one);
        }
    }
    asked
}

/// Where the setting stands that the error is about, else where the registry is named.
fn place(profile: &Profile, error: &SerializeError) -> Option<String> {
    let property = match error {
        SerializeError::Registry(error) => error.property(),
        _ => "schema",
    };
    // A store's certificate or key may be given under several names.
    let store = match property {
        "schema.registry.ssl.truststore" => "schema.registry.ssl.ca.location",
        "schema.registry.ssl.keystore" => "schema.registry.ssl.certificate.location",
        other => other,
    };
    let of_store = profile.places.iter().find(|(name, _)| name.starts_with(property));
    let of_store = of_store.map(|(_, place)| place);
    let candidates = [store, "schema.registry.url", "value.serializer"];
    let exact = profile.places.get(property).or(of_store);
    exact
        .or_else(|| candidates.iter().find_map(|name| profile.places.get(*name)))
        .cloned()
}
