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

#[test]
fn a_deficit_that_is_not_known_is_told_and_no_pass_without_it() {
    let mut session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
    let known = Losses {
        deficit: Some(0),
        ..Losses::default()
    };
    for one in &mut session.configurations {
        one.losses = (1..=10).map(|block| (block, known)).collect();
    }
    let gate = |session: &BaselineSession| interleaved(session, &pair(), &throughput(0.05));
    assert_eq!(gate(&session).warnings, Vec::<String>::new());
    for block in [2, 5] {
        session.configurations[1].losses.insert(block, Losses::default());
    }
    let judged = gate(&session);
    assert_eq!(whole_verdict(&judged), GateVerdict::Pass);
    assert!(
        judged.warnings[0].starts_with("default: whether records were lost is not known of 2 of 10"),
        "{:?}",
        judged.warnings
    );
}

fn with_floor(mut session: BaselineSession, metric: Metric, floor: f64) -> BaselineSession {
    session.manifest.noise_floor = Some(crate::store::UsedNoiseFloor {
        from: "noise/x.json".into(),
        floor: crate::store::NoiseFloor {
            schema_version: 1,
            created_at: session.manifest.created_at,
            kpbench_version: "0.1.0".to_owned(),
            client_version: "librdkafka 2.12.1".to_owned(),
            host: session.manifest.host.clone(),
            target: session.manifest.target.clone(),
            configuration: "lz4".to_owned(),
            measure_ms: 1_000,
            blocks: 20,
            confidence: 0.95,
            floors: BTreeMap::from([(metric.id().to_owned(), floor)]),
        },
    });
    session
}

#[test]
fn a_threshold_below_the_measured_noise_floor_is_warned_of() {
    let plain = || session(&[(ID, 1_000.0)], 10, 0.01);
    let twins = || session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
    let both = asked(&[(Metric::Throughput, 0.05), (Metric::LatencyP99, 0.005)]);
    let told = |judged: Judged| {
        judged
            .warnings
            .iter()
            .filter(|one| one.contains("noise floor"))
            .cloned()
            .collect::<Vec<_>>()
    };
    let of = |floor: f64| with_floor(twins(), Metric::Throughput, floor);
    let warned = told(interleaved(&of(0.07), &pair(), &both));
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].contains("Throughput: the threshold of 5 % lies below the noise floor of 7 %"),
        "{warned:?}"
    );
    assert!(told(interleaved(&of(0.05), &pair(), &both)).is_empty(), "not below it");
    assert!(
        told(interleaved(&twins(), &pair(), &both)).is_empty(),
        "none was measured"
    );
    // Of stored sessions, the larger of both sides.
    let sessions = |floor: f64| -> Vec<BaselineSession> {
        stored(6)
            .into_iter()
            .map(|one| with_floor(one, Metric::Throughput, floor))
            .collect()
    };
    let now = with_floor(plain(), Metric::Throughput, 0.01);
    assert_eq!(told(against_stored(&sessions(0.07), &now, &both)).len(), 1);
    assert!(told(against_stored(&sessions(0.02), &now, &both)).is_empty());
}
