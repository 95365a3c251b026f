//! The command line as clap reads it. Nothing is decided here.

mod measuring;
mod stored;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub use self::measuring::{
    AbArguments, ConfigurationArguments, MeasuringArguments, NoiseArguments, RunArguments, SweepArguments,
};
pub use self::stored::{CompareArguments, HdrArguments, ReportArguments, TrendArguments, Way};
use super::gate::{BASELINE_EXAMPLES, BaselineCommand, GATE_EXAMPLES, GateArguments};
use super::output::Color;

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

/// What goes to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table and sentences.
    #[default]
    Text,
    /// One JSON document.
    Json,
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
