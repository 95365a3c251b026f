//! Why a trend could not be made.

use std::io;
use std::path::PathBuf;

use crate::report::ReportError;
use crate::store::StoreError;

/// Why a trend could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TrendError {
    /// A path that is no directory.
    #[error(transparent)]
    Path(#[from] StoreError),
    /// A directory that cannot be listed.
    #[error("cannot list {path}: {source}")]
    List {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of values that cannot be read.
    #[error("cannot read {name}: {source}")]
    Read {
        /// The file.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of values that is not what it should be.
    #[error("{place}: {problem}; {remedy}")]
    Csv {
        /// File and line.
        place: String,
        /// What is wrong there.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// A file that could not be written.
    #[error("cannot write {path}: {source}; name a directory that can be written with --out")]
    Write {
        /// The file or the directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A chart or a document that could not be made.
    #[error(transparent)]
    Made(#[from] ReportError),
}

impl TrendError {
    /// Whether the command line or a file given is at fault.
    pub fn is_bad_input(&self) -> bool {
        match self {
            TrendError::Path(_) | TrendError::Read { .. } | TrendError::Csv { .. } => true,
            TrendError::List { .. } | TrendError::Write { .. } | TrendError::Made(_) => false,
        }
    }
}
