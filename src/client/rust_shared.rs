//! What rust-rdkafka's two producers have in common.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};

use super::native::keep_error;
use super::{ClientError, Headers, StatisticsEvent};
use crate::measure::{Failure, Hub};
use crate::protocol::PersistenceStatus;

/// Where statistics and errors of a rust-rdkafka client go.
#[derive(Default)]
pub(super) struct Observed {
    pub index: usize,
    pub started: OnceLock<(Arc<Hub>, Mutex<Sender<StatisticsEvent>>)>,
    pub errors: Mutex<Vec<String>>,
}

impl Observed {
    pub fn statistics(&self, json: &[u8]) {
        if let Some((hub, statistics)) = self.started.get() {
            let at_us = hub.clock.now_us();
            let json = String::from_utf8_lossy(json).into_owned();
            if let Ok(statistics) = statistics.lock() {
                let _ = statistics.send(StatisticsEvent {
                    producer: self.index,
                    at_us,
                    json,
                });
            }
        }
    }

    pub fn error(&self, reason: &str) {
        keep_error(&self.errors, reason.to_owned());
    }

    pub fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
        if level as i32 <= RDKafkaLogLevel::Warning as i32 {
            eprintln!("{facility}: {message}");
        }
    }
}

pub(super) fn config(properties: &BTreeMap<String, String>) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in properties {
        config.set(name, value);
    }
    config
}

/// The headers of one record as rust-rdkafka takes them.
pub(super) fn headers(headers: Headers<'_>) -> OwnedHeaders {
    let all = headers.iter();
    let room = OwnedHeaders::new_with_capacity(all.len());
    all.fold(room, |owned, (name, value)| {
        // Names are made from texts.
        let key = name.to_str().unwrap_or_default();
        owned.insert(Header { key, value })
    })
}

/// Every property of a live client, secrets masked.
pub(super) fn effective<C: ClientContext>(
    client: &Client<C>,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    super::native::effective_properties(client.native_ptr(), given)
}

pub(super) fn creation_error(error: KafkaError) -> ClientError {
    match error {
        KafkaError::ClientConfig(_, reason, property, _) => ClientError::Property { property, reason },
        other => ClientError::Create(other.to_string()),
    }
}

/// Waits until the metadata of every topic is there, as the native client does.
pub(super) fn await_topics<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    timeout: Duration,
    serve: impl Fn(),
    observed: &Observed,
) -> Result<(), ClientError> {
    let deadline = Instant::now() + timeout;
    topics.iter().try_for_each(|topic| {
        await_topic(client, topic, deadline, &serve, observed).map_err(|reason| ClientError::Metadata {
            topic: topic.clone(),
            timeout_ms: timeout.as_millis(),
            reason,
        })
    })
}

/// Asks for the topic's metadata until it came twice; else what went wrong.
fn await_topic<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    deadline: Instant,
    serve: impl Fn(),
    observed: &Observed,
) -> Result<(), String> {
    let mut answers = 0;
    loop {
        let left = deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1));
        match client.fetch_metadata(Some(topic), left.min(Duration::from_secs(2))) {
            Ok(metadata) if metadata.topics().iter().all(|topic| topic.error().is_none()) => answers += 1,
            outcome => {
                serve();
                if Instant::now() >= deadline {
                    let mut reasons = observed.errors.lock().map(|errors| errors.clone()).unwrap_or_default();
                    reasons.extend(outcome.err().map(|error| error.to_string()));
                    return Err(reasons.join("; "));
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        if answers == 2 {
            // What went wrong on the way here is over: only errors during the load are told.
            serve();
            observed.errors.lock().unwrap_or_else(PoisonError::into_inner).clear();
            return Ok(());
        }
    }
}

/// The failure that an error stands for. rust-rdkafka does not say whether the record may have been written.
pub(super) fn failure(error: &KafkaError) -> Failure {
    let error = match error {
        KafkaError::MessageProduction(code) => code_name(*code),
        other => other.rdkafka_error_code().map_or_else(|| other.to_string(), code_name),
    };
    Failure {
        error,
        persistence: PersistenceStatus::Unknown,
    }
}

fn code_name(code: RDKafkaErrorCode) -> String {
    // rust-rdkafka's names are librdkafka's in another case: MessageTimedOut for MSG_TIMED_OUT.
    super::native::error_name_of_code(code as i32).unwrap_or_else(|| format!("{code:?}"))
}

pub(super) fn is_queue_full(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull))
}
