//! Reading the documents of a run directory, their schema version first.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::trial_line::{PassedOver, TrialLine};
use super::{Manifest, SCHEMA_VERSION, StoreError, TrialRecord};
use crate::protocol::Interval;

/// Files shorter than this are read on one thread: starting another would take longer.
const WORTH_A_THREAD: usize = 256 << 10;

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
    trials_with::<Vec<Interval>>(path)
}

/// The same without the trials' intervals: each has an empty list of them. They are most of a file, and comparisons do
/// not need them. They still have to be a list in a line that is JSON to its end.
pub(super) fn trials_without_intervals(path: &Path) -> Result<StoredTrials, StoreError> {
    trials_with::<PassedOver>(path)
}

fn trials_with<I: DeserializeOwned + Into<Vec<Interval>>>(path: &Path) -> Result<StoredTrials, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    let intact = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let records = whole_lines::<I>(&bytes[..intact], path)?;
    let cut_line = (intact < bytes.len()).then(|| CutLine {
        line: records.len() + 1,
        intact_bytes: intact as u64,
        cut_bytes: (bytes.len() - intact) as u64,
    });
    Ok(StoredTrials { records, cut_line })
}

/// Reads lines on as many threads as there are cores. Of several that are damaged, the first is told.
fn whole_lines<I: DeserializeOwned + Into<Vec<Interval>>>(
    bytes: &[u8],
    path: &Path,
) -> Result<Vec<TrialRecord>, StoreError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let parts = parts(bytes, bytes.len().div_ceil(threads).max(WORTH_A_THREAD));
    let read: Vec<Part> = thread::scope(|scope| {
        let (last, others) = match parts.split_last() {
            Some((last, others)) => (*last, others),
            None => (&[][..], &[][..]),
        };
        let others: Vec<_> = others
            .iter()
            .map(|part| scope.spawn(|| Part::read::<I>(part)))
            .collect();
        let last = Part::read::<I>(last);
        let others = others
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        others.chain([last]).collect()
    });
    let mut records: Vec<TrialRecord> = Vec::with_capacity(read.iter().map(|part| part.records.len()).sum());
    for part in read {
        records.extend(part.records);
        if let Some(damage) = part.damage {
            // Only now is the line's number known.
            return Err(damage.at(format!("{}:{}", path.display(), records.len() + 1)));
        }
    }
    Ok(records)
}

/// Whole lines in pieces of about this many bytes.
fn parts(mut lines: &[u8], bytes: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while !lines.is_empty() {
        let from = bytes.min(lines.len()) - 1;
        let end = lines[from..].iter().position(|&byte| byte == b'\n');
        let (part, rest) = lines.split_at(end.map_or(lines.len(), |end| from + end + 1));
        parts.push(part);
        lines = rest;
    }
    parts
}

/// Some lines of a file, as far as they could be read.
struct Part {
    records: Vec<TrialRecord>,
    /// What is wrong with the line behind them; the lines behind that one were not looked at.
    damage: Option<StoreError>,
}

impl Part {
    fn read<I: DeserializeOwned + Into<Vec<Interval>>>(lines: &[u8]) -> Part {
        let mut records = Vec::new();
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            match trial_line::<I>(line, "") {
                Ok(record) => records.push(record),
                Err(error) => {
                    let damage = Some(error);
                    return Part { records, damage };
                }
            }
        }
        Part { records, damage: None }
    }
}

fn trial_line<I: DeserializeOwned + Into<Vec<Interval>>>(line: &[u8], place: &str) -> Result<TrialRecord, StoreError> {
    let text = std::str::from_utf8(line)
        .map_err(|error| StoreError::Malformed {
            path: place.to_owned(),
            reason: format!("not UTF-8: {error}"),
        })?
        .trim_end();
    match serde_json::from_str::<TrialLine<I>>(text) {
        Ok(line) if line.schema_version == SCHEMA_VERSION => Ok(line.into()),
        // A newer line may differ in any field: its version is told before anything else that is wrong with it.
        _ => document::<TrialLine<I>>(text, place).map(TrialRecord::from),
    }
}

/// What every document has, whatever its version.
#[derive(serde::Deserialize)]
struct Versioned {
    #[serde(default)]
    schema_version: Value,
}

/// Reads one document. The version comes before everything else: a newer document may differ in any other field.
pub(super) fn document<T: DeserializeOwned>(text: &str, place: &str) -> Result<T, StoreError> {
    let malformed = |error: serde_json::Error| StoreError::Malformed {
        path: place.to_owned(),
        reason: error.to_string(),
    };
    let version = serde_json::from_str::<Versioned>(text)
        .map_err(malformed)?
        .schema_version;
    if version.as_u64() != Some(u64::from(SCHEMA_VERSION)) {
        return Err(StoreError::SchemaVersion {
            path: place.to_owned(),
            found: match version {
                Value::Null => "missing".to_owned(),
                version => version.to_string(),
            },
        });
    }
    serde_json::from_str(text).map_err(malformed)
}
