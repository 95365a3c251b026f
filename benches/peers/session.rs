//! One run of one peer on a fresh topic, checked against what the broker says.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, ensure};
use kpbench::protocol::ClientKind;
use kpbench::target::local::{jars, java};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::broker::Broker;
use super::build::Places;
use super::child::Runner;
use super::combination::Combination;
use super::peer::{self, Amount, Job, Peer, Programs};

/// Records in a payload file. `kafka-producer-perf-test` picks from them; without a file it would make every record
/// anew, byte by byte, which would be charged to the Java client.
const PAYLOAD_FILE_RECORDS: usize = 10_000;
/// Longest run of a program.
const LIMIT: Duration = Duration::from_secs(120);

/// What one run found.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Acknowledged records per second, from the first send to the last acknowledgement.
    pub records_per_s: f64,
    /// User and system time of the whole process per acknowledged record, in µs.
    pub cpu_us_per_record: f64,
}

/// Everything that runs need.
pub struct Session {
    /// The broker.
    pub broker: Broker,
    /// Starts programs.
    pub runner: Runner,
    /// The programs.
    pub programs: Programs,
    /// Seed of payloads.
    pub seed: u64,
}

impl Session {
    /// Builds what is missing and starts the broker.
    pub fn start(runner: Runner, places: &Places, seed: u64, only_kpbench: bool) -> anyhow::Result<Session> {
        std::fs::create_dir_all(&places.work).with_context(|| format!("create {}", places.work.display()))?;
        let rdkafka_performance = if only_kpbench {
            Default::default()
        } else {
            places.rdkafka_performance(&runner)?
        };
        // Gets Kafka's jars where they are not here yet.
        let broker = Broker::start(&runner.spawner)?;
        let installation = match jars::kafka_home() {
            Some(home) => jars::from_kafka_home(&home)?,
            None => jars::cached()?.context("Kafka's jars are gone")?,
        };
        let programs = Programs {
            kpbench: env!("CARGO_BIN_EXE_kpbench").into(),
            rdkafka_performance,
            java: java::find()?.program,
            jars: installation.libs,
            work: places.work.clone(),
            this: std::env::current_exe().context("find this program")?,
        };
        Ok(Session {
            broker,
            runner,
            programs,
            seed,
        })
    }

    /// Writes the payload file of one record size: printable random characters, since the tool reads text.
    pub fn write_payload_file(&self, record_size: u32) -> anyhow::Result<()> {
        let path = self.programs.payload_file(record_size);
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut bytes = Vec::with_capacity(PAYLOAD_FILE_RECORDS * (record_size as usize + 1));
        for _ in 0..PAYLOAD_FILE_RECORDS {
            bytes.extend((0..record_size).map(|_| random.random_range(b'!'..=b'~')));
            bytes.push(b'\n');
        }
        let mut file = std::fs::File::create(&path).with_context(|| format!("create {}", path.display()))?;
        file.write_all(&bytes)
            .with_context(|| format!("write {}", path.display()))
    }

    /// One run. An error is a failed run: not a figure.
    pub fn run(&mut self, peer: Peer, combination: Combination, amount: Amount) -> anyhow::Result<Measurement> {
        self.run_with(peer, combination, amount, true)
    }

    /// One run, with latencies recorded or not.
    pub fn run_with(
        &mut self,
        peer: Peer,
        combination: Combination,
        amount: Amount,
        record_latencies: bool,
    ) -> anyhow::Result<Measurement> {
        let topic = self.broker.create_topic()?;
        let job = Job {
            combination,
            amount,
            topic: &topic,
            bootstrap_servers: self.broker.bootstrap_servers(),
            record_latencies,
            seed: self.seed,
        };
        let outcome = self.measure(peer, &job);
        self.broker.delete_topic(&topic)?;
        outcome
    }

    fn measure(&self, peer: Peer, job: &Job<'_>) -> anyhow::Result<Measurement> {
        let (command, input) = self.programs.command(peer, job)?;
        let finished = self.runner.run(command, &input, LIMIT)?;
        let told = peer::told(peer, &finished.stdout)?;
        let appended = self.broker.appended(job.topic)?;
        ensure!(
            appended == told.acknowledged,
            "{} records acknowledged, but {appended} appended",
            told.acknowledged
        );
        ensure!(told.acknowledged > 0 && told.seconds > 0.0, "nothing was acknowledged");
        if let Amount::Records(records) = job.amount {
            ensure!(
                told.acknowledged == records,
                "{} of {records} records acknowledged",
                told.acknowledged
            );
        }
        Ok(Measurement {
            records_per_s: told.acknowledged as f64 / told.seconds,
            cpu_us_per_record: finished.cpu_us as f64 / told.acknowledged as f64,
        })
    }

    /// The command line of `peer`, as it would be for a topic of this name.
    pub fn shown(&self, peer: Peer, combination: Combination, amount: Amount) -> anyhow::Result<String> {
        let job = Job {
            combination,
            amount,
            topic: "TOPIC",
            bootstrap_servers: self.broker.bootstrap_servers(),
            record_latencies: true,
            seed: self.seed,
        };
        let (command, input) = self.programs.command(peer, &job)?;
        Ok(peer::shown(&command, &input))
    }

    /// Loads the broker through every combination, `seconds` in all, so that its JIT compiler is through before anything
    /// counts.
    pub fn condition(&mut self, combinations: &[Combination], seconds: f64) -> anyhow::Result<()> {
        let each = (seconds * 1e3 / combinations.len().max(1) as f64) as u64;
        if each == 0 {
            return Ok(());
        }
        for combination in combinations {
            self.run(
                Peer::Kpbench(ClientKind::Librdkafka),
                *combination,
                Amount::Millis(each),
            )
            .with_context(|| format!("condition the broker with {combination}"))?;
        }
        Ok(())
    }

    /// Whether Ctrl-C was pressed.
    pub fn interrupted(&self) -> bool {
        self.runner.interrupted.load(std::sync::atomic::Ordering::Relaxed)
    }
}
