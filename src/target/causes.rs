//! What a client says about its connections, so that "timed out" can be replaced by the cause.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// How many different remarks are kept: enough for every broker of a bootstrap list.
const KEPT: usize = 8;

/// Collects a client's log lines about failures and its errors. Only what happened since the last [`Causes::clear`].
#[derive(Debug, Default)]
pub(crate) struct Causes {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    remarks: Vec<String>,
    /// A remark that waiting does not change: wrong credentials, no TLS partner.
    definitive: Option<String>,
}

impl Causes {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A panic while pushing to a list leaves a usable list.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.seen() = Seen::default();
    }

    /// The cause that waiting does not change, if there is one.
    pub(crate) fn definitive(&self) -> Option<String> {
        self.seen().definitive.clone()
    }

    /// Whether a listener took the connection and closed it before its first answer, which is what one that wants TLS
    /// does with a client that does not speak it; waiting helps only where a broker is just coming up.
    pub(crate) fn closed_at_once(&self) -> bool {
        self.seen().remarks.iter().any(|remark| closed_at_once(remark))
    }

    /// The best explanation there is: the definitive cause, else every remark in the order heard.
    pub(crate) fn summary(&self) -> Option<String> {
        let seen = self.seen();
        if seen.definitive.is_some() {
            return seen.definitive.clone();
        }
        (!seen.remarks.is_empty()).then(|| seen.remarks.join("; "))
    }

    fn note(&self, message: &str, definitive: bool) {
        let mut remark = readable(message);
        if closed_at_once(&remark) {
            remark.push_str(
                "; the listener closed the connection before its first answer: does it want TLS (security.protocol=SSL or \
                 SASL_SSL)?",
            );
        }
        if speaks_http(&remark) {
            remark.push_str("; that port speaks HTTP, not Kafka");
        }
        let mut seen = self.seen();
        if (definitive || is_definitive(&remark)) && seen.definitive.is_none() {
            seen.definitive = Some(remark.clone());
        }
        if seen.remarks.len() < KEPT && !seen.remarks.iter().any(|known| same_but_for_digits(known, &remark)) {
            seen.remarks.push(remark);
        }
    }
}

impl ClientContext for Causes {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // FAIL: a broker connection went down, with the reason. Other lines are about the client itself.
        if facility == "FAIL" || (level as i32) <= (RDKafkaLogLevel::Error as i32) {
            self.note(message, false);
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            // A summary of what FAIL lines say in detail.
            Some(RDKafkaErrorCode::AllBrokersDown) => {}
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL) => self.note(reason, true),
            _ => self.note(reason, false),
        }
    }
}

impl ConsumerContext for Causes {}

/// Without librdkafka's thread names and its count of identical lines.
fn readable(message: &str) -> String {
    let message = message
        .strip_prefix("[thrd:")
        .and_then(|rest| rest.split_once("]: "))
        .map_or(message, |(_, rest)| rest);
    // "NAME: NAME: text" where the broker is named twice.
    let message = match message.split_once(": ") {
        Some((name, rest)) if rest.starts_with(&format!("{name}: ")) => rest,
        _ => message,
    };
    message.trim().to_owned()
}

fn closed_at_once(remark: &str) -> bool {
    remark.contains("Disconnected") && remark.contains("in state APIVERSION_QUERY")
}

/// The first four bytes of what was answered are read as its length: these say `HTTP`.
fn speaks_http(remark: &str) -> bool {
    remark.contains(&u32::from_be_bytes(*b"HTTP").to_string())
}

fn is_definitive(remark: &str) -> bool {
    let lower = remark.to_lowercase();
    [
        "sasl authentication error",
        "ssl handshake failed",
        "connecting to ssl listener",
        "connecting to a plaintext",
        "ssl_certificate",
        "that port speaks http",
    ]
    .iter()
    .any(|words| lower.contains(words))
}

fn same_but_for_digits(a: &str, b: &str) -> bool {
    let text = |remark: &str| remark.split(" (after ").next().unwrap_or(remark).to_owned();
    text(a) == text(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "[thrd:127.0.0.1:1/bootstrap]: 127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: \
        Connection refused (after 0ms in state CONNECT)";

    #[test]
    fn thread_names_are_taken_out_and_repetitions_kept_once() {
        let causes = Causes::default();
        causes.log(RDKafkaLogLevel::Error, "FAIL", REFUSED);
        causes.log(
            RDKafkaLogLevel::Error,
            "FAIL",
            &REFUSED.replace("after 0ms", "after 3ms"),
        );
        causes.log(RDKafkaLogLevel::Info, "CONFWARN", "about the client itself");
        let expected = "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)";
        assert_eq!(causes.summary().as_deref(), Some(expected));
        assert_eq!(causes.definitive(), None);
        causes.clear();
        assert_eq!(causes.summary(), None);
    }

    #[test]
    fn an_http_server_is_recognised() {
        let causes = Causes::default();
        causes.log(
            RDKafkaLogLevel::Error,
            "FAIL",
            "[thrd:h:80/bootstrap]: h:80/bootstrap: Receive failed: Invalid response size 1213486160 (0..104857600): \
             increase receive.message.max.bytes (after 1ms in state APIVERSION_QUERY)",
        );
        assert!(
            causes
                .definitive()
                .unwrap()
                .ends_with("that port speaks HTTP, not Kafka")
        );
    }

    #[test]
    fn wrong_credentials_win_over_other_remarks() {
        let causes = Causes::default();
        causes.log(RDKafkaLogLevel::Error, "FAIL", REFUSED);
        causes.log(
            RDKafkaLogLevel::Error,
            "FAIL",
            "b:1/1: SASL authentication error: invalid credentials (after 5ms)",
        );
        assert!(causes.definitive().unwrap().contains("invalid credentials"));
        assert!(causes.summary().unwrap().contains("invalid credentials"));
    }
}
