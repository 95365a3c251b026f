//! How long `kpbench compare` takes on two stored runs of 200 configurations × 20 blocks: the whole process, reading
//! included.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use kpbench::store::RunDirectory;
use synthetic::Run;

fn store(path: &Path, created_at: &str) {
    let sizes: Vec<String> = (1..=20).map(|size| (size * 10_000).to_string()).collect();
    let lingers: Vec<String> = (0..10).map(|linger| linger.to_string()).collect();
    let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
    let lingers: Vec<&str> = lingers.iter().map(String::as_str).collect();
    let mut run = Run::grid(&[("batch.size", &sizes), ("linger.ms", &lingers)], 20);
    // Two runs never begin at the same moment: that would be a run and its copy.
    run.manifest.created_at = created_at.parse().expect("a time");
    let mut stored = RunDirectory::create(path, &run.manifest).expect("a new run directory");
    run.trials
        .iter()
        .for_each(|trial| stored.append(trial).expect("an appended trial"));
}

fn bench(criterion: &mut Criterion) {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let (base, candidate) = (temporary.path().join("base"), temporary.path().join("candidate"));
    store(&base, "2026-03-01T12:00:00Z");
    store(&candidate, "2026-03-02T12:00:00Z");
    let mut group = criterion.benchmark_group("compare/200x20");
    group.sample_size(10).measurement_time(Duration::from_secs(20));
    group.bench_function("the whole process", |bencher| {
        bencher.iter(|| {
            let status = Command::new(env!("CARGO_BIN_EXE_kpbench"))
                .arg("compare")
                .args([&base, &candidate])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .expect("kpbench starts");
            assert!(status.success());
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
