//! The schema files say what the types say, and real documents keep to them.
//!
//! After a change of a type: `UPDATE_SCHEMAS=1 cargo test --test schemas` writes the files again.

use std::fs;
use std::path::{Path, PathBuf};

use kpbench::protocol::{TrialEvent, TrialSpec};
use kpbench::report::interval_logs::LogsSummary;
use kpbench::report::trend::Trend;
use kpbench::report::{GateDocument, Summary};
use kpbench::store::{BaselineSession, Manifest, NoiseFloor, TrialRecord};
use schemars::Schema;
use serde_json::Value;

/// Each document with its schema, made from its type.
fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("trial-spec", schemars::schema_for!(TrialSpec)),
        ("trial-event", schemars::schema_for!(TrialEvent)),
        ("manifest", schemars::schema_for!(Manifest)),
        ("trial-record", schemars::schema_for!(TrialRecord)),
        (
            "comparison",
            schemars::schema_for!(kpbench::report::comparison::ComparisonDocument),
        ),
        ("summary", schemars::schema_for!(Summary)),
        ("noise", schemars::schema_for!(NoiseFloor)),
        ("baseline-session", schemars::schema_for!(BaselineSession)),
        ("gate", schemars::schema_for!(GateDocument)),
        ("interval-logs", schemars::schema_for!(LogsSummary)),
        ("trend", schemars::schema_for!(Trend)),
    ]
}

fn file_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schemas")
        .join(format!("{name}.schema.json"))
}

#[test]
fn the_schema_files_are_up_to_date() {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    for (name, schema) in schemas() {
        let made = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let file = file_of(name);
        if update {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &made).unwrap();
        }
        let stored = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            stored == made,
            "{} is out of date: run UPDATE_SCHEMAS=1 cargo test --test schemas",
            file.display()
        );
    }
}

/// Everything in `document` that its schema does not allow.
fn violations(name: &str, document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&fs::read_to_string(file_of(name)).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(document)
        .map(|error| format!("{name}{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn a_document_of_another_shape_is_refused() {
    let spec = serde_json::json!({"protocol_version": 1, "trial_id": 7});
    let found = violations("trial-spec", &spec);
    assert!(
        found.iter().any(|violation| violation.contains("trial_id")),
        "{found:?}"
    );
    assert!(!violations("trial-event", &serde_json::json!({"event": "unheard_of"})).is_empty());
    assert!(!violations("summary", &serde_json::json!({})).is_empty());
}

#[test]
fn the_documents_of_a_real_run_keep_to_their_schemas() {
    let temporary = tempfile::tempdir().unwrap();
    let run = temporary.path().join("run");
    let output = assert_cmd::cargo::cargo_bin_cmd!("kpbench")
        .args([
            "run",
            "--target",
            "mock",
            "--measure",
            "300ms",
            "--warmup",
            "100ms",
            "--repetitions",
            "2",
        ])
        .args(["--rate", "2000", "--format", "json", "--out"])
        .arg(&run)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let mut found = Vec::new();
    let document = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    found.extend(violations(
        "manifest",
        &document(&fs::read_to_string(run.join("manifest.json")).unwrap()),
    ));
    found.extend(violations(
        "summary",
        &document(&fs::read_to_string(run.join("summary.json")).unwrap()),
    ));
    found.extend(violations(
        "summary",
        &document(&String::from_utf8_lossy(&output.stdout)),
    ));
    let trials = fs::read_to_string(run.join("trials.jsonl")).unwrap();
    assert_eq!(trials.lines().count(), 2);
    let logs = std::fs::read_dir(run.join("hdr"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let merged = assert_cmd::cargo::cargo_bin_cmd!("kpbench")
        .args(["hdr", "--format", "json"])
        .args(logs)
        .output()
        .unwrap();
    let merged = document(&String::from_utf8_lossy(&merged.stdout));
    assert_eq!(merged["unit"], "µs");
    found.extend(violations("interval-logs", &merged));
    trials
        .lines()
        .for_each(|line| found.extend(violations("trial-record", &document(line))));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn what_a_real_trial_process_says_keeps_to_its_schema() {
    let (spec, events) = recorded_trial();
    let mut found = violations("trial-spec", &spec);
    assert!(events.len() > 4, "{events:?}");
    events
        .iter()
        .for_each(|event| found.extend(violations("trial-event", event)));
    assert_eq!(found, Vec::<String>::new());
}

/// What a coordinator says to a trial process and what that answers, taken down by a script between the two.
fn recorded_trial() -> (Value, Vec<Value>) {
    use kpbench::process::Spawner;
    use kpbench::run::{CancelSource, Limits, OutDirectory, RunRequest, Targets, TrialProgram, execute};
    use kpbench::target::StartOptions;

    let kpbench = assert_cmd::cargo::cargo_bin!("kpbench");
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path();
    let script = format!(
        "cd {} && tee spec | {} trial | tee events",
        directory.display(),
        kpbench.display()
    );
    let text = "[target]\nkind = \"mock\"\n[run]\nrepetitions = 1\nwarmup = \"100ms\"\nmeasure = \"300ms\"\n";
    let spawner = Spawner::new().unwrap();
    let request = RunRequest {
        profile: kpbench::profile::parse("test", text, directory, &[]).unwrap(),
        command: Vec::new(),
        out: OutDirectory::Fresh(directory.join("run")),
        keep_topics: false,
        question: None,
        held_to: None,
        trial_program: TrialProgram {
            path: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
        },
        trial_programs: Default::default(),
        spawner: spawner.clone(),
        client_version: "librdkafka".to_owned(),
        data_directory: None,
        limits: Limits::default(),
    };
    let options = StartOptions {
        kpbench_binary: Some(kpbench.to_owned()),
        ..StartOptions::new(spawner)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_source, cancel) = CancelSource::new();
    let outcome = runtime
        .block_on(execute(&request, &Targets { options }, &mut (), &cancel))
        .unwrap();
    assert_eq!(
        outcome.completed,
        1,
        "{:?}",
        fs::read_to_string(directory.join("run/trials.jsonl"))
    );
    let lines = |name: &str| -> Vec<Value> {
        let text = fs::read_to_string(directory.join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    (lines("spec").remove(0), lines("events"))
}
