use std::collections::BTreeMap;

use super::*;
use crate::protocol::Arrival;
use crate::store::{BaselineSession, Losses, SCHEMA_VERSION, SessionConfiguration, samples};

const ID: &str = "c-1";

/// Evenly spread by ± `width` about 1, none alike, in an order that is not sorted.
fn spread(count: u32, width: f64) -> Vec<f64> {
    (0..count)
        .map(|i| 1.0 + width * (f64::from((i * 7 + 3) % count) / f64::from(count) * 2.0 - 0.97))
        .collect()
}

fn session(ids: &[(&str, f64)], blocks: u32, width: f64) -> BaselineSession {
    let mut manifest = samples::manifest();
    manifest.plan.clear();
    manifest.configurations = ids
        .iter()
        .map(|(id, _)| {
            let mut one = samples::configuration(id);
            one.label = format!("label {id}");
            one
        })
        .collect();
    BaselineSession {
        schema_version: SCHEMA_VERSION,
        session_id: "s".to_owned(),
        run: "run".to_owned(),
        saved_at: manifest.created_at,
        forced: Vec::new(),
        configurations: ids
            .iter()
            .enumerate()
            .map(|(place, (id, level))| SessionConfiguration {
                configuration_id: (*id).to_owned(),
                planned: blocks,
                completed: blocks,
                trials: (1..=blocks)
                    .zip(spread(blocks, width * (1.0 + 0.3 * place as f64)))
                    .map(|(block, noise)| {
                        let figures = ["throughput_records_per_s", "records_per_batch", "latency_p99_us"];
                        let values = figures.map(|id| (id.to_owned(), level * noise));
                        (block, BTreeMap::from(values))
                    })
                    .collect(),
                losses: BTreeMap::new(),
            })
            .collect(),
        notes: Vec::new(),
        manifest,
    }
}

fn asked(thresholds: &[(Metric, f64)]) -> Asked {
    Asked {
        thresholds: thresholds
            .iter()
            .map(|&(metric, share)| Threshold { metric, share })
            .collect(),
        force: false,
    }
}

fn throughput(share: f64) -> Asked {
    asked(&[(Metric::Throughput, share)])
}

fn pair() -> Vec<Pair> {
    vec![Pair {
        base_id: "b".to_owned(),
        candidate_id: "c".to_owned(),
        label: "default".to_owned(),
    }]
}

fn paired(loss: f64, blocks: u32, share: f64) -> GateRow {
    let session = session(&[("b", 1_000.0), ("c", 1_000.0 * (1.0 - loss))], blocks, 0.01);
    interleaved(&session, &pair(), &throughput(share)).rows.remove(0)
}

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
fn what_was_observed_on_neither_side_cannot_be_said() {
    let session = session(&[("b", 1_000.0), ("c", 1_000.0)], 10, 0.01);
    let row = interleaved(&session, &pair(), &asked(&[(Metric::BrokerCpu, 0.1)]))
        .rows
        .remove(0);
    assert_eq!(row.verdict, GateVerdict::Inconclusive);
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
fn sessions_of_one_morning_are_told() {
    let gate = |hours: i64| {
        let mut stored = stored(6);
        for (place, session) in (0..).zip(&mut stored) {
            session.manifest.created_at += jiff::SignedDuration::from_hours(hours * place);
        }
        against_stored(&stored, &session(&[(ID, 1_000.0)], 10, 0.01), &throughput(0.05)).notes
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
fn lenient_excuses_only_what_has_an_interval() {
    assert!(may_be_excused(&[paired(0.05, 10, 0.05)]));
    assert!(!may_be_excused(&[paired(0.05, 10, 0.05), paired(0.0, 1, 0.05)]));
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

fn stored(count: usize) -> Vec<BaselineSession> {
    let levels = [1_000.0, 1_020.0, 980.0, 1_010.0, 990.0, 1_000.0, 1_005.0];
    levels[..count]
        .iter()
        .map(|&level| session(&[(ID, level)], 10, 0.01))
        .collect()
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
        half_width: 0.03,
        min_blocks: 15,
        max_blocks: 50,
        time_budget_ms: None,
    });
    let judged = against_stored(&stored(6), &now, &throughput(0.05));
    assert_eq!(whole_verdict(&judged), GateVerdict::NotValid);
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
    let mut first = gate(800.0);
    confirm(&mut first, &Judged::default());
    assert_eq!(whole_verdict(&first), GateVerdict::NotValid);
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
