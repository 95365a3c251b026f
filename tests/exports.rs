//! Exports for other tools: what they say, and that nothing in a label breaks them.
//!
//! `tests/reference/exports` holds each format of the same run, its labels full of what each format has to escape. The
//! files were checked by hand with the tools' own parsers and schemas (README there); these tests hold the program to
//! them. After a change: `UPDATE_EXPORTS=1 cargo test --test exports`, then check them again.

mod synthetic;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kpbench::report::exports::{self, ExportFormat, ExportedGate, ExportedMetric, ExportedRun, GateVerdict};
use kpbench::report::{Metric, summarize};
use kpbench::store::RunDirectory;
use serde_json::Value;
use synthetic::Run;

/// What breaks out of each format where it is not escaped.
const NASTY: &str = "a\"b'<i>&amp; |*_`[x](y) \\n @team ]]>\nnext, =1+1";

fn gate(metric: &ExportedMetric, verdict: GateVerdict, ratio: Option<(f64, f64, f64)>) -> ExportedGate {
    ExportedGate {
        metric: metric.clone(),
        verdict,
        ratio: ratio.map(|ratio| ratio.0),
        ratio_low: ratio.map(|ratio| ratio.1),
        ratio_high: ratio.map(|ratio| ratio.2),
        threshold: 0.05,
        sentence: format!("{} of {NASTY}", verdict.name()),
        baseline: ratio.map(|ratio| metric.value / ratio.0),
    }
}

/// A run with a label as nasty as can be, intervals, and one gate of each verdict.
fn gated() -> ExportedRun {
    let run = Run::of(&[vec![("linger.ms", "0")], vec![("linger.ms", "5")]], 3).configured(|configuration| {
        if configuration.axes[0].value == "5" {
            configuration.label = NASTY.to_owned();
        }
    });
    let mut run = ExportedRun::of(&summarize(&run.manifest, &run.trials), "2026-03-01 \"run\"");
    run.profile_name = "nightly <\"1\">".to_owned();
    for metric in &mut run.metrics {
        if metric.metric == Metric::Throughput {
            (metric.low, metric.high) = (Some(metric.value * 0.5), Some(metric.value * 1.25));
        }
    }
    let of = |metric: Metric| {
        run.metrics
            .iter()
            .rev()
            .find(|one| one.metric == metric)
            .unwrap()
            .clone()
    };
    run.gates = vec![
        gate(&of(Metric::Throughput), GateVerdict::Pass, Some((1.0, 0.98, 1.02))),
        gate(
            &of(Metric::LatencyP99),
            GateVerdict::Regression,
            Some((1.25, 1.125, 1.5)),
        ),
        gate(&of(Metric::ClientCpu), GateVerdict::Inconclusive, Some((1.0, 0.5, 2.0))),
        gate(&of(Metric::WireBytes), GateVerdict::NotValid, None),
    ];
    run
}

fn text(format: ExportFormat, run: &ExportedRun) -> String {
    let documents = exports::render(format, run).unwrap();
    assert_eq!(documents.len(), 1);
    documents[0].text.clone()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

// ---- the checked files ----

#[test]
fn every_format_is_as_it_was_checked() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/exports");
    let update = std::env::var_os("UPDATE_EXPORTS").is_some();
    let names = [
        "gate.xml",
        "gate.md",
        "gate-bencher.json",
        "gate.json",
        "gate.om",
        "gate.csv",
    ];
    for (format, name) in ExportFormat::ALL.iter().zip(names) {
        for document in exports::render(*format, &gated()).unwrap() {
            let path = document.path(&directory.join(name));
            if update {
                fs::create_dir_all(&directory).unwrap();
                fs::write(&path, &document.text).unwrap();
            }
            let checked = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                checked == document.text,
                "{} differs: UPDATE_EXPORTS=1, then check it again",
                path.display()
            );
        }
    }
}

// ---- JUnit ----

#[test]
fn junit_has_one_case_per_gate_and_counts_them_by_verdict() {
    let mut run = gated();
    let xml = text(ExportFormat::Junit, &run);
    assert_eq!(xml.matches("<testcase ").count(), 4);
    assert!(xml.contains(r#"tests="4" failures="1" errors="2""#), "{xml}");
    assert!(
        xml.contains(r#"type="regression""#)
            && xml.contains(r#"type="inconclusive""#)
            && xml.contains(r#"type="not valid""#)
    );
    assert!(!xml.contains("<i>") && !xml.contains("b'<"), "{xml}");
    run.lenient = true;
    let xml = text(ExportFormat::Junit, &run);
    assert!(
        xml.contains(r#"tests="4" failures="1" errors="1""#) && xml.contains(r#"skipped="1""#),
        "{xml}"
    );
}

#[test]
fn junit_of_a_run_without_gates_passes_nothing() {
    let mut run = gated();
    run.gates.clear();
    let xml = text(ExportFormat::Junit, &run);
    assert!(
        xml.contains(r#"tests="2" failures="0" errors="0""#) && xml.matches("<skipped ").count() == 2,
        "{xml}"
    );
    assert!(xml.contains("nothing was compared"));
}

#[test]
fn junit_of_a_gate_that_gated_nothing_is_an_error() {
    let mut run = gated();
    run.gates.clear();
    run.notes.insert(0, "Not valid: nothing was gated.".to_owned());
    for (verdict, counts) in [
        (GateVerdict::NotValid, r#"tests="2" failures="0" errors="2""#),
        (GateVerdict::Pass, r#"tests="2" failures="0" errors="0""#),
    ] {
        run.verdict = Some(verdict);
        let xml = text(ExportFormat::Junit, &run);
        assert!(xml.contains(counts), "{xml}");
        assert_eq!(xml.contains(r#"type="not valid""#), verdict == GateVerdict::NotValid);
        assert_eq!(
            xml.matches("<skipped ").count(),
            if verdict == GateVerdict::Pass { 2 } else { 0 }
        );
    }
    run.verdict = Some(GateVerdict::NotValid);
    let xml = text(ExportFormat::Junit, &run);
    assert_eq!(
        xml.matches(r#"message="Not valid: nothing was gated.""#).count(),
        2,
        "{xml}"
    );
}

// ---- Markdown ----

#[test]
fn markdown_puts_the_worst_first_and_is_only_its_own_markup() {
    let markdown = text(ExportFormat::Markdown, &gated());
    let at = |words: &str| markdown.find(words).unwrap_or_else(|| panic!("{words}: {markdown}"));
    assert!(at("1 regression, 1 not valid, 1 inconclusive, 1 pass") < at("❌ **regression**"));
    assert!(at("❌ **regression**") < at("⚠️ not valid") && at("❔ inconclusive") < at("✅ pass"));
    assert!(at("1.250 \\[1.125, 1.500\\]") < at("<details><summary>Figures"));
    assert!(
        !markdown.contains("<i>") && !markdown.contains("@team") && !markdown.contains("[x](y)"),
        "{markdown}"
    );
    // Every row of a table has the cells of its header.
    for table in markdown.split("\n\n").filter(|block| block.starts_with('|')) {
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let header = cells(table.lines().next().unwrap());
        assert!(table.lines().all(|line| cells(line) == header), "{table}");
    }
}

#[test]
fn markdown_fits_a_comment_however_large_the_run() {
    let values: Vec<String> = (0..1_500).map(|value| value.to_string()).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let large = Run::grid(&[("linger.ms", &values)], 1);
    let mut run = ExportedRun::of(&summarize(&large.manifest, &large.trials), "large");
    run.warnings = (0..500).map(|k| format!("warning {k}: {NASTY}")).collect();
    let first: Vec<ExportedMetric> = run
        .metrics
        .iter()
        .filter(|one| one.metric == Metric::Throughput)
        .cloned()
        .collect();
    run.gates = first
        .iter()
        .map(|metric| gate(metric, GateVerdict::Regression, Some((0.5, 0.4, 0.6))))
        .collect();
    let markdown = text(ExportFormat::Markdown, &run);
    assert!(markdown.chars().count() < 65_536, "{}", markdown.chars().count());
    assert!(markdown.contains("gates not shown here") && markdown.contains("configurations not shown here"));
    assert!(markdown.contains("1,500 gates: 1,500 regression"));
    assert!(
        markdown.ends_with(".\n") && markdown.matches("<details>").count() == markdown.matches("</details>").count()
    );
}

// ---- JSON ----

/// The schema in Bencher's documentation of its Metric Format.
#[test]
fn bencher_gets_numbers_per_benchmark_and_measure() {
    let run = gated();
    let document = json(&text(ExportFormat::Bencher, &run));
    let benchmarks = document.as_object().unwrap();
    assert_eq!(benchmarks.len(), 2);
    let mut found = 0;
    for measures in benchmarks.values() {
        for (name, figures) in measures.as_object().unwrap() {
            assert!(name.chars().count() <= 64);
            let figures = figures.as_object().unwrap();
            assert!(figures["value"].is_number());
            assert!(figures.iter().all(
                |(key, value)| ["value", "lower_value", "upper_value"].contains(&key.as_str()) && value.is_number()
            ));
            found += 1;
        }
    }
    assert_eq!(found, run.metrics.len());
    let measures = &document[format!("{}: {NASTY}", run.profile_name)];
    let throughput = &measures["throughput_records_per_s"];
    assert_eq!(
        throughput["lower_value"].as_f64().unwrap() * 2.0,
        throughput["value"].as_f64().unwrap()
    );
    assert!(measures["latency_p99_us"].get("lower_value").is_none());
}

#[test]
fn bencher_keeps_configurations_of_one_label_apart_and_names_short() {
    let mut run = gated();
    run.metrics
        .iter_mut()
        .for_each(|metric| metric.label = "x".repeat(3_000));
    let document = json(&text(ExportFormat::Bencher, &run));
    let names: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 2);
    assert!(names.iter().all(|name| name.chars().count() <= 1024));
}

#[test]
fn github_action_benchmark_gets_what_has_a_better_way() {
    let run = gated();
    let documents = exports::render(ExportFormat::ActionBenchmark, &run).unwrap();
    let suffixes: Vec<_> = documents.iter().map(|document| document.suffix.unwrap()).collect();
    assert_eq!(suffixes, ["smaller", "bigger"]);
    let names = |place: usize| -> Vec<String> {
        let entries = json(&documents[place].text);
        let entries = entries.as_array().unwrap().clone();
        for entry in &entries {
            assert!(
                entry["unit"].is_string() && entry["value"].is_number() && entry["extra"].is_string(),
                "{entry}"
            );
            assert!(entry.get("range").is_none_or(Value::is_string));
        }
        entries
            .iter()
            .map(|entry| entry["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let (smaller, bigger) = (names(0), names(1));
    assert!(
        smaller.iter().any(|name| name.ends_with(": Latency p99"))
            && !smaller.iter().any(|name| name.ends_with(": Throughput"))
    );
    assert!(bigger.iter().any(|name| name.ends_with(": Throughput")));
    // The action follows each by its name.
    let mut all = [smaller, bigger].concat();
    assert!(
        !all.iter().any(|name| name.ends_with("Records per batch")),
        "neither way is better"
    );
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

// ---- OpenMetrics ----

#[test]
fn openmetrics_has_each_family_once_and_ends() {
    let run = gated();
    let text = text(ExportFormat::OpenMetrics, &run);
    assert!(text.ends_with("\n# EOF\n"));
    let mut families: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let count = families.len();
    families.sort_unstable();
    families.dedup();
    assert_eq!(families.len(), count);
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(
        samples
            .iter()
            .all(|line| line.starts_with("kpbench_") && line.rsplit(' ').next().unwrap().parse::<f64>().is_ok())
    );
    let escaped = r#"label="a\"b'<i>&amp; |*_`[x](y) \\n @team ]]>\nnext, =1+1""#;
    assert!(
        samples
            .iter()
            .any(|line| line.starts_with("kpbench_latency_p99_us{") && line.contains(escaped)),
        "{text}"
    );
    // Exactly one state of a gate is set.
    let states: Vec<&&str> = samples
        .iter()
        .filter(|line| line.starts_with("kpbench_gate{"))
        .collect();
    assert_eq!(
        (states.len(), states.iter().filter(|line| line.ends_with(" 1")).count()),
        (16, 4)
    );
    assert!(
        states
            .iter()
            .any(|line| line.contains(r#"metric="latency_p99_us",kpbench_gate="regression"} 1"#))
    );
}

// ---- CSV ----

#[test]
fn csv_has_a_line_per_figure_and_disarms_formulas() {
    let mut run = gated();
    let rows = run.metrics.len();
    run.metrics
        .iter_mut()
        .for_each(|metric| metric.label = "=HYPERLINK(\"x\")".to_owned());
    run.gates.iter_mut().for_each(|gate| gate.sentence = "plain".to_owned());
    let csv = text(ExportFormat::Csv, &run);
    assert_eq!(csv.lines().count(), rows + 1);
    assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\""));
    let regression: Vec<&str> = csv.lines().filter(|line| line.contains("regression")).collect();
    assert_eq!(regression.len(), 1);
    assert!(
        regression[0].contains("latency_p99_us,µs,lower,") && regression[0].ends_with(",1.25,1.125,1.5,0.05,plain"),
        "{}",
        regression[0]
    );
}

// ---- the program ----

fn report(directory: &Path, more: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("kpbench"))
        .arg("report")
        .arg(directory)
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stored(run: &Run, directory: &Path) -> PathBuf {
    let path = directory.join("run");
    let mut stored = RunDirectory::create(&path, &run.manifest).unwrap();
    run.trials.iter().for_each(|trial| stored.append(trial).unwrap());
    path
}

#[test]
fn report_exports_to_files_and_to_standard_output() {
    let temporary = tempfile::tempdir().unwrap();
    let run = stored(&Run::of(&[vec![("linger.ms", "0")]], 2), temporary.path());
    let file = |name: &str| temporary.path().join(name).display().to_string();
    let (xml, bench) = (
        format!("junit={}", file("a.xml")),
        format!("github-action-benchmark={}", file("b.json")),
    );
    let output = report(&run, &["--export", &xml, "--export", &bench]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("linger.ms"),
        "the table as ever"
    );
    assert!(fs::read_to_string(file("a.xml")).unwrap().contains("<testsuites"));
    for name in ["b-smaller.json", "b-bigger.json"] {
        assert!(
            !json(&fs::read_to_string(file(name)).unwrap())
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
    let output = report(&run, &["--export", "bencher", "--export", &xml]);
    let printed = json(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(printed.as_object().unwrap().len(), 1, "nothing but the export");
}

#[test]
fn exports_that_cannot_be_are_wrong_usage() {
    let temporary = tempfile::tempdir().unwrap();
    let run = stored(&Run::of(&[vec![("linger.ms", "0")]], 1), temporary.path());
    for wrong in [
        &["--export", "csv", "--export", "junit"][..],
        &["--export", "csv", "--format", "json"],
        &["--export", "xml"],
        &["--export", "github-action-benchmark"],
        &["--export", "csv="],
        &["--export", "csv=x", "--export", "junit=x"],
    ] {
        let output = report(&run, wrong);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{wrong:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.stdout.is_empty());
        assert!(!run.join("summary.json").exists(), "refused before anything is written");
    }
    let nowhere = format!("csv={}", temporary.path().join("no/such/x.csv").display());
    assert_eq!(report(&run, &["--export", &nowhere]).status.code(), Some(1));
}
