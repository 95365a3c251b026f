//! What is said of runs that never took place, and with which exit code.

use crate::*;

#[test]
fn six_sessions_decide() {
    let place = Place::with_sessions(6);
    let same = place.gate(&run(10), &[]);
    assert_eq!(code(&same), 0);
    assert!(
        said(&same).contains("Pass: of 4 gated figures none is worse"),
        "{}",
        said(&same)
    );
    assert!(said(&same).contains("the defaults, since the profile has no [gate]"));

    let slower = place.gate(&at(run(10), 0.7, 1.0), &[]);
    assert_eq!(code(&slower), 3);
    assert!(
        said(&slower).contains("Regression: Throughput of default."),
        "{}",
        said(&slower)
    );
    assert!(said(&slower).contains("A finished run cannot be measured again"));

    let between = place.gate(&at(run(10), 0.95, 1.0), &THROUGHPUT_ONLY);
    assert_eq!(code(&between), 4);
    let lenient = place.gate(
        &at(run(10), 0.95, 1.0),
        &[&THROUGHPUT_ONLY[..], &["--lenient"]].concat(),
    );
    assert_eq!(code(&lenient), 0);
    assert!(
        said(&lenient).contains("Counted as passed, as --lenient asks"),
        "{}",
        said(&lenient)
    );
    let tolerated = place.gate(
        &at(run(10), 0.95, 1.0),
        &[&THROUGHPUT_ONLY[..], &["--threshold", "throughput_records_per_s=20%"]].concat(),
    );
    assert_eq!(code(&tolerated), 0);
}

#[test]
fn one_session_decides_what_hardly_varies_and_nothing_else() {
    let place = Place::with_sessions(1);
    for level in [1.0, 0.2] {
        let output = place.gate(&at(run(10), level, 1.0), &[]);
        assert_eq!(code(&output), 4, "{level}");
        assert!(
            said(&output).contains("Needs 6 stored sessions and has 1"),
            "{}",
            said(&output)
        );
    }
    let gated = |wire: f64| {
        let mut run = at(run(10), 1.0, 1.0).each_trial(|trial| {
            let result = trial.result.as_mut().unwrap();
            let statistics = result.statistics.as_mut().unwrap();
            statistics.wire_bytes = (statistics.wire_bytes as f64 * wire) as u64;
        });
        let steady = [("wire_bytes_per_record", 0.02), ("records_per_batch", 0.05)];
        run.manifest.gate.thresholds = steady.map(|(id, share)| (id.to_owned(), share)).into();
        run
    };
    let same = place.gate(&gated(1.0), &[]);
    assert_eq!(code(&same), 0);
    assert!(said(&same).contains("Thresholds: the profile's."));
    let costlier = place.gate(&gated(1.4), &[]);
    assert_eq!(code(&costlier), 3);
    assert!(
        said(&costlier).contains("Wire bytes per record: +40 %"),
        "{}",
        said(&costlier)
    );
    // Client CPU per record varies from session to session.
    let flags = [&THROUGHPUT_ONLY[..2], &["--threshold", "throughput_records_per_s=90%"]].concat();
    let cpu = place.gate(&at(run(10), 1.0, 1.4), &flags);
    assert_eq!(code(&cpu), 4);
    assert!(
        said(&cpu).contains("default, Client CPU per record: Needs 6 stored sessions and has 1"),
        "{}",
        said(&cpu)
    );
    // Also where the baseline is given as a run directory.
    let today = place.store("today", &gated(1.4), 27);
    let directory = place.path("session-1").display().to_string();
    assert_eq!(code(&place.kpbench(&["gate", &today, "--baseline", &directory])), 3);
    assert_eq!(
        code(&place.kpbench(&["gate", &today, "--baseline", &today])),
        2,
        "itself"
    );
}

#[test]
fn a_single_repetition_cannot_be_judged() {
    for sessions in [1, 6] {
        let place = Place::with_sessions(sessions);
        let output = place.gate(&at(run(1), 0.3, 1.0), &[]);
        assert_eq!(code(&output), 4, "{sessions}");
        assert!(
            said(&output).contains("cannot be said of Throughput of default"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn an_interleaved_run_is_judged_within_itself() {
    let place = Place::new();
    let flags = [
        "--threshold",
        "client_cpu_us_per_record=900%",
        "--threshold",
        "throughput_records_per_s=15%",
    ];
    for (name, loss, expected) in [("same", 0.0, 0), ("slower", 0.5, 3)] {
        let run = place.store(name, &twins(loss), 1);
        let output =
            place.kpbench(&[&["gate", run.as_str(), "--threshold", "latency_p99_us=90%"][..], &flags].concat());
        assert_eq!(code(&output), expected, "{name}");
        assert!(said(&output).contains("measured interleaved"), "{}", said(&output));
    }
}

/// `gate RUN_DIR` of a run that a gate has measured again says what that gate said.
#[test]
fn a_run_that_was_measured_again_is_judged_with_its_repetition() {
    let place = Place::new();
    let judged = |name: &str, again: Option<(f64, u32, u64)>| {
        let run = place.store(name, &twins(0.5), 10);
        if let Some((loss, day, seed)) = again {
            let mut again = twins(loss);
            again.manifest.run.seed = seed;
            place.store(&format!("{name}-again"), &again, day);
        }
        let flags = [
            "gate",
            &run,
            "--lenient",
            "--threshold",
            "latency_p99_us=90%",
            "--threshold",
            "client_cpu_us_per_record=900%",
            "--threshold",
            "throughput_records_per_s=15%",
        ];
        place.kpbench(&flags)
    };
    let own = twins(0.5).manifest.run.seed;
    let seed = (own ^ 0x5bd1_e995) >> 1;
    let confirmed = judged("confirmed", Some((0.5, 10, seed)));
    assert_eq!(code(&confirmed), 3);
    assert!(
        said(&confirmed).contains("when repeated: a fall beyond 15 % is certain"),
        "{}",
        said(&confirmed)
    );
    let refuted = judged("refuted", Some((0.0, 11, seed)));
    assert_eq!(code(&refuted), 0, "put up with, as that gate would have");
    assert!(said(&refuted).contains("Not confirmed:"), "{}", said(&refuted));
    // What is not its repetition says nothing.
    for (name, again) in [
        ("alone", None),
        ("other-seed", Some((0.0, 11, own))),
        ("older", Some((0.0, 9, seed))),
    ] {
        let output = judged(name, again);
        assert_eq!(code(&output), 3, "{name}");
        assert!(said(&output).contains("cannot be measured again"), "{}", said(&output));
    }
}

#[test]
fn lenient_does_not_excuse_what_was_hardly_measured() {
    let place = Place::with_sessions(1);
    let output = place.gate(&at(run(10), 0.2, 1.0), &["--lenient"]);
    assert_eq!(code(&output), 4);
    assert!(said(&output).contains("in spite of --lenient"), "{}", said(&output));
    assert!(!said(&output).contains("Counted as passed,"), "{}", said(&output));
}
