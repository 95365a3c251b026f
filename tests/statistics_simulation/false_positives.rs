//! How often identical configurations are told apart, and what happens to those who measure otherwise.

use kpbench::stats::drift::Drift;
use kpbench::stats::{Verdict, holm, rank_sum, signed_rank, verdict};

use crate::noise::{Noise, SlowDrift, Source, blocks, log_ratios};
use crate::tally;

const DEVIATION: f64 = 0.03;
const FLOOR: f64 = 0.01;

fn differs(differences: &[f64], confidence: f64, floor: f64) -> bool {
    let interval = signed_rank::interval(differences, confidence).unwrap();
    matches!(verdict(&interval, floor, true), Verdict::Better | Verdict::Worse)
}

#[test]
fn two_identical_configurations() {
    for (count, series) in [(6, 10_000), (10, 10_000), (20, 5_000)] {
        for noise in [Noise::Normal, Noise::Spikes] {
            let mut beyond_floor = Vec::new();
            let name = format!("A/A, {count} blocks, drift, {noise:?}");
            let plain = tally(&format!("{name}, floor 0"), series, |source| {
                let figures = blocks(source, count, &[0.0, 0.0], noise, DEVIATION);
                let differences = log_ratios(&figures[0], &figures[1]);
                beyond_floor.push(differs(&differences, 0.95, FLOOR));
                differs(&differences, 0.95, 0.0)
            });
            plain.at_most(0.05);
            let mut outcomes = beyond_floor.into_iter();
            tally(&format!("{name}, floor 1 %"), series, |_| outcomes.next().unwrap()).at_most(0.05);
        }
    }
}

/// Whether Holm's procedure tells at least one of `candidates` identical configurations from the base.
fn any_in_family(source: &mut Source, candidates: usize, floor: f64) -> bool {
    let figures = blocks(source, 10, &vec![0.0; candidates + 1], Noise::Spikes, DEVIATION);
    let differences: Vec<Vec<f64>> = figures[1..].iter().map(|one| log_ratios(&figures[0], one)).collect();
    let p: Vec<f64> = differences
        .iter()
        .map(|one| signed_rank::p_value_beyond(one, floor).unwrap())
        .collect();
    let levels = holm::levels(&p, 0.05);
    differences
        .iter()
        .zip(levels)
        .any(|(one, level)| differs(one, 1.0 - level, floor))
}

#[test]
fn many_identical_configurations_under_holm() {
    for (candidates, series) in [(6, 500), (24, 250)] {
        let name = format!("A/A, {candidates} against one, 10 blocks, drift and spikes, Holm");
        tally(&format!("{name}, floor 0"), series, |source| {
            any_in_family(source, candidates, 0.0)
        })
        .at_most(0.05);
    }
}

/// Six configurations whose true difference is exactly the floor, none of them beyond it.
#[test]
fn holms_steps_follow_the_test_against_the_floor() {
    let family = |source: &mut Source, against_floor: bool| {
        let mut effects = vec![FLOOR; 7];
        effects[0] = 0.0;
        let figures = blocks(source, 12, &effects, Noise::Normal, 0.002);
        let differences: Vec<Vec<f64>> = figures[1..].iter().map(|one| log_ratios(&figures[0], one)).collect();
        let p = |one: &Vec<f64>| {
            let floor = if against_floor { FLOOR } else { 0.0 };
            signed_rank::p_value_beyond(one, floor).unwrap()
        };
        let levels = holm::levels(&differences.iter().map(p).collect::<Vec<_>>(), 0.05);
        differences
            .iter()
            .zip(levels)
            .any(|(one, level)| differs(one, 1.0 - level, FLOOR))
    };
    let name = "six true differences of exactly the floor, Holm by p against";
    tally(&format!("{name} the floor"), 500, |source| family(source, true)).at_most(0.05);
    tally(&format!("{name} 0"), 500, |source| family(source, false));
}

/// The way that is not taken: all trials of the one, then all of the other.
#[test]
fn one_after_the_other_mistakes_drift_for_a_difference() {
    let sequential = |source: &mut Source, count: usize| {
        let drift = SlowDrift::draw(source);
        let mut all: Vec<f64> = (0..2 * count)
            .map(|trial| drift.at(trial) + source.noise(Noise::Normal, 0.01))
            .collect();
        let later = all.split_off(count);
        rank_sum::p_value(&all, &later).unwrap() <= 0.05
    };
    let share = tally("A/A, ten of the one, then ten of the other, drift", 500, |source| {
        sequential(source, 10)
    })
    .share();
    assert!(
        share > 0.2,
        "the drift that pairs are protected from is hardly there: {share}"
    );
    let paired = |source: &mut Source| {
        let figures = blocks(source, 10, &[0.0, 0.0], Noise::Normal, 0.01);
        differs(&log_ratios(&figures[0], &figures[1]), 0.95, 0.0)
    };
    tally("A/A, the same in ten blocks", 2_000, paired).at_most(0.055);
}

#[test]
fn a_warning_of_drift_is_rare_without_one() {
    for count in [10, 20] {
        for noise in [Noise::Normal, Noise::Spikes] {
            let warns = |values: Vec<f64>| Drift::of(&values).unwrap().is_beyond_chance();
            tally(
                &format!("drift warning, {count} trials, none, {noise:?}"),
                1_000,
                |source| warns((0..count).map(|_| source.noise(noise, 0.01)).collect()),
            )
            .at_most(0.015);
            let drifting = tally(
                &format!("drift warning, {count} trials, 6 % drift, {noise:?}"),
                500,
                |source| {
                    let slope = 0.06 / count as f64;
                    warns(
                        (0..count)
                            .map(|trial| slope * trial as f64 + source.noise(noise, 0.01))
                            .collect(),
                    )
                },
            );
            assert!(drifting.share() > 0.3);
        }
    }
}
