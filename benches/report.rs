//! How long a report on a large run takes: 1,000 configurations × 5 trials, from stored trials to all its files.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use kpbench::report;
use kpbench::store::RunDirectory;
use synthetic::Run;

fn large() -> Run {
    let sizes: Vec<String> = (1..=20).map(|size| (size * 10_000).to_string()).collect();
    let lingers: Vec<String> = (0..10).map(|linger| linger.to_string()).collect();
    let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
    let lingers: Vec<&str> = lingers.iter().map(String::as_str).collect();
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    Run::grid(
        &[
            ("batch.size", &sizes),
            ("linger.ms", &lingers),
            ("compression.type", &codecs),
        ],
        5,
    )
}

fn bench(criterion: &mut Criterion) {
    let run = large();
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = temporary.path().join("run");
    let mut stored = RunDirectory::create(&directory, &run.manifest).expect("a new run directory");
    run.trials
        .iter()
        .for_each(|trial| stored.append(trial).expect("an appended trial"));
    drop(stored);

    let mut group = criterion.benchmark_group("report/1000x5");
    group.sample_size(10).measurement_time(Duration::from_secs(20));
    group.bench_function("summary", |bencher| {
        bencher.iter(|| black_box(report::summarize(&run.manifest, &run.trials)));
    });
    group.bench_function("page", |bencher| {
        bencher.iter(|| black_box(report::page(&run.manifest, &run.trials).expect("a page")));
    });
    group.bench_function("all files", |bencher| {
        bencher.iter_batched(
            || (),
            |()| black_box(report::write(&directory).expect("a report")),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    let page = std::fs::metadata(directory.join(report::HTML_FILE))
        .expect("report.html")
        .len();
    println!("report.html: {page} bytes");
}

criterion_group!(benches, bench);
criterion_main!(benches);
