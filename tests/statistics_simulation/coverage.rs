//! How often intervals cover the truth.

use kpbench::stats::{Interval, order_statistics, rank_sum, signed_rank};

use crate::noise::{NOISES, Noise, Source, blocks, log_ratios};
use crate::tally;

const SERIES: u32 = 2_000;
const DEVIATION: f64 = 0.03;

/// At least 94 %, and within 1.5 points of the level that the test attains.
fn covers(name: &str, truth: f64, mut interval: impl FnMut(&mut Source) -> Interval) {
    let mut attained = 0.0;
    let tally = tally(name, SERIES, |source| {
        let interval = interval(source);
        attained = interval.confidence;
        interval.contains(truth)
    });
    println!("{name}: attained level {:.2} %", 100.0 * attained);
    tally.at_least(0.94);
    assert!(
        (tally.share() - attained).abs() <= 0.015,
        "{name}: {} and {attained}",
        tally.share()
    );
}

fn sample(source: &mut Source, count: usize, noise: Noise) -> Vec<f64> {
    (0..count).map(|_| source.noise(noise, DEVIATION)).collect()
}

#[test]
fn medians() {
    for noise in NOISES {
        for count in [6, 10, 20] {
            let name = format!("median of {count} trials, {noise:?}");
            covers(&name, noise.median(DEVIATION), |source| {
                order_statistics::median_interval(&sample(source, count, noise), 0.95).unwrap()
            });
        }
    }
}

#[test]
fn paired_ratios_with_drift() {
    let effect = 1.05_f64.ln();
    for noise in NOISES {
        for count in [6, 10, 20] {
            let name = format!("paired ratio, {count} blocks, drift, {noise:?}");
            covers(&name, effect, |source| {
                let figures = blocks(source, count, &[0.0, effect], noise, DEVIATION);
                signed_rank::interval(&log_ratios(&figures[0], &figures[1]), 0.95).unwrap()
            });
        }
    }
}

#[test]
fn unpaired_shifts_without_drift() {
    for noise in NOISES {
        let name = format!("unpaired shift, 10 and 10 trials, {noise:?}");
        covers(&name, 0.05, |source| {
            let base = sample(source, 10, noise);
            let candidate: Vec<f64> = sample(source, 10, noise).iter().map(|value| value + 0.05).collect();
            rank_sum::interval(&base, &candidate, 0.95).unwrap()
        });
    }
}
