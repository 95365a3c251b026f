//! How long change points over a history take: up to 10,000 points.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kpbench::stats::change_points::{Options, Permutations, e_divisive, windowed};
use rand_xoshiro::Xoshiro256StarStar;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Noise of 3 %, with a step of 10 % every `every` points.
fn series(points: usize, every: usize) -> Vec<f64> {
    let mut random = Xoshiro256StarStar::seed_from_u64(1);
    (0..points)
        .map(|place| {
            let noise: f64 = (0..12)
                .map(|_| (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64)
                .sum();
            let level = if (place / every).is_multiple_of(2) { 100.0 } else { 90.0 };
            level + 3.0 * (noise - 6.0)
        })
        .collect()
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("change points");
    group.sample_size(20);
    for points in [100, 1_000, 10_000] {
        let (calm, busy) = (series(points, usize::MAX), series(points, 40));
        group.bench_with_input(BenchmarkId::new("windowed, noise", points), &calm, |bencher, values| {
            bencher.iter(|| black_box(windowed(values, &Options::default())));
        });
        group.bench_with_input(
            BenchmarkId::new("windowed, a step every 40", points),
            &busy,
            |bencher, values| {
                bencher.iter(|| black_box(windowed(values, &Options::default())));
            },
        );
    }
    let step = series(100, 50);
    group.bench_function("plain, one step, 999 permutations/100", |bencher| {
        bencher.iter(|| black_box(e_divisive(&step, &Permutations::default())));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
