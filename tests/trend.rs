//! `kpbench trend` as a user meets it: histories of stored runs and CSV files, exit codes, outputs.

mod synthetic;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use kpbench::store::{NoiseFloor, RunDirectory, UsedNoiseFloor};
use serde_json::Value;
use synthetic::{Run, hash};
use tempfile::TempDir;

fn kpbench(arguments: &[&str], directory: &Path) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap()
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

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// The night's run of two configurations: from night `slow` on, one of them has lost a tenth of its throughput.
fn nightly(night: u32, slow: u32) -> Run {
    let points = vec![vec![("linger.ms", "5")], vec![("linger.ms", "50")]];
    let mut run = Run::of(&points, 3).each_trial(|trial| {
        // ± 2 % from night to night, the same for no two configurations.
        let name = format!("{night} {} {}", trial.planned.configuration_id, trial.planned.block);
        let noise = 0.98 + 0.04 * (hash(&name).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1u64 << 24) as f64;
        let first = trial.planned.sequence % 2 == 1;
        let level = if first && night >= slow { 360_000.0 } else { 400_000.0 };
        let result = trial.result.as_mut().unwrap();
        result.window.acknowledged = (level * noise * result.window_s) as u64;
        result.window.acknowledged_bytes = result.window.acknowledged * 100;
        result.client_cpu.user_us = (2_000_000.0 * noise) as u64;
        result.client_cpu.system_us = 0;
    });
    let manifest = &mut run.manifest;
    manifest.created_at = format!("2026-{:02}-{:02}T02:00:00Z", 1 + night / 28, 1 + night % 28)
        .parse()
        .unwrap();
    manifest.git_commit = Some(format!("{:016x}{:024x}", hash(&format!("commit {night}")), night));
    if night >= slow {
        manifest.run.seed = 43;
        manifest.target.software = Some("Apache Kafka 4.3.1".into());
    }
    run
}

fn store(run: &Run, directory: &Path) {
    let mut stored = RunDirectory::create(directory, &run.manifest).unwrap();
    run.trials.iter().for_each(|trial| stored.append(trial).unwrap());
}

/// `reports/night-NN` for so many nights.
fn history(nights: u32, slow: u32) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for night in 0..nights {
        store(
            &nightly(night, slow),
            &place.path().join(format!("reports/night-{night:02}")),
        );
    }
    place
}

fn indexes(trend: &Value) -> Vec<(String, String, Vec<u64>)> {
    let series = trend["series"].as_array().unwrap();
    series
        .iter()
        .map(|series| {
            let points = series["change_points"].as_array().unwrap();
            (
                series["metric"].as_str().unwrap_or_default().to_owned(),
                series["label"].as_str().unwrap().to_owned(),
                points.iter().map(|point| point["index"].as_u64().unwrap()).collect(),
            )
        })
        .collect()
}

#[test]
fn a_loss_is_found_with_its_night_commit_and_size_and_is_no_failure() {
    let place = history(30, 20);
    let output = kpbench(&["trend", "reports"], place.path());
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    insta::assert_snapshot!("text", stdout(&output));

    let output = kpbench(&["trend", "reports", "--format", "json"], place.path());
    assert_eq!(code(&output), 0);
    let trend = json(&output);
    let found = indexes(&trend);
    let slow = found
        .iter()
        .find(|(metric, label, _)| metric == "throughput_records_per_s" && label == "linger.ms=5");
    assert_eq!(slow.unwrap().2, [20]);
    let calm = found
        .iter()
        .find(|(metric, label, _)| metric == "throughput_records_per_s" && label == "linger.ms=50");
    assert_eq!(calm.unwrap().2, [0u64; 0]);
    let change = &trend["series"][0]["change_points"][0];
    assert_eq!(change["effect"], "worse");
    assert_eq!(change["time"], "2026-01-21T02:00:00Z");
    assert_eq!(change["run"], "reports/night-20");
    assert_eq!(change["commit"], nightly(20, 20).manifest.git_commit.unwrap());
    assert_eq!(change["commit_before"], nightly(19, 20).manifest.git_commit.unwrap());
    assert_eq!(
        change["changed_too"][0],
        "broker: Apache Kafka 4.3.0 → Apache Kafka 4.3.1"
    );
    assert_eq!(change["changed_too"][1], "seed: 42 → 43");
    let percent = change["change_percent"].as_f64().unwrap();
    assert!((percent + 10.0).abs() < 1.0, "{percent}");
    // A point is the median of the run's trials.
    let first = kpbench::report::summarize(&nightly(0, 20).manifest, &nightly(0, 20).trials);
    let median = first.configurations[0]
        .throughput_records_per_s
        .as_ref()
        .unwrap()
        .median;
    assert_eq!(trend["series"][0]["points"][0]["value"].as_f64().unwrap(), median);
    let schema: Value = serde_json::from_str(include_str!("../schemas/trend.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let violations: Vec<String> = validator.iter_errors(&trend).map(|error| error.to_string()).collect();
    assert_eq!(violations, [""; 0]);
}

#[test]
fn options_reach_the_search() {
    let place = history(30, 20);
    let found = |more: &[&str]| {
        let arguments = [&["trend", "reports", "--format", "json"], more].concat();
        let output = kpbench(&arguments, place.path());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        indexes(&json(&output))
    };
    let one = found(&["--metric", "throughput_records_per_s"]);
    assert_eq!(one.len(), 2);
    assert_eq!(one[0].2, [20]);
    assert_eq!(found(&["--metric", "peak_memory_bytes"])[0].0, "peak_memory_bytes");
    let all_empty = |found: Vec<(String, String, Vec<u64>)>| found.iter().all(|(_, _, points)| points.is_empty());
    assert!(all_empty(found(&["--min-magnitude", "20%"])));
    assert!(all_empty(found(&["--max-pvalue", "1e-300"])));
    assert_eq!(found(&["--orig-edivisive"])[0].2, [20]);
    for wrong in [
        ["--window", "6"],
        ["--window", "1001"],
        ["--max-pvalue", "0"],
        ["--max-pvalue", "nan"],
        ["--min-magnitude", "-1"],
        ["--metric", "drain"],
        ["--better", "higher"],
        ["--csv", "some.csv"],
    ] {
        let output = kpbench(&["trend", "reports", wrong[0], wrong[1]], place.path());
        assert_eq!(code(&output), 2, "{wrong:?} {}", stderr(&output));
    }
    let output = kpbench(
        &["trend", "reports", "--orig-edivisive", "--max-pvalue", "1e-9"],
        place.path(),
    );
    assert_eq!(code(&output), 2);
}

/// A CSV file of levels with `points` values each: all but without noise, as counts of bytes are.
fn levels(points: u32, levels: &[f64]) -> String {
    let values = levels.iter().flat_map(|level| (0..points).map(move |_| *level));
    let rows = (1..).zip(values).map(|(time, level)| {
        let noise = if time % 2 == 0 { 1e-9 } else { -1e-9 };
        format!("{time},{}\n", level * (1.0 + noise))
    });
    format!("time,value\n{}", rows.collect::<String>())
}

fn below(trend: &Value) -> Vec<u64> {
    let found = trend["series"][0]["below_floor"].as_array().unwrap();
    found.iter().map(|change| change["index"].as_u64().unwrap()).collect()
}

#[test]
fn a_change_that_does_not_matter_is_none_however_sure_it_is() {
    let place = tempfile::tempdir().unwrap();
    // 0.000002 % up, then 4 %.
    fs::write(place.path().join("s.csv"), levels(12, &[537.0, 537.00001, 558.5])).unwrap();
    let output = |more: &[&str]| kpbench(&[&["trend", "--csv", "s.csv"], more].concat(), place.path());
    let found = |more: &[&str]| {
        let output = output(&[more, &["--format", "json"]].concat());
        let trend = json(&output);
        (indexes(&trend)[0].2.clone(), below(&trend))
    };
    assert_eq!(found(&[]), (vec![24], vec![12]));
    assert_eq!(found(&["--floor", "0"]), (vec![12, 24], vec![]));
    assert_eq!(found(&["--floor", "5%"]), (vec![], vec![12, 24]));
    assert_eq!(
        found(&["--orig-edivisive", "--max-pvalue", "0.01"]),
        (vec![24], vec![12])
    );
    // What is not to be looked at at all is not listed either.
    assert_eq!(found(&["--min-magnitude", "0.1%"]), (vec![24], vec![]));
    let said = stdout(&output(&[])).replace("\n  ", " ");
    assert!(
        said.contains("below the floor: 1 change is too small to count: value of s.csv +0.000002 % on 13"),
        "{said}"
    );
    assert!(
        said.contains("Floor: Changes of up to 1 % are no changes that matter. 1 % is assumed"),
        "{said}"
    );
    let said = stdout(&output(&["--floor", "0.02%"])).replace("\n  ", " ");
    assert!(said.contains("Changes of up to 0.02 % are no changes"), "{said}");
    let calm = kpbench(
        &["trend", "--csv", "s.csv", "--floor", "5%", "--out", "out"],
        place.path(),
    );
    assert_eq!(code(&calm), 0);
    assert!(stdout(&calm).contains("none has a change point"), "{}", stdout(&calm));
    let markdown = fs::read_to_string(place.path().join("out/trend.md")).unwrap();
    assert!(
        markdown.contains("- below the floor: 2 changes are too small"),
        "{markdown}"
    );
    for wrong in ["-1", "nan", "x"] {
        assert_eq!(code(&output(&["--floor", wrong])), 2, "{wrong}");
    }
}

#[test]
fn many_small_steps_add_up_to_a_change() {
    let place = tempfile::tempdir().unwrap();
    fs::write(
        place.path().join("s.csv"),
        levels(12, &[100.0, 100.6, 101.2, 101.8, 102.4]),
    )
    .unwrap();
    let trend = json(&kpbench(&["trend", "--csv", "s.csv", "--format", "json"], place.path()));
    assert!(!indexes(&trend)[0].2.is_empty(), "{trend:#}");
    assert_eq!(indexes(&trend)[0].2.len() + below(&trend).len(), 4);
}

#[test]
fn the_floor_is_the_one_that_the_newest_run_was_stored_with() {
    let place = tempfile::tempdir().unwrap();
    for night in 0..30 {
        let mut run = nightly(night, 20);
        let floor = |floors: &[(&str, f64)]| NoiseFloor {
            schema_version: 1,
            created_at: run.manifest.created_at,
            kpbench_version: "0.1.0".into(),
            client_version: run.manifest.client_version.clone(),
            host: run.manifest.host.clone(),
            target: run.manifest.target.clone(),
            configuration: "default".into(),
            measure_ms: run.manifest.run.measure_ms,
            blocks: 20,
            confidence: 0.95,
            floors: floors.iter().map(|(id, floor)| ((*id).to_owned(), *floor)).collect(),
        };
        let floor = match night {
            29 => floor(&[("throughput_records_per_s", 0.15), ("client_cpu_us_per_record", 0.02)]),
            _ => floor(&[("client_cpu_us_per_record", 0.5)]),
        };
        run.manifest.noise_floor = Some(UsedNoiseFloor {
            from: "noise/x.json".into(),
            floor,
        });
        store(&run, &place.path().join(format!("reports/night-{night:02}")));
    }
    let trend = json(&kpbench(&["trend", "reports", "--format", "json"], place.path()));
    let series = |metric: &str| {
        let all = trend["series"].as_array().unwrap();
        let found = all
            .iter()
            .find(|series| series["metric"] == metric && series["label"] == "linger.ms=5");
        found.unwrap_or_else(|| panic!("{metric}")).clone()
    };
    let throughput = series("throughput_records_per_s");
    assert_eq!(
        (&throughput["floor"], &throughput["change_points"]),
        (&0.15.into(), &Value::Array(vec![]))
    );
    assert_eq!(throughput["below_floor"][0]["index"], 20);
    let cpu = series("client_cpu_us_per_record");
    assert_eq!(
        (&cpu["floor"], &cpu["change_points"][0]["index"]),
        (&0.02.into(), &20.into())
    );
    assert_eq!(series("latency_p99_us")["floor"], 0.01);
    let said = stdout(&kpbench(&["trend", "reports"], place.path())).replace("\n  ", " ");
    assert!(
        said.contains(
            "Changes of up to 1 % to 15 %, by figure, are no changes that matter. Noise floors of this machine"
        ),
        "{said}"
    );
}

#[test]
fn charts_and_tables_are_written() {
    let place = history(30, 20);
    let output = kpbench(&["trend", "reports", "--out", "out"], place.path());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let out = place.path().join("out");
    let text = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let commit: String = nightly(20, 20).manifest.git_commit.unwrap().chars().take(9).collect();
    let svg = text("trend-throughput_records_per_s.svg");
    assert!(
        svg.contains(&format!("worse {commit}")) && svg.contains("On pure noise of 30 points"),
        "{svg}"
    );
    assert!(svg.contains(">2026-01-01<") && svg.contains(">linger.ms=50<"));
    for metric in [
        "latency_p99_us",
        "client_cpu_us_per_record",
        "records_per_batch",
        "wire_bytes_per_record",
    ] {
        assert!(out.join(format!("trend-{metric}.svg")).exists(), "{metric}");
        assert!(
            fs::read(out.join(format!("trend-{metric}.png")))
                .unwrap()
                .starts_with(b"\x89PNG")
        );
    }
    let markdown = text("trend.md");
    assert!(
        markdown.contains("| 2026-01-21 02:00 UTC |") && markdown.contains(&commit),
        "{markdown}"
    );
    assert!(
        markdown.contains("Advisory, never a verdict") && markdown.contains("](trend-throughput_records_per_s.svg)")
    );
    let printed = kpbench(&["trend", "reports", "--format", "json"], place.path());
    assert_eq!(text("trend.json"), stdout(&printed));
    let output = kpbench(&["trend", "reports", "--out", "/dev/null/x"], place.path());
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("--out"), "{}", stderr(&output));
}

#[test]
fn runs_that_cannot_be_used_are_named_and_left_out() {
    let place = history(8, 99);
    let reports = place.path().join("reports");
    let run = |name: &str| reports.join(name);
    let mut interrupted = nightly(8, 99);
    interrupted.trials.pop();
    store(&interrupted, &run("interrupted"));
    let mut cut = fs::read_to_string(run("night-01/trials.jsonl")).unwrap();
    cut.truncate(cut.len() - 30);
    fs::write(run("night-01/trials.jsonl"), cut).unwrap();
    let manifest = fs::read_to_string(run("night-02/manifest.json")).unwrap();
    let other = manifest.replacen("\"schema_version\": 1", "\"schema_version\": 99", 1);
    assert_ne!(other, manifest);
    fs::write(run("night-02/manifest.json"), other).unwrap();
    fs::write(run("night-03/manifest.json"), "{").unwrap();
    let mut mock = nightly(4, 99);
    mock.manifest.target.kind = kpbench::protocol::TargetKind::Mock;
    fs::remove_dir_all(run("night-04")).unwrap();
    store(&mock, &run("night-04"));
    let mut failed = nightly(9, 99);
    for place in 0..failed.trials.len() {
        failed = failed.fail(place, "broker gone");
    }
    store(&failed, &run("failed"));
    fs::create_dir(run("no-run")).unwrap();

    // Three good nights are too few: said, with how many it takes. Each run counts once, however often it is given.
    let output = kpbench(
        &["trend", "reports", "reports/night-00", "--format", "json"],
        place.path(),
    );
    assert_eq!(code(&output), 4);
    assert!(
        stderr(&output).contains("cannot be answered: a series needs at least 7 points, and the longest here has 4"),
        "{}",
        stderr(&output)
    );
    let trend = json(&output);
    assert_eq!(trend["runs"], 4);
    let left_out = |name: &str| -> String {
        let all = trend["left_out"].as_array().unwrap();
        let found = all.iter().find(|one| one["run"] == format!("reports/{name}"));
        found.unwrap_or_else(|| panic!("{name} in {all:?}"))["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(trend["left_out"].as_array().unwrap().len(), 6);
    assert!(left_out("interrupted").contains("incomplete: 1 of 6 planned trials were not run"));
    assert!(left_out("night-01").contains("incomplete: 1 of 6"));
    assert!(left_out("night-02").contains("schema_version is 99"));
    assert!(left_out("night-03").contains("manifest.json"));
    assert!(left_out("night-04").contains("measured against target mock, the newest run against local"));
    assert!(left_out("failed").contains("none of its trials completed"));
    let text = stdout(&kpbench(&["trend", "reports"], place.path()));
    assert!(
        text.contains("left out: reports/night-02: ") && text.contains("not analysed: fewer than the 7 points"),
        "{text}"
    );
}

#[test]
fn failed_trials_are_told_and_an_empty_history_cannot_be_answered() {
    let place = history(9, 99);
    fs::remove_dir_all(place.path().join("reports/night-05")).unwrap();
    store(
        &nightly(5, 99).fail(0, "broker gone"),
        &place.path().join("reports/night-05"),
    );
    let output = kpbench(&["trend", "reports"], place.path());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(
        stdout(&output).contains("1 trial failed in 1 run"),
        "{}",
        stdout(&output)
    );
    fs::create_dir(place.path().join("empty")).unwrap();
    let output = kpbench(&["trend", "empty"], place.path());
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("the history is empty"), "{}", stderr(&output));
    for path in ["nowhere", "/dev/null"] {
        assert_eq!(code(&kpbench(&["trend", path], place.path())), 2, "{path}");
    }
    assert_eq!(code(&kpbench(&["trend"], place.path())), 2);
}

#[test]
fn any_series_can_be_analysed_from_a_file_or_standard_input() {
    let place = tempfile::tempdir().unwrap();
    let nile = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/nile.csv");
    let output = kpbench(&["trend", "--csv", nile, "--better", "higher"], place.path());
    assert_eq!(code(&output), 0);
    insta::assert_snapshot!("nile", stdout(&output));
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
        .args(["trend", "--csv", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&fs::read(nile).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        indexes(&json(&output)),
        [(String::new(), "Nile at Aswan".to_owned(), vec![28])]
    );
}

#[test]
fn a_bad_file_is_wrong_usage_with_its_line_and_an_empty_one_cannot_be_answered() {
    let place = tempfile::tempdir().unwrap();
    for (content, exit, said) in [
        ("", 2, "bad.csv:1: the file is empty"),
        ("time,value\n", 4, "the history is empty"),
        (
            "time,value\n1,2\n2,3\n",
            4,
            "needs at least 7 points, and the longest here has 2",
        ),
        ("time,value\n1,NaN\n", 2, "bad.csv:2: the value 'NaN' is not a number"),
        ("time,value\n1,1\n2,-1\n", 2, "bad.csv:3: the value '-1' is negative"),
        ("time,value\n2,1\n1,1\n", 2, "bad.csv:3: the time 1"),
        ("time,value\n2,1\n2,1\n", 2, "bad.csv:3: the time 2 is there twice"),
        ("time,value\n2\n", 2, "bad.csv:2: no value"),
    ] {
        fs::write(place.path().join("bad.csv"), content).unwrap();
        let output = kpbench(&["trend", "--csv", "bad.csv"], place.path());
        assert_eq!(code(&output), exit, "{content:?} {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{content:?} {}", stderr(&output));
    }
    assert_eq!(code(&kpbench(&["trend", "--csv", "nowhere.csv"], place.path())), 2);
}
