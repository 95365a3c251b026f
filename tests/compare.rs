//! `kpbench compare` through the binary, on runs that were made up.

mod synthetic;

use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use kpbench::store::RunDirectory;
use synthetic::Run;

struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

fn compare(arguments: &[&str]) -> Said {
    let output = cargo_bin_cmd!("kpbench")
        .args(["compare", "--color", "never"])
        .args(arguments)
        .output()
        .unwrap();
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A run of two configurations of which `linger.ms=50` has `factor` times the throughput, stored as a directory.
fn stored(parent: &Path, name: &str, blocks: u32, factor: f64) -> PathBuf {
    let run = Run::of(&[vec![], vec![("linger.ms", "50")]], blocks).each_trial(move |trial| {
        let noise = 1.0 + 0.004 * f64::from((trial.planned.sequence * 7) % 5);
        let factor = if trial.planned.sequence % 2 == 0 { factor } else { 1.0 };
        let result = trial.result.as_mut().unwrap();
        result.window.acknowledged = (500_000.0 * factor * noise) as u64;
    });
    store(parent, name, &run)
}

fn store(parent: &Path, name: &str, run: &Run) -> PathBuf {
    let path = parent.join(name);
    let mut manifest = run.manifest.clone();
    // No two runs begin at the same moment.
    manifest.created_at = format!("2026-03-01T12:00:0{}Z", name.len()).parse().unwrap();
    let mut directory = RunDirectory::create(&path, &manifest).unwrap();
    for trial in &run.trials {
        directory.append(trial).unwrap();
    }
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn labels(path: &Path) -> Vec<String> {
    let directory = RunDirectory::open(path).unwrap();
    let all = directory.manifest().configurations.iter();
    all.map(|one| one.label.clone()).collect()
}

#[test]
fn two_configurations_of_one_run_are_compared_block_by_block() {
    let parent = tempfile::tempdir().unwrap();
    let run = stored(parent.path(), "run", 10, 1.5);
    let names: Vec<String> = labels(&run)
        .iter()
        .map(|label| format!("{}#{label}", text(&run)))
        .collect();
    let said = compare(&[&names[0], &names[1]]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("measured interleaved"), "{}", said.stdout);
    assert!(said.stdout.contains("better (10 blocks)"), "{}", said.stdout);
    assert!(!said.stdout.contains("weaker"), "{}", said.stdout);
}

#[test]
fn two_runs_are_compared_and_said_to_be_weaker() {
    let parent = tempfile::tempdir().unwrap();
    let (before, after) = (
        stored(parent.path(), "a", 8, 1.0),
        stored(parent.path(), "after", 8, 0.5),
    );
    let said = compare(&[text(&before), text(&after), "--format", "json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let document: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let comparison = &document["comparisons"][0];
    assert_eq!(comparison["design"], "unpaired");
    assert!(comparison["weaker"].as_str().unwrap().contains("one after the other"));
    let verdicts: Vec<&str> = comparison["contrasts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contrast| contrast["effects"][0]["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts[1], "worse");
    assert_ne!(verdicts[0], "worse", "the first configuration has not changed");
}

#[test]
fn what_is_not_comparable_is_refused_with_the_list_unless_forced() {
    let parent = tempfile::tempdir().unwrap();
    let before = stored(parent.path(), "a", 8, 1.0);
    let mut other = Run::of(&[vec![], vec![("linger.ms", "50")]], 8);
    other.manifest.target.software = Some("Apache Kafka 3.0.0".to_owned());
    other.manifest.host.cores += 6;
    let after = store(parent.path(), "after", &other);
    let said = compare(&[text(&before), text(&after)]);
    assert_eq!(said.code, 2);
    assert!(
        said.stderr.contains("broker version: ") && said.stderr.contains("cores: "),
        "{}",
        said.stderr
    );
    assert!(said.stdout.is_empty());
    let forced = compare(&[text(&before), text(&after), "--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert!(
        forced.stdout.starts_with("NOT COMPARABLE, forced: "),
        "{}",
        forced.stdout
    );
}

#[test]
fn what_differs_but_is_comparable_is_told_with_the_result() {
    let parent = tempfile::tempdir().unwrap();
    let before = stored(parent.path(), "a", 8, 1.0);
    let mut other = Run::of(&[vec![], vec![("linger.ms", "50")]], 10);
    other.manifest.run.seed = 7;
    let after = store(parent.path(), "after", &other);
    let said = compare(&[text(&before), text(&after), "--format", "json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let document: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let notes = document["notes"].to_string();
    assert!(
        notes.contains("blocks: 8 against 10. ") && notes.contains("seed: 42 against 7. "),
        "{notes}"
    );
    assert!(!notes.contains("window: "), "{notes}");
    other.manifest.run.measure_ms = 10_000;
    let longer = store(parent.path(), "longer", &other);
    let refused = compare(&[text(&before), text(&longer)]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("window in ms: 4000 against 10000"),
        "{}",
        refused.stderr
    );
    let forced = compare(&[text(&before), text(&longer), "--force"]);
    let told = forced.stdout.replace("\n  ", " ");
    assert!(told.contains("window: 4 s against 10 s. A rare stall"), "{told}");
}

#[test]
fn a_single_repetition_cannot_be_answered() {
    let parent = tempfile::tempdir().unwrap();
    let (before, after) = (
        stored(parent.path(), "a", 1, 1.0),
        stored(parent.path(), "after", 1, 0.1),
    );
    let said = compare(&[text(&before), text(&after)]);
    assert_eq!(said.code, 4);
    assert!(said.stderr.contains("cannot be answered"), "{}", said.stderr);
    assert!(
        said.stdout.contains("no interval: 5 blocks needed, 1 measured"),
        "{}",
        said.stdout
    );
    assert!(!said.stdout.contains("equivalent"), "{}", said.stdout);
}

#[test]
fn a_cut_line_and_failed_trials_are_told_and_left_out() {
    let parent = tempfile::tempdir().unwrap();
    let (before, after) = (
        stored(parent.path(), "a", 8, 1.0),
        stored(parent.path(), "after", 8, 1.0),
    );
    let trials = after.join("trials.jsonl");
    let stored_text = std::fs::read_to_string(&trials).unwrap();
    std::fs::write(&trials, &stored_text[..stored_text.len() - 40]).unwrap();
    let said = compare(&[text(&before), text(&after)]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("was cut"), "{}", said.stdout);
    assert!(
        said.stdout.contains("1 of 16 planned trials did not come to their end"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("(7 trials each at least)"), "{}", said.stdout);
}

#[test]
fn runs_without_a_common_configuration_a_run_with_itself_and_unknown_names_are_wrong_usage() {
    let parent = tempfile::tempdir().unwrap();
    let before = stored(parent.path(), "a", 6, 1.0);
    let other = Run::of(&[vec![("acks", "1")], vec![("acks", "0")]], 6);
    let other = store(parent.path(), "after", &other);
    let nothing_common = compare(&[text(&before), text(&other)]);
    assert_eq!(nothing_common.code, 2);
    assert!(
        nothing_common.stderr.contains("no configuration in common"),
        "{}",
        nothing_common.stderr
    );
    let itself = compare(&[text(&before), text(&before)]);
    assert_eq!(itself.code, 2);
    assert!(itself.stderr.contains("compared with itself"), "{}", itself.stderr);
    let copy = stored(parent.path(), "b", 6, 1.0);
    let copied = compare(&[text(&before), text(&copy)]);
    assert_eq!(copied.code, 2);
    assert!(copied.stderr.contains("is a copy of"), "{}", copied.stderr);
    let unknown = compare(&[&format!("{}#nobody", text(&before)), text(&other)]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("has no configuration \"nobody\""),
        "{}",
        unknown.stderr
    );
}
