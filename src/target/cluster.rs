//! The clients through which the coordinator talks to a cluster: one for administration, one for metadata and offsets.
//! Blocking; [`super::Target`] calls it off the asynchronous threads. Knows no processes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;

use super::causes::Causes;
use super::error::TargetError;

/// One attempt to get metadata; short, so that causes are looked at often.
const ATTEMPT: Duration = Duration::from_millis(500);

/// How long a listener that closes every connection at once is tried.
const CLOSED_LIMIT: Duration = Duration::from_secs(3);

/// Longest wait for one request to a cluster that has answered before.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What is known of whoever listens at the bootstrap servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    /// A cluster that was started here, or that has answered before. A connection that it closes, or a login that it
    /// refuses, says only that it is coming up or going down: it is waited for as long as asked.
    Known,
    /// An address from a user: what closes every connection at once, or refuses a login, will not get better.
    Unknown,
}

/// What a cluster says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterFacts {
    /// Brokers in the metadata.
    pub brokers: u32,
    /// The cluster's id, where it tells.
    pub cluster_id: Option<String>,
}

/// The coordinator's connections to a cluster. Dropping it takes 100 ms.
pub(crate) struct ClusterClient {
    pub(crate) bootstrap_servers: String,
    pub(crate) admin: AdminClient<DefaultClientContext>,
    pub(crate) consumer: BaseConsumer<Causes>,
}

impl ClusterClient {
    /// Makes the clients; connects to nothing yet.
    pub(crate) fn new(
        bootstrap_servers: &str,
        connection: &BTreeMap<String, String>,
    ) -> Result<ClusterClient, TargetError> {
        let mut config = ClientConfig::new();
        // Waiting for a broker that comes up: try again soon, not after the default's growing pause of up to 10 s.
        config
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "250");
        for (key, value) in connection {
            config.set(key, value);
        }
        config.set("bootstrap.servers", bootstrap_servers);
        let request = |what: &str| {
            let what = what.to_owned();
            // librdkafka's words name the property and what it expects.
            move |source: KafkaError| match source {
                KafkaError::ClientConfig(_, words, key, value) => {
                    let shown = if is_secret(&key) {
                        "***".to_owned()
                    } else {
                        format!("{value:?}")
                    };
                    TargetError::Impossible(format!("connection property {key} = {shown}: {words}"))
                }
                KafkaError::ClientCreation(words) => TargetError::Impossible(format!("connection properties: {words}")),
                source => TargetError::Request { what, source },
            }
        };
        // Nobody reads the administration client's log: it must not pile up.
        let mut admin = config.clone();
        admin.set_log_level(RDKafkaLogLevel::Emerg);
        // read_uncommitted: the end offset is then the high watermark, not the last stable offset.
        config
            .set("isolation.level", "read_uncommitted")
            .set_log_level(RDKafkaLogLevel::Info);
        Ok(ClusterClient {
            bootstrap_servers: bootstrap_servers.to_owned(),
            consumer: config
                .create_with_context(Causes::default())
                .map_err(request("create a client"))?,
            admin: admin.create().map_err(request("create an administration client"))?,
        })
    }

    /// Lets the client say what it has to say.
    fn listen(&self) {
        while self.consumer.poll(Duration::ZERO).is_some() {}
    }

    /// What the client said about its connections since the last time.
    pub(crate) fn causes(&self) -> Arc<Causes> {
        self.listen();
        Arc::clone(self.consumer.client().context())
    }

    /// Waits until at least `brokers` brokers are in the metadata. `alive` is asked between attempts; its error ends
    /// the wait.
    pub(crate) fn wait_until_reachable(
        &self,
        listener: Listener,
        brokers: u32,
        timeout: Duration,
        cancelled: &AtomicBool,
        alive: &mut dyn FnMut() -> Result<(), TargetError>,
    ) -> Result<ClusterFacts, TargetError> {
        let start = Instant::now();
        self.causes().clear();
        loop {
            alive()?;
            if cancelled.load(Ordering::Relaxed) {
                return Err(TargetError::Cancelled);
            }
            let last = match self.consumer.fetch_metadata(None, ATTEMPT.min(timeout)) {
                Ok(metadata) => {
                    let found = u32::try_from(metadata.brokers().len()).unwrap_or(u32::MAX);
                    if found >= brokers.max(1) {
                        let cluster_id = self.consumer.client().fetch_cluster_id(ATTEMPT);
                        self.causes().clear();
                        return Ok(ClusterFacts {
                            brokers: found,
                            cluster_id,
                        });
                    }
                    std::thread::sleep(Duration::from_millis(20));
                    format!("{found} of {brokers} brokers are up")
                }
                Err(error) => error.to_string(),
            };
            let causes = self.causes();
            let waited = start.elapsed();
            let hopeless = listener == Listener::Unknown
                && (causes.definitive().is_some() || (causes.closed_at_once() && waited >= CLOSED_LIMIT));
            if hopeless || waited >= timeout {
                let cause = causes.summary().unwrap_or(last);
                return Err(TargetError::Unreachable {
                    bootstrap_servers: self.bootstrap_servers.clone(),
                    cause,
                    waited,
                });
            }
        }
    }

    /// A failed request, with what the client said about its connections.
    pub(crate) fn request_error(&self, what: String, source: KafkaError) -> TargetError {
        match self.causes().summary() {
            Some(cause) => TargetError::Request {
                what: format!("{what} ({cause})"),
                source,
            },
            None => TargetError::Request { what, source },
        }
    }
}

impl std::fmt::Debug for ClusterClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterClient")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .finish_non_exhaustive()
    }
}

/// Whether a property's value must never be shown.
fn is_secret(key: &str) -> bool {
    ["password", "secret", "jaas", "ssl.key", "token"]
        .iter()
        .any(|part| key.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_property_is_named_and_a_secret_is_not_shown() {
        let wrong = |key: &str, value: &str| {
            ClusterClient::new("127.0.0.1:1", &BTreeMap::from([(key.to_owned(), value.to_owned())])).unwrap_err()
        };
        let error = wrong("security.protocol", "tls");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("security.protocol"), "{error}");
        let error = wrong("ssl.key.secretly.passwordlike", "hunter2");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    /// A broker that comes up, or goes down, may close a connection before its first answer.
    #[test]
    fn only_an_unknown_listener_that_closes_connections_is_given_up() {
        let closing = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = closing.local_addr().unwrap().to_string();
        // Ends with the test's process.
        std::thread::spawn(move || closing.incoming().for_each(drop));
        let client = ClusterClient::new(&address, &BTreeMap::new()).unwrap();
        let wait = |listener| {
            let start = Instant::now();
            let mut alive = || match start.elapsed() < 2 * CLOSED_LIMIT {
                true => Ok(()),
                false => Err(TargetError::Impossible("waited on".to_owned())),
            };
            let never = AtomicBool::new(false);
            let result = client.wait_until_reachable(listener, 1, 10 * CLOSED_LIMIT, &never, &mut alive);
            result.unwrap_err().to_string()
        };
        let said = wait(Listener::Unknown);
        assert!(said.contains("closed the connection"), "{said}");
        let said = wait(Listener::Known);
        assert!(said.contains("waited on"), "{said}");
    }
}
