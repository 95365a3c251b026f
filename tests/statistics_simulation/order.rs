//! Two configurations: does it help to let each be first in half of the blocks, where what comes second fares otherwise?

use kpbench::stats::{median, rank_sum, signed_rank};

use crate::noise::{Noise, SlowDrift, Source};
use crate::tally;

const SERIES: u32 = 1_000;
const DEVIATION: f64 = 0.03;

/// In which blocks the candidate comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    /// By a coin for each.
    Random,
    /// In exactly half of them, in random order.
    Balanced,
}

impl First {
    fn draw(self, source: &mut Source, blocks: usize) -> Vec<bool> {
        let mut first: Vec<bool> = match self {
            First::Random => return (0..blocks).map(|_| source.coin()).collect(),
            First::Balanced => (0..blocks).map(|block| block % 2 == 0).collect(),
        };
        for last in (1..blocks).rev() {
            first.swap(last, (source.uniform() * (last + 1) as f64) as usize);
        }
        first
    }
}

/// Log-ratios of two identical configurations, and in which blocks the candidate was first. What comes second in a block
/// is better by `second`.
fn measured(source: &mut Source, first: First, blocks: usize, noise: Noise, second: f64) -> (Vec<f64>, Vec<bool>) {
    let drift = SlowDrift::draw(source);
    let first = first.draw(source, blocks);
    let ratios = first.iter().enumerate().map(|(block, candidate_first)| {
        let trial = |place: usize, source: &mut Source| {
            drift.at(2 * block + place) + second * place as f64 + source.noise(noise, DEVIATION)
        };
        let (one, other) = (trial(0, source), trial(1, source));
        if *candidate_first { one - other } else { other - one }
    });
    (ratios.collect(), first.clone())
}

/// The interval with the effect of the place taken out: half of the shift between the blocks of either order, of the
/// second trial against the first (G. G. Koch, "The Use of Non-Parametric Methods in the Statistical Analysis of the
/// Two-Period Change-Over Design", Biometrics 28, 1972).
fn change_over(ratios: &[f64], first: &[bool]) -> Option<(f64, f64, f64)> {
    let of = |order: bool| -> Vec<f64> {
        let blocks = ratios.iter().zip(first).filter(|(_, first)| **first == order);
        blocks.map(|(ratio, _)| if order { -ratio } else { *ratio }).collect()
    };
    let (candidate_first, base_first) = (of(true), of(false));
    let interval = rank_sum::interval(&candidate_first, &base_first, 0.95)?;
    let estimate = rank_sum::estimate(&candidate_first, &base_first)?;
    Some((interval.low / 2.0, interval.high / 2.0, estimate / 2.0))
}

struct Found {
    coverage: f64,
    half_width: f64,
    error: f64,
}

fn found(name: &str, mut one: impl FnMut(&mut Source) -> (f64, f64, f64)) -> Found {
    let (mut half_widths, mut squares) = (Vec::new(), 0.0);
    let coverage = tally(name, SERIES, |source| {
        let (low, high, estimate) = one(source);
        half_widths.push((high - low) / 2.0);
        squares += estimate * estimate;
        low <= 0.0 && 0.0 <= high
    })
    .share();
    let found = Found {
        coverage,
        error: (squares / half_widths.len() as f64).sqrt(),
        half_width: median(&half_widths).unwrap(),
    };
    println!(
        "{name}: covered {:.1} %, half-width {:.2} %, error of the estimate {:.2} %",
        100.0 * found.coverage,
        100.0 * found.half_width,
        100.0 * found.error
    );
    found
}

fn by_pairs(blocks: usize, noise: Noise, second: f64, first: First) -> Found {
    let name = format!("order {first:?}, {blocks} blocks, {noise:?}, second {second:+}");
    found(&name, |source| {
        let (ratios, _) = measured(source, first, blocks, noise, second);
        let interval = signed_rank::interval(&ratios, 0.95).unwrap();
        (interval.low, interval.high, signed_rank::estimate(&ratios).unwrap())
    })
}

#[test]
fn a_balanced_order_does_not_narrow_the_intervals() {
    for blocks in [10, 20] {
        for noise in [Noise::Normal, Noise::Spikes] {
            for second in [0.0, 0.01, 0.03] {
                let random = by_pairs(blocks, noise, second, First::Random);
                let balanced = by_pairs(blocks, noise, second, First::Balanced);
                let name =
                    format!("order Balanced and its effect taken out, {blocks} blocks, {noise:?}, second {second:+}");
                found(&name, |source| {
                    let (ratios, first) = measured(source, First::Balanced, blocks, noise, second);
                    change_over(&ratios, &first).unwrap()
                });
                assert!(random.coverage >= 0.94 && balanced.coverage >= 0.94);
                let narrower = balanced.half_width / random.half_width;
                assert!(
                    (0.97..1.2).contains(&narrower),
                    "{blocks} {noise:?} {second}: {narrower}"
                );
            }
        }
    }
}
