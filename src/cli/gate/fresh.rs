//! `kpbench gate --profile`: measures the profile, interleaved with its base where it has one, and once more where a
//! regression was found.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::programs::other_build;
use super::repetition::{confirmed_by, is_repetition, place_of_repetition, seed_of_repetition};
use super::stored::{Stored, refuse_itself, stored};
use super::{GateArguments, INTERLEAVED, Outcome, asked};
use crate::analysis::{
    ALPHA, Asked, GateVerdict, Judged, Metric, Question, Side, against_stored, differences, interleaved, not_confirmed,
    pairs_of, thresholds, whole_verdict,
};
use crate::cli::baseline::Loaded;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::measuring::{self, Measuring};
use crate::cli::options::{MeasuringOptions, PlaceOption, inline_table};
use crate::cli::output;
use crate::profile::{self, Configuration, Override, Profile};
use crate::report::{self, Repetition};
use crate::run::OtherTrialProgram;
use crate::stats::sessions::LEAST_SESSIONS;
use crate::stats::signed_rank;
use crate::store::{MANIFEST_FILE, Manifest};

/// What is measured, and what it is held against.
struct Plan {
    profile: Profile,
    /// None where base and candidate are measured interleaved.
    stored: Option<Stored>,
    programs: BTreeMap<String, OtherTrialProgram>,
    notes: Vec<String>,
    /// Measured in spite of these.
    forced: Vec<String>,
}

/// What a run is made with, over and over.
struct Maker<'a> {
    options: MeasuringOptions,
    command: Vec<String>,
    quiet: bool,
    force: bool,
    given: &'a BTreeMap<String, f64>,
    /// The directory of the first run, once that is complete.
    first: Option<PathBuf>,
}

/// Measures and judges. The inner error is the end of a run that was interrupted.
///
/// # Errors
/// Where nothing could be measured.
pub(super) fn gate(
    arguments: &GateArguments,
    path: &Path,
    options: MeasuringOptions,
    given: &BTreeMap<String, f64>,
    command: Vec<String>,
    quiet: bool,
) -> Result<Result<Outcome, Exit>, Failure> {
    let mut plan = plan(arguments, path, &options)?;
    if plan.stored.is_none() {
        plan.profile = plan.profile.until_decided();
    }
    check_blocks(&plan, given, quiet)?;
    if let (PlaceOption::Resume(path), Some(stored)) = (&options.place, &plan.stored)
        && path.join(MANIFEST_FILE).exists()
    {
        refuse_itself(stored, &Loaded::read(path)?)?;
    }
    let mut maker = Maker {
        options,
        command,
        quiet,
        force: arguments.force,
        given,
        first: None,
    };
    let resumed = matches!(maker.options.place, PlaceOption::Resume(_));
    let (loaded, mut judged) = match maker.make(&plan, &plan.profile, Vec::new())? {
        Ok(made) => made,
        Err(ended) => return Ok(Err(ended)),
    };
    let mut repetition = Repetition::NotNeeded;
    if whole_verdict(&judged) == GateVerdict::Regression {
        output::note("A regression was found. It counts only if it is found again: measuring once more.");
        maker.options.place = second_place(&loaded, resumed);
        maker.first = Some(loaded.path.clone());
        repetition = match repeated(&maker, &plan, &mut judged) {
            Ok(Ok(repetition)) => repetition,
            Ok(Err(ended)) => return Ok(Err(ended)),
            // What was found must not be lost with it.
            Err(failure) => {
                failure.show();
                not_confirmed(&mut judged);
                Repetition::Failed {
                    cause: failure.sentence(),
                }
            }
        };
    }
    judged.notes.splice(0..0, plan.notes);
    judged.forced.splice(0..0, plan.forced);
    Ok(Ok(Outcome {
        loaded,
        judged,
        baseline: plan.stored.as_ref().map_or(INTERLEAVED.to_owned(), Stored::in_words),
        interleaved: plan.stored.is_none(),
        sessions: plan.stored.as_ref().map_or(0, |stored| stored.sessions.len()),
        repetition,
        own_run: true,
    }))
}

/// Measures once more what is a regression so far, and says what became of it. The inner error is the end of a run that
/// was interrupted.
fn repeated(maker: &Maker<'_>, plan: &Plan, judged: &mut Judged) -> Result<Result<Repetition, Exit>, Failure> {
    let mut again = plan.profile.clone();
    again.run.seed = seed_of_repetition(again.run.seed);
    let found = judged.rows.iter().filter(|row| row.verdict == GateVerdict::Regression);
    let found = found.map(|row| (row.configuration_id.clone(), row.metric)).collect();
    let (second, second_judged) = match maker.make(plan, &again, found)? {
        Ok(made) => made,
        Err(ended) => return Ok(Err(ended)),
    };
    Ok(Ok(confirmed_by(judged, &second.path, &second_judged)))
}

impl Maker<'_> {
    /// Makes one run and judges it; where a gate decides on the number of blocks, `only` these figures are waited for, or
    /// all where there are none. The inner error is the end of a run that was interrupted.
    fn make(
        &self,
        plan: &Plan,
        profile: &Profile,
        only: Vec<(String, Metric)>,
    ) -> Result<Result<(Loaded, Judged), Exit>, Failure> {
        let thresholds = thresholds(&profile.gate, self.given).0;
        let held_to = thresholds.iter().map(|one| (one.metric.id().to_owned(), one.share));
        let directory: RefCell<Option<PathBuf>> = RefCell::new(None);
        let measuring = Measuring {
            profile: profile.clone(),
            options: self.options.clone(),
            command: self.command.clone(),
            quiet: self.quiet,
            trial_programs: plan.programs.clone(),
            resumed_at: self.first.clone(),
            held_to: Some(held_to.collect()),
            question: plan.stored.is_none().then_some(Question {
                asked: Asked {
                    thresholds,
                    force: self.force,
                },
                only,
            }),
        };
        let exit = measuring::measure(measuring, &|outcome, _| {
            report::write(&outcome.directory)?;
            *directory.borrow_mut() = Some(outcome.directory.clone());
            Ok(())
        })?;
        let Some(directory) = directory.into_inner() else {
            return Ok(Err(exit));
        };
        let loaded = Loaded::read(&directory)?;
        let asked = asked(&loaded, self.given, self.force);
        let judged = match &plan.stored {
            None => interleaved(&loaded.session, &pairs_of(&loaded.manifest), &asked),
            Some(stored) => against_stored(&stored.sessions, &loaded.session, &asked),
        };
        Ok(Ok((loaded, judged)))
    }
}

/// Beside the first run; continued where the first one is too. What lies there beside a run that has just begun, or was
/// begun before it, is of another one, and confirms nothing.
fn second_place(first: &Loaded, resumed: bool) -> PlaceOption {
    let path = place_of_repetition(&first.path);
    match resumed && is_repetition(&first.manifest, &path) {
        true => PlaceOption::Resume(path),
        false => PlaceOption::Out(path),
    }
}

/// What is to be interleaved with what, if anything.
fn plan(arguments: &GateArguments, path: &Path, options: &MeasuringOptions) -> Result<Plan, Failure> {
    let profile = profile::load(path, &options.overrides)?;
    let has_base = !arguments.base.is_empty() || arguments.base_bin.is_some() || arguments.candidate_bin.is_some();
    if profile.has_variants() && (has_base || arguments.baseline.is_none()) {
        return Err(Failure::usage(
            "the profile has variants of its own, and gate makes two of its own, base and candidate: take them out, or \
             hold the profile against a stored baseline",
        ));
    }
    if has_base {
        return beside_own_base(arguments, path, options, profile);
    }
    let Some(name) = &arguments.baseline else {
        return Err(Failure::usage(
            "say what the profile is held against: --base KEY=VALUE or --base-bin PATH (interleaved), or --baseline NAME",
        ));
    };
    let stored = stored(arguments.baselines.as_deref(), name)?;
    let known = |one: &Configuration| {
        let mut all = stored
            .sessions
            .iter()
            .flat_map(|session| &session.manifest.configurations);
        all.any(|other| other.id == one.id)
    };
    if profile.configurations.iter().any(known) {
        let note = "The baseline has the profile's own configurations and no other build was given, so that there is \
                    nothing to interleave: the run was held to the stored sessions."
            .to_owned();
        return Ok(Plan {
            profile,
            stored: Some(stored),
            programs: BTreeMap::new(),
            notes: vec![note],
            forced: Vec::new(),
        });
    }
    beside_stored(profile, &stored, arguments.force)
}

/// With `--base`, `--base-bin`, `--candidate-bin`.
fn beside_own_base(
    arguments: &GateArguments,
    path: &Path,
    options: &MeasuringOptions,
    profile: Profile,
) -> Result<Plan, Failure> {
    let bases = if arguments.base.is_empty() {
        profile.configurations.clone()
    } else {
        let mut overrides = options.overrides.clone();
        overrides.push(Override {
            key: "variants.base".to_owned(),
            value: inline_table("--base", &arguments.base)?,
            origin: "--base".to_owned(),
        });
        let of_base = profile::load(path, &overrides)?;
        profile::counterparts(&profile, &of_base).ok_or_else(|| {
            Failure::usage("with --base, configurations of the profile come to the same and have no base each")
        })?
    };
    let profile = profile.beside(bases);
    let mut programs = BTreeMap::new();
    for (place, flag, given) in [
        (0, "--base-bin", &arguments.base_bin),
        (1, "--candidate-bin", &arguments.candidate_bin),
    ] {
        let Some(given) = given else { continue };
        let program = other_build(flag, given)?;
        // Base and candidate take turns.
        for configuration in profile.configurations.iter().skip(place).step_by(2) {
            programs.insert(configuration.id.clone(), program.clone());
        }
    }
    let mut notes = Vec::new();
    if arguments.baseline.is_some() {
        notes.push("The stored baseline was not used: base and candidate were measured interleaved.".to_owned());
    }
    Ok(Plan {
        profile,
        stored: None,
        programs,
        notes,
        forced: Vec::new(),
    })
}

/// The baseline's own configurations, measured again beside the profile's.
fn beside_stored(profile: Profile, stored: &Stored, force: bool) -> Result<Plan, Failure> {
    let Some(newest) = stored.sessions.last() else {
        return Err(Failure::usage(format!("the baseline {} has no session", stored.name)));
    };
    let kind = newest.manifest.target.kind;
    if kind != profile.target.kind {
        return Err(Failure::usage(format!(
            "the baseline was measured against target {kind} and the profile asks for {}: they cannot be interleaved",
            profile.target.kind
        )));
    }
    let all = &newest.manifest.configurations;
    let base_of = |one: &Configuration| match (&all[..], &profile.configurations[..]) {
        ([only], [_]) => Some(only.clone()),
        _ => all.iter().find(|other| other.label == one.label).cloned(),
    };
    let bases: Option<Vec<Configuration>> = profile.configurations.iter().map(base_of).collect();
    let labels = |all: &[Configuration]| all.iter().map(|one| one.label.clone()).collect::<Vec<_>>().join(", ");
    let bases = bases.ok_or_else(|| Failure::Other {
        error: format!(
            "the profile and the baseline {} have no configuration in common, nor the same labels: the profile has {}; \
             the baseline has {}",
            stored.name,
            labels(&profile.configurations),
            labels(all)
        )
        .into(),
        remedy: Some("give the profile that the baseline was measured with, or --base KEY=VALUE".to_owned()),
        exit: Exit::NotComplete,
    })?;
    let masked = |one: &Configuration| {
        one.effective_properties
            .values()
            .any(|value| value.contains(profile::MASK))
    };
    if bases.iter().any(masked) {
        return Err(Failure::usage(
            "the baseline's configurations hold secrets, which are not stored: they cannot be measured again; give \
             --base KEY=VALUE",
        ));
    }
    let unlike = unlike(&newest.manifest, &bases, &profile.configurations);
    if !unlike.is_empty() && !force {
        return Err(Failure::Other {
            error: format!(
                "not comparable with the baseline {}: {}",
                stored.name,
                unlike.join("; ")
            )
            .into(),
            remedy: Some("give the profile that the baseline was measured with, or --force".to_owned()),
            exit: Exit::NotComplete,
        });
    }
    let note = format!(
        "The baseline {} has other settings: they were measured again, interleaved with the profile's.",
        stored.name
    );
    Ok(Plan {
        profile: profile.beside(bases),
        stored: None,
        programs: BTreeMap::new(),
        notes: vec![note],
        forced: unlike,
    })
}

/// What makes the baseline's configurations no yardstick for the profile's: other records or partitions, and those which
/// the profile does not have, so that nothing drops out of a gate unseen.
fn unlike(manifest: &Manifest, bases: &[Configuration], candidates: &[Configuration]) -> Vec<String> {
    let side = |configuration| Side {
        manifest,
        configuration,
    };
    let mut found = Vec::new();
    for difference in bases
        .iter()
        .zip(candidates)
        .flat_map(|(base, candidate)| differences(side(base), side(candidate)))
    {
        if !found.contains(&difference) {
            found.push(difference);
        }
    }
    let all = manifest.configurations.iter();
    let gone: Vec<&str> = all
        .filter(|one| bases.iter().all(|base| base.id != one.id))
        .map(|one| one.label.as_str())
        .collect();
    if !gone.is_empty() {
        found.push(format!("the profile does not have {}", gone.join(", ")));
    }
    found
}

/// Too few blocks for any verdict cost nothing yet.
fn check_blocks(plan: &Plan, given: &BTreeMap<String, f64>, quiet: bool) -> Result<(), Failure> {
    let thresholds = thresholds(&plan.profile.gate, given).0.len();
    if let Some(stored) = &plan.stored {
        if stored.sessions.len() < LEAST_SESSIONS && !quiet {
            output::note(&format!(
                "warning: the baseline has {} of the {LEAST_SESSIONS} sessions that most figures need; only figures that \
                 hardly vary can be judged",
                stored.sessions.len()
            ));
        }
        return Ok(());
    }
    let blocks = plan.profile.run.blocks().1;
    let least = signed_rank::pairs_needed(1.0 - ALPHA);
    let (flag, share) = match &plan.profile.run.precision {
        Some(rule) => ("--max-blocks 50", Question::last_share(rule)),
        None => ("--repetitions 10", 1.0),
    };
    if blocks < least {
        return Err(Failure::usage(format!(
            "{blocks} blocks cannot decide anything: {least} are needed at least; give {flag}"
        )));
    }
    let figures = thresholds * plan.profile.configurations.len() / 2;
    let needed = signed_rank::pairs_needed(1.0 - ALPHA * share / figures.max(1) as f64);
    if blocks < needed && !quiet {
        output::note(&format!(
            "warning: {figures} figures are gated together, so that a regression may need {needed} blocks to be certain; \
             the run has {blocks} at most"
        ));
    }
    Ok(())
}
