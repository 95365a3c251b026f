//! What `sweep`, `run`, `ab` and `noise` take, and `gate` too where it measures.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};

use super::Format;
use crate::profile::PrecisionMetric;
use crate::protocol::{ClientKind, SendMode, TargetKind};

/// `kpbench sweep`.
#[derive(Debug, Args)]
pub struct SweepArguments {
    /// The profile: a TOML file, see profiles/ for commented ones
    #[arg(value_hint = ValueHint::FilePath)]
    pub profile: PathBuf,
    /// What all that measure share.
    #[command(flatten)]
    pub measuring: MeasuringArguments,
}

/// `kpbench run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Nothing stands here: what does is told where it belongs.
    #[arg(hide = true, value_name = "NOTHING", value_hint = ValueHint::Other)]
    pub misplaced: Option<String>,
    /// What is measured.
    #[command(flatten)]
    pub configuration: ConfigurationArguments,
    /// What all that measure share.
    #[command(flatten)]
    pub measuring: MeasuringArguments,
}

/// One configuration, given by flags.
#[derive(Debug, Args)]
pub struct ConfigurationArguments {
    /// A producer property, as in linger.ms=5; as often as wanted
    #[arg(
        long = "producer",
        short = 'p',
        value_name = "KEY=VALUE",
        help_heading = "Configuration"
    )]
    pub producer: Vec<String>,
    /// Whose defaults and whose meaning the property names have [default: java]
    #[arg(long, value_name = "CLIENT", value_parser = ["java", "librdkafka"], help_heading = "Configuration")]
    pub defaults: Option<String>,
    /// Size of each record's value, as in 100 or 1KB
    #[arg(
        long,
        allow_hyphen_values = true,
        value_name = "SIZE",
        help_heading = "Configuration"
    )]
    pub record_size: Option<String>,
    /// Partitions of the topic
    #[arg(
        long,
        allow_negative_numbers = true,
        value_name = "N",
        help_heading = "Configuration"
    )]
    pub partitions: Option<u32>,
    /// How application code sends
    #[arg(long, value_name = "MODE", value_parser = one_of(SendMode::ALL, SendMode::name), help_heading = "Configuration")]
    pub send_mode: Option<SendMode>,
    /// Through which programming interface
    #[arg(long, value_name = "CLIENT", value_parser = one_of(ClientKind::ALL, ClientKind::name), help_heading = "Configuration")]
    pub client: Option<ClientKind>,
    /// Records per second, at a constant rate (open loop); without it as fast as the send mode allows
    #[arg(
        long,
        allow_hyphen_values = true,
        value_name = "RATE",
        help_heading = "Configuration"
    )]
    pub rate: Option<String>,
}

/// `kpbench ab`.
#[derive(Debug, Args)]
pub struct AbArguments {
    /// What the base has: a producer property or a setting of the load, as in batch.size=1KB or send.mode=sync; as often
    /// as wanted; without it, what both share
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Comparison")]
    pub base: Vec<String>,
    /// What the candidate has instead; as often as wanted
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Comparison")]
    pub candidate: Vec<String>,
    /// What both share.
    #[command(flatten)]
    pub configuration: ConfigurationArguments,
    /// What all that measure share.
    #[command(flatten)]
    pub measuring: MeasuringArguments,
}

/// `kpbench noise`.
#[derive(Debug, Args)]
pub struct NoiseArguments {
    /// A profile whose configuration is measured; without it, the one given by flags
    #[arg(value_hint = ValueHint::FilePath)]
    pub profile: Option<PathBuf>,
    /// Which configuration of the profile: its id or its label [default: the first]
    #[arg(long = "configuration", value_name = "ID|LABEL", requires = "profile")]
    pub chosen: Option<String>,
    /// The configuration without a profile.
    #[command(flatten)]
    pub configuration: ConfigurationArguments,
    /// What all that measure share.
    #[command(flatten)]
    pub measuring: MeasuringArguments,
}

/// What all that measure share.
#[derive(Debug, Args)]
pub struct MeasuringArguments {
    /// What to send to: a Kafka started for the run (local), a cluster that is running (external), or librdkafka's mock
    /// cluster (mock: the client's own ceiling)
    #[arg(long, value_name = "KIND", value_parser = one_of(TargetKind::ALL, TargetKind::name), help_heading = "Target")]
    pub target: Option<TargetKind>,
    /// Where the external cluster is; implies --target external
    #[arg(long, value_name = "HOST:PORT,…", help_heading = "Target")]
    pub bootstrap_servers: Option<String>,
    /// Brokers to start (local, mock)
    #[arg(long, allow_negative_numbers = true, value_name = "N", help_heading = "Target")]
    pub brokers: Option<u32>,
    /// Write to this topic, which exists and is not deleted, instead of a fresh one per trial
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub existing_topic: Option<String>,
    /// Leave the trials' topics on the target
    #[arg(long, help_heading = "Target")]
    pub keep_topics: bool,
    /// Any field of the profile, as in run.warmup=5s or producer.linger.ms=10; as often as wanted
    #[arg(long = "set", value_name = "KEY=VALUE", help_heading = "Run")]
    pub set: Vec<String>,
    /// Blocks: each visits every configuration once
    #[arg(long, allow_negative_numbers = true, value_name = "N", help_heading = "Run")]
    pub repetitions: Option<u32>,
    /// Repeat blocks until each 95 % interval of a ratio is this narrow (half-width), as in 3%
    #[arg(long, value_name = "SHARE", help_heading = "Run")]
    pub precision: Option<String>,
    /// With a precision: the figure that the ratio is of [default: p99 latency where the load is paced, else throughput]
    #[arg(long, value_name = "FIGURE", help_heading = "Run")]
    #[arg(value_parser = PossibleValuesParser::new(PrecisionMetric::ALL.map(PrecisionMetric::id)))]
    pub precision_metric: Option<String>,
    /// With a precision: blocks at least [default: 15]
    #[arg(long, allow_negative_numbers = true, value_name = "N", help_heading = "Run")]
    pub min_blocks: Option<u32>,
    /// With a precision: blocks at most [default: 50]
    #[arg(long, allow_negative_numbers = true, value_name = "N", help_heading = "Run")]
    pub max_blocks: Option<u32>,
    /// With a precision: time for all trials, as in 30m; no block begins that would not fit
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", help_heading = "Run")]
    pub budget: Option<String>,
    /// Load before each window, as in 2s; 0 for none
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", help_heading = "Run")]
    pub warmup: Option<String>,
    /// Length of each window, as in 10s
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", help_heading = "Run")]
    pub measure: Option<String>,
    /// Seed of order and payloads
    #[arg(long, allow_negative_numbers = true, value_name = "N", help_heading = "Run")]
    pub seed: Option<u64>,
    /// Take values that were serialized before the trial, where a profile serializes records (workload.serialize-cost=false)
    #[arg(long, help_heading = "Run")]
    pub no_serialize_cost: bool,
    /// Begin even where the estimate is over an hour; a disk that is too small stops it all the same
    #[arg(long, short = 'y', help_heading = "Run")]
    pub yes: bool,
    /// Store the run in exactly this new directory, instead of reports/<time>-<profile>
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Result", conflicts_with = "resume")]
    pub out: Option<PathBuf>,
    /// Continue an interrupted run with the same profile and options: finished trials are kept, failed ones too
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Result")]
    pub resume: Option<PathBuf>,
    /// What goes to standard output: a table, or summary.json and nothing else
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Result")]
    pub format: Format,
}

/// Takes one of these by name, and tells completion scripts the names.
fn one_of<T>(all: &'static [T], name: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = String> + Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().map(|value| name(*value))).try_map(|text| text.parse::<T>())
}
