//! What a gate found is measured once more, in a directory of its own beside the first run: which run that is, and what
//! becomes of what was found.

use std::path::{Path, PathBuf};

use crate::analysis::{Judged, confirm};
use crate::report::Repetition;
use crate::store::{Manifest, RunDirectory};

/// Where the repetition of a run lies.
pub(super) fn place_of_repetition(first: &Path) -> PathBuf {
    // A run that is given as `.` has its name elsewhere.
    let whole = first.canonicalize();
    let named = match first.file_name() {
        Some(_) => first,
        None => whole.as_deref().unwrap_or(first),
    };
    let mut name = named.file_name().unwrap_or_default().to_owned();
    name.push("-again");
    named.with_file_name(name)
}

/// Another order and other payloads; within what a seed may be.
pub(super) fn seed_of_repetition(seed: u64) -> u64 {
    (seed ^ 0x5bd1_e995) >> 1
}

/// Whether the run at `path` measured again what `first` did. A run that began before it is the repetition of another one,
/// whose place it has taken: it confirms nothing.
pub(super) fn is_repetition(first: &Manifest, path: &Path) -> bool {
    let ids =
        |manifest: &Manifest| -> Vec<String> { manifest.configurations.iter().map(|one| one.id.clone()).collect() };
    RunDirectory::open(path).is_ok_and(|again| {
        let again = again.manifest();
        again.created_at >= first.created_at
            && again.run.seed == seed_of_repetition(first.run.seed)
            && ids(again) == ids(first)
    })
}

/// Holds what was found against the repetition at `path`.
pub(super) fn confirmed_by(judged: &mut Judged, path: &Path, again: &Judged) -> Repetition {
    confirm(judged, again);
    let invalid = again.invalid.iter();
    judged
        .notes
        .extend(invalid.map(|why| format!("The repetition is not valid: {why}")));
    Repetition::Done {
        directory: path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    #[test]
    fn what_lay_there_before_is_no_repetition() {
        let directory = tempfile::tempdir().unwrap();
        let first = samples::manifest();
        let mut again = first.clone();
        again.run.seed = seed_of_repetition(first.run.seed);
        let second = |seconds: i64| first.created_at + jiff::SignedDuration::from_secs(seconds);
        for (name, seconds, expected) in [("later", 60, true), ("earlier", -60, false)] {
            let first_path = directory.path().join(name);
            let path = place_of_repetition(&first_path);
            assert!(path.ends_with(format!("{name}-again")));
            assert!(!is_repetition(&first, &path), "there is none");
            again.created_at = second(seconds);
            RunDirectory::create(&path, &again).unwrap();
            assert_eq!(is_repetition(&first, &path), expected, "{name}");
        }
        again.created_at = second(60);
        again.configurations.clear();
        let path = directory.path().join("others");
        RunDirectory::create(&path, &again).unwrap();
        assert!(!is_repetition(&first, &path));
    }
}
