//! What keys and headers cost: `cargo bench --bench records`.
//!
//! First the work of a sending thread before the client sees a record, in ns per record. Then end to end against
//! librdkafka's mock cluster, unpaced, 100 B values: records with a key and one header against records without either
//! that go to the client one by one too, and, for comparison, through batched calls. To a topic of one partition the
//! records differ in nothing else. Of several partitions, a key spreads records over all at once, while librdkafka keeps
//! those without one to a partition for 10 ms: what the spreading costs is seen where records without key and header go
//! to each partition in turn. As in a run, each trial has a process of its own, and the mock cluster another: a heap that
//! other trials have left in pieces would slow the next down. The arms take turns in every round, and ratios are taken
//! within rounds. An argument is a number of rounds.

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

/// Partitions of the topics that the mock cluster has.
const ONE: u32 = 1;
const SIX: u32 = 6;
/// Records in one send call.
const BURST: usize = 256;
/// First argument of a process that runs one trial.
const TRIAL: &str = "--one-trial";
/// The share of the rate without key and header that records with them are to reach.
const WANTED: f64 = 0.60;

/// What limits the client's queue. What waits in a long one has left the processor's caches when it is sent, and again when
/// it is acknowledged.
#[derive(Clone, Copy, PartialEq)]
struct Queue {
    name: &'static str,
    /// 0: no limit.
    records: &'static str,
    kbytes: &'static str,
}

/// No arm fills it for long: fast, and large enough for the acknowledgements that are on their way.
const SHORT_QUEUE: Queue = Queue {
    name: "30,000 records",
    records: "30000",
    kbytes: "1048576",
};
/// librdkafka's default.
const LIBRDKAFKA_QUEUE: Queue = Queue {
    name: "100,000 records, librdkafka's default",
    records: "100000",
    kbytes: "1048576",
};
/// The one that `defaults = "java"` comes to.
const JAVA_QUEUE: Queue = Queue {
    name: "32 MiB, buffer.memory's default",
    records: "0",
    kbytes: "32768",
};

fn topic(partitions: u32) -> String {
    format!("kpbench-records-{partitions}")
}

fn spec(servers: &str, records: Records, queue: Queue, partitions: u32) -> TrialSpec {
    let properties = [
        ("bootstrap.servers", servers),
        ("linger.ms", "5"),
        ("acks", "1"),
        ("batch.num.messages", "1000000"),
        ("partitioner", "murmur2_random"),
        ("queue.buffering.max.messages", queue.records),
        ("queue.buffering.max.kbytes", queue.kbytes),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "t".to_owned(),
        topic: topic(partitions),
        partitions,
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
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, trial, arm, servers] = &arguments[..]
        && trial == TRIAL
    {
        let arm = arm.parse::<usize>().expect("given below");
        let arm = arms().swap_remove(arm);
        println!("{}", rate(&spec(servers, arm.records, arm.queue, arm.partitions)));
        return;
    }
    let rounds = arguments.iter().find_map(|argument| argument.parse::<usize>().ok());
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
        let stock = RecordStock::new(&spec("", records, SHORT_QUEUE, SIX)).expect("generated");
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

/// One way to send, which takes part in every round.
struct Arm {
    name: &'static str,
    records: Records,
    queue: Queue,
    partitions: u32,
}

/// Names of the arms that are compared.
const BOTH: &str = "key and header, one by one";
const NEITHER: &str = "neither, one by one";
const IN_TURN: &str = "neither, to each partition in turn, one by one";

fn arms() -> Vec<Arm> {
    let dated = |records| Records {
        timestamps: Timestamps::SendCall,
        ..records
    };
    let traced = |records| Records {
        headers: trace_id(),
        ..records
    };
    let with_key = || keyed(uniform(KeyForm::Text));
    let both = || traced(with_key());
    let neither = || dated(Records::default());
    let in_turn = || {
        dated(Records {
            partitioner: Partitioner::RoundRobin,
            ..Records::default()
        })
    };
    let arm = |name, records, queue, partitions| Arm {
        name,
        records,
        queue,
        partitions,
    };
    vec![
        arm(BOTH, both(), SHORT_QUEUE, ONE),
        arm(NEITHER, neither(), SHORT_QUEUE, ONE),
        arm(BOTH, both(), LIBRDKAFKA_QUEUE, ONE),
        arm(NEITHER, neither(), LIBRDKAFKA_QUEUE, ONE),
        arm(BOTH, both(), SHORT_QUEUE, SIX),
        arm(NEITHER, neither(), SHORT_QUEUE, SIX),
        arm(IN_TURN, in_turn(), SHORT_QUEUE, SIX),
        arm("header, one by one", traced(Records::default()), SHORT_QUEUE, SIX),
        arm("key, one by one", dated(with_key()), SHORT_QUEUE, SIX),
        arm("key, batched calls", with_key(), SHORT_QUEUE, SIX),
        arm("neither, batched calls", Records::default(), SHORT_QUEUE, SIX),
        arm(BOTH, both(), LIBRDKAFKA_QUEUE, SIX),
        arm(NEITHER, neither(), LIBRDKAFKA_QUEUE, SIX),
        arm(IN_TURN, in_turn(), LIBRDKAFKA_QUEUE, SIX),
        arm(BOTH, both(), JAVA_QUEUE, SIX),
        arm(NEITHER, neither(), JAVA_QUEUE, SIX),
        arm(IN_TURN, in_turn(), JAVA_QUEUE, SIX),
    ]
}

/// The rate of one arm, in a process of its own.
fn rate_of(arm: usize, servers: &str) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(program)
        .args([TRIAL, &arm.to_string(), servers])
        .output()
        .expect("this program runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.trim().parse().unwrap_or_else(|_| panic!("no rate: {output:?}"))
}

fn end_to_end(rounds: usize) {
    let cluster = MockCluster::new(1).expect("a mock cluster");
    for partitions in [ONE, SIX] {
        cluster
            .create_topic(&topic(partitions), partitions, 1)
            .expect("a topic");
    }
    let (servers, arms) = (cluster.bootstrap_servers(), arms());
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); arms.len()];
    for round in 0..rounds {
        for turn in 0..arms.len() {
            let arm = (turn + round) % arms.len();
            rates[arm].push(rate_of(arm, &servers));
        }
    }
    println!("end to end on the mock cluster, {rounds} rounds:");
    let ratios = |arm: usize, base: usize| {
        let rounds = rates[arm].iter().zip(&rates[base]);
        summary(rounds.map(|(rate, base)| rate / base).collect())
    };
    // The arm of this name with the same queue and topic.
    let beside = |arm: usize, name: &str| {
        let Arm { queue, partitions, .. } = arms[arm];
        arms.iter()
            .position(|other| other.name == name && other.queue == queue && other.partitions == partitions)
    };
    for (place, arm) in arms.iter().enumerate() {
        let base = beside(place, NEITHER).expect("each queue and topic has one");
        let (low, median, high) = ratios(place, base);
        let rate = summary(rates[place].clone()).1;
        println!(
            "  {rate:9.0} records/s  × {median:.2} ({low:.2} to {high:.2})  {}, queue of {}, partitions: {}",
            arm.name, arm.queue.name, arm.partitions
        );
    }
    println!(
        "records with key and header have, of the rate of those with neither ({:.0} % wanted):",
        WANTED * 100.0
    );
    for arm in (0..arms.len()).filter(|arm| arms[*arm].name == BOTH) {
        for (base, how) in [
            (NEITHER, "as librdkafka spreads them"),
            (IN_TURN, "to each partition in turn"),
        ] {
            let Some(base) = beside(arm, base) else { continue };
            let (low, median, high) = ratios(arm, base);
            println!(
                "  {:3.0} % ({:.0} to {:.0})  those with neither go {how}, queue of {}, partitions: {}: {}",
                median * 100.0,
                low * 100.0,
                high * 100.0,
                arms[arm].queue.name,
                arms[arm].partitions,
                if median >= WANTED { "reached" } else { "NOT reached" }
            );
        }
    }
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
