//! How often change points are found where nothing changed, and that `docs/trend.md` says so truthfully.

use std::collections::BTreeSet;

use kpbench::stats::change_points::{Noise, Options, POINTS_NEEDED, false_alarms, windowed};
use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const LENGTHS: [usize; 8] = [POINTS_NEEDED, 10, 20, 30, 50, 100, 200, 365];
const NOISES: [Noise; 3] = [Noise::Normal, Noise::Skewed, Noise::Correlated];
const SERIES_PER_SEED: u32 = 100;

/// Twenty seeds, drawn and not chosen.
fn seeds() -> Vec<u64> {
    let mut random = Xoshiro256StarStar::seed_from_u64(0);
    (0..20).map(|_| random.next_u64()).collect()
}

#[test]
fn how_often_it_cries_wolf_is_as_the_docs_say() {
    let docs = include_str!("../docs/trend.md");
    let seeds = seeds();
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), 20);
    let mut missing = Vec::new();
    for points in LENGTHS {
        let mut row = format!("| {points} |");
        for noise in NOISES {
            let flagged: Vec<u32> = seeds
                .iter()
                .map(|seed| false_alarms(points, &Options::default(), noise, SERIES_PER_SEED, *seed).flagged)
                .collect();
            println!("{points} points, {noise:?}: flagged of {SERIES_PER_SEED}, seed by seed: {flagged:?}");
            let share = f64::from(flagged.iter().sum::<u32>()) / f64::from(20 * SERIES_PER_SEED);
            row += &format!(" {:.1} % |", share * 100.0);
        }
        println!("{row}");
        if !docs.contains(&row) {
            missing.push(row);
        }
    }
    assert_eq!(missing, [""; 0], "rows that docs/trend.md does not have");
}

/// The other way round: a change that is there is found, and where it is.
#[test]
fn steps_are_found_as_often_as_the_docs_say() {
    let docs = include_str!("../docs/trend.md");
    let mut missing = Vec::new();
    for (percent, after) in [(5.0, 5), (5.0, 10), (10.0, 5), (10.0, 10), (20.0, 5)] {
        let (mut found, mut near) = (0, 0);
        for seed in seeds() {
            let mut random = Xoshiro256StarStar::seed_from_u64(seed);
            for _ in 0..25 {
                let values = stepped(40, after, percent, &mut random);
                let points = windowed(&values, &Options::default()).unwrap();
                found += u32::from(points.iter().any(|point| point.index.abs_diff(40) <= 2));
                near += u32::from(points.iter().any(|point| point.index == 40));
            }
        }
        let row = format!(
            "| {percent} % | {after} | {:.0} % | {:.0} % |",
            f64::from(found) / 5.0,
            f64::from(near) / 5.0
        );
        println!("{row}");
        if !docs.contains(&row) {
            missing.push(row);
        }
    }
    assert_eq!(missing, [""; 0], "rows that docs/trend.md does not have");
}

/// Forty nights around 100, then so many around 100 − `percent`; standard deviation 3.
fn stepped(before: usize, after: usize, percent: f64, random: &mut Xoshiro256StarStar) -> Vec<f64> {
    let mut uniform = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut value = |level: f64| {
        // Twelve uniform numbers: nearly normal.
        level + 3.0 * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)
    };
    let mut values: Vec<f64> = (0..before).map(|_| value(100.0)).collect();
    values.extend((0..after).map(|_| value(100.0 - percent)));
    values
}
