//! One request and its answer.

use std::io::ErrorKind;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::http::{Method, Request};
use ureq::tls::TlsConfig;

use super::{Credentials, RegistryError, RegistrySettings};

/// Largest answer that is read.
const MAX_ANSWER_BYTES: u64 = 8 << 20;
/// What registries speak.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// Sends requests to the first of several addresses that can be reached.
#[derive(Debug)]
pub(super) struct Http {
    agent: ureq::Agent,
    urls: Vec<String>,
    authorization: Option<String>,
    connect_timeout: Duration,
    read_timeout: Duration,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    /// Who gave it.
    pub url: String,
    pub status: u16,
    /// Null where it was no JSON.
    pub body: Value,
    /// Its message, or its text.
    pub message: String,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Confluent's error code; 0 where there is none.
    pub fn code(&self) -> u64 {
        self.body.get("error_code").and_then(Value::as_u64).unwrap_or(0)
    }
}

impl Http {
    pub fn new(settings: &RegistrySettings) -> Result<Http, RegistryError> {
        let builder = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // As Confluent's clients, which know proxies from properties only.
            .proxy(None)
            // Where it refers elsewhere, a POST would become a GET there, and credentials stay behind: told instead.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("kpbench/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(settings.connect_timeout))
            .timeout_global(Some(settings.connect_timeout.saturating_add(settings.read_timeout)))
            .timeout_recv_response(Some(settings.read_timeout))
            .timeout_recv_body(Some(settings.read_timeout))
            .tls_config(tls(settings)?);
        Ok(Http {
            agent: builder.build().new_agent(),
            urls: settings.urls.clone(),
            authorization: match &settings.credentials {
                Credentials::None => None,
                Credentials::Basic(pair) => Some(format!("Basic {}", STANDARD.encode(pair))),
                Credentials::Bearer(token) => Some(format!("Bearer {token}")),
            },
            connect_timeout: settings.connect_timeout,
            read_timeout: settings.read_timeout,
        })
    }

    /// Asks; the next address where one cannot be reached or is too slow. `path` is percent-encoded.
    ///
    /// # Errors
    /// Nobody answers, or the answer is that the credentials are wrong.
    pub fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, RegistryError> {
        let mut last = None;
        for url in &self.urls {
            match self.ask_one(url, &method, path, body) {
                Err(error @ (RegistryError::Unreachable { .. } | RegistryError::Timeout { .. })) => last = Some(error),
                other => return other,
            }
        }
        Err(last.unwrap_or_else(|| RegistryError::setting("schema.registry.url", "is empty".to_owned())))
    }

    fn ask_one(&self, url: &str, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer, RegistryError> {
        let what = format!("{method} {path}");
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("{url}{path}"))
            .header("Accept", format!("{MEDIA_TYPE}, application/json"));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let sent = match body {
            None => request.body(()).map(|request| self.agent.run(request)),
            Some(body) => request
                .header("Content-Type", MEDIA_TYPE)
                .body(body.to_string())
                .map(|request| self.agent.run(request)),
        };
        let mut response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.failed(url, &what, &error)),
            Err(error) => return Err(self.failed(url, &what, &ureq::Error::Http(error))),
        };
        let status = response.status().as_u16();
        let refers_to = response.headers().get("Location").and_then(|place| place.to_str().ok());
        let refers_to = refers_to.filter(|_| (300..400).contains(&status)).map(str::to_owned);
        let text = response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_string()
            .map_err(|error| self.failed(url, &what, &error))?;
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let message = match (refers_to, body.get("message").and_then(Value::as_str)) {
            (Some(place), _) => format!("it refers to {place}"),
            (None, Some(message)) => message.to_owned(),
            (None, None) => text.trim().chars().take(300).collect(),
        };
        match status {
            401 | 403 => Err(RegistryError::Credentials {
                url: url.to_owned(),
                what,
                status,
                message,
            }),
            _ => Ok(Answer {
                url: url.to_owned(),
                status,
                body,
                message,
            }),
        }
    }

    fn failed(&self, url: &str, what: &str, error: &ureq::Error) -> RegistryError {
        let limit = match error {
            ureq::Error::Timeout(ureq::Timeout::Connect) => Some(self.connect_timeout),
            ureq::Error::Timeout(_) => Some(self.read_timeout),
            ureq::Error::Io(error) if error.kind() == ErrorKind::TimedOut => Some(self.read_timeout),
            _ => None,
        };
        match limit {
            Some(limit) => RegistryError::Timeout {
                url: url.to_owned(),
                what: what.to_owned(),
                limit_ms: limit.as_millis() as u64,
            },
            None => RegistryError::Unreachable {
                url: url.to_owned(),
                reason: error.to_string(),
            },
        }
    }
}

/// One segment of a path: everything but letters, digits and `-._~` percent-encoded (RFC 3986).
pub(super) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(not(feature = "tls"))]
fn tls(_: &RegistrySettings) -> Result<TlsConfig, RegistryError> {
    Ok(TlsConfig::builder().build())
}

/// The system's certificates are trusted unless others are named.
#[cfg(feature = "tls")]
fn tls(settings: &RegistrySettings) -> Result<TlsConfig, RegistryError> {
    use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, parse_pem};
    let unreadable = |name: &str, reason: String| RegistryError::setting(name, format!("{reason}; expected PEM"));
    let certificates = |name: &str, pem: &super::Pem| -> Result<Vec<Certificate<'static>>, RegistryError> {
        let told = |reason: String| unreadable(name, format!("{}{reason}", file(pem)));
        let text = read(pem).map_err(|error| told(error.to_string()))?;
        let mut found = Vec::new();
        for item in parse_pem(&text) {
            if let PemItem::Certificate(certificate) = item.map_err(|error| told(error.to_string()))? {
                found.push(certificate);
            }
        }
        match found.is_empty() {
            true => Err(told("it holds no certificate".to_owned())),
            false => Ok(found),
        }
    };
    let trusted = match &settings.trusted {
        None => RootCerts::PlatformVerifier,
        Some(pem) => RootCerts::from(certificates("schema.registry.ssl.truststore", pem)?.into_iter()),
    };
    let mut builder = TlsConfig::builder().root_certs(trusted);
    if let Some((chain, key)) = &settings.identity {
        let name = "schema.registry.ssl.keystore";
        let chain = certificates(name, chain)?;
        let told = |reason: String| unreadable(name, format!("{}{reason}", file(key)));
        let text = read(key).map_err(|error| told(error.to_string()))?;
        let key = PrivateKey::from_pem(&text).map_err(|error| told(error.to_string()))?;
        builder = builder.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
    }
    Ok(builder.build())
}

#[cfg(feature = "tls")]
fn read(pem: &super::Pem) -> std::io::Result<Vec<u8>> {
    match pem {
        super::Pem::File(path) => std::fs::read(path),
        super::Pem::Text(text) => Ok(text.clone().into_bytes()),
    }
}

/// What to call it before the words of what is wrong with it.
#[cfg(feature = "tls")]
fn file(pem: &super::Pem) -> String {
    match pem {
        super::Pem::File(path) => format!("{}: ", path.display()),
        super::Pem::Text(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_segment_of_the_path() {
        assert_eq!(segment("kpbench-1.x_y-value"), "kpbench-1.x_y-value");
        assert_eq!(segment(":.ctx:a/b c"), "%3A.ctx%3Aa%2Fb%20c");
    }
}
