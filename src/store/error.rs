//! What can go wrong with a run directory, each with the place and the remedy.

use std::io;
use std::path::{Path, PathBuf};

use super::SCHEMA_VERSION;

/// Why a run directory could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}{}", io_remedy(action, source))]
    Io {
        /// What was tried, as in `write`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A new run must not go where something is already.
    #[error("{path} already holds a run; continue it with --resume {path}, or name another directory with --out")]
    AlreadyARun {
        /// The directory.
        path: PathBuf,
    },
    /// A new run must not mix with foreign files.
    #[error("{path} is not empty (it holds {found}) and is no run directory; name a new or empty directory with --out")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// A file in it.
        found: String,
    },
    /// There is nothing.
    #[error("there is no directory {path}; give a run directory, as in reports/<time>-<profile>")]
    NoSuchDirectory {
        /// The path.
        path: PathBuf,
    },
    /// The path leads to something else.
    #[error("{path} is not a directory; a run is kept in one, as in reports/<time>-<profile>")]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// There is no run there.
    #[error("{path} is no run directory: it has no manifest.json; give one, as in reports/<time>-<profile>")]
    NotARun {
        /// The directory.
        path: PathBuf,
    },
    /// Another process writes there.
    #[error("{path} is being written by another kpbench; wait until that one has ended")]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// Written by a version of kpbench that this one does not understand.
    #[error(
        "{path}: its schema_version is {found}, and this kpbench reads {SCHEMA_VERSION}; use the kpbench that wrote it"
    )]
    SchemaVersion {
        /// The file, with the line where it has several.
        path: String,
        /// The version found, as text; `missing` where there is none.
        found: String,
    },
    /// Damaged, or not what it should be.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file, with the line where it has several.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl StoreError {
    /// Wraps an error of the operating system with what was tried and where.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { action, path, source }
    }

    /// The same of a document at this place, where it was not known before.
    pub(super) fn at(self, place: String) -> StoreError {
        match self {
            StoreError::SchemaVersion { found, .. } => StoreError::SchemaVersion { path: place, found },
            StoreError::Malformed { reason, .. } => StoreError::Malformed { path: place, reason },
            other => other,
        }
    }
}

fn io_remedy(action: &str, error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound if ["write", "append to"].contains(&action) => {
            "; the run directory is gone, moved or deleted while the run was at work. If it was moved, --resume continues \
             from the place where it is now"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, then continue with --resume: the trials stored so far are intact"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "; name a directory that can be written with --out"
        }
        _ => "",
    }
}
