//! Topics: made, checked, deleted. Only topics whose name begins with [`TOPIC_PREFIX`] are ever created or deleted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{self, AdminOptions};
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::cluster::{ClusterClient, REQUEST_TIMEOUT};
use super::error::TargetError;
use crate::client::topic_creation::{TopicRefusal, TopicRequest, create_topic};

/// Every topic that this program creates has a name that begins so.
pub const TOPIC_PREFIX: &str = "kpbench-";

/// A topic to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name, with [`TOPIC_PREFIX`].
    pub name: String,
    /// Partitions.
    pub partitions: u32,
    /// Replicas of each partition.
    pub replication_factor: u16,
    /// Its configuration, as in `min.insync.replicas`.
    pub config: BTreeMap<String, String>,
}

impl NewTopic {
    /// Numbers as the protocol has them.
    pub(crate) fn checked(&self) -> Result<(i32, i32), TargetError> {
        owned(&self.name)?;
        let partitions = i32::try_from(self.partitions).ok().filter(|count| *count > 0);
        let partitions = partitions
            .ok_or_else(|| TargetError::Impossible(format!("topic {}: {} partitions", self.name, self.partitions)))?;
        if self.replication_factor == 0 {
            return Err(TargetError::Impossible(format!(
                "topic {}: a replication factor of 0",
                self.name
            )));
        }
        Ok((partitions, i32::from(self.replication_factor)))
    }
}

/// Refuses names of other people's topics.
pub(crate) fn owned(name: &str) -> Result<(), TargetError> {
    if name.starts_with(TOPIC_PREFIX) {
        return Ok(());
    }
    Err(TargetError::Impossible(format!(
        "topic {name}: only topics whose name begins with {TOPIC_PREFIX} are created or deleted"
    )))
}

/// Sends CreateTopics; `validate_only` lets the cluster check it without making it. Blocks.
pub(crate) fn create(client: &ClusterClient, topic: &NewTopic, validate_only: bool) -> Result<(), TargetError> {
    let (partitions, replication_factor) = topic.checked()?;
    let NewTopic { name, config, .. } = topic;
    let request = TopicRequest {
        name,
        partitions,
        replication_factor,
        config,
        validate_only,
    };
    create_topic(client.admin.inner(), request, REQUEST_TIMEOUT).map_err(|refused| refusal(client, topic, refused))
}

/// Sends DeleteTopics. A topic that is not there counts as deleted.
pub(crate) async fn delete(client: &ClusterClient, name: &str) -> Result<(), TargetError> {
    owned(name)?;
    let options = AdminOptions::new()
        .request_timeout(Some(REQUEST_TIMEOUT))
        .operation_timeout(Some(REQUEST_TIMEOUT));
    let what = || format!("delete topic {name}");
    match first(client.admin.delete_topics(&[name], &options).await) {
        Ok(()) | Err(Failure::Broker(RDKafkaErrorCode::UnknownTopicOrPartition)) => Ok(()),
        Err(Failure::Broker(code)) => Err(TargetError::Request {
            what: what(),
            source: KafkaError::AdminOp(code),
        }),
        Err(Failure::Client(error)) => Err(client.request_error(what(), error)),
    }
}

/// The partitions of a topic that is there; `Impossible` where it is not.
pub(crate) fn partitions(client: &ClusterClient, name: &str) -> Result<u32, TargetError> {
    let what = || format!("read the metadata of topic {name}");
    let metadata = client
        .consumer
        .fetch_metadata(Some(name), REQUEST_TIMEOUT)
        .map_err(|error| client.request_error(what(), error))?;
    let topic = metadata.topics().iter().find(|topic| topic.name() == name);
    match topic.map(|topic| (topic.error(), topic.partitions().len())) {
        Some((None, count)) if count > 0 => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
        Some((Some(error), _)) => Err(TargetError::Impossible(format!(
            "topic {name}: {}",
            RDKafkaErrorCode::from(error)
        ))),
        _ => Err(TargetError::Impossible(format!("topic {name} does not exist"))),
    }
}

/// Waits until every partition of `topic` has a leader and all its replicas are in sync.
pub(crate) fn wait_for_leaders(client: &ClusterClient, topic: &NewTopic) -> Result<(), TargetError> {
    let start = Instant::now();
    loop {
        let state = leaders(client, topic)?;
        if state.is_none() {
            return Ok(());
        }
        if start.elapsed() > REQUEST_TIMEOUT {
            let state = state.unwrap_or_default();
            return Err(TargetError::TimedOut(format!(
                "topic {} was created, but {state}",
                topic.name
            )));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What is still missing; none where nothing is.
fn leaders(client: &ClusterClient, topic: &NewTopic) -> Result<Option<String>, TargetError> {
    let metadata = client
        .consumer
        .fetch_metadata(Some(&topic.name), REQUEST_TIMEOUT)
        .map_err(|error| client.request_error(format!("read the metadata of topic {}", topic.name), error))?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic.name) else {
        return Ok(Some("it is not in the metadata".to_owned()));
    };
    if found.partitions().len() != topic.partitions as usize {
        return Ok(Some(format!(
            "{} of its {} partitions exist",
            found.partitions().len(),
            topic.partitions
        )));
    }
    let ready = found
        .partitions()
        .iter()
        .filter(|partition| partition.leader() >= 0 && partition.isr().len() >= partition.replicas().len())
        .count();
    Ok((ready < found.partitions().len()).then(|| {
        format!(
            "{ready} of its {} partitions have a leader and all replicas in sync",
            topic.partitions
        )
    }))
}

enum Failure {
    Broker(RDKafkaErrorCode),
    Client(KafkaError),
}

/// The one result of a request about one topic.
fn first(results: Result<Vec<admin::TopicResult>, KafkaError>) -> Result<(), Failure> {
    match results.map(|results| results.into_iter().next()) {
        Ok(Some(Ok(_))) => Ok(()),
        Ok(Some(Err((_, code)))) => Err(Failure::Broker(code)),
        Ok(None) => Err(Failure::Client(KafkaError::AdminOpCreation(
            "an answer without a result".to_owned(),
        ))),
        Err(error) => Err(Failure::Client(error)),
    }
}

/// The cluster's refusal, told apart from an accident of the moment.
fn refusal(client: &ClusterClient, topic: &NewTopic, refused: TopicRefusal) -> TargetError {
    let NewTopic {
        name,
        partitions,
        replication_factor,
        config,
    } = topic;
    let config = if config.is_empty() {
        String::new()
    } else {
        format!(", {config:?}")
    };
    let what = format!("topic {name} with {partitions} partitions, replication factor {replication_factor}{config}");
    if is_lasting(refused.code) {
        return TargetError::Impossible(format!("{what} is not possible on this cluster: {}", refused.words));
    }
    let cause = client
        .causes()
        .summary()
        .map_or_else(String::new, |cause| format!(" ({cause})"));
    TargetError::TimedOut(format!("create {what}: {}{cause}", refused.words))
}

/// Whether asking again cannot help.
fn is_lasting(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::InvalidReplicationFactor
            | Code::InvalidPartitions
            | Code::InvalidConfig
            | Code::InvalidTopic
            | Code::InvalidReplicaAssignment
            | Code::InvalidRequest
            | Code::InvalidArgument
            | Code::PolicyViolation
            | Code::TopicAlreadyExists
            | Code::TopicAuthorizationFailed
            | Code::ClusterAuthorizationFailed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_topics_are_refused() {
        assert!(owned("orders").is_err());
        assert!(owned("kpbench-x").is_ok());
        let topic = NewTopic {
            name: "orders".into(),
            partitions: 1,
            replication_factor: 1,
            config: BTreeMap::new(),
        };
        assert_eq!(topic.checked().unwrap_err().exit_code(), 2);
    }

    #[test]
    fn impossible_is_told_apart_from_unlucky() {
        assert!(is_lasting(RDKafkaErrorCode::InvalidReplicationFactor));
        assert!(is_lasting(RDKafkaErrorCode::PolicyViolation));
        assert!(!is_lasting(RDKafkaErrorCode::RequestTimedOut));
        assert!(!is_lasting(RDKafkaErrorCode::NotController));
    }
}
