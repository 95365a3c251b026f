//! librdkafka's mock cluster: brokers that live in this process, answer the protocol and keep nothing on disk.
//!
//! It counts every record produced: a partition's end offset grows by each batch's record count, also where old batches
//! have been dropped from its short log. It has no administration requests (no CreateTopics, no DeleteTopics): topics
//! are created through this interface. Its idempotent producers are checked for order only within transactions.

use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster as NativeCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

/// A request type that errors can be pushed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MockRequest {
    /// Produce.
    Produce,
    /// Metadata.
    Metadata,
    /// ListOffsets.
    ListOffsets,
    /// InitProducerId.
    InitProducerId,
}

/// An error that a mock broker gives instead of doing what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MockError {
    /// The connection is closed.
    Disconnect,
    /// `NOT_LEADER_OR_FOLLOWER`: retried.
    NotLeaderOrFollower,
    /// `NOT_ENOUGH_REPLICAS`: retried.
    NotEnoughReplicas,
    /// `REQUEST_TIMED_OUT`: retried.
    RequestTimedOut,
    /// `MESSAGE_TOO_LARGE`: not retried.
    MessageTooLarge,
    /// `TOPIC_AUTHORIZATION_FAILED`: not retried.
    TopicAuthorizationFailed,
}

impl MockError {
    fn native(self) -> RDKafkaRespErr {
        use RDKafkaRespErr as E;
        match self {
            MockError::Disconnect => E::RD_KAFKA_RESP_ERR__TRANSPORT,
            MockError::NotLeaderOrFollower => E::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            MockError::NotEnoughReplicas => E::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            MockError::RequestTimedOut => E::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            MockError::MessageTooLarge => E::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
            MockError::TopicAuthorizationFailed => E::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        }
    }
}

/// A mock cluster. Dropping it closes its ports.
pub struct MockCluster {
    native: NativeCluster<'static, DefaultProducerContext>,
    brokers: u32,
}

impl MockCluster {
    /// Starts a mock cluster of `brokers` brokers, with ids from 1, on free loopback ports.
    ///
    /// # Errors
    /// What librdkafka says; `brokers` must be between 1 and `i32::MAX`.
    pub fn new(brokers: u32) -> Result<MockCluster, KafkaError> {
        let count = i32::try_from(brokers).ok().filter(|count| *count > 0);
        let count = count.ok_or_else(|| KafkaError::ClientCreation(format!("{brokers} mock brokers")))?;
        Ok(MockCluster {
            native: NativeCluster::new(count)?,
            brokers,
        })
    }

    /// Number of brokers.
    pub fn brokers(&self) -> u32 {
        self.brokers
    }

    /// Addresses of all brokers, as for `bootstrap.servers`.
    pub fn bootstrap_servers(&self) -> String {
        self.native.bootstrap_servers()
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// `TopicAlreadyExists`; a partition count or replication factor that the cluster cannot have.
    pub fn create_topic(&self, name: &str, partitions: u32, replication_factor: u16) -> Result<(), KafkaError> {
        // The mock takes any replication factor and makes it smaller in silence; a real broker refuses.
        if u32::from(replication_factor) > self.brokers || replication_factor == 0 {
            return Err(KafkaError::MockCluster(
                rdkafka::types::RDKafkaErrorCode::InvalidReplicationFactor,
            ));
        }
        let count = i32::try_from(partitions).ok().filter(|count| *count > 0);
        let count = count.ok_or(KafkaError::MockCluster(
            rdkafka::types::RDKafkaErrorCode::InvalidPartitions,
        ))?;
        self.native.create_topic(name, count, i32::from(replication_factor))
    }

    /// Takes a broker down (`None`: all): connections are cut and refused. Leaders stay where they are.
    ///
    /// # Errors
    /// An unknown broker.
    pub fn broker_down(&self, broker: Option<u32>) -> Result<(), KafkaError> {
        self.native.broker_down(broker_id(broker))
    }

    /// Brings a broker back (`None`: all).
    ///
    /// # Errors
    /// An unknown broker.
    pub fn broker_up(&self, broker: Option<u32>) -> Result<(), KafkaError> {
        self.native.broker_up(broker_id(broker))
    }

    /// Delays every answer of a broker (`None`: all) by `round_trip`, at a grain of 1 ms.
    ///
    /// # Errors
    /// An unknown broker.
    pub fn set_round_trip(&self, broker: Option<u32>, round_trip: Duration) -> Result<(), KafkaError> {
        self.native.broker_round_trip_time(broker_id(broker), round_trip)
    }

    /// The next `count` requests of type `request` get `error`.
    pub fn push_errors(&self, request: MockRequest, error: MockError, count: u32) {
        let key = match request {
            MockRequest::Produce => RDKafkaApiKey::Produce,
            MockRequest::Metadata => RDKafkaApiKey::Metadata,
            MockRequest::ListOffsets => RDKafkaApiKey::ListOffsets,
            MockRequest::InitProducerId => RDKafkaApiKey::InitProducerId,
        };
        self.native.request_errors(key, &vec![error.native(); count as usize]);
    }
}

/// librdkafka's way to say "all" is -1. An id too large for it is none that exists.
fn broker_id(broker: Option<u32>) -> i32 {
    broker.map_or(-1, |broker| i32::try_from(broker).unwrap_or(i32::MAX))
}

impl std::fmt::Debug for MockCluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockCluster")
            .field("bootstrap_servers", &self.bootstrap_servers())
            .finish_non_exhaustive()
    }
}
