//! Baselines by name: sessions of measurement, each a document of its own, so that two who save at once lose nothing.
//! Knows how to name, write, find and remove them; what they mean is computed elsewhere.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{BaselineSession, StoreError, read};

/// Where baselines are kept within the user's data directory.
pub const BASELINES_DIRECTORY: &str = "baselines";

/// Longest name.
const LONGEST_NAME: usize = 100;

/// Why a baseline could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// A name that is no file's name everywhere.
    #[error("{name:?} is no name of a baseline: letters, digits, - _ and . are, beginning with a letter or digit")]
    BadName {
        /// The name.
        name: String,
    },
    /// There is none.
    #[error("there is no baseline {name:?} in {root}; {}", known_ones(known))]
    NotFound {
        /// The name.
        name: String,
        /// Where it was looked for.
        root: PathBuf,
        /// What is there.
        known: Vec<String>,
    },
    /// It has no such session.
    #[error("the baseline {name:?} has no session {session:?}; `kpbench baseline list` shows them")]
    NoSession {
        /// The baseline.
        name: String,
        /// The session.
        session: String,
    },
    /// The same run is in it already.
    #[error(
        "this run is in the baseline {name:?} already, as session {session}; to replace it, remove that session first: \
         kpbench baseline remove {name} --session {session}"
    )]
    AlreadySaved {
        /// The baseline.
        name: String,
        /// The session.
        session: String,
    },
    /// A session cannot be read. Nobody is to be told a verdict that rests on fewer sessions than were saved.
    #[error(
        "the baseline {name:?} has a damaged session, and without it would be another baseline: {}; put the file \
         back, or give the session up: kpbench baseline remove {name} --session {}",
        damaged.cause,
        damaged.session_id
    )]
    Damaged {
        /// The baseline.
        name: String,
        /// The session.
        damaged: Box<DamagedSession>,
    },
    /// A document could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn known_ones(known: &[String]) -> String {
    match known {
        [] => "there is none at all; save one with `kpbench baseline save NAME RUN_DIR`".to_owned(),
        known => format!("there are: {}", known.join(", ")),
    }
}

/// A session that cannot be read.
#[derive(Debug)]
pub struct DamagedSession {
    /// Its name within the baseline, as its file has it.
    pub session_id: String,
    /// Why.
    pub cause: StoreError,
}

/// The sessions of a baseline.
#[derive(Debug, Default)]
pub struct StoredSessions {
    /// Those that can be read, the oldest first.
    pub readable: Vec<BaselineSession>,
    /// The others, by name.
    pub damaged: Vec<DamagedSession>,
}

/// Whether this can be a baseline's name: it is a directory's name on every system, and never leads elsewhere.
pub fn is_baseline_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.len() <= LONGEST_NAME && name.chars().all(allowed)
}

/// A directory of baselines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baselines {
    root: PathBuf,
}

impl Baselines {
    /// Those in `root`, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Baselines {
        Baselines { root: root.into() }
    }

    /// Where they are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every baseline's name, sorted.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub fn names(&self) -> Result<Vec<String>, BaselineError> {
        let is_directory = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        Ok(entries(&self.root)?
            .into_iter()
            .filter(is_directory)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_baseline_name(name))
            .collect())
    }

    /// Whether there is one of this name.
    pub fn contains(&self, name: &str) -> bool {
        is_baseline_name(name) && self.root.join(name).is_dir()
    }

    /// The sessions of a baseline, the oldest first.
    ///
    /// # Errors
    /// Where there is no such baseline, or a session is damaged or of another version.
    pub fn sessions(&self, name: &str) -> Result<Vec<BaselineSession>, BaselineError> {
        let StoredSessions { readable, damaged } = self.all_sessions(name)?;
        match damaged.into_iter().next() {
            Some(first) => Err(BaselineError::Damaged {
                name: name.to_owned(),
                damaged: Box::new(first),
            }),
            None => Ok(readable),
        }
    }

    /// The sessions of a baseline, and those that cannot be read.
    ///
    /// # Errors
    /// Where there is no such baseline, or its directory cannot be read.
    pub fn all_sessions(&self, name: &str) -> Result<StoredSessions, BaselineError> {
        let directory = self.existing(name)?;
        let mut sessions = StoredSessions::default();
        for path in session_files(&directory)? {
            let session_id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            match session(&path, &session_id) {
                Ok(session) => sessions.readable.push(session),
                Err(cause) => sessions.damaged.push(DamagedSession { session_id, cause }),
            }
        }
        sessions
            .readable
            .sort_by(|a, b| (a.manifest.created_at, &a.session_id).cmp(&(b.manifest.created_at, &b.session_id)));
        Ok(sessions)
    }

    /// Adds a session; the baseline is made where it is the first. Whole or not at all, and never over another one.
    ///
    /// # Errors
    /// A name that cannot be one, a run that is in it already, or a file that cannot be written.
    pub fn add(&self, name: &str, session: &BaselineSession) -> Result<PathBuf, BaselineError> {
        let directory = self.directory(name)?;
        fs::create_dir_all(&directory).map_err(StoreError::io("create", &directory))?;
        let path = directory.join(file_name(&session.session_id));
        let write = |error: io::Error| StoreError::io("write", &path)(error);
        let mut text = serde_json::to_vec(session).map_err(|error| write(error.into()))?;
        text.push(b'\n');
        let mut temporary = tempfile::Builder::new()
            .prefix(".saving-")
            .tempfile_in(&directory)
            .map_err(write)?;
        temporary.write_all(&text).map_err(write)?;
        temporary.as_file().sync_all().map_err(write)?;
        match temporary.persist_noclobber(&path) {
            Ok(_) => Ok(path),
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => Err(BaselineError::AlreadySaved {
                name: name.to_owned(),
                session: session.session_id.clone(),
            }),
            Err(failed) => Err(write(failed.error).into()),
        }
    }

    /// Removes one session, and the baseline with its last one.
    ///
    /// # Errors
    /// Where there is no such session, or it cannot be removed.
    pub fn remove_session(&self, name: &str, session: &str) -> Result<(), BaselineError> {
        let directory = self.existing(name)?;
        let path = directory.join(file_name(session));
        if !is_baseline_name(session) || !path.is_file() {
            return Err(BaselineError::NoSession {
                name: name.to_owned(),
                session: session.to_owned(),
            });
        }
        fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        // Only goes where it is empty; another session keeps it.
        let _ = fs::remove_dir(&directory);
        Ok(())
    }

    /// Removes a baseline with all its sessions.
    ///
    /// # Errors
    /// Where there is no such baseline, or it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), BaselineError> {
        let directory = self.existing(name)?;
        // Renamed first: nobody sees half of it.
        let doomed = tempfile::Builder::new()
            .prefix(".removed-")
            .tempdir_in(&self.root)
            .map_err(StoreError::io("remove", &directory))?;
        fs::rename(&directory, doomed.path().join(name)).map_err(StoreError::io("remove", &directory))?;
        Ok(doomed.close().map_err(StoreError::io("remove", &directory))?)
    }

    fn directory(&self, name: &str) -> Result<PathBuf, BaselineError> {
        if !is_baseline_name(name) {
            return Err(BaselineError::BadName { name: name.to_owned() });
        }
        Ok(self.root.join(name))
    }

    fn existing(&self, name: &str) -> Result<PathBuf, BaselineError> {
        let directory = self.directory(name)?;
        if !directory.is_dir() {
            return Err(BaselineError::NotFound {
                name: name.to_owned(),
                root: self.root.clone(),
                known: self.names()?,
            });
        }
        Ok(directory)
    }
}

/// Reads a session, whose file is called like it: a copy under another name would count twice.
fn session(path: &Path, session_id: &str) -> Result<BaselineSession, StoreError> {
    let text = fs::read_to_string(path).map_err(StoreError::io("read", path))?;
    let session: BaselineSession = read::document(&text, &path.display().to_string())?;
    match session.session_id == session_id {
        true => Ok(session),
        false => Err(StoreError::Malformed {
            path: path.display().to_string(),
            reason: format!("this is session {} under another name", session.session_id),
        }),
    }
}

fn file_name(session: &str) -> String {
    format!("{session}.json")
}

/// What is still being written begins with a dot.
fn session_files(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Ok(entries(directory)?
        .into_iter()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            !name.starts_with('.') && name.ends_with(".json")
        })
        .map(|entry| entry.path())
        .collect())
}

/// Sorted by name; none where there is no such directory.
fn entries(directory: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    let read = match fs::read_dir(directory) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("read", directory)(error)),
    };
    let mut entries: Vec<fs::DirEntry> = read
        .collect::<Result<_, _>>()
        .map_err(StoreError::io("read", directory))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::{SCHEMA_VERSION, SessionConfiguration, samples};

    fn session(id: &str) -> BaselineSession {
        let mut manifest = samples::manifest();
        manifest.plan.clear();
        BaselineSession {
            schema_version: SCHEMA_VERSION,
            session_id: id.to_owned(),
            run: "run".to_owned(),
            saved_at: manifest.created_at,
            forced: Vec::new(),
            configurations: vec![SessionConfiguration {
                configuration_id: "c-00000001".to_owned(),
                planned: 1,
                completed: 1,
                trials: BTreeMap::from([(1, BTreeMap::from([("records_per_batch".to_owned(), 0.1 + 0.2)]))]),
                losses: BTreeMap::new(),
            }],
            notes: Vec::new(),
            manifest,
        }
    }

    #[test]
    fn names_lead_nowhere_else() {
        for name in ["main", "0.9.1", "nightly_x86-64"] {
            assert!(is_baseline_name(name), "{name}");
        }
        for name in ["", ".", "..", ".x", "-x", "a/b", "a b", "ä", &"a".repeat(101)] {
            assert!(!is_baseline_name(name), "{name}");
            let refused = Baselines::new("/nowhere").add(name, &session("s"));
            assert!(matches!(refused, Err(BaselineError::BadName { .. })), "{name}");
        }
    }

    #[test]
    fn what_is_added_is_read_again_once() {
        let directory = tempfile::tempdir().unwrap();
        let baselines = Baselines::new(directory.path().join("b"));
        assert!(baselines.names().unwrap().is_empty());
        assert!(matches!(
            baselines.sessions("main"),
            Err(BaselineError::NotFound { .. })
        ));
        baselines.add("main", &session("one")).unwrap();
        assert!(matches!(
            baselines.add("main", &session("one")),
            Err(BaselineError::AlreadySaved { .. })
        ));
        baselines.add("main", &session("two")).unwrap();
        // What another process is still writing is none yet.
        fs::write(baselines.root().join("main/.saving-x.json"), "{").unwrap();
        assert_eq!(baselines.sessions("main").unwrap(), [session("one"), session("two")]);
        assert_eq!(baselines.names().unwrap(), ["main"]);
    }

    #[test]
    fn a_damaged_session_hides_no_other_and_is_never_left_out_in_silence() {
        let directory = tempfile::tempdir().unwrap();
        let baselines = Baselines::new(directory.path());
        for id in ["one", "two"] {
            baselines.add("main", &session(id)).unwrap();
        }
        let file = |name: &str| directory.path().join("main").join(name);
        let text = fs::read_to_string(file("one.json")).unwrap();
        for (name, content) in [
            ("cut", &text[..text.len() / 2]),
            ("copy", &text),
            (
                "newer",
                &text.replacen("\"schema_version\":1", "\"schema_version\":99", 1),
            ),
        ] {
            let path = file(&format!("{name}.json"));
            fs::write(&path, content).unwrap();
            let all = baselines.all_sessions("main").unwrap();
            assert_eq!(all.readable, [session("one"), session("two")]);
            assert_eq!(all.damaged.len(), 1);
            assert_eq!(all.damaged[0].session_id, name);
            let told = baselines.sessions("main").unwrap_err().to_string();
            assert!(
                told.contains(&format!("remove main --session {name}")) && told.contains(&path.display().to_string()),
                "{told}"
            );
            baselines.remove_session("main", name).unwrap();
        }
        assert_eq!(baselines.sessions("main").unwrap().len(), 2);
    }

    #[test]
    fn many_who_save_at_once_lose_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let baselines = Baselines::new(directory.path());
        let save = |thread: usize| {
            let (baselines, mut refused) = (baselines.clone(), 0);
            for number in 0..5 {
                baselines
                    .add("main", &session(&format!("own-{thread}-{number}")))
                    .unwrap();
                refused += usize::from(baselines.add("main", &session(&format!("same-{number}"))).is_err());
            }
            refused
        };
        let refused: usize = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4).map(|thread| scope.spawn(move || save(thread))).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!((baselines.sessions("main").unwrap().len(), refused), (25, 15));
    }

    #[test]
    fn sessions_and_baselines_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let baselines = Baselines::new(directory.path());
        for id in ["one", "two"] {
            baselines.add("main", &session(id)).unwrap();
        }
        baselines.add("other", &session("one")).unwrap();
        for wrong in ["three", "../other/one"] {
            let refused = baselines.remove_session("main", wrong);
            assert!(matches!(refused, Err(BaselineError::NoSession { .. })), "{wrong}");
        }
        baselines.remove_session("main", "one").unwrap();
        assert_eq!(baselines.sessions("main").unwrap(), [session("two")]);
        baselines.remove_session("main", "two").unwrap();
        assert_eq!(baselines.names().unwrap(), ["other"]);
        baselines.remove("other").unwrap();
        assert!(baselines.remove("other").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_version_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let baselines = Baselines::new(directory.path());
        let mut newer = session("one");
        newer.schema_version += 1;
        baselines.add("main", &newer).unwrap();
        let Err(BaselineError::Damaged { damaged, .. }) = baselines.sessions("main") else {
            panic!("not refused")
        };
        assert!(matches!(damaged.cause, StoreError::SchemaVersion { .. }));
    }
}
