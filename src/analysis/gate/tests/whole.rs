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
