//! Scripted twins for the coordinator's tests: a cluster without brokers, and trial programs that are shell scripts.
#![allow(missing_docs, dead_code)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use kpbench::process::Spawner;
use kpbench::profile::{
    AxisSetting, Configuration, Defaults, Order, Profile, RunSettings, TargetSettings, TopicSettings,
};
use kpbench::protocol::*;
use kpbench::run::*;
use kpbench::stats::histogram;
use kpbench::store::{PlannedTrial, RunDirectory, Stopping, TargetDescription, TrialRecord};

/// What the twin of a cluster does and has seen.
#[derive(Default)]
pub struct ClusterScript {
    /// Every call that changes something, in order.
    pub calls: RefCell<Vec<String>>,
    /// Records appended by each trial.
    pub appended_per_trial: Cell<u64>,
    /// Records appended by each trial to each topic beyond its first.
    pub appended_to_others: Cell<u64>,
    /// Records of the one log that all trials write to, where there is one. It has grown by a trial's records only once
    /// its watermarks stand still.
    pub shared_log: Cell<Option<u64>>,
    /// Answers with "refused" to every topic.
    pub refuse_topics: Cell<bool>,
    /// Answers with an error to every request to delete a topic.
    pub keeps_topics: Cell<bool>,
    /// Answers with an error to the request to end.
    pub does_not_stop: Cell<bool>,
    /// How long each poll of watermarks says that it took.
    pub poll_takes: Cell<Duration>,
    /// Calls to `wait_until_reachable` that fail from now on.
    pub unreachable: Cell<u32>,
    /// What each call to `settled_high_watermarks` asked for.
    pub patience: RefCell<Vec<Patience>>,
    /// Calls to `settled_high_watermarks` that fail from now on.
    pub unsettled: Cell<u32>,
    /// Calls to `settled_high_watermarks` that never end from now on.
    pub hangs: Cell<u32>,
    /// What `broker_cpu_us` answers, one after the other; the last one for ever.
    pub cpu_us: RefCell<Vec<u64>>,
    /// Checks of life after which a broker has ended, until it is revived.
    pub dies_after: Cell<Option<u32>>,
    /// Starts that fail from now on: the broker ends again at once.
    pub dies_again: Cell<u32>,
    pub kind: Cell<Option<TargetKind>>,
    /// How many brokers it says to have; one where nothing is set.
    pub brokers: Cell<Option<u32>>,
    /// Its cluster's id.
    pub cluster_id: RefCell<Option<String>>,
}

impl ClusterScript {
    fn note(&self, call: String) {
        self.calls.borrow_mut().push(call);
    }

    pub fn made(&self) -> usize {
        self.calls
            .borrow()
            .iter()
            .filter(|call| call.starts_with("create "))
            .count()
    }

    /// Topics that were made and not deleted.
    pub fn left(&self) -> Vec<String> {
        let calls = self.calls.borrow();
        let deleted: Vec<&str> = calls.iter().filter_map(|call| call.strip_prefix("delete ")).collect();
        let made = calls.iter().filter_map(|call| call.strip_prefix("create "));
        made.filter(|name| !deleted.contains(name)).map(str::to_owned).collect()
    }
}

pub struct Twin {
    script: Rc<ClusterScript>,
    connection: BTreeMap<String, String>,
}

fn failure(message: &str, refused: bool) -> ClusterError {
    ClusterError {
        message: message.to_owned(),
        refused,
    }
}

impl Cluster for Twin {
    fn bootstrap_servers(&self) -> &str {
        "127.0.0.1:1"
    }
    fn connection(&self) -> &BTreeMap<String, String> {
        &self.connection
    }
    fn description(&self) -> TargetDescription {
        TargetDescription {
            kind: self.script.kind.get().unwrap_or(TargetKind::External),
            brokers: self.script.brokers.get().unwrap_or(1),
            software: None,
            cluster_id: self.script.cluster_id.borrow().clone(),
            conditioned_ms: 0,
            local_brokers: None,
        }
    }
    fn broker_cpu_us(&self) -> Option<u64> {
        let mut left = self.script.cpu_us.borrow_mut();
        if left.len() > 1 {
            Some(left.remove(0))
        } else {
            left.first().copied()
        }
    }
    fn check_alive(&self) -> Result<(), ClusterError> {
        match self.script.dies_after.get() {
            Some(0) => Err(failure("node 1 of the local Kafka ended", false)),
            left => {
                self.script.dies_after.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
    fn probe_topic<'a>(&'a self, _: &'a NewTopic) -> BoxFuture<'a, Result<(), ClusterError>> {
        let refused = self.script.refuse_topics.get();
        Box::pin(async move {
            if refused {
                Err(failure("INVALID_REPLICATION_FACTOR", true))
            } else {
                Ok(())
            }
        })
    }
    fn create_topic<'a>(&'a self, topic: &'a NewTopic) -> BoxFuture<'a, Result<(), ClusterError>> {
        self.script.note(format!("create {}", topic.name));
        Box::pin(async { Ok(()) })
    }
    fn delete_topic<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), ClusterError>> {
        if self.script.keeps_topics.get() {
            return Box::pin(async { Err(failure("TOPIC_AUTHORIZATION_FAILED for hunter2", true)) });
        }
        self.script.note(format!("delete {name}"));
        Box::pin(async { Ok(()) })
    }
    fn high_watermarks<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<u64>, ClusterError>> {
        Box::pin(async { Ok(vec![5, self.script.shared_log.get().unwrap_or(0), 2]) })
    }
    fn poll_watermarks<'a>(&'a self, _: &'a [&'a str]) -> BoxFuture<'a, Result<WatermarkPoll, ClusterError>> {
        let now = Instant::now();
        let poll = WatermarkPoll {
            offsets: vec![5, 0, 2],
            asked_at: now,
            answered_at: now + self.script.poll_takes.get(),
        };
        Box::pin(async { Ok(poll) })
    }
    fn settled_high_watermarks<'a>(
        &'a self,
        topics: &'a [&'a str],
        patience: Patience,
    ) -> BoxFuture<'a, Result<Vec<u64>, ClusterError>> {
        self.script.patience.borrow_mut().push(patience);
        let fails = take_one(&self.script.unsettled);
        if take_one(&self.script.hangs) {
            return Box::pin(std::future::pending());
        }
        let appended = self.script.appended_per_trial.get();
        Box::pin(async move {
            tokio::task::yield_now().await;
            let grown = self.script.shared_log.get().map(|before| before + appended);
            self.script.shared_log.set(grown);
            if fails {
                Err(failure("no answer", false))
            } else {
                let others = [5, self.script.appended_to_others.get(), 2].repeat(topics.len() - 1);
                Ok([vec![5, grown.unwrap_or(appended), 2], others].concat())
            }
        })
    }
    fn revive(&self) -> BoxFuture<'_, Result<usize, ClusterError>> {
        self.script.note("revive".to_owned());
        let after = take_one(&self.script.dies_again).then_some(0);
        let dead = self.script.dies_after.replace(after) == Some(0);
        Box::pin(async move { Ok(usize::from(dead)) })
    }
    fn wait_until_reachable(&self, _: Duration) -> BoxFuture<'_, Result<(), ClusterError>> {
        let fails = take_one(&self.script.unreachable) || self.script.dies_after.get() == Some(0);
        Box::pin(async move {
            if fails {
                Err(failure("connection refused, password hunter2", false))
            } else {
                Ok(())
            }
        })
    }
    fn stop(self: Box<Self>) -> BoxFuture<'static, Result<(), ClusterError>> {
        self.script.note("stop".to_owned());
        let fails = self.script.does_not_stop.get();
        Box::pin(async move {
            if fails {
                Err(failure("its data directory is still there", false))
            } else {
                Ok(())
            }
        })
    }
}

fn take_one(left: &Cell<u32>) -> bool {
    let some = left.get() > 0;
    left.set(left.get().saturating_sub(1));
    some
}

/// Starts twins; a mock cluster has a script of its own.
#[derive(Default)]
pub struct TwinStarter {
    pub script: Rc<ClusterScript>,
    pub mock: Rc<ClusterScript>,
    pub starts: RefCell<Vec<TargetKind>>,
    pub fails: Cell<bool>,
}

impl ClusterStarter for TwinStarter {
    fn start<'a>(&'a self, settings: &'a TargetSettings) -> BoxFuture<'a, Result<Box<dyn Cluster>, ClusterError>> {
        Box::pin(async move {
            self.starts.borrow_mut().push(settings.kind);
            if self.fails.get() {
                return Err(failure("SASL: password hunter2 refused", false));
            }
            let script = if settings.kind == TargetKind::Mock {
                &self.mock
            } else {
                &self.script
            };
            script.kind.set(Some(settings.kind));
            Ok(Box::new(Twin {
                script: Rc::clone(script),
                connection: settings.connection.clone(),
            }) as Box<dyn Cluster>)
        })
    }
}

/// What a run told, in short.
#[derive(Default)]
pub struct Heard {
    pub lines: Vec<String>,
    /// Asks the run to stop when this is heard.
    pub cancel_on: Option<(String, CancelSource)>,
}

impl Heard {
    fn hear(&mut self, line: String) {
        self.heed(&line);
        self.lines.push(line);
    }

    fn heed(&self, line: &str) {
        if let Some((_, source)) = self.cancel_on.as_ref().filter(|(on, _)| line.starts_with(on.as_str())) {
            source.cancel();
        }
    }
}

impl Listener for Heard {
    fn target_ready(&mut self, _: &TargetDescription) {
        self.heed("ready");
    }
    fn trial_started(&mut self, trial: &PlannedTrial, _: &Configuration, progress: Progress) {
        self.hear(format!(
            "started {} {}/{}",
            trial.trial_id, progress.done, progress.planned
        ));
    }
    fn trial_phase(&mut self, phase: Phase) {
        self.hear(format!("phase {phase:?}"));
    }
    fn trial_finished(&mut self, record: &TrialRecord, _: &Configuration, _: Progress) {
        self.hear(format!("finished {}", record.planned.trial_id));
    }
    fn conditioning(&mut self, step: usize, steps: usize, label: &str, _: Duration) {
        self.hear(format!("conditioning {step}/{steps} {label}"));
    }
    fn blocks_expected(&mut self, expected: BlocksExpected) {
        self.hear(format!(
            "expected {} after {}, needed {}",
            expected.blocks, expected.done, expected.needed
        ));
    }
    fn looked(&mut self, looked: Looked) {
        let Looked { done, look, blocks, .. } = looked;
        self.hear(format!(
            "looked after {done}: {} of {} open, {blocks} in all",
            look.open, look.figures
        ));
    }
    fn repetition_ended(&mut self, stopping: &Stopping, _: &[Configuration]) {
        self.hear(format!("ended {:?} after {}", stopping.ended, stopping.blocks));
    }
    fn target_lost(&mut self, cause: &str, _: Duration) {
        self.hear(format!("lost {cause}"));
    }
    fn target_back(&mut self) {
        self.hear("back".to_owned());
    }
    fn notice(&mut self, text: &str) {
        self.hear(format!("notice {text}"));
    }
}

/// One test's directory, with a trial program and a request that uses it.
pub struct Bench {
    pub temporary: tempfile::TempDir,
    pub starter: TwinStarter,
    pub request: RunRequest,
}

pub const CLEAN: &str = "read -r spec; cat hello ready started interval ended result";

impl Bench {
    /// Two configurations, three blocks; `script` is what each trial process does. It runs where the files `hello`,
    /// `ready`, `started`, `interval`, `ended`, `result`, `doubtful` and `restarted` (results too)
    /// hold one event each.
    pub fn new(script: &str) -> Bench {
        let temporary = tempfile::tempdir().unwrap();
        write_events(temporary.path());
        let program = temporary.path().join("trial.sh");
        let directory = temporary.path().display();
        fs::write(&program, format!("cd {directory}\n{script}\n")).unwrap();
        let starter = TwinStarter::default();
        starter.script.appended_per_trial.set(3_000);
        starter.mock.appended_per_trial.set(3_000);
        let request = RunRequest {
            profile: profile(),
            command: vec!["kpbench".to_owned(), "--producer=sasl.password=hunter2".to_owned()],
            out: OutDirectory::Fresh(temporary.path().join("run")),
            keep_topics: false,
            question: None,
            held_to: None,
            trial_program: TrialProgram {
                path: PathBuf::from("/bin/sh"),
                arguments: vec![program.into()],
            },
            trial_programs: BTreeMap::new(),
            spawner: Spawner::new().unwrap(),
            client_version: "librdkafka 2.12.1".to_owned(),
            data_directory: None,
            limits: Limits {
                startup: Duration::from_secs(20),
                grace: Duration::from_secs(20),
                stop: Duration::from_secs(20),
                settle: Duration::from_secs(1),
                reachable: Duration::from_secs(1),
                target_return: Duration::from_secs(1),
            },
        };
        Bench {
            temporary,
            starter,
            request,
        }
    }

    pub fn directory(&self) -> PathBuf {
        self.temporary.path().join("run")
    }

    pub fn run(&self) -> Result<RunOutcome, RunError> {
        self.run_heard(&mut Heard::default())
    }

    pub fn run_heard(&self, heard: &mut Heard) -> Result<RunOutcome, RunError> {
        let (_source, cancel) = CancelSource::new();
        self.run_with(heard, &cancel)
    }

    /// Runs, and is asked to stop when a line that begins with `on` is heard.
    pub fn run_until(&self, on: &str) -> (Result<RunOutcome, RunError>, Heard) {
        let (source, cancel) = CancelSource::new();
        let mut heard = Heard {
            cancel_on: Some((on.to_owned(), source)),
            ..Heard::default()
        };
        let outcome = self.run_with(&mut heard, &cancel);
        (outcome, heard)
    }

    pub fn run_with(&self, heard: &mut Heard, cancel: &Cancel) -> Result<RunOutcome, RunError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(execute(&self.request, &self.starter, heard, cancel))
    }

    pub fn resume(&mut self) {
        self.request.out = OutDirectory::Resume(self.directory());
    }

    pub fn records(&self) -> Vec<TrialRecord> {
        RunDirectory::open(&self.directory()).unwrap().trials().unwrap()
    }
}

fn write_events(directory: &Path) {
    let mut latencies = histogram::empty();
    latencies.record_n(1_500, 2_000).unwrap();
    let encoded = histogram::encode(&latencies);
    let events = [
        (
            "hello",
            TrialEvent::Hello {
                protocol_version: PROTOCOL_VERSION,
                client_version: "fake 1".to_owned(),
            },
        ),
        (
            "ready",
            TrialEvent::Ready {
                effective_properties: BTreeMap::from([("sasl.username".to_owned(), "u:hunter2".to_owned())]),
                metadata_wait_ms: 1.0,
            },
        ),
        ("started", TrialEvent::WindowStarted),
        ("interval", TrialEvent::Interval(Box::new(interval(encoded.clone())))),
        ("ended", TrialEvent::WindowEnded),
        ("doubtful", TrialEvent::Result(Box::new(doubtful(encoded.clone())))),
        (
            "restarted",
            TrialEvent::Result(Box::new(TrialResult {
                notes: vec![format!("{CLIENT_REPORTED}1/1 brokers are down")],
                ..doubtful(encoded.clone())
            })),
        ),
        ("result", TrialEvent::Result(Box::new(result(encoded)))),
        (
            "failed",
            TrialEvent::Failed {
                cause: "broker said: hunter2 is wrong".to_owned(),
            },
        ),
    ];
    for (name, event) in events {
        fs::write(
            directory.join(name),
            format!("{}\n", serde_json::to_string(&event).unwrap()),
        )
        .unwrap();
    }
}

fn interval(histogram: String) -> Interval {
    Interval {
        phase: Phase::Window,
        start_s: 0.0,
        length_s: 1.0,
        sent: 2_000,
        acknowledged: 2_000,
        acknowledged_bytes: 200_000,
        failed: 0,
        back_pressure_us: 0,
        cpu_us: 1,
        queue_records: 0,
        queue_bytes: 0,
        latency: IntervalLatency {
            service: Some(WindowedLatency {
                count: 2_000,
                p50_us: 1_500,
                p99_us: 1_500,
                max_us: 1_500,
                histogram: Some(histogram),
            }),
            ..IntervalLatency::default()
        },
        brokers: Vec::new(),
        client: None,
        peak_memory_bytes: None,
        drain: None,
    }
}

pub fn result(histogram: String) -> TrialResult {
    TrialResult {
        window_s: 1.0,
        stopped_early: false,
        counts: Counts {
            attempted: 3_000,
            sent: 3_000,
            acknowledged: 3_000,
            acknowledged_bytes: 300_000,
            ..Counts::default()
        },
        window: WindowCounts {
            attempted: 2_000,
            sent: 2_000,
            acknowledged: 2_000,
            acknowledged_bytes: 200_000,
            acknowledged_first_half: 1_000,
            acknowledged_second_half: 1_000,
            ..WindowCounts::default()
        },
        latencies: Latencies {
            service: Some(LatencyDistribution {
                count: 2_000,
                unresolved: 0,
                max_us: 1_500,
                histogram,
            }),
            ..Latencies::default()
        },
        drain_ms: 1.0,
        client_cpu: CpuTime::default(),
        peak_memory_bytes: 1,
        serialization: None,
        drain: None,
        statistics: None,
        offered: None,
        notes: vec!["a note with hunter2".to_owned()],
    }
}

/// A result with failed records that may have been written.
fn doubtful(histogram: String) -> TrialResult {
    let mut result = result(histogram);
    result.counts.failed = 1;
    result.counts.failed_by_error = vec![FailedCount {
        error: "MSG_TIMED_OUT".to_owned(),
        persistence: PersistenceStatus::PossiblyPersisted,
        count: 1,
    }];
    result
}

pub fn configuration(id: &str, linger_ms: &str) -> Configuration {
    Configuration {
        id: id.to_owned(),
        label: format!("linger.ms={linger_ms}"),
        axes: vec![AxisSetting {
            axis: "linger.ms".to_owned(),
            value: linger_ms.to_owned(),
            number: None,
        }],
        properties: BTreeMap::from([("linger.ms".to_owned(), linger_ms.to_owned())]),
        effective_properties: BTreeMap::from([("linger.ms".to_owned(), linger_ms.to_owned())]),
        max_block_ms: 60_000,
        acks: Acks::All,
        partitions: 3,
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
            records: Records::default(),
            serialization: None,
        },
        warnings: Vec::new(),
    }
}

fn profile() -> Profile {
    Profile {
        name: "sample".to_owned(),
        description: String::new(),
        path: None,
        source_masked: String::new(),
        defaults: Defaults::Librdkafka,
        target: TargetSettings {
            kind: TargetKind::External,
            brokers: 1,
            bootstrap_servers: Some("127.0.0.1:1".to_owned()),
            connection: BTreeMap::from([("sasl.password".to_owned(), "hunter2".to_owned())]),
            broker_config: BTreeMap::new(),
        },
        topic: TopicSettings {
            existing: None,
            replication_factor: 1,
            config: BTreeMap::new(),
        },
        registry: BTreeMap::new(),
        places: BTreeMap::new(),
        run: RunSettings {
            repetitions: 3,
            warmup_ms: 10,
            measure_ms: 10,
            drain_timeout_ms: 10,
            conditioning_ms: 0,
            headroom: false,
            headroom_measure_ms: 10,
            order: Order::Random,
            seed: 1,
            precision: None,
        },
        gate: Default::default(),
        configurations: vec![configuration("c-00000001", "0"), configuration("c-00000002", "5")],
        warnings: Vec::new(),
        secrets: vec!["hunter2".to_owned()],
    }
}
