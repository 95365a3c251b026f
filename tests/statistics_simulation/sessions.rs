//! A new session against stored ones.

use kpbench::stats::sessions::{self, Outcome};
use kpbench::stats::{median, rank_sum};

use crate::noise::{Noise, Source};
use crate::tally;

/// The log median of ten trials of one session.
fn session(source: &mut Source, deviation: f64, heavy: bool) -> f64 {
    let shared = if heavy { source.heavy() } else { source.normal() } * deviation;
    let trials: Vec<f64> = (0..10).map(|_| shared + source.noise(Noise::Spikes, 0.03)).collect();
    median(&trials).unwrap()
}

fn gate(source: &mut Source, stored: usize, change: f64, threshold: f64, heavy: bool) -> Outcome {
    let stored: Vec<f64> = (0..stored).map(|_| session(source, 0.02, heavy)).collect();
    let candidate = session(source, 0.02, heavy) + change;
    sessions::compare(&stored, &[candidate], threshold, true, 0.95)
        .unwrap()
        .outcome
}

#[test]
fn false_alarms_are_rare_from_six_sessions_on() {
    for heavy in [false, true] {
        for count in [6, 10, 20] {
            let name = format!("gate, session deviation 2 %, {count} stored, nothing changed, heavy tails {heavy}");
            let alarm = |threshold: f64| {
                move |source: &mut Source| gate(source, count, 0.0, threshold, heavy) == Outcome::Regression
            };
            tally(&format!("{name}, threshold 0: regression"), 2_000, alarm(0.0)).at_most(0.05);
            tally(&format!("{name}, threshold 5 %: regression"), 2_000, alarm(0.05)).at_most(0.05);
        }
    }
}

#[test]
fn fewer_than_six_are_refused() {
    for count in 0..sessions::LEAST_SESSIONS {
        assert!(sessions::compare(&vec![0.0; count], &[-1.0], 0.0, true, 0.95).is_err());
    }
}

#[test]
fn what_six_ten_and_twenty_sessions_can_say() {
    let loss = |percent: f64| (1.0 - percent / 100.0_f64).ln();
    for count in [6, 10, 20] {
        for threshold in [5.0, 10.0] {
            let name = format!("gate, session deviation 2 %, {count} stored, threshold {threshold} %");
            tally(&format!("{name}, nothing changed: pass"), 500, |source| {
                gate(source, count, 0.0, -loss(threshold), false) == Outcome::Pass
            });
            let lost = 2.0 * threshold;
            tally(&format!("{name}, {lost} % lost: regression"), 500, |source| {
                gate(source, count, loss(lost), -loss(threshold), false) == Outcome::Regression
            });
            // A loss of exactly the threshold is passed no more often than the level allows.
            tally(&format!("{name}, {threshold} % lost: pass"), 500, |source| {
                gate(source, count, loss(threshold), -loss(threshold), false) == Outcome::Pass
            })
            .at_most(0.05);
        }
    }
}

/// The way that is not taken: ten trials of today against ten of one stored session.
#[test]
fn trials_of_another_day_raise_false_alarms() {
    for deviation in [0.01, 0.02, 0.03] {
        let share = tally(
            &format!("one stored session by its trials, session deviation {deviation}"),
            500,
            |source| {
                let mut trials = || -> Vec<f64> {
                    let shared = deviation * source.normal();
                    (0..10).map(|_| shared + 0.02 * source.normal()).collect()
                };
                let (stored, candidate) = (trials(), trials());
                rank_sum::p_value(&stored, &candidate).unwrap() <= 0.05
            },
        )
        .share();
        assert!(share > 0.1, "{share}");
    }
}
