//! Reading the documents of a run directory, their schema version first.

use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Manifest, SCHEMA_VERSION, StoreError, TrialRecord};

/// The finished trials of a run directory.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTrials {
    /// In the order in which they ended.
    pub records: Vec<TrialRecord>,
    /// Set where the file ends in the middle of a line: the writer was killed or the machine lost power. That trial
    /// counts as not finished.
    pub cut_line: Option<CutLine>,
}

/// The last line of `trials.jsonl`, where it was not written to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutLine {
    /// Its number, from 1.
    pub line: usize,
    /// Length in bytes of the complete lines before it.
    pub intact_bytes: u64,
    /// Its own length in bytes.
    pub cut_bytes: u64,
}

/// Reads `manifest.json`.
pub(super) fn manifest(path: &Path) -> Result<Manifest, StoreError> {
    let text = fs::read_to_string(path).map_err(StoreError::io("read", path))?;
    document(&text, &path.display().to_string())
}

/// Reads `trials.jsonl`; a missing file has no trials.
pub(super) fn trials(path: &Path) -> Result<StoredTrials, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    let intact = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let mut records = Vec::new();
    let mut lines = 0;
    for line in bytes[..intact].split_inclusive(|&byte| byte == b'\n') {
        lines += 1;
        let place = format!("{}:{lines}", path.display());
        let text = std::str::from_utf8(line).map_err(|error| StoreError::Malformed {
            path: place.clone(),
            reason: format!("not UTF-8: {error}"),
        })?;
        records.push(document(text.trim_end(), &place)?);
    }
    let cut_line = (intact < bytes.len()).then(|| CutLine {
        line: lines + 1,
        intact_bytes: intact as u64,
        cut_bytes: (bytes.len() - intact) as u64,
    });
    Ok(StoredTrials { records, cut_line })
}

/// Reads one document. The version comes before everything else: a newer document may differ in any other field.
pub(super) fn document<T: DeserializeOwned>(text: &str, place: &str) -> Result<T, StoreError> {
    let malformed = |error: serde_json::Error| StoreError::Malformed {
        path: place.to_owned(),
        reason: error.to_string(),
    };
    let value: Value = serde_json::from_str(text).map_err(malformed)?;
    let version = value.get("schema_version");
    if version.and_then(Value::as_u64) != Some(u64::from(SCHEMA_VERSION)) {
        return Err(StoreError::SchemaVersion {
            path: place.to_owned(),
            found: version.map_or_else(|| "missing".to_owned(), Value::to_string),
        });
    }
    // From the text, not from the value: errors then name line and column, and large counters stay exact.
    serde_json::from_str(text).map_err(malformed)
}
