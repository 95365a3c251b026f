//! `gate --profile` through the binary, on the mock cluster with short windows: what it measures, and its exit codes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kpbench::profile::Until;
use kpbench::report::{GateDocument, Repetition};
use kpbench::store::{Manifest, RunDirectory, StoppedBy};
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
fn a_run_that_is_continued_is_not_held_to_itself() {
    let place = Place::new();
    let steady = ["--threshold", "records_per_batch=95%"];
    // Whether all trials came to their end does not matter here.
    place.kpbench(&["sweep", "fast.toml", "--out", "run"]);
    assert_eq!(code(&place.kpbench(&["baseline", "save", "main", "run", "--force"])), 0);
    for baseline in ["main", "./run"] {
        let flags = [
            "gate",
            "--profile",
            "fast.toml",
            "--baseline",
            baseline,
            "--resume",
            "run",
        ];
        let output = place.kpbench(&[&flags[..], &steady].concat());
        assert_eq!(code(&output), 2);
        assert!(
            said(&output).contains("a run says nothing against itself"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn a_baseline_of_other_records_or_with_more_configurations_is_not_interleaved_unless_forced() {
    let place = Place::new();
    let sweep = |matrix: &str, out: &str| place.kpbench(&["sweep", "fast.toml", "--set", matrix, "--out", out]);
    sweep("matrix.linger.ms=[0, 5, 10]", "three");
    place.kpbench(&["sweep", "fast.toml", "--out", "one"]);
    let two = "matrix.linger.ms=[0, 5]";
    for (baseline, change, told) in [
        ("./three", two, "the profile does not have linger.ms=10"),
        (
            "./one",
            "workload.record-size=200",
            "not comparable with the baseline ./one: records: ",
        ),
    ] {
        let flags = [
            "gate",
            "--profile",
            "slow.toml",
            "--baseline",
            baseline,
            "--set",
            change,
        ];
        let output = place.kpbench(&[&flags[..], &["--out", "run", "--lenient"]].concat());
        assert_eq!(code(&output), 4, "{baseline}");
        assert!(said(&output).contains(told), "{}", said(&output));
        assert!(!place.path("run").exists());
    }
    let other = ["--set", two, "--set", "producer.batch.size=499999"];
    let flags = ["gate", "--profile", "fast.toml", "--baseline", "./three"];
    place.kpbench(&[&flags[..], &other, &["--out", "run", "--force"]].concat());
    let forced = place.document("run").forced;
    assert!(
        forced.iter().any(|one| one.contains("does not have linger.ms=10")),
        "{forced:?}"
    );
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
fn what_was_found_is_kept_where_its_repetition_fails() {
    let place = Place::new();
    // The repetition has no place.
    fs::create_dir(place.path("run-again")).unwrap();
    fs::write(place.path("run-again/mine"), "").unwrap();
    let flags = [
        "gate",
        "--profile",
        "slow.toml",
        "--base",
        "batch.size=500000",
        "--out",
        "run",
        "--lenient",
        "--export",
        "junit=gate.xml",
    ];
    let output = place.kpbench(&flags);
    assert_eq!(code(&output), 4);
    let document = place.document("run");
    let Repetition::Failed { cause } = &document.repetition else {
        panic!("{:?}", document.repetition)
    };
    assert!(cause.contains("run-again is not empty"), "{cause}");
    assert_eq!(document.exit_code, 4);
    let row = &document.rows[0];
    assert!(
        row.sentence.starts_with("Not repeated: ×0.") && row.high.unwrap() < 0.5,
        "{row:?}"
    );
    assert!(
        said(&output).contains("measured once more, which failed"),
        "{}",
        said(&output)
    );
    let xml = fs::read_to_string(place.path("gate.xml")).unwrap();
    assert!(
        xml.contains(r#"errors="1""#) && xml.contains("was not repeated") && xml.contains("Not repeated:"),
        "{xml}"
    );
}

#[test]
fn a_precision_lets_it_go_on_until_it_is_decided_and_no_longer() {
    let place = Place::new();
    let decided = ["--precision", "0.1%", "--min-blocks", "8", "--max-blocks", "30"];
    let flags = [
        "gate",
        "--profile",
        "slow.toml",
        "--base",
        "batch.size=500000",
        "--out",
        "run",
    ];
    let output = place.kpbench(&[&flags[..], &decided].concat());
    assert_eq!(code(&output), 3);
    for run in ["run", "run-again"] {
        let manifest = place.manifest(run);
        let stopping = manifest.stopping.unwrap();
        assert_eq!(stopping.ended, StoppedBy::Decided, "{run}");
        assert!([12, 18].contains(&stopping.blocks), "{run}: {}", stopping.blocks);
    }
    let row = &place.document("run").rows[0];
    assert!(row.confidence.unwrap() > 0.99, "{row:?}");
    assert!(
        said(&output).contains("blocks, when more could not change what the gate says"),
        "{}",
        said(&output)
    );
    // The finished run is judged in the same way again.
    let again = place.kpbench(&["gate", "run", "--format", "json"]);
    let again: GateDocument = serde_json::from_str(&text(&again.stdout)).unwrap();
    assert_eq!((again.rows[0].low, again.rows[0].confidence), (row.low, row.confidence));
    // Against stored sessions, another number of blocks decides nothing: the profile's precision is as in a sweep.
    assert_eq!(code(&place.kpbench(&["sweep", "fast.toml", "--out", "fast"])), 0);
    let stored = [
        "gate",
        "--profile",
        "fast.toml",
        "--baseline",
        "fast",
        "--out",
        "stored",
    ];
    place.kpbench(
        &[
            &stored[..],
            &["--precision", "50%", "--min-blocks", "6", "--max-blocks", "6"],
        ]
        .concat(),
    );
    let stopping = place.manifest("stored").stopping.unwrap();
    assert_ne!(stopping.ended, StoppedBy::Decided);
    assert_eq!(stopping.rule.until, Until::Narrow);
}

#[test]
fn a_gate_that_was_judged_is_neither_continued_nor_held_to_other_thresholds() {
    let place = Place::new();
    let measured = [
        "gate",
        "--profile",
        "fast.toml",
        "--base",
        "batch.size=499999",
        "--threshold",
        "throughput_records_per_s=90%",
    ];
    assert!([0, 4].contains(&code(&place.kpbench(&[&measured[..], &["--out", "run"]].concat()))));
    for (further, told) in [
        (
            &["--repetitions", "12"][..],
            "6 blocks were planned and 12 are asked for now",
        ),
        (
            &["--threshold", "throughput_records_per_s=80%"],
            "throughput_records_per_s was 90 % and is 80 % now",
        ),
    ] {
        let output = place.kpbench(&[&measured[..], &["--resume", "run"], further].concat());
        assert_eq!(code(&output), 2);
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    let judged = place.kpbench(&["gate", "run", "--format", "json"]);
    let again: GateDocument = serde_json::from_str(&text(&judged.stdout)).unwrap();
    assert_eq!(again.rows[0].threshold, 0.9, "the gate's own, not the profile's");
    assert!(
        again.thresholds_from.contains("the gate that the run was made for"),
        "{}",
        again.thresholds_from
    );
}

#[test]
fn a_build_that_was_made_anew_does_not_continue_the_run() {
    let place = Place::new();
    let trial = format!("exec {} trial", kpbench().display());
    let build = place.build("old", &trial);
    let flags = ["gate", "--profile", "slow.toml", "--base-bin", &build];
    let wide = ["--threshold", "throughput_records_per_s=90%"];
    let measured = place.kpbench(&[&flags[..], &wide, &["--out", "run"]].concat());
    assert!([0, 4].contains(&code(&measured)), "{}", said(&measured));
    // As if it had been interrupted before its last trial.
    let trials = fs::read_to_string(place.path("run/trials.jsonl")).unwrap();
    let (all_but_one, _) = trials.trim_end().rsplit_once('\n').unwrap();
    fs::write(place.path("run/trials.jsonl"), format!("{all_but_one}\n")).unwrap();
    let resumed = [&flags[..], &wide, &["--resume", "run"]].concat();
    place.build("old", &format!("true; {trial}"));
    let output = place.kpbench(&resumed);
    assert_eq!(code(&output), 2);
    assert!(
        said(&output).contains("old has been built anew since the run began"),
        "{}",
        said(&output)
    );
    place.build("old", &trial);
    assert!([0, 4].contains(&code(&place.kpbench(&resumed))));
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
            "5 blocks cannot decide anything: 6 are needed at least; give --repetitions 10",
        ),
        (
            &[
                "slow.toml",
                "--base",
                "linger.ms=1",
                "--precision",
                "3%",
                "--min-blocks",
                "2",
                "--max-blocks",
                "5",
            ],
            "5 blocks cannot decide anything: 6 are needed at least; give --max-blocks 50",
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
