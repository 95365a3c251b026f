//! What one record costs to serialize, and which Avro library to take: `cargo bench --bench serializers`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kpbench::protocol::{RecordKind, SerializerKind};
use kpbench::serialize::{AvroSchema, LogicalRecords, Serializers};
use serde::Serialize;

/// Records in one send call.
const BURST: u64 = 256;

fn prepared(record: RecordKind, kind: SerializerKind) -> Serializers {
    let records = LogicalRecords::generate(record, 1 << 20, 7);
    let schema = (kind == SerializerKind::Avro).then(|| (AvroSchema::of(record, None).expect("own schema"), 1));
    Serializers::new(records, kind, schema).expect("own records")
}

fn serializers(criterion: &mut Criterion) {
    for record in RecordKind::ALL {
        let mut group = criterion.benchmark_group(format!("serialize/{record}"));
        group.throughput(Throughput::Elements(BURST));
        for kind in [
            SerializerKind::Json,
            SerializerKind::String,
            SerializerKind::Avro,
            SerializerKind::Custom,
        ] {
            let prepared = prepared(*record, kind);
            let mut serializer = prepared.serializer();
            let (mut out, mut n) = (Vec::with_capacity(1 << 20), 0);
            group.bench_function(kind.name(), |bencher| {
                bencher.iter(|| {
                    out.clear();
                    for _ in 0..BURST {
                        serializer.serialize(n, &mut out).expect("seen before");
                        n += 1;
                    }
                    black_box(out.len())
                });
            });
        }
        group.finish();
    }
}

/// Both Avro libraries on the same records, as each writes fastest.
fn avro_libraries(criterion: &mut Criterion) {
    for record in RecordKind::ALL {
        let text = AvroSchema::own(*record);
        let mut group = criterion.benchmark_group(format!("avro library/{record}"));
        group.throughput(Throughput::Elements(BURST));
        let fast: serde_avro_fast::Schema = text.parse().expect("own schema");
        let apache = apache_avro::Schema::parse_str(text).expect("own schema");
        match LogicalRecords::take(*record, 4096, 7) {
            LogicalRecords::CouponIssue(records) => both(&mut group, &records, &fast, &apache),
            LogicalRecords::Order(records) => both(&mut group, &records, &fast, &apache),
        }
        group.finish();
    }
}

fn both<T: Serialize>(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    records: &[T],
    fast: &serde_avro_fast::Schema,
    apache: &apache_avro::Schema,
) {
    let burst = &records[..BURST as usize];
    let mut out = Vec::with_capacity(1 << 20);
    let mut config = serde_avro_fast::ser::SerializerConfig::new(fast);
    group.bench_function("serde_avro_fast", |bencher| {
        bencher.iter(|| {
            out.clear();
            for record in burst {
                serde_avro_fast::to_datum(record, &mut out, &mut config).expect("matches");
            }
            black_box(out.len())
        });
    });
    group.bench_function("apache-avro", |bencher| {
        bencher.iter(|| {
            out.clear();
            for record in burst {
                apache_avro::write_avro_datum_ref(apache, record, &mut out).expect("matches");
            }
            black_box(out.len())
        });
    });
}

criterion_group!(benches, serializers, avro_libraries);
criterion_main!(benches);
