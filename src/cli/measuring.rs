//! `kpbench sweep` and `kpbench run`: from flags to a finished run and its report; and what all that measure share.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::arguments::{Format, RunArguments, SweepArguments};
use super::command_line::resume_command;
use super::data_directory::data_directory;
use super::exit::Exit;
use super::failure::Failure;
use super::options::{MeasuringOptions, PlaceOption, run_head, run_profile};
use super::run_flags::run_overrides;
use super::{free_disk, output, progress, report, signals};
use crate::analysis::Question;
use crate::client;
use crate::process::Spawner;
use crate::profile::{self, Profile, ProfileError};
use crate::protocol::TargetKind;
use crate::report::format::counted;
use crate::run::{
    CancelSource, Ended, Limits, Mask, OtherTrialProgram, OutDirectory, RunOutcome, RunRequest, Targets, TrialProgram,
    execute,
};
use crate::store::{MANIFEST_FILE, TRIALS_FILE};
use crate::target::StartOptions;
use crate::target::local::Progress;

/// Where runs go by default.
const REPORTS: &str = "reports";

/// `kpbench sweep PROFILE`.
///
/// # Errors
/// Where nothing could be measured.
pub fn sweep(arguments: &SweepArguments, command: Vec<String>, quiet: bool) -> Result<Exit, Failure> {
    let options = MeasuringOptions::from_arguments(&arguments.measuring)?;
    let profile = profile::load(&arguments.profile, &options.overrides)?;
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
    measure(measuring, &show)
}

/// `kpbench run`.
///
/// # Errors
/// Where nothing could be measured.
pub fn run(arguments: &RunArguments, command: Vec<String>, quiet: bool) -> Result<Exit, Failure> {
    let options = MeasuringOptions::from_arguments(&arguments.measuring)?;
    let text = run_profile(arguments)?;
    let profile = profile::parse("command line", &text, Path::new(""), &options.overrides)
        .map_err(|error| by_flag(arguments, &options, error))?;
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
    measure(measuring, &show)
}

/// What is wrong with a run's profile, told of the flags that it was made of.
fn by_flag(arguments: &RunArguments, options: &MeasuringOptions, error: ProfileError) -> Failure {
    let overrides = match run_overrides(arguments) {
        Ok(overrides) => overrides,
        Err(failure) => return failure,
    };
    let overrides = [overrides, options.overrides.clone()].concat();
    let error = profile::parse(
        "command line",
        &run_head(&arguments.measuring),
        Path::new(""),
        &overrides,
    )
    .map_or_else(|error| error, |_| error);
    error.into()
}

/// One run to be made.
#[derive(Debug)]
pub(super) struct Measuring {
    /// What to measure.
    pub(super) profile: Profile,
    /// How, beyond that.
    pub(super) options: MeasuringOptions,
    /// The command line in words.
    pub(super) command: Vec<String>,
    /// Tell errors and the result, no progress.
    pub(super) quiet: bool,
    /// By configuration id: programs that run its trials instead of this binary.
    pub(super) trial_programs: BTreeMap<String, OtherTrialProgram>,
    /// What `--resume` is to name where this run is interrupted; none: its own directory.
    pub(super) resumed_at: Option<PathBuf>,
    /// What a gate asks, where it decides on the number of blocks.
    pub(super) question: Option<Question>,
    /// By a figure's id, the thresholds of the gate that the run is made for; none where it is made for none.
    pub(super) held_to: Option<BTreeMap<String, f64>>,
}

/// What is said of a run that was not interrupted, on standard output.
pub(super) type Tell<'a> = &'a dyn Fn(&RunOutcome, Format) -> Result<(), Failure>;

fn show(outcome: &RunOutcome, format: Format) -> Result<(), Failure> {
    report::show(&outcome.directory, format)?;
    Ok(())
}

/// Makes a run and tells its result.
///
/// # Errors
/// Where nothing could be measured.
pub(super) fn measure(measuring: Measuring, tell: Tell<'_>) -> Result<Exit, Failure> {
    let Measuring {
        profile,
        options,
        command,
        quiet,
        trial_programs,
        resumed_at,
        question,
        held_to,
    } = measuring;
    check_existing_topic(&profile, &options)?;
    announce(&profile, &options, quiet)?;
    let mask = Mask::of(&profile);
    let request = RunRequest {
        out: out_directory(&profile, &options.place),
        profile,
        command: command.clone(),
        keep_topics: options.keep_topics,
        question,
        held_to,
        trial_program: TrialProgram::this_binary().map_err(Failure::failed)?,
        trial_programs,
        spawner: Spawner::new().map_err(Failure::failed)?,
        client_version: client::library_version(),
        data_directory: data_directory(),
        limits: Limits::default(),
    };
    let directory = match &request.out {
        OutDirectory::Fresh(path) | OutDirectory::Resume(path) => path.clone(),
    };
    let how_to_resume = || {
        // Before that there is nothing to continue.
        directory
            .join(MANIFEST_FILE)
            .exists()
            .then(|| resume_command(&command, resumed_at.as_ref().unwrap_or(&directory), &mask))
    };
    match executed(&request, quiet) {
        Ok(Some(outcome)) => finish(&outcome, options.format, how_to_resume(), tell),
        Ok(None) => Ok(interrupted(None, how_to_resume())),
        Err(failure) => {
            if has_trials(&directory)
                && failure.exit() == Exit::Failed
                && let Some(resume) = how_to_resume()
            {
                output::note(&format!(
                    "The trials stored so far are intact. Continue with:\n  {resume}"
                ));
            }
            Err(failure)
        }
    }
}

/// None where a second signal ended everything at once.
fn executed(request: &RunRequest, quiet: bool) -> Result<Option<RunOutcome>, Failure> {
    let remarks = if quiet {
        Progress::default()
    } else {
        Progress::new(output::note)
    };
    let mut start = StartOptions::new(request.spawner.clone());
    start.local.progress = remarks;
    let (source, cancel) = CancelSource::new();
    start.cancel = Some(cancel.receiver());
    let starter = Targets { options: start };
    let mut listener = progress::listener(quiet);
    // One thread: nothing that the coordinator does while a trial measures needs two.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let work = execute(request, &starter, listener.as_mut(), &cancel);
    let ended: io::Result<_> = runtime.block_on(signals::interruptible(&source, work));
    // A request to a broker that does not answer must not hold up the end.
    runtime.shutdown_background();
    match ended.map_err(Failure::failed)? {
        Some(outcome) => Ok(Some(outcome?)),
        None => Ok(None),
    }
}

/// Tells what is about to happen and refuses what is too much.
fn announce(profile: &Profile, options: &MeasuringOptions, quiet: bool) -> Result<(), Failure> {
    let mut estimate = profile::estimate(profile);
    if options.keep_topics {
        estimate = estimate.keeping_topics();
    }
    if !quiet {
        for line in super::profile::warning_lines(profile) {
            output::note(&line);
        }
        output::note(&format!("{}: {}", profile.name, estimate.sentence()));
    }
    // Also when quiet: it is somebody else's cluster.
    if profile.target.kind == TargetKind::External {
        let servers = profile.target.bootstrap_servers.as_deref().unwrap_or_default();
        let topics = match &profile.topic.existing {
            Some(name) => format!("the existing topic {name}, which is left as it is then"),
            None if options.keep_topics => "topics of its own, kpbench-…, which are kept".to_owned(),
            None => "topics of its own, kpbench-…, which are deleted again".to_owned(),
        };
        output::note(&format!(
            "About to write up to {} to {servers}, in {topics}.",
            profile::format_bytes_roughly(estimate.bytes_written)
        ));
    }
    profile::check_budget(&estimate, options.yes, free_disk::for_local_brokers())?;
    Ok(())
}

/// A profile alone, which may come from anybody, must not lead to writing into somebody's topic.
fn check_existing_topic(profile: &Profile, options: &MeasuringOptions) -> Result<(), Failure> {
    match &profile.topic.existing {
        Some(name) if options.existing_topic.as_ref() != Some(name) => Err(Failure::usage(format!(
            "the profile writes to the existing topic {name}; if that is meant, say so with --existing-topic {name}"
        ))),
        _ => Ok(()),
    }
}

fn out_directory(profile: &Profile, place: &PlaceOption) -> OutDirectory {
    match place {
        PlaceOption::Out(path) => OutDirectory::Fresh(path.clone()),
        PlaceOption::Resume(path) => OutDirectory::Resume(path.clone()),
        PlaceOption::Default => {
            let safe = |c: char| {
                if c.is_alphanumeric() || "-_.".contains(c) {
                    c
                } else {
                    '-'
                }
            };
            let name: String = profile.name.chars().map(safe).collect();
            let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
            OutDirectory::Fresh(PathBuf::from(REPORTS).join(format!("{time}-{name}")))
        }
    }
}

fn finish(
    outcome: &RunOutcome,
    format: Format,
    how_to_resume: Option<String>,
    tell: Tell<'_>,
) -> Result<Exit, Failure> {
    if outcome.ended == Ended::Interrupted {
        let mut kept = None;
        if stored(outcome) > 0 {
            let written = crate::report::write(&outcome.directory)?;
            kept = Some(format!(
                "{} of {} are stored. Report so far: {}",
                stored(outcome),
                counted(outcome.planned as u64, "trial", "trials"),
                written.html.display()
            ));
        }
        return Ok(interrupted(kept, how_to_resume));
    }
    tell(outcome, format)?;
    if let Ended::TargetLost { cause } = &outcome.ended {
        output::note(&format!("error: the target was lost and did not come back: {cause}"));
        if let Some(resume) = how_to_resume {
            output::note(&format!(
                "{} of {} are stored. Continue with:\n  {resume}",
                stored(outcome),
                counted(outcome.planned as u64, "trial", "trials")
            ));
        }
        return Ok(Exit::NotComplete);
    }
    if outcome.failed > 0 {
        output::note(&report::failed(outcome.failed as u64, outcome.planned as u64));
        return Ok(Exit::NotComplete);
    }
    Ok(Exit::Fine)
}

fn stored(outcome: &RunOutcome) -> usize {
    outcome.completed + outcome.failed
}

fn interrupted(kept: Option<String>, how_to_resume: Option<String>) -> Exit {
    let kept = kept.unwrap_or_else(|| "Finished trials are kept.".to_owned());
    output::note(&match how_to_resume {
        Some(resume) => format!("Interrupted. {kept}\nContinue with:\n  {resume}"),
        None => "Interrupted before the first trial; nothing was stored.".to_owned(),
    });
    Exit::Interrupted
}

fn has_trials(directory: &Path) -> bool {
    directory.join(TRIALS_FILE).metadata().is_ok_and(|file| file.len() > 0)
}
