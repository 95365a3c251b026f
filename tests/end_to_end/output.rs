//! What goes to which stream.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Bench;

const PROFILE: &str = r#"
    name = "streams"
    target.kind = "mock"
    [workload]
    rate = "2k"
    [matrix]
    linger.ms = [0, 5]
    [run]
    repetitions = 2
    warmup = "0ms"
    measure = "600ms"
"#;

/// Everything in the document that its schema file does not allow.
fn violations(schema: &str, document: &Value) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(schema);
    let schema: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let found = validator.iter_errors(document);
    found
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn json_is_the_summary_and_nothing_else() {
    let bench = Bench::new(PROFILE);
    let said = bench.sweep(&["--format", "json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let file = fs::read_to_string(bench.run_directory().join("summary.json")).unwrap();
    assert_eq!(said.stdout, file);
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(violations("summary.schema.json", &document), [""; 0]);
    assert_eq!(document["configurations"].as_array().unwrap().len(), 2);
    assert_eq!(
        violations("manifest.schema.json", &bench.document("manifest.json")),
        [""; 0]
    );
    for trial in bench.trials() {
        assert_eq!(violations("trial-record.schema.json", &trial), [""; 0]);
    }

    fs::remove_file(bench.run_directory().join("summary.json")).unwrap();
    let again = bench.kpbench(&["report", "run", "--format", "json"]);
    assert_eq!(again.stdout, file, "made again from the stored trials");
}

#[test]
fn without_a_terminal_each_trial_is_a_plain_line_on_standard_error() {
    let bench = Bench::new(PROFILE);
    let said = bench.sweep(&[]);
    let lines: Vec<&str> = said.stderr.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(lines.len(), 4, "{}", said.stderr);
    for (place, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("[{}/4] block ", place + 1)), "{line}");
        assert!(line.contains("records/s"), "{line}");
    }
    for text in [&said.stdout, &said.stderr] {
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
    }
    assert!(said.stdout.contains("report.html"), "{}", said.stdout);
    assert!(!said.stdout.contains("block 1/2"), "{}", said.stdout);
}

#[test]
fn quiet_is_the_result_alone() {
    let bench = Bench::new(PROFILE);
    let said = bench.sweep(&["--quiet"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    assert!(said.stdout.contains("linger.ms=5"), "{}", said.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new(PROFILE);
    let mut command = bench.command("/bin/bash");
    command.args(["-c", "set -o pipefail; kpbench sweep p.toml --out run --quiet | true"]);
    let said = crate::support::Running::start(command).ended();
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
}
