//! `ab`, `noise` and the flags of repetition through the binary, on the mock cluster with short windows.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use kpbench::profile::PrecisionMetric;
use kpbench::store::{Manifest, NoiseFloor, RunDirectory, StoppedBy};
use tempfile::TempDir;

/// Paced, so that trials are alike on any machine; short, so that a block takes half a second.
const SHORT: &[&str] = &["--target", "mock", "--warmup", "30ms", "--measure", "150ms"];

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        Place {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    /// Stores the run in `out`.
    fn kpbench(&self, out: &str, arguments: &[&str]) -> Output {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
            .args(arguments)
            .args(SHORT)
            .arg("--out")
            .arg(self.path(out))
            .env("KPBENCH_DATA_DIR", self.path("data"))
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        eprintln!("{}", stderr(&output));
        output
    }

    fn manifest(&self, out: &str) -> Manifest {
        RunDirectory::open(&self.path(out)).unwrap().manifest().clone()
    }
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
fn ab_measures_two_variants_until_the_interval_is_narrow() {
    let place = Place::new();
    let flags = [
        "ab",
        "--base",
        "linger.ms=0",
        "--candidate",
        "linger.ms=5",
        "--candidate",
        "compression.type=lz4",
        "--rate",
        "4000",
        "--precision",
        "50",
        "--min-blocks",
        "6",
        "--max-blocks",
        "7",
    ];
    let output = place.kpbench("run", &flags);
    assert_eq!(code(&output), 0);
    let manifest = place.manifest("run");
    let labels: Vec<&str> = manifest.configurations.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["base", "candidate"]);
    assert_eq!(
        manifest.configurations[1].effective_properties["compression.type"],
        "lz4"
    );
    assert_eq!(manifest.configurations[0].effective_properties["linger.ms"], "0");
    let stopping = manifest.stopping.unwrap();
    assert_eq!((stopping.ended, stopping.blocks), (StoppedBy::Precise, 6));
    assert_eq!(
        (stopping.rule.half_width, stopping.rule.time_budget_ms),
        (0.5, Some(600_000))
    );
    let told = stderr(&output);
    assert!(told.contains("12 to 14 trials"), "the estimate has a range: {told}");
    assert!(told.contains("Order: random in each block, seed "), "{told}");
    assert!(told.contains("block 1/~6"), "{told}");
    assert!(told.contains("Ended after 6 blocks"), "{told}");
    let said = stdout(&output).replace('\n', " ");
    assert!(said.contains("Repetition: Ended after 6 blocks"), "{said}");
    assert!(said.contains("seed"), "{said}");
}

#[test]
fn a_paced_comparison_ends_by_its_response_latency_and_says_so() {
    let place = Place::new();
    // 1,800 records in each window: enough for a p99.
    let flags = [
        "ab",
        "--candidate",
        "linger.ms=5",
        "--rate",
        "12000",
        "--precision",
        "50",
        "--min-blocks",
        "6",
        "--max-blocks",
        "6",
    ];
    // What is told is told of a run on a busy machine too, in which a trial may fail.
    let ended = |output: &Output| [0, 4].contains(&code(output));
    let output = place.kpbench("run", &flags);
    assert!(ended(&output));
    let stopping = place.manifest("run").stopping.unwrap();
    assert_eq!(stopping.rule.metric, PrecisionMetric::LatencyP99);
    let said = stdout(&output).replace("\n  ", " ");
    assert!(
        said.contains("the 95 % interval of the p99 response latency ratio"),
        "{said}"
    );
    let summary = fs::read_to_string(place.path("run").join("summary.json")).unwrap();
    assert!(summary.contains("p99 response latency ratio"), "{summary}");

    let by = ["--precision-metric", "throughput_records_per_s"];
    let output = place.kpbench("by", &[&flags[..], &by].concat());
    assert!(ended(&output));
    assert_eq!(
        place.manifest("by").stopping.unwrap().rule.metric,
        PrecisionMetric::Throughput
    );
    let said = stdout(&output).replace("\n  ", " ");
    assert!(said.contains("the 95 % interval of the throughput ratio"), "{said}");
    assert!(stderr(&output).contains("which rate sets"), "a warning");
    let output = place.kpbench("wrong", &["run", "--precision", "3%", "--precision-metric", "p99"]);
    assert_eq!(code(&output), 2);
}

#[test]
fn a_precision_may_stand_in_a_profile_or_be_given_by_flags() {
    let place = Place::new();
    let profile = place.write(
        "p.toml",
        "[run]\nprecision = \"40%\"\nmin-blocks = 6\nmax-blocks = 6\ntime-budget = \"1h\"\n[workload]\nrate = \"4k\"\n",
    );
    assert_eq!(code(&place.kpbench("one", &["sweep", &profile])), 0);
    let manifest = place.manifest("one");
    assert_eq!(manifest.plan.len(), 6);
    assert!(manifest.stopping.is_some());

    let flags = [
        "run",
        "--rate",
        "4k",
        "--precision",
        "40%",
        "--min-blocks",
        "3",
        "--max-blocks",
        "3",
        "--budget",
        "30m",
    ];
    let output = place.kpbench("two", &flags);
    assert_eq!(
        code(&output),
        0,
        "a precision that is not reached is a result, and said"
    );
    let stopping = place.manifest("two").stopping.unwrap();
    assert_eq!(stopping.ended, StoppedBy::MaxBlocks);
    assert_eq!(stopping.imprecise[0].half_width, None);
    assert!(stderr(&output).contains("(no interval)"));
    assert!(
        !stderr(&output).contains("run.repetitions is not used"),
        "nobody asked for repetitions"
    );
    assert!(stderr(&output).contains("min-blocks=3"), "a warning");
}

#[test]
fn limits_without_a_precision_and_nonsense_are_wrong_usage() {
    let place = Place::new();
    for (flags, told) in [
        (&["--budget", "5m"][..], "time-budget has no effect without a precision"),
        (&["--precision", "3 percent"], "0.1% to 50%"),
        (&["--precision", "90%"], "0.1% to 50%"),
        (
            &["--precision", "3%", "--max-blocks", "10"],
            "max-blocks (10) is below min-blocks (15)",
        ),
        (&["--precision", "3%", "--budget", "soon"], "time-budget is no duration"),
    ] {
        let output = place.kpbench("run", &[&["run"], flags].concat());
        assert_eq!(code(&output), 2, "{flags:?}");
        assert!(stderr(&output).contains(told), "{flags:?}: {}", stderr(&output));
        assert!(!place.path("run").exists());
    }
    for flags in [
        &["ab"][..],
        &["ab", "--base", "linger.ms"],
        &["ab", "--candidate", "lingr.ms=4"],
    ] {
        let output = place.kpbench("run", flags);
        assert_eq!(code(&output), 2, "{flags:?}");
    }
}

#[test]
fn the_noise_floor_is_stored_kept_and_used_by_later_runs() {
    let place = Place::new();
    let output = place.kpbench("noise", &["noise", "--rate", "4k", "--repetitions", "6"]);
    assert_eq!(code(&output), 0);
    let stored = fs::read_to_string(place.path("noise").join("noise.json")).unwrap();
    let floor: NoiseFloor = serde_json::from_str(&stored).unwrap();
    assert_eq!((floor.blocks, floor.configuration.as_str()), (6, "default"));
    assert_eq!(floor.measure_ms, 150);
    for metric in [
        "throughput_records_per_s",
        "latency_p50_us",
        "client_cpu_us_per_record",
        "records_per_batch",
        "wire_bytes_per_record",
    ] {
        assert!(
            floor.floors.get(metric).is_some_and(|floor| *floor >= 0.0),
            "{metric}: {:?}",
            floor.floors
        );
    }
    assert!(stdout(&output).contains("Noise floor of "), "{}", stdout(&output));
    let manifest = place.manifest("noise");
    let labels: Vec<&str> = manifest.configurations.iter().map(|one| one.label.as_str()).collect();
    assert_eq!((labels, manifest.plan.len()), (vec!["a", "b"], 12));

    let flags = ["run", "--rate", "4k", "--repetitions", "1"];
    assert_eq!(code(&place.kpbench("later", &flags)), 0);
    let used = place
        .manifest("later")
        .noise_floor
        .expect("kept for this machine and target");
    assert_eq!(used.floor, floor);
    assert!(used.from.starts_with(place.path("data")), "{}", used.from.display());

    assert_eq!(
        code(&place.kpbench("elsewhere", &[&flags[..], &["--brokers", "3"]].concat())),
        0
    );
    assert_eq!(place.manifest("elsewhere").noise_floor, None, "another target");
}

#[test]
fn noise_takes_one_configuration_of_a_profile() {
    let place = Place::new();
    let profile = place.write(
        "p.toml",
        "[run]\nprecision = \"3%\"\n[workload]\nrate = \"4k\"\n[matrix]\nlinger.ms = [0, 7]\n",
    );
    let chosen = [
        "noise",
        &profile,
        "--configuration",
        "linger.ms=7",
        "--repetitions",
        "6",
        "--format",
        "json",
    ];
    let output = place.kpbench("run", &chosen);
    assert_eq!(code(&output), 0);
    let floor: NoiseFloor = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(floor.configuration, "linger.ms=7");
    let manifest = place.manifest("run");
    assert!(
        manifest
            .configurations
            .iter()
            .all(|one| one.effective_properties["linger.ms"] == "7")
    );
    assert_eq!((manifest.run.precision, manifest.stopping), (None, None));

    for (flags, told) in [
        (&["--configuration", "linger.ms=8"][..], "it has:"),
        (&["--rate", "5"], "--rate is for noise without a profile"),
        (&["--precision", "3%"], "fixed number of blocks"),
    ] {
        let output = place.kpbench("other", &[&["noise", profile.as_str()], flags].concat());
        assert_eq!(code(&output), 2, "{flags:?}");
        assert!(stderr(&output).contains(told), "{flags:?}: {}", stderr(&output));
    }
}

#[test]
fn too_few_blocks_give_no_floor() {
    let place = Place::new();
    let output = place.kpbench("run", &["noise", "--rate", "4k", "--repetitions", "2"]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("6 blocks"), "{}", stderr(&output));
    assert!(!place.path("run").join("noise.json").exists() && !place.path("data").exists());
}
