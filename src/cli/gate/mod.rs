//! `kpbench gate`: a run held against a baseline, for a nightly job to rely on its exit code.

mod arguments;
mod fresh;
mod programs;
mod repetition;
mod stored;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use repetition::{confirmed_by, is_repetition, place_of_repetition};
use stored::{Stored, refuse_itself, stored};

pub use arguments::{BASELINE_EXAMPLES, BaselineCommand, BaselinePlace, GATE_EXAMPLES, GateArguments};

use super::arguments::Format;
use super::baseline::{Loaded, name_of};
use super::exit::Exit;
use super::export;
use super::failure::Failure;
use super::options::{MeasuringOptions, PlaceOption, key_value};
use super::output;
use crate::analysis::{
    Asked, GateVerdict, Judged, against_stored, interleaved, may_be_excused, pairs_of, thresholds_of_run, whole_verdict,
};
use crate::profile::parse_threshold;
use crate::report::{GATE_FILE, GATE_SCHEMA_VERSION, GateDocument, Repetition, exported_gate, gate_text, replace};
use crate::store::Manifest;

/// What a run was held against, and what came of it.
struct Outcome {
    loaded: Loaded,
    judged: Judged,
    baseline: String,
    interleaved: bool,
    sessions: usize,
    repetition: Repetition,
    /// Whether the run was made for this gate, so that its directory may hold the result.
    own_run: bool,
}

/// What an interleaved run is held against.
const INTERLEAVED: &str = "its base, measured interleaved with it";

/// `kpbench gate`.
///
/// # Errors
/// Where nothing could be judged.
pub fn gate(arguments: &GateArguments, command: Vec<String>, quiet: bool) -> Result<Exit, Failure> {
    let options = MeasuringOptions::from_arguments(&arguments.measuring)?;
    let stdout_is_taken = export::takes_stdout(&arguments.export, options.format)?;
    let given = given_thresholds(&arguments.threshold)?;
    let (format, lenient) = (options.format, arguments.lenient);
    let outcome = match (&arguments.run_directory, &arguments.profile) {
        (Some(directory), _) => finished(arguments, &options, directory, &given)?,
        (None, Some(profile)) => match fresh::gate(arguments, profile, options, &given, command, quiet)? {
            Ok(outcome) => outcome,
            Err(ended) => return Ok(ended),
        },
        (None, None) => {
            return Err(Failure::usage(
                "gate judges a finished run (give its directory) or measures a profile (--profile PROFILE)",
            ));
        }
    };
    let (document, exit) = document(&outcome, &given, lenient);
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&document).map_err(Failure::failed)? + "\n",
        Format::Text => gate_text(&document, output::stdout_width()),
    };
    let text_is_shown = !stdout_is_taken && format == Format::Text;
    if !stdout_is_taken {
        output::print(&text).map_err(Failure::failed)?;
    }
    if outcome.own_run {
        let path = outcome.loaded.path.join(GATE_FILE);
        let text = serde_json::to_string_pretty(&document).map_err(Failure::failed)? + "\n";
        replace(&path, text.as_bytes()).map_err(Failure::failed)?;
    }
    let Loaded {
        path, manifest, trials, ..
    } = &outcome.loaded;
    if !arguments.export.is_empty() {
        let run = exported_gate(&document, manifest, trials, &name_of(path));
        export::write(&arguments.export, &run)?;
    }
    // Once: where the text is not shown, a person who reads along still learns why the job ends as it does.
    if !text_is_shown && (exit != Exit::Fine || lenient) {
        output::note(&document.sentence);
    }
    Ok(exit)
}

fn given_thresholds(given: &[String]) -> Result<BTreeMap<String, f64>, Failure> {
    given
        .iter()
        .map(|text| {
            let (metric, share) = key_value("--threshold", text)?;
            parse_threshold(metric, share).map_err(|expected| Failure::usage(format!("--threshold {text}: {expected}")))
        })
        .collect()
}

/// A finished run against stored sessions, or, where it measured base and candidate interleaved, within itself.
fn finished(
    arguments: &GateArguments,
    options: &MeasuringOptions,
    directory: &Path,
    given: &BTreeMap<String, f64>,
) -> Result<Outcome, Failure> {
    let has_base = !arguments.base.is_empty() || arguments.base_bin.is_some() || arguments.candidate_bin.is_some();
    let measures =
        has_base || !options.overrides.is_empty() || options.place != PlaceOption::Default || options.keep_topics;
    if measures {
        return Err(Failure::usage(
            "a finished run is judged as it is: flags that say what to measure, and how, are for gate --profile",
        ));
    }
    let loaded = Loaded::read(directory)?;
    let stored = match &arguments.baseline {
        None if pairs_of(&loaded.manifest).is_empty() => {
            return Err(Failure::usage(
                "say what the run is held against: --baseline NAME, or --baseline RUN_DIR",
            ));
        }
        None => None,
        Some(name) => {
            let stored = stored(arguments.baselines.as_deref(), name)?;
            refuse_itself(&stored, &loaded)?;
            Some(stored)
        }
    };
    let judge = |run: &Loaded| {
        let asked = asked(run, given, arguments.force);
        match &stored {
            None => interleaved(&run.session, &pairs_of(&run.manifest), &asked),
            Some(stored) => against_stored(&stored.sessions, &run.session, &asked),
        }
    };
    let mut judged = judge(&loaded);
    let found = judged.rows.iter().any(|row| row.verdict == GateVerdict::Regression);
    let again = place_of_repetition(&loaded.path);
    let repetition = match found {
        // The gate that the run was made for has measured it again: who reads the run later finds the same.
        true if is_repetition(&loaded.manifest, &again) => {
            let second = judge(&Loaded::read(&again)?);
            confirmed_by(&mut judged, &again, &second)
        }
        true => Repetition::NotPossible,
        false => Repetition::NotNeeded,
    };
    Ok(Outcome {
        interleaved: stored.is_none(),
        loaded,
        judged,
        baseline: stored.as_ref().map_or(INTERLEAVED.to_owned(), Stored::in_words),
        sessions: stored.as_ref().map_or(0, |stored| stored.sessions.len()),
        repetition,
        own_run: false,
    })
}

fn asked(loaded: &Loaded, given: &BTreeMap<String, f64>, force: bool) -> Asked {
    Asked {
        thresholds: thresholds_of_run(&loaded.manifest, given).0,
        force,
    }
}

/// Which programs ran the trials, where that was not this one.
fn programs(manifest: &Manifest) -> Vec<String> {
    let mut said = Vec::new();
    for configuration in &manifest.configurations {
        let Some(program) = manifest.trial_programs.get(&configuration.id) else {
            continue;
        };
        let side = configuration.axes.last().map_or("", |axis| axis.value.as_str());
        let sentence = format!(
            "The trials of {side} were run by {} ({}, {}).",
            program.path.display(),
            program.version.as_deref().unwrap_or("of unknown version"),
            program.client_version.as_deref().unwrap_or("client not known")
        );
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    said
}

fn document(outcome: &Outcome, given: &BTreeMap<String, f64>, lenient: bool) -> (GateDocument, Exit) {
    let Outcome {
        loaded,
        judged,
        baseline,
        interleaved,
        sessions,
        repetition,
        ..
    } = outcome;
    let verdict = whole_verdict(judged);
    let excused = lenient && may_be_excused(&judged.rows);
    let exit = match verdict {
        GateVerdict::Pass => Exit::Fine,
        GateVerdict::Regression => Exit::Regression,
        GateVerdict::Inconclusive if excused => Exit::Fine,
        GateVerdict::Inconclusive | GateVerdict::NotValid => Exit::NotComplete,
    };
    let mut notes = judged.notes.clone();
    notes.extend(programs(&loaded.manifest));
    if let Some(cut) = loaded.cut_line {
        notes.push(format!(
            "The last line of trials.jsonl (line {}) is cut: that trial counts as missing.",
            cut.line
        ));
    }
    let document = GateDocument {
        schema_version: GATE_SCHEMA_VERSION,
        kpbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        judged_at: Timestamp::now(),
        profile_name: loaded.manifest.profile_name.clone(),
        run: loaded.path.display().to_string(),
        baseline: baseline.clone(),
        interleaved: *interleaved,
        sessions: *sessions as u32,
        verdict,
        lenient,
        exit_code: exit.code(),
        sentence: GateDocument::conclusion(verdict, &judged.rows, lenient, excused),
        thresholds_from: thresholds_of_run(&loaded.manifest, given).1,
        repetition: repetition.clone(),
        rows: judged.rows.clone(),
        invalid: judged.invalid.clone(),
        forced: judged.forced.clone(),
        warnings: judged.warnings.clone(),
        notes,
    };
    (document, exit)
}
