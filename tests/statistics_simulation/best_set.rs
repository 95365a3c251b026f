//! The set that cannot be told apart from the best: each configuration against the one of best median, at the level
//! α ÷ (k − 1).

use kpbench::stats::{Verdict, median, signed_rank, verdict};

use crate::noise::{Noise, Source, blocks, log_ratios};
use crate::tally;

/// Which configurations are in the set.
fn best_set(figures: &[Vec<f64>]) -> Vec<bool> {
    let medians: Vec<f64> = figures.iter().map(|one| median(one).unwrap()).collect();
    let best = (0..medians.len())
        .max_by(|&a, &b| medians[a].total_cmp(&medians[b]))
        .unwrap();
    let confidence = 1.0 - 0.05 / (figures.len() - 1) as f64;
    let told_apart = |one: &Vec<f64>| {
        let interval = signed_rank::interval(&log_ratios(&figures[best], one), confidence).unwrap();
        verdict(&interval, 0.0, true) == Verdict::Worse
    };
    figures.iter().map(|one| !told_apart(one)).collect()
}

#[test]
fn the_set_contains_the_best() {
    let cases: [(&str, Vec<f64>); 3] = [
        ("all alike", vec![0.0; 8]),
        ("one better by 1 %", [vec![0.01], vec![0.0; 7]].concat()),
        ("one better by 10 %", [vec![0.1], vec![0.0; 7]].concat()),
    ];
    for (name, effects) in cases {
        let mut size = 0;
        let contains = |source: &mut Source| {
            let set = best_set(&blocks(source, 10, &effects, Noise::Spikes, 0.03));
            size += set.iter().filter(|&&inside| inside).count();
            set[0]
        };
        let name = format!("best set of 8, 10 blocks, drift and spikes, {name}");
        tally(&name, 250, contains).at_least(0.95);
        println!("{name}: mean size {:.1}", size as f64 / 5_000.0);
    }
}
