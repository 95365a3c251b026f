//! How long it takes to compare two runs of 200 configurations × 20 blocks in six metrics.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kpbench::stats::{Verdict, holm, rank_sum, signed_rank, verdict};
use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const METRICS: usize = 6;
const CONFIGURATIONS: usize = 200;
const BLOCKS: usize = 20;

/// Log figures of one run: by metric, configuration and block.
fn run(seed: u64) -> Vec<Vec<Vec<f64>>> {
    let mut random = Xoshiro256StarStar::seed_from_u64(seed);
    let mut figure = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 * 0.1;
    let mut blocks = || (0..BLOCKS).map(|_| figure()).collect();
    let mut configurations = || (0..CONFIGURATIONS).map(|_| blocks()).collect();
    (0..METRICS).map(|_| configurations()).collect()
}

/// Paired: test against the floor, Holm's levels within each metric, estimate, interval at that level, verdict.
fn paired(base: &[Vec<Vec<f64>>], candidate: &[Vec<Vec<f64>>]) -> Vec<(f64, Verdict)> {
    let mut verdicts = Vec::with_capacity(METRICS * CONFIGURATIONS);
    for (base, candidate) in base.iter().zip(candidate) {
        let difference = |(base, candidate): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
            base.iter()
                .zip(candidate)
                .map(|(base, candidate)| candidate - base)
                .collect()
        };
        let differences: Vec<Vec<f64>> = base.iter().zip(candidate).map(difference).collect();
        let p: Vec<f64> = differences
            .iter()
            .map(|one| signed_rank::p_value_beyond(one, 0.01).expect("a p-value"))
            .collect();
        for (one, level) in differences.iter().zip(holm::levels(&p, 0.05)) {
            let interval = signed_rank::interval(one, 1.0 - level).expect("an interval");
            let estimate = signed_rank::estimate(one).expect("an estimate");
            verdicts.push((estimate, verdict(&interval, 0.01, true)));
        }
    }
    verdicts
}

/// Unpaired: the same with Mann and Whitney's test.
fn unpaired(base: &[Vec<Vec<f64>>], candidate: &[Vec<Vec<f64>>]) -> Vec<(f64, Verdict)> {
    let mut verdicts = Vec::with_capacity(METRICS * CONFIGURATIONS);
    for (base, candidate) in base.iter().zip(candidate) {
        let pairs: Vec<(&Vec<f64>, &Vec<f64>)> = base.iter().zip(candidate).collect();
        let p: Vec<f64> = pairs
            .iter()
            .map(|(base, candidate)| rank_sum::p_value(base, candidate).expect("a p-value"))
            .collect();
        for ((base, candidate), level) in pairs.into_iter().zip(holm::levels(&p, 0.05)) {
            let interval = rank_sum::interval(base, candidate, 1.0 - level).expect("an interval");
            let estimate = rank_sum::estimate(base, candidate).expect("an estimate");
            verdicts.push((estimate, verdict(&interval, 0.01, true)));
        }
    }
    verdicts
}

fn bench(criterion: &mut Criterion) {
    let (base, candidate) = (run(1), run(2));
    // Figures are printed with three digits by some clients, and percentiles come from buckets: equal ones are common.
    let rounded = |run: &[Vec<Vec<f64>>]| -> Vec<Vec<Vec<f64>>> {
        let blocks = |blocks: &Vec<f64>| blocks.iter().map(|figure| (figure * 1e3).round() / 1e3).collect();
        run.iter().map(|metric| metric.iter().map(blocks).collect()).collect()
    };
    let tied = (rounded(&base), rounded(&candidate));
    let mut group = criterion.benchmark_group("compare/200x20x6");
    group.sample_size(20);
    group.bench_function("paired", |bencher| {
        bencher.iter(|| black_box(paired(&base, &candidate)))
    });
    group.bench_function("unpaired", |bencher| {
        bencher.iter(|| black_box(unpaired(&base, &candidate)))
    });
    group.bench_function("unpaired, with ties", |bencher| {
        bencher.iter(|| black_box(unpaired(&tied.0, &tied.1)))
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
