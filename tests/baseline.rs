//! `baseline save`, `list` and `remove` through the binary, on runs that never took place.

mod synthetic;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kpbench::store::{BaselineSession, Baselines, RunDirectory};
use synthetic::Run;
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, name: &str, day: u32, change: impl Fn(Run) -> Run) -> String {
        let mut run = Run::grid(&[("linger.ms", &["0", "5"])], 3);
        run.manifest.created_at = format!("2026-03-{day:02}T12:00:00Z").parse().unwrap();
        store(&change(run), &self.path(name));
        self.path(name).display().to_string()
    }

    fn baseline(&self, arguments: &[&str]) -> Output {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
            .arg("baseline")
            .args(arguments)
            .env("KPBENCH_DATA_DIR", self.path("data"))
            .output()
            .unwrap();
        eprintln!("{}", stderr(&output));
        output
    }

    fn sessions(&self, name: &str) -> Vec<BaselineSession> {
        Baselines::new(self.path("data").join("baselines"))
            .sessions(name)
            .unwrap()
    }
}

fn store(run: &Run, directory: &Path) {
    let mut stored = RunDirectory::create(directory, &run.manifest).unwrap();
    run.trials.iter().for_each(|trial| stored.append(trial).unwrap());
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

#[test]
fn runs_are_saved_listed_and_removed() {
    let place = Place::new();
    assert!(stdout(&place.baseline(&["list"])).starts_with("No baseline in "));
    let (one, two) = (place.run("one", 1, |run| run), place.run("two", 2, |run| run));
    assert_eq!(code(&place.baseline(&["save", "main", &two])), 0);
    let output = place.baseline(&["save", "main", &one]);
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("has 2 sessions now"), "{}", stdout(&output));

    let listed = stdout(&place.baseline(&["list"]));
    for part in [
        "main: 2 sessions, newest 2026-03-02",
        "linger.ms=0, linger.ms=5",
        "Example CPU",
        "Apache Kafka 4.3.0",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&place.baseline(&["list", "--format", "json"]))).unwrap();
    assert_eq!(json["baselines"][0]["sessions"].as_array().unwrap().len(), 2);

    let sessions = place.sessions("main");
    assert_eq!(
        [sessions[0].run.as_str(), sessions[1].run.as_str()],
        ["one", "two"],
        "the oldest first"
    );
    assert_eq!(sessions[0].configurations[0].completed, 3);
    let figures = &sessions[0].configurations[0].trials[&2];
    for metric in [
        "throughput_records_per_s",
        "latency_p99_us",
        "client_cpu_us_per_record",
        "wire_bytes_per_record",
    ] {
        assert!(figures[metric] > 0.0, "{metric}");
    }
    let size = fs::metadata(
        place
            .path("data")
            .join("baselines/main")
            .join(format!("{}.json", sessions[0].session_id)),
    );
    assert!(size.unwrap().len() < 20_000, "small enough for a repository");

    assert_eq!(code(&place.baseline(&["remove", "main"])), 2, "not without --yes");
    assert_eq!(
        code(&place.baseline(&["remove", "main", "--session", &sessions[0].session_id])),
        0
    );
    assert_eq!(place.sessions("main").len(), 1);
    assert_eq!(code(&place.baseline(&["remove", "main", "--yes"])), 0);
    assert_eq!(code(&place.baseline(&["remove", "main", "--yes"])), 2);
    assert_eq!(code(&place.baseline(&["list", "main"])), 2);
}

#[test]
fn a_directory_of_ones_own_may_hold_them() {
    let place = Place::new();
    let run = place.run("one", 1, |run| run);
    let own = place.path("ci").display().to_string();
    assert_eq!(code(&place.baseline(&["save", "main", &run, "--baselines", &own])), 0);
    assert!(!place.path("data").exists());
    assert!(stdout(&place.baseline(&["list", "--baselines", &own])).starts_with("main: 1 session,"));
}

#[test]
fn the_same_run_is_refused_also_from_another_place_and_by_force() {
    let place = Place::new();
    let (one, copy) = (place.run("one", 1, |run| run), place.run("copy", 1, |run| run));
    assert_eq!(code(&place.baseline(&["save", "main", &one])), 0);
    for arguments in [&["save", "main", &copy][..], &["save", "main", &one, "--force"]] {
        let output = place.baseline(arguments);
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("already"), "{}", stderr(&output));
    }
    assert_eq!(place.sessions("main").len(), 1);
}

#[test]
fn what_is_not_complete_is_refused_unless_forced() {
    let place = Place::new();
    let failed = place.run("failed", 1, |run| run.fail(0, "broker gone"));
    let missing = place.run("missing", 2, |mut run| {
        run.trials.pop();
        run
    });
    let none = place.run("none", 3, |run| {
        let count = run.trials.len();
        (0..count).fold(run, |run, trial| run.fail(trial, "broker gone"))
    });
    let cut = place.run("cut", 4, |run| run);
    let trials = place.path("cut").join("trials.jsonl");
    let text = fs::read(&trials).unwrap();
    fs::write(&trials, &text[..text.len() - 40]).unwrap();
    for (run, told) in [
        (&failed, "5 of 6 planned trials came to their end"),
        (&missing, "5 of 6 planned trials"),
        (&none, "0 of 6 planned trials"),
        (&cut, "(line 6) is cut"),
    ] {
        let output = place.baseline(&["save", "main", run]);
        assert_eq!(code(&output), 4, "{run}");
        assert!(stderr(&output).contains(told), "{run}: {}", stderr(&output));
    }
    assert!(!place.path("data").exists());
    assert_eq!(code(&place.baseline(&["save", "main", &failed, "--force"])), 0);
    assert!(place.sessions("main")[0].forced[0].contains("5 of 6"));
    assert!(stdout(&place.baseline(&["list"])).contains("forced"));
}

#[test]
fn what_is_not_comparable_is_refused_with_the_list_unless_forced() {
    let place = Place::new();
    let one = place.run("one", 1, |run| run);
    assert_eq!(code(&place.baseline(&["save", "main", &one])), 0);
    let elsewhere = place.run("elsewhere", 2, |mut run| {
        run.manifest.host.cpu = "Another CPU".to_owned();
        run.manifest.target.software = Some("Apache Kafka 4.4.0".to_owned());
        run
    });
    let output = place.baseline(&["save", "main", &elsewhere]);
    assert_eq!(code(&output), 4);
    for told in ["processor: Example CPU @ 2.00GHz against Another CPU", "broker version"] {
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    let other = place.path("other");
    store(&Run::grid(&[("acks", &["1"])], 3), &other);
    let output = place.baseline(&["save", "main", &other.display().to_string()]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("no configuration in common"));
    assert_eq!(code(&place.baseline(&["save", "main", &elsewhere, "--force"])), 0);
    assert_eq!(place.sessions("main")[1].forced.len(), 2);
}

#[test]
fn bad_names_and_other_versions_are_wrong_usage() {
    let place = Place::new();
    let run = place.run("one", 1, |run| run);
    for name in ["../x", "a b", ".hidden", ""] {
        let output = place.baseline(&["save", name, &run]);
        assert_eq!(code(&output), 2, "{name:?}");
        assert!(
            stderr(&output).contains("letters, digits, - _ and ."),
            "{}",
            stderr(&output)
        );
    }
    assert_eq!(code(&place.baseline(&["save", "main", "/nowhere"])), 2);
    let manifest = place.path("one").join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replacen("\"schema_version\": 1", "\"schema_version\": 99", 1),
    )
    .unwrap();
    let output = place.baseline(&["save", "main", &run]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("schema_version is 99"), "{}", stderr(&output));
}

#[test]
fn a_damaged_session_is_listed_as_such_and_the_others_as_ever() {
    let place = Place::new();
    for (name, day) in [("one", 1), ("two", 2), ("three", 3)] {
        let run = place.run(name, day, |run| run);
        assert_eq!(
            code(&place.baseline(&["save", if day == 3 { "other" } else { "main" }, &run])),
            0
        );
    }
    let id = place.sessions("main")[0].session_id.clone();
    let file = place.path("data").join(format!("baselines/main/{id}.json"));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() / 2]).unwrap();
    let listed = place.baseline(&["list"]);
    assert_eq!(code(&listed), 4);
    let text = stdout(&listed);
    for part in [
        "main: 1 session and 1 damaged, newest 2026-03-02",
        &format!("{id}  DAMAGED: {}", file.display()),
        "other: 1 session, newest 2026-03-03",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        stderr(&listed).contains("1 session cannot be read"),
        "{}",
        stderr(&listed)
    );
    let listed = place.baseline(&["list", "--format", "json"]);
    assert_eq!(code(&listed), 4);
    let json: serde_json::Value = serde_json::from_str(&stdout(&listed)).unwrap();
    assert_eq!(json["baselines"][0]["damaged"][0]["session_id"], id);
    assert_eq!(json["baselines"][0]["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(code(&place.baseline(&["list", "other"])), 0);
    // Nothing is added to what cannot be read.
    let four = place.run("four", 4, |run| run);
    let refused = place.baseline(&["save", "main", &four]);
    assert_eq!(code(&refused), 2);
    assert!(
        stderr(&refused).contains(&format!("--session {id}")),
        "{}",
        stderr(&refused)
    );
    assert_eq!(code(&place.baseline(&["remove", "main", "--session", &id])), 0);
    assert_eq!(code(&place.baseline(&["list"])), 0);
}
