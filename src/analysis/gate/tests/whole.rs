//! The verdict over everything, and what a repetition does to it.

use super::*;

#[test]
fn lenient_excuses_only_what_has_an_interval() {
    assert!(may_be_excused(&[paired(0.05, 10, 0.05)]));
    assert!(!may_be_excused(&[paired(0.05, 10, 0.05), paired(0.0, 1, 0.05)]));
}

#[test]
fn only_a_regression_found_again_counts() {
    let gate = |level: f64| {
        let session = session(&[("b", 1_000.0), ("c", level)], 10, 0.01);
        interleaved(&session, &pair(), &throughput(0.05))
    };
    for (again, verdict) in [(800.0, GateVerdict::Regression), (1_000.0, GateVerdict::Inconclusive)] {
        let mut first = gate(800.0);
        confirm(&mut first, &gate(again));
        assert_eq!(whole_verdict(&first), verdict);
        assert!(first.rows[0].repeated.is_some());
    }
    let mut first = gate(800.0);
    let mut broken = gate(800.0);
    broken.invalid.push("broken".to_owned());
    confirm(&mut first, &broken);
    assert_eq!(whole_verdict(&first), GateVerdict::NotValid, "no answer is no pass");
    let (mut first, mut gone) = (gate(800.0), gate(800.0));
    gone.rows[0].verdict = GateVerdict::NotValid;
    confirm(&mut first, &gone);
    assert_eq!(whole_verdict(&first), GateVerdict::NotValid);
    let few = session(&[("b", 1_000.0), ("c", 800.0)], 4, 0.01);
    let mut first = gate(800.0);
    confirm(&mut first, &interleaved(&few, &pair(), &throughput(0.05)));
    assert_eq!(whole_verdict(&first), GateVerdict::NotValid, "too short to answer");
    let mut first = gate(800.0);
    confirm(&mut first, &Judged::default());
    assert_eq!(whole_verdict(&first), GateVerdict::NotValid);
}

/// A first figure that is a regression, and a second one whose candidate is at this level.
fn two_figures(level: f64) -> Judged {
    let mut session = session(&[("b", 1_000.0), ("c", 800.0)], 10, 0.01);
    for (place, one) in session.configurations.iter_mut().enumerate() {
        let noise = spread(10, 0.01 * (1.0 + place as f64));
        for (noise, figures) in noise.iter().zip(one.trials.values_mut()) {
            let level = [1_000.0, level][place];
            figures.insert("latency_p99_us".to_owned(), level * noise);
        }
    }
    let asked = asked(&[(Metric::Throughput, 0.05), (Metric::LatencyP99, 0.05)]);
    interleaved(&session, &pair(), &asked)
}

#[test]
fn what_only_the_repetition_finds_is_no_pass_and_no_regression() {
    for (level, verdict, told) in [
        (1_000.0, GateVerdict::Pass, "which excludes a rise beyond 5 %"),
        (
            1_050.0,
            GateVerdict::Inconclusive,
            "which leaves a rise beyond 5 % open",
        ),
    ] {
        let mut first = two_figures(level);
        assert_eq!(first.rows[1].verdict, verdict, "{}", first.rows[1].sentence);
        let mut again = two_figures(1_200.0);
        // The first finding is not confirmed.
        again.rows[0].verdict = GateVerdict::Pass;
        confirm(&mut first, &again);
        let row = &first.rows[1];
        assert_eq!(row.verdict, GateVerdict::NotValid);
        assert!(
            row.sentence.starts_with("Contradicted by the repetition: ") && row.sentence.contains(told),
            "{}",
            row.sentence
        );
        assert_eq!(row.repeated.unwrap().verdict, GateVerdict::Regression);
        assert_eq!(whole_verdict(&first), GateVerdict::NotValid, "never lenient");
    }
    // A pass that is found again stays one, and so does what the repetition leaves open.
    for level in [1_000.0, 1_050.0] {
        let mut first = two_figures(1_000.0);
        confirm(&mut first, &two_figures(level));
        assert_eq!(first.rows[1].verdict, GateVerdict::Pass);
        assert_eq!(first.rows[1].repeated, None);
    }
}

#[test]
fn a_figure_that_is_not_valid_the_second_time_is_no_pass() {
    let mut again = two_figures(1_000.0);
    again.rows[1].verdict = GateVerdict::NotValid;
    again.rows[1].sentence = "Records are lost.".to_owned();
    let mut first = two_figures(1_000.0);
    confirm(&mut first, &again);
    assert_eq!(first.rows[0].verdict, GateVerdict::Regression);
    assert_eq!(first.rows[1].verdict, GateVerdict::NotValid);
    assert!(
        first.rows[1].sentence.ends_with("then: Records are lost."),
        "{}",
        first.rows[1].sentence
    );
    // Where the repetition as a whole is not valid, it says nothing of what passed.
    again.invalid.push("broken".to_owned());
    let mut first = two_figures(1_000.0);
    confirm(&mut first, &again);
    assert_eq!(first.rows[1].verdict, GateVerdict::Pass);
}

#[test]
fn every_figure_that_a_profile_may_gate_is_a_metric() {
    let ids = crate::profile::GATE_METRICS.map(|(id, _)| id);
    for id in ids {
        assert!(Metric::of_id(id).is_some(), "{id}");
    }
    for (id, may_exceed) in crate::profile::GATE_METRICS {
        assert_eq!(may_exceed, Metric::of_id(id).unwrap().better() == Better::Lower, "{id}");
    }
    let (defaults, origin) = thresholds(&GateSettings::default(), &BTreeMap::new());
    assert_eq!(defaults.len(), 4);
    assert!(origin.contains("defaults"));
}

#[test]
fn a_run_that_a_gate_made_keeps_the_thresholds_of_that_gate() {
    let mut manifest = samples::manifest();
    let of = |manifest: &Manifest, given: &[(&str, f64)]| {
        let given = given.iter().map(|(id, share)| ((*id).to_owned(), *share)).collect();
        let (thresholds, origin) = thresholds_of_run(manifest, &given);
        let shares: Vec<f64> = thresholds.iter().map(|one| one.share).collect();
        (shares, origin)
    };
    let (defaults, origin) = of(&manifest, &[]);
    assert_eq!((defaults.len(), origin.contains("defaults")), (4, true));
    manifest.held_to = Some(BTreeMap::from([("throughput_records_per_s".to_owned(), 0.5)]));
    let (own, origin) = of(&manifest, &[]);
    assert_eq!(own, [0.5]);
    assert_eq!(origin, "Thresholds: those of the gate that the run was made for.");
    let (other, origin) = of(&manifest, &[("throughput_records_per_s", 0.2)]);
    assert_eq!(other, [0.2]);
    assert!(
        origin.ends_with("; from the command line: throughput_records_per_s."),
        "{origin}"
    );
    // Said as it was said when it was made, where that comes to the same.
    manifest.gate.thresholds = manifest.held_to.clone().unwrap();
    assert_eq!(of(&manifest, &[]), (vec![0.5], "Thresholds: the profile's.".to_owned()));
}

#[test]
fn a_regression_whose_repetition_failed_is_neither_one_nor_a_pass() {
    let session = session(&[("b", 1_000.0), ("c", 800.0)], 10, 0.01);
    let mut judged = interleaved(&session, &pair(), &throughput(0.05));
    not_confirmed(&mut judged);
    assert_eq!(whole_verdict(&judged), GateVerdict::NotValid);
    assert!(
        judged.rows[0].sentence.starts_with("Not repeated: −20 % [") && judged.rows[0].repeated.is_none(),
        "{}",
        judged.rows[0].sentence
    );
}
