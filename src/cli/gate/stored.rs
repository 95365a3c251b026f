//! `--baseline DIR|NAME`: which sessions a run is held against.

use std::path::{MAIN_SEPARATOR, Path};

use crate::cli::baseline::{Loaded, baselines};
use crate::cli::failure::Failure;
use crate::report::format::counted;
use crate::store::{BaselineSession, Baselines, MANIFEST_FILE};

/// A baseline that was asked for.
pub(super) struct Stored {
    /// As it was asked for.
    pub(super) name: String,
    /// The oldest first.
    pub(super) sessions: Vec<BaselineSession>,
}

impl Stored {
    pub(super) fn in_words(&self) -> String {
        let sessions = counted(self.sessions.len() as u64, "stored session", "stored sessions");
        format!("the baseline {} ({sessions})", self.name)
    }
}

/// A run directory, a baseline of that name, or a baseline's own directory. `root`: where baselines are kept, if not in
/// the user's data directory.
pub(super) fn stored(root: Option<&Path>, name: &str) -> Result<Stored, Failure> {
    let path = Path::new(name);
    let sessions = |sessions| Stored {
        name: name.to_owned(),
        sessions,
    };
    let is_path = name.contains(['/', MAIN_SEPARATOR]);
    if path.join(MANIFEST_FILE).exists() {
        if !is_path {
            refuse_two_meanings(root, name)?;
        }
        return Ok(sessions(vec![Loaded::read(path)?.session]));
    }
    if !is_path {
        return Ok(sessions(baselines(root)?.sessions(name)?));
    }
    if let Some((parent, own_name)) = baseline_directory(root, path) {
        return Ok(sessions(parent.sessions(&own_name)?));
    }
    if path.is_dir() {
        // Names have no separator: this was meant to be a run, and says so.
        Loaded::read(path)?;
    }
    Err(Failure::usage(format!(
        "--baseline {name}: there is no such run directory; a baseline by name has no {MAIN_SEPARATOR} in it"
    )))
}

/// Who has a run directory that is called like a baseline has to say which of them is meant.
fn refuse_two_meanings(root: Option<&Path>, name: &str) -> Result<(), Failure> {
    // Where baselines have no place, there is none of this name.
    let Ok(baselines) = baselines(root) else {
        return Ok(());
    };
    match baselines.contains(name) {
        true => Err(Failure::usage(format!(
            "--baseline {name} can be two things: the run directory {name} here, and the baseline {name} in {}; say \
             which: --baseline .{MAIN_SEPARATOR}{name} for the run, --baseline {} for the baseline",
            baselines.root().display(),
            baselines.root().join(name).display()
        ))),
        false => Ok(()),
    }
}

/// A baseline that is named by its own directory: one of those kept at `root`, or any that holds sessions.
fn baseline_directory(root: Option<&Path>, path: &Path) -> Option<(Baselines, String)> {
    let path = path.canonicalize().ok()?;
    let (parent, name) = (path.parent()?, path.file_name()?.to_str()?);
    let beside = Baselines::new(parent);
    let is_root = baselines(root).is_ok_and(|known| known.root().canonicalize().is_ok_and(|root| root == parent));
    let holds_sessions = || beside.all_sessions(name).is_ok_and(|all| !all.readable.is_empty());
    (beside.contains(name) && (is_root || holds_sessions())).then(|| (beside.clone(), name.to_owned()))
}

/// A run that is one of the sessions itself.
pub(super) fn refuse_itself(stored: &Stored, loaded: &Loaded) -> Result<(), Failure> {
    let same = |session: &BaselineSession| session.session_id == loaded.session.session_id;
    match stored.sessions.iter().find(|session| same(session)) {
        Some(session) => Err(Failure::usage(format!(
            "{} is itself in the baseline {} (session {}): a run says nothing against itself",
            loaded.path.display(),
            stored.name,
            session.session_id
        ))),
        None => Ok(()),
    }
}
