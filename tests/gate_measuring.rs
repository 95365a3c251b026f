//! `gate --profile` through the binary, on the mock cluster with short windows: what it measures, and its exit codes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kpbench::report::{GateDocument, Repetition};
use kpbench::store::{Manifest, RunDirectory};
use tempfile::TempDir;

/// One record per batch: some twenty times slower than with large batches, on any machine.
const SLOW: &str = "name = \"slow\"\n[target]\nkind = \"mock\"\n[run]\nwarmup = \"30ms\"\nmeasure = \"150ms\"\n\
    repetitions = 6\n[producer]\nbatch.size = 200\nbuffer.memory = 1000000\n[workload]\nrecord-size = 100\n\
    [gate]\nthroughput_records_per_s = \"50%\"\n";

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::write(place.path("slow.toml"), SLOW).unwrap();
        fs::write(
            place.path("fast.toml"),
            SLOW.replace("batch.size = 200", "batch.size = 500000"),
        )
        .unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn kpbench(&self, arguments: &[&str]) -> Output {
        let output = Command::new(kpbench())
            .args(arguments)
            .env("KPBENCH_DATA_DIR", self.path("data"))
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        eprintln!("{}\n{}", text(&output.stdout), text(&output.stderr));
        output
    }

    /// An executable script that stands in for another build of kpbench.
    fn build(&self, name: &str, trial: &str) -> String {
        let path = self.path(name);
        let script = format!(
            "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'kpbench 9.9.9'; exit; fi\ncd {}\n{trial}\n",
            self.directory.path().display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    fn manifest(&self, out: &str) -> Manifest {
        RunDirectory::open(&self.path(out)).unwrap().manifest().clone()
    }

    fn document(&self, out: &str) -> GateDocument {
        serde_json::from_str(&fs::read_to_string(self.path(out).join("gate.json")).unwrap()).unwrap()
    }
}

fn kpbench() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("kpbench")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn said(output: &Output) -> String {
    let all = text(&output.stdout) + &text(&output.stderr);
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_slower_setting_is_a_regression_that_is_found_twice() {
    let place = Place::new();
    let flags = [
        "gate",
        "--profile",
        "slow.toml",
        "--base",
        "batch.size=500000",
        "--out",
        "run",
    ];
    let output = place.kpbench(&flags);
    assert_eq!(code(&output), 3);
    assert!(
        said(&output).contains("when repeated: a fall beyond 50 % is certain"),
        "{}",
        said(&output)
    );
    let (first, again) = (place.manifest("run"), place.manifest("run-again"));
    assert_ne!(first.run.seed, again.run.seed);
    let labels: Vec<&str> = first.configurations.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["base", "candidate"]);
    assert_eq!(first.configurations[0].effective_properties["batch.size"], "500000");
    assert_eq!(first.configurations[1].effective_properties["batch.size"], "200");
    let document = place.document("run");
    assert!(matches!(document.repetition, Repetition::Done { .. }));
    assert_eq!((document.exit_code, document.interleaved), (3, true));
}

#[test]
fn the_settings_of_a_stored_baseline_are_measured_again_beside_the_profile() {
    let place = Place::new();
    assert_eq!(code(&place.kpbench(&["sweep", "fast.toml", "--out", "fast"])), 0);
    assert_eq!(code(&place.kpbench(&["baseline", "save", "main", "fast"])), 0);
    let output = place.kpbench(&["gate", "--profile", "slow.toml", "--baseline", "main", "--out", "run"]);
    assert_eq!(code(&output), 3);
    assert!(
        said(&output).contains("has other settings: they were measured again, interleaved"),
        "{}",
        said(&output)
    );
    assert_eq!(
        place.manifest("run").configurations[0].effective_properties["batch.size"],
        "500000"
    );
    // The profile of the baseline itself has nothing to be interleaved with.
    let steady = ["--set", "gate={ records_per_batch = \"95%\" }"];
    let same = ["gate", "--profile", "fast.toml", "--baseline", "main", "--out", "same"];
    let output = place.kpbench(&[&same[..], &steady].concat());
    assert!(said(&output).contains("nothing to interleave"), "{}", said(&output));
    assert_eq!(place.manifest("same").configurations.len(), 1);
    assert_ne!(code(&output), 2);
    assert!(!place.document("same").interleaved);
}

#[test]
fn two_builds_that_are_the_same_are_never_a_regression() {
    let place = Place::new();
    let own = kpbench().display().to_string();
    let flags = ["gate", "--profile", "slow.toml", "--base-bin", &own, "--out", "run"];
    let output = place.kpbench(&[&flags[..], &["--threshold", "throughput_records_per_s=90%"]].concat());
    assert!([0, 4].contains(&code(&output)), "{}", code(&output));
    let manifest = place.manifest("run");
    assert_eq!(manifest.trial_programs.len(), 1);
    let used = &manifest.trial_programs[&manifest.configurations[0].id];
    assert!(used.version.as_ref().unwrap().starts_with("kpbench "), "{used:?}");
    assert!(
        used.client_version.as_ref().unwrap().starts_with("librdkafka "),
        "{used:?}"
    );
    assert!(
        said(&output).contains("The trials of base were run by"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_build_that_breaks_half_way_is_not_valid() {
    let place = Place::new();
    let breaking = place.build(
        "breaking",
        &format!(
            "echo x >> trials; if [ $(wc -l < trials) -gt 3 ]; then read -r spec; exit 7; fi; exec {} trial",
            kpbench().display()
        ),
    );
    let flags = [
        "gate",
        "--profile",
        "slow.toml",
        "--candidate-bin",
        &breaking,
        "--out",
        "run",
        "--lenient",
    ];
    let output = place.kpbench(&flags);
    assert_eq!(code(&output), 4);
    assert!(
        said(&output).contains("3 of 6 trials of the candidate failed"),
        "{}",
        said(&output)
    );
    assert!(!place.path("run-again").exists());
    assert_eq!(
        place
            .manifest("run")
            .trial_programs
            .values()
            .next()
            .unwrap()
            .version
            .as_deref(),
        Some("kpbench 9.9.9")
    );
}

#[test]
fn a_regression_that_is_not_found_again_does_not_count() {
    let place = Place::new();
    // Slow in its first six trials, which are those of the first run.
    let spell = place.build(
        "spell",
        &format!(
            "echo x >> trials; n=$(wc -l < trials)\n\
             {{ read -r spec; if [ $n -le 6 ]; then spec=$(printf '%s' \"$spec\" | sed 's/\"500000\"/\"200\"/'); fi\n\
             printf '%s\\n' \"$spec\"; cat; }} | {} trial",
            kpbench().display()
        ),
    );
    let flags = [
        "gate",
        "--profile",
        "fast.toml",
        "--candidate-bin",
        &spell,
        "--out",
        "run",
    ];
    let output = place.kpbench(&flags);
    assert_eq!(code(&output), 4);
    assert!(said(&output).contains("Not confirmed:"), "{}", said(&output));
    assert!(place.path("run-again").exists());
    let row = &place.document("run").rows[0];
    assert!(row.repeated.is_some() && row.high.unwrap() < 0.5, "{row:?}");
}

#[test]
fn what_cannot_be_measured_is_told_before_anything_starts() {
    let place = Place::new();
    fs::write(
        place.path("bad.toml"),
        SLOW.replace("throughput_records_per_s", "throughput"),
    )
    .unwrap();
    for (flags, told) in [
        (&["slow.toml"][..], "say what the profile is held against"),
        (
            &["slow.toml", "--base", "linger.ms=1", "--repetitions", "5"],
            "5 blocks cannot decide anything: 6 are needed",
        ),
        (&["slow.toml", "--base-bin", "/no/such"], "it cannot be run"),
        (&["slow.toml", "--base", "lingr.ms=1"], "linger.ms"),
        (&["slow.toml", "--baseline", "main"], "there is no baseline"),
        (&["bad.toml", "--base", "linger.ms=1"], "did you mean throughput_"),
    ] {
        let output = place.kpbench(&[&["gate", "--out", "run", "--profile"], flags].concat());
        assert_eq!(code(&output), 2, "{flags:?}");
        assert!(said(&output).contains(told), "{flags:?}: {}", said(&output));
        assert!(!place.path("run").exists());
    }
}
