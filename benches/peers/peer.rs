//! Who is compared: how each is told the same work, and where each says how it went.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use kpbench::protocol::{
    Arrival, ClientKind, Content, METADATA_TIMEOUT_MS, PROTOCOL_VERSION, Payload, Records, SendMode, Size, TrialEvent,
    TrialResult, TrialSpec, Workload,
};

use super::combination::{Combination, LINGER_MS, PARTITIONS, QUEUE_RECORDS};

/// `max.in.flight.requests.per.connection`, Java's default: librdkafka's is 1,000,000.
pub const IN_FLIGHT: u32 = 5;
/// What `kafka-run-class.sh` and `kafka-producer-perf-test.sh` give their JVM.
const JVM_FLAGS: &[&str] = &[
    "-server",
    "-Xmx512M",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/// One of those compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// kpbench with this client.
    Kpbench(ClientKind),
    /// librdkafka's own benchmark as it is: one buffer for every record, never copied.
    RdkafkaPerformance,
    /// The same with `-D`: it copies the payload of every record, as kpbench's clients do.
    RdkafkaPerformanceCopying,
    /// Kafka's own benchmark, with the Java client.
    ProducerPerformance,
    /// No client: requests made beforehand, one batch in each.
    BareRequests,
}

impl Peer {
    /// All, the one that the others are compared with first.
    pub const ALL: [Peer; 7] = [
        Peer::Kpbench(ClientKind::Librdkafka),
        Peer::RdkafkaPerformance,
        Peer::RdkafkaPerformanceCopying,
        Peer::ProducerPerformance,
        Peer::Kpbench(ClientKind::RustBase),
        Peer::Kpbench(ClientKind::RustFuture),
        Peer::BareRequests,
    ];

    /// Its name in tables.
    pub fn name(self) -> String {
        match self {
            Peer::Kpbench(client) => format!("kpbench ({client})"),
            Peer::RdkafkaPerformance => "rdkafka_performance".to_owned(),
            Peer::RdkafkaPerformanceCopying => "rdkafka_performance -D".to_owned(),
            Peer::ProducerPerformance => "kafka-producer-perf-test".to_owned(),
            Peer::BareRequests => "(bare requests)".to_owned(),
        }
    }
}

/// Where the programs are.
pub struct Programs {
    /// `kpbench`.
    pub kpbench: PathBuf,
    /// `rdkafka_performance`.
    pub rdkafka_performance: PathBuf,
    /// `java`.
    pub java: PathBuf,
    /// Directory of Kafka's jars.
    pub jars: PathBuf,
    /// Directory for the payload files of `kafka-producer-perf-test`.
    pub work: PathBuf,
    /// This benchmark.
    pub this: PathBuf,
}

/// How much to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// So many records.
    Records(u64),
    /// For so many ms.
    Millis(u64),
}

/// One run to be made.
pub struct Job<'a> {
    /// Settings.
    pub combination: Combination,
    /// How much.
    pub amount: Amount,
    /// A topic that exists.
    pub topic: &'a str,
    /// Where the broker is.
    pub bootstrap_servers: &'a str,
    /// False only for the question what recording costs.
    pub record_latencies: bool,
    /// Seed of kpbench's payloads.
    pub seed: u64,
}

/// What a program says of its run.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Records acknowledged.
    pub acknowledged: u64,
    /// From the first send to the last acknowledgement, in s.
    pub seconds: f64,
}

impl Programs {
    /// The command, and what goes to its standard input.
    pub fn command(&self, peer: Peer, job: &Job<'_>) -> anyhow::Result<(Command, String)> {
        match peer {
            Peer::Kpbench(client) => {
                let mut command = Command::new(&self.kpbench);
                command.arg("trial");
                Ok((command, serde_json::to_string(&spec(client, job)?)? + "\n"))
            }
            Peer::RdkafkaPerformance => Ok((self.rdkafka_performance(job, false)?, String::new())),
            Peer::RdkafkaPerformanceCopying => Ok((self.rdkafka_performance(job, true)?, String::new())),
            Peer::ProducerPerformance => Ok((self.producer_performance(job)?, String::new())),
            Peer::BareRequests => Ok((self.bare_requests(job)?, String::new())),
        }
    }

    fn rdkafka_performance(&self, job: &Job<'_>, copying: bool) -> anyhow::Result<Command> {
        let mut command = Command::new(&self.rdkafka_performance);
        // -q: without it, it prints its progress.
        command.args(["-P", "-q", "-t", job.topic, "-b", job.bootstrap_servers]);
        if copying {
            command.arg("-D");
        }
        command.args(["-s", &job.combination.record_size.to_string()]);
        command.args(["-c", &records(job)?.to_string()]);
        for (name, value) in librdkafka_properties(&job.combination) {
            command.arg("-X").arg(format!("{name}={value}"));
        }
        Ok(command)
    }

    fn producer_performance(&self, job: &Job<'_>) -> anyhow::Result<Command> {
        let Combination {
            record_size,
            acks,
            batch_size,
        } = job.combination;
        let mut command = Command::new(&self.java);
        command
            .args(JVM_FLAGS)
            .arg("-cp")
            .arg(self.jars.join("*"))
            .arg("org.apache.kafka.tools.ProducerPerformance");
        command.args([
            "--bootstrap-server",
            job.bootstrap_servers,
            "--topic",
            job.topic,
            "--throughput",
            "-1",
        ]);
        command.args(["--num-records", &records(job)?.to_string()]);
        command.arg("--payload-file").arg(self.payload_file(record_size));
        command.arg("--command-property");
        command.args([
            format!("acks={acks}"),
            format!("batch.size={batch_size}"),
            format!("buffer.memory={}", job.combination.buffer_memory()),
            "compression.type=none".to_owned(),
            "enable.idempotence=false".to_owned(),
            format!("linger.ms={LINGER_MS}"),
            format!("max.in.flight.requests.per.connection={IN_FLIGHT}"),
        ]);
        Ok(command)
    }

    /// This benchmark itself, as the program that sends them.
    fn bare_requests(&self, job: &Job<'_>) -> anyhow::Result<Command> {
        let Amount::Millis(millis) = job.amount else {
            bail!("bare requests are given a time");
        };
        let mut command = Command::new(&self.this);
        command.args(["--bare-requests", job.bootstrap_servers, job.topic]);
        command.args([job.combination.to_string(), millis.to_string()]);
        Ok(command)
    }

    /// Where `kafka-producer-perf-test` finds records of this size.
    pub fn payload_file(&self, record_size: u32) -> PathBuf {
        self.work.join(format!("payload-{record_size}.txt"))
    }
}

fn records(job: &Job<'_>) -> anyhow::Result<u64> {
    match job.amount {
        Amount::Records(records) => Ok(records),
        Amount::Millis(_) => bail!("this program is given a number of records"),
    }
}

/// The same for kpbench and `rdkafka_performance`.
fn librdkafka_properties(combination: &Combination) -> BTreeMap<String, String> {
    [
        ("acks", combination.acks.to_string()),
        ("batch.size", combination.batch_size.to_string()),
        ("compression.type", "none".to_owned()),
        ("enable.idempotence", "false".to_owned()),
        ("linger.ms", LINGER_MS.to_string()),
        ("max.in.flight.requests.per.connection", IN_FLIGHT.to_string()),
        ("queue.buffering.max.kbytes", "2097151".to_owned()),
        ("queue.buffering.max.messages", QUEUE_RECORDS.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn spec(client: ClientKind, job: &Job<'_>) -> anyhow::Result<TrialSpec> {
    let Amount::Millis(measure_ms) = job.amount else {
        bail!("kpbench is given a time");
    };
    let mut properties = librdkafka_properties(&job.combination);
    properties.insert("bootstrap.servers".to_owned(), job.bootstrap_servers.to_owned());
    Ok(TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "peers".to_owned(),
        topic: job.topic.to_owned(),
        partitions: PARTITIONS,
        properties,
        acks: job.combination.acks,
        workload: Workload {
            send_mode: SendMode::Async,
            send_concurrency: 1,
            client,
            producers: 1,
            arrival: Arrival::Unpaced,
            payload: Payload {
                size: Size::Fixed {
                    bytes: job.combination.record_size,
                },
                content: Content::Random,
            },
            records: Records::default(),
            serialization: None,
        },
        registry: BTreeMap::new(),
        max_block_ms: 60_000,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        // No warm-up: the others have none, and the whole process is counted.
        warmup_ms: 0,
        measure_ms,
        drain_timeout_ms: 30_000,
        // As a sweep asks for.
        interval_ms: 1_000.min((measure_ms / 5).max(100)),
        statistics_interval_ms: 200,
        seed: job.seed,
        record_latencies: job.record_latencies,
    })
}

/// What `peer` said, from its standard output.
pub fn told(peer: Peer, stdout: &str) -> anyhow::Result<Told> {
    match peer {
        Peer::Kpbench(_) => told_by_kpbench(stdout),
        Peer::RdkafkaPerformance | Peer::RdkafkaPerformanceCopying => told_by_rdkafka_performance(stdout),
        Peer::ProducerPerformance => told_by_producer_performance(stdout),
        Peer::BareRequests => told_by_bare_requests(stdout),
    }
}

/// The result in a trial process's output, and how long it waited for metadata, in ms.
fn trial_result(stdout: &str) -> anyhow::Result<(TrialResult, f64)> {
    let mut waited_ms = 0.0;
    for line in stdout.lines() {
        match serde_json::from_str(line).context("read a trial event")? {
            TrialEvent::Ready { metadata_wait_ms, .. } => waited_ms = metadata_wait_ms,
            TrialEvent::Result(result) => return Ok((*result, waited_ms)),
            TrialEvent::Failed { cause } => bail!("the trial failed: {cause}"),
            _ => {}
        }
    }
    bail!("the trial ended without a result")
}

fn told_by_kpbench(stdout: &str) -> anyhow::Result<Told> {
    let (result, waited_ms) = trial_result(stdout)?;
    let counts = &result.counts;
    ensure!(
        counts.failed == 0 && counts.undecided == 0,
        "{} records failed, {} undecided",
        counts.failed,
        counts.undecided
    );
    Ok(Told {
        acknowledged: counts.acknowledged,
        // The others' clocks run while they wait for metadata; so does this one.
        seconds: waited_ms / 1e3 + result.window_s + result.drain_ms / 1e3,
    })
}

/// `% 100 messages produced (1000 bytes), 100 delivered (offset 0, 0 failed) in 15ms: 6666 msgs/s and …`
fn told_by_rdkafka_performance(stdout: &str) -> anyhow::Result<Told> {
    let line = stdout.lines().rev().find(|line| line.contains(" messages produced "));
    let line = line.context("rdkafka_performance printed no summary")?;
    let number = |after: &str, before: &str| {
        let rest = line.split_once(after)?.1;
        rest.split_once(before)?.0.trim().parse::<u64>().ok()
    };
    let delivered = number("bytes), ", " delivered");
    let milliseconds = number("failed) in ", "ms:");
    let (Some(acknowledged), Some(ms @ 1..)) = (delivered, milliseconds) else {
        bail!("not understood: {line}");
    };
    Ok(Told {
        acknowledged,
        seconds: ms as f64 / 1e3,
    })
}

/// `500000 records sent, 250000.0 records/sec (23.84 MB/sec), 301.2 ms avg latency, …`, the last of them.
fn told_by_producer_performance(stdout: &str) -> anyhow::Result<Told> {
    let line = stdout.lines().rev().find(|line| line.contains(" records sent, "));
    let line = line.context("kafka-producer-perf-test printed no summary")?;
    let parsed = line.split_once(" records sent, ").and_then(|(count, rest)| {
        let rate = rest.split_once(" records/sec")?.0;
        Some((count.trim().parse::<u64>().ok()?, rate.trim().parse::<f64>().ok()?))
    });
    match parsed {
        Some((acknowledged, rate)) if rate > 0.0 => Ok(Told {
            acknowledged,
            seconds: acknowledged as f64 / rate,
        }),
        _ => bail!("not understood: {line}"),
    }
}

/// `16000 records acknowledged in 2.5 s`
fn told_by_bare_requests(stdout: &str) -> anyhow::Result<Told> {
    let mut words = stdout.split_whitespace();
    let acknowledged = words.next().and_then(|word| word.parse().ok());
    let seconds = words.nth(3).and_then(|word| word.parse().ok());
    match (acknowledged, seconds) {
        (Some(acknowledged), Some(seconds)) => Ok(Told { acknowledged, seconds }),
        _ => bail!("not understood: {stdout}"),
    }
}

/// A command line as a shell would take it.
pub fn shown(command: &Command, input: &str) -> String {
    let mut text = String::new();
    if !input.is_empty() {
        let _ = write!(text, "(echo {}; cat) | ", quoted(input.trim_end()));
    }
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    text + &words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
