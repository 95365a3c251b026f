//! `kpbench baseline`: runs kept as sessions, by name, for later gates.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use super::arguments::Format;
use super::data_directory::data_directory;
use super::exit::Exit;
use super::failure::Failure;
use super::gate::{BaselineCommand, BaselinePlace};
use super::output;
use crate::analysis::{Side, differences, session_of};
use crate::report::format::counted;
use crate::store::{
    BASELINES_DIRECTORY, BaselineError, BaselineSession, Baselines, CutLine, Manifest, RunDirectory, StoreError,
    StoredSessions, TrialRecord,
};

/// `kpbench baseline`.
///
/// # Errors
/// Where it could not be done.
pub fn baseline(asked: BaselineCommand) -> Result<Exit, Failure> {
    match asked {
        BaselineCommand::Save {
            name,
            run_directory,
            force,
            place,
        } => save(&baselines(place.directory())?, &name, &run_directory, force),
        BaselineCommand::List { name, format, place } => list(&baselines(place.directory())?, name.as_deref(), format),
        BaselineCommand::Remove {
            name,
            session,
            yes,
            place,
        } => remove(&baselines(place.directory())?, &name, session.as_deref(), yes),
    }
}

impl BaselinePlace {
    fn directory(&self) -> Option<&Path> {
        self.baselines.as_deref()
    }
}

/// Those in the directory given, else in the user's data directory.
pub(super) fn baselines(given: Option<&Path>) -> Result<Baselines, Failure> {
    let root = match given {
        Some(given) => given.to_owned(),
        None => data_directory()
            .ok_or_else(|| {
                Failure::usage(
                    "baselines have no place: none of KPBENCH_DATA_DIR, XDG_DATA_HOME and HOME is set; name one with \
                     --baselines DIR",
                )
            })?
            .join(BASELINES_DIRECTORY),
    };
    Ok(Baselines::new(root))
}

/// A run directory as it was read.
pub(super) struct Loaded {
    pub(super) path: PathBuf,
    pub(super) manifest: Manifest,
    pub(super) trials: Vec<TrialRecord>,
    pub(super) cut_line: Option<CutLine>,
    pub(super) session: BaselineSession,
}

impl Loaded {
    /// Reads a run.
    pub(super) fn read(path: &Path) -> Result<Loaded, Failure> {
        let directory = RunDirectory::open(path).map_err(input_fault)?;
        let stored = directory.read_trials().map_err(input_fault)?;
        let manifest = directory.manifest().clone();
        let session = session_of(&manifest, &stored.records, &name_of(path), Timestamp::now());
        Ok(Loaded {
            path: path.to_owned(),
            trials: stored.records,
            cut_line: stored.cut_line,
            session,
            manifest,
        })
    }

    /// What keeps it from being a whole measurement.
    fn incomplete(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(cut) = self.cut_line {
            found.push(format!("the last line of trials.jsonl (line {}) is cut", cut.line));
        }
        let planned: u32 = self.session.configurations.iter().map(|one| one.planned).sum();
        let completed: u32 = self.session.configurations.iter().map(|one| one.completed).sum();
        if completed < planned || planned == 0 {
            found.push(format!(
                "{} of {} came to their end",
                completed,
                counted(u64::from(planned), "planned trial", "planned trials")
            ));
        }
        if self.manifest.awaits_more_blocks() {
            found.push("it broke off before enough was measured".to_owned());
        }
        found
    }
}

/// What the directory is called, however it was named: `.` too.
pub(super) fn name_of(directory: &Path) -> String {
    let whole = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let name = whole.file_name().unwrap_or(whole.as_os_str());
    name.to_string_lossy().into_owned()
}

/// A stored document that cannot be read is the input's fault here: nothing was measured.
pub(super) fn input_fault(error: StoreError) -> Failure {
    match error {
        StoreError::SchemaVersion { .. } | StoreError::Malformed { .. } => Failure::usage(error.to_string()),
        other => other.into(),
    }
}

impl From<BaselineError> for Failure {
    fn from(error: BaselineError) -> Failure {
        match error {
            BaselineError::Store(error) => input_fault(error),
            // What the operating system refuses is no fault of the document.
            BaselineError::Damaged { ref damaged, .. } if matches!(damaged.cause, StoreError::Io { .. }) => {
                Failure::failed(error)
            }
            other => Failure::usage(other.to_string()),
        }
    }
}

fn save(baselines: &Baselines, name: &str, run: &Path, force: bool) -> Result<Exit, Failure> {
    let mut loaded = Loaded::read(run)?;
    let mut problems = loaded.incomplete();
    let stored = match baselines.contains(name) {
        true => baselines.sessions(name)?,
        false => Vec::new(),
    };
    problems.extend(incomparable(&stored, &loaded.session));
    if !problems.is_empty() && !force {
        return Err(Failure::Other {
            error: format!(
                "{} is not saved as a session of {name:?}:\n    {}",
                run.display(),
                problems.join("\n    ")
            )
            .into(),
            remedy: Some("measure again, or insist with --force: the session then says so".to_owned()),
            exit: Exit::NotComplete,
        });
    }
    loaded.session.forced = problems;
    let path = baselines.add(name, &loaded.session)?;
    let sessions = stored.len() as u64 + 1;
    output::print(&format!(
        "Saved {} as session {} of {name}, which has {} now: {}\n",
        run.display(),
        loaded.session.session_id,
        counted(sessions, "session", "sessions"),
        path.display()
    ))
    .map_err(Failure::failed)?;
    for what in &loaded.session.forced {
        output::note(&format!("warning: saved in spite of this: {what}"));
    }
    Ok(Exit::Fine)
}

/// What makes a session incomparable with stored ones, configuration by configuration, each once.
fn incomparable(stored: &[BaselineSession], session: &BaselineSession) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for before in stored {
        for configuration in &session.manifest.configurations {
            let same = |id: &str| id == configuration.id;
            let Some(other) = before.manifest.configurations.iter().find(|one| same(&one.id)) else {
                continue;
            };
            let (was, is) = (
                Side {
                    manifest: &before.manifest,
                    configuration: other,
                },
                Side {
                    manifest: &session.manifest,
                    configuration,
                },
            );
            for difference in differences(was, is) {
                if !found.contains(&difference) {
                    found.push(difference);
                }
            }
        }
        let shares = |id: &str| before.manifest.configurations.iter().any(|one| one.id == id);
        if !session.manifest.configurations.iter().any(|one| shares(&one.id)) {
            let what = format!("no configuration in common with session {}", before.session_id);
            found.push(what);
        }
    }
    found
}

fn list(baselines: &Baselines, only: Option<&str>, format: Format) -> Result<Exit, Failure> {
    let names = match only {
        Some(name) => vec![name.to_owned()],
        None => baselines.names()?,
    };
    let mut all = Vec::new();
    for name in names {
        let sessions = baselines.all_sessions(&name)?;
        all.push((name, sessions));
    }
    let damaged: usize = all.iter().map(|(_, sessions)| sessions.damaged.len()).sum();
    let text = match format {
        Format::Json => listed_json(baselines, &all)?,
        Format::Text if all.is_empty() => format!("No baseline in {}.\n", baselines.root().display()),
        Format::Text => all
            .iter()
            .map(|(name, sessions)| listed_text(name, sessions))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    output::print(&text).map_err(Failure::failed)?;
    if damaged == 0 {
        return Ok(Exit::Fine);
    }
    output::note(&format!(
        "{} cannot be read: put the file back, or give the session up with kpbench baseline remove NAME --session ID. No \
         gate uses its baseline before that.",
        counted(damaged as u64, "session", "sessions")
    ));
    // The list is not complete, and neither are the baselines.
    Ok(Exit::NotComplete)
}

fn listed_text(name: &str, sessions: &StoredSessions) -> String {
    let StoredSessions { readable, damaged } = sessions;
    let mut text = format!("{name}: {}", counted(readable.len() as u64, "session", "sessions"));
    if !damaged.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(text, " and {} damaged", damaged.len());
    }
    if let Some(newest) = readable.last() {
        let manifest = &newest.manifest;
        let labels: Vec<&str> = manifest.configurations.iter().map(|one| one.label.as_str()).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            ", newest {}\n  profile {}, {}: {}\n  {}, {} cores; target {} ({})",
            manifest.created_at.strftime("%Y-%m-%d %H:%M UTC"),
            manifest.profile_name,
            counted(labels.len() as u64, "configuration", "configurations"),
            labels.join(", "),
            manifest.host.cpu,
            manifest.host.cores,
            manifest.target.kind,
            manifest.target.software.as_deref().unwrap_or("unknown software"),
        );
    }
    text.push('\n');
    for session in readable {
        let trials: u32 = session.configurations.iter().map(|one| one.completed).sum();
        let forced = if session.forced.is_empty() { "" } else { ", forced" };
        let _ = writeln!(
            text,
            "  {}  {}, kpbench {}, {}{forced}",
            session.session_id,
            counted(u64::from(trials), "trial", "trials"),
            session.manifest.kpbench_version,
            session.run
        );
    }
    for session in damaged {
        let _ = writeln!(text, "  {}  DAMAGED: {}", session.session_id, session.cause);
    }
    text
}

fn listed_json(baselines: &Baselines, all: &[(String, StoredSessions)]) -> Result<String, Failure> {
    let entries: Vec<serde_json::Value> = all
        .iter()
        .map(|(name, sessions)| {
            let damaged: Vec<serde_json::Value> = sessions
                .damaged
                .iter()
                .map(|session| json!({ "session_id": session.session_id, "cause": session.cause.to_string() }))
                .collect();
            let sessions: Vec<serde_json::Value> = sessions
                .readable
                .iter()
                .map(|session| {
                    json!({
                        "session_id": session.session_id,
                        "run": session.run,
                        "created_at": session.manifest.created_at,
                        "saved_at": session.saved_at,
                        "profile_name": session.manifest.profile_name,
                        "kpbench_version": session.manifest.kpbench_version,
                        "git_commit": session.manifest.git_commit,
                        "host": session.manifest.host,
                        "target": session.manifest.target,
                        "configurations": session.manifest.configurations.iter().map(|one| json!({
                            "id": one.id, "label": one.label,
                        })).collect::<Vec<_>>(),
                        "forced": session.forced,
                    })
                })
                .collect();
            json!({ "name": name, "sessions": sessions, "damaged": damaged })
        })
        .collect();
    let document = json!({ "schema_version": 1, "directory": baselines.root(), "baselines": entries });
    Ok(serde_json::to_string_pretty(&document).map_err(Failure::failed)? + "\n")
}

fn remove(baselines: &Baselines, name: &str, session: Option<&str>, yes: bool) -> Result<Exit, Failure> {
    match session {
        Some(session) => {
            baselines.remove_session(name, session)?;
            output::note(&format!("Removed session {session} of {name}."));
        }
        None if !yes => {
            // Damaged sessions, too, must be removable: only their existence is asked for.
            if !baselines.contains(name) {
                baselines.remove(name)?;
            }
            return Err(Failure::usage(format!(
                "this would remove {name:?} with all its sessions, which cannot be measured again; if that is meant, say \
                 so with --yes, or name one with --session ID"
            )));
        }
        None => {
            baselines.remove(name)?;
            output::note(&format!("Removed {name} with all its sessions."));
        }
    }
    Ok(Exit::Fine)
}
