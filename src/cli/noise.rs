//! `kpbench noise`: one configuration twice in each block; by how much it differs from itself is kept for later runs.

use std::path::Path;

use jiff::Timestamp;

use super::arguments::{ConfigurationArguments, Format, NoiseArguments};
use super::data_directory::data_directory;
use super::exit::Exit;
use super::failure::Failure;
use super::measuring::{self, Measuring};
use super::options::{MeasuringOptions, configuration_text};
use super::output;
use crate::profile::{self, Profile};
use crate::report;
use crate::run::{Ended, RunOutcome};
use crate::stats::signed_rank;
use crate::store::RunDirectory;

/// Blocks where no number is given.
const BLOCKS: u32 = 20;

/// The labels of the two.
const TWINS: [&str; 2] = ["a", "b"];

/// `kpbench noise`.
///
/// # Errors
/// Where nothing could be measured.
pub fn noise(arguments: &NoiseArguments, command: Vec<String>, quiet: bool) -> Result<Exit, Failure> {
    let mut options = MeasuringOptions::from_arguments(&arguments.measuring)?;
    let is_given = |key: &str| options.overrides.iter().any(|given| given.key == key);
    if is_given("run.precision") {
        return Err(Failure::usage(
            "noise measures identical trials in a fixed number of blocks: give --repetitions instead of a precision",
        ));
    }
    if !is_given("run.repetitions") {
        options.overrides.push(profile::Override {
            key: "run.repetitions".to_owned(),
            value: BLOCKS.to_string(),
            origin: "noise".to_owned(),
        });
    }
    let (profile, label) = twins(arguments, &options)?;
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
    measuring::measure(measuring, &|outcome, format| conclude(outcome, format, &label))
}

/// The profile with one configuration twice, and that configuration's label.
fn twins(arguments: &NoiseArguments, options: &MeasuringOptions) -> Result<(Profile, String), Failure> {
    let mut profile = match &arguments.profile {
        Some(path) => {
            refuse_flags_beside_a_profile(&arguments.configuration)?;
            profile::load(path, &options.overrides)?
        }
        None => {
            let text = format!(
                "name = \"noise\"\ndescription = \"By how much do identical trials differ here?\"\n{}",
                configuration_text(&arguments.configuration)?
            );
            profile::parse("command line", &text, Path::new(""), &options.overrides)?
        }
    };
    let index = match &arguments.chosen {
        None => 0,
        Some(chosen) => find(&profile, chosen)?,
    };
    let label = profile.configurations[index].label.clone();
    if arguments.profile.is_some() {
        profile.name = format!("noise-{}", profile.name);
    }
    Ok((profile.twins(index, TWINS), label))
}

fn refuse_flags_beside_a_profile(flags: &ConfigurationArguments) -> Result<(), Failure> {
    let ConfigurationArguments {
        producer,
        defaults,
        record_size,
        partitions,
        send_mode,
        client,
        rate,
    } = flags;
    let given = [
        ("--producer", !producer.is_empty()),
        ("--defaults", defaults.is_some()),
        ("--record-size", record_size.is_some()),
        ("--partitions", partitions.is_some()),
        ("--send-mode", send_mode.is_some()),
        ("--client", client.is_some()),
        ("--rate", rate.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Failure::usage(format!(
            "{flag} is for noise without a profile; beside one, change its fields with --set, as in --set \
             producer.linger.ms=5"
        ))),
        None => Ok(()),
    }
}

fn find(profile: &Profile, chosen: &str) -> Result<usize, Failure> {
    let mut configurations = profile.configurations.iter();
    let found = configurations.position(|one| one.id == chosen || one.label == chosen);
    found.ok_or_else(|| {
        let known: Vec<String> = profile
            .configurations
            .iter()
            .map(|one| format!("  {}  {}", one.id, one.label))
            .collect();
        Failure::usage(format!(
            "the profile has no configuration {chosen:?}; it has:\n{}",
            known.join("\n")
        ))
    })
}

/// Makes the floor of a finished run, stores it with the run and keeps it for later ones.
fn conclude(outcome: &RunOutcome, format: Format, label: &str) -> Result<(), Failure> {
    let written = report::write(&outcome.directory)?;
    if outcome.ended != Ended::Complete {
        return Ok(());
    }
    let directory = RunDirectory::open(&outcome.directory)?;
    let trials = directory.read_trials_without_intervals()?.records;
    let floor = report::noise_floor_of(directory.manifest(), &trials, label, Timestamp::now());
    let floor = floor
        .filter(|floor| !floor.floors.is_empty())
        .ok_or_else(|| Failure::Other {
            error: format!(
                "the noise floor cannot be told: {} blocks in which both trials came to their end are needed at least",
                signed_rank::pairs_needed(0.95)
            )
            .into(),
            remedy: Some("give more --repetitions".to_owned()),
            exit: Exit::NotComplete,
        })?;
    let in_run = floor.write(&outcome.directory)?;
    let kept = data_directory().map(|directory| floor.keep(&directory)).transpose()?;
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&floor).map_err(Failure::failed)? + "\n",
        Format::Text => report::noise_text(&floor),
    };
    output::print(&text).map_err(Failure::failed)?;
    output::note(&format!(
        "Stored in {}; report: {}",
        in_run.display(),
        written.html.display()
    ));
    output::note(&match kept {
        Some(path) => format!("Kept for later runs on this machine and target in {}", path.display()),
        None => "Not kept for later runs: none of KPBENCH_DATA_DIR, XDG_DATA_HOME and HOME is set".to_owned(),
    });
    Ok(())
}
