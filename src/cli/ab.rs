//! `kpbench ab`: two settings side by side, interleaved until the interval of their ratio is narrow.

use std::fmt::Write as _;
use std::path::Path;

use super::arguments::{AbArguments, Format};
use super::exit::Exit;
use super::failure::Failure;
use super::measuring::{self, Measuring};
use super::options::{MeasuringOptions, assignments, configuration_text, quoted};
use super::{output, report};
use crate::analysis::{self, Floors, Observations, Run};
use crate::profile::{self, Override, Profile};
use crate::report::terminal::Style;
use crate::run::RunOutcome;
use crate::store::RunDirectory;

/// What the two are called.
const BASE: &str = "base";
const CANDIDATE: &str = "candidate";

/// Without a number of repetitions: until the interval is narrow, between these numbers of blocks, in this time.
const REPETITION: &str = "min-blocks = 15\nmax-blocks = 60\ntime-budget = \"10m\"\n";

/// How narrow that is: of throughput and CPU, and of a percentile of latency, which varies several times as much from
/// trial to trial.
const NARROW: &str = "2%";
const NARROW_LATENCY: &str = "10%";

/// `kpbench ab`.
///
/// # Errors
/// Where nothing could be measured.
pub fn ab(arguments: &AbArguments, command: Vec<String>, quiet: bool) -> Result<Exit, Failure> {
    let options = MeasuringOptions::from_arguments(&arguments.measuring)?;
    let mut profile = read(arguments, &options.overrides)?;
    profile.description = question(arguments);
    let measuring = Measuring {
        profile,
        options,
        command,
        quiet,
        trial_programs: Default::default(),
        resumed_at: None,
        question: None,
        held_to: None,
    };
    measuring::measure(measuring, &verdict)
}

/// What is asked, in words. Only of a profile that was read: no variant of one sets what could be a secret.
fn question(arguments: &AbArguments) -> String {
    let settings = |given: &[String]| match given {
        [] => "what both share".to_owned(),
        given => given.join(" "),
    };
    format!(
        "Does the candidate ({}) differ from the base ({})?",
        settings(&arguments.candidate),
        settings(&arguments.base)
    )
}

/// What a finished comparison says: the run's report, and then the answer. The document of `--format json` holds it as
/// the axis `variant`.
fn verdict(outcome: &RunOutcome, format: Format) -> Result<(), Failure> {
    report::show(&outcome.directory, format)?;
    if format == Format::Json {
        return Ok(());
    }
    let run = RunDirectory::open(&outcome.directory)?;
    let (manifest, trials) = (run.manifest(), run.read_trials_without_intervals()?.records);
    let [base, candidate, ..] = &manifest.configurations[..] else {
        return Ok(());
    };
    let observations = Observations::of(manifest, &trials);
    let side = |name: &str, id| Run {
        name: name.to_owned(),
        manifest,
        observations: &observations,
        only: Some(id),
    };
    let (base, candidate) = (side(BASE, base.id.as_str()), side(CANDIDATE, candidate.id.as_str()));
    let comparison = analysis::compare(&base, &candidate, true, &Floors::of_run(manifest));
    let style = Style {
        color: output::stdout_has_color(),
        width: output::stdout_width(),
        ..Style::default()
    };
    let text = crate::report::comparison::answer(&comparison, &style);
    output::print(&format!("\n{text}")).map_err(Failure::failed)
}

/// The profile that is measured. How narrow is narrow enough depends on the figure that decides, and that on the profile.
fn read(arguments: &AbArguments, overrides: &[Override]) -> Result<Profile, Failure> {
    let profile = |narrow: &str| -> Result<Profile, Failure> {
        let text = ab_profile(arguments, narrow)?;
        Ok(profile::parse("command line", &text, Path::new(""), overrides)?)
    };
    let read = profile(NARROW)?;
    match read.run.precision.and_then(|precision| precision.metric.quantile()) {
        Some(_) => profile(NARROW_LATENCY),
        None => Ok(read),
    }
}

/// The profile that is measured, as TOML.
fn ab_profile(arguments: &AbArguments, narrow: &str) -> Result<String, Failure> {
    let AbArguments {
        base,
        candidate,
        configuration,
        measuring,
    } = arguments;
    if base.is_empty() && candidate.is_empty() {
        return Err(Failure::usage(
            "ab compares two settings: say what the candidate has, as in --candidate linger.ms=5, and what the base has, \
             if not what both share",
        ));
    }
    let mut text = String::from("name = \"ab\"\n\n[run]\nwarmup = \"1s\"\nmeasure = \"2s\"\n");
    if measuring.repetitions.is_none() {
        text += &format!("precision = \"{narrow}\"\n{REPETITION}");
    }
    text.push_str(&configuration_text(configuration)?);
    for (name, flag, given) in [(BASE, "--base", base), (CANDIDATE, "--candidate", candidate)] {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n[variants.{}]\n{}", quoted(name), assignments(flag, given)?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use crate::profile::PrecisionMetric;

    fn given(flags: &[&str]) -> AbArguments {
        let line = ["kpbench", "ab"].into_iter().chain(flags.iter().copied());
        let Command::Ab(arguments) = Arguments::try_parse_from(line).unwrap().command else {
            panic!()
        };
        arguments
    }

    fn text(flags: &[&str]) -> Result<String, Failure> {
        ab_profile(&given(flags), NARROW)
    }

    fn parsed(flags: &[&str]) -> Profile {
        read(&given(flags), &[]).unwrap()
    }

    #[test]
    fn a_paced_comparison_is_decided_by_p99_and_is_narrow_enough_earlier() {
        let precision = |flags: &[&str]| {
            let flags = [&["--candidate", "linger.ms=5"], flags].concat();
            let options = MeasuringOptions::from_arguments(&given(&flags).measuring).unwrap();
            let precision = read(&given(&flags), &options.overrides).unwrap().run.precision.unwrap();
            (precision.metric, precision.half_width)
        };
        assert_eq!(precision(&[]), (PrecisionMetric::Throughput, 0.02));
        assert_eq!(precision(&["--rate", "1000"]), (PrecisionMetric::LatencyP99, 0.1));
        assert_eq!(
            precision(&["--rate", "1000", "--precision", "4%"]),
            (PrecisionMetric::LatencyP99, 0.04)
        );
        let by = ["--rate", "1000", "--precision-metric", "client_cpu_us_per_record"];
        assert_eq!(precision(&by), (PrecisionMetric::ClientCpu, 0.02));
    }

    #[test]
    fn two_variants_on_top_of_what_both_share() {
        let profile = parsed(&[
            "--base",
            "batch.size=1KB",
            "--base",
            "send.mode=sync",
            "--candidate",
            "batch.size=1 MiB",
            "-p",
            "linger.ms=5",
            "--record-size",
            "100",
        ]);
        let [base, candidate] = &profile.configurations[..] else {
            panic!()
        };
        assert_eq!((base.label.as_str(), candidate.label.as_str()), (BASE, CANDIDATE));
        assert_eq!(base.effective_properties["batch.size"], "1000");
        assert_eq!(candidate.effective_properties["batch.size"], "1048576");
        assert_eq!(base.workload.send_mode, crate::protocol::SendMode::Sync);
        assert_eq!(candidate.workload.send_mode, crate::protocol::SendMode::Async);
        assert!(
            profile
                .configurations
                .iter()
                .all(|one| one.effective_properties["linger.ms"] == "5")
        );
        let precision = profile.run.precision.unwrap();
        assert_eq!(
            (precision.half_width, precision.min_blocks, precision.max_blocks),
            (0.02, 15, 60)
        );
        assert_eq!(precision.time_budget_ms, Some(600_000));
    }

    #[test]
    fn the_question_names_what_differs() {
        let line = ["kpbench", "ab", "--candidate", "linger.ms=5", "--candidate", "acks=1"];
        let Command::Ab(arguments) = Arguments::try_parse_from(line).unwrap().command else {
            panic!()
        };
        assert_eq!(
            question(&arguments),
            "Does the candidate (linger.ms=5 acks=1) differ from the base (what both share)?"
        );
    }

    #[test]
    fn a_number_of_repetitions_takes_the_place_of_a_precision() {
        assert!(
            !text(&["--candidate", "linger.ms=5", "--repetitions", "10"])
                .unwrap()
                .contains("precision")
        );
    }

    #[test]
    fn one_side_may_be_what_both_share_but_not_both() {
        assert_eq!(parsed(&["--candidate", "linger.ms=9"]).configurations.len(), 2);
        assert_eq!(text(&[]).unwrap_err().exit(), Exit::Usage);
        assert_eq!(text(&["--base", "linger.ms"]).unwrap_err().exit(), Exit::Usage);
    }
}
