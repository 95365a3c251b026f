//! What is never a pass.

use std::path::Path;

use crate::synthetic::Run;
use crate::*;

#[test]
fn a_measurement_that_is_not_valid_is_never_a_pass_not_even_lenient() {
    let place = Place::with_sessions(6);
    let all_failed = (0..10).fold(run(10), |run, trial| run.fail(trial, "broker gone"));
    let mut missing = run(10);
    missing.trials.truncate(7);
    for (what, run, told) in [
        ("all failed", all_failed, "None of the 10 trials"),
        ("one failed", run(10).fail(3, "broker gone"), "1 of 10 trials"),
        ("some missing", missing, "3 of 10 trials"),
        (
            "other profile",
            Run::of(&[vec![("acks", "1")]], 10),
            "no configuration in common",
        ),
    ] {
        for flags in [&[][..], &["--lenient"]] {
            let output = place.gate(&run, flags);
            assert_eq!(code(&output), 4, "{what}");
            assert!(said(&output).contains(told), "{what}: {}", said(&output));
            assert!(said(&output).contains("Not valid"), "{what}");
        }
    }
}

#[test]
fn a_cut_last_line_is_a_missing_trial() {
    let place = Place::with_sessions(6);
    let directory = place.store("cut", &run(10), 28);
    let trials = Path::new(&directory).join("trials.jsonl");
    let text = fs::read(&trials).unwrap();
    fs::write(&trials, &text[..text.len() - 100]).unwrap();
    let output = place.kpbench(&["gate", "--baseline", "main", &directory]);
    assert_eq!(code(&output), 4);
    assert!(said(&output).contains("(line 10) is cut"), "{}", said(&output));
    assert!(said(&output).contains("1 of 10 trials"), "{}", said(&output));
    // A damaged line before the last is no run at all.
    let lines = String::from_utf8(text).unwrap();
    fs::write(&trials, lines.replacen("\"schema_version\"", "\"schema", 1)).unwrap();
    assert_eq!(code(&place.kpbench(&["gate", "--baseline", "main", &directory])), 2);
}

#[test]
fn another_machine_is_refused_with_the_list_unless_forced() {
    let place = Place::with_sessions(6);
    let mut elsewhere = run(10);
    elsewhere.manifest.host.cpu = "Another CPU".to_owned();
    elsewhere.manifest.target.software = Some("Apache Kafka 4.4.0".to_owned());
    let output = place.gate(&elsewhere, &["--lenient"]);
    assert_eq!(code(&output), 4);
    for told in [
        "processor: Example CPU @ 2.00GHz against Another CPU",
        "broker version: Apache Kafka 4.3.0 against",
    ] {
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    let forced = place.gate(&elsewhere, &["--force"]);
    assert_eq!(code(&forced), 0);
    assert!(
        said(&forced).contains("Forced, in spite of: processor"),
        "{}",
        said(&forced)
    );
}

#[test]
fn lost_and_foreign_records_are_never_a_pass() {
    let place = Place::with_sessions(6);
    let lossy = |change: fn(&mut kpbench::store::TrialRecord)| run(10).each_trial(change);
    let half_lost = lossy(|trial| trial.broker.appended = trial.broker.appended.map(|appended| appended / 2));
    let failed = lossy(|trial| trial.result.as_mut().unwrap().counts.failed += 5);
    let undecided = lossy(|trial| trial.result.as_mut().unwrap().counts.undecided += 5);
    // A record that nobody planned stands in for the trial that failed.
    let mut hidden = run(10).fail(3, "broker gone");
    let mut foreign = run(10).trials[3].clone();
    foreign.planned.trial_id = "b04-t9999-other".to_owned();
    hidden.trials.push(foreign);
    for (what, run, told) in [
        (
            "deficit",
            half_lost,
            "acknowledged and not appended, in 10 of 10 trials",
        ),
        ("failed", failed, "50 records failed in 10 trials"),
        ("undecided", undecided, "50 records stayed undecided"),
        ("foreign", hidden, "b04-t9999-other"),
    ] {
        for flags in [&[][..], &["--lenient"]] {
            let output = place.gate(&run, flags);
            assert_eq!(code(&output), 4, "{what}");
            assert!(said(&output).contains(told), "{what}: {}", said(&output));
        }
    }
    let surplus = place.gate(
        &lossy(|trial| trial.broker.appended = trial.broker.appended.map(|n| n + 1)),
        &[],
    );
    assert_eq!(code(&surplus), 0);
    assert!(
        said(&surplus).contains("appended beyond those acknowledged"),
        "{}",
        said(&surplus)
    );
}

#[test]
fn a_configuration_that_drops_out_is_no_pass() {
    let place = Place::with_sessions(6);
    let more = Run::of(&[vec![], vec![("acks", "1")]], 10);
    for (flags, expected) in [(&[][..], 4), (&["--lenient"], 4), (&["--force"], 0)] {
        let output = place.gate(&more, flags);
        assert_eq!(code(&output), expected, "{flags:?}");
        assert!(
            said(&output).contains("the baseline does not have it"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn a_baseline_without_a_session_says_nothing() {
    let place = Place::new();
    fs::create_dir_all(place.path("data").join("baselines/main")).unwrap();
    let output = place.gate(&run(10), &[]);
    assert_eq!(code(&output), 4);
    assert!(
        said(&output).contains("The baseline has no session"),
        "{}",
        said(&output)
    );
}
