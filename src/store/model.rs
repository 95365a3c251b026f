//! The documents of a run directory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AppendedToTopic, Imbalance, UsedNoiseFloor};
use crate::profile::{Configuration, Defaults, GateSettings, Precision, RunSettings, TargetSettings, TopicSettings};
use crate::protocol::{Interval, Records, TargetKind, TrialResult};

/// Version of every document in a run directory. Raised when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// `manifest.json`: everything that was known before the first trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of kpbench.
    pub kpbench_version: String,
    /// Git commit of the directory it was run in, where that is a repository.
    pub git_commit: Option<String>,
    /// When the run began.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// The command line, secrets masked.
    pub command: Vec<String>,
    /// Name of the profile.
    pub profile_name: String,
    /// What the profile asks.
    pub profile_description: String,
    /// Its text as given, secrets masked.
    pub profile_source: String,
    /// Whose defaults it uses.
    pub defaults: Defaults,
    /// What was measured against.
    pub target: TargetDescription,
    /// Target settings, secrets masked.
    pub target_settings: TargetSettings,
    /// Topic settings.
    pub topic: TopicSettings,
    /// Run settings.
    pub run: RunSettings,
    /// The machine that the client ran on.
    pub host: Host,
    /// The client library and its version.
    pub client_version: String,
    /// The configurations in the matrix's order.
    pub configurations: Vec<Configuration>,
    /// Every trial in the order planned. Where a precision decides on the number of blocks: those of the blocks begun so
    /// far.
    pub plan: Vec<PlannedTrial>,
    /// Checksum of each payload file and trace, by its path from the profile's directory: FNV-1a with 64 bits, in
    /// hexadecimal, of its first 48 MiB, from which records can be taken.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub payload_files: BTreeMap<String, String>,
    /// Warnings for the whole run.
    pub warnings: Vec<String>,
    /// Why no further block was begun, where a precision decides on their number. None before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<Stopping>,
    /// The noise floor that was known for this machine and target when the run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_floor: Option<UsedNoiseFloor>,
    /// How the topics begin that sessions at work have made on somebody's cluster. What stands here while no session is
    /// at work is of one that was killed before it had deleted its topics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_topic_prefixes: Vec<String>,
    /// What a gate puts up with, where the profile says so.
    #[serde(default, skip_serializing_if = "GateSettings::is_empty")]
    pub gate: GateSettings,
    /// By a figure's id, the thresholds of the gate that this run was made for, those of the command line included; none
    /// where it was made for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_to: Option<BTreeMap<String, f64>>,
    /// By configuration id: the program that ran its trials, where that is not the kpbench that made the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trial_programs: BTreeMap<String, UsedTrialProgram>,
}

/// A program that ran trials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsedTrialProgram {
    /// The executable.
    pub path: PathBuf,
    /// What it says of its version, as in `kpbench 0.1.0`; none where it says nothing.
    pub version: Option<String>,
    /// The client library and its version, as it greets with; none before its first trial.
    pub client_version: Option<String>,
    /// FNV-1a of the file when the run began; none in runs of before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

impl Manifest {
    /// Whether further blocks are to come: a precision decides on their number, and nothing has ended it yet.
    pub fn awaits_more_blocks(&self) -> bool {
        self.run.precision.is_some() && self.stopping.is_none()
    }
}

/// How a run ended that repeats until its intervals are narrow enough, or until a gate is decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stopping {
    /// What was asked for.
    pub rule: Precision,
    /// Why it ended.
    pub ended: StoppedBy,
    /// Blocks run.
    pub blocks: u32,
    /// Configurations whose interval is wider than asked for, the widest first. Empty where a gate decides.
    pub imprecise: Vec<Imprecise>,
}

/// Why no further block was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoppedBy {
    /// Every interval is narrow enough.
    Precise,
    /// What a gate asks was decided of every gated figure.
    Decided,
    /// The largest number of blocks was reached.
    MaxBlocks,
    /// The next block would not have fitted the time budget.
    TimeBudget,
}

/// A configuration whose interval is wider than asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Imprecise {
    /// Which.
    pub configuration_id: String,
    /// Half-width of its interval as a share of the ratio, as in 0.04; none where there are too few pairs for one.
    pub half_width: Option<f64>,
}

/// What the records were sent to, as found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetDescription {
    /// Which kind.
    pub kind: TargetKind,
    /// Brokers in the cluster.
    pub brokers: u32,
    /// Software and version where known, as in `Apache Kafka 4.3.0`.
    pub software: Option<String>,
    /// The cluster's id where known.
    pub cluster_id: Option<String>,
    /// Load that a freshly started local cluster had before the first trial, in ms; 0 where none.
    pub conditioned_ms: u64,
    /// How the brokers were run, where kpbench ran them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_brokers: Option<LocalBrokers>,
}

/// How kpbench ran its own brokers: what it takes, beyond the profile, to run them so again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LocalBrokers {
    /// Version of Java, as in `17.0.15`.
    pub java_version: String,
    /// Options of each broker's JVM that bear on its speed, the heap among them.
    pub java_options: Vec<String>,
    /// Broker settings by which kpbench departs from Kafka's defaults. Those of the profile, which go before them, and
    /// addresses and directories are not among them.
    pub settings: BTreeMap<String, String>,
}

/// The machine that the client ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Logical processors usable by the process.
    pub cores: u32,
    /// Model name of the processor.
    pub cpu: String,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Operating system and kernel.
    pub os: String,
}

/// One trial of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedTrial {
    /// Name within the run, as in `b01-t03-c-1f3a9b02`.
    pub trial_id: String,
    /// Which configuration.
    pub configuration_id: String,
    /// Which block, from 1.
    pub block: u32,
    /// Place in the run, from 1.
    pub sequence: u32,
}

// How it is read stands in `trial_line.rs`: a new field belongs there too.
/// One line of `trials.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TrialRecord {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Which trial.
    #[serde(flatten)]
    pub planned: PlannedTrial,
    /// When it began.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// From the trial process's start to its end with all bookkeeping, in ms.
    pub elapsed_ms: f64,
    /// How it ended.
    pub outcome: TrialOutcome,
    /// What its process reported; absent where it failed before that.
    pub result: Option<TrialResult>,
    /// What the coordinator saw at the brokers.
    pub broker: BrokerFigures,
    /// Set on the first completed trial of each configuration, where it was asked for and is defined.
    pub headroom: Option<Headroom>,
    /// Every property of the client as it said it to be in effect, secrets masked. Set on the first completed trial of
    /// each configuration; empty elsewhere.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub effective_properties: BTreeMap<String, String>,
    /// The reporting intervals, without their histograms (those are in the `.hlog`).
    pub intervals: Vec<Interval>,
    /// What makes this trial's figures suspect, in sentences.
    pub warnings: Vec<String>,
    /// How far the trial fell behind its schedule; absent where it kept up, and where the load is not paced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturation: Option<Saturation>,
}

/// How far a paced load fell behind its schedule: its latencies are those of a growing queue, or of a client that could
/// not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Saturation {
    /// Less than 99 % of the intended rate was achieved.
    pub missed: Option<MissedRate>,
    /// The 99th percentile of schedule lag was above 1 ms, and above 10 % of that of response latency.
    pub late: Option<LateSends>,
}

/// A rate that was not achieved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MissedRate {
    /// Throughput in records/s.
    pub achieved_per_s: f64,
    /// Records due in the window by the schedule ÷ its length, in records/s.
    pub intended_per_s: f64,
    /// Where the load fell behind first, in s since the window's start, for loads whose rate varies.
    pub from_s: Option<f64>,
    /// The rate that was asked for there, in records/s.
    pub from_per_s: Option<f64>,
}

/// Sends that came late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LateSends {
    /// 99th percentile of schedule lag in µs.
    pub lag_us: u64,
    /// 99th percentile of response latency in µs.
    pub response_us: u64,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum TrialOutcome {
    /// It came to its end; its figures count.
    Completed,
    /// It did not; its figures, where there are any, do not count.
    Failed {
        /// Why, secrets masked.
        cause: String,
    },
}

/// What the coordinator saw at the brokers, around one trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BrokerFigures {
    /// Growth of the high watermarks from before the trial to after the drain, once they stood still.
    pub appended: Option<u64>,
    /// The same of each partition, by partition: where records have keys, or the profile names a partitioner. Of a trial
    /// with several topics they stand in `appended_by_topic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appended_by_partition: Option<Vec<u64>>,
    /// The same of each topic, where records are spread over several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appended_by_topic: Vec<AppendedToTopic>,
    /// `acks=0`: growth of the watermarks between two time-stamped polls at the window's edges.
    pub window_appended: Option<u64>,
    /// Seconds between these two polls, each dated by the middle between asking and answering.
    pub window_appended_s: Option<f64>,
    /// By how much `window_appended_s` may be off, in s: half of both round trips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_uncertainty_s: Option<f64>,
    /// User and system time of all local brokers between two readings at the window's edges, in µs.
    pub cpu_us: Option<u64>,
    /// Seconds between these two readings; where absent, taken to be the window's length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_reading_s: Option<f64>,
}

/// Share of the length between two polls above which their growth says nothing about throughput.
const MAX_UNCERTAINTY: f64 = 0.20;

impl BrokerFigures {
    /// Takes over what was appended to each partition of each topic of a trial with such records, and what its process told
    /// of acknowledgements by topic.
    pub fn set_appended(&mut self, growth: &[Vec<u64>], acknowledged: &[u64], records: &Records) {
        self.appended = Some(growth.iter().flatten().sum());
        let spread = records.spread_matters();
        match &records.topics[..] {
            [] => self.appended_by_partition = growth.first().filter(|_| spread).cloned(),
            _ => self.appended_by_topic = AppendedToTopic::all(growth, acknowledged, records),
        }
    }

    /// Records appended beyond those acknowledged, and acknowledged beyond those appended; none where the former is not
    /// known. Topic by topic where there are several: duplicates in one do not hide what another has lost.
    pub fn surplus_and_deficit(&self, acknowledged: u64) -> Option<(u64, u64)> {
        let appended = self.appended?;
        let beyond = |appended: u64, acknowledged: u64| {
            (
                appended.saturating_sub(acknowledged),
                acknowledged.saturating_sub(appended),
            )
        };
        let topics = &self.appended_by_topic;
        let told: Option<u64> = topics.iter().map(|topic| topic.acknowledged).sum();
        // A count that is not of all records would look like a loss.
        if topics.is_empty() || told != Some(acknowledged) {
            return Some(beyond(appended, acknowledged));
        }
        let by_topic = topics
            .iter()
            .map(|topic| beyond(topic.appended, topic.acknowledged.unwrap_or_default()));
        Some(by_topic.fold((0, 0), |sum, topic| (sum.0 + topic.0, sum.1 + topic.1)))
    }

    /// How unevenly the records spread over the partitions; of several topics that of the one in which the fullest
    /// partition stands out most. None where that was not looked at, or nothing was appended.
    pub fn imbalance(&self) -> Option<Imbalance> {
        let of_topics = self.appended_by_topic.iter().map(|topic| &topic.by_partition);
        let all = self.appended_by_partition.iter().chain(of_topics);
        all.filter_map(|partitions| Imbalance::of(partitions))
            .max_by(|one, other| one.max_over_mean.total_cmp(&other.max_over_mean))
    }

    /// By which share of itself the length between the two polls may be off.
    pub fn window_uncertainty(&self) -> Option<f64> {
        let length_s = self.window_appended_s.filter(|&length_s| length_s > 0.0)?;
        Some(self.window_uncertainty_s? / length_s)
    }

    /// `acks=0`: records appended per second between the two polls; none where that was not observed, or is known to no
    /// better than ± 20 %.
    pub fn window_records_per_s(&self) -> Option<f64> {
        let length_s = self.window_appended_s.filter(|&length_s| length_s > 0.0)?;
        let known = self.window_uncertainty().is_none_or(|share| share <= MAX_UNCERTAINTY);
        Some(self.window_appended? as f64 / length_s).filter(|_| known)
    }

    /// User and system time of all local brokers, in µs, scaled to a window of that length: a late reading also takes
    /// in what the brokers did after the window.
    pub fn cpu_in_window_us(&self, window_s: f64) -> Option<f64> {
        let cpu_us = self.cpu_us? as f64;
        Some(match self.cpu_reading_s {
            Some(reading_s) if reading_s > 0.0 => cpu_us * window_s / reading_s,
            _ => cpu_us,
        })
    }
}

/// The same client work against the mock cluster: one measurement for all configurations in which the client does the
/// same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Headroom {
    /// Throughput against the mock cluster in records/s.
    pub mock_records_per_s: f64,
    /// Divided by the throughput of this trial, or by the highest rate asked for where that climbs: a lower bound of the
    /// client's room to spare.
    pub ratio: f64,
}
