//! `kpbench compare`: run directories, or configurations of one, side by side.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::arguments::{CompareArguments, Format};
use super::baseline::input_fault;
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::analysis::{self, Comparison, Floors, Observations, Run};
use crate::profile::Order;
use crate::report::comparison::{COMPARISON_SCHEMA_VERSION, ComparisonDocument, render};
use crate::report::format::counted;
use crate::report::terminal::Style;
use crate::store::{Manifest, RunDirectory};

/// A run as named on the command line: a directory, or one configuration of it.
struct Loaded {
    name: String,
    place: PathBuf,
    manifest: Manifest,
    observations: Observations,
    only: Option<String>,
    notes: Vec<String>,
}

impl Loaded {
    fn side(&self) -> Run<'_> {
        Run {
            name: self.name.clone(),
            manifest: &self.manifest,
            observations: &self.observations,
            only: self.only.as_deref(),
        }
    }
}

/// Compares each candidate with the base and prints.
///
/// # Errors
/// Where a run cannot be read, has no such configuration, or may not be compared.
pub fn compare(asked: &CompareArguments) -> Result<Exit, Failure> {
    // Reading large runs takes most of the time: side by side.
    let (base, candidates) = std::thread::scope(|scope| {
        let base = scope.spawn(|| load(&asked.base));
        let candidates: Vec<Result<Loaded, Failure>> = asked.candidates.iter().map(|name| load(name)).collect();
        let base = base.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (base, candidates)
    });
    let (base, candidates) = (base?, candidates.into_iter().collect::<Result<Vec<_>, _>>()?);
    let mut document = ComparisonDocument {
        schema_version: COMPARISON_SCHEMA_VERSION,
        kpbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        compared_at: Timestamp::now(),
        comparisons: Vec::new(),
        forced: Vec::new(),
        notes: base.notes.clone(),
    };
    for candidate in &candidates {
        let comparison = against(&base, candidate)?;
        document.forced.extend(comparison.incomparable());
        document.notes.extend(
            candidate
                .notes
                .iter()
                .filter(|note| !base.notes.contains(note))
                .cloned(),
        );
        if base.place != candidate.place {
            let remarks = analysis::remarks(&base.manifest, &candidate.manifest);
            let of = |remark: String| format!("{} against {}: {remark}", base.name, candidate.name);
            document.notes.extend(remarks.into_iter().map(of));
        }
        document.comparisons.push(comparison);
    }
    document.forced.dedup();
    if !document.forced.is_empty() && !asked.force {
        return Err(Failure::usage(format!(
            "not comparable:\n  {}\n  --force compares all the same, and says so on the result",
            document.forced.join("\n  ")
        )));
    }
    print(&document, asked.format)?;
    if !document.is_answered() {
        output::note("error: cannot be answered: no figure has enough trials on both sides for an interval");
        return Ok(Exit::NotComplete);
    }
    Ok(Exit::Fine)
}

/// Puts a comparison on standard output.
///
/// # Errors
/// Where that cannot be written.
pub(super) fn print(document: &ComparisonDocument, format: Format) -> Result<(), Failure> {
    let text = match format {
        Format::Json => serde_json::to_string_pretty(document).map_err(Failure::failed)? + "\n",
        Format::Text => {
            let style = Style {
                color: output::stdout_has_color(),
                width: output::stdout_width(),
                ..Style::default()
            };
            render(document, &style)
        }
    };
    output::print(&text).map_err(Failure::failed)
}

fn against(base: &Loaded, candidate: &Loaded) -> Result<Comparison, Failure> {
    let same_run = base.place == candidate.place;
    if same_run && (base.only.is_none() || candidate.only.is_none() || base.only == candidate.only) {
        return Err(Failure::usage(format!(
            "{} is compared with itself; name two configurations of it, as in {}#'acks=1' {}#'acks=all'",
            base.name,
            base.place.display(),
            base.place.display()
        )));
    }
    if !same_run
        && base.manifest.created_at == candidate.manifest.created_at
        && base.manifest.plan == candidate.manifest.plan
    {
        return Err(Failure::usage(format!(
            "{} is a copy of {}: comparing it would say that nothing differs",
            candidate.name, base.name
        )));
    }
    let comparison = analysis::compare(
        &base.side(),
        &candidate.side(),
        same_run,
        &Floors::of_run(&base.manifest).larger(&Floors::of_run(&candidate.manifest)),
    );
    if comparison.contrasts.is_empty() {
        return Err(Failure::usage(format!(
            "{} and {} have no configuration in common: neither an id nor a label. They have:\n{}\nand:\n{}",
            base.name,
            candidate.name,
            listed(&base.manifest),
            listed(&candidate.manifest)
        )));
    }
    Ok(comparison)
}

fn load(name: &str) -> Result<Loaded, Failure> {
    let (directory, chosen) = match name.rsplit_once('#') {
        // A directory may have that character in its name.
        Some((directory, chosen)) if !Path::new(name).exists() => (directory, Some(chosen)),
        _ => (name, None),
    };
    let run = RunDirectory::open(Path::new(directory)).map_err(input_fault)?;
    let stored = run.read_trials_without_intervals().map_err(input_fault)?;
    let manifest = run.manifest().clone();
    let mut notes = Vec::new();
    if let Some(cut) = &stored.cut_line {
        notes.push(format!(
            "{directory}: the last line of trials.jsonl (line {}) was cut; that trial is not compared",
            cut.line
        ));
    }
    let missing = analysis::missing_trials(&manifest, &stored.records);
    if missing > 0 {
        notes.push(format!(
            "{directory}: {} of {} did not come to their end and are not compared",
            missing,
            counted(manifest.plan.len() as u64, "planned trial", "planned trials")
        ));
    }
    if manifest.run.order == Order::Matrix {
        notes.push(format!(
            "{directory}: blocks were run in the matrix's order, not in a random one: what comes first in a block differs \
             from what comes last for that reason alone"
        ));
    }
    let only = chosen.map(|chosen| find(&manifest, directory, chosen)).transpose()?;
    Ok(Loaded {
        name: name.to_owned(),
        place: std::fs::canonicalize(directory).unwrap_or_else(|_| PathBuf::from(directory)),
        observations: Observations::of(&manifest, &stored.records),
        manifest,
        only,
        notes,
    })
}

/// By id or by label.
fn find(manifest: &Manifest, directory: &str, chosen: &str) -> Result<String, Failure> {
    let mut all = manifest.configurations.iter();
    all.find(|one| one.id == chosen || one.label == chosen)
        .map(|one| one.id.clone())
        .ok_or_else(|| {
            Failure::usage(format!(
                "{directory} has no configuration {chosen:?}; it has:\n{}",
                listed(manifest)
            ))
        })
}

fn listed(manifest: &Manifest) -> String {
    let lines: Vec<String> = manifest
        .configurations
        .iter()
        .map(|one| format!("  {}  {}", one.id, one.label))
        .collect();
    lines.join("\n")
}
