//! Why a Schema Registry does not help.

use crate::profile::RegistrySettingError;

/// Why a Schema Registry does not help.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A setting that cannot be used.
    #[error(transparent)]
    Setting(#[from] RegistrySettingError),
    /// Nobody answers.
    #[error("the Schema Registry at {url} cannot be reached: {reason}. {}", remedy(url, reason).1)]
    Unreachable {
        /// Where.
        url: String,
        /// The connection's words.
        reason: String,
    },
    /// No answer in time.
    #[error(
        "the Schema Registry at {url} did not answer {what} within {limit_ms} ms. Look after it, or raise \
         http.read.timeout.ms"
    )]
    Timeout {
        /// Where.
        url: String,
        /// What was asked for.
        what: String,
        /// How long was waited.
        limit_ms: u64,
    },
    /// It wants credentials, or others.
    #[error(
        "the Schema Registry at {url} refuses {what} with HTTP {status} ({message}): it wants other credentials. Set \
         basic.auth.credentials.source=USER_INFO and basic.auth.user.info=user:password"
    )]
    Credentials {
        /// Where.
        url: String,
        /// What was asked for.
        what: String,
        /// 401 or 403.
        status: u16,
        /// Its words.
        message: String,
    },
    /// It refuses the schema.
    #[error(
        "the Schema Registry at {url} refuses the schema for subject {subject} with HTTP {status} (error \
         {code}): {message}. Change the schema so that it is compatible with the subject's versions, or lower the \
         subject's compatibility level"
    )]
    Refused {
        /// Where.
        url: String,
        /// The subject.
        subject: String,
        /// 409 or 422.
        status: u16,
        /// Confluent's error code; 0 where it gave none.
        code: u64,
        /// Its words.
        message: String,
    },
    /// The subject does not have the schema, and it is not to be registered.
    #[error(
        "the Schema Registry at {url} has no such schema under subject {subject}: {reason}. Register it, or set \
         auto.register.schemas=true"
    )]
    NotFound {
        /// Where.
        url: String,
        /// The subject.
        subject: String,
        /// What was found instead.
        reason: String,
    },
    /// Any other answer.
    #[error("the Schema Registry at {url} answered {what} with HTTP {status}: {message}. {}", answer_remedy(*status))]
    Answer {
        /// Where.
        url: String,
        /// What was asked for.
        what: String,
        /// The status.
        status: u16,
        /// Its words.
        message: String,
    },
}

impl RegistryError {
    /// A setting that cannot be used.
    pub(super) fn setting(name: &str, reason: String) -> RegistryError {
        RegistryError::Setting(RegistrySettingError {
            name: name.to_owned(),
            reason,
        })
    }

    /// The property that the error is about.
    pub fn property(&self) -> &str {
        match self {
            RegistryError::Setting(error) => &error.name,
            RegistryError::Timeout { .. } => "http.read.timeout.ms",
            RegistryError::Credentials { .. } => "basic.auth.user.info",
            RegistryError::Refused { .. } => "schema",
            RegistryError::NotFound { .. } => "auto.register.schemas",
            RegistryError::Unreachable { url, reason } => remedy(url, reason).0,
            RegistryError::Answer { .. } => "schema.registry.url",
        }
    }
}

/// The setting to look at, and the remedy, for a connection that failed with these words. TLS tells its failures as failures
/// of reading and writing: only their words say which they are.
fn remedy(url: &str, reason: &str) -> (&'static str, &'static str) {
    const TRUST: &str = "schema.registry.ssl.truststore.location";
    const URL: &str = "schema.registry.url";
    if reason.contains("not valid for name") {
        return (URL, "Write the name that its certificate is for in schema.registry.url");
    }
    if reason.contains("peer certificate") {
        let named = "Name the certificate authority that signed its certificate, as a PEM file, in \
                     schema.registry.ssl.truststore.location";
        return (TRUST, named);
    }
    if reason.contains("CertificateRequired") {
        let named = "It wants a certificate of its clients: set schema.registry.ssl.certificate.location and \
                     schema.registry.ssl.key.location";
        return ("schema.registry.ssl.certificate.location", named);
    }
    if reason.contains("InvalidContentType") {
        return (URL, "It does not speak TLS: write http:// in schema.registry.url");
    }
    // A server that wants a certificate may have closed the connection before its alert was read.
    let named = match url.starts_with("https:") {
        true => {
            "Start it, or correct schema.registry.url; where it wants a certificate of its clients, set \
             schema.registry.ssl.certificate.location and schema.registry.ssl.key.location"
        }
        false => "Start it, or correct schema.registry.url (https:// where it speaks TLS)",
    };
    (URL, named)
}

/// What to do about an answer that was not expected.
fn answer_remedy(status: u16) -> &'static str {
    match status {
        300..=399 => "Write the address that it refers to as schema.registry.url",
        500..=599 => "Look into its log, or name another in schema.registry.url",
        _ => "Is schema.registry.url the address of a Schema Registry, with its path if it has one?",
    }
}
