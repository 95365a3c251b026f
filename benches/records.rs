//! What keys and headers cost: `cargo bench --bench records`.
//!
//! First the work of a sending thread before the client sees a record, in ns per record. Then end to end against
//! librdkafka's mock cluster in this process, unpaced, 100 B values: records with a key and one header against records
//! without either that go to the client one by one too, and, for comparison, through batched calls. The arms take turns
//! in every round, and ratios are taken within rounds. An argument is a number of rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use kpbench::client::Outgoing;
use kpbench::client::mock::MockCluster;
use kpbench::load::records::{Burst, RecordStock};
use kpbench::load::{StopFlag, run_trial};
use kpbench::measure::SendTag;
use kpbench::protocol::{
    Acks, Arrival, ClientKind, Content, Header, HeaderContent, Key, KeyForm, METADATA_TIMEOUT_MS, PROTOCOL_VERSION,
    Partitioner, Payload, PayloadPart, Records, SendMode, Size, Timestamps, TrialEvent, TrialSpec, Workload,
};

const TOPIC: &str = "kpbench-records";
const PARTITIONS: u32 = 6;
/// Records in one send call.
const BURST: usize = 256;
/// The share of the rate without key and header that records with them are to reach.
const WANTED: f64 = 0.60;

fn spec(servers: &str, records: Records) -> TrialSpec {
    let properties = [
        ("bootstrap.servers", servers),
        ("linger.ms", "5"),
        ("acks", "1"),
        ("batch.num.messages", "1000000"),
        ("partitioner", "murmur2_random"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "t".to_owned(),
        topic: TOPIC.to_owned(),
        partitions: PARTITIONS,
        properties: properties.map(owned).into_iter().collect(),
        acks: Acks::Leader,
        workload: Workload {
            send_mode: SendMode::Async,
            send_concurrency: 1,
            client: ClientKind::Librdkafka,
            producers: 1,
            arrival: Arrival::Unpaced,
            payload: Payload {
                size: Size::Fixed { bytes: 100 },
                content: Content::Random,
            },
            records,
            serialization: None,
        },
        registry: Default::default(),
        max_block_ms: 60_000,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: 400,
        measure_ms: 1_200,
        drain_timeout_ms: 60_000,
        interval_ms: 200,
        statistics_interval_ms: 100,
        seed: 1,
        record_latencies: true,
    }
}

fn trace_id() -> Vec<Header> {
    vec![Header {
        name: "globalTraceId".to_owned(),
        value: HeaderContent::Uuid,
    }]
}

fn uniform(form: KeyForm) -> Key {
    Key::Uniform { keys: 10_000, form }
}

fn keyed(key: Key) -> Records {
    Records {
        key,
        ..Records::default()
    }
}

fn main() {
    let rounds = std::env::args()
        .filter_map(|argument| argument.parse::<usize>().ok())
        .next();
    making();
    end_to_end(rounds.unwrap_or(7));
}

/// ns per record to make a burst and to lay it out as the client takes it; the best of several repetitions.
fn making() {
    let zipf = |skew| Key::Zipf {
        keys: 10_000,
        skew,
        form: KeyForm::Text,
    };
    let form = KeyForm::Text;
    let part = PayloadPart::Bytes { bytes: 8 };
    let kinds = [
        ("nothing but a value", Records::default()),
        ("key: sequential", keyed(Key::Sequential { form })),
        ("key: uniform, text", keyed(uniform(KeyForm::Text))),
        ("key: uniform, binary", keyed(uniform(KeyForm::Binary))),
        ("key: uniform, uuid", keyed(uniform(KeyForm::Uuid))),
        ("key: zipf, skew 0.99", keyed(zipf(0.99))),
        ("key: zipf, skew 1.5", keyed(zipf(1.5))),
        ("key: first 8 bytes of the payload", keyed(Key::Payload { part })),
        (
            "header: a fresh UUID",
            Records {
                headers: trace_id(),
                ..Records::default()
            },
        ),
        (
            "partition: java-sticky",
            Records {
                partitioner: Partitioner::JavaSticky,
                ..Records::default()
            },
        ),
        (
            "tombstones: 10 %",
            Records {
                tombstones: 0.1,
                ..keyed(Key::Sequential { form })
            },
        ),
    ];
    println!("making a record, ns:");
    for (name, records) in kinds {
        let stock = RecordStock::new(&spec("", records)).expect("generated");
        let mut source = stock.source(0, 0, 1);
        let mut burst = Burst::with_capacity(BURST);
        let tags = [SendTag::new(1, 2); BURST];
        let mut one = || {
            let mut laid_out: Vec<Outgoing<'_>> = Vec::with_capacity(BURST);
            source.fill(&mut burst, &tags);
            burst.outgoing(&tags, &mut laid_out);
            black_box(&laid_out);
            drop(laid_out);
            burst.clear();
        };
        let best = (0..20)
            .map(|_| {
                let started = Instant::now();
                (0..200).for_each(|_| one());
                started.elapsed()
            })
            .min()
            .unwrap_or(Duration::ZERO);
        println!("  {:6.1}  {name}", best.as_nanos() as f64 / (200 * BURST) as f64);
    }
}

/// Records acknowledged per second of the window.
fn rate(spec: &TrialSpec) -> f64 {
    let mut rate = 0.0;
    run_trial(spec, &StopFlag::default(), &mut |event| {
        if let TrialEvent::Result(result) = event {
            rate = result.window.acknowledged as f64 / result.window_s;
        }
    })
    .expect("the mock cluster is here");
    rate
}

fn end_to_end(rounds: usize) {
    let cluster = MockCluster::new(1).expect("a mock cluster");
    cluster.create_topic(TOPIC, PARTITIONS, 1).expect("a topic");
    let dated = Records {
        timestamps: Timestamps::SendCall,
        ..Records::default()
    };
    let arms = [
        (
            "key and header, one by one",
            Records {
                headers: trace_id(),
                ..keyed(uniform(KeyForm::Text))
            },
        ),
        ("neither, one by one", dated.clone()),
        (
            "header, one by one",
            Records {
                headers: trace_id(),
                ..Records::default()
            },
        ),
        (
            "key, one by one",
            Records {
                timestamps: Timestamps::SendCall,
                ..keyed(uniform(KeyForm::Text))
            },
        ),
        ("key, batched calls", keyed(uniform(KeyForm::Text))),
        ("neither, batched calls", Records::default()),
    ];
    let specs = arms.map(|(name, records)| (name, spec(&cluster.bootstrap_servers(), records)));
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); specs.len()];
    for round in 0..rounds {
        for turn in 0..specs.len() {
            let arm = (turn + round) % specs.len();
            rates[arm].push(rate(&specs[arm].1));
        }
    }
    println!("end to end on the mock cluster, {rounds} rounds:");
    for (arm, (name, _)) in specs.iter().enumerate() {
        let ratios = rates[arm].iter().zip(&rates[1]).map(|(rate, base)| rate / base);
        let (low, median, high) = summary(ratios.collect());
        println!(
            "  {:9.0} records/s  × {median:.2} ({low:.2} to {high:.2})  {name}",
            summary(rates[arm].clone()).1
        );
    }
    let ratios = rates[0].iter().zip(&rates[1]).map(|(rate, base)| rate / base);
    let median = summary(ratios.collect()).1;
    let verdict = if median >= WANTED { "reached" } else { "NOT reached" };
    println!(
        "a record with key and header: {:.0} % of the rate of one without, both one by one; {:.0} % wanted: {verdict}",
        median * 100.0,
        WANTED * 100.0
    );
}

/// Smallest, median, largest.
fn summary(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let median = if values.len().is_multiple_of(2) && middle > 0 {
        (values[middle - 1] + values[middle]) / 2.0
    } else {
        values[middle]
    };
    (values[0], median, values[values.len() - 1])
}
