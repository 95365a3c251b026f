//! What is printed and written.

use kpbench::report::GateDocument;

use crate::synthetic::Run;
use crate::*;

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
fn the_closing_sentence_is_said_once() {
    let place = Place::with_sessions(6);
    let count = |output: &Output| {
        let all = said(output);
        all.matches("Regression: Throughput of default.").count()
    };
    let slower = at(run(10), 0.7, 1.0);
    assert_eq!(count(&place.gate(&slower, &[])), 1);
    // Where a document takes standard output, a person still learns of it.
    let junit = place.gate(&slower, &["--export", "junit"]);
    assert!(
        stderr(&junit).contains("Regression: Throughput of default."),
        "{}",
        stderr(&junit)
    );
    let document = place.gate(&slower, &["--format", "json"]);
    assert_eq!(json(&document)["sentence"], "Regression: Throughput of default.");
}

#[test]
fn where_nothing_was_gated_junit_is_no_pass() {
    let place = Place::with_sessions(0);
    let without_acks =
        || Run::of(&[vec![("acks", "0")]], 10).configured(|one| one.acks = kpbench::protocol::Acks::None);
    let before = place.store("before", &without_acks(), 1);
    let mut now = without_acks();
    now.manifest.gate.thresholds = [("latency_p99_us".to_owned(), 0.1)].into();
    let now = place.store("now", &now, 2);
    let output = place.kpbench(&["gate", &now, "--baseline", &before, "--export", "junit"]);
    assert_eq!(code(&output), 4);
    let xml = stdout(&output);
    assert!(xml.contains(r#"tests="1" failures="0" errors="1""#), "{xml}");
    assert!(
        xml.contains(r#"type="not valid""#) && xml.contains("Not valid: nothing was gated."),
        "{xml}"
    );
    assert!(xml.contains("with acks=0 there is none"), "{xml}");
}

#[test]
fn what_makes_a_verdict_worth_less_is_warned_of_everywhere() {
    let place = Place::with_sessions(6);
    let mut doubtful = run(10).each_trial(|trial| {
        if trial.planned.block == 4 {
            trial.broker.appended = None;
        }
    });
    let manifest = &mut doubtful.manifest;
    manifest.noise_floor = Some(kpbench::store::UsedNoiseFloor {
        from: "noise/x.json".into(),
        floor: kpbench::store::NoiseFloor {
            schema_version: 1,
            created_at: manifest.created_at,
            kpbench_version: manifest.kpbench_version.clone(),
            client_version: manifest.client_version.clone(),
            host: manifest.host.clone(),
            target: manifest.target.clone(),
            configuration: "default".to_owned(),
            measure_ms: 1_000,
            blocks: 20,
            confidence: 0.95,
            floors: [("throughput_records_per_s".to_owned(), 0.08)].into(),
        },
    });
    let warned = [
        "Throughput: the threshold of 5 % lies below the noise floor of 8 %",
        "default: whether records were lost is not known of 1 of 10 trials",
    ];
    let shown = place.gate(&doubtful, &[]);
    assert_eq!(code(&shown), 0);
    let document = json(&place.gate(&doubtful, &["--format", "json"]));
    let markdown = place.gate(&doubtful, &["--export", "markdown"]);
    for told in warned {
        assert!(said(&shown).contains(&format!("Warning: {told}")), "{}", said(&shown));
        let warnings = document["warnings"].as_array().unwrap();
        assert!(
            warnings.iter().any(|one| one.as_str().unwrap().starts_with(told)),
            "{warnings:?}"
        );
        assert!(
            stdout(&markdown).contains(&format!("> Warning: {told}")),
            "{}",
            stdout(&markdown)
        );
    }
    let clean = json(&place.gate(&run(10), &["--format", "json"]));
    assert_eq!(clean["warnings"].as_array().unwrap().len(), 0, "{}", clean["warnings"]);
}
