//! What a trial process is asked to do.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Acks, Workload};

/// Version of the trial protocol. A trial process refuses a spec of another version.
pub const PROTOCOL_VERSION: u32 = 1;

/// How long a trial waits for its topic's metadata where nothing else is said, in ms.
pub const METADATA_TIMEOUT_MS: u64 = 30_000;

fn metadata_timeout_ms() -> u64 {
    METADATA_TIMEOUT_MS
}

/// One trial: the topic, the client's properties, the workload and the times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialSpec {
    /// [`PROTOCOL_VERSION`] of the sender.
    pub protocol_version: u32,
    /// Name of the trial within its run.
    pub trial_id: String,
    /// The topic, which exists; where the workload's records have several, the first of them.
    pub topic: String,
    /// Its number of partitions.
    pub partitions: u32,
    /// The client's properties in librdkafka's names, `bootstrap.servers` included. May hold secrets: never logged.
    pub properties: BTreeMap<String, String>,
    /// `acks`, which decides whether there is an acknowledgement to time.
    pub acks: Acks,
    /// The load.
    pub workload: Workload,
    /// The Schema Registry's settings under Confluent's names; empty where none is needed. May hold secrets: never logged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registry: BTreeMap<String, String>,
    /// How long a send call may wait for room in the queue, in ms (Java's `max.block.ms`). The topic's metadata is there
    /// before the first send call.
    pub max_block_ms: u64,
    /// How long to wait for the topic's metadata before the load begins, in ms. Without it there is no trial.
    #[serde(default = "metadata_timeout_ms")]
    pub metadata_timeout_ms: u64,
    /// Load before the window, not counted, in ms.
    pub warmup_ms: u64,
    /// Length of the measurement window in ms.
    pub measure_ms: u64,
    /// How long after the last send to wait for the last verdict, in ms; what is left then is undecided.
    pub drain_timeout_ms: u64,
    /// Length of one reporting interval in ms.
    pub interval_ms: u64,
    /// Period of the client's own statistics in ms.
    pub statistics_interval_ms: u64,
    /// Seed of everything random in the trial.
    pub seed: u64,
    /// False leaves every latency unrecorded: only to measure what recording costs.
    pub record_latencies: bool,
}

impl TrialSpec {
    /// The names of all topics on the cluster, which exist: the one, or those that the records are spread over.
    pub fn topic_names(&self) -> Vec<String> {
        match &self.workload.records.topics[..] {
            [] => vec![self.topic.clone()],
            topics => topics.iter().map(|topic| topic.name.clone()).collect(),
        }
    }
}
