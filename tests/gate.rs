//! `gate` through the binary: finished runs that never took place against stored sessions, and what bad input gives.

mod synthetic;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kpbench::report::GateDocument;
use kpbench::store::RunDirectory;
use serde_json::Value;
use synthetic::Run;
use tempfile::TempDir;

/// By how much the throughput of stored sessions differs from their common level.
const SESSIONS: [f64; 6] = [1.0, 1.01, 0.99, 1.005, 0.995, 1.0];

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    /// With a baseline `main` of so many sessions.
    fn with_sessions(count: usize) -> Place {
        let place = Place::new();
        for (day, level) in (1..).zip(&SESSIONS[..count]) {
            let run = place.store(&format!("session-{day}"), &at(run(10), *level, 1.0), day);
            assert_eq!(code(&place.kpbench(&["baseline", "save", "main", &run])), 0);
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self, name: &str, run: &Run, day: u32) -> String {
        let mut run = run.clone();
        run.manifest.created_at = format!("2026-03-{day:02}T12:00:00Z").parse().unwrap();
        let mut stored = RunDirectory::create(&self.path(name), &run.manifest).unwrap();
        run.trials.iter().for_each(|trial| stored.append(trial).unwrap());
        self.path(name).display().to_string()
    }

    fn kpbench(&self, arguments: &[&str]) -> Output {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
            .args(arguments)
            .env("KPBENCH_DATA_DIR", self.path("data"))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        eprintln!("{}\n{}", stdout(&output), stderr(&output));
        output
    }

    /// Judges a run of today against the baseline `main`.
    fn gate(&self, run: &Run, flags: &[&str]) -> Output {
        let name = format!("today-{}", fs::read_dir(self.0.path()).unwrap().count());
        let run = self.store(&name, run, 28);
        self.kpbench(&[&["gate", "--baseline", "main", &run], flags].concat())
    }
}

fn run(blocks: u32) -> Run {
    Run::of(&[vec![]], blocks)
}

/// The run with its throughput and its CPU time per record multiplied.
fn at(run: Run, throughput: f64, cpu: f64) -> Run {
    run.each_trial(|trial| {
        let Some(result) = &mut trial.result else { return };
        let scale = |count: &mut u64, factor: f64| *count = (*count as f64 * factor) as u64;
        for count in [&mut result.window.acknowledged, &mut result.window.acknowledged_bytes] {
            scale(count, throughput);
        }
        scale(&mut result.client_cpu.user_us, throughput * cpu);
        scale(&mut result.client_cpu.system_us, throughput * cpu);
    })
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What is said, whatever the terminal's width.
fn said(output: &Output) -> String {
    (stdout(output) + &stderr(output))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

const THROUGHPUT_ONLY: [&str; 6] = [
    "--threshold",
    "latency_p99_us=900%",
    "--threshold",
    "client_cpu_us_per_record=900%",
    "--threshold",
    "wire_bytes_per_record=900%",
];

#[test]
fn six_sessions_decide() {
    let place = Place::with_sessions(6);
    let same = place.gate(&run(10), &[]);
    assert_eq!(code(&same), 0);
    assert!(
        said(&same).contains("Pass: of 4 gated figures none is worse"),
        "{}",
        said(&same)
    );
    assert!(said(&same).contains("the defaults, since the profile has no [gate]"));

    let slower = place.gate(&at(run(10), 0.7, 1.0), &[]);
    assert_eq!(code(&slower), 3);
    assert!(
        said(&slower).contains("Regression: Throughput of default."),
        "{}",
        said(&slower)
    );
    assert!(said(&slower).contains("A finished run cannot be measured again"));

    let between = place.gate(&at(run(10), 0.95, 1.0), &THROUGHPUT_ONLY);
    assert_eq!(code(&between), 4);
    let lenient = place.gate(
        &at(run(10), 0.95, 1.0),
        &[&THROUGHPUT_ONLY[..], &["--lenient"]].concat(),
    );
    assert_eq!(code(&lenient), 0);
    assert!(
        said(&lenient).contains("Counted as passed, as --lenient asks"),
        "{}",
        said(&lenient)
    );
    let tolerated = place.gate(
        &at(run(10), 0.95, 1.0),
        &[&THROUGHPUT_ONLY[..], &["--threshold", "throughput_records_per_s=20%"]].concat(),
    );
    assert_eq!(code(&tolerated), 0);
}

#[test]
fn one_session_decides_what_hardly_varies_and_nothing_else() {
    let place = Place::with_sessions(1);
    for level in [1.0, 0.2] {
        let output = place.gate(&at(run(10), level, 1.0), &[]);
        assert_eq!(code(&output), 4, "{level}");
        assert!(
            said(&output).contains("Needs 6 stored sessions and has 1"),
            "{}",
            said(&output)
        );
    }
    let gated = |cpu: f64| {
        let mut run = at(run(10), 1.0, cpu);
        let steady = [
            ("client_cpu_us_per_record", 0.05),
            ("wire_bytes_per_record", 0.02),
            ("records_per_batch", 0.05),
        ];
        run.manifest.gate.thresholds = steady.map(|(id, share)| (id.to_owned(), share)).into();
        run
    };
    let same = place.gate(&gated(1.0), &[]);
    assert_eq!(code(&same), 0);
    assert!(said(&same).contains("Thresholds: the profile's."));
    let costlier = place.gate(&gated(1.4), &[]);
    assert_eq!(code(&costlier), 3);
    assert!(
        said(&costlier).contains("Client CPU per record: +40 %"),
        "{}",
        said(&costlier)
    );
    // Also where the baseline is given as a run directory.
    let today = place.store("today", &gated(1.4), 27);
    let directory = place.path("session-1").display().to_string();
    assert_eq!(code(&place.kpbench(&["gate", &today, "--baseline", &directory])), 3);
    assert_eq!(
        code(&place.kpbench(&["gate", &today, "--baseline", &today])),
        2,
        "itself"
    );
}

#[test]
fn a_measurement_that_is_not_valid_is_never_a_pass_not_even_lenient() {
    let place = Place::with_sessions(6);
    let all_failed = (0..10).fold(run(10), |run, trial| run.fail(trial, "broker gone"));
    let mut missing = run(10);
    missing.trials.truncate(7);
    for (what, run, told) in [
        ("all failed", all_failed, "None of the 10 trials"),
        ("one failed", run(10).fail(3, "broker gone"), "1 of 10 trials"),
        ("some missing", missing, "3 of 10 trials"),
        (
            "other profile",
            Run::of(&[vec![("acks", "1")]], 10),
            "no configuration in common",
        ),
    ] {
        for flags in [&[][..], &["--lenient"]] {
            let output = place.gate(&run, flags);
            assert_eq!(code(&output), 4, "{what}");
            assert!(said(&output).contains(told), "{what}: {}", said(&output));
            assert!(said(&output).contains("Not valid"), "{what}");
        }
    }
}

#[test]
fn a_cut_last_line_is_a_missing_trial() {
    let place = Place::with_sessions(6);
    let directory = place.store("cut", &run(10), 28);
    let trials = Path::new(&directory).join("trials.jsonl");
    let text = fs::read(&trials).unwrap();
    fs::write(&trials, &text[..text.len() - 100]).unwrap();
    let output = place.kpbench(&["gate", "--baseline", "main", &directory]);
    assert_eq!(code(&output), 4);
    assert!(said(&output).contains("(line 10) is cut"), "{}", said(&output));
    assert!(said(&output).contains("1 of 10 trials"), "{}", said(&output));
    // A damaged line before the last is no run at all.
    let lines = String::from_utf8(text).unwrap();
    fs::write(&trials, lines.replacen("\"schema_version\"", "\"schema", 1)).unwrap();
    assert_eq!(code(&place.kpbench(&["gate", "--baseline", "main", &directory])), 2);
}

#[test]
fn a_single_repetition_cannot_be_judged() {
    for sessions in [1, 6] {
        let place = Place::with_sessions(sessions);
        let output = place.gate(&at(run(1), 0.3, 1.0), &[]);
        assert_eq!(code(&output), 4, "{sessions}");
        assert!(
            said(&output).contains("cannot be said of Throughput of default"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn another_machine_is_refused_with_the_list_unless_forced() {
    let place = Place::with_sessions(6);
    let mut elsewhere = run(10);
    elsewhere.manifest.host.cpu = "Another CPU".to_owned();
    elsewhere.manifest.target.software = Some("Apache Kafka 4.4.0".to_owned());
    let output = place.gate(&elsewhere, &["--lenient"]);
    assert_eq!(code(&output), 4);
    for told in [
        "processor: Example CPU @ 2.00GHz against Another CPU",
        "broker version: Apache Kafka 4.3.0 against",
    ] {
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    let forced = place.gate(&elsewhere, &["--force"]);
    assert_eq!(code(&forced), 0);
    assert!(
        said(&forced).contains("Forced, in spite of: processor"),
        "{}",
        said(&forced)
    );
}

#[test]
fn documents_of_other_versions_and_what_is_not_there_are_wrong_usage() {
    let place = Place::with_sessions(1);
    let today = place.store("today", &run(10), 28);
    let sessions = place.path("data").join("baselines/main");
    let session = fs::read_dir(&sessions).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&session).unwrap();
    for (damaged, told) in [
        (
            text.replacen("\"schema_version\":1", "\"schema_version\":99", 1),
            "schema_version is 99",
        ),
        (text[..text.len() / 2].to_owned(), "EOF"),
    ] {
        fs::write(&session, damaged).unwrap();
        let output = place.kpbench(&["gate", "--baseline", "main", &today]);
        assert_eq!(code(&output), 2);
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    for (flags, told) in [
        (
            &["gate", &today, "--baseline", "other"][..],
            "there is no baseline \"other\"",
        ),
        (&["gate", &today, "--baseline", "no/such"], "no such run directory"),
        (&["gate", &today], "say what the run is held against"),
        (&["gate"], "finished run"),
        (&["gate", "/nowhere", "--baseline", "main"], "no directory"),
        (
            &["gate", &today, "--baseline", "main", "--repetitions", "3"],
            "for gate --profile",
        ),
        (
            &["gate", &today, "--baseline", "main", "--threshold", "latency_p98_us=3%"],
            "did you mean latency_p9",
        ),
        (
            &["gate", &today, "--baseline", "main", "--threshold", "latency_p99_us=3"],
            "as in \"5%\"",
        ),
        (&["gate", &today, "--base", "linger.ms=1"], "--profile"),
    ] {
        let output = place.kpbench(flags);
        assert_eq!(code(&output), 2, "{flags:?}");
        assert!(said(&output).contains(told), "{flags:?}: {}", said(&output));
    }
}

#[test]
fn a_baseline_without_a_session_says_nothing() {
    let place = Place::new();
    fs::create_dir_all(place.path("data").join("baselines/main")).unwrap();
    let output = place.gate(&run(10), &[]);
    assert_eq!(code(&output), 4);
    assert!(
        said(&output).contains("The baseline has no session"),
        "{}",
        said(&output)
    );
}

#[test]
fn the_document_keeps_to_its_schema_and_says_the_exit_code() {
    let place = Place::with_sessions(6);
    let schema = serde_json::to_value(schemars::schema_for!(GateDocument)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (run, verdict) in [
        (run(10), "pass"),
        (at(run(10), 0.5, 1.0), "regression"),
        (run(10).fail(0, "gone"), "not-valid"),
        (Run::of(&[vec![("acks", "1")]], 10), "not-valid"),
    ] {
        let output = place.gate(&run, &["--format", "json"]);
        let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let violations: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(violations, Vec::<String>::new());
        assert_eq!(document["verdict"], verdict);
        assert_eq!(document["exit_code"].as_i64(), Some(i64::from(code(&output))));
        assert_eq!(
            (document["sessions"].as_u64(), document["interleaved"].as_bool()),
            (Some(6), Some(false))
        );
        assert_eq!(document["rows"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn exports_show_each_gate() {
    let place = Place::with_sessions(6);
    let junit = place.path("gate.xml").display().to_string();
    let export = format!("junit={junit}");
    let regression = place.gate(&at(run(10), 0.5, 1.0), &["--export", &export, "--export", "markdown"]);
    assert_eq!(code(&regression), 3);
    assert!(
        stdout(&regression).starts_with("<!-- kpbench"),
        "{}",
        stdout(&regression)
    );
    assert!(stdout(&regression).contains("❌ **regression** | default | Throughput"));
    let xml = fs::read_to_string(&junit).unwrap();
    assert!(xml.contains("tests=\"4\"") && xml.contains("failures=\"1\""), "{xml}");

    // Nothing in common: each figure is an error, not an empty suite.
    let other = place.gate(&Run::of(&[vec![("acks", "1")]], 10), &["--export", &export]);
    assert_eq!(code(&other), 4);
    let xml = fs::read_to_string(&junit).unwrap();
    assert!(xml.contains("errors=\"4\""), "{xml}");

    // No value at all.
    let failed = (0..10).fold(run(10), |run, trial| run.fail(trial, "broker gone"));
    for format in [
        "junit",
        "markdown",
        "bencher",
        "openmetrics",
        "csv",
        "github-action-benchmark=bench.json",
    ] {
        assert_eq!(code(&place.gate(&failed, &["--export", format])), 4, "{format}");
    }
}

#[test]
fn an_interleaved_run_is_judged_within_itself() {
    let place = Place::new();
    let twins = |loss: f64| {
        let mut run = Run::of(&[vec![("variant", "base")], vec![("variant", "candidate")]], 10);
        for one in &mut run.manifest.configurations {
            one.properties.clear();
            one.effective_properties.remove("variant");
            one.label = one.axes[0].value.clone();
        }
        let candidate = run.manifest.configurations[1].id.clone();
        run.each_trial(move |trial| {
            let result = trial.result.as_mut().unwrap();
            if trial.planned.configuration_id == candidate {
                result.window.acknowledged = (result.window.acknowledged as f64 * (1.0 - loss)) as u64;
            }
        })
    };
    let flags = [
        "--threshold",
        "client_cpu_us_per_record=900%",
        "--threshold",
        "throughput_records_per_s=15%",
    ];
    for (name, loss, expected) in [("same", 0.0, 0), ("slower", 0.5, 3)] {
        let run = place.store(name, &twins(loss), 1);
        let output =
            place.kpbench(&[&["gate", run.as_str(), "--threshold", "latency_p99_us=90%"][..], &flags].concat());
        assert_eq!(code(&output), expected, "{name}");
        assert!(said(&output).contains("measured interleaved"), "{}", said(&output));
    }
}

#[test]
fn lost_and_foreign_records_are_never_a_pass() {
    let place = Place::with_sessions(6);
    let lossy = |change: fn(&mut kpbench::store::TrialRecord)| run(10).each_trial(change);
    let half_lost = lossy(|trial| trial.broker.appended = trial.broker.appended.map(|appended| appended / 2));
    let failed = lossy(|trial| trial.result.as_mut().unwrap().counts.failed += 5);
    let undecided = lossy(|trial| trial.result.as_mut().unwrap().counts.undecided += 5);
    // A record that nobody planned stands in for the trial that failed.
    let mut hidden = run(10).fail(3, "broker gone");
    let mut foreign = run(10).trials[3].clone();
    foreign.planned.trial_id = "b04-t9999-other".to_owned();
    hidden.trials.push(foreign);
    for (what, run, told) in [
        (
            "deficit",
            half_lost,
            "acknowledged and not appended, in 10 of 10 trials",
        ),
        ("failed", failed, "50 records failed in 10 trials"),
        ("undecided", undecided, "50 records stayed undecided"),
        ("foreign", hidden, "b04-t9999-other"),
    ] {
        for flags in [&[][..], &["--lenient"]] {
            let output = place.gate(&run, flags);
            assert_eq!(code(&output), 4, "{what}");
            assert!(said(&output).contains(told), "{what}: {}", said(&output));
        }
    }
    let surplus = place.gate(
        &lossy(|trial| trial.broker.appended = trial.broker.appended.map(|n| n + 1)),
        &[],
    );
    assert_eq!(code(&surplus), 0);
    assert!(
        said(&surplus).contains("appended beyond those acknowledged"),
        "{}",
        said(&surplus)
    );
}

#[test]
fn a_configuration_that_drops_out_is_no_pass() {
    let place = Place::with_sessions(6);
    let more = Run::of(&[vec![], vec![("acks", "1")]], 10);
    for (flags, expected) in [(&[][..], 4), (&["--lenient"], 4), (&["--force"], 0)] {
        let output = place.gate(&more, flags);
        assert_eq!(code(&output), expected, "{flags:?}");
        assert!(
            said(&output).contains("the baseline does not have it"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn lenient_does_not_excuse_what_was_hardly_measured() {
    let place = Place::with_sessions(1);
    let output = place.gate(&at(run(10), 0.2, 1.0), &["--lenient"]);
    assert_eq!(code(&output), 4);
    assert!(said(&output).contains("in spite of --lenient"), "{}", said(&output));
    assert!(!said(&output).contains("Counted as passed,"), "{}", said(&output));
}
