//! The flags of `gate` and `baseline` as clap reads them. Nothing is decided here.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::arguments::{Format, MeasuringArguments};
use crate::cli::export::Export;

pub const GATE_EXAMPLES: &str = "\
Examples:
  kpbench gate --baseline main reports/nightly                    a finished run against stored sessions
  kpbench gate --profile nightly.toml --base-bin ./kpbench-old    two builds, interleaved
  kpbench gate --profile nightly.toml --base linger.ms=0          two settings, interleaved
  kpbench gate --profile nightly.toml --base linger.ms=0 --precision 3% --max-blocks 100 --budget 20m
                                                                  … until every gated figure is decided
  kpbench gate --profile nightly.toml --baseline main --export junit=gate.xml";

pub const BASELINE_EXAMPLES: &str = "\
Examples:
  kpbench baseline save main reports/nightly
  kpbench baseline list --baselines ci/baselines
  kpbench baseline remove main --session 20260301T120000Z-1f3a9b02";

/// `kpbench gate`.
#[derive(Debug, Args)]
pub struct GateArguments {
    /// A finished run to be judged
    #[arg(value_hint = ValueHint::DirPath, conflicts_with = "profile")]
    pub run_directory: Option<PathBuf>,
    /// A profile to be measured and judged: interleaved with what --base, --base-bin or --candidate-bin say
    #[arg(long, value_name = "PROFILE", value_hint = ValueHint::FilePath, help_heading = "Comparison")]
    pub profile: Option<PathBuf>,
    /// What it is held against: a baseline's name or directory, or a run directory
    #[arg(long, value_name = "DIR|NAME", help_heading = "Comparison")]
    pub baseline: Option<String>,
    /// Where baselines are kept [default: in the user's data directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Comparison")]
    pub baselines: Option<PathBuf>,
    /// With --profile: what the base has instead of the profile's setting, as in linger.ms=0; as often as wanted
    #[arg(long, value_name = "KEY=VALUE", requires = "profile", help_heading = "Comparison")]
    pub base: Vec<String>,
    /// With --profile: the kpbench that runs the base's trials [default: this one]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::ExecutablePath, requires = "profile", help_heading = "Comparison")]
    pub base_bin: Option<PathBuf>,
    /// With --profile: the kpbench that runs the candidate's trials [default: this one]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::ExecutablePath, requires = "profile", help_heading = "Comparison")]
    pub candidate_bin: Option<PathBuf>,
    /// By how much a figure may be worse, as in latency_p99_us=10%; on top of the profile's [gate]; as often as wanted
    #[arg(long, value_name = "METRIC=SHARE", help_heading = "Comparison")]
    pub threshold: Vec<String>,
    /// Compare what is not comparable too; the result says so
    #[arg(long, help_heading = "Comparison")]
    pub force: bool,
    /// Exit with 0 where it cannot be said, too; not where the measurement is not valid
    #[arg(long, help_heading = "Comparison")]
    pub lenient: bool,
    /// Write the result for another tool too: junit, markdown, bencher, github-action-benchmark, openmetrics or csv;
    /// without a file to standard output, instead of the table; as often as wanted
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Result")]
    pub export: Vec<Export>,
    /// How it is measured, with --profile.
    #[command(flatten)]
    pub measuring: MeasuringArguments,
}

/// `kpbench baseline`.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Add a run to a baseline, as one session
    Save {
        /// The baseline: letters, digits, - _ and .
        name: String,
        /// The finished run
        #[arg(value_hint = ValueHint::DirPath)]
        run_directory: PathBuf,
        /// Save also what is not complete, or not comparable with the sessions before it; the session says so
        #[arg(long)]
        force: bool,
        /// Where baselines are kept.
        #[command(flatten)]
        place: BaselinePlace,
    },
    /// List baselines and their sessions
    List {
        /// Only this one
        name: Option<String>,
        /// Text for people, or one JSON document
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: Format,
        /// Where baselines are kept.
        #[command(flatten)]
        place: BaselinePlace,
    },
    /// Remove one session, or a baseline with all of them
    Remove {
        /// The baseline
        name: String,
        /// Only this session
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        /// Remove all its sessions without asking back
        #[arg(long, short = 'y')]
        yes: bool,
        /// Where baselines are kept.
        #[command(flatten)]
        place: BaselinePlace,
    },
}

/// Where baselines are kept.
#[derive(Debug, Args)]
pub struct BaselinePlace {
    /// Where baselines are kept [default: in the user's data directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub baselines: Option<PathBuf>,
}
