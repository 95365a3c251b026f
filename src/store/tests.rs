//! The run directory on bad days.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::samples::{manifest, record};
use super::*;

fn two_trials(path: &Path) -> RunDirectory {
    let manifest = manifest();
    let mut directory = RunDirectory::create(path, &manifest).unwrap();
    for planned in &manifest.plan {
        directory.append(&record(planned.clone())).unwrap();
    }
    directory
}

#[test]
fn what_is_written_is_read_back() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("deep/run");
    drop(two_trials(&path));
    let directory = RunDirectory::open(&path).unwrap();
    assert_eq!(*directory.manifest(), manifest());
    let stored = directory.read_trials().unwrap();
    assert_eq!(
        stored.records,
        manifest().plan.into_iter().map(record).collect::<Vec<_>>()
    );
    assert_eq!(stored.cut_line, None);
}

#[test]
fn a_cut_last_line_is_told_and_taken_away_on_resume() {
    let temporary = tempfile::tempdir().unwrap();
    drop(two_trials(temporary.path()));
    let file = temporary.path().join(TRIALS_FILE);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 20]).unwrap();

    let stored = RunDirectory::open(temporary.path()).unwrap().read_trials().unwrap();
    assert_eq!(stored.records.len(), 1);
    assert_eq!(stored.cut_line.unwrap().line, 2);

    let (mut directory, cut) = RunDirectory::resume(temporary.path()).unwrap();
    assert_eq!(cut, stored.cut_line);
    directory.append(&record(manifest().plan[1].clone())).unwrap();
    assert_eq!(fs::read(&file).unwrap(), whole);
}

#[test]
fn two_writers_exclude_each_other_and_a_reader_does_not_care() {
    let temporary = tempfile::tempdir().unwrap();
    let first = two_trials(temporary.path());
    assert!(matches!(
        RunDirectory::resume(temporary.path()),
        Err(StoreError::Locked { .. })
    ));
    assert_eq!(RunDirectory::open(temporary.path()).unwrap().trials().unwrap().len(), 2);
    drop(first);
    assert!(RunDirectory::resume(temporary.path()).is_ok());

    let fresh = temporary.path().join("fresh");
    let _reserved = Reservation::new(&fresh).unwrap();
    assert!(matches!(Reservation::new(&fresh), Err(StoreError::Locked { .. })));
}

#[test]
fn a_new_run_never_goes_where_something_is() {
    let temporary = tempfile::tempdir().unwrap();
    let run = temporary.path().join("run");
    drop(two_trials(&run));
    assert!(matches!(Reservation::new(&run), Err(StoreError::AlreadyARun { .. })));
    assert!(matches!(
        Reservation::new(temporary.path()),
        Err(StoreError::NotEmpty { .. })
    ));
    let file = temporary.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(Reservation::new(&file), Err(StoreError::NotADirectory { .. })));
    assert!(matches!(
        Reservation::new(&file.join("below")),
        Err(StoreError::Io { .. })
    ));
}

#[test]
fn an_abandoned_reservation_leaves_nothing_and_an_interrupted_one_can_be_taken_again() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    drop(Reservation::new(&path).unwrap());
    assert!(matches!(RunDirectory::open(&path), Err(StoreError::NotARun { .. })));
    assert!(matches!(
        RunDirectory::open(&path.join("nowhere")),
        Err(StoreError::NoSuchDirectory { .. })
    ));
    Reservation::new(&path).unwrap().abandon();
    assert!(path.exists(), "only the reservation that made the directory removes it");
    fs::remove_dir(&path).unwrap();
    Reservation::new(&path).unwrap().abandon();
    assert!(!path.exists());
}

#[test]
fn another_schema_version_is_refused_before_anything_else_is_read() {
    let temporary = tempfile::tempdir().unwrap();
    drop(two_trials(temporary.path()));
    let trials = temporary.path().join(TRIALS_FILE);
    let mut file = fs::OpenOptions::new().append(true).open(&trials).unwrap();
    writeln!(file, r#"{{"schema_version":99,"something":"new"}}"#).unwrap();
    let error = RunDirectory::open(temporary.path())
        .unwrap()
        .trials()
        .unwrap_err()
        .to_string();
    assert!(error.contains("trials.jsonl:3") && error.contains("99"), "{error}");

    fs::write(temporary.path().join(MANIFEST_FILE), "{}").unwrap();
    let error = RunDirectory::open(temporary.path()).unwrap_err();
    assert!(
        matches!(&error, StoreError::SchemaVersion { found, .. } if found == "missing"),
        "{error}"
    );
}

#[test]
fn a_damaged_line_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    drop(two_trials(temporary.path()));
    let file = temporary.path().join(TRIALS_FILE);
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, whole.replacen("\"block\":1", "\"block\":\"one\"", 1)).unwrap();
    let error = RunDirectory::open(temporary.path())
        .unwrap()
        .trials()
        .unwrap_err()
        .to_string();
    assert!(error.contains("trials.jsonl:1:"), "{error}");
}

/// A file long enough to be read in several parts.
fn long_run(path: &Path) -> (Vec<TrialRecord>, std::path::PathBuf) {
    let records: Vec<TrialRecord> = (1..=3_000)
        .map(|sequence| {
            record(PlannedTrial {
                trial_id: format!("b01-t{sequence}-c-00000001"),
                configuration_id: "c-00000001".to_owned(),
                block: 1,
                sequence,
            })
        })
        .collect();
    drop(two_trials(path));
    let file = path.join(TRIALS_FILE);
    let lines: Vec<String> = records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n")
        .collect();
    fs::write(&file, lines.concat()).unwrap();
    assert!(fs::metadata(&file).unwrap().len() > 800_000);
    (records, file)
}

#[test]
fn a_long_file_is_read_in_its_order_and_the_first_damaged_line_of_it_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let (records, file) = long_run(temporary.path());
    let directory = RunDirectory::open(temporary.path()).unwrap();
    assert_eq!(directory.trials().unwrap(), records);
    let whole = fs::read_to_string(&file).unwrap();
    let damaged =
        whole
            .replacen("\"sequence\":2999,", "\"sequence\":-1,", 1)
            .replacen("\"sequence\":2711,", "\"sequence\":,", 1);
    fs::write(&file, &damaged[..damaged.len() - 5]).unwrap();
    let error = directory.trials().unwrap_err().to_string();
    assert!(error.contains("trials.jsonl:2711: "), "{error}");
    fs::write(&file, &whole[..whole.len() - 5]).unwrap();
    let stored = directory.read_trials_without_intervals().unwrap();
    assert_eq!(stored.records, records[..2_999]);
    assert_eq!(stored.cut_line.unwrap().line, 3_000);
}

#[test]
fn intervals_can_be_passed_over_but_the_line_must_be_whole() {
    let temporary = tempfile::tempdir().unwrap();
    drop(two_trials(temporary.path()));
    let file = temporary.path().join(TRIALS_FILE);
    let whole = fs::read_to_string(&file).unwrap();
    let with_intervals = |intervals: &str| {
        let text = whole.replacen("\"intervals\":[]", &format!("\"intervals\":{intervals}"), 1);
        assert!(intervals == "[]" || text != whole);
        fs::write(&file, text).unwrap();
        RunDirectory::open(temporary.path())
            .unwrap()
            .read_trials_without_intervals()
    };
    let read = with_intervals(r#"[{"start_s":1.25,"latency":{"service":null}},{}]"#).unwrap();
    assert_eq!(read.records, with_intervals("[]").unwrap().records);
    assert_eq!(read.records.len(), 2);
    for (damaged, reason) in [
        ("7", "a list of intervals"),
        ("[{]", "line 1 column"),
        (r#"[{"start_s":1..2}]"#, "line 1 column"),
    ] {
        let error = with_intervals(damaged).unwrap_err().to_string();
        assert!(
            error.contains("trials.jsonl:1: ") && error.contains(reason),
            "{damaged}: {error}"
        );
    }
    let error = RunDirectory::open(temporary.path()).unwrap().trials().unwrap_err();
    assert!(error.to_string().contains("trials.jsonl:1: "), "{error}");
}

#[test]
fn a_full_disk_and_a_vanished_directory_are_errors_and_earlier_trials_stay() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    let mut directory = two_trials(&path);
    // Appending goes through the open file: it must notice that its name is gone.
    fs::rename(&path, temporary.path().join("moved")).unwrap();
    let error = directory.append(&record(manifest().plan[0].clone())).unwrap_err();
    assert!(error.to_string().contains("append"), "{error}");
    assert!(error.to_string().contains("the run directory is gone"), "{error}");
    drop(directory);
    assert_eq!(
        RunDirectory::open(&temporary.path().join("moved"))
            .unwrap()
            .trials()
            .unwrap()
            .len(),
        2
    );

    let full = temporary.path().join("full");
    fs::create_dir(&full).unwrap();
    symlink("/dev/full", full.join(TRIALS_FILE)).unwrap();
    let mut directory = RunDirectory::create(&full, &manifest()).unwrap();
    let error = directory
        .append(&record(manifest().plan[0].clone()))
        .unwrap_err()
        .to_string();
    assert!(error.contains("--resume"), "{error}");
}

#[test]
fn a_manifest_that_cannot_be_replaced_stays_as_it_was() {
    let temporary = tempfile::tempdir().unwrap();
    let mut directory = two_trials(temporary.path());
    let before = fs::read(temporary.path().join(MANIFEST_FILE)).unwrap();
    symlink("/dev/full", temporary.path().join("manifest.json.tmp")).unwrap();
    let mut changed = manifest();
    changed.profile_name = "changed".to_owned();
    assert!(directory.set_manifest(changed).is_err());
    assert_eq!(fs::read(temporary.path().join(MANIFEST_FILE)).unwrap(), before);
}
