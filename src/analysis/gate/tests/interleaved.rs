//! Base and candidate of one run.

use super::*;

#[test]
fn only_a_certain_loss_is_a_regression_and_only_an_excluded_one_a_pass() {
    assert_eq!(paired(0.0, 10, 0.05).verdict, GateVerdict::Pass);
    assert_eq!(paired(0.2, 10, 0.05).verdict, GateVerdict::Regression);
    assert_eq!(paired(0.05, 10, 0.05).verdict, GateVerdict::Inconclusive);
    assert_eq!(paired(-0.5, 10, 0.05).verdict, GateVerdict::Pass, "faster");
    let row = paired(0.2, 10, 0.05);
    assert_eq!((row.basis, row.count), (Some(Basis::Interleaved), 10));
    assert!(
        row.sentence.contains("certain") && row.sentence.contains("−20 %"),
        "{}",
        row.sentence
    );
}

#[test]
fn too_few_blocks_say_how_many_are_needed_and_never_pass() {
    for blocks in 1..6 {
        let row = paired(0.0, blocks, 0.05);
        assert_eq!(row.verdict, GateVerdict::Inconclusive, "{blocks}");
        assert!(row.sentence.contains("6 blocks are needed"), "{}", row.sentence);
    }
}

#[test]
fn a_paced_load_is_held_to_its_rate() {
    let gate = |rate: f64, base: f64, now: f64| {
        let mut session = session(&[("b", base), ("c", now)], 10, 0.001);
        for one in &mut session.manifest.configurations {
            one.workload.arrival = Arrival::Constant { rate_per_s: rate };
        }
        interleaved(&session, &pair(), &throughput(0.05)).rows.remove(0)
    };
    let kept = gate(1_000.0, 1_000.0, 999.0);
    assert_eq!(
        (kept.verdict, kept.basis),
        (GateVerdict::Pass, Some(Basis::OfferedRate))
    );
    assert_eq!(gate(1_000.0, 1_000.0, 800.0).verdict, GateVerdict::Regression);
    assert_eq!(
        gate(1_000.0, 1_010.0, 999.0).baseline.map(f64::round),
        Some(1_010.0),
        "not the rate"
    );
    // Where the base fell short too, throughput was found and not set: the two are compared.
    let neither = gate(2_000.0, 1_000.0, 800.0);
    assert_eq!(
        (neither.verdict, neither.basis),
        (GateVerdict::Regression, Some(Basis::Interleaved))
    );
    assert_eq!(gate(2_000.0, 1_000.0, 1_000.0).verdict, GateVerdict::Pass);
}

#[test]
fn random_arrivals_are_held_to_what_was_due_in_their_own_window() {
    let gate = |factor: f64| {
        let mut session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.2);
        for one in &mut session.manifest.configurations {
            one.workload.arrival = Arrival::Poisson { rate_per_s: 1_000.0 };
        }
        for (place, one) in session.configurations.iter_mut().enumerate() {
            for figures in one.trials.values_mut() {
                // Throughput varies by 20 % because what was due does.
                let due = figures["throughput_records_per_s"];
                figures.insert("offered_records_per_s".to_owned(), due);
                if place == 1 {
                    figures.insert("throughput_records_per_s".to_owned(), due * factor);
                }
            }
        }
        interleaved(&session, &pair(), &throughput(0.05)).rows.remove(0)
    };
    let kept = gate(1.0);
    assert_eq!(
        (kept.verdict, kept.basis),
        (GateVerdict::Pass, Some(Basis::OfferedRate))
    );
    assert_eq!(gate(0.9).verdict, GateVerdict::Regression);
}

#[test]
fn what_may_not_be_compared_is_not() {
    let gate = |metric: Metric, change: fn(&mut crate::profile::Configuration)| {
        let mut session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.001);
        change(&mut session.manifest.configurations[0]);
        interleaved(&session, &pair(), &asked(&[(metric, 0.05)])).rows.remove(0)
    };
    let paced: fn(&mut crate::profile::Configuration) = |one| {
        one.workload.arrival = Arrival::Constant { rate_per_s: 900.0 };
    };
    for metric in [Metric::Throughput, Metric::LatencyP99] {
        let row = gate(metric, paced);
        assert_eq!(row.verdict, GateVerdict::Inconclusive, "{metric}");
        assert!(row.sentence.starts_with("Cannot be said"), "{}", row.sentence);
        assert!(!may_be_excused(&[row]));
    }
    assert_eq!(gate(Metric::RecordsPerBatch, paced).verdict, GateVerdict::Pass);
    let row = gate(Metric::Throughput, |one| one.acks = crate::protocol::Acks::None);
    assert_eq!(row.verdict, GateVerdict::Inconclusive);
}

#[test]
fn in_an_interleaved_run_nothing_drops_out_unseen() {
    let gate = |variant: &str, force: bool| {
        let mut session = session(&[("b", 1_000.0), ("c", 1_000.0), ("x", 1_000.0)], 10, 0.01);
        session.manifest.configurations[2].axes = vec![crate::profile::AxisSetting {
            axis: "variant".to_owned(),
            value: variant.to_owned(),
            number: None,
        }];
        let mut asked = throughput(0.05);
        asked.force = force;
        interleaved(&session, &pair(), &asked)
    };
    for side in ["base", "candidate"] {
        assert_eq!(whole_verdict(&gate(side, false)), GateVerdict::NotValid);
        assert_eq!(whole_verdict(&gate(side, true)), GateVerdict::Pass);
    }
    let other = gate("third", false);
    assert_eq!(whole_verdict(&other), GateVerdict::Pass);
    assert!(other.notes[0].contains("label x"), "{:?}", other.notes);
}

#[test]
fn a_fixed_order_is_not_valid_unless_forced() {
    let mut session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
    session.manifest.run.order = crate::profile::Order::Matrix;
    let mut asked = throughput(0.05);
    for (force, verdict) in [(false, GateVerdict::NotValid), (true, GateVerdict::Pass)] {
        asked.force = force;
        let judged = interleaved(&session, &pair(), &asked);
        assert_eq!(whole_verdict(&judged), verdict);
        assert_eq!(judged.forced.len(), usize::from(force));
    }
}

#[test]
fn where_neither_way_is_better_a_change_either_way_is_a_loss() {
    let gate = |factor: f64| {
        let session = session(&[("b", 100.0), ("c", 100.0 * factor)], 10, 0.01);
        let asked = asked(&[(Metric::RecordsPerBatch, 0.1)]);
        interleaved(&session, &pair(), &asked).rows.remove(0).verdict
    };
    assert_eq!(gate(1.0), GateVerdict::Pass);
    assert_eq!(gate(1.5), GateVerdict::Regression);
    assert_eq!(gate(0.6), GateVerdict::Regression);
}

#[test]
fn pairs_are_found_by_their_variant() {
    let mut manifest = samples::manifest();
    let variant = |id: &str, name: &str, codec: &str| {
        let mut one = samples::configuration(id);
        one.axes = [("variant", name), ("compression.type", codec)]
            .map(|(axis, value)| crate::profile::AxisSetting {
                axis: axis.to_owned(),
                value: value.to_owned(),
                number: None,
            })
            .to_vec();
        one.label = format!("{name} {codec}");
        one
    };
    manifest.configurations = vec![
        variant("1", "base", "lz4"),
        variant("2", "candidate", "zstd"),
        variant("3", "base", "zstd"),
        variant("4", "candidate", "gzip"),
    ];
    let pairs = pairs_of(&manifest);
    assert_eq!(pairs.len(), 1);
    assert_eq!(
        (
            pairs[0].base_id.as_str(),
            pairs[0].candidate_id.as_str(),
            pairs[0].label.as_str()
        ),
        ("3", "2", "zstd")
    );
}

#[test]
fn what_was_observed_on_neither_side_cannot_be_said() {
    let session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
    let row = interleaved(&session, &pair(), &asked(&[(Metric::BrokerCpu, 0.1)]))
        .rows
        .remove(0);
    assert_eq!(row.verdict, GateVerdict::Inconclusive);
}

#[test]
fn a_rate_has_no_trials_of_its_own() {
    let mut session = session(&[("b", 1_000.0), ("c", 999.0)], 4, 0.001);
    for one in &mut session.manifest.configurations {
        one.workload.arrival = Arrival::Constant { rate_per_s: 1_000.0 };
    }
    let row = interleaved(&session, &pair(), &throughput(0.05)).rows.remove(0);
    assert_eq!(row.basis, Some(Basis::OfferedRate));
    assert_eq!(row.sentence, "Too few: 6 trials are needed, and there are 4.");
}
