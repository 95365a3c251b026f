//! One trial, against a scripted twin of a client: what each send mode asks of it, and what is measured of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kpbench::client::{
    ClientError, Enqueued, Outgoing, Producer, ProducerSettings, Reports, Room, StatisticsEvent, Verdict,
};
use kpbench::load::{StopFlag, run_trial_with};
use kpbench::measure::{Failure, Hub, SendTag};
use kpbench::protocol::{
    Acks, Arrival, ClientKind, Content, FileSplit, LatencyDistribution, METADATA_TIMEOUT_MS, PROTOCOL_VERSION, Payload,
    PersistenceStatus, Records, SendMode, Size, TrialEvent, TrialResult, TrialSpec, Workload,
};
use kpbench::stats::histogram::{decode, percentile};

/// What the twin does with records.
#[derive(Clone, Copy, PartialEq)]
enum Script {
    /// Acknowledges each soon.
    Acknowledge,
    /// Never says anything.
    Silent,
    /// Fails every third record.
    FailEveryThird,
    /// Has room for one hundred records in all.
    FullAfter100,
    /// Holds every acknowledgement back between these two moments of the trial, in ms.
    Stall(u64, u64),
}

#[derive(Default)]
struct Trace {
    reports: Mutex<Vec<Reports>>,
    enqueued: AtomicU64,
    awaited: AtomicU64,
    threads: Mutex<BTreeSet<usize>>,
}

struct Scripted {
    script: Script,
    trace: Arc<Trace>,
    room: Room,
    hub: Mutex<Option<Arc<Hub>>>,
    held: Arc<Mutex<Vec<(SendTag, usize)>>>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Scripted {
    fn shared(script: Script, trace: &Arc<Trace>) -> Arc<dyn Producer> {
        Arc::new(Self {
            script,
            trace: Arc::clone(trace),
            room: Room::new(None, 100_000),
            hub: Mutex::default(),
            held: Arc::default(),
            stop: Arc::default(),
            thread: Mutex::default(),
        })
    }
}

fn failure() -> Failure {
    Failure {
        error: "NOT_ENOUGH_REPLICAS".to_owned(),
        persistence: PersistenceStatus::PossiblyPersisted,
    }
}

fn deliver(script: Script, held: &Mutex<Vec<(SendTag, usize)>>, stop: &AtomicBool, hub: &Arc<Hub>) {
    let mut recorder = hub.ack_recorder();
    let mut delivered = 0u64;
    while !stop.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_micros(200));
        recorder.begin_batch();
        let now_ms = hub.clock.now_us() / 1_000;
        let stalled = matches!(script, Script::Stall(from, to) if (from..to).contains(&now_ms));
        if !stalled && script != Script::Silent {
            for (tag, bytes) in held.lock().unwrap().drain(..) {
                delivered += 1;
                if script == Script::FailEveryThird && delivered.is_multiple_of(3) {
                    recorder.failed(failure());
                } else {
                    recorder.acknowledged(tag, bytes);
                }
            }
        }
        recorder.end_batch();
    }
}

impl Producer for Scripted {
    fn start(&self, hub: &Arc<Hub>, _statistics: Sender<StatisticsEvent>) {
        *self.hub.lock().unwrap() = Some(Arc::clone(hub));
        let (held, stop, hub, script) = (
            Arc::clone(&self.held),
            Arc::clone(&self.stop),
            Arc::clone(hub),
            self.script,
        );
        *self.thread.lock().unwrap() = Some(std::thread::spawn(move || deliver(script, &held, &stop, &hub)));
    }

    fn enqueue(&self, records: &[Outgoing<'_>]) -> Enqueued {
        let already = self.trace.enqueued.load(Ordering::SeqCst);
        let room = if self.script == Script::FullAfter100 {
            100u64.saturating_sub(already)
        } else {
            u64::MAX
        };
        let done = records.len().min(room as usize);
        self.trace.enqueued.fetch_add(done as u64, Ordering::SeqCst);
        self.held
            .lock()
            .unwrap()
            .extend(records[..done].iter().map(|record| (record.tag, record.bytes())));
        // Keeps an unpaced trial from taking all memory.
        std::thread::sleep(Duration::from_micros(100));
        Enqueued {
            done,
            refused: Vec::new(),
        }
    }

    fn send_and_wait(&self, thread: usize, _record: Outgoing<'_>, _deadline: Instant) -> Verdict {
        self.trace.awaited.fetch_add(1, Ordering::SeqCst);
        self.trace.threads.lock().unwrap().insert(thread);
        std::thread::sleep(Duration::from_millis(1));
        Verdict::Acknowledged {
            at_us: self.hub.lock().unwrap().as_ref().unwrap().clock.now_us(),
        }
    }

    fn room(&self) -> &Room {
        &self.room
    }
    fn effective_properties(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
    fn reported_errors(&self) -> Vec<String> {
        Vec::new()
    }
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.lock().unwrap().take() {
            thread.join().unwrap();
        }
    }
}

fn spec(send_mode: SendMode, arrival: Arrival) -> TrialSpec {
    TrialSpec {
        protocol_version: PROTOCOL_VERSION,
        trial_id: "t".to_owned(),
        topic: "t".to_owned(),
        partitions: 1,
        properties: BTreeMap::new(),
        acks: Acks::All,
        workload: Workload {
            send_mode,
            send_concurrency: 3,
            client: ClientKind::Librdkafka,
            producers: 1,
            arrival,
            payload: Payload {
                size: Size::Fixed { bytes: 50 },
                content: Content::Random,
            },
            records: Records::default(),
            serialization: None,
        },
        registry: BTreeMap::new(),
        max_block_ms: 100,
        metadata_timeout_ms: METADATA_TIMEOUT_MS,
        warmup_ms: 200,
        measure_ms: 1_000,
        drain_timeout_ms: 5_000,
        interval_ms: 250,
        statistics_interval_ms: 0,
        seed: 1,
        record_latencies: true,
    }
}

fn at(rate_per_s: f64) -> Arrival {
    Arrival::Constant { rate_per_s }
}

fn run(spec: &TrialSpec, script: Script) -> (TrialResult, Arc<Trace>, Vec<TrialEvent>) {
    let trace = Arc::new(Trace::default());
    let connect = |_: ClientKind, settings: &ProducerSettings| {
        trace.reports.lock().unwrap().push(settings.reports);
        Ok::<_, ClientError>(Scripted::shared(script, &trace))
    };
    let mut events = Vec::new();
    run_trial_with(spec, &StopFlag::default(), &connect, &mut |event| events.push(event)).unwrap();
    let Some(TrialEvent::Result(result)) = events.last() else {
        panic!("the last event is no result")
    };
    ((**result).clone(), trace, events)
}

#[test]
fn a_result_tells_that_batches_may_hold_a_record_twice() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, &[b'x'; 50_000]).unwrap();
    let mut spec = spec(SendMode::Async, at(1_000.0));
    spec.workload.payload.content = Content::File {
        path: file.path().to_owned(),
        split: FileSplit::Size,
    };
    let told = |result: &TrialResult| {
        result
            .notes
            .iter()
            .any(|note| note.contains("the same record more than once"))
    };
    assert!(!told(&run(&spec, Script::Acknowledge).0), "no codec, no matter");
    spec.properties.insert("compression.type".to_owned(), "zstd".to_owned());
    assert!(told(&run(&spec, Script::Acknowledge).0));
}

#[test]
fn async_asks_for_reports_and_never_waits() {
    let (result, trace, _) = run(&spec(SendMode::Async, Arrival::Unpaced), Script::Acknowledge);
    assert_eq!(*trace.reports.lock().unwrap(), [Reports::Callback]);
    assert_eq!(trace.awaited.load(Ordering::SeqCst), 0);
    assert_eq!(trace.enqueued.load(Ordering::SeqCst), result.counts.sent);
    assert_eq!(result.counts.acknowledged, result.counts.sent);
}

#[test]
fn fire_and_forget_asks_for_no_reports_and_never_waits() {
    let (result, trace, _) = run(&spec(SendMode::FireAndForget, Arrival::Unpaced), Script::Acknowledge);
    assert_eq!(*trace.reports.lock().unwrap(), [Reports::Ignored]);
    assert_eq!(trace.awaited.load(Ordering::SeqCst), 0);
    assert_eq!(trace.enqueued.load(Ordering::SeqCst), result.counts.sent);
}

#[test]
fn sync_waits_for_each_record_on_every_thread() {
    let (result, trace, _) = run(&spec(SendMode::Sync, Arrival::Unpaced), Script::Acknowledge);
    assert_eq!(*trace.reports.lock().unwrap(), [Reports::Awaited { threads: 3 }]);
    assert_eq!(trace.enqueued.load(Ordering::SeqCst), 0);
    assert_eq!(trace.awaited.load(Ordering::SeqCst), result.counts.acknowledged);
    assert_eq!(*trace.threads.lock().unwrap(), BTreeSet::from([0, 1, 2]));
    let service = decode(&result.latencies.service.unwrap().histogram).unwrap();
    assert!(percentile(&service, 0, 0.5).us.unwrap() >= 1_000);
}

#[test]
fn a_paced_trial_sends_every_slot_once() {
    for mode in [SendMode::Async, SendMode::Sync] {
        let (result, _, _) = run(&spec(mode, at(1_000.0)), Script::Acknowledge);
        assert_eq!(result.counts.attempted, 1_200, "{mode}: warm-up and window");
        assert_eq!(result.window.attempted, 1_000, "{mode}");
        assert_eq!(result.latencies.response.unwrap().count, 1_000, "{mode}");
        assert_eq!(result.latencies.schedule_lag.unwrap().count, 1_000, "{mode}");
    }
}

#[test]
fn unpaced_load_has_no_response_latency() {
    let (result, _, _) = run(&spec(SendMode::Async, Arrival::Unpaced), Script::Acknowledge);
    assert!(result.latencies.response.is_none() && result.latencies.schedule_lag.is_none());
    assert!(result.latencies.service.unwrap().count > 0);
}

/// Records due in the last 200 ms of the window find a stall that ends 200 ms after it: at 1,000 records/s these are 200
/// records, and each waits 200 ms or more, however late it is acknowledged.
#[test]
fn a_stall_across_the_windows_end_is_in_the_percentiles() {
    let (result, _, _) = run(&spec(SendMode::Async, at(1_000.0)), Script::Stall(1_000, 1_400));
    let response = result.latencies.response.unwrap();
    assert_eq!((response.count, response.unresolved), (1_000, 0));
    let late = decode(&response.histogram)
        .unwrap()
        .count_between(199_000, 3_600_000_000);
    assert!(late >= 198, "{late}");
    assert!(response.max_us >= 398_000, "{}", response.max_us);
}

/// One thread that waits at least 1 ms for each record, at 2,000 records/s: record k is due after k/2 ms and cannot be sent
/// before k ms. All that was due is sent, as late as that, and each is late by k/2 ms or more.
#[test]
fn records_that_the_client_could_not_send_in_time_keep_the_time_at_which_they_were_due() {
    let mut slow = spec(SendMode::Sync, at(2_000.0));
    slow.workload.send_concurrency = 1;
    let (result, _, _) = run(&slow, Script::Acknowledge);
    assert_eq!(result.window.attempted, 2_000, "no slot is skipped");
    let of = |distribution: &Option<LatencyDistribution>, quantile| {
        let distribution = distribution.as_ref().unwrap();
        assert_eq!((distribution.count, distribution.unresolved), (2_000, 0));
        percentile(&decode(&distribution.histogram).unwrap(), 0, quantile)
            .us
            .unwrap()
    };
    // Of records 400 to 2,399 the middle one is the 1,400th, the 90th percentile the 2,200th.
    for latency in [&result.latencies.response, &result.latencies.schedule_lag] {
        assert!(of(latency, 0.5) >= 699_000, "{}", of(latency, 0.5));
        assert!(of(latency, 0.9) >= 1_098_000, "{}", of(latency, 0.9));
    }
    // The wait before the send call is not in the service latency: that would be the whole of it.
    assert!(of(&result.latencies.service, 0.5) < of(&result.latencies.response, 0.5));
}

#[test]
fn failed_records_are_counted_by_error_and_never_as_acknowledged() {
    let (result, _, _) = run(&spec(SendMode::Async, at(1_000.0)), Script::FailEveryThird);
    assert_eq!(
        (
            result.counts.acknowledged,
            result.counts.failed,
            result.counts.undecided
        ),
        (800, 400, 0)
    );
    let by_error = &result.counts.failed_by_error[0];
    assert_eq!((by_error.error.as_str(), by_error.count), ("NOT_ENOUGH_REPLICAS", 400));
    assert_eq!(by_error.persistence, PersistenceStatus::PossiblyPersisted);
    let response = result.latencies.response.unwrap();
    assert_eq!(response.count + response.unresolved, 1_000);
    assert!(percentile(&decode(&response.histogram).unwrap(), response.unresolved, 0.9).at_least);
}

#[test]
fn records_without_a_verdict_are_undecided_and_bound_the_percentiles() {
    let mut short = spec(SendMode::Async, at(1_000.0));
    short.drain_timeout_ms = 300;
    let (result, _, _) = run(&short, Script::Silent);
    assert_eq!((result.counts.acknowledged, result.counts.undecided), (0, 1_200));
    let response = result.latencies.response.unwrap();
    assert_eq!((response.count, response.unresolved), (0, 1_000));
    assert!(
        result.drain_ms >= 250.0,
        "the drain was waited out: {}",
        result.drain_ms
    );
}

/// Nothing is acknowledged from 300 to 900 ms of the trial, in which four intervals of 250 ms begin: what was
/// acknowledged before must not be told as of an interval after it.
#[test]
fn what_was_acknowledged_before_a_stall_stays_in_its_interval() {
    let (_, _, events) = run(&spec(SendMode::Async, at(2_000.0)), Script::Stall(400, 900));
    let acknowledged: Vec<u64> = events
        .iter()
        .filter_map(|event| {
            if let TrialEvent::Interval(interval) = event {
                Some(interval.acknowledged)
            } else {
                None
            }
        })
        .collect();
    // Intervals: warm-up to 200 ms, then from 200, 450, 700 and 950 ms.
    assert!(acknowledged[1] >= 350, "{acknowledged:?}");
    assert!(acknowledged[2] == 0, "{acknowledged:?}");
}

#[test]
fn a_full_queue_is_waited_for_up_to_max_block_ms_and_then_a_failure() {
    let (result, _, _) = run(&spec(SendMode::Async, Arrival::Unpaced), Script::FullAfter100);
    assert_eq!(result.counts.acknowledged, 100);
    assert!(result.counts.failed >= 3, "one record per 100 ms: {:?}", result.counts);
    assert_eq!(result.counts.failed_by_error[0].error, "MAX_BLOCK_MS");
    assert!(
        result.window.back_pressure_us >= 900_000,
        "{}",
        result.window.back_pressure_us
    );
    assert!(result.latencies.send_call.unwrap().max_us >= 100_000);
}

#[test]
fn intervals_tell_the_whole_story_in_order() {
    let (result, _, events) = run(&spec(SendMode::Async, at(2_000.0)), Script::Acknowledge);
    let intervals: Vec<_> = events
        .iter()
        .filter_map(|event| {
            if let TrialEvent::Interval(interval) = event {
                Some(interval)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        intervals.iter().map(|interval| interval.sent).sum::<u64>(),
        result.counts.sent
    );
    assert_eq!(
        intervals.iter().map(|interval| interval.acknowledged).sum::<u64>(),
        result.counts.acknowledged
    );
    assert!(
        intervals
            .windows(2)
            .all(|pair| (pair[0].start_s + pair[0].length_s - pair[1].start_s).abs() < 1e-9)
    );
    let counted: u64 = intervals
        .iter()
        .filter_map(|i| i.latency.response.as_ref())
        .map(|latency| latency.count)
        .sum();
    assert_eq!(counted, result.latencies.response.unwrap().count);
    let kinds: Vec<_> = events
        .iter()
        .map(|event| {
            serde_json::to_value(event).unwrap()["event"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .filter(|kind| kind != "interval")
        .collect();
    assert_eq!(kinds, ["hello", "ready", "window_started", "window_ended", "result"]);
}

#[test]
fn a_stop_ends_the_trial_early_and_says_so() {
    let mut long = spec(SendMode::Async, at(1_000.0));
    long.measure_ms = 60_000;
    let stop = StopFlag::default();
    let connect = |_: ClientKind, _: &ProducerSettings| {
        Ok::<_, ClientError>(Scripted::shared(Script::Acknowledge, &Arc::default()))
    };
    let mut last = None;
    run_trial_with(&long, &stop, &connect, &mut |event| {
        if event == TrialEvent::WindowStarted {
            stop.store(true, Ordering::Relaxed);
        }
        last = Some(event);
    })
    .unwrap();
    let Some(TrialEvent::Result(result)) = last else {
        panic!("no result")
    };
    assert!(result.stopped_early && result.window_s < 30.0);
    assert_eq!(result.counts.undecided, 0);
}

#[test]
fn a_spec_of_another_protocol_version_is_refused() {
    let mut other = spec(SendMode::Async, Arrival::Unpaced);
    other.protocol_version += 1;
    let connect = |_: ClientKind, _: &ProducerSettings| -> Result<Arc<dyn Producer>, ClientError> { unreachable!() };
    let mut last = None;
    assert!(run_trial_with(&other, &StopFlag::default(), &connect, &mut |event| last = Some(event)).is_err());
    assert!(matches!(last, Some(TrialEvent::Failed { .. })));
}
