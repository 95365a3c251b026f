//! The validated profile, as the rest of the program sees it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{Acks, Content, FileSplit, TargetKind, Workload};

/// Whose defaults and whose meaning of property names a profile uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Defaults {
    /// Kafka's Java client, translated by meaning.
    Java,
    /// librdkafka as it is.
    Librdkafka,
}

/// In which order a block visits the configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// A fresh random order in each block.
    Random,
    /// The matrix's order in each block: drift of the machine then looks like an effect of the settings.
    Matrix,
}

/// What to send to, and how it is reached or started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetSettings {
    /// Which kind.
    pub kind: TargetKind,
    /// Number of brokers to start (`local`, `mock`).
    pub brokers: u32,
    /// `bootstrap.servers` (`external`).
    pub bootstrap_servers: Option<String>,
    /// Connection properties in librdkafka's names: security, SASL, TLS. Used by every client of the run. May hold secrets.
    pub connection: BTreeMap<String, String>,
    /// Broker configuration on top of the tool's own (`local`).
    pub broker_config: BTreeMap<String, String>,
}

/// The topic of each trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopicSettings {
    /// An existing topic to write to; only with the explicit flag. None: a fresh topic per trial, prefix `kpbench-`.
    pub existing: Option<String>,
    /// Replication factor of fresh topics.
    pub replication_factor: u16,
    /// Configuration of fresh topics, as in `min.insync.replicas`.
    pub config: BTreeMap<String, String>,
}

/// How the run is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunSettings {
    /// Blocks: passes over all configurations. Where there is a precision, it decides instead.
    pub repetitions: u32,
    /// Load before each window, in ms.
    pub warmup_ms: u64,
    /// Length of each window, in ms.
    pub measure_ms: u64,
    /// Longest wait for the last verdict after the window, in ms.
    pub drain_timeout_ms: u64,
    /// Load on a freshly started local cluster before the first trial, through every codec and acks value, in ms in all.
    pub conditioning_ms: u64,
    /// Measure headroom against the mock cluster, once per distinct client-side configuration.
    pub headroom: bool,
    /// Length of each headroom measurement's window in ms.
    pub headroom_measure_ms: u64,
    /// Order within blocks.
    pub order: Order,
    /// Seed of order and payloads.
    pub seed: u64,
    /// Repeat until the intervals are this narrow; none: a fixed number of blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

impl RunSettings {
    /// Blocks that are run at least (but for a time budget that ends before) and at most.
    pub fn blocks(&self) -> (u32, u32) {
        match &self.precision {
            Some(precision) => (precision.min_blocks, precision.max_blocks),
            None => (self.repetitions, self.repetitions),
        }
    }
}

/// What ends a repetition before its largest number of blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// Every interval is narrow enough.
    #[default]
    Narrow,
    /// What a gate asks is decided of every gated figure, at one of a few looks that share its error rate. How narrow the
    /// intervals are does not matter then.
    Decided,
}

impl Until {
    fn is_narrow(&self) -> bool {
        *self == Until::Narrow
    }
}

/// Repetition until the intervals are narrow enough, or until a gate is decided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Precision {
    /// The figure whose intervals decide. Runs that were stored without one were decided by throughput.
    #[serde(default)]
    pub metric: PrecisionMetric,
    /// Half-width asked of the 95 % interval of each configuration's ratio to the first configuration in that figure, as
    /// a share: 0.03 for 3 %.
    pub half_width: f64,
    /// Blocks before it is looked at.
    pub min_blocks: u32,
    /// Blocks at most.
    pub max_blocks: u32,
    /// Time for all trials together, in ms: no block begins that would not fit. None: no limit.
    pub time_budget_ms: Option<u64>,
    /// What ends it before that.
    #[serde(default, skip_serializing_if = "Until::is_narrow")]
    pub until: Until,
}

/// Figures whose intervals can decide on the number of blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PrecisionMetric {
    /// Throughput.
    #[default]
    #[serde(rename = "throughput_records_per_s")]
    Throughput,
    /// Median of the latency: response latency where the load is paced, else queueing latency.
    #[serde(rename = "latency_p50_us")]
    LatencyP50,
    /// Its 99th percentile.
    #[serde(rename = "latency_p99_us")]
    LatencyP99,
    /// Its 99.9th percentile.
    #[serde(rename = "latency_p99_9_us")]
    LatencyP999,
    /// Client CPU per record.
    #[serde(rename = "client_cpu_us_per_record")]
    ClientCpu,
}

/// What a gate puts up with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateSettings {
    /// By a figure's id, the share by which it may be worse than the baseline's: 0.05 for 5 %. Empty: the defaults.
    pub thresholds: BTreeMap<String, f64>,
}

/// One axis value that makes a configuration what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AxisSetting {
    /// The axis as the profile names it: a producer property, or `send.mode`, `client`, `record.size`, `partitions`, `producers`, `rate`.
    pub axis: String,
    /// Its value as text, as the profile gives it.
    pub value: String,
    /// Its value as a number in the axis's base unit (bytes, ms, records/s), where it is one.
    pub number: Option<f64>,
}

/// One point of the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// Stable over runs: made from everything that decides what is measured (properties, workload, topic), not from
    /// its place in the matrix. As in `c-1f3a9b02`.
    pub id: String,
    /// The axis values in short, as in `acks=all linger.ms=5 lz4`; `default` without axes.
    pub label: String,
    /// The axis values in the matrix's order.
    pub axes: Vec<AxisSetting>,
    /// Producer properties as set, in the profile's names; secrets masked.
    pub properties: BTreeMap<String, String>,
    /// What was set or defaulted, in librdkafka's names, as given to the client; without `bootstrap.servers` and connection properties.
    pub effective_properties: BTreeMap<String, String>,
    /// How long a send call may wait for room or metadata, in ms.
    pub max_block_ms: u64,
    /// `acks`.
    pub acks: Acks,
    /// Partitions of the topic.
    pub partitions: u32,
    /// The load.
    pub workload: Workload,
    /// What a reader must know: settings that are no-ops here, translations that are not exact.
    pub warnings: Vec<String>,
}

impl Configuration {
    /// Whether its records are the lines of a file.
    pub(crate) fn is_cut_by_lines(&self) -> bool {
        matches!(
            &self.workload.payload.content,
            Content::File {
                split: FileSplit::Lines,
                ..
            }
        )
    }
}

/// A validated profile with its matrix expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// From the file's `name`, or the file's stem.
    pub name: String,
    /// One paragraph on the question that the profile answers.
    pub description: String,
    /// The file it came from; none for `run`.
    pub path: Option<PathBuf>,
    /// Its text with secrets masked.
    pub source_masked: String,
    /// Whose defaults.
    pub defaults: Defaults,
    /// Target.
    pub target: TargetSettings,
    /// Topic.
    pub topic: TopicSettings,
    /// The Schema Registry's settings under Confluent's names; empty where there is none. May hold secrets.
    pub registry: BTreeMap<String, String>,
    /// Where settings stand that only a registry, or whoever else is asked, can find wrong, as `file:line:column`.
    pub places: BTreeMap<String, String>,
    /// Run settings.
    pub run: RunSettings,
    /// Thresholds of a gate.
    pub gate: GateSettings,
    /// The matrix, expanded, in its order, exclusions taken out.
    pub configurations: Vec<Configuration>,
    /// Warnings for the whole run, each a sentence with its remedy.
    pub warnings: Vec<String>,
    /// Every secret value in the profile, so that errors and events can be masked too.
    pub secrets: Vec<String>,
}
