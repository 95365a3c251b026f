//! The registry's settings, under Confluent's property names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::protocol::SubjectNameStrategy;

/// How long to wait for a connection and for an answer, where nothing else is said. Java's client waits 60 s; a
/// benchmark that starts a process per trial rather says soon what is wrong.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A setting of the registry that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct RegistrySettingError {
    /// The property.
    pub name: String,
    /// What is wrong with it, and the remedy.
    pub reason: String,
}

/// How requests are authorized.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    None,
    /// HTTP basic authentication: `user:password`.
    Basic(String),
    /// A token.
    Bearer(String),
}

/// A certificate or key: a file, or the PEM text itself.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// A file.
    File(PathBuf),
    /// The text.
    Text(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Credentials::None => "None",
            Credentials::Basic(_) => "Basic(********)",
            Credentials::Bearer(_) => "Bearer(********)",
        })
    }
}

impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pem::File(path) => write!(f, "File({})", path.display()),
            Pem::Text(_) => f.write_str("Text(********)"),
        }
    }
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Base addresses, tried in their order, without credentials and without a slash at their end.
    pub urls: Vec<String>,
    /// How requests are authorized.
    pub credentials: Credentials,
    /// `schema.registry.ssl.truststore.*`: whom to trust; none: the system's certificates.
    pub trusted: Option<Pem>,
    /// `schema.registry.ssl.keystore.*`: the client's own certificate and key.
    pub identity: Option<(Pem, Pem)>,
    /// `value.subject.name.strategy`.
    pub strategy: SubjectNameStrategy,
    /// `auto.register.schemas`.
    pub register: bool,
    /// `use.latest.version`.
    pub use_latest: bool,
    /// `normalize.schemas`.
    pub normalize: bool,
    /// `http.connect.timeout.ms`.
    pub connect_timeout: Duration,
    /// `http.read.timeout.ms`, from the request to the whole answer.
    pub read_timeout: Duration,
}

impl RegistrySettings {
    /// Reads the settings from properties under Confluent's names. Paths are as they are.
    ///
    /// # Errors
    /// A value that cannot be used, with its name.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<RegistrySettings, RegistrySettingError> {
        let given = Given(properties);
        let (urls, in_url) = given.urls()?;
        let settings = RegistrySettings {
            urls,
            credentials: given.credentials(in_url)?,
            trusted: given.pem(
                "truststore",
                &["truststore.certificates"],
                &["truststore.location", "ca.location"],
            )?,
            identity: given.identity()?,
            strategy: strategy_of(given.get("value.subject.name.strategy").unwrap_or("TopicNameStrategy"))
                .ok_or_else(|| refuse("value.subject.name.strategy", STRATEGIES))?,
            register: given.boolean("auto.register.schemas", true)?,
            use_latest: given.boolean("use.latest.version", false)?,
            normalize: given.boolean("normalize.schemas", false)?,
            connect_timeout: given.timeout("http.connect.timeout.ms")?,
            read_timeout: given.timeout("http.read.timeout.ms")?,
        };
        let has_tls = settings.urls.iter().any(|url| url.starts_with("https:"));
        if has_tls && !cfg!(feature = "tls") {
            return Err(refuse(
                "schema.registry.url",
                "this kpbench was built without TLS: use http, or build it with the feature tls",
            ));
        }
        Ok(settings)
    }
}

const STRATEGIES: &str = "expected TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy";

/// The strategy of a name: Confluent's class with or without its package, or kpbench's own word.
pub fn strategy_of(name: &str) -> Option<SubjectNameStrategy> {
    let class = name
        .strip_prefix("io.confluent.kafka.serializers.subject.")
        .unwrap_or(name);
    match class.strip_suffix("Strategy").unwrap_or(class) {
        "TopicName" | "topic-name" => Some(SubjectNameStrategy::TopicName),
        "RecordName" | "record-name" => Some(SubjectNameStrategy::RecordName),
        "TopicRecordName" | "topic-record-name" => Some(SubjectNameStrategy::TopicRecordName),
        _ => None,
    }
}

fn refuse(name: &str, reason: impl Into<String>) -> RegistrySettingError {
    RegistrySettingError {
        name: name.to_owned(),
        reason: reason.into(),
    }
}

/// Properties, each with or without the prefix `schema.registry.`.
struct Given<'a>(&'a BTreeMap<String, String>);

impl Given<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let with_prefix = format!("schema.registry.{name}");
        let value = self.0.get(&with_prefix).or_else(|| self.0.get(name))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    fn boolean(&self, name: &str, default: bool) -> Result<bool, RegistrySettingError> {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(refuse(name, "expected true or false")),
        }
    }

    fn timeout(&self, name: &str) -> Result<Duration, RegistrySettingError> {
        match self.get(name).map(str::parse) {
            None => Ok(DEFAULT_TIMEOUT),
            Some(Ok(ms @ 1..=600_000)) => Ok(Duration::from_millis(ms)),
            Some(_) => Err(refuse(name, "expected a whole number of milliseconds from 1 to 600000")),
        }
    }

    /// Addresses, and the credentials that stand in the first that has some.
    fn urls(&self) -> Result<(Vec<String>, Option<String>), RegistrySettingError> {
        let name = "schema.registry.url";
        let remedy = "write http://host:port or https://host:port, several of them separated by commas";
        let list = self
            .get("url")
            .ok_or_else(|| refuse(name, format!("is missing: {remedy}")))?;
        let (mut urls, mut credentials) = (Vec::new(), None);
        for url in list.split(',').map(|url| url.trim().trim_end_matches('/')) {
            let (scheme, rest) = url.split_once("://").ok_or_else(|| refuse(name, remedy))?;
            if !matches!(scheme, "http" | "https") {
                return Err(refuse(name, remedy));
            }
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let (user_info, host) = match authority.rsplit_once('@') {
                Some((user_info, host)) => (Some(user_info), host),
                None => (None, authority),
            };
            let url = format!("{scheme}://{host}{path}");
            if !is_host(host) {
                return Err(refuse(name, remedy));
            }
            credentials = credentials.or(user_info.map(percent_decoded));
            urls.push(url);
        }
        Ok((urls, credentials))
    }

    fn credentials(&self, in_url: Option<String>) -> Result<Credentials, RegistrySettingError> {
        let user_info = "basic.auth.user.info";
        match self.get("basic.auth.credentials.source").unwrap_or("URL") {
            "USER_INFO" => {
                let pair = self.get(user_info).filter(|pair| pair.contains(':'));
                return pair
                    .map(|pair| Credentials::Basic(pair.to_owned()))
                    .ok_or_else(|| refuse(user_info, "expected user:password"));
            }
            "URL" => {}
            "SASL_INHERIT" => {
                return Err(refuse(
                    "basic.auth.credentials.source",
                    "SASL_INHERIT is not supported: write USER_INFO, and user:password as basic.auth.user.info",
                ));
            }
            _ => return Err(refuse("basic.auth.credentials.source", "expected URL or USER_INFO")),
        }
        match (
            self.get("bearer.auth.credentials.source"),
            self.get("bearer.auth.token"),
        ) {
            (Some("STATIC_TOKEN"), Some(token)) => return Ok(Credentials::Bearer(token.to_owned())),
            (Some("STATIC_TOKEN"), None) => {
                return Err(refuse(
                    "bearer.auth.token",
                    "STATIC_TOKEN needs a token: set bearer.auth.token",
                ));
            }
            (Some(_), _) => return Err(refuse("bearer.auth.credentials.source", "expected STATIC_TOKEN")),
            (None, _) => {}
        }
        if in_url.is_none() && self.get(user_info).is_some() {
            return Err(refuse(
                "basic.auth.credentials.source",
                "basic.auth.user.info is used with USER_INFO only: set basic.auth.credentials.source=USER_INFO",
            ));
        }
        Ok(in_url.map_or(Credentials::None, Credentials::Basic))
    }

    /// A PEM of a store: its text, or its file. Java's other store types are refused with the remedy.
    fn pem(&self, store: &str, texts: &[&str], files: &[&str]) -> Result<Option<Pem>, RegistrySettingError> {
        let text = texts.iter().find_map(|name| self.get(&format!("ssl.{name}")));
        if let Some(text) = text {
            return Ok(Some(Pem::Text(text.to_owned())));
        }
        let Some((name, file)) = files
            .iter()
            .find_map(|name| Some((*name, self.get(&format!("ssl.{name}"))?)))
        else {
            return Ok(None);
        };
        let named = format!("schema.registry.ssl.{name}");
        let is_pem = self
            .get(&format!("ssl.{store}.type"))
            .map(|kind| kind.eq_ignore_ascii_case("PEM"));
        let looks_java = [".jks", ".p12", ".pfx"].iter().any(|ending| file.ends_with(ending));
        if is_pem == Some(false) || (is_pem.is_none() && looks_java) {
            return Err(refuse(
                &named,
                "a Java key store cannot be read here: export it as PEM (keytool -exportcert -rfc, openssl pkcs12), set \
                 the store's type to PEM",
            ));
        }
        let path = Path::new(file);
        std::fs::metadata(path).map_err(|error| refuse(&named, format!("{file} cannot be read: {error}")))?;
        Ok(Some(Pem::File(path.to_owned())))
    }

    fn identity(&self) -> Result<Option<(Pem, Pem)>, RegistrySettingError> {
        let chain = self.pem(
            "keystore",
            &["keystore.certificate.chain"],
            &["certificate.location", "keystore.location"],
        )?;
        let key = self.pem("keystore", &["keystore.key"], &["key.location", "keystore.location"])?;
        match (chain, key) {
            (Some(chain), Some(key)) => Ok(Some((chain, key))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(refuse(
                "schema.registry.ssl.keystore.key",
                "a certificate needs its key: name the key's file as schema.registry.ssl.key.location",
            )),
            (None, Some(_)) => Err(refuse(
                "schema.registry.ssl.keystore.certificate.chain",
                "a key needs its certificate: name the certificate's file as schema.registry.ssl.certificate.location",
            )),
        }
    }
}

/// Whether this is a host's name or address, with or without a port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    !host.is_empty()
        && host.chars().all(is_name)
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// `%41` is `A`; what is no such thing stays.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<RegistrySettings, RegistrySettingError> {
        let map = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        RegistrySettings::from_properties(&map.collect())
    }

    #[test]
    fn confluents_names_are_read() {
        let settings = read(&[
            ("schema.registry.url", "http://a:8081/, https://b/path"),
            ("basic.auth.credentials.source", "USER_INFO"),
            ("schema.registry.basic.auth.user.info", "me:pass:word"),
            (
                "value.subject.name.strategy",
                "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy",
            ),
            ("auto.register.schemas", "false"),
            ("use.latest.version", "TRUE"),
            ("http.read.timeout.ms", "250"),
        ])
        .unwrap();
        assert_eq!(settings.urls, ["http://a:8081", "https://b/path"]);
        assert_eq!(settings.credentials, Credentials::Basic("me:pass:word".to_owned()));
        assert_eq!(settings.strategy, SubjectNameStrategy::TopicRecordName);
        assert_eq!((settings.register, settings.use_latest), (false, true));
        assert_eq!(settings.read_timeout, Duration::from_millis(250));
        assert_eq!(settings.connect_timeout, DEFAULT_TIMEOUT);
    }

    #[test]
    fn credentials_may_stand_in_the_address_and_are_never_shown() {
        let settings = read(&[("schema.registry.url", "http://me:p%40ss@a:8081")]).unwrap();
        assert_eq!(settings.credentials, Credentials::Basic("me:p@ss".to_owned()));
        assert_eq!(settings.urls, ["http://a:8081"]);
        assert!(!format!("{settings:?}").contains("p@ss"));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_remedy() {
        let url = ("schema.registry.url", "http://a");
        for (given, name, remedy) in [
            (vec![], "schema.registry.url", "http://host:port"),
            (
                vec![("schema.registry.url", "a:8081")],
                "schema.registry.url",
                "http://host:port",
            ),
            (
                vec![("schema.registry.url", "http://a b:1")],
                "schema.registry.url",
                "http://host:port",
            ),
            (
                vec![("schema.registry.url", "http://a:x")],
                "schema.registry.url",
                "http://host:port",
            ),
            (
                vec![("schema.registry.url", "ftp://a")],
                "schema.registry.url",
                "http://host:port",
            ),
            (
                vec![url, ("auto.register.schemas", "yes")],
                "auto.register.schemas",
                "true or false",
            ),
            (
                vec![url, ("http.read.timeout.ms", "0")],
                "http.read.timeout.ms",
                "milliseconds",
            ),
            (
                vec![url, ("basic.auth.user.info", "a:b")],
                "basic.auth.credentials.source",
                "USER_INFO",
            ),
            (
                vec![url, ("basic.auth.credentials.source", "USER_INFO")],
                "basic.auth.user.info",
                "user:password",
            ),
            (
                vec![url, ("basic.auth.credentials.source", "SASL_INHERIT")],
                "basic.auth.credentials.source",
                "USER_INFO",
            ),
            (
                vec![url, ("value.subject.name.strategy", "Mine")],
                "value.subject.name.strategy",
                "RecordName",
            ),
            (
                vec![url, ("schema.registry.ssl.truststore.location", "/x/trust.jks")],
                "schema.registry.ssl.truststore.location",
                "PEM",
            ),
            (
                vec![url, ("schema.registry.ssl.ca.location", "/does/not/exist.pem")],
                "schema.registry.ssl.ca.location",
                "cannot be read",
            ),
        ] {
            let error = read(&given).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{name}: ")) && error.contains(remedy),
                "{error}"
            );
        }
    }
}
