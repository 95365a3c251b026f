//! Baselines that are damaged, missing or of two meanings, and wrong flags.

use crate::*;

#[test]
fn documents_of_other_versions_and_what_is_not_there_are_wrong_usage() {
    let place = Place::with_sessions(1);
    let today = place.store("today", &run(10), 28);
    let sessions = place.path("data").join("baselines/main");
    let session = fs::read_dir(&sessions).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&session).unwrap();
    for (damaged, told) in [
        (
            text.replacen("\"schema_version\":1", "\"schema_version\":99", 1),
            "schema_version is 99",
        ),
        (text[..text.len() / 2].to_owned(), "EOF"),
    ] {
        fs::write(&session, damaged).unwrap();
        let output = place.kpbench(&["gate", "--baseline", "main", &today]);
        assert_eq!(code(&output), 2);
        assert!(said(&output).contains(told), "{}", said(&output));
    }
    for (flags, told) in [
        (
            &["gate", &today, "--baseline", "other"][..],
            "there is no baseline \"other\"",
        ),
        (&["gate", &today, "--baseline", "no/such"], "no such run directory"),
        (&["gate", &today], "say what the run is held against"),
        (&["gate"], "finished run"),
        (&["gate", "/nowhere", "--baseline", "main"], "no directory"),
        (
            &["gate", &today, "--baseline", "main", "--repetitions", "3"],
            "for gate --profile",
        ),
        (
            &["gate", &today, "--baseline", "main", "--threshold", "latency_p98_us=3%"],
            "did you mean latency_p9",
        ),
        (
            &["gate", &today, "--baseline", "main", "--threshold", "latency_p99_us=3"],
            "as in \"5%\"",
        ),
        (&["gate", &today, "--base", "linger.ms=1"], "--profile"),
    ] {
        let output = place.kpbench(flags);
        assert_eq!(code(&output), 2, "{flags:?}");
        assert!(said(&output).contains(told), "{flags:?}: {}", said(&output));
    }
}

#[test]
fn a_damaged_session_is_named_and_never_left_out_in_silence() {
    // Seven: without the damaged one there would still be enough.
    let place = Place::with_sessions(6);
    let seventh = place.store("session-7", &at(run(10), 1.0, 1.0), 7);
    assert_eq!(code(&place.kpbench(&["baseline", "save", "main", &seventh])), 0);
    assert_eq!(code(&place.gate(&run(10), &[])), 0);
    let sessions = place.path("data").join("baselines/main");
    let session = fs::read_dir(&sessions).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&session).unwrap();
    fs::write(&session, &text[..text.len() / 3]).unwrap();
    let output = place.gate(&run(10), &["--lenient"]);
    assert_eq!(code(&output), 2);
    let id = session.file_stem().unwrap().to_string_lossy().into_owned();
    for told in [
        "the baseline \"main\" has a damaged session",
        &session.display().to_string(),
        &format!("kpbench baseline remove main --session {id}"),
    ] {
        assert!(said(&output).contains(told), "{told}: {}", said(&output));
    }
    assert_eq!(
        code(&place.kpbench(&["baseline", "remove", "main", "--session", &id])),
        0
    );
    let output = place.gate(&run(10), &[]);
    assert!(said(&output).contains("(6 stored sessions)"), "{}", said(&output));
}

#[test]
fn a_name_that_is_a_run_directory_too_has_to_say_which() {
    let place = Place::with_sessions(6);
    let today = place.store("today", &at(run(10), 0.7, 1.0), 28);
    // A directory that is no run has no second meaning.
    fs::create_dir(place.path("main")).unwrap();
    let gate = |baseline: &str| place.kpbench(&["gate", &today, "--baseline", baseline]);
    assert_eq!(code(&gate("main")), 3);
    fs::remove_dir(place.path("main")).unwrap();
    place.store("main", &at(run(10), 0.7, 1.0), 20);
    let output = gate("main");
    assert_eq!(code(&output), 2);
    let baseline = place.path("data").join("baselines/main").display().to_string();
    for told in [
        "--baseline ./main for the run",
        &format!("--baseline {baseline} for the baseline"),
    ] {
        assert!(said(&output).contains(told), "{told}: {}", said(&output));
    }
    let run = gate("./main");
    assert_eq!(code(&run), 4, "one session says nothing of throughput");
    assert!(
        said(&run).contains("the baseline ./main (1 stored session)"),
        "{}",
        said(&run)
    );
    let stored = gate(&baseline);
    assert_eq!(code(&stored), 3);
    assert!(said(&stored).contains("(6 stored sessions)"), "{}", said(&stored));
    // Where it lies does not matter.
    let elsewhere = place.path("elsewhere");
    fs::rename(place.path("data").join("baselines"), &elsewhere).unwrap();
    assert_eq!(code(&gate("elsewhere/main")), 3);
    assert_eq!(code(&gate("elsewhere/none")), 2);
}
