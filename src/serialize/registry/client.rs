//! What is asked of a registry.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::http::{Answer, Http, segment};
use super::{RegistryError, RegistrySettings, value_subject};
use crate::serialize::AvroSchema;

/// A subject's compatibility level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Compatibility {
    /// A reader with the new schema reads what was written with the last one.
    Backward,
    /// A reader with the last schema reads what is written with the new one.
    Forward,
    /// Both.
    Full,
    /// No check.
    None,
}

impl Compatibility {
    /// Every level that is tried, in documentation order.
    pub const ALL: [Compatibility; 4] = [
        Compatibility::Backward,
        Compatibility::Forward,
        Compatibility::Full,
        Compatibility::None,
    ];

    /// As registries name it.
    pub fn name(self) -> &'static str {
        match self {
            Compatibility::Backward => "BACKWARD",
            Compatibility::Forward => "FORWARD",
            Compatibility::Full => "FULL",
            Compatibility::None => "NONE",
        }
    }
}

/// What a registry says of a new schema for a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is compatible.
    Accepted,
    /// It is not compatible with the subject's versions; the registry's words.
    Refused(String),
}

/// A registry. Ids are asked for once, and remembered.
#[derive(Debug)]
pub struct Registry {
    http: Http,
    settings: RegistrySettings,
    ids: Mutex<BTreeMap<(String, String), (AvroSchema, u32)>>,
}

impl Registry {
    /// Takes the settings; connects to nothing yet.
    ///
    /// # Errors
    /// Certificates or keys that cannot be used.
    pub fn new(settings: RegistrySettings) -> Result<Registry, RegistryError> {
        Ok(Registry {
            http: Http::new(&settings)?,
            settings,
            ids: Mutex::default(),
        })
    }

    /// The schema to write a topic's values with, and its id: registered, looked up, or the subject's latest one, as the
    /// settings say. Asks once for each subject and schema.
    ///
    /// # Errors
    /// The registry's refusal, or none of its answers in time.
    pub fn value_schema(&self, topic: &str, schema: &AvroSchema) -> Result<(AvroSchema, u32), RegistryError> {
        let subject = value_subject(self.settings.strategy, topic, &schema.name);
        let key = (subject, schema.text.clone());
        if let Some(known) = self.ids.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let found = match (self.settings.use_latest, self.settings.register) {
            (true, _) => self.latest(&key.0)?,
            (false, true) => (schema.clone(), self.register(&key.0, schema)?),
            (false, false) => (schema.clone(), self.look_up(&key.0, schema)?),
        };
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.insert(key, found.clone());
        Ok(found)
    }

    /// Every subject; the shortest question that needs the credentials.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub fn subjects(&self) -> Result<Vec<String>, RegistryError> {
        let answer = self.http.ask(Method::GET, "/subjects", None)?;
        match answer.is_success() {
            true => Ok(serde_json::from_value(answer.body).unwrap_or_default()),
            false => Err(unexpected(answer, "/subjects")),
        }
    }

    /// The subject of a topic's values.
    pub fn subject(&self, topic: &str, schema: &AvroSchema) -> String {
        value_subject(self.settings.strategy, topic, &schema.name)
    }

    /// Registers a schema and gives its id.
    ///
    /// # Errors
    /// The registry's refusal.
    pub fn register(&self, subject: &str, schema: &AvroSchema) -> Result<u32, RegistryError> {
        let query = if self.settings.normalize { "?normalize=true" } else { "" };
        let path = format!("/subjects/{}/versions{query}", segment(subject));
        let answer = self
            .http
            .ask(Method::POST, &path, Some(&json!({ "schema": schema.text })))?;
        if answer.is_success() {
            return id(&answer, "id", &path);
        }
        Err(match answer.status {
            409 | 422 => RegistryError::Refused {
                code: answer.code(),
                url: answer.url,
                subject: subject.to_owned(),
                status: answer.status,
                message: answer.message,
            },
            _ => unexpected(answer, &path),
        })
    }

    /// Asks whether a schema would be compatible with the subject's latest version at its level. Registers nothing:
    /// some registries take a schema that they know from elsewhere without that check.
    ///
    /// # Errors
    /// The registry does not say.
    pub fn check(&self, subject: &str, schema: &AvroSchema) -> Result<Verdict, RegistryError> {
        let path = format!(
            "/compatibility/subjects/{}/versions/latest?verbose=true",
            segment(subject)
        );
        let answer = self
            .http
            .ask(Method::POST, &path, Some(&json!({ "schema": schema.text })))?;
        let messages = || match answer.body.get("messages") {
            Some(Value::Array(messages)) => {
                let texts: Vec<&str> = messages.iter().filter_map(Value::as_str).collect();
                texts.join("; ")
            }
            _ => String::new(),
        };
        match answer.body.get("is_compatible").and_then(Value::as_bool) {
            Some(true) => Ok(Verdict::Accepted),
            Some(false) => Ok(Verdict::Refused(messages())),
            None => Err(unexpected(answer, &path)),
        }
    }

    /// The id under which a subject has this schema. Versions are compared by their parsing canonical form, latest first:
    /// whatever differs beyond that does not change the bytes.
    fn look_up(&self, subject: &str, schema: &AvroSchema) -> Result<u32, RegistryError> {
        let path = format!("/subjects/{}/versions", segment(subject));
        let answer = self.http.ask(Method::GET, &path, None)?;
        if answer.status == 404 {
            return Err(not_found(answer, subject));
        }
        if !answer.is_success() {
            return Err(unexpected(answer, &path));
        }
        let versions: Vec<u64> = serde_json::from_value(answer.body.clone()).unwrap_or_default();
        for version in versions.iter().rev() {
            let (found, id) = self.version(subject, &version.to_string())?;
            if canonical(&found) == canonical(schema) {
                return Ok(id);
            }
        }
        Err(RegistryError::NotFound {
            url: answer.url,
            subject: subject.to_owned(),
            reason: format!("none of its {} versions is the schema", versions.len()),
        })
    }

    /// A subject's latest schema and its id.
    fn latest(&self, subject: &str) -> Result<(AvroSchema, u32), RegistryError> {
        self.version(subject, "latest")
    }

    fn version(&self, subject: &str, version: &str) -> Result<(AvroSchema, u32), RegistryError> {
        let path = format!("/subjects/{}/versions/{version}", segment(subject));
        let answer = self.http.ask(Method::GET, &path, None)?;
        match answer.status {
            404 => return Err(not_found(answer, subject)),
            _ if !answer.is_success() => return Err(unexpected(answer, &path)),
            _ => {}
        }
        let id = id(&answer, "id", &path)?;
        let text = answer.body.get("schema").and_then(Value::as_str).unwrap_or_default();
        match AvroSchema::parse(&format!("version {version} of subject {subject}"), text) {
            Ok(schema) => Ok((schema, id)),
            Err(error) => Err(RegistryError::Answer {
                url: answer.url,
                what: format!("GET {path}"),
                status: answer.status,
                message: error.to_string(),
            }),
        }
    }

    /// The schema of an id, as a reader of a record asks for it.
    ///
    /// # Errors
    /// The registry does not know it, or does not answer.
    pub fn schema_of(&self, id: u32) -> Result<AvroSchema, RegistryError> {
        let path = format!("/schemas/ids/{id}");
        let answer = self.http.ask(Method::GET, &path, None)?;
        let text = answer.body.get("schema").and_then(Value::as_str);
        match (
            answer.is_success(),
            text.map(|text| AvroSchema::parse(&format!("schema {id}"), text)),
        ) {
            (true, Some(Ok(schema))) => Ok(schema),
            _ => Err(unexpected(answer, &path)),
        }
    }

    /// Sets a subject's compatibility level.
    ///
    /// # Errors
    /// The registry's refusal.
    pub fn set_compatibility(&self, subject: &str, level: Compatibility) -> Result<(), RegistryError> {
        let path = format!("/config/{}", segment(subject));
        let body = json!({ "compatibility": level.name() });
        let answer = self.http.ask(Method::PUT, &path, Some(&body))?;
        match answer.is_success() {
            true => Ok(()),
            false => Err(unexpected(answer, &path)),
        }
    }

    /// Takes a subject's own compatibility level away. Registries that cannot are left as they are.
    ///
    /// # Errors
    /// The registry does not answer.
    pub fn forget_compatibility(&self, subject: &str) -> Result<(), RegistryError> {
        let path = format!("/config/{}", segment(subject));
        self.http.ask(Method::DELETE, &path, None).map(|_| ())
    }

    /// Deletes a subject for good: first softly, as registries ask for. One that does not exist is no error.
    ///
    /// # Errors
    /// The registry's refusal.
    pub fn delete_subject(&self, subject: &str) -> Result<(), RegistryError> {
        let path = format!("/subjects/{}", segment(subject));
        for path in [path.clone(), format!("{path}?permanent=true")] {
            let answer = self.http.ask(Method::DELETE, &path, None)?;
            if !answer.is_success() && answer.status != 404 {
                return Err(unexpected(answer, &path));
            }
        }
        Ok(())
    }
}

fn id(answer: &Answer, field: &str, path: &str) -> Result<u32, RegistryError> {
    let id = answer.body.get(field).and_then(Value::as_u64);
    id.and_then(|id| u32::try_from(id).ok())
        .ok_or_else(|| RegistryError::Answer {
            url: answer.url.clone(),
            what: path.to_owned(),
            status: answer.status,
            message: format!("no {field} in {}", answer.message),
        })
}

fn not_found(answer: Answer, subject: &str) -> RegistryError {
    RegistryError::NotFound {
        url: answer.url,
        subject: subject.to_owned(),
        reason: answer.message,
    }
}

fn unexpected(answer: Answer, path: &str) -> RegistryError {
    RegistryError::Answer {
        url: answer.url,
        what: path.to_owned(),
        status: answer.status,
        message: answer.message,
    }
}

/// Avro's parsing canonical form; the text itself where it cannot be had.
fn canonical(schema: &AvroSchema) -> String {
    apache_avro::Schema::parse_str(&schema.text).map_or_else(|_| schema.text.clone(), |schema| schema.canonical_form())
}
