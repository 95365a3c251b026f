//! Trials and records that do not count.

use super::*;

#[test]
fn a_failed_or_missing_trial_of_either_side_is_not_valid() {
    for place in [0, 1] {
        let mut session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
        session.configurations[place].trials.remove(&3);
        session.configurations[place].completed -= 1;
        let row = interleaved(&session, &pair(), &throughput(0.05)).rows.remove(0);
        assert_eq!(row.verdict, GateVerdict::NotValid);
        assert!(row.sentence.starts_with("1 of 10 trials"), "{}", row.sentence);
        session.configurations[place].trials.clear();
        session.configurations[place].completed = 0;
        let judged = interleaved(&session, &pair(), &throughput(0.05));
        assert_eq!(whole_verdict(&judged), GateVerdict::NotValid);
    }
}

#[test]
fn a_figure_that_is_only_a_bound_in_some_trials_is_not_valid() {
    let mut session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
    session.configurations[1]
        .trials
        .get_mut(&2)
        .unwrap()
        .remove("latency_p99_us");
    let rows = interleaved(
        &session,
        &pair(),
        &asked(&[(Metric::LatencyP99, 0.1), (Metric::Throughput, 0.1)]),
    )
    .rows;
    assert_eq!(rows[0].verdict, GateVerdict::NotValid);
    assert_eq!(rows[1].verdict, GateVerdict::Pass);
}

#[test]
fn lost_records_are_not_valid() {
    let gate = |place: usize, losses: Losses| {
        let mut session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
        session.configurations[place].losses.insert(3, losses);
        whole_verdict(&interleaved(&session, &pair(), &throughput(0.05)))
    };
    let none = Losses::default();
    for losses in [
        Losses {
            deficit: Some(1),
            ..none
        },
        Losses { failed: 1, ..none },
        Losses { undecided: 1, ..none },
    ] {
        assert_eq!(gate(1, losses), GateVerdict::NotValid);
        assert_eq!(gate(0, losses), GateVerdict::Pass);
    }
    assert_eq!(
        gate(
            1,
            Losses {
                surplus: Some(1),
                ..none
            }
        ),
        GateVerdict::Pass
    );
}
