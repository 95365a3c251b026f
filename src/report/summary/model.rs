//! The document `summary.json`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drain::{DrainAnswer, DrainSummary};

use crate::analysis::{AxisVerdict, BestSet, Floors};
use crate::profile::{AxisSetting, Order};
use crate::protocol::{Acks, FailedCount, Workload};
use crate::stats::Spread;
use crate::store::{AppendedToTopic, Host, Stopping, TargetDescription};

/// `summary.json`: what a run found, per configuration. Made from the stored run, as often as wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Version of this document; raised when a field changes its meaning or goes away.
    pub schema_version: u32,
    /// Version of kpbench that measured.
    pub kpbench_version: String,
    /// The client library that sent, and its version.
    pub client_version: String,
    /// Name of the profile.
    pub profile_name: String,
    /// What the profile asks.
    pub profile_description: String,
    /// When the run began.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// What was measured against.
    pub target: TargetDescription,
    /// The machine that the client ran on.
    pub host: Host,
    /// Where the figures are valid, in sentences: to be read with every one of them.
    pub validity: Vec<String>,
    /// How much of the plan was done.
    pub trials: RunTrials,
    /// Length of the window asked for, in ms.
    pub measure_ms: u64,
    /// Load before each window that is not counted, in ms.
    pub warmup_ms: u64,
    /// In which order each block visited the configurations; which it was stands in the manifest's plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Seed of that order, and of the payloads.
    #[serde(default)]
    pub seed: u64,
    /// How the repetition ended, where it went on until the intervals were narrow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<Stopping>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition: Option<String>,
    /// What may be concluded about differences, in a sentence or two.
    pub verdicts: String,
    /// What each axis value does against its axis's first value; all of them are tested together.
    pub axis_verdicts: Vec<AxisVerdict>,
    /// The noise floors that the verdicts used.
    pub noise_floors: Floors,
    /// The short answers, the most asked for first.
    pub answers: Vec<Answer>,
    /// The configurations in the matrix's order.
    pub configurations: Vec<ConfigurationSummary>,
    /// What is to be said of waiting queues and their scheduler, where the load has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drain: Vec<DrainAnswer>,
    /// Warnings for the whole run.
    pub warnings: Vec<String>,
}

/// How much of a run's plan was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunTrials {
    /// In the plan.
    pub planned: u64,
    /// Came to their end.
    pub completed: u64,
    /// Did not; their figures do not count.
    pub failed: u64,
    /// Not begun, or cut off with the run.
    pub missing: u64,
    /// Blocks in the plan.
    pub blocks: u32,
}

/// One question answered from the medians.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// Which question.
    pub question: Question,
    /// The configuration that came out first; none where the run cannot tell.
    pub configuration_id: Option<String>,
    /// Its label.
    pub label: Option<String>,
    /// Its figure as printed, with its unit.
    pub figure: Option<String>,
    /// Whose figures were compared, where not all were: the load that they have in common.
    pub among: Option<String>,
    /// The answer with its limits, in a sentence or two.
    pub sentence: String,
    /// Labels of the configurations that cannot be told apart from it: together with it, they hold the true best one
    /// with 95 % confidence. Only with enough blocks; see `best_set`.
    pub not_told_apart: Vec<String>,
    /// The comparison behind it, by configuration id; null where fewer than two were compared.
    pub best_set: Option<BestSet>,
}

/// A question that a reader comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Which configuration has the highest throughput?
    Throughput,
    /// Which has the lowest 99th percentile?
    P99,
    /// Which takes the least client CPU?
    ClientCpu,
}

/// Under which name the time from send call to acknowledgement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceLatencyIs {
    /// The load was paced.
    Service,
    /// The load was not paced: it measures the queue's length.
    Queueing,
}

/// Everything about one configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigurationSummary {
    /// Stable over runs.
    pub id: String,
    /// The axis values in short.
    pub label: String,
    /// The axis values.
    pub axes: Vec<AxisSetting>,
    /// Producer properties as set.
    pub properties: BTreeMap<String, String>,
    /// Producer properties as in effect, in the client's names.
    pub effective_properties: BTreeMap<String, String>,
    /// `acks`.
    pub acks: Acks,
    /// Partitions of the topic; of several topics those of each that has none of its own.
    pub partitions: u32,
    /// The load.
    pub workload: Workload,
    /// Its trials.
    pub trials: TrialCounts,
    /// Acknowledgements in the window ÷ the window's length; with `acks=0`, growth of the watermarks. Null without a
    /// completed trial.
    pub throughput_records_per_s: Option<Spread>,
    /// The same in 10^6 bytes of key and value per second.
    pub throughput_mb_per_s: Option<Spread>,
    /// Records due in the window by the schedule ÷ its length, the median of the trials; absent for a constant rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_records_per_s: Option<f64>,
    /// False with `acks=0`: no acknowledgement, so no service and no response latency.
    pub latency_observable: bool,
    /// How service latency has to be read.
    pub service_latency_is: ServiceLatencyIs,
    /// Acknowledgement − entry into the send call.
    pub service_latency_us: Option<LatencySummary>,
    /// Acknowledgement − intended send time; paced load only.
    pub response_latency_us: Option<LatencySummary>,
    /// Entry into the send call − intended send time; paced load only.
    pub schedule_lag_us: Option<LatencySummary>,
    /// Time inside the send call, back-pressure included.
    pub send_call_us: Option<LatencySummary>,
    /// Records acknowledged, summed over every trial that reported a result, failed trials included: warm-up, window and
    /// drain. With `acks=0`: records written to the socket.
    pub acknowledged: u64,
    /// Records failed, summed likewise.
    pub failed: u64,
    /// Records without a verdict when the drain ended, summed likewise.
    pub undecided: u64,
    /// Growth of the high watermarks, summed likewise; null where it is unknown for one of the trials.
    pub appended: Option<u64>,
    /// Records appended beyond the acknowledged ones, trial by trial, summed.
    pub surplus: Option<u64>,
    /// Acknowledged records beyond the appended ones, trial by trial, summed.
    pub deficit: Option<u64>,
    /// `failed`, split by error and by whether the records may have been written.
    pub failed_by_error: Vec<FailedCount>,
    /// Key and value bytes ÷ batch bytes as sent; median of the trials, as the figures below.
    pub compression_ratio: Option<f64>,
    /// Client CPU in the window per acknowledged record, in µs.
    pub client_cpu_us_per_record: Option<f64>,
    /// Client CPU in the window per 10^9 bytes of key and value acknowledged, in s.
    pub client_cpu_s_per_gb: Option<f64>,
    /// Largest resident memory of the trial's process, in bytes.
    pub peak_memory_bytes: Option<f64>,
    /// CPU of all local brokers in the window per acknowledged record, in µs.
    pub broker_cpu_us_per_record: Option<f64>,
    /// Records per batch.
    pub records_per_batch: Option<f64>,
    /// Bytes per batch as sent, after compression.
    pub bytes_per_batch: Option<f64>,
    /// Bytes written to the sockets per record sent.
    pub wire_bytes_per_record: Option<f64>,
    /// Bytes of a serialized value, where values are serialized on the sending path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serialized_bytes_per_record: Option<f64>,
    /// Time to serialize a record on the sending path, in ns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serialize_ns_per_record: Option<f64>,
    /// Time spent serializing ÷ client CPU, both in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serialize_cpu_share: Option<f64>,
    /// Produce requests, summed over the completed trials.
    pub requests: Option<u64>,
    /// Produce requests per second of the whole trial: warm-up, window and drain.
    pub requests_per_s: Option<f64>,
    /// Requests sent again, summed.
    pub retries: Option<u64>,
    /// Share of the sending threads' time in the window spent waiting for room.
    pub back_pressure_share: Option<f64>,
    /// Throughput against the mock cluster ÷ throughput here; null where it was not measured.
    pub headroom: Option<f64>,
    /// From the last send to the last verdict, in ms.
    pub drain_ms: Option<f64>,
    /// Mean time in the client's queue, in µs: sum ÷ count over all trials.
    pub queue_us_mean: Option<f64>,
    /// Mean time from request made to written to the socket, in µs.
    pub socket_us_mean: Option<f64>,
    /// Mean time from request sent to response, in µs; none with `acks=0`, where no produce request is answered.
    pub broker_us_mean: Option<f64>,
    /// Wake-ups of the busiest broker thread per second.
    pub wakeups_per_s: Option<f64>,
    /// Largest throttling time that a broker asked for, in ms.
    pub throttle_ms_max: Option<u64>,
    /// Records appended to the fullest partition ÷ records per partition in the mean; where records have keys, or the
    /// profile names a partitioner. Of several topics the largest such figure of one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_max_over_mean: Option<f64>,
    /// Coefficient of variation of the records appended to each partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_variation: Option<f64>,
    /// Records appended to each partition, by partition, summed over the completed trials. Of several topics they stand in
    /// `appended_by_topic`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appended_by_partition: Vec<u64>,
    /// Records appended to each topic, where the load has several, summed over the completed trials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appended_by_topic: Vec<AppendedToTopic>,
    /// The per-trial values behind the medians above, by the field's name.
    pub spreads: BTreeMap<String, Spread>,
    /// Parts of the window of a load whose rate varies: what was due, and what became of it. Absent for other loads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<LevelSummary>,
    /// The waiting queues and their scheduler, where the load has them and a trial came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<DrainSummary>,
    /// What a reader must know about these figures.
    pub warnings: Vec<String>,
}

/// A part of the window of a load whose rate varies: a step, or a twentieth of a ramp or trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LevelSummary {
    /// Begin, in s since the window's start.
    pub start_s: f64,
    /// Length in s.
    pub length_s: f64,
    /// Records due in it by the schedule ÷ its length.
    pub offered_records_per_s: f64,
    /// Acknowledgements that arrived in it ÷ its length; null with `acks=0`.
    pub achieved_records_per_s: Option<Spread>,
    /// Trials that fell behind in it: in which less than 99 % of what was due in it was acknowledged in it, and the queue had
    /// become longer than 50 ms' worth of records.
    pub behind: u64,
    /// Response latency of the records due in it, however late they were acknowledged; null with `acks=0`.
    pub response_latency_us: Option<LatencySummary>,
}

/// Trials of one configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialCounts {
    /// Came to their end: these make the figures.
    pub completed: u64,
    /// Did not; their figures do not count.
    pub failed: u64,
    /// Why the failed ones failed.
    pub failures: Vec<TrialFailure>,
    /// Completed ones that fell behind their schedule: saturated.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub saturated: u64,
    /// Those of them that achieved less than 99 % of the intended rate.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub short_of_rate: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One trial that did not come to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialFailure {
    /// Which.
    pub trial_id: String,
    /// Why, secrets masked.
    pub cause: String,
}

/// A latency distribution of all completed trials' windows together. A percentile is null where fewer than 10 records
/// lie beyond it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LatencySummary {
    /// Records with a latency.
    pub count: u64,
    /// Records of the windows that failed or were undecided: they rank above every latency.
    pub unresolved: u64,
    /// Median in µs.
    pub p50: Option<u64>,
    /// 90th percentile in µs.
    pub p90: Option<u64>,
    /// 99th percentile in µs.
    pub p99: Option<u64>,
    /// 99.9th percentile in µs.
    pub p99_9: Option<u64>,
    /// Largest value in µs.
    pub max: Option<u64>,
    /// Names of the fields above that are lower bounds, because unresolved records reach down to them.
    pub at_least: Vec<String>,
    /// The 99th percentile of each trial by itself, where it has one: how much it varies.
    pub p99_of_trials: Option<Spread>,
}

impl LatencySummary {
    /// Whether the field of this name is a lower bound.
    pub fn is_at_least(&self, field: &str) -> bool {
        self.at_least.iter().any(|name| name == field)
    }
}

/// Below this ratio to the mock cluster, the load generator itself may have set the pace.
const LITTLE_HEADROOM: f64 = 1.2;

impl ConfigurationSummary {
    /// The headroom, where it is so little that the load generator itself may have been the bottleneck.
    pub fn little_headroom(&self) -> Option<f64> {
        self.headroom.filter(|headroom| *headroom < LITTLE_HEADROOM)
    }

    /// The latency that a reader is shown first: response latency where the load is paced, else what the time from
    /// send call to acknowledgement is called there.
    pub fn headline_latency(&self) -> Option<&LatencySummary> {
        match self.service_latency_is {
            ServiceLatencyIs::Service => self.response_latency_us.as_ref(),
            ServiceLatencyIs::Queueing => self.service_latency_us.as_ref(),
        }
    }

    /// The name of [`Self::headline_latency`].
    pub fn headline_latency_name(&self) -> &'static str {
        match self.service_latency_is {
            ServiceLatencyIs::Service => "response",
            ServiceLatencyIs::Queueing => "queueing",
        }
    }

    /// Whether records went out at a given rate.
    pub fn is_paced(&self) -> bool {
        self.service_latency_is == ServiceLatencyIs::Service
    }
}
