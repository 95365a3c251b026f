//! Micro-benchmarks of what is paid per record or per burst: `cargo bench --bench micro`.

use std::hint::black_box;
use std::time::Instant;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hdrhistogram::Histogram;
use kpbench::load::{PayloadPool, Schedule, Times};
use kpbench::measure::{Collector, LatencyKinds, SendTag, Timeline, TrialClock};
use kpbench::protocol::{Arrival, Content, Payload, Size};
use kpbench::stats::histogram;

/// Records in one delivery event.
const BATCH: u64 = 1_000;
/// Records in one send call.
const BURST: u64 = 256;
/// A moment well inside the window.
const NOW_US: u64 = 10_000_000;

/// A collector whose window lasts as long as any benchmark, in one interval: recorders then never hand over.
fn collector(paced: bool, recorded: bool) -> Collector {
    let hour_ms = 3_600_000;
    let kinds = LatencyKinds {
        paced,
        recorded,
        acknowledged: true,
        listed: false,
    };
    Collector::new(
        TrialClock::starting_at(Instant::now()),
        Timeline::new(0, hour_ms, hour_ms),
        kinds,
    )
}

/// Latencies as a loaded broker gives them: between 2 and 40 ms, differing from record to record.
fn latency_us(k: u64) -> u64 {
    2_000 + k.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 38_000
}

/// Tags of a batch acknowledged at [`NOW_US`]: a burst of records shares its entry where the load is not paced.
fn acknowledged_tags(paced: bool) -> Vec<SendTag> {
    let tag = |k: u64| {
        if paced {
            let due_us = NOW_US - latency_us(k);
            SendTag::new(due_us, due_us + k % 100)
        } else {
            let entry_us = NOW_US - latency_us(k / BURST);
            SendTag::new(entry_us, entry_us)
        }
    };
    (0..BATCH).map(tag).collect()
}

fn recorders(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("recorder");
    group.throughput(Throughput::Elements(BATCH));
    for (name, paced, recorded) in [
        ("acknowledgements/unpaced", false, true),
        ("acknowledgements/paced", true, true),
        ("acknowledgements/counted only", false, false),
    ] {
        let collector = collector(paced, recorded);
        let mut recorder = collector.hub().ack_recorder();
        let tags = acknowledged_tags(paced);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                recorder.begin_batch_at(NOW_US);
                for tag in black_box(&tags) {
                    recorder.acknowledged(*tag, 100);
                }
                recorder.end_batch();
            });
        });
    }
    group.throughput(Throughput::Elements(BURST));
    for (name, paced) in [("send calls/unpaced", false), ("send calls/paced", true)] {
        let collector = collector(paced, true);
        let mut recorder = collector.hub().send_recorder();
        let tags: Vec<SendTag> = (0..BURST)
            .map(|k| SendTag::new(NOW_US - if paced { k } else { 0 }, NOW_US))
            .collect();
        group.bench_function(name, |bencher| {
            bencher.iter(|| recorder.send_call(black_box(&tags), BURST, NOW_US + 50));
        });
    }
    group.finish();
}

fn tags(criterion: &mut Criterion) {
    criterion.bench_function("tag/make and read", |bencher| {
        bencher.iter(|| {
            let tag = SendTag::from_bits(SendTag::new(black_box(NOW_US), black_box(NOW_US + 17)).to_bits());
            (tag.intended_us(), tag.entry_us())
        });
    });
}

fn payloads(criterion: &mut Criterion) {
    let payload = |content: Content, bytes: u32| Payload {
        size: Size::Fixed { bytes },
        content,
    };
    let mut group = criterion.benchmark_group("payload pool");
    group.sample_size(10);
    for (name, content) in [
        ("random", Content::Random),
        ("ratio 4", Content::Ratio { ratio: 4.0 }),
        ("text", Content::Text),
        ("json", Content::Json),
    ] {
        let payload = payload(content, 1_000);
        group.bench_function(format!("create/{name}"), |bencher| {
            bencher.iter_batched(
                || (),
                |()| PayloadPool::new(&payload, 1_000_000, 1).expect("generated"),
                BatchSize::PerIteration,
            );
        });
    }
    group.sample_size(100);
    let pool = PayloadPool::new(&payload(Content::Random, 100), 1_000_000, 1).expect("generated");
    let mut cursor = pool.cursor(0, 1);
    group.throughput(Throughput::Elements(BURST));
    group.bench_function("walk/100 B", |bencher| {
        bencher.iter(|| (0..BURST).map(|_| cursor.next_value().len()).sum::<usize>());
    });
    group.finish();
}

fn pacing(criterion: &mut Criterion) {
    let times = Times {
        warmup_ms: 1_000,
        measure_ms: 60_000,
        seed: 1,
    };
    let rate_per_s = 333_333.0;
    let patterns = [
        ("due", Arrival::Constant { rate_per_s }),
        ("poisson", Arrival::Poisson { rate_per_s }),
        (
            "ramp",
            Arrival::Ramp {
                from_per_s: 1_000.0,
                to_per_s: rate_per_s,
                over_ms: None,
            },
        ),
    ];
    for (name, arrival) in patterns {
        let schedule = Schedule::new(&arrival, times).expect("can be paced").expect("paced");
        criterion.bench_function(&format!("pacing/{name}"), |bencher| {
            let mut slots = schedule.sender(0, 1);
            bencher.iter(|| {
                slots.advance();
                black_box(slots.due_us())
            });
        });
    }
}

fn percentiles(criterion: &mut Criterion) {
    let filled = |count: u64| {
        let mut histogram: Histogram<u64> = histogram::empty();
        (0..count).for_each(|k| histogram.saturating_record(latency_us(k)));
        histogram
    };
    let (one, other) = (filled(1_000_000), filled(900_000));
    let encoded = histogram::encode(&one);
    let mut group = criterion.benchmark_group("percentiles");
    group.bench_function("p99.9 of a million", |bencher| {
        bencher.iter(|| histogram::percentile(black_box(&one), black_box(10), 0.999));
    });
    group.bench_function("encode", |bencher| bencher.iter(|| histogram::encode(black_box(&one))));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| histogram::decode(black_box(&encoded)))
    });
    group.bench_function("merge", |bencher| {
        bencher.iter_batched_ref(|| one.clone(), |sum| sum.add(black_box(&other)), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, recorders, tags, payloads, pacing, percentiles);
criterion_main!(benches);
