//! A run against stored sessions.

use super::*;

#[test]
fn a_configuration_of_one_side_only_is_not_valid_unless_forced() {
    let both = |place: usize| session(&[(ID, 1_000.0), (["c-2", "c-3"][place], 1_000.0)], 10, 0.01);
    let mut forced = throughput(0.05);
    forced.force = true;
    for (before, now, other) in [
        (stored(6), both(0), "c-2"),
        (
            (0..6).map(|_| both(1)).collect(),
            session(&[(ID, 1_000.0)], 10, 0.01),
            "c-3",
        ),
    ] {
        let judged = against_stored(&before, &now, &throughput(0.05));
        assert_eq!(whole_verdict(&judged), GateVerdict::NotValid);
        let row = judged.rows.iter().find(|row| row.configuration_id == other).unwrap();
        assert_eq!(row.verdict, GateVerdict::NotValid);
        let judged = against_stored(&before, &now, &forced);
        assert_eq!(whole_verdict(&judged), GateVerdict::Pass, "{:?}", judged.rows);
        assert!(
            judged.notes.iter().any(|note| note.contains(other)),
            "{:?}",
            judged.notes
        );
    }
}

#[test]
fn sessions_of_one_morning_are_told() {
    let gate = |hours: i64| {
        let mut stored = stored(6);
        for (place, session) in (0..).zip(&mut stored) {
            session.manifest.created_at += jiff::SignedDuration::from_hours(hours * place);
        }
        against_stored(&stored, &session(&[(ID, 1_000.0)], 10, 0.01), &throughput(0.05)).warnings
    };
    assert!(
        gate(1).iter().any(|note| note.contains("6 sessions within 5 h")),
        "{:?}",
        gate(1)
    );
    assert!(
        gate(24).iter().all(|note| !note.contains("sessions within")),
        "{:?}",
        gate(24)
    );
}

#[test]
fn six_sessions_decide_and_five_do_not() {
    let gate = |sessions: usize, level: f64| {
        let now = session(&[(ID, level)], 10, 0.01);
        against_stored(&stored(sessions), &now, &throughput(0.05))
            .rows
            .remove(0)
    };
    assert_eq!(gate(6, 1_000.0).verdict, GateVerdict::Pass);
    assert_eq!(gate(6, 800.0).verdict, GateVerdict::Regression);
    assert_eq!(gate(6, 960.0).verdict, GateVerdict::Inconclusive);
    assert_eq!(gate(6, 960.0).basis, Some(Basis::Sessions));
    for level in [1_000.0, 500.0] {
        let row = gate(5, level);
        assert_eq!(row.verdict, GateVerdict::Inconclusive);
        assert!(
            row.sentence.contains("Needs 6 stored sessions and has 5"),
            "{}",
            row.sentence
        );
    }
}

#[test]
fn what_hardly_varies_is_decided_by_one_session() {
    let gate = |factor: f64, blocks: u32| {
        let now = session(&[(ID, 1_000.0 * factor)], blocks, 0.002);
        let asked = asked(&[(Metric::RecordsPerBatch, 0.05)]);
        against_stored(&[session(&[(ID, 1_000.0)], blocks, 0.002)], &now, &asked)
            .rows
            .remove(0)
    };
    assert_eq!(
        (gate(1.0, 10).verdict, gate(1.0, 10).basis),
        (GateVerdict::Pass, Some(Basis::Steady))
    );
    assert_eq!(gate(0.8, 10).verdict, GateVerdict::Regression);
    let single = gate(0.8, 1);
    assert_eq!(single.verdict, GateVerdict::Inconclusive);
    assert!(
        single.sentence.contains("4 trials of each side are needed"),
        "{}",
        single.sentence
    );
}

#[test]
fn a_run_with_fewer_trials_than_the_sessions_is_not_held_against_them() {
    let now = session(&[(ID, 700.0)], 1, 0.01);
    let row = against_stored(&stored(6), &now, &throughput(0.05)).rows.remove(0);
    assert_eq!(row.verdict, GateVerdict::Inconclusive);
    assert!(row.sentence.contains("10 are needed"), "{}", row.sentence);
}

#[test]
fn other_machines_and_other_profiles_are_not_valid() {
    let mut now = session(&[(ID, 1_000.0)], 10, 0.01);
    now.manifest.host.cpu = "another".to_owned();
    let judged = against_stored(&stored(6), &now, &throughput(0.05));
    assert_eq!(whole_verdict(&judged), GateVerdict::NotValid);
    assert!(judged.invalid[0].contains("processor"), "{:?}", judged.invalid);
    let mut forced = throughput(0.05);
    forced.force = true;
    let judged = against_stored(&stored(6), &now, &forced);
    assert_eq!(whole_verdict(&judged), GateVerdict::Pass);
    assert!(judged.forced[0].contains("processor"), "{:?}", judged.forced);

    let other = session(&[("c-2", 1_000.0)], 10, 0.01);
    let judged = against_stored(&stored(6), &other, &throughput(0.05));
    assert_eq!(whole_verdict(&judged), GateVerdict::NotValid);
    assert!(
        judged.invalid[0].contains("no configuration in common"),
        "{:?}",
        judged.invalid
    );
    assert_eq!(
        whole_verdict(&against_stored(&[], &now, &throughput(0.05))),
        GateVerdict::NotValid
    );
}

#[test]
fn a_run_that_has_not_ended_is_not_valid() {
    let mut now = session(&[(ID, 1_000.0)], 10, 0.01);
    now.manifest.run.precision = Some(crate::profile::Precision {
        metric: Default::default(),
        half_width: 0.03,
        min_blocks: 15,
        max_blocks: 50,
        time_budget_ms: None,
        until: crate::profile::Until::Narrow,
    });
    let judged = against_stored(&stored(6), &now, &throughput(0.05));
    assert_eq!(whole_verdict(&judged), GateVerdict::NotValid);
}

#[test]
fn what_stored_sessions_leave_open_is_not_said_to_be_answered_by_the_same_command() {
    let between = against_stored(&stored(6), &session(&[(ID, 960.0)], 10, 0.01), &throughput(0.05));
    let too_few = against_stored(&stored(5), &session(&[(ID, 960.0)], 10, 0.01), &throughput(0.05));
    for judged in [between, too_few] {
        let sentence = &judged.rows[0].sentence;
        assert!(
            sentence.contains("kpbench gate --profile with --base or --base-bin"),
            "{sentence}"
        );
    }
}

#[test]
fn a_configuration_with_nothing_to_gate_is_no_stranger() {
    let without_acks = |mut session: BaselineSession| {
        session.manifest.configurations[0].acks = crate::protocol::Acks::None;
        session
    };
    let before: Vec<BaselineSession> = stored(6).into_iter().map(without_acks).collect();
    let now = without_acks(session(&[(ID, 1_000.0)], 10, 0.01));
    let judged = against_stored(&before, &now, &asked(&[(Metric::LatencyP99, 0.1)]));
    assert_eq!(whole_verdict(&judged), GateVerdict::NotValid, "nothing was gated");
    assert!(
        judged.rows.is_empty() && judged.invalid.is_empty(),
        "{:?}",
        judged.invalid
    );
    assert!(judged.notes[0].contains("latency is not gated"), "{:?}", judged.notes);
}

/// Stored sessions and a run at a constant rate of 1,000 records/s, by their levels; so many trials in each.
fn at_a_rate(before: &[f64], now: f64, blocks: (u32, u32)) -> GateRow {
    let paced = |level: f64, blocks: u32| {
        let mut session = session(&[(ID, level)], blocks, 0.001);
        session.manifest.configurations[0].workload.arrival = Arrival::Constant { rate_per_s: 1_000.0 };
        session
    };
    let before: Vec<BaselineSession> = before.iter().map(|&level| paced(level, blocks.0)).collect();
    against_stored(&before, &paced(now, blocks.1), &throughput(0.05))
        .rows
        .remove(0)
}

#[test]
fn a_rate_is_what_one_session_that_kept_it_is_enough_for() {
    let kept = at_a_rate(&[1_000.0], 1_000.0, (10, 10));
    assert_eq!(
        (kept.verdict, kept.basis),
        (GateVerdict::Pass, Some(Basis::OfferedRate))
    );
    assert_eq!(at_a_rate(&[1_000.0], 900.0, (10, 10)).verdict, GateVerdict::Regression);
    // The rate has no trials of its own.
    let few = at_a_rate(&[1_000.0], 999.0, (10, 4));
    assert_eq!(few.basis, Some(Basis::OfferedRate));
    assert_eq!(few.sentence, "Too few: 6 trials are needed, and there are 4.");
}

#[test]
fn sessions_that_did_not_keep_their_rate_are_no_yardstick() {
    // Unchanged, and within what a candidate may lose: still nothing that the rate could tell.
    let short = at_a_rate(&[951.0], 951.0, (10, 10));
    assert_eq!(short.verdict, GateVerdict::Inconclusive);
    assert!(
        short.sentence.contains("did not keep its rate")
            && short.sentence.contains("Needs 6 stored sessions and has 1"),
        "{}",
        short.sentence
    );
    // One bad day among six: a rate that is kept on most days only.
    let levels = [1_000.0, 1_000.0, 1_000.0, 900.0, 1_000.0, 1_000.0];
    let row = at_a_rate(&levels, 940.0, (10, 10));
    assert_eq!(
        (row.verdict, row.basis),
        (GateVerdict::Inconclusive, Some(Basis::Sessions))
    );
    assert!(
        row.sentence.starts_with("Not each stored session kept its rate"),
        "{}",
        row.sentence
    );
}

#[test]
fn client_cpu_needs_six_sessions() {
    let with_cpu = |level: f64| {
        let mut session = session(&[(ID, 1_000.0)], 10, 0.002);
        for (noise, figures) in spread(10, 0.002)
            .iter()
            .zip(session.configurations[0].trials.values_mut())
        {
            figures.insert("client_cpu_us_per_record".to_owned(), level * noise);
        }
        session
    };
    let gate = |sessions: usize, level: f64| {
        let before: Vec<BaselineSession> = [10.0, 10.1, 9.9, 10.05, 9.95, 10.0][..sessions]
            .iter()
            .copied()
            .map(with_cpu)
            .collect();
        let asked = asked(&[(Metric::ClientCpu, 0.05)]);
        against_stored(&before, &with_cpu(level), &asked).rows.remove(0)
    };
    for sessions in [1, 5] {
        let row = gate(sessions, 12.5);
        assert_eq!(row.verdict, GateVerdict::Inconclusive);
        assert!(row.sentence.starts_with("Needs 6 stored sessions"), "{}", row.sentence);
    }
    assert_eq!(gate(6, 12.5).verdict, GateVerdict::Regression);
    assert_eq!(gate(6, 10.0).verdict, GateVerdict::Pass);
}

#[test]
fn a_baseline_of_which_trials_are_missing_is_no_yardstick_unless_somebody_saw_it() {
    let gate = |forced: bool, saved: bool| {
        let mut before = stored(6);
        before[3].configurations[0].planned += 3;
        if saved {
            before[3]
                .forced
                .push("10 of 13 planned trials came to their end".to_owned());
        }
        let mut asked = throughput(0.5);
        asked.force = forced;
        against_stored(&before, &session(&[(ID, 1_000.0)], 10, 0.01), &asked)
    };
    let judged = gate(false, false);
    assert_eq!(whole_verdict(&judged), GateVerdict::NotValid);
    assert!(
        judged.rows[0]
            .sentence
            .starts_with("3 of 13 trials of the baseline failed or are missing"),
        "{}",
        judged.rows[0].sentence
    );
    for (forced, saved) in [(true, false), (false, true)] {
        let judged = gate(forced, saved);
        assert_eq!(whole_verdict(&judged), GateVerdict::Pass);
        assert!(judged.notes[0].contains("is not complete"), "{:?}", judged.notes);
    }
}
