//! How long merging an interval log takes: 10,000 intervals of some 1,000 values each.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kpbench::report::interval_logs;
use kpbench::stats::{hgrm, histogram};
use kpbench::store::interval_log::{self, Selection};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

const INTERVALS: u32 = 10_000;
const VALUES: u32 = 1_000;

/// Two tags, and latencies over four decades, in µs: as a paced trial logs them.
fn log() -> String {
    let mut random = StdRng::seed_from_u64(1);
    let mut text = String::from("#[StartTime: 1700000000.000 (seconds since epoch)]\n");
    for interval in 0..INTERVALS {
        let mut values = histogram::empty();
        for _ in 0..VALUES {
            values.saturating_record(10_f64.powf(random.random_range(2.0..6.0)) as u64);
        }
        let tag = ["service", "response"][interval as usize % 2];
        let encoded = histogram::encode(&values);
        writeln!(text, "Tag={tag},{}.000,1.000,1.000,{encoded}", interval / 2).expect("writing to memory cannot fail");
    }
    text
}

fn bench(criterion: &mut Criterion) {
    let text = log();
    let all = Selection::default();
    let mut group = criterion.benchmark_group("hdr");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(INTERVALS)));
    group.bench_function("merge 10,000 intervals", |bencher| {
        bencher.iter(|| {
            let log = interval_log::read("log", black_box(text.as_bytes()), &all).expect("a log");
            interval_logs::merge(&[log]).expect("a sum")
        });
    });
    group.finish();
    let log = interval_log::read("log", text.as_bytes(), &all).expect("a log");
    criterion.bench_function("hdr/print .hgrm", |bencher| {
        bencher.iter(|| hgrm::render(black_box(log.series[0].sum.histogram()), 1.0));
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
