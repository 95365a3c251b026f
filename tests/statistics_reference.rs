//! The statistics against independent packages (`tests/reference/make_statistics.py` says which), and against NIST's
//! Statistical Reference Datasets.

use std::fs;
use std::path::{Path, PathBuf};

use kpbench::stats::{Interval, holm, median, moments, order_statistics, rank_sum, sessions, signed_rank};
use serde_json::Value;

fn reference(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(file)
}

/// The cases of one section; at least `least` of them.
fn cases(section: &str, least: usize) -> Vec<Value> {
    let text = fs::read_to_string(reference("statistics.json")).unwrap();
    let mut all: Value = serde_json::from_str(&text).unwrap();
    let cases = all[section].take();
    let cases = cases.as_array().unwrap().clone();
    assert!(cases.len() >= least, "{section}: {}", cases.len());
    cases
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64, what: &Value) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found}, expected {expected}: {what}"
    );
}

#[track_caller]
fn same_interval(found: Interval, case: &Value, what: &Value) {
    close(found.low, number(&case["low"]), 1e-12, what);
    close(found.high, number(&case["high"]), 1e-12, what);
    assert!(found.confidence >= number(&case["asked"]), "{found:?}: {what}");
}

#[test]
fn signed_rank_test_estimate_and_interval() {
    for case in cases("signed_rank", 18) {
        let differences = numbers(&case["differences"]);
        close(
            signed_rank::p_value(&differences).unwrap(),
            number(&case["p"]),
            1e-9,
            &case,
        );
        if let Some(estimate) = case["estimate"].as_f64() {
            close(signed_rank::estimate(&differences).unwrap(), estimate, 1e-12, &case);
            let asked = number(&case["interval"]["asked"]);
            same_interval(
                signed_rank::interval(&differences, asked).unwrap(),
                &case["interval"],
                &case,
            );
        }
    }
}

#[test]
fn signed_rank_test_against_a_floor() {
    for case in cases("beyond", 4) {
        let (differences, floor) = (numbers(&case["differences"]), number(&case["floor"]));
        close(
            signed_rank::p_value_beyond(&differences, floor).unwrap(),
            number(&case["p"]),
            1e-9,
            &case,
        );
    }
}

#[test]
fn mann_whitney_test_shift_and_interval() {
    for case in cases("rank_sum", 13) {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        close(rank_sum::p_value(&a, &b).unwrap(), number(&case["p"]), 1e-9, &case);
        if let Some(estimate) = case["estimate"].as_f64() {
            close(rank_sum::estimate(&a, &b).unwrap(), estimate, 1e-12, &case);
            let asked = number(&case["interval"]["asked"]);
            same_interval(rank_sum::interval(&a, &b, asked).unwrap(), &case["interval"], &case);
        }
    }
}

#[test]
fn holms_adjusted_values() {
    for case in cases("holm", 5) {
        let adjusted = holm::adjusted(&numbers(&case["p"]));
        for (found, expected) in adjusted.into_iter().zip(numbers(&case["adjusted"])) {
            close(found, expected, 1e-12, &case);
        }
    }
}

#[test]
fn intervals_of_a_median() {
    for case in cases("median_interval", 7) {
        let values = numbers(&case["values"]);
        let found = order_statistics::median_interval(&values, number(&case["asked"])).unwrap();
        same_interval(found, &case, &case);
        close(found.confidence, number(&case["attained"]), 1e-12, &case);
    }
}

#[test]
fn a_new_session_against_stored_ones() {
    for case in cases("sessions", 5) {
        let (stored, candidate) = (numbers(&case["stored"]), numbers(&case["candidate"]));
        let found = sessions::compare(&stored, &candidate, 0.0, true, number(&case["asked"])).unwrap();
        close(found.interval.low, number(&case["low"]), 1e-9, &case);
        close(found.interval.high, number(&case["high"]), 1e-9, &case);
    }
}

/// One of NIST's univariate sets with its certified values.
struct Certified {
    mean: f64,
    standard_deviation: f64,
    autocorrelation: f64,
    values: Vec<f64>,
}

impl Certified {
    /// Lines `name: value`, then one observation a line.
    fn read(name: &str) -> Certified {
        let text = fs::read_to_string(reference("strd").join(name).with_extension("txt")).unwrap();
        let certified = |key: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim_start_matches(':').trim().parse().unwrap()
        };
        let observations = text
            .lines()
            .filter(|line| !line.contains(':') && !line.starts_with('#'));
        Certified {
            mean: certified("mean"),
            standard_deviation: certified("standard deviation"),
            autocorrelation: certified("autocorrelation"),
            values: observations.map(|line| line.trim().parse().unwrap()).collect(),
        }
    }
}

/// How many digits agree: NIST's log relative error, at most 15.
fn digits(found: f64, certified: f64) -> f64 {
    let error = if certified == 0.0 {
        found.abs()
    } else {
        ((found - certified) / certified).abs()
    };
    if error == 0.0 { 15.0 } else { (-error.log10()).min(15.0) }
}

#[test]
fn nist_reference_sets() {
    // Digits that must agree. NumAcc3 and NumAcc4 hold values that no double holds exactly (1000000.1, 10000000.1):
    // read as doubles, they have that spread to 9 and 8 digits only, whatever is done with it.
    let sets = [
        ("PiDigits", 5_000, 14.0, 14.0, 13.0),
        ("Lottery", 218, 14.0, 14.0, 14.0),
        ("Lew", 200, 14.0, 14.0, 14.0),
        ("Mavro", 50, 14.0, 12.0, 12.0),
        ("Michelso", 100, 14.0, 12.0, 12.0),
        ("NumAcc1", 3, 15.0, 15.0, 15.0),
        ("NumAcc2", 1_001, 14.0, 14.0, 14.0),
        ("NumAcc3", 1_001, 15.0, 9.0, 14.0),
        ("NumAcc4", 1_001, 15.0, 8.0, 14.0),
    ];
    for (name, size, mean, standard_deviation, autocorrelation) in sets {
        let set = Certified::read(name);
        assert_eq!(set.values.len(), size, "{name}");
        let found = [
            digits(moments::mean(&set.values).unwrap(), set.mean),
            digits(
                moments::standard_deviation(&set.values).unwrap(),
                set.standard_deviation,
            ),
            digits(moments::autocorrelation(&set.values).unwrap(), set.autocorrelation),
        ];
        println!("{name}: digits of mean, standard deviation, autocorrelation: {found:.1?}");
        for (found, least) in found.into_iter().zip([mean, standard_deviation, autocorrelation]) {
            assert!(found >= least, "{name}: {found} digits, {least} expected");
        }
    }
}

/// By their construction, or by counting.
#[test]
fn medians_of_the_reference_sets() {
    for (name, expected) in [
        ("PiDigits", 5.0),
        ("NumAcc1", 10_000_002.0),
        ("NumAcc2", 1.2),
        ("NumAcc3", 1_000_000.2),
        ("NumAcc4", 10_000_000.2),
    ] {
        assert_eq!(median(&Certified::read(name).values), Some(expected), "{name}");
    }
}
