//! Where things are kept between runs, and directories that are removed with their owner.
//!
//! A data directory has a lock file beside it that its owner holds locked as long as it lives. The system gives the lock
//! back however the owner ends, so that the next start can tell which directories nobody owns any more. Nothing that
//! this program did not make is ever removed.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::TargetError;
use crate::process::ProcessIdentity;

/// Suffix of the lock file beside an owned directory.
const LOCK_SUFFIX: &str = ".lock";

/// Beginning of the names of owned directories.
const NAME_PREFIX: &str = "kpbench-";

/// The directory for what is kept between runs: `KPBENCH_CACHE`, else `XDG_CACHE_HOME/kpbench`, else
/// `~/.cache/kpbench`.
///
/// # Errors
/// `Missing` where none of the three variables is set.
pub fn cache_directory() -> Result<PathBuf, TargetError> {
    cache_from(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn cache_from(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, TargetError> {
    if let Some(path) = variable("KPBENCH_CACHE") {
        return Ok(PathBuf::from(path));
    }
    // The XDG base directory specification says to ignore relative paths.
    if let Some(path) = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
    {
        return Ok(path.join("kpbench"));
    }
    match variable("HOME") {
        Some(home) => Ok(PathBuf::from(home).join(".cache/kpbench")),
        None => Err(TargetError::Missing {
            missing: "no directory to keep Kafka's jars in: KPBENCH_CACHE, XDG_CACHE_HOME and HOME are not set"
                .to_owned(),
            remedy: "set KPBENCH_CACHE to a directory".to_owned(),
        }),
    }
}

/// The directory in which a local Kafka's data lives while it runs: on the disk that this names, space is needed.
///
/// # Errors
/// As [`cache_directory`].
pub fn data_parent() -> Result<PathBuf, TargetError> {
    Ok(cache_directory()?.join("data"))
}

/// A directory that exists as long as its owner.
#[derive(Debug)]
pub(crate) struct OwnedDirectory {
    path: PathBuf,
    lock_path: PathBuf,
    /// Locked; closing it gives the lock back.
    _lock: File,
}

impl OwnedDirectory {
    /// Removes what dead owners left in `parent`, then makes a fresh directory there.
    pub(crate) fn create(parent: &Path) -> Result<OwnedDirectory, TargetError> {
        fs::create_dir_all(parent).map_err(TargetError::path("create directory", parent))?;
        remove_abandoned(parent);
        loop {
            let name = format!("{NAME_PREFIX}{}-{:016x}", std::process::id(), random_u64());
            let path = parent.join(&name);
            let lock_path = parent.join(name + LOCK_SUFFIX);
            let opened = OpenOptions::new().write(true).create_new(true).open(&lock_path);
            let mut lock = opened.map_err(TargetError::path("create", &lock_path))?;
            // Somebody who looks for abandoned directories may be quicker than this lock, and take the file away.
            if lock.try_lock().is_err() || !lock_path.exists() {
                continue;
            }
            if let Some(Ok(text)) = ProcessIdentity::own().map(|own| serde_json::to_string(&own)) {
                let _ = writeln!(lock, "{text}");
            }
            let owned = OwnedDirectory {
                path,
                lock_path,
                _lock: lock,
            };
            fs::create_dir(&owned.path).map_err(TargetError::path("create directory", &owned.path))?;
            return Ok(owned);
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it.
    pub(crate) fn remove(&self) -> Result<(), TargetError> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(TargetError::path("remove directory", &self.path)(error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for OwnedDirectory {
    fn drop(&mut self) {
        // Without the lock file nobody would try again: it stays where the directory does.
        if self.remove().is_ok() {
            let _ = fs::remove_file(&self.lock_path);
        }
    }
}

/// Removes directories whose lock nobody holds. What cannot be removed is left for the next time.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str().and_then(|name| name.strip_suffix(LOCK_SUFFIX)) else {
            continue;
        };
        if !name.starts_with(NAME_PREFIX) {
            continue;
        }
        let Ok(lock) = OpenOptions::new().write(true).open(entry.path()) else {
            continue;
        };
        if lock.try_lock().is_err() {
            continue;
        }
        let directory = parent.join(name);
        if fs::remove_dir_all(&directory).is_ok() || !directory.exists() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A random number for names and ids: the standard library seeds each hasher from the system's source of randomness.
pub(crate) fn random_u64() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// Waits for a lock file and holds it until the result is dropped: of several processes that would all download the
/// same, one does. `waiting` is called once if somebody else has it.
pub(crate) fn exclusive(path: &Path, waiting: impl FnOnce()) -> Result<File, TargetError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(TargetError::path("create directory", parent))?;
    }
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    let file = opened.map_err(TargetError::path("open", path))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => waiting(),
        Err(TryLockError::Error(error)) => return Err(TargetError::path("lock", path)(error)),
    }
    file.lock().map_err(TargetError::path("lock", path))?;
    Ok(file)
}

/// Writes a file in one step: readers see all of it or none.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<(), TargetError> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(TargetError::path("create directory", parent))?;
    let failed = |error| TargetError::path("write", path)(error);
    let mut file = tempfile::NamedTempFile::new_in(parent).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_wins() {
        let with = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                pairs
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| OsString::from(value))
            }
        };
        let all = &[("KPBENCH_CACHE", "/a"), ("XDG_CACHE_HOME", "/b"), ("HOME", "/c")];
        assert_eq!(cache_from(with(all)).unwrap(), Path::new("/a"));
        assert_eq!(cache_from(with(&all[1..])).unwrap(), Path::new("/b/kpbench"));
        assert_eq!(cache_from(with(&all[2..])).unwrap(), Path::new("/c/.cache/kpbench"));
        let relative = &[("XDG_CACHE_HOME", "b"), ("HOME", "/c")];
        assert_eq!(cache_from(with(relative)).unwrap(), Path::new("/c/.cache/kpbench"));
        assert!(matches!(cache_from(|_| None), Err(TargetError::Missing { .. })));
    }

    #[test]
    fn a_directory_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let owned = OwnedDirectory::create(parent.path()).unwrap();
        fs::write(owned.path().join("x"), "x").unwrap();
        drop(owned);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_abandoned_directories_of_ours_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let alive = OwnedDirectory::create(parent.path()).unwrap();
        for name in ["kpbench-1-dead", "somebody-else", "kpbench-without-a-lock"] {
            fs::create_dir_all(parent.path().join(name).join("inner")).unwrap();
        }
        for name in ["kpbench-1-dead.lock", "somebody-else.lock"] {
            fs::write(parent.path().join(name), "").unwrap();
        }
        let fresh = OwnedDirectory::create(parent.path()).unwrap();
        assert!(!parent.path().join("kpbench-1-dead").exists());
        assert!(!parent.path().join("kpbench-1-dead.lock").exists());
        assert!(parent.path().join("somebody-else/inner").exists());
        assert!(parent.path().join("kpbench-without-a-lock/inner").exists());
        assert!(alive.path().exists());
        assert!(fresh.path().exists());
    }
}
