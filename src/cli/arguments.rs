//! The command line as clap reads it. Nothing is decided here.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::export::Export;
use super::gate::{BASELINE_EXAMPLES, BaselineCommand, GATE_EXAMPLES, GateArguments};
use super::output::Color;
use crate::profile::PrecisionMetric;
use crate::protocol::{ClientKind, SendMode, TargetKind};
use crate::report::Metric;
use crate::report::trend::METRICS;

const ABOUT: &str = "Measures what a Kafka producer's settings really do, against a real broker.";
const LONG_ABOUT: &str = "\
Measures what a Kafka producer's settings really do, against a real broker.

Sweeps batch.size, linger.ms, compression.type, acks, send modes and more; records every record's latency; repeats and \
interleaves the trials, so that a drift of the machine does not look like an effect of a setting.

Begin with:
  kpbench doctor                           what this machine has for each kind of target
  kpbench sweep profiles/quickstart.toml   a first sweep, against a Kafka that is started for it
  kpbench run --producer linger.ms=5       one configuration, without a file";
/// What each exit code says.
pub const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 failed, 2 wrong usage or profile (nothing was started), 3 regression found, 4 measurement not \
valid, not complete, or cannot be answered, 130 interrupted.";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "kpbench", version, about = ABOUT, long_about = LONG_ABOUT, after_help = EXIT_CODES)]
#[command(subcommand_required = true, arg_required_else_help = true, max_term_width = 100)]
pub struct Arguments {
    /// Use colours; auto also respects NO_COLOR and TERM=dumb
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// Tell errors, the result and what needs looking after; no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure all configurations of a profile
    ///
    /// Starts or connects to the target, runs every configuration of the profile's matrix in interleaved repetitions,
    /// prints a table and writes a report. An interrupted sweep keeps every finished trial; --resume continues it.
    #[command(after_help = SWEEP_EXAMPLES, args_override_self = true)]
    Sweep(SweepArguments),
    /// Measure one configuration given by flags, without a file
    #[command(after_help = RUN_EXAMPLES, args_override_self = true)]
    Run(RunArguments),
    /// Compare two settings: does the candidate help?
    ///
    /// Measures two configurations, interleaved, until the interval of their throughput ratio is narrow or the time
    /// budget ends. By default: to ± 2 %, 15 to 60 blocks, 10 minutes, windows of 2 s after a warm-up of 1 s.
    #[command(after_help = AB_EXAMPLES, args_override_self = true)]
    Ab(AbArguments),
    /// Compare stored runs, or configurations of one
    ///
    /// Configurations of one run were measured interleaved and are compared block by block. Two runs were measured one after
    /// the other: they are compared too, and the output says why that is weaker. What is not comparable (record size,
    /// partitions, replication, target, broker version, host, window) is refused with the list of differences.
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(CompareArguments),
    /// Measure by how much identical trials differ on this machine and target
    ///
    /// Runs one configuration twice in each of 20 blocks (--repetitions for another number), under two labels. What its
    /// figures differ by is the noise floor: later runs on the same machine and target call no smaller difference real.
    #[command(after_help = NOISE_EXAMPLES, args_override_self = true)]
    Noise(NoiseArguments),
    /// Hold a run against a baseline: exit 0 only where no loss is beyond what is put up with
    ///
    /// Judges a finished run, or measures a profile, interleaved with its base where that can be. Exit 3 where a
    /// regression is certain, 4 where it cannot be said or the measurement is not valid.
    #[command(after_help = GATE_EXAMPLES, args_override_self = true)]
    Gate(Box<GateArguments>),
    /// Keep runs by name, as the sessions that a gate compares with
    #[command(subcommand, after_help = BASELINE_EXAMPLES)]
    Baseline(BaselineCommand),
    /// Make the report of a run again from its stored trials
    Report(ReportArguments),
    /// Show what a change of schema does to records as Avro, JSON and a custom layout
    ///
    /// Adds, removes, renames and retypes a field, asks a Schema Registry about each change under BACKWARD, FORWARD, FULL and
    /// NONE, writes records of both versions to a topic, reads them back, and prints what readers of the other version
    /// make of them. The topic and the subjects are its own, and are deleted.
    #[command(after_help = EVOLUTION_EXAMPLES)]
    Evolution(EvolutionArguments),
    /// Merge and print HdrHistogram interval logs (.hlog), kpbench's own or another tool's
    #[command(after_help = HDR_EXAMPLES)]
    Hdr(HdrArguments),
    /// Show where the level of nightly runs changed; advisory, never a gate
    ///
    /// Reads the history of runs, or any series from a CSV file, and searches each configuration and metric for change
    /// points by E-divisive in windows, as Apache Otava does. Finding some is no failure: noise has change points too, and
    /// every output says how many.
    #[command(after_help = TREND_EXAMPLES)]
    Trend(TrendArguments),
    /// Check a profile or show what it expands to; starts nothing
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Keep a local Kafka running between runs
    #[command(subcommand)]
    Broker(BrokerCommand),
    /// Tell what each kind of target needs, and whether it is there; changes and downloads nothing
    Doctor(DoctorArguments),
    /// Print a completion script, for example: kpbench completions bash > /etc/bash_completion.d/kpbench
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, for example: kpbench man | man -l -
    Man,
    /// Run one trial: reads a TrialSpec from standard input, writes TrialEvents to standard output
    #[command(hide = true)]
    Trial,
    /// Serve a mock cluster until standard input ends
    #[command(hide = true)]
    MockCluster {
        /// Number of brokers
        #[arg(long, default_value_t = 1)]
        brokers: u32,
    },
}

const EVOLUTION_EXAMPLES: &str = "\
Examples:
  kpbench evolution --schema-registry http://localhost:8081
  kpbench evolution --schema-registry http://registry:8081 --bootstrap-servers b1:9092
  kpbench evolution profiles/serializers.toml --format json";

const SWEEP_EXAMPLES: &str = "\
Examples:
  kpbench sweep profiles/quickstart.toml
  kpbench sweep profiles/codecs.toml --target external --bootstrap-servers b1:9092,b2:9092
  kpbench sweep profiles/batching.toml --set producer.acks=1 --set run.measure=30s
  kpbench sweep profiles/nightly.toml --format json > summary.json";

const RUN_EXAMPLES: &str = "\
Examples:
  kpbench run --producer linger.ms=5 --producer compression.type=lz4 --record-size 1KB
  kpbench run --send-mode sync --rate 5000 --producer acks=all
  kpbench run --target mock --measure 2s   the client's own ceiling, without a broker";

const AB_EXAMPLES: &str = "\
Examples:
  kpbench ab --base batch.size=16KiB --candidate batch.size=256KiB
  kpbench ab --candidate compression.type=lz4 --producer linger.ms=5 --record-size 1KB
  kpbench ab --base send.mode=sync --candidate send.mode=async --precision 5% --budget 5m";

const COMPARE_EXAMPLES: &str = "\
Examples:
  kpbench compare reports/monday reports/tuesday
  kpbench compare 'reports/monday#acks=1' 'reports/monday#acks=all'
  kpbench compare reports/monday reports/tuesday --format json";

const NOISE_EXAMPLES: &str = "\
Examples:
  kpbench noise                                  the default configuration
  kpbench noise profiles/nightly.toml            the profile's first configuration
  kpbench noise profiles/nightly.toml --configuration 'lz4 linger.ms=5' --repetitions 30";
const HDR_EXAMPLES: &str = "\
Examples:
  kpbench hdr reports/sample/hdr/*.hlog --tag service
  kpbench hdr run.hlog --start 10 --end 60 --out run.hgrm --tag response
  kpbench hdr other.hlog --unit-ratio 1000000 --unit ms   values recorded in ns, printed in ms";
const TREND_EXAMPLES: &str = "\
Examples:
  kpbench trend reports                      all runs in reports/
  kpbench trend reports --out trend          and charts, trend.md and trend.json in trend/
  kpbench trend --csv latency.csv --better lower
  kpbench trend reports --format json | jq '.series[].change_points[].index'";

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

/// `kpbench evolution`.
#[derive(Debug, Args)]
pub struct EvolutionArguments {
    /// A profile whose [target] and [schema-registry] are used
    #[arg(value_hint = ValueHint::FilePath)]
    pub profile: Option<PathBuf>,
    /// The Schema Registry, as in http://localhost:8081
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub schema_registry: Option<String>,
    /// Where the external cluster is; without it, a Kafka is started for it
    #[arg(long, value_name = "HOST:PORT,…")]
    pub bootstrap_servers: Option<String>,
    /// Any field of the profile, as in schema-registry.basic.auth.user.info=me:secret; as often as wanted
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Records of each version, format and change
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub records: u32,
    /// What goes to standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
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

/// What goes to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table and sentences.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// `kpbench compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The base: a run directory, or one of its configurations, as in DIR#LABEL or DIR#ID
    #[arg(value_name = "BASE", value_hint = ValueHint::DirPath)]
    pub base: String,
    /// What is compared with it
    #[arg(value_name = "CANDIDATE", required = true, value_hint = ValueHint::DirPath)]
    pub candidates: Vec<String>,
    /// Compare also what is not comparable; the result says so
    #[arg(long)]
    pub force: bool,
    /// What goes to standard output: text, or one JSON document
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// `kpbench report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The run directory
    #[arg(value_hint = ValueHint::DirPath)]
    pub run_directory: PathBuf,
    /// What goes to standard output: a table, or summary.json and nothing else
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Write the figures for another tool too: junit, markdown, bencher, github-action-benchmark (two files: a.json
    /// makes a-smaller.json and a-bigger.json), openmetrics or csv; without a file to standard output, instead of the
    /// table; as often as wanted
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub export: Vec<Export>,
}

/// `kpbench hdr`.
#[derive(Debug, Args)]
pub struct HdrArguments {
    /// Interval logs in HdrHistogram's V2 encoding; - is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Only intervals with this tag, \"\" for those without; as often as wanted
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Only intervals that start so many seconds after their log's start, or later
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub start: Option<f64>,
    /// Only intervals that start so many seconds after their log's start, or earlier
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub end: Option<f64>,
    /// Divide every value by this, as in 1000000 for ns to ms
    #[arg(long, value_name = "RATIO", default_value = "1", value_parser = ratio, allow_negative_numbers = true)]
    pub unit_ratio: f64,
    /// What the values are in, after dividing; only named, never converted
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// Write the percentile distribution: FILE.hgrm for one tag, or a directory with one file per tag
    #[arg(long, value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub out: Option<PathBuf>,
    /// What goes to standard output: a table, or one JSON document
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// `kpbench trend`.
#[derive(Debug, Args)]
pub struct TrendArguments {
    /// Run directories, or directories that contain some
    #[arg(value_hint = ValueHint::DirPath, value_name = "DIR", required_unless_present = "csv")]
    pub directories: Vec<PathBuf>,
    /// A CSV file with a header row and columns time and value, and where wanted label and commit, instead of runs; - for
    /// standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["directories", "metric"])]
    pub csv: Option<PathBuf>,
    /// Which way the values of the CSV file are better
    #[arg(long, value_enum, value_name = "WAY", conflicts_with = "directories")]
    pub better: Option<Way>,
    /// A metric; as often as wanted [default: throughput, p99, client CPU, records per batch and wire bytes per record]
    #[arg(long, value_name = "METRIC", value_parser = trend_metric())]
    pub metric: Vec<Metric>,
    /// Points looked at together, 7 to 1000; windows overlap by half
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(7..=1000))]
    pub window: u16,
    /// The p that a change point is below: between 0 and 1
    #[arg(long, value_name = "P", default_value_t = 0.001, allow_negative_numbers = true, value_parser = probability)]
    pub max_pvalue: f64,
    /// The change that a change point is above, as in 0.05 or 5%
    #[arg(long, value_name = "SHARE", default_value = "0", allow_hyphen_values = true, value_parser = share)]
    pub min_magnitude: f64,
    /// The smallest change that counts as one, as in 0.02 or 2%; smaller ones are listed as too small [default: each figure's
    /// measured noise floor, 1% where there is none]
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = share)]
    pub floor: Option<f64>,
    /// E-divisive over the whole series at once with a permutation test, instead of in windows
    #[arg(long, conflicts_with_all = ["window", "min_magnitude"])]
    pub orig_edivisive: bool,
    /// What goes to standard output: a table, or one JSON document and nothing else
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Write charts, trend.md and trend.json into this directory too
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

/// Which way values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// The metrics of a trend by their ids.
fn trend_metric() -> impl TypedValueParser<Value = Metric> {
    PossibleValuesParser::new(METRICS.iter().map(|metric| metric.id())).try_map(|id| {
        let found = METRICS.iter().find(|metric| metric.id() == id);
        found.copied().ok_or("no such metric")
    })
}

fn probability(text: &str) -> Result<f64, String> {
    let wrong = || "a probability lies between 0 and 1, both excluded".to_owned();
    let value: f64 = text.parse().map_err(|_| wrong())?;
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(wrong())
    }
}

fn share(text: &str) -> Result<f64, String> {
    let wrong = || "a share is 0 or more, as in 0.05 or 5%".to_owned();
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 0.01),
        None => (text, 1.0),
    };
    let value: f64 = number.parse().map_err(|_| wrong())?;
    if value >= 0.0 && value.is_finite() {
        Ok(value * scale)
    } else {
        Err(wrong())
    }
}

/// `kpbench profile`.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Check a profile: its rules, and what it would cost
    Check(ProfileArguments),
    /// Show every configuration that a profile expands to
    Expand(ProfileArguments),
}

/// `kpbench profile check` and `expand`.
#[derive(Debug, Args)]
pub struct ProfileArguments {
    /// The profile
    #[arg(value_hint = ValueHint::FilePath)]
    pub profile: PathBuf,
    /// Any field of the profile, as in run.warmup=5s; as often as wanted
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Text for people, or one JSON document
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// `kpbench doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// A profile whose external target is to be reached
    #[arg(value_hint = ValueHint::FilePath)]
    pub profile: Option<PathBuf>,
    /// An external cluster to reach
    #[arg(long, value_name = "HOST:PORT,…")]
    pub bootstrap_servers: Option<String>,
    /// Any field of the profile, as in target.properties.security.protocol=SSL; as often as wanted
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Text for people, or one JSON document
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// `kpbench broker`.
#[derive(Debug, Subcommand)]
pub enum BrokerCommand {
    /// Start a local Kafka that stays until `broker down`; prints its bootstrap servers
    Up {
        /// Number of brokers
        #[arg(long, default_value_t = 1, value_name = "N", allow_negative_numbers = true)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
        brokers: u32,
        /// A broker configuration, as in num.io.threads=4; as often as wanted
        #[arg(long = "config", value_name = "KEY=VALUE")]
        config: Vec<String>,
        /// What it is called, where there are several
        #[arg(long, default_value = "default", value_name = "NAME")]
        name: String,
    },
    /// Tell whether it runs, and print its bootstrap servers
    Status {
        /// What it is called
        #[arg(long, default_value = "default", value_name = "NAME")]
        name: String,
    },
    /// Stop it and remove its data
    Down {
        /// What it is called
        #[arg(long, default_value = "default", value_name = "NAME")]
        name: String,
    },
}

/// Takes one of these by name, and tells completion scripts the names.
fn one_of<T>(all: &'static [T], name: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = String> + Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().map(|value| name(*value))).try_map(|text| text.parse::<T>())
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds, as in 2.5".to_owned())?;
    match seconds.is_finite() && seconds >= 0.0 {
        true => Ok(seconds),
        false => Err("expected seconds, 0 or more".to_owned()),
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio: f64 = text.parse().map_err(|_| "expected a number, as in 1000".to_owned())?;
    // No unit of time is further from another; and what is divided stays a number.
    match (1e-30..=1e30).contains(&ratio) {
        true => Ok(ratio),
        false => Err("expected a number from 1e-30 to 1e30".to_owned()),
    }
}
