//! What is reported of loads that vary, and of those that fell behind.

use std::fs;

use crate::support::Bench;

#[test]
fn a_varying_load_is_shown_part_by_part_and_others_are_not() {
    let bench = Bench::new(
        r#"
        name = "p"
        [target]
        kind = "mock"
        [workload]
        record.size = 100
        [producer]
        defaults = "librdkafka"
        linger.ms = 1
        [matrix]
        arrival = [
            {pattern = "constant", rate = "2k"},
            {pattern = "steps", steps = ["1k", "4k"]},
            {pattern = "poisson", rate = "2k"},
        ]
        [run]
        repetitions = 2
        warmup = "100ms"
        measure = "1s"
        "#,
    );
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    bench.assert_complete();
    let configurations = bench.configurations();
    let of = |pattern: &str| {
        let found = configurations
            .iter()
            .find(|one| one["workload"]["arrival"]["pattern"] == pattern);
        found.unwrap_or_else(|| panic!("no {pattern}")).clone()
    };
    let (constant, steps, poisson) = (of("constant"), of("steps"), of("poisson"));
    assert!(constant.get("levels").is_none() && constant.get("offered_records_per_s").is_none());
    assert!(poisson.get("levels").is_none());
    assert!(poisson["offered_records_per_s"].as_f64().unwrap() > 1_500.0);
    assert_eq!(steps["offered_records_per_s"], 2_500.0);
    let levels = steps["levels"].as_array().unwrap();
    let offered: Vec<f64> = levels
        .iter()
        .map(|level| level["offered_records_per_s"].as_f64().unwrap())
        .collect();
    assert_eq!(offered, [1_000.0, 4_000.0]);
    for level in levels {
        assert_eq!(level["achieved_records_per_s"]["values"].as_array().unwrap().len(), 2);
        let expected = (level["offered_records_per_s"].as_f64().unwrap() * 0.5 * 2.0) as u64;
        assert_eq!(
            level["response_latency_us"]["count"], expected,
            "both trials, all records due"
        );
    }
    let page = fs::read_to_string(bench.run_directory().join("report.html")).unwrap();
    assert!(page.contains("Offered and achieved rate over time"));
    assert!(page.contains("Response p99 over time"));
    assert_eq!(page.matches("<h3>Over the window</h3>").count(), 1);
    assert!(bench.run_directory().join("charts/offered-over-time.svg").exists());
    let csv = fs::read_to_string(bench.run_directory().join("trials.csv")).unwrap();
    assert!(csv.contains("steps(1000/s, 4000/s)"));
}

#[test]
fn a_constant_load_has_a_page_as_before() {
    let bench = Bench::new(
        r#"
        name = "p"
        [target]
        kind = "mock"
        [workload]
        rate = "2k"
        [run]
        repetitions = 1
        warmup = "100ms"
        measure = "1s"
        "#,
    );
    assert_eq!(bench.sweep(&[]).code, 0);
    let page = fs::read_to_string(bench.run_directory().join("report.html")).unwrap();
    for part in ["Offered", "Over the window", "offered-over-time"] {
        assert!(!page.contains(part), "{part}");
    }
}

/// No machine sends 10 GB/s: what is asked for here is not achieved.
#[test]
fn a_load_that_cannot_be_kept_is_marked() {
    let bench = Bench::new(
        r#"
        name = "p"
        [target]
        kind = "mock"
        [workload]
        record.size = "10 KB"
        rate = "1M"
        [run]
        repetitions = 1
        warmup = "0s"
        measure = "300ms"
        drain-timeout = "1s"
        "#,
    );
    let said = bench.sweep(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let trial = &bench.trials()[0];
    let missed = &trial["saturation"]["missed"];
    assert_eq!(missed["intended_per_s"], 1_000_000.0, "{trial}");
    assert!(missed["achieved_per_s"].as_f64().unwrap() < 990_000.0);
    let configuration = &bench.configurations()[0];
    assert_eq!(configuration["trials"]["saturated"], 1);
    assert_eq!(configuration["trials"]["short_of_rate"], 1);
    for text in [
        said.stdout,
        fs::read_to_string(bench.run_directory().join("report.html")).unwrap(),
        fs::read_to_string(bench.run_directory().join("summary.md")).unwrap(),
    ] {
        assert!(text.contains('‡') && text.contains("Saturated:"), "{text}");
    }
}
