//! kpbench beside its peers, on this machine: `cargo bench --bench peers [-- --help]`.
//!
//! Compares kpbench's three clients with `rdkafka_performance` and `kafka-producer-perf-test`: interleaved, in a fresh
//! random order per round, on one local broker, every run on a fresh topic, every run's acknowledgements checked against
//! the growth of the high watermarks.

mod bare;
mod broker;
mod build;
mod child;
mod combination;
mod compare;
mod figures;
mod peer;
mod session;
mod table;

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, ensure};
use clap::Parser;
use kpbench::process::Spawner;

use build::Places;
use child::Runner;
use combination::{Combination, LINGER_MS, PARTITIONS, QUEUE_RECORDS};
use compare::{Found, Plan};
use session::Session;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Compares kpbench with rdkafka_performance and kafka-producer-perf-test on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds; below 6 there are no intervals.
    #[arg(long, env = "KPBENCH_PEERS_ROUNDS", default_value_t = 10)]
    rounds: u32,
    /// Only these combinations: words of the label, as in 'record=100 acks=1'; may be repeated.
    #[arg(long, value_name = "LABEL")]
    only: Vec<String>,
    /// Length of one measurement in s; kafka-producer-perf-test gets twice that.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Load on the fresh broker before anything counts, in s.
    #[arg(long, default_value_t = 20.0)]
    conditioning: f64,
    /// Seed of the order and of payloads.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Instead of the peers: what recording every latency costs. Of the first combination, where --only names none.
    #[arg(long)]
    recording_cost: bool,
    /// What a process does that sends bare requests: servers, topic, combination, ms.
    #[arg(long, hide = true, num_args = 4)]
    bare_requests: Vec<String>,
    /// Given by cargo bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let [servers, topic, combination, millis] = &arguments.bare_requests[..] {
        return send_bare_requests(servers, topic, combination, millis);
    }
    if !arguments.bench {
        println!("nothing measured: run it with `cargo bench --bench peers`");
        return ExitCode::SUCCESS;
    }
    match measure(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("{failed} runs failed and are excluded");
            ExitCode::from(4)
        }
        Err(_) if INTERRUPTED.load(Ordering::Relaxed) => {
            eprintln!("interrupted");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn send_bare_requests(servers: &str, topic: &str, combination: &str, millis: &str) -> ExitCode {
    let sent = Combination::of_label(combination)
        .context("no such combination")
        .and_then(|combination| bare::send(servers, topic, combination, millis.parse()?));
    match sent {
        Ok((acknowledged, seconds)) => {
            println!("{acknowledged} records acknowledged in {seconds} s");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the number of failed runs.
fn measure(arguments: &Arguments) -> anyhow::Result<usize> {
    ensure!(arguments.rounds > 0, "no rounds");
    ensure!(
        (0.1..=60.0).contains(&arguments.seconds),
        "--seconds: between 0.1 and 60"
    );
    let mut combinations: Vec<Combination> = Combination::all()
        .into_iter()
        .filter(|one| one.matches(&arguments.only))
        .collect();
    ensure!(!combinations.is_empty(), "--only names no combination");
    if arguments.recording_cost && arguments.only.is_empty() {
        combinations.truncate(1);
    }
    std::thread::spawn(watch_for_interrupts);
    let runner = Runner {
        spawner: Spawner::new()?,
        interrupted: &INTERRUPTED,
    };
    let places = Places::find()?;
    let mut session = Session::start(runner, &places, arguments.seed, arguments.recording_cost)?;
    println!("{}", conditions(arguments, &session, &places));
    let plan = Plan {
        combinations,
        rounds: arguments.rounds,
        seconds: arguments.seconds,
        seed: arguments.seed,
    };
    let outcome = report(arguments, &plan, &mut session, &places);
    session.broker.stop()?;
    outcome
}

fn report(arguments: &Arguments, plan: &Plan, session: &mut Session, places: &Places) -> anyhow::Result<usize> {
    eprintln!("conditioning the broker for {} s", arguments.conditioning);
    session.condition(&plan.combinations, arguments.conditioning)?;
    let mut document = format!(
        "# kpbench beside its peers\n\n{}\n",
        conditions(arguments, session, places)
    );
    let (name, failures) = if arguments.recording_cost {
        let (found, failures) = compare::recording_cost(plan, session)?;
        let table = table::recording(&found);
        println!(
            "\nCPU per record of the whole process, every latency recorded and none recorded; ratio: median [smallest to largest] 95 % interval\n{}",
            table.text()
        );
        let _ = write!(
            document,
            "## What recording every latency costs\n\nCPU per record of the whole process; ratio: median [smallest to largest] 95 % interval of the median.\n\n{}\n",
            table.markdown()
        );
        ("recording-cost.md", failures)
    } else {
        let found = plan.carry_out(session)?;
        print_comparison(&found);
        document += &comparison_document(&found);
        ("results.md", found.failures)
    };
    for failure in &failures {
        println!("failed, excluded: {failure}");
        let _ = writeln!(document, "- failed, excluded: {failure}");
    }
    let path = places.work.join(name);
    std::fs::write(&path, document).with_context(|| format!("write {}", path.display()))?;
    println!("written to {}", path.display());
    Ok(failures.len())
}

fn print_comparison(found: &Found) {
    for (combination, runs) in &found.runs {
        println!("\n{combination}\n{}", table::comparison(runs).text());
    }
    println!("Ratios: median [smallest to largest] 95 % interval of the median\n");
    println!("What is promised\n{}", table::promises(&found.runs).text());
}

fn comparison_document(found: &Found) -> String {
    let mut text = String::new();
    for ((combination, runs), (_, commands)) in found.runs.iter().zip(&found.commands) {
        let _ = write!(
            text,
            "## {combination}\n\n{}\n```sh\n",
            table::comparison(runs).markdown()
        );
        for (_, line) in commands {
            let _ = writeln!(text, "{line}");
        }
        text += "```\n\n";
    }
    let _ = writeln!(
        text,
        "## What is promised\n\n{}",
        table::promises(&found.runs).markdown()
    );
    text
}

/// The machine, what is equal, what is not, and how each figure is obtained.
fn conditions(arguments: &Arguments, session: &Session, places: &Places) -> String {
    let system = sysinfo::System::new_with_specifics(
        sysinfo::RefreshKind::nothing().with_cpu(sysinfo::CpuRefreshKind::nothing()),
    );
    let system = system.as_ref().ok();
    let cpu = system
        .and_then(|system| system.cpus().first())
        .map_or("", |cpu| cpu.brand());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let os = sysinfo::System::long_os_version().unwrap_or_default();
    let kernel = sysinfo::System::kernel_version().unwrap_or_default();
    let lines = [
        format!("Machine: {cores} cores, {}, {os}, kernel {kernel}. Client and broker share them.", cpu.trim()),
        format!(
            "Broker: one local {}, {PARTITIONS} partitions, a fresh topic for every run; loaded for {} s before anything counts.",
            session.broker.software(), arguments.conditioning
        ),
        format!("rdkafka_performance: {}.", places.rdkafka_performance_build()),
        format!(
            "Rounds: {}, each in a fresh random order (seed {}); a ratio is made of two runs of the same round.",
            arguments.rounds, arguments.seed
        ),
        format!(
            "Equal: linger.ms={LINGER_MS}, enable.idempotence=false, compression.type=none, \
             max.in.flight.requests.per.connection=5, and a queue of {QUEUE_RECORDS} records; the Java client's limit is in \
             bytes: buffer.memory = {QUEUE_RECORDS} x the record's size, 32 MB at least, which at 100 B is room for more."
        ),
        "Not equal: librdkafka counts batch.size before, Java after compression (none here); librdkafka puts at most 10,000 \
         records in a batch, Java has no such limit; librdkafka stays with a partition for 10 ms, Java until its batch is full; \
         librdkafka sends one batch per request, Java one per partition."
            .to_owned(),
        "Payload: kpbench sends different random bytes from a pool of 8 MB and more, not copied by its librdkafka client and copied by rust-rdkafka; \
         rdkafka_performance sends one and the same buffer each time, not copied, and with -D a copy of it per record; kafka-producer-perf-test sends one of 10,000 \
         random lines of its payload file (without a file it would make every record anew, byte by byte)."
            .to_owned(),
        format!(
            "Amount: kpbench sends for {} s; the others a number of records that takes about as long, found by a run before \
             (kafka-producer-perf-test: twice as long, since the JVM compiles itself in the first second, which counts).",
            arguments.seconds
        ),
        "Throughput: acknowledged records ÷ time from the first send to the last acknowledgement, the wait for metadata \
         included, since the first send call of the two others begins with it. kpbench: without warm-up, wait for metadata + \
         window + drain; rdkafka_performance and kafka-producer-perf-test: their own final lines."
            .to_owned(),
        "CPU per record: user + system time of the whole process (wait4), its start and end included, ÷ acknowledged records. \
         kpbench records every latency; rdkafka_performance records none; kafka-producer-perf-test keeps a sample of at most 500,000."
            .to_owned(),
        "(bare requests): no client, but this benchmark sending requests that were made beforehand, each with one full batch, \
         five in flight on one connection: what the broker takes from a client that costs next to nothing and sends one batch \
         per request."
            .to_owned(),
        "Every run: acknowledged records = growth of the high watermarks, else it is reported as failed and excluded.".to_owned(),
    ];
    lines.map(|line| format!("- {line}\n")).concat()
}

/// The first Ctrl-C ends the running program and the broker.
fn watch_for_interrupts() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    if let Ok(runtime) = runtime
        && runtime.block_on(tokio::signal::ctrl_c()).is_ok()
    {
        INTERRUPTED.store(true, Ordering::Relaxed);
    }
}
