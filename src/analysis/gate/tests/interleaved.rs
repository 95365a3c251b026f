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
}

/// A constant rate of 1,000 records/s; the width of the spread of all trials.
fn at_a_rate(base: f64, now: f64, width: f64, share: f64) -> Judged {
    let mut session = session(&[("b", base), ("c", now)], 10, width);
    for one in &mut session.manifest.configurations {
        one.workload.arrival = Arrival::Constant { rate_per_s: 1_000.0 };
    }
    interleaved(&session, &pair(), &throughput(share))
}

#[test]
fn a_base_that_did_not_keep_its_rate_is_told_and_compared() {
    // Within the 5 % that a candidate may lose, but not kept.
    for (base, now, verdict) in [
        (951.0, 951.0, GateVerdict::Pass),
        (951.0, 930.0, GateVerdict::Pass),
        (951.0, 860.0, GateVerdict::Regression),
        (500.0, 400.0, GateVerdict::Regression),
        (500.0, 500.0, GateVerdict::Pass),
    ] {
        let judged = at_a_rate(base, now, 0.001, 0.05);
        let row = &judged.rows[0];
        assert_eq!(
            (row.verdict, row.basis),
            (verdict, Some(Basis::Interleaved)),
            "{base} {now}"
        );
        assert!(
            row.sentence
                .starts_with("The baseline did not keep its rate, so that the two were compared."),
            "{}",
            row.sentence
        );
        let told = "default: the baseline itself did not keep the rate asked for (";
        assert!(
            judged.warnings.iter().any(|one| one.starts_with(told)),
            "{:?}",
            judged.warnings
        );
    }
    // What the base may fall short by is a fifth of what is put up with, and 1 % at most.
    for (base, share, basis) in [
        (995.0, 0.05, Basis::OfferedRate),
        (995.0, 0.02, Basis::Interleaved),
        (985.0, 0.20, Basis::Interleaved),
    ] {
        let row = at_a_rate(base, base, 0.0005, share).rows.remove(0);
        assert_eq!(row.basis, Some(basis), "{base} {share}");
    }
}

#[test]
fn a_base_of_which_it_is_not_certain_is_told_and_compared() {
    let judged = at_a_rate(995.0, 995.0, 0.03, 0.05);
    assert_eq!(judged.rows[0].basis, Some(Basis::Interleaved));
    assert!(
        judged.notes[0].starts_with("default: it is not certain that the baseline kept the rate asked for (−0."),
        "{:?}",
        judged.notes
    );
    let warned = |one: &String| one.contains("rate asked for");
    assert!(!judged.warnings.iter().any(warned), "{:?}", judged.warnings);
}

/// A candidate that acknowledges this share of what is due to come at random, where the base acknowledges all of it.
fn random_arrivals(factor: f64) -> BaselineSession {
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
    session
}

#[test]
fn random_arrivals_are_held_to_what_was_due_in_their_own_window() {
    let gate = |factor: f64| {
        interleaved(&random_arrivals(factor), &pair(), &throughput(0.05))
            .rows
            .remove(0)
    };
    let kept = gate(1.0);
    assert_eq!(
        (kept.verdict, kept.basis),
        (GateVerdict::Pass, Some(Basis::OfferedRate))
    );
    assert_eq!(gate(0.9).verdict, GateVerdict::Regression);
}

#[test]
fn trials_that_do_not_say_what_was_due_are_counted_and_no_pass() {
    let gate = |of_base: u32, of_candidate: u32| {
        let mut session = random_arrivals(1.0);
        for (one, unknown) in session.configurations.iter_mut().zip([of_base, of_candidate]) {
            for block in 1..=unknown {
                one.trials.get_mut(&block).unwrap().remove("offered_records_per_s");
            }
        }
        interleaved(&session, &pair(), &throughput(0.05)).rows.remove(0)
    };
    for (of_base, of_candidate, told) in [
        (0, 2, "not known of 2 of 10 trials of the candidate"),
        (1, 0, "not known of 1 of 10 trials of the baseline"),
        (
            10,
            1,
            "10 of 10 trials of the baseline and 1 of 10 trials of the candidate",
        ),
    ] {
        let row = gate(of_base, of_candidate);
        assert_eq!(row.verdict, GateVerdict::NotValid);
        assert!(row.sentence.contains(told), "{}", row.sentence);
    }
    let row = gate(10, 10);
    assert_eq!(row.verdict, GateVerdict::Inconclusive);
    assert!(
        row.sentence.contains("no trial says how many records were due"),
        "{}",
        row.sentence
    );
    assert!(!may_be_excused(&[row]));
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
fn a_candidate_without_acknowledgements_does_not_pass_for_want_of_a_latency() {
    let gate = |silent: &[usize]| {
        let mut session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
        for &place in silent {
            session.manifest.configurations[place].acks = crate::protocol::Acks::None;
            for figures in session.configurations[place].trials.values_mut() {
                figures.remove("latency_p99_us");
            }
        }
        let asked = asked(&[(Metric::RecordsPerBatch, 0.05), (Metric::LatencyP99, 0.1)]);
        interleaved(&session, &pair(), &asked)
    };
    for (silent, told) in [
        (&[1][..], "The candidate has no value of this figure."),
        (&[0], "The baseline has no value of this figure."),
    ] {
        let judged = gate(silent);
        assert_eq!(whole_verdict(&judged), GateVerdict::NotValid, "{silent:?}");
        assert_eq!(judged.rows[1].sentence, told);
    }
    // Where neither side has one, there is nothing to lose.
    assert_eq!(whole_verdict(&gate(&[0, 1])), GateVerdict::Pass);
}
